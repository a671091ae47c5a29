"""What search engines and link previews read is made from the citation and the data package."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import book_metadata
import pytest
import yaml
from bs4 import BeautifulSoup

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


class App:
    """What the extension asks of Sphinx, written down."""

    def __init__(self) -> None:
        self.srcdir, self.config = ROOT, SimpleNamespace(root_doc="index")
        self.builder = SimpleNamespace(format="html")
        self.asked: list[str] = []

    def connect(self, event: str, function: Callable) -> None:
        self.asked.append(event)

    def setup_extension(self, name: str) -> None:
        self.asked.append(name)


def test_previews_are_made_only_when_the_address_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(book_metadata.ADDRESS, raising=False)
    unpublished, published = App(), App()
    book_metadata.setup(unpublished)
    monkeypatch.setenv(book_metadata.ADDRESS, "https://example.org/book/")
    book_metadata.setup(published)
    assert unpublished.asked == ["html-page-context"]
    assert published.asked == ["html-page-context", "sphinxext.opengraph", "config-inited"]
    book_metadata.set_previews(published, published.config)
    assert published.config.ogp_site_url == "https://example.org/book/"
    assert published.config.ogp_site_name == book_metadata.read_citation(ROOT)["title"]


def test_only_the_first_page_describes_the_report_and_its_text_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    title = 'a "b" <c> </script>'
    monkeypatch.setattr(
        book_metadata,
        "read_citation",
        lambda root: yaml.safe_load((ROOT / "CITATION.cff").read_text()) | {"title": title},
    )
    first, second = {"metatags": "<before>"}, {}
    book_metadata.describe_report(App(), "index", "page.html", first, None)
    book_metadata.describe_report(App(), "book/methods", "page.html", second, None)
    assert second == {}
    assert first["metatags"].startswith("<before>")
    head = BeautifulSoup(first["metatags"], "html.parser")
    assert head.select_one("[name=citation_title]")["content"] == title
    (script,) = head.select("script")
    assert json.loads(script.string)[0]["headline"] == title


def test_the_picture_has_a_size_that_previews_accept() -> None:
    width, height = book_metadata.picture_size(ROOT)
    assert width >= 1200
    assert height >= 600
