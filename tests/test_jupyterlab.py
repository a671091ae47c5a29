"""JupyterLab opens a pair as one notebook: the text of the .py with the stored outputs of the .ipynb."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from metalib.pages import checks as guards

ROOT = Path(__file__).parent.parent


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("newer", ["py", "ipynb"])
@pytest.mark.parametrize("opened", ["py", "ipynb"])
def test_a_pair_opens_as_one_notebook(tmp_path: Path, newer: str, opened: str) -> None:
    from jupytext import TextFileContentsManager

    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("partial_response.py", "partial_response.ipynb", "jupytext.toml"):
        shutil.copy(ROOT / "notebooks" / name, folder)
    # As after `make notebooks`, and as after an edit of the text.
    os.utime(folder / f"partial_response.{newer}", (2e9, 2e9))
    manager = TextFileContentsManager(root_dir=str(folder))
    content = manager.get(f"partial_response.{opened}", type="notebook")["content"]
    stored = guards.stored(ROOT / "notebooks" / "partial_response.py")
    assert [cell.source for cell in content.cells] == [cell.source for cell in stored.cells]
    assert [len(c.outputs) for c in guards.code_cells(content)] == [len(c.outputs) for c in guards.code_cells(stored)]


def test_jupyterlab_knows_the_pairs() -> None:
    """The extensions that `make lab` needs are those that come with jupytext."""
    extensions = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "jupyterlab-jupytext"
    assert (extensions / "package.json").exists()
