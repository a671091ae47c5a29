"""Intervals and tests around estimates: Wald, Hartung-Knapp, and the prediction interval.

All functions work on rows of meta-analyses, arrays of shape ``(m,)``, or ``(m, k)`` where studies are the last axis.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, stdtr

from .estimators import hartung_knapp_se, positive, t_quantile
from .options import Options
from .results import PooledBatch


def finish(
    yi: np.ndarray,
    include: np.ndarray,
    k: np.ndarray,
    estimate: np.ndarray,
    se: np.ndarray,
    weights: np.ndarray,
    tau2: np.ndarray,
    heterogeneity: tuple[np.ndarray, np.ndarray, np.ndarray],
    options: Options,
) -> PooledBatch:
    """Add intervals and tests to estimates; `heterogeneity` is Q, its P and I2."""
    q, p_q, i2 = heterogeneity
    df = np.maximum(k - 1, 0)
    quantile, uses_t = np.full(k.shape, options.z), np.zeros(k.shape, dtype=bool)
    if options.ci != "wald":
        se_hk = np.where(k > 1, hartung_knapp_se(yi, weights, estimate), np.nan)
        quantile_t = t_quantile(df, include.shape[-1], options.probability)
        if options.ci == "hksj":
            uses_t = ~uses_t
        elif options.ci == "hksj_adhoc":
            # Where the Hartung-Knapp interval does not exist (NaN, one study) nothing replaces it.
            uses_t = ~(quantile_t * se_hk < quantile * se)
        else:
            uses_t = (tau2 > 0) & (k > 2)
        se, quantile = np.where(uses_t, se_hk, se), np.where(uses_t, quantile_t, quantile)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / se
    p = 2 * ndtr(-np.abs(statistic))
    if options.ci != "wald":
        p = np.where(uses_t, 2 * stdtr(df.astype(float), -np.abs(statistic)), p)
    half = quantile * se
    predicted = prediction_half_width(k, tau2, se, include.shape[-1], options)
    total = positive(weights.sum(-1))
    found = k > 0
    everywhere = bool(found.all())

    def known(x: np.ndarray) -> np.ndarray:
        return x if everywhere else np.where(found, x, np.nan)

    return PooledBatch(
        estimable=found,
        estimate=known(estimate),
        se=known(se),
        ci_low=known(estimate - half),
        ci_high=known(estimate + half),
        statistic=known(statistic),
        uses_t=uses_t,
        p=known(p),
        k=k,
        weights=np.where(include, 100 * weights / total[:, None], np.nan),
        tau2=known(tau2),
        Q=known(q),
        df=df,
        p_Q=p_q,
        I2=known(i2),
        prediction_low=known(estimate - predicted),
        prediction_high=known(estimate + predicted),
    )


def prediction_half_width(
    k: np.ndarray, tau2: np.ndarray, se: np.ndarray, largest: int, options: Options
) -> np.ndarray:
    """Return half the width of the prediction interval, ``quantile * sqrt(tau2 + se^2)``; NaN where there is none.

    The quantile is that of t with k - 2 degrees of freedom (Higgins, Thompson & Spiegelhalter 2009), of t with k - 1
    (Veroniki et al. 2019), or the normal one.
    """
    if options.model == "fixed":
        return np.full(k.shape, np.nan)
    quantile: np.ndarray | float = options.z
    if options.prediction != "normal":
        lost = 2 if options.prediction == "k-2" else 1
        quantile = t_quantile(np.maximum(k - lost, 1), largest, options.probability)
    return np.where(k >= options.prediction_needs, quantile * np.sqrt(tau2 + se**2), np.nan)
