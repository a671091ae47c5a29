"""Run the paired notebooks and store them in a form that depends on nothing but their source and their results.

    python tools/notebooks.py            run every notebooks/*.py and write its .ipynb
    python tools/notebooks.py NAME ...   only these

A notebook that fails is not stored, the others are; what failed is told at the end in words, and the exit code is 1.
A stored notebook carries a hash of its source and one of its outputs, so that the checks see an edit to either. Its
files (figures, downloads, data of scripts) are put in place together with it: one that fails leaves all as it was.
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
from functools import cache
from pathlib import Path

import jupytext
import nbformat

from metalib.pages.outputs import STAGING

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def source_cells(path: Path) -> list[dict]:
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


def stored_hashes(notebook: nbformat.NotebookNode, cells: list[dict]) -> dict[str, str]:
    """Return the hashes that a stored notebook must carry."""
    outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    return {"source": hash_of(cells), "outputs": hash_of(outputs)}


@cache
def arithmetic() -> str:
    """Return a hash of results whose last bits depend on processor and libraries.

    Where it agrees, a fresh run has to store the same bytes; elsewhere the last digits of numbers may differ.
    """
    import numpy as np
    from scipy import special

    x = np.linspace(0.01, 20, 1999)
    results = [np.log(x), np.exp(-x), special.ndtr(-x), special.chdtrc(3, x), special.stdtrit(3, x / 21), x / x.sum()]
    results += [np.array([(x * x).sum(), x @ np.sqrt(x)]), np.linalg.inv(np.vander(x[:5]))]
    return hashlib.sha256(b"".join(np.ascontiguousarray(r).tobytes() for r in results)).hexdigest()[:16]


def normalise(notebook: nbformat.NotebookNode, cells: list[dict], made_by: str | None = None) -> nbformat.NotebookNode:
    """Return the notebook without anything that differs from run to run.

    `made_by` is the :func:`arithmetic` of the machine that ran it, by default this one's.
    """
    for i, cell in enumerate(notebook.cells):
        cell["id"] = hashlib.sha256(f"{i}:{cell.source}".encode()).hexdigest()[:8]
        cell["metadata"] = nbformat.from_dict(cells[i]["metadata"])
        if cell.cell_type == "code":
            cell["outputs"] = _merge_streams(cell.outputs)
    notebook["metadata"] = nbformat.from_dict(
        {
            "jupytext": {"formats": "ipynb,py:percent"},
            "kernelspec": KERNELSPEC,
            "language_info": {"name": "python"},
            "metalib": {**stored_hashes(notebook, cells), "arithmetic": made_by or arithmetic()},
        }
    )
    notebook["nbformat"], notebook["nbformat_minor"] = 4, 5
    return notebook


def _merge_streams(outputs: list) -> list:
    """Join neighbouring outputs of one stream: how a kernel cuts them up depends on timing."""
    merged: list = []
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
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

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
    return normalise(notebook, cells)


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


def main(names: list[str]) -> int:
    """Run the named notebooks, or all; return 1 if any failed."""
    paths = [FOLDER / f"{name}.py" for name in names] or sorted(FOLDER.glob("*.py"))
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
