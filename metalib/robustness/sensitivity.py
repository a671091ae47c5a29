"""Who carries the result: leaving studies out one by one, and excluding them one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from typing import Unpack

import numpy as np
import pandas as pd

from ..arithmetic.options import Choices, Options
from ..arithmetic.pooling import pool, pool_batch
from ..arithmetic.results import PooledEffect, to_frame
from ..arithmetic.tables import Tables, check_tables
from ..errors import DataError


def leave_one_out(tables: pd.DataFrame, **choices: Unpack[Choices]) -> pd.DataFrame:
    """Pool again without each study in turn.

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``.
    **choices
        ``measure, method, model, tau2, ci, level`` as in :func:`metalib.pool`.

    Returns
    -------
    DataFrame
        One row a study, in the order given: ``omitted`` and the columns of :meth:`PooledEffect.to_frame`. ``reason``
        says why numbers are missing, and when the omitted study had taken no part anyway.

    Raises
    ------
    DataError, OptionError
    """
    checked = check_tables(tables)
    subsets = ~np.eye(checked.k, dtype=bool)
    frame = pool_subsets(checked, subsets, Options(**choices))
    frame.insert(0, "omitted", list(checked.studies))
    not_used = dict(pool(checked, **choices).excluded)
    for i, study in enumerate(checked.studies):
        if study in not_used:
            note = f"leaving {study} out changes nothing ({not_used[study]})"
            frame.loc[i, "reason"] = "; ".join(filter(None, [note, frame.loc[i, "reason"]]))
    return frame


def exclude_cumulatively(tables: pd.DataFrame, order: Sequence[str], **choices: Unpack[Choices]) -> pd.DataFrame:
    """Exclude studies one after the other, each step on top of the steps before.

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``.
    order : sequence of str
        Studies in the order in which they leave.
    **choices
        ``measure, method, model, tau2, ci, level`` as in :func:`metalib.pool`.

    Returns
    -------
    DataFrame
        One row a step: ``excluded`` (the study that leaves), ``left`` (the studies that stay, joined by ", ") and the
        columns of :meth:`PooledEffect.to_frame`.

    Raises
    ------
    DataError
        `order` is no list of names, or a study in it is unknown or named twice.
    """
    checked = check_tables(tables)
    order = check_order(order)
    subsets = []
    stay = np.ones(checked.k, dtype=bool)
    for study in order:
        if study not in checked.studies:
            raise DataError("the study to exclude is not among the tables", study=study)
        i = checked.studies.index(study)
        if not stay[i]:
            raise DataError("the study is excluded twice", study=study)
        stay = stay.copy()
        stay[i] = False
        subsets.append(stay)
    frame = pool_subsets(checked, np.array(subsets, dtype=bool).reshape(-1, checked.k), Options(**choices))
    frame.insert(0, "excluded", list(order))
    frame.insert(1, "left", [", ".join(np.array(checked.studies, dtype=object)[s]) for s in subsets])
    return frame


def check_order(order: object) -> list[str]:
    """Return an order of studies as a list, or raise :class:`DataError` for what is no list of names."""
    if not isinstance(order, (list, tuple, np.ndarray, pd.Series, pd.Index)):
        raise DataError("order must be a list of studies", value=order)
    names = list(order)
    for i, study in enumerate(names):
        if not isinstance(study, str):
            raise DataError("order must be a list of names", row=i + 1, value=study)
    return names


def pool_subsets(checked: Tables, subsets: np.ndarray, options: Options) -> pd.DataFrame:
    """Pool the subsets marked by the rows of a boolean (m, k) array, in one call of the batch kernel.

    Returns
    -------
    DataFrame
        The columns of :meth:`metalib.PooledEffect.to_frame`, one row a subset.
    """
    batch = pool_batch(*checked.counts(), include=subsets, **options.choices())
    # The frame shows no weights, and those of a thousand subsets of a thousand studies would take most of the time.
    batch = replace(batch, weights=np.empty((len(subsets), 0)))
    rows = [
        PooledEffect.from_batch(batch, i, options, tuple(compress(checked.studies, subset)))
        for i, subset in enumerate(subsets.tolist())
    ]
    return to_frame(rows)
