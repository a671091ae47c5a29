"""The API page: which modules it describes, and which names of docstrings it lets pass."""

from __future__ import annotations

from pathlib import Path

import api_page
import pytest
import rooms

METALIB = Path(__file__).parent.parent / "metalib"


def test_the_pages_describe_every_module_or_the_list_of_names_it_stands_behind() -> None:
    pages = [path.read_text(encoding="utf-8") for path in sorted((METALIB.parent / "book").glob("api*.md"))]
    named = [name for page in pages for rooms_named in api_page.PLACE.findall(page) for name in rooms_named.split()]
    assert len(set(named)) == len(named)
    described = {
        name.removeprefix("metalib").removeprefix(".") or "__init__" for name in api_page.modules(" ".join(named))
    }
    assert {"text", "arithmetic", "arithmetic.pooling", "figures", "pages.columns", "recover"} <= described
    assert not {"figures.forest", "recover.meet"} & described
    assert described == {"__init__", *rooms.public_modules(METALIB)}


def test_a_public_name_is_described_once() -> None:
    top, home = api_page.described("metalib"), api_page.described("metalib.arithmetic.pooling")
    assert "exclude" not in top
    assert "exclude-members: " in home
    assert " pool," in home
    assert "REVMAN_2025" not in api_page.described("metalib.arithmetic.options").partition("exclude")[2]


def test_a_footnote_becomes_a_list_of_sources() -> None:
    source = "As others do [1]_.\n\n.. [1] Deeks JJ (2010). Statistical\n   algorithms."
    lines = [*source.splitlines(), "", "Returns", "-------", "float", "    x[1] of it."]
    api_page.read_docstring(None, "property", "metalib.x", None, {}, lines)
    assert lines[:4] == ["As others do [1].", "", "*  [1] Deeks JJ (2010). Statistical", "   algorithms."]
    assert ":returns: *float* -- x[1] of it." in lines


def test_a_colon_in_the_summary_of_a_property_stays() -> None:
    lines = ["The same tables: under other models."]
    api_page.read_docstring(None, "property", "metalib.x", None, {}, lines)
    assert lines[0] == "The same tables: under other models."


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("metalib.arithmetic.pooling.pool", True),
        ("metalib.pool", True),
        ("metalib.pooling.pool", False),
        ("metalib.no_such_name", False),
        ("FILES", True),
        ("PooledEffect.to_frame", True),
        ("estimate", True),
        ("no_such_name", False),
    ],
)
def test_only_names_that_exist_pass(name: str, known: bool) -> None:
    assert api_page.exists(name, "metalib.arithmetic.results", "PooledEffect") is known
