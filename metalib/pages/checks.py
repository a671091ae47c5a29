"""What re-running a notebook does not notice: missing outputs, swapped names, twins out of step, files beside it.

nbval compares the text of stored outputs with a fresh run. It passes a notebook without outputs, looks at no output
metadata, at no picture and at no file, and not at the order of unlike outputs. These checks close the gaps. Each takes
the .py twin of a notebook, or the folder of a book, and raises :class:`~metalib.errors.BookError` for what is not as it
should be.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat

from ..errors import BookError
from . import stored as tool
from .plan import TO_WRITE

GLUE = re.compile(r"\{glue:text\}`(?:(?P<doc>[^`:]+)::)?(?P<name>[a-z][A-Za-z0-9_]*):s`")
#: Folders beside the notebooks whose every file a notebook must tell of.
WRITTEN = ("figures", "downloads")
_read: dict[Path, tuple[bytes, nbformat.NotebookNode]] = {}
_cells: dict[Path, tuple[bytes, tool.Cells]] = {}


def need(condition: object, problem: str, path: Path) -> None:
    """Raise :class:`BookError` naming a file unless a condition holds."""
    if not condition:
        raise BookError(f"{path.name}: {problem}")


def stored(path: Path) -> nbformat.NotebookNode:
    """Return the stored notebook; what was read before is read again only if its bytes changed."""
    path = path.with_suffix(".ipynb")
    content = path.read_bytes()
    if path not in _read or _read[path][0] != content:
        _read[path] = content, nbformat.reads(content.decode(), as_version=4)  # type: ignore[no-untyped-call]
    return _read[path][1]


def source_cells(path: Path) -> tool.Cells:
    """Return the cells of a twin, likewise."""
    content = path.read_bytes()
    if path not in _cells or _cells[path][0] != content:
        _cells[path] = content, tool.source_cells(path)
    return _cells[path][1]


def code_cells(notebook: nbformat.NotebookNode) -> list[Any]:
    """Return the code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: nbformat.NotebookNode) -> list[Any]:
    """Return all outputs in their order."""
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def glued(notebook: nbformat.NotebookNode) -> dict[str, dict[str, Any]]:
    """Return the glued outputs by the name in their metadata."""
    found: dict[str, dict[str, Any]] = {}
    for output in outputs(notebook):
        if "scrapbook" in output.get("metadata", {}):
            name = output.metadata["scrapbook"]["name"]
            if name in found:
                raise BookError(f"{name} is glued twice")
            found[name] = output.data
    return found


def sha256(content: bytes) -> str:
    """Return the hash that a notebook states of a file."""
    return hashlib.sha256(content).hexdigest()


def files_of(output: Any) -> dict[str, str]:
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
    return {name: stated for output in outputs(notebook) for name, stated in files_of(output).items()}


def outputs_are_those_of_the_data(path: Path) -> None:
    """The notebook was run with the data that are there now."""
    held = stored(path).metadata.get("data_hash")
    need(held == tool.data_hash(path.parent.parent), "it was run with other data; run `make notebooks`", path)


def twins_agree(path: Path) -> None:
    """Text and notebook have the same cells."""
    need(source_cells(path) == source_cells(path.with_suffix(".ipynb")), "edited; run `make notebooks`", path)


def every_code_cell_was_run_in_order(path: Path) -> None:
    """The cells are numbered from 1, and something came out."""
    cells = code_cells(stored(path))
    need([c.execution_count for c in cells] == list(range(1, len(cells) + 1)), "cells were not run in order", path)
    need(any(cell.outputs for cell in cells), "it has no output", path)


def nothing_was_written_to_stderr_or_raised(path: Path) -> None:
    """No warning and no traceback is stored."""
    for output in outputs(stored(path)):
        need(output.output_type != "error" and output.get("name") != "stderr", "an error or a warning is stored", path)


def source_and_outputs_are_those_of_one_run(path: Path) -> None:
    """The stored hashes are those of the cells and outputs."""
    notebook = stored(path)
    held = notebook.metadata.get("metalib", {})
    stated = tool.stored_hashes(notebook, source_cells(path)) | {"arithmetic": held.get("arithmetic")}
    need(held == stated, "source and outputs are not those of one run", path)


def it_is_stored_as_the_tool_writes_it(path: Path) -> None:
    """The file is what storing would write, byte for byte."""
    cells, again = source_cells(path), stored(path)
    need(len(cells) == len(again.cells), "the twin has another number of cells", path)
    again = tool.normalise(again, cells, again.metadata["data_hash"], again.metadata["metalib"]["arithmetic"])
    need(path.with_suffix(".ipynb").read_text(encoding="utf-8") == tool.as_text(again), "edited by hand", path)


def glue_names_are_in_the_data_too(path: Path) -> None:
    """A glued text is compared together with its name."""
    for name, data in glued(stored(path)).items():
        need(data["application/papermill.record/name"] == name, f"{name} is glued under another name", path)


def prose_glues_only_what_exists(path: Path) -> None:
    """Every reference to a glued text leads to one, of this notebook or of another."""
    notebook, root = stored(path), path.parent.parent
    names = set(glued(notebook))
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for match in GLUE.finditer(cell.source):
                other = match["doc"] and set(glued(stored(root / match["doc"].lstrip("/"))))
                need(match["name"] in (other or names), f"{match['name']} is not glued", path)
            need(cell.source.count("{glue:text}") == len(GLUE.findall(cell.source)), "a reference is misspelt", path)


def files_are_stored_and_unchanged(path: Path) -> None:
    """Files beside the notebook have the hashes that it states."""
    for name, stated in files_written(stored(path)).items():
        file = path.parent / name
        need(file.exists() and sha256(file.read_bytes()) == stated, f"{name} is not the file it wrote", path)


def data_stand_beside_each_figure(path: Path) -> None:
    """A figure carries the numbers that it shows."""
    for output in outputs(stored(path)):
        if "figure" in output.get("metadata", {}).get("metalib", {}):
            need(output.data["text/plain"].count("\n") >= 1, "a figure has no data", path)


def each_notebook_has_its_twin(root: Path) -> None:
    """Texts and notebooks are pairs."""
    found = [p.stem for p in tool.sources(root)]
    need(found == sorted(p.stem for p in (root / tool.NOTEBOOKS).glob("*.ipynb")), "twins are missing", root)


def no_file_is_left_over(root: Path) -> None:
    """Every figure and download is one that a notebook tells of."""
    used = {name for path in tool.sources(root) for name in files_written(stored(path))}
    folders = (root / tool.NOTEBOOKS / name for name in WRITTEN)
    there = {f"{folder.name}/{p.name}" for folder in folders if folder.is_dir() for p in folder.iterdir()}
    need(there == used, f"files that no notebook tells of: {', '.join(sorted(there ^ used))}", root)


def pages_glue_only_what_exists(root: Path) -> None:
    """References on pages that are no notebooks lead to glued texts."""
    for page in [root / "index.md", *sorted((root / "book").glob("*.md"))]:
        for match in GLUE.finditer(page.read_text(encoding="utf-8")):
            folder = page.parent if match["doc"].startswith("..") else root
            notebook = stored((folder / match["doc"].lstrip("/")).resolve())
            need(match["name"] in glued(notebook), f"there is no {match[0]}", page)


def names_of_tables_and_figures_are_unique(root: Path) -> None:
    """A reference leads to one place."""
    names = [
        name
        for path in tool.sources(root)
        for output in outputs(stored(path))
        for name in re.findall(r"^:name: (\S+)$", output.get("data", {}).get("text/markdown", ""), re.MULTILINE)
    ]
    need(len(set(names)) == len(names), "two tables or figures have one name", root)


def places_to_write(root: Path) -> list[str]:
    """Return every place of a book that waits for a person's words, as ``file, line: what is asked for``."""
    pages = [root / "index.md", *sorted((root / "book").glob("*.md")), *tool.sources(root)]
    return [
        f"{page.relative_to(root).as_posix()}, line {number}: {line.partition(TO_WRITE)[2].strip(' *_')}"
        for page in pages
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
        if TO_WRITE in line
    ]


def everything_is_written(root: Path) -> None:
    """No sentence waits for a person."""
    places = places_to_write(root)
    if places:
        raise BookError(f"{len(places)} places are to be written:\n" + "\n".join(places))


Check = Callable[[Path], None]
OF_A_NOTEBOOK: tuple[Check, ...] = (
    outputs_are_those_of_the_data,
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
OF_A_BOOK: tuple[Check, ...] = (
    each_notebook_has_its_twin,
    no_file_is_left_over,
    pages_glue_only_what_exists,
    names_of_tables_and_figures_are_unique,
    everything_is_written,
)
