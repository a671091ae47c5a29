"""What is measured."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import metalib
from metalib.recover import read_puzzle, recover

from . import engines
from .data import Counts, frame, random_counts
from .measure import in_fresh_python, seconds, summary

Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured.

    Attributes
    ----------
    batches : tuple of (analyses, studies)
        Sizes of the arrays of meta-analyses.
    loop : int
        Programs that take one meta-analysis after the other are given this many of a larger array.
    metafor : int
        metafor is given this many.
    left_out : int
        Studies of the meta-analysis for leave-one-out.
    studies, analyses : tuple of int
        Sizes by which growth is measured.
    repeats, fresh : int
        Repeats of a measurement, and of one that needs a new Python.
    """

    batches: tuple[tuple[int, int], ...] = ((1, 10), (2_000, 10), (60_000, 8))
    loop: int = 2_000
    metafor: int = 50
    left_out: int = 1_000
    studies: tuple[int, ...] = (5, 10, 30, 100, 300, 1_000)
    analyses: tuple[int, ...] = (1, 10, 100, 1_000, 10_000, 60_000)
    repeats: int = 11
    fresh: int = 5


QUICK = Sizes(((1, 3), (6, 3)), 4, 2, 5, (3, 6), (1, 8), 1, 1)


def record(case: str, engine: str, unit: str, values: list[float], analyses: int = 1, studies: int = 0) -> Record:
    """Return one measurement; `studies` is 0 where the number of studies says nothing."""
    return {
        "case": case, "engine": engine, "unit": unit, "analyses": analyses, "studies": studies, **summary(values),
    }  # fmt: skip


def batches(sizes: Sizes, agreement: list[Record]) -> Iterator[Record]:
    """Yield the times of arrays of meta-analyses by every program, after the programs have agreed."""
    with_metafor = engines.metafor_version() is not None
    for m, k in sizes.batches:
        counts = random_counts(m, k)
        for case, programs in engines.BATCH.items():
            ours = programs["metalib"][0](counts)
            for engine, (call, begins) in programs.items():
                few = min(m, sizes.loop) if engine == "statsmodels" else m
                given = _first(counts, few)
                given = given if begins == "counts" else engines.effects_of(given)
                if engine != "metalib":
                    agreement.append(_agreement(case, engine, ours, call(given)))
                yield record(case, engine, "s", seconds(lambda c=call, g=given: c(g), sizes.repeats), few, k)
            if with_metafor and case in engines.METAFOR:
                few = min(m, sizes.metafor)
                with tempfile.TemporaryDirectory() as folder:
                    theirs, times = engines.metafor(_first(counts, few), engines.METAFOR[case], 2, Path(folder))
                agreement.append(_agreement(case, "metafor", ours, theirs))
                yield record(case, "metafor", "s", times, few, k)


def _first(counts: Counts, few: int) -> Counts:
    a, n, c, m = (x[:few] for x in counts)
    return a, n, c, m


def _agreement(case: str, engine: str, ours: engines.Results, theirs: engines.Results) -> Record:
    few = len(next(iter(theirs.values())))
    difference = engines.largest_difference({name: x[:few] for name, x in ours.items()}, theirs)
    return {"case": case, "engine": engine, "analyses": few, "largest_difference": difference}


def single(sizes: Sizes) -> Iterator[Record]:
    """Yield the time of one call of :func:`metalib.pool` on a data frame, as a user makes it."""
    k = sizes.batches[0][1]
    table = frame(random_counts(1, k))
    for model in ("fixed", "random"):
        times = seconds(lambda model=model: metalib.pool(table, model=model), sizes.repeats)
        yield record(f"one call of pool, M-H {model}", "metalib", "s", times, 1, k)


def leave_one_out(sizes: Sizes, agreement: list[Record]) -> Iterator[Record]:
    """Yield the times of leaving out each study of one large meta-analysis."""
    k, case = sizes.left_out, "leave-one-out"
    counts = random_counts(1, k)
    table = frame(counts)
    ours = engines.metalib_leave_one_out(counts, table)
    agreement.append(_agreement(case, "statsmodels", ours, engines.statsmodels_leave_one_out(counts)))
    for engine, call in (
        ("metalib", lambda: engines.metalib_leave_one_out(counts, table)),
        ("statsmodels", lambda: engines.statsmodels_leave_one_out(counts)),
    ):
        yield record(case, engine, "s", seconds(call, sizes.repeats), k, k)
    if engines.metafor_version() is not None:
        with tempfile.TemporaryDirectory() as folder:
            theirs, times = engines.metafor(counts, "loo", 1, Path(folder))
        agreement.append(_agreement(case, "metafor", ours, theirs))
        yield record(case, "metafor", "s", times, k, k)


def growth(sizes: Sizes) -> Iterator[Record]:
    """Yield times by number of studies of one meta-analysis and by number of meta-analyses."""
    for k in sizes.studies:
        table = frame(random_counts(1, k))
        times = seconds(lambda t=table: metalib.pool(t, model="random"), sizes.repeats)
        yield record("growth with studies", "metalib", "s", times, 1, k)
    k = sizes.batches[-1][1]
    for m in sizes.analyses:
        counts = random_counts(m, k)
        times = seconds(lambda c=counts: engines.metalib_mh_both(c), sizes.repeats)
        yield record("growth with meta-analyses", "metalib", "s", times, m, k)


IMPORTS = {
    "import metalib": "import metalib",
    "import metalib and first pool": "import metalib; import pandas; metalib.pool(pandas.DataFrame(rows))",
    "import numpy, pandas and scipy.special alone": "import numpy, pandas, scipy.special",
}
_TIMED = """
import json, time
rows = {{"study": ["a", "b"], "events_t": [10, 4], "n_t": [50, 40], "events_c": [20, 9], "n_c": [50, 40]}}
start = time.perf_counter()
{code}
print(json.dumps(time.perf_counter() - start))
"""


def imports(sizes: Sizes) -> Iterator[Record]:
    """Yield the times of imports in new Pythons; the files have been read before."""
    for case, code in IMPORTS.items():
        program = _TIMED.format(code=code)
        in_fresh_python(program, 1)
        engine = "metalib" if "metalib" in case else "other packages"
        yield record(case, engine, "s", in_fresh_python(program, sizes.fresh))


_MEMORY = """
import json, os, resource, sys, tracemalloc
from benchmarks.data import frame, random_counts
import metalib
counts = random_counts({m}, {k})
table = frame(counts) if {m} == 1 else None
metalib.pool_batch(*random_counts(1, 3), model="random")
metalib.leave_one_out(frame(random_counts(1, 3)))
def highest():
    # Linux hands ru_maxrss of the process that started this one on; VmHWM is this one's own.
    if os.path.exists("/proc/self/status"):
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 2**10
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
if {traced}:
    tracemalloc.start()
{call}
peak = tracemalloc.get_traced_memory()[1] / 2**20 if {traced} else None
print(json.dumps({{"process": highest(), "allocated": peak}}))
"""


def memory(sizes: Sizes) -> Iterator[Record]:
    """Yield peaks of memory in new Pythons: what the call allocates, and what the process takes in all."""
    runs = [("M-H fixed and random", m, k, "metalib.pool_batch_both(*counts)") for m, k in sizes.batches[1:]]
    runs.append(("leave-one-out", 1, sizes.left_out, "metalib.leave_one_out(table)"))
    for case, m, k, call in runs:
        size = (sizes.left_out if m == 1 else m, k)
        for key, name in (("allocated", "allocated by the call"), ("process", "the whole process")):
            program = _MEMORY.format(m=m, k=k, call=call, traced=key == "allocated")
            peaks = [run[key] for run in in_fresh_python(program, sizes.fresh)]
            yield record(f"memory, {case}: {name}", "metalib", "MB", peaks, *size)


def recovery(puzzle: Path, sizes: Sizes) -> Iterator[Record]:
    """Yield the times of the steps of a recovery, as its report tells them, and of the whole."""
    read = read_puzzle(puzzle)
    runs = [recover(read) for _ in range(min(sizes.repeats, 3))]
    for steps in zip(*(run.steps for run in runs), strict=True):
        case = f"recovery, step: {steps[0].name}"
        yield record(case, "metalib", "s", [s.seconds for s in steps], 1, len(steps[0].studies))
    totals = [float(np.sum([s.seconds for s in run.steps])) for run in runs]
    yield record("recovery, all steps", "metalib", "s", totals)
