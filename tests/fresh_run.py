"""A fresh run of every notebook, and whether it writes the stored files again.

nbval runs every notebook in a new kernel and keeps all outputs here. Put together by the tool that stores notebooks,
they must give the stored file again, byte for byte; likewise figures and downloads. Processors may differ in the last
bit of a float, so coordinates of a figure may differ by 1e-5 points, pixels by 2 of 255 levels and unrounded numbers of
a download by 1e-12 of themselves; where the bytes agree, which is the rule on one machine, none of this is used.
"""

from __future__ import annotations

import base64
import copy
import io
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import keep_outputs
import nbformat
import numpy as np

from metalib.pages import checks as guards
from metalib.pages import stored as tool

VARIABLE = "METALIB_FRESH"
NBVAL = (
    "--override-ini", "filterwarnings=default", "-p", "no:cacheprovider", "-p", "keep_outputs",
    "--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/nbval_sanitize.cfg",
)  # fmt: skip
PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
NUMBER = re.compile(r"(-?\d+\.\d+(?:e[-+]?\d+)?)")
#: Matplotlib names clip paths and markers by a hash of their coordinates.
HASHED = re.compile(r"\b[a-z]{1,2}[0-9a-f]{10}\b")


def run_nbval(root: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run nbval in a repository, figures and downloads written to `folder`."""
    environment = os.environ | {"METALIB_FIGURES": str(folder), "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-m", "pytest", *NBVAL, *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def rebuilt(path: Path, fresh: Path) -> nbformat.NotebookNode:
    """Return the notebook as the tool would store it after the fresh run."""
    outputs = json.loads((fresh / f"{path.stem}{keep_outputs.ENDING}").read_text(encoding="utf-8"))
    notebook = jupytext.read(path)
    notebook.metadata.clear()
    code = guards.code_cells(notebook)
    assert len(code) == len(outputs)
    for i, (cell, fresh_outputs) in enumerate(zip(code, outputs, strict=True), 1):
        cell.execution_count, cell.outputs = i, [nbformat.from_dict(o) for o in fresh_outputs]
        for output in cell.outputs:
            if output.output_type == "execute_result":  # nbval's kernel counts no cells
                output.execution_count = i
    return tool.normalise(notebook, tool.source_cells(path), tool.data_hash(path.parent.parent))


def writes_the_same_files(path: Path, fresh: Path) -> None:
    """Check that the stored notebook and its files are those of the fresh run."""
    stored, again = guards.stored(path), rebuilt(path, fresh)
    # Run on a machine that calculates alike: nothing is put down to noise.
    exact = stored.metadata["metalib"]["arithmetic"] == tool.arithmetic()
    assert not exact or stored == again, f"{path.stem}: a fresh run stores something else"
    if path.with_suffix(".ipynb").read_text(encoding="utf-8") != tool.as_text(again):
        assert without_pictures(stored) == without_pictures(again), f"{path.stem}: a fresh run stores something else"
        old, new = pictures(stored), pictures(again)
        assert len(old) == len(new)
        for one, other in zip(old, new, strict=True):
            assert one == other or same_pixels(one, other), f"{path.stem}: the pixels of a figure differ"
    for name in guards.files_written(again):
        one, other = ((folder / file).read_bytes() for folder, file in ((path.parent, name), (fresh, name)))
        assert one == other or (not exact and same_file(one, other, name)), f"a fresh run writes another {name}"


def same_file(one: bytes, other: bytes, name: str) -> bool:
    """Return whether two files are the same but for the noise of another processor."""
    if name.endswith(".png"):
        return same_pixels(one, other)
    return same_numbers(one.decode(), other.decode(), drawn=name.endswith(".svg"))


def without_pictures(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return the notebook without pictures and without the hashes that hang on them."""
    notebook = copy.deepcopy(notebook)
    del notebook.metadata["metalib"]
    for cell in guards.code_cells(notebook):
        for output in cell.outputs:
            for key in ("sha256", "md", "png", "csv", "json"):
                output.get("metadata", {}).get("metalib", {}).pop(key, None)
            if "text/html" in output.get("data", {}):
                output.data["text/html"] = PNG.sub("PNG", output.data["text/html"])
    return notebook


def pictures(notebook: nbformat.NotebookNode) -> list[bytes]:
    """Return the embedded PNG files."""
    html = [o.get("data", {}).get("text/html", "") for c in guards.code_cells(notebook) for o in c.outputs]
    return [base64.b64decode(found) for text in html for found in PNG.findall(text)]


def same_pixels(one: bytes, other: bytes) -> bool:
    """Return whether two PNG files show the same but for two levels of brightness."""
    import matplotlib.image

    try:
        a, b = (matplotlib.image.imread(io.BytesIO(content), format="png") for content in (one, other))
    except (SyntaxError, ValueError, OSError):
        return False
    return a.shape == b.shape and bool(np.abs(a - b).max() <= 2 / 255)


def same_numbers(one: str, other: str, *, drawn: bool) -> bool:
    """Return whether two texts are the same but for noise in the last digits of their decimal numbers."""
    relative, absolute = (0, 1e-5) if drawn else (1e-12, 0)
    if drawn:
        one, other = _renamed(one), _renamed(other)
    a, b = NUMBER.split(one), NUMBER.split(other)
    if len(a) != len(b) or a[::2] != b[::2]:
        return False
    return all(math.isclose(float(x), float(y), rel_tol=relative, abs_tol=absolute)
               for x, y in zip(a[1::2], b[1::2], strict=True))  # fmt: skip


def _renamed(svg: str) -> str:
    order: dict[str, str] = {}
    return HASHED.sub(lambda m: order.setdefault(m[0], f"id{len(order)}"), svg)
