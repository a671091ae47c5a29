"""Showing results in a notebook so that the book, a notebook viewer and the tests all see the same numbers.

Each output carries several forms of one content: MyST Markdown for the book, HTML for notebook viewers and plain text
for the checks, which compare stored outputs with a fresh run.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ..audit.checked_csv import csv_text
from ..errors import OptionError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: MyST-NB finds glued values by this prefix.
GLUE = "application/papermill.record/"
#: Folder, relative to the notebook, that holds the figures of the book. The tests let a fresh run write elsewhere.
FIGURES = "figures"
FIGURES_VARIABLE = "METALIB_FIGURES"
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_MARKDOWN = re.compile(r"([\\`*_$|~])")


class Raw(str):
    """Text of a table cell that is MyST Markdown already (a citation, a link) and must not be escaped."""


def link(shown: str, address: str) -> Raw:
    """Return a table cell that links to a place of the built book that only its HTML knows, such as a table's row."""
    return Raw(f'<a href="{html.escape(address)}">{html.escape(shown)}</a>')


def glue(**values: str) -> None:
    """Store texts under names, for use in prose as ``{glue:text}`name:s```.

    The name is part of the output's data, so that a check that compares outputs also sees a swapped name.

    Raises
    ------
    OptionError
        A value is not text: numbers are rounded in :mod:`metalib.text`, not by the page.
    """
    from IPython.display import display

    for name, value in values.items():
        if not isinstance(value, str) or not value:
            raise OptionError(f"glue takes text, but {name} is {value!r}")
        data = {f"{GLUE}text/plain": repr(str(value)), f"{GLUE}name": name}
        display(data, raw=True, metadata={"scrapbook": {"name": name, "mime_prefix": GLUE}})


def glue_as(prefix: str, texts: Mapping[str, str]) -> None:
    """Store several texts under names that begin with `prefix`."""
    glue(**{f"{prefix}_{name}": value for name, value in texts.items()})


def escape_markdown(value: str) -> str:
    """Return text that MyST shows as it stands, whatever characters it holds."""
    escaped = _MARKDOWN.sub(r"\\\1", html.escape(" ".join(value.split()), quote=False))
    # A bracket directly before a parenthesis or a brace would start a link or a role.
    return re.sub(r"\](?=[\(\[{:])", r"\\]", escaped).replace("{", "&#123;")


def table(
    frame: pd.DataFrame,
    *,
    name: str,
    caption: str,
    align: str | None = None,
    note: str | None = None,
    header: Sequence[str] | None = None,
) -> None:
    """Show a data frame of texts as a numbered table.

    Parameters
    ----------
    frame : DataFrame
        Cells are text; numbers have been made text by :mod:`metalib.text`. Whole numbers are shown as they are.
    name : str
        Target for references (``{numref}`name```).
    caption : str
        MyST Markdown, can stand alone.
    align : str, optional
        One letter a column: ``l``, ``r`` or ``c``; by default the first is left and the others right.
    note : str, optional
        MyST Markdown below the table.
    header : sequence of str, optional
        Headings, by default the column names.

    Raises
    ------
    OptionError
        A cell is a float or missing (rounding belongs in :mod:`metalib.text`), or `align` does not fit.
    """
    from IPython.display import display

    check_name(name)
    columns = [str(c) for c in (header if header is not None else frame.columns)]
    align = align or "l" + "r" * (len(columns) - 1)
    if len(align) != len(columns) or set(align) - set("lrc"):
        raise OptionError(f"align={align!r} does not fit {len(columns)} columns")
    rows = [[_cell(value, name) for value in row] for row in frame.itertuples(index=False)]
    rule = {"l": ":---", "r": "---:", "c": ":---:"}
    lines = [columns, [rule[a] for a in align], *([_as_markdown(cell) for cell in row] for row in rows)]
    lines[0] = [_as_markdown(column) for column in columns]
    body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    markdown = f":::{{table}} {caption}\n:name: {name}\n:class: results\n\n{body}\n:::\n"
    if note:
        markdown += f"\n:::{{div}} table-note\n{note}\n:::\n"
    display(
        {
            "text/markdown": markdown,
            "text/html": _as_html(columns, rows, align, caption, note),
            "text/plain": "\n".join("\t".join(line) for line in [columns, *rows]),
        },
        raw=True,
    )


def details(summary: str, markdown: str) -> None:
    """Show MyST Markdown that stays folded until a reader opens it.

    Parameters
    ----------
    summary : str
        Plain text of the line that opens it.
    markdown : str
        What is folded; its tables and formulas are those of the book and of any notebook viewer.
    """
    from IPython.display import display

    body = f'<details class="steps"><summary>{html.escape(summary)}</summary>\n\n{markdown}\n\n</details>\n'
    display({"text/markdown": body, "text/plain": f"{summary}\n\n{markdown}"}, raw=True)


def figure(
    fig: Figure,
    *,
    name: str,
    caption: str,
    alt: str,
    data: pd.DataFrame,
    page: bool = False,
) -> None:
    """Show a figure as a numbered, captioned SVG in the book, and its data as text for the checks.

    Parameters
    ----------
    fig : Figure
    name : str
        Target for references; also the name of the file.
    caption, alt : str
        The caption (MyST Markdown) can stand alone; the alternative text says what the figure shows.
    data : DataFrame
        The numbers drawn, written to NAME.csv for readers; six significant digits of them are stored and compared.
    page : bool
        Write NAME.md and NAME.png beside the figure: the same figure for a page that is no notebook to include, and
        as a picture for previews of links.
    """
    from IPython.display import display

    check_name(name)
    svg, png = render(fig, "svg"), render(fig, "png")
    folder = output_folder(FIGURES)
    (folder / f"{name}.svg").write_bytes(svg)
    table_text = csv_text(data)
    (folder / f"{name}.csv").write_text(table_text, encoding="utf-8")
    one_line = " ".join(alt.split())
    stored = {
        "figure": name,
        "sha256": hashlib.sha256(svg).hexdigest(),
        "csv": hashlib.sha256(table_text.encode()).hexdigest(),
    }
    if page:
        # From the root of the book, because a directive does not know where it was included from.
        target = f"/{Path.cwd().name}/{FIGURES}/{name}.svg"
        included = _figure_markdown(target, f"{name}-page", one_line, caption)
        (folder / f"{name}.md").write_text(included, encoding="utf-8")
        (folder / f"{name}.png").write_bytes(png)
        stored |= {"md": hashlib.sha256(included.encode()).hexdigest(), "png": hashlib.sha256(png).hexdigest()}
    display(
        {
            "text/markdown": _figure_markdown(f"{FIGURES}/{name}.svg", name, one_line, caption),
            "text/html": (
                f'<figure><img alt="{html.escape(one_line)}" style="max-width:100%;background:white" '
                f'src="data:image/png;base64,{base64.b64encode(png).decode()}">'
                f"<figcaption>{html.escape(caption)}</figcaption></figure>"
            ),
            "text/plain": fingerprint(data),
        },
        raw=True,
        metadata={"metalib": stored},
    )


def _figure_markdown(path: str, name: str, alt: str, caption: str) -> str:
    """Return the directive of a figure, with a link to its data below it."""
    data = f"{{download}}`Data of this figure (CSV) <{path.removesuffix('svg')}csv>`"
    return (
        f":::{{figure}} {path}\n:name: {name}\n:alt: {alt}\n\n{caption}\n:::\n\n:::{{div}} figure-data\n{data}\n:::\n"
    )


def output_folder(name: str, part: str = "") -> Path:
    """Return the folder, made if need be, for files beside a notebook: `name`, or where the tests want a fresh run."""
    folder = Path(os.environ.get(FIGURES_VARIABLE) or name) / part
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def render(fig: Figure, kind: str) -> bytes:
    """Return a figure as SVG or PNG bytes that depend on nothing but the figure."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    with mpl.rc_context({"svg.hashsalt": "metalib", "svg.fonttype": "path"}):
        fig.savefig(buffer, format=kind, dpi=144, metadata=metadata, facecolor="white")
    return buffer.getvalue()


def fingerprint(data: pd.DataFrame) -> str:
    """Return a data frame as tab-separated text, floats with six significant digits."""

    def show(value: object) -> str:
        if isinstance(value, float):
            return "" if value != value else f"{value:.6g}" if abs(value) >= 1e-12 else "0"
        return "" if value is None else str(value)

    lines = [list(map(str, data.columns)), *([show(v) for v in row] for row in data.itertuples(index=False))]
    return "\n".join("\t".join(line) for line in lines)


def check_name(name: str) -> None:
    """Raise :class:`OptionError` unless `name` can be a target of references and a file name."""
    if not _NAME.fullmatch(name):
        raise OptionError(f"name={name!r} must be lower-case letters, digits, - and _")


def _cell(value: object, name: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise OptionError(f"table {name!r} holds {value!r}; make it text with metalib.text first")
    return f"{int(value)}"  # type: ignore[call-overload]


def _as_markdown(cell: str) -> str:
    return str(cell) if isinstance(cell, Raw) else escape_markdown(cell)


def _plain(cell: str) -> str:
    """Return a raw cell without its MyST roles, for viewers that do not know them."""
    if not isinstance(cell, Raw):
        return cell
    without_roles = re.sub(r"\{[a-z:]+\}`([^`<]*?) ?(?:<[^`]*>)?`", r"\1", cell)
    without_links = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", without_roles)
    return re.sub(r"<a [^>]*>(.*?)</a>", r"\1", without_links)


def _as_html(columns: Sequence[str], rows: Sequence[Sequence[str]], align: str, caption: str, note: str | None) -> str:
    style: Mapping[str, str] = {"l": "left", "r": "right", "c": "center"}

    def line(cells: Sequence[str], tag: str) -> str:
        return "".join(
            f'<{tag} style="text-align:{style[a]}">{html.escape(_plain(c))}</{tag}>'
            for c, a in zip(cells, align, strict=True)
        )

    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    below = f"<p>{html.escape(_plain(Raw(note)))}</p>" if note else ""
    return (
        f"<table><caption>{html.escape(_plain(Raw(caption)))}</caption><thead><tr>{line(columns, 'th')}</tr></thead>"
        f"<tbody>{body}</tbody></table>{below}"
    )
