"""How many studies of a printed forest plot are recovered uniquely, arms known, events not.

python -m benchmarks.forests CORPUS                       ten minutes
python -m benchmarks.forests CORPUS -o RESULTS.csv        also store the counts

Pools of the corpus, drawn by chance, are printed as RevMan prints them and searched four times: from the rows alone,
with their weights, with the pooled line too, and with the total events of either arm, which RevMan prints below. A
study that is not unique is either proven to have several tables, each in a full solution that gives every printed
digit, or open.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from metalib.audit.printed import read_printed
from metalib.errors import DataError
from metalib.recover import ForestPlot, ForestRecovery, Limits, recover_forest
from metalib.recover.forest.plot import Line

from . import corpus, prints
from .measure import machine

SEED = 14
ANALYSES = 2000
#: Time an analysis may take; where it ends a search, a few studies more are open.
SECONDS = 1.0
PRINTED = ("rows", "weights", "pooled line", "total events")
#: The names of forest plots as the search has them.
_NAMES = {"CI low": "ci_low", "CI high": "ci_high", "Z": "z", "Chi2": "Q", "Tau2": "tau2", "P(Q)": "P_Q"}
_KEPT = ("df", "I2", "P", "weight")
COUNTED = ("unique", "several proven", "open", "truth lost")


def plot_of(plot: prints.Plot, printed: str) -> ForestPlot:
    """Return what is printed of a plot as the search takes it; `printed` is one of :data:`PRINTED`."""
    step = PRINTED.index(printed)

    def numbers(texts: dict[str, str]) -> dict[str, object]:
        names = {name: _NAMES.get(name, name if name in _KEPT else "effect") for name in texts}
        return {names[n]: read_printed(x) for n, x in texts.items() if names[n] != "weight" or step > 0}

    rows = []
    for row, table in zip(plot.rows, plot.tables.to_dict("records"), strict=True):
        arms = {name: (int(table[name]), int(table[name])) for name in ("n_t", "n_c")}
        rows.append(Line(str(table["study"]), arms, numbers(row or {}), row is not None))
    totals = plot.tables[["events_t", "events_c"]].sum() if step > 2 else pd.Series(dtype=int)
    pooled = Line(
        "pooled", {str(n): (int(x), int(x)) for n, x in totals.items()}, numbers(plot.line) if step > 1 else {}
    )
    return ForestPlot(plot.options, tuple(rows), pooled)


def verdicts(found: ForestRecovery, tables: np.ndarray) -> Iterator[tuple[bool, str]]:
    """Yield for each study whether it is estimable, and one of :data:`COUNTED`."""
    for printed, row, truth in zip(found.plot.rows, found.rows, tables, strict=True):
        if row.status == "not searched":
            yield printed.estimable, "open"
        elif not (row.tables == truth).all(1).any():
            yield printed.estimable, "truth lost"
        elif row.unique:
            yield printed.estimable, "unique"
        else:
            yield printed.estimable, "several proven" if row.status == "set" else "open"


def searched(plot: prints.Plot) -> list[tuple[object, ...]]:
    """Search a plot under every print; return one row for each study and print, with the time of the search."""
    tables = plot.tables[corpus.COUNTS].to_numpy()
    o = plot.options
    rows: list[tuple[object, ...]] = []
    for printed in PRINTED:
        found = recover_forest(plot_of(plot, printed), limits=Limits(seconds=SECONDS))
        for arms, (estimable, verdict) in zip(tables[:, [1, 3]], verdicts(found, tables), strict=True):
            rows.append((printed, o.measure, f"{o.method}, {o.model}", len(tables), int(arms.max()), estimable,
                         verdict, found.seconds))  # fmt: skip
    return rows


def run(frame: pd.DataFrame, analyses: int = ANALYSES, executor: Executor | None = None) -> pd.DataFrame:
    """Search pools drawn by chance; return one row for each study, with the time of its analysis."""
    every = [plot for _, plot in prints.plots(frame)]
    drawn = np.random.default_rng(SEED).permutation(len(every))[:analyses].tolist()
    plots = [every[i] for i in drawn]
    rows = []
    for done, (i, found) in enumerate(zip(drawn, (executor.map if executor else map)(searched, plots), strict=True), 1):
        rows += [(i, *row) for row in found]
        if sys.stderr.isatty() or done % 100 == 0 or done == len(drawn):
            print(f"\r{done:,} of {len(drawn):,}", end="\n" * (done == len(drawn)), file=sys.stderr, flush=True)
    columns = ["analysis", "print", "measure", "pooled by", "k", "arm", "estimable", "verdict", "seconds"]
    return pd.DataFrame(rows, columns=columns)


def table_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Count verdicts of estimable studies, and the times of their analyses, by print and several groups."""
    rows = rows.assign(
        all="all",
        studies=pd.cut(rows["k"], [0, 1, 5, 20, 1000], labels=["1", "2 to 5", "6 to 20", "over 20"]).astype(str),
        arms=pd.cut(
            rows["arm"], [0, 100, 400, 1000, 10**7], labels=["to 100", "to 400", "to 1,000", "over 1,000"]
        ).astype(str),
        specification=rows["measure"] + ", " + rows["pooled by"],
    )
    out = []
    for by in ("all", "measure", "specification", "studies", "arms"):
        for (printed, group), part in rows.groupby(["print", by], sort=False):
            there = part[part["estimable"]]
            times = part.groupby("analysis")["seconds"].first()
            counts = {name: int((there["verdict"] == name).sum()) for name in COUNTED}
            silent = part[~part["estimable"]]["verdict"]
            out.append({
                "print": printed, "by": by, "group": group, "analyses": len(times), "studies": len(there), **counts,
                "share unique": round(counts["unique"] / max(len(there), 1), 4),
                "not estimable": len(silent), "of these unique": int((silent == "unique").sum()),
                "median s": float(f"{times.median():.2g}"), "99% s": float(f"{times.quantile(0.99):.2g}"),
            })  # fmt: skip
    return pd.DataFrame(out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as the command line asks for; 1 where a true table was lost, 2 without a corpus."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forests", description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, help="the corpus (CSV, or CSV by gzip)")
    parser.add_argument("-o", "--output", type=Path, help="CSV file to write the counts to")
    parser.add_argument("--analyses", type=int, default=ANALYSES, help=f"how many (default {ANALYSES:,})")
    given = parser.parse_args(arguments)
    start = time.perf_counter()
    try:
        frame = corpus.read_corpus(given.corpus)
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    with ProcessPoolExecutor(2) as executor:
        table = table_of(run(frame, given.analyses, executor))
    print(table.to_string(index=False))
    print(f"{time.perf_counter() - start:.0f} s")
    if given.output:
        here = machine()
        head = (
            f"# make forests CORPUS=FILE; seed {SEED}; {here['processor']}, {here['cores']} cores; {corpus.SOURCE}; "
            f"{int(table['analyses'].iloc[0])} analyses, printed to 2 decimals, weights to 1, arms known\n"
        )
        given.output.write_text(head + table.to_csv(index=False), encoding="utf-8")
    return int(table["truth lost"].any())


if __name__ == "__main__":
    sys.exit(main())
