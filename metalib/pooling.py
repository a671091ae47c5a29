"""Pooling of 2x2 tables: Mantel-Haenszel, inverse variance and Peto; fixed and random effects.

The arithmetic is that of Review Manager 5.4 [1]_. One kernel, :func:`pool_batch`, works on arrays of shape
``(..., k)``; :func:`pool` is its case of a single meta-analysis and adds names and reasons.

.. [1] Deeks JJ, Higgins JPT (2010). Statistical algorithms in Review Manager 5. Cochrane Statistical Methods Group.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from .effects import (
    MEASURES,
    Cells,
    StudyEffects,
    cells,
    check_level,
    peto_effects,
    reason_not_estimable,
    study_effects,
)
from .errors import DataError, OptionError, choose
from .heterogeneity import (
    TAU2_METHODS,
    cochran_q,
    i_squared,
    p_of_q,
    tau2_dl,
    tau2_pm,
    tau2_reml,
    weighted_mean,
)
from .results import PooledBatch, PooledEffect
from .tables import ARM, COUNTS, LARGEST_COUNT, Tables, check_tables

METHODS = ("MH", "IV", "Peto")
MODELS = ("fixed", "random")
CI_METHODS = ("wald", "hksj", "hksj_adhoc")


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
        r_sum, s_sum = _positive(r.sum(-1)), _positive(s.sum(-1))
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
    r_sum, s_sum = _positive(r.sum(-1)), _positive(s.sum(-1))
    variance = d.sum(-1) / (_positive(plain_r.sum(-1)) * s_sum)
    return np.log(r_sum / s_sum), np.sqrt(variance), s


def inverse_variance(yi: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the inverse-variance estimate, its standard error and the weights."""
    estimate, total = weighted_mean(yi, weights)
    return estimate, 1 / np.sqrt(_positive(total)), weights


def hartung_knapp_se(yi: np.ndarray, weights: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """Return the standard error of Hartung & Knapp (2001) and Sidik & Jonkman (2002), not truncated."""
    k = (weights > 0).sum(-1)
    total = _positive(weights.sum(-1))
    spread = (weights * (yi - estimate[..., None]) ** 2).sum(-1)
    return np.sqrt(spread / (np.maximum(k - 1, 1) * total))


def pool_batch(
    events_t: np.ndarray,
    n_t: np.ndarray,
    events_c: np.ndarray,
    n_c: np.ndarray,
    *,
    include: np.ndarray | None = None,
    measure: str = "OR",
    method: str = "MH",
    model: str = "fixed",
    tau2: str = "DL",
    ci: str = "wald",
    level: float = 0.95,
) -> PooledBatch:
    """Pool many meta-analyses at once.

    Parameters
    ----------
    events_t, n_t, events_c, n_c : array_like, shapes that broadcast to (..., k)
        Counts; the last axis runs over studies. A Series has no place here: its index would be ignored.
    include : array_like of bool, shape that broadcasts to (..., k), optional
        Studies that take part, so that subsets and meta-analyses of unequal size fit one array. Entries that do not
        take part still have to be tables (any, for example 0 of 1 and 0 of 1).
    measure, method, model, tau2, ci, level
        As in :func:`pool`.

    Returns
    -------
    PooledBatch
        Arrays of shape (...). Where nothing is estimable, ``estimable`` is False and the numbers are NaN.

    Raises
    ------
    DataError
        Arrays that do not broadcast or have no study, a Series, or an entry that is no table: not a number, not whole,
        negative, too large, more events than patients or no patient.
    OptionError
    """
    check_options(measure, method, model, tau2, ci)
    z_level = 0.5 + check_level(level) / 2
    counts = _batch_counts((events_t, n_t, events_c, n_c), include)
    shape = counts[0].shape[:-1]
    k = counts[0].shape[-1]
    t = cells(*(x.reshape(-1, k) for x in counts[:4]))
    e = peto_effects(t) if method == "Peto" else study_effects(t, measure)
    taking_part = e.estimable if include is None else e.estimable & counts[4].reshape(-1, k).astype(bool)
    return _pool(t, e, taking_part, measure, method, model, tau2, ci, z_level).reshape(shape)


def _batch_counts(given: tuple, include: object) -> list[np.ndarray]:
    """Return counts (and `include`) as arrays of one shape, or raise naming what is no table."""
    arrays = []
    for name, values in zip(COUNTS, given, strict=True):
        if isinstance(values, (pd.Series, pd.DataFrame)):
            raise DataError(f"{name} carries an index, which would be ignored; hand in its to_numpy()", arm=ARM[name])
        try:
            array = np.asarray(values)
        except ValueError:
            raise DataError(f"{name} is no array: its rows differ in length", arm=ARM[name]) from None
        if array.dtype.kind not in "iuf":
            raise DataError(f"{name} holds {array.dtype}, not numbers", arm=ARM[name])
        array = array.astype(float)
        # One comparison finds NaN as well; whole numbers need no second look.
        bad = ~((array >= (name[0] == "n")) & (array <= LARGEST_COUNT))
        if not bad.any() and np.asarray(values).dtype.kind == "f":
            bad = array != np.floor(array)
        if bad.any():
            at = np.unravel_index(int(np.argmax(bad)), bad.shape)
            lowest = "1 or more (an arm needs a patient)" if name[0] == "n" else "0 or more"
            raise DataError(
                f"{name} must be a whole number of {lowest}", row=int(at[-1]) + 1 if at else None, arm=ARM[name],
                value=float(array[at]),
            )  # fmt: skip
        arrays.append(array)
    for events, total, arm in ((arrays[0], arrays[1], "experimental"), (arrays[2], arrays[3], "control")):
        try:
            more = events > total
        except ValueError:
            raise DataError(f"events {events.shape} and patients {total.shape} do not fit together", arm=arm) from None
        if more.any():
            at = np.unravel_index(int(np.argmax(more)), more.shape)
            e, n = (int(np.broadcast_to(x, more.shape)[at]) for x in (events, total))
            raise DataError(
                "more events than patients", row=int(at[-1]) + 1 if at else None, arm=arm, value=f"{e} of {n}"
            )
    if include is not None:
        try:
            arrays.append(np.asarray(include))
        except ValueError:
            raise DataError("include is no array: its rows differ in length") from None
        if arrays[-1].dtype != bool or isinstance(include, pd.Series):
            raise DataError("include must be an array of True and False", value=type(include).__name__)
    try:
        arrays = np.broadcast_arrays(*arrays)
    except ValueError:
        raise DataError(f"the arrays do not fit together: {', '.join(str(x.shape) for x in arrays)}") from None
    if not arrays[0].ndim or not arrays[0].shape[-1]:
        raise DataError("there is no study")
    return list(arrays)


def _pool(
    t: Cells,
    e: StudyEffects,
    include: np.ndarray,
    measure: str,
    method: str,
    model: str,
    tau2_method: str,
    ci: str,
    z_level: float,
) -> PooledBatch:
    """Pool the rows of (m, k) arrays, options already checked."""
    k = include.sum(-1)
    inverse = include / e.vi
    if method == "MH":
        estimate, se, weights = mantel_haenszel(t, e, include, measure)
    else:
        estimate, se, weights = inverse_variance(e.yi, inverse)
    df = np.maximum(k - 1, 0)
    q = cochran_q(e.yi, inverse, estimate)
    absent = np.full(k.shape, np.nan)
    tau2, prediction_low, prediction_high = absent, absent, absent
    if model == "random":
        if tau2_method == "DL":
            tau2 = tau2_dl(q, inverse)
        else:
            tau2 = (tau2_pm if tau2_method == "PM" else tau2_reml)(e.yi, e.vi, include)
        estimate, se, weights = inverse_variance(e.yi, include / (e.vi + tau2[:, None]))
    quantile, uses_t = ndtri(z_level), np.zeros(k.shape, dtype=bool)
    if ci != "wald":
        se_hk = np.where(k > 1, hartung_knapp_se(e.yi, weights, estimate), np.nan)
        quantile_t = stdtrit(df.astype(float), z_level)
        # Where the Hartung-Knapp interval does not exist (NaN, one study) it is not narrower: nothing replaces it.
        uses_t = ~(quantile_t * se_hk < quantile * se) if ci == "hksj_adhoc" else ~uses_t
        se, quantile = np.where(uses_t, se_hk, se), np.where(uses_t, quantile_t, quantile)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / se
    p = 2 * ndtr(-np.abs(statistic))
    if ci != "wald":
        p = np.where(uses_t, 2 * stdtr(df.astype(float), -np.abs(statistic)), p)
    low, high = estimate - quantile * se, estimate + quantile * se
    if model == "random":
        # Higgins, Thompson & Spiegelhalter (2009): t with k - 2 degrees of freedom.
        t_k2 = stdtrit(np.maximum(k - 2.0, 1.0), z_level)
        half = np.where(k > 2, t_k2 * np.sqrt(tau2 + se**2), np.nan)
        prediction_low, prediction_high = estimate - half, estimate + half
    total = _positive(weights.sum(-1))
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
        p=known(p),
        k=k,
        weights=np.where(include, 100 * weights / total[:, None], np.nan),
        tau2=known(tau2),
        Q=known(q),
        df=df,
        p_Q=p_of_q(q, df),
        I2=known(i_squared(q, df)),
        prediction_low=known(prediction_low),
        prediction_high=known(prediction_high),
    )


def pool(
    tables: pd.DataFrame | Tables,
    measure: str = "OR",
    method: str = "MH",
    model: str = "fixed",
    tau2: str = "DL",
    ci: str = "wald",
    level: float = 0.95,
) -> PooledEffect:
    """Pool the studies of one meta-analysis.

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``, one row a study.
    measure : {"OR", "RR", "RD"}
    method : {"MH", "IV", "Peto"}
        Mantel-Haenszel, inverse variance, or Peto (odds ratios, fixed effect).
    model : {"fixed", "random"}
        Random effects weight by ``1 / (v + tau2)``. With ``method="MH"`` and ``tau2="DL"`` tau2 comes from Q around the
        Mantel-Haenszel estimate (RevMan's "M-H, Random"), with ``"IV"`` from Q around the inverse-variance estimate.
    tau2 : {"DL", "PM", "REML"}
        DerSimonian-Laird, Paule-Mandel, restricted maximum likelihood. The last two use no fixed-effect estimate, so
        ``method`` then only decides around which estimate the reported Q is taken.
    ci : {"wald", "hksj", "hksj_adhoc"}
        Normal quantiles, or Hartung-Knapp-Sidik-Jonkman with t on k - 1 degrees of freedom (random effects only).
        ``"hksj"`` may be narrower than ``"wald"`` when the studies agree by chance; ``"hksj_adhoc"`` never is.
        "Never narrower" has two readings: (a) compare the two intervals and keep the wider one with its standard error
        and P; (b) let the Hartung-Knapp variance not fall below the Wald variance but keep t (metafor's
        ``test="adhoc"``), never narrower than (a). ``"hksj_adhoc"`` is (a).
    level : float
        Confidence level.

    Returns
    -------
    PooledEffect
        Unrounded; ratio measures on the log scale. I2 and Q are RevMan's also under random effects. What is not
        estimable is None, with the reason in ``reasons``.

    Raises
    ------
    DataError
        Tables that cannot be pooled, with the place.
    OptionError
        Unknown or meaningless options.

    Examples
    --------
    >>> import pandas as pd
    >>> import metalib
    >>> trials = pd.DataFrame({"study": ["a", "b"], "events_t": [10, 4], "n_t": [50, 40],
    ...                        "events_c": [20, 9], "n_c": [50, 40]})
    >>> print(metalib.pool(trials).summary())
    OR 0.38 [0.18, 0.79], z = -2.61, P = 0.009; k = 2 (MH, fixed); Q = 0.00, df = 1, P = 0.980, I2 = 0%
    """
    check_options(measure, method, model, tau2, ci)
    z_level = 0.5 + check_level(level) / 2
    checked = check_tables(tables)
    t = cells(*(x[None] for x in checked.counts()))
    e = peto_effects(t) if method == "Peto" else study_effects(t, measure)
    batch = _pool(t, e, e.estimable, measure, method, model, tau2, ci, z_level)
    return PooledEffect.from_batch(
        batch,
        0,
        studies=checked.studies,
        excluded=() if batch.k[0] == checked.k else _excluded(checked, measure),
        measure=measure,
        method=method,
        model=model,
        tau2_method=tau2 if model == "random" else None,
        ci_method=ci,
        level=float(level),
    )


def _excluded(checked: Tables, measure: str) -> tuple[tuple[str, str], ...]:
    reasons = reason_not_estimable(checked, measure)
    return tuple((study, reason) for study, reason in zip(checked.studies, reasons, strict=True) if reason)


def check_options(measure: str, method: str, model: str, tau2: str, ci: str) -> None:
    """Raise :class:`OptionError` for an unknown option or a combination without a meaning."""
    choose("measure", measure, MEASURES)
    choose("method", method, METHODS)
    choose("model", model, MODELS)
    choose("tau2", tau2, TAU2_METHODS)
    choose("ci", ci, CI_METHODS)
    if method == "Peto" and measure != "OR":
        raise OptionError(f"method='Peto' is a method for odds ratios, not for measure={measure!r}")
    if method == "Peto" and model != "fixed":
        raise OptionError("method='Peto' is a fixed-effect method; use method='IV' or 'MH' for random effects")
    if ci != "wald" and model != "random":
        raise OptionError(f"ci={ci!r} needs model='random'")


def _positive(x: np.ndarray) -> np.ndarray:
    """Replace empty sums by 1, so that meta-analyses without a study do not divide by 0."""
    return np.where(x > 0, x, 1.0)
