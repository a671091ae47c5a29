"""Pooling under other rules for zero cells than Review Manager's.

==============  ====================================================================================================
rule            what it adds
==============  ====================================================================================================
revman          0.5 added to all four cells of a study with a zero cell (:func:`metalib.pool`)
none            nothing added: Mantel-Haenszel sums take every study as it is; inverse variance leaves out studies
                without a finite effect and variance
treatment_arm   in a study with a zero cell, ``n_t / N`` is added to both cells of the experimental and ``n_c / N`` to
                both cells of the control arm: the reciprocals of the opposite arm's size, scaled to sum to 1 [1]_
constant_all    0.5 added to all four cells of all studies as soon as one of them has a zero cell
==============  ====================================================================================================

Which studies are estimable, and RevMan's two exceptions (RR exactly 1 when every patient had the event; the RD itself
never corrected) stay as they are in all rules that add something.

.. [1] Sweeting MJ, Sutton AJ, Lambert PC (2004). What to add to nothing? Use and avoidance of continuity corrections
   in meta-analysis of sparse data. Stat Med 23:1351-1375.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Unpack

import numpy as np
import pandas as pd

from ..errors import OptionError, choose
from .estimators import mantel_haenszel_estimate, mantel_haenszel_sums
from .heterogeneity import cochran_q, i_squared, p_of_q
from .intervals import finish
from .options import Choices, Options
from .pooling import pool, pool_rows, reasons_by_study
from .results import PooledBatch, PooledEffect
from .study_effects import Cells, StudyEffects, cells, study_effects
from .tables import Tables, check_tables

RULES = ("revman", "none", "treatment_arm", "constant_all")
NO_VARIANCE = "zero cell: without a correction there is no finite effect and variance"
ONE_SIDED = "no correction: one of the two Mantel-Haenszel sums is 0"
NO_SPREAD = "no correction: in every arm all patients or none had the event, so that the variance is 0"


def pool_corrected(tables: pd.DataFrame | Tables, rule: str = "revman", **choices: Unpack[Choices]) -> PooledEffect:
    """Pool the studies of one meta-analysis under a rule for zero cells.

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``, one row a study.
    rule : {"revman", "none", "treatment_arm", "constant_all"}
        See the module. With ``"none"`` and ``method="MH"``, Q (which needs an effect of every study) takes effects and
        variances with 0.5 added, as metafor's ``rma.mh`` does by default, around the uncorrected estimate.
    **choices
        ``measure, method, model, tau2, ci, level, I2, prediction`` as in :func:`metalib.pool`.

    Returns
    -------
    PooledEffect
        ``excluded`` names the studies without an effect under the rule.

    Raises
    ------
    DataError
    OptionError
        Unknown options, or a combination without a meaning: Peto's method, which corrects nothing, under another rule
        than ``"revman"``; ``rule="none"`` with ``method="MH"`` and random effects, which weight study effects.

    Examples
    --------
    >>> import pandas as pd
    >>> import metalib
    >>> trials = pd.DataFrame({"study": ["a", "b"], "events_t": [10, 0], "n_t": [50, 90],
    ...                        "events_c": [20, 3], "n_c": [50, 40]})
    >>> [round(metalib.pool_corrected(trials, rule).ratio, 3) for rule in ("revman", "none", "treatment_arm")]
    [0.302, 0.298, 0.311]
    """
    options = Options(**choices)
    measure, method = options.measure, options.method
    choose("rule", rule, RULES)
    if rule == "revman":
        return pool(tables, **options.choices())
    if method == "Peto":
        raise OptionError(f"method='Peto' corrects no cell, so that rule={rule!r} has no meaning")
    if rule == "none" and method == "MH" and options.model == "random":
        raise OptionError("rule='none': random effects weight study effects; use method='IV'")
    checked = check_tables(tables)
    plain = cells(*(x[None] for x in checked.counts()))
    reasons, why = reasons_by_study(checked, measure), ""
    if rule != "none":
        t = _corrected(plain, rule)
        e = study_effects(t, measure)
        [batch] = pool_rows(t, e, e.estimable, [options])
    elif method == "IV":
        e = _usable(_plain_effects(plain, measure))
        left_out = [study for study, found in zip(checked.studies, e.estimable[0], strict=True) if not found]
        reasons = {study: reasons.get(study, NO_VARIANCE) for study in left_out}
        [batch] = pool_rows(plain, e, e.estimable, [options])
    else:
        e = study_effects(plain, measure)
        batch, why = _uncorrected(plain, e, options)
    result = PooledEffect.from_batch(batch, 0, options, checked.studies, reasons, data=checked, effects=e.row(0))
    if why:
        own = ("tau2", "prediction_low", "prediction_high", *(("p_Q",) if result.Q is not None else ()))
        told = {name: r if name in own else why for name, r in result.reasons.items()}
        result = replace(result, reasons=MappingProxyType(told))
    return result


def _corrected(t: Cells, rule: str) -> Cells:
    """Return the tables with the numbers of a rule added to the cells of both arms."""
    if rule == "constant_all":
        corrected = np.broadcast_to(t.corrected.any(-1, keepdims=True), t.a.shape)
        add_t = add_c = 0.5 * corrected
    else:
        corrected = t.corrected
        add_t, add_c = (corrected * (n / (t.n1 + t.n2)) for n in (t.n1, t.n2))
    return _with_cells(t, corrected, add_t, add_c)


def _with_cells(t: Cells, corrected: np.ndarray, add_t: np.ndarray | float, add_c: np.ndarray | float) -> Cells:
    return replace(
        t, corrected=corrected, A=t.a + add_t, B=t.n1 - t.a + add_t, C=t.c + add_c, D=t.n2 - t.c + add_c,
        N1=t.n1 + 2 * add_t, N2=t.n2 + 2 * add_c, N=t.n1 + t.n2 + 2 * (add_t + add_c),
    )  # fmt: skip


def _plain_effects(t: Cells, measure: str) -> StudyEffects:
    """Return effects and variances from the cells as they are; infinite or no number where a zero divides."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return study_effects(_uncorrected_cells(t), measure)


def _uncorrected_cells(t: Cells) -> Cells:
    return _with_cells(t, np.zeros(t.a.shape, dtype=bool), 0.0, 0.0)


def _usable(e: StudyEffects) -> StudyEffects:
    """Return the effects with those left out that are infinite or have no variance."""
    usable = e.estimable & np.isfinite(e.yi) & np.isfinite(e.vi) & (e.vi > 0)
    return StudyEffects(np.where(usable, e.yi, 0.0), np.where(usable, e.vi, 1.0), usable, e.corrected)


def _uncorrected(t: Cells, e: StudyEffects, options: Options) -> tuple[PooledBatch, str]:
    """Return the fixed-effect Mantel-Haenszel result without any correction, and why numbers are missing in it."""
    k = e.estimable.sum(-1)
    each = mantel_haenszel_sums(_uncorrected_cells(t), _plain_effects(t, options.measure), options.measure)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, variance = mantel_haenszel_estimate(each.total(), options.measure)
    # One of the two sums is 0: the ratio is 0 or infinite.
    estimate = np.where((k > 0) & np.isfinite(estimate), estimate, np.nan)
    found = np.isfinite(estimate)
    se = np.sqrt(np.where(found & (variance > 0), variance, np.nan))
    q, df = cochran_q(e.yi, e.estimable / e.vi, estimate), np.maximum(k - 1, 0)
    heterogeneity = q, p_of_q(q, df), np.where(found, i_squared(q, df), np.nan)
    absent = np.full(k.shape, np.nan)
    batch = finish(e.yi, e.estimable, k, estimate, se, each.s, absent, heterogeneity, options)
    reason = "" if k[0] == 0 or np.isfinite(se[0]) else ONE_SIDED if not found[0] else NO_SPREAD
    weights = np.where(each.s.sum(-1, keepdims=True) > 0, batch.weights, np.nan)
    return replace(batch, estimable=found, weights=weights, Q=np.where(found, q, np.nan)), reason
