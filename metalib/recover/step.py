"""One step of a search: the studies that a result adds to what is known, found from two halves that meet."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from .agree import check_rows
from .candidates import Cells, Derived, extend
from .halves import Half, Pruner, with_terms
from .meet import meet
from .model import Result, Total, Var
from .relation import Relation, codes
from .state import LimitReached, State

Tick = Callable[[float], None]


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
        Combinations with those of the new studies that were possible before any printed number of the step was used,
        as far as arms, links and earlier steps go.
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


def run_step(state: State, plan: Plan, executor: Executor | None, tick: Tick) -> StepReport:
    """Carry out a step, put its relation into the state, and report."""
    start = time.perf_counter()
    outcomes = {plan.outcome, *plan.merge}
    old = [r for r in state.relations if any(v.outcome in outcomes for v in r.cols)]
    base = state.merge(old) if len(old) != 1 else old[0]
    before = len(base)
    if plan.derived is not None:
        base = _with_given(state, base, plan)
    searcher = _Searcher(state, plan, base, executor, tick)
    found = searcher.run()
    after = len(found)
    state.replace(old, found)
    return StepReport(
        plan.name,
        plan.outcome,
        tuple(dict.fromkeys(s for r in plan.results for s in r.studies)),
        before,
        searcher.possible,
        searcher.compared,
        after,
        len(state.relation_of(plan.outcome)),
        time.perf_counter() - start,
    )


def _with_given(state: State, base: Relation, plan: Plan) -> Relation:
    """Add what a derived outcome needs and the base lacks: arm sizes, and events that the puzzle gives."""
    for study in plan.new:
        n = (Var("", study, "t"), Var("", study, "c"))
        if n[0] not in base.cols:
            arms = state.arms(study)
            rows = np.hstack([np.repeat(base.rows, len(arms), axis=0), np.tile(arms, (len(base), 1))])
            base = Relation((*base.cols, *n), rows)
        for outcome in plan.derived.others:
            cols = (Var(outcome, study, "t"), Var(outcome, study, "c"))
            if cols[0] not in base.cols:
                value = np.array([[state.bounds[v][0] for v in cols]], dtype=np.int32)
                base = Relation((*base.cols, *cols), np.hstack([base.rows, np.repeat(value, len(base), axis=0)]))
    return state.obey_links(base)


class _Searcher:
    """The work of one step."""

    def __init__(self, state: State, plan: Plan, base: Relation, executor: Executor | None, tick: Tick) -> None:
        self.state, self.plan, self.base, self.executor, self.tick = state, plan, base, executor, tick
        names = {plan.outcome} | ({plan.derived.outcome} if plan.derived else set())
        self.active = list(plan.results)
        self.completed = [(i, r, state.boxes[r.id]) for i, r in enumerate(plan.results)]
        self.totals = [t for t in state.puzzle.totals if t.role == "search" and t.outcome in {"", *names}]
        self.prune = Pruner(
            state.puzzle,
            tuple(self.active),
            tuple(state.boxes[r.id] for r in self.active),
            state.bounds,
            tuple(self.totals),
        )
        self.cells = Cells(state, plan.outcome, plan.derived, base, self.prune)
        self.possible = 0
        self.compared = 0

    def run(self) -> Relation:
        groups = list(self._groups())
        pieces = []
        for i, (left, right_start, right_studies, left_studies) in enumerate(groups):
            piece = self._one(
                left, right_start, left_studies, right_studies,
                lambda share, i=i: self.tick((i + share) / len(groups)),
            )  # fmt: skip
            pieces.append(piece)
            if sum(map(len, pieces)) > self.state.limits.rows:
                raise LimitReached("solutions of the step", sum(map(len, pieces)), self.state.limits.rows)
        filled = [p for p in pieces if len(p)] or pieces[:1]
        if not filled:
            new = [v for s in self.plan.new for v in self.cells.columns(s, self.base.cols)]
            cols = (*self.base.cols, *new)
            return Relation(cols, np.zeros((0, len(cols)), dtype=np.int32))
        cols = filled[0].cols
        return Relation(cols, np.concatenate([p.values(cols) for p in filled]))

    def _context(self, studies: Sequence[str]) -> list[Var]:
        return [v for v in self.base.cols if v.study in studies]

    def _groups(self):
        """Yield the rows of the base in groups within which the right half is the same."""
        if not len(self.base):
            return
        left_studies, right_studies = self._split()
        context = self._context(right_studies)
        key = codes(self.base.values(context)) if context else np.zeros(len(self.base), dtype=np.int64)
        for code in np.unique(key):
            rows = self.base.take(key == code)
            start = rows.project(context) if context else Relation.unit()
            yield rows, start, right_studies, left_studies

    def _split(self) -> tuple[list[str], list[str]]:
        """Divide the new studies between two halves, so that together the halves have the fewest rows."""
        new = list(self.plan.new)
        sizes = {}
        for s in new:
            context = self._context([s])
            first = {v: int(x) for v, x in zip(context, self.base.values(context)[0], strict=True)} if context else {}
            sizes[s] = max(len(self.cells.given(s, first)), 1)
        if len(new) <= 1:
            return [], new
        best, cost = ([], new), math.inf
        for size in range(len(new)):
            for right in itertools.combinations(new, len(new) - size):
                rows = math.prod(sizes[s] for s in right)
                other = len(self.base) * math.prod(sizes[s] for s in new if s not in right)
                if rows + other < cost:
                    best, cost = ([s for s in new if s not in right], list(right)), rows + other
        return best

    def _one(self, rows: Relation, right_start: Relation, left_studies, right_studies, tick: Tick) -> Relation:
        limit = self.state.limits.rows
        left = self.prune(with_terms(rows, self.active))
        # Studies with one possible table come first: they sharpen everything that follows.
        for s in sorted(left_studies, key=lambda s: self._candidates(s, right_start)):
            left = extend(left, s, self.cells, limit, None)
        self.possible += len(rows) * math.prod(self._candidates(s, rows) for s in self.plan.new)
        extra = tuple(t[0] for t in left.terms) if len(left) == 1 else None
        # What stands in both halves is counted on the left.
        right = Half(right_start, tuple(np.zeros((1, t.shape[1])) for t in left.terms))
        for s in right_studies:
            right = extend(right, s, self.cells, limit, extra)
        keys = self._keys(left.rel, right.rel, right_start.cols)
        found = meet(left, right, keys, self.completed, self.state.limits, self.executor, tick)
        self.compared += found.compared
        new = [v for v in right.rel.cols if v not in rows.cols]
        cols = (*left.rel.cols, *new)
        joined = Relation(cols, np.hstack([left.rel.rows[found.left], right.rel.values(new)[found.right]]))
        return self._verified(joined)

    def _candidates(self, study: str, rows: Relation) -> int:
        context = [v for v in rows.cols if v.study == study]
        values = {v: int(x) for v, x in zip(context, rows.values(context)[0], strict=True)} if context else {}
        return len(self.cells.given(study, values))

    def _keys(self, left: Relation, right: Relation, both: Sequence[Var]) -> tuple[np.ndarray, np.ndarray]:
        """Return codes that are equal exactly where two halves add up to every known total."""
        needed, offered = [], []
        for total in self.totals:
            vars_ = [Var(total.outcome, s, total.arm) for s in total.studies]
            inside = [v for v in vars_ if v in left.cols]
            across = [v for v in vars_ if v in right.cols and v not in both]
            if across and len(inside) + len(across) == len(vars_):
                needed.append(total.value - _events(left, inside))
                offered.append(_events(right, across))
        outcome = self.state.puzzle.outcome(self.plan.outcome)
        if outcome.reported is not None:
            vars_ = [Var(outcome.id, s, "t") for s in outcome.studies]
            inside = [v for v in vars_ if v in left.cols]
            across = [v for v in vars_ if v in right.cols and v not in both]
            if len(inside) + len(across) == len(vars_):
                needed.append(outcome.reported - _present(left, inside))
                offered.append(_present(right, across))
        if not needed:
            return np.zeros(len(left), dtype=np.int64), np.zeros(len(right), dtype=np.int64)
        key = codes(np.stack(needed, axis=1), np.stack(offered, axis=1))
        return key[: len(left)], key[len(left) :]

    def _verified(self, relation: Relation) -> Relation:
        """Keep what agrees by the pooling kernel itself, with the links and the known totals."""
        relation = self.state.obey_links(relation)
        for total in self.totals:
            relation = _obey_total(total, relation)
        for _, result, _ in self.completed:
            relation = relation.take(check_rows(result, counts(relation, result)))
        return relation


def counts(relation: Relation, result: Result) -> np.ndarray:
    """Return the tables of a result in every row, shape (m, studies, 4)."""
    return np.stack(
        [
            relation.values(
                (
                    Var(result.outcome, s, "t"),
                    Var("", s, "t"),
                    Var(result.outcome, s, "c"),
                    Var("", s, "c"),
                )
            )
            for s in result.studies
        ],
        axis=1,
    )


def _events(relation: Relation, variables: Sequence[Var]) -> np.ndarray:
    return sum((np.maximum(relation.column(v), 0) for v in variables), np.zeros(len(relation), dtype=np.int64))


def _present(relation: Relation, variables: Sequence[Var]) -> np.ndarray:
    return sum(((relation.column(v) >= 0).astype(np.int64) for v in variables), np.zeros(len(relation), dtype=np.int64))


def _obey_total(total: Total, relation: Relation) -> Relation:
    variables = [Var(total.outcome, s, total.arm) for s in total.studies]
    if not all(v in relation.cols for v in variables):
        return relation
    return relation.take(_events(relation, variables) == total.value)
