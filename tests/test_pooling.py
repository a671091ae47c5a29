"""Examples of pooling and its results; what must hold for any data stands in test_properties.py."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from strategies import ALL

import metalib
from metalib import DataError
from metalib.arithmetic import pooling


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


def test_a_result_keeps_what_was_pooled() -> None:
    t = pd.DataFrame({"study": ["a", "b"], "events_t": [3, 4], "n_t": 9, "events_c": [4, 5], "n_c": 9})
    result = metalib.pool(t, "RR", **metalib.REVMAN_2025)
    t.loc[0, "events_t"] = 9
    again = metalib.pool(result.tables, **result.options.choices())
    assert (again.estimate, again.p, again.I2) == (result.estimate, result.p, result.I2)
    assert result.effects.yi.tolist() == again.effects.yi.tolist()
    with pytest.raises(ValueError, match="read-only"):
        result.tables.events_t[0] = 1


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


@pytest.mark.parametrize("options", [{"tau2": "DL"}, {"tau2": "PM"}, {"tau2": "REML"}, {"ci": "hksj"}])
def test_a_row_depends_neither_on_its_neighbours_nor_on_the_blocks(options: dict, monkeypatch) -> None:
    random = np.random.default_rng(5)
    n = random.integers(5, 60, (2, 40, 6))
    events = random.binomial(n, random.uniform(0, 0.6, (2, 40, 1)))
    counts = events[0], n[0], events[1], n[1]
    whole = metalib.pool_batch(*counts, model="random", **options)
    assert np.ptp(whole.tau2) > 0.1
    monkeypatch.setattr(pooling, "BLOCK", 13)
    in_blocks = metalib.pool_batch(*counts, model="random", **options)
    alone = [metalib.pool_batch(*(x[i] for x in counts), model="random", **options) for i in range(40)]
    for field in dataclasses.fields(whole):
        wanted = getattr(whole, field.name)
        np.testing.assert_array_equal(getattr(in_blocks, field.name), wanted)
        np.testing.assert_array_equal(np.array([getattr(row, field.name) for row in alone]), wanted)


def test_no_meta_analysis_gives_a_batch_without_rows() -> None:
    none = np.ones((0, 3))
    batch = metalib.pool_batch(none, none, none, none)
    assert batch.estimate.shape == (0,)
    assert batch.weights.shape == (0, 3)


@pytest.mark.parametrize("options", [{}, {"method": "IV", "tau2": "PM"}, {"measure": "RR", "tau2": "REML"}])
def test_both_models_at_once_are_the_two_calls(options: dict) -> None:
    random = np.random.default_rng(6)
    n = random.integers(5, 60, (2, 30, 5))
    events = random.binomial(n, 0.2)
    counts = events[0], n[0], events[1], n[1]
    marks = random.random((30, 5)) < 0.7
    for model, batch in zip(
        ("fixed", "random"), metalib.pool_batch_both(*counts, include=marks, **options), strict=True
    ):
        tau2 = {} if model == "random" else {"tau2": "DL"}
        single = metalib.pool_batch(*counts, include=marks, model=model, **{**options, **tau2})
        for field in dataclasses.fields(batch):
            np.testing.assert_array_equal(getattr(batch, field.name), getattr(single, field.name))


@pytest.mark.parametrize("options", ALL)
def test_subsets_of_one_meta_analysis_are_the_tables_repeated(options: dict) -> None:
    random = np.random.default_rng(7)
    n = random.integers(5, 60, (2, 6))
    events = random.binomial(n, 0.2)
    counts = events[0], n[0], events[1], n[1]
    marks = random.random((20, 6)) < 0.7
    once = metalib.pool_batch(*counts, include=marks, **options)
    repeated = metalib.pool_batch(*(np.tile(x, (20, 1)) for x in counts), include=marks, **options)
    for field in dataclasses.fields(once):
        np.testing.assert_array_equal(getattr(once, field.name), getattr(repeated, field.name))
