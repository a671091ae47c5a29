"""Bad tables are refused with file, row, study, arm and value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import metalib
from metalib import DataError, MetalibError, OptionError
from metalib.arithmetic.tables import check_tables


def frame(**changes: object) -> pd.DataFrame:
    """Three good studies, with columns replaced."""
    good = {
        "study": ["a", "b", "c"],
        "events_t": [1, 2, 3],
        "n_t": [10, 20, 30],
        "events_c": [2, 3, 4],
        "n_c": [11, 21, 31],
    }
    return pd.DataFrame({**good, **changes})


@pytest.mark.parametrize(
    ("changes", "row", "arm", "value", "problem"),
    [
        ({"events_t": [1, 21, 3]}, 2, "experimental", "21 of 20", "more events than patients"),
        ({"events_c": [2, 3, 32]}, 3, "control", "32 of 31", "more events than patients"),
        ({"events_t": [-1, 2, 3]}, 1, "experimental", -1, "negative"),
        ({"events_c": [2.5, 3, 4]}, 1, "control", 2.5, "not a whole number"),
        ({"events_c": [2, None, 4]}, 2, "control", None, "missing"),
        ({"n_c": [11, 21, np.inf]}, 3, "control", np.inf, "too large or infinite"),
        ({"n_t": [10, 20, 0]}, 3, "experimental", 0, "at least one patient"),
        ({"events_t": ["1", "2", "x"]}, 1, "experimental", "1", "not a number"),
        ({"n_t": [10, 20, 10**300]}, 3, "experimental", None, "too large"),
    ],
)
def test_bad_counts(changes: dict, row: int, arm: str, value: object, problem: str) -> None:
    with pytest.raises(DataError, match=problem) as caught:
        check_tables(frame(**changes), file="x.csv")
    error = caught.value
    assert (error.file, error.row, error.study, error.arm) == ("x.csv", row, "abc"[row - 1], arm)
    for part in ("x.csv", f"row {row}", f"study {'abc'[row - 1]!r}", f"{arm} arm"):
        assert part in str(error)
    if value is not None:
        assert error.value == value
        assert repr(value) in str(error)


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        (frame(study=["a", "b", "a"]), "twice"),
        (frame(study=["a", "", "c"]), "needs a name"),
        (frame(study=["a", None, "c"]), "needs a name"),
        (frame(study=[1, 2, 3]), "needs a name"),
        (frame().drop(columns="n_c"), "n_c is missing"),
        (frame().iloc[:0], "no study"),
        (pd.concat([frame(), frame()[["n_t"]]], axis=1), "stands there twice"),
        ({"study": ["a"]}, "must be a DataFrame"),
    ],
)
def test_bad_frames(tables: object, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        metalib.pool(tables)


@pytest.mark.parametrize(
    "options",
    [
        {"measure": "HR"},
        {"measure": None},
        {"method": "mh"},
        {"model": "mixed"},
        {"tau2": "SJ"},
        {"ci": "t"},
        {"level": 0},
        {"level": 1},
        {"level": 95},
        {"level": "0.95"},
        {"level": True},
        {"level": float("nan")},
        {"method": "Peto", "measure": "RR"},
        {"method": "Peto", "model": "random"},
        {"ci": "hksj", "model": "fixed"},
        {"I2": "H2"},
        {"I2": "tau2", "model": "fixed"},
        {"prediction": "k", "model": "random"},
    ],
)
def test_bad_options(options: dict) -> None:
    with pytest.raises(OptionError) as caught:
        metalib.pool(frame(), **options)
    assert isinstance(caught.value, MetalibError)
    assert isinstance(caught.value, ValueError)


def test_other_columns_and_the_index_play_no_part() -> None:
    plain = metalib.pool(frame())
    shuffled = frame(outcome="PD", note="=1+1").set_index(pd.Index([7, 7, 1]))
    assert metalib.pool(shuffled).estimate == plain.estimate


def test_nullable_and_float_counts_are_accepted() -> None:
    plain = metalib.pool(frame())
    assert metalib.pool(frame(events_t=pd.array([1, 2, 3], dtype="Int64"))).estimate == plain.estimate
    assert metalib.pool(frame(events_t=[1.0, 2.0, 3.0])).estimate == plain.estimate
    with pytest.raises(DataError, match="missing"):
        metalib.pool(frame(events_t=pd.array([1, None, 3], dtype="Int64")))
