"""What search engines and link previews read is made from the citation and the data package."""

from __future__ import annotations

import json
from pathlib import Path

import book_metadata
import pytest
from docutils import nodes

ROOT = Path(__file__).parent.parent


def test_linked_data_names_the_report_its_data_and_the_article() -> None:
    report, data = book_metadata.linked_data(ROOT, "https://example.org/book/")
    assert report["@type"] == "ScholarlyArticle"
    assert report["isBasedOn"]["sameAs"] == "https://doi.org/10.61186/ijrr.23.3.17"
    assert len(report["isBasedOn"]["author"]) == 4
    assert report["image"].startswith("https://example.org/book/")
    assert data["@type"] == "Dataset"
    assert data["license"].startswith("https://creativecommons.org/")
    # Google asks for 50 to 5000 characters.
    assert 50 <= len(data["description"]) <= 5000
    json.dumps([report, data])


def test_without_an_address_nothing_is_invented() -> None:
    report, data = book_metadata.linked_data(ROOT, "")
    assert not {"url", "image"} & (set(report) | set(data))


def test_tags_are_escaped() -> None:
    assert (
        book_metadata.tag("og:title", 'a "b" <c>') == '<meta property="og:title" content="a &quot;b&quot; &lt;c&gt;" />'
    )
    assert book_metadata.tag("description", "x").startswith('<meta name="description"')


@pytest.mark.parametrize("length", [50, 100, 300])
def test_a_description_ends_with_a_word(length: int) -> None:
    document = nodes.document("", "")
    section = nodes.section()
    section += nodes.paragraph("", " ".join(["word"] * (length // 5)))
    document += section
    shown = book_metadata.description(document, "fallback")
    if length == 50:
        assert shown == "fallback"
    assert len(shown) <= book_metadata.LENGTH + 2
    assert shown.removesuffix(" …").endswith(("word", "fallback"))


def test_the_picture_has_a_size_that_previews_accept() -> None:
    width, height = book_metadata.picture_size(ROOT)
    assert width >= 1200
    assert height >= 600
