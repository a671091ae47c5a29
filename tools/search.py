"""A Sphinx extension: the search of the book, over what readers see.

Sphinx splits numbers and reads code. Here every section of every page is kept as its heading, the captions of its
tables and figures, the first cells of its rows, and its text, without code. ``_static/search.js`` looks through them;
the index is a script, so that a book opened from a folder has its search too.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from light import fingerprint
from sphinx.application import Sphinx

#: Not text: code and what it printed, formulas, links to a heading itself, controls.
CODE = "pre, script, style, svg, form, .cell_input, details.hide, .headerlink, .math, nav, .visually-hidden"
#: What Sphinx wrote for its own search.
REPLACED = ("searchindex.js", "_static/searchtools.js", "_static/language_data.js")


def sections(soup: BeautifulSoup) -> list[list[str]]:
    """Return anchor, heading, captions, first cells and text of each section of a page."""
    article = soup.select_one("article.bd-article")
    if article is None:
        return []
    article = copy.copy(article)
    for node in article.select(CODE):
        node.decompose()
    found = []
    # The innermost first, so that no text is counted twice.
    for section in reversed(article.select("section[id]")):
        heading = section.find(["h1", "h2", "h3", "h4", "h5"], recursive=False)
        captions = [_take(node) for node in section.select("caption, figcaption")]
        first = [row.find(["td", "th"]) for row in section.select("tbody tr")]
        cells = [_text(cell) for cell in first if cell is not None]
        title = _take(heading) if heading else ""
        found.append(
            [str(section["id"]), title, " · ".join(captions), " · ".join(dict.fromkeys(cells)), _text(section)]
        )
        section.decompose()
    return found[::-1]


def _text(node: Tag) -> str:
    return " ".join(node.get_text(" ").replace("\u2212", "-").split())


def _take(node: Tag) -> str:
    text = _text(node)
    node.decompose()
    return text


def read_page(app: Sphinx, soup: BeautifulSoup, path: Path) -> None:
    """Note what a page says; give the page of the search its scripts."""
    if app.builder.name != "html":
        return
    index: list[list] = app.env.__dict__.setdefault("searched", [])
    address = path.relative_to(app.outdir).as_posix()
    parts = sections(soup)
    if parts:
        index.append([address, parts[0][1], parts])
    if address == "search.html":
        script = (Path(app.outdir) / "_static" / "search.js").read_text(encoding="utf-8")
        for source in ("search-index.js", f"search.js?v={fingerprint(script)}"):
            soup.head.append(soup.new_tag("script", attrs={"defer": "", "src": f"_static/{source}"}))


def write_index(app: Sphinx, exception: Exception | None) -> None:
    """Write the index, and drop that of Sphinx."""
    if exception or app.builder.name != "html":
        return
    index = json.dumps(app.env.__dict__.pop("searched", []), ensure_ascii=False, separators=(",", ":"))
    out = Path(app.outdir)
    (out / "_static" / "search-index.js").write_text(f"window.bookIndex = {index};\n", encoding="utf-8")
    for name in REPLACED:
        (out / name).unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("page-mended", read_page, priority=700)
    app.connect("build-finished", write_index, priority=800)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
