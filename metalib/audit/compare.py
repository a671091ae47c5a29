"""Recomputed statistics beside printed ones: what agrees, what differs in its last digit, what does not agree."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from .. import text
from ..arithmetic.results import PooledEffect
from ..arithmetic.subgroups import Subgroups
from ..errors import DataError
from .printed import VERDICTS, Printed, decimals, read_rows

#: A bound such as ``<0.001`` leaves values open below, but of these none under 0.
NEVER_NEGATIVE = ("P", "P(Q)", "Z", "Chi2", "df", "I2")


def forest_statistics(effect: PooledEffect) -> dict[str, float | None]:
    """Return the statistics that a forest plot prints of a pooled effect, under the names they have there."""
    return {
        effect.measure: effect.natural(effect.estimate),
        "CI low": effect.natural(effect.ci_low),
        "CI high": effect.natural(effect.ci_high),
        "P": effect.p,
        "Z": None if effect.statistic is None else abs(effect.statistic),
        "Chi2": effect.Q,
        "df": effect.df,
        "P(Q)": effect.p_Q,
        "I2": effect.I2,
    }


def difference_statistics(groups: Subgroups) -> dict[str, float | None]:
    """Return the statistics that a forest plot prints of a test for subgroup differences."""
    return {"Chi2": groups.Q, "df": groups.df, "P": groups.p, "I2": groups.I2}


def verdict(printed: Printed | None, values: Sequence[float]) -> str:
    """Return the verdict on a printed number of which one value was recomputed, or one for each candidate table.

    A verdict must hold whichever candidate is the true table. Where some reproduce the number and others do not, it is
    not checkable; where none does, the mildest verdict of any is given.
    """
    if printed is None or not values:
        return "not checkable"
    found = {printed.verdict(value) for value in values}
    return "not checkable" if "reproduced" in found and len(found) > 1 else min(found, key=VERDICTS.index)


def limits(printed: Printed | None, statistic: str) -> tuple[float | None, float | None]:
    """Return the smallest and largest value of a statistic that round to its print; None where there is no limit."""
    if printed is None:
        return None, None
    low = max(printed.low, 0.0) if printed.is_bound and statistic in NEVER_NEGATIVE else printed.low
    return (low if math.isfinite(low) else None), (printed.high if math.isfinite(printed.high) else None)


def compare(printed: pd.DataFrame, values: Mapping[str, float | None]) -> pd.DataFrame:
    """Hold the statistics of one result against their print.

    Parameters
    ----------
    printed : DataFrame
        Rows of ``published.csv``: ``statistic, text, read_as, unit``, one printed number each.
    values : mapping
        Recomputed value of each statistic, by name.

    Returns
    -------
    DataFrame
        ``statistic, text, low, high, value, rounded, verdict``, one row a printed number, in the order given, and
        ``id`` where `printed` has it. ``value`` is unrounded, ``rounded`` a text with the digits of the print.

    Raises
    ------
    DataError
        `values` lacks a statistic that is printed, or a text is no number (:func:`~metalib.audit.printed.read_rows`).
    """
    rows = []
    for row, number in zip(printed.to_dict("records"), read_rows(printed), strict=True):
        name = row["statistic"]
        if name not in values:
            raise DataError("no recomputed value for a printed statistic", value=name)
        value = values[name]
        known = [] if value is None or value != value else [value]
        shown = (
            row["text"] if number is None or number.text == row["text"] else f"{row['text']} (read as {number.text})"
        )
        rounded = text.number(value, decimals(row["unit"]))
        rows.append((name, shown, *limits(number, name), value, rounded, verdict(number, known)))
    frame = pd.DataFrame(rows, columns=["statistic", "text", "low", "high", "value", "rounded", "verdict"])
    return frame.assign(id=printed["id"].tolist()) if "id" in printed else frame
