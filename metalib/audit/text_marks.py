"""What a text is cut into before it is read: names of statistics, numbers and words, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from ..errors import DataError
from .printed import Printed, read_printed
from .spelling import number_pattern, plain_number, spell

#: What is called an effect without saying which.
UNNAMED = "effect"
EFFECT, HETEROGENEITY = ("CI low", "CI high", "Z", "P"), ("Chi2", "df", "P(Q)", "I2", "Tau2", "k")
_NAMES = {
    "odds ratio": "OR", "risk ratio": "RR", "relative risk": "RR", "rate ratio": "IRR", "hazard ratio": "HR",
    "risk difference": "RD", "mean difference": "MD", "standard": "SMD", "weighted": "WMD",
}  # fmt: skip
_WORDS = r"\s*(?:value|statistics?|index|test|score)?"
_LEVEL_BEHIND = r"\s*[\[(]?(?P<level2>\d\d)\s*%?[\])]?(?!\s*[.,·]\s*\d)"
_SAID = r"(?i:confid\w+ (?:interval|limit)s?|credib\w+ intervals?)"
_LABELS = (
    ("ci", r"(?P<level>\b\d\d(?:[.,]\d)?)\s*(?:%|per ?cent)?\s*-?"
           rf"(?:[Cc]\.\s?[Ii]\.?|(?i:[CK]I)s?\b|CrI\b|IC\b|{_SAID})"
           r"(?:\s*[\[(]\s*(?:CI|CrI)\s*[\])])?(?:-(?=\d))?"
           rf"|\b(?:C\.?I\.?|CrI|IC|KI|{_SAID}){_LEVEL_BEHIND}|\bCIs?\b|\bCrI\b|\b{_SAID}"),
    ("effect", r"\b(?:[acm]|adj|pooled)?-?(?:OR|RR|HR|IRR|RD|ARD|MD|WMD|SMD|DOR|ROR)s?(?![A-Za-z\d])"
               r"|(?i:(?:standardi[sz]ed |weighted )?"
               r"(?:odds|risk|rate|hazard|mean|relative)[- ](?:ratio|risk|difference)s?)"),
    ("p", r"(?<![\w.])[Pp](?:\s?[-–]?\s?[Vv]alues?)?(?:[\s-]?(?i:het\w*|interaction|trend|Q)\b)?"
          r"(?:\s(?:for|of)\s(?i:the\s)?[A-Za-z -]{3,30}?)?"
          r"(?=\s*(?:[=<>≤≥:,]|of\b|was\b|is\b|[.·]?\d|[)\]]|\Z))"),
    ("Chi2", rf"(?:χ|Χ|\bX|(?i:chi)[- ]?)\s?(?:2|(?i:squared?))(?![\d.,·])(?i:{_WORDS})"
             rf"|\b(?:(?i:cochran)\S*\s)?Q(?![A-Za-z])(?i:{_WORDS})(?=\s?[=(:,]|\s(?:was|of)\b|\s*\Z)"),
    ("I2", rf"\bI\s?2(?![\d.,·])(?i:{_WORDS})|\bI[- ]?(?i:squared?{_WORDS})"),
    ("Tau2", rf"(?:τ|(?i:\btau)[- ]?)\s?(?:2|(?i:squared?))(?![\d.,·])(?i:{_WORDS})"),
    ("Z", r"\b[Zz](?i:[- ]?(?:value|statistic|score))?(?=\s*[=:(]|\s(?:was|of)\b|\s*\Z)"),
    ("df", r"\b(?:[Dd]\.?\s?[Ff]\.?(?![A-Za-z])|DF\b|(?i:degrees? of freedom))"),
    ("k", r"\bk(?=\s*(?:=|\Z))"),
)  # fmt: skip
OF_HETEROGENEITY = re.compile(r"(?i)heterogen|het\b|inconsisten|\bQ\b|cochran")


@dataclass(frozen=True, slots=True)
class Reading:
    """One statistic as it was read.

    Attributes
    ----------
    statistic : str
        A measure such as ``OR``, or ``CI low``, ``CI high``, ``P``, ``Z``, ``Chi2``, ``df``, ``P(Q)``, ``I2``,
        ``I2 low``, ``I2 high``, ``Tau2``, ``k``.
    text : str
        As it stands in the text.
    number : Printed
        What it was read as, with the interval of the values that round to it.
    line, column, end : int
        Where it stands: line and first column count from 1, `end` is the column behind it.
    """

    statistic: str
    text: str
    number: Printed
    line: int
    column: int
    end: int


@dataclass(slots=True)
class Result:
    """The statistics of one effect or of one test of heterogeneity, in the order read.

    Attributes
    ----------
    measure : str or None
        Name of its effect, :data:`UNNAMED` where none is said, None where there is none.
    level : float
        Confidence level of its interval.
    readings : list of Reading
    """

    measure: str | None = None
    level: float = 0.95
    readings: list[Reading] = field(default_factory=list)

    def has(self, statistic: str) -> bool:
        """Return whether a statistic was read."""
        return any(r.statistic == statistic for r in self.readings)

    def numbers(self) -> dict[str, Printed]:
        """Return what was read, by statistic."""
        return {r.statistic: r.number for r in self.readings}


@dataclass(frozen=True, slots=True)
class Unread:
    """A number of the text that belongs to no statistic that was understood, with its place."""

    text: str
    line: int
    column: int
    end: int


@dataclass(frozen=True, slots=True)
class ReadText:
    """What was read of a text, and what was not."""

    results: tuple[Result, ...]
    unread: tuple[Unread, ...]


@dataclass(slots=True)
class Mark:
    """A piece of text: the name of a statistic, a number, a word or a sign, and whether its number was given away."""

    kind: str
    match: re.Match[str]
    used: bool = False

    @property
    def text(self) -> str:
        """The piece in its plain spelling."""
        return self.match[0]


@cache
def _pattern(comma: bool) -> re.Pattern[str]:
    number = f"(?P<number>{number_pattern(comma)})"
    labels = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _LABELS)
    return re.compile(rf"{labels}|{number}|(?P<end>[.!?](?=\s+[A-Z(]|\s*\Z))|(?P<word>\w+)|(?P<mark>\.\.+|\S)")


_KINDS = (*(kind for kind, _ in _LABELS), "number", "end", "word")


def marks_of(text: str, start: int, end: int, comma: bool) -> list[Mark]:
    """Cut a stretch of plain text into marks; `comma` says whether decimals stand behind a comma."""
    found = []
    for match in _pattern(comma).finditer(text, start, end):
        # What is none of these is a sign.
        found.append(Mark(next((kind for kind in _KINDS if match[kind] is not None), "sign"), match))
    return found


def measure_of(label: str) -> str:
    """Return the abbreviation of an effect's name: OR for "pooled odds ratios" and for "aORs"."""
    plain = label.lower().replace("-", " ")
    # A standardised mean difference is a mean difference too: the narrower name comes first.
    named = next((_NAMES[said] for said in ("standard", "weighted", *_NAMES) if said in plain), None)
    return named or label.lstrip("acmdjpole-").removesuffix("s")


def level_of(mark: Mark) -> float | None:
    """Return the confidence level that "95% CI" names, None where it names none."""
    said = mark.match["level"] or mark.match["level2"]
    return float(said.replace(",", ".")) / 100 if said else None


def has_decimals(mark: Mark) -> bool:
    """Whether a number is printed with decimals."""
    return re.search(r"[.,·]\d", mark.match["digits"]) is not None


class Source:
    """A text with its plain spelling, and what has been read of it."""

    def __init__(self, text: str) -> None:
        self.original, self.spelled = text, spell(text)
        self.results: list[Result] = []
        self.unread: list[Unread] = []
        self.lines = [0, *(m.end() for m in re.finditer("\n", text)), len(text) + 1]

    def place(self, start: int, end: int) -> tuple[str, int, int, int]:
        """Return text, line, first column and the column behind, of a stretch of the plain text."""
        begin, until = self.spelled.at[start], self.spelled.at[end - 1] + 1
        line = next(i for i, (one, other) in enumerate(pairwise(self.lines)) if one <= begin < other)
        return self.original[begin:until], line + 1, begin - self.lines[line] + 1, until - self.lines[line] + 1

    def reading(self, statistic: str, mark: Mark, comma: bool, unsigned: bool) -> Reading | None:
        """Return a number as the reading of a statistic, None where it is none that a float can hold."""
        plain = plain_number(mark.match, comma)
        try:
            number = read_printed(plain.removeprefix("-") if unsigned else plain)
        except DataError:
            return None
        text, *place = self.place(*mark.match.span())
        return Reading(statistic, text, number, *place)

    def leave(self, marks: list[Mark]) -> None:
        """List the numbers that were given to no statistic."""
        self.unread += [Unread(*self.place(*m.match.span())) for m in marks if m.kind == "number" and not m.used]
