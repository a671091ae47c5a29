"""The tool that stores notebooks runs all of them, stores those that ran, and tells in words why the others did not."""

from __future__ import annotations

from pathlib import Path

import pytest

from metalib.__main__ import main
from metalib.errors import BookError
from metalib.pages import checks
from metalib.pages import stored as tool

NOTEBOOKS = {
    "a_claim": "# %%\nx, y = 1, 2\n\n# %%\nz = x\nassert (\n    z\n    > y\n), 'one is more than two'\nz = 3\n",
    "bare": "# %%\nfor p in (0.04, 0.06):\n    assert p < 0.05\n",
    "calls": "# %%\ndef half(n):\n    return n / 0\n\n\nhalf(\n    2\n)\n",
    "sound": "# %%\nprint(6 * 7)\n",
    "unstable": "# %%\nimport os\n\nos._exit(3)\n",
}
TOLD = {
    "a_claim": "code cell 2 states what no longer holds: one is more than two (z > y)",
    "bare": "code cell 1 states what no longer holds: p < 0.05",
    "calls": "code cell 1, 'half( 2 )': ZeroDivisionError: division by zero",
    "unstable": "Kernel died",
}


@pytest.mark.filterwarnings("default")
def test_all_are_run_the_sound_ones_stored_and_the_others_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name, source in NOTEBOOKS.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
        (folder / f"{name}.ipynb").write_text("as before", encoding="utf-8")
    assert tool.store_all(tmp_path) == 1
    shown = capsys.readouterr()
    assert shown.out.count("FAILED") == len(TOLD)
    assert "4 of 5 notebooks failed" in shown.err
    told = dict(line.strip().split(": ", 1) for line in shown.err.strip().splitlines()[1:])
    assert list(told) == list(TOLD)
    for name, reason in TOLD.items():
        assert told[name].startswith(reason), name
        assert (folder / f"{name}.ipynb").read_text(encoding="utf-8") == "as before"
    assert '"42\\n"' in (folder / "sound.ipynb").read_text(encoding="utf-8")
    assert {p.suffix for p in folder.iterdir()} == {".py", ".ipynb"}


def test_stored_outputs_of_other_data_or_of_another_source_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("data", "notebooks"):
        (tmp_path / name).mkdir()
    (tmp_path / "data" / "tables.csv").write_text("study,events\na,3\n", encoding="utf-8")
    (tmp_path / "data" / "README.md").write_text("About the data.\n", encoding="utf-8")
    for name in ("one", "two"):
        source = "# %%\nprint(open('../data/tables.csv').read())\n"
        (tmp_path / "notebooks" / f"{name}.py").write_text(source, encoding="utf-8")
    assert main(["notebooks", "--folder", str(tmp_path), "--check"]) == 1
    assert capsys.readouterr().err.count("was never run") == 2
    assert main(["notebooks", "--folder", str(tmp_path)]) == 0
    assert main(["notebooks", "--folder", str(tmp_path), "--check"]) == 0
    (tmp_path / "data" / "README.md").write_text("More about the data.\n", encoding="utf-8")
    assert tool.out_of_date(tmp_path) == {}
    (tmp_path / "notebooks" / "two.py").write_text("# %%\nprint(1)\n", encoding="utf-8")
    assert tool.out_of_date(tmp_path) == {"two": "was edited since it was run"}
    (tmp_path / "data" / "tables.csv").write_text("study,events\na,4\n", encoding="utf-8")
    assert main(["notebooks", "--folder", str(tmp_path), "--check"]) == 1
    assert capsys.readouterr().err.count("was run with other data") == 2
    with pytest.raises(BookError, match="other data"):
        checks.outputs_are_those_of_the_data(tmp_path / "notebooks" / "one.py")


def test_a_folder_without_notebooks_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["notebooks", "--folder", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
