"""One step of a search: the studies that a result adds to what is known, found from two halves that meet."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .agree import check_rows
from .candidates import Candidates, Derived, extend
from .halves import COLUMNS, Half, Pruner, with_terms
from .meet import Completed, Meeting
from .parts import Result, Var, arms_of, events_of
from .relation import Relation, codes
from .state import State, Work


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


def run_step(state: State, plan: Plan, work: Work) -> StepReport:
    """Carry out a step, put its relation into the state, and report."""
    start = time.perf_counter()
    outcomes = {plan.outcome, *plan.merge}
    old = [r for r in state.relations if any(v.outcome in outcomes for v in r.cols)]
    base = state.merge(old) if len(old) != 1 else old[0]
    before = len(base)
    if plan.derived is not None:
        base = _with_given(state, base, plan.new, plan.derived)
    step = _Step(state, plan, base)
    found = step.run(work)
    after = len(found)
    state.replace(old, found)
    left = state.relation_of(plan.outcome)
    return StepReport(
        plan.name,
        plan.outcome,
        tuple(dict.fromkeys(s for r in plan.results for s in r.studies)),
        before,
        step.possible,
        step.compared,
        after,
        0 if left is None else len(left),
        time.perf_counter() - start,
    )


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


class _Step:
    """The work of one step."""

    def __init__(self, state: State, plan: Plan, base: Relation) -> None:
        self.state, self.plan, self.base = state, plan, base
        names = {"", plan.outcome} | ({plan.derived.outcome} if plan.derived else set())
        self.totals = tuple(t for t in state.puzzle.totals if t.role == "search" and t.outcome in names)
        boxes = tuple(state.boxes[r.id] for r in plan.results)
        self.completed = tuple(Completed(i, r, b) for i, (r, b) in enumerate(zip(plan.results, boxes, strict=True)))
        self.prune = Pruner(state.puzzle, plan.results, boxes, state.bounds, self.totals)
        self.candidates = Candidates(state, plan.outcome, plan.derived, base, self.prune)
        self.possible = 0
        self.compared = 0

    def run(self, work: Work) -> Relation:
        """Return all partial solutions with the new studies."""
        pieces: list[Relation] = []
        if len(self.base):
            left_studies, right_studies = self._split()
            groups = list(self._groups(right_studies))
            for i, (rows, start) in enumerate(groups):
                part = work.part(i, len(groups))
                pieces.append(self._joined(rows, start, left_studies, right_studies, part))
                size = sum(map(len, pieces))
                work.room("solutions of the step", size, 8 * len(pieces[0].cols))
        filled = [p for p in pieces if len(p)] or pieces[:1]
        if not filled:
            new = [v for s in self.plan.new for v in self.candidates.columns(s, self.base.cols)]
            return Relation.none((*self.base.cols, *new))
        cols = filled[0].cols
        return Relation(cols, np.concatenate([p.values(cols) for p in filled]))

    def _groups(self, right_studies: Sequence[str]) -> Iterator[tuple[Relation, Relation]]:
        """Yield the rows of the base in groups within which the right half is the same, and where that starts from."""
        context = [v for v in self.base.cols if v.study in right_studies]
        key = codes(self.base.values(context))
        for code in np.unique(key):
            rows = self.base.take(key == code)
            yield rows, rows.project(context) if context else Relation.unit()

    def _split(self) -> tuple[list[str], list[str]]:
        """Divide the new studies between two halves, so that together the halves have the fewest rows."""
        new = list(self.plan.new)
        sizes = {s: max(self.candidates.number(s, self.base), 1) for s in new}
        if len(new) <= 1:
            return [], new
        best, cost = (list[str](), new), math.inf
        for size in range(len(new)):
            for right in itertools.combinations(new, len(new) - size):
                left = [s for s in new if s not in right]
                rows = math.prod(sizes[s] for s in right) + len(self.base) * math.prod(sizes[s] for s in left)
                if rows < cost:
                    best, cost = (left, list(right)), rows
        return best

    def _joined(
        self, rows: Relation, start: Relation, left_studies: list[str], right_studies: list[str], work: Work
    ) -> Relation:
        """Return the partial solutions that continue some rows of the base."""
        parts = len(left_studies) + len(right_studies) + 1
        results = self.plan.results
        left = self.prune(with_terms(rows, results))
        # Studies with one possible table come first: they sharpen everything that follows.
        for i, s in enumerate(sorted(left_studies, key=lambda s: self.candidates.number(s, start))):
            left = extend(left, s, self.candidates, work.part(i, parts))
        self.possible += self.candidates.possible(self.plan.new, rows)
        certain = tuple(t[0] for t in left.terms) if len(left) == 1 else None
        # What stands in both halves is counted on the left.
        right = Half(start, tuple(np.zeros((1, COLUMNS)) for _ in results))
        for i, s in enumerate(right_studies, len(left_studies)):
            right = extend(right, s, self.candidates, work.part(i, parts), certain)
        keys = self._what_adds_up(left.rel, right.rel, start.cols)
        met = Meeting(left, right, keys, self.completed, work.part(parts - 1, parts)).pairs()
        self.compared += met.compared
        new = [v for v in right.rel.cols if v not in rows.cols]
        counts = np.hstack([left.rel.rows[met.left], right.rel.values(new)[met.right]])
        return self._verified(Relation((*left.rel.cols, *new), counts))

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
