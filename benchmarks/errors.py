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
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import chdtri, ndtri

from metalib.arithmetic.options import Options
from metalib.arithmetic.pooling import pool
from metalib.arithmetic.results import PooledEffect
from metalib.arithmetic.zero_cells import pool_corrected
from metalib.audit.consistency import INCONSISTENT, p_and_interval
from metalib.audit.forest import check_plot
from metalib.audit.printed import SLACK, Printed, read_printed
from metalib.errors import DataError, MetalibError

from . import corpus
from .measure import machine

SEED = 14
PRINTS = ("line", "rows", "counts")
ROW = ("effect", "CI low", "CI high", "weight")
DIGITS = {"effect": 2, "CI low": 2, "CI high": 2, "weight": 1, "Z": 2, "Chi2": 2, "df": 0, "I2": 0, "Tau2": 2}
TIE = 1e-6


@dataclass(frozen=True)
class Plot:
    """A forest plot as it is printed: texts by name, the counts, and how it says that it pools."""

    options: Options
    rows: tuple[dict[str, str] | None, ...]
    line: dict[str, str]
    tables: pd.DataFrame

    def printed(self, what: str) -> object:
        """Return what a reader sees of one of :data:`PRINTS`."""
        counts = self.tables[corpus.COUNTS].to_numpy().tolist() if what == "counts" else None
        return self.line, self.rows if what != "line" else None, counts


def p_text(p: float) -> str:
    """Return P as RevMan 5 prints it: two decimals, below 0.01 the first digit."""
    if p < 0.00001:
        return "<0.00001"
    return f"{p:.2f}" if p >= 0.0095 else f"{p:.{int(np.ceil(-np.log10(p) - 0.0222))}f}"


def line_of(effect: PooledEffect) -> dict[str, str]:
    """Return the printed numbers of a pooled line."""
    numbers = {
        effect.measure: effect.natural(effect.estimate), "CI low": effect.natural(effect.ci_low),
        "CI high": effect.natural(effect.ci_high), "Z": abs(effect.statistic or 0.0),
    }  # fmt: skip
    if effect.k > 1:
        numbers |= {"Chi2": effect.Q, "df": effect.df, "I2": effect.I2}
        if effect.tau2 is not None:
            numbers["Tau2"] = effect.tau2
    line = {name: f"{value:.{DIGITS.get(name, 2)}f}" for name, value in numbers.items() if value is not None}
    line["P"] = p_text(effect.p if effect.p is not None else 1.0)
    if effect.p_Q is not None:
        line["P(Q)"] = p_text(effect.p_Q)
    return line


def rows_of(rows: pd.DataFrame, pooled: PooledEffect) -> tuple[dict[str, str] | None, ...]:
    """Return the printed rows, from RevMan's values; where its sixth decimal leaves the second open, from metalib's."""
    e = pooled.effects
    assert e is not None
    half = pooled.options.z * np.sqrt(e.vi)
    back = np.exp if pooled.options.is_ratio else np.asarray
    own = [back(e.yi), back(e.yi - half), back(e.yi + half), pooled.weights]
    printed: list[dict[str, str] | None] = []
    for i, revman in enumerate(rows[corpus.PRINTED].to_numpy(float)):
        texts = {}
        for name, value, mine in zip(ROW, revman, (x[i] for x in own), strict=True):
            digits = DIGITS[name]
            is_open = abs(abs(value) * 10**digits % 1 - 0.5) < TIE * 10**digits
            texts[name] = f"{mine if is_open else value:.{digits}f}"
        printed.append(None if np.isnan(revman[0]) else texts)
    return tuple(printed)


def plots(frame: pd.DataFrame, most: int | None = None) -> Iterator[tuple[str, Plot]]:
    """Yield pools of the corpus as printed plots, with their review; those under another specification are left out."""
    _, misses = corpus.run(frame)
    wrong = misses[misses["reason"] != corpus.REASONS[0]]
    left_out = set(map(tuple, wrong[["review", "analysis", "subgroup"]].drop_duplicates().to_numpy()))
    made = 0
    for _, rows in frame.groupby("pool", sort=True):
        first = rows.iloc[0]
        place = (first["review"], first["analysis"], first["pooled_subgroup"])
        if place in left_out or rows["effect"].isna().all() or made == most:
            continue
        made += 1
        options = Options(**{name: first[name] for name in corpus.SPECIFICATION})
        tables = rows[corpus.COUNTS].reset_index(drop=True)
        tables.insert(0, "study", [f"study {i + 1}" for i in range(len(rows))])
        pooled = pool(tables, **options.choices())
        # The source does not say which level: it is that of the first interval.
        i = int(np.flatnonzero(rows["effect"].notna())[0])
        limits = rows[["ci_low", "ci_high"]].to_numpy(float)[i]
        width = float(np.diff(np.log(limits) if options.is_ratio else limits)[0])
        se = float(pooled.effects.vi[i]) ** 0.5 if pooled.effects is not None else 0.0
        level = min(corpus.LEVELS, key=lambda x: abs(width - 2 * replace(options, level=x).z * se))
        if level != options.level:
            pooled = pool(tables, **{**options.choices(), "level": level})
        yield str(first["review"]), Plot(pooled.options, rows_of(rows, pooled), line_of(pooled), tables)


# ---- errors ----------------------------------------------------------------------------------------------------------

Plant = Callable[[Plot, np.random.Generator], Plot | None]


def _places(plot: Plot) -> list[tuple[object, ...]]:
    """Return where numbers stand: ("line", name), ("row", i, name) or ("count", i, name)."""
    places: list[tuple[object, ...]] = [("line", name) for name in plot.line]
    for i, row in enumerate(plot.rows):
        places += [("row", i, name) for name in row or ()] + [("count", i, name) for name in corpus.COUNTS]
    return places


def _with(plot: Plot, place: tuple[object, ...], change: Callable[[str], str | None]) -> Plot | None:
    """Return the plot with the number at a place changed; None where it cannot be."""
    kind, *where = place
    if kind == "line":
        new = change(plot.line[str(where[0])])
        return None if new is None else replace(plot, line=plot.line | {str(where[0]): new})
    i, name = int(str(where[0])), str(where[1])
    if kind == "row":
        row = plot.rows[i]
        new = None if row is None else change(row[name])
        if row is None or new is None:
            return None
        return replace(plot, rows=(*plot.rows[:i], row | {name: new}, *plot.rows[i + 1 :]))
    tables = plot.tables.copy()
    new = change(str(tables.loc[i, name]))
    if new is None:
        return None
    tables.loc[i, name] = int(new)
    return replace(plot, tables=tables)


def _any_place(plot: Plot, random: np.random.Generator, change: Callable[[str], str | None]) -> Plot | None:
    places = _places(plot)
    for i in random.permutation(len(places)):
        altered = _with(plot, places[i], change)
        if altered is not None:
            return altered
    return None


def digit(plot: Plot, random: np.random.Generator) -> Plot | None:
    """One digit of one printed number is another."""

    def change(text: str) -> str | None:
        at = [m.start() for m in re.finditer(r"\d", text)]
        i = at[random.integers(len(at))]
        others = [d for d in "0123456789" if d != text[i]]
        return f"{text[:i]}{others[random.integers(9)]}{text[i + 1 :]}"

    return _any_place(plot, random, change)


def exchanged_digits(plot: Plot, random: np.random.Generator) -> Plot | None:
    """Two different neighbouring digits of one number have changed places."""

    def change(text: str) -> str | None:
        at = [m.start() for m in re.finditer(r"(?=(\d)\.?(\d))", text)]
        at = [i for i in at if text[i] != text[i + 1 + (text[i + 1] == ".")]]
        if not at:
            return None
        i = at[random.integers(len(at))]
        j = i + 1 + (text[i + 1] == ".")
        return text[:i] + text[j] + text[i + 1 : j] + text[i] + text[j + 1 :]

    return _any_place(plot, random, change)


def _pooled(plot: Plot, tables: pd.DataFrame, **changed: object) -> Plot | None:
    effect = pool(tables, **{**plot.options.choices(), **changed})  # type: ignore[arg-type]
    return replace(plot, line=line_of(effect)) if effect.estimable else None


def wrong_model(plot: Plot, random: np.random.Generator) -> Plot | None:
    """The pooled line is that of the other model (of Peto's method, Mantel-Haenszel's)."""
    if plot.options.method == "Peto":
        return _pooled(plot, plot.tables, method="MH")
    return _pooled(plot, plot.tables, model="fixed" if plot.options.model == "random" else "random")


def wrong_level(plot: Plot, random: np.random.Generator) -> Plot | None:
    """The limits of the pooled line, or of a row, are those of another level."""
    level = float(random.choice([x for x in corpus.LEVELS if x != plot.options.level]))
    if random.random() < 0.5:
        other = _pooled(plot, plot.tables, level=level)
        return other and replace(plot, line=plot.line | {n: other.line[n] for n in ("CI low", "CI high")})

    def limits(low: float, high: float) -> tuple[float, float]:
        wider = replace(plot.options, level=level).z / plot.options.z
        middle, half = (low + high) / 2, (high - low) / 2 * wider
        return middle - half, middle + half

    return _row(plot, random, lambda e, low, high: (e, *limits(low, high)))


def _row(
    plot: Plot, random: np.random.Generator, change: Callable[[float, float, float], tuple[float, float, float]],
    *, shown: bool = True,
) -> Plot | None:  # fmt: skip
    """Return the plot with effect and limits of one row changed on the scale of the measure."""
    own = pool(plot.tables, **plot.options.choices())
    if own.effects is None:
        return None
    there = [i for i, row in enumerate(plot.rows) if row is not None]
    i = int(random.choice(there))
    half = plot.options.z * float(own.effects.vi[i]) ** 0.5
    y = float(own.effects.yi[i])
    back = np.exp if plot.options.is_ratio and shown else float
    new = {name: f"{back(x):.2f}" for name, x in zip(ROW, change(y, y - half, y + half), strict=False)}
    row = plot.rows[i]
    assert row is not None
    return replace(plot, rows=(*plot.rows[:i], row | new, *plot.rows[i + 1 :]))


def arms_exchanged(plot: Plot, random: np.random.Generator) -> Plot | None:
    """Effect and interval of one row, or of the pooled line, are control against experimental."""
    if random.random() < 0.5:
        swapped = plot.tables.rename(
            columns={"events_t": "events_c", "events_c": "events_t", "n_t": "n_c", "n_c": "n_t"}
        )
        return _pooled(plot, swapped)
    return _row(plot, random, lambda e, low, high: (-e, -high, -low))


def events_exchanged(plot: Plot, random: np.random.Generator) -> Plot | None:
    """One row, or the pooled line, counts the patients without the event."""
    t = plot.tables
    without = t.assign(events_t=t["n_t"] - t["events_t"], events_c=t["n_c"] - t["events_c"])
    if random.random() < 0.5:
        return _pooled(plot, without)
    other = pool(without, **plot.options.choices())
    there = [
        i
        for i, row in enumerate(plot.rows)
        if row is not None and other.effects is not None and other.effects.estimable[i]
    ]
    if not there or other.effects is None:
        return None
    i = int(random.choice(there))
    y, half = float(other.effects.yi[i]), plot.options.z * float(other.effects.vi[i]) ** 0.5
    back = np.exp if plot.options.is_ratio else float
    new = {name: f"{back(x):.2f}" for name, x in zip(ROW, (y, y - half, y + half), strict=False)}
    return replace(plot, rows=(*plot.rows[:i], (plot.rows[i] or {}) | new, *plot.rows[i + 1 :]))


def log_for_ratio(plot: Plot, random: np.random.Generator) -> Plot | None:
    """Logarithms are printed for the ratio and limits of the pooled line or of a row."""
    if not plot.options.is_ratio:
        return None
    if random.random() < 0.5:
        own = pool(plot.tables, **plot.options.choices())
        names = (plot.options.measure, "CI low", "CI high")
        new = {n: f"{x:.2f}" for n, x in zip(names, (own.estimate, own.ci_low, own.ci_high), strict=True)}
        return replace(plot, line=plot.line | new)
    return _row(plot, random, lambda *x: x, shown=False)


def _estimable(plot: Plot) -> list[int]:
    return [i for i, row in enumerate(plot.rows) if row is not None]


def left_out(plot: Plot, random: np.random.Generator) -> Plot | None:
    """The pooled line lacks a study that stands in the rows."""
    if len(_estimable(plot)) < 2:
        return None
    return _pooled(plot, plot.tables.drop(index=int(random.choice(_estimable(plot)))))


def doubled(plot: Plot, random: np.random.Generator) -> Plot | None:
    """The pooled line counts a study twice."""
    again = plot.tables.iloc[[int(random.choice(_estimable(plot)))]].assign(study="again")
    return _pooled(plot, pd.concat([plot.tables, again], ignore_index=True))


def zero_cells(plot: Plot, random: np.random.Generator) -> Plot | None:
    """The pooled line follows another rule for zero cells."""
    t = plot.tables
    zero = (
        (t["events_t"] == 0) | (t["events_c"] == 0) | (t["events_t"] == t["n_t"]) | (t["events_c"] == t["n_c"])
    ).to_numpy()
    if not zero[_estimable(plot)].any() or plot.options.method == "Peto":
        return None
    rule = str(random.choice(["none", "treatment_arm", "constant_all"]))
    try:
        effect = pool_corrected(t, rule, **plot.options.choices())
    except MetalibError:
        effect = pool_corrected(t, "treatment_arm", **plot.options.choices())
    return replace(plot, line=line_of(effect)) if effect.estimable and effect.se is not None else None


KINDS: dict[str, Plant] = {
    "a digit": digit, "exchanged digits": exchanged_digits, "wrong model": wrong_model, "wrong level": wrong_level,
    "arms exchanged": arms_exchanged, "events exchanged": events_exchanged, "log for ratio": log_for_ratio,
    "a study left out": left_out, "a study doubled": doubled, "zero-cell rule": zero_cells,
}  # fmt: skip
OTHER = "pooled row of another outcome"


# ---- audits ----------------------------------------------------------------------------------------------------------


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
    table = run(frame, given.most)
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
