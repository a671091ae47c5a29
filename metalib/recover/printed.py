"""A printed number is an interval: everything that rounds to it.

The interval is closed and a hair wider than half a unit of the last printed place, so that a value which lies on the
edge (a tie, or its floating-point shadow) is kept; a search may keep too much, never too little.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ..errors import PuzzleError

#: Relative widening of an interval. Sums of a few hundred floats err by far less, printed digits mean far more.
SLACK = 1e-9

_NUMBER = re.compile(r"(?P<sign>[+\-−–]?)(?P<whole>[0-9]{1,40})(?:[.·](?P<decimals>[0-9]{1,15}))?(?P<percent>\s*%)?")
_BOUND = re.compile(r"(?P<operator><=|>=|<|>|≤|≥)\s*(?P<number>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Printed:
    """A number as it stands in print.

    Attributes
    ----------
    text : str
        What is printed, for example ``"2.14"``, ``"67%"`` or ``"<0.001"``.
    unit : float
        Unit of the last place that carries information.
    low, high : float
        The closed interval of values that print as `text`, already widened by :data:`SLACK`.
    """

    text: str
    unit: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Return whether a recomputed value prints as this text."""
        return self.low <= value <= self.high

    def distance(self, value: float) -> float:
        """Return how far a value lies outside the interval, 0 inside and infinite where there is no value."""
        if math.isnan(value):
            return math.inf
        return max(self.low - value, value - self.high, 0.0)


def printed(text: object, unit: float | None = None, **place: object) -> Printed:
    """Read a printed number.

    Parameters
    ----------
    text : str
        A decimal number, with an optional sign, percent sign or leading ``<`` or ``>``.
    unit : float, optional
        Rounding unit when it is not that of the last printed digit: a program that prints two decimals, padded with a
        zero on the way into the journal (``"0.760"``), has ``unit=0.01``.
    **place
        Passed on to :class:`~metalib.PuzzleError`.

    Raises
    ------
    PuzzleError
        The text is no number, or the unit is not a positive one.

    Examples
    --------
    >>> p = printed("2.14")
    >>> round(p.low, 6), round(p.high, 6)
    (2.135, 2.145)
    """
    if not isinstance(text, str):
        raise PuzzleError(
            "a printed number must be text, in quotes, so that its last digit is kept", value=text, **place
        )
    if unit is not None:
        bad = isinstance(unit, bool) or not isinstance(unit, (int, float))
        if bad or not (math.isfinite(unit) and 0 < unit <= 1e9):
            raise PuzzleError("a rounding unit must be a positive number", value=unit, **place)
    stripped = text.strip()
    bound = _BOUND.fullmatch(stripped)
    match = _NUMBER.fullmatch(bound["number"].strip() if bound else stripped)
    if match is None or not stripped.isprintable():
        raise PuzzleError("the printed text is no number", value=text, **place)
    decimals = match["decimals"] or ""
    value = float(f"{match['whole']}.{decimals or '0'}")
    if match["sign"] in ("-", "−", "–"):
        value = -value
    step = 10.0 ** -len(decimals) if unit is None else float(unit)
    slack = SLACK * max(abs(value), step)
    low, high = value - step / 2 - slack, value + step / 2 + slack
    if bound:
        # What stands behind the sign is the bound itself, not a rounded value.
        low, high = (-math.inf, value + slack) if bound["operator"] in ("<", "≤", "<=") else (value - slack, math.inf)
    return Printed(text, step, low, high)
