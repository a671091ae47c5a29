"""Printed numbers: a number in a paper stands for every value that rounds to it.

A printed text such as ``2.14`` means a value between 2.135 and 2.145. Comparisons are made with that interval, never
with a percentage of difference.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtr, ndtri

from ..arithmetic.options import check_level
from ..arithmetic.results import PooledEffect
from ..arithmetic.subgroups import Subgroups
from ..errors import DataError
from ..text import number

VERDICTS = ("reproduced", "last digit", "not reproduced", "not checkable")
#: Floating-point noise allowed at the ends of a rounding interval, relative to its unit.
SLACK = 1e-6
_NUMBER = re.compile(r"(?P<sign><|>)?\s*(?P<number>-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|-?[0-9]+(?:\.[0-9]+)?)\s*%?")


@dataclass(frozen=True, slots=True)
class Printed:
    """A number as printed, and the values that round to it.

    Attributes
    ----------
    text : str
        As printed, digits kept.
    value : float
        The number the text denotes.
    unit : float
        The place value of its last digit.
    low, high : float
        Closed interval of the values that round to the text.
    """

    text: str
    value: float
    unit: float
    low: float
    high: float

    def contains(self, value: float) -> bool:
        """Whether `value`, rounded to the unit of the print, gives the printed text."""
        slack = SLACK * self.unit
        return self.low - slack <= value <= self.high + slack

    def verdict(self, value: float | None) -> str:
        """Return one of :data:`VERDICTS` for a recomputed value.

        "Last digit" is a value that rounds to a neighbour of the printed number.
        """
        if value is None or value != value:
            return "not checkable"
        if self.contains(value):
            return "reproduced"
        slack = SLACK * self.unit
        near = self.low - self.unit - slack <= value <= self.high + self.unit + slack
        return "last digit" if near else "not reproduced"


def read_printed(text: str, unit: float | None = None) -> Printed:
    """Read a printed number.

    Parameters
    ----------
    text : str
        For example ``2.14``, ``67%``, ``14,931`` or ``<0.001``.
    unit : float, optional
        Place value of the last digit that carries information, when it is not the last one printed (a P value padded
        with a zero).

    Raises
    ------
    DataError
        The text is no number (or none a float can hold), or the unit is not positive and finite.

    Examples
    --------
    >>> p = read_printed("0.760", unit=0.01)
    >>> round(p.low, 4), round(p.high, 4)
    (0.755, 0.765)
    """
    match = _NUMBER.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise DataError("the printed text is no number", value=text)
    digits = match["number"].replace(",", "")
    value = float(digits)
    if not math.isfinite(value):
        raise DataError("the printed number is too large", value=text)
    if unit is None:
        unit = 10.0 ** -len(digits.partition(".")[2])
    elif isinstance(unit, bool) or not isinstance(unit, (int, float, np.integer, np.floating)):
        raise DataError("the rounding unit must be a number", value=unit)
    if not 0 < unit < math.inf:
        raise DataError("the rounding unit must be positive and finite", value=unit)
    if match["sign"] == "<":
        return Printed(text, value, unit, 0.0, value)
    if match["sign"] == ">":
        return Printed(text, value, unit, value, float("inf"))
    return Printed(text, value, unit, value - unit / 2, value + unit / 2)


def statistics(effect: PooledEffect) -> dict[str, float | None]:
    """Return the statistics of a pooled effect under the names that forest plots print."""
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
    """Return the statistics of a test for subgroup differences under their printed names."""
    return {"Chi2": groups.Q, "df": groups.df, "P": groups.p, "I2": groups.I2}


def compare(printed: pd.DataFrame, values: Mapping[str, float | None]) -> pd.DataFrame:
    """Hold recomputed statistics against printed ones.

    Parameters
    ----------
    printed : DataFrame
        Rows of ``statistic, text, read_as, unit``, one printed number each.
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
        `values` lacks a statistic that is printed.
    """
    rows = []
    for row in printed.itertuples(index=False):
        if row.statistic not in values:
            raise DataError("no recomputed value for a printed statistic", value=row.statistic)
        value = values[row.statistic]
        digits = max(0, -math.floor(math.log10(row.unit) + 0.5))
        low = high = None
        verdict = "not checkable"
        # An empty cell is missing or an empty text, as the frame was read.
        read_as = row.read_as if isinstance(row.read_as, str) else ""
        # What is printed as a dash or a slash has no interval.
        if is_number(read_as or row.text):
            p = read_printed(read_as or row.text, row.unit)
            low, high, verdict = p.low, p.high, p.verdict(value)
        shown = f"{row.text} (read as {read_as})" if read_as else row.text
        rows.append((row.statistic, shown, low, high, value, number(value, digits), verdict))
    frame = pd.DataFrame(rows, columns=["statistic", "text", "low", "high", "value", "rounded", "verdict"])
    return frame.assign(id=printed["id"].tolist()) if "id" in printed else frame


def is_number(text: str) -> bool:
    """Whether a printed text can be read as a number."""
    return isinstance(text, str) and _NUMBER.fullmatch(text.strip()) is not None


def p_from_interval(estimate: Printed, low: Printed, high: Printed, *, level: float = 0.95) -> tuple[float, float]:
    """Return the smallest and largest P that a printed ratio and its confidence interval allow.

    On the log scale a Wald interval is symmetric about the estimate, so the estimate must lie both in its own rounding
    interval and in that of the middle of the limits; the standard error follows from the width.

    Parameters
    ----------
    estimate, low, high : Printed
        A ratio and its limits, all positive.

    Raises
    ------
    DataError
        A limit or the estimate is not positive or is a bound, the limits stand in the wrong order, or the estimate
        cannot be the middle of its interval.
    """
    for printed in (estimate, low, high):
        if printed.value <= 0:
            raise DataError("a ratio must be positive", value=printed.text)
        if printed.high == math.inf:
            raise DataError("a bound leaves the interval open", value=printed.text)
    if low.low > high.high:
        raise DataError("the lower limit exceeds the upper", value=f"{low.text} to {high.text}")
    z = ndtri(0.5 + check_level(level) / 2)

    def log_ends(p: Printed) -> tuple[float, float]:
        return math.log(max(p.low, p.unit / 1e6)), math.log(p.high)

    (l0, l1), (h0, h1), (e0, e1) = log_ends(low), log_ends(high), log_ends(estimate)
    centre0, centre1 = max(e0, (l0 + h0) / 2), min(e1, (l1 + h1) / 2)
    if centre0 > centre1:
        raise DataError("the estimate is not in the middle of its interval on the log scale", value=estimate.text)
    se0, se1 = (h0 - l1) / (2 * z), (h1 - l0) / (2 * z)
    nearest = 0.0 if centre0 <= 0 <= centre1 else min(abs(centre0), abs(centre1))
    farthest = max(abs(centre0), abs(centre1))
    return float(2 * ndtr(-farthest / se0)), float(2 * ndtr(-nearest / se1))


def p_q_from_i2(i2: Printed, df: int) -> tuple[float, float]:
    """Return the smallest and largest P of heterogeneity that a printed I2 allows with `df` degrees of freedom.

    I2 = 100 (Q - df) / Q fixes Q = df / (1 - I2 / 100), and P is its upper chi-square tail. A printed I2 of 0 allows
    every Q from 0 on, because negative values are printed as 0.

    Raises
    ------
    DataError
        `df` is not positive, or I2 is 100 or more.
    """
    if isinstance(df, bool) or not isinstance(df, (int, np.integer)) or df < 1:
        raise DataError("heterogeneity needs at least one degree of freedom", value=df)
    if i2.low >= 100:
        raise DataError("I2 must be below 100", value=i2.text)

    def tail(percent: float) -> float:
        return 0.0 if percent >= 100 else float(chdtrc(df, df / (1 - percent / 100)))

    return tail(i2.high), 1.0 if i2.low <= 0 else tail(i2.low)


def overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two closed intervals share a value."""
    return max(one[0], other[0]) <= min(one[1], other[1])
