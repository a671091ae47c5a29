"""The final word on a table: does every printed number come out of :func:`metalib.pool_batch`?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..arithmetic.options import RATIOS
from ..arithmetic.pooling import pool_batch
from ..arithmetic.results import PooledBatch
from .model import Result
from .printed import Printed

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


def statistics(batch: PooledBatch, measure: str) -> dict[str, np.ndarray]:
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


def agrees(stats: Mapping[str, Printed], values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return which rows print as `stats`; a number that does not exist never does."""
    first = next(iter(values.values()))
    ok = np.ones(np.shape(first), dtype=bool)
    for name, stat in stats.items():
        low, high = ends(name, stat)
        ok &= (values[name] >= low) & (values[name] <= high)
    return ok


def ends(name: str, stat: Printed) -> tuple[float, float]:
    """Return the interval of a statistic; that of z is reflected to positive values, as its sign is a convention."""
    if name != "z":
        return stat.low, stat.high
    if stat.low <= 0 <= stat.high:
        return 0.0, max(-stat.low, stat.high)
    return min(abs(stat.low), abs(stat.high)), max(abs(stat.low), abs(stat.high))


def check_rows(result: Result, counts: np.ndarray) -> np.ndarray:
    """Return which tables, shape (m, k, 4), agree with every printed number that takes part in the search."""
    stats = result.searched
    out = np.zeros(len(counts), dtype=bool)
    for i in range(0, len(counts), CHUNK):
        part = counts[i : i + CHUNK]
        out[i : i + CHUNK] = agrees(stats, statistics(pool_rows(result, part), result.measure))
    return out
