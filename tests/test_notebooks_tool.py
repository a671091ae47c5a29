"""The tool that stores notebooks runs all of them, stores those that ran, and tells in words why the others did not."""

from __future__ import annotations

from pathlib import Path

import pytest

import notebooks as tool

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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, source in NOTEBOOKS.items():
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        (tmp_path / f"{name}.ipynb").write_text("as before", encoding="utf-8")
    monkeypatch.setattr(tool, "FOLDER", tmp_path)
    assert tool.main([]) == 1
    shown = capsys.readouterr()
    assert shown.out.count("FAILED") == len(TOLD)
    assert "4 of 5 notebooks failed" in shown.err
    told = dict(line.strip().split(": ", 1) for line in shown.err.strip().splitlines()[1:])
    assert list(told) == list(TOLD)
    for name, reason in TOLD.items():
        assert told[name].startswith(reason), name
        assert (tmp_path / f"{name}.ipynb").read_text(encoding="utf-8") == "as before"
    assert '"42\\n"' in (tmp_path / "sound.ipynb").read_text(encoding="utf-8")
    assert {p.suffix for p in tmp_path.iterdir()} == {".py", ".ipynb"}
