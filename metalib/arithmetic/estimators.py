"""Pooled estimates with their standard errors: Mantel-Haenszel and inverse variance; Hartung-Knapp's standard error.

All functions work on arrays of shape ``(..., k)`` and reduce the last axis; the formulas are those of RevMan [1]_.

.. [1] Deeks JJ, Higgins JPT (2010). Statistical algorithms in Review Manager 5. Cochrane Statistical Methods Group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from .heterogeneity import weighted_mean
from .study_effects import Cells, StudyEffects


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What studies add to a Mantel-Haenszel result, arrays of shape ``(..., k)``, or its sums over them.

    ``r / s`` is the estimate (a ratio; a difference for RD) and ``s`` the weights; `variance` holds the parts of the
    variance: three for OR, two for RR, one for RD.
    """

    r: np.ndarray
    s: np.ndarray
    variance: tuple[np.ndarray, ...]

    def total(self) -> Sums:
        """Return the sums over the last axis."""
        return Sums(self.r.sum(-1), self.s.sum(-1), tuple(v.sum(-1) for v in self.variance))


def mantel_haenszel_sums(tables: Cells, effects: StudyEffects, measure: str, include: np.ndarray | bool = True) -> Sums:
    """Return what each study adds to a Mantel-Haenszel result, 0 for those that take no part.

    The cells are those with capitals: corrected by RevMan's rule, by another, or not at all. RD: plain cells in effect
    and weight, study variances from the cells with capitals.
    """
    t = tables
    if measure == "RD":
        s = include * (t.n1 * t.n2 / (t.n1 + t.n2))
        return Sums(s * effects.yi, s, (s**2 * effects.vi,))
    if measure == "OR":
        r = include * (t.A * t.D / t.N)
        s = include * (t.B * t.C / t.N)
        p, q = (t.A + t.D) / t.N, (t.B + t.C) / t.N
        return Sums(r, s, (p * r, p * s + q * r, q * s))
    r = include * (t.A * t.N2 / t.N)
    s = include * (t.C * t.N1 / t.N)
    d = include * ((t.N1 * t.N2 * (t.A + t.C) - t.A * t.C * t.N) / t.N**2)
    # RevMan sets the RR of a study to 1 when every patient had the event; its variance takes the sum as it is.
    return Sums(np.where(t.all_events, s, r), s, (d, r))


def mantel_haenszel_estimate(sums: Sums, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the Mantel-Haenszel estimate (log scale for ratios) and its variance from sums over studies.

    OR: Robins, Breslow & Greenland (1986); RR: Greenland & Robins (1985); RD: the study variances weighted. A sum of 0
    divides.
    """
    r, s = sums.r, sums.s
    if measure == "RD":
        return r / s, sums.variance[0] / s**2
    if measure == "OR":
        first, both, second = sums.variance
        return np.log(r / s), 0.5 * (first / r**2 + both / (r * s) + second / s**2)
    d, plain = sums.variance
    return np.log(r / s), d / (plain * s)


def mantel_haenszel(
    tables: Cells, effects: StudyEffects, include: np.ndarray, measure: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the Mantel-Haenszel estimate, its standard error and the weights of the studies."""
    each = mantel_haenszel_sums(tables, effects, measure, include)
    sums = each.total()
    # Meta-analyses without a study divide by 1; where every patient had the event the first part of RR's variance is 0.
    parts = (*sums.variance[:-1], positive(sums.variance[-1])) if measure == "RR" else sums.variance
    sums = Sums(sums.r if measure == "RD" else positive(sums.r), positive(sums.s), parts)
    estimate, variance = mantel_haenszel_estimate(sums, measure)
    return estimate, np.sqrt(variance), each.s


def inverse_variance(yi: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the inverse-variance estimate, its standard error and the weights."""
    estimate, total = weighted_mean(yi, weights)
    return estimate, 1 / np.sqrt(positive(total)), weights


def hartung_knapp_se(yi: np.ndarray, weights: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """Return the standard error of Hartung & Knapp (2001) and Sidik & Jonkman (2002), not truncated."""
    k = (weights > 0).sum(-1)
    total = positive(weights.sum(-1))
    spread = (weights * (yi - estimate[..., None]) ** 2).sum(-1)
    se: np.ndarray = np.sqrt(spread / (np.maximum(k - 1, 1) * total))
    return se


def t_quantile(df: np.ndarray, largest: int, probability: float) -> np.ndarray:
    """Return quantiles of t with `df` degrees of freedom, none above `largest`.

    Quantiles cost far more than all other steps, and many meta-analyses share few numbers of studies.
    """
    few = df.size <= largest
    quantiles: np.ndarray = stdtrit(df.astype(float) if few else np.arange(largest + 1.0), probability)
    return quantiles if few else quantiles[df]


def positive(x: np.ndarray) -> np.ndarray:
    """Replace empty sums by 1, so that meta-analyses without a study do not divide by 0."""
    return np.where(x > 0, x, 1.0)
