"""The command ``python -m metalib recover``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import TextIO

from ..audit.checked_csv import csv_text
from ..errors import MetalibError, OptionError
from .engine import recover
from .puzzle import read_puzzle
from .state import Limits

WIDTH = 24


class ProgressLine:
    """One line on a terminal that is written over; silent where nobody looks at it."""

    def __init__(self, stream: TextIO, show: bool | None = None) -> None:
        self.stream = stream
        self.show = stream.isatty() if show is None else show
        self._last = ""

    def __call__(self, name: str, done: int, whole: int, share: float) -> None:
        """Show how far the search is."""
        if not self.show:
            return
        part = min((done + share) / max(whole, 1), 1.0)
        bar = "#" * round(part * WIDTH)
        text = f"[{bar:<{WIDTH}}] {part:4.0%} {name[:40]}"
        if text != self._last:
            self.stream.write("\r" + text.ljust(len(self._last)))
            self.stream.flush()
            self._last = text

    def close(self) -> None:
        """End the line."""
        if self._last:
            self.stream.write("\n")
            self.stream.flush()
            self._last = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("puzzle", type=Path, help="puzzle file (YAML)")
    parser.add_argument("-o", "--output", type=Path, help="write the result here as JSON (default: standard output)")
    parser.add_argument("--tables", type=Path, help="also write the recovered tables here as CSV")
    parser.add_argument("--max-difference", type=int, help="largest difference of a study's arms, for all studies")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no summary")


def run(arguments: argparse.Namespace) -> int:
    """Search a puzzle and write the result.

    Returns
    -------
    int
        0 when the search came to an end, with or without solutions; 1 when a limit stopped it; 2 for a bad puzzle or
        an output that cannot be written.
    """
    line = ProgressLine(sys.stderr, False if arguments.quiet else None)
    try:
        _check_arguments(arguments)
        puzzle = read_puzzle(arguments.puzzle)
        if arguments.max_difference is not None:
            puzzle = puzzle.with_max_difference(arguments.max_difference)
        pool = ProcessPoolExecutor(arguments.jobs) if arguments.jobs > 1 else nullcontext()
        with pool as executor:
            recovery = recover(puzzle, executor=executor, progress=line, limits=Limits())
        line.close()
        text = recovery.to_json()
        files = {}
        if arguments.output is not None:
            files[arguments.output] = text
        if arguments.tables is not None:
            files[arguments.tables] = csv_text(recovery.tables())
        _write(files)
        if arguments.output is None:
            sys.stdout.write(text)
    except (MetalibError, OSError) as error:
        line.close()
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    if not arguments.quiet:
        print(recovery.summary(), file=sys.stderr)
    return 1 if recovery.status == "limit" else 0


def _check_arguments(arguments: argparse.Namespace) -> None:
    """Refuse what would only fail after the search, which may take minutes."""
    if arguments.jobs < 1:
        raise OptionError(f"--jobs={arguments.jobs} must be at least 1")
    outputs = [("--output", arguments.output), ("--tables", arguments.tables)]
    taken = {_resolved("the puzzle", arguments.puzzle): "the puzzle"}
    for name, path in outputs:
        if path is None:
            continue
        place = _resolved(name, path)
        if path.is_dir() or not path.parent.is_dir():
            raise OptionError(f"{name}={str(path)!r} is no file that could be written")
        if place in taken:
            raise OptionError(f"{name}={str(path)!r} is {taken[place]}")
        taken[place] = f"the file of {name} already"


def _resolved(name: str, path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError) as error:
        # A NUL in the path, or symbolic links that lead in a circle.
        raise OptionError(f"{name}={str(path)!r} is no file ({error})") from None


def _write(files: dict[Path, str]) -> None:
    """Write all files or none: each is complete before the first one takes its place."""
    ready: list[tuple[str, Path]] = []
    try:
        for path, text in files.items():
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-"[:100])
            ready.append((name, path))
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
            os.chmod(name, 0o644)
        while ready:
            name, path = ready[0]
            os.replace(name, path)
            ready.pop(0)
    finally:
        for name, _ in ready:
            os.unlink(name)
