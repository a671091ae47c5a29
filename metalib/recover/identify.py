"""How far counts are identified: equivalent solutions, nearest solutions, and what is left open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .agree import computed, covers
from .parts import Var, table_of
from .puzzle import Puzzle
from .relation import Relation, codes


def tables_of(relation: Relation, outcome: str, study: str) -> np.ndarray | None:
    """Return the tables (events_t, n_t, events_c, n_c) of a study in every row, or None where there are none."""
    cols = table_of(outcome, study)
    return relation.values(cols) if all(v in relation.cols for v in cols) else None


def complement(tables: np.ndarray) -> np.ndarray:
    """Return tables with non-events for events and the arms swapped: (a, c) becomes (n - c, n - a).

    In arms of equal size it leaves the odds ratio, its variance and the Mantel-Haenszel terms as they were. Other
    tables are returned unchanged.
    """
    a, n1, c, n2 = tables.T
    flip = (n1 == n2) & (a >= 0)
    return np.stack([np.where(flip, n2 - c, a), n1, np.where(flip, n1 - a, c), n2], axis=1)


def canonical(tables: np.ndarray) -> np.ndarray:
    """Return of every table and its complement the one with fewer events."""
    other = complement(tables)
    more = tables[:, 0] + tables[:, 2] > other[:, 0] + other[:, 2]
    return np.where(more[:, None], other, tables)


def complements_count(puzzle: Puzzle, outcome: str) -> bool:
    """Return whether nothing printed of an outcome can tell a table with equal arms from its complement."""
    linked = any(outcome in link.outcomes for link in puzzle.links)
    totals = any(t.outcome == outcome and t.role == "search" for t in puzzle.totals)
    return not linked and not totals and all(r.measure == "OR" for r in puzzle.results if r.outcome == outcome)


def classes(puzzle: Puzzle, relation: Relation) -> np.ndarray:
    """Return for every row the number of its class; rows of a class differ by complements only. Numbered from 0."""
    rows = relation.rows.copy()
    for outcome in puzzle.outcomes:
        if complements_count(puzzle, outcome.id):
            for study in outcome.studies:
                tables = tables_of(relation, outcome.id, study)
                if tables is not None:
                    simple = canonical(tables)
                    rows[:, relation.cols.index(Var(outcome.id, study, "t"))] = simple[:, 0]
                    rows[:, relation.cols.index(Var(outcome.id, study, "c"))] = simple[:, 2]
    _, first, number = np.unique(codes(rows), return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    return order[number]


def nearest(puzzle: Puzzle, relation: Relation) -> Relation:
    """Keep of the solutions those that come closest to the printed numbers that nothing fits.

    The choice is made separately within each choice of arm sizes, so that a number which is known to be missed never
    decides about arms.
    """
    for result in puzzle.results:
        missed = [s for s in result.stats if s.role == "known-miss"]
        if not missed or not covers(relation, result) or not len(relation):
            continue
        values = computed(relation, result, [s.name for s in missed])
        # In units of the last printed place, so that several missed numbers can be added.
        distance = sum((s.interval.distance(values[s.name]) / s.interval.unit for s in missed), np.zeros(len(relation)))
        sizes = codes(relation.values([v for v in relation.cols if not v.outcome]))
        _, group = np.unique(sizes, return_inverse=True)
        best = np.full(group.max() + 1, np.inf)
        np.minimum.at(best, group, distance)
        relation = relation.take(distance <= best[group] + 1e-6)
    return relation


@dataclass(frozen=True, slots=True)
class Identified:
    """How far the table of one study is identified.

    Attributes
    ----------
    outcome, study : str
    status : str
        ``identified``, ``identified up to complement``, ``nearest`` (found by leaving out a printed number that no
        table gives), ``set``, ``free`` (every table that the arms allow is left, or no printed number concerns it),
        ``none`` (no table agrees with every printed number) or ``not searched`` (a limit came first).
    tables : ndarray, shape (m, 4)
        The distinct tables that occur, sorted; with complements one of each pair, that with fewer events.
    """

    outcome: str
    study: str
    status: str
    tables: np.ndarray

    @property
    def level(self) -> str:
        """``unique``, or where there is no one table the status itself."""
        return self.status if self.status in ("set", "free", "none", "not searched") else "unique"


def distinct(tables: np.ndarray) -> np.ndarray:
    """Return the distinct rows, sorted."""
    _, first = np.unique(codes(tables), return_index=True)
    return tables[first]


def identify(outcome: str, study: str, before: np.ndarray, after: np.ndarray, mirrored: bool) -> Identified:
    """Judge one cell from its tables in all solutions (`before`) and in the nearest ones (`after`)."""
    shown = []
    for tables in (before, after):
        plain = distinct(tables)
        shown.append((plain, distinct(canonical(plain)) if mirrored else plain))
    (all_plain, all_simple), (plain, simple) = shown
    if len(all_plain) == 1:
        status = "identified"
    elif len(all_simple) == 1:
        status = "identified up to complement"
    elif len(simple) == 1:
        status = "nearest"
    else:
        sizes = distinct(plain[:, [1, 3]]).astype(np.int64)
        status = "free" if len(plain) >= int(((sizes + 1).prod(axis=1)).sum()) else "set"
    return Identified(outcome, study, status, simple)


def add_up(relation: Relation, parts: Sequence[str], study: str) -> np.ndarray | None:
    """Return the tables of a union of categories in every row, or None where one of them is missing."""
    tables = [t for o in parts if (t := tables_of(relation, o, study)) is not None]
    if len(tables) < len(parts):
        return None
    out = tables[0].copy()
    for t in tables[1:]:
        out[:, [0, 2]] += t[:, [0, 2]]
    return out
