"""metalib against numbers that RevMan and the Cochrane Library stored themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle import load
from stored import compare_stored

GOLDEN = Path(__file__).parent / "golden"
STORED = sorted(path.stem for path in (GOLDEN / "revman_stored").glob("*.json"))


@pytest.mark.parametrize("name", STORED)
def test_agrees_with_stored_numbers(name: str) -> None:
    comparisons = list(compare_stored(GOLDEN, name))
    wrong = [c for c in comparisons if not c.agrees]
    assert not wrong, wrong[:5]
    assert sum(c.method == "study" for c in comparisons) >= len(load(GOLDEN, name)[0])
    # A .rm5 file also stores pooled results; an export of the Cochrane Library does not.
    assert any(c.method != "study" for c in comparisons) == name.startswith("rm5_")
