"""The candidate tables of all rows of a plot, one below the other, with what each would add to a pooled result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from ...arithmetic.estimators import mantel_haenszel_sums
from ...arithmetic.options import Options
from ...arithmetic.study_effects import cells
from .rows import study_values

#: Minima and maxima of the candidates of each row, two arrays of shape (rows,).
Ends = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Candidates of k rows, arrays of shape (m,) in the order of the rows; each row has at least one.

    Attributes
    ----------
    tables : ndarray, shape (m, 4)
    row, key : ndarray of int
        The row of a candidate, and its number among all that there were.
    y, v, estimable : ndarray
        Effect, variance, and whether there is one.
    w : ndarray
        Inverse variance; 0 where the effect is not estimable.
    r, s : ndarray
        Parts of the fixed-effect estimate, ``sum(r) / sum(s)`` (Mantel-Haenszel; of inverse variances ``w y`` and
        ``w``); `s` is the weight.
    parts : ndarray, shape (m, 3)
        Parts of the variance of a Mantel-Haenszel estimate; fewer than three are filled up with 0.
    """

    tables: np.ndarray
    row: np.ndarray
    key: np.ndarray
    y: np.ndarray
    v: np.ndarray
    estimable: np.ndarray
    w: np.ndarray
    r: np.ndarray
    s: np.ndarray
    parts: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    @property
    def starts(self) -> np.ndarray:
        """Where each row begins."""
        return np.flatnonzero(np.diff(self.row, prepend=-1))

    @property
    def counts(self) -> np.ndarray:
        """Number of candidates of each row."""
        return np.bincount(self.row)

    def take(self, keep: np.ndarray) -> Stack:
        """Return the candidates that a mask or an index selects."""
        return Stack(**{f.name: getattr(self, f.name)[keep] for f in fields(self)})

    def only(self, candidate: int) -> Stack:
        """Return the stack with one candidate as the only one of its row."""
        return self.take((self.row != self.row[candidate]) | (np.arange(len(self)) == candidate))

    def ends(self, low: np.ndarray, high: np.ndarray | None = None) -> Ends:
        """Return the least of `low` and the largest of `high` in each row."""
        high = low if high is None else high
        return np.minimum.reduceat(low, self.starts), np.maximum.reduceat(high, self.starts)


def stack(tables: Sequence[np.ndarray], options: Options) -> Stack:
    """Return the stack of the candidates of each row, arrays of shape (m, 4) with at least one row each."""
    every = np.concatenate(tables)
    row = np.repeat(np.arange(len(tables)), [len(t) for t in tables])
    e = study_values(options, every)
    w = e.estimable / e.vi
    r, s, parts = w * e.yi, w, np.zeros((len(every), 3))
    if options.method == "MH":
        with np.errstate(divide="ignore", invalid="ignore"):
            t = cells(*every.T.astype(float)[[0, 1, 2, 3]])
            sums = mantel_haenszel_sums(t, e, options.measure, e.estimable)
        r, s = sums.r, sums.s
        for i, part in enumerate(sums.variance):
            parts[:, i] = part
    return Stack(every, row, np.arange(len(every)), e.yi, e.vi, e.estimable, w, r, s, parts)


def classes(tables: np.ndarray, measure: str) -> np.ndarray:
    """Return for every table the tables that nothing pooled can tell from it, as one form of them, shape (m, 4).

    An odds ratio, its variance, its Mantel-Haenszel terms and Peto's stay the same when the cells of one diagonal
    change places (with both diagonals: events for non-events and the arms exchanged); a risk difference when both do.
    A risk ratio tells all tables apart.
    """
    a, n1, c, n2 = tables.T
    b, d = n1 - a, n2 - c
    if measure == "OR":
        return np.stack([np.minimum(a, d), np.maximum(a, d), np.minimum(b, c), np.maximum(b, c)], axis=1)
    if measure == "RD":
        other = (a > d) | ((a == d) & (b > c))
        return np.where(other[:, None], np.stack([d, c, b, a], axis=1), np.stack([a, b, c, d], axis=1))
    return np.stack([a, b, c, d], axis=1)
