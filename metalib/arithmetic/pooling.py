"""Pooling: Mantel-Haenszel, inverse variance and Peto; fixed and random effects.

The arithmetic is that of Review Manager 5.4 [1]_. One kernel, :func:`pool_batch`, works on arrays of shape
``(..., k)``; :func:`pool` is its case of a single meta-analysis and adds names and reasons.

.. [1] Deeks JJ, Higgins JPT (2010). Statistical algorithms in Review Manager 5. Cochrane Statistical Methods Group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Unpack

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..errors import OptionError
from .data import StudyData, check_data
from .estimates import Estimates
from .estimators import inverse_variance, mantel_haenszel
from .heterogeneity import cochran_q, i_squared, i_squared_of_tau2, p_of_q, tau2_dl, tau2_pm, tau2_reml
from .intervals import finish
from .options import MODELS, Choices, Options
from .rates import Rates
from .results import PooledBatch, PooledEffect
from .study_effects import Cells, StudyEffects, cells, peto_effects, reason_not_estimable, study_effects
from .tables import Tables, check_arrays

#: Studies in a block of meta-analyses. Its arrays, 192 KB each, stay in the cache, and their memory is used again.
BLOCK = 24576


def pool_batch(
    events_t: ArrayLike,
    n_t: ArrayLike,
    events_c: ArrayLike,
    n_c: ArrayLike,
    *,
    include: ArrayLike | None = None,
    **choices: Unpack[Choices],
) -> PooledBatch:
    """Pool many meta-analyses at once.

    Parameters
    ----------
    events_t, n_t, events_c, n_c : array_like, shapes that broadcast to (..., k)
        Counts; the last axis runs over studies. A Series has no place here: its index would be ignored.
    include : array_like of bool, shape that broadcasts to (..., k), optional
        Studies that take part, so that subsets and meta-analyses of unequal size fit one array. Entries that do not
        take part still have to be tables (any, for example 0 of 1 and 0 of 1).
    **choices
        ``measure, method, model, tau2, ci, level, I2, prediction`` as in :func:`pool`.

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
    return _pool_blocks((events_t, n_t, events_c, n_c), include, [Options(**choices)])[0]


def pool_batch_both(
    events_t: ArrayLike,
    n_t: ArrayLike,
    events_c: ArrayLike,
    n_c: ArrayLike,
    *,
    include: ArrayLike | None = None,
    **choices: Unpack[Choices],
) -> tuple[PooledBatch, PooledBatch]:
    """Pool many meta-analyses under a fixed-effect and a random-effects model, in less time than two calls.

    Parameters
    ----------
    events_t, n_t, events_c, n_c, include, **choices
        As in :func:`pool_batch`, without ``model`` and ``ci``.

    Returns
    -------
    tuple of PooledBatch
        Fixed and random; exactly what :func:`pool_batch` returns for each.

    Raises
    ------
    DataError, OptionError
        As in :func:`pool_batch`.
    """
    for name in ("model", "ci"):
        if name in choices:
            raise OptionError(f"{name} is not for a batch under both models, whose intervals are Wald's")
    both = [replace(Options(**choices), model=model) for model in MODELS]
    fixed, random = _pool_blocks((events_t, n_t, events_c, n_c), include, both)
    return fixed, random


def _pool_blocks(given: Sequence[ArrayLike], include: ArrayLike | None, models: Sequence[Options]) -> list[PooledBatch]:
    """Pool block by block; one batch for each of `models`, which differ in nothing but the model."""
    counts, marks = check_arrays(given, include)
    # One meta-analysis under many choices of studies: its effects are the same in every row.
    same_tables = all(x.ndim == 1 for x in counts)
    shape = np.broadcast_shapes(*(x.shape for x in (*counts, marks)))
    k = shape[-1]
    marks = np.broadcast_to(marks, shape).reshape(-1, k)
    tables = [np.broadcast_to(x, (1, k) if same_tables else shape).reshape(-1, k) for x in counts]
    rows = max(BLOCK // k, 1)
    parts = []
    # One block at least, so that no meta-analysis at all gives a batch without rows.
    for start in range(0, max(len(marks), 1), rows):
        block = slice(start, start + rows)
        if start == 0 or not same_tables:
            t = cells(*(x if same_tables else x[block] for x in tables))
            e = effects_of(t, models[0])
        parts.append(pool_rows(t, e, e.estimable & marks[block], models))
    return [PooledBatch.concatenate(batches).reshape(shape[:-1]) for batches in zip(*parts, strict=True)]


def effects_of(tables: Cells, options: Options) -> StudyEffects:
    """Return the study effects that a method pools: Peto's own, or those of the measure."""
    return peto_effects(tables) if options.method == "Peto" else study_effects(tables, options.measure)


def pool_rows(t: Cells | None, e: StudyEffects, include: np.ndarray, models: Sequence[Options]) -> list[PooledBatch]:
    """Pool the rows of (m, k) arrays under each of `models`, which share measure and method.

    The tables may be missing where no Mantel-Haenszel weights are asked for.
    """
    k = include.sum(-1)
    df = np.maximum(k - 1, 0)
    inverse = include / e.vi
    if models[0].method == "MH" and t is not None:
        common = mantel_haenszel(t, e, include, models[0].measure)
    else:
        common = inverse_variance(e.yi, inverse)
    q = cochran_q(e.yi, inverse, common[0], k)
    p_q = p_of_q(q, df)
    batches = []
    for options in models:
        tau2, pooled = np.full(k.shape, np.nan), common
        if options.model == "random":
            if options.tau2 == "DL":
                tau2 = tau2_dl(q, inverse, k)
            else:
                tau2 = (tau2_pm if options.tau2 == "PM" else tau2_reml)(e.yi, e.vi, include)
            pooled = inverse_variance(e.yi, include / (e.vi + tau2[:, None]))
        i2 = i_squared(q, df) if options.I2 == "Q" else i_squared_of_tau2(tau2, inverse, df)
        batches.append(finish(e.yi, include, k, *pooled, tau2, (q, p_q, i2), options))
    return batches


def pool(
    tables: pd.DataFrame | StudyData,
    measure: str = "OR",
    method: str = "",
    model: str = "fixed",
    tau2: str = "DL",
    ci: str = "wald",
    level: float = 0.95,
    I2: str = "Q",
    prediction: str = "k-2",
) -> PooledEffect:
    """Pool the studies of one meta-analysis.

    Parameters
    ----------
    tables : DataFrame
        One row a study: ``study`` and the columns that the measure is made of.
    measure : str
        ``"OR"``, ``"RR"``, ``"RD"`` of 2x2 tables, ``events_t, n_t, events_c, n_c``; ``"MD"``, ``"SMD"`` of means,
        ``mean_t, sd_t, n_t, mean_c, sd_c, n_c``; ``"IRR"``, ``"IRD"`` of events and person-time,
        ``events_t, time_t, events_c, time_c``. All of these and ``"HR"``, ``"ratio"``, ``"difference"`` also of effects
        that come as such, ``effect, se`` (log scale for ratios) or ``estimate, ci_low, ci_high`` (as printed, 95%).
    method : {"MH", "IV", "Peto"}, optional
        Mantel-Haenszel (2x2 tables), inverse variance, or Peto (odds ratios of 2x2 tables, fixed effect). Left out: MH
        for 2x2 tables, IV for all other data.
    model : {"fixed", "random"}
        Random effects weight by ``1 / (v + tau2)``. With ``method="MH"`` and ``tau2="DL"`` tau2 comes from Q around the
        Mantel-Haenszel estimate (RevMan's "M-H, Random"), with ``"IV"`` from Q around the inverse-variance estimate.
    tau2 : {"DL", "PM", "REML"}
        DerSimonian-Laird, Paule-Mandel, restricted maximum likelihood. The last two use no fixed-effect estimate, so
        ``method`` then only decides around which estimate the reported Q is taken.
    ci : {"wald", "hksj", "hksj_adhoc", "hksj_tau2"}
        Normal quantiles, or Hartung-Knapp-Sidik-Jonkman with t on k - 1 degrees of freedom (random effects only).
        ``"hksj"`` may be narrower than ``"wald"`` when the studies agree by chance; ``"hksj_adhoc"`` never is.
        "Never narrower" has two readings: (a) compare the two intervals and keep the wider one with its standard error
        and P; (b) let the Hartung-Knapp variance not fall below the Wald variance but keep t (metafor's
        ``test="adhoc"``), never narrower than (a). ``"hksj_adhoc"`` is (a). ``"hksj_tau2"`` is Hartung-Knapp where
        tau2 > 0 and there are more than two studies, else Wald.
    level : float
        Confidence level.
    I2 : {"Q", "tau2"}
        What I2 is computed from: Q, or with random effects the estimate of tau2 (RevMan since 2025).
    prediction : {"k-2", "k-1", "normal"}
        Prediction interval (random effects only) with t on k - 2 or k - 1 degrees of freedom, or the normal quantile.

    Returns
    -------
    PooledEffect
        Unrounded; ratio measures on the log scale. Q is RevMan's also under random effects. What is not estimable is
        None, with the reason in ``reasons``.

    Raises
    ------
    DataError
        Data that cannot be pooled, with the place.
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

    As Review Manager pools since 2025:

    >>> trials.loc[2] = ["c", 12, 40, 4, 40]
    >>> print(metalib.pool(trials, measure="RR", **metalib.REVMAN_2025).summary())  # doctest: +NORMALIZE_WHITESPACE
    RR 0.85 [0.06, 11.63], t = -0.27, P = 0.815; k = 3 (IV, random, REML); Q = 9.14, df = 2, P = 0.010, I2 = 80%,
    tau2 = 0.85
    """
    chosen = Choices(
        measure=measure, method=method, model=model, tau2=tau2, ci=ci, level=level, I2=I2, prediction=prediction
    )
    checked, options = check_choices(tables, chosen)
    t, e = batch_of_one(checked, options)
    [batch] = pool_rows(t, e, e.estimable, [options])
    reasons: dict[str, str] = {}
    if batch.k[0] < len(checked.studies):
        reasons = reasons_by_study(checked, options.measure)
    return PooledEffect.from_batch(batch, 0, options, checked.studies, reasons, data=checked, effects=e.row(0))


def check_choices(tables: pd.DataFrame | StudyData, choices: Choices) -> tuple[StudyData, Options]:
    """Return checked data in the form that the measure needs, and the options; what are effects is pooled by IV.

    Raises
    ------
    DataError, OptionError
        As in :func:`pool`.
    """
    options = Options(**choices)
    checked = check_data(tables, options.measure)
    if isinstance(checked, Estimates) and not choices.get("method"):
        options = replace(options, method="IV")
    if options.method != "IV" and not isinstance(checked, Tables):
        raise OptionError(f"method={options.method!r} needs 2x2 tables, and there are effects; use method='IV'")
    return checked, options


def batch_of_one(checked: StudyData, options: Options) -> tuple[Cells | None, StudyEffects]:
    """Return the tables, if there are any, and the effects of one meta-analysis, arrays of shape (1, k)."""
    if not isinstance(checked, Tables):
        return None, checked.effects(options.measure).batch()
    t = cells(*(x[None] for x in checked.counts()))
    return t, effects_of(t, options)


def pool_subsets(data: StudyData, subsets: np.ndarray, options: Options) -> PooledBatch:
    """Pool many choices of studies of one meta-analysis.

    Parameters
    ----------
    data : StudyData
        From :func:`check_choices`, k studies.
    subsets : ndarray of bool, shape (m, k)
        The studies that take part, one choice a row.
    options : Options

    Returns
    -------
    PooledBatch
        Arrays of shape (m,).
    """
    if isinstance(data, Tables):
        return pool_batch(*data.counts(), include=subsets, **options.choices())
    _, e = batch_of_one(data, options)
    [batch] = pool_rows(None, e, e.estimable & subsets, [options])
    return batch


def reasons_by_study(tables: StudyData, measure: str) -> dict[str, str]:
    """Return why studies have no effect, for those that have none."""
    if isinstance(tables, Rates):
        return tables.reasons(measure)
    if not isinstance(tables, Tables):
        return {}
    reasons = reason_not_estimable(tables, measure)
    return {study: reason for study, reason in zip(tables.studies, reasons, strict=True) if reason}
