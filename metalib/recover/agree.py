"""The final word on a table: does every printed number come out of :func:`metalib.pool_batch`?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from ..arithmetic.options import RATIOS
from ..arithmetic.pooling import pool_batch
from ..arithmetic.results import PooledBatch
from .parts import ARM_NAMES, Interval, Result, Total, table_of
from .puzzle import Puzzle
from .relation import Relation

#: Rows pooled in one call: more would only leave the cache.
CHUNK = 1 << 15


def pool_rows(result: Result, counts: np.ndarray) -> PooledBatch:
    """Pool the tables of one result.

    Parameters
    ----------
    result : Result
        Names measure, method and model.
    counts : ndarray, shape (m, k, 4)
        ``events_t, n_t, events_c, n_c``; negative events mark a study that is absent.
    """
    absent = counts[..., 0] < 0
    events_t, events_c = np.where(absent, 0, counts[..., 0]), np.where(absent, 0, counts[..., 2])
    return pool_batch(
        events_t,
        counts[..., 1],
        events_c,
        counts[..., 3],
        include=~absent,
        measure=result.measure,
        method=result.method,
        model=result.model,
    )


def printable(batch: PooledBatch, measure: str) -> dict[str, np.ndarray]:
    """Return what can be printed of a result, on the scale on which it is printed; z without its sign."""
    natural = np.exp if measure in RATIOS else np.asarray
    with np.errstate(over="ignore"):
        return {
            "effect": natural(batch.estimate),
            "ci_low": natural(batch.ci_low),
            "ci_high": natural(batch.ci_high),
            "z": np.abs(batch.statistic),
            "P": batch.p,
            "Q": batch.Q,
            "df": np.where(batch.estimable, batch.df, np.nan),
            "P_Q": batch.p_Q,
            "I2": batch.I2,
            "tau2": batch.tau2,
            "k": batch.k.astype(float),
        }


def agrees(stats: Mapping[str, Interval], values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return which rows print as `stats`; a number that does not exist never does."""
    first = next(iter(values.values()))
    ok = np.ones(np.shape(first), dtype=bool)
    for name, stat in stats.items():
        ok &= (values[name] >= stat.low) & (values[name] <= stat.high)
    return ok


def covers(relation: Relation, result: Result) -> bool:
    """Return whether a relation holds every table of a result."""
    return all(v in relation.cols for s in result.studies for v in table_of(result.outcome, s))


def result_tables(relation: Relation, result: Result) -> np.ndarray:
    """Return the tables of a result in every row, shape (m, studies, 4)."""
    cols = [v for s in result.studies for v in table_of(result.outcome, s)]
    return relation.values(cols).reshape(len(relation), len(result.studies), 4)


def computed(relation: Relation, result: Result, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Return statistics of a result, recomputed in every row."""
    out = {name: np.empty(len(relation)) for name in names}
    for i in range(0, len(relation), CHUNK):
        part = slice(i, i + CHUNK)
        tables = result_tables(Relation(relation.cols, relation.rows[part]), result)
        values = printable(pool_rows(result, tables), result.measure)
        for name, array in out.items():
            array[part] = values[name]
    return out


def check_rows(relation: Relation, result: Result) -> np.ndarray:
    """Return which rows agree with every printed number of a result that takes part in the search."""
    stats = result.searched
    if not stats:
        return np.ones(len(relation), dtype=bool)
    return agrees(stats, computed(relation, result, stats))


def total_of(total: Total, relations: Sequence[Relation]) -> np.ndarray | None:
    """Return the sum of a total in every row of the first relation that holds all its counts; None where none does."""
    held = (r for r in relations if all(v in r.cols for v in total.terms))
    relation = next(held, None)
    return None if relation is None else relation.events(total.terms)


def compare(puzzle: Puzzle, relations: Sequence[Relation], arms: Relation) -> pd.DataFrame:
    """Hold every printed number against its values in all solutions.

    Parameters
    ----------
    puzzle : Puzzle
    relations : sequence of Relation
        The solutions, each for some of the outcomes.
    arms : Relation
        The choices of arm sizes of all outcomes together.

    Returns
    -------
    DataFrame
        One row a printed number: ``result, statistic, role, printed, low, high, value_low, value_high, agrees,
        agreeing, solutions``. A number whose studies no solution covers is left out.
    """
    rows: list[tuple[object, ...]] = []
    for result in puzzle.results:
        relation = next((r for r in relations if covers(r, result)), None)
        if relation is None:
            continue
        values = computed(relation, result, [s.name for s in result.stats])
        for stat in result.stats:
            found, i = values[stat.name], stat.interval
            good = agrees({stat.name: i}, values)
            rows.append(
                (result.id, stat.name, stat.role, stat.printed.text, i.low, i.high, *_ends(found), *_tally(good))
            )
    for total in puzzle.totals:
        sums = total_of(total, relations if total.outcome else [arms])
        if sums is not None:
            name = f"total {total.outcome or 'patients'}, {ARM_NAMES[total.arm]}"
            ends = total.value, total.value, *_ends(sums)
            rows.append((total.id, name, total.role, str(total.value), *ends, *_tally(sums == total.value)))
    names = ["result", "statistic", "role", "printed", "low", "high", "value_low", "value_high"]
    return pd.DataFrame(rows, columns=[*names, "agrees", "agreeing", "solutions"])


def _tally(good: np.ndarray) -> tuple[bool, int, int]:
    return bool(good.all()), int(good.sum()), len(good)


def _ends(values: np.ndarray) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    return (float(known.min()), float(known.max())) if len(known) else (float("nan"), float("nan"))
