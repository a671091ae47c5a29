"""Sets of partial solutions: integer arrays whose columns are unknown counts, with the joins a search needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .parts import Var


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """Rows of values of the unknowns `cols`; every row is one partial solution."""

    cols: tuple[Var, ...]
    rows: np.ndarray

    @classmethod
    def none(cls, cols: Sequence[Var]) -> Relation:
        """Return a relation without a row."""
        return cls(tuple(cols), np.zeros((0, len(cols)), dtype=np.int32))

    @classmethod
    def unit(cls) -> Relation:
        """Return the relation of no unknowns with its one empty row, the neutral element of joins."""
        return cls((), np.zeros((1, 0), dtype=np.int32))

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, var: Var) -> np.ndarray:
        """Return the values of one unknown."""
        return self.rows[:, self.cols.index(var)]

    def take(self, keep: np.ndarray) -> Relation:
        """Return the rows that a mask or an index selects."""
        return Relation(self.cols, self.rows[keep])

    def values(self, cols: Sequence[Var]) -> np.ndarray:
        """Return the columns `cols`, in that order."""
        return self.rows[:, [self.cols.index(v) for v in cols]]

    def events(self, cols: Sequence[Var]) -> np.ndarray:
        """Return the sum of some events in every row; a study that is absent has none."""
        out = np.zeros(len(self), dtype=np.int64)
        for v in cols:
            out += np.maximum(self.column(v), 0)
        return out

    def present(self, cols: Sequence[Var]) -> np.ndarray:
        """Return how many of some events belong to a study that is not absent, in every row."""
        out = np.zeros(len(self), dtype=np.int64)
        for v in cols:
            out += self.column(v) >= 0
        return out

    def project(self, cols: Sequence[Var]) -> Relation:
        """Return the distinct values of `cols`, sorted."""
        values = self.values(cols)
        _, first = np.unique(codes(values), return_index=True)
        return Relation(tuple(cols), values[first])

    def shared(self, other: Relation) -> list[Var]:
        """Return the unknowns that two relations have in common."""
        return [v for v in self.cols if v in other.cols]


def codes(*tables: np.ndarray) -> np.ndarray:
    """Return one whole number for every row of the stacked tables, equal exactly where rows are equal.

    The numbers sort like the rows do.
    """
    stacked = np.concatenate(tables) if len(tables) > 1 else tables[0]
    key = np.zeros(len(stacked), dtype=np.int64)
    if not len(stacked):
        return key
    size = 1
    for column in stacked.T:
        low = int(column.min())
        span = int(column.max()) - low + 1
        if size * span >= 2**62:
            _, key = np.unique(key, return_inverse=True)
            size = int(key.max()) + 1
        key = key * span + (column.astype(np.int64) - low)
        size *= span
    return key


def matching_pairs(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of all pairs of rows with equal codes."""
    order = np.argsort(right, kind="stable")
    start = np.searchsorted(right[order], left, "left")
    stop = np.searchsorted(right[order], left, "right")
    i, at = expand(start, stop)
    return i, order[at]


def expand(start: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for ranges [start, stop) the number of the range and the position, for every position in every range."""
    count = np.maximum(stop - start, 0)
    owner = np.repeat(np.arange(len(count)), count)
    offset = np.cumsum(count) - count
    return owner, np.arange(len(owner)) - np.repeat(offset - start, count)


def join_size(left: Relation, right: Relation) -> int:
    """Return the number of rows of the natural join without forming it."""
    cols = left.shared(right)
    both = codes(left.values(cols), right.values(cols))
    a, b = both[: len(left)], np.sort(both[len(left) :])
    return int((np.searchsorted(b, a, "right") - np.searchsorted(b, a, "left")).sum())


def join(left: Relation, right: Relation) -> Relation:
    """Return the natural join: all pairs of rows that agree in the shared unknowns."""
    cols = left.shared(right)
    both = codes(left.values(cols), right.values(cols))
    i, j = matching_pairs(both[: len(left)], both[len(left) :])
    new = [v for v in right.cols if v not in cols]
    return Relation((*left.cols, *new), np.hstack([left.rows[i], right.values(new)[j]]))


def semijoin(left: Relation, right: Relation) -> Relation:
    """Return the rows of `left` that have a partner in `right`."""
    cols = left.shared(right)
    if not cols:
        return left if len(right) else left.take(np.zeros(len(left), dtype=bool))
    both = codes(left.values(cols), right.values(cols))
    return left.take(np.isin(both[: len(left)], both[len(left) :]))
