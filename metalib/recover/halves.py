"""Half of a set of studies: rows of counts, what they add to the sums behind each result, and what may be dropped.

Every fixed-effect estimate of this library is a ratio of two sums over studies, and so are the parts of its variance
and of Cochran's Q. A row of terms holds what one study adds; the row of a set of studies is the sum of its rows. The
terms come from the same corrected cells and effects as :func:`metalib.pool_batch`.

Dropping is safe throughout. A part's Q around the whole's estimate is never larger than the whole's Q; events of a
part never exceed a known total; a number of estimable studies that cannot be reached rules a row out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arithmetic.estimators import Sums, mantel_haenszel_estimate, mantel_haenszel_sums
from ..arithmetic.study_effects import cells, peto_effects, study_effects
from .bounds import Bounds
from .box import Box
from .parts import Result, Total, Var, table_of
from .puzzle import Puzzle
from .relation import Relation

#: Columns of an array of terms: number of estimable studies; numerator and denominator of the estimate; sums of
#: w, w y, w y^2 and w^2 with inverse-variance weights; up to three parts of the variance of a Mantel-Haenszel estimate.
K, R, S, W, WY, WYY, WW, V = range(8)
COLUMNS = 10
_PARTS = {"OR": 3, "RR": 2, "RD": 1}
#: Above this number of tables the temporary arrays leave the processor's cache.
CHUNK = 1 << 16


def is_log_ratio(measure: str, method: str) -> bool:
    """Return whether the estimate is the logarithm of R / S (else it is R / S itself)."""
    return method == "MH" and measure != "RD"


def ratio_columns(result: Result, limits: Box) -> tuple[int, int] | None:
    """Return the columns whose sums divide to the printed estimate (on its log scale or not); None if there are none.

    Where Q cannot exceed its degrees of freedom tau2 is 0, and a random-effects estimate has inverse-variance weights.
    """
    if not limits.has_estimate:
        return None
    if result.model == "fixed":
        return R, S
    return (WY, W) if all(high <= k - 1 for k, (_, high) in limits.q.items()) else None


def study_terms(tables: np.ndarray, measure: str, method: str) -> np.ndarray:
    """Return an array of terms, shape (m, 10), for tables of one study, shape (m, 4); negative events: it is absent."""
    out = np.empty((len(tables), COLUMNS))
    for i in range(0, len(tables), CHUNK):
        out[i : i + CHUNK] = _terms(tables[i : i + CHUNK], measure, method)
    return out


def _terms(tables: np.ndarray, measure: str, method: str) -> np.ndarray:
    absent = tables[:, 0] < 0
    events = np.where(absent[:, None], 0, tables[:, [0, 2]]).astype(float)
    t = cells(events[:, 0], tables[:, 1].astype(float), events[:, 1], tables[:, 3].astype(float))
    e = peto_effects(t) if method == "Peto" else study_effects(t, measure)
    used = e.estimable & ~absent
    w = used / e.vi
    sums = mantel_haenszel_sums(t, e, measure, used) if method == "MH" else Sums(w * e.yi, w, ())
    out = np.zeros((len(tables), COLUMNS))
    for column, values in enumerate((used, sums.r, sums.s, w, w * e.yi, w * e.yi**2, w * w, *sums.variance)):
        out[:, column] = np.where(used, values, 0.0)
    return out


def fixed_estimate(terms: np.ndarray, measure: str, method: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the fixed-effect estimate (log scale for ratios) and its standard error; NaN where there is no study."""
    r, s = terms[:, R], terms[:, S]
    with np.errstate(divide="ignore", invalid="ignore"):
        if method != "MH":
            return r / s, 1 / np.sqrt(s)
        parts = tuple(terms[:, V + i] for i in range(_PARTS[measure]))
        estimate, variance = mantel_haenszel_estimate(Sums(r, s, parts), measure)
        return estimate, np.sqrt(variance)


def q_around(terms: np.ndarray, centre: np.ndarray | float) -> np.ndarray:
    """Return Cochran's Q around `centre`, not below 0; rounding leaves an error of about 1e-12."""
    return np.maximum(terms[:, WYY] - centre * (2 * terms[:, WY] - centre * terms[:, W]), 0.0)


def q_range(terms: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest Q of a set of studies around any centre in [low, high].

    Q is a parabola in the centre, smallest at the set's own inverse-variance mean. A part's Q around the whole's
    centre never exceeds the whole's Q, which makes the smallest value a safe ground for dropping a part.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(terms[:, W] > 0, terms[:, WY] / terms[:, W], 0.0)
    smallest = q_around(terms, np.clip(own, low, high))
    if np.isinf(low) or np.isinf(high):
        return smallest, np.full(len(terms), np.inf)
    return smallest, np.maximum(q_around(terms, low), q_around(terms, high))


@dataclass(frozen=True, slots=True)
class Half:
    """Rows of counts and, for each result, the sums of their terms, shape (m, 10)."""

    rel: Relation
    terms: tuple[np.ndarray, ...]

    @classmethod
    def none(cls, cols: Sequence[Var], results: int) -> Half:
        """Return a half without a row."""
        return cls(Relation.none(cols), tuple(np.zeros((0, COLUMNS)) for _ in range(results)))

    def __len__(self) -> int:
        return len(self.rel)

    def take(self, keep: np.ndarray) -> Half:
        """Return the rows that a mask or an index selects."""
        return Half(self.rel.take(keep), tuple(t[keep] for t in self.terms))


def width(columns: int, results: int) -> int:
    """Return the bytes of a row of a half."""
    return 4 * columns + 8 * COLUMNS * results


def cell_terms(result: Result, relation: Relation, study: str) -> np.ndarray:
    """Return the terms of one study's table in every row."""
    return study_terms(relation.values(table_of(result.outcome, study)), result.measure, result.method)


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
    bounds: Bounds
    totals: tuple[Total, ...]

    def __call__(self, half: Half) -> Half:
        """Return the rows that may still lead to a solution."""
        keep = self.counts_fit(half.rel) & self.sums_fit(half)
        return half if keep.all() else half.take(keep)

    def counts_fit(self, relation: Relation) -> np.ndarray:
        """Return which rows can still meet the known totals and the number of studies that report an outcome."""
        keep = np.ones(len(relation), dtype=bool)
        for total in self.totals:
            optional = self.puzzle.outcome(total.outcome).optional if total.outcome else ()
            inside, others = _parted(total.terms, relation)
            if inside:
                events = relation.events(inside)
                least = sum(0 if v.study in optional else self.bounds[v][0] for v in others)
                most = sum(self.bounds[v][1] for v in others)
                keep &= (events + least <= total.value) & (events + most >= total.value)
        for o in self.puzzle.outcomes:
            inside, others = _parted([Var(o.id, s, "t") for s in o.studies], relation)
            if o.reported is not None and inside:
                present = relation.present(inside)
                firm = sum(v.study not in o.optional for v in others)
                keep &= (present + firm <= o.reported) & (present + len(others) >= o.reported)
        return keep

    def sums_fit(self, half: Half, certain: tuple[np.ndarray, ...] | None = None) -> np.ndarray:
        """Return which rows can still meet the printed results; `certain` are terms that every completion adds."""
        keep = np.ones(len(half), dtype=bool)
        for i, (result, limits) in enumerate(zip(self.results, self.boxes, strict=True)):
            inside = held(result, half.rel)
            if inside:
                sums = half.terms[i] if certain is None else half.terms[i] + certain[i]
                keep &= _can_meet(result, limits, sums, len(result.studies) - len(inside))
        return keep


def _can_meet(result: Result, limits: Box, sums: np.ndarray, missing: int) -> np.ndarray:
    if not limits.possible:
        return np.zeros(len(sums), dtype=bool)
    fewest, most = limits.ks
    fit = np.asarray((sums[:, K] <= most) & (sums[:, K] + missing >= fewest))
    _, largest = limits.q_ends
    centre = limits.est if result.model == "fixed" and limits.has_estimate else (-np.inf, np.inf)
    if np.isfinite(largest):
        smallest, _ = q_range(sums, *centre)
        fit &= smallest <= largest
    if result.model == "fixed" and result.method != "MH" and limits.se[0] > 0:
        fit &= sums[:, S] * limits.se[0] ** 2 <= 1 + 1e-9
    return fit


def _parted(variables: Sequence[Var], relation: Relation) -> tuple[list[Var], list[Var]]:
    inside = [v for v in variables if v in relation.cols]
    return inside, [v for v in variables if v not in inside]


def concatenate(halves: Sequence[Half]) -> Half:
    """Stack halves with the same columns."""
    if len(halves) == 1:
        return halves[0]
    terms = tuple(np.concatenate(parts) for parts in zip(*(h.terms for h in halves), strict=True))
    return Half(Relation(halves[0].rel.cols, np.concatenate([h.rel.rows for h in halves])), terms)
