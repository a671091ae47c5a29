"""Who carries the result: subgroups, leaving studies out one by one, and excluding them one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from .errors import DataError
from .pooling import pool, pool_batch
from .results import PooledEffect, Subgroups, to_frame
from .tables import Tables, check_tables


def subgroups(tables: pd.DataFrame, by: str | Sequence | pd.Series, **options) -> Subgroups:
    """Pool by subgroup and test for subgroup differences as RevMan does.

    Every subgroup is pooled on its own (with its own tau2); the test takes the subgroup estimates as studies with
    inverse-variance weights (Deeks & Higgins 2010; Borenstein & Higgins 2013).

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``. A study may occur in several subgroups, once in each.
    by : str, sequence or Series
        Name of a column of `tables`, or one label a row. A Series must carry the index of `tables`.
    **options
        Passed on to :func:`metalib.pool`.

    Returns
    -------
    Subgroups

    Raises
    ------
    DataError
        Labels missing or not one a row, or tables that cannot be pooled.
    """
    if isinstance(tables, Tables):
        raise DataError("tables must be a DataFrame, not Tables")
    check_tables(tables, unique=False)
    labels = _labels(tables, by)
    seen = set()
    for i, pair in enumerate(zip(tables["study"], labels, strict=True)):
        if pair in seen:
            # Pooling the subgroup would find it too, but number the row within the subgroup.
            raise DataError(f"the study occurs twice in subgroup {pair[1]!r}", row=i + 1, study=pair[0])
        seen.add(pair)
    names = list(dict.fromkeys(labels))
    rows = {name: [label == name for label in labels] for name in names}
    groups = tuple((name, pool(tables[rows[name]], **options)) for name in names)
    # The total counts a study once for every subgroup it occurs in, as RevMan's total does.
    everything = tables.assign(study=[f"{s} ({g})" for s, g in zip(tables["study"], labels, strict=True)])
    overall = pool(everything, **options)
    usable = [effect for _, effect in groups if effect.se is not None and effect.se > 0]
    df = max(len(usable) - 1, 0)
    if df == 0:
        reason = f"{len(usable)} subgroup{'' if len(usable) == 1 else 's'} with an estimate"
        return Subgroups(
            groups, overall, None, df, None, None, MappingProxyType(dict.fromkeys(("Q", "p", "I2"), reason))
        )
    y = np.array([effect.estimate for effect in usable])
    w = np.array([effect.se for effect in usable]) ** -2.0
    q = float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())
    i2 = 100 * max(0.0, q - df) / q if q > 0 else 0.0
    return Subgroups(groups, overall, q, df, float(chdtrc(df, q)), i2, MappingProxyType({}))


def _labels(tables: pd.DataFrame, by: str | Sequence | pd.Series) -> list[str]:
    if isinstance(by, str):
        if by not in tables.columns:
            raise DataError(f"there is no column {by!r} to form subgroups by")
        if tables.columns.tolist().count(by) > 1:
            raise DataError(f"column {by!r} stands there twice")
        labels = tables[by].tolist()
    elif isinstance(by, pd.Series):
        if not by.index.equals(tables.index):
            raise DataError("the subgroup labels carry another index than the tables; they would be paired wrongly")
        labels = by.tolist()
    elif isinstance(by, (list, tuple, np.ndarray, pd.Index)):
        labels = list(by)
    else:
        raise DataError("subgroups need the name of a column or one label a row", value=by)
    if len(labels) != len(tables):
        raise DataError(f"{len(labels)} subgroup labels for {len(tables)} rows")
    for i, label in enumerate(labels):
        place = {"row": i + 1, "study": tables["study"].iloc[i]}
        if not isinstance(label, (str, int, float, np.number)) and not pd.api.types.is_scalar(label):
            raise DataError("a subgroup label must be text or a number", **place, value=label)
        if pd.isna(label) or not str(label).strip():
            raise DataError("the subgroup label is missing", **place)
    return [str(label) for label in labels]


def leave_one_out(tables: pd.DataFrame, **options) -> pd.DataFrame:
    """Pool again without each study in turn.

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``.
    **options
        Passed on to :func:`metalib.pool`.

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
    frame = _pool_subsets(checked, subsets, options)
    frame.insert(0, "omitted", list(checked.studies))
    not_used = dict(pool(checked, **options).excluded)
    for i, study in enumerate(checked.studies):
        if study in not_used:
            note = f"leaving {study} out changes nothing ({not_used[study]})"
            frame.loc[i, "reason"] = "; ".join(filter(None, [note, frame.loc[i, "reason"]]))
    return frame


def exclude_cumulatively(tables: pd.DataFrame, order: Sequence[str], **options) -> pd.DataFrame:
    """Exclude studies one after the other, each step on top of the steps before.

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``.
    order : sequence of str
        Studies in the order in which they leave.
    **options
        Passed on to :func:`metalib.pool`.

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
    frame = _pool_subsets(checked, np.array(subsets, dtype=bool).reshape(-1, checked.k), options)
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


def _pool_subsets(checked: Tables, subsets: np.ndarray, options: dict) -> pd.DataFrame:
    """Pool the subsets marked by the rows of a boolean (m, k) array, in one call of the batch kernel."""
    whole = pool(checked, **options)
    batch = pool_batch(*checked.counts(), include=subsets, **options)
    names = np.array(checked.studies, dtype=object)
    shared = {f: getattr(whole, f) for f in ("measure", "method", "model", "tau2_method", "ci_method", "level")}
    rows = [
        PooledEffect.from_batch(batch, i, studies=tuple(names[subset]), excluded=(), **shared)
        for i, subset in enumerate(subsets)
    ]
    return to_frame(rows)
