"""The tables of one study that a row of counts still allows, and adding them to the row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from .halves import PIECE, Half, Pruner, concatenate, with_terms
from .model import Var
from .relation import Relation, codes
from .state import LimitReached, State
from .terms import COLUMNS


@dataclass(frozen=True, slots=True)
class Derived:
    """The outcome whose events are what the other categories of its link leave of an arm."""

    outcome: str
    others: tuple[str, ...]


class Cells:
    """The possible tables of one study for the outcome of a step, given what a row already says of the study."""

    def __init__(self, state: State, outcome: str, derived: Derived | None, base: Relation, prune: Pruner) -> None:
        self.state, self.outcome, self.derived, self.base, self.prune = state, outcome, derived, base, prune
        self._found: dict[tuple, Half] = {}

    def given(self, study: str, context: dict[Var, int]) -> Half:
        """Return the candidates of a study; the columns are those that `context` lacks."""
        key = (study, tuple(sorted(context.items())))
        if key not in self._found:
            pieces = [self.prune(with_terms(r, self.prune.results)) for r in self._tables(study, context)]
            self._found[key] = concatenate(pieces) if pieces else self._none(study, context)
        return self._found[key]

    def columns(self, study: str, context: Iterable[Var]) -> list[Var]:
        """Return the unknowns that the candidates of a study add to a row which holds those of `context`."""
        names = [self.outcome] + ([self.derived.outcome] if self.derived else [])
        cols = [Var(o, study, arm) for o in ("", *names) for arm in ("t", "c")]
        return [v for v in cols if v not in context]

    def _none(self, study: str, context: dict[Var, int]) -> Half:
        cols = tuple(dict.fromkeys([Var("", study, "t"), Var("", study, "c"), *self.columns(study, context)]))
        empty = Relation(cols, np.zeros((0, len(cols)), dtype=np.int32))
        return Half(empty, tuple(np.zeros((0, COLUMNS)) for _ in self.prune.results))

    def _tables(self, study: str, context: dict[Var, int]) -> Iterator[Relation]:
        n = (Var("", study, "t"), Var("", study, "c"))
        known = n[0] in context
        arms = np.array([[context[v] for v in n]], dtype=np.int32) if known else self.state.arms(study)
        ends = [self._ends(study, arm, arms[:, i], context) for i, arm in enumerate(("t", "c"))]
        width = np.maximum(ends[0][1] - ends[0][0] + 1, 0), np.maximum(ends[1][1] - ends[1][0] + 1, 0)
        size = width[0].astype(np.int64) * width[1]
        if size.sum() > 100 * self.state.limits.rows:
            raise LimitReached(f"tables of study {study!r} to look at", int(size.sum()), 100 * self.state.limits.rows)
        optional = study in self.state.puzzle.outcome(self.outcome).optional
        for group in np.split(np.arange(len(arms)), np.flatnonzero(np.diff(np.cumsum(size) // PIECE)) + 1):
            if not len(group) or not (size[group].sum() or optional):
                continue
            rows = _grid(arms[group], [(low[group], high[group]) for low, high in ends])
            if optional:
                absent = np.hstack([arms[group], np.full((len(group), 2), -1, dtype=np.int32)])
                rows = np.concatenate([rows, absent])
            cols = (*n, Var(self.outcome, study, "t"), Var(self.outcome, study, "c"))
            relation = Relation(cols, rows)
            if self.derived is not None:
                relation = self._add_derived(relation, study, context)
            yield self._has_partner(relation, study)

    def _rest(self, study: str, arm: str, size: np.ndarray, context: dict[Var, int]) -> np.ndarray:
        """Return what the other categories, as far as they are known, leave of an arm."""
        rest = size.astype(np.int64)
        for link in self.state.puzzle.links:
            if self.outcome in link.outcomes and study in link.studies:
                used = 0
                for o in link.outcomes:
                    if o != self.outcome and not (self.derived and o == self.derived.outcome):
                        v = Var(o, study, arm)
                        used += max(context[v], 0) if v in context else self.state.bounds.get(v, (0, 0))[0]
                rest = np.minimum(rest, size - used)
        return rest

    def _ends(self, study: str, arm: str, size: np.ndarray, context: dict[Var, int]) -> tuple[np.ndarray, np.ndarray]:
        low, high = self.state.bounds[Var(self.outcome, study, arm)]
        rest = self._rest(study, arm, size, context)
        low, high = np.full(len(size), low), np.minimum(high, rest)
        if self.derived is not None:
            least, most = self.state.bounds[Var(self.derived.outcome, study, arm)]
            low, high = np.maximum(low, rest - most), np.minimum(high, rest - least)
        return low, high

    def _add_derived(self, relation: Relation, study: str, context: dict[Var, int]) -> Relation:
        extra = []
        for arm in ("t", "c"):
            rest = self._rest(study, arm, relation.column(Var("", study, arm)), context)
            extra.append(rest - relation.column(Var(self.outcome, study, arm)))
        cols = (*relation.cols, *(Var(self.derived.outcome, study, arm) for arm in ("t", "c")))
        return Relation(cols, np.hstack([relation.rows, np.stack(extra, axis=1).astype(np.int32)]))

    def _has_partner(self, relation: Relation, study: str) -> Relation:
        """Keep the tables that fit beside at least one table of each linked outcome found earlier."""
        n = (Var("", study, "t"), Var("", study, "c"))
        mine = (Var(self.outcome, study, "t"), Var(self.outcome, study, "c"))
        for link in self.state.puzzle.links:
            if self.outcome not in link.outcomes or study not in link.studies:
                continue
            for other in self.state.relations:
                names = [o for o in link.outcomes if o != self.outcome and Var(o, study, "t") in other.cols]
                if not names or other is self.base:
                    continue
                cols = [*n, *(Var(o, study, arm) for o in names for arm in ("t", "c"))]
                found = other.project(cols).rows
                used = np.maximum(found[:, 2:], 0).reshape(len(found), -1, 2).sum(axis=1)
                relation = relation.take(_fits_beside(relation.values((*n, *mine)), found[:, :2], used))
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


def _grid(arms: np.ndarray, ends: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return all rows (n_t, n_c, a, c) for some pairs of arms and the ranges of a and c that belong to each."""
    pieces = []
    for i, (n_t, n_c) in enumerate(arms):
        a = np.arange(ends[0][0][i], ends[0][1][i] + 1, dtype=np.int32)
        c = np.arange(ends[1][0][i], ends[1][1][i] + 1, dtype=np.int32)
        rows = np.empty((len(a), len(c), 4), dtype=np.int32)
        rows[..., 0], rows[..., 1], rows[..., 2], rows[..., 3] = n_t, n_c, a[:, None], c
        pieces.append(rows.reshape(-1, 4))
    return np.concatenate(pieces)


def extend(half: Half, study: str, cells: Cells, limit: int, extra: tuple[np.ndarray, ...] | None) -> Half:
    """Combine every row with every candidate of one more study and drop what cannot lead to a solution."""
    context = [v for v in half.rel.cols if v.study == study]
    key = codes(half.rel.values(context)) if context else np.zeros(len(half), dtype=np.int64)
    pieces, size = [], 0
    for code in np.unique(key):
        (index,) = np.nonzero(key == code)
        first = half.rel.rows[index[0]]
        values = {v: int(first[half.rel.cols.index(v)]) for v in context}
        candidates = cells.given(study, values)
        new = [v for v in candidates.rel.cols if v not in context]
        added = candidates.rel.values(new)
        step = max(PIECE // max(len(candidates), 1), 1)
        for i in range(0, len(index), step):
            left = np.repeat(index[i : i + step], len(candidates))
            right = np.tile(np.arange(len(candidates)), len(index[i : i + step]))
            relation = Relation((*half.rel.cols, *new), np.hstack([half.rel.rows[left], added[right]]))
            # Whole numbers first: they are cheap to compare, and the sums are then formed for fewer rows.
            keep = cells.prune.counts_fit(relation)
            if not keep.all():
                relation, left, right = relation.take(keep), left[keep], right[keep]
            terms = tuple(a[left] + b[right] for a, b in zip(half.terms, candidates.terms, strict=True))
            joined = Half(relation, terms)
            keep = cells.prune.sums_fit(joined, extra)
            pieces.append(joined if keep.all() else joined.take(keep))
            size += len(pieces[-1])
            if size > limit:
                raise LimitReached(f"partial solutions on adding study {study!r}", size, limit)
    if not pieces:
        names = cells.columns(study, context)
        empty = Relation((*half.rel.cols, *names), np.zeros((0, len(half.rel.cols) + len(names)), dtype=np.int32))
        return Half(empty, tuple(np.zeros((0, COLUMNS)) for _ in half.terms))
    return concatenate(pieces)
