"""The only reader of printed numbers: a number in a paper stands for every value that rounds to it.

A printed text such as ``2.14`` means a value between 2.135 and 2.145. Comparisons are made with that interval, never
with a percentage of difference.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import DataError

VERDICTS = ("reproduced", "last digit", "not reproduced", "not checkable")
#: Floating-point noise allowed at the ends of a rounding interval, relative to its unit.
SLACK = 1e-6
LARGEST_UNIT = 1e9
#: What some journals print where there is no number, for example no heterogeneity of a single study.
ABSENT = ("/", "-", "–", "—", "NA", "N/A", "n/a", "NR")

_NUMBER = re.compile(
    r"(?P<bound><=|>=|[<>≤≥])?\s*(?P<sign>[+\-−–])?"
    r"(?:(?P<grouped>[0-9]{1,3}(?:,[0-9]{3})+)|(?P<whole>[0-9]{1,40}))(?:[.·](?P<decimals>[0-9]{1,15}))?(?P<percent>\s*%)?"
)
_AT_MOST = ("<", "<=", "≤")


@dataclass(frozen=True, slots=True)
class Printed:
    """A number as printed, and the values that round to it.

    Attributes
    ----------
    text : str
        As printed, digits kept.
    value : float
        The number the text denotes; of a bound, the bound.
    unit : float
        The place value of its last digit that carries information.
    low, high : float
        Closed interval of the values that round to the text; infinite on the open side of a bound.
    percent : bool
        Whether a percent sign stands behind it. The numbers here are those in front of the sign.
    """

    text: str
    value: float
    unit: float
    low: float
    high: float
    percent: bool = False

    @property
    def is_bound(self) -> bool:
        """Whether the text is ``<`` or ``>`` a number."""
        return math.isinf(self.low) or math.isinf(self.high)

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


def read_printed(text: object, unit: object = None, *, file: object = None, row: int | None = None) -> Printed:
    """Read a printed number.

    Parameters
    ----------
    text : str
        A decimal number as journals print it: ``2.14``, ``2·14``, ``−0.31`` (minus, dash or hyphen), ``+0.5``,
        ``67%``, ``14,931``, or a bound such as ``<0.001`` or ``≤0.05``.
    unit : float, optional
        Place value of the last digit that carries information, when it is not the last one printed: a program that
        prints two decimals, padded with a zero on the way into the journal (``"0.760"``), has ``unit=0.01``.
    file, row : optional
        Named in the error.

    Raises
    ------
    DataError
        The text is no number (or none a float can hold), or the unit is not positive and finite.

    Examples
    --------
    >>> p = read_printed("0.760", unit=0.01)
    >>> round(p.low, 4), round(p.high, 4)
    (0.755, 0.765)
    >>> [read_printed(text).value for text in ("2·14", "−0.31", "≤0.05", "+0.5", "14,931")]
    [2.14, -0.31, 0.05, 0.5, 14931.0]
    """
    if not isinstance(text, str):
        raise DataError(
            "a printed number must be text, in quotes, so that its last digit is kept", file=file, row=row, value=text
        )
    step = _unit(unit, file, row)
    stripped = text.strip()
    match = _NUMBER.fullmatch(stripped)
    # \s in a pattern also takes line ends and separators of all kinds, which are no part of a number.
    if match is None or not stripped.isprintable():
        raise DataError("the printed text is no number", file=file, row=row, value=text)
    decimals = match["decimals"] or ""
    value = float(f"{(match['grouped'] or match['whole']).replace(',', '')}.{decimals or '0'}")
    if match["sign"] in ("-", "−", "–"):
        value = -value
    if step is None:
        step = 10.0 ** -len(decimals)
    percent = match["percent"] is not None
    if match["bound"] is None:
        return Printed(text, value, step, value - step / 2, value + step / 2, percent)
    # What stands behind the sign is the bound itself, not a rounded value.
    low, high = (-math.inf, value) if match["bound"] in _AT_MOST else (value, math.inf)
    return Printed(text, value, step, low, high, percent)


def is_absent(text: object) -> bool:
    """Whether a printed text says that there is no number (:data:`ABSENT`)."""
    return isinstance(text, str) and text.strip() in ABSENT


def read_rows(rows: pd.DataFrame, *, file: object = "published.csv") -> list[Printed | None]:
    """Read the printed number of each row of ``published.csv``, or of some of its rows.

    Parameters
    ----------
    rows : DataFrame
        ``text, unit``, and ``read_as`` where a text is to be read as another; an empty cell is "" or missing.
    file : optional
        Named in the error.

    Returns
    -------
    list
        One :class:`Printed` a row, or None where the text is one of :data:`ABSENT`.

    Raises
    ------
    DataError
        Any other text that is no number, named with its row (1 is the first given).
    """
    read: list[Printed | None] = []
    for i, row in enumerate(rows.to_dict("records")):
        other = row.get("read_as")
        text = other if isinstance(other, str) and other else row["text"]
        read.append(None if is_absent(text) else read_printed(text, row["unit"], file=file, row=i + 1))
    return read


def decimals(unit: float) -> int:
    """Return how many decimals a rounding unit has: 2 for 0.01, 0 for 1 or more."""
    return max(0, -math.floor(math.log10(unit) + 0.5))


def _unit(unit: object, file: object, row: int | None) -> float | None:
    if unit is None:
        return None
    if isinstance(unit, bool) or not isinstance(unit, (int, float, np.integer, np.floating)):
        raise DataError("the rounding unit must be a number", file=file, row=row, value=unit)
    if not 0 < unit <= LARGEST_UNIT:
        raise DataError("the rounding unit must be positive and finite", file=file, row=row, value=unit)
    return float(unit)
