"""The columns of the arms in a forest plot: their headings, how their numbers are written, which belong together."""

from __future__ import annotations

from collections.abc import Iterable

from .. import text


def _whole(value: float) -> str:
    return text.count(int(value))


#: For a column without its ending, which says the arm: its heading, and how its numbers are written.
_COLUMNS = {
    "events": ("Events", _whole), "n": ("Total", _whole), "mean": ("Mean", text.measured), "sd": ("SD", text.measured),
    "time": ("Person-time", text.time),
}  # fmt: skip


def heading_of(column: str) -> str:
    """Return the heading of a column, for example of ``events_t``."""
    return _COLUMNS[column[:-2]][0]


def cell(column: str, value: float) -> str:
    """Return a number as its column shows it."""
    return _COLUMNS[column[:-2]][1](value)


def arms_of(columns: Iterable[str]) -> list[list[str]]:
    """Return the columns of the experimental and of the control arm; nothing if there are none."""
    found = [[column for column in columns if column.endswith(ending)] for ending in ("_t", "_c")]
    return [arm for arm in found if arm]
