"""A Sphinx extension that mends the pages of the book for readers offline, on a phone or with a screen reader.

The theme and the notebook reader leave faults in the pages that no setting removes. What can be changed before a page
is written is changed there (scripts, buttons); the rest is mended in the written HTML, each fault by one function.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx

#: Scripts of live code, which would fetch a program from another host; the theme also adds them twice.
_LIVE_CODE = ("THEBE_JS_URL", "sphinx-thebe")
#: A table of so many columns becomes cards on a phone; one of so many letters a cell gets room for its words.
CARDS = 4
WORDY = 30
#: The hyphen before a number that stands by itself, not the one in 12-15, in a name or in a date.
_NEGATIVE = re.compile(r"(?<![\w.)\u2013-])-(?=\.?\d)")


def drop_live_code(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Leave out the scripts and styles of live code, which this book does not use."""
    for kind in ("script_files", "css_files"):
        context[kind] = [
            file
            for file in context.get(kind, [])
            if not any(mark in f"{file} {getattr(file, 'attributes', '')}" for mark in _LIVE_CODE)
        ]


def offer_script(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Offer the ``.py`` twin of a notebook beside the ``.ipynb`` in the menu of downloads."""
    twin = Path(app.srcdir, f"{page}.py")
    if not twin.exists():
        return
    target = Path(app.outdir, "_sources", f"{page}.py")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(twin, target)
    for group in context.get("header_buttons", []):
        if group.get("label") == "download-buttons":
            group["buttons"].insert(
                1,
                {
                    "type": "link",
                    "url": f"{context['pathto']('_sources', 1)}/{page}.py",
                    "text": ".py",
                    "icon": "fas fa-file",
                    "tooltip": "Download as a Python script",
                    "label": "download-script-button",
                },
            )


def name_controls(soup: BeautifulSoup) -> None:
    """Let what a control shows be its name: a label that differs hides it from speech control."""
    for node in soup.select("summary[aria-label], .search-button-field[aria-label]"):
        del node["aria-label"]
    for icon in soup.select(".theme-switch-button i"):
        del icon["title"]
        icon["aria-hidden"] = "true"
    for link in soup.select(".dropdown-download-buttons a"):
        del link["target"]
        link["download"] = ""


def name_landmarks(soup: BeautifulSoup) -> None:
    """Make the sidebar a landmark: its title and search button stand outside the list of chapters."""
    for sidebar in soup.select("#pst-primary-sidebar"):
        sidebar["role"] = "region"
        sidebar["aria-label"] = "Sidebar"


def skip_to_explorer(soup: BeautifulSoup) -> None:
    """Let the keyboard reach the controls of an explorer without all chapters of the sidebar before them."""
    box, skip = soup.select_one("article .explorer[id]"), soup.select_one("#pst-skip-link")
    if box is not None and skip is not None:
        box["tabindex"] = "-1"
        link = soup.new_tag("a", attrs={"href": f"#{box['id']}"})
        link.string = "Skip to the explorer"
        skip.append(link)


def replace_withdrawn_roles(soup: BeautifulSoup) -> None:
    """Make the entries of the bibliography items of their list: their own role was withdrawn from the standard."""
    for entry in soup.select("[role=doc-biblioentry]"):
        entry["role"] = "listitem"


def head_tables(soup: BeautifulSoup) -> None:
    """Make empty heading cells ordinary ones, and give those of pandas their direction."""
    for cell in soup.select("th"):
        if not cell.get_text(strip=True):
            cell.name = "td"
            continue
        if cell.find_parent(class_="dataframe"):
            cell["scope"] = "col" if cell.find_parent("thead") else "row"
        for formula in cell.select(".math"):
            # MathML alone is no text to axe and to some screen readers: say the formula in words instead.
            words = soup.new_tag("span", attrs={"class": "visually-hidden"})
            words.string = " ".join(re.sub(r"[\\(){}$_^,]", " ", formula.get_text()).split())
            formula["aria-hidden"] = "true"
            formula.insert_after(words)


def label_cells(soup: BeautifulSoup) -> None:
    """Name the column in every cell of a table too wide for a phone, where each row then becomes a card."""
    for table in soup.select("article table.results, article .filtered table"):
        head = [cell.get_text(" ", strip=True) for cell in table.select("thead th, thead td")]
        bodies = table.find_all("tbody", recursive=False)
        rows = [row for body in bodies for row in body.find_all("tr", recursive=False)]
        cells = [row.find_all(["td", "th"], recursive=False) for row in rows]
        whole = [row for row in cells if len(row) == len(head)]
        for column in range(len(head)):
            if sum(len(row[column].get_text()) for row in whole) > WORDY * len(whole):
                for row in whole:
                    row[column]["class"] = [*row[column].get("class", []), "wordy"]
        if len(head) < CARDS or len(table.select("thead tr")) != 1:
            continue
        table["class"] = [*table.get("class", []), "cards"]
        for row in whole:
            for cell, label in zip(row[1:], head[1:], strict=True):
                cell["data-label"] = label


def set_minus_signs(soup: BeautifulSoup) -> None:
    """Write negative numbers of tables, captions and results in the text with a minus sign, not with a hyphen."""
    for part in soup.select("article :is(td, th, caption, figcaption, .pasted-text)"):
        for words in part.find_all(string=_NEGATIVE):
            if not words.find_parent(["code", "pre", "script", "svg", "math"]) and not words.find_parent(class_="math"):
                words.replace_with(_NEGATIVE.sub("\u2212", words))


def box_tables(soup: BeautifulSoup) -> None:
    """Put every table into a box that scrolls and can be reached with the keyboard, named by the caption."""
    unnamed = 0
    for table in soup.select("article table"):
        box = table.find_parent(class_=["pst-scrollable-table-container", "filtered-box"])
        if box is None:
            box = table.wrap(soup.new_tag("div", attrs={"class": "pst-scrollable-table-container"}))
        name = _caption(table)
        if not name:
            unnamed += 1
            name = f"Table without caption {unnamed}"
        _scrolls(box, name)


def box_figures(soup: BeautifulSoup) -> None:
    """Put every figure into a box of its own that scrolls, so that its text stays legible on a phone."""
    for image in soup.select("article figure > img"):
        number = image.parent.select_one(".caption-number")
        box = image.wrap(soup.new_tag("div", attrs={"class": "figure-box"}))
        _scrolls(box, f"{number.get_text(strip=True)}, picture" if number else f"Picture {image['src']}")


def reach_code(soup: BeautifulSoup) -> None:
    """Let long lines of code and long formulas be scrolled with the keyboard."""
    for node in soup.select("article div.highlight > pre, article div.math"):
        node["tabindex"] = "0"


def _caption(table: Tag) -> str:
    caption = table.find("caption")
    # Without the sign of the link to the table itself.
    return " ".join(text for text in caption.stripped_strings if text != "#") if caption else ""


def _scrolls(box: Tag, name: str) -> None:
    box["tabindex"] = "0"
    box["role"] = "region"
    box["aria-label"] = name


MENDS: tuple[Callable[[BeautifulSoup], None], ...] = (
    name_controls,
    name_landmarks,
    skip_to_explorer,
    replace_withdrawn_roles,
    head_tables,
    label_cells,
    set_minus_signs,
    box_tables,
    box_figures,
    reach_code,
)


def mend(html: str, further: Callable[[BeautifulSoup], object] = lambda soup: None) -> str:
    """Return a page with every fault mended, then changed by `further`; a mended page comes back as it was."""
    soup = BeautifulSoup(html, "html.parser")
    if soup.html is None or soup.html.get("data-mended"):
        return html
    for function in MENDS:
        function(soup)
    further(soup)
    soup.html["data-mended"] = "true"
    return str(soup)


def mend_pages(app: Sphinx, exception: Exception | None) -> None:
    """Mend every page that was written."""
    if exception or app.builder.format != "html":
        return
    for path in sorted(Path(app.outdir).rglob("*.html")):
        if "_static" not in path.parts:
            further = partial(_tell, app, path)
            path.write_text(mend(path.read_text(encoding="utf-8"), further), encoding="utf-8")


def _tell(app: Sphinx, path: Path, soup: BeautifulSoup) -> None:
    """Let other extensions change a page while it is open."""
    app.emit("page-mended", soup, path)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.add_event("page-mended")
    # After the theme, which fills the lists of scripts and of buttons.
    app.connect("html-page-context", drop_live_code, priority=900)
    app.connect("html-page-context", offer_script, priority=900)
    app.connect("build-finished", mend_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
