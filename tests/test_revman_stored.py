"""Every number that RevMan and the Cochrane Library stored takes part in the comparison (test_agreement.py)."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle import load
from stored import compare_stored

GOLDEN = Path(__file__).parent / "golden"
STORED = sorted(path.stem for path in (GOLDEN / "revman_stored").glob("*.json"))


@pytest.mark.parametrize("name", STORED)
def test_every_stored_study_and_result_takes_part(name: str) -> None:
    comparisons = list(compare_stored(GOLDEN, name))
    assert sum(c.method == "study" for c in comparisons) >= len(load(GOLDEN, name)[0])
    # A .rm5 file also stores pooled results; an export of the Cochrane Library does not.
    assert any(c.method != "study" for c in comparisons) == name.startswith("rm5_")
