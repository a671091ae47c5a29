"""Links to terms of the glossary carry their definitions, and every definition fits below a word."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from definitions import definitions
from docutils import nodes
from docutils.utils import new_document
from sphinx import addnodes

ROOT = Path(__file__).parent.parent
GLOSSARY = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
TERMS = dict(re.findall(r"^(\S.*)\n  (\S.*)$", GLOSSARY.partition(":::{glossary}\n")[2], re.MULTILINE))


def item(term: str, meaning: str) -> nodes.definition_list_item:
    named = nodes.term(term, term, ids=[f"term-{term}"])
    return nodes.definition_list_item("", named, nodes.definition("", nodes.paragraph(meaning, meaning)))


def test_definitions_are_those_of_a_glossary_and_of_no_other_list() -> None:
    page = new_document("page")
    page += addnodes.glossary(
        "", nodes.definition_list("", item("arm", "A group\nof patients."), item("odds", "A ratio."))
    )
    page += nodes.definition_list("", item("no term", "Not in the glossary."))
    assert definitions(page) == {"term-arm": "A group of patients.", "term-odds": "A ratio."}


def test_every_term_has_one_short_definition_in_alphabetical_order() -> None:
    assert len(TERMS) >= 40
    assert list(TERMS) == sorted(TERMS, key=lambda term: unicodedata.normalize("NFKC", term).casefold())
    assert max(map(len, TERMS.values())) <= 240, "longer than what fits below a word"
    # A definition that names its own term first explains nothing.
    assert [t for t, meaning in TERMS.items() if meaning.lower().startswith(t.lower())] == []


@pytest.mark.parametrize("page", ["index.md", "book/plain_language.md"])
def test_pages_for_readers_use_terms_of_the_glossary(page: str) -> None:
    used = re.findall(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`", (ROOT / page).read_text(encoding="utf-8"))
    assert used
    assert {term.lower() for term in used} <= {term.lower() for term in TERMS}
