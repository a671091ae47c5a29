"""Many puzzles at once, each stored as soon as it is finished, so that a run that was cut short goes on later."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from ..errors import PuzzleError
from .engine import recover
from .puzzle import Puzzle
from .state import Limits

#: Puzzles that wait or run at once, for each that a worker can take.
WAITING = 64


class Submits(Protocol):
    """What shares out work: an executor of ``concurrent.futures`` or a client of ``dask.distributed``."""

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """Return a future with a method ``result``."""


def recover_many(
    puzzles: Mapping[str, Puzzle], store: str | Path, *, executor: Submits | None = None, limits: Limits | None = None
) -> pd.DataFrame:
    """Search many puzzles; those that the store holds already are not searched again.

    Parameters
    ----------
    puzzles : mapping
        Name to puzzle.
    store : str or Path
        A folder, made where there is none. Each finished puzzle is one JSON file in it, written whole or not at all by
        the process that searched it: a worker or a run that is killed loses what it was at, and nothing else.
    executor : optional
        ``concurrent.futures.ProcessPoolExecutor`` or another executor, or a ``dask.distributed.Client`` whose workers
        see the same folder. Without one, puzzles are searched here.
    limits : Limits, optional
        For each puzzle. They are part of what is stored: with others a puzzle is searched again.

    Returns
    -------
    DataFrame
        One row a puzzle, in their order: ``name, status, solutions, file``. The status of a puzzle is that of its
        :class:`Recovery`, or ``not done`` where the worker was lost; call again to go on.

    Raises
    ------
    PuzzleError
        A stored file is not what this function writes.
    """
    folder = Path(store)
    folder.mkdir(parents=True, exist_ok=True)
    given = limits or Limits()
    files = {name: folder / f"{_key(name, puzzle, given)}.json" for name, puzzle in puzzles.items()}
    missing = [name for name, file in files.items() if not file.exists()]
    if executor is None:
        for name in missing:
            search_and_store(name, puzzles[name], given, files[name])
    else:
        _share_out(executor, [(name, puzzles[name], given, files[name]) for name in missing])
    rows = []
    for name, file in files.items():
        found = read_stored(file) if file.exists() else {"status": "not done", "solutions": None}
        rows.append((name, found["status"], found["solutions"], str(file)))
    return pd.DataFrame(rows, columns=["name", "status", "solutions", "file"]).astype({"solutions": "Int64"})


def search_and_store(name: str, puzzle: Puzzle, limits: Limits, file: Path) -> None:
    """Search a puzzle and store what was found, under a name that is only given to a whole file."""
    found = json.loads(recover(puzzle, limits=limits).to_json())
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=".draft-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump({"name": name, **found}, stream, ensure_ascii=False)
        os.replace(draft, file)
    except BaseException:
        os.unlink(draft)
        raise


def read_stored(file: str | Path) -> dict[str, Any]:
    """Return what is stored of a puzzle: the fields of :meth:`Recovery.to_json` and its ``name``.

    Raises
    ------
    PuzzleError
        The file cannot be read or is of another kind.
    """
    try:
        found = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PuzzleError(f"the stored result cannot be read: {error}", file=file) from None
    if not isinstance(found, dict) or not {"name", "status", "solutions"} <= set(found):
        raise PuzzleError("this is no stored result", file=file)
    return found


def _share_out(executor: Submits, tasks: list[tuple[str, Puzzle, Limits, Path]]) -> None:
    """Let an executor do tasks, a few of them at a time; a lost worker ends the round, not the run."""
    for i in range(0, len(tasks), WAITING):
        futures = []
        try:
            for task in tasks[i : i + WAITING]:
                futures.append(executor.submit(search_and_store, *task))
            for future in futures:
                future.result()
        except BrokenExecutor:
            return
        except KeyboardInterrupt:
            for future in futures:
                future.cancel()
            raise


def _key(name: str, puzzle: Puzzle, limits: Limits) -> str:
    """Return a file name that is another as soon as anything about the search is."""
    # Objects of frozen dataclasses show every field; the path of a puzzle's file says nothing about the search.
    text = repr((name, [getattr(puzzle, f) for f in puzzle.__dataclass_fields__ if f != "file"], limits))
    safe = "".join(c if c.isascii() and c.isalnum() else "-" for c in name)[:40]
    return f"{safe}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
