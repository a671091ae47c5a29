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
from .text_marks import Mark, ReadText, Result, Source
from .text_passage import Passage
from .text_tables import cells_of, read_row

_UNCHECKED = re.compile(r"(?i)\brespectively\b")
_PARAGRAPH = re.compile(r"\n[ \t]*\n|\Z")


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
    passage = Passage(source, start, end, comma)
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
