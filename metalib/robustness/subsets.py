"""Which studies decide: every subset of the studies, and Baujat's coordinates."""

from __future__ import annotations

from itertools import combinations, compress
from typing import Unpack

import numpy as np
import pandas as pd

from ..arithmetic.data import StudyData
from ..arithmetic.options import Choices, Options
from ..arithmetic.pooling import batch_of_one, check_choices, pool, pool_subsets
from ..arithmetic.results import IDENTICAL, NO_STUDY, ONE_STUDY
from ..errors import OptionError

#: 65,535 subsets; one study more doubles time and memory.
LARGEST_K = 16
ONLY_ONE = "no other study is estimable"
_NUMBERS = ("estimate", "se", "ci_low", "ci_high", "p", "Q", "I2", "tau2")


def all_subsets(tables: pd.DataFrame | StudyData, **choices: Unpack[Choices]) -> pd.DataFrame:
    """Pool every non-empty subset of the studies (a GOSH analysis, Olkin, Dahabreh & Trikalinos 2012).

    Parameters
    ----------
    tables : DataFrame
        As in :func:`metalib.pool`, at most 16 rows.
    **choices
        As in :func:`metalib.pool`.

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
    >>> import metalib
    >>> trials = pd.DataFrame({"study": ["a", "b"], "events_t": [10, 4], "n_t": [50, 40],
    ...                        "events_c": [20, 9], "n_c": [50, 40]})
    >>> metalib.all_subsets(trials)[["studies", "ratio"]].round(3).values.tolist()
    [['a', 0.375], ['b', 0.383], ['a, b', 0.378]]
    """
    checked, options = check_choices(tables, choices)
    k = len(checked.studies)
    if k > LARGEST_K:
        raise OptionError(f"{k} studies have {2**k - 1} subsets; at most {LARGEST_K} studies are taken")
    chosen = [rows for size in range(1, k + 1) for rows in combinations(range(k), size)]
    include = np.zeros((len(chosen), k), dtype=bool)
    include[np.repeat(np.arange(len(chosen)), [len(rows) for rows in chosen]), np.concatenate(chosen)] = True
    return _pool(checked, include, options)


def sampled_subsets(
    tables: pd.DataFrame | StudyData, number: int = 2000, seed: int = 1, **choices: Unpack[Choices]
) -> pd.DataFrame:
    """Pool subsets drawn at random, for more studies than :func:`all_subsets` takes.

    First the size of a subset is drawn, from 1 to k - 1 with equal chances, then its studies: among all subsets alike
    nearly every one would hold about half of the studies. A subset drawn twice counts once.

    Parameters
    ----------
    tables : DataFrame
        As in :func:`metalib.pool`.
    number : int
        Subsets to draw.
    seed : int
        Of the generator (NumPy's PCG64); the same seed gives the same subsets.
    **choices
        As in :func:`metalib.pool`.

    Returns
    -------
    DataFrame
        As :func:`all_subsets`, by size; the last row is the whole.

    Raises
    ------
    DataError
    OptionError
        `number` is no positive whole number, or options that :func:`metalib.pool` refuses.
    """
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise OptionError(f"number={number!r} must be a whole number of at least 1")
    checked, options = check_choices(tables, choices)
    k, generator = len(checked.studies), np.random.default_rng(seed)
    sizes = generator.integers(1, max(k, 2), size=number)
    ranks = generator.random((number, k)).argsort(axis=1).argsort(axis=1)
    drawn = np.unique(np.concatenate([ranks < sizes[:, None], np.ones((1, k), dtype=bool)]), axis=0)
    return _pool(checked, drawn[np.argsort(drawn.sum(-1), kind="stable")], options)


def _pool(checked: StudyData, include: np.ndarray, options: Options) -> pd.DataFrame:
    """Return the results of the subsets marked by the rows of an array (m, k)."""
    batch = pool_subsets(checked, include, options)
    frame = pd.DataFrame(
        {
            "studies": [", ".join(compress(checked.studies, row)) for row in include.tolist()],
            "size": include.sum(-1),
            "k": batch.k,
            **{name: getattr(batch, name) for name in _NUMBERS},
        }
    )
    for name, source in (("ratio", batch.estimate), ("ratio_low", batch.ci_low), ("ratio_high", batch.ci_high)):
        with np.errstate(over="ignore"):
            frame[name] = np.exp(source) if options.is_ratio else np.nan
    missing = [batch.k == 0, np.isnan(batch.se), np.isnan(batch.p)]
    frame["reason"] = np.select(missing, [NO_STUDY, ONE_STUDY, IDENTICAL], "")
    return frame


def influence(tables: pd.DataFrame | StudyData, **choices: Unpack[Choices]) -> pd.DataFrame:
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
        As in :func:`metalib.pool`.
    **choices
        As in :func:`metalib.pool`; ``model`` may only be ``"fixed"``.

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
    if choices.get("model", "fixed") != "fixed":
        raise OptionError(f"model={choices['model']!r}: Baujat's coordinates are defined for model='fixed'")
    checked, options = check_choices(tables, choices)
    whole = pool(checked, **options.choices())
    without = pool_subsets(checked, ~np.eye(len(checked.studies), dtype=bool), options)
    e = batch_of_one(checked, options)[1].row(0)
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
