"""The ledger: every printed number of a paper beside its recomputation, with a verdict and a reason."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from .. import text
from .published import VERDICTS, is_number, read_printed

COLUMNS = (
    "id", "place", "outcome", "excluded", "statistic", "printed", "low", "high", "recomputed", "recomputed_low",
    "recomputed_high", "rounded", "verdict", "reason", "chapter",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What an analysis gives for its printed statistics.

    Attributes
    ----------
    candidates : sequence of mapping
        Statistic -> value. Several mappings when the tables are not identified, one for each candidate.
    chapter : str
        Where it is computed.
    reason : str
        How the values come about.
    """

    candidates: Sequence[Mapping[str, float | None]] = field(default=())
    chapter: str = ""
    reason: str = ""


def ledger(published: pd.DataFrame, recomputed: Mapping[tuple[str, str], Recomputed]) -> pd.DataFrame:
    """Hold every printed number against its recomputation.

    A number counts as reproduced only if every candidate reproduces it; otherwise the best verdict of any candidate is
    given, because a table that does better is not excluded.

    Parameters
    ----------
    published : DataFrame
        Rows of ``id, place, outcome, excluded, statistic, text, read_as, unit, note``.
    recomputed : mapping
        ``(outcome, excluded)`` -> :class:`Recomputed`. A missing key, a missing statistic or a value of None makes a
        number "not checkable".

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`, one row a printed number, in the order given. ``recomputed`` is unrounded (the first
        candidate's), ``rounded`` has the digits of the print.
    """
    rows = []
    for row in published.itertuples(index=False):
        entry = recomputed.get((row.outcome, row.excluded), Recomputed(reason="nothing to compute it from"))
        values = [
            v for v in (candidate.get(row.statistic) for candidate in entry.candidates) if v is not None and v == v
        ]
        shown = row.read_as or row.text
        low = high = first = least = most = None
        verdict, rounded, reason = "not checkable", "–", entry.reason
        if not is_number(shown):
            reason = row.note or "not printed as a number"
        elif not values:
            reason = entry.reason if not entry.candidates else f"no such statistic is computed; {entry.reason}"
            printed = read_printed(shown, row.unit)
            low, high = printed.low, printed.high
        else:
            printed = read_printed(shown, row.unit)
            low, high = printed.low, printed.high
            verdicts = [printed.verdict(v) for v in values]
            verdict = "reproduced" if set(verdicts) == {"reproduced"} else min(verdicts, key=VERDICTS.index)
            first, least, most = values[0], min(values), max(values)
            digits = max(0, -math.floor(math.log10(row.unit) + 0.5))
            rounded = " to ".join(dict.fromkeys(text.number(v, digits) for v in (least, most)))
            if row.note:
                reason = f"{reason}; {row.note}"
        rows.append(
            (row.id, row.place, row.outcome, row.excluded, row.statistic, row.text, low, high, first, least, most,
             rounded, verdict, reason, entry.chapter)
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def tally(frame: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Return the number of ledger rows by verdict, in the order of :data:`~metalib.published.VERDICTS`.

    Parameters
    ----------
    frame : DataFrame
        From :func:`ledger`.
    by : str, optional
        Column to count by; by default all rows together.
    """
    if by is None:
        counts = frame["verdict"].value_counts().reindex(VERDICTS, fill_value=0)
        return counts.rename("numbers").rename_axis("verdict").reset_index()
    table = pd.crosstab(frame[by], frame["verdict"]).reindex(columns=list(VERDICTS), fill_value=0)
    return table.reindex(frame[by].unique()).rename_axis(columns=None).reset_index()
