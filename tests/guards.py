"""What re-running a notebook does not notice: missing outputs, swapped names, twins out of step, files beside it.

nbval compares the text of stored outputs with a fresh run. It passes a notebook without outputs, looks at no output
metadata, at no picture and at no file, and not at the order of unlike outputs. These checks close the gaps. Each takes
the root of the repository, so that ``test_checks_bite.py`` can hold altered copies against them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import nbformat

import notebooks as tool

GLUE = re.compile(r"\{glue:text\}`(?:(?P<doc>[^`:]+)::)?(?P<name>[a-z][A-Za-z0-9_]*):s`")
_read: dict[Path, tuple[bytes, nbformat.NotebookNode]] = {}
_cells: dict[Path, tuple[bytes, list[dict]]] = {}


def sources(root: Path) -> list[Path]:
    """Return the .py twin of every notebook."""
    return sorted((root / "notebooks").glob("*.py"))


def stored(path: Path) -> nbformat.NotebookNode:
    """Return the stored notebook; what was read before is read again only if its bytes changed."""
    path = path.with_suffix(".ipynb")
    content = path.read_bytes()
    if path not in _read or _read[path][0] != content:
        _read[path] = content, nbformat.reads(content.decode(), as_version=4)
    return _read[path][1]


def source_cells(path: Path) -> list[dict]:
    """Return the cells of a twin, likewise."""
    content = path.read_bytes()
    if path not in _cells or _cells[path][0] != content:
        _cells[path] = content, tool.source_cells(path)
    return _cells[path][1]


def code_cells(notebook: nbformat.NotebookNode) -> list:
    """Return the code cells."""
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


def sha256(content: bytes) -> str:
    """Return the hash that a notebook states of a file."""
    return hashlib.sha256(content).hexdigest()


def files_of(output: dict) -> dict[str, str]:
    """Return the files beside the notebook that an output tells of, each with the hash it should have."""
    meta = output.get("metadata", {}).get("metalib", {})
    found = {}
    if "figure" in meta:
        found = {
            f"figures/{meta['figure']}.{e}": meta.get("sha256" if e == "svg" else e)
            for e in ("svg", "csv", "md", "png")
        }
    elif "download" in meta:
        found = {f"downloads/{meta['download']}.{e}": meta.get(e) for e in ("csv", "json")}
    return {name: stated for name, stated in found.items() if stated is not None}


def files_written(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """Return all files that a notebook tells of, with their hashes."""
    return {name: stated for c in code_cells(notebook) for o in c.outputs for name, stated in files_of(o).items()}


def twins_agree(path: Path) -> None:
    assert source_cells(path) == source_cells(path.with_suffix(".ipynb")), "run `make notebooks`"


def every_code_cell_was_run_in_order(path: Path) -> None:
    cells = code_cells(stored(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert any(cell.outputs for cell in cells)


def nothing_was_written_to_stderr_or_raised(path: Path) -> None:
    for cell in code_cells(stored(path)):
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr"


def source_and_outputs_are_those_of_one_run(path: Path) -> None:
    notebook = stored(path)
    made_by = {"arithmetic": notebook.metadata["metalib"]["arithmetic"]}
    assert notebook.metadata["metalib"] == tool.stored_hashes(notebook, source_cells(path)) | made_by


def it_is_stored_as_the_tool_writes_it(path: Path) -> None:
    cells = source_cells(path)
    assert len(cells) == len(stored(path).cells)
    again = stored(path)
    again = tool.normalise(again, cells, again.metadata["metalib"]["arithmetic"])
    assert path.with_suffix(".ipynb").read_text(encoding="utf-8") == tool.as_text(again)


def glue_names_are_in_the_data_too(path: Path) -> None:
    for name, data in glued(stored(path)).items():
        assert data["application/papermill.record/name"] == name


def prose_glues_only_what_exists(path: Path) -> None:
    notebook, root = stored(path), path.parent.parent
    names = set(glued(notebook))
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for match in GLUE.finditer(cell.source):
                other = match["doc"] and set(glued(stored(root / match["doc"].lstrip("/"))))
                assert match["name"] in (other or names), match["name"]
            assert cell.source.count("{glue:text}") == len(GLUE.findall(cell.source))


def files_are_stored_and_unchanged(path: Path) -> None:
    for name, stated in files_written(stored(path)).items():
        assert sha256((path.parent / name).read_bytes()) == stated, name


def data_stand_beside_each_figure(path: Path) -> None:
    for cell in code_cells(stored(path)):
        for output in cell.outputs:
            if "figure" in output.get("metadata", {}).get("metalib", {}):
                assert output.data["text/plain"].count("\n") >= 1


def each_notebook_has_its_twin(root: Path) -> None:
    assert len(sources(root)) >= 12
    assert [p.stem for p in sources(root)] == sorted(p.stem for p in (root / "notebooks").glob("*.ipynb"))


def no_file_is_left_over(root: Path) -> None:
    used = {name for path in sources(root) for name in files_written(stored(path))}
    folders = (root / "notebooks" / name for name in ("figures", "downloads"))
    assert {f"{p.parent.name}/{p.name}" for folder in folders for p in folder.iterdir()} == used


def pages_glue_only_what_exists(root: Path) -> None:
    for page in [root / "index.md", *sorted((root / "book").glob("*.md"))]:
        for match in GLUE.finditer(page.read_text(encoding="utf-8")):
            folder = page.parent if match["doc"].startswith("..") else root
            notebook = stored((folder / match["doc"].lstrip("/")).resolve())
            assert match["name"] in glued(notebook), f"{page.name}: {match[0]}"


def names_of_tables_and_figures_are_unique(root: Path) -> None:
    names = []
    for path in sources(root):
        for cell in code_cells(stored(path)):
            for output in cell.outputs:
                names += re.findall(r"^:name: (\S+)$", output.get("data", {}).get("text/markdown", ""), re.MULTILINE)
    assert len(names) > 30
    assert len(set(names)) == len(names)


Check = Callable[[Path], None]
OF_A_NOTEBOOK: tuple[Check, ...] = (
    source_and_outputs_are_those_of_one_run,
    twins_agree,
    every_code_cell_was_run_in_order,
    nothing_was_written_to_stderr_or_raised,
    it_is_stored_as_the_tool_writes_it,
    glue_names_are_in_the_data_too,
    prose_glues_only_what_exists,
    files_are_stored_and_unchanged,
    data_stand_beside_each_figure,
)
OF_THE_REPOSITORY: tuple[Check, ...] = (
    each_notebook_has_its_twin,
    no_file_is_left_over,
    pages_glue_only_what_exists,
    names_of_tables_and_figures_are_unique,
)
