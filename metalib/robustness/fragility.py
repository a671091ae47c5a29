"""How many patients decide: the smallest number of changed outcomes that flips the significance of a pooled effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Unpack

import numpy as np
import pandas as pd

from ..arithmetic.options import Choices, check_level
from ..arithmetic.pooling import pool, pool_batch
from ..arithmetic.tables import COUNTS, Tables, check_tables
from ..errors import OptionError

#: Tables pooled in one call; more would only take memory.
CHUNK = 100_000
#: Tables kept from one step to the next by the search for an upper bound.
BEAM = 200


@dataclass(frozen=True, slots=True)
class Change:
    """Events of one arm of one study, before and after; ``arm`` is ``"experimental"`` or ``"control"``."""

    study: str
    arm: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, eq=False)
class Fragility:
    """The smallest number of patients whose changed outcome flips significance.

    Attributes
    ----------
    changes : int or None
        Number of patients; None where no flip was found, with the ``reason``.
    exact : bool
        Whether fewer changes are proven not to suffice. Otherwise ``changes`` is an upper bound.
    at_least : int
        No smaller number of changes flips significance: all tables with fewer changes were pooled.
    p, p_after : float or None
        P of the tables as they are, and of the witness.
    significant : bool or None
        Whether the tables as they are give ``p < alpha``.
    witness : tuple of Change
        Changes that flip significance, as many patients as ``changes``.
    tables : DataFrame or None
        The changed tables.
    pooled : int
        Tables that were pooled to find this out.
    reason : str
        Why ``changes`` is None or not exact; else empty.
    """

    alpha: float
    changes: int | None
    exact: bool
    at_least: int
    p: float | None
    p_after: float | None
    significant: bool | None
    witness: tuple[Change, ...]
    tables: pd.DataFrame | None
    pooled: int
    reason: str


def fragility(
    tables: pd.DataFrame | Tables,
    alpha: float = 0.05,
    *,
    max_changes: int = 30,
    max_tables: int = 2_000_000,
    **choices: Unpack[Choices],
) -> Fragility:
    """Return the fragility index of a meta-analysis (Atal et al. 2019), by exhaustive search.

    One change turns one patient of one arm from event to non-event or back; numbers of patients stay. Tables d changes
    away are those whose events differ by d in total (the sum of absolute differences over all arms), so that no table
    is reached twice. A quick search that keeps only the most promising tables of each step gives an upper bound. Then
    all tables with 1, 2, ... changes are pooled until one flips significance or the bound is met. Neither the estimate
    nor P is monotone in the counts for all methods (a zero cell changes the correction, tau2 changes with every count),
    so nothing is left out. A search that changes one patient at a time, always the one that moves the result most, can
    end at a larger number.

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``, one row a study.
    alpha : float
        Significance is ``p < alpha``. Tables without P count as no flip.
    max_changes : int
        Largest number of changes looked at.
    max_tables : int
        Largest number of tables pooled exhaustively. With k studies there are about ``(4k)^d / d!`` tables d changes
        away; two million reach 10 changes for four studies, 5 for ten.
    **choices
        As in :func:`metalib.pool`.

    Returns
    -------
    Fragility

    Raises
    ------
    DataError
    OptionError
        `alpha` outside (0, 1), or limits that are no positive whole numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> import metalib
    >>> trials = pd.DataFrame({"study": ["a", "b"], "events_t": [10, 4], "n_t": [50, 40],
    ...                        "events_c": [20, 9], "n_c": [50, 40]})
    >>> found = metalib.fragility(trials)
    >>> found.changes, found.exact, [(c.study, c.arm, c.before, c.after) for c in found.witness]
    (4, True, [('b', 'experimental', 4, 5), ('a', 'control', 20, 17)])

    References
    ----------
    Atal I, Porcher R, Boutron I, Ravaud P (2019). The statistical significance of meta-analyses is frequently fragile:
    definition of a fragility index for meta-analyses. J Clin Epidemiol 111:32-40.
    """
    check_level(alpha)
    for name, value in (("max_changes", max_changes), ("max_tables", max_tables)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise OptionError(f"{name}={value!r} must be a whole number of at least 1")
    checked = check_tables(tables)
    whole = pool(checked, **choices)
    if whole.p is None:
        reason = f"there is no P to flip: {whole.reasons['p']}"
        return Fragility(alpha, None, False, 0, None, None, None, (), None, 0, reason)
    search = _Search(checked, alpha, whole.p < alpha, choices)
    bound = search.upper_bound(max_changes)
    found, proven = bound, 0
    for d in range(1, max_changes + 1):
        if (bound is not None and d >= int(np.abs(bound).sum())) or search.pooled + search.size(d) > max_tables:
            break
        flipped = search.first_flip(d)
        if flipped is not None:
            found = flipped
            break
        proven = d
    return search.result(found, proven, whole.p, max_changes)


class _Search:
    """The tables around one set of tables: a shift is an array (2k,) of changes of events, experimental arms first."""

    def __init__(self, checked: Tables, alpha: float, significant: bool, choices: Choices) -> None:
        self.checked, self.alpha, self.significant, self.choices = checked, alpha, significant, choices
        self.events = np.concatenate([checked.events_t, checked.events_c])
        self.totals = np.concatenate([checked.n_t, checked.n_c])
        self.pooled = 0

    def p_values(self, shifts: np.ndarray) -> np.ndarray:
        """Return P of the tables changed by each row of `shifts`."""
        self.pooled += len(shifts)
        t, c = np.split(self.events + shifts, 2, axis=1)
        return pool_batch(t, self.checked.n_t, c, self.checked.n_c, **self.choices).p

    def flips(self, p: np.ndarray) -> np.ndarray:
        """Return where P lies on the other side of alpha; NaN is on neither."""
        return p >= self.alpha if self.significant else p < self.alpha

    def reach(self, changes: int) -> tuple[np.ndarray, np.ndarray]:
        """Return how far the events of each arm can fall and rise within `changes`."""
        down, up = self.events, self.totals - self.events
        return np.minimum(down, changes).astype(int), np.minimum(up, changes).astype(int)

    def size(self, changes: int) -> int:
        """Return the number of tables exactly `changes` away, counted without listing them."""
        ways = [1] + [0] * changes
        for down, up in zip(*(x.tolist() for x in self.reach(changes)), strict=True):
            ways = [
                ways[d] + sum(ways[d - s] * ((s <= down) + (s <= up)) for s in range(1, d + 1))
                for d in range(changes + 1)
            ]
        return int(ways[changes])

    def shifts(self, changes: int) -> Iterator[np.ndarray]:
        """Yield all tables exactly `changes` away, in chunks (m, 2k); each table once."""
        down, up = self.reach(changes)
        # What the arms from j on can still change: a beginning that leaves too much over leads nowhere.
        later = np.concatenate([np.cumsum(np.maximum(down, up)[::-1])[::-1], [0]])
        stack = [np.zeros((1, 0), dtype=np.int16)]
        while stack:
            begun = stack.pop()
            j = begun.shape[1]
            if j == len(down):
                yield begun
                continue
            left = changes - np.abs(begun).sum(1)
            parts = []
            for step in range(-down[j], up[j] + 1):
                rest = left - abs(step)
                rows = begun[(rest >= 0) & (rest <= later[j + 1])]
                parts.append(np.column_stack([rows, np.full(len(rows), step, dtype=np.int16)]))
            grown = np.concatenate(parts)
            stack += [grown[i : i + CHUNK] for i in range(0, len(grown), CHUNK)]

    def first_flip(self, changes: int) -> np.ndarray | None:
        """Return the first table exactly `changes` away that flips significance, or None when none does."""
        for shifts in self.shifts(changes):
            hit = self.flips(self.p_values(shifts))
            if hit.any():
                return np.asarray(shifts[np.argmax(hit)])
        return None

    def upper_bound(self, max_changes: int) -> np.ndarray | None:
        """Return a table that flips significance, found by keeping the most promising tables of each step."""
        kept = np.zeros((1, len(self.events)), dtype=np.int16)
        moves = np.concatenate([np.eye(len(self.events)), -np.eye(len(self.events))]).astype(np.int16)
        for changes in range(1, max_changes + 1):
            shifts = np.unique((kept[:, None] + moves).reshape(-1, len(self.events)), axis=0)
            events = self.events + shifts
            allowed = (events >= 0) & (events <= self.totals)
            shifts = shifts[allowed.all(1) & (np.abs(shifts).sum(1) == changes)]
            if not len(shifts):
                return None
            p = self.p_values(shifts)
            hit = self.flips(p)
            if hit.any():
                return np.asarray(shifts[np.argmax(hit)])
            worth = np.where(np.isnan(p), np.inf, -p if self.significant else p)
            kept = shifts[np.argsort(worth, kind="stable")[:BEAM]]
        return None

    def result(self, found: np.ndarray | None, proven: int, p: float, max_changes: int) -> Fragility:
        """Describe the table that was found, and what is proven."""
        if found is None:
            reason = f"no flip found within {max_changes} changes"
            reason += f"; none exists within {proven}" if proven else "; there are too many tables to rule one out"
            return Fragility(
                self.alpha, None, False, proven + 1, p, None, self.significant, (), None, self.pooled, reason
            )
        p_after = float(self.p_values(found[None])[0])
        changes = int(np.abs(found).sum())
        exact = proven == changes - 1
        studies = self.checked.studies
        arms = [(study, arm) for arm in ("experimental", "control") for study in studies]
        witness = tuple(
            Change(study, arm, int(before), int(before + shift))
            for (study, arm), before, shift in zip(arms, self.events, found, strict=True)
            if shift
        )
        t, c = np.split(self.events + found, 2)
        counts = dict(zip(COUNTS, (t, self.checked.n_t, c, self.checked.n_c), strict=True))
        changed = pd.DataFrame({"study": list(studies), **{name: x.astype(int) for name, x in counts.items()}})
        reason = "" if exact else f"an upper bound: tables with {proven + 1} or more changes were too many to pool"
        return Fragility(
            self.alpha, changes, exact, proven + 1, p, p_after, self.significant, witness, changed, self.pooled, reason
        )
