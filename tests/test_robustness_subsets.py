"""Subsets, cumulative series, Baujat's coordinates, zero-cell rules and specifications hold together with pool."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import ALL, same, swap_arms, swap_events, tables

import metalib
from metalib import DataError, OptionError
from metalib.arithmetic.zero_cells import RULES, pool_corrected
from metalib.robustness.sensitivity import cumulative
from metalib.robustness.specifications import specifications
from metalib.robustness.subsets import all_subsets, influence

FIELDS = ("estimate", "se", "ci_low", "ci_high", "p", "Q", "I2", "tau2")
OPTIONS = [*ALL, {"method": "IV", "model": "random", "tau2": "REML", "ci": "hksj_adhoc"}, {"measure": "RD"}]


def equal(value: float, expected: float | None, tolerance: float = 1e-9) -> bool:
    return same(None if value != value else value, expected, tolerance)


@pytest.mark.parametrize("options", OPTIONS)
@given(t=tables(max_k=5))
@settings(max_examples=20, deadline=None)
def test_every_subset_is_pooled_as_on_its_own(options: dict, t: pd.DataFrame) -> None:
    frame = all_subsets(t, **options)
    assert len(frame) == 2 ** len(t) - 1
    assert frame["studies"].is_unique
    assert frame["size"].is_monotonic_increasing
    for row in frame.itertuples():
        alone = metalib.pool(t[t["study"].isin(row.studies.split(", "))], **options)
        assert (row.k, row.size) == (alone.k, alone.k_total)
        for field in FIELDS:
            assert equal(getattr(row, field), getattr(alone, field)), field
        assert equal(row.ratio, alone.ratio)
        # A number that the model has is missing only with its reason.
        assert (row.p != row.p) == bool(row.reason)
        assert not row.reason or row.reason in alone.reasons["p"]
    whole = frame.iloc[-1]
    assert whole["studies"] == ", ".join(t["study"])


def test_subsets_of_too_many_studies_are_refused() -> None:
    many = pd.DataFrame({"study": [f"s{i}" for i in range(17)], "events_t": 1, "n_t": 9, "events_c": 2, "n_c": 9})
    with pytest.raises(OptionError, match="131071 subsets"):
        all_subsets(many)
    assert len(all_subsets(many.iloc[:10])) == 1023


@pytest.mark.parametrize("options", OPTIONS)
@given(t=tables(max_k=5), order=st.randoms())
@settings(max_examples=20, deadline=None)
def test_each_cumulative_step_is_a_refit_and_the_last_is_the_whole(options: dict, t: pd.DataFrame, order) -> None:
    names = t["study"].tolist()
    order.shuffle(names)
    frame = cumulative(t, names, **options)
    assert frame["added"].tolist() == names
    for i, row in enumerate(frame.itertuples()):
        refit = metalib.pool(t[t["study"].isin(names[: i + 1])], **options)
        for field in FIELDS:
            assert equal(getattr(row, field), getattr(refit, field)), field
        if row.added in dict(refit.excluded):
            assert "changes nothing" in row.reason
    whole = metalib.pool(t, **options)
    assert all(equal(frame.iloc[-1][field], getattr(whole, field)) for field in FIELDS)


def test_a_wrong_order_is_refused() -> None:
    t = pd.DataFrame({"study": list("ab"), "events_t": [1, 2], "n_t": 9, "events_c": [2, 3], "n_c": 9})
    assert cumulative(t)["studies"].tolist() == ["a", "a, b"]
    for order, problem in (
        (["a"], "leaves"),
        (["a", "x"], "not among"),
        (["a", "a"], "twice"),
        ("ab", "must be a list"),
    ):
        with pytest.raises(DataError, match=problem):
            cumulative(t, order)


@pytest.mark.parametrize(
    "options", [{"method": m, "measure": "OR"} for m in ("MH", "IV", "Peto")] + [{"measure": "RD"}]
)
@given(t=tables())
@settings(max_examples=25, deadline=None)
def test_baujat_parts_sum_to_q_and_follow_their_formula(options: dict, t: pd.DataFrame) -> None:
    frame, whole = influence(t, **options), metalib.pool(t, **options)
    if whole.k:
        assert same(float(frame["heterogeneity"].sum()), whole.Q, 1e-8)
    for row in frame.itertuples():
        without = metalib.pool(t[t["study"] != row.study], **options) if len(t) > 1 else None
        if row.study in dict(whole.excluded) or without is None or not without.estimable:
            assert math.isnan(row.influence)
            assert row.reason
        elif whole.k > 1:
            moved = (without.estimate - whole.estimate) / without.se
            assert equal(row.influence, moved**2, 1e-8)
            assert row.reason == ""


def test_baujat_is_for_fixed_effects() -> None:
    t = pd.DataFrame({"study": list("ab"), "events_t": [1, 2], "n_t": 9, "events_c": [2, 3], "n_c": 9})
    with pytest.raises(OptionError, match="model='fixed'"):
        influence(t, model="random")


@given(t=tables(min_k=2), tau2=st.sampled_from(["DL", "PM", "REML"]), measure=st.sampled_from(["OR", "RR", "RD"]))
@settings(max_examples=80, deadline=None)
def test_never_narrower_is_the_wider_of_the_two(t: pd.DataFrame, tau2: str, measure: str) -> None:
    options = {"measure": measure, "method": "IV", "model": "random", "tau2": tau2}
    wald, hk, wider = (metalib.pool(t, ci=ci, **options) for ci in ("wald", "hksj", "hksj_adhoc"))
    if wald.k < 2:
        assert (wider.p, wider.se) == (hk.p, hk.se)
        return
    chosen = hk if hk.ci_high - hk.ci_low >= wald.ci_high - wald.ci_low else wald
    for field in ("estimate", "se", "ci_low", "ci_high", "p", "statistic", "prediction_low"):
        assert getattr(wider, field) == getattr(chosen, field), field
    assert wider.ci_high - wider.ci_low >= max(hk.ci_high - hk.ci_low, wald.ci_high - wald.ci_low)


@pytest.mark.parametrize("rule", RULES)
@given(t=tables())
@settings(max_examples=40, deadline=None)
def test_rules_differ_only_where_there_is_a_zero_cell(rule: str, t: pd.DataFrame) -> None:
    full = t[(t.events_t > 0) & (t.events_c > 0) & (t.events_t < t.n_t) & (t.events_c < t.n_c)]
    for measure in ("OR", "RR", "RD"):
        for method in ("MH", "IV"):
            if len(full):
                a, b = metalib.pool(full, measure, method), pool_corrected(full, rule, measure=measure, method=method)
                assert all(same(getattr(a, field), getattr(b, field), 1e-11) for field in FIELDS)
            result = pool_corrected(t, rule, measure=measure, method=method)
            assert (result.p is None) == ("p" in result.reasons)
            assert result.p is None or 0 <= result.p <= 1


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("method", ["MH", "IV"])
@given(t=tables())
@settings(max_examples=40, deadline=None)
def test_rules_are_symmetric(rule: str, method: str, t: pd.DataFrame) -> None:
    plain = pool_corrected(t, rule, measure="OR", method=method)
    for swapped in (swap_arms(t), swap_events(t)):
        other = pool_corrected(swapped, rule, measure="OR", method=method)
        assert plain.estimable == other.estimable
        if plain.estimable:
            assert same(other.estimate, -plain.estimate, 1e-9)
            assert same(other.se, plain.se, 1e-9)
    rd, mirrored = (pool_corrected(x, rule, measure="RD", method=method) for x in (t, swap_events(t)))
    if rd.estimable:
        assert same(mirrored.estimate, -rd.estimate, 1e-9)
        assert same(mirrored.se, rd.se, 1e-9)


def test_the_treatment_arm_correction_by_hand() -> None:
    """Sweeting et al. 2004: 0 of 90 against 3 of 30; 0.75 and 0.25 are added."""
    t = pd.DataFrame({"study": ["a"], "events_t": [0], "n_t": [90], "events_c": [3], "n_c": [30]})
    result = pool_corrected(t, "treatment_arm", method="IV")
    assert result.estimate == pytest.approx(math.log(0.75 * 27.25 / (90.75 * 3.25)), rel=1e-12)
    assert result.se**2 == pytest.approx(1 / 0.75 + 1 / 90.75 + 1 / 3.25 + 1 / 27.25, rel=1e-12)
    half = pool_corrected(t, "constant_all", method="IV")
    assert half.estimate == metalib.pool(t, "OR", "IV").estimate
    nothing = pool_corrected(t, "none", method="IV")
    assert not nothing.estimable
    assert "zero cell" in dict(nothing.excluded)["a"]
    sums = pool_corrected(t, "none")
    assert "one of the two Mantel-Haenszel sums is 0" in sums.reasons["estimate"]
    sums = pool_corrected(t.assign(events_c=30), "none", measure="RD")
    assert sums.estimate == -1
    assert "variance is 0" in sums.reasons["se"]
    for options in ({"method": "Peto"}, {"model": "random"}, {"rule": "half"}):
        with pytest.raises(OptionError):
            pool_corrected(t, **{"rule": "none", **options})


@given(t=tables())
@settings(max_examples=8, deadline=None)
def test_specifications_are_single_results_side_by_side(t: pd.DataFrame) -> None:
    frame = specifications(t)
    choices = ["measure", "method", "model", "tau2_method", "ci_method", "zero_cells"]
    assert not frame.duplicated(choices).any()
    zero = ((t[["events_t", "events_c"]] == 0).any(axis=1) | (t.events_t == t.n_t) | (t.events_c == t.n_c)).any()
    assert len(frame) == (160 if zero else 43)
    revman = frame[frame["zero_cells"] == ("revman" if zero else "no zero cell")]
    for row in revman.itertuples():
        one = metalib.pool(t, row.measure, row.method, row.model, row.tau2_method or "DL", row.ci_method)
        for field in (*FIELDS, "prediction_low", "prediction_high"):
            assert equal(getattr(row, field), getattr(one, field)), field
        assert equal(row.natural, one.natural(one.estimate))
        assert (row.p != row.p) == (row.significant is pd.NA)
        assert row.p != row.p or row.significant == (row.p < 0.05)
    missing = frame[frame["p"].isna()]
    assert (missing["reason"] != "").all()


def test_specifications_refuse_wrong_choices() -> None:
    t = pd.DataFrame({"study": ["a"], "events_t": [1], "n_t": [9], "events_c": [3], "n_c": [9]})
    assert set(specifications(t, "RR")["measure"]) == {"RR"}
    for wrong in ({"measures": []}, {"measures": ["OR", "OR"]}, {"measures": ["HR"]}, {"level": 95}):
        with pytest.raises(OptionError):
            specifications(t, **wrong)


def test_frames_hold_numbers() -> None:
    t = pd.DataFrame({"study": list("ab"), "events_t": [0, 2], "n_t": 9, "events_c": [0, 3], "n_c": 9})
    for frame in (all_subsets(t), cumulative(t), influence(t), specifications(t)):
        for column in set(frame.columns) & {*FIELDS, "ratio", "natural", "influence"}:
            assert frame[column].dtype == np.float64, column
