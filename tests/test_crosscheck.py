"""statsmodels and metalib, wherever the two are comparable."""

from __future__ import annotations

import pandas as pd
import pytest

import metalib
from metalib.audit.crosscheck import statsmodels_crosscheck
from validation.sets import load

# Sets with heterogeneity and without, with zero cells and without, small and large.
SETS = ["bcg", "hine1989", "edge_zero_several", "edge_double_zero_one", "edge_tiny", "edge_huge", "edge_hk_too_narrow"]


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_agrees_where_comparable(name: str, measure: str) -> None:
    tables, _ = load(name)
    frame = statsmodels_crosscheck(tables, measure)
    assert len(frame) == (8 if measure == "OR" else 6)
    assert all(agrees is not False for agrees in frame["agrees"])
    truncated = metalib.pool(tables, measure, "IV")
    truncated = truncated.df > truncated.Q
    assert frame["comparable"].sum() == len(frame) - (3 if truncated else 0)


def test_an_untruncated_tau2_is_shown_and_not_compared() -> None:
    tables, _ = load("edge_hk_too_narrow")
    frame = statsmodels_crosscheck(tables).set_index("quantity")
    assert frame.loc["IV random (DL): tau2", "statsmodels"] < 0
    assert frame.loc["IV random (DL): tau2", "metalib"] == 0
    assert frame.loc["IV random (DL): tau2", "agrees"] is None


def test_one_study_leaves_mantel_haenszel_only() -> None:
    tables = pd.DataFrame({"study": ["a"], "events_t": [3], "n_t": [9], "events_c": [4], "n_c": [9]})
    assert statsmodels_crosscheck(tables)["function"].unique().tolist() == ["StratifiedTable"]
