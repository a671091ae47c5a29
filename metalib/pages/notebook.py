"""Texts, figures and steps in a notebook, so that the book, a notebook viewer and the tests all see the same numbers.

Each output carries several forms of one content: MyST Markdown for the book, HTML for notebook viewers and plain text
for the checks, which compare stored outputs with a fresh run.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..audit.checked_csv import csv_text
from ..errors import OptionError
from ..figures.style import boxes_for_missing_letters
from ..text import minus_signs
from .outputs import FIGURES, check_name, show, write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: MyST-NB finds glued values by this prefix.
GLUE = "application/papermill.record/"


def glue(**values: str) -> None:
    """Store texts under names, for use in prose as ``{glue:text}`name:s```.

    The name is part of the output's data, so that a check that compares outputs also sees a swapped name. A hyphen
    before a number becomes a minus sign.

    Raises
    ------
    OptionError
        A value is not text: numbers are rounded in :mod:`metalib.text`, not by the page.
    """
    for name, value in values.items():
        _store(name, value, {})


def glue_as(prefix: str, texts: Mapping[str, str], opens: Mapping[str, str] | None = None) -> None:
    """Store several texts under names that begin with `prefix`.

    Parameters
    ----------
    prefix : str
    texts : mapping
        Name -> text.
    opens : mapping, optional
        Name -> state of the explorer that shows this number (:func:`metalib.pages.claims.state`); where the text
        stands in prose, the book links it there.

    Raises
    ------
    OptionError
        As :func:`glue`.
    """
    for name, value in texts.items():
        state = (opens or {}).get(name)
        _store(f"{prefix}_{name}", value, {"metalib": {"opens": state}} if state else {})


def _store(name: str, value: str, metadata: dict[str, Any]) -> None:
    if not isinstance(value, str) or not value:
        raise OptionError(f"glue takes text, but {name} is {value!r}")
    data = {f"{GLUE}text/plain": repr(minus_signs(value)), f"{GLUE}name": name}
    show(data, {"scrapbook": {"name": name, "mime_prefix": GLUE}, **metadata})


def details(summary: str, markdown: str) -> None:
    """Show MyST Markdown that stays folded until a reader opens it.

    Parameters
    ----------
    summary : str
        Plain text of the line that opens it.
    markdown : str
        What is folded; its tables and formulas are those of the book and of any notebook viewer.
    """
    body = f'<details class="steps"><summary>{html.escape(summary)}</summary>\n\n{markdown}\n\n</details>\n'
    show({"text/markdown": body, "text/plain": f"{summary}\n\n{markdown}"})


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

    Raises
    ------
    OptionError
        The name can be no file name.
    """
    check_name(name)
    svg, png = render(fig, "svg"), render(fig, "png")
    path, one_line = f"{FIGURES}/{name}", " ".join(alt.split())
    stored = {"figure": name, "sha256": write(f"{path}.svg", svg), "csv": write(f"{path}.csv", csv_text(data))}
    if page:
        # From the root of the book, because a directive does not know where it was included from.
        included = _figure_markdown(f"/{Path.cwd().name}/{path}.svg", f"{name}-page", one_line, caption)
        stored |= {"md": write(f"{path}.md", included), "png": write(f"{path}.png", png)}
    show(
        {
            "text/markdown": _figure_markdown(f"{path}.svg", name, one_line, caption),
            "text/html": (
                f'<figure><img alt="{html.escape(one_line)}" style="max-width:100%;background:white" '
                f'src="data:image/png;base64,{base64.b64encode(png).decode()}">'
                f"<figcaption>{html.escape(caption)}</figcaption></figure>"
            ),
            "text/plain": fingerprint(data),
        },
        {"metalib": stored},
    )


def _figure_markdown(path: str, name: str, alt: str, caption: str) -> str:
    """Return the directive of a figure, with a link to its data below it."""
    data = f"{{download}}`Data of this figure (CSV) <{path.removesuffix('svg')}csv>`"
    return (
        f":::{{figure}} {path}\n:name: {name}\n:alt: {alt}\n\n{caption}\n:::\n\n:::{{div}} figure-data\n{data}\n:::\n"
    )


def render(fig: Figure, kind: str) -> bytes:
    """Return a figure as SVG or PNG bytes that depend on nothing but the figure."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    with mpl.rc_context({"svg.hashsalt": "metalib", "svg.fonttype": "path"}), boxes_for_missing_letters():
        fig.savefig(buffer, format=kind, dpi=144, metadata=metadata, facecolor="white")
    return buffer.getvalue()


def fingerprint(data: pd.DataFrame) -> str:
    """Return a data frame as tab-separated text, floats with six significant digits."""

    def digits(value: object) -> str:
        if isinstance(value, float):
            return "" if value != value else f"{value:.6g}" if abs(value) >= 1e-12 else "0"
        return "" if value is None else str(value)

    lines = [list(map(str, data.columns)), *([digits(v) for v in row] for row in data.itertuples(index=False))]
    return "\n".join("\t".join(line) for line in lines)
