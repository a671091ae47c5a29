"""One step of a search: the studies that a result adds to what is known, found from two halves that meet."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from .agree import check_rows
from .bounds import Bounds
from .candidates import Candidates, Derived
from .exclusion import Scan
from .growth import extend, gathered, grown
from .halves import COLUMNS, Half, Pruner, width, with_terms
from .meet import LOOKUP_BYTES, Completed, Meeting
from .parts import Result, Var, arms_of, events_of
from .relation import Relation, codes
from .state import State, Work

#: Rows of a half that are formed at once, where memory allows: more would only leave the cache.
MOST_ROWS = 1 << 21
#: Up to this many new studies all ways to divide them are weighed.
FEW = 12
#: Says which pairs of rows of two halves, given with their terms, are wanted.
Inside = Callable[[Sequence[np.ndarray], Sequence[np.ndarray], np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a step does.

    Attributes
    ----------
    results : tuple of Result
        The printed results that the step completes.
    outcome : str
        The outcome whose events are enumerated.
    derived : Derived or None
        The outcome that follows because categories add up.
    merge : tuple of str
        Outcomes whose relations are joined first, because the derived outcome needs them together.
    new : tuple of str
        Studies whose events are added.
    """

    results: tuple[Result, ...]
    outcome: str
    derived: Derived | None
    merge: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the step: the results it completes."""
        return " + ".join(r.id for r in self.results)


@dataclass(frozen=True, slots=True)
class StepReport:
    """How a step went.

    Attributes
    ----------
    name, outcome : str
    studies : tuple of str
        Studies of the completed results.
    before : int
        Partial solutions before the step.
    candidates : int
        Combinations with the tables of the new studies that arms, links and earlier steps allow, before any printed
        number of the step is used. Counted, not formed: most are never looked at.
    compared : int
        Pairs of partial sums that were compared.
    after : int
        Partial solutions that agree with every printed number of the step.
    kept : int
        Of these, what the other outcomes leave.
    seconds : float
    """

    name: str
    outcome: str
    studies: tuple[str, ...]
    before: int
    candidates: int
    compared: int
    after: int
    kept: int
    seconds: float


def _with_given(state: State, base: Relation, studies: Sequence[str], derived: Derived) -> Relation:
    """Add what a derived outcome needs and the base lacks: arm sizes, and events that the puzzle gives."""
    for study in studies:
        n = arms_of(study)
        if n[0] not in base.cols:
            arms = state.arms(study)
            state.work.room("partial solutions with arm sizes", len(base) * len(arms), 12 * len(base.cols) + 24)
            rows = np.hstack([np.repeat(base.rows, len(arms), axis=0), np.tile(arms, (len(base), 1))])
            base = Relation((*base.cols, *n), rows)
        for outcome in derived.others:
            cols = events_of(outcome, study)
            if cols[0] not in base.cols:
                value = np.array([[state.bounds[v][0] for v in cols]], dtype=np.int32)
                base = Relation((*base.cols, *cols), np.hstack([base.rows, np.repeat(value, len(base), axis=0)]))
    return state.obey_links(base)


class Step:
    """The work of one step.

    Parameters
    ----------
    state : State
        Its relations are what the step begins with.
    plan : Plan

    Attributes
    ----------
    found : list of Relation
        Partial solutions found so far: all of them once the step has run.
    ranges : mapping
        Between which ends the new counts lie, as far as each study by itself says so.
    """

    def __init__(self, state: State, plan: Plan) -> None:
        self.state, self.plan = state, plan
        names = {"", plan.outcome} | ({plan.derived.outcome} if plan.derived else set())
        self.totals = tuple(t for t in state.puzzle.totals if t.role == "search" and t.outcome in names)
        boxes = tuple(state.boxes[r.id] for r in plan.results)
        self.completed = tuple(Completed(i, r, b) for i, (r, b) in enumerate(zip(plan.results, boxes, strict=True)))
        self.prune = Pruner(state.puzzle, plan.results, boxes, state.bounds, self.totals)
        self.found: list[Relation] = []
        self.ranges: Bounds = {}
        self.compared = 0

    def run(self, work: Work) -> StepReport:
        """Carry out the step, put its relation into the state, and report."""
        start = time.perf_counter()
        state, plan = self.state, self.plan
        outcomes = {plan.outcome, *plan.merge}
        old = [r for r in state.relations if any(v.outcome in outcomes for v in r.cols)]
        base = state.merge(old) if len(old) != 1 else old[0]
        before = len(base)
        if plan.derived is not None:
            base = _with_given(state, base, plan.new, plan.derived)
        candidates = Candidates(state, plan.outcome, plan.derived, base, self.prune)
        possible = candidates.possible(plan.new, base) if len(base) else 0
        self.ranges = candidates.ranges()
        self._search(base, candidates, work)
        new = [v for s in plan.new for v in candidates.columns(s, base.cols)]
        found = stacked(self.found, (*base.cols, *new))
        state.replace(old, found)
        left = state.relation_of(plan.outcome)
        return StepReport(
            plan.name,
            plan.outcome,
            tuple(dict.fromkeys(s for r in plan.results for s in r.studies)),
            before,
            possible,
            self.compared,
            len(found),
            0 if left is None else len(left),
            time.perf_counter() - start,
        )

    def _search(self, base: Relation, candidates: Candidates, work: Work) -> None:
        """Find all partial solutions that continue the rows of the base."""
        scan = None if base.cols else Scan.of(self.completed, self.plan.new)
        if scan is None:
            self._continue(base, candidates, work)
            return
        tables = {s: candidates.given(s, {}) for s in self.plan.new}
        slices = list(scan.slices(tables))
        for i, part in enumerate(slices):
            fewer = candidates.only({s: tables[s].take(kept) for s, kept in part.kept.items()})
            self._continue(base, fewer, work.part(i, len(slices)), partial(scan.inside, part))

    def _continue(self, base: Relation, candidates: Candidates, work: Work, inside: Inside | None = None) -> None:
        """Find the partial solutions that continue the base with some candidates; `inside` says which sums count."""
        if not len(base):
            return
        rows = self._rows(len(base.cols))
        left_studies, right_studies = self._split(base, candidates, rows)
        groups = list(self._groups(base, right_studies))
        for i, (some, start) in enumerate(groups):
            mine = work.part(i, len(groups))
            left = self.prune(with_terms(some, self.plan.results))
            # Studies with one possible table come first: they sharpen everything that follows.
            open_ = []
            for study in sorted(left_studies, key=lambda s: candidates.number(s, base)):
                if len(left) and candidates.number(study, left.rel) == 1:
                    left = extend(left, study, candidates, mine)
                else:
                    open_.append(study)
            certain = tuple(t[0] for t in left.terms) if len(left) == 1 else None
            # What stands in both halves is counted on the left.
            right = Half(start, tuple(np.zeros((1, COLUMNS)) for _ in self.plan.results))
            for second, its in gathered(grown(right, right_studies, candidates, rows, mine, certain), rows):
                for first, least in gathered(grown(left, open_, candidates, rows, its), rows):
                    self._meet(first, second, start.cols, least, inside)

    def _rows(self, columns: int) -> int:
        """Return how many rows of a half may be held: both, and what is made of them, take two thirds of the memory."""
        columns += 6 * len(self.plan.new)
        row = 2 * width(columns, len(self.completed)) + LOOKUP_BYTES
        limits = self.state.work.limits
        return max(min(MOST_ROWS, limits.bytes // (3 * row), limits.rows), 1)

    def _groups(self, base: Relation, right_studies: Sequence[str]) -> Iterator[tuple[Relation, Relation]]:
        """Yield the rows of the base in groups within which the right half is the same, and where that starts from."""
        context = [v for v in base.cols if v.study in right_studies]
        key = codes(base.values(context))
        for code in np.unique(key):
            rows = base.take(key == code)
            yield rows, rows.project(context) if context else Relation.unit()

    def _split(self, base: Relation, candidates: Candidates, most: int) -> tuple[list[str], list[str]]:
        """Divide the new studies between two halves, so that few rows are formed; `most` are held at once."""
        new = list(self.plan.new)
        if len(new) <= 1:
            return [], new
        sizes = {s: max(candidates.number(s, base), 1) for s in new}
        best, cost = (list[str](), new), math.inf
        for left in _parts(new, sizes):
            right = [s for s in new if s not in left]
            rows = math.prod(sizes[s] for s in right), len(base) * math.prod(sizes[s] for s in left)
            # The left half is formed again for every piece of the right one.
            needed = rows[0] + rows[1] * -(-rows[0] // most)
            if needed < cost:
                best, cost = (left, right), needed
        return best[0], sorted(best[1], key=lambda s: sizes[s])

    def _meet(self, left: Half, right: Half, both: Sequence[Var], work: Work, inside: Inside | None) -> None:
        """Find the partial solutions that two halves make together; `both` are the unknowns that both hold."""
        keys = self._what_adds_up(left.rel, right.rel, both)
        met = Meeting(left, right, keys, self.completed, work).pairs()
        self.compared += met.compared + len(left) + len(right)
        work.number("pairs to compare", self.compared, work.limits.pairs)
        i, j = met.left, met.right
        if inside is not None:
            fits = inside(left.terms, right.terms, i, j)
            i, j = i[fits], j[fits]
        new = [v for v in right.rel.cols if v not in both]
        counts = np.hstack([left.rel.rows[i], right.rel.values(new)[j]])
        self.found.append(self._verified(Relation((*left.rel.cols, *new), counts)))
        work.room("solutions of the step", sum(map(len, self.found)), 8 * counts.shape[1])

    def _what_adds_up(self, left: Relation, right: Relation, both: Sequence[Var]) -> tuple[np.ndarray, np.ndarray]:
        """Return codes of the rows that are equal exactly where two halves add up to every known total."""
        needed, offered = [], []

        def add(variables: Sequence[Var], total: int, count: Callable[[Relation, Sequence[Var]], np.ndarray]) -> None:
            inside = [v for v in variables if v in left.cols]
            across = [v for v in variables if v in right.cols and v not in both]
            if len(inside) + len(across) == len(variables):
                needed.append(total - count(left, inside))
                offered.append(count(right, across))

        for total in self.totals:
            add(total.terms, total.value, Relation.events)
        outcome = self.state.puzzle.outcome(self.plan.outcome)
        if outcome.reported is not None:
            add([Var(outcome.id, s, "t") for s in outcome.studies], outcome.reported, Relation.present)
        if not needed:
            return np.zeros(len(left), dtype=np.int64), np.zeros(len(right), dtype=np.int64)
        key = codes(np.stack(needed, axis=1), np.stack(offered, axis=1))
        return key[: len(left)], key[len(left) :]

    def _verified(self, relation: Relation) -> Relation:
        """Keep what agrees by the pooling kernel itself, with the links and the known totals."""
        relation = self.state.obey_links(relation)
        for total in self.totals:
            if all(v in relation.cols for v in total.terms):
                relation = relation.take(relation.events(total.terms) == total.value)
        for result in self.plan.results:
            relation = relation.take(check_rows(relation, result))
        return relation


def _parts(new: Sequence[str], sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Yield choices of studies for one half: every one of few studies, of many those that a greedy balance finds."""
    if len(new) <= FEW:
        for number in range(len(new)):
            for chosen in itertools.combinations(new, number):
                yield list(chosen)
        return
    left, right = list[str](), list[str]()
    for study in sorted(new, key=lambda s: -sizes[s]):
        smaller = left if math.prod(sizes[s] for s in left) <= math.prod(sizes[s] for s in right) else right
        smaller.append(study)
    yield left
    yield right


def stacked(pieces: Sequence[Relation], cols: Sequence[Var]) -> Relation:
    """Return all rows of relations of the same unknowns; `cols` are those where there is no row."""
    filled = [p for p in pieces if len(p)]
    if not filled:
        return Relation.none(cols)
    names = filled[0].cols
    return Relation(names, np.concatenate([p.values(names) for p in filled]))
