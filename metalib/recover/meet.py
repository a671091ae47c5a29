"""Bringing two halves together: which pairs of rows agree with the printed results that they complete."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .box import Box, tau2_edges
from .halves import Half, cell_terms, held
from .model import Result
from .pairs import Lookup, Range
from .state import LimitReached, Limits
from .terms import WW, WY, K, R, S, W, fixed_estimate, is_log_ratio, q_around, q_range

#: A random-effects result is cut into ranges of tau2 when more pairs than this would have to be compared.
MANY = 30_000_000
#: Left rows of one task for an executor.
TASK = 4096


@dataclass(frozen=True, slots=True)
class Ranges:
    """The ranges by which pairs are looked up, and the range of tau2 they are meant for."""

    band: Range | None
    second: Range | None
    others: tuple[Range, ...]
    tau2: tuple[float, float]

    def part(self, rows: np.ndarray | slice) -> Ranges:
        """Return the ranges of some left rows."""
        band, second = (None if r is None else r.part(rows) for r in (self.band, self.second))
        return Ranges(band, second, tuple(r.part(rows) for r in self.others), self.tau2)


@dataclass(frozen=True, slots=True)
class Meeting:
    """The pairs that may agree, and how many were compared."""

    left: np.ndarray
    right: np.ndarray
    compared: int


def meet(
    left: Half,
    right: Half,
    keys: tuple[np.ndarray, np.ndarray],
    results: Sequence[tuple[int, Result, Box]],
    limits: Limits,
    executor: Executor | None,
    tick,
) -> Meeting:
    """Return all pairs of rows with equal keys that may agree with the results which the halves complete.

    Parameters
    ----------
    left, right : Half
    keys : pair of ndarray
        Codes that have to be equal: for example the events still missing to a known total.
    results : sequence of (position, Result, Box)
        The completed results; `position` is where their terms stand in the halves.
    limits : Limits
    executor : concurrent.futures.Executor or None
    tick : callable
        Called with the share of the work that is done.
    """
    fixed = [_fixed_ranges(left, right, *r) for r in results if r[1].model == "fixed" and r[2].has_estimate]
    flat = [r for pair in fixed for r in pair]
    plain = Ranges(flat[0] if flat else None, flat[1] if flat else None, tuple(flat[2:]), (0.0, np.inf))
    split = _by_estimable(left, right, results)
    if split is not None:
        return _each(split, left, right, keys, results, limits, executor, tick)
    lookup = Lookup(keys[1], plain.band, plain.second)
    count = lookup.count(keys[0], plain.band, plain.second)
    banded = next((r for r in results if r[1].model == "random" and r[2].has_estimate and r[2].se[0] > 0), None)
    if not flat and banded is not None and count > MANY:
        return _by_tau2(left, right, keys, results, banded, limits, executor, tick)
    return _search(left, right, keys, results, plain, lookup, count, limits, executor, tick)


def _by_estimable(left: Half, right: Half, results) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """Return the parts of the halves whose numbers of estimable studies add up to a possible k.

    None where every combination is possible, so that nothing is won by taking the halves apart.
    """
    best, fewest = None, 1.0
    for at, _, limits in results:
        a, b = left.terms[at][:, K].astype(int), right.terms[at][:, K].astype(int)
        in_all = [(i, j) for i in np.unique(a) for j in np.unique(b)]
        some = [(i, j) for i, j in in_all if i + j in limits.q]
        share = sum(int((a == i).sum()) * int((b == j).sum()) for i, j in some) / max(len(a) * len(b), 1)
        if share < fewest:
            best, fewest = [(np.flatnonzero(a == i), np.flatnonzero(b == j)) for i, j in some], share
    return best


def _each(split, left, right, keys, results, limits, executor, tick) -> Meeting:
    """Let the parts of the halves meet one after the other."""
    lefts, rights, compared = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)], 0
    for n, (i, j) in enumerate(split):
        part = meet(
            left.take(i), right.take(j), (keys[0][i], keys[1][j]), results, limits, executor,
            lambda share, n=n: tick((n + share) / len(split)),
        )  # fmt: skip
        lefts.append(i[part.left])
        rights.append(j[part.right])
        compared += part.compared
    return Meeting(np.concatenate(lefts), np.concatenate(rights), compared)


def _search(left, right, keys, results, ranges, lookup, count, limits, executor, tick) -> Meeting:
    if count > limits.pairs:
        raise LimitReached("pairs to compare", count, limits.pairs)
    terms = [(left.terms[i], right.terms[i]) for i, _, _ in results]
    wanted = [(r, b) for _, r, b in results]
    parts = [slice(i, i + TASK) for i in range(0, len(left), TASK)]
    tasks = ((lookup, keys[0][p], ranges.part(p), [(a[p], b) for a, b in terms], wanted) for p in parts)
    if executor is None or len(parts) == 1:
        found = (_task(*task) for task in tasks)
    else:
        futures = [executor.submit(_task, *task) for task in tasks]
        found = (future.result() for future in futures)
    lefts, rights, total = [], [], 0
    for done, (p, (i, j)) in enumerate(zip(parts, found, strict=True)):
        lefts.append(i + p.start)
        rights.append(j)
        total += len(i)
        if total > limits.rows:
            raise LimitReached("pairs that agree", total, limits.rows)
        tick((done + 1) / len(parts))
    none = np.zeros(0, dtype=np.int64)
    return Meeting(np.concatenate([none, *lefts]), np.concatenate([none, *rights]), count)


def _task(lookup: Lookup, keys, ranges: Ranges, terms, wanted) -> tuple[np.ndarray, np.ndarray]:
    """Compare the pairs of some left rows; a plain function, so that it can travel to another process."""
    lefts, rights = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for i, j in lookup.pairs(keys, ranges.band, ranges.second, list(ranges.others)):
        for (result, limits), (a, b) in zip(wanted, terms, strict=True):
            good = near(result, limits, a[i] + b[j], ranges.tau2)
            i, j = i[good], j[good]
        lefts.append(i)
        rights.append(j)
    return np.concatenate(lefts), np.concatenate(rights)


def near(result: Result, limits: Box, sums: np.ndarray, tau2: tuple[float, float]) -> np.ndarray:
    """Return which sums lie in the box of a result: a cheap and slightly wide form of the final check."""
    ok = sums[:, K] > 0
    estimate, se = fixed_estimate(sums, result.measure, result.method)
    q = np.where(sums[:, K] > 1, q_around(sums, np.where(ok, estimate, 0.0)), 0.0)
    inside = np.zeros(len(sums), dtype=bool)
    for k, (low, high) in limits.q.items():
        inside |= (sums[:, K] == k) & (q >= low) & (q <= high)
    ok &= inside
    if result.model == "fixed":
        with np.errstate(invalid="ignore"):
            ok &= (
                (estimate >= limits.est[0]) & (estimate <= limits.est[1]) & (se >= limits.se[0]) & (se <= limits.se[1])
            )
    elif tau2 != (0.0, np.inf):
        value = _tau2(sums, q)
        ok &= (value >= tau2[0]) & (value < tau2[1])
    return ok


def _scale(sums: np.ndarray) -> np.ndarray:
    return sums[:, W] - sums[:, WW] / np.where(sums[:, W] > 0, sums[:, W], 1.0)


def _tau2(sums: np.ndarray, q: np.ndarray) -> np.ndarray:
    scale = _scale(sums)
    return np.where(sums[:, K] > 1, np.maximum(0.0, q - (sums[:, K] - 1)) / np.where(scale > 0, scale, 1.0), 0.0)


def _fixed_ranges(left: Half, right: Half, at: int, result: Result, limits: Box) -> tuple[Range, Range]:
    """Return the band of the estimate and the range of Q of a fixed-effect result."""
    low, high = np.exp(limits.est) if is_log_ratio(result.measure, result.method) else limits.est
    a, b = left.terms[at], right.terms[at]
    band = Range(
        a[:, R] - high * a[:, S], a[:, R] - low * a[:, S], b[:, R] - high * b[:, S], b[:, R] - low * b[:, S], 0.0, 0.0
    )
    second = Range(*q_range(a, *limits.est), *q_range(b, *limits.est), *limits.q_ends)
    return band, second


def _by_tau2(left, right, keys, results, banded, limits, executor, tick) -> Meeting:
    """Search a random-effects result in ranges of tau2, within which its weights are bounded on both sides.

    The sum of the weights ``1 / (v + tau2)`` is the inverse of the squared standard error and the weighted sum of
    ``y - estimate`` is 0, so both turn into ranges that add up over the halves. tau2 stays below k times the squared
    standard error, as no weight exceeds ``1 / tau2``.
    """
    at, result, limit = banded
    _, most = limit.ks
    surplus = max(high - (k - 1) for k, (_, high) in limit.q.items())
    largest = most * limit.se[1] ** 2 if surplus > 0 else 0.0
    edges = tau2_edges(largest)
    effects = [_effects(half, result) for half in (left, right)]
    lefts, rights, compared = [], [], 0
    for step, (low, high) in enumerate(pairwise(edges)):
        sides, index = [], []
        for half, (y, v) in zip((left, right), effects, strict=True):
            # The factor of tau2 only grows with every study, so a part whose factor is too large already is out.
            rows = np.flatnonzero(_scale(half.terms[at]) * low <= max(surplus, 0.0) * (1 + 1e-9) + 1e-9)
            g_low, g_high, w_low, w_high = _weights(y[rows], v[rows], low, high, limit.est)
            light = w_low * limit.se[0] ** 2 <= 1 + 1e-9
            index.append(rows[light])
            sides.append([x[light] for x in (g_low, g_high, w_low, w_high)])
        (a, b), slack = sides, 1e-9 / limit.se[0] ** 2
        band = Range(a[0], a[1], b[0], b[1], -1e-9, 1e-9)
        weight = Range(a[2], a[3], b[2], b[3], 1 / limit.se[1] ** 2 - slack, 1 / limit.se[0] ** 2 + slack)
        top = high if step < len(edges) - 2 else np.inf
        ranges = Ranges(band, weight, (), (low, top))
        part = left.take(index[0]), right.take(index[1]), (keys[0][index[0]], keys[1][index[1]])
        lookup = Lookup(part[2][1], band, weight)
        count = lookup.count(part[2][0], band, weight)
        share = (step + 1) / (len(edges) - 1)
        found = _search(*part, results, ranges, lookup, count, limits, executor, lambda _, share=share: tick(share))
        lefts.append(index[0][found.left])
        rights.append(index[1][found.right])
        compared += count
    return Meeting(np.concatenate(lefts), np.concatenate(rights), compared)


def _effects(half: Half, result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Return effects and variances, shape (m, studies held); the variance of a study that takes no part is infinite."""
    ys, vs = [np.zeros((len(half), 0))], [np.zeros((len(half), 0))]
    for study in held(result, half.rel):
        t = cell_terms(result, half.rel, study)
        used = t[:, K] > 0
        ys.append(np.where(used, t[:, WY] / np.where(used, t[:, W], 1.0), 0.0)[:, None])
        vs.append(np.where(used, 1 / np.where(used, t[:, W], 1.0), np.inf)[:, None])
    return np.hstack(ys), np.hstack(vs)


def _weights(y, v, low: float, high: float, estimate: tuple[float, float]) -> tuple[np.ndarray, ...]:
    """Return bounds of ``sum(w (y - estimate))`` and of ``sum(w)`` while tau2 lies in [low, high]."""
    light, heavy = 1 / (v + high), 1 / (v + low)
    above, below = y - estimate[0], y - estimate[1]
    largest = np.where(above > 0, heavy * above, light * above).sum(axis=1)
    smallest = np.where(below > 0, light * below, heavy * below).sum(axis=1)
    return smallest, largest, light.sum(axis=1), heavy.sum(axis=1)
