"""2x2 tables: the one form in which counts enter metalib, checked once.

A table is a row ``study, events_t, n_t, events_c, n_c``: events and total of the experimental (t) and of the
control arm (c).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import DataError

COUNTS = ("events_t", "n_t", "events_c", "n_c")
COLUMNS = ("study", *COUNTS)
ARM = {"events_t": "experimental", "n_t": "experimental", "events_c": "control", "n_c": "control"}
#: Above this a float no longer holds every whole number, so a count would silently change.
LARGEST_COUNT = 2.0**53
#: A longer name is a torn file, and fits no figure.
LONGEST_NAME = 500


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Checked counts of k studies, as float arrays of shape (k,)."""

    studies: tuple[str, ...]
    events_t: np.ndarray
    n_t: np.ndarray
    events_c: np.ndarray
    n_c: np.ndarray

    @property
    def k(self) -> int:
        """Number of studies, estimable or not."""
        return len(self.studies)

    def counts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return ``events_t, n_t, events_c, n_c``."""
        return self.events_t, self.n_t, self.events_c, self.n_c


def check_tables(tables: pd.DataFrame | Tables, *, file: object = None, unique: bool = True) -> Tables:
    """Check a data frame of 2x2 tables and return its counts.

    Parameters
    ----------
    tables : DataFrame
        Columns ``study, events_t, n_t, events_c, n_c``; other columns are ignored. The index plays no part.
    file : optional
        Named in error messages.
    unique : bool
        Whether a study may occur only once.

    Raises
    ------
    DataError
        No rows, a missing column, column names of several levels, a study name that is empty, repeated, longer than
        500 characters or holds control characters, a count that is missing, not a whole number, negative or infinite,
        text, a date or a category, an arm without patients, or more events than patients.
    """
    if isinstance(tables, Tables):
        return tables
    if not isinstance(tables, pd.DataFrame):
        raise DataError(f"tables must be a DataFrame, not {type(tables).__name__}", file=file)
    # Series.tolist and to_numpy are fast; a row loop would dominate a call of a few hundred microseconds.
    if isinstance(tables.columns, pd.MultiIndex):
        raise DataError("the column names have several levels", file=file)
    missing = [column for column in COLUMNS if column not in tables.columns]
    if missing:
        raise DataError(f"column {', '.join(missing)} is missing", file=file)
    twice = [column for column in COLUMNS if tables.columns.tolist().count(column) > 1]
    if twice:
        raise DataError(f"column {', '.join(twice)} stands there twice", file=file)
    studies = tables["study"].tolist()
    if not studies:
        raise DataError("there is no study", file=file)
    check_names(studies, file, unique)
    arrays = {column: _whole_numbers(tables[column], column, studies, file) for column in COUNTS}
    for events, total in (("events_t", "n_t"), ("events_c", "n_c")):
        _refuse(arrays[total] < 1, "an arm needs at least one patient", total, arrays[total], studies, file)
        more = arrays[events] > arrays[total]
        if more.any():
            i = int(np.argmax(more))
            counts = f"{int(arrays[events][i])} of {int(arrays[total][i])}"
            raise DataError(
                "more events than patients", file=file, row=i + 1, study=studies[i], arm=ARM[events], value=counts
            )
    for array in arrays.values():
        # A result keeps its tables: they stay what was pooled.
        array.flags.writeable = False
    return Tables(tuple(studies), **arrays)


def check_names(studies: Sequence[object], file: object, unique: bool) -> None:
    """Raise :class:`DataError` for a study without a name that can be shown, or with that of another."""
    for i, study in enumerate(studies):
        if not isinstance(study, str) or not study.strip():
            raise DataError("a study needs a name (text)", file=file, row=i + 1, value=study)
        # isprintable is fast but also refuses no-break spaces, which are fine.
        if not study.isprintable() and any(unicodedata.category(c) in ("Cc", "Cs") for c in study):
            raise DataError(
                "the name holds a control character or half a surrogate pair", file=file, row=i + 1, value=study
            )
        if len(study) > LONGEST_NAME:
            raise DataError(f"the name is longer than {LONGEST_NAME} characters", file=file, row=i + 1, value=study)
    if unique and len(set(studies)) < len(studies):
        seen: set[object] = set()
        for i, study in enumerate(studies):
            if study in seen:
                raise DataError("the study occurs twice", file=file, row=i + 1, study=study)
            seen.add(study)


def _whole_numbers(series: pd.Series, column: str, studies: Sequence[object], file: object) -> np.ndarray:
    """Return a column as float array, or raise naming the first cell that is no count."""
    # The codes of categories, like the nanoseconds of dates, are whole numbers and no counts.
    if isinstance(series.dtype, pd.CategoricalDtype) or series.dtype.kind in "mM":
        raise DataError(
            f"{column} holds {series.dtype}, not numbers", file=file, row=1, study=studies[0], arm=ARM[column],
            value=series.astype(object).tolist()[0],
        )  # fmt: skip
    values = series.to_numpy()
    if values.dtype.kind not in "iuf":
        for i, value in enumerate(values.tolist()):
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise DataError(
                    f"{column} is not a number", file=file, row=i + 1, study=studies[i], arm=ARM[column], value=value
                )
        try:
            values = np.array(values.tolist(), dtype=float)
        except OverflowError:
            values = np.array([float(max(min(value, 2**60), -(2**60))) for value in values.tolist()])
    numbers = values.astype(float)
    with np.errstate(invalid="ignore"):
        _refuse(np.isnan(numbers), f"{column} is missing", column, numbers, studies, file)
        _refuse(numbers < 0, f"{column} is negative", column, numbers, studies, file)
        _refuse(numbers > LARGEST_COUNT, f"{column} is too large or infinite", column, numbers, studies, file)
        _refuse(numbers != np.floor(numbers), f"{column} is not a whole number", column, numbers, studies, file)
    return numbers


def _refuse(
    bad: np.ndarray, problem: str, column: str, values: np.ndarray, studies: Sequence[object], file: object
) -> None:
    if bad.any():
        i = int(np.argmax(bad))
        value = float(values[i])
        raise DataError(
            problem, file=file, row=i + 1, study=studies[i], arm=ARM[column],
            value=int(value) if value.is_integer() else value,
        )  # fmt: skip


def check_arrays(given: Sequence[object], include: object = None) -> tuple[list[np.ndarray], np.ndarray]:
    """Check arrays of counts whose last axis runs over studies.

    Parameters
    ----------
    given : four array_like
        ``events_t, n_t, events_c, n_c``, of shapes that broadcast.
    include : array_like of bool, optional
        Studies that take part.

    Returns
    -------
    tuple
        The counts as float arrays in their own shapes, and `include` as an array (True without one).

    Raises
    ------
    DataError
        What is no table is named by row (place on the last axis), arm and value.
    """
    arrays = [_check_array(name, values) for name, values in zip(COUNTS, given, strict=True)]
    for events, total, arm in ((arrays[0], arrays[1], "experimental"), (arrays[2], arrays[3], "control")):
        try:
            more = events > total
        except ValueError:
            raise DataError(f"events {events.shape} and patients {total.shape} do not fit together", arm=arm) from None
        if more.any():
            at = np.unravel_index(int(np.argmax(more)), more.shape)
            e, n = (int(np.broadcast_to(x, more.shape)[at]) for x in (events, total))
            raise DataError(
                "more events than patients", row=int(at[-1]) + 1 if at else None, arm=arm, value=f"{e} of {n}"
            )
    try:
        marks = np.asarray(True if include is None else include)
    except ValueError:
        raise DataError("include is no array: its rows differ in length") from None
    if marks.dtype != bool or isinstance(include, pd.Series):
        raise DataError("include must be an array of True and False", value=type(include).__name__)
    try:
        shape = np.broadcast_shapes(*(x.shape for x in (*arrays, marks)))
    except ValueError:
        shapes = ", ".join(str(x.shape) for x in (*arrays, marks))
        raise DataError(f"the arrays do not fit together: {shapes}") from None
    if not shape or not shape[-1]:
        raise DataError("there is no study")
    return arrays, marks


def _check_array(name: str, values: object) -> np.ndarray:
    """Return an array of counts as floats, or raise naming the first entry that is none."""
    if isinstance(values, (pd.Series, pd.DataFrame)):
        raise DataError(f"{name} carries an index, which would be ignored; hand in its to_numpy()", arm=ARM[name])
    try:
        given = np.asarray(values)
    except ValueError:
        raise DataError(f"{name} is no array: its rows differ in length", arm=ARM[name]) from None
    if given.dtype.kind not in "iuf":
        raise DataError(f"{name} holds {given.dtype}, not numbers", arm=ARM[name])
    array = given.astype(float)
    # One comparison finds NaN as well; whole numbers need no second look.
    bad = ~((array >= (name[0] == "n")) & (array <= LARGEST_COUNT))
    if not bad.any() and given.dtype.kind == "f":
        bad = array != np.floor(array)
    if bad.any():
        at = np.unravel_index(int(np.argmax(bad)), bad.shape)
        lowest = "1 or more (an arm needs a patient)" if name[0] == "n" else "0 or more"
        raise DataError(
            f"{name} must be a whole number of {lowest}", row=int(at[-1]) + 1 if at else None, arm=ARM[name],
            value=float(array[at]),
        )  # fmt: skip
    return array
