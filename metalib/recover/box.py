"""What the printed statistics of one result allow its estimate, standard error and Q to be.

All bounds are necessary conditions. They are used to look tables up and to drop parts early; whether a table is kept
is decided by the printed digits themselves (:mod:`.agree`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri, ndtri

from .parts import Interval

#: Wider than any estimate or standard error of counts.
_FAR = 1e4
#: Beyond this a bound of an estimate says nothing, and its exponential would overflow.
_USABLE = 300.0
#: Slack of bounds of Q, which is a difference of sums and carries their rounding error.
_TINY = 1e-8
#: RevMan's 95% interval.
Z95 = float(ndtri(0.975))


@dataclass(frozen=True, slots=True)
class Box:
    """Ranges of the estimate (log scale for ratios), its standard error, and of Q for each possible k."""

    est: tuple[float, float]
    se: tuple[float, float]
    q: Mapping[int, tuple[float, float]]

    @property
    def possible(self) -> bool:
        """Whether any number of studies and any estimate could give the printed statistics."""
        return bool(self.q) and self.est[0] <= self.est[1] and self.se[0] <= self.se[1]

    @property
    def ks(self) -> tuple[int, int]:
        """Smallest and largest possible number of estimable studies."""
        return min(self.q), max(self.q)

    @property
    def q_ends(self) -> tuple[float, float]:
        """Range of Q over all possible k."""
        return min(low for low, _ in self.q.values()), max(high for _, high in self.q.values())

    @property
    def has_estimate(self) -> bool:
        """Whether the printed numbers bound the estimate, log scale or not, to something that can be used."""
        return max(map(abs, self.est)) < _USABLE


def box(stats: Mapping[str, Interval], studies: int, ratio: bool, z: float = Z95) -> Box:
    """Return the box of a result over at most `studies` studies; limits are `z` standard errors away."""
    est, se = _estimate_and_se(stats, ratio, z)
    q = {k: bounds for k in range(1, studies + 1) if (bounds := q_bounds(stats, k)) is not None}
    return Box(est, se, q)


def contradiction(stats: Mapping[str, Interval], studies: int, ratio: bool) -> tuple[str, ...]:
    """Return the names of printed statistics that no result can have together, none of which can be left out.

    Empty where the box is possible. What the box cannot see (it bounds estimate, standard error and Q one by one) is
    left to the search.
    """
    if box(stats, studies, ratio).possible:
        return ()
    kept = dict(stats)
    for name in stats:
        fewer = {n: i for n, i in kept.items() if n != name}
        if not box(fewer, studies, ratio).possible:
            kept = fewer
    return tuple(kept)


def q_bounds(stats: Mapping[str, Interval], k: int) -> tuple[float, float] | None:
    """Return the range of Q that the printed heterogeneity statistics allow with k studies, or None."""
    df = k - 1
    if ("k" in stats and not stats["k"].holds(k)) or ("df" in stats and not stats["df"].holds(df)):
        return None
    low, high = 0.0, math.inf
    if df == 0:
        # One study: Q and I2 are 0, and there is no P.
        fits = "P_Q" not in stats and all(stats[s].holds(0.0) for s in ("Q", "I2") if s in stats)
        return (-_TINY, _TINY) if fits else None
    if "Q" in stats:
        low, high = max(low, stats["Q"].low), min(high, stats["Q"].high)
    if "P_Q" in stats:
        p = stats["P_Q"]
        if p.high < 0 or p.low > 1:
            return None
        if p.low > 0:
            high = min(high, float(chdtri(df, p.low)))
        if p.high < 1:
            low = max(low, float(chdtri(df, p.high)))
    if "I2" in stats:
        i2 = stats["I2"]
        if i2.low > 100 or i2.high < 0:
            return None
        if i2.high < 100:
            high = min(high, df / (1 - i2.high / 100))
        if i2.low > 0:
            low = max(low, df / (1 - i2.low / 100)) if i2.low < 100 else math.inf
    slack = _TINY * (1 + (high if math.isfinite(high) else low))
    return (low - slack, high + slack) if low <= high + 2 * slack else None


def _estimate_and_se(
    stats: Mapping[str, Interval], ratio: bool, z: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Clip the plane of (estimate, standard error) by every printed statistic and return the bounding ranges."""
    polygon = [(-_FAR, 0.0), (_FAR, 0.0), (_FAR, _FAR), (-_FAR, _FAR)]
    for name, slope in (("effect", 0.0), ("ci_low", -z), ("ci_high", z)):
        if name in stats:
            low, high = (
                (_log(stats[name].low), _log(stats[name].high)) if ratio else (stats[name].low, stats[name].high)
            )
            polygon = _clip(polygon, 1.0, slope, high)
            polygon = _clip(polygon, -1.0, -slope, -low)
    for low, high in _z_ranges(stats):
        if math.isfinite(high):
            polygon = _clip(polygon, 1.0, -high, 0.0)
            polygon = _clip(polygon, -1.0, -high, 0.0)
        # |estimate| >= low * se is two half-planes with a gap between; usable only once the sign is known.
        xs = [x for x, _ in polygon]
        if xs and min(xs) > 0:
            polygon = _clip(polygon, -1.0, low, 0.0)
        elif xs and max(xs) < 0:
            polygon = _clip(polygon, 1.0, low, 0.0)
    if not polygon:
        return (math.inf, -math.inf), (math.inf, -math.inf)
    xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
    slack = 1e-8
    return (min(xs) - slack, max(xs) + slack), (max(min(ys) - slack, 0.0), max(ys) + slack)


def _z_ranges(stats: Mapping[str, Interval]) -> list[tuple[float, float]]:
    ranges = []
    if "z" in stats:
        ranges.append((stats["z"].low, stats["z"].high))
    if "P" in stats:
        p = stats["P"]
        low = float(-ndtri(p.high / 2)) if 0 < p.high < 1 else 0.0
        high = float(-ndtri(p.low / 2)) if 0 < p.low < 1 else math.inf
        ranges.append((max(low - 1e-9, 0.0), high + 1e-9))
    return ranges


def _clip(polygon: list[tuple[float, float]], a: float, b: float, c: float) -> list[tuple[float, float]]:
    """Return the part of a convex polygon in which ``a x + b y <= c`` (Sutherland and Hodgman)."""
    if math.isinf(c):
        return polygon if c > 0 else []
    # Far away in the plane the products carry rounding errors; leaning outwards keeps the clip safe.
    c += 1e-9 * (1 + abs(c))
    out = []
    for (x1, y1), (x2, y2) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        d1, d2 = a * x1 + b * y1 - c, a * x2 + b * y2 - c
        if d1 <= 0:
            out.append((x1, y1))
        if (d1 < 0 < d2) or (d2 < 0 < d1):
            t = d1 / (d1 - d2)
            out.append((x1 + t * (x2 - x1), y1 + t * (y2 - y1)))
    return out


def _log(x: float) -> float:
    if x <= 0:
        return -math.inf
    return math.log(x) if math.isfinite(x) else math.inf


def tau2_edges(largest: float) -> np.ndarray:
    """Return the edges of the ranges of tau2 in which a random-effects result is searched, from 0 to `largest`."""
    if largest <= 0:
        return np.array([0.0, 0.0])
    return np.concatenate([[0.0], np.geomspace(largest / 2000, largest, 48)])
