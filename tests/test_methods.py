"""The methods page defines every statistic that a table of the book shows, and none that no table shows."""

from __future__ import annotations

import importlib
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from formulas import statistics

from metalib.pages.prose import STATISTIC_NAMES

ROOT = Path(__file__).parent.parent
METHODS = (ROOT / "book" / "methods.md").read_text(encoding="utf-8")
REFERENCES = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
#: What heads a column and is no statistic: what is counted and quoted, names, places, judgements, words.
NO_STATISTIC = set(
    """
    |#1|#2|#3|#1 AND #2 AND #3|Adverse events|Analysis|Answer|Arm|Arms|Article|Asks for|Assumed|Beside it|Candidate
    |Cases|Certainty|Change|Checks|Cited for|Claim|Combination|Combination: I / II or IV / III|Complete response
    |Counts|Counts are|Data|Database|Decimals|Design as reported|Disease progression|Domain|Error|Example|For example
    |Formula|Function|Highest|Identical|In the PDF|Item|Judgement|Killed|Ledger|Left out|Line|Lowest|Measure|Met|Model
    |Mutants|No.|Not by|Not reached|Not reported|Note|Number|Number is|One-year survival|Other|Other program|Outcome
    |Outside|Part|Partial response|Participants (studies)|Partly|Patients|Patients are|Patients in the pool|Place
    |Printed|Printed result|Program|Published (combination, single)|Quantity|Read as|Reading|Reason|Recomputed|Remark
    |Reported|Result|RevMan|Rounded|Row|Section|See|Sets|Single treatment|Single treatment: I / II or IV / III|Size
    |Source|Stable disease|Stage|Statement|Statistic|Step|Stratum|Study|Subgroup|Subject, by its title|Support
    |Survived|This book|Tolerance|Tried|Tried instead|Unit|Value|Values|Values compared|Version|What
    |What does not agree|What follows|What would refute it|Why|Why no test notices it|Without|Work|Zero cells
    |as judged, or a row shifted|imprecision|inconsistency|indirectness|metalib|nearest|neither bias
    |no publication bias|numbers|outcome|place|publication bias|response not biased|risk of bias|set
    |stages right as recovered|standing|statsmodels|statsmodels function|verdict
    """.replace("\n", "")
    .replace("    ", "")
    .split("|")
)


class Headings(HTMLParser):
    """Collects the texts of the cells of table heads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.head = self.cell = False

    def handle_starttag(self, tag: str, attributes: object) -> None:
        self.head |= tag == "thead"
        if tag == "th" and self.head:
            self.cell = True
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self.head &= tag != "thead"
        self.cell &= tag != "th"

    def handle_data(self, data: str) -> None:
        if self.cell:
            self.found[-1] = f"{self.found[-1]} {data}".strip()


@cache
def on_pages() -> dict[str, str]:
    """Return every heading of a stored table, with a notebook that shows it."""
    shown = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        parser = Headings()
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                parser.feed("".join(output.get("data", {}).get("text/html", "")))
        shown |= dict.fromkeys(parser.found, path.stem)
    return shown


def defined() -> list[str]:
    return [heading for row in statistics(METHODS) for heading in re.findall(r"`([^`]+)`", row[1])]


def test_every_heading_of_a_table_is_a_defined_statistic_or_none() -> None:
    unknown = {h: page for h, page in on_pages().items() if h not in {*defined(), *NO_STATISTIC}}
    assert unknown == {}, "define them in book/methods.md, or say here that they are no statistics"


def test_nothing_is_defined_twice_or_shown_nowhere() -> None:
    shown = {*on_pages(), *STATISTIC_NAMES.values()}
    assert sorted(set(defined()) - shown) == []
    assert sorted(NO_STATISTIC - shown - {""}) == []
    assert len(defined()) == len(set(defined()))
    assert set(defined()) & NO_STATISTIC == set()


@pytest.mark.parametrize("row", statistics(METHODS), ids=lambda row: row[0])
def test_a_statistic_has_a_formula_a_source_and_a_function(row: list[str]) -> None:
    _, headings, formula, source, functions = row
    assert headings
    targets = re.findall(r"<([a-z-]+)>`", formula)
    assert targets or formula.startswith("["), "neither formula nor chapter"
    assert all(f"\n({target})=\n" in METHODS for target in targets)
    keys = ",".join(re.findall(r"\{cite:t\}`([^`]+)`", source)).split(",")
    assert source == "this book" or all(f"{{{key}," in REFERENCES for key in keys)
    for name in re.findall(r"`([\w.]+)`", functions):
        module, _, function = name.rpartition(".")
        assert callable(getattr(importlib.import_module(module), function))
