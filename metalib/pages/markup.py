"""Texts that stand in MyST Markdown and in HTML as they are, whatever characters they hold."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..errors import OptionError

_SPECIAL = re.compile(r"([\\`*_$|~])")
#: A page of the book, a part of it, or a page of the web; in particular no script.
_ADDRESS = re.compile(r"(?:https?://|(?![\w+.-]*:)(?!//))[^\s\\]+", re.ASCII | re.IGNORECASE)
#: How a column is aligned in Markdown and in CSS.
ALIGN = {"l": (":---", "left"), "r": ("---:", "right"), "c": (":---:", "center")}


class Raw(str):
    """Text of a table cell that is MyST Markdown already (a citation, a reference) and must not be escaped."""


class Link(Raw):
    """A table cell that links to a page: the text `shown`, and its `address`."""

    shown: str
    address: str


def link(shown: str, address: str | None) -> str:
    """Return a table cell that links to a page, or to a place in a page that only the HTML of the book knows.

    Without an address it is the text alone.

    Raises
    ------
    OptionError
        The address is no page of the book or of the web (``javascript:`` and the like).
    """
    if not address:
        return shown
    if not _ADDRESS.fullmatch(address):
        raise OptionError(f"a link leads to a page, http or https, not to {address!r}")
    target = html.escape(address).replace("|", "%7C")
    made = Link(f'<a href="{target}">{escape_markdown(shown)}</a>')
    made.shown, made.address = shown, address
    return made


def escape_markdown(value: str) -> str:
    """Return text that MyST shows as it stands, whatever characters it holds."""
    escaped = _SPECIAL.sub(r"\\\1", html.escape(" ".join(value.split()), quote=False))
    # A bracket directly before a parenthesis or a brace would start a link or a role.
    return re.sub(r"\](?=[\(\[{:])", r"\\]", escaped).replace("{", "&#123;")


def as_markdown(cell: str) -> str:
    """Return a table cell as MyST."""
    return str(cell) if isinstance(cell, Raw) else escape_markdown(cell)


def plain(cell: str) -> str:
    """Return a table cell without MyST roles and links, for viewers that do not know them."""
    if isinstance(cell, Link):
        return cell.shown
    if not isinstance(cell, Raw):
        return cell
    without_roles = re.sub(r"\{[a-z:]+\}`([^`<]*?) ?(?:<[^`]*>)?`", r"\1", cell)
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", without_roles)


def pipe_table(headings: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> str:
    """Return cells of MyST as a table; `align` has one letter a column."""
    rule = [ALIGN[a][0] for a in align]
    return "\n".join("| " + " | ".join(line) + " |" for line in (headings, rule, *rows))


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("metalib.pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters["plain"] = plain
    return made


def render_html(template: str, **values: object) -> str:
    """Return a template of this package with `values` in it, each escaped."""
    return _templates().get_template(f"{template}.html").render(values)
