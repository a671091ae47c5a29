"""Known differences between programs: how often, how large, and one example, each computed from the programs' numbers.

Every entry yields (dataset, measure, convention of metalib, the other convention) wherever both have a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from statsmodels.stats.meta_analysis import combine_effects

import metalib

from .agreement import comparisons
from .python_engines import DerSimonianLaird, pymare_fit
from .sets import MEASURES, REVMAN, SETS, STORED, load

Pair = tuple[str, str, float, float]
#: A difference counts above this: far above rounding noise, far below any printed digit.
DIFFERS = 1e-8


def differences() -> pd.DataFrame:
    """Return ``difference, compared, differs, sets, without, largest, dataset, measure, ours, theirs``.

    ``compared`` and ``differs`` count set x measure (tests for stored P values), ``sets`` the data sets with a
    difference, ``without`` the cases in which one of the two has no number (infinite here). ``largest`` is the largest
    finite difference. The example is the largest one, finite if possible, and of a published set if possible.
    """
    rows = []
    for name, pairs in DIFFERENCES.items():
        found = [(d, m, float(a), float(b), abs(a - b)) for d, m, a, b in pairs()]
        differing = [row for row in found if row[4] > DIFFERS]
        finite = [row for row in differing if math.isfinite(row[4])] or differing
        published = [row for row in finite if not row[0].startswith(("edge_", "rnd_"))] or finite
        dataset, measure, a, b, _ = max(published, key=lambda row: row[4])
        rows.append((name, len(found), len(differing), len({r[0] for r in differing}),
                     sum(math.isinf(r[4]) for r in differing), max(r[4] for r in finite),
                     dataset, measure, a, b))  # fmt: skip
    names = ["difference", "compared", "differs", "sets", "without", "largest", "dataset", "measure", "ours", "theirs"]
    return pd.DataFrame(rows, columns=names)


def _blocks() -> Iterator[tuple[str, str, dict]]:
    for name in SETS:
        golden = load(name)[1]["measures"]
        for measure in MEASURES:
            yield name, measure, golden[measure]


def _several() -> Iterator[tuple[str, str, pd.DataFrame, np.ndarray, np.ndarray]]:
    for name in SETS:
        tables, _ = load(name)
        for measure in MEASURES:
            single = metalib.effects(tables, measure)
            used = single["estimable"].to_numpy()
            if used.sum() > 1:
                yield name, measure, tables, single["effect"].to_numpy()[used], single["se"].to_numpy()[used] ** 2


def _truncation(quantity: str) -> Iterator[Pair]:
    for name, measure, tables, y, v in _several():
        with np.errstate(invalid="ignore", divide="ignore"):
            other = combine_effects(y, v, method_re="dl")
        ours = metalib.pool(tables, measure, method="IV", model="random")
        theirs = float(other.tau2) if quantity == "tau2" else 100 * float(other.i2)
        # I2 is a ratio to Q, and Q of identical studies is 0.
        if quantity == "tau2" or ours.Q > 1e-9:
            yield name, measure, getattr(ours, quantity), theirs


def _mh_zero_cells() -> Iterator[Pair]:
    for name, measure, golden in _blocks():
        ours, theirs = golden["revman"]["mh_fixed"].get("estimate"), golden["mh"].get("estimate")
        if measure != "RD" and ours is not None and "error" not in golden["mh"]:
            yield name, measure, ours, math.inf if theirs is None else theirs


def _mh_risk_difference() -> Iterator[Pair]:
    for name, measure, golden in _blocks():
        if measure == "RD" and golden["mh"].get("se") is not None:
            yield name, measure, golden["revman"]["mh_fixed"]["se"], golden["mh"]["se"]


def _rd_effects() -> Iterator[Pair]:
    for name, measure, golden in _blocks():
        if measure == "RD":
            pairs = zip(golden["revman"]["effects"]["yi"], golden["effects"]["yi"], strict=True)
            yield name, measure, *max(pairs, key=lambda pair: abs(pair[0] - pair[1]))


def _all_events() -> Iterator[Pair]:
    for name, measure, golden in _blocks():
        if measure == "RR":
            ours, theirs = golden["revman"]["effects"]["yi"], golden["effects"]["yi"]
            yield name, measure, sum(y is not None for y in ours), sum(y is not None for y in theirs)


def _mh_random_tau2() -> Iterator[Pair]:
    for name, measure, golden in _blocks():
        ours, theirs = golden["revman"]["mh_random"].get("tau2"), golden["revman"]["iv_random"].get("tau2")
        if ours is not None and theirs is not None:
            yield name, measure, ours, theirs


def _pymare_default() -> Iterator[Pair]:
    for name, measure, tables, y, v in _several():
        theirs = pymare_fit(DerSimonianLaird, y, v)
        if not math.isnan(theirs["ci_low"]):
            ours = metalib.pool(tables, measure, method="IV", model="random")
            yield name, measure, ours.ci_high - ours.ci_low, theirs["ci_high"] - theirs["ci_low"]


def _pymare_identical() -> Iterator[Pair]:
    for name, measure, tables, y, v in _several():
        ours = metalib.pool(tables, measure, method="IV", model="random", ci="hksj")
        theirs = pymare_fit(DerSimonianLaird, y, v, "knapp-hartung")["ci_low"]
        yield name, measure, ours.ci_high - ours.ci_low, math.inf if math.isnan(theirs) else ours.ci_high - ours.ci_low


def _never_narrower() -> Iterator[Pair]:
    """Width of the wider of two intervals, and of the interval whose variance factor is at least 1 (PyMARE)."""
    for name, measure, tables, y, v in _several():
        ours = metalib.pool(tables, measure, method="IV", model="random", ci="hksj_adhoc")
        theirs = pymare_fit(DerSimonianLaird, y, v, "knapp-hartung-conservative")
        if not math.isnan(theirs["ci_low"]):
            yield name, measure, ours.ci_high - ours.ci_low, theirs["ci_high"] - theirs["ci_low"]


def _one_study() -> Iterator[Pair]:
    for name, measure, golden in _blocks():
        fit = golden.get("re", {}).get("DL", {"error": ""})
        if fit.get("k") == 1:
            assert golden["revman"]["iv_random"]["Q_p"] is None
            yield name, measure, math.inf, fit["Q_p"]


def _i2_definition() -> Iterator[Pair]:
    """I2 from Q, and metafor's, from the tau2 of REML and the typical variance."""
    for name, measure, golden in _blocks():
        fit = golden["re"]["REML"]
        if "error" not in fit and fit["k"] > 1:
            from_q = max(0.0, 100 * (fit["Q"] - fit["Q_df"]) / fit["Q"]) if fit["Q"] > 1e-9 else 0.0
            yield name, measure, from_q, fit["I2"]


def _stored_p() -> Iterator[Pair]:
    for name in STORED:
        for c in comparisons(name):
            if c.source == REVMAN and c.quantity == "p":
                yield name, c.measure, c.ours, c.golden


DIFFERENCES: dict[str, Callable[[], Iterator[Pair]]] = {
    "Mantel-Haenszel sums with zero cells": _mh_zero_cells,
    "Variance of the Mantel-Haenszel risk difference": _mh_risk_difference,
    "Risk difference of a study with a zero cell": _rd_effects,
    "Risk ratio of studies with events only": _all_events,
    "tau2 of M-H, random": _mh_random_tau2,
    "I2": _i2_definition,
    "P of Q of one study": _one_study,
    "tau2 below 0": lambda: _truncation("tau2"),
    "I2 below 0": lambda: _truncation("I2"),
    "Default interval of PyMARE": _pymare_default,
    "Hartung-Knapp interval of identical studies": _pymare_identical,
    "Never narrower": _never_narrower,
    "Stored P values": _stored_p,
}
