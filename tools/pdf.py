"""Make one PDF of the whole book: python tools/pdf.py FOLDER OUT.pdf

FOLDER holds the book built as a single page (`jupyter-book build . --builder singlehtml`). The page is stripped to what
paper can show, gets a title, contents and print rules, and is printed twice by Chromium: the first copy tells on which
page each chapter begins, the second one has these numbers in its contents.
"""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pypdf
import yaml
from bs4 import BeautifulSoup, Tag

ROOT = Path(__file__).resolve().parent.parent
STYLE = ROOT / "book" / "_static" / "pdf.css"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-pdf-header-footer", "--generate-pdf-document-outline",
    # Scripts and formulas get this much time of the page's own clock.
    "--virtual-time-budget=60000", "--run-all-compositor-stages-before-draw",
)  # fmt: skip
#: A pixel darker than this (of 255) is ink; a page with a smaller share of it is as good as empty.
INK = 200
LEAST_INK = 0.004
#: Height of the margin below the text, in points.
FOOT = 50
#: Rows that fit on a page with room to spare.
SHORT = 30
MATHJAX = "mathjax/tex-chtml-full.js"
#: As Sphinx sets it: sections are left alone, formulas are marked by their class.
SETTINGS = """window.MathJax = {
  tex: {inlineMath: [["\\\\(", "\\\\)"]], displayMath: [["\\\\[", "\\\\]"]]},
  options: {ignoreHtmlClass: "mathjax_ignore", processHtmlClass: "math"},
  chtml: {matchFontHeight: false, scale: 0.95},
};"""


class PdfError(Exception):
    """The PDF cannot be made; the message says why."""


def find_chromium() -> str:
    """Return the path of Chromium."""
    for name in (os.environ.get("CHROMIUM", ""), *NAMES):
        if name and (found := shutil.which(name)):
            return found
    raise PdfError("Chromium is needed to print the book: `apt-get install chromium`, or set CHROMIUM to its path")


def paper(page: str, citation: dict) -> tuple[BeautifulSoup, list[tuple[str, str, str]]]:
    """Return the page as it is to be printed, and number, title and anchor of each chapter."""
    soup = BeautifulSoup(page, "html.parser")
    article = soup.select_one("article.bd-article")
    if article is None:
        raise PdfError("the page has no article: is it the single page of the book?")
    for gone in ("script", "form", "a.headerlink", "button", "details.hide", ".cell_input details", ".no-print"):
        for node in article.select(gone):
            node.decompose()
    for cell in article.select("div.cell"):
        # A cell whose code is folded on the web has only its output on paper.
        if "tag_hide-input" in cell.get("class", []):
            for source in cell.select(".cell_input"):
                source.decompose()
    for link in article.select("a.download"):
        # Paper delivers no file; the paragraph holds nothing but such links.
        if (line := link.find_parent("p")) is not None:
            (line.find_parent("div", class_=["figure-data", "table-data"]) or line).decompose()
    for box in article.select("div.output, div.cell_output, div.cell"):
        # What is left of a cell that shows nothing would still take room, at worst a page of its own.
        if not box.get_text(strip=True) and not box.find(["img", "svg", "table"]):
            box.decompose()
    for folded in article.select("details"):
        folded["open"] = ""
    for box in article.select("[tabindex]"):
        del box["tabindex"]
    for table in article.select("table"):
        # A longer one may run over pages, with its heading repeated; a shorter one stays in one piece.
        if len(table.select("tr")) <= SHORT:
            table["class"] = [*table.get("class", []), "short"]
    _join_links(article)
    chapters = []
    for mark in article.select("span[id^=document-]"):
        heading = mark.find_next(["h1", "h2"])
        number = heading.select_one(".section-number")
        shown = number.get_text(strip=True).rstrip(".") if number else ""
        title = heading.get_text(strip=True)
        chapters.append((shown, title.removeprefix(f"{shown}.").strip(), mark["id"]))
        heading["class"] = [*heading.get("class", []), "chapter"]
        # Sphinx puts the anchor before the chapter, where it would open a page of its own: after a wide page the next
        # line begins an upright one, and the heading another.
        heading.insert(0, mark.extract())
    first = article.find("h1")
    if first is not None:
        first["class"] = ["chapter"]
    out = BeautifulSoup("<!DOCTYPE html><html lang='en'><head></head><body></body></html>", "html.parser")
    head = out.head
    head.append(_new(out, "meta", charset="utf-8"))
    head.append(_new(out, "title", citation["title"]))
    head.append(_new(out, "style", STYLE.read_text(encoding="utf-8")))
    head.append(_new(out, "script", SETTINGS))
    head.append(_new(out, "script", src=MATHJAX))
    for part in (_title_page(out, citation), _contents(out, chapters), copy.copy(article)):
        out.body.append(part)
    return out, chapters


def _title_page(out: BeautifulSoup, citation: dict) -> Tag:
    """Return title, version, authors, and the article that the book examines."""
    examined = citation["references"][0]
    authors = ", ".join(author["name"] for author in citation["authors"])
    where = f"{examined['journal']} {examined['year']}; {examined['volume']}: {examined['start']}-{examined['end']}"
    page = _new(out, "section", **{"class": "title"})
    page.append(_new(out, "h1", citation["title"]))
    page.append(_new(out, "p", f"Version {citation['version']}, {citation['date-released']}. {authors}."))
    page.append(_new(out, "p", f"The article examined: {examined['title']}. {where}. doi:{examined['doi']}"))
    return page


def _contents(out: BeautifulSoup, chapters: list[tuple[str, str, str]]) -> Tag:
    """Return the list of chapters, with empty places for their pages."""
    contents = _new(out, "nav", **{"class": "contents"})
    contents.append(_new(out, "h2", "Contents"))
    listed = _new(out, "ol")
    for number, name, anchor in chapters:
        link = _new(out, "a", href=f"#{anchor}")
        for kind, words in (("number", number), ("name", name), ("page", "")):
            link.append(_new(out, "span", words, **{"class": kind}))
        item = _new(out, "li")
        item.append(link)
        listed.append(item)
    contents.append(listed)
    return contents


def _new(soup: BeautifulSoup, name: str, words: str = "", **attributes: str) -> Tag:
    tag = soup.new_tag(name, attrs=attributes)
    if words:
        tag.string = words
    return tag


def _join_links(article: Tag) -> None:
    """Let links between pages point to places of the one page; those that have none lose their link."""
    ids = {tag["id"] for tag in article.select("[id]")}
    for link in article.select("a[href]"):
        target = link["href"]
        if re.match(r"https?:|mailto:", target):
            continue
        page, _, anchor = target.partition("#")
        if anchor in ids:
            link["href"] = f"#{anchor}"
            continue
        name = f"document-{page.removesuffix('.html').removeprefix('../')}"
        found = next((i for i in (name, name.replace("document-", "document-notebooks/")) if i in ids), None)
        if found:
            link["href"] = f"#{found}"
        else:
            link.unwrap()


def print_page(chromium: str, page: Path, out: Path) -> None:
    """Print one page."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [chromium, *FLAGS, f"--user-data-dir={profile}", f"--print-to-pdf={out}", page.as_uri()],
            capture_output=True, text=True, timeout=600,
        )  # fmt: skip
    if done.returncode or not out.exists():
        raise PdfError(f"Chromium could not print the book: {done.stderr.strip()[-300:]}")


def pages_of(pdf: Path, anchors: list[str]) -> dict[str, int]:
    """Return the page on which each anchor stands."""
    reader = pypdf.PdfReader(pdf)
    found = {
        name.lstrip("/"): reader.get_destination_page_number(d) + 1 for name, d in reader.named_destinations.items()
    }
    missing = [a for a in anchors if a not in found]
    if missing:
        raise PdfError(f"the PDF has no place {', '.join(missing)}")
    return {a: found[a] for a in anchors}


def look_at_pages(pdf: Path, headings: set[str]) -> list[str]:
    """Return what a reader of the paper would object to: an empty page, a heading at the foot, text off the page.

    Poppler shows the pages: their ink as grey pixels, their lines with the places of their words.
    """
    faults = []
    for needed in ("pdftoppm", "pdftotext"):
        if shutil.which(needed) is None:
            raise PdfError(f"{needed} is needed to look at the pages: `apt-get install poppler-utils`")
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["pdftoppm", "-gray", "-r", "30", pdf, f"{scratch}/page"], check=True)
        inks = [_ink(path.read_bytes()) for path in sorted(Path(scratch).glob("*.pgm"))]
        layout = subprocess.run(["pdftotext", "-bbox-layout", pdf, "-"], capture_output=True, text=True, check=True)
    pages = BeautifulSoup(layout.stdout, "html.parser").select("page")
    for number, (page, ink) in enumerate(zip(pages, inks, strict=True), 1):
        if ink < LEAST_INK:
            faults.append(f"page {number} is almost empty ({ink:.2%} ink)")
        width, height = float(page["width"]), float(page["height"])
        words = page.select("word")
        if any(float(word["xmax"]) > width or float(word["xmin"]) < 0 for word in words):
            faults.append(f"page {number} has text beyond its edge")
        # The number of the page stands alone in the margin.
        lines = [line for line in page.select("line") if float(line["ymin"]) < height - FOOT]
        last = max(lines, key=lambda line: float(line["ymax"]), default=None)
        if last is not None and number < len(pages) and " ".join(last.get_text(" ").split()) in headings:
            faults.append(f"page {number} ends with the heading “{' '.join(last.get_text(' ').split())}”")
    return faults


def _ink(picture: bytes) -> float:
    """Return the share of a grey picture (PGM) that is not white."""
    _, size, _, pixels = picture.split(b"\n", 3)
    width, height = map(int, size.split())
    return sum(value < INK for value in pixels[: width * height]) / (width * height)


def make(folder: Path, out: Path) -> int:
    """Make the PDF and return its number of pages."""
    chromium = find_chromium()
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    soup, chapters = paper((folder / "index.html").read_text(encoding="utf-8"), citation)
    page = folder / "paper.html"
    anchors = [anchor for _, _, anchor in chapters]
    out.parent.mkdir(parents=True, exist_ok=True)
    numbers: dict[str, int] = {}
    # The numbers take no room that the first copy did not leave, so the second one has the same pages.
    for _ in range(2):
        for (_, _, anchor), slot in zip(chapters, soup.select(".contents .page"), strict=True):
            slot.string = str(numbers.get(anchor, "000"))
        page.write_text(str(soup), encoding="utf-8")
        print_page(chromium, page, out)
        before, numbers = numbers, pages_of(out, anchors)
    if before != numbers:
        raise PdfError("the second copy has other pages than the first")
    headings = {" ".join(h.get_text().split()) for h in soup.select("article :is(h1, h2, h3, h4, h5)")}
    if faults := look_at_pages(out, headings):
        raise PdfError("\n".join([f"pages of {out} that no reader should get:", *faults]))
    return len(pypdf.PdfReader(out).pages)


def main(arguments: list[str]) -> int:
    """Make the PDF named on the command line."""
    folder, out = (Path(a).resolve() for a in arguments)
    try:
        pages = make(folder, out)
    except PdfError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"The report is at {out}: {pages} pages, {out.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
