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

    def part(self, rows: np.ndarray | slice) -> Range:
        """Return the range for some of the left rows."""
        return Range(
            self.left_low[rows], self.left_high[rows], self.right_low, self.right_high, self.low, self.high
        )  # fmt: skip


class Lookup:
    """The right half, sorted for lookups.

    Parameters
    ----------
    keys : ndarray of int
        Codes of the right rows; only pairs with equal codes are formed.
    band, second : Range or None
        The range to sort by and the range to bin by.
    """

    def __init__(self, keys: np.ndarray, band: Range | None, second: Range | None) -> None:
        m = len(keys)
        self.codes, ranks = np.unique(keys, return_inverse=True)
        middle, self.reach = np.zeros(m), 1.0
        if band is not None:
            middle = (band.right_low + band.right_high) / 2
            self.reach = 4 * (1 + max(float(np.abs(middle).max(initial=0)), _size(band)))
        # Positions of far groups are large numbers; lookups lean outwards by more than their rounding error.
        self.fuzz = self.reach * (1e-9 + 1e-15 * len(self.codes))
        where = np.zeros(m)
        bins = int(np.clip(m // BIN_ROWS, 1, MOST_BINS)) if second is not None and m else 1
        if second is not None and m:
            where = (second.right_low + np.minimum(second.right_high, 1e12)) / 2
        by = np.argsort(where, kind="stable")
        self.bins = []
        for part in np.array_split(by, bins):
            position = ranks[part] * self.reach + middle[part]
            inner = np.argsort(position, kind="stable")
            rows = part[inner]
            if not len(rows):
                continue
            half = (band.right_high[rows] - band.right_low[rows]).max() / 2 if band is not None else 0.0
            ends = (second.right_low[rows].min(), second.right_high[rows].max()) if second is not None else (0.0, 0.0)
            self.bins.append((rows, position[inner], float(half), float(ends[0]), float(ends[1])))

    def stretches(
        self, keys: np.ndarray, band: Range | None, second: Range | None
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Yield for each bin its right rows, the left rows with partners there, and where their stretches lie."""
        rank = np.searchsorted(self.codes, keys)
        known = rank < len(self.codes)
        known[known] = self.codes[rank[known]] == keys[known]
        base = rank * self.reach
        low, high = base - self.fuzz, base + self.fuzz
        for rows, position, half, smallest, largest in self.bins:
            left = known
            if second is not None:
                left = known & (second.left_low + smallest <= second.high) & (second.left_high + largest >= second.low)
            (index,) = np.nonzero(left)
            if not len(index):
                continue
            if band is None:
                start = np.searchsorted(position, low[index], "left")
                stop = np.searchsorted(position, high[index], "right")
            else:
                # A pair meets [low, high] only if its middle lies within the two half widths of that interval.
                middle = (band.left_low[index] + band.left_high[index]) / 2
                slack = (band.left_high[index] - band.left_low[index]) / 2 + half + self.fuzz
                start = np.searchsorted(position, base[index] + (band.low - middle - slack), "left")
                stop = np.searchsorted(position, base[index] + (band.high - middle + slack), "right")
            full = stop > start
            if full.any():
                yield rows, index[full], start[full], stop[full]

    def count(self, keys: np.ndarray, band: Range | None, second: Range | None) -> int:
        """Return how many pairs would have to be compared."""
        return sum(int((stop - start).sum()) for _, _, start, stop in self.stretches(keys, band, second))

    def pairs(
        self, keys: np.ndarray, band: Range | None, second: Range | None, others: list[Range]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield indices (left, right) of pairs that meet all ranges, in pieces."""
        ranges = [r for r in (band, second, *others) if r is not None]
        for rows, index, start, stop in self.stretches(keys, band, second):
            done = np.concatenate([[0], np.cumsum(stop - start)])
            cuts = np.searchsorted(done, np.arange(0, done[-1] + PAIRS, PAIRS))
            for lo, hi in pairwise(cuts):
                if lo == hi:
                    continue
                owner, at = expand(start[lo:hi], stop[lo:hi])
                i, j = index[lo:hi][owner], rows[at]
                for r in ranges:
                    good = (r.left_low[i] + r.right_low[j] <= r.high) & (r.left_high[i] + r.right_high[j] >= r.low)
                    i, j = i[good], j[good]
                if len(i):
                    yield i, j


def _size(band: Range) -> float:
    """Return a bound for how far from 0 any lookup in the band can fall."""
    ends = [abs(x) for x in (band.low, band.high) if np.isfinite(x)]
    left = max((float(np.abs(x).max(initial=0)) for x in (band.left_low, band.left_high)), default=0.0)
    width = max(float(np.abs(x).max(initial=0)) for x in (band.right_low, band.right_high))
    return max(ends, default=0.0) + 3 * left + 3 * width
