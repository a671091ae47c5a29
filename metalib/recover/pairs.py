"""Looking up the pairs of partial sums that can meet the printed numbers.

Both halves of a set of studies bring for each printed range two numbers, a lower and an upper one, that add up over the
halves; a pair can agree only if ``lower <= high`` and ``upper >= low``. The first range is the pooled estimate: a ratio
R / S lies in [lo, hi] exactly when ``R - hi S <= 0 <= R - lo S``. The right half is sorted by the middle of that range
within bins of the second range (Q, or the sum of random-effects weights), so that the partners of a left row are a few
stretches found by bisection; whatever they hold is then compared in full.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .relation import expand

#: Pairs compared in one go: small enough for the cache, large enough to hide the overhead of a call.
PAIRS = 1 << 17
#: Rows of the right half in one bin, and the largest number of bins.
BIN_ROWS, MOST_BINS = 256, 256


@dataclass(frozen=True, slots=True)
class Range:
    """Two numbers for every left and right row, and the interval that their sums have to meet."""

    left_low: np.ndarray
    left_high: np.ndarray
    right_low: np.ndarray
    right_high: np.ndarray
    low: float
    high: float

    def part(self, rows: slice) -> Range:
        """Return the range for some of the left rows."""
        left = self.left_low[rows], self.left_high[rows]
        return Range(*left, self.right_low, self.right_high, self.low, self.high)

    def met(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Return which pairs of left rows i and right rows j meet the interval."""
        low, high = self.left_low[i] + self.right_low[j], self.left_high[i] + self.right_high[j]
        return np.asarray((low <= self.high) & (high >= self.low))


@dataclass(frozen=True, slots=True)
class Ranges:
    """The range by which the right half is sorted, that by which it is binned, and the others."""

    band: Range | None = None
    second: Range | None = None
    others: tuple[Range, ...] = ()

    @property
    def all(self) -> list[Range]:
        """All of them."""
        return [r for r in (self.band, self.second, *self.others) if r is not None]

    def part(self, rows: slice) -> Ranges:
        """Return the ranges for some of the left rows."""
        band, second = (None if r is None else r.part(rows) for r in (self.band, self.second))
        return Ranges(band, second, tuple(r.part(rows) for r in self.others))


@dataclass(frozen=True, slots=True)
class Bin:
    """Right rows whose second range is alike, sorted by position, with the ends of what they bring to the ranges."""

    rows: np.ndarray
    position: np.ndarray
    half_width: float
    smallest: float
    largest: float


@dataclass(frozen=True, slots=True)
class Stretches:
    """Left rows with partners in a bin, and where in it those begin and end."""

    rows: np.ndarray
    left: np.ndarray
    start: np.ndarray
    stop: np.ndarray


class Lookup:
    """The right half, sorted for lookups.

    A right row lies on one line at ``rank of its key * reach + middle of its band``; groups of equal keys are so far
    apart that no lookup reaches into the next one.

    Parameters
    ----------
    keys : ndarray of int
        Codes of the right rows; only pairs with equal codes are formed.
    ranges : Ranges
    """

    def __init__(self, keys: np.ndarray, ranges: Ranges) -> None:
        m = len(keys)
        band, second = ranges.band, ranges.second
        self.codes, ranks = np.unique(keys, return_inverse=True)
        middle, self.reach = np.zeros(m), 1.0
        if band is not None:
            middle = (band.right_low + band.right_high) / 2
            self.reach = 4 * (1 + max(float(np.abs(middle).max(initial=0)), _size(band)))
        # Positions of far groups are large numbers; lookups lean outwards by more than their rounding error.
        self.fuzz = self.reach * (1e-9 + 1e-15 * len(self.codes))
        by, number = np.arange(m), 1
        if second is not None and m:
            by = np.argsort((second.right_low + np.minimum(second.right_high, 1e12)) / 2, kind="stable")
            number = int(np.clip(m // BIN_ROWS, 1, MOST_BINS))
        self.bins = []
        for part in np.array_split(by, number) if m else ():
            position = ranks[part] * self.reach + middle[part]
            inner = np.argsort(position, kind="stable")
            rows = part[inner]
            half = 0.0 if band is None else float((band.right_high[rows] - band.right_low[rows]).max()) / 2
            ends = 0.0, 0.0
            if second is not None:
                ends = float(second.right_low[rows].min()), float(second.right_high[rows].max())
            self.bins.append(Bin(rows, position[inner], half, *ends))

    def stretches(self, keys: np.ndarray, ranges: Ranges) -> Iterator[Stretches]:
        """Yield for each bin the left rows with partners there, and where their stretches lie."""
        band, second = ranges.band, ranges.second
        rank = np.searchsorted(self.codes, keys)
        known = rank < len(self.codes)
        known[known] = self.codes[rank[known]] == keys[known]
        base = rank * self.reach
        for part in self.bins:
            left = known
            if second is not None:
                reachable = (second.left_low + part.smallest <= second.high) & (
                    second.left_high + part.largest >= second.low
                )
                left = known & reachable
            (index,) = np.nonzero(left)
            if not len(index):
                continue
            low = high = base[index]
            slack: np.ndarray | float = self.fuzz
            if band is not None:
                # A pair meets [low, high] only if its middle lies within the two half widths of that interval.
                middle = (band.left_low[index] + band.left_high[index]) / 2
                slack = (band.left_high[index] - band.left_low[index]) / 2 + part.half_width + self.fuzz
                low, high = low + (band.low - middle), high + (band.high - middle)
            start = np.searchsorted(part.position, low - slack, "left")
            stop = np.searchsorted(part.position, high + slack, "right")
            full = stop > start
            if full.any():
                yield Stretches(part.rows, index[full], start[full], stop[full])

    def count(self, keys: np.ndarray, ranges: Ranges) -> int:
        """Return how many pairs would have to be compared."""
        return sum(int((s.stop - s.start).sum()) for s in self.stretches(keys, ranges))

    def pairs(self, keys: np.ndarray, ranges: Ranges) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield indices (left, right) of pairs that meet all ranges, in pieces."""
        for s in self.stretches(keys, ranges):
            done = np.concatenate([[0], np.cumsum(s.stop - s.start)])
            cuts = np.searchsorted(done, np.arange(0, done[-1] + PAIRS, PAIRS))
            for lo, hi in pairwise(cuts):
                if lo == hi:
                    continue
                owner, at = expand(s.start[lo:hi], s.stop[lo:hi])
                i, j = s.left[lo:hi][owner], s.rows[at]
                for r in ranges.all:
                    good = r.met(i, j)
                    i, j = i[good], j[good]
                if len(i):
                    yield i, j


def _size(band: Range) -> float:
    """Return a bound for how far from 0 any lookup in the band can fall."""
    ends = [abs(x) for x in (band.low, band.high) if np.isfinite(x)]
    left, right = (
        max(float(np.abs(x).max(initial=0)) for x in sides)
        for sides in ((band.left_low, band.left_high), (band.right_low, band.right_high))
    )
    return max(ends, default=0.0) + 3 * left + 3 * right
