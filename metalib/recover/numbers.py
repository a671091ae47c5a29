"""The printed numbers of a puzzle: as a text, or as the id of a row in a file of printed numbers."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..audit.printed import Printed, read_printed
from ..errors import DataError
from .fields import Field
from .parts import ROLES, STATISTICS, Stat

_COLUMNS = ("id", "text", "read_as", "unit")


class Number(NamedTuple):
    """A printed number, its id in the file (empty without one) and where in the paper it stands."""

    printed: Printed
    id: str
    place: str


class Numbers:
    """What a text in a puzzle stands for.

    Parameters
    ----------
    published : Field
        Names the file of printed numbers, beside the puzzle; where it is not given, every text is a number itself.

    Raises
    ------
    PuzzleError
        The file cannot be read, lacks a column or holds an id twice.
    """

    def __init__(self, published: Field) -> None:
        self.file = published.value or "the puzzle"
        self.rows = _rows(published) if published.given else {}

    def read(self, field: Field, text: object, unit: object = None) -> Number:
        """Read a printed number; a text that begins with a letter is an id where there is a file of them."""
        if self.rows and isinstance(text, str) and text[:1].isalpha():
            return self.by_id(field, text, unit)
        try:
            return Number(read_printed(text, unit), "", "")
        except DataError as error:
            raise field.error(error.problem, error.value) from None

    def by_id(self, field: Field, key: str, unit: object = None) -> Number:
        """Return the number of a row of the file."""
        row = self.rows.get(key)
        if row is None:
            raise field.error(f"{self.file} has no printed number with this id", key)
        try:
            printed = read_printed(row["read_as"] or row["text"], float(row["unit"]) if unit is None else unit)
        except DataError as error:
            raise field.error(f"{key}: {error.problem}", error.value) from None
        except ValueError:
            raise field.error(f"the unit of {key} is no number", row["unit"]) from None
        return Number(printed, key, row.get("place") or "")

    def stat(self, name: str, field: Field, role: str, place: str) -> Stat:
        """Return a printed statistic; `role` and `place` are those of its result, where it has none of its own."""
        if name not in STATISTICS:
            raise field.error(f"unknown statistic; known are {', '.join(STATISTICS)}", name)
        if not isinstance(field.value, dict):
            number = self.read(field, field.value)
            return Stat(name, number.printed, role, place or number.place, number.id)
        given = field.mapping((), ("text", "id", "unit", "role", "place"))
        if given["text"].given == given["id"].given:
            raise field.error("needs either a text or the id of a printed number")
        if given["id"].given:
            number = self.by_id(field, given["id"].text(), given["unit"].value)
        else:
            number = self.read(field, given["text"].value, given["unit"].value)
        role, place = given["role"].one_of(ROLES, role), given["place"].text(place)
        return Stat(name, number.printed, role, place or number.place, number.id)


def _rows(field: Field) -> dict[str, Mapping[str, str]]:
    """Return the rows of the file of printed numbers by id."""
    name = field.text()
    try:
        path = Path("." if field.file is None else str(field.file)).parent / name
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, ValueError, csv.Error) as error:
        raise field.error(f"the file cannot be read ({error})", name) from None
    for column in _COLUMNS:
        if not rows or not all(isinstance(row.get(column), str) for row in rows):
            raise field.error(f"column {column!r} is missing or torn", name)
    table: dict[str, Mapping[str, str]] = {row["id"]: row for row in rows}
    if len(table) < len(rows):
        raise field.error("an id stands there twice", name)
    return table
