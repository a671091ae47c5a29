"""What must hold whatever the data are."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metalib
from metalib import DataError

ALL = [
    {"method": "MH"},
    {"method": "IV"},
    {"method": "Peto"},
    {"method": "MH", "model": "random"},
    {"method": "IV", "model": "random"},
    {"method": "IV", "model": "random", "tau2": "PM"},
    {"method": "IV", "model": "random", "tau2": "REML"},
    {"method": "MH", "model": "random", "ci": "hksj"},
]


@st.composite
def tables(draw: st.DrawFn, min_k: int = 1, max_k: int = 6) -> pd.DataFrame:
    k = draw(st.integers(min_k, max_k))
    rows = []
    for i in range(k):
        n_t, n_c = draw(st.integers(1, 80)), draw(st.integers(1, 80))
        rows.append((f"s{i}", draw(st.integers(0, n_t)), n_t, draw(st.integers(0, n_c)), n_c))
    return pd.DataFrame(rows, columns=["study", "events_t", "n_t", "events_c", "n_c"])


def swap_arms(t: pd.DataFrame) -> pd.DataFrame:
    return t.rename(columns={"events_t": "events_c", "n_t": "n_c", "events_c": "events_t", "n_c": "n_t"})


def swap_events(t: pd.DataFrame) -> pd.DataFrame:
    return t.assign(events_t=t["n_t"] - t["events_t"], events_c=t["n_c"] - t["events_c"])


def same(a: float | None, b: float | None, tolerance: float = 1e-9) -> bool:
    if a is None or b is None:
        return a is b
    return abs(a - b) <= tolerance * max(1.0, abs(a), abs(b))


@pytest.mark.parametrize("options", ALL)
@given(tables())
@settings(max_examples=40, deadline=None)
def test_swapping_arms_or_events_inverts_the_odds_ratio(options: dict, t: pd.DataFrame) -> None:
    # Near a flat top of the likelihood REML's tau2, and what hangs on it, is known less well.
    tolerance = 1e-5 if options.get("tau2") == "REML" else 1e-8
    plain = metalib.pool(t, **options)
    for swapped in (metalib.pool(swap_arms(t), **options), metalib.pool(swap_events(t), **options)):
        assert swapped.k == plain.k
        if plain.estimable:
            assert same(swapped.estimate, -plain.estimate, tolerance)
            assert same(swapped.se, plain.se, tolerance)


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
@pytest.mark.parametrize("options", [o for o in ALL if o["method"] != "Peto"])
@given(t=tables(), order=st.randoms())
@settings(max_examples=25, deadline=None)
def test_the_order_of_studies_does_not_matter(measure: str, options: dict, t: pd.DataFrame, order) -> None:
    rows = list(range(len(t)))
    order.shuffle(rows)
    tolerance = 1e-5 if options.get("tau2") == "REML" else 1e-8
    a, b = metalib.pool(t, measure, **options), metalib.pool(t.iloc[rows], measure, **options)
    for field in ("estimate", "se", "Q", "I2", "tau2"):
        assert same(getattr(a, field), getattr(b, field), tolerance), field
    for study, weight in zip(b.studies, b.weights, strict=True):
        assert same(weight, a.weights[a.studies.index(study)], 100 * tolerance)


@given(tables(max_k=5), st.integers(1, 60), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_a_study_without_events_changes_no_odds_or_risk_ratio(t: pd.DataFrame, n_t: int, n_c: int) -> None:
    more = pd.concat([t, pd.DataFrame([("empty", 0, n_t, 0, n_c)], columns=t.columns)], ignore_index=True)
    for measure in ("OR", "RR"):
        a, b = metalib.pool(t, measure), metalib.pool(more, measure)
        assert (a.estimate, a.se, a.Q, a.k) == (b.estimate, b.se, b.Q, b.k)
        assert b.k_total == a.k_total + 1
        assert dict(b.excluded)["empty"]
        assert b.weights[-1] is None


@given(tables())
@settings(max_examples=60, deadline=None)
def test_heterogeneity_is_within_its_bounds(t: pd.DataFrame) -> None:
    for options in ALL:
        result = metalib.pool(t, **options)
        if result.estimable:
            assert result.Q >= 0
            assert 0 <= result.I2 < 100
            assert (result.tau2 is None) == (result.model == "fixed")
            assert result.tau2 is None or result.tau2 >= 0
            assert sum(w for w in result.weights if w is not None) == pytest.approx(100)


@given(tables(min_k=2))
@settings(max_examples=60, deadline=None)
def test_inverse_variance_estimates_lie_among_the_studies(t: pd.DataFrame) -> None:
    effects = metalib.effects(t).query("estimable")["effect"]
    for options in ({"method": "IV"}, {"model": "random"}, {"method": "MH"}):
        result = metalib.pool(t, **options)
        if result.estimable:
            assert effects.min() - 1e-9 <= result.estimate <= effects.max() + 1e-9


@given(tables(min_k=2))
@settings(max_examples=40, deadline=None)
def test_four_times_the_patients_halve_the_standard_error(t: pd.DataFrame) -> None:
    if (
        (t[["events_t", "events_c"]] == 0).any(axis=None)
        or (t["events_t"] == t["n_t"]).any()
        or (t["events_c"] == t["n_c"]).any()
    ):
        return
    large = t.assign(**{c: 4 * t[c] for c in ("events_t", "n_t", "events_c", "n_c")})
    for measure in ("OR", "RR", "RD"):
        for method in ("MH", "IV"):
            a, b = metalib.pool(t, measure, method), metalib.pool(large, measure, method)
            assert b.se == pytest.approx(a.se / 2, rel=1e-9)
            assert b.estimate == pytest.approx(a.estimate, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("options", ALL)
@given(data=st.lists(tables(min_k=4, max_k=4), min_size=2, max_size=4))
@settings(max_examples=20, deadline=None)
def test_the_batch_is_the_scalar_form_repeated(options: dict, data: list[pd.DataFrame]) -> None:
    stacked = [np.stack([t[c].to_numpy() for t in data]) for c in ("events_t", "n_t", "events_c", "n_c")]
    batch = metalib.pool_batch(*(x.reshape(len(data), 1, 4) for x in stacked), **options)
    assert batch.estimate.shape == (len(data), 1)
    for i, t in enumerate(data):
        one = metalib.pool(t, **options)
        assert bool(batch.estimable[i, 0]) == one.estimable
        for field in (
            "estimate",
            "se",
            "ci_low",
            "ci_high",
            "statistic",
            "p",
            "tau2",
            "Q",
            "p_Q",
            "I2",
            "prediction_low",
        ):
            value = getattr(batch, field)[i, 0]
            assert same(None if value != value else value, getattr(one, field), 1e-12), field


@pytest.mark.parametrize("options", ALL)
@given(tables(min_k=2))
@settings(max_examples=20, deadline=None)
def test_leave_one_out_is_a_refit(options: dict, t: pd.DataFrame) -> None:
    frame = metalib.leave_one_out(t, **options)
    for i, study in enumerate(t["study"]):
        refit = metalib.pool(t[t["study"] != study], **options)
        assert frame.loc[i, "omitted"] == study
        for field in ("estimate", "se", "p", "Q", "tau2"):
            value = frame.loc[i, field]
            assert same(None if value != value else value, getattr(refit, field), 1e-9), field
        if not refit.estimable:
            assert "no study is estimable" in frame.loc[i, "reason"]


@given(tables(min_k=2))
@settings(max_examples=30, deadline=None)
def test_one_subgroup_is_the_whole(t: pd.DataFrame) -> None:
    for options in ({}, {"model": "random"}):
        groups = metalib.subgroups(t, ["all"] * len(t), **options)
        assert groups["all"].estimate == groups.overall.estimate
        assert groups.Q is None
        assert groups.reasons["Q"]


def test_cumulative_exclusion() -> None:
    t = pd.DataFrame(
        {"study": list("abc"), "events_t": [5, 6, 7], "n_t": [20, 20, 20], "events_c": [9, 8, 7], "n_c": [20, 20, 20]}
    )
    frame = metalib.exclude_cumulatively(t, ["b", "a", "c"])
    assert frame["left"].tolist() == ["a, c", "c", ""]
    assert frame["df"].tolist() == [1, 0, 0]
    assert frame.loc[0, "estimate"] == pytest.approx(metalib.pool(t.iloc[[0, 2]]).estimate, rel=1e-12)
    assert frame.loc[2, "reason"] == "no study is estimable"
    assert metalib.exclude_cumulatively(t, []).empty
    for order, problem in ((["x"], "not among"), (["a", "a"], "twice"), ("ab", "must be a list")):
        with pytest.raises(DataError, match=problem):
            metalib.exclude_cumulatively(t, order)


def test_subgroup_labels_are_checked() -> None:
    t = pd.DataFrame({"study": list("ab"), "events_t": [1, 2], "n_t": [9, 9], "events_c": [2, 3], "n_c": [9, 9]})
    with pytest.raises(DataError, match="no column"):
        metalib.subgroups(t, "nothing")
    with pytest.raises(DataError, match="2 rows"):
        metalib.subgroups(t, ["x"])
    with pytest.raises(DataError, match="label is missing"):
        metalib.subgroups(t, ["x", None])
    with pytest.raises(DataError, match="another index"):
        metalib.subgroups(t, pd.Series(["x", "y"], index=[1, 0]))


def test_results_are_frozen_and_explain_what_is_missing() -> None:
    t = pd.DataFrame({"study": ["a", "b"], "events_t": [0, 0], "n_t": [9, 9], "events_c": [0, 0], "n_c": [9, 9]})
    result = metalib.pool(t, model="random")
    assert result.estimate is None
    assert result.ratio is None
    assert result.reasons["estimate"] == "no study is estimable"
    assert [study for study, _ in result.excluded] == ["a", "b"]
    assert "not estimable" in repr(result)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.estimate = 1.0
    with pytest.raises(TypeError):
        result.reasons["estimate"] = ""
    one = metalib.pool(t.assign(events_t=[1, 0]), model="random", ci="hksj")
    assert one.k == 1
    assert one.se is None
    assert "two estimable studies" in one.reasons["se"]
    assert one.p_Q is None
    assert one.prediction_low is None
    assert not math.isnan(one.estimate)
    for name, value in {f.name: getattr(one, f.name) for f in dataclasses.fields(one)}.items():
        assert value is not None or name == "tau2_method" or one.reasons[name], name


def test_a_risk_difference_has_no_ratio() -> None:
    t = pd.DataFrame({"study": ["a"], "events_t": [3], "n_t": [9], "events_c": [4], "n_c": [9]})
    result = metalib.pool(t, "RD")
    assert result.ratio is None
    assert result.natural(result.estimate) == result.estimate


def test_counts_of_a_billion_do_not_overflow() -> None:
    n = 10**9
    t = pd.DataFrame(
        {"study": ["a", "b"], "events_t": [n // 2, n // 4], "n_t": [n, n], "events_c": [n // 3, n // 5], "n_c": [n, n]}
    )
    for options in ALL:
        result = metalib.pool(t, **options)
        assert math.isfinite(result.estimate)
        assert result.estimate > 0


@given(tables(min_k=2))
@settings(max_examples=30, deadline=None)
def test_paule_mandel_solves_its_equation(t: pd.DataFrame) -> None:
    e = metalib.effects(t).query("estimable")
    result = metalib.pool(t, method="IV", model="random", tau2="PM")
    if result.estimable and result.tau2 > 0:
        w = 1 / (e["se"] ** 2 + result.tau2)
        mean = (w * e["effect"]).sum() / w.sum()
        assert (w * (e["effect"] - mean) ** 2).sum() == pytest.approx(len(e) - 1, rel=1e-9)


@given(tables(min_k=2))
@settings(max_examples=30, deadline=None)
def test_reml_is_a_maximum(t: pd.DataFrame) -> None:
    from metalib.heterogeneity import reml_loglik

    e = metalib.effects(t).query("estimable")
    result = metalib.pool(t, method="IV", model="random", tau2="REML")
    if result.k < 2:
        return
    y, v, inside = e["effect"].to_numpy()[None], e["se"].to_numpy()[None] ** 2, np.ones((1, len(e)), dtype=bool)
    others = np.concatenate([[0.0], np.geomspace(1e-8, 200, 400)])
    heights = [reml_loglik(np.array([x]), y, v, inside)[0] for x in others]
    assert reml_loglik(np.array([result.tau2]), y, v, inside)[0] >= max(heights) - 1e-9
