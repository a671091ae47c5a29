"""The search of a forest plot: row by row, then together."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from ...arithmetic.options import Options
from ..assumptions import Alternative
from ..relation import codes
from ..state import LimitReached, Limits, Work
from .joining import Joint
from .plot import ForestPlot
from .recovery import ForestRecovery, RowFound, conclusions
from .rows import row_tables
from .search import CONCLUSIONS, Found, search
from .stack import classes, stack

Progress = Callable[[str, int, int, float], None]
#: Seconds for another method or model, which is only looked at beside the search.
BESIDE = 2.0
#: Totals that tell symmetric tables apart.
_TELLING = ("events_t", "events_c", "events", "n_t", "n_c")


def recover_forest(
    plot: ForestPlot, *, limits: Limits | None = None, progress: Progress | None = None, alternatives: bool = False
) -> ForestRecovery:
    """Find all tables of whole numbers that agree with what a forest plot prints.

    Each row is solved by itself. What weights, pooled line and totals say of all rows together then drops tables; only
    those that no choice of tables of the other rows reconciles with the print are dropped.

    Parameters
    ----------
    plot : ForestPlot
        From :func:`read_forest` or :func:`check_forest`.
    limits : Limits, optional
        Tables, bytes and seconds at which the search gives up and says so.
    progress : callable, optional
        Called as ``progress(study, studies done, studies in all, 0)``.
    alternatives : bool
        Whether the other methods and models of the measure are searched too, for 2 seconds each.

    Returns
    -------
    ForestRecovery
    """
    start = time.perf_counter()
    found = _recovered(plot, Work(limits or Limits()), progress or (lambda *_: None))
    others = tuple(_beside(plot, found)) if alternatives else ()
    return replace(found, alternatives=others, seconds=time.perf_counter() - start)


def _recovered(plot: ForestPlot, work: Work, tell: Progress) -> ForestRecovery:
    tables: list[np.ndarray] = []
    try:
        for i, row in enumerate(plot.rows):
            tell(row.name, i, len(plot.rows) + 1, 0.0)
            tables.append(row_tables(plot, row, work))
    except (LimitReached, MemoryError) as limit:
        return _ended(plot, "limit", str(limit) or "the memory of this machine is used up", tables)
    empty = [row.name for row, found in zip(plot.rows, tables, strict=True) if not len(found)]
    if empty:
        return _ended(plot, "none", f"no table prints as the row of {', '.join(empty)}", tables)
    tell("all rows together", len(plot.rows), len(plot.rows) + 1, 0.0)
    several = [_representatives(plot, t) for t in tables]
    try:
        joined = search(Joint(plot), stack([t[first] for t, (first, _) in zip(tables, several, strict=True)],
                                           plot.options), work)  # fmt: skip
    except (LimitReached, MemoryError) as limit:
        return _ended(plot, "limit", str(limit) or "the memory of this machine is used up", tables)
    if joined is None:
        return _ended(plot, "none", "the rows do not agree with their weights and the pooled line together", tables)
    return _solved(plot, tables, several, joined)


def _representatives(plot: ForestPlot, tables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first table of each class that nothing pooled tells apart, and the class of every table."""
    if any(name in plot.pooled.counts for name in _TELLING):
        return np.arange(len(tables)), np.arange(len(tables))
    _, first, number = np.unique(codes(classes(tables, plot.options.measure)), return_index=True, return_inverse=True)
    return first, number


def _solved(
    plot: ForestPlot, tables: Sequence[np.ndarray], several: Sequence[tuple[np.ndarray, np.ndarray]], joined: Found
) -> ForestRecovery:
    starts = np.concatenate([[0], np.cumsum([len(first) for first, _ in several])])
    rows = []
    for i, (own, (_, number)) in enumerate(zip(tables, several, strict=True)):
        inside = joined.stack.row == i
        left = joined.stack.key[inside] - starts[i]
        shown = left[joined.shown[inside]]
        kept = np.isin(number, left)
        rows.append(_row(plot, i, own[kept], len(own), np.isin(number[kept], shown), len(left)))
    every = np.concatenate([t[first] for t, (first, _) in zip(tables, several, strict=True)])
    message = "" if len(joined.solutions) else "no full solution was met: whether there is one is open"
    solutions = every[joined.solutions]
    return ForestRecovery(
        plot, "solved", message, tuple(rows), conclusions(joined.ranges), joined.complete, solutions, (), 0.0
    )


def _row(plot: ForestPlot, i: int, left: np.ndarray, alone: int, shown: np.ndarray, kinds: int) -> RowFound:
    def distinct(some: np.ndarray) -> int:
        return len(np.unique(classes(some, plot.options.measure), axis=0))

    if len(left) == 1:
        status = "identified"
    elif distinct(left) == 1 and (kinds == 1 or shown.all()):
        status = "identified up to symmetry"
    else:
        status = "set" if shown.sum() > 1 and (kinds == 1 or distinct(left[shown]) > 1) else "open"
    return RowFound(plot.rows[i].name, status, left, alone, shown)


def _ended(plot: ForestPlot, status: str, message: str, tables: Sequence[np.ndarray]) -> ForestRecovery:
    """Return what is known where there is no full solution: after a limit what the rows alone leave."""
    rows = []
    for i, row in enumerate(plot.rows):
        left = tables[i] if i < len(tables) and status == "limit" else np.zeros((0, 4), dtype=np.int64)
        alone = len(tables[i]) if i < len(tables) else 0
        said = "none" if status == "none" else "not searched"
        if len(left):
            same = len(np.unique(classes(left, plot.options.measure), axis=0)) == 1
            said = "identified" if len(left) == 1 else "identified up to symmetry" if same else "open"
        rows.append(RowFound(row.name, said, left, alone, np.zeros(len(left), dtype=bool)))
    nothing = dict.fromkeys(CONCLUSIONS, (math.nan, math.nan))
    none = np.zeros((0, len(plot.rows), 4), dtype=np.int64)
    return ForestRecovery(plot, status, message, tuple(rows), conclusions(nothing), status == "none", none, (), 0.0)


def _beside(plot: ForestPlot, found: ForestRecovery) -> Iterator[Alternative]:
    """Search the other methods and models of the same measure."""
    o = plot.options
    for method, model in (("MH", "fixed"), ("MH", "random"), ("IV", "fixed"), ("IV", "random"), ("Peto", "fixed")):
        if (method, model) == (o.method, o.model) or (method == "Peto" and o.measure != "OR"):
            continue
        # The rows of Peto's method and of others differ; without tau2 there is nothing else that names the model.
        pooled = plot.pooled.without(["tau2"]) if model == "fixed" else plot.pooled
        changed = replace(plot, options=Options(o.measure, method, model, level=o.level), pooled=pooled)
        other = _recovered(changed, Work(Limits(seconds=BESIDE)), lambda *_: None)
        same = other.status == found.status == "solved" and all(
            np.array_equal(a.tables, b.tables) for a, b in zip(found.rows, other.rows, strict=True)
        )
        yield Alternative(method, model, other.status, other.unique, same)
