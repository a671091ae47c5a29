"""What all figures ask of their arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from ..errors import DataError, OptionError


def check_columns(frame: pd.DataFrame, needed: Sequence[str], *, empty: str = "there is nothing to draw") -> None:
    """Raise :class:`DataError` for what is no data frame, naming the columns it lacks, or if it has no row."""
    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"the data of a figure must be a DataFrame, not {type(frame).__name__}")
    missing = [column for column in needed if column not in frame.columns]
    if missing:
        raise DataError(f"column {', '.join(missing)} is missing")
    if frame.empty:
        raise DataError(empty)


def check_labels(labels: Mapping[str, str] | None) -> dict[str, str]:
    """Return the names to show by study, or raise :class:`OptionError`."""
    if labels is not None and not isinstance(labels, Mapping):
        raise OptionError(f"labels={labels!r} must map studies to the names to show")
    return dict(labels or {})


def check_title(title: str | None) -> str:
    """Return a title, empty if there is none, or raise :class:`OptionError`."""
    if title is not None and not isinstance(title, str):
        raise OptionError(f"title={title!r} must be a text")
    return title or ""


def pair_of_texts(name: str, value: Sequence[str]) -> tuple[str, str]:
    """Return two texts, or raise :class:`OptionError`."""
    fits = isinstance(value, (tuple, list)) and len(value) == 2 and all(isinstance(v, str) and v.strip() for v in value)
    if not fits:
        raise OptionError(f"{name}={value!r} must be two texts")
    return value[0], value[1]
