"""The command ``python -m metalib audit``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ..errors import MetalibError
from .checked_csv import csv_text
from .text_ledger import audit_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("file", help="text or table (UTF-8) with printed results; - reads standard input")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="statistics, checks and what was not read, as JSON")
    shape.add_argument("--csv", action="store_true", help="the ledger as CSV, one row a statistic")
    parser.add_argument("--studies", type=int, help="studies of every result that prints no degrees of freedom")


def run(arguments: argparse.Namespace) -> int:
    """Audit a text and print what was found.

    Returns
    -------
    int
        0 where nothing contradicts itself; 1 where something does; 2 for a file that cannot be read or a bad argument;
        3 where no statistic was understood.
    """
    try:
        given = sys.stdin.buffer.read() if arguments.file == "-" else Path(arguments.file).read_bytes()
        found = audit_text(given.decode("utf-8-sig"), studies=arguments.studies)
    except (MetalibError, OSError, ValueError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(found.to_dict(), indent=1, ensure_ascii=False, allow_nan=False))
    elif arguments.csv:
        sys.stdout.write(csv_text(found.to_frame()))
    else:
        print(found.summary())
    if not found.read.results:
        return 3
    return 1 if found.contradictions else 0
