"""CSV files checked cell by cell on reading, against a declaration of their columns."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import pandas as pd

from ..arithmetic.tables import arm_of
from ..errors import DataError

NUMERIC = ("count", "number", "real")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
#: A spreadsheet takes a cell that begins so for a formula, and runs it when the file is opened.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: A longer cell is what follows a quotation mark that nobody closed.
LONGEST_CELL = 100_000


@dataclass(frozen=True, slots=True)
class Column:
    """What the cells of a column hold.

    ``kind`` is ``text``, ``count`` (whole number, 0 or more), ``number`` (positive), ``real`` (any number), ``study``
    or ``outcome`` (a name from the file of studies or of outcomes), ``studies`` or ``outcomes`` (names separated by
    blanks); ``choices`` limits a text.

    An ``optional`` column may be left out: every row then holds ``default``, or nothing. A column that is there has no
    empty cell unless it is ``blank``; such a column may be left out as well.
    """

    name: str
    description: str = ""
    kind: str = "text"
    choices: tuple[str, ...] = ()
    optional: bool = False
    blank: bool = False
    default: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A file: its columns, those that together must differ from row to row, and what a row is.

    An ``optional`` file may be left out; an ``open`` one may have columns of its own, which are kept as text.
    """

    columns: tuple[Column, ...]
    key: tuple[str, ...]
    title: str = ""
    optional: bool = True
    open: bool = False


class _Place(TypedDict):
    file: str
    row: int
    study: str | None
    arm: str | None
    value: str


def read_checked(path: str | Path, file: File) -> pd.DataFrame:
    """Read one CSV file and check it against its declaration.

    Returns
    -------
    DataFrame
        The columns in the order of the file, then the optional ones that it leaves out.

    Raises
    ------
    DataError
        The file is missing, not UTF-8, empty or torn; a column is missing, unknown or doubled; a cell is empty or does
        not fit its column; two rows share the key.
    """
    path = Path(path)
    header, rows = _rows(path)
    declared = {column.name: column for column in file.columns}
    for problem, found in (
        ("is missing", [n for n, c in declared.items() if n not in header and not (c.optional or c.blank)]),
        ("is not known", [n for n in header if n not in declared and not (file.open and n)]),
        ("stands there twice", [n for n in dict.fromkeys(header) if header.count(n) > 1]),
    ):
        if found:
            raise DataError(f"column {', '.join(repr(name) for name in found)} {problem}", file=path.name)
    for i, row in enumerate(rows):
        if len(row) != len(header):
            raise DataError(f"{len(row)} cells for {len(header)} columns", file=path.name, row=i + 1)
    studies = [row[header.index("study")].strip() for row in rows] if "study" in header else [None] * len(rows)
    cells: dict[str, list[object]] = {}
    for j, name in enumerate(header):
        column = declared.get(name) or Column(name, blank=True)
        cells[name] = [
            _cell(row[j], column, path.name, i + 1, study)
            for i, (row, study) in enumerate(zip(rows, studies, strict=True))
        ]
    frame = frame_of(file, cells)
    seen: dict[tuple[object, ...], int] = {}
    for i, key in enumerate(frame[list(file.key)].itertuples(index=False, name=None), 1):
        if key in seen:
            shown = ", ".join(map(str, key))
            raise DataError(
                f"the row repeats row {seen[key]}", file=path.name, row=i, study=studies[i - 1], value=shown
            )
        seen[key] = i
    return frame


def frame_of(file: File, cells: Mapping[str, Sequence[object]]) -> pd.DataFrame:
    """Return the data frame of a file from the cells of some of its columns; without any it has no row."""
    k = len(next(iter(cells.values()), ()))
    found, types = dict(cells), dict.fromkeys(cells, "str")
    for column in file.columns:
        numeric = column.kind in NUMERIC
        # Whole numbers of which some are missing need the nullable type.
        whole = "int64" if column.name in cells and not column.blank else "Int64"
        types[column.name] = {"count": whole, "number": "float64", "real": "float64"}.get(column.kind, "str")
        found.setdefault(column.name, [None if numeric else column.default] * k)
    return pd.DataFrame(found).astype(types)


def _rows(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"the file cannot be read ({error.strerror})", file=path.name) from error
    except UnicodeDecodeError as error:
        raise DataError(f"the file is not UTF-8 (byte {error.start})", file=path.name) from error
    except ValueError as error:
        # A path with an embedded NUL.
        raise DataError(f"the file cannot be read ({error})", file=path.name) from error
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise DataError(f"the file is no CSV ({error})", file=path.name) from error
    # The limit of the csv module is one for the whole process, and other libraries lift it.
    if any(len(cell) > LONGEST_CELL for line in lines for cell in line):
        raise DataError(f"the file is no CSV (a cell of more than {LONGEST_CELL:,} characters)", file=path.name)
    if not lines or not any(lines[0]):
        raise DataError("the file is empty", file=path.name)
    header, rows = [name.strip() for name in lines[0]], lines[1:]
    if not rows:
        raise DataError("the file has no row below its header", file=path.name)
    return header, rows


def _cell(cell: str, column: Column, file: str, row: int, study: str | None) -> str | float | None:
    """Return the value of a cell, or raise with its place."""
    cell = cell.strip()
    place: _Place = {"file": file, "row": row, "study": study, "arm": arm_of(column.name), "value": cell}
    if not cell.isprintable() and any(unicodedata.category(c) == "Cc" and c not in "\n\r\t" for c in cell):
        raise DataError(f"{column.name} holds a control character", **place)
    if not cell:
        if column.blank:
            return None if column.kind in NUMERIC else ""
        raise DataError(f"{column.name} is empty", **place)
    if column.choices and cell not in column.choices:
        raise DataError(f"{column.name} must be one of {', '.join(column.choices)}", **place)
    if column.kind == "count":
        if not (cell.isascii() and cell.isdigit() and len(cell) < 16):
            raise DataError(f"{column.name} is not a whole number of 0 or more", **place)
        return int(cell)
    if column.kind in NUMERIC:
        # float() would also take 1_000, nan and digits of other scripts.
        if not _NUMBER.fullmatch(cell):
            raise DataError(f"{column.name} is not a number", **place)
        number = float(cell)
        if column.kind == "number" and not 0 < number < float("inf"):
            raise DataError(f"{column.name} must be positive", **place)
        if abs(number) == float("inf"):
            raise DataError(f"{column.name} is too large", **place)
        return number
    return cell


def csv_text(frame: pd.DataFrame) -> str:
    """Return a data frame as CSV that no spreadsheet takes for a program.

    Texts that begin like a formula (``= + - @``, tab, carriage return) get an apostrophe in front, which spreadsheets
    read as "this is text"; headings as well. Numbers, and texts that are numbers such as ``-0.5``, stay as they are.

    Parameters
    ----------
    frame : DataFrame

    Returns
    -------
    str
        With a header and lines that end in ``\\n``; numbers unrounded.

    References
    ----------
    OWASP Foundation: CSV Injection.
    """
    safe = frame.copy()
    for j in range(frame.shape[1]):
        column = frame.iloc[:, j]
        if column.dtype.kind not in "biufc":
            safe.isetitem(j, [_as_text(value) for value in column])
    safe.columns = pd.Index([_as_text(name) for name in frame.columns])
    return safe.to_csv(index=False, lineterminator="\n")


def _as_text(value: object) -> object:
    formula = isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA) and not _NUMBER.fullmatch(value)
    return f"'{value}" if formula else value
