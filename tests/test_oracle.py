"""Every result of metalib against R metafor and RevMan's algorithms, set by set (see golden/README.md)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from oracle import compare

GOLDEN = Path(__file__).parent / "golden"
SETS = sorted(path.stem for path in GOLDEN.glob("*.json"))


@pytest.mark.parametrize("name", SETS)
def test_agrees_with_golden_numbers(name: str) -> None:
    comparisons = list(compare(GOLDEN, name))
    wrong = [c for c in comparisons if not c.agrees]
    assert not wrong, wrong[:5]
    assert len(comparisons) > 30


def test_the_grid_is_complete() -> None:
    """No measure, method or quantity may drop out of the comparison unnoticed."""
    assert len(SETS) == 105
    seen = Counter(
        (c.source, c.measure, c.method) for name in ("bcg", "edge_zero_several") for c in compare(GOLDEN, name)
    )
    methods = ("mh_fixed", "iv_fixed", "mh_random", "iv_random")
    expected = {("RevMan", measure, method) for measure in ("OR", "RR", "RD") for method in methods}
    expected |= {
        ("RevMan", "OR", "peto"),
        ("RevMan", "OR", "mh_fixed between"),
        ("RevMan", "RR", "mh_random leave-one-out"),
    }
    expected |= {
        ("metafor", measure, f"iv_random {tau2}{ci}")
        for measure in ("OR", "RR")
        for tau2 in ("DL", "PM", "REML")
        for ci in ("", " hksj")
    }
    assert expected <= set(seen)


def test_a_wrong_number_is_noticed() -> None:
    """The comparison itself can fail: a golden number moved by one part in ten million is not accepted."""
    one = next(c for c in compare(GOLDEN, "bcg") if c.quantity == "estimate")
    moved = type(one)(
        *(one.golden * (1 + 1e-7) if f == "golden" else getattr(one, f) for f in one.__dataclass_fields__)
    )
    assert one.agrees
    assert not moved.agrees
