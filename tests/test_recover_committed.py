"""The committed tables are what the search gives."""

from __future__ import annotations

from pathlib import Path

import pytest
import recover_tables

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="module")
def files() -> dict:
    return recover_tables.build(quick=True)


@pytest.mark.parametrize("name", ["tables.csv", "stages.csv", "recovery.csv"])
def test_data_are_written_by_the_search(files: dict, name: str) -> None:
    written = files[name].to_csv(index=False, lineterminator="\n")
    assert written == (DATA / name).read_text(encoding="utf-8"), "run `make recover`"
