"""The command ``python -m metalib new``: what it takes, what it asks, what it says."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from os.path import lexists
from pathlib import Path

from ..arithmetic.options import MEANS, MEASURES, MODELS, OTHERS, RATES
from ..audit.files import BETTER
from ..errors import DataError, MetalibError, OptionError
from ..importers.importing import Hints
from .new import Wishes, new_book, write_chapters
from .sentences import counted

Ask = Callable[[str, str], str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("folder", type=Path, help="folder to make; one that exists is never overwritten")
    parser.add_argument("--from", dest="files", nargs="+", default=[], metavar="FILE",
                        help="counts, means, rates or effects (CSV, .rm5, export of RevMan Web), and beside them risk "
                        "of bias (robvis) and the flow of records (PRISMA2020)")  # fmt: skip
    parser.add_argument("--map", action="append", default=[], metavar="OURS=THEIRS",
                        help="name of a column, for example events_t=cases")  # fmt: skip
    parser.add_argument("--outcome", help="name of the outcome, where no column has it")
    parser.add_argument("--measure", choices=(*MEASURES, *MEANS, *RATES, *OTHERS), help="measure of effect")
    parser.add_argument("--experimental", help="which arm of a file with one arm a row is the experimental one")
    parser.add_argument("--arms", nargs=2, metavar=("EXPERIMENTAL", "CONTROL"), help="names of the arms, as shown")
    parser.add_argument("--model", choices=MODELS, help="model of the main results (random)")
    parser.add_argument("--better", choices=BETTER, help="whether more or fewer events are better (neither)")
    parser.add_argument("--title", help="title of the book")
    parser.add_argument("--encoding", default="utf-8", help="of CSV files that are not UTF-8, for example cp1252")
    parser.add_argument("--defaults", action="store_true", help="ask nothing")
    parser.add_argument("--add", action="store_true", help="to a folder that exists, write the chapters that its data "
                        "allow and it lacks; files that exist stay as they are")  # fmt: skip


def run(arguments: argparse.Namespace, ask: Ask | None = None) -> int:
    """Make the folder of a book and say what to do next.

    Returns
    -------
    int
        0; 2 for what cannot be read or a bad argument, of which nothing is left.
    """
    try:
        if arguments.add:
            written = write_chapters(arguments.folder)
            print("".join(f"notebooks/{name}.py: name it in _toc.yml\n" for name in written) or "no chapter is missing")
            return 0
        ask = (lambda question, default: default) if arguments.defaults else ask or _ask
        if lexists(arguments.folder):
            raise DataError("the folder exists and is not overwritten", file=arguments.folder)
        files = arguments.files or [name for name in [ask("File with the data of the studies", "")] if name]
        if not files:
            raise OptionError("no file with data: name it with --from")
        planned = new_book(arguments.folder, files, _wishes(arguments, ask))
    except (MetalibError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    folder = arguments.folder
    print(f"{folder}: {counted(len(planned.chapters), 'chapter')} on {counted(len(planned.outcomes), 'outcome')}")
    print("".join(f"  not made: {line}\n" for line in planned.not_made), end="")
    print(f"What was read and what was not: {folder / 'data' / 'import.md'}")
    print(f"Next: cd {folder} && make notebooks book; the book is then at _build/html/index.html")
    return 0


def _wishes(arguments: argparse.Namespace, ask: Ask) -> Wishes:
    hints: Hints = {}
    pairs = [pair.partition("=") for pair in arguments.map]
    for ours, equals, theirs in pairs:
        if not (ours and equals and theirs):
            raise OptionError(f"--map {ours}{equals}{theirs}: write OURS=THEIRS, for example events_t=cases")
    if pairs:
        hints["columns"] = {ours: theirs for ours, _, theirs in pairs}
    if arguments.outcome:
        hints["outcome"] = arguments.outcome
    if arguments.measure:
        hints["measure"] = arguments.measure
    if arguments.experimental:
        hints["experimental"] = arguments.experimental
    arms = arguments.arms or tuple(
        ask(f"Name of the {which} arm", name)
        for which, name in zip(("experimental", "control"), Wishes().arms, strict=True)
    )
    return Wishes(
        title=arguments.title if arguments.title is not None else ask("Title of the book", ""),
        arms=(arms[0], arms[1]),
        model=arguments.model or ask("Model of the main results, fixed or random", Wishes().model),
        better=arguments.better or ask("Are more events better, fewer, or neither", Wishes().better),
        hints=hints,
        encoding=arguments.encoding,
    )


def _ask(question: str, default: str) -> str:
    """Ask on the terminal; an empty answer is the default."""
    return input(f"{question}{f' [{default}]' if default else ''}: ").strip() or default
