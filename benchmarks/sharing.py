"""What processes gain when many puzzles are searched, and from how many puzzles on.

python -m benchmarks.sharing                             stores benchmarks/sharing.csv; minutes
"""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from metalib.recover import recover_many

from .measure import machine
from .puzzles import Setting

STORED = Path(__file__).with_name("sharing.csv")
SEED = 14
PUZZLES = (1, 2, 5, 10, 20)
WORKERS = 2
#: Of repeats the quickest counts: others share the machine.
REPEATS = 2
KIND = Setting(4, (10, 40), 2, "leave-one-out", True)


def seconds(number: int, workers: int) -> float:
    """Return how long a number of puzzles takes, the start of the processes included."""
    puzzles = {str(i): KIND.make(np.random.default_rng([SEED, i]))[0] for i in range(number)}
    with tempfile.TemporaryDirectory() as store:
        start = time.perf_counter()
        if workers == 1:
            recover_many(puzzles, store)
        else:
            with ProcessPoolExecutor(workers) as executor:
                recover_many(puzzles, store, executor=executor)
        return time.perf_counter() - start


def main() -> int:
    """Measure and store."""
    rows = []
    for number in PUZZLES:
        times = [min(seconds(number, workers) for _ in range(REPEATS)) for workers in (1, WORKERS)]
        rows.append((number, *(round(t, 3) for t in times), round(times[0] / times[1], 2)))
        print(rows[-1], file=sys.stderr, flush=True)
    m = machine()
    note = f"# python -m benchmarks.sharing; seed {SEED}; {m['processor']}, {m['cores']} cores\n"
    frame = pd.DataFrame(rows, columns=["puzzles", "alone", "shared", "gain"])
    STORED.write_text(note + frame.to_csv(index=False, lineterminator="\n"), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
