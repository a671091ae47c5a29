"""The lines of a forest plot: every row of its data as text, with the lines of statistics below the totals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd

from .. import text
from ..arithmetic.tables import COUNTS
from ..text import TAU2_NAMES
from .layout import block_height, wrap

NOT_ESTIMABLE = text.NOT_ESTIMABLE.capitalize()
NOT_APPLICABLE = "Not applicable"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its texts by column, and the row of data whose mark stands beside it.

    A note is a text that runs over all columns; a foot line stands beside the axis instead of beside the plot.
    """

    cells: dict[str, str]
    row: NamedTuple | None = None
    bold: bool = False
    indent: bool = False
    note: bool = False
    foot: bool = False
    gap: float = 0.0
    height: float = 0.0

    def wrapped(self, width: float, indent: float) -> Line:
        """Return the line with its label broken to `width` and with the height that takes."""
        if self.note:
            return replace(self, height=block_height("") + self.gap)
        label = wrap(self.cells.get("label", ""), width - (indent if self.indent else 0), bold=self.bold)
        return replace(self, cells=self.cells | {"label": label}, height=block_height(label) + self.gap)


def forest_lines(data: pd.DataFrame) -> Iterator[Line]:
    """Yield the lines of a forest plot from top to bottom."""
    rows = list(data.itertuples(index=False))
    grouped = any(row.kind == "heading" for row in rows)
    for i, row in enumerate(rows):
        if row.kind == "heading":
            yield Line({"label": row.label}, bold=True, gap=0.1 if i else 0.0)
        elif row.kind == "study":
            yield Line(
                {"label": row.label, **_counts(row), "weight": _weight(row), "effect": effect_text(row)},
                row=row,
                indent=grouped,
            )
        elif row.kind == "subtotal":
            yield from _pooled(row)
            yield from (Line({"label": note}, note=True) for note in notes(row))
        elif row.kind == "total":
            yield from _pooled(row, gap=0.1, extra=[r for r in rows if r.kind in ("prediction", "printed")])
    total = next(row for row in rows if row.kind == "total")
    tests = notes(total) + [difference_text(row) for row in rows if row.kind == "difference"]
    yield from (Line({"label": note}, note=True, foot=True) for note in tests)


def _pooled(row: NamedTuple, *, gap: float = 0.0, extra: list | None = None) -> Iterator[Line]:
    totals = {name: text.count(int(getattr(row, name))) for name in ("n_t", "n_c")}
    yield Line(
        {"label": row.label, **totals, "weight": _weight(row), "effect": effect_text(row)}, row=row, bold=True, gap=gap
    )
    for more in extra or []:
        yield Line({"label": more.label, "effect": effect_text(more)}, row=more)
    events = {name: text.count(int(getattr(row, name))) for name in ("events_t", "events_c")}
    yield Line({"label": "Total events", **events})


def _counts(row: NamedTuple) -> dict[str, str]:
    return {name: text.count(int(getattr(row, name))) for name in COUNTS}


def _weight(row: NamedTuple) -> str:
    return "" if row.weight != row.weight else text.percent(row.weight, 1)


def effect_text(row: NamedTuple) -> str:
    """Return estimate and interval, or what of them exists."""
    if row.kind == "prediction":
        return text.interval(row.low, row.high)
    if row.estimate != row.estimate:
        return NOT_ESTIMABLE
    if row.low != row.low:
        return f"{text.number(row.estimate)} [{text.NOT_ESTIMABLE}]"
    return f"{text.number(row.estimate)} {text.interval(row.low, row.high)}"


def p_text(p: float) -> str:
    """Return P with its sign as RevMan shows it: two decimals, more only below 0.01."""
    return f"P = {text.number(p)}" if p >= 0.01 else f"P {text.p_value(p, sign=True)}"


def notes(row: NamedTuple) -> list[str]:
    """Return the lines of statistics below a pooled effect."""
    return [f"Heterogeneity: {_heterogeneity(row)}", f"Test for overall effect: {_overall(row)}"]


def _heterogeneity(row: NamedTuple) -> str:
    if row.p_Q != row.p_Q:
        return NOT_APPLICABLE
    chi2 = f"Chi² = {text.number(row.Q)}, df = {row.df:.0f} ({p_text(row.p_Q)}); I² = {text.percent(row.I2)}"
    if row.tau2 != row.tau2:
        return chi2
    name = "" if row.tau2_method == "DL" else f" ({TAU2_NAMES[row.tau2_method]})"
    return f"Tau²{name} = {text.number(row.tau2)}; {chi2}"


def _overall(row: NamedTuple) -> str:
    if row.p != row.p:
        return NOT_APPLICABLE
    size = text.number(abs(row.statistic))
    if row.ci_method == "hksj":
        return f"t = {size}, df = {row.df:.0f} ({p_text(row.p)}), Hartung-Knapp"
    return f"Z = {size} ({p_text(row.p)})"


def difference_text(row: NamedTuple) -> str:
    """Return the line of the test for subgroup differences."""
    if row.p_Q != row.p_Q:
        return f"{row.label}: {NOT_APPLICABLE}"
    return (
        f"{row.label}: Chi² = {text.number(row.Q)}, df = {row.df:.0f} ({p_text(row.p_Q)}), I² = {text.percent(row.I2)}"
    )
