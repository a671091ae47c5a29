"""Which studies decide: every subset of the studies, studies added one by one, and Baujat's coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from ..arithmetic.options import RATIOS, Options
from ..arithmetic.pooling import pool, pool_batch
from ..arithmetic.results import IDENTICAL, NO_STUDY, ONE_STUDY
from ..arithmetic.study_effects import cells, peto_effects, study_effects
from ..arithmetic.tables import Tables, check_tables
from ..errors import DataError, OptionError
from .sensitivity import check_order, pool_subsets

#: 65,535 subsets; one study more doubles time and memory.
LARGEST_K = 16
ONLY_ONE = "no other study is estimable"
_NUMBERS = ("estimate", "se", "ci_low", "ci_high", "p", "Q", "I2", "tau2")


def all_subsets(tables: pd.DataFrame | Tables, **options) -> pd.DataFrame:
    """Pool every non-empty subset of the studies (a GOSH analysis, Olkin, Dahabreh & Trikalinos 2012).

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``, at most 16 rows.
    **options
        Passed on to :func:`metalib.pool_batch`.

    Returns
    -------
    DataFrame
        One row for each of the ``2^k - 1`` subsets, by size and then in the order of the rows, so that the last row is
        the whole: ``studies`` (names joined by ", "), ``size``, ``k`` (estimable studies), ``estimate, se, ci_low,
        ci_high, p, Q, I2, tau2``, ``ratio, ratio_low, ratio_high`` (missing for RD) and ``reason`` (why numbers are
        missing that the model has; else empty).

    Raises
    ------
    DataError
    OptionError
        More than 16 studies, or options that :func:`metalib.pool` refuses.

    Examples
    --------
    >>> import pandas as pd
    >>> from metalib.robustness.subsets import all_subsets
    >>> trials = pd.DataFrame({"study": ["a", "b"], "events_t": [10, 4], "n_t": [50, 40],
    ...                        "events_c": [20, 9], "n_c": [50, 40]})
    >>> all_subsets(trials)[["studies", "ratio"]].round(3).values.tolist()
    [['a', 0.375], ['b', 0.383], ['a, b', 0.378]]
    """
    checked = check_tables(tables)
    if checked.k > LARGEST_K:
        raise OptionError(f"{checked.k} studies have {2**checked.k - 1} subsets; at most {LARGEST_K} studies are taken")
    chosen = [rows for size in range(1, checked.k + 1) for rows in combinations(range(checked.k), size)]
    include = np.zeros((len(chosen), checked.k), dtype=bool)
    include[np.repeat(np.arange(len(chosen)), [len(rows) for rows in chosen]), np.concatenate(chosen)] = True
    batch = pool_batch(*checked.counts(), include=include, **options)
    data = {
        "studies": [", ".join(checked.studies[i] for i in rows) for rows in chosen],
        "size": include.sum(-1),
        "k": batch.k,
        **{name: getattr(batch, name) for name in _NUMBERS},
    }
    is_ratio = options.get("measure", "OR") in RATIOS
    for name, source in (("ratio", "estimate"), ("ratio_low", "ci_low"), ("ratio_high", "ci_high")):
        with np.errstate(over="ignore"):
            data[name] = np.exp(data[source]) if is_ratio else np.full(len(chosen), np.nan)
    se_missing, p_missing = np.isnan(batch.se), np.isnan(batch.p)
    data["reason"] = np.select(
        [batch.k == 0, se_missing, p_missing],
        [
            NO_STUDY,
            ONE_STUDY,
            IDENTICAL,
        ],
        "",
    )
    return pd.DataFrame(data)


def cumulative(tables: pd.DataFrame | Tables, order: Sequence[str] | None = None, **options) -> pd.DataFrame:
    """Pool the first one, two, ... studies of an order (Lau et al. 1992).

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``.
    order : sequence of str, optional
        Every study once, in the order in which they enter; the order of the rows if left out.
    **options
        Passed on to :func:`metalib.pool`.

    Returns
    -------
    DataFrame
        One row a step: ``added`` (the study that enters), ``studies`` (those pooled, in the order of the rows, joined
        by ", ") and the columns of :meth:`metalib.PooledEffect.to_frame`; ``reason`` also says when the entering study
        takes no part.

    Raises
    ------
    DataError
        `order` is not every study exactly once, or the tables cannot be pooled.
    OptionError
    """
    checked = check_tables(tables)
    names = list(checked.studies) if order is None else check_order(order)
    for study in names:
        if study not in checked.studies:
            raise DataError("the study to add is not among the tables", study=study)
        if names.count(study) > 1:
            raise DataError("the study is added twice", study=study)
    missing = [study for study in checked.studies if study not in names]
    if missing:
        raise DataError("the order leaves the study out", study=missing[0])
    position = np.array([names.index(study) for study in checked.studies])
    include = position <= np.arange(checked.k)[:, None]
    frame = pool_subsets(checked, include, Options(**options))
    frame.insert(0, "added", names)
    frame.insert(1, "studies", [", ".join(np.array(checked.studies, dtype=object)[row]) for row in include])
    not_used = dict(pool(checked, **options).excluded)
    for i, study in enumerate(names):
        if study in not_used:
            note = f"adding {study} changes nothing ({not_used[study]})"
            frame.loc[i, "reason"] = "; ".join(filter(None, [note, frame.loc[i, "reason"]]))
    return frame


def influence(tables: pd.DataFrame | Tables, **options) -> pd.DataFrame:
    """Return the coordinates of Baujat's plot, for a fixed-effect model (Baujat et al. 2002).

    With the study effects ``y_i``, their variances ``v_i``, the pooled estimate ``m`` and the estimate ``m_(i)``
    without study i::

        heterogeneity_i = (y_i - m)^2 / v_i
        influence_i     = (m_(i) - m)^2 / var(m_(i))

    The first is the study's part of Cochran's Q, the parts sum to Q; the second the squared change of the estimate in
    standard errors of the estimate without the study.

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``.
    **options
        Passed on to :func:`metalib.pool`; ``model`` may only be ``"fixed"``.

    Returns
    -------
    DataFrame
        One row a study, in the order given: ``study, heterogeneity, influence, estimate_without, se_without,
        weight`` (percent) and ``reason`` (why numbers are missing, else empty).

    Raises
    ------
    DataError
    OptionError
        A random-effects model: its Q is not around its own estimate, so that the two axes would not belong together.

    References
    ----------
    Baujat B, Mahé C, Pignon JP, Hill C (2002). A graphical method for exploring heterogeneity in meta-analyses:
    application to a meta-analysis of 65 trials. Stat Med 21:2641-2652.
    """
    if options.get("model", "fixed") != "fixed":
        raise OptionError(f"model={options['model']!r}: Baujat's coordinates are defined for model='fixed'")
    checked = check_tables(tables)
    whole = pool(checked, **options)
    without = pool_batch(*checked.counts(), include=~np.eye(checked.k, dtype=bool), **options)
    t = cells(*checked.counts())
    e = peto_effects(t) if whole.method == "Peto" else study_effects(t, whole.measure)
    centre = np.nan if whole.estimate is None else whole.estimate
    used = e.estimable
    # A single study has Q = 0 exactly, however its own estimate was rounded.
    heterogeneity = (e.yi - centre) ** 2 / e.vi * (used.sum() > 1)
    influenced = np.where(used, (without.estimate - centre) ** 2 / without.se**2, np.nan)
    excluded = dict(whole.excluded)
    reasons = [
        excluded.get(study, "") or (ONLY_ONE if np.isnan(value) else "")
        for study, value in zip(checked.studies, influenced, strict=True)
    ]
    return pd.DataFrame(
        {
            "study": list(checked.studies),
            "heterogeneity": np.where(used, heterogeneity, np.nan),
            "influence": influenced,
            "estimate_without": np.where(used, without.estimate, np.nan),
            "se_without": np.where(used, without.se, np.nan),
            "weight": [np.nan if w is None else w for w in whole.weights],
            "reason": reasons,
        }
    )
