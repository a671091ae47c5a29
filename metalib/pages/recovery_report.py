"""The report of a recovery as one HTML page that needs no other file."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..recover import Recovery
from ..recover.parts import Stat
from ..text import count, interval, minus_signs, number, p_value, percent
from .markup import render_html

#: So many of the numbers that would decide most are shown.
DECIDING = 10
VERDICTS = {
    "solved": "Tables of whole numbers agree with every printed number.",
    "none": "No table of whole numbers agrees with every printed number.",
    "limit": "A limit ended the search before its end: what follows is proven, but not all that could be found.",
}
Rows = Sequence[Sequence[str]]


def report_page(recovery: Recovery) -> str:
    """Return the page: how firmly each table is identified, what the solutions conclude, what was taken for granted."""
    puzzle = recovery.puzzle
    return render_html(
        "recovery_report",
        title=puzzle.title or "Recovery",
        verdict=VERDICTS[recovery.status],
        message=recovery.message,
        summary=recovery.summary().splitlines(),
        tables=_tables(recovery.tables(), recovery.identification),
        conclusions=_conclusions(recovery.conclusions),
        deciding=[
            (row["number"], count(row["values"]), number(row["left"], 1), count(row["most"]))
            for row in recovery.deciding.head(DECIDING).to_dict("records")
        ],
        arms=[
            (
                s.id,
                *(_span(n) for n in (s.n_t, s.n_c)),
                "" if s.max_arm_difference is None else str(s.max_arm_difference),
            )
            for s in puzzle.studies
        ],
        pooling=[
            (r.id, r.measure, r.method, r.model, ", ".join(r.studies), _held_back(r.stats)) for r in puzzle.results
        ],
        assumptions=puzzle.assumptions,
    )


def _tables(tables: pd.DataFrame, identification: pd.DataFrame) -> Rows:
    ranges = identification.set_index(["outcome", "study"])
    rows = []
    for row in tables.to_dict("records"):
        cell = ranges.loc[(row["outcome"], row["study"])]
        if row["events_t"] is not pd.NA:
            counts = f"{row['events_t']}/{row['n_t']} v {row['events_c']}/{row['n_c']}"
        elif cell["low_t"] is not pd.NA:
            counts = f"events {_span((cell['low_t'], cell['high_t']))} v {_span((cell['low_c'], cell['high_c']))}"
        else:
            counts = "–"
        known = count(cell["values"]) if cell["values"] else "–"
        rows.append((row["outcome"], row["study"], row["status"], counts, known))
    return rows


def _conclusions(conclusions: pd.DataFrame) -> Rows:
    rows = []
    for row in conclusions.to_dict("records"):
        effect = minus_signs(interval(row["effect_low"], row["effect_high"]))
        p = [p_value(x) for x in (row["p_low"], row["p_high"])]
        model = f"{row['model']}{'' if row['as_printed'] else ' (not as printed)'}"
        share = percent(100 * row["significant"], 1)
        rows.append((str(row["result"]), model, effect, p[0] if p[0] == p[1] else f"{p[0]} to {p[1]}", share))
    return rows


def _span(ends: tuple[int, int]) -> str:
    return str(ends[0]) if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _held_back(stats: Sequence[Stat]) -> str:
    return ", ".join(f"{s.name} {s.printed.text}" for s in stats if s.role != "search")
