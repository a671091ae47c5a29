"""Axes of effects, logarithmic for ratios and linear for differences, and the places and names of ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import NullLocator

from .. import text
from ..arithmetic.options import RATIOS
from ..errors import DataError

MEASURE_NAMES = {
    "OR": "Odds ratio", "RR": "Risk ratio", "RD": "Risk difference", "MD": "Mean difference",
    "SMD": "Standardised mean difference", "IRR": "Rate ratio", "IRD": "Rate difference", "HR": "Hazard ratio",
    "ratio": "Ratio", "difference": "Difference",
}  # fmt: skip

#: How far from no effect (log units; risk differences; medians of all limits where a difference has a unit) an interval
#: widens the axis. What lies beyond is cut off and gets an arrow head; estimates never are.
_LOG_LIMIT, _DIFFERENCE_LIMIT, _MEDIANS = math.log(100.0), 1.0, 3.0
#: Blank at each end, as a share of the axis, so that no square is cut.
_ROOM = 0.08
_MOST_TICKS = 7


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

    def apply(self, axes: Axes, *, vertical: bool = False) -> None:
        """Give `axes` this x axis, or this y axis."""
        if vertical:
            axes.set_yscale("log" if self.log else "linear")
            axes.set_ylim(self.low, self.high)
        else:
            axes.set_xscale("log" if self.log else "linear")
            axes.set_xlim(self.low, self.high)
        set_ticks(axes.yaxis if vertical else axes.xaxis, self.ticks)


def effect_name(measure: str) -> str:
    """Return the name of an axis of effects."""
    return f"{MEASURE_NAMES[measure]}{' (log scale)' if measure in RATIOS else ''}"


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """Return the names of ticks: plain numbers, or all as powers of ten where zeros would fill the axis."""
    powers = any(tick and not 1e-4 <= abs(tick) <= 1e4 for tick in ticks)
    return [_power(tick) if powers and not 0.1 < abs(tick) < 100 else _plain(tick) for tick in ticks]


def _power(value: float) -> str:
    return text.scientific(value).removeprefix("1 × ") if value else "0"


def _plain(value: float) -> str:
    return f"{value:.15f}".rstrip("0").rstrip(".") if abs(value) < 1 else f"{value:.15g}"


def set_ticks(axis: Axis, ticks: Sequence[float]) -> None:
    """Put named ticks on an axis, and none between them."""
    axis.set_ticks(ticks, tick_labels(ticks))
    axis.set_minor_locator(NullLocator())


def decades(low: float, high: float) -> list[float]:
    """Return the powers of ten from `low` to `high`, not more than a handful, with 1 among them if it is there."""
    powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
    step = math.ceil(len(powers) / _MOST_TICKS)
    return [10.0**n for n in powers if n % step == 0]


def multiples(low: float, high: float) -> list[float]:
    """Return the multiples of 1, 2 or 5 times a power of ten from `low` to `high`, not more than a handful."""
    smallest = (high - low) / _MOST_TICKS
    unit = 10.0 ** math.floor(math.log10(smallest))
    step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= smallest)
    places = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return [round(i * step, 15) for i in places]


def effect_scale(
    measure: str, estimates: Iterable[float], limits: Iterable[float] = (), *, symmetric: bool = False
) -> Scale:
    """Return the axis that just holds no effect, all estimates and, within reason, the ends of their intervals.

    Parameters
    ----------
    measure : str
    estimates, limits : iterables of float
        Natural scale; NaN is skipped.
    symmetric : bool
        Whether no effect stands in the middle.

    Raises
    ------
    DataError
        An estimate that no axis can hold.
    """
    log = measure in RATIOS
    ends = [_place(x, log) for x in limits if not math.isnan(x)]
    if log or measure == "RD":
        reach = _LOG_LIMIT if log else _DIFFERENCE_LIMIT
    else:
        reach = _MEDIANS * median(map(abs, ends)) if ends else 0.0
    points = [_place(x, log) for x in estimates if not math.isnan(x)]
    if not all(map(math.isfinite, points)):
        raise DataError("an estimate is too far from no effect to be drawn")
    places = [0.0, *points, *(min(max(x, -reach), reach) for x in ends)]
    if symmetric:
        places += [-x for x in places]
    room = _ROOM * (max(places) - min(places)) or 0.1
    low, high = min(places) - room, max(places) + room
    if not log:
        return Scale(low, high, tuple(multiples(low, high)), log)
    low, high = math.exp(low), math.exp(high)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3)):
        ticks = [d * 10.0**n if n >= 0 else d / 10.0**-n for n in powers for d in digits]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= _MOST_TICKS:
            return Scale(low, high, tuple(ticks), log)
    return Scale(low, high, tuple(decades(low, high)), log)


def _place(value: float, log: bool) -> float:
    """Return where a value lies on its axis; no effect is 0."""
    if not log:
        return value
    return math.log(value) if value > 0 else -math.inf
