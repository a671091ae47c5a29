"""A long table that readers can search and filter in the browser, and download.

The table is plain HTML and complete without a script; a script of the book adds the search field and the choices.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence

import pandas as pd

from ..audit.checked_csv import csv_text
from ..errors import OptionError
from .notebook import check_name, output_folder

#: Folder, relative to the notebook, that holds downloadable tables.
DOWNLOADS = "downloads"
#: A page of the book, a part of it, or a page of the web; in particular no script. Empty: no link.
_ADDRESS = re.compile(r"(?:https?://|(?![\w+.-]*:)(?!//))[^\s\\]*", re.ASCII | re.IGNORECASE)


def filtered_table(
    frame: pd.DataFrame,
    *,
    name: str,
    caption: str,
    group: str,
    choices: Sequence[str] = (),
    row_id: str | None = None,
    links: Mapping[str, str] | None = None,
    numeric: Sequence[str] = (),
) -> None:
    """Show a data frame of texts as a table with a search field and one choice field for each of some columns.

    Parameters
    ----------
    frame : DataFrame
        Texts; rows of one group stand together.
    name : str
        Id of the table.
    caption : str
    group : str
        Column whose values become headings between the rows.
    choices : sequence of str
        Columns to filter by.
    row_id : str, optional
        Column whose values become the ids of the rows, so that a link can name a row.
    links : mapping, optional
        Column -> column that holds the address its text links to (empty: no link).
    numeric : sequence of str
        Columns to align right.

    Raises
    ------
    OptionError
        A column is unknown, a cell is no text, or a link is no address of a page (``javascript:`` and the like).
    """
    from IPython.display import display

    check_name(name)
    links = dict(links or {})
    for column in (group, *choices, *links, *links.values(), *numeric, *([row_id] if row_id else [])):
        if column not in frame.columns:
            raise OptionError(f"there is no column {column!r}")
    shown = [c for c in frame.columns if c != group and c not in links.values()]
    for column in frame.columns:
        for value in frame[column]:
            if not isinstance(value, str):
                raise OptionError(f"column {column!r} holds {value!r}; make it text with metalib.text first")
    for column in links.values():
        for address in frame[column]:
            if not _ADDRESS.fullmatch(address):
                raise OptionError(f"column {column!r} holds {address!r}; a link leads to a page, http or https")
    plain = [list(frame.columns), *frame.to_numpy(dtype=object).tolist()]
    display(
        {
            "text/html": _html(frame, shown, name, caption, group, choices, row_id, links, numeric),
            "text/plain": "\n".join("\t".join(row) for row in plain),
        },
        raw=True,
    )


def _html(
    frame: pd.DataFrame,
    shown: list[str],
    name: str,
    caption: str,
    group: str,
    choices: Sequence[str],
    row_id: str | None,
    links: Mapping[str, str],
    numeric: Sequence[str],
) -> str:
    e = html.escape
    fields = "".join(
        f'<label>{e(c)} <select data-column="{shown.index(c)}"><option value="">all</option>'
        + "".join(f"<option>{e(v)}</option>" for v in frame[c].unique())
        + "</select></label>"
        for c in choices
    )
    form = (
        f'<form hidden role="search" aria-label="Filter: {e(caption)}">'
        f'<label>Search <input type="search" autocomplete="off"></label>{fields}'
        '<output aria-live="polite"></output></form>'
    )
    right = {c: ' class="right"' if c in numeric else "" for c in shown}
    head = "".join(f'<th scope="col"{right[c]}>{e(c)}</th>' for c in shown)
    body = []
    previous = None
    for row in frame.to_dict("records"):
        if row[group] != previous:
            previous = row[group]
            body.append(f'<tr class="group"><th colspan="{len(shown)}" scope="colgroup">{e(previous)}</th></tr>')
        cells = []
        for c in shown:
            content = e(row[c])
            if c in links and row[links[c]]:
                content = f'<a href="{e(row[links[c]])}">{content}</a>'
            cells.append(f"<td{right[c]}>{content}</td>")
        identity = f' id="{e(row[row_id])}"' if row_id else ""
        body.append(f"<tr{identity}>{''.join(cells)}</tr>")
    return (
        f'<div class="filtered" id="{name}">{form}<div class="filtered-box" tabindex="0" role="region" '
        f'aria-label="{e(caption)}"><table><caption>{e(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div></div>"
    )


def download(frame: pd.DataFrame, *, name: str, what: str) -> None:
    """Write a data frame, unrounded, as CSV and JSON beside the book and show links to both.

    Texts that a spreadsheet would run as a formula are marked as text in the CSV (see
    :func:`metalib.audit.checked_csv.csv_text`); the JSON holds them as they are.

    Parameters
    ----------
    frame : DataFrame
    name : str
        File name without ending.
    what : str
        What is downloaded, for the text of the links.
    """
    from IPython.display import display

    check_name(name)
    # Not DataFrame.to_json, which keeps 15 decimals and so rounds small numbers.
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    contents = {
        "csv": csv_text(frame),
        "json": json.dumps(records, indent=1, ensure_ascii=False) + "\n",
    }
    folder = output_folder(DOWNLOADS)
    for ending, content in contents.items():
        (folder / f"{name}.{ending}").write_text(content, encoding="utf-8")
    links = " · ".join(f"{{download}}`{what} as {ending.upper()} <{DOWNLOADS}/{name}.{ending}>`" for ending in contents)
    hashes = {ending: hashlib.sha256(content.encode()).hexdigest() for ending, content in contents.items()}
    display(
        {
            "text/markdown": links,
            "text/html": " · ".join(
                f'<a href="{DOWNLOADS}/{name}.{x}">{html.escape(what)} as {x.upper()}</a>' for x in contents
            ),
            "text/plain": f"{name}: {len(frame)} rows, {len(frame.columns)} columns",
        },
        raw=True,
        metadata={"metalib": {"download": name, **hashes}},
    )
