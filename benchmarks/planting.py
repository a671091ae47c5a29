"""One error of every kind, planted in a printed forest plot."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from metalib.arithmetic.pooling import pool
from metalib.arithmetic.zero_cells import pool_corrected
from metalib.errors import MetalibError

from . import corpus
from .prints import ROW, Plot, line_of

Plant = Callable[[Plot, np.random.Generator], Plot | None]


def _places(plot: Plot) -> list[tuple[object, ...]]:
    """Return where numbers stand: ("line", name), ("row", i, name) or ("count", i, name)."""
    places: list[tuple[object, ...]] = [("line", name) for name in plot.line]
    for i, row in enumerate(plot.rows):
        places += [("row", i, name) for name in row or ()] + [("count", i, name) for name in corpus.COUNTS]
    return places


def _with(plot: Plot, place: tuple[object, ...], change: Callable[[str], str | None]) -> Plot | None:
    """Return the plot with the number at a place changed; None where it cannot be."""
    kind, *where = place
    if kind == "line":
        new = change(plot.line[str(where[0])])
        return None if new is None else replace(plot, line=plot.line | {str(where[0]): new})
    i, name = int(str(where[0])), str(where[1])
    if kind == "row":
        row = plot.rows[i]
        new = None if row is None else change(row[name])
        if row is None or new is None:
            return None
        return replace(plot, rows=(*plot.rows[:i], row | {name: new}, *plot.rows[i + 1 :]))
    tables = plot.tables.copy()
    new = change(str(tables.loc[i, name]))
    if new is None:
        return None
    tables.loc[i, name] = int(new)
    return replace(plot, tables=tables)


def _any_place(plot: Plot, random: np.random.Generator, change: Callable[[str], str | None]) -> Plot | None:
    places = _places(plot)
    for i in random.permutation(len(places)):
        altered = _with(plot, places[i], change)
        if altered is not None:
            return altered
    return None


def digit(plot: Plot, random: np.random.Generator) -> Plot | None:
    """One digit of one printed number is another."""

    def change(text: str) -> str | None:
        at = [m.start() for m in re.finditer(r"\d", text)]
        i = at[random.integers(len(at))]
        others = [d for d in "0123456789" if d != text[i]]
        return f"{text[:i]}{others[random.integers(9)]}{text[i + 1 :]}"

    return _any_place(plot, random, change)


def exchanged_digits(plot: Plot, random: np.random.Generator) -> Plot | None:
    """Two different neighbouring digits of one number have changed places."""

    def change(text: str) -> str | None:
        at = [m.start() for m in re.finditer(r"(?=(\d)\.?(\d))", text)]
        at = [i for i in at if text[i] != text[i + 1 + (text[i + 1] == ".")]]
        if not at:
            return None
        i = at[random.integers(len(at))]
        j = i + 1 + (text[i + 1] == ".")
        return text[:i] + text[j] + text[i + 1 : j] + text[i] + text[j + 1 :]

    return _any_place(plot, random, change)


def _pooled(plot: Plot, tables: pd.DataFrame, **changed: object) -> Plot | None:
    effect = pool(tables, **{**plot.options.choices(), **changed})  # type: ignore[arg-type]
    return replace(plot, line=line_of(effect)) if effect.estimable else None


def wrong_model(plot: Plot, random: np.random.Generator) -> Plot | None:
    """The pooled line is that of the other model (of Peto's method, Mantel-Haenszel's)."""
    if plot.options.method == "Peto":
        return _pooled(plot, plot.tables, method="MH")
    return _pooled(plot, plot.tables, model="fixed" if plot.options.model == "random" else "random")


def wrong_level(plot: Plot, random: np.random.Generator) -> Plot | None:
    """The limits of the pooled line, or of a row, are those of another level."""
    level = float(random.choice([x for x in corpus.LEVELS if x != plot.options.level]))
    if random.random() < 0.5:
        other = _pooled(plot, plot.tables, level=level)
        return other and replace(plot, line=plot.line | {n: other.line[n] for n in ("CI low", "CI high")})

    def limits(low: float, high: float) -> tuple[float, float]:
        wider = replace(plot.options, level=level).z / plot.options.z
        middle, half = (low + high) / 2, (high - low) / 2 * wider
        return middle - half, middle + half

    return _row(plot, random, lambda e, low, high: (e, *limits(low, high)))


def _row(
    plot: Plot, random: np.random.Generator, change: Callable[[float, float, float], tuple[float, float, float]],
    *, shown: bool = True,
) -> Plot | None:  # fmt: skip
    """Return the plot with effect and limits of one row changed on the scale of the measure."""
    own = pool(plot.tables, **plot.options.choices())
    if own.effects is None:
        return None
    there = [i for i, row in enumerate(plot.rows) if row is not None]
    i = int(random.choice(there))
    half = plot.options.z * float(own.effects.vi[i]) ** 0.5
    y = float(own.effects.yi[i])
    back = np.exp if plot.options.is_ratio and shown else float
    new = {name: f"{back(x):.2f}" for name, x in zip(ROW, change(y, y - half, y + half), strict=False)}
    row = plot.rows[i]
    assert row is not None
    return replace(plot, rows=(*plot.rows[:i], row | new, *plot.rows[i + 1 :]))


def arms_exchanged(plot: Plot, random: np.random.Generator) -> Plot | None:
    """Effect and interval of one row, or of the pooled line, are control against experimental."""
    if random.random() < 0.5:
        swapped = plot.tables.rename(
            columns={"events_t": "events_c", "events_c": "events_t", "n_t": "n_c", "n_c": "n_t"}
        )
        return _pooled(plot, swapped)
    return _row(plot, random, lambda e, low, high: (-e, -high, -low))


def events_exchanged(plot: Plot, random: np.random.Generator) -> Plot | None:
    """One row, or the pooled line, counts the patients without the event."""
    t = plot.tables
    without = t.assign(events_t=t["n_t"] - t["events_t"], events_c=t["n_c"] - t["events_c"])
    if random.random() < 0.5:
        return _pooled(plot, without)
    other = pool(without, **plot.options.choices())
    there = [
        i
        for i, row in enumerate(plot.rows)
        if row is not None and other.effects is not None and other.effects.estimable[i]
    ]
    if not there or other.effects is None:
        return None
    i = int(random.choice(there))
    y, half = float(other.effects.yi[i]), plot.options.z * float(other.effects.vi[i]) ** 0.5
    back = np.exp if plot.options.is_ratio else float
    new = {name: f"{back(x):.2f}" for name, x in zip(ROW, (y, y - half, y + half), strict=False)}
    return replace(plot, rows=(*plot.rows[:i], (plot.rows[i] or {}) | new, *plot.rows[i + 1 :]))


def log_for_ratio(plot: Plot, random: np.random.Generator) -> Plot | None:
    """Logarithms are printed for the ratio and limits of the pooled line or of a row."""
    if not plot.options.is_ratio:
        return None
    if random.random() < 0.5:
        own = pool(plot.tables, **plot.options.choices())
        names = (plot.options.measure, "CI low", "CI high")
        new = {n: f"{x:.2f}" for n, x in zip(names, (own.estimate, own.ci_low, own.ci_high), strict=True)}
        return replace(plot, line=plot.line | new)
    return _row(plot, random, lambda *x: x, shown=False)


def _estimable(plot: Plot) -> list[int]:
    return [i for i, row in enumerate(plot.rows) if row is not None]


def left_out(plot: Plot, random: np.random.Generator) -> Plot | None:
    """The pooled line lacks a study that stands in the rows."""
    if len(_estimable(plot)) < 2:
        return None
    return _pooled(plot, plot.tables.drop(index=int(random.choice(_estimable(plot)))))


def doubled(plot: Plot, random: np.random.Generator) -> Plot | None:
    """The pooled line counts a study twice."""
    again = plot.tables.iloc[[int(random.choice(_estimable(plot)))]].assign(study="again")
    return _pooled(plot, pd.concat([plot.tables, again], ignore_index=True))


def zero_cells(plot: Plot, random: np.random.Generator) -> Plot | None:
    """The pooled line follows another rule for zero cells."""
    t = plot.tables
    zero = (
        (t["events_t"] == 0) | (t["events_c"] == 0) | (t["events_t"] == t["n_t"]) | (t["events_c"] == t["n_c"])
    ).to_numpy()
    if not zero[_estimable(plot)].any() or plot.options.method == "Peto":
        return None
    rule = str(random.choice(["none", "treatment_arm", "constant_all"]))
    try:
        effect = pool_corrected(t, rule, **plot.options.choices())
    except MetalibError:
        effect = pool_corrected(t, "treatment_arm", **plot.options.choices())
    return replace(plot, line=line_of(effect)) if effect.estimable and effect.se is not None else None


KINDS: dict[str, Plant] = {
    "a digit": digit, "exchanged digits": exchanged_digits, "wrong model": wrong_model, "wrong level": wrong_level,
    "arms exchanged": arms_exchanged, "events exchanged": events_exchanged, "log for ratio": log_for_ratio,
    "a study left out": left_out, "a study doubled": doubled, "zero-cell rule": zero_cells,
}  # fmt: skip
OTHER = "pooled row of another outcome"
