"""Sphinx extension: a link to a term of the glossary carries its definition.

The definition becomes the title of the link, which browsers show below the pointer; ``glossary.js`` shows it for the
keyboard too. It is taken from the glossary itself, so that it stands in one place.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx


def definitions(glossary: nodes.document) -> dict[str, str]:
    """Return the definition of each term of a page, by the id of the term."""
    return {
        identity: " ".join(definition.astext().split())
        for item in glossary.findall(nodes.definition_list_item)
        if isinstance(item.parent.parent, addnodes.glossary)
        for definition in item.findall(nodes.definition)
        for term in item.findall(nodes.term)
        for identity in term["ids"]
    }


def define_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each link to a term its definition as a title."""
    pages = {page for _, _, kind, page, _, _ in app.env.get_domain("std").get_objects() if kind == "term"}
    meaning: dict[str, str] = {}
    for page in sorted(pages):
        meaning |= definitions(app.env.get_doctree(page))
    for link in doctree.findall(nodes.reference):
        target = link.get("refid") or link.get("refuri", "").rpartition("#")[2]
        if target in meaning and any("std-term" in part["classes"] for part in link.findall(nodes.inline)):
            link["reftitle"] = meaning[target]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.connect("doctree-resolved", define_terms)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
