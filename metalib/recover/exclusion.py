"""What printed lines that differ by one study say of that study: leave-one-out tables.

Let a line over all studies print the estimate t and the variance v, and the line without study i print t' and v'. With
sums over studies R and S, an estimate is R / S, so that the study's own terms r and s obey ``r = t S - t' (S - s)``.
The variance of a Mantel-Haenszel estimate times S^2 is a sum over studies as well (Robins, Breslow & Greenland 1986 for
the odds ratio), and gives the like for a third term. What is not printed is S. It is therefore cut into slices: within
one, few tables of each study are left, because the study has to fit its own line; that all of them together have an S
within the slice is the rest of the search.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .halves import Half, V, is_log_ratio, ratio_columns
from .meet import Completed
from .parts import Result

#: Ratio of the ends of a slice: narrower ones leave fewer tables of each study, but are more.
RATIO = 1.015
#: Sums below this share of the largest one are in one slice.
SMALL = 1e-4
#: How often the studies of a slice restrict each other.
ROUNDS = 4
_FUZZ = 1e-9
Span = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """What a printed line bounds: estimate on the scale of R / S, variance, and the weights of the variance's terms."""

    estimate: Span
    variance: Span
    parts: int

    @classmethod
    def of(cls, c: Completed) -> Line:
        """Return the line of a result."""
        by_mh = c.result.model == "fixed" and c.result.method == "MH"
        low, high = c.box.est
        if by_mh and is_log_ratio(c.result.measure, c.result.method):
            low, high = math.exp(low), math.exp(high)
        # RR: the variance divides by a sum that is not always R (every patient had the event), and is left alone.
        parts = {"OR": 3, "RD": 1, "RR": 0}[c.result.measure] if by_mh else -1
        return cls((low, high), (c.box.se[0] ** 2, c.box.se[1] ** 2), parts)

    @property
    def sums(self) -> Span:
        """What S may be, as far as the variance says so by itself: of inverse-variance weights."""
        if self.parts >= 0:
            return 0.0, math.inf
        low, high = self.variance
        return 1 / high, 1 / low if low > 0 else math.inf

    def weights(self, end: int) -> np.ndarray:
        """Return the weights of the variance's terms at an end of the estimate."""
        t = self.estimate[end]
        return np.array([0.5 / t**2, 0.5 / t, 0.5]) if self.parts == 3 else np.ones(max(self.parts, 0))


@dataclass(frozen=True)
class Slice:
    """A range of S and, of every study, which of its tables are left in it."""

    low: float
    high: float
    kept: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Scan:
    """A line over all studies of a step and the lines without one of them.

    Attributes
    ----------
    whole : Completed
    without : mapping
        Study to the line without it.
    columns : tuple of int
        Those of R and S.
    """

    whole: Completed
    without: Mapping[str, Completed]
    columns: tuple[int, int]

    @classmethod
    def of(cls, completed: Sequence[Completed], new: Sequence[str]) -> Scan | None:
        """Return the scan of a step that adds all studies of a line and completes lines without one; None without."""
        for c in completed:
            columns = ratio_columns(c.result, c.box)
            if columns is None or set(c.result.studies) != set(new):
                continue
            alike = {
                study: d
                for d in completed
                if (study := left_out(c.result, d.result)) and ratio_columns(d.result, d.box) == columns
            }
            if alike:
                return cls(c, alike, columns)
        return None

    def slices(self, tables: Mapping[str, Half]) -> Iterator[Slice]:
        """Yield the ranges of S in which every study has tables left."""
        terms = {study: half.terms[self.whole.position] for study, half in tables.items()}
        if not all(len(t) for t in terms.values()):
            return
        line = Line.of(self.whole)
        s = self.columns[1]
        low = max(sum(float(t[:, s].min()) for t in terms.values()), line.sums[0])
        high = min(sum(float(t[:, s].max()) for t in terms.values()), line.sums[1])
        if not 0 < high >= low * (1 - _FUZZ):
            return
        least = max(low, SMALL * high)
        number = max(math.ceil(math.log(high / least) / math.log(RATIO)), 1)
        edges = np.geomspace(least, high, number + 1)
        edges[0], edges[-1] = low * (1 - _FUZZ), high * (1 + _FUZZ)
        for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            kept = self._kept(terms, line, (a, b))
            if kept is not None:
                yield Slice(a, b, kept)

    def inside(
        self, part: Slice, left: Sequence[np.ndarray], right: Sequence[np.ndarray], i: np.ndarray, j: np.ndarray
    ) -> np.ndarray:
        """Return which pairs of rows have an S in the slice, so that each is found in one slice only."""
        at, column = self.whole.position, self.columns[1]
        total = left[at][i, column] + right[at][j, column]
        return np.asarray((total >= part.low) & (total < part.high))

    def _kept(self, terms: Mapping[str, np.ndarray], line: Line, total: Span) -> dict[str, np.ndarray] | None:
        kept = {}
        for study, t in terms.items():
            child = self.without.get(study)
            r, s = t[:, self.columns[0]], t[:, self.columns[1]]
            fits = s <= total[1] * (1 + _FUZZ)
            if child is not None:
                fits &= _fits(t[:, V : V + max(line.parts, 0)], r, s, line, Line.of(child), total)
            kept[study] = fits
        numerator = min(line.estimate[0] * x for x in total), max(line.estimate[1] * x for x in total)
        for _ in range(ROUNDS):
            for column, (low, high) in zip(self.columns, (numerator, total), strict=True):
                if not all(k.any() for k in kept.values()):
                    return None
                _close(kept, {study: t[:, column] for study, t in terms.items()}, low, high)
        return kept if all(k.any() for k in kept.values()) else None


def left_out(whole: Result, part: Result) -> str | None:
    """Return the study that one result lacks of another that is pooled alike; None where they differ otherwise."""
    if (part.outcome, part.measure, part.method, part.model) != (
        whole.outcome, whole.measure, whole.method, whole.model
    ):  # fmt: skip
        return None
    rest = [s for s in whole.studies if s not in part.studies]
    return rest[0] if len(rest) == 1 and len(part.studies) == len(whole.studies) - 1 else None


def _fits(parts: np.ndarray, r: np.ndarray, s: np.ndarray, line: Line, child: Line, total: Span) -> np.ndarray:
    """Return which tables of a study fit both lines for some S of a slice.

    Every condition is linear or quadratic in S, so its largest value is at an end of the slice or at a vertex.
    """
    low = np.clip(s, total[0], total[1])
    high = np.full(len(s), total[1])
    # The sum of the others is bounded by itself where weights are inverse variances.
    low, high = np.maximum(low, s + child.sums[0] * (1 - _FUZZ)), np.minimum(high, s + child.sums[1] * (1 + _FUZZ))
    fits = low <= high
    high = np.maximum(low, high)
    (t, t_high), (u, u_high) = line.estimate, child.estimate
    scale = _FUZZ * (np.abs(r) + total[1] * max(map(abs, (t, t_high, u, u_high))))
    least = np.minimum(*(t * x - u_high * (x - s) for x in (low, high)))
    most = np.maximum(*(t_high * x - u * (x - s) for x in (low, high)))
    fits &= (least <= r + scale) & (most >= r - scale)
    if not parts.shape[1]:
        return np.asarray(fits)
    # The terms fall with the estimate.
    smallest, largest = parts @ line.weights(1), parts @ line.weights(0)
    turned = np.concatenate([line.weights(i) / child.weights(1 - i) for i in (0, 1)])
    v, w = line.variance, (child.variance[0] * turned.min(), child.variance[1] * turned.max())
    scale = _FUZZ * (1 + v[1] * total[1] ** 2)
    top = _ends(v[1] - w[0], 2 * w[0] * s, -w[0] * s**2 - smallest, low, high)[1]
    bottom = _ends(v[0] - w[1], 2 * w[1] * s, -w[1] * s**2 - largest, low, high)[0]
    return np.asarray(fits & (top >= -scale) & (bottom <= scale))


def _ends(
    square: float, slope: np.ndarray, constant: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest value of a parabola on [low, high]."""
    vertex = np.clip(-slope / (2 * square), low, high) if square else low
    values = [square * x**2 + slope * x + constant for x in (low, high, vertex)]
    return np.minimum.reduce(values), np.maximum.reduce(values)


def _close(kept: dict[str, np.ndarray], values: Mapping[str, np.ndarray], low: float, high: float) -> None:
    """Drop tables of each study with which the others cannot bring the sum into [low, high]."""
    slack = _FUZZ * (abs(low) + abs(high)) + 1e-12
    least = {study: float(values[study][fits].min()) for study, fits in kept.items()}
    most = {study: float(values[study][fits].max()) for study, fits in kept.items()}
    for study, value in values.items():
        others = sum(least.values()) - least[study], sum(most.values()) - most[study]
        kept[study] = kept[study] & (value + others[0] <= high + slack) & (value + others[1] >= low - slack)
