"""Sphinx extension: the heading of a column of statistics leads to the formula of what stands below it.

Which heading is which statistic says the table of the methods page, so that headings and formulas stand in one place.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

METHODS = "book/methods"


def statistics(methods: str) -> list[list[str]]:
    """Return the cells of the table of statistics, a row a statistic: name, headings, formula, source, function."""
    table = methods.partition("(statistics)=")[2].partition("\n## Notation")[0]
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def targets(methods: str) -> dict[str, str]:
    """Return where the formula of each heading stands, or the table itself where a chapter has it."""
    found = {}
    for _, headings, formula, *_ in statistics(methods):
        places = re.findall(r"<([a-z-]+)>`", formula)
        found |= dict.fromkeys(re.findall(r"`([^`]+)`", headings), places[0] if places else "statistics")
    return found


def link_headings(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link every heading of a table that the methods page knows."""
    if METHODS not in app.env.found_docs or docname == METHODS:
        return
    known = targets(Path(app.env.doc2path(METHODS)).read_text(encoding="utf-8"))
    page = app.builder.get_relative_uri(docname, METHODS)
    for head in doctree.findall(nodes.thead):
        for cell in head.findall(nodes.entry):
            target = known.get(" ".join(cell.astext().split()))
            if target and len(cell) == 1 and not list(cell.findall(nodes.reference)):
                words = cell[0].children
                link = nodes.reference("", "", *words, refuri=f"{page}#{target}", internal=True, classes=["formula"])
                cell[0].clear()
                cell[0] += link


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.connect("doctree-resolved", link_headings)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
