"""Command line: ``python -m metalib recover PUZZLE`` and ``python -m metalib audit FILE``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    from .audit import command as audit
    from .recover import command

    parser = argparse.ArgumentParser(prog="python -m metalib", description="Recovery and audit of published results.")
    commands = parser.add_subparsers(dest="command", required=True)
    recover = commands.add_parser("recover", help="find all tables that agree with the printed statistics of a puzzle")
    command.add_arguments(recover)
    audit.add_arguments(commands.add_parser("audit", help="hold the statistics of a text against each other"))
    arguments = parser.parse_args(argv)
    if arguments.command == "audit":
        return audit.run(arguments)
    if arguments.report is None:
        return command.run(arguments)
    # Pages load what draws figures, which takes longer than most searches.
    from .pages.recovery_report import report_page

    return command.run(arguments, report_page)


if __name__ == "__main__":
    sys.exit(main())
