"""Five golden sets, compared anew for every mutant: a mutant would inherit what the tests proper keep."""

from __future__ import annotations

import pytest

from validation.pooling import compare

SETS = ("bcg", "edge_zero_several", "edge_double_zero_one", "edge_identical", "edge_every_double_zero")


@pytest.mark.parametrize("name", SETS)
def test_agrees_with_golden_numbers(name: str) -> None:
    assert [c for c in compare(name) if not c.agrees] == []
