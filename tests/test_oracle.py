"""The comparison with golden numbers can fail, and no set is lost (the sets are compared in test_agreement.py)."""

from __future__ import annotations

import pytest
from oracle import compare
from validation import GOLDEN, SETS, STORED


def test_every_set_is_there() -> None:
    assert len(SETS) == 105
    assert len(STORED) == 22
    assert sorted(path.stem for path in (GOLDEN / "extra").glob("*.json")) == list(SETS)


@pytest.mark.parametrize("source", ["RevMan", "metafor"])
def test_a_wrong_number_is_noticed(source: str) -> None:
    """A golden number moved by one part in a million is not accepted."""
    one = next(c for c in compare(GOLDEN, "bcg") if c.quantity == "estimate" and c.source == source)
    moved = type(one)(
        *(one.golden * (1 + 1e-6) if f == "golden" else getattr(one, f) for f in one.__dataclass_fields__)
    )
    assert one.agrees
    assert not moved.agrees
