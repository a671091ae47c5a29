"""How often the tables behind a printed meta-analysis can be recovered, by what is printed of it.

python -m benchmarks.identifiability                     stores benchmarks/identifiability.csv; half an hour
python -m benchmarks.identifiability --puzzles 1         one puzzle of each kind, nothing stored

Made-up meta-analyses of known truth are printed and searched, each within seconds. A puzzle is unique when one table
of every study is left, complements taken as one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from metalib.recover import Limits, recover
from metalib.recover.parts import table_of

from .measure import machine
from .puzzles import PRINTED, Setting

STORED = Path(__file__).with_name("identifiability.csv")
SEED = 14
#: A share is stored with this many places; times with two.
PLACES = 3
ARMS = ((10, 40), (40, 120))
STUDIES = (2, 3, 4, 5, 6)
DIGITS = (2, 3)
COLUMNS = [
    "printed", "studies", "smallest_arm", "largest_arm", "digits", "arms_known", "puzzles", "ran_out", "unique",
    "truth_found", "tables_unique", "median_solutions", "median_seconds",
]  # fmt: skip


def settings() -> Iterator[Setting]:
    """Yield every kind of puzzle that is measured."""
    for printed, k, arms, digits, known in product(PRINTED, STUDIES, ARMS, DIGITS, (True, False)):
        yield Setting(k, arms, digits, printed, known)


def measure(setting: Setting, puzzles: int, limits: Limits) -> tuple[object, ...]:
    """Search puzzles of a kind and return a row of the map."""
    solved, unique, tables, truths, seconds = [], [], [], [], []
    for number in range(puzzles):
        puzzle, truth = setting.make(np.random.default_rng([SEED, number]))
        start = time.perf_counter()
        found = recover(puzzle, limits=limits)
        seconds.append(time.perf_counter() - start)
        if found.status == "limit":
            continue
        solved.append(found.count)
        levels = [cell for cell in found.tables()["status"] if cell in ("identified", "identified up to complement")]
        tables.append(len(levels) / setting.studies)
        unique.append(len(levels) == setting.studies)
        cols = [v for study in puzzle.studies for v in table_of("event", study.id)]
        rows = found.solutions[0].found.values(cols) if found.solutions else np.zeros((0, truth.size))
        truths.append(bool((rows == truth.ravel()).all(axis=1).any()))
    ran_out = puzzles - len(solved)
    shares = [round(sum(x) / puzzles, PLACES) for x in (unique, tables)]
    found_share = round(sum(truths) / len(truths), PLACES) if truths else float("nan")
    median = float(np.median(solved)) if solved else float("nan")
    return (
        setting.printed, setting.studies, *setting.arms, setting.digits, setting.known, puzzles, ran_out,
        shares[0], found_share, shares[1], median, round(float(np.median(seconds)), 2),
    )  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Measure the map and store it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identifiability", description=__doc__.splitlines()[0])
    parser.add_argument("--puzzles", type=int, help="of each kind; without it 12, and the map is stored")
    parser.add_argument("--seconds", type=float, default=1.5, help="for a puzzle (default 1.5)")
    arguments = parser.parse_args(argv)
    limits = Limits(seconds=arguments.seconds, bytes=500_000_000)
    kinds, rows = list(settings()), []
    start = time.perf_counter()
    for number, setting in enumerate(kinds, 1):
        rows.append(measure(setting, arguments.puzzles or 12, limits))
        print(f"{number} of {len(kinds)}, {time.perf_counter() - start:.0f} s: {rows[-1]}", file=sys.stderr, flush=True)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    if arguments.puzzles is None:
        m = machine()
        note = f"# make map; seed {SEED}; {arguments.seconds:g} s a puzzle; {m['processor']}, {m['cores']} cores\n"
        STORED.write_text(note + frame.to_csv(index=False, lineterminator="\n"), encoding="utf-8")
    truth = frame["truth_found"].dropna()
    print(f"{frame['puzzles'].sum()} puzzles, the truth found in every one solved: {bool((truth == 1).all())}")
    return 0 if (truth == 1).all() else 1


if __name__ == "__main__":
    sys.exit(main())
