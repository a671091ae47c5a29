"""Whether the arms of a study look alike before treatment, and whether a row that slipped would explain why not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import multivariate_hypergeom

from ..errors import DataError

#: Tables as likely as the observed one, but for rounding, count as no less likely (as in R's fisher.test).
_SLACK = 1 + 1e-7


def exact_test(events_t: pd.Series[int], events_c: pd.Series[int]) -> float:
    """Return the exact P that both arms fall into the categories alike (Fisher, Freeman and Halton).

    Parameters
    ----------
    events_t, events_c : sequence of int, shape (c,)
        Patients of the experimental and of the control arm in each category.

    Returns
    -------
    float
        Probability, margins given, of all tables that are at most as likely as this one; 1 for a single category.

    Raises
    ------
    DataError
        The arms have different categories, or a count is negative.

    References
    ----------
    Freeman GH, Halton JH. Biometrika 1951; 38: 141-149.
    """
    ours, others = np.asarray(events_t, dtype=int), np.asarray(events_c, dtype=int)
    if ours.shape != others.shape or ours.ndim != 1 or (ours < 0).any() or (others < 0).any():
        raise DataError("both arms need a count of 0 or more in the same categories")
    margin = ours + others
    tables = np.array(list(_splits(tuple(map(int, margin)), int(ours.sum()))))
    p = np.atleast_1d(multivariate_hypergeom.pmf(tables, m=margin, n=ours.sum()))
    observed = multivariate_hypergeom.pmf(ours, m=margin, n=ours.sum())
    return min(float(p[p <= observed * _SLACK].sum()), 1.0)


def _splits(margin: tuple[int, ...], n: int) -> Iterator[tuple[int, ...]]:
    """Yield every way to take n patients from categories of these sizes."""
    first, rest = margin[0], margin[1:]
    if not rest:
        if n <= first:
            yield (n,)
        return
    for taken in range(max(0, n - sum(rest)), min(first, n) + 1):
        for others in _splits(rest, n - taken):
            yield (taken, *others)


def moved_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a study's counts by category as they are, and with one arm moved up or down by one row.

    A column of numbers that is typed in one row too high or too low leaves arms that look unlike, although they are
    alike. That a moved reading fits better shows that such a slip would explain the difference, not that it happened.

    Parameters
    ----------
    rows : DataFrame
        ``study, events_t, events_c`` of one study, categories in their order; other columns are kept.

    Returns
    -------
    DataFrame
        The rows of each reading below each other, with ``moved`` ("", or arm and direction as in "experimental up") and
        ``p``, the :func:`exact_test` of the reading. An arm is moved only where no patient falls off the end.

    Raises
    ------
    DataError
        The rows are of several studies, or there is none.
    """
    if len(found := rows["study"].unique().tolist()) != 1:
        raise DataError("rows of one study are needed", value=found)
    readings = [rows.assign(moved="")]
    for column, arm in (("events_t", "experimental"), ("events_c", "control")):
        counts = rows[column].to_numpy()
        for direction, lost, by in (("up", counts[0], -1), ("down", counts[-1], 1)):
            if lost == 0:
                readings.append(rows.assign(**{column: np.roll(counts, by)}, moved=f"{arm} {direction}"))
    tested = [part.assign(p=exact_test(part["events_t"], part["events_c"])) for part in readings]
    return pd.concat(tested, ignore_index=True)
