"""Comparison of metalib with other Python engines, statsmodels and PyMARE, on the tables of the golden sets."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np

import metalib
from metalib.audit.agreement import Comparison
from metalib.audit.crosscheck import statsmodels_crosscheck

from .sets import MEASURES, PYMARE, STATSMODELS, load

with warnings.catch_warnings():
    # PyMARE leaves a file of its own open while it is imported.
    warnings.simplefilter("ignore", ResourceWarning)
    from pymare import Dataset
    from pymare.estimators import DerSimonianLaird, WeightedLeastSquares

#: Closed forms in double precision on both sides: tighter than for numbers that have been through a file of R.
RTOL = 1e-10
PYMARE_CI = {"wald": "wald", "hksj": "knapp-hartung"}
QUANTITIES = {
    "IV fixed: estimate": ("iv_fixed", "estimate"),
    "IV fixed: standard error": ("iv_fixed", "se"),
    "Q": ("iv_fixed", "Q"),
    "IV random (DL): tau2": ("iv_random DL", "tau2"),
    "IV random (DL): estimate": ("iv_random DL", "estimate"),
    "IV random (DL): standard error": ("iv_random DL", "se"),
    "M-H fixed: estimate": ("mh_fixed", "estimate"),
    "M-H fixed: standard error": ("mh_fixed", "se"),
}


def compare_statsmodels(name: str) -> Iterator[Comparison]:
    """Yield what ``combine_effects`` and ``StratifiedTable`` say, where they compute the same quantity."""
    tables, _ = load(name)
    for measure in MEASURES:
        for row in statsmodels_crosscheck(tables, measure).itertuples():
            if row.comparable:
                method, quantity = QUANTITIES[row.quantity]
                theirs = float(row.statsmodels)
                yield Comparison(name, STATSMODELS, measure, method, quantity, row.metalib, theirs, RTOL)


def compare_pymare(name: str) -> Iterator[Comparison]:
    """Yield inverse variance, fixed and DerSimonian-Laird, Wald and Hartung-Knapp, of sets of two studies or more."""
    tables, _ = load(name)
    for measure in MEASURES:
        single = metalib.effects(tables, measure)
        used = single["estimable"].to_numpy()
        if used.sum() < 2:
            continue
        y, v = single["effect"].to_numpy()[used], single["se"].to_numpy()[used] ** 2
        fits = [("iv_fixed", "fixed", "wald", WeightedLeastSquares)]
        fits += [(f"iv_random DL{'' if ci == 'wald' else ' hksj'}", "random", ci, DerSimonianLaird) for ci in PYMARE_CI]
        for method, model, ci, estimator in fits:
            theirs = pymare_fit(estimator, y, v, PYMARE_CI[ci])
            options = {"model": model, "ci": ci} if model == "random" else {}
            ours = metalib.pool(tables, measure, method="IV", **options)
            for quantity, value in theirs.items():
                if not (quantity == "tau2" and model == "fixed"):
                    found = getattr(ours, quantity)
                    # Identical studies: a Hartung-Knapp standard error of 0, where PyMARE has no t.
                    if np.isnan(value) and ci == "hksj" and theirs["se"] < 1e-9 and ours.se < 1e-9:
                        continue
                    yield Comparison(name, PYMARE, measure, method, quantity, found, value, RTOL)


def pymare_fit(estimator, y, v, correction: str | None = None) -> dict[str, float]:
    """Return PyMARE's numbers of one model under metalib's names, by default with its own default interval."""
    options = {} if correction is None else {"small_sample_correction": correction}
    with np.errstate(all="ignore"):
        fit = estimator(**options).fit_dataset(Dataset(y, v, add_intercept=True)).summary()
        stats = fit.get_fe_stats()
    names = {"est": "estimate", "se": "se", "ci_l": "ci_low", "ci_u": "ci_high", "p": "p"}
    found = {ours: float(np.ravel(stats[theirs])[0]) for theirs, ours in names.items()}
    return found | {"tau2": float(np.ravel(fit.tau2)[0])}
