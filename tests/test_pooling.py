"""Examples of pooling and its results; what must hold for any data stands in test_properties.py."""

from __future__ import annotations

import dataclasses
import math

import pandas as pd
import pytest
from strategies import ALL

import metalib
from metalib import DataError


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
