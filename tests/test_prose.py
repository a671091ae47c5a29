"""No typed result in prose: a number that data or a computation gives is glued, so that it changes with them.

What stays are places in the article, names, and constants of methods: each kind stands below with its reason.
Quotations (in double quotes), code, formulas and addresses are left out.
"""

from __future__ import annotations

import re
from pathlib import Path

import jupytext
import pytest

from metalib.pages import stored as tool

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "index.md",
    *sorted(path for path in (ROOT / "book").glob("*.md") if not path.stem.startswith("api")),
    *tool.sources(ROOT),
]
#: Generated from the data, or a list of works.
LEFT_OUT = {"data_dictionary.md", "references.md"}
#: What is no result -> why.
ALLOWED = {
    r"(?<![\d.,])(?:18|19|20)\d\d(?![,.]?\d)": "a year",
    r"(?:Figures?|Tables?) \d[A-D]?(?: (?:and|to) \d[A-D]?)?|numbered \d and \d": "a place in the article",
    r"[Dd]omain \d(?: (?:and|to) \d)?|[Ii]tems? \d+[a-f]?|[Ss]teps? \d|#\d": "a numbered domain, item or step",
    r"RevMan \d(?:\.\d)?|Review Manager \d|Python \d\.\d+|metafor \d\S*|RoB 2|AMSTAR 2": "a name with its version",
    r"3DCRT|INPLASY\d+|2x2|2 ?[×x] ?2": "a name",
    r"(?:at|the|below|above|than|=|of) 0\.05|\b95%": "the level of significance or confidence that the article sets",
    r"(?:[Pp]er|in|of|[Pp]atients per|and) (?:100|1,?000)\b": "the unit of absolute effects",
    r"(?:below|above|sides? of|exclude[sd]?|include[sd]?|to|towards|contains?|exactly|past) 1(?![,.]?\d)"
    r"|\b1 (?:means|the better|would be)": "no effect, as a ratio",
    r"0\.5 (?:is |was )?(?:added|in every|to)|adds? 0\.5": "the correction of zero cells",
    r"k [−-] [12]|2\^k [−-] 1|[−-] 1\b": "a formula",
    r"10[⁻⁰¹²³⁴-⁹]+": "a tolerance, kept in the tests",
    r"more than 50%": "the article's definition of partial response",
    r"(?:is|at|of|=|to|than|are|be|as|below|above) 0(?![,.]?\d)|\b0 (?:events|up to)": "nought",
}
ANY = re.compile("|".join(f"(?:{pattern})" for pattern in ALLOWED))
NUMBER = re.compile(r"(?<![A-Za-z0-9_])[−-]?\d[\d,.]*%?")


def markdown(path: Path) -> str:
    """Return the Markdown of a page."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    return "\n\n".join(cell.source for cell in jupytext.read(path).cells if cell.cell_type == "markdown")


def prose(source: str) -> str:
    """Return Markdown without what is no prose, or is glued, quoted or a formula."""
    for pattern in (
        r"^(```+|~~~+).*?^\1", r"^:{3,}.*$", r"^:[a-z-]+:.*$", r"^\s*%.*$", r"\{[a-z:]+\}`[^`]*`", r"`[^`]*`",
        r"\$\$.*?\$\$", r"\$[^$\n]*\$", r"(?<=\])\([^)\n]*\)", r"(?<=\])\[[^\]\n]*\]", r"<[^>\n]*>", r"https?://\S+",
        r'"[^"\n]*"', r"“[^”\n]*”", r"^\s*\d+\.\s",
    ):  # fmt: skip
        source = re.sub(pattern, " ", source, flags=re.M | re.S if pattern.startswith((r"^(", r"\$\$")) else re.M)
    return source


def typed(source: str) -> list[tuple[str, str]]:
    """Return the numbers that stand in prose, each with the words around it."""
    text = ANY.sub(" ", prose(source))
    return [
        (found.group().rstrip(".,"), " ".join(text[max(0, found.start() - 30) : found.end() + 30].split()))
        for found in NUMBER.finditer(text)
    ]


#: Constants of programs and methods that a page states: page -> why they are no results, and the numbers (None: all).
CONSTANTS: dict[str, tuple[str, set[str] | None]] = {
    "benchmarks": ("how the times were measured", {"100", "1,000", "2,000", "20", "200", "11", "5", "1"}),
    "certainty": ("level, power and change of risk that the information size assumes", {"0.05", "0.8", "25%"}),
    "checks": ("a tolerance, kept in the tests", {"10"}),
    "glossary": ("examples of a definition", None),
    "methods": ("definitions", None),
}


@pytest.mark.parametrize("path", [p for p in PAGES if p.name not in LEFT_OUT], ids=lambda path: path.stem)
def test_no_result_is_typed_into_prose(path: Path) -> None:
    _, constants = CONSTANTS.get(path.stem, ("", set()))
    if constants is not None:
        left = [words for number, words in typed(markdown(path)) if number not in constants]
        assert not left, f"{path.name}: glue these, or name why they are no results: {left}"


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("the study with 67 patients an arm", "67"),
        ("an odds ratio of 2.14 [1.32, 3.48]", "2.14"),
        ("143 of 149 numbers agree", "143"),
        ("significant under 7 of 15 models", "15"),
        ("P = 0.003", "0.003"),
        ("I² is 67%", "67%"),
        ("about 1,928 tables", "1,928"),
    ],
)
def test_a_typed_result_is_found(words: str, number: str) -> None:
    assert number in [found for found, _ in typed(words)]


@pytest.mark.parametrize(
    "words",
    [
        "Wang 2018 (Table 1; Figures 3 and 4), RevMan 5.4, P below 0.05",
        'printed as "OR=2.14"',
        "{glue:text}`x:s` of {glue:text}`y:s` per 1,000",
        "its interval includes 1",
        "see [the tables](study_tables.html#t3)",
        "`--seed 3` and $I^2 = 0$",
    ],
)
def test_what_is_no_result_passes(words: str) -> None:
    assert not typed(words)
