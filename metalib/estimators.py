"""Pooled estimates with their standard errors: Mantel-Haenszel and inverse variance; Hartung-Knapp's standard error.

All functions work on arrays of shape ``(..., k)`` and reduce the last axis; the formulas are those of RevMan [1]_.

.. [1] Deeks JJ, Higgins JPT (2010). Statistical algorithms in Review Manager 5. Cochrane Statistical Methods Group.
"""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from .heterogeneity import weighted_mean
from .study_effects import Cells, StudyEffects


def mantel_haenszel(
    tables: Cells, effects: StudyEffects, include: np.ndarray, measure: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the Mantel-Haenszel estimate, its standard error and the weights of the studies.

    OR: Robins, Breslow & Greenland (1986); RR: Greenland & Robins (1985), both with corrected cells wherever a study
    has a zero cell. RD: plain cells in effect and weight, study variances from corrected cells.
    """
    t = tables
    if measure == "RD":
        weights = include * (t.n1 * t.n2 / (t.n1 + t.n2))
        estimate, total = weighted_mean(effects.yi, weights)
        variance = (weights**2 * effects.vi).sum(-1) / np.where(total > 0, total, 1.0) ** 2
        return estimate, np.sqrt(variance), weights
    if measure == "OR":
        r = include * (t.A * t.D / t.N)
        s = include * (t.B * t.C / t.N)
        p, q = (t.A + t.D) / t.N, (t.B + t.C) / t.N
        r_sum, s_sum = positive(r.sum(-1)), positive(s.sum(-1))
        variance = 0.5 * (
            (p * r).sum(-1) / r_sum**2
            + (p * s + q * r).sum(-1) / (r_sum * s_sum)
            + (q * s).sum(-1) / s_sum**2
        )  # fmt: skip
        return np.log(r_sum / s_sum), np.sqrt(variance), s
    s = include * (t.C * t.N1 / t.N)
    # Through the study's own RR, which RevMan sets to 1 when every patient had the event.
    r = s * np.exp(effects.yi)
    d = include * ((t.N1 * t.N2 * (t.A + t.C) - t.A * t.C * t.N) / t.N**2)
    plain_r = include * (t.A * t.N2 / t.N)
    r_sum, s_sum = positive(r.sum(-1)), positive(s.sum(-1))
    variance = d.sum(-1) / (positive(plain_r.sum(-1)) * s_sum)
    return np.log(r_sum / s_sum), np.sqrt(variance), s


def inverse_variance(yi: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the inverse-variance estimate, its standard error and the weights."""
    estimate, total = weighted_mean(yi, weights)
    return estimate, 1 / np.sqrt(positive(total)), weights


def hartung_knapp_se(yi: np.ndarray, weights: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """Return the standard error of Hartung & Knapp (2001) and Sidik & Jonkman (2002), not truncated."""
    k = (weights > 0).sum(-1)
    total = positive(weights.sum(-1))
    spread = (weights * (yi - estimate[..., None]) ** 2).sum(-1)
    return np.sqrt(spread / (np.maximum(k - 1, 1) * total))


def t_quantile(df: np.ndarray, largest: int, probability: float) -> np.ndarray:
    """Return quantiles of t with `df` degrees of freedom, none above `largest`.

    Quantiles cost far more than all other steps, and many meta-analyses share few numbers of studies.
    """
    if df.size <= largest:
        return stdtrit(df.astype(float), probability)
    return stdtrit(np.arange(largest + 1.0), probability)[df]


def positive(x: np.ndarray) -> np.ndarray:
    """Replace empty sums by 1, so that meta-analyses without a study do not divide by 0."""
    return np.where(x > 0, x, 1.0)
