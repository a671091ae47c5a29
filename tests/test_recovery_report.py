"""The report of a recovery: what it says, and that it is written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from test_recover import simple
from test_recover_limits import contradictory, wide

from metalib.__main__ import main
from metalib.pages import recovery_report
from metalib.recover import Limits, check_puzzle, recover


def write(folder: Path, content: dict) -> str:
    file = folder / "puzzle.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return str(file)


def test_the_command_writes_a_report(tmp_path) -> None:
    out = tmp_path / "report"
    content = {**simple(), "title": "<b>A & B</b>", "assumptions": ["arms are <equal>"]}
    command = ["recover", write(tmp_path, content), "--quiet", "-o", str(tmp_path / "o.json"), "--report", str(out)]
    assert main(command) == 0
    assert sorted(f.name for f in out.iterdir()) == ["index.html", "recovery.json", "solutions.csv", "tables.csv"]
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in page
    assert "arms are &lt;equal&gt;" in page
    found = json.loads((out / "recovery.json").read_text(encoding="utf-8"))
    assert found["status"] == "solved"
    assert pd.read_csv(out / "solutions.csv")["solution"].nunique() == found["solutions"]
    for row in found["tables"]:
        if row["events_t"] is not None:
            assert f"{row['events_t']}/{row['n_t']} v {row['events_c']}/{row['n_c']}" in page
    assert not list(tmp_path.glob(".report*"))


@pytest.mark.parametrize(
    ("content", "limits", "said"),
    [
        (contradictory(), Limits(), "contradict each other"),
        (wide(100), Limits(bytes=50_000_000, seconds=2), "A limit ended the search"),
    ],
    ids=["none", "limit"],
)
def test_a_page_is_made_however_a_search_ends(content: dict, limits: Limits, said: str) -> None:
    page = recovery_report.report_page(recover(check_puzzle(content), limits=limits))
    assert said in page
    assert "nan" not in page.lower().replace("financ", "")


def test_a_report_is_written_whole_or_not_at_all(tmp_path, monkeypatch, capsys) -> None:
    puzzle = write(tmp_path, simple())
    here = tmp_path / "here"
    here.mkdir()
    command = ["recover", puzzle, "--quiet", "-o", str(tmp_path / "o.json"), "--report"]
    assert main([*command, str(here)]) == 2
    assert "no folder that could be made" in capsys.readouterr().err
    assert main([*command, str(tmp_path / "no" / "folder")]) == 2

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("metalib.recover.command.os.replace", full)
    assert main([*command, str(tmp_path / "new")]) == 2
    assert sorted(f.name for f in tmp_path.iterdir()) == ["here", "puzzle.yaml"]
