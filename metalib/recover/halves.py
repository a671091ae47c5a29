"""Half of a set of studies: rows of counts, what they add to the sums of each result, and what may be dropped early.

Dropping is safe throughout. A part's Q around the whole's estimate is never larger than the whole's Q; events of a
part never exceed a known total; a number of estimable studies that cannot be reached rules a row out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .box import Box
from .model import Puzzle, Result, Total, Var
from .relation import Relation
from .terms import COLUMNS, K, S, q_range, study_terms

#: Rows formed before they are thinned out.
PIECE = 1 << 19


@dataclass(frozen=True, slots=True)
class Half:
    """Rows of counts and, for each result, the sums of their terms, shape (m, 10)."""

    rel: Relation
    terms: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return len(self.rel)

    def take(self, keep: np.ndarray) -> Half:
        """Return the rows that a mask or an index selects."""
        return Half(self.rel.take(keep), tuple(t[keep] for t in self.terms))


def cell_terms(result: Result, relation: Relation, study: str) -> np.ndarray:
    """Return the terms of one study's table in every row."""
    a, n1, c, n2 = (
        relation.column(v)
        for v in (
            Var(result.outcome, study, "t"),
            Var("", study, "t"),
            Var(result.outcome, study, "c"),
            Var("", study, "c"),
        )
    )
    return study_terms(a, n1, c, n2, result.measure, result.method)


def held(result: Result, relation: Relation) -> list[str]:
    """Return the studies of a result whose events are columns of a relation."""
    return [s for s in result.studies if Var(result.outcome, s, "t") in relation.cols]


def with_terms(relation: Relation, results: Sequence[Result]) -> Half:
    """Return a relation with the terms of all studies it holds."""
    terms = []
    for result in results:
        total = np.zeros((len(relation), COLUMNS))
        for study in held(result, relation):
            total += cell_terms(result, relation, study)
        terms.append(total)
    return Half(relation, tuple(terms))


@dataclass(frozen=True, slots=True)
class Pruner:
    """Drops rows that no completion can save."""

    puzzle: Puzzle
    results: tuple[Result, ...]
    boxes: tuple[Box, ...]
    bounds: dict[Var, tuple[int, int]]
    totals: tuple[Total, ...]

    def __call__(self, half: Half, extra: tuple[np.ndarray, ...] | None = None) -> Half:
        """Return the rows that may still lead to a solution; `extra` are terms that every completion will contain."""
        keep = self.counts_fit(half.rel) & self.sums_fit(half, extra)
        return half if keep.all() else half.take(keep)

    def counts_fit(self, relation: Relation) -> np.ndarray:
        """Return which rows can still meet the known totals and the number of studies that report an outcome."""
        keep = np.ones(len(relation), dtype=bool)
        for total in self.totals:
            keep &= self._total_fits(total, relation)
        for o in self.puzzle.outcomes:
            if o.reported is not None:
                keep &= _reported_fits(o.studies, o.optional, o.reported, o.id, relation)
        return keep

    def sums_fit(self, half: Half, extra: tuple[np.ndarray, ...] | None = None) -> np.ndarray:
        """Return which rows can still meet the printed results."""
        keep = np.ones(len(half), dtype=bool)
        for i, (result, limits) in enumerate(zip(self.results, self.boxes, strict=True)):
            inside = held(result, half.rel)
            if inside:
                sums = half.terms[i] if extra is None else half.terms[i] + extra[i]
                keep &= self._sums_fit(result, limits, sums, len(result.studies) - len(inside))
        return keep

    def _sums_fit(self, result: Result, limits: Box, sums: np.ndarray, missing: int) -> np.ndarray:
        if not limits.possible:
            return np.zeros(len(sums), dtype=bool)
        fewest, most = limits.ks
        fit = (sums[:, K] <= most) & (sums[:, K] + missing >= fewest)
        _, largest = limits.q_ends
        centre = limits.est if result.model == "fixed" and limits.has_estimate else (-np.inf, np.inf)
        if np.isfinite(largest):
            smallest, _ = q_range(sums, *centre)
            fit &= smallest <= largest
        if result.model == "fixed" and result.method != "MH" and limits.se[0] > 0:
            fit &= sums[:, S] * limits.se[0] ** 2 <= 1 + 1e-9
        return fit

    def _total_fits(self, total: Total, relation: Relation) -> np.ndarray:
        inside = [v for s in total.studies if (v := Var(total.outcome, s, total.arm)) in relation.cols]
        if not inside:
            return np.ones(len(relation), dtype=bool)
        events = sum(np.maximum(relation.column(v), 0) for v in inside)
        optional = self.puzzle.outcome(total.outcome).optional if total.outcome else ()
        others = [Var(total.outcome, s, total.arm) for s in total.studies]
        others = [v for v in others if v not in inside]
        least = sum(0 if v.study in optional else self.bounds[v][0] for v in others)
        most = sum(self.bounds[v][1] for v in others)
        return (events + least <= total.value) & (events + most >= total.value)


def _reported_fits(
    studies: Sequence[str], optional: Sequence[str], reported: int, outcome: str, relation: Relation
) -> np.ndarray:
    inside = [Var(outcome, s, "t") for s in studies if Var(outcome, s, "t") in relation.cols]
    if not inside:
        return np.ones(len(relation), dtype=bool)
    present = sum((relation.column(v) >= 0).astype(int) for v in inside)
    waiting = [s for s in studies if Var(outcome, s, "t") not in inside]
    firm = sum(s not in optional for s in waiting)
    return (present + firm <= reported) & (present + len(waiting) >= reported)


def concatenate(halves: Sequence[Half]) -> Half:
    """Stack halves with the same columns."""
    if len(halves) == 1:
        return halves[0]
    terms = tuple(np.concatenate(parts) for parts in zip(*(h.terms for h in halves), strict=True))
    return Half(Relation(halves[0].rel.cols, np.concatenate([h.rel.rows for h in halves])), terms)
