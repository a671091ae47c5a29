"""Checklists of this review, the rating of AMSTAR 2, and files of other programs among the downloads."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from metalib import DataError, read_review
from metalib.audit.checklists import amstar2_rating
from metalib.figures import flow_boxes
from metalib.importers.appraisal import TEMPLATE, flow_sheet, robvis_sheet
from metalib.importers.importing import read_any

ROOT = Path(__file__).parent.parent
REVIEW = read_review(ROOT / "data")
CRITICAL = (2, 4, 7, 9, 11, 13, 15)


def answers(*no: int) -> pd.DataFrame:
    return pd.DataFrame(
        [(i, "yes" if i in CRITICAL else "no", "no" if i in no else "yes") for i in range(1, 17)],
        columns=["item", "critical", "answer"],
    )


@pytest.mark.parametrize(
    ("no", "rating"),
    [((), "high"), ((1,), "high"), ((1, 3), "moderate"), ((2,), "low"), ((2, 1, 3), "low"), ((2, 4), "critically low")],
)
def test_rating(no: tuple[int, ...], rating: str) -> None:
    assert amstar2_rating(answers(*no)) == rating


def test_a_rating_needs_all_items() -> None:
    with pytest.raises(DataError, match="sixteen items"):
        amstar2_rating(answers().head(15))
    with pytest.raises(DataError, match="seven of them critical"):
        amstar2_rating(answers().assign(critical="no"))


def test_the_checklists_are_whole() -> None:
    items = [f"{n}{letter}" for n, letters in PRISMA.items() for letter in letters or [""]]
    assert REVIEW.prisma["item"].tolist() == items
    assert set(REVIEW.amstar2.loc[REVIEW.amstar2["critical"] == "yes", "item"]) == set(CRITICAL)
    assert REVIEW.cited["reference"].tolist() == list(range(1, len(REVIEW.cited) + 1))
    named = dict(zip(REVIEW.cited["reference"], REVIEW.cited["work"], strict=True))
    for study in REVIEW.studies.itertuples():
        assert named[study.reference].split()[0] == study.label.split()[0]
        assert named[study.reference].split()[-1] == str(study.year)


#: Letters of the items of PRISMA 2020 that have any.
PRISMA = dict.fromkeys(range(1, 28), "") | {
    10: "ab", 13: "abcdef", 16: "ab", 20: "abcd", 23: "abcd", 24: "abc",
}  # fmt: skip


def test_robvis_there_and_back() -> None:
    judged = REVIEW.risk_of_bias.query("assessor == 'book'")
    read = read_any(ROOT / "notebooks" / "downloads" / "robvis.csv").frames["risk_of_bias"]
    assert read.columns.tolist()[:4] == ["assessor", "study", "domain", "judgement"]
    of = {label: study for study, label in REVIEW.labels().items()}
    back = {(of[r.study], r.domain): r.judgement for r in read.itertuples()}
    overall = {study: back.pop((study, "Overall")) for study in of.values()}
    assert back == {(r.study, r.domain): r.judgement for r in judged.itertuples()}
    for study, worst in overall.items():
        given = set(judged.loc[judged["study"] == study, "judgement"])
        assert worst == next(word for word in ("high", "unclear", "low") if word in given)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda frame: frame.assign(judgement="perhaps"), "one judgement is needed, low, unclear, high"),
        (lambda frame: frame.iloc[1:], "one judgement is needed"),
        (lambda frame: pd.concat([frame, frame.head(1)]), "one judgement is needed"),
    ],
)
def test_robvis_refuses(change, problem: str) -> None:
    judged = REVIEW.risk_of_bias.query("assessor == 'book'").reset_index(drop=True)
    with pytest.raises(DataError, match=problem):
        robvis_sheet(change(judged), REVIEW.labels())


def test_flow_there_and_back() -> None:
    read = read_any(ROOT / "notebooks" / "downloads" / "prisma2020-flow.csv").frames["flow"]
    counts = {step: None if pd.isna(n) else int(n) for step, n in zip(read["step"], read["count"], strict=True)}
    assert set(read["prisma2020"]) <= set(TEMPLATE)
    ours = REVIEW.flow[REVIEW.flow["prisma2020"] != ""]
    for row in ours.itertuples():
        assert counts.pop(row.step) == (None if pd.isna(row.count) else row.count), row.step
    total = "Records identified from databases"
    for row in REVIEW.search.query("query == '#1 AND #2 AND #3'").itertuples():
        assert counts.pop(f"{total}, each: {row.database}") == row.records
    other = REVIEW.search.query("query == 'other sources'")
    assert counts.pop(other["database"].item()) == other["records"].item()
    identified = counts.pop(total) + other["records"].item()
    assert counts.pop("duplicate records") == identified - REVIEW.flow["count"].max()
    assert not counts


def test_flow_refuses_a_row_that_the_template_does_not_have() -> None:
    with pytest.raises(DataError, match="has no such row"):
        flow_sheet(REVIEW.flow.assign(prisma2020="records_lost"))


def test_flow_refuses_two_steps_for_one_row() -> None:
    with pytest.raises(DataError, match="'new_studies': two steps share a row"):
        flow_sheet(REVIEW.flow.assign(prisma2020="new_studies"))


def test_boxes_of_a_flow() -> None:
    boxes = flow_boxes(REVIEW.flow)
    assert [box.label for box in boxes] == [
        "Records after merging and removal of duplicates", "Records screened", "Reports sought for retrieval",
        "Reports assessed for eligibility", "Studies included in the review",
    ]  # fmt: skip
    assert [box.side and box.side.label for box in boxes] == [
        None, "Records excluded", "Reports not retrieved", "Reports excluded, with reasons", None,
    ]  # fmt: skip
    parts = pd.DataFrame(
        [("all", 5, ""), ("one", 2, "database_specific_results"), ("two", 3, "citations_results")],
        columns=["step", "count", "prisma2020"],
    ).assign(stage="identification")
    (box,) = flow_boxes(parts)
    assert (box.label, box.count, list(box.parts)) == ("All", 5, [("one", 2), ("two", 3)])
