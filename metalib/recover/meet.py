"""Bringing two halves together: which pairs of rows agree with the printed results that they complete."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from .box import Box, tau2_edges
from .halves import (
    WW,
    WY,
    Half,
    K,
    W,
    cell_terms,
    fixed_estimate,
    held,
    is_log_ratio,
    q_around,
    q_range,
    ratio_columns,
    width,
)
from .pairs import Lookup, Range, Ranges
from .parts import Result
from .state import Work

#: A random-effects result is cut into ranges of tau2 when more pairs than this would have to be compared.
MANY = 30_000_000
#: Left rows of one task for an executor.
TASK = 4096
#: Every tau2 there is.
ANY = (0.0, np.inf)
#: Bytes of the ranges, orders and indices that are made of a row of a half.
LOOKUP_BYTES = 300

Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True)
class Completed:
    """A printed result that two halves complete; `position` is where its terms stand in them."""

    position: int
    result: Result
    box: Box


@dataclass(frozen=True, slots=True)
class Met:
    """The rows of pairs that may agree, left and right, and how many were compared."""

    left: np.ndarray
    right: np.ndarray
    compared: int

    @classmethod
    def joined(cls, parts: Sequence[Met]) -> Met:
        """Return the pairs of all parts."""
        none = np.zeros(0, dtype=np.int64)
        left, right = (np.concatenate([none, *(getattr(p, side) for p in parts)]) for side in ("left", "right"))
        return cls(left, right, sum(p.compared for p in parts))


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two halves whose rows are to be paired.

    Attributes
    ----------
    left, right : Half
    keys : pair of ndarray
        Codes that have to be equal: for example the events still missing to a known total.
    completed : tuple of Completed
        The results with which a pair has to agree.
    work : Work
    """

    left: Half
    right: Half
    keys: Pair
    completed: tuple[Completed, ...]
    work: Work

    def pairs(self) -> Met:
        """Return all pairs of rows with equal keys that may agree with the results."""
        columns = max(len(half.rel.cols) for half in (self.left, self.right))
        # Once more for the parts that are taken from the halves.
        row = 2 * width(columns, len(self.completed)) + LOOKUP_BYTES
        self.work.room("halves of the step", len(self.left) + len(self.right), row)
        split = self._by_estimable()
        if split is not None:
            meetings = enumerate(self.part(*rows, self.work.part(n, len(split))) for n, rows in enumerate(split))
            return Met.joined([_of_whole(meeting.pairs(), split[n]) for n, meeting in meetings])
        flat: list[Range] = []
        for c in self.completed:
            ratio = ratio_columns(c.result, c.box)
            flat += [] if ratio is None else self._ratio_ranges(c, ratio)
        ranges = Ranges(flat[0], flat[1], tuple(flat[2:])) if flat else Ranges()
        lookup = Lookup(self.keys[1], ranges)
        count = lookup.count(self.keys[0], ranges)
        random = [c for c in self.completed if c.result.model == "random" and c.box.has_estimate and c.box.se[0] > 0]
        if not flat and random and count > MANY:
            return self._by_tau2(random[0])
        return self._search(ranges, ANY, lookup, count)

    def part(self, left: np.ndarray, right: np.ndarray, work: Work) -> Meeting:
        """Return the meeting of some rows of either half."""
        keys = self.keys[0][left], self.keys[1][right]
        return Meeting(self.left.take(left), self.right.take(right), keys, self.completed, work)

    def _by_estimable(self) -> list[Pair] | None:
        """Return the parts of the halves whose numbers of estimable studies add up to a possible k.

        None where every combination is possible, so that nothing is won by taking the halves apart.
        """
        best, fewest = None, 1.0
        for c in self.completed:
            a, b = (half.terms[c.position][:, K].astype(int) for half in (self.left, self.right))
            some = [(i, j) for i in np.unique(a) for j in np.unique(b) if i + j in c.box.q]
            share = sum(int((a == i).sum()) * int((b == j).sum()) for i, j in some) / max(len(a) * len(b), 1)
            if share < fewest:
                best, fewest = [(np.flatnonzero(a == i), np.flatnonzero(b == j)) for i, j in some], share
        return best

    def _search(self, ranges: Ranges, tau2: tuple[float, float], lookup: Lookup, count: int) -> Met:
        """Compare what the lookup finds, in tasks that an executor may share."""
        work = self.work
        work.number("pairs to compare", count, work.limits.pairs)
        terms = [(self.left.terms[c.position], self.right.terms[c.position]) for c in self.completed]
        parts = [slice(i, i + TASK) for i in range(0, len(self.left), TASK)]
        most = work.limits.rows
        tasks = (
            _Task(lookup, self.keys[0][p], ranges.part(p), tau2, [(a[p], b) for a, b in terms], self.completed, most)
            for p in parts
        )
        futures: list[Future[Pair]] = []
        found: list[Met] = []
        total = 0
        try:
            shared = work.executor if len(parts) > 1 else None
            if shared is not None:
                futures = [shared.submit(task) for task in tasks]
            results: Iterator[Pair] = (f.result() for f in futures) if futures else (task() for task in tasks)
            for done, (p, (i, j)) in enumerate(zip(parts, results, strict=True)):
                found.append(Met(i + p.start, j, 0))
                total += len(i)
                columns = len(self.left.rel.cols) + len(self.right.rel.cols)
                work.room("pairs that agree", total, 12 * columns + 64)
                work.tick((done + 1) / len(parts))
        finally:
            for future in futures:
                future.cancel()
        return replace(Met.joined(found), compared=count)

    def _ratio_ranges(self, c: Completed, columns: tuple[int, int]) -> list[Range]:
        """Return the band of an estimate that is a ratio of sums, and ranges of the sum of its weights and of Q."""
        r, s = columns
        fixed = c.result.model == "fixed"
        log = fixed and is_log_ratio(c.result.measure, c.result.method)
        low, high = np.exp(c.box.est) if log else c.box.est
        a, b = self.left.terms[c.position], self.right.terms[c.position]
        left, right = ((t[:, r] - high * t[:, s], t[:, r] - low * t[:, s]) for t in (a, b))
        # Q is that around the fixed-effect estimate, whatever the model.
        centre = c.box.est if fixed else (-np.inf, np.inf)
        ranges = [
            Range(*left, *right, 0.0, 0.0),
            Range(*q_range(a, *centre), *q_range(b, *centre), *c.box.q_ends),
        ]
        if not (fixed and c.result.method == "MH") and c.box.se[0] > 0:
            # Inverse-variance weights add up to the inverse of the printed variance.
            least, most = (1 / x**2 for x in (c.box.se[1], c.box.se[0]))
            weights = Range(a[:, s], a[:, s], b[:, s], b[:, s], least * (1 - 1e-9), most * (1 + 1e-9))
            ranges.insert(1, weights)
        return ranges

    def _by_tau2(self, c: Completed) -> Met:
        """Search a random-effects result in ranges of tau2, within which its weights are bounded on both sides.

        The sum of the weights ``1 / (v + tau2)`` is the inverse of the squared standard error and the weighted sum of
        ``y - estimate`` is 0, so both turn into ranges that add up over the halves. tau2 stays below k times the
        squared standard error, as no weight exceeds ``1 / tau2``.
        """
        limits = c.box
        surplus = max(max(high - (k - 1) for k, (_, high) in limits.q.items()), 0.0)
        edges = tau2_edges(limits.ks[1] * limits.se[1] ** 2 if surplus > 0 else 0.0)
        halves = self.left, self.right
        effects = [_effects(half, c.result) for half in halves]
        scales = [_scale(half.terms[c.position]) for half in halves]
        slack = 1e-9 / limits.se[0] ** 2
        heaviness = 1 / limits.se[1] ** 2 - slack, 1 / limits.se[0] ** 2 + slack
        found = []
        for step, (low, high) in enumerate(pairwise(edges)):
            index, sides = [], []
            for studies, scale in zip(effects, scales, strict=True):
                # The factor of tau2 only grows with every study, so a part whose factor is too large already is out.
                rows = np.flatnonzero(scale * low <= surplus * (1 + 1e-9) + 1e-9)
                ends = _weights(studies, rows, (low, high), limits.est)
                light = ends[2] * limits.se[0] ** 2 <= 1 + 1e-9
                index.append(rows[light])
                sides.append([x[light] for x in ends])
            a, b = sides
            band = Range(a[0], a[1], b[0], b[1], -1e-9, 1e-9)
            ranges = Ranges(band, Range(a[2], a[3], b[2], b[3], *heaviness))
            some = self.part(index[0], index[1], self.work.part(step, len(edges) - 1))
            lookup = Lookup(some.keys[1], ranges)
            tau2 = low, high if step < len(edges) - 2 else np.inf
            met = some._search(ranges, tau2, lookup, lookup.count(some.keys[0], ranges))
            found.append(_of_whole(met, (index[0], index[1])))
        return Met.joined(found)


def _of_whole(met: Met, rows: Pair) -> Met:
    """Return pairs of some rows as pairs of the whole halves."""
    return Met(rows[0][met.left], rows[1][met.right], met.compared)


@dataclass(frozen=True, slots=True)
class _Task:
    """Comparing the pairs of some left rows; plain data, so that it can travel to another process."""

    lookup: Lookup
    keys: np.ndarray
    ranges: Ranges
    tau2: tuple[float, float]
    terms: list[Pair]
    completed: tuple[Completed, ...]
    most: int

    def __call__(self) -> Pair:
        lefts, rights = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        size = 0
        for i, j in self.lookup.pairs(self.keys, self.ranges):
            for c, (a, b) in zip(self.completed, self.terms, strict=True):
                good = near(c.result, c.box, a[i] + b[j], self.tau2)
                i, j = i[good], j[good]
            lefts.append(i)
            rights.append(j)
            size += len(i)
            if size > self.most:
                # More than may be held; who asked will see that and say so.
                break
        return np.concatenate(lefts), np.concatenate(rights)


def near(result: Result, limits: Box, sums: np.ndarray, tau2: tuple[float, float] = ANY) -> np.ndarray:
    """Return which sums lie in the box of a result: a cheap and slightly wide form of the final check."""
    ok = np.asarray(sums[:, K] > 0)
    estimate, se = fixed_estimate(sums, result.measure, result.method)
    q = np.where(sums[:, K] > 1, q_around(sums, np.where(ok, estimate, 0.0)), 0.0)
    inside = np.zeros(len(sums), dtype=bool)
    for k, (low, high) in limits.q.items():
        inside |= (sums[:, K] == k) & (q >= low) & (q <= high)
    ok &= inside
    if result.model == "fixed":
        with np.errstate(invalid="ignore"):
            for value, (low, high) in ((estimate, limits.est), (se, limits.se)):
                ok &= (value >= low) & (value <= high)
    elif tau2 != ANY:
        value = tau2_of(sums, q)
        ok &= (value >= tau2[0]) & (value < tau2[1])
    return ok


def _scale(sums: np.ndarray) -> np.ndarray:
    return np.asarray(sums[:, W] - sums[:, WW] / np.where(sums[:, W] > 0, sums[:, W], 1.0))


def tau2_of(sums: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return DerSimonian and Laird's tau2 of summed terms."""
    scale = _scale(sums)
    excess = np.maximum(0.0, q - (sums[:, K] - 1))
    return np.where(sums[:, K] > 1, excess / np.where(scale > 0, scale, 1.0), 0.0)


def _effects(half: Half, result: Result) -> list[Pair]:
    """Return effect and variance of each study held; the variance of a study that takes no part is infinite."""
    out = []
    for study in held(result, half.rel):
        t = cell_terms(result, half.rel, study)
        used = t[:, K] > 0
        weight = np.where(used, t[:, W], 1.0)
        out.append((np.where(used, t[:, WY] / weight, 0.0), np.where(used, 1 / weight, np.inf)))
    return out


def _weights(
    studies: Sequence[Pair], rows: np.ndarray, tau2: tuple[float, float], estimate: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return bounds of ``sum(w (y - estimate))`` and of ``sum(w)`` over studies while tau2 lies in a range."""
    smallest, largest, least, most = (np.zeros(len(rows)) for _ in range(4))
    for effects, variances in studies:
        y, v = effects[rows], variances[rows]
        light, heavy = 1 / (v + tau2[1]), 1 / (v + tau2[0])
        above, below = y - estimate[0], y - estimate[1]
        largest += np.where(above > 0, heavy, light) * above
        smallest += np.where(below > 0, light, heavy) * below
        least += light
        most += heavy
    return smallest, largest, least, most
