"""CSV files checked cell by cell on reading, against a declaration of their columns."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..arithmetic.tables import ARM
from ..errors import DataError

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
#: A spreadsheet takes a cell that begins so for a formula, and runs it when the file is opened.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """What the cells of a column hold.

    ``kind`` is ``text``, ``count`` (whole number, 0 or more), ``number`` (positive) or ``studies`` (names from
    studies.csv, separated by blanks); ``choices`` limits a text.
    """

    name: str
    kind: str = "text"
    optional: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """Columns of a file and those that together must differ from row to row."""

    columns: tuple[Column, ...]
    key: tuple[str, ...]


def read_checked(path: str | Path, file: File) -> pd.DataFrame:
    """Read one CSV file and check it against its declaration.

    Raises
    ------
    DataError
        The file is missing, not UTF-8, empty or torn; a column is missing, unknown or doubled; a cell is empty or does
        not fit its column; two rows share the key.
    """
    path = Path(path)
    header, rows = _rows(path)
    names = [column.name for column in file.columns]
    for problem, found in (
        ("is missing", [name for name in names if name not in header]),
        ("is not known", [name for name in header if name not in names]),
        ("stands there twice", [name for name in names if header.count(name) > 1]),
    ):
        if found:
            raise DataError(f"column {', '.join(repr(name) for name in found)} {problem}", file=path.name)
    for i, row in enumerate(rows):
        if len(row) != len(header):
            raise DataError(f"{len(row)} cells for {len(header)} columns", file=path.name, row=i + 1)
    data: dict[str, list] = {}
    for column in file.columns:
        j = header.index(column.name)
        cells = [row[j] for row in rows]
        data[column.name] = [
            _cell(cell, column, path.name, i + 1, _study(header, row))
            for i, (cell, row) in enumerate(zip(cells, rows, strict=True))
        ]
    frame = pd.DataFrame(
        {
            column.name: pd.array(data[column.name], dtype="Int64" if column.optional else "int64")
            if column.kind == "count"
            else data[column.name]
            for column in file.columns
        }
    )
    seen: dict[tuple, int] = {}
    for i, key in enumerate(zip(*(data[name] for name in file.key), strict=True)):
        if key in seen:
            shown = ", ".join(map(str, key))
            raise DataError(
                f"the row repeats row {seen[key]}",
                file=path.name,
                row=i + 1,
                study=_study(header, rows[i]),
                value=shown,
            )
        seen[key] = i + 1
    return frame[header]


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
    if not lines or not any(lines[0]):
        raise DataError("the file is empty", file=path.name)
    header, rows = [name.strip() for name in lines[0]], lines[1:]
    if not rows:
        raise DataError("the file has no row below its header", file=path.name)
    return header, rows


def _study(header: list[str], row: list[str]) -> str | None:
    return row[header.index("study")] if "study" in header else None


def _cell(cell: str, column: Column, file: str, row: int, study: str | None) -> object:
    """Return the value of a cell, or raise with its place."""
    cell = cell.strip()
    if study is not None:
        study = study.strip()
    place = {"file": file, "row": row, "study": study, "arm": ARM.get(column.name), "value": cell}
    if not cell.isprintable() and any(unicodedata.category(c) == "Cc" and c not in "\n\r\t" for c in cell):
        raise DataError(f"{column.name} holds a control character", **place)
    if not cell:
        if column.optional:
            return None if column.kind == "count" else ""
        raise DataError(f"{column.name} is empty", **place)
    if column.choices and cell not in column.choices:
        raise DataError(f"{column.name} must be one of {', '.join(column.choices)}", **place)
    if column.kind == "count":
        if not (cell.isascii() and cell.isdigit() and len(cell) < 16):
            raise DataError(f"{column.name} is not a whole number of 0 or more", **place)
        return int(cell)
    if column.kind == "number":
        # float() would also take 1_000, nan and digits of other scripts.
        if not _NUMBER.fullmatch(cell):
            raise DataError(f"{column.name} is not a number", **place)
        number = float(cell)
        if not 0 < number < float("inf"):
            raise DataError(f"{column.name} must be positive", **place)
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
    safe.columns = [_as_text(name) for name in frame.columns]
    return safe.to_csv(index=False, lineterminator="\n")


def _as_text(value: object) -> object:
    formula = isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA) and not _NUMBER.fullmatch(value)
    return f"'{value}" if formula else value
