"""Command line: ``python -m metalib recover PUZZLE``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    from .recover import command

    parser = argparse.ArgumentParser(prog="python -m metalib", description="Recovery of published 2x2 tables.")
    commands = parser.add_subparsers(dest="command", required=True)
    recover = commands.add_parser("recover", help="find all tables that agree with the printed statistics of a puzzle")
    command.add_arguments(recover)
    return command.run(parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
