"""Meta-regression against metafor; what must not change; what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metalib
from metalib import DataError, OptionError, figures, meta_regression
from metalib.arithmetic.meta_regression import ESTIMATORS

GOLDEN = Path(__file__).parent.parent / "validation" / "golden" / "meta_regression"
SETS = sorted(path.stem for path in GOLDEN.glob("*.json"))
EACH = ("coefficients", "se", "statistic", "p", "ci_low", "ci_high")
ONE = ("tau2", "R2", "I2", "QE", "QE_p", "QM", "QM_p", "k")


def load(name: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def frame(golden: dict[str, Any]) -> pd.DataFrame:
    names = [f"study {i}" for i in range(len(golden["yi"]))]
    se = np.sqrt(golden["vi"])
    return pd.DataFrame({"study": names, "effect": golden["yi"], "se": se, **golden["moderators"]})


def agree(ours: float | None, theirs: float | None, what: str) -> None:
    if theirs is None or ours is None:
        assert (ours, theirs) == (None, None), what
    else:
        assert math.isclose(ours, theirs, rel_tol=1e-8, abs_tol=1e-10), f"{what}: {ours} {theirs}"


@pytest.mark.parametrize("name", SETS)
def test_numbers_are_those_of_metafor(name: str) -> None:
    golden = load(name)
    data = frame(golden)
    for label, theirs in golden["fits"].items():
        tau2, _, ci = label.partition("_")
        fit = meta_regression(data, list(golden["moderators"]), measure="ratio", tau2=tau2, ci=ci or "wald")
        # Where there is no variance to explain, metafor says 0% and we say that there is no share.
        assert (fit.R2 is None) == (fit.tau2_without == 0)
        theirs |= {"R2": None} if fit.R2 is None and theirs["R2"] == 0 else {}
        for field in ONE:
            agree(getattr(fit, field), theirs[field], f"{name} {label} {field}")
        for field in EACH:
            for i, (a, b) in enumerate(zip(getattr(fit, field), theirs[field], strict=True)):
                agree(a, b, f"{name} {label} {field} {i}")


def test_the_sets_are_there_with_every_estimator() -> None:
    assert {"bcg_latitude", "bcg_both", "raudenbush1985", "edge_explained", "edge_homogeneous"} <= set(SETS)
    for name in SETS:
        assert {label.partition("_")[0] for label in load(name)["fits"]} == set(ESTIMATORS)


@pytest.fixture
def bcg() -> pd.DataFrame:
    studies = json.loads((GOLDEN.parent / "bcg.json").read_text(encoding="utf-8"))["studies"]
    counts = {"events_t": "ai", "n_t": "n1i", "events_c": "ci", "n_c": "n2i"}
    names = [f"{study} {year}" for study, year in zip(studies["study"], studies["year"], strict=True)]
    return pd.DataFrame({"study": names, **{ours: studies[theirs] for ours, theirs in counts.items()}}).assign(
        year=studies["year"], alloc=studies["subgroup"]
    )


def test_without_a_moderator_that_matters_it_is_the_random_effects_model(bcg: pd.DataFrame) -> None:
    centred = bcg.assign(x=np.tile([-1.0, 1.0], 7)[:13])
    for tau2 in ("DL", "PM", "REML"):
        fit = meta_regression(centred, "x", measure="RR", tau2=tau2)
        whole = metalib.pool(bcg, measure="RR", method="IV", model="random", tau2=tau2)
        assert math.isclose(fit.tau2_without, whole.tau2 or 0.0, rel_tol=1e-8)


@settings(deadline=None, max_examples=25)
@given(st.floats(-50, 50), st.floats(0.01, 100))
def test_the_scale_of_a_moderator_changes_its_slope_only(shift: float, factor: float) -> None:
    data = frame(load("bcg_latitude"))
    one = meta_regression(data, "ablat", measure="RR")
    other = meta_regression(data.assign(ablat=data["ablat"] * factor + shift), "ablat", measure="RR")
    assert math.isclose(other.coefficients[1] * factor, one.coefficients[1], rel_tol=1e-6)
    for field in ("tau2", "QE", "QM", "R2"):
        assert math.isclose(getattr(other, field), getattr(one, field), rel_tol=1e-6)
    for x in (13.0, 44.0):
        for a, b in zip(one.predict(x), other.predict(x * factor + shift), strict=True):
            assert math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9)


def test_groups_are_set_against_the_first(bcg: pd.DataFrame) -> None:
    fit = meta_regression(bcg, "alloc", measure="RR")
    assert fit.names == ("intercept", "alloc: random", "alloc: systematic")
    assert fit.QM_df == 2
    assert fit.predict(0, 0)[0] == fit.coefficients[0]


def test_a_study_without_an_effect_takes_no_part(bcg: pd.DataFrame) -> None:
    empty = bcg.iloc[[0]].assign(study="empty", events_t=0, events_c=0)
    fit = meta_regression(pd.concat([bcg, empty]), "year", measure="OR")
    assert (fit.k, fit.excluded) == (13, ("empty",))


@pytest.mark.parametrize(
    ("change", "moderators", "message"),
    [
        ({}, "weight", "weight"),
        ({"year": [1948.0] * 13}, "year", "same for all"),
        ({"twice": lambda d: 2 * d["year"]}, ["year", "twice"], "follows from the others"),
        ({"year": lambda d: d["year"].astype(float).mask(d.index == 2)}, "year", "missing"),
        ({"year": lambda d: d["year"].astype(object).mask(d.index == 2, "late")}, "year", "late"),
        ({"year": lambda d: d["year"].astype(float).mask(d.index == 2, np.inf)}, "year", "infinite"),
    ],
)
def test_moderators_that_cannot_be_are_refused(
    bcg: pd.DataFrame, change: dict[str, Any], moderators: str | list[str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        meta_regression(bcg.assign(**change), moderators, measure="RR")


def test_too_few_studies_and_unknown_options_are_refused(bcg: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="too few"):
        meta_regression(bcg.head(2), "year", measure="RR")
    for options in ({"tau2": "EB"}, {"ci": "hksj_adhoc"}, {"measure": "MD"}):
        with pytest.raises(OptionError):
            meta_regression(bcg, "year", **options)
    for moderators in ([], ["year", "year"]):
        with pytest.raises(OptionError):
            meta_regression(bcg, moderators)
    with pytest.raises(OptionError):
        meta_regression(bcg, "year").predict(1.0, 2.0)


def test_a_figure_draws_every_study_and_the_line() -> None:
    data = frame(load("bcg_latitude"))
    fit = meta_regression(data, "ablat", measure="RR")
    values = data["ablat"].tolist()
    drawn = figures.regression_data(fit, values, labels={"study 0": "Aronson"})
    studies, line = drawn[drawn["kind"] == "study"], drawn[drawn["kind"] == "line"]
    assert np.allclose(np.log(studies["estimate"]), data["effect"], rtol=1e-12)
    assert studies["label"].iloc[0] == "Aronson"
    assert math.isclose(studies["weight"].sum(), 100)
    assert math.isclose(math.log(line["estimate"].iloc[-1]), fit.predict(max(values))[0], rel_tol=1e-12)
    axes = figures.regression(fit, values, moderator="latitude").axes[0]
    assert len(axes.collections[-1].get_offsets()) == fit.k
    assert (axes.get_xlabel(), axes.get_yscale()) == ("latitude", "log")
    for wrong in (values[:-1], []):
        with pytest.raises(OptionError):
            figures.regression_data(fit, wrong)
