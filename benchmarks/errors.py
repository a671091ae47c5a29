"""How many planted errors the audit notices, and how often it cries wolf.

python -m benchmarks.errors CORPUS                       minutes
python -m benchmarks.errors CORPUS -o RESULTS.csv        also store the figures

Every pool of the corpus is printed as RevMan prints it, studies from RevMan's own values, and audited untouched and
with one error of every kind that it can have. What is printed differs: the pooled line alone, with rows but no counts,
or everything. An error that is not noticed *cannot* be noticed where what is printed has not changed, or is the print
of something real: with counts, of these counts; of a line alone, of an estimate, a standard error and a Q.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import chdtri, ndtri

from metalib.audit.consistency import INCONSISTENT, p_and_interval
from metalib.audit.forest import check_plot
from metalib.audit.printed import SLACK, Printed, read_printed
from metalib.errors import DataError

from . import corpus, se_for_sd
from .measure import machine
from .planting import KINDS, OTHER
from .prints import Plot, plots

SEED = 14
PRINTS = ("line", "rows", "counts")


def read(texts: dict[str, str]) -> dict[str, Printed]:
    """Return printed texts as numbers."""
    return {name: read_printed(text) for name, text in texts.items()}


def noticed(plot: Plot, what: str) -> bool:
    """Whether the audit objects to a plot of which only `what` is printed."""
    rows = [None if row is None else read(row) for row in plot.rows] if what != "line" else []
    tables = plot.tables if what == "counts" else None
    try:
        checks = check_plot(rows, read(plot.line), plot.options, tables)
    except DataError:
        # Counts that are no tables: more events than patients.
        return True
    return any(check.verdict == INCONSISTENT for check in checks)


def simple(plot: Plot, check: str) -> bool:
    """Whether one of the checks that others make objects: the interval against P, or the sum of the weights."""
    if check == "interval against P":
        line = read(plot.line)
        try:
            names = (plot.options.measure, "CI low", "CI high", "P")
            found = p_and_interval(*(line[n] for n in names), level=plot.options.level, log=plot.options.is_ratio)
        except DataError:
            return True
        return found.verdict == INCONSISTENT
    weights = [Decimal(row["weight"]) for row in plot.rows if row is not None]
    return abs(sum(weights, Decimal(0)) - 100) > Decimal("0.05") * len(weights)


def real_line(plot: Plot) -> bool:
    """Whether some estimate, standard error and Q print as the pooled line does.

    The estimate c and standard error s lie in a polygon: c, c - z s and c + z s in the intervals of their prints. c / s
    has its extremes at corners, and takes every value between. Q has an interval from each of Chi2, I2 and P(Q).
    """
    line, options = read(plot.line), plot.options
    names = (options.measure, "CI low", "CI high")
    if options.is_ratio and any(line[n].high <= 0 for n in names):
        return False

    def ends(p: Printed) -> tuple[float, float]:
        low, high = p.low - SLACK * p.unit, p.high + SLACK * p.unit
        return (low, high) if not options.is_ratio else (np.log(low) if low > 0 else -1e3, np.log(high))

    z = options.z
    planes = []
    for name, slope in zip(names, (0.0, -z, z), strict=True):
        low, high = ends(line[name])
        planes += [(1.0, slope, high), (-1.0, -slope, -low)]
    planes.append((0.0, -1.0, -1e-12))
    corners = []
    for i, (a, b, c) in enumerate(planes):
        for d, e, f in planes[:i]:
            determinant = a * e - b * d
            if abs(determinant) > 1e-12:
                x, s = (c * e - b * f) / determinant, (a * f - c * d) / determinant
                if all(p * x + q * s <= r + 1e-9 * max(1.0, abs(r)) for p, q, r in planes):
                    # Limits that print alike leave a standard error as small as one likes.
                    corners.append(x / max(s, 1e-12))
    if not corners:
        return False
    least, most = min(corners), max(corners)
    near = 0.0 if least <= 0 <= most else min(abs(least), abs(most))
    bounds = [(near, max(abs(least), abs(most)))]
    p = line["P"]
    low_p, high_p = max(p.low, 0.0), min(p.high, 1.0)
    bounds += [(line["Z"].low, line["Z"].high), (float(-ndtri(high_p / 2)), float(-ndtri(low_p / 2)))]
    if max(b[0] for b in bounds) > min(b[1] for b in bounds) + 1e-6:
        return False
    if "Chi2" not in line:
        return True
    df = int(line["df"].value)
    if df < 1:
        return False
    q, i2, pq = line["Chi2"], line["I2"], line["P(Q)"]
    if i2.low >= 100 or pq.low > 1:
        return False
    of_i2 = (0.0 if i2.low <= 0 else df / (1 - i2.low / 100), np.inf if i2.high >= 100 else df / (1 - i2.high / 100))
    of_p = (float(chdtri(df, min(pq.high, 1.0))), np.inf if pq.low <= 0 else float(chdtri(df, pq.low)))
    ranges = [(max(q.low, 0.0), q.high), of_i2, of_p]
    return max(r[0] for r in ranges) <= min(r[1] for r in ranges) + 1e-6


def outcomes(plot: Plot, altered: Plot) -> Iterator[tuple[str, str]]:
    """Yield, for each of :data:`PRINTS`, ``noticed``, why an error cannot be noticed, or ``missed``."""
    found = False
    for what in PRINTS:
        if altered.printed(what) == plot.printed(what):
            yield what, "print unchanged"
        # What less of the print shows, more of it shows too: its checks are among the others.
        elif found := found or noticed(altered, what):
            yield what, "noticed"
        # Silent with counts: every number printed is the one that these counts give.
        elif what == "counts" or (what == "line" and real_line(altered)):
            yield what, "a real print"
        else:
            yield what, "missed"


def run(frame: pd.DataFrame, most: int | None = None) -> pd.DataFrame:
    """Plant errors in every plot and count what happens, by kind and print."""
    random = np.random.default_rng(SEED)
    counted: Counter[tuple[str, str, str]] = Counter()
    every = list(plots(frame, most))
    by_review: dict[str, list[int]] = {}
    for i, (review, _) in enumerate(every):
        by_review.setdefault(review, []).append(i)
    for i, (review, plot) in enumerate(every):
        for what in PRINTS:
            counted["untouched", what, "noticed" if noticed(plot, what) else "silent"] += 1
        for check in ("interval against P", "sum of weights"):
            counted["untouched", check, "noticed" if simple(plot, check) else "silent"] += 1
        for kind in (*KINDS, OTHER):
            if kind == OTHER:
                others = [
                    j for j in by_review[review] if j != i and every[j][1].options.measure == plot.options.measure
                ]
                altered = replace(plot, line=every[int(random.choice(others))][1].line) if others else None
            else:
                altered = KINDS[kind](plot, random)
            if altered is None:
                continue
            for what, result in outcomes(plot, altered):
                counted[kind, what, result] += 1
            for check in ("interval against P", "sum of weights"):
                counted[kind, check, "noticed" if simple(altered, check) else "missed"] += 1
        if sys.stderr.isatty() or i + 1 == len(every):
            print(
                f"\r{i + 1:,} of {len(every):,} analyses",
                end="\n" if i + 1 == len(every) else "",
                file=sys.stderr,
                flush=True,
            )
    columns = ("noticed", "missed", "print unchanged", "a real print", "silent")
    keys = list(dict.fromkeys((kind, what) for kind, what, _ in counted))
    return pd.DataFrame([{"error": k, "print": w} | {c: counted[k, w, c] for c in columns} for k, w in keys])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as the command line asks for; 2 without a corpus."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.errors", description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, help="the corpus (CSV, or CSV by gzip)")
    parser.add_argument("-o", "--output", type=Path, help="CSV file to write the figures to")
    parser.add_argument("--most", type=int, help="only so many analyses")
    given = parser.parse_args(arguments)
    start = time.perf_counter()
    try:
        frame = corpus.read_corpus(given.corpus)
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    table = pd.concat([run(frame, given.most), se_for_sd.run(SEED)], ignore_index=True)
    table.insert(2, "planted", table[["noticed", "missed", "print unchanged", "a real print", "silent"]].sum(axis=1))
    shown = table["noticed"] + table["missed"]
    table["recall"] = (table["noticed"] / shown.where(shown > 0)).round(4)
    print(table.to_string(index=False))
    print(f"{time.perf_counter() - start:.0f} s")
    if given.output:
        here = machine()
        head = (
            f"# make errors CORPUS=FILE; seed {SEED}; {here['processor']}, {here['cores']} cores; "
            f"{time.perf_counter() - start:.0f} s; {corpus.SOURCE}\n"
        )
        given.output.write_text(head + table.to_csv(index=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
