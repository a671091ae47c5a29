"""Claims in words, and the address of the analysis that does not support one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from metalib import DataError, read_review
from metalib.pages import claims
from metalib.robustness.verdicts import VERDICTS, judge, verdicts, weakest

DATA = Path(__file__).parent.parent / "data"
JUDGED = pd.DataFrame(
    [
        ("x", "fixed", "model", "", "", True, 0),
        ("x", "random", "model", "", "", True, 0),
        ("x", "one left out", "study left out", "", "a", False, 1),
        ("x", "one left out", "study left out", "", "b", pd.NA, 2),
        ("y", "fixed", "model", "", "", False, 0),
    ],
    columns=["outcome", "analysis", "group", "add", "left_out", "supports", "result"],
).astype({"supports": "boolean"})


def test_shares_count_results_and_not_labels() -> None:
    assert claims.shares(JUDGED[:4]) == "1 of 3"
    assert claims.shares(JUDGED) == "x: 1 of 3; y: 0 of 1"


def test_what_a_claim_depends_on() -> None:
    assert claims.depends_on(JUDGED[:2]) == ""
    assert claims.depends_on(JUDGED[:4]) == "study left out (2 of 2)"
    assert claims.depends_on(JUDGED) == "x: study left out (2 of 2); y: no analysis supports it"


def test_a_claim_without_test_cannot_be_checked_and_no_verdict_is_typed() -> None:
    review = read_review(DATA)
    assert "verdict" not in review.claims
    judged = judge(review)
    found = verdicts(review, judged)
    for row in review.claims.itertuples():
        parts = [part for _, part in judged[judged["claim"] == row.claim].groupby("outcome")]
        assert len(parts) == len(row.outcomes.split())
        if not parts:
            assert found[row.claim] == VERDICTS[3]
            continue
        yes = [part["supports"].fillna(False) for part in parts]
        expected = [VERDICTS[0] if y.all() else VERDICTS[1] if y.any() else VERDICTS[2] for y in yes]
        assert found[row.claim] == weakest(expected)
        assert row.group in ("", *{g for part in parts for g in part["group"]})


def test_the_link_shows_what_does_not_support_the_claim() -> None:
    review = read_review(DATA)
    judged = judge(review)
    assert "without=li2014" in claims.where(review, judged[judged["claim"] == "PD"], "explorer.html")
    added = claims.where(review, judged[judged["claim"] == "SD"], "explorer.html").address
    state, _, studies = added.partition("&studies=")
    assert state == "explorer.html#outcome=sd&measure=OR&model=MH-fixed"
    assert sorted(studies.split(",")) == ["ding2016", "ke2011", "li2014", "wang2018", "zhou2015"]
    assert claims.where(review, judged[:0], "explorer.html") == ""


def test_a_difference_needs_a_better_side(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "data")
    path = tmp_path / "data" / "claims.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("SD,no difference", "SD,difference"), encoding="utf-8")
    with pytest.raises(DataError, match=r"claims\.csv, value 'SD'"):
        judge(read_review(tmp_path / "data"))
