"""A long table that readers can search and filter in the browser.

The table is plain HTML and complete without a script; a script of the book adds the search field and the choices.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..errors import OptionError
from .column_table import Columns, grid
from .markup import plain, render_html
from .outputs import show


def filtered_table(
    frame: pd.DataFrame,
    columns: Columns | None = None,
    *,
    name: str,
    caption: str,
    group: str,
    choices: Sequence[str] = (),
    row_id: str | None = None,
    align: str | None = None,
) -> None:
    """Show a data frame as a table with a search field and one choice field for each of some columns.

    Parameters
    ----------
    frame, columns, align
        As in :func:`metalib.pages.column_table.table`.
    name : str
        Id of the table.
    caption : str
        Plain text.
    group : str
        Column whose values become headings between the rows.
    choices : sequence of str
        Headings of the columns to filter by.
    row_id : str, optional
        Column of the frame whose values become the ids of the rows, so that a link can name a row.

    Raises
    ------
    OptionError
        As :func:`metalib.pages.column_table.table`; or a heading or column is unknown.
    """
    cells = grid(frame, columns, name=name, align=align, group=group)
    for heading in choices:
        if heading not in cells.headings:
            raise OptionError(f"table {name!r}: there is no column with the heading {heading!r}")
    if row_id is not None and row_id not in frame.columns:
        raise OptionError(f"table {name!r}: there is no column {row_id!r}")
    places = [cells.headings.index(heading) for heading in choices]
    fields = [
        {"heading": cells.headings[j], "column": j, "values": list(dict.fromkeys(plain(row[j]) for row in cells.rows))}
        for j in places
    ]
    ids = [str(value) for value in frame[row_id]] if row_id is not None else []
    page = render_html("filtered", grid=cells, name=name, caption=caption, fields=fields, ids=ids)
    show({"text/html": page, "text/plain": cells.text})
