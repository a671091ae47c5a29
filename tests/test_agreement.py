"""Other Python engines against metalib, and the records and picture of the agreement."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from engines import MEASURES, compare_pymare, compare_statsmodels
from oracle import load

import metalib
from metalib import DataError
from metalib.agreement import Comparison, agreement_frame, agreement_summary
from metalib.figures import agreement_strip

GOLDEN = Path(__file__).parent / "golden"
SETS = sorted(path.stem for path in GOLDEN.glob("*.json"))


@pytest.mark.parametrize("name", SETS)
def test_agrees_with_statsmodels_and_pymare(name: str) -> None:
    comparisons = [*compare_statsmodels(GOLDEN, name), *compare_pymare(GOLDEN, name)]
    assert [c for c in comparisons if not c.agrees] == []
    seen = {(c.source, c.measure, c.method) for c in comparisons}
    golden = load(GOLDEN, name)[1]["measures"]
    several = [m for m in MEASURES if sum(golden[m]["revman"]["effects"]["estimable"]) > 1]
    methods = ("iv_fixed", "iv_random DL", "iv_random DL hksj")
    assert {("PyMARE", m, method) for m in several for method in methods} <= seen
    assert {("statsmodels", m, "iv_fixed") for m in several} <= seen


def test_summary_counts_what_is_outside() -> None:
    good, bad = Comparison("s", "A", "OR", "m", "Q", 1.0, 1.0), Comparison("s", "A", "OR", "m", "Q", 1.0, 1.1)
    row = agreement_summary(agreement_frame([good, bad])).iloc[0]
    assert (row["values"], row["outside"]) == (2, 1)
    assert row["largest"] == pytest.approx(0.1 / 1.1)
    with pytest.raises(DataError, match="no comparison"):
        agreement_summary(agreement_frame([]))


def test_strip_shows_every_difference() -> None:
    frame = pd.DataFrame({"engine": ["A", "A", "B"], "quantity": ["Q", "p", "Q"], "difference": [0.0, 1e-12, 1e-9]})
    ax = agreement_strip(frame).axes[0]
    drawn = sorted(x for line in ax.lines for x in line.get_xdata() if line.get_label() in ("A", "B"))
    assert drawn == pytest.approx([-18.0, -12.0, -9.0])
    assert "exact" in [t.get_text() for t in ax.get_xticklabels()]
    for wrong in (frame.iloc[:0], frame.drop(columns="engine")):
        with pytest.raises(metalib.MetalibError):
            agreement_strip(wrong)
