"""Heterogeneity between studies: Cochran's Q, I2, and estimators of the between-study variance tau2.

All functions work on arrays of shape ``(..., k)`` and reduce the last axis; `include` marks the studies that take part.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import chdtrc


def weighted_mean(yi: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted mean over the last axis and the sum of the weights (0 where nothing takes part)."""
    total = weights.sum(-1)
    safe = np.where(total > 0, total, 1.0)
    return (weights * yi).sum(-1) / safe, total


def cochran_q(yi: np.ndarray, weights: np.ndarray, centre: np.ndarray, k: np.ndarray | None = None) -> np.ndarray:
    """Return ``sum(w (y - centre)^2)``; RevMan takes inverse-variance weights whatever the centre.

    A single study has Q = 0 exactly, however its own estimate was rounded. `k`, the number of studies with a weight, is
    counted unless it is given.
    """
    q = (weights * (yi - np.expand_dims(centre, -1)) ** 2).sum(-1)
    return np.where((number_of_studies(weights) if k is None else k) > 1, q, 0.0)


def number_of_studies(weights: np.ndarray) -> np.ndarray:
    """Return how many studies have a weight."""
    number: np.ndarray = (weights > 0).sum(-1)
    return number


def i_squared(q: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Return I2 in percent, ``max(0, 100 (Q - df) / Q)`` (Higgins & Thompson 2002)."""
    i2: np.ndarray = 100 * np.maximum(0.0, q - df) / np.where(q > 0, q, 1.0)
    return i2


def i_squared_of_tau2(tau2: np.ndarray, weights: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Return I2 in percent from an estimate of tau2, ``100 tau2 / (tau2 + v)``; 0 without degrees of freedom.

    The typical variance within studies is ``v = df / (sum(w) - sum(w^2) / sum(w))`` with inverse-variance weights
    (Higgins & Thompson 2002). With DerSimonian-Laird's tau2 of the same weights this is ``I2`` from Q.
    """
    between = tau2 * dl_scale(weights)
    i2: np.ndarray = 100 * between / np.where(df > 0, between + df, 1.0) * (df > 0)
    return i2


def p_of_q(q: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Return the upper tail of chi-square; NaN where there are no degrees of freedom."""
    return np.where(df > 0, chdtrc(np.maximum(df, 1), q), np.nan)


def dl_scale(weights: np.ndarray) -> np.ndarray:
    """Return ``sum(w) - sum(w^2) / sum(w)``, the factor of tau2 in the expectation of Q."""
    total = weights.sum(-1)
    scale: np.ndarray = total - (weights**2).sum(-1) / np.where(total > 0, total, 1.0)
    return scale


def tau2_dl(q: np.ndarray, weights: np.ndarray, k: np.ndarray | None = None) -> np.ndarray:
    """DerSimonian-Laird's moment estimator, truncated at 0 (DerSimonian & Laird 1986).

    `q` may be taken around the inverse-variance estimate ("IV, random") or, as RevMan's "M-H, random" does, around
    the Mantel-Haenszel estimate. `k` as in :func:`cochran_q`.
    """
    df = (number_of_studies(weights) if k is None else k) - 1
    scale = dl_scale(weights)
    tau2 = np.maximum(0.0, q - df) / np.where(scale > 0, scale, 1.0)
    return np.where(df > 0, tau2, 0.0)


def generalised_q(tau2: np.ndarray, yi: np.ndarray, vi: np.ndarray, include: np.ndarray) -> np.ndarray:
    """Return Q with weights ``1 / (v + tau2)`` around their own mean."""
    w = include / (vi + np.expand_dims(tau2, -1))
    mean, _ = weighted_mean(yi, w)
    q: np.ndarray = (w * (yi - np.expand_dims(mean, -1)) ** 2).sum(-1)
    return q


def tau2_pm(yi: np.ndarray, vi: np.ndarray, include: np.ndarray) -> np.ndarray:
    """Paule-Mandel: the tau2 at which the generalised Q equals k - 1, or 0 (Paule & Mandel 1982).

    Q is convex and decreasing in tau2, so Newton's steps from 0 approach the root from below without overshooting.
    Each meta-analysis stops by itself: what the others still need does not touch its last digit.
    """
    df = include.sum(-1) - 1
    tau2 = np.zeros(np.shape(df))
    moving = df > 0
    for _ in range(200):
        w = include / (vi + tau2[..., None])
        mean, _ = weighted_mean(yi, w)
        residual = yi - mean[..., None]
        excess = (w * residual**2).sum(-1) - df
        slope = (w**2 * residual**2).sum(-1)
        step = np.where(moving & (excess > 0) & (slope > 0), excess / np.where(slope > 0, slope, 1.0), 0.0)
        tau2 = tau2 + step
        moving = moving & (step > 1e-15 * tau2)
        if not moving.any():
            break
    return tau2


def reml_score(tau2: np.ndarray, yi: np.ndarray, vi: np.ndarray, include: np.ndarray) -> np.ndarray:
    """Return twice the derivative of the restricted log-likelihood with respect to tau2."""
    w = include / (vi + np.expand_dims(tau2, -1))
    mean, total = weighted_mean(yi, w)
    safe = np.where(total > 0, total, 1.0)
    spread = (w**2 * (yi - np.expand_dims(mean, -1)) ** 2).sum(-1)
    score: np.ndarray = spread - total + (w**2).sum(-1) / safe
    return score


def reml_loglik(tau2: np.ndarray, yi: np.ndarray, vi: np.ndarray, include: np.ndarray) -> np.ndarray:
    """Return twice the restricted log-likelihood, up to a constant."""
    variance = vi + np.expand_dims(tau2, -1)
    w = include / variance
    mean, total = weighted_mean(yi, w)
    logs = np.where(include, np.log(variance), 0.0).sum(-1)
    q = (w * (yi - np.expand_dims(mean, -1)) ** 2).sum(-1)
    height: np.ndarray = -logs - np.log(np.where(total > 0, total, 1.0)) - q
    return height


def tau2_reml(yi: np.ndarray, vi: np.ndarray, include: np.ndarray) -> np.ndarray:
    """Restricted maximum likelihood, the global maximum over tau2 >= 0 (Viechtbauer 2005).

    The restricted likelihood can have two maxima. It is looked at on a grid that reaches past any possible maximum,
    and the root of its derivative next to the best grid point is then found by bracketing.
    """
    df = include.sum(-1) - 1
    mean, _ = weighted_mean(yi, include.astype(float))
    spread = (include * (yi - mean[..., None]) ** 2).sum(-1)
    smallest = np.where(include, vi, np.inf).min(-1, initial=np.inf)
    smallest = np.where(np.isfinite(smallest), smallest, 1.0)
    # Beyond the total sum of squares the score is negative for k >= 2, so the maximum lies inside the grid.
    top = 2 * spread + smallest
    steps = np.concatenate([[0.0], np.geomspace(1e-6, 1.0, 120)])
    grid = np.expand_dims(top, -1) * steps
    with np.errstate(divide="ignore"):
        heights = np.stack([reml_loglik(grid[..., i], yi, vi, include) for i in range(steps.size)], -1)
    best = heights.argmax(-1)
    low = np.take_along_axis(grid, np.maximum(best - 1, 0)[..., None], -1)[..., 0]
    high = np.take_along_axis(grid, np.minimum(best + 1, steps.size - 1)[..., None], -1)[..., 0]
    rising = reml_score(low, yi, vi, include) > 0
    todo = (df > 0) & rising & (reml_score(high, yi, vi, include) < 0)
    tau2 = np.zeros(np.shape(df))
    if todo.any():
        y, v, inside = (np.broadcast_to(x, (*np.shape(df), yi.shape[-1]))[todo] for x in (yi, vi, include))

        # Finished elements drop out, so the rows travel as an index into the stacked studies.
        def score(t: np.ndarray, row: np.ndarray) -> np.ndarray:
            return reml_score(t, y[row], v[row], inside[row])

        tau2[todo] = root_between(score, low[todo], high[todo], np.arange(len(y)))
    return tau2


def root_between(
    function: Callable[[np.ndarray, np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray, parameter: np.ndarray
) -> np.ndarray:
    """Return where ``function(x, parameter)`` is 0, element by element, between `low` and `high`."""
    # Imported here: it would add much to the time until the first result, and few calls need it.
    from scipy.optimize.elementwise import find_root

    root: np.ndarray = find_root(function, (low, high), args=(parameter,)).x
    return root
