"""Every result of metalib against R metafor and RevMan's algorithms, set by set (see golden/README.md)."""

from __future__ import annotations

from pathlib import Path

import pytest
from grid import expected, missing
from oracle import compare, load

GOLDEN = Path(__file__).parent / "golden"
SETS = sorted(path.stem for path in GOLDEN.glob("*.json"))


@pytest.mark.parametrize("name", SETS)
def test_agrees_with_golden_numbers(name: str) -> None:
    comparisons = list(compare(GOLDEN, name))
    wrong = [c for c in comparisons if not c.agrees]
    assert not wrong, wrong[:5]
    assert missing(load(GOLDEN, name)[1], comparisons) == []


def test_every_set_is_there() -> None:
    assert len(SETS) == 105


def test_a_dropped_comparison_is_noticed() -> None:
    """Each cell of the grid, left out, is reported as missing; nothing else is."""
    golden, comparisons = load(GOLDEN, "bcg")[1], list(compare(GOLDEN, "bcg"))
    cells, excused = expected(golden)
    assert not excused
    for cell in cells:
        rest = [c for c in comparisons if (c.source, c.measure, c.method) != cell]
        assert missing(golden, rest) == [cell]


def test_a_wrong_number_is_noticed() -> None:
    """The comparison itself can fail: a golden number moved by one part in ten million is not accepted."""
    one = next(c for c in compare(GOLDEN, "bcg") if c.quantity == "estimate")
    moved = type(one)(
        *(one.golden * (1 + 1e-7) if f == "golden" else getattr(one, f) for f in one.__dataclass_fields__)
    )
    assert one.agrees
    assert not moved.agrees
