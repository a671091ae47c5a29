"""metalib against every other engine, set by set; the stored summary, and the records and picture of the agreement."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import metalib
from metalib import DataError
from metalib.audit.agreement import DECADES, Comparison, agreement_frame, agreement_summary, combine, decade
from metalib.figures import agreement_map
from validation.agreement import agreement, comparisons, engines
from validation.differences import differences
from validation.grid import expected, missing, seen
from validation.sets import GOLDEN, SETS

EXACT = ["engine", "measure", "method", "quantity", "values", "rtol", "atol", "outside"]
#: Rounding differs between processors: what is below this may move, what is above may not by more than a decade.
NOISE = DECADES.index("1e-12")


def stored(name: str) -> pd.DataFrame:
    texts = {"largest": str} if name == "agreement" else None
    return pd.read_csv(GOLDEN / f"{name}.csv", dtype=texts, keep_default_na=False)


@pytest.mark.parametrize("name", SETS)
def test_agrees_with_every_engine(name: str) -> None:
    found = comparisons(name)
    wrong = [c for c in found if not c.agrees]
    assert not wrong, wrong[:5]
    assert missing(name, found) == []
    # An excuse is no way out: what is excused is really not compared.
    assert set(expected(name)[1]) & seen(found) == set()


@pytest.mark.parametrize("name", ["bcg", "edge_zero_several", "edge_identical", "rm5_sorethroat_004_08"])
def test_a_dropped_comparison_is_noticed(name: str) -> None:
    """Each cell of the grid, left out, is reported as missing; nothing else but its parts is."""
    found = comparisons(name)
    cells, excused = expected(name)
    assert excused
    for cell in cells:
        rest = [c for c in found if (c.source, c.measure, c.method, c.quantity)[: len(cell)] != cell]
        assert missing(name, rest) == [cell]


def test_the_stored_agreement_is_what_comes_out() -> None:
    old, new = stored("agreement"), agreement()
    pd.testing.assert_frame_equal(old[EXACT], new[EXACT], check_dtype=False)
    assert (old["outside"] == 0).all()
    assert (old[list(DECADES)].sum(axis=1) == old["values"]).all()
    for a, b in zip(old["largest"], new["largest"], strict=True):
        places = [max(DECADES.index(x), NOISE) for x in (a, b)]
        assert abs(places[0] - places[1]) <= 1
    # The picture: of each engine and quantity no more than one value in fifty changes its place above the noise.
    by = ["engine", "quantity"]
    for (_, a), (_, b) in zip(combine(old, by).iterrows(), combine(new, by).iterrows(), strict=True):
        above = [x[list(DECADES[NOISE + 1 :])].to_numpy(int) for x in (a, b)]
        assert np.abs(above[0] - above[1]).sum() <= max(2, 0.02 * a["values"])


def test_the_stored_differences_are_what_comes_out() -> None:
    old, new = stored("differences"), differences()
    pd.testing.assert_frame_equal(old, new, check_dtype=False, rtol=1e-7, atol=1e-10)
    assert (old["differs"] > 0).all()


def test_the_stored_versions_are_installed() -> None:
    assert stored("engines").to_dict("records") == engines()


def test_comparison_takes_the_larger_tolerance() -> None:
    def one(ours: object, golden: object, rtol: float = 1e-8, atol: float = 1e-12) -> Comparison:
        return Comparison("s", "A", "OR", "m", "Q", ours, golden, rtol, atol)

    assert one(1.0, 1.0 + 0.9e-8).agrees
    assert one(0.0, 0.9e-12).agrees
    assert not one(1.0, 1.0 + 1.5e-8, atol=1e-8).agrees
    assert not one(None, 1.0).agrees
    assert one(None, None).agrees
    assert (one(None, 1.0).relative_difference, one(True, False).relative_difference) == (math.inf, math.inf)
    assert one(None, None).relative_difference == 0.0
    assert one(1e-7, 2e-7).relative_difference == pytest.approx(1e-7)


def test_summary_counts_what_is_outside() -> None:
    good, bad = Comparison("s", "A", "OR", "m", "Q", 1.0, 1.0), Comparison("s", "A", "RR", "m", "Q", 1.0, None)
    summary = agreement_summary(agreement_frame([good, good, bad]))
    assert summary["values"].tolist() == [2, 1]
    assert summary["outside"].tolist() == [0, 1]
    assert summary["largest"].tolist() == ["0", "more"]
    whole = combine(summary, ["engine"]).iloc[0]
    assert (whole["values"], whole["outside"], whole["largest"], whole["0"], whole["more"]) == (3, 1, "more", 2, 1)
    with pytest.raises(DataError, match="no comparison"):
        agreement_summary(agreement_frame([]))


def test_decades_round_up() -> None:
    assert [decade(x) for x in (0, 1e-40, 1e-12, 1.1e-12, 1e-4, 2e-4, math.inf)] == [
        "0", "1e-16", "1e-12", "1e-11", "1e-4", "more", "more",
    ]  # fmt: skip


def test_map_shows_every_count() -> None:
    pairs = [("A", "Q", 1.0), ("A", "p", 1 + 1e-12), ("B", "p", 1 + 1e-9)]
    summary = agreement_summary(agreement_frame(Comparison("s", e, "OR", "m", q, x, 1.0) for e, q, x in pairs))
    fig = agreement_map(summary)
    left, right = fig.axes[:2]
    assert (left.get_title(), right.get_title()) == ("A", "B")
    assert [t.get_text() for t in left.get_yticklabels()] == ["Q", "p"]
    drawn = left.images[0].get_array().filled(0)
    assert drawn[0].tolist() == summary.loc[0, list(DECADES)].tolist()
    assert drawn.sum() == 2
    assert right.images[0].get_array().filled(0)[0].sum() == 0
    for wrong in (summary.iloc[:0], summary.drop(columns="engine")):
        with pytest.raises(metalib.MetalibError):
            agreement_map(wrong)
