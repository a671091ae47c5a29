"""Alterations of stored notebooks, one at a time, to prove that the checks notice each.

:func:`alterations` lists what can be altered in a repository, by kind; :func:`sample` draws from every kind and every
notebook; :class:`Workshop` holds a copy of the repository and makes one alteration in it after the other, either
clumsily (the stored hashes left as they are) or as a forger would (hashes and cell ids made to fit).
"""

from __future__ import annotations

import base64
import copy
import io
import itertools
import json
import random
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib.image
import nbformat

from metalib.pages import checks as guards
from metalib.pages import stored as tool

CELL_MARKDOWN = re.compile(r"(?<=\| )[^|\n]*\d[^|\n]*(?= \|)")
CELL_HTML = re.compile(r"(?<=>)[^<>]*\d[^<>]*(?=</t[dh]>|</a></td>)")
CELL_PLAIN = re.compile(r"[^\t\n]*\d[^\t\n]*")
CAPTION = re.compile(r"(?<=\{table\} )[^\n]+|(?<=<caption>)[^<]+|(?<=table-note\n)[^\n]+")
FIGURE_TEXT = re.compile(r"(?<=:alt: )[^\n]+|(?<=alt=\")[^\"]+|(?<=<figcaption>)[^<]+|(?<=\n\n)[^\n]+(?=\n:::)")
PNG = re.compile(r"(?<=base64,)[A-Za-z0-9+/=]+")
NAME = "application/papermill.record/name"
GLUED = "application/papermill.record/text/plain"


class State:
    """One notebook with its twin and the files beside it, to be altered in memory."""

    def __init__(self, path: Path) -> None:
        self.notebook = json.loads(path.with_suffix(".ipynb").read_text(encoding="utf-8"))
        self.source = path.read_text(encoding="utf-8")
        self.files: dict[str, bytes | None] = {}
        self.folder = path.parent

    def code(self) -> list[dict]:
        return [cell for cell in self.notebook["cells"] if cell["cell_type"] == "code"]


@dataclass(frozen=True)
class Alteration:
    """What is altered, and how."""

    kind: str
    notebook: str
    where: str
    make: Callable[[State, random.Random], None]


def alterations(root: Path) -> list[Alteration]:
    """Return every possible alteration of the stored notebooks of a repository."""
    found = []
    for path in sorted((root / "notebooks").glob("*.py")):
        state = State(path)
        for kind, where, make in (*_of_outputs(state), *_of_files(state), *_of_cells(state)):
            found.append(Alteration(kind, path.stem, where, make))
    return found


def _of_outputs(state: State) -> Iterator[tuple[str, str, Callable]]:
    names = []
    for i, cell in enumerate(state.code()):
        for j, output in enumerate(cell["outputs"]):
            data, meta = output.get("data", {}), output.get("metadata", {})
            yield "output removed", f"{i}.{j}", lambda s, r, i=i, j=j: s.code()[i]["outputs"].pop(j)
            if j:
                yield "outputs reordered", f"{i}.{j}", lambda s, r, i=i, j=j: _swap(s.code()[i]["outputs"], j - 1, j)
            if "text" in output:
                yield from _texts("printed line", state, (i, j, "text"), re.compile(r"[^\n]+"))
            elif "scrapbook" in meta:
                names.append((i, j))
                yield from _texts("glued text", state, (i, j, "data", GLUED), re.compile(r".+", re.DOTALL))
            elif "figure" in meta.get("metalib", {}):
                yield from _texts("figure: data", state, (i, j, "data", "text/plain"), CELL_PLAIN)
                for key in ("text/markdown", "text/html"):
                    yield from _texts("figure: caption, alt text", state, (i, j, "data", key), FIGURE_TEXT)
                yield "figure: embedded PNG", f"{i}.{j}", lambda s, r, i=i, j=j: _repaint(s.code()[i]["outputs"][j], r)
            elif "text/markdown" in data or 'class="filtered"' in data.get("text/html", ""):
                for key, pattern in (("markdown", CELL_MARKDOWN), ("html", CELL_HTML), ("plain", CELL_PLAIN)):
                    if f"text/{key}" in data:
                        yield from _texts(f"table cell, {key}", state, (i, j, "data", f"text/{key}"), pattern)
                for key in data:
                    yield from _texts("table: caption, note", state, (i, j, "data", key), CAPTION)
            else:
                for key in data:
                    yield from _texts("result of an expression", state, (i, j, "data", key), re.compile(r"\d[\d.]*"))
    for one, other in itertools.pairwise(names):
        for kind in ("metadata", "data", "both"):

            def make(s: State, r: random.Random, one=one, other=other, kind=kind) -> None:
                a, b = (s.code()[i]["outputs"][j] for i, j in (one, other))
                if kind != "data":
                    a["metadata"], b["metadata"] = b["metadata"], a["metadata"]
                if kind != "metadata":
                    a["data"][NAME], b["data"][NAME] = b["data"][NAME], a["data"][NAME]

            yield f"glue names swapped, {kind}", f"{one}", make


def _of_files(state: State) -> Iterator[tuple[str, str, Callable]]:
    for cell in state.code():
        for output in cell["outputs"]:
            for name in guards.files_of(output):
                yield "file removed", name, lambda s, r, name=name: s.files.update({name: None})
                if name.endswith("png"):

                    def repaint(s: State, r: random.Random, name=name) -> None:
                        s.files[name] = _painted((s.folder / name).read_bytes(), r)

                    yield "figure: PNG file", name, repaint
                    continue
                svg = name.endswith("svg")
                # Whole points of a coordinate, and the name of a shape (a glyph's is a letter of a label).
                pattern = r"(?<=[ML] )\d+(?=\.\d)|(?<=#DejaVuSans-)[0-9a-f]+" if svg else r"\d+\.\d+|\d+"
                spans = list(re.finditer(pattern, (state.folder / name).read_text(encoding="utf-8")))
                for match in spans:

                    def make(s: State, r: random.Random, name=name, match=match) -> None:
                        text = (s.folder / name).read_text(encoding="utf-8")
                        s.files[name] = _other(text, *match.span(), r).encode()

                    yield ("figure: SVG file" if svg else "download or included file"), f"{name} {match.start()}", make


def _of_cells(state: State) -> Iterator[tuple[str, str, Callable]]:
    cells = state.notebook["cells"]
    yield "all outputs stripped", "notebook", lambda s, r: [cell["outputs"].clear() for cell in s.code()]
    for i, cell in enumerate(cells):
        yield "cell removed", f"cell {i}", lambda s, r, i=i: s.notebook["cells"].pop(i)
        if i:
            yield "cells reordered", f"cell {i}", lambda s, r, i=i: _swap(s.notebook["cells"], i - 1, i)
        if cell["cell_type"] == "code":

            def count(s: State, r: random.Random, i=i) -> None:
                s.notebook["cells"][i]["execution_count"] += r.randrange(1, 9)

            yield "execution count", f"cell {i}", count
        what = "prose" if cell["cell_type"] == "markdown" else "code"
        for match in re.finditer(r"[A-Za-z]{4,}", cell["source"]):

            def twin(s: State, r: random.Random, i=i, match=match) -> None:
                s.notebook["cells"][i]["source"] = _other(s.notebook["cells"][i]["source"], *match.span(), r)

            yield f"{what} of the .ipynb only", f"cell {i} {match.start()}", twin
    body = state.source.index("\n")
    for match in re.finditer(r"(?<=\n)(# )?[^\n%]*?[A-Za-z]{4,}[^\n]*", state.source[body:]):
        kind = "prose" if match[0].startswith("# ") else "code"

        def source(s: State, r: random.Random, match=match) -> None:
            start, end = (body + n for n in match.span())
            s.source = _other(s.source, start + 2, end, r)

        yield f"{kind} of the .py only", f"{match.start()}", source


def _texts(kind: str, state: State, address: tuple, pattern: re.Pattern) -> Iterator[tuple[str, str, Callable]]:
    i, j, *keys, last = address
    output = state.code()[i]["outputs"][j]
    for key in keys:
        output = output[key]
    for match in pattern.finditer(output[last]):
        if not re.search("[0-9A-Za-z]", match[0]):
            continue

        def make(s: State, r: random.Random, match=match) -> None:
            target = s.code()[i]["outputs"][j]
            for key in keys:
                target = target[key]
            target[last] = _other(target[last], *match.span(), r)

        yield kind, f"{i}.{j} {last} {match.start()}", make


def _other(text: str, start: int, end: int, r: random.Random) -> str:
    """Return the text with one digit between start and end replaced by another, or a letter if there is no digit."""
    part = text[start:end]
    places = [m.start() for m in re.finditer(r"\d", part)] or [m.start() for m in re.finditer("[A-Za-z]", part)]
    at = start + r.choice(places)
    choices = "0123456789" if text[at].isdigit() else "abcdefghijklmnopqrstuvwxyz"
    return text[:at] + r.choice([c for c in choices if c != text[at].lower()]) + text[at + 1 :]


def _repaint(output: dict, r: random.Random) -> None:
    """Paint into the embedded picture."""

    def painted(match: re.Match) -> str:
        return base64.b64encode(_painted(base64.b64decode(match[0]), r)).decode()

    output["data"]["text/html"] = PNG.sub(painted, output["data"]["text/html"])


def _painted(png: bytes, r: random.Random) -> bytes:
    """Return the picture with a spot the size of a letter inverted: another valid picture."""
    pixels = matplotlib.image.imread(io.BytesIO(png), format="png").copy()
    y, x = r.randrange(pixels.shape[0] - 12), r.randrange(pixels.shape[1] - 8)
    pixels[y : y + 12, x : x + 8, :3] = 1 - pixels[y : y + 12, x : x + 8, :3]
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, pixels, format="png")
    return buffer.getvalue()


def _swap(values: list, i: int, j: int) -> None:
    values[i], values[j] = values[j], values[i]


def sample(every: list[Alteration], a_kind: int, seed: int) -> list[Alteration]:
    """Return up to `a_kind` alterations of each kind, its notebooks taken in turn."""
    r = random.Random(seed)
    drawn = []
    for kind in sorted({a.kind for a in every}):
        by_notebook: dict[str, list[Alteration]] = {}
        for alteration in every:
            if alteration.kind == kind:
                by_notebook.setdefault(alteration.notebook, []).append(alteration)
        queues = list(by_notebook.values())
        r.shuffle(queues)
        for queue in queues:
            r.shuffle(queue)
        in_turn = [queue[i] for i in range(a_kind) for queue in queues if i < len(queue)]
        drawn += in_turn[:a_kind]
    return drawn


class Workshop:
    """A copy of the repository's pages in which one alteration is made after the other."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = folder
        for name in ("notebooks", "book", "data"):
            shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns(".*", "*.part"))
        shutil.copy(root / "index.md", folder)
        self._before: dict[Path, bytes] = {}

    def alter(self, alteration: Alteration, seed: int, *, forged: bool) -> Path:
        """Make an alteration and return the .py twin of the altered notebook."""
        path = self.root / "notebooks" / f"{alteration.notebook}.py"
        state = State(path)
        before = copy.deepcopy(state.notebook)
        alteration.make(state, random.Random(f"{seed} {alteration}"[:200]))
        self._write(path, state.source.encode())
        for name, content in state.files.items():
            self._write(path.parent / name, content)
        if forged:
            state.notebook = _forged(state, tool.source_cells(path))
        if state.notebook != before:
            self._write(path.with_suffix(".ipynb"), tool.as_text(state.notebook).encode())
        return path

    def _write(self, path: Path, content: bytes | None) -> None:
        self._before[path] = path.read_bytes()
        if content is None:
            path.unlink()
        elif content != self._before[path]:
            path.write_bytes(content)

    def restore(self) -> None:
        """Take the alteration back."""
        for path, content in self._before.items():
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)
        self._before.clear()


def _forged(state: State, cells: list[dict]) -> dict:
    """Return the notebook with every hash and id made to fit the alteration."""
    notebook = nbformat.from_dict(state.notebook)
    for name, content in state.files.items():
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                if name in guards.files_of(output) and content is not None:
                    ending = name.rpartition(".")[2]
                    output.metadata["metalib"]["sha256" if ending == "svg" else ending] = guards.sha256(content)
    if len(notebook.cells) == len(cells):
        return tool.normalise(notebook, cells, notebook.metadata["data_hash"])
    notebook.metadata["metalib"] |= tool.stored_hashes(notebook, cells)
    return notebook
