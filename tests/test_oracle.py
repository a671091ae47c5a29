"""The comparison with golden numbers can fail, and no set is lost (the sets are compared in test_agreement.py)."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from oracle import compare
from validation import GOLDEN, SETS, STORED


def test_every_set_is_there() -> None:
    assert len(SETS) == 105
    assert len(STORED) == 22
    assert sorted(path.stem for path in (GOLDEN / "extra").glob("*.json")) == list(SETS)


def test_every_set_names_its_source() -> None:
    sets = pd.read_csv(GOLDEN / "SETS.csv", keep_default_na=False)
    assert sets["set"].tolist() == list(SETS)
    golden = [json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8")) for name in SETS]
    assert sets["k"].tolist() == [len(g["studies"]["ai"]) for g in golden]
    assert (sets[["kind", "source", "made_with", "command"]] != "").all(axis=None)
    for row, g in zip(sets.itertuples(), golden, strict=True):
        r, metafor = g["versions"]["R"].split()[2], "-".join(g["versions"]["metafor"].rsplit(".", 1))
        assert row.made_with.startswith(f"R {r}, metafor {metafor}")
    assert set(sets["command"]) == {"A", "B", "C"}
    stored = sets["kind"].isin(["Cochrane Library", "RevMan file"])
    assert set(sets.loc[stored, "set"]) == set(STORED)


@pytest.mark.parametrize("source", ["RevMan", "metafor"])
def test_a_wrong_number_is_noticed(source: str) -> None:
    """A golden number moved by one part in a million is not accepted."""
    one = next(c for c in compare(GOLDEN, "bcg") if c.quantity == "estimate" and c.source == source)
    moved = type(one)(
        *(one.golden * (1 + 1e-6) if f == "golden" else getattr(one, f) for f in one.__dataclass_fields__)
    )
    assert one.agrees
    assert not moved.agrees
