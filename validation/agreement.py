"""All comparisons of one set, by every engine, and the versions of the engines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.metadata import version

import pandas as pd

from metalib.audit.agreement import Comparison, agreement_frame, agreement_summary

from .pooling import compare
from .python_engines import compare_pymare, compare_statsmodels
from .robustness import compare_robustness
from .sets import LM, METAFOR, PYMARE, REVMAN, SETS, STATSMODELS, STORED, TRANSCRIBED, load, load_stored
from .stored import compare_stored


@cache
def comparisons(name: str) -> tuple[Comparison, ...]:
    """Return every comparison of one set with every engine; made once a process."""
    return tuple(_comparisons(name))


def _comparisons(name: str) -> Iterator[Comparison]:
    yield from compare(name)
    yield from compare_robustness(name)
    if name in STORED:
        yield from compare_stored(name)
    yield from compare_statsmodels(name)
    yield from compare_pymare(name)


def engines() -> list[dict[str, str]]:
    """Return engine, version and how its numbers came here; versions are those of the golden files or installed."""
    files = [load(name)[1]["versions"] for name in SETS]
    r = "R " + " / ".join(sorted({v["R"].split()[2] for v in files}))
    # R writes version 3.8-1 as 3.8.1.
    metafor = " / ".join(sorted({"-".join(v["metafor"].rsplit(".", 1)) for v in files}))
    rows = {
        TRANSCRIBED: r,
        REVMAN: ", ".join(sorted({load_stored(name)["software"] for name in STORED})),
        METAFOR: f"{metafor} ({r})",
        LM: r,
        STATSMODELS: version("statsmodels"),
        PYMARE: version("PyMARE"),
    }
    return [{"engine": engine, "version": v} for engine, v in rows.items()]


def agreement() -> pd.DataFrame:
    """Return the agreement of every set, by engine, measure, method and quantity."""
    return agreement_summary(agreement_frame(c for name in SETS for c in comparisons(name)))
