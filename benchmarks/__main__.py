"""Measure, and write what was found as JSON.

python -m benchmarks PUZZLE -o RESULTS.json            some minutes
python -m benchmarks PUZZLE -o RESULTS.json --quick    tiny sizes, to see that it runs
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from . import cases, engines
from .measure import load, machine, now, versions

#: What is to be reached: the case of a measurement of metalib, its size, the limit and its unit.
TARGETS = (
    {"case": "one call of pool, M-H fixed", "limit": 0.001, "unit": "s"},
    {"case": "M-H fixed and random", "analyses": 2_000, "studies": 10, "limit": 0.02, "unit": "s"},
    {"case": "M-H fixed and random", "analyses": 60_000, "studies": 8, "limit": 1.0, "unit": "s"},
    {"case": "import metalib", "limit": 0.5, "unit": "s"},
)


def measure(puzzle: Path, sizes: cases.Sizes) -> dict[str, object]:
    """Return everything that is measured, with the machine and the versions."""
    before = load()
    agreement: list[cases.Record] = []
    measurements = []
    for part in (
        cases.single(sizes),
        cases.batches(sizes, agreement),
        cases.leave_one_out(sizes, agreement),
        cases.growth(sizes),
        cases.imports(sizes),
        cases.memory(sizes),
        cases.recovery(puzzle, sizes),
    ):
        for found in part:
            measurements.append(found)
            size = f"{found['analyses']:,} x {found['studies']:,}"
            result = f"{found['median']:12.6f} {found['unit']}"
            print(f"{found['case']:60} {found['engine']:18} {size:>16} {result}", flush=True)
    return {
        "date": now(),
        "quick": sizes is cases.QUICK,
        "machine": {**machine(), "load_before": before},
        "versions": versions(),
        "metafor": engines.metafor_version(),
        "tolerance": engines.TOLERANCE,
        "targets": TARGETS,
        "agreement": agreement,
        "measurements": measurements,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("puzzle", type=Path, help="puzzle file whose recovery is timed")
    parser.add_argument("-o", "--output", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one repeat: only to see that it runs")
    options = parser.parse_args(arguments)
    found = measure(options.puzzle, cases.QUICK if options.quick else cases.Sizes())
    options.output.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
