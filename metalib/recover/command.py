"""The command ``python -m metalib recover``."""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TextIO

from ..audit.checked_csv import csv_text
from ..errors import MetalibError, OptionError
from .beside import SECONDS, alternatives
from .contradiction import explain
from .engine import Interrupted, recover
from .fields import load
from .forest.plot import ForestPlot
from .forest.reading import is_forest, read_forest
from .forest.recover import recover_forest
from .forest.recovery import ForestRecovery
from .puzzle import Puzzle
from .reading import check_puzzle
from .recovery import Recovery
from .state import Limits

WIDTH = 24
EXIT_CODES = {"solved": 0, "limit": 1, "none": 3}


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
    parser.epilog = (
        "Exit codes: 0 there are solutions, 1 a limit ended the search, 2 bad puzzle or option, 3 no table agrees with"
        " every printed number, 130 interrupted. What was found before a limit or Ctrl-C is written all the same."
    )
    parser.add_argument("puzzle", type=Path, help="puzzle (YAML), or forest plot (CSV, or YAML with rows)")
    parser.add_argument("-o", "--output", type=Path, help="write the result here as JSON (default: standard output)")
    parser.add_argument("--tables", type=Path, help="also write the recovered tables here as CSV")
    parser.add_argument("--solutions", type=Path, help="also write every solution here as CSV")
    parser.add_argument("--report", type=Path, metavar="DIR", help="also write a report of a puzzle as this folder")
    parser.add_argument("--max-difference", type=int, help="largest difference of a study's arms, for all studies")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default 1)")
    default = Limits()
    parser.add_argument("--max-memory", type=_size, default=default.bytes, metavar="SIZE", help="default 2GB")
    parser.add_argument("--max-seconds", type=float, help="time of the search (default: no limit)")
    parser.add_argument("--max-rows", type=int, default=default.rows, help=f"partial solutions ({default.rows:,})")
    parser.add_argument("--max-pairs", type=int, default=default.pairs, help=f"pairs a step ({default.pairs:,})")
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no summary")


def _size(text: str) -> int:
    """Read a number of bytes such as ``500MB`` or ``2GB``."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?([MG])B?", text.strip(), re.IGNORECASE)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 500MB or 2GB")
    return round(float(match[1]) * (10**6 if match[2] in "mM" else 10**9))


def run(arguments: argparse.Namespace, page: Callable[[Recovery], str] | None = None) -> int:
    """Search a puzzle and write the result.

    Parameters
    ----------
    arguments : argparse.Namespace
    page : callable, optional
        Makes the HTML page of the report, which a room above this one draws.

    Returns
    -------
    int
        The exit code, as :func:`add_arguments` explains it.
    """
    line = ProgressLine(sys.stderr, False if arguments.quiet else None)
    try:
        _check_arguments(arguments)
        limits = Limits(arguments.max_rows, arguments.max_pairs, arguments.max_memory, arguments.max_seconds)
        puzzle = read_either(arguments.puzzle)
        if arguments.report is not None and isinstance(puzzle, ForestPlot):
            raise OptionError(f"--report={str(arguments.report)!r}: a report is made of a puzzle, not of a forest plot")
        if arguments.max_difference is not None:
            puzzle = puzzle.with_max_difference(arguments.max_difference)
        recovery: Recovery | ForestRecovery
        code = None
        with _helpers(arguments.jobs) as executor:
            try:
                recovery = _search(puzzle, executor, line, limits)
            except Interrupted as stop:
                recovery, code = stop.recovery, 130
        line.close()
        _report(recovery, arguments, page)
        return EXIT_CODES[recovery.status] if code is None else code
    except (MetalibError, OSError) as error:
        line.close()
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        line.close()
        print("interrupted", file=sys.stderr)
        return 130
    except MemoryError:
        line.close()
        print("error: the memory of this machine does not suffice to write the result", file=sys.stderr)
        return 2


def read_either(path: Path) -> Puzzle | ForestPlot:
    """Read a puzzle, or a forest plot: a CSV file, or YAML with rows."""
    if path.suffix.lower() == ".csv" or is_forest(content := load(path)):
        return read_forest(path)
    return check_puzzle(content, path)


def _search(
    puzzle: Puzzle | ForestPlot, executor: Executor | None, line: ProgressLine, limits: Limits
) -> Recovery | ForestRecovery:
    if isinstance(puzzle, ForestPlot):
        return recover_forest(puzzle, limits=limits, progress=line, alternatives=True)
    return recover(puzzle, executor=executor, progress=line, limits=limits)


def _helpers(jobs: int) -> AbstractContextManager[Executor | None]:
    """Return processes that leave Ctrl-C to this one."""
    if jobs == 1:
        return nullcontext()
    return ProcessPoolExecutor(jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))


def _report(
    recovery: Recovery | ForestRecovery, arguments: argparse.Namespace, page: Callable[[Recovery], str] | None
) -> None:
    text = recovery.to_json()
    files = {}
    if arguments.output is not None:
        files[arguments.output] = text
    if arguments.tables is not None:
        files[arguments.tables] = csv_text(recovery.tables())
    if arguments.solutions is not None:
        files[arguments.solutions] = csv_text(recovery.solution_tables())
    if arguments.report is not None and page is not None and isinstance(recovery, Recovery):
        report = {
            "index.html": page(recovery),
            "recovery.json": text,
            "tables.csv": csv_text(recovery.tables()),
            "solutions.csv": csv_text(recovery.solution_tables()),
        }
        _write_folder(arguments.report, report)
    _write(files)
    if arguments.output is None:
        sys.stdout.write(text)
    if not arguments.quiet:
        print(recovery.summary(), file=sys.stderr)
        if isinstance(recovery, Recovery) and sum(s.seconds for s in recovery.steps) < SECONDS:
            # Where the search was short, the others are too.
            print("\n".join(map(str, alternatives(recovery))), file=sys.stderr)
        if recovery.status == "none":
            puzzle = recovery.plot if isinstance(recovery, ForestRecovery) else recovery.puzzle
            print(explain(puzzle, budget=20.0).summary(), file=sys.stderr)


def _check_arguments(arguments: argparse.Namespace) -> None:
    """Refuse what would only fail after the search, which may take minutes."""
    if arguments.jobs < 1:
        raise OptionError(f"--jobs={arguments.jobs} must be at least 1")
    names = ("output", "tables", "solutions")
    outputs = [(f"--{name}", getattr(arguments, name)) for name in names]
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
    folder = arguments.report
    if folder is not None and (folder.exists() or not folder.parent.is_dir()):
        raise OptionError(f"--report={str(folder)!r} is no folder that could be made")


def _write_folder(folder: Path, files: dict[str, str]) -> None:
    """Write a new folder with all files, or none: it is complete before it has its name."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-"[:100]) as draft:
        whole = Path(draft) / "report"
        whole.mkdir(mode=0o755)
        for name, text in files.items():
            (whole / name).write_text(text, encoding="utf-8", newline="")
        os.replace(whole, folder)


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
