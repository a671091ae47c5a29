"""Statistics read from running text and tables, as papers print them.

A passage is cut into marks: names of statistics, numbers, words. Numbers are given to the names before them; what
belongs to one effect, or to one test of heterogeneity, makes one :class:`Result`. Every number that was given to no
name is listed, so that nothing of a text is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ..errors import DataError
from .printed import read_printed
from .spelling import decimal_comma
from .text_marks import (
    EFFECT,
    HETEROGENEITY,
    OF_HETEROGENEITY,
    UNNAMED,
    Mark,
    ReadText,
    Result,
    Source,
    has_decimals,
    level_of,
    marks_of,
    measure_of,
)  # fmt: skip
from .text_tables import cells_of, read_row

_OTHER = re.compile(
    r"(?i)egger|begg|publication bias|asymmetr|interaction|trend|log.?rank|regression|subgroup|sensitivity"
)
_NO_EFFECT = re.compile(r"(?i)\b(?:median|IQR|interquartile|range|aged?|years|SD)\b")
_UNCHECKED = re.compile(r"(?i)\brespectively\b")
_PARAGRAPH = re.compile(r"\n[ \t]*\n|\Z")
_OPEN, _CLOSE, _JOIN, _DASHES = "([", ")]", ("to", "and", "until", "bis", "a", "à", "y", ",", ";", "/"), "-–−"


class _Passage:
    """Reads one paragraph or one cell; keeps the effect and the heterogeneity that are being read."""

    def __init__(self, source: Source, start: int, end: int, comma: bool, scale: str = "") -> None:
        self.source, self.comma, self.text = source, comma, source.spelled.text
        self.marks = marks_of(self.text, start, end, comma)
        self.effect: Result | None = None
        self.spread: Result | None = None
        self.last = ""
        self.sentence = 0
        self.said: int = -1
        self.behind = start
        self.measure = scale or UNNAMED
        self.has_interval = any(m.kind in ("ci", "effect") for m in self.marks)

    def read(self) -> None:
        i = 0
        while i < len(self.marks):
            mark = self.marks[i]
            following = i + 1
            if mark.kind == "end":
                self.sentence, self.last, self.spread = self.sentence + 1, "", None
            elif mark.kind == "effect":
                self.measure = measure_of(mark.text)
                following = self.read_effect(i)
            elif mark.kind == "ci":
                following = self.read_interval(i)
            elif mark.kind == "number":
                following = self.read_number(i)
            elif mark.kind in ("p", "Chi2", "I2", "Tau2", "Z", "df", "k"):
                following = self.read_statistic(i)
            i = following

    def kind(self, i: int) -> str:
        return self.marks[i].kind if 0 <= i < len(self.marks) else ""

    def is_sign(self, i: int, *texts: str) -> bool:
        return 0 <= i < len(self.marks) and self.kind(i) in ("sign", "word") and self.marks[i].text in texts

    def skip(self, i: int, words: int) -> int:
        """Return where what stands between a name and its number ends: equal signs, brackets and a few words."""
        while i < len(self.marks):
            if self.is_sign(i, "=", ":", ",", "(", "[", "≈", "of", "was", "were", "is", "at", "equals"):
                i += 1
            elif self.kind(i) == "word" and words:
                words -= 1
                i += 1
            else:
                break
        return i

    def pair(self, i: int) -> tuple[int, int, int] | None:
        """Return the marks of two limits that begin at i, and where they end."""
        while self.is_sign(i, *_OPEN, ",", ";", ":", "=", "of", "was", "from", "between", "ranging", "–", "-"):
            i += 1
        if self.kind(i) != "number":
            return None
        j = i + 1
        if self.is_sign(j, *_JOIN, *_DASHES, ".."):
            j += 1
        elif not (self.kind(j) == "number" and self.marks[j].match["sign"]):
            return None
        if self.kind(j) != "number":
            return None
        return i, j, j + 1 + self.is_sign(j + 1, *_CLOSE)

    def read_effect(self, i: int) -> int:
        start, bracketed = i, False
        i += 1
        words = 8
        # Behind the name can stand "(95% CI)", "[OR]", "(M-H, Fixed, 95% CI)" or some words.
        level = None
        while i < len(self.marks):
            if self.kind(i) == "ci" and (bracketed or self.is_sign(i + 1, "=", ":") or level is None):
                level = level_of(self.marks[i]) or level
                if not bracketed and self.pair(i + 1) and not self.triple(i + 1):
                    return start + 1
            elif self.is_sign(i, *_OPEN):
                bracketed = True
            elif self.is_sign(i, *_CLOSE):
                bracketed = False
            elif self.kind(i) == "word" and words:
                words -= 0 if bracketed else 1
            elif self.kind(i) != "effect" and not (self.kind(i) == "sign" and self.marks[i].text in "=:,;≈-/"):
                break
            i += 1
        if self.kind(i) != "number" or (words < 8 and not has_decimals(self.marks[i])):
            return start + 1
        if self.kind(i + 1) == "word" and self.marks[i + 1].text not in _JOIN and not has_decimals(self.marks[i]):
            return start + 1
        return self.begin(i, level)

    def triple(self, i: int) -> bool:
        """Whether three numbers stand in a row: an estimate and its limits."""
        i = self.skip(i, 0)
        return self.kind(i) == "number" and self.pair(i + 1) is not None

    def begin(self, i: int, level: float | None) -> int:
        """Begin an effect with its estimate at i, and take the interval that follows."""
        estimate = self.marks[i]
        self.effect, self.spread, self.said = Result(self.measure), None, self.sentence
        self.source.results.append(self.effect)
        self.take(self.effect, self.measure, estimate)
        j = i + 1
        while self.is_sign(j, ",", ";", ":", *_OPEN, "with", "a"):
            j += 1
        if self.kind(j) == "ci":
            limits = self.pair(j + 1)
            level = level_of(self.marks[j]) or level
        else:
            directly = self.is_sign(i + 1, *_OPEN) or level is not None
            limits = self.pair(i + 1) if directly else None
        return self.limits(limits, level) if limits else i + 1

    def limits(self, limits: tuple[int, int, int], level: float | None) -> int:
        low, high, end = limits
        assert self.effect is not None
        self.effect.level = level or 0.95
        self.take(self.effect, "CI low", self.marks[low])
        # "0.27 –0.76": between two limits the dash is no sign unless another mark parts them.
        self.take(self.effect, "CI high", self.marks[high], unsigned=high == low + 1)
        self.last = "CI"
        return end

    def read_interval(self, i: int) -> int:
        limits = self.pair(i + 1)
        if limits is None or self.last == "I2":
            return self.i2_interval(limits, i)
        if self.effect is not None and not self.effect.has("CI low") and self.said == self.sentence:
            return self.limits(limits, level_of(self.marks[i]))
        return i + 1

    def i2_interval(self, limits: tuple[int, int, int] | None, i: int) -> int:
        if limits is None or self.spread is None:
            return i + 1
        for name, j in (("I2 low", limits[0]), ("I2 high", limits[1])):
            self.take(self.spread, name, self.marks[j])
        self.last = "I2"
        return limits[2]

    def read_number(self, i: int) -> int:
        """Read a number without a name before it: degrees of freedom, or an estimate whose interval follows."""
        if self.kind(i + 1) == "df" and not self.is_sign(i + 2, "="):
            self.take(self.heterogeneity("df"), "df", self.marks[i])
            return i + 2
        j = i + 1
        while self.is_sign(j, ",", ";", *_OPEN):
            j += 1
        limits = self.pair(j + 1) if self.kind(j) == "ci" else None
        like = self.effect is not None and self.effect.has("CI low") and self.said == self.sentence
        pair = self.pair(i + 1)
        if limits is None and pair and self.has_interval and self.is_sign(i + 1, "[", "(" if like else "["):
            # RevMan's "2.14 [1.32, 3.48]", or one more of a list of effects.
            numbers = [self.marks[i], *(self.marks[k] for k in pair[:2])]
            same = len({len(m.match["digits"].rpartition(".")[2]) for m in numbers if has_decimals(m)}) == 1
            if same and all(map(has_decimals, numbers)) and not _NO_EFFECT.search(self.line_of(i)):
                limits = pair
        if limits is None or self.marks[i].match["percent"]:
            return i + 1
        return self.begin(i, level_of(self.marks[j]) if self.kind(j) == "ci" else None)

    def line_of(self, i: int) -> str:
        start = self.text.rfind("\n", 0, self.marks[i].match.start()) + 1
        return self.text[start : self.marks[i].match.start()]

    def read_statistic(self, i: int) -> int:
        kind = self.marks[i].kind
        j = i + 1
        inside = None
        if kind in ("Chi2", "Z") and self.is_sign(j, *_OPEN):
            # The degrees of freedom stand in brackets: "χ2(3) = 2.55", "χ2 (df = 3) = 2.55".
            k = self.skip(j, 0) + (self.kind(self.skip(j, 0)) == "df")
            k = self.skip(k, 0)
            close = next((m for m in range(k, min(k + 7, len(self.marks))) if self.is_sign(m, *_CLOSE)), None)
            if self.kind(k) == "number" and close is not None and self.is_sign(close + 1, "=", ":", "was"):
                inside, j = k, close + 1
        elif kind == "Chi2" and self.kind(j) == "number" and self.is_sign(j + 1, "="):
            inside, j = j, j + 1
        j = self.skip(j, 0 if kind in ("df", "k", "Z") else 5 if kind == "p" else 3)
        if self.kind(j) != "number":
            return i + 1
        number = self.marks[j]
        if kind == "p":
            self.read_p(j)
        elif kind == "Z":
            target = self.effect
            if target is None or target.has("Z") or inside is not None:
                target = self.effect = self.lone()
            self.said = self.sentence
            self.take(target, "Z", number)
            self.last = "Z"
        else:
            if inside is not None:
                self.take(self.heterogeneity("df"), "df", self.marks[inside])
            self.take(self.heterogeneity(kind), kind, number)
            self.last = kind
            limits = self.pair(j + 1) if kind == "I2" and self.is_sign(j + 1, *_OPEN) else None
            if limits:
                return self.i2_interval(limits, j)
        return j + 1

    def heterogeneity(self, statistic: str) -> Result:
        """Return the test of heterogeneity that a statistic belongs to, a new one where it has that already."""
        if self.spread is None or self.spread.has(statistic):
            self.spread = self.lone()
        return self.spread

    def lone(self) -> Result:
        self.source.results.append(Result())
        return self.source.results[-1]

    def read_p(self, j: int) -> None:
        """Give a P to the effect, to heterogeneity or to neither, by the words around it and what was read before."""
        number = self.marks[j]
        after = self.text[number.match.end() : number.match.end() + 40]
        said = re.match(r"\s?(?:for|of)\s[\w -]*", after)
        around = self.text[self.behind : number.match.start()].rpartition(". ")[2] + (said[0] if said else "")
        following = next((m.kind for m in self.marks[j + 1 : j + 4] if m.kind not in ("sign", "word")), "")
        overall = re.search(r"(?i)overall effect|effect size", around)
        spread = self.last in ("Chi2", "df", "I2", "Tau2", "P(Q)") or (
            self.last not in ("CI", "Z", "effect") and following in ("I2", "Chi2", "Tau2")
        )
        if _OTHER.search(around) and not spread:
            self.take(self.lone(), "P", number)
        elif (OF_HETEROGENEITY.search(around) or spread) and not overall:
            self.take(self.heterogeneity("P(Q)"), "P(Q)", number)
            self.last = "P(Q)"
        else:
            effect = self.effect
            if effect is None or effect.has("P") or self.said != self.sentence or not self.last:
                effect = self.lone()
            self.take(effect, "P", number)
            self.last = "P"

    def take(self, result: Result, statistic: str, mark: Mark, *, unsigned: bool = False) -> None:
        reading = self.source.reading(statistic, mark, self.comma, unsigned)
        if reading is not None:
            result.readings.append(reading)
            mark.used = True
            self.behind = mark.match.end()
            if statistic not in (*EFFECT, *HETEROGENEITY):
                self.last = self.last if statistic.startswith("I2") else "effect"


def read_results(text: str) -> ReadText:
    """Read the statistics of a text.

    Parameters
    ----------
    text : str
        Sentences, lines or tables (CSV, tabs or bars between cells), in the spelling of any journal: decimal points,
        raised points or commas; ``.05`` without its zero; any dash; LaTeX, HTML or Markdown.

    Returns
    -------
    ReadText
        Results in the order of the text, and every number that is part of none.

    Raises
    ------
    DataError
        `text` is no text.

    Examples
    --------
    >>> found = read_results("OR 0,45 (IC 95% 0,27–0,76; p = 0,003) in 5 trials")
    >>> {r.statistic: r.number.text for r in found.results[0].readings}
    {'OR': '0.45', 'CI low': '0.27', 'CI high': '0.76', 'P': '0.003'}
    >>> [u.text for u in found.unread]
    ['5']
    """
    if not isinstance(text, str):
        raise DataError("statistics are read from text", value=text)
    source = Source(text)
    plain, start = source.spelled.text, 0
    for match in _PARAGRAPH.finditer(plain):
        if match.start() > start:
            comma = decimal_comma(plain[start : match.start()])
            _read_paragraph(source, start, match.start(), comma)
        start = match.end()
    source.unread.sort(key=lambda u: (u.line, u.column))
    _unpad([r for r in source.results if r.readings])
    return ReadText(tuple(r for r in source.results if r.readings), tuple(source.unread))


def _unpad(results: list[Result]) -> None:
    """Read P values to two decimals where the journal has padded those of its authors with a zero.

    Programs print two decimals from 0.01 on. That three decimals end in 0 by chance is one in ten each time, so three
    of them, and none that does not, are taken for padding.
    """
    of_p = [r for result in results for r in result.readings if r.statistic in ("P", "P(Q)")]
    three = [r for r in of_p if re.fullmatch(r"0\.\d{3}", r.number.text) and r.number.value >= 0.01]
    if len(three) < 3 or not all(r.number.text.endswith("0") for r in three):
        return
    padded = {id(r) for r in three}
    for result in results:
        result.readings = [
            replace(r, number=read_printed(r.number.text[:-1])) if id(r) in padded else r for r in result.readings
        ]


def _read_paragraph(source: Source, start: int, end: int, comma: bool) -> None:
    """Read a paragraph: its lines, and tables where it has any."""
    prose = start
    header: list[list[Mark]] = []
    for begin, until in _lines(source.spelled.text, start, end):
        cells = cells_of(source, begin, until, comma)
        labels = [[m for m in marks if m.kind not in ("sign", "word", "end", "number")] for marks in cells]
        if len([c for c in labels if c]) >= 2 and not any(m.kind == "number" for marks in cells for m in marks):
            _read_prose(source, prose, begin, comma)
            header, prose = labels, until
        elif header and len(cells) == len(header):
            _read_prose(source, prose, begin, comma)
            read_row(source, header, cells, comma)
            prose = until
    _read_prose(source, prose, end, comma)


def _read_prose(source: Source, start: int, end: int, comma: bool) -> None:
    passage = _Passage(source, start, end, comma)
    # Values and intervals in two lists cannot be paired by place.
    sentence: list[Mark] = []
    kept: list[Mark] = []
    for mark in [*passage.marks, None]:
        if mark is not None:
            sentence.append(mark)
        if mark is None or mark.kind == "end":
            if not any(m.kind == "word" and _UNCHECKED.search(m.text) for m in sentence):
                kept += sentence
            sentence = []
    everything, passage.marks = passage.marks, kept
    passage.read()
    source.leave(everything)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        until = text.find("\n", start, end)
        until = end if until < 0 else until
        yield start, until
        start = until + 1
