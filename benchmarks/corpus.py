"""Parity with Review Manager on the corpus: every study effect, interval and weight against RevMan's own.

python -m benchmarks.corpus CORPUS                     seconds
python -m benchmarks.corpus CORPUS -o FIGURES.csv      also store the counts

The corpus stays outside the project; only what was counted on it is stored.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from metalib.arithmetic.options import Choices, Options
from metalib.arithmetic.pooling import effects_of, pool_batch
from metalib.arithmetic.study_effects import cells
from metalib.errors import DataError

SOURCE = "Cochrane reviews by way of github.com/mahmood726-cyber/Pairwise70, commit de39438"
SPECIFICATION = ["measure", "method", "model", "tau2"]
COUNTS = ["events_t", "n_t", "events_c", "n_c"]
PRINTED = ["effect", "ci_low", "ci_high", "weight"]
COLUMNS = ["review", "analysis", "subgroup", "study", *COUNTS, *PRINTED, "pooled_over", *SPECIFICATION]
#: The corpus has six decimals: half of the last one, and the noise of a float.
TOLERANCE = 0.5e-6 * (1 + 1e-4)
LEVELS = (0.95, 0.99, 0.9)
#: What RevMan offers; the corpus names the first of those whose weights agree, and a miss may belong to another.
_MODELS = (("MH", "fixed", "DL"), ("MH", "random", "DL"), ("IV", "fixed", "DL"), ("IV", "random", "DL"))
SPECIFICATIONS = (
    *(
        Choices(measure=measure, method=method, model=model, tau2=tau2)
        for measure in ("OR", "RR", "RD")
        for method, model, tau2 in (*_MODELS, ("IV", "random", "REML"))
    ),
    Choices(measure="OR", method="Peto", model="fixed", tau2="DL"),
)
#: RevMan iterates tau2 to a limit of its own, which shows in the sixth decimal of a weight.
LAST_DECIMAL = 2e-6
REASONS = ("last decimal", "another specification", "patients without the event", "pools of one study")
MISSING = """There is no corpus at {path}. It is one CSV file (gzip is read too), one row a study of an analysis:
  {columns}
({source}). Without it nothing here can be measured;
the figures of the last run are stored in benchmarks/corpus.csv and benchmarks/errors.csv."""


@dataclass(frozen=True, slots=True)
class Pools:
    """All pools of one specification with the same number of studies: arrays of shape (pools, studies)."""

    choices: Choices
    ids: np.ndarray
    counts: list[np.ndarray]
    revman: dict[str, np.ndarray]


def read_corpus(path: Path) -> pd.DataFrame:
    """Return the corpus with a column ``pool`` that numbers its pools.

    Raises
    ------
    DataError
        There is no such file, or it lacks a column.
    """
    if not path.is_file():
        raise DataError(MISSING.format(path=path, columns=", ".join(COLUMNS), source=SOURCE))
    text = dict.fromkeys(("review", "analysis", "subgroup", "pooled_over", *SPECIFICATION), str)
    # Analyses 1.1 and 1.10 are two: as numbers they would be one.
    frame = pd.read_csv(path, dtype=text)
    for column in COLUMNS:
        if column not in frame:
            raise DataError(f"the corpus has no column {column!r}", file=path.name)
    whole = frame["pooled_over"] == "all"
    frame["pooled_subgroup"] = frame["subgroup"].mask(whole, "")
    frame["pool"] = frame.groupby(["review", "analysis", "pooled_subgroup"], sort=False).ngroup()
    return frame


def pools(frame: pd.DataFrame) -> Iterator[Pools]:
    """Yield the pools of the corpus, those of one specification and size together."""
    sized = frame.assign(k=frame.groupby("pool")["study"].transform("size"))
    for (*given, k), rows in sized.groupby([*SPECIFICATION, "k"], sort=True):
        ordered = rows.sort_values("pool", kind="stable")
        shape = (-1, int(k))
        ids = ordered["pool"].to_numpy()[:: int(k)]
        counts = [ordered[name].to_numpy(float).reshape(shape) for name in COUNTS]
        revman = {name: ordered[name].to_numpy(float).reshape(shape) for name in PRINTED}
        yield Pools(Choices(**dict(zip(SPECIFICATION, given, strict=True))), ids, counts, revman)


def _agree(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    return np.abs(ours - theirs) <= TOLERANCE + 1e-12 * np.abs(theirs)


def compare(p: Pools) -> tuple[dict[str, int], list[tuple[object, ...]]]:
    """Return counts of what agrees in some pools, and every miss as ``pool, row, what, ours, theirs``."""
    options = Options(**p.choices)
    effects = effects_of(cells(*p.counts), options)
    back = np.exp if options.is_ratio else np.asarray
    there = ~np.isnan(p.revman["effect"])
    found = {"effect": back(effects.yi)}
    # The file does not say which level: that of a pool is the one that most of its limits agree with.
    best = np.full(len(p.ids), -1)
    for level in LEVELS:
        half = Options(**{**p.choices, "level": level}).z * np.sqrt(effects.vi)
        limits = {"ci_low": back(effects.yi - half), "ci_high": back(effects.yi + half)}
        agreeing = sum((_agree(limits[name], p.revman[name]) & there).sum(-1) for name in limits)
        better = agreeing > best
        best = np.where(better, agreeing, best)
        for name, limit in limits.items():
            found[name] = np.where(better[:, None], limit, found.get(name, limit))
    found["weight"] = pool_batch(*p.counts, **p.choices).weights
    figures = {
        "pools": len(p.ids),
        "rows": there.size,
        "estimable": int(there.sum()),
        # Estimable here and there, or in neither.
        "same estimable": int((effects.estimable == there).sum()),
    }
    misses: list[tuple[object, ...]] = []
    wrong_pool = np.zeros(len(p.ids), dtype=bool)
    for name, ours in found.items():
        agree = _agree(ours, p.revman[name])
        figures[f"{name} agrees"] = int((agree & there).sum())
        for i, j in np.argwhere(there & ~agree):
            misses.append((int(p.ids[i]), int(j) + 1, name, float(ours[i, j]), float(p.revman[name][i, j])))
        if name == "weight":
            wrong_pool = (there & ~agree).any(-1)
    figures["pools with every weight"] = int((~wrong_pool).sum())
    return figures, misses


def explain(rows: pd.DataFrame, misses: Sequence[tuple[object, ...]]) -> str:
    """Return why a pool of the corpus differs: one of :data:`REASONS`, or an empty text.

    Parameters
    ----------
    rows : DataFrame
        The rows of the pool.
    misses : sequence
        Its misses, as :func:`compare` returns them.
    """
    if all(what == "weight" and abs(ours - theirs) < LAST_DECIMAL for *_, what, ours, theirs in misses):  # type: ignore[operator]
        return REASONS[0]
    without = rows.assign(events_t=rows["n_t"] - rows["events_t"], events_c=rows["n_c"] - rows["events_c"])
    # One number of the source can stand for several subgroups.
    apart = rows.assign(pool=range(len(rows)))
    for reason, other in zip(REASONS[1:], (rows, without, apart), strict=True):
        for choices in SPECIFICATIONS:
            if not any(missed for p in pools(other.assign(**choices)) for missed in compare(p)[1]):
                return reason
    return ""


def run(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare the whole corpus; return the counts by specification and the misses."""
    counted: dict[tuple[str, ...], dict[str, int]] = {}
    misses: list[tuple[object, ...]] = []
    reasons = [f"missed: {reason}" for reason in (*REASONS, "unexplained")]
    done, total = 0, frame["pool"].nunique()
    for p in pools(frame):
        figures, missed = compare(p)
        into = counted.setdefault(tuple(map(str, p.choices.values())), dict.fromkeys([*figures, *reasons], 0))
        for name, value in figures.items():
            into[name] += value
        for pool in dict.fromkeys(miss[0] for miss in missed):
            own = [miss for miss in missed if miss[0] == pool]
            rows = frame[frame["pool"] == pool]
            reason = explain(rows, own)
            into[f"missed: {reason or 'unexplained'}"] += 1
            place = rows[["review", "analysis", "pooled_subgroup"]].iloc[0]
            misses += [(*place, *miss[1:], reason) for miss in own]
        done += len(p.ids)
        if sys.stderr.isatty() or done == total:
            print(f"\r{done:,} of {total:,} pools", end="\n" if done == total else "", file=sys.stderr, flush=True)
    table = pd.DataFrame([{**dict(zip(SPECIFICATION, key, strict=True)), **value} for key, value in counted.items()])
    names = ["review", "analysis", "subgroup", "row", "what", "metalib", "revman", "reason"]
    return table, pd.DataFrame(misses, columns=names)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare as the command line asks for; 0 where all agrees or is explained, 1 where not, 2 without a corpus."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, help="the corpus (CSV, or CSV by gzip)")
    parser.add_argument("-o", "--output", type=Path, help="CSV file to write the counts to")
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    try:
        frame = read_corpus(options.corpus)
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    table, misses = run(frame)
    print(table.to_string(index=False))
    print(table.drop(columns=SPECIFICATION).sum().to_string())
    if len(misses):
        print(f"\n{len(misses)} numbers differ:\n{misses.to_string(index=False)}")
    print(f"{time.perf_counter() - start:.1f} s")
    if options.output:
        options.output.write_text(table.to_csv(index=False), encoding="utf-8")
    return int((misses["reason"] == "").any())


if __name__ == "__main__":
    sys.exit(main())
