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
    prediction_low = prediction_high = np.full(k.shape, np.nan)
    quantile, uses_t = np.full(k.shape, options.z), np.zeros(k.shape, dtype=bool)
    if options.ci != "wald":
        se_hk = np.where(k > 1, hartung_knapp_se(yi, weights, estimate), np.nan)
        quantile_t = t_quantile(df, include.shape[-1], options.probability)
        # Where the Hartung-Knapp interval does not exist (NaN, one study) it is not narrower: nothing replaces it.
        uses_t = ~(quantile_t * se_hk < quantile * se) if options.ci == "hksj_adhoc" else ~uses_t
        se, quantile = np.where(uses_t, se_hk, se), np.where(uses_t, quantile_t, quantile)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / se
    p = 2 * ndtr(-np.abs(statistic))
    if options.ci != "wald":
        p = np.where(uses_t, 2 * stdtr(df.astype(float), -np.abs(statistic)), p)
    low, high = estimate - quantile * se, estimate + quantile * se
    if options.model == "random":
        # Higgins, Thompson & Spiegelhalter (2009): t with k - 2 degrees of freedom.
        t_k2 = t_quantile(np.maximum(k - 2, 1), include.shape[-1], options.probability)
        half = np.where(k > 2, t_k2 * np.sqrt(tau2 + se**2), np.nan)
        prediction_low, prediction_high = estimate - half, estimate + half
    total = positive(weights.sum(-1))
    found = k > 0

    def known(x: np.ndarray) -> np.ndarray:
        return np.where(found, x, np.nan)

    return PooledBatch(
        estimable=found,
        estimate=known(estimate),
        se=known(se),
        ci_low=known(low),
        ci_high=known(high),
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
        prediction_low=known(prediction_low),
        prediction_high=known(prediction_high),
    )
