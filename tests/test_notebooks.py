"""What re-running a notebook does not notice: missing outputs, swapped names, twins out of step, figures.

nbval compares the text of stored outputs with a fresh run. It passes a notebook without outputs, looks at no output
metadata and at no picture. These checks close the gaps.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import nbformat
import pytest

import notebooks as tool

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
GLUE = re.compile(r"\{glue:text\}`(?:(?P<doc>[^`:]+)::)?(?P<name>[a-z][A-Za-z0-9_]*):s`")


def stored(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path.with_suffix(".ipynb"), as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def glued(notebook: nbformat.NotebookNode) -> dict[str, dict]:
    """Return the glued outputs by the name in their metadata."""
    found: dict[str, dict] = {}
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if "scrapbook" in output.get("metadata", {}):
                name = output.metadata["scrapbook"]["name"]
                assert name not in found, f"{name} is glued twice"
                found[name] = output.data
    return found


def files_written(notebook: nbformat.NotebookNode, kind: str) -> list:
    """Return the outputs that tell of a file beside the notebook: a ``figure`` or a ``download``."""
    return [o for c in code_cells(notebook) for o in c.outputs if kind in o.get("metadata", {}).get("metalib", {})]


def test_there_are_notebooks_and_each_has_its_twin() -> None:
    assert len(SOURCES) >= 12
    assert [p.stem for p in SOURCES] == sorted(p.stem for p in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
class TestNotebook:
    def test_the_twins_agree(self, path: Path) -> None:
        assert tool.source_cells(path) == tool.source_cells(path.with_suffix(".ipynb")), "run `make notebooks`"

    def test_every_code_cell_was_run_in_order(self, path: Path) -> None:
        cells = code_cells(stored(path))
        assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
        assert any(cell.outputs for cell in cells)

    def test_nothing_was_written_to_stderr_or_raised(self, path: Path) -> None:
        for cell in code_cells(stored(path)):
            for output in cell.outputs:
                assert output.output_type != "error"
                assert output.get("name") != "stderr"

    def test_source_and_outputs_are_those_of_one_run(self, path: Path) -> None:
        notebook = stored(path)
        assert notebook.metadata["metalib"] == tool.stored_hashes(notebook, tool.source_cells(path))

    def test_it_is_stored_as_the_tool_writes_it(self, path: Path) -> None:
        notebook = stored(path)
        assert tool.normalise(stored(path), tool.source_cells(path)) == notebook

    def test_glue_names_are_in_the_data_too(self, path: Path) -> None:
        for name, data in glued(stored(path)).items():
            assert data["application/papermill.record/name"] == name

    def test_prose_glues_only_what_exists(self, path: Path) -> None:
        notebook = stored(path)
        names = set(glued(notebook))
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                for match in GLUE.finditer(cell.source):
                    other = match["doc"] and set(glued(stored(ROOT / match["doc"].lstrip("/"))))
                    assert match["name"] in (other or names), match["name"]
                assert cell.source.count("{glue:text}") == len(GLUE.findall(cell.source))

    def test_figures_are_stored_and_unchanged(self, path: Path) -> None:
        for output in files_written(stored(path), "figure"):
            name = output.metadata["metalib"]["figure"]
            svg = (path.parent / "figures" / f"{name}.svg").read_bytes()
            assert hashlib.sha256(svg).hexdigest() == output.metadata["metalib"]["sha256"]
            assert output.data["text/plain"].count("\n") >= 1, "the data of a figure stand beside it"
            for ending in {"md", "png"} & set(output.metadata["metalib"]):
                content = (path.parent / "figures" / f"{name}.{ending}").read_bytes()
                assert hashlib.sha256(content).hexdigest() == output.metadata["metalib"][ending]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_downloads_are_stored_and_unchanged(path: Path) -> None:
    for output in files_written(stored(path), "download"):
        meta = output.metadata["metalib"]
        for ending in ("csv", "json"):
            content = (path.parent / "downloads" / f"{meta['download']}.{ending}").read_bytes()
            assert hashlib.sha256(content).hexdigest() == meta[ending]


def test_no_figure_is_left_over() -> None:
    stored_now = [o.metadata["metalib"] for path in SOURCES for o in files_written(stored(path), "figure")]
    used = {f"{m['figure']}.{e}" for m in stored_now for e in ("svg", *({"md", "png"} & set(m)))}
    assert {p.name for p in (ROOT / "notebooks" / "figures").iterdir()} == used


def test_pages_glue_only_what_exists() -> None:
    for page in [ROOT / "index.md", *sorted((ROOT / "book").glob("*.md"))]:
        for match in GLUE.finditer(page.read_text(encoding="utf-8")):
            notebook = stored(ROOT / match["doc"].lstrip("/"))
            assert match["name"] in glued(notebook), f"{page.name}: {match[0]}"


def test_names_of_tables_and_figures_are_unique() -> None:
    names = []
    for path in SOURCES:
        for cell in code_cells(stored(path)):
            for output in cell.outputs:
                names += re.findall(r"^:name: (\S+)$", output.get("data", {}).get("text/markdown", ""), re.MULTILINE)
    assert len(names) > 30
    assert len(set(names)) == len(names)
