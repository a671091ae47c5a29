"""Who carries the result: studies left out one by one, excluded one after the other, or added one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from typing import Unpack

import numpy as np
import pandas as pd

from ..arithmetic.data import StudyData
from ..arithmetic.options import Choices, Options
from ..arithmetic.pooling import check_choices, pool_subsets, reasons_by_study
from ..arithmetic.results import PooledEffect, to_frame
from ..errors import DataError


def leave_one_out(tables: pd.DataFrame | StudyData, **choices: Unpack[Choices]) -> pd.DataFrame:
    """Pool again without each study in turn.

    Parameters
    ----------
    tables : DataFrame
        As in :func:`metalib.pool`.
    **choices
        As in :func:`metalib.pool`.

    Returns
    -------
    DataFrame
        One row a study, in the order given: ``omitted`` and the columns of :meth:`PooledEffect.to_frame`. ``reason``
        says why numbers are missing, and when the omitted study had taken no part anyway.

    Raises
    ------
    DataError, OptionError
    """
    checked, options = check_choices(tables, choices)
    frame = _pool_subsets(checked, ~np.eye(len(checked.studies), dtype=bool), options)
    frame.insert(0, "omitted", list(checked.studies))
    return _with_unused(frame, "omitted", checked, options, "leaving {} out changes nothing")


def exclude_cumulatively(
    tables: pd.DataFrame | StudyData, order: Sequence[str], **choices: Unpack[Choices]
) -> pd.DataFrame:
    """Exclude studies one after the other, each step on top of the steps before.

    Parameters
    ----------
    tables : DataFrame
        As in :func:`metalib.pool`.
    order : sequence of str
        Studies in the order in which they leave.
    **choices
        As in :func:`metalib.pool`.

    Returns
    -------
    DataFrame
        One row a step: ``excluded`` (the study that leaves), ``left`` (the studies that stay, joined by ", ") and the
        columns of :meth:`PooledEffect.to_frame`.

    Raises
    ------
    DataError
        `order` is no list of names, or a study in it is unknown or named twice.
    OptionError
    """
    checked, options = check_choices(tables, choices)
    names = _check_order(order, checked, "exclude", "excluded")
    left = _step_of_each(checked, names) > np.arange(len(names))[:, None]
    frame = _pool_subsets(checked, left, options)
    frame.insert(0, "excluded", names)
    frame.insert(1, "left", _joined(checked, left))
    return frame


def cumulative(
    tables: pd.DataFrame | StudyData, order: Sequence[str] | None = None, **choices: Unpack[Choices]
) -> pd.DataFrame:
    """Pool the first one, two, ... studies of an order (Lau et al. 1992).

    Parameters
    ----------
    tables : DataFrame
        As in :func:`metalib.pool`.
    order : sequence of str, optional
        Every study once, in the order in which they enter; the order of the rows if left out.
    **choices
        As in :func:`metalib.pool`.

    Returns
    -------
    DataFrame
        One row a step: ``added`` (the study that enters), ``studies`` (those pooled, in the order of the rows, joined
        by ", ") and the columns of :meth:`PooledEffect.to_frame`; ``reason`` also says when the entering study takes
        no part.

    Raises
    ------
    DataError
        `order` is not every study exactly once, or the tables cannot be pooled.
    OptionError
    """
    checked, options = check_choices(tables, choices)
    names = _check_order(checked.studies if order is None else order, checked, "add", "added")
    missing = [study for study in checked.studies if study not in names]
    if missing:
        raise DataError("the order leaves the study out", study=missing[0])
    entered = _step_of_each(checked, names) <= np.arange(len(names))[:, None]
    frame = _pool_subsets(checked, entered, options)
    frame.insert(0, "added", names)
    frame.insert(1, "studies", _joined(checked, entered))
    return _with_unused(frame, "added", checked, options, "adding {} changes nothing")


def _check_order(order: object, checked: StudyData, verb: str, done: str) -> list[str]:
    """Return an order of studies as a list, or raise naming the study that is unknown or stands there twice."""
    if not isinstance(order, (list, tuple, np.ndarray, pd.Series, pd.Index)):
        raise DataError("order must be a list of studies", value=order)
    names = list(order)
    for i, study in enumerate(names):
        if not isinstance(study, str):
            raise DataError("order must be a list of names", row=i + 1, value=study)
        if study not in checked.studies:
            raise DataError(f"the study to {verb} is not among the tables", study=study)
        if study in names[:i]:
            raise DataError(f"the study is {done} twice", study=study)
    return names


def _step_of_each(checked: StudyData, names: list[str]) -> np.ndarray:
    """Return the step of each study in an order, beyond the last one for those that it leaves out."""
    return np.array([names.index(study) if study in names else len(names) for study in checked.studies])


def _joined(checked: StudyData, subsets: np.ndarray) -> list[str]:
    return [", ".join(compress(checked.studies, subset)) for subset in subsets.tolist()]


def _with_unused(frame: pd.DataFrame, column: str, checked: StudyData, options: Options, words: str) -> pd.DataFrame:
    """Say in ``reason`` which of the studies named in a column take no part anyway."""
    why = reasons_by_study(checked, options.measure)
    notes = [f"{words.format(study)} ({why[study]})" if study in why else "" for study in frame[column]]
    frame["reason"] = ["; ".join(filter(None, pair)) for pair in zip(notes, frame["reason"], strict=True)]
    return frame


def _pool_subsets(checked: StudyData, subsets: np.ndarray, options: Options) -> pd.DataFrame:
    """Pool the subsets marked by the rows of a boolean (m, k) array, in one call of the batch kernel."""
    batch = pool_subsets(checked, subsets, options)
    # The frame shows no weights, and those of a thousand subsets of a thousand studies would take most of the time.
    batch = replace(batch, weights=np.empty((len(subsets), 0)))
    rows = [
        PooledEffect.from_batch(batch, i, options, tuple(compress(checked.studies, subset)))
        for i, subset in enumerate(subsets.tolist())
    ]
    return to_frame(rows)
