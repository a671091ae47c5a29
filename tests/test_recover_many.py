"""Many puzzles: the same result however they are shared out, and nothing finished is lost or searched twice."""

from __future__ import annotations

import json
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from test_recover import simple

from metalib.errors import PuzzleError
from metalib.recover import Limits, Puzzle, check_puzzle, many, read_stored, recover, recover_many

SIX = {f"puzzle {i}": check_puzzle({**simple(), "title": str(i)}) for i in range(6)}


def counted(monkeypatch) -> list[str]:
    """Names of the puzzles that are searched from now on."""
    names: list[str] = []
    searched = many.search_and_store

    def count(name: str, *rest: object) -> None:
        names.append(name)
        searched(name, *rest)

    monkeypatch.setattr(many, "search_and_store", count)
    return names


def test_every_way_to_share_out_stores_the_same(tmp_path) -> None:
    alone = recover_many(SIX, tmp_path / "alone")
    with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(2) as processes:
        for name, executor in (("threads", threads), ("processes", processes)):
            shared = recover_many(SIX, tmp_path / name, executor=executor)
            assert shared.drop(columns="file").equals(alone.drop(columns="file"))
    assert alone["status"].tolist() == ["solved"] * 6
    stored = read_stored(alone["file"].iloc[0])
    whole = json.loads(recover(SIX["puzzle 0"]).to_json())
    assert {**whole, "seconds": 0, "name": "puzzle 0", "steps": 0} == {**stored, "seconds": 0, "steps": 0}


def test_what_is_stored_is_not_searched_again_unless_the_search_is_another(tmp_path, monkeypatch) -> None:
    names = counted(monkeypatch)
    recover_many(dict(list(SIX.items())[:4]), tmp_path)
    assert len(names) == 4
    recover_many(SIX, tmp_path)
    assert names[4:] == ["puzzle 4", "puzzle 5"]
    recover_many(SIX, tmp_path, limits=Limits(rows=1000))
    assert len(names) == 12
    other = {"puzzle 0": SIX["puzzle 0"].with_method("IV")}
    recover_many(other, tmp_path)
    assert len(names) == 13


class Fatal(Puzzle):
    """A puzzle that ends the process which searches it, as the kernel does when memory is used up."""

    __slots__ = ()

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (9,)


def test_a_killed_worker_loses_no_finished_puzzle_and_the_run_goes_on(tmp_path, monkeypatch) -> None:
    whole = SIX["puzzle 3"]
    fatal = Fatal(**{field: getattr(whole, field) for field in whole.__dataclass_fields__})
    monkeypatch.setattr(many, "WAITING", 1)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        broken = recover_many({**SIX, "puzzle 3": fatal}, tmp_path, executor=processes)
    assert broken["status"].tolist() == ["solved"] * 3 + ["not done"] * 3
    assert not list(tmp_path.glob(".draft-*"))
    names = counted(monkeypatch)
    with ThreadPoolExecutor(1) as threads:
        done = recover_many(SIX, tmp_path, executor=threads)
    assert names == ["puzzle 3", "puzzle 4", "puzzle 5"]
    assert done["status"].tolist() == ["solved"] * 6


def test_a_torn_draft_is_no_result(tmp_path, monkeypatch) -> None:
    def torn(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(many.os, "replace", torn)
    with pytest.raises(OSError, match="no space"):
        recover_many(SIX, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": 1}'])
def test_a_file_of_another_kind_is_named(tmp_path, text: str) -> None:
    file = Path(recover_many({"a": SIX["puzzle 0"]}, tmp_path)["file"].iloc[0])
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PuzzleError, match=file.name):
        recover_many({"a": SIX["puzzle 0"]}, tmp_path)
