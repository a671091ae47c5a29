"""The ledger: every printed number of a paper beside its recomputation, with a verdict and a reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from .. import text
from .compare import limits, verdict
from .printed import VERDICTS, decimals, read_rows

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


#: What agreement on a printed number says: nothing new, nothing by itself, something.
STANDINGS = ("repeated", "used", "held out")
NOTHING = Recomputed(reason="nothing to compute it from")


def ledger(published: pd.DataFrame, recomputed: Mapping[tuple[str, str], Recomputed]) -> pd.DataFrame:
    """Hold every printed number against its recomputation.

    Parameters
    ----------
    published : DataFrame
        Rows of ``id, place, outcome, excluded, statistic, text, read_as, unit, note``.
    recomputed : mapping
        ``(outcome, excluded)`` -> :class:`Recomputed`. A missing key, a missing statistic or a value of None makes a
        number "not checkable"; over several candidates :func:`~metalib.audit.compare.verdict` decides.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`, one row a printed number, in the order given. ``recomputed`` is unrounded (the first
        candidate's), ``rounded`` has the digits of the print.

    Raises
    ------
    DataError
        A text is neither a number nor one of those that say that there is none.
    """
    rows = []
    for row, printed in zip(published.to_dict("records"), read_rows(published), strict=True):
        entry = recomputed.get((row["outcome"], row["excluded"]), NOTHING)
        found = (candidate.get(row["statistic"]) for candidate in entry.candidates)
        values = [value for value in found if value is not None and value == value]
        first = least = most = None
        rounded, reason, decided = "–", entry.reason, verdict(printed, values)
        if printed is None:
            reason = row["note"] or "not printed as a number"
        elif not values:
            reason = f"no such statistic is computed; {reason}" if entry.candidates else reason
        else:
            first, least, most = values[0], min(values), max(values)
            digits = decimals(printed.unit)
            rounded = " to ".join(dict.fromkeys(text.number(value, digits) for value in (least, most)))
            some = "only some candidates reproduce it" if decided == "not checkable" else ""
            reason = "; ".join(part for part in (some, reason, row["note"]) if part)
        start = [row[name] for name in ("id", "place", "outcome", "excluded", "statistic", "text")]
        low, high = limits(printed, row["statistic"])
        rows.append((*start, low, high, first, least, most, rounded, decided, reason, entry.chapter))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def tally(frame: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Return the number of ledger rows by verdict, in the order of :data:`~metalib.audit.printed.VERDICTS`.

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


def standing(published: pd.DataFrame, used: Collection[str]) -> pd.Series[str]:
    """Return for each printed number what agreement with it says of tables that were chosen to agree with some.

    Parameters
    ----------
    published : DataFrame
        Rows of ``id, outcome, excluded, statistic, text``.
    used : collection of str
        Ids of the numbers that chose the tables, see :attr:`metalib.recover.Puzzle.roles`.

    Returns
    -------
    Series
        ``used``; ``repeated`` where the same text of the same statistic stands elsewhere (of several the used one, or
        else the last, is not a repeat); ``held out``. Indexed as `published`.
    """
    is_used = published["id"].isin(list(used))
    last = is_used.sort_values(kind="stable").index
    same = published.loc[last, ["outcome", "excluded", "statistic", "text"]]
    repeated = same.duplicated(keep="last").reindex(published.index) & ~is_used
    names = ["repeated" if r else "used" if u else "held out" for r, u in zip(repeated, is_used, strict=True)]
    return pd.Series(names, index=published.index)
