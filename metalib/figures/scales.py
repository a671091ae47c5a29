"""Axes of effects: logarithmic for ratios, linear for differences, symmetric about no effect."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from .. import text
from ..arithmetic.options import RATIOS

MEASURE_NAMES = {"OR": "Odds ratio", "RR": "Risk ratio", "RD": "Risk difference"}

#: Upper end of a ratio axis and its ticks; the lower end is its reciprocal.
_RATIO_TICKS = (
    (2.0, (0.5, 0.7, 1, 1.5, 2)),
    (5.0, (0.2, 0.5, 1, 2, 5)),
    (10.0, (0.1, 0.2, 0.5, 1, 2, 5, 10)),
    (20.0, (0.05, 0.2, 1, 5, 20)),
    (100.0, (0.01, 0.1, 1, 10, 100)),
)
_DIFFERENCE_TICKS = ((0.1, 0.05), (0.2, 0.1), (0.5, 0.25), (1.0, 0.5))
#: Log units. Intervals that need more room are cut off and get an arrow head; estimates never are.
_INTERVAL_LIMIT = math.log(100.0)
#: Room beyond an estimate, so that no square is cut by the end of the axis (in log units, or share of the limit).
_ROOM = 0.12


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis of effects: its ends, ticks and the value of no effect, on the natural scale."""

    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool

    @property
    def no_effect(self) -> float:
        """1 for ratios, 0 for differences."""
        return 1.0 if self.log else 0.0

    def apply(self, axes: Axes) -> None:
        """Give `axes` this x axis."""
        axes.set_xscale("log" if self.log else "linear")
        axes.set_xlim(self.low, self.high)
        axes.set_xticks(self.ticks, [tick_label(tick) for tick in self.ticks])
        axes.xaxis.set_minor_locator(NullLocator())


def tick_label(value: float) -> str:
    """Return the text of a tick, without needless zeros; as a power of ten where zeros would fill the axis."""
    if value and not 1e-4 <= abs(value) <= 1e4:
        return text.scientific(value).removeprefix("1 × ")
    return f"{value:.15f}".rstrip("0").rstrip(".") if abs(value) < 1 else f"{value:.15g}"


def symmetric_scale(measure: str, estimates: Iterable[float], limits: Iterable[float]) -> Scale:
    """Return the narrowest usual axis that holds all estimates and, within reason, the ends of their intervals.

    Parameters
    ----------
    measure : {"OR", "RR", "RD"}
    estimates, limits : iterables of float
        Natural scale; NaN is skipped.
    """
    points = [x for x in estimates if not math.isnan(x)]
    ends = [x for x in limits if not math.isnan(x)]
    if measure not in RATIOS:
        need = max([abs(x) * (1 + _ROOM) for x in points] + [min(abs(x), 1.0) for x in ends], default=0.0)
        limit, step = next((row for row in _DIFFERENCE_TICKS if need <= row[0]), _DIFFERENCE_TICKS[-1])
        count = round(limit / step)
        # A risk difference can be exactly 1, and its square still needs room.
        edge = limit * (1 + _ROOM) if need > limit else limit
        return Scale(-edge, edge, tuple(round(i * step, 10) for i in range(-count, count + 1)), log=False)
    need = max([_distance(x) + _ROOM for x in points] + [min(_distance(x), _INTERVAL_LIMIT) for x in ends], default=0.0)
    for limit, ticks in _RATIO_TICKS:
        if need <= math.log(limit) + 1e-9:
            return Scale(1 / limit, limit, ticks, log=True)
    decades = math.ceil(need / math.log(10))
    step = math.ceil(decades / 3)
    ticks = tuple(10.0**i for i in range(-(decades // step) * step, decades + 1, step))
    return Scale(10.0**-decades, 10.0**decades, ticks, log=True)


def fitted_scale(measure: str, values: Iterable[float]) -> Scale:
    """Return an axis just wide enough for `values` (natural scale), with a handful of usual ticks."""
    log = measure in RATIOS
    found = [math.log(x) if log else x for x in values if not math.isnan(x)]
    low, high = min(found), max(found)
    pad = 0.06 * (high - low) or 0.1
    low, high = low - pad, high + pad
    if not log:
        step = next(s for s in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 50.0) if (high - low) / s <= 8)
        ticks = tuple(round(i * step, 10) for i in range(math.ceil(low / step), math.floor(high / step) + 1))
        return Scale(low, high, ticks, log=False)
    decades = range(math.floor(low / math.log(10)), math.ceil(high / math.log(10)) + 1)
    for digits in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1,)):
        ticks = tuple(d * 10.0**n if n >= 0 else d / 10.0**-n for n in decades for d in digits)
        ticks = tuple(t for t in ticks if low <= math.log(t) <= high)
        if len(ticks) <= 8:
            break
    else:
        ticks = ticks[:: math.ceil(len(ticks) / 8)]
    return Scale(math.exp(low), math.exp(high), ticks, log=True)


def _distance(ratio: float) -> float:
    """Return how far a ratio lies from 1, in log units."""
    return abs(math.log(ratio)) if 0 < ratio < math.inf else math.inf
