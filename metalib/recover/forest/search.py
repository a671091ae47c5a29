"""From the candidates of rows to full solutions: which candidates stand in one, proven by showing it.

Few choices are all pooled. Of many, solutions are looked for by changing a few rows at a time, each time to what comes
nearest to the print; a candidate in none of them is tried by itself. Either a full solution with it is shown, or
none exists and it is dropped, or it stays, unsettled. So a candidate is never lost, and 60 rows of two candidates each
are no 2^60 plots.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from ..agree import printable
from ..state import LimitReached, Work
from .joining import Joint
from .stack import Stack

#: Tables that are pooled in one go.
LEAF = 400_000
#: Tables that are pooled to find the next change.
NEAR = 40_000
#: Changes, one after another, that are made for one candidate.
CHANGES = 30
#: With known totals: choices of which the totals are formed, for each that is pooled.
SIFTED = 20
#: Rows that are changed at once: one alone is too coarse to meet all printed numbers.
TOGETHER = 3
#: Candidates that are tried by themselves.
TRIED = 10
#: Choices that are narrowed for one candidate, before it is left unsettled.
NODES = 40
#: Ways into the solutions that are tried from random choices, and solutions from which others are reached.
STARTS, KNOWN = 4, 40
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


def search(joint: Joint, stack: Stack, work: Work) -> Found | None:
    """Return what rows, weights, pooled line and totals leave together; None where nothing is left.

    Reaching the limit of time ends the search early; what is left then is a superset of the solutions.
    """
    run = _Search(joint, work)
    left = joint.narrow(stack)
    if left is None:
        return None
    if not run.few(left):
        left = run.each(left)
    complete = False
    if left is not None and run.few(left):
        try:
            keys = run.all_of(left)
            left, complete = left.take(np.isin(left.key, keys)) if len(keys) else None, True
        except LimitReached:
            pass
    if left is None:
        return None
    solutions = np.unique(np.concatenate(run.seen), axis=0) if run.seen else np.zeros((0, left.row[-1] + 1), dtype=int)
    nothing = (math.nan, math.nan)
    ranges = {name: run.ends.get(name, nothing) for name in CONCLUSIONS}
    return Found(left, np.isin(left.key, solutions), complete, solutions, ranges)


@dataclass
class _Search:
    joint: Joint
    work: Work
    seen: list[np.ndarray] = field(default_factory=list)
    ends: dict[str, tuple[float, float]] = field(default_factory=dict)
    nodes: int = NODES
    # Where a search by chance begins is the same in every run.
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def few(self, stack: Stack) -> bool:
        """Whether all choices can be pooled."""
        counts: list[int] = stack.counts.tolist()
        return math.prod(counts) * len(counts) <= LEAF

    def all_of(self, stack: Stack) -> np.ndarray:
        """Return the keys of all solutions that a stack of few choices holds."""
        counts = stack.counts
        each = np.unravel_index(np.arange(math.prod(counts.tolist())), tuple(counts))
        chosen = np.stack(each, axis=1) + stack.starts
        found: np.ndarray = stack.key[chosen[self.misfit(stack, chosen) == 0]]
        return found

    def misfit(self, stack: Stack, chosen: np.ndarray) -> np.ndarray:
        """Return how far choices are from the print, and note those that are not."""
        self.work.room("time", 0, 1)
        misfit, batch = self.joint.pooled(stack, chosen)
        ok = misfit == 0
        if ok.any():
            self.seen.append(stack.key[chosen[ok]])
            values = printable(batch, self.joint.plot.options.measure if self.joint.plot.ratio else "RD")
            for name in CONCLUSIONS:
                inside = values[name][ok]
                inside = inside[~np.isnan(inside)]
                if len(inside):
                    low, high = self.ends.get(name, (math.inf, -math.inf))
                    self.ends[name] = min(low, float(inside.min())), max(high, float(inside.max()))
        return misfit

    def each(self, stack: Stack) -> Stack | None:
        """Show candidates of rows with several in a solution, or drop them; what was not tried stays."""
        left: Stack | None = stack
        tried: list[int] = []
        more = TRIED
        try:
            self.explore(stack)
            while left is not None and not self.few(left):
                shown = np.isin(left.key, self.keys())
                todo = np.flatnonzero((left.counts[left.row] > 1) & ~shown & ~np.isin(left.key, tried))
                if not len(todo):
                    break
                # First the rows of which it is open whether they have more than one table.
                open_ = np.bincount(left.row, shown)[left.row[todo]] < 2
                more -= 1
                if more < 0:
                    break
                candidate = int(todo[open_][0] if open_.any() else todo[0])
                tried.append(int(left.key[candidate]))
                left = self.settled(left, candidate)
        except LimitReached:
            pass
        return left

    def keys(self) -> np.ndarray:
        """Return the candidates that stand in a solution seen so far."""
        return np.unique(np.concatenate([s.ravel() for s in self.seen])) if self.seen else np.zeros(0, dtype=int)

    def explore(self, stack: Stack) -> None:
        """Find solutions from the middle of each row and from random choices, then others beside those."""
        order = np.lexsort((stack.w, stack.row))
        starts = [order[stack.starts + stack.counts // 2]]
        starts += [stack.starts + self.random.integers(stack.counts) for _ in range(STARTS - 1)]
        for start in starts:
            self.descend(stack, start, -1)
        for _ in range(KNOWN if self.seen else 0):
            todo = np.flatnonzero((stack.counts[stack.row] > 1) & ~np.isin(stack.key, self.keys()))
            if not len(todo):
                return
            base = self.known(stack)
            chosen = np.repeat(base[None], len(todo[:NEAR]), axis=0)
            chosen[np.arange(len(chosen)), stack.row[todo[:NEAR]]] = todo[:NEAR]
            self.misfit(stack, chosen)

    def known(self, stack: Stack) -> np.ndarray:
        """Return some solution seen so far, as candidates of the stack."""
        pile = self.seen[int(self.random.integers(len(self.seen)))]
        keys = pile[int(self.random.integers(len(pile)))]
        # The keys of a stack ascend. One that was dropped since has a neighbour in its place.
        at = np.minimum(np.searchsorted(stack.key, keys), len(stack) - 1)
        known: np.ndarray = np.clip(at, stack.starts, stack.starts + stack.counts - 1)
        return known

    def descend(self, stack: Stack, chosen: np.ndarray, fixed: int) -> bool:
        """Return whether changes of a few rows at a time, never of the `fixed` one, lead to a solution."""
        counts, starts = stack.counts, stack.starts
        several = [row for row in np.flatnonzero(counts > 1) if row != fixed]
        most = max(NEAR // len(counts), 2)
        for _ in range(CHANGES if several else 0):
            rows = self.random.choice(several, min(TOGETHER, len(several)), replace=False)
            size = min(most * (SIFTED if self.joint.totals else 1), math.prod(counts[rows].tolist()))
            around = np.repeat(chosen[None], size + 1, axis=0)
            for row in rows:
                around[1:, row] = starts[row] + self.random.integers(counts[row], size=size)
            if len(around) > most:
                # Whole numbers are soon added, and few choices meet a total.
                around = around[np.argsort(self.joint.missed_totals(stack, around), kind="stable")[:most]]
            misfit = self.misfit(stack, around)
            best = int(np.argmin(misfit))
            chosen = around[best]
            if misfit[best] == 0:
                return True
        return False

    def settled(self, stack: Stack, candidate: int) -> Stack | None:
        """Return the stack once a candidate is shown in a solution, or dropped, or was tried in vain."""
        row = int(stack.row[candidate])
        for _ in range(2 if self.seen else 0):
            chosen = self.known(stack)
            chosen[row] = candidate
            if self.descend(stack, chosen, row):
                return stack
        self.nodes = NODES
        if self.has_solution(stack.only(candidate)) is False:
            return self.joint.narrow(stack.take(np.arange(len(stack)) != candidate))
        return stack

    def has_solution(self, stack: Stack) -> bool | None:
        """Return whether a stack holds a solution; None where that was not settled."""
        self.work.room("time", 0, 1)
        narrowed = self.joint.narrow(stack)
        if narrowed is None:
            return False
        if self.few(narrowed):
            return len(self.all_of(narrowed)) > 0
        counts = narrowed.counts
        row = int(np.argmin(np.where(counts > 1, counts, len(narrowed) + 1)))
        settled = True
        for i in np.flatnonzero(narrowed.row == row):
            self.nodes -= 1
            if self.nodes < 0:
                return None
            result = self.has_solution(narrowed.only(int(i)))
            if result:
                return True
            settled &= result is not None
        return False if settled else None
