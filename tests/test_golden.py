"""The golden numbers: no set is lost, every block has a program that made it, and the comparisons can fail."""

from __future__ import annotations

import copy
import dataclasses
import re

import pandas as pd
import pytest

from validation import remake
from validation.pooling import compare
from validation.sets import GOLDEN, METAFOR, SETS, STORED, TRANSCRIBED, load

README = (remake.HERE / "README.md").read_text(encoding="utf-8")


def test_every_set_names_its_source() -> None:
    """SETS.csv lists every file, so that none is lost unseen."""
    sets = pd.read_csv(GOLDEN / "SETS.csv", keep_default_na=False)
    assert sets["set"].tolist() == list(SETS)
    golden = [load(name)[1] for name in SETS]
    assert sets["k"].tolist() == [len(g["studies"]["ai"]) for g in golden]
    assert (sets[["kind", "source", "made_with", "command"]] != "").all(axis=None)
    for row, g in zip(sets.itertuples(), golden, strict=True):
        r, metafor = g["versions"]["R"].split()[2], "-".join(g["versions"]["metafor"].rsplit(".", 1))
        assert row.made_with.startswith(f"R {r}, metafor {metafor}")
    assert set(sets["command"]) == {"A", "B", "C"}
    stored = sets["kind"].isin(["Cochrane Library", "RevMan file"])
    assert set(sets.loc[stored, "set"]) == set(STORED)


@pytest.mark.parametrize("source", [TRANSCRIBED, METAFOR])
def test_a_wrong_number_is_noticed(source: str) -> None:
    """A golden number moved by one part in a million is not accepted."""
    one = next(c for c in compare("bcg") if c.quantity == "estimate" and c.source == source)
    assert one.agrees
    assert not dataclasses.replace(one, golden=one.golden * (1 + 1e-6)).agrees


def test_every_block_names_its_engine_and_a_program_that_is_there() -> None:
    """The table of the README, against the blocks of all files and the functions of the R programs; needs no R."""
    rows = re.findall(r"^\| (`.+?) \| (.+?) \| `(\w+)` in `(\w+\.R)` \|$", README, flags=re.MULTILINE)
    named = [block for blocks, *_ in rows for block in re.findall(r"`([\w.]+)`", blocks)]
    stored = {
        remake.block(path)
        for name in SETS
        for measure in load(name)[1]["measures"].values()
        for path, _ in remake.leaves(measure)
    }
    assert sorted(named) == sorted(stored)
    for *_, function, program in rows:
        source = (remake.HERE / program).read_text(encoding="utf-8")
        assert re.search(rf"^{function} <- function\(", source, flags=re.MULTILINE), (function, program)


def test_what_is_made_again_has_to_be_the_same() -> None:
    """Equal numbers pass; a number moved, a block that is gone and one that nobody stored do not."""
    made = load("bcg")[1]["measures"]
    assert all(c.agrees for c in remake.compare("bcg", made))

    moved, gone, new, failed = (copy.deepcopy(made) for _ in range(4))
    moved["OR"]["re"]["DL"]["tau2"] *= 1 + 1e-7
    del gone["RR"]["trimfill"]["dl_r0"]
    new["RD"]["mh"]["H2"] = 1.0
    failed["RD"]["qprofile"] = {"error": "did not converge"}
    for wrong, block in ((moved, "re.DL"), (gone, "trimfill.dl_r0"), (new, "mh"), (failed, "qprofile")):
        assert {c.method for c in remake.compare("bcg", wrong) if not c.agrees} == {block}


def test_without_r_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remake.shutil, "which", lambda name: None)
    with pytest.raises(remake.MissingProgram, match="r-cran-metafor"):
        remake.versions()


def test_stored_numbers_are_read_back_as_they_were(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    golden = load("edge_identical")[1]
    monkeypatch.setattr(remake, "GOLDEN", tmp_path)
    remake.store("edge_identical", golden)
    assert (tmp_path / "edge_identical.json").read_bytes() == (GOLDEN / "edge_identical.json").read_bytes()
