"""Rows of tables: the numbers of a cell belong to the names in the head of its column."""

from __future__ import annotations

import re

from .text_marks import HETEROGENEITY, OF_HETEROGENEITY, UNNAMED, Mark, Result, Source, level_of, marks_of, measure_of


def cells_of(source: Source, start: int, end: int, comma: bool) -> list[list[Mark]]:
    """Return the marks of the cells of a line, or none where it is no line of a table."""
    at = source.spelled.at
    line = "".join(
        source.original[at[i]] if source.original[at[i]] in "\t|" else source.spelled.text[i] for i in range(start, end)
    )
    sign = next((s for s in "\t|;" if line.count(s) >= 2), "," if line.count(",") >= 2 else "")
    if not sign:
        return []
    pattern = re.compile(rf'\s*"(?:[^"]|"")*"\s*|[^{re.escape(sign)}]*')
    cells, position = [], 0
    while position <= len(line):
        match = pattern.match(line, position)
        assert match is not None
        cells.append(marks_of(source.spelled.text, start + match.start(), start + match.end(), comma))
        position = match.end() + 1
    return cells


def read_row(source: Source, header: list[list[Mark]], cells: list[list[Mark]], comma: bool) -> None:
    """Read a row of a table: the numbers of a cell belong to the names in the head of its column, in order."""
    effect, spread = Result(), Result()
    last = ""
    for labels, marks in zip(header, cells, strict=True):
        numbers = [m for m in marks if m.kind == "number"]
        slots: list[str] = []
        for label in labels:
            if label.kind == "effect":
                last = effect.measure = measure_of(label.text)
                slots.append(last)
            elif label.kind == "ci":
                if effect.measure is None:
                    effect.measure = UNNAMED
                effect.level = level_of(label) or 0.95
                slots += ["CI low", "CI high"]
            elif label.kind == "p":
                of_spread = last in ("Chi2", "df", "I2", "Tau2") or OF_HETEROGENEITY.search(label.text)
                slots.append("P(Q)" if of_spread else "P")
            else:
                last = label.kind
                slots.append(last)
        if len(slots) != len(numbers):
            continue
        for slot, mark in zip(slots, numbers, strict=True):
            target = spread if slot in HETEROGENEITY else effect
            joined = slot == "CI high" and marks[marks.index(mark) - 1].kind == "number"
            reading = None if target.has(slot) else source.reading(slot, mark, comma, joined)
            if reading is not None:
                target.readings.append(reading)
                mark.used = True
    source.results += [effect, spread]
    source.leave([m for marks in cells for m in marks])
