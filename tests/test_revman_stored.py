"""Every number that RevMan and the Cochrane Library stored takes part in the comparison (test_agreement.py)."""

from __future__ import annotations

import pytest

from validation.sets import STORED, load
from validation.stored import compare_stored


@pytest.mark.parametrize("name", STORED)
def test_every_stored_study_and_result_takes_part(name: str) -> None:
    comparisons = list(compare_stored(name))
    assert sum(c.method == "study" for c in comparisons) >= len(load(name)[0])
    # A .rm5 file also stores pooled results; an export of the Cochrane Library does not.
    assert any(c.method != "study" for c in comparisons) == name.startswith("rm5_")
