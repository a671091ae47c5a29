"""All comparisons of one set, by every engine, and the versions of the engines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from engines import compare_pymare, compare_statsmodels
from oracle import Comparison, compare
from robustness import compare_extra
from stored import compare_stored

from metalib.audit.agreement import agreement_frame, agreement_summary

GOLDEN = Path(__file__).parent / "golden"
SETS = tuple(sorted(path.stem for path in GOLDEN.glob("*.json")))
STORED = tuple(sorted(path.stem for path in (GOLDEN / "revman_stored").glob("*.json")))


@cache
def comparisons(name: str) -> tuple[Comparison, ...]:
    """Return every comparison of one set with every engine; made once a process."""
    return tuple(_comparisons(name))


def _comparisons(name: str) -> Iterator[Comparison]:
    yield from compare(GOLDEN, name)
    yield from compare_extra(GOLDEN, GOLDEN / "extra", name)
    if name in STORED:
        yield from compare_stored(GOLDEN, name)
    yield from compare_statsmodels(GOLDEN, name)
    yield from compare_pymare(GOLDEN, name)


def engines() -> list[dict[str, str]]:
    """Return engine, version and how its numbers came here; versions are those of the golden files or installed."""
    files = [json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))["versions"] for name in SETS]
    stored = [json.loads((GOLDEN / "revman_stored" / f"{name}.json").read_text(encoding="utf-8")) for name in STORED]
    r = " / ".join(sorted({v["R"].split()[2] for v in files}))
    metafor = " / ".join(sorted({v["metafor"] for v in files}))
    rows = [
        ("RevMan", f"written out in R {r}"),
        ("metafor", f"{metafor} (R {r})"),
        ("RevMan stored", ", ".join(sorted({s["software"] for s in stored}))),
        ("statsmodels", version("statsmodels")),
        ("PyMARE", version("PyMARE")),
    ]
    return [{"engine": engine, "version": v} for engine, v in rows]


def agreement() -> pd.DataFrame:
    """Return the agreement of every set, by engine, measure, method and quantity."""
    return agreement_summary(agreement_frame(c for name in SETS for c in comparisons(name)))


def write_all(folder: Path) -> pd.DataFrame:
    """Write ``agreement.csv, differences.csv, engines.csv``; return the agreement."""
    from differences import differences

    summary = agreement()
    summary.to_csv(folder / "agreement.csv", index=False, lineterminator="\n")
    differences().to_csv(folder / "differences.csv", index=False, lineterminator="\n", float_format="%.10g")
    pd.DataFrame(engines()).to_csv(folder / "engines.csv", index=False, lineterminator="\n")
    return summary
