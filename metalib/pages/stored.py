"""Run paired notebooks and store them in a form that depends on nothing but their source, the data and their results.

A notebook that fails is not stored, the others are; what failed is told at the end in words. A stored notebook carries
a hash of its source, one of its outputs and one of the data it was run with, so that the checks see an edit to any of
them, and a book is not built from outputs of other data. Its files (figures, downloads, data of scripts) are put in
place together with it: one that fails leaves all as it was.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import numpy as np
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from scipy import special

from .outputs import STAGING

#: Folders of a book: its notebooks, and the data that they are run with.
NOTEBOOKS, DATA = "notebooks", "data"
#: Files of the data; a text about them decides no result.
DATA_FILES = (".csv", ".yaml")
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


Cells = list[dict[str, Any]]


def sources(root: Path) -> list[Path]:
    """Return the .py twin of every notebook of a book."""
    return sorted((root / NOTEBOOKS).glob("*.py"))


def data_hash(root: Path) -> str:
    """Return a hash of the data of a book, names and contents of its files."""
    folder = root / DATA
    files = sorted(p for p in folder.rglob("*") if p.suffix in DATA_FILES and p.is_file())
    parts = [f"{p.relative_to(folder).as_posix()} {hashlib.sha256(p.read_bytes()).hexdigest()}\n" for p in files]
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:32]


def source_cells(path: Path) -> Cells:
    """Return type, source and metadata of every cell of a .py or .ipynb twin."""
    notebook = jupytext.read(path)
    return [
        {
            "type": cell.cell_type,
            "source": cell.source,
            "metadata": {k: v for k, v in cell.metadata.items() if k in ("tags", "mystnb")},
        }
        for cell in notebook.cells
    ]


def hash_of(value: object) -> str:
    """Return a short hash of anything JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]


def stored_hashes(notebook: nbformat.NotebookNode, cells: Cells) -> dict[str, str]:
    """Return the hashes of source and outputs that a stored notebook must carry."""
    outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    return {"source": hash_of(cells), "outputs": hash_of(outputs)}


@cache
def arithmetic() -> str:
    """Return a hash of results whose last bits depend on processor and libraries.

    Where it agrees, a fresh run has to store the same bytes; elsewhere the last digits of numbers may differ.
    """
    x = np.linspace(0.01, 20, 1999)
    results = [np.log(x), np.exp(-x), special.ndtr(-x), special.chdtrc(3, x), special.stdtrit(3, x / 21), x / x.sum()]
    results += [np.array([(x * x).sum(), x @ np.sqrt(x)]), np.linalg.inv(np.vander(x[:5]))]
    return hashlib.sha256(b"".join(np.ascontiguousarray(r).tobytes() for r in results)).hexdigest()[:16]


def normalise(
    notebook: nbformat.NotebookNode, cells: Cells, data: str, made_by: str | None = None
) -> nbformat.NotebookNode:
    """Return the notebook without anything that differs from run to run.

    Parameters
    ----------
    notebook : NotebookNode
        With its outputs; it is changed.
    cells : list of dict
        From :func:`source_cells`.
    data : str
        The :func:`data_hash` that it was run with.
    made_by : str, optional
        The :func:`arithmetic` of the machine that ran it, by default this one's.
    """
    for i, cell in enumerate(notebook.cells):
        cell["id"] = hashlib.sha256(f"{i}:{cell.source}".encode()).hexdigest()[:8]
        cell["metadata"] = nbformat.from_dict(cells[i]["metadata"])  # type: ignore[no-untyped-call]
        if cell.cell_type == "code":
            cell["outputs"] = _merge_streams(cell.outputs)
    notebook["metadata"] = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {
            # Apart from the other hashes: text that is merged line by line then keeps both.
            "data_hash": data,
            "jupytext": {"formats": "ipynb,py:percent"},
            "kernelspec": KERNELSPEC,
            "language_info": {"name": "python"},
            "metalib": {**stored_hashes(notebook, cells), "arithmetic": made_by or arithmetic()},
        }
    )
    notebook["nbformat"], notebook["nbformat_minor"] = 4, 5
    return notebook


def _merge_streams(outputs: list[Any]) -> list[Any]:
    """Join neighbouring outputs of one stream: how a kernel cuts them up depends on timing."""
    merged: list[Any] = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last is not None and output.output_type == "stream" and last.get("name") == output.get("name"):
            last["text"] += output["text"]
        else:
            merged.append(output)
    return merged


class NotebookError(Exception):
    """A notebook that did not run to its end; the message says why."""


def run(path: Path, files: Path) -> nbformat.NotebookNode:
    """Run a .py notebook and return it with its outputs, normalised; what it writes beside itself goes to `files`.

    Raises
    ------
    NotebookError
        A cell failed or took too long, or the kernel died.
    """
    cells = source_cells(path)
    notebook = jupytext.read(path)
    notebook.metadata["kernelspec"] = KERNELSPEC
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        # Below this, every kernel warns that its traffic on this machine is not encrypted.
        extra_arguments=["--IPKernelApp.log_level=40"],
        timeout=600,
        record_timing=False,
        resources={"metadata": {"path": path.parent}},
    )
    try:
        client.execute(env=os.environ | {STAGING: str(files)})
    except CellExecutionError:
        raise NotebookError(why_it_stopped(notebook)) from None
    except (CellTimeoutError, DeadKernelError) as error:
        raise NotebookError(" ".join(str(error).split())) from None
    return normalise(notebook, cells, data_hash(path.parent.parent))


def why_it_stopped(notebook: nbformat.NotebookNode) -> str:
    """Say which statement of a notebook no longer holds, or which statement raised what."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    number, cell, error = next(
        (i, cell, output) for i, cell in enumerate(code, 1) for output in cell.outputs if output.output_type == "error"
    )
    statement = _statement(cell.source, "\n".join(error.traceback))
    if error.ename != "AssertionError":
        return f"code cell {number}, {statement!r}: {error.ename}: {error.evalue}"
    claim = statement.removeprefix("assert ")
    return f"code cell {number} states what no longer holds: {error.evalue or claim}" + (
        f" ({claim})" if error.evalue else ""
    )


def _statement(source: str, traceback: str) -> str:
    """Return the statement of a cell that a traceback starts from, on one line."""
    plain = re.sub(r"\x1b\[[\d;]*m", "", traceback)
    # IPython marks the line of each frame with an arrow; the cell is the first of them.
    marked = re.search(r"^-+> *(\d+)", plain, re.MULTILINE)
    if marked is None:  # no valid Python
        return source.partition("\n")[0]
    statements = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.stmt) and n.lineno <= int(marked[1])]
    nearest = max(statements, key=lambda n: n.lineno)
    if isinstance(nearest, ast.Assert):
        # The message stands in the error.
        return f"assert {ast.unparse(nearest.test)}"
    return " ".join((ast.get_source_segment(source, nearest) or "").split())


def as_text(notebook: nbformat.NotebookNode) -> str:
    """Return the content of the .ipynb file."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def store(path: Path) -> None:
    """Run a .py notebook, then put its .ipynb twin and its files in place, each in one step."""
    # On the disk of the notebook, so that files need only be renamed.
    with tempfile.TemporaryDirectory(prefix=".running-", dir=path.parent) as folder:
        staged = Path(folder)
        notebook = run(path, staged)
        twin = path.with_suffix(".ipynb").name
        (staged / twin).write_text(as_text(notebook), encoding="utf-8")
        for file in sorted(file for file in staged.rglob("*") if file.is_file()):
            target = path.parent / file.relative_to(staged)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, target)


def store_all(root: Path, names: Sequence[str] = ()) -> int:
    """Run the named notebooks of a book, or all; return 1 if any failed."""
    paths = [root / NOTEBOOKS / f"{name}.py" for name in names] or sources(root)
    failed: dict[str, str] = {}
    for i, path in enumerate(paths, 1):
        start = time.perf_counter()
        print(f"[{i}/{len(paths)}] {path.stem} ", end="", flush=True)
        try:
            store(path)
        except NotebookError as error:
            failed[path.stem] = str(error)
        print(f"{time.perf_counter() - start:.1f} s{', FAILED' if path.stem in failed else ''}", flush=True)
    if failed:
        print(f"\n{len(failed)} of {len(paths)} notebooks failed and are stored as they were before:", file=sys.stderr)
        for name, reason in failed.items():
            print(f"  {name}: {reason}", file=sys.stderr)
    return int(bool(failed))


def out_of_date(root: Path) -> dict[str, str]:
    """Return the notebooks of a book whose stored outputs are not those of its source and its data, and why.

    Nothing is run: hashes that the stored notebook carries are compared with those of what is there now.
    """
    data, found = data_hash(root), {}
    for path in sources(root):
        twin = path.with_suffix(".ipynb")
        held = json.loads(twin.read_text(encoding="utf-8"))["metadata"] if twin.exists() else {}
        if "metalib" not in held:
            found[path.stem] = "was never run"
        elif held.get("data_hash") != data:
            found[path.stem] = "was run with other data"
        elif held["metalib"].get("source") != hash_of(source_cells(path)):
            found[path.stem] = "was edited since it was run"
    return found


def run_command(folder: Path, names: Sequence[str] = (), *, check: bool = False) -> int:
    """Run and store notebooks of a book, or say which stored outputs are not those of the data; return the exit code.

    Parameters
    ----------
    folder : path
        Holds ``notebooks`` and ``data``.
    names : sequence of str
        Notebooks to run; all, if none is named.
    check : bool
        Run nothing; 1 unless all stored outputs are those of source and data.
    """
    root = folder.resolve()
    if not sources(root):
        print(f"there are no notebooks in {root / NOTEBOOKS}", file=sys.stderr)
        return 2
    if not check:
        return store_all(root, names)
    stale = out_of_date(root)
    for name, reason in stale.items():
        print(f"{NOTEBOOKS}/{name}.ipynb {reason}", file=sys.stderr)
    if stale:
        print(f"{len(stale)} stored notebooks are refused: run `make notebooks` first", file=sys.stderr)
    return int(bool(stale))
