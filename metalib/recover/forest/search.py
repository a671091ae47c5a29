"""From the candidates of rows to full solutions: which candidates stand in one, proven by showing it.

Few choices are all pooled. Of many, each candidate is tried by itself: fixed, the others narrowed and chosen one by one
until few choices are left. Either a full solution with it is shown, or none exists and it is dropped, or the time for
it is up and it stays, unproven. So a candidate is never lost, and 60 rows of two candidates each are no 2^60 plots.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from ...arithmetic.results import PooledBatch
from ..agree import printable
from ..state import LimitReached, Work
from .joining import Joint
from .stack import Stack

#: Tables that are pooled in one go.
LEAF = 200_000
#: Choices that are looked at for one candidate, before it is left as it is.
NODES = 60
#: Statistics whose range over the solutions is reported.
CONCLUSIONS = ("effect", "ci_low", "ci_high", "P", "Q", "P_Q", "I2", "tau2")


@dataclass(frozen=True, eq=False)
class Found:
    """What a search of a plot found.

    Attributes
    ----------
    stack : Stack
        The candidates that are left.
    shown : ndarray of bool
        Those of them that stand in a full solution which was checked.
    complete : bool
        Whether every full solution was looked at.
    solutions : ndarray, shape (n, rows)
        The full solutions that were seen, by the keys of their candidates.
    ranges : mapping
        Least and largest value of each of :data:`CONCLUSIONS` in them; NaN where there is none.
    """

    stack: Stack
    shown: np.ndarray
    complete: bool
    solutions: np.ndarray
    ranges: dict[str, tuple[float, float]]


@dataclass
class _Search:
    joint: Joint
    work: Work
    seen: list[np.ndarray] = field(default_factory=list)
    ends: dict[str, tuple[float, float]] = field(default_factory=dict)
    left: int = NODES

    def all_of(self, stack: Stack) -> np.ndarray:
        """Return the keys of all solutions that a stack of few choices holds."""
        counts = stack.counts
        chosen = np.stack(np.unravel_index(np.arange(math.prod(counts.tolist())), tuple(counts)), axis=1) + stack.starts
        ok, batch = self.joint.pooled(stack, chosen)
        self._note(batch, ok)
        found: np.ndarray = stack.key[chosen[ok]]
        if len(found):
            self.seen.append(found)
        return found

    def _note(self, batch: PooledBatch, ok: np.ndarray) -> None:
        values = printable(batch, self.joint.plot.options.measure if self.joint.plot.ratio else "RD")
        for name in CONCLUSIONS:
            inside = values[name][ok]
            inside = inside[~np.isnan(inside)]
            if len(inside):
                low, high = self.ends.get(name, (math.inf, -math.inf))
                self.ends[name] = min(low, float(inside.min())), max(high, float(inside.max()))

    def few(self, stack: Stack) -> bool:
        """Whether all choices can be pooled."""
        return math.prod(stack.counts.tolist()) * len(stack.counts) <= LEAF

    def has_solution(self, stack: Stack | None, wanted: np.ndarray) -> bool | None:
        """Return whether a stack holds a solution, None where that was not settled; `wanted` keys are tried first."""
        self.work.room("time", 0, 1)
        stack = None if stack is None else self.joint.narrow(stack)
        if stack is None:
            return False
        if self.few(stack):
            return len(self.all_of(stack)) > 0
        counts = stack.counts
        row = int(np.argmin(np.where(counts > 1, counts, len(stack) + 1)))
        (at,) = np.nonzero(stack.row == row)
        middle = np.abs(stack.w[at] - np.median(stack.w[at]))
        settled = True
        for i in at[np.lexsort((middle, ~np.isin(stack.key[at], wanted)))]:
            self.left -= 1
            if self.left < 0:
                return None
            result = self.has_solution(stack.only(int(i)), wanted)
            if result:
                return True
            settled &= result is not None
        return False if settled else None


def search(joint: Joint, stack: Stack, work: Work) -> Found | None:
    """Return what rows, weights, pooled line and totals leave together; None where nothing is left.

    Reaching the limit of time ends the search early; what is left then is a superset of the solutions.
    """
    run = _Search(joint, work)
    left = joint.narrow(stack)
    if left is None:
        return None
    complete = run.few(left)
    if complete:
        keys = run.all_of(left)
        if not len(keys):
            return None
        left = left.take(np.isin(left.key, keys))
    else:
        try:
            left = _each(run, left)
        except LimitReached:
            pass
        if left is None:
            return None
    solutions = np.unique(np.concatenate(run.seen), axis=0) if run.seen else np.zeros((0, len(left.counts)), dtype=int)
    nothing = (math.nan, math.nan)
    ranges = {name: run.ends.get(name, nothing) for name in CONCLUSIONS}
    return Found(left, np.isin(left.key, solutions), complete, solutions, ranges)


def _each(run: _Search, stack: Stack) -> Stack | None:
    """Try every candidate of a row with several; drop those without a solution."""
    tried: set[int] = set()
    while True:
        shown = np.isin(stack.key, np.concatenate(run.seen)) if run.seen else np.zeros(len(stack), dtype=bool)
        several = stack.counts[stack.row] > 1
        todo = [i for i in np.flatnonzero(several & ~shown) if int(stack.key[i]) not in tried]
        if not todo:
            return stack
        i = todo[0]
        tried.add(int(stack.key[i]))
        run.left = NODES
        if run.has_solution(stack.only(int(i)), stack.key[several & ~shown]) is False:
            narrowed = run.joint.narrow(stack.take(np.arange(len(stack)) != i))
            if narrowed is None:
                return None
            stack = narrowed
