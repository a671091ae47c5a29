"""The tables of one study that a row of counts still allows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

from .bounds import Bounds
from .halves import Half, Pruner, concatenate, width, with_terms
from .parts import ARMS, Link, Var, arms_of, events_of
from .relation import Relation, codes
from .state import State

#: Tables of one study that are looked at, for each partial solution that may be held.
LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class Derived:
    """The outcome whose events are what the other categories of its link leave of an arm."""

    outcome: str
    others: tuple[str, ...]


class Candidates:
    """The possible tables of one study for the outcome of a step, given what a row already says of the study."""

    def __init__(self, state: State, outcome: str, derived: Derived | None, base: Relation, prune: Pruner) -> None:
        self.state, self.outcome, self.derived, self.base, self.prune = state, outcome, derived, base, prune
        self._found: dict[tuple[str, tuple[tuple[Var, int], ...]], tuple[Half, int]] = {}

    def given(self, study: str, context: Mapping[Var, int]) -> Half:
        """Return the candidates of a study; the columns are those that `context` lacks, and the arms."""
        return self._look(study, context)[0]

    def only(self, tables: Mapping[str, Half]) -> Candidates:
        """Return the candidates with other, fewer tables of studies of which rows say nothing beforehand."""
        fewer = copy(self)
        fewer._found = {(study, ()): (half, len(half)) for study, half in tables.items()}
        return fewer

    def ranges(self) -> Bounds:
        """Return between which ends the counts of studies lie, as far as their candidates have been looked at."""
        out: Bounds = {}
        for (_, context), (half, _) in self._found.items():
            if not context and len(half):
                for v, column in zip(half.rel.cols, half.rel.rows.T, strict=True):
                    out[v] = int(np.maximum(column, 0).min()), int(column.max())
        return out

    def _look(self, study: str, context: Mapping[Var, int]) -> tuple[Half, int]:
        """Return the candidates that the printed numbers of the step leave, and how many there were before."""
        key = (study, tuple(sorted(context.items())))
        if key not in self._found:
            pieces, size, whole, work = [], 0, 0, self.state.work
            for tables in self._tables(study, context):
                whole += len(tables)
                pieces.append(self.prune(with_terms(tables, self.prune.results)))
                size += len(pieces[-1])
                what = f"tables of study {study!r}"
                work.room(what, size, 2 * width(len(tables.cols), len(self.prune.results)))
            cols = dict.fromkeys([*arms_of(study), *self.columns(study, context)])
            found = concatenate(pieces) if pieces else Half.none(list(cols), len(self.prune.results))
            self._found[key] = found, whole
        return self._found[key]

    def possible(self, studies: Sequence[str], rows: Relation) -> int:
        """Return how many combinations of rows and tables of studies arms, bounds and links allow.

        No printed number of the step is used, so this is what the step begins with.
        """
        context = [v for v in rows.cols if v.study in studies]
        _, first, times = np.unique(codes(rows.values(context)), return_index=True, return_counts=True)
        total = 0
        for values, number in zip(rows.values(context)[first].tolist(), times.tolist(), strict=True):
            given = dict(zip(context, values, strict=True))
            own = ({v: n for v, n in given.items() if v.study == study} for study in studies)
            total += number * math.prod(self._look(s, c)[1] for s, c in zip(studies, own, strict=True))
        return total

    def number(self, study: str, rows: Relation) -> int:
        """Return how many candidates the first row leaves of a study."""
        context = [v for v in rows.cols if v.study == study]
        return len(self.given(study, dict(zip(context, rows.values(context)[0].tolist(), strict=True))))

    def columns(self, study: str, context: Iterable[Var]) -> list[Var]:
        """Return the unknowns that the candidates of a study add to a row which holds those of `context`."""
        names = [self.outcome] + ([self.derived.outcome] if self.derived else [])
        cols = [Var(o, study, arm) for o in ("", *names) for arm in ARMS]
        return [v for v in cols if v not in context]

    def _tables(self, study: str, context: Mapping[Var, int]) -> Iterator[Relation]:
        """Yield the tables that arms, bounds and links allow, in pieces."""
        work = self.state.work
        n = arms_of(study)
        known = n[0] in context
        arms = np.array([[context[v] for v in n]], dtype=np.int32) if known else self.state.arms(study)
        ends = [self._ends(v, arms[:, i], context) for i, v in enumerate(events_of(self.outcome, study))]
        spans = [np.maximum(high - low + 1, 0).astype(np.int64) for low, high in ends]
        work.number(
            f"tables of study {study!r} to look at", int((spans[0] * spans[1]).sum()), LOOKED_AT * work.limits.rows
        )
        cols = (*n, *events_of(self.outcome, study))
        pieces = _grids(arms, ends, work.piece(2 * width(len(cols), len(self.prune.results))))
        if study in self.state.puzzle.outcome(self.outcome).optional:
            absent = np.full((len(arms), 2), -1, dtype=np.int32)
            pieces = iter([*pieces, np.hstack([arms, absent])])
        for rows in pieces:
            relation = Relation(cols, rows)
            if self.derived is not None:
                relation = self._add_derived(relation, study, context)
            yield self._has_partner(relation, study)

    def _links(self, study: str) -> list[Link]:
        links = self.state.puzzle.links
        return [link for link in links if self.outcome in link.outcomes and study in link.studies]

    def _rest(self, study: str, arm: str, size: np.ndarray, context: Mapping[Var, int]) -> np.ndarray:
        """Return what the other categories, as far as they are known, leave of an arm."""
        rest = size.astype(np.int64)
        mine = {self.outcome} | ({self.derived.outcome} if self.derived else set())
        for link in self._links(study):
            others = [Var(o, study, arm) for o in link.outcomes if o not in mine]
            least = (max(context[v], 0) if v in context else self.state.bounds.get(v, (0, 0))[0] for v in others)
            rest = np.minimum(rest, size - sum(least))
        return rest

    def _ends(self, events: Var, size: np.ndarray, context: Mapping[Var, int]) -> tuple[np.ndarray, np.ndarray]:
        """Return the smallest and largest number of events for each size of the arm."""
        smallest, largest = self.state.bounds[events]
        rest = self._rest(events.study, events.arm, size, context)
        low, high = np.full(len(size), smallest), np.minimum(largest, rest)
        if self.derived is not None:
            least, most = self.state.bounds[events._replace(outcome=self.derived.outcome)]
            low, high = np.maximum(low, rest - most), np.minimum(high, rest - least)
        return low, high

    def _add_derived(self, relation: Relation, study: str, context: Mapping[Var, int]) -> Relation:
        assert self.derived is not None
        left = []
        for n, events in zip(arms_of(study), events_of(self.outcome, study), strict=True):
            left.append(self._rest(study, n.arm, relation.column(n), context) - relation.column(events))
        cols = (*relation.cols, *events_of(self.derived.outcome, study))
        return Relation(cols, np.hstack([relation.rows, np.stack(left, axis=1).astype(np.int32)]))

    def _has_partner(self, relation: Relation, study: str) -> Relation:
        """Keep the tables that fit beside at least one table of each linked outcome found earlier."""
        n = arms_of(study)
        for link in self._links(study):
            for other in self.state.relations:
                names = [o for o in link.outcomes if o != self.outcome and Var(o, study, "t") in other.cols]
                if not names or other is self.base:
                    continue
                found = other.project([*n, *(v for o in names for v in events_of(o, study))]).rows
                used = np.maximum(found[:, 2:], 0).reshape(len(found), -1, 2).sum(axis=1)
                tables = relation.values((*n, *events_of(self.outcome, study)))
                relation = relation.take(_fits_beside(tables, found[:, :2], used))
        return relation


def _fits_beside(tables: np.ndarray, arms: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Return which tables (n_t, n_c, a, c) leave room for at least one pair `used` with the same arms."""
    both = codes(tables[:, :2], arms)
    mine, theirs = both[: len(tables)], both[len(tables) :]
    fits = np.zeros(len(tables), dtype=bool)
    for code in np.unique(theirs):
        (index,) = np.nonzero(mine == code)
        room = tables[index, :2] - np.maximum(tables[index, 2:], 0)
        for pair in np.unique(used[theirs == code], axis=0):
            fits[index] |= (room >= pair).all(axis=1)
    return fits


def _grids(arms: np.ndarray, ends: Sequence[tuple[np.ndarray, np.ndarray]], piece: int) -> Iterator[np.ndarray]:
    """Yield all rows (n_t, n_c, a, c) for pairs of arms and the ranges of a and c that belong to each, in pieces."""
    waiting: list[np.ndarray] = []
    size = 0
    for i, (n_t, n_c) in enumerate(arms):
        (a_low, a_high), (c_low, c_high) = ((int(low[i]), int(high[i])) for low, high in ends)
        c = np.arange(c_low, c_high + 1, dtype=np.int32)
        if not len(c):
            continue
        step = max(piece // len(c), 1)
        for start in range(a_low, a_high + 1, step):
            a = np.arange(start, min(start + step, a_high + 1), dtype=np.int32)
            rows = np.empty((len(a), len(c), 4), dtype=np.int32)
            rows[..., 0], rows[..., 1], rows[..., 2], rows[..., 3] = n_t, n_c, a[:, None], c
            waiting.append(rows.reshape(-1, 4))
            size += len(waiting[-1])
            if size >= piece:
                yield np.concatenate(waiting)
                waiting, size = [], 0
    if waiting:
        yield np.concatenate(waiting)
