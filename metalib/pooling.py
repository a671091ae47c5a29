"""Pooling of 2x2 tables: Mantel-Haenszel, inverse variance and Peto; fixed and random effects.

The arithmetic is that of Review Manager 5.4 [1]_. One kernel, :func:`pool_batch`, works on arrays of shape
``(..., k)``; :func:`pool` is its case of a single meta-analysis and adds names and reasons.

.. [1] Deeks JJ, Higgins JPT (2010). Statistical algorithms in Review Manager 5. Cochrane Statistical Methods Group.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .errors import OptionError, choose
from .estimators import inverse_variance, mantel_haenszel
from .heterogeneity import (
    TAU2_METHODS,
    cochran_q,
    i_squared,
    p_of_q,
    tau2_dl,
    tau2_pm,
    tau2_reml,
)
from .intervals import finish
from .results import PooledBatch, PooledEffect
from .study_effects import (
    MEASURES,
    Cells,
    StudyEffects,
    cells,
    check_level,
    peto_effects,
    reason_not_estimable,
    study_effects,
)
from .tables import Tables, check_arrays, check_tables

METHODS = ("MH", "IV", "Peto")
MODELS = ("fixed", "random")
CI_METHODS = ("wald", "hksj", "hksj_adhoc")
#: Studies in a block of meta-analyses. Its arrays, 96 KB each, stay in the cache, and their memory is used again.
BLOCK = 12288


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
    counts = (events_t, n_t, events_c, n_c)
    return _pool_blocks(counts, include, measure, method, (model,), tau2, ci, level)[0]


def pool_batch_both(
    events_t: np.ndarray,
    n_t: np.ndarray,
    events_c: np.ndarray,
    n_c: np.ndarray,
    *,
    include: np.ndarray | None = None,
    measure: str = "OR",
    method: str = "MH",
    tau2: str = "DL",
    level: float = 0.95,
) -> tuple[PooledBatch, PooledBatch]:
    """Pool many meta-analyses under a fixed-effect and a random-effects model, in less time than two calls.

    Parameters
    ----------
    events_t, n_t, events_c, n_c, include, measure, method, tau2, level
        As in :func:`pool_batch`.

    Returns
    -------
    tuple of PooledBatch
        Fixed and random; exactly what :func:`pool_batch` returns for each.

    Raises
    ------
    DataError, OptionError
        As in :func:`pool_batch`.
    """
    counts = (events_t, n_t, events_c, n_c)
    fixed, random = _pool_blocks(counts, include, measure, method, MODELS, tau2, "wald", level)
    return fixed, random


def _pool_blocks(
    counts: Sequence[np.ndarray],
    include: np.ndarray | None,
    measure: str,
    method: str,
    models: Sequence[str],
    tau2: str,
    ci: str,
    level: float,
) -> list[PooledBatch]:
    """Check the options and pool block by block; one batch a model."""
    for model in models:
        check_options(measure, method, model, tau2, ci)
    z_level = 0.5 + check_level(level) / 2
    counts, marks = check_arrays(counts, include)
    # One meta-analysis under many choices of studies: its effects are the same in every row.
    same_tables = all(x.ndim == 1 for x in counts)
    arrays = np.broadcast_arrays(*counts, marks)
    *leading, k = arrays[0].shape
    *tables, marks = (x.reshape(-1, k) for x in arrays)
    rows = max(BLOCK // k, 1)
    parts = []
    # One block at least, so that no meta-analysis at all gives a batch without rows.
    for start in range(0, max(len(marks), 1), rows):
        block = slice(start, start + rows)
        if start == 0 or not same_tables:
            t = cells(*(x[:1] if same_tables else x[block] for x in tables))
            e = peto_effects(t) if method == "Peto" else study_effects(t, measure)
        parts.append(_pool_models(t, e, e.estimable & marks[block], measure, method, models, tau2, ci, z_level))
    return [PooledBatch.concatenate(batches).reshape(tuple(leading)) for batches in zip(*parts, strict=True)]


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
    return _pool_models(t, e, include, measure, method, (model,), tau2_method, ci, z_level)[0]


def _pool_models(
    t: Cells,
    e: StudyEffects,
    include: np.ndarray,
    measure: str,
    method: str,
    models: Sequence[str],
    tau2_method: str,
    ci: str,
    z_level: float,
) -> list[PooledBatch]:
    """Pool the rows of (m, k) arrays under each of `models`, options already checked."""
    k = include.sum(-1)
    inverse = include / e.vi
    if method == "MH":
        estimate, se, weights = mantel_haenszel(t, e, include, measure)
    else:
        estimate, se, weights = inverse_variance(e.yi, inverse)
    df = np.maximum(k - 1, 0)
    q = cochran_q(e.yi, inverse, estimate, k)
    heterogeneity = q, p_of_q(q, df), i_squared(q, df)
    absent = np.full(k.shape, np.nan)
    batches = []
    for model in models:
        tau2 = absent
        if model == "random":
            if tau2_method == "DL":
                tau2 = tau2_dl(q, inverse, k)
            else:
                tau2 = (tau2_pm if tau2_method == "PM" else tau2_reml)(e.yi, e.vi, include)
            estimate, se, weights = inverse_variance(e.yi, include / (e.vi + tau2[:, None]))
        batches.append(finish(e.yi, include, k, estimate, se, weights, tau2, heterogeneity, model, ci, z_level))
    return batches


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
