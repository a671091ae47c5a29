"""Do small studies show other effects? Regression tests for funnel-plot asymmetry, and trim and fill.

.. [1] Egger M et al. (1997). Bias in meta-analysis detected by a simple, graphical test. BMJ 315:629-634.
.. [2] Harbord RM, Egger M, Sterne JAC (2006). A modified test for small-study effects in meta-analyses of controlled
   trials with binary endpoints. Stat Med 25:3443-3457.
.. [3] Peters JL et al. (2006). Comparison of two methods to detect publication bias in meta-analysis. JAMA 295:676-680.
.. [4] Duval S, Tweedie R (2000). Trim and fill: a simple funnel-plot-based method of testing and adjusting for
   publication bias in meta-analysis. Biometrics 56:455-463.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from ..arithmetic.data import StudyData
from ..arithmetic.generic import pool_effects
from ..arithmetic.options import check_level
from ..arithmetic.pooling import batch_of_one, check_choices
from ..arithmetic.results import PooledEffect
from ..arithmetic.study_effects import cells, peto_effects
from ..arithmetic.tables import Tables, check_tables
from ..errors import choose

if TYPE_CHECKING:
    from statsmodels.regression.linear_model import RegressionResults

TOO_FEW = "three usable studies are needed, there {}"
NO_SPREAD = "all studies have the same {}: there is nothing to regress on"
NO_RESIDUAL = "the studies lie exactly on a line: there is no residual to judge the slope by"
ESTIMATORS = ("L0", "R0")


@dataclass(frozen=True, slots=True)
class AsymmetryTest:
    """Regression test for funnel-plot asymmetry.

    Attributes
    ----------
    name : {"Egger", "Harbord", "Peters"}
    measure : str
    estimate, se, statistic, p : float or None
        Coefficient that is 0 without asymmetry, its standard error, t and two-sided P.
    df : int
        Degrees of freedom of t, k - 2.
    k : int
        Usable studies.
    limit : float or None
        The other coefficient. Egger and Peters: effect of an infinitely large study; Harbord: effect without bias.
    reason : str
        Why numbers are None, else empty.
    """

    name: str
    measure: str
    estimate: float | None
    se: float | None
    statistic: float | None
    p: float | None
    df: int
    k: int
    limit: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class TrimAndFill:
    """Trim and fill: how many studies seem to be missing, and the effect with them filled in.

    Attributes
    ----------
    estimator : {"L0", "R0"}
    side : {"left", "right"} or None
        Where studies are missing.
    missing : int or None
        Number of studies filled in.
    filled_yi, filled_se : tuple of float
        Their effects (log scale for ratios) and standard errors, mirror images of observed studies.
    effect : PooledEffect or None
        Inverse-variance result of observed and filled studies together.
    reason : str
        Why numbers are None, else empty.
    """

    estimator: str
    side: str | None
    missing: int | None
    filled_yi: tuple[float, ...]
    filled_se: tuple[float, ...]
    effect: PooledEffect | None
    reason: str


def egger(tables: pd.DataFrame | StudyData, measure: str = "OR") -> AsymmetryTest:
    """Egger's test: effects regressed on their standard errors, weights ``1 / v`` [1]_.

    The slope equals the intercept of Egger's original regression of ``y / se`` on ``1 / se``, with the same t.

    Parameters
    ----------
    tables : DataFrame
        As in :func:`metalib.pool`, one row a study.
    measure : str

    Returns
    -------
    AsymmetryTest
        Numbers None for fewer than three estimable studies, or when all have the same standard error.

    Raises
    ------
    DataError, OptionError
    """
    yi, vi, _ = _effects(tables, measure)
    return _regression("Egger", measure, yi, np.sqrt(vi), 1 / vi, slope=True, predictor="standard error")


def harbord(tables: pd.DataFrame | Tables) -> AsymmetryTest:
    """Harbord's test for odds ratios: ``Z / sqrt(V)`` regressed on ``sqrt(V)`` [2]_.

    ``Z = O - E`` and its hypergeometric variance V are those of Peto's method; the intercept is the bias.

    Parameters
    ----------
    tables : DataFrame
        As for :func:`egger`.

    Returns
    -------
    AsymmetryTest
        Numbers None for fewer than three studies with V > 0, or when all have the same V.

    Raises
    ------
    DataError
    """
    e = peto_effects(cells(*check_tables(tables).counts()))
    yi, root = e.yi[e.estimable], e.vi[e.estimable] ** -0.5
    return _regression(
        "Harbord", "OR", yi * root, root, np.ones(len(yi)), slope=False, predictor="variance of the score"
    )


def peters(tables: pd.DataFrame | Tables, measure: str = "OR") -> AsymmetryTest:
    """Peters' test: effects regressed on ``1 / N``, weights ``1 / (1 / events + 1 / non-events)`` [3]_.

    Events and non-events are those of both arms together; the slope is the bias.

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``, one row a study.
    measure : {"OR", "RR", "RD"}
        The test was made for odds ratios.

    Returns
    -------
    AsymmetryTest
        Numbers None for fewer than three estimable studies with events and non-events, or when all are of one size.

    Raises
    ------
    DataError, OptionError
    """
    checked = check_tables(tables)
    yi, _, used = _effects(checked, measure)
    events, total = checked.events_t + checked.events_c, checked.n_t + checked.n_c
    weights = (events * (total - events) / total)[used]
    inside = weights > 0
    return _regression(
        "Peters", measure, yi[inside], 1 / total[used][inside], weights[inside], slope=True, predictor="size"
    )


def trim_and_fill(
    tables: pd.DataFrame | StudyData,
    measure: str = "OR",
    model: str = "fixed",
    estimator: str = "L0",
    level: float = 0.95,
) -> TrimAndFill:
    """Trim and fill around the inverse-variance estimate [4]_.

    The centre is estimated without the k0 most extreme studies of one side; ranks of the distances from it give k0
    anew, until k0 stays. With r the ranks of absolute distances of k studies, T the sum of the ranks on the overfull
    side and g the largest rank on the other side::

        L0 = (4 T - k (k + 1)) / (2 k - 1)        R0 = (k - g) - 1

    rounded (half to even) and not below 0. The k0 most extreme studies are then mirrored at the centre. Studies are
    missing on the right when the slope of a regression on the standard error under the same model is negative.

    Parameters
    ----------
    tables : DataFrame
        As in :func:`metalib.pool`, one row a study.
    measure : str
    model : {"fixed", "random"}
        Random effects with DerSimonian-Laird's tau2.
    estimator : {"L0", "R0"}
    level : float
        Confidence level of the filled result.

    Returns
    -------
    TrimAndFill
        Numbers None for fewer than three estimable studies, or when all have the same standard error.

    Raises
    ------
    DataError, OptionError
    """
    choose("model", model, ("fixed", "random"))
    choose("estimator", estimator, ESTIMATORS)
    check_level(level)
    yi, vi, _ = _effects(tables, measure)
    k, se = len(yi), np.sqrt(vi)
    reason = _unusable(k, se, "standard error")
    if reason:
        return TrimAndFill(estimator, None, None, (), (), None, reason)
    slope = _slope_on_se(yi, vi, model)
    # Turned so that the overfull side is on the right of the centre and studies are missing on the left.
    sign = -1.0 if slope < 0 else 1.0
    order = np.argsort(sign * yi, kind="stable")
    turned, variances = (sign * yi)[order], vi[order]
    seen, missing, centre = -1, 0, 0.0
    for _ in range(100):
        if missing == seen:
            break
        seen = missing
        kept = slice(0, k - missing)
        # There are studies, so there is an estimate.
        centre = cast(float, pool_effects(turned[kept], np.sqrt(variances[kept]), model=model).estimate)
        missing = _missing(turned - centre, estimator)
    else:
        return TrimAndFill(estimator, None, None, (), (), None, "the number of missing studies did not settle")
    mirrored = sign * (2 * centre - turned[k - missing :])
    errors = np.sqrt(variances[k - missing :])
    effect = pool_effects(
        np.concatenate([yi, mirrored]), np.concatenate([se, errors]), model=model, level=level, measure=measure
    )
    side = "right" if sign < 0 else "left"
    return TrimAndFill(estimator, side, missing, tuple(mirrored.tolist()), tuple(errors.tolist()), effect, "")


def _missing(distance: np.ndarray, estimator: str) -> int:
    """Return the estimated number of missing studies from the signed distances to the centre, in ascending order."""
    k = len(distance)
    rank = np.empty(k)
    # Equal distances keep the order of the effects.
    rank[np.argsort(np.abs(distance), kind="stable")] = np.arange(1, k + 1)
    if estimator == "R0":
        k0 = k - rank[distance < 0].max(initial=0) - 1
    else:
        k0 = (4 * rank[distance > 0].sum() - k * (k + 1)) / (2 * k - 1)
    return round(max(0.0, float(k0)))


def _slope_on_se(yi: np.ndarray, vi: np.ndarray, model: str) -> float:
    """Return the slope of effects on standard errors; random effects add DerSimonian-Laird's residual tau2."""
    fit = _fit(np.sqrt(vi), yi, 1 / vi)
    if model == "random":
        w, x = 1 / vi, fit.model.exog
        scale = w.sum() - np.trace(fit.normalized_cov_params @ (x.T @ ((w**2)[:, None] * x)))
        fit = _fit(np.sqrt(vi), yi, 1 / (vi + max(0.0, (fit.ssr - fit.df_resid) / scale)))
    return float(fit.params[1])


def _fit(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> RegressionResults:
    """Return the weighted regression of y on an intercept and x."""
    # Imported here: statsmodels takes seconds to import.
    from statsmodels.regression.linear_model import WLS

    return WLS(y, np.column_stack([np.ones(len(x)), x]), weights=w).fit()


def _regression(
    name: str, measure: str, y: np.ndarray, x: np.ndarray, w: np.ndarray, *, slope: bool, predictor: str
) -> AsymmetryTest:
    """Regress y on x and test the slope, or the intercept."""
    k, df = len(y), max(len(y) - 2, 0)
    reason = _unusable(k, x, predictor)
    if reason:
        return AsymmetryTest(name, measure, None, None, None, None, df, k, None, reason)
    # With very large studies 1 / N is so much smaller than the 1 of the intercept that the design would count as
    # singular. A power of 2 changes no digit.
    unit = float(np.exp2(np.floor(np.log2(np.abs(x).max()))))
    fit = _fit(x / unit, y, w)
    tested = int(slope)
    scale = np.array([1.0, unit])
    coefficients, errors = fit.params / scale, fit.bse / scale
    estimate, se, t, p = (float(v[tested]) for v in (coefficients, errors, fit.tvalues, fit.pvalues))
    limit = float(coefficients[1 - tested])
    if not se > 0:
        return AsymmetryTest(name, measure, estimate, None, None, None, df, k, limit, NO_RESIDUAL)
    return AsymmetryTest(name, measure, estimate, se, t, p, df, k, limit, "")


def _unusable(k: int, x: np.ndarray, predictor: str) -> str:
    if k < 3:
        return TOO_FEW.format("is 1" if k == 1 else f"are {k}")
    # Predictors equal on paper differ in the last bit.
    return NO_SPREAD.format(predictor) if np.ptp(x) <= 1e-12 * np.abs(x).max() else ""


def _effects(tables: pd.DataFrame | StudyData, measure: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return effects and variances of the estimable studies, and which these are."""
    _, batch = batch_of_one(*check_choices(tables, {"measure": measure}))
    e = batch.row(0)
    return e.yi[e.estimable], e.vi[e.estimable], e.estimable
