"""Command line: ``python -m metalib`` with ``new``, ``notebooks``, ``recover`` or ``audit``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    from .audit import command as audit
    from .pages import new_command as new
    from .recover import command

    parser = argparse.ArgumentParser(prog="python -m metalib", description="Books, recovery and audit of reviews.")
    commands = parser.add_subparsers(dest="command", required=True)
    new.add_arguments(commands.add_parser("new", help="make the folder of a book from the data of a review"))
    books = commands.add_parser("notebooks", help="run the notebooks of a book and store them, or check what is stored")
    books.add_argument("name", nargs="*", help="notebooks to run (all, if none is named)")
    books.add_argument("--folder", type=Path, default=Path(), help="folder of the book (the current one)")
    books.add_argument("--check", action="store_true", help="run nothing; fail unless all stored outputs are current")
    recover = commands.add_parser("recover", help="find all tables that agree with the printed statistics of a puzzle")
    command.add_arguments(recover)
    audit.add_arguments(commands.add_parser("audit", help="hold the statistics of a text against each other"))
    arguments = parser.parse_args(argv)
    if arguments.command == "notebooks":
        try:
            # Not above: it needs Jupyter, which nothing else here does.
            from .pages import stored
        except ImportError as error:
            print(f"error: running a book needs {error.name}: pip install 'metalib[book]'", file=sys.stderr)
            return 2
        return stored.run_command(arguments.folder, arguments.name, check=arguments.check)
    if arguments.command == "recover" and arguments.report is not None:
        # Pages load what draws figures, which takes longer than most searches.
        from .pages.recovery_report import report_page

        return command.run(arguments, report_page)
    run = {"new": new.run, "audit": audit.run, "recover": command.run}
    return run[arguments.command](arguments)


if __name__ == "__main__":
    sys.exit(main())
