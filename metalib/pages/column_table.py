"""Tables from a column specification: which columns of a data frame are shown, under which heading, in which words."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ..audit.checked_csv import csv_text
from ..errors import OptionError
from ..text import NOT_ESTIMABLE, minus_signs
from .markup import ALIGN, Raw, as_markdown, escape_markdown, pipe_table, plain, render_html
from .outputs import DOWNLOADS, check_name, show, write

#: Column of the frame, or several that make one cell -> heading, or heading and what makes text of the value or values.
Columns = Mapping[str | tuple[str, ...], str | tuple[str, Callable[..., str]]]
#: Characters of the longest row above which a table is marked as wide.
WIDE = 100


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of a table as text.

    Attributes
    ----------
    headings : list of str
    rows : list of list of str
    align : str
        One of ``l``, ``r``, ``c`` a column.
    groups : list of str
        Heading above each row: the same for rows that stand together, empty without groups.
    """

    headings: list[str]
    rows: list[list[str]]
    align: str
    groups: list[str]

    @property
    def begins(self) -> list[bool]:
        """Whether a row is the first under its heading."""
        before = ["", *self.groups]
        return [group != "" and group != last for group, last in zip(self.groups, before, strict=False)]

    @property
    def text(self) -> str:
        """Rows as lines and cells parted by tabs, for the checks."""
        grouped = any(self.groups)
        lines = [[""] * grouped + self.headings]
        lines += [[group] * grouped + row for group, row in zip(self.groups, self.rows, strict=True)]
        return "\n".join("\t".join(map(plain, line)) for line in lines)


def grid(
    frame: pd.DataFrame, columns: Columns | None, *, name: str, align: str | None = None, group: str | None = None
) -> Grid:
    """Return the cells that `columns` makes of a data frame; parameters and errors as in :func:`table`."""
    check_name(name)
    if columns is None:
        columns = {str(column): str(column) for column in frame.columns if column != group}
    shown: list[list[str]] = []
    headings: list[str] = []
    for key, column in columns.items():
        heading, formatter = (column, None) if isinstance(column, str) else column
        keys = (key,) if isinstance(key, str) else key
        _check_columns(frame, keys, name)
        headings.append(heading)
        values = zip(*(frame[k].tolist() for k in keys), strict=True)
        shown.append([_cell(row, formatter, f"table {name!r}, column {heading!r}") for row in values])
    groups = [""] * len(frame)
    if group is not None:
        _check_columns(frame, [group], name)
        groups = [_cell((value,), None, f"table {name!r}, group {group!r}") for value in frame[group].tolist()]
        if len(dict.fromkeys(groups)) != sum(a != b for a, b in zip(groups, ["", *groups], strict=False)):
            raise OptionError(f"table {name!r}: rows of one {group!r} do not stand together")
    if align is None:
        align = "".join("r" if _numeric(frame, key, cells) else "l" for key, cells in zip(columns, shown, strict=True))
    if len(align) != len(headings) or set(align) - set(ALIGN):
        raise OptionError(f"table {name!r}: align={align!r} does not fit {len(headings)} columns")
    return Grid(headings, [list(row) for row in zip(*shown, strict=True)], align, groups)


def table(
    frame: pd.DataFrame,
    columns: Columns | None = None,
    *,
    name: str,
    caption: str,
    align: str | None = None,
    group: str | None = None,
    note: str | None = None,
    csv: bool = True,
    classes: str = "",
) -> None:
    """Show columns of a data frame as a numbered table, with the frame, unrounded, to download.

    Parameters
    ----------
    frame : DataFrame
    columns : mapping, optional
        What is shown, from left to right: a column of the frame to its heading, or to its heading and a function that
        makes text of a value (such as :func:`metalib.text.p_value`). Several columns make one cell if the key is a
        tuple of them: the function then takes one value of each. By default all columns under their own names. Text and
        whole numbers need no function.
    name : str
        Target for references (``{numref}`name```), and name of the file.
    caption : str
        MyST Markdown, can stand alone.
    align : str, optional
        One letter a column, ``l``, ``r`` or ``c``; by default numbers stand right and words left.
    group : str, optional
        Column whose values become headings between the rows.
    note : str, optional
        MyST Markdown below the table.
    csv : bool
        Write the frame to ``downloads/NAME.csv`` and link to it.
    classes : str
        More classes of the table, for the styles of a book.

    Raises
    ------
    OptionError
        There is no such column, a number that is not whole has no function that rounds it, a function gives no text,
        rows of one group do not stand together, `align` does not fit, or the frame holds what no CSV can.

    Notes
    -----
    A missing value (None, NaN) is shown as a dash; a function of several values takes None for it. A hyphen before a
    number becomes a minus sign. A function may return :class:`metalib.pages.markup.Raw` MyST or a
    :func:`metalib.pages.markup.link`.

    Examples
    --------
    >>> from metalib import text
    >>> frame = pd.DataFrame({"model": ["fixed"], "low": [-0.1], "high": [0.25], "p": [0.0421]})
    >>> columns = {"model": "Model", ("low", "high"): ("95% CI", text.interval), "p": ("P", text.p_value)}
    >>> print(grid(frame, columns, name="tab-x").text.expandtabs(16))
    Model           95% CI          P
    fixed           [−0.10, 0.25]   0.042
    """
    cells = grid(frame, columns, name=name, align=align, group=group)
    path = f"{DOWNLOADS}/{name}.csv"
    metadata = {"metalib": {"download": name, "csv": write(path, csv_text(_data(frame, name)))}} if csv else {}
    parts = [_directive(cells, name, caption, classes)]
    if note:
        parts.append(f":::{{div}} table-note\n{note}\n:::\n")
    if csv:
        parts.append(f":::{{div}} table-data\n{{download}}`Data of this table (CSV) <{path}>`\n:::\n")
    below = plain(Raw(note)) if note else ""
    sides = [ALIGN[a][1] for a in cells.align]
    show(
        {
            "text/markdown": "\n".join(parts),
            "text/html": render_html("table", grid=cells, sides=sides, caption=plain(Raw(caption)), note=below),
            "text/plain": cells.text,
        },
        metadata,
    )


def _directive(cells: Grid, name: str, caption: str, more: str) -> str:
    """Return the table as MyST; a heading between rows stands in the first cell, because Markdown joins no cells."""
    rows = []
    for row, group, begins in zip(cells.rows, cells.groups, cells.begins, strict=True):
        if begins:
            heading = f'<strong class="group">{escape_markdown(group)}</strong>'
            rows.append([heading, *[""] * (len(row) - 1)])
        rows.append([as_markdown(cell) for cell in row])
    body = pipe_table([escape_markdown(heading) for heading in cells.headings], rows, cells.align)
    longest = max(sum(len(plain(cell)) + 2 for cell in row) for row in [cells.headings, *cells.rows])
    classes = " ".join(filter(None, ["results", "wide" if longest > WIDE else "", more]))
    return f":::{{table}} {caption}\n:name: {name}\n:class: {classes}\n\n{body}\n:::\n"


def _check_columns(frame: pd.DataFrame, keys: Sequence[str], name: str) -> None:
    for key in keys:
        if key not in frame.columns:
            raise OptionError(f"table {name!r}: there is no column {key!r}")


def _cell(values: Sequence[object], formatter: Callable[..., str] | None, where: str) -> str:
    if formatter is None:
        value = values[0]
        if len(values) == 1 and isinstance(value, str):
            return value
        if len(values) > 1 or isinstance(value, bool) or not hasattr(value, "__index__"):
            raise OptionError(f"{where} holds {values!r}; make it text with a function of metalib.text")
        return minus_signs(f"{value}")
    known = [None if _missing(value) else value for value in values]
    if known == [None]:
        return "–"
    shown = formatter(*known)
    if not isinstance(shown, str):
        raise OptionError(f"{where}: its function gives {shown!r} for {values!r}, which is no text")
    return shown if isinstance(shown, Raw) else minus_signs(shown)


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def _numeric(frame: pd.DataFrame, key: str | tuple[str, ...], cells: Sequence[str]) -> bool:
    """Whether a column holds numbers: in the frame, or as they are shown."""
    keys = (key,) if isinstance(key, str) else key
    if all(pd.api.types.is_numeric_dtype(frame[k]) for k in keys):
        return True
    words = "".join(plain(cell) for cell in cells).replace(NOT_ESTIMABLE, "")
    return any(c.isdigit() for c in words) and not any(c.isalpha() for c in words)


def _data(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a frame whose cells a CSV can hold."""

    def held(value: object, column: Hashable) -> object:
        if isinstance(value, str):
            return plain(value)
        if _missing(value) or isinstance(value, (int, float)) or hasattr(value, "__index__"):
            return value
        raise OptionError(f"table {name!r}: column {column!r} holds {value!r}, which no CSV can; or csv=False")

    data = frame.copy()
    for j, column in enumerate(frame.columns):
        if frame.dtypes.iloc[j].kind not in "biuf":
            data.isetitem(j, [held(value, column) for value in frame.iloc[:, j]])
    return data
