"""Exact test of categories at baseline, and readings in which a row slipped."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from metalib import DataError, read_review
from metalib.audit.baseline import exact_test, moved_rows

COUNTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=4).filter(
    lambda pairs: any(t + c for t, c in pairs)
)


def exact(ours: tuple[int, ...], others: tuple[int, ...]) -> Fraction:
    """P from binomial coefficients in whole numbers, over all tables with these margins."""
    margin = [t + c for t, c in zip(ours, others, strict=True)]
    ways = {
        table: math.prod(math.comb(m, x) for m, x in zip(margin, table, strict=True))
        for table in product(*(range(m + 1) for m in margin))
        if sum(table) == sum(ours)
    }
    return Fraction(sum(w for w in ways.values() if w <= ways[ours]), sum(ways.values()))


def rows(ours: list[int], others: list[int], study: str = "one") -> pd.DataFrame:
    return pd.DataFrame({"study": study, "events_t": ours, "events_c": others})


@pytest.mark.parametrize(
    ("ours", "others", "p"),
    [
        # fisher.test of R 4.2.2
        ((0, 18, 22), (20, 20, 0), 1.38370997331899e-12),
        ((37, 30, 0), (43, 24, 0), 0.378628423062233),
        ((0, 16, 14), (0, 13, 17), 0.605807173273147),
        ((3, 7, 2, 5), (6, 1, 8, 2), 0.0163525069795193),
        ((10, 2, 1), (3, 9, 4), 0.00842195738338994),
    ],
)
def test_as_r(ours: tuple[int, ...], others: tuple[int, ...], p: float) -> None:
    assert exact_test(pd.Series(ours), pd.Series(others)) == pytest.approx(p, rel=1e-10)


@given(COUNTS)
def test_as_whole_numbers_have_it(pairs: list[tuple[int, int]]) -> None:
    ours, others = zip(*pairs, strict=True)
    p = exact_test(pd.Series(ours), pd.Series(others))
    assert p == pytest.approx(float(exact(ours, others)), rel=1e-9)
    assert p == pytest.approx(exact_test(pd.Series(others), pd.Series(ours)), rel=1e-9)
    assert p == pytest.approx(exact_test(pd.Series(ours[::-1]), pd.Series(others[::-1])), rel=1e-9)
    if len(pairs) == 2:
        assert p == pytest.approx(fisher_exact([ours, others]).pvalue, rel=1e-9)


def test_an_arm_moves_where_nobody_falls_off() -> None:
    moved = moved_rows(rows([0, 18, 22], [20, 20, 0]))
    assert {name: tuple(part["events_t"]) + tuple(part["events_c"]) for name, part in moved.groupby("moved")} == {
        "": (0, 18, 22, 20, 20, 0), "experimental up": (18, 22, 0, 20, 20, 0),
        "control down": (0, 18, 22, 0, 20, 20),
    }  # fmt: skip
    assert set(moved_rows(rows([1, 2, 3], [4, 5, 6]))["moved"]) == {""}


@given(COUNTS)
def test_moving_keeps_the_patients(pairs: list[tuple[int, int]]) -> None:
    ours, others = map(list, zip(*pairs, strict=True))
    for _, part in moved_rows(rows(ours, others)).groupby("moved"):
        assert (part["events_t"].sum(), part["events_c"].sum()) == (sum(ours), sum(others))
        assert len(set(part["p"])) == 1


def test_what_cannot_be_tested() -> None:
    with pytest.raises(DataError, match="same categories"):
        exact_test(pd.Series([1, 2]), pd.Series([1, 2, 3]))
    with pytest.raises(DataError, match="same categories"):
        exact_test(pd.Series([1, -2]), pd.Series([1, 2]))
    with pytest.raises(DataError, match="rows of one study"):
        moved_rows(pd.concat([rows([1], [2]), rows([1], [2], "two")]))
    with pytest.raises(DataError, match="rows of one study"):
        moved_rows(rows([], []))


def test_one_study_of_this_review_is_alike_only_when_moved() -> None:
    stages = read_review(Path(__file__).parent.parent / "data").stages_of("main")
    stages = stages.sort_values("stage", key=lambda column: column.map(["I", "II or IV", "III"].index))
    moved = pd.concat([moved_rows(part) for _, part in stages.groupby("study")])
    best = moved.loc[moved.groupby("study")["p"].transform("max") == moved["p"]].groupby("study")["moved"].unique()
    assert {study for study, names in best.items() if "" not in names} == {"ke2011"}
