"""A CSV file as people and programs write it: its encoding, separator, decimal sign and lines."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import DataError
from .collected import at, clean

SEPARATORS = (",", ";", "\t")
MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "."})
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_WITH_COMMA = re.compile(r"\s*[+-]?[0-9]+,[0-9]+([eE][+-]?[0-9]{1,3})?\s*")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells of a CSV file as text, each row with the line of the file that it began in; decimals have a point."""

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def column(self, name: str | int) -> int:
        """Return the place of a column given by its name or place."""
        return name if isinstance(name, int) else self.header.index(name)

    def cells(self, i: int) -> dict[str, str]:
        """Return the cells of a row by the name of their column."""
        return dict(zip(self.header, self.rows[i], strict=True))

    def number(self, i: int, name: str | int) -> float | None:
        """Return a number, None for a cell that says it is missing.

        Raises
        ------
        DataError
            The cell holds something else.
        """
        j = self.column(name)
        cell = self.rows[i][j].strip().replace("\N{MINUS SIGN}", "-")
        if cell.casefold() in MISSING:
            return None
        if not _NUMBER.fullmatch(cell):
            raise DataError(f"{self.header[j]} is not a number", file=at(self.file, self.lines[i]), value=cell)
        return float(cell)


def read_sheet(content: bytes, file: str, encoding: str = "utf-8") -> Sheet:
    """Read the cells of a CSV file separated by commas, semicolons or tabs.

    Parameters
    ----------
    content : bytes
    file : str
        Named in error messages.
    encoding : str
        UTF-8 (with or without its mark) and UTF-16 with a mark are recognised. Others must be named: their bytes do not
        tell them apart.

    Raises
    ------
    DataError
        The file is of another encoding or no text, torn, has a line with more or fewer cells than the header, a column
        without a name, decimal commas beside decimal points, or no row.
    """
    text = decoded(content, file, encoding)
    separator = max(SEPARATORS, key=lambda one: len(next(_split(text, one, file))[0]))
    (first, _), *below = _split(text, separator, file)
    kept = [(row, line) for row, line in below if any(cell.strip() for cell in row)]
    header = [clean(name) for name in first]
    if len(header) < 2:
        raise DataError("there is one column only: no CSV separated by commas, semicolons or tabs", file=at(file, 1))
    for row, line in kept:
        if len(row) != len(header):
            raise DataError(
                f"{len(row)} cells for {len(header)} columns (decimal commas need semicolons between cells)",
                file=at(file, line),
            )
    if not kept:
        raise DataError("there is no row below the header", file=file)
    # A separator at the end of every line makes a column of nothing.
    filled = [j for j, name in enumerate(header) if name or any(row[j].strip() for row, _ in kept)]
    header = [header[j] for j in filled]
    rows = [(tuple(row[j] for j in filled), line) for row, line in kept]
    if "" in header:
        raise DataError(f"column {filled[header.index('')] + 1} has no name", file=at(file, 1))
    if separator != ",":
        rows = _with_points(rows, file)
    cells, lines = zip(*rows, strict=True)
    return Sheet(file, tuple(header), cells, lines)


def decoded(content: bytes, file: str, encoding: str = "utf-8") -> str:
    """Return the text of a file, or raise :class:`DataError` naming the line that is not of the encoding."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        encoding = "utf-8-sig"
    try:
        text = content.decode(encoding)
    except LookupError:
        raise DataError("the encoding is not known", file=file, value=encoding) from None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"the text is not {encoding.removesuffix('-sig').upper()}; name its encoding, such as encoding='cp1252'",
            file=at(file, line), value=content[max(error.start - 10, 0) : error.start + 10],
        ) from error  # fmt: skip
    if "\x00" in text:
        raise DataError("the file is no text", file=at(file, text[: text.index("\x00")].count("\n") + 1))
    return text


def _split(text: str, separator: str, file: str) -> Iterator[tuple[list[str], int]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True)
    line = 1
    try:
        for row in reader:
            yield row, line
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"the file is no CSV ({error})", file=at(file, line)) from error


def _with_points(rows: list[tuple[tuple[str, ...], int]], file: str) -> list[tuple[tuple[str, ...], int]]:
    """Return rows with decimal points in place of decimal commas; a file that has both is refused."""
    commas = [line for row, line in rows if any(_WITH_COMMA.fullmatch(cell) for cell in row)]
    points = [line for row, line in rows if any("." in cell and _NUMBER.fullmatch(cell.strip()) for cell in row)]
    if commas and points:
        raise DataError(f"decimal commas here, and decimal points in line {points[0]}", file=at(file, commas[0]))
    return [(tuple(c.replace(",", ".") if _WITH_COMMA.fullmatch(c) else c for c in row), line) for row, line in rows]
