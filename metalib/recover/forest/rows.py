"""All tables of one study that agree with its row of a forest plot, by direct enumeration.

The effect falls with every event more in the control arm, so for given arms and given events in the experimental arm
the events of the control arm that agree with the printed effect are an interval, whose ends are found by bisection.
What is left is held against every printed digit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from scipy.special import ndtr

from ...arithmetic.options import Options
from ...arithmetic.pooling import effects_of
from ...arithmetic.study_effects import StudyEffects, cells
from ..agree import agrees
from ..parts import Interval
from ..relation import expand
from ..state import Work
from .plot import ForestPlot, Line, Span

#: Arms with one number of events that are looked at together.
PIECE = 1 << 17
#: Arms and numbers of events that are looked at, for each table that may be held.
LOOKED_AT = 20
#: Bounds lean outwards by this, relative: the digits themselves decide.
_LEAN = 1e-9


def row_tables(plot: ForestPlot, row: Line, work: Work) -> np.ndarray:
    """Return all tables that agree with what is printed in one row, but for its weight.

    Returns
    -------
    ndarray, shape (m, 4)
        ``events_t, n_t, events_c, n_c``, sorted.

    Raises
    ------
    LimitReached
    """
    stats = row.intervals
    low, high = estimate_bounds(stats, plot.ratio)
    found = [np.zeros((0, 4), dtype=np.int64)]
    size = 0
    for arms, a, c_low, c_high in _first_cells(plot, row, stats, work):
        first, last = _second_cells(plot.options, arms, a, (c_low, c_high), (low, high))
        for tables in _pieces(arms, a, (first, last), (c_low, c_high)):
            found.append(_agreeing(plot, row, stats, tables))
            size += len(found[-1])
            work.room(f"tables of study {row.name!r}", size, 200)
    return np.unique(np.concatenate(found), axis=0)


def estimate_bounds(stats: Mapping[str, Interval], ratio: bool) -> tuple[float, float]:
    """Return between which values the printed effect and the middle of its interval leave an effect."""
    low, high = -math.inf, math.inf
    ends = {name: _scaled(stats[name], ratio) for name in ("effect", "ci_low", "ci_high") if name in stats}
    if "effect" in ends:
        low, high = ends["effect"]
    if "ci_low" in ends and "ci_high" in ends:
        low = max(low, (ends["ci_low"][0] + ends["ci_high"][0]) / 2)
        high = min(high, (ends["ci_low"][1] + ends["ci_high"][1]) / 2)
    return low - _LEAN * (1 + abs(low)), high + _LEAN * (1 + abs(high))


def _scaled(i: Interval, ratio: bool) -> tuple[float, float]:
    if not ratio:
        return i.low, i.high
    return (math.log(i.low) if i.low > 0 else -math.inf), (math.log(i.high) if i.high > 0 else -math.inf)


def study_values(options: Options, tables: np.ndarray) -> StudyEffects:
    """Return effects and variances of tables, shape (m, 4)."""
    a, n1, c, n2 = tables.T.astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return effects_of(cells(a, n1, c, n2), options)


def _first_cells(
    plot: ForestPlot, row: Line, stats: Mapping[str, Interval], work: Work
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield arms (m, 2) with events of the experimental arm, and between which events the control arm may have."""
    arms = _arms(plot, row, work)
    low, high = (np.asarray(x) for x in _ends(row, stats, "t", arms[:, 0]))
    work.number(
        f"arms and events of study {row.name!r}",
        int(np.maximum(high - low + 1, 0).sum()),
        LOOKED_AT * work.limits.rows,
    )
    both = row.counts.get("events", (0, 1 << 40))
    starts = np.concatenate([[0], np.cumsum(np.maximum(high - low + 1, 0))])
    at = 0
    while at < len(arms):
        end = max(int(np.searchsorted(starts, starts[at] + PIECE, "right")) - 1, at + 1)
        owner, a = expand(low[at:end], high[at:end] + 1)
        here = arms[at:end][owner]
        c_low, c_high = _ends(row, stats, "c", here[:, 1])
        yield here, a, np.maximum(c_low, both[0] - a), np.minimum(c_high, both[1] - a)
        work.room(f"tables of study {row.name!r}", 0, 1)
        at = end


def _arms(plot: ForestPlot, row: Line, work: Work) -> np.ndarray:
    """Return the possible pairs of arm sizes, shape (m, 2)."""
    t, c = row.counts["n_t"], row.counts["n_c"]
    both = row.counts.get("n", (0, 1 << 40))
    first = np.arange(t[0], t[1] + 1)
    printed = t[0] == t[1] and c[0] == c[1]
    reach = 1 << 40 if plot.max_difference is None or printed else plot.max_difference
    start = np.maximum(np.maximum(c[0], first - reach), both[0] - first)
    stop = np.minimum(np.minimum(c[1], first + reach), both[1] - first) + 1
    work.room(f"pairs of arm sizes of study {row.name!r}", int(np.maximum(stop - start, 0).sum()), 100)
    owner, second = expand(start, stop)
    return np.stack([first[owner], second], axis=1).astype(np.int64)


def _ends(row: Line, stats: Mapping[str, Interval], arm: str, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest number of events of an arm for each of its sizes."""
    span: Span = row.counts.get(f"events_{arm}", (0, 1 << 40))
    low, high = np.full(n.shape, span[0]), np.minimum(span[1], n)
    percent = stats.get(f"percent_{arm}")
    if percent is not None:
        low = np.maximum(low, np.ceil(percent.low / 100 * n - _LEAN).astype(np.int64))
        high = np.minimum(high, np.floor(percent.high / 100 * n + _LEAN).astype(np.int64))
    return np.maximum(low, 0), high


def _second_cells(
    options: Options, arms: np.ndarray, a: np.ndarray, ends: tuple[np.ndarray, np.ndarray], effect: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and last number of events of the control arm, neither none nor all, with an effect in bounds.

    Between these the zero-cell rule does not change, and the effect (OR, RR, RD and Peto's) falls strictly.
    """
    bottom, top = np.maximum(ends[0], 1), np.minimum(ends[1], arms[:, 1] - 1)

    def first_below(bound: float, strictly: bool) -> np.ndarray:
        """Return the first number of events whose effect is below a bound; one past the end where there is none."""
        low: np.ndarray = bottom.copy()
        high = np.maximum(top + 1, bottom)
        while (low < high).any():
            middle = (low + high) // 2
            y = study_values(options, np.stack([a, arms[:, 0], middle, arms[:, 1]], axis=1)).yi
            below = (y < bound) if strictly else (y <= bound)
            open_ = low < high
            high, low = np.where(open_ & below, middle, high), np.where(open_ & ~below, middle + 1, low)
        return low

    first = first_below(effect[1], False) if math.isfinite(effect[1]) else bottom
    last = first_below(effect[0], True) - 1 if math.isfinite(effect[0]) else top
    return first, np.minimum(last, top)


def _pieces(
    arms: np.ndarray, a: np.ndarray, inside: tuple[np.ndarray, np.ndarray], ends: tuple[np.ndarray, np.ndarray]
) -> Iterator[np.ndarray]:
    """Yield tables: the control events in bounds, and beside them none and all, as far as these are possible."""
    for extreme in (np.zeros(len(a), dtype=np.int64), arms[:, 1]):
        keep = (ends[0] <= extreme) & (extreme <= ends[1])
        yield np.stack([a, arms[:, 0], extreme, arms[:, 1]], axis=1)[keep]
    counts = np.maximum(inside[1] - inside[0] + 1, 0)
    upto = np.concatenate([[0], np.cumsum(counts)])
    at = 0
    while at < len(a):
        end = max(int(np.searchsorted(upto, upto[at] + 4 * PIECE, "right")) - 1, at + 1)
        owner, c = expand(inside[0][at:end], inside[1][at:end] + 1)
        owner = owner + at
        yield np.stack([a[owner], arms[owner, 0], c, arms[owner, 1]], axis=1)
        at = end


def _agreeing(plot: ForestPlot, row: Line, stats: Mapping[str, Interval], tables: np.ndarray) -> np.ndarray:
    """Return the tables that print as the row."""
    e = study_values(plot.options, tables)
    keep = e.estimable == row.estimable if stats or not row.estimable else np.ones(len(tables), dtype=bool)
    tables, y, v = tables[keep], e.yi[keep], e.vi[keep]
    values = plot.printed_values(y, v)
    values["P"] = 2 * ndtr(-values["z"])
    a, n1, c, n2 = tables.T
    values["percent_t"], values["percent_c"] = 100 * a / n1, 100 * c / n2
    found: np.ndarray = tables[agrees({n: i for n, i in stats.items() if n != "weight"}, values)]
    return found
