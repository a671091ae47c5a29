"""Printed numbers are intervals."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, norm

from metalib import DataError
from metalib.audit import published
from metalib.audit.published import read_printed


@pytest.mark.parametrize(
    ("printed", "unit", "low", "high"),
    [
        ("2.14", None, 2.135, 2.145),
        ("0.760", 0.01, 0.755, 0.765),
        ("67%", None, 66.5, 67.5),
        ("14,931", None, 14930.5, 14931.5),
        ("2128.96", None, 2128.955, 2128.965),
        ("-0.5", None, -0.55, -0.45),
        ("<0.001", None, 0.0, 0.001),
    ],
)
def test_intervals(printed: str, unit: float | None, low: float, high: float) -> None:
    p = read_printed(printed, unit)
    assert p.low == pytest.approx(low, abs=1e-12)
    assert p.high == pytest.approx(high, abs=1e-12)


@pytest.mark.parametrize("bad", ["/", "", "abc", "1.2.3", "1,23", "NaN", "1e5", None, "--1"])
def test_what_is_no_number_is_refused(bad: str) -> None:
    with pytest.raises(DataError, match="no number"):
        read_printed(bad)


@given(st.floats(0.001, 5000), st.integers(0, 4))
def test_a_value_is_reproduced_by_its_own_rounding(value: float, digits: int) -> None:
    assert read_printed(f"{value:.{digits}f}").verdict(value) == "reproduced"


@given(st.integers(-1000, 1000), st.integers(0, 3))
def test_verdicts_grow_worse_with_distance(steps: int, digits: int) -> None:
    unit = 10.0**-digits
    verdict = read_printed(f"{50:.{digits}f}").verdict(50 + 0.01 * steps * unit)
    distance = abs(0.01 * steps)
    expected = "reproduced" if distance <= 0.5 else "last digit" if distance <= 1.5 else "not reproduced"
    assert verdict == expected


def test_a_missing_value_is_not_checkable() -> None:
    assert read_printed("1.0").verdict(None) == "not checkable"
    assert read_printed("1.0").verdict(math.nan) == "not checkable"


@given(st.floats(-1.5, 1.5), st.floats(0.1, 0.8))
def test_p_from_interval_holds_the_true_p(theta: float, se: float) -> None:
    z = norm.ppf(0.975)
    texts = [f"{math.exp(x):.2f}" for x in (theta, theta - z * se, theta + z * se)]
    if float(texts[1]) <= 0.02:
        return
    low, high = published.p_from_interval(*map(read_printed, texts))
    assert low - 1e-12 <= 2 * norm.sf(abs(theta) / se) <= high + 1e-12


def test_p_from_interval_refuses_an_estimate_outside_the_middle() -> None:
    with pytest.raises(DataError, match="middle"):
        published.p_from_interval(*map(read_printed, ("3.00", "0.50", "4.00")))
    with pytest.raises(DataError, match="positive"):
        published.p_from_interval(*map(read_printed, ("0.00", "0.00", "4.00")))


@given(st.floats(0.01, 60), st.integers(1, 9))
def test_p_q_from_i2_holds_the_true_p(q: float, df: int) -> None:
    i2 = max(0.0, 100 * (q - df) / q)
    low, high = published.p_q_from_i2(read_printed(f"{i2:.0f}"), df)
    assert low - 1e-12 <= chi2.sf(q, df) <= high + 1e-12


def test_p_q_from_i2_against_known_ranges() -> None:
    """I2 = 11% leaves P between 0.3353 and 0.3405 with four studies, and cannot be refined by more digits."""
    low, high = published.p_q_from_i2(read_printed("11"), 3)
    assert low == pytest.approx(chi2.sf(3 / (1 - 0.115), 3), rel=1e-12)
    assert high == pytest.approx(chi2.sf(3 / (1 - 0.105), 3), rel=1e-12)
    with pytest.raises(DataError):
        published.p_q_from_i2(read_printed("11"), 0)
