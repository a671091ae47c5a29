"""Compare metalib with every engine on every golden set, and write what came out into tests/golden.

    python tools/validate.py

``agreement.csv`` has one row for each engine x measure x method x quantity, ``differences.csv`` the known differences
between programs, ``engines.csv`` their versions. The tests make the same comparisons and hold the files against them.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from validation import GOLDEN, write_all  # noqa: E402


def main() -> int:
    """Write the three files, and report what is outside its tolerance."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        summary = write_all(GOLDEN)
    for engine, rows in summary.groupby("engine"):
        print(f"{engine}: {rows['values'].sum()} values, {rows['outside'].sum()} outside their tolerance")
    return int(summary["outside"].sum() > 0)


if __name__ == "__main__":
    sys.exit(main())
