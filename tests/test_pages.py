"""The extension that mends the pages, and the files of others that stand in the repository."""

import hashlib
from pathlib import Path

import accessible
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parent.parent
MATHJAX = ROOT / "book" / "vendor" / "mathjax"


def mended(body: str) -> BeautifulSoup:
    return BeautifulSoup(accessible.mend(f"<html><body>{body}</body></html>"), "html.parser")


def test_mathjax_is_the_listed_one():
    listed = dict(reversed(line.split("  ")) for line in (MATHJAX / "SHA256SUMS").read_text().splitlines())
    files = {p for p in MATHJAX.rglob("*") if p.is_file() and p.name not in ("README.md", "SHA256SUMS")}
    assert {f"./{p.relative_to(MATHJAX)}" for p in files} == set(listed)
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == listed[f"./{path.relative_to(MATHJAX)}"], path


def test_table_is_boxed_and_named_by_its_caption():
    table = "<table><caption><span>Table 1</span> Results<a class='headerlink' href='#t'>#</a></caption></table>"
    box = mended(f"<article>{table}</article>").table.parent
    assert (box["role"], box["tabindex"], box["aria-label"]) == ("region", "0", "Table 1 Results")


def test_box_that_is_there_already_is_used():
    page = mended("<article><div class='filtered-box'><table><caption>Ledger</caption></table></div></article>")
    assert page.table.parent["class"] == ["filtered-box"]
    assert page.table.parent["aria-label"] == "Ledger"


def test_tables_without_caption_have_different_names():
    boxes = mended("<article><table></table><table></table></article>").select("[role=region]")
    assert len({box["aria-label"] for box in boxes}) == 2


def test_empty_heading_becomes_a_cell_and_pandas_headings_get_a_direction():
    head, body = "<thead><tr><th></th><th>P</th></tr></thead>", "<tbody><tr><th>Ke 2011</th></tr></tbody>"
    page = mended(f"<table class='dataframe'>{head}{body}</table>")
    assert page.td.get_text() == ""
    assert [head["scope"] for head in page.select("th")] == ["col", "row"]


def test_figure_is_boxed_and_named_by_its_number():
    caption = "<figcaption><span class='caption-number'>Fig. 7.1 </span></figcaption>"
    box = mended(f"<article><figure><img src='a.svg' alt='x'>{caption}</figure></article>").img.parent
    assert box["aria-label"] == "Fig. 7.1, picture"


@pytest.mark.parametrize(
    ("before", "attribute"),
    [
        ("<details><summary aria-label='Toggle hidden content'>Show code</summary></details>", "aria-label"),
        ("<button class='search-button-field' aria-label='Search'>Search Ctrl+K</button>", "aria-label"),
    ],
)
def test_control_is_named_by_what_it_shows(before, attribute):
    assert attribute not in str(mended(before))


def test_entries_of_the_bibliography_are_items_of_a_list():
    assert mended("<div role='list'><div role='doc-biblioentry'>Atal 2019</div></div>").select_one("[role=listitem]")


def test_mending_twice_is_mending_once():
    once = accessible.mend("<html><body><article><table></table></article></body></html>")
    assert accessible.mend(once) == once
    assert accessible.mend("not a page") == "not a page"
