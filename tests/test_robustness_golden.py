"""Q-profile, never-narrower intervals, uncorrected sums, asymmetry, trim and fill, cumulative: against metafor."""

from __future__ import annotations

import pandas as pd
import pytest

import metalib
from metalib import OptionError
from metalib.arithmetic.tau2_interval import tau2_interval
from metalib.robustness.small_study import egger, harbord, peters, trim_and_fill
from validation.robustness import compare_robustness


def test_a_wrong_number_is_noticed() -> None:
    one = next(c for c in compare_robustness("bcg") if c.method == "qprofile" and c.quantity == "tau2_high")
    moved = {**{f: getattr(one, f) for f in one.__dataclass_fields__}, "golden": one.golden * (1 + 1e-7)}
    assert one.agrees
    assert not type(one)(**moved).agrees


def two(events_t: list[int], events_c: list[int]) -> pd.DataFrame:
    k = len(events_t)
    return pd.DataFrame(
        {"study": [f"s{i}" for i in range(k)], "events_t": events_t, "n_t": 50, "events_c": events_c, "n_c": 50}
    )


def test_what_is_not_estimable_has_a_reason() -> None:
    nothing, one, same = two([0, 0], [0, 0]), two([3, 0], [4, 0]), two([5, 5, 5], [9, 9, 9])
    assert tau2_interval(nothing).reason == "no study is estimable"
    assert tau2_interval(one).reason == "one study has no heterogeneity"
    assert tau2_interval(one).tau2_low is None
    identical = tau2_interval(same)
    assert identical.null_set
    assert (identical.tau2_low, identical.tau2_high, identical.I2_high) == (0.0, 0.0, 0.0)
    assert "interval is empty" in identical.reason
    for test in (egger, harbord, peters):
        few, flat = test(one), test(same)
        assert (few.p, few.estimate, few.k) == (None, None, 1)
        assert "three usable studies" in few.reason
        assert flat.p is None
        assert "the same" in flat.reason
    assert trim_and_fill(one).effect is None
    assert trim_and_fill(same).reason.startswith("all studies have the same")
    for wrong in ({"model": "mixed"}, {"estimator": "Q0"}, {"measure": "HR"}, {"level": 2}):
        with pytest.raises(OptionError):
            trim_and_fill(same, **wrong)


def test_a_line_without_residual_has_no_p() -> None:
    """Three studies whose 'Z / sqrt(V)' lie on a line: the standard error of the intercept is 0."""
    result = harbord(pd.DataFrame({"study": list("abc"), "events_t": [1, 2, 4], "n_t": [2, 4, 8],
                                   "events_c": [1, 2, 4], "n_c": [2, 4, 8]}))  # fmt: skip
    assert result.p is None
    assert "no residual" in result.reason


def test_never_narrower_says_which_distribution_it_used() -> None:
    agreeing = metalib.pool(two([10, 11, 12], [20, 21, 22]), model="random", ci="hksj_adhoc")
    spread = metalib.pool(two([2, 25, 12], [30, 5, 22]), model="random", ci="hksj_adhoc")
    assert not agreeing.uses_t
    assert ", z = " in agreeing.summary()
    assert spread.uses_t
    assert ", t = " in spread.summary()
    one = metalib.pool(two([3, 0], [4, 0]), model="random", ci="hksj_adhoc")
    assert one.p is None
    assert "two estimable studies" in one.reasons["p"]
    with pytest.raises(OptionError, match="needs model='random'"):
        metalib.pool(two([1], [2]), ci="hksj_adhoc")
