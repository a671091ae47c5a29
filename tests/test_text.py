"""The one place where numbers become text."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

import metalib
from metalib import PooledEffect, text
from metalib.audit import compare


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [(2.145, 2, "2.15"), (-0.0001, 2, "0.00"), (None, 2, "–"), (float("nan"), 2, "–"), (2128.957, 2, "2128.96"),
     (float("inf"), 2, "∞"), (0.5, 0, "0"), (1.5, 0, "2")],
)  # fmt: skip
def test_number(value: float | None, digits: int, expected: str) -> None:
    # 2.145 as a float lies above the decimal 2.145, so it rounds up.
    assert text.number(value, digits) == expected


@pytest.mark.parametrize(
    ("p", "expected"),
    [(0.76, "0.760"), (0.0494, "0.049"), (0.0005, "0.001"), (0.00049, "0.0005"), (0.00002, "0.00002"),
     (1e-7, "< 0.00001"), (1.0, "1.000"), (None, "–")],
)  # fmt: skip
def test_p_value(p: float | None, expected: str) -> None:
    assert text.p_value(p) == expected


def test_p_values_never_round_to_nought() -> None:
    p = 1.0
    while p > 1e-12:
        assert text.p_value(p).strip("<0. ") != ""
        p *= 0.93


def test_words_and_signs() -> None:
    assert text.scientific(8.2e-8, 1) == "8.2 × 10⁻⁸"
    assert text.significance(0.0499) == "significant"
    assert text.significance(0.05) == "not significant"
    assert text.significance(None) == "not estimable"
    assert text.percent(66.7) == "67%"
    assert text.percent(None) == "–"
    assert text.count(14931) == "14,931"


def test_statistics_have_one_list_of_names() -> None:
    fields, printed, puzzle = (list(names) for names in zip(*text.STATISTICS, strict=True))
    assert set(fields) < {field.name for field in dataclasses.fields(PooledEffect)}
    for names in (fields, printed, puzzle):
        assert len(set(names)) == len(names)
    effect = metalib.pool(pd.DataFrame({"study": ["a"], "events_t": 1, "n_t": 9, "events_c": 2, "n_c": 9}))
    assert {name.replace("OR", "effect") for name in compare.forest_statistics(effect)} < set(printed)
