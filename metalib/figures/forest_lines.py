"""What a forest plot says: its lines of text from top to bottom, in the words and the order of Review Manager."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .. import text
from ..arithmetic.data import arm_columns
from ..arithmetic.results import PooledEffect
from ..arithmetic.subgroups import Subgroups
from .arms import cell, heading_of
from .layout import block_height, wrap
from .rows import Row, Rows, percent_of
from .scales import MEASURE_NAMES

NOT_ESTIMABLE = text.NOT_ESTIMABLE.capitalize()
NOT_APPLICABLE = "Not applicable"
#: Inches by which a study of a subgroup is indented.
INDENT = 0.12


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its texts by column, and the row whose mark stands beside it.

    A note is a text that runs over all columns; a foot line stands beside the axis instead of beside the plot.
    """

    cells: dict[str, str]
    row: Row | None = None
    bold: bool = False
    indent: bool = False
    note: bool = False
    foot: bool = False
    gap: float = 0.0

    @property
    def height(self) -> float:
        """Of the line, in inches."""
        return block_height(self.cells["label"]) + self.gap

    def wrapped(self, width: float) -> Line:
        """Return the line with its label broken to `width`."""
        label = wrap(self.cells["label"], width - (INDENT if self.indent else 0), bold=self.bold)
        return replace(self, cells=self.cells | {"label": label})


def lines_of(rows: Rows) -> Iterator[Line]:
    """Yield the lines from top to bottom; the statistics of the total come last."""
    grouped = any(row.kind == "heading" for row in rows.rows)
    foot: list[str] = []
    for i, row in enumerate(rows.rows):
        if row.kind == "heading":
            yield Line({"label": row.label}, bold=True, gap=0.1 if i else 0.0)
        elif row.kind == "study":
            yield Line(_cells(row, tuple(row.counts)), row=row, indent=grouped)
        elif row.kind in ("subtotal", "total"):
            yield Line(
                _cells(row, ("n_t", "n_c", "time_t", "time_c")),
                row=row,
                bold=True,
                gap=0.1 if row.kind == "total" else 0.0,
            )
            if row.kind == "total":
                yield from (
                    Line(_cells(r, ()), row=r) for r in rows.rows if r.kind in ("also", "prediction", "printed")
                )
            if "events_t" in row.counts:
                yield Line({"label": "Total events"} | _counts(row, ("events_t", "events_c")))
            if row.effect is not None:
                notes = [f"Heterogeneity: {_heterogeneity(row.effect)}"]
                notes.append(f"Test for overall effect: {_overall(row.effect)}")
                foot = notes
            if row.kind == "subtotal":
                yield from (Line({"label": note}, note=True) for note in notes)
        elif row.between is not None:
            foot = [*foot, f"{row.label}: {_difference(row.between)}"]
    yield from (Line({"label": note}, note=True, foot=True) for note in foot)


def _cells(row: Row, counts: Sequence[str]) -> dict[str, str]:
    cells = {"label": row.label, "weight": "" if row.weight is None else text.percent(row.weight, 1)}
    if row.kind == "study" and not row.counts and row.yi == row.yi:
        cells |= {"yi": text.number(row.yi, 3), "se": text.number(row.se, 3)}
    return cells | _counts(row, counts) | {"effect": _effect(row)}


def _counts(row: Row, wanted: Sequence[str]) -> dict[str, str]:
    held = {name: row.counts[name] for name in wanted if name in row.counts}
    return {name: cell(name, value) for name, value in held.items()}


def _effect(row: Row) -> str:
    """Return estimate and interval, or what of them exists."""
    estimate, low, high = row.span.estimate, row.span.low, row.span.high
    if row.kind == "prediction":
        return text.interval(low, high)
    if estimate != estimate:
        return NOT_ESTIMABLE
    return f"{text.number(estimate)} {f'[{text.NOT_ESTIMABLE}]' if low != low else text.interval(low, high)}"


def _p_text(p: float) -> str:
    """Return P with its sign as RevMan shows it: two decimals, more only below 0.01."""
    return f"P = {text.number(p)}" if p >= 0.01 else f"P {text.p_value(p, sign=True)}"


def _heterogeneity(effect: PooledEffect) -> str:
    if effect.p_Q is None:
        return NOT_APPLICABLE
    chi2 = f"Chi² = {text.number(effect.Q)}, df = {effect.df} ({_p_text(effect.p_Q)}); I² = {text.percent(effect.I2)}"
    if effect.tau2_method is None or effect.tau2 is None:
        return chi2
    name = "" if effect.tau2_method == "DL" else f" ({text.TAU2_NAMES[effect.tau2_method]})"
    return f"Tau²{name} = {text.number(effect.tau2)}; {chi2}"


def _overall(effect: PooledEffect) -> str:
    if effect.p is None:
        return NOT_APPLICABLE
    interval = text.CI_NAMES.get(effect.ci_method, "")
    return f"{text.statistic(effect)} ({_p_text(effect.p)}){interval and f', {interval}'}"


def _difference(groups: Subgroups) -> str:
    if groups.p is None:
        return NOT_APPLICABLE
    chi2 = f"Chi² = {text.number(groups.Q)}, df = {groups.df} ({_p_text(groups.p)})"
    return f"{chi2}, I² = {text.percent(groups.I2)}"


def headings(overall: PooledEffect) -> dict[str, str]:
    """Return the headings of the text columns, in their order; what was pooled stands under a line break."""
    name = MEASURE_NAMES[overall.measure]
    log = f"Log {name.lower()}" if overall.is_ratio else name
    columns = {column: heading_of(column) for column in arm_columns(overall.data)} or {"yi": log, "se": "SE"}
    name = f"Peto {name.lower()}" if overall.method == "Peto" else name
    model = f"{text.METHOD_NAMES[overall.method]}, {overall.model.capitalize()}, {percent_of(overall.level)} CI"
    return {"label": "Study or Subgroup", **columns, "weight": "Weight", "effect": f"{name}\n{model}"}
