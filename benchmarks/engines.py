"""The same analyses by metalib, statsmodels, PyMARE and R metafor.

A function takes counts (or what a program starts from) and returns arrays, one number a meta-analysis, by name.
"""

from __future__ import annotations

import csv
import math
import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.meta_analysis import combine_effects

import metalib
from metalib.arithmetic.study_effects import cells, study_effects

from .data import Counts

with warnings.catch_warnings():
    # It leaves a file of its own open for the interpreter to close.
    warnings.simplefilter("ignore", ResourceWarning)
    from pymare import Dataset
    from pymare.estimators import DerSimonianLaird, WeightedLeastSquares

Results = dict[str, np.ndarray]
R_SCRIPT = Path(__file__).with_name("metafor.R")
#: Relative to the larger number, or absolute below 1. Same formulas, other order of sums.
TOLERANCE = 1e-9


def effects_of(counts: Counts) -> tuple[np.ndarray, np.ndarray]:
    """Return log odds ratios and variances, which statsmodels and PyMARE start from."""
    single = study_effects(cells(*(np.asarray(x, dtype=float) for x in counts)), "OR")
    return single.yi, single.vi


def metalib_mh_fixed(counts: Counts) -> Results:
    """Mantel-Haenszel, fixed effect."""
    fixed = metalib.pool_batch(*counts)
    return {"mh": fixed.estimate, "mh_se": fixed.se}


def metalib_mh_both(counts: Counts) -> Results:
    """Mantel-Haenszel, fixed effect and RevMan's random effects, with heterogeneity."""
    fixed, random = metalib.pool_batch_both(*counts)
    return {"mh": fixed.estimate, "mh_se": fixed.se, "random": random.estimate, "tau2": random.tau2, "q": random.Q}


def metalib_iv_both(counts: Counts) -> Results:
    """Inverse variance, fixed effect and DerSimonian-Laird, with heterogeneity."""
    fixed, random = metalib.pool_batch_both(*counts, method="IV")
    return {
        "fixed": fixed.estimate, "fixed_se": fixed.se, "q": fixed.Q, "tau2": random.tau2, "random": random.estimate,
        "random_se": random.se,
    }  # fmt: skip


def statsmodels_mh_fixed(counts: Counts) -> Results:
    """Mantel-Haenszel, fixed effect, one meta-analysis after the other."""
    found = []
    for a, n, c, m in zip(*counts, strict=True):
        table = StratifiedTable(np.array([[a, n - a], [c, m - c]], dtype=float))
        found.append((math.log(table.oddsratio_pooled), table.logodds_pooled_se))
    return dict(zip(("mh", "mh_se"), np.array(found).T, strict=True))


def statsmodels_iv_both(effects: tuple[np.ndarray, np.ndarray]) -> Results:
    """Inverse variance and DerSimonian-Laird, one after the other; not comparable where Q < df (tau2 below 0)."""
    found = []
    for y, v in zip(*effects, strict=True):
        # A negative tau2 can also make it take the root of a negative variance.
        with np.errstate(invalid="ignore"):
            r = combine_effects(y, v, method_re="dl")
        found.append((r.mean_effect_fe, r.sd_eff_w_fe, r.q, r.tau2, r.mean_effect_re, r.sd_eff_w_re))
    results = dict(zip(("fixed", "fixed_se", "q", "tau2", "random", "random_se"), np.array(found).T, strict=True))
    negative = results["tau2"] <= 0
    return {
        name: np.where(negative, np.nan, x) if name in ("tau2", "random", "random_se") else x
        for name, x in results.items()
    }


def pymare_iv_both(effects: tuple[np.ndarray, np.ndarray]) -> Results:
    """Inverse variance and DerSimonian-Laird for all at once, with intervals, P, Q and I2."""
    y, v = effects
    data = Dataset(y.T, v.T, np.ones((y.shape[1], 1)), add_intercept=False)
    fixed = WeightedLeastSquares().fit_dataset(data).summary()
    random = DerSimonianLaird(small_sample_correction="wald").fit_dataset(data).summary()
    one, two = fixed.get_fe_stats(), random.get_fe_stats()
    found = (one["est"], one["se"], fixed.get_heterogeneity_stats()["Q"], random.tau2, two["est"], two["se"])
    return {
        name: np.ravel(x)
        for name, x in zip(("fixed", "fixed_se", "q", "tau2", "random", "random_se"), found, strict=True)
    }


def pymare_iv_fit(effects: tuple[np.ndarray, np.ndarray]) -> Results:
    """Only the fits of :func:`pymare_iv_both`: estimates, their variances and tau2, without intervals, P, Q and I2."""
    y, v = effects
    ones = np.ones((y.shape[1], 1))
    fixed = WeightedLeastSquares().fit(y.T, ones, v.T).params_
    random = DerSimonianLaird(small_sample_correction="wald").fit(y.T, v.T, ones).params_
    return {"fixed": np.ravel(fixed["fe_params"]), "tau2": np.ravel(random["tau2"]), "random": random["fe_params"][0]}


def metalib_leave_one_out(counts: Counts, table) -> Results:
    """Leave-one-out of one meta-analysis by Mantel-Haenszel; `table` is the data frame of `counts`."""
    found = metalib.leave_one_out(table)
    return {"mh": found["estimate"].to_numpy(), "mh_se": found["se"].to_numpy()}


def statsmodels_leave_one_out(counts: Counts) -> Results:
    """Leave-one-out by Mantel-Haenszel, one fit after the other."""
    stay = ~np.eye(counts[0].shape[1], dtype=bool)
    return statsmodels_mh_fixed(tuple(np.array([x[0][row] for row in stay]) for x in counts))


def largest_difference(ours: Results, theirs: Results) -> float:
    """Return the largest difference of two programs, relative above 1; raise when they do not compute the same.

    Raises
    ------
    RuntimeError
        They differ by more than :data:`TOLERANCE`, or have nothing in common.
    """
    shared = ours.keys() & theirs.keys()
    differences = [np.abs(ours[s] - theirs[s]) / np.maximum(np.abs(ours[s]), 1.0) for s in sorted(shared)]
    compared = np.concatenate(differences) if differences else np.array([])
    compared = compared[~np.isnan(compared)]
    if not compared.size or compared.max() > TOLERANCE:
        raise RuntimeError(f"the programs do not agree: {max(compared, default=math.nan):.3g} in {sorted(shared)}")
    return float(compared.max())


def metafor_version() -> str | None:
    """Return the versions of metafor and R, or None where they are not installed."""
    if shutil.which("Rscript") is None:
        return None
    code = 'cat(as.character(packageVersion("metafor")), " (R ", as.character(getRversion()), ")", sep = "")'
    done = subprocess.run(["Rscript", "--vanilla", "-e", code], capture_output=True, text=True, check=False)
    # The last line: R may say something about its set-up before.
    return done.stdout.strip().splitlines()[-1] if done.returncode == 0 and done.stdout.strip() else None


def metafor(counts: Counts, what: str, repeats: int, folder: Path) -> tuple[Results, list[float]]:
    """Let R do the analyses `what` ("mh", "iv" or "loo") and time itself; return results and seconds."""
    table, results, times = folder / "counts.csv", folder / "results.csv", folder / "seconds.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["analysis", "a", "n", "c", "m"])
        for i in range(len(counts[0])):
            rows.writerows([i, *row] for row in zip(*(x[i].tolist() for x in counts), strict=True))
    command = ["Rscript", "--vanilla", str(R_SCRIPT), str(table), what, str(repeats), str(results), str(times)]
    subprocess.run(command, capture_output=True, text=True, check=True)
    with results.open(encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    taken = [float(x) for x in times.read_text(encoding="utf-8").split()]
    return {name: np.array([float(row[name]) for row in found]) for name in found[0]}, taken


#: Call and what it starts from, by case and program. metalib always starts from counts and so works out the effects.
BATCH: dict[str, dict[str, tuple[Callable[..., Results], str]]] = {
    "M-H fixed": {
        "metalib": (metalib_mh_fixed, "counts"),
        "statsmodels": (statsmodels_mh_fixed, "counts"),
    },
    "M-H fixed and random": {"metalib": (metalib_mh_both, "counts")},
    "IV fixed and random": {
        "metalib": (metalib_iv_both, "counts"),
        "PyMARE": (pymare_iv_both, "effects"),
        "PyMARE, fits only": (pymare_iv_fit, "effects"),
        "statsmodels": (statsmodels_iv_both, "effects"),
    },
}
#: The comparable analyses of metafor.
METAFOR = {"M-H fixed": "mh", "IV fixed and random": "iv"}
