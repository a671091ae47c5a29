"""Whether printed statistics agree with each other, before any table is known.

A pooled result prints more numbers than it needs: the interval fixes the standard error, hence z and P; Q and its
degrees of freedom fix I2 and P of heterogeneity. Every printed number is an interval of values that round to it, so
each check compares intervals and says which one it computed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TypedDict, Unpack

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtr, ndtri

from .. import text
from ..arithmetic.options import check_level
from ..errors import DataError
from .printed import SLACK, Printed

CONSISTENT, INCONSISTENT = "consistent", "inconsistent"
Range = tuple[float, float]
_NO_WIDTH = 1e-300
#: Of a sum of printed numbers or their logarithms, relative where it exceeds 1.
_NOISE = 1e-12


class Wald(TypedDict, total=False):
    """How an interval was made: its confidence level (0.95), and whether on the log scale as those of ratios (True)."""

    level: float
    log: bool


@dataclass(frozen=True, slots=True)
class Check:
    """One check of printed numbers against each other.

    Attributes
    ----------
    check : str
        What was compared.
    printed : str
        The printed text that was checked.
    low, high : float
        The interval that the other printed numbers leave for it.
    verdict : str
        ``consistent`` or ``inconsistent``.
    sentence : str
        The same in words.
    """

    check: str
    printed: str
    low: float
    high: float
    verdict: str
    sentence: str


def _check(check: str, name: str, printed: Printed, left: Range, because: str, digits: int) -> Check:
    low, high = left
    slack = SLACK * printed.unit
    agrees = overlap((low - slack, high + slack), (printed.low, printed.high))
    verb = "agrees with" if agrees else "does not agree with"
    shown = _range(low, high, digits)
    return Check(
        check,
        printed.text,
        low,
        high,
        CONSISTENT if agrees else INCONSISTENT,
        f"{because} {shown}; printed is {name} = {printed.text}, which {verb} it.",
    )


def _range(low: float, high: float, digits: int) -> str:
    one, other = text.number(low, digits), text.number(high, digits)
    return f"about {one}" if one == other else f"between {one} and {other}"


def overlap(one: Range, other: Range) -> bool:
    """Whether two closed intervals share a value."""
    return max(one[0], other[0]) <= min(one[1], other[1])


def _check_positive(*ratios: Printed) -> None:
    for printed in ratios:
        if printed.high <= 0:
            raise DataError("a ratio must be positive", value=printed.text)


def _log_ends(printed: Printed) -> Range:
    # A ratio printed as 0.00 is any positive one that rounds to it.
    return (math.log(printed.low) if printed.low > 0 else -math.inf), math.log(printed.high)


def p_from_interval(estimate: Printed, low: Printed, high: Printed, **wald: Unpack[Wald]) -> Range:
    """Return the smallest and largest P that a printed effect and its confidence interval allow.

    A Wald interval is symmetric about the estimate (that of a ratio on the log scale), so the estimate must lie both in
    its own rounding interval and in that of the middle of the limits; the standard error follows from the width. The
    range is sharp: each of its ends belongs to an estimate and limits that fit together and round to the print.

    Parameters
    ----------
    estimate, low, high : Printed
        An effect and its limits.
    **wald
        ``level`` of the interval, and ``log=False`` for differences.

    Raises
    ------
    DataError
        A number is a bound or, of a ratio, negative; the limits stand in the wrong order, or the estimate cannot be the
        middle of its interval.
    """
    least, most = z_from_interval(estimate, low, high, **wald)
    return float(2 * ndtr(-most)), float(2 * ndtr(-least))


def z_from_interval(estimate: Printed, low: Printed, high: Printed, **wald: Unpack[Wald]) -> Range:
    """Return the smallest and largest absolute z that an effect and its interval allow, as :func:`p_from_interval`."""
    log = wald.get("log", True)
    if log:
        _check_positive(estimate, low, high)
    for printed in (estimate, low, high):
        if printed.is_bound:
            raise DataError("a bound leaves the interval open", value=printed.text)
    if low.low > high.high:
        raise DataError("the lower limit exceeds the upper", value=f"{low.text} to {high.text}")
    ends = _log_ends if log else (lambda p: (p.low, p.high))
    (l0, l1), (h0, h1), (e0, e1) = ends(low), ends(high), ends(estimate)
    centre0, centre1 = max(e0, (l0 + h0) / 2), min(e1, (l1 + h1) / 2)
    # The noise that the check of the middle allows, on this scale.
    slack = SLACK * estimate.unit / (max(estimate.value, estimate.unit) if log else 1)
    if centre0 > centre1 + slack:
        raise DataError("the estimate is not in the middle of its interval", value=estimate.text)
    if math.isinf(e0):
        return 0.0, math.inf
    # Where a lower limit is printed as 0, the estimate and the upper limit bound it.
    nearest, farthest = _steepness((max(l0, 2 * e0 - h1 - 1), l1), (h0, h1), (e0, e1))
    z = float(ndtri(0.5 + check_level(wald.get("level", 0.95)) / 2))
    return z * nearest, z * farthest


def _steepness(low: Range, high: Range, estimate: Range) -> Range:
    """Return the smallest and largest |estimate| / half the width over all limits whose middle is an allowed estimate.

    The limits that the print allows form a polygon: a rectangle cut by two bounds on the middle, and by low <= high. On
    it the quotient of two linear functions takes its extremes at corners, so they need only be listed.
    """
    # Where rounding noise keeps the middle just outside, the nearest limits are taken.
    ends = min(estimate[0], (low[1] + high[1]) / 2), max(estimate[1], (low[0] + high[0]) / 2)
    corners = [(a, b) for a in low for b in (*high, *(2 * e - a for e in ends))]
    corners += [(2 * e - b, b) for b in high for e in ends] + [(x, x) for x in (*low, *high, *ends)]
    noise = _NOISE * max(1.0, abs(low[0]), abs(high[1]))
    quotients = [
        (a + b) / max(b - a, _NO_WIDTH)
        for a, b in corners
        if a <= b and all(overlap((x - noise, x + noise), of) for x, of in ((a, low), (b, high), ((a + b) / 2, ends)))
    ]
    smallest, largest = min(quotients), max(quotients)
    nearest = 0.0 if smallest <= 0 <= largest else min(abs(smallest), abs(largest))
    return nearest, max(abs(smallest), abs(largest))


def p_q_from_i2(i2: Printed, df: int) -> Range:
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


def estimate_in_interval(
    estimate: Printed, low: Printed, high: Printed, *, measure: str = "OR", log: bool = True
) -> Check:
    """Check that an effect is the middle of its confidence limits, that of a ratio the geometric one.

    Raises
    ------
    DataError
        A ratio is negative.
    """
    middle = ((low.low + high.low) / 2, (low.high + high.high) / 2)
    if log:
        _check_positive(estimate, low, high)
        middle = (math.sqrt(max(low.low, 0.0) * high.low), math.sqrt(low.high * high.high))
    because = f"The middle of [{low.text}, {high.text}]{' on the log scale' if log else ''} lies"
    return _check(f"CI and {measure}", measure, estimate, middle, because, 3)


def p_and_interval(estimate: Printed, low: Printed, high: Printed, p: Printed, **wald: Unpack[Wald]) -> Check:
    """Check P against the effect and its Wald interval."""
    bounds = p_from_interval(estimate, low, high, **wald)
    return _check("P and CI", "P", p, bounds, f"{estimate.text} [{low.text}, {high.text}] leaves a P", 4)


def z_and_interval(estimate: Printed, low: Printed, high: Printed, z: Printed, **wald: Unpack[Wald]) -> Check:
    """Check z against the effect and its Wald interval."""
    bounds = z_from_interval(estimate, low, high, **wald)
    return _check("Z and CI", "Z", z, bounds, f"{estimate.text} [{low.text}, {high.text}] leaves a Z", 3)


def p_and_z(z: Printed, p: Printed) -> Check:
    """Check a two-sided P against z."""
    bounds = (float(2 * ndtr(-z.high)), float(2 * ndtr(-max(z.low, 0.0))))
    return _check("P and Z", "P", p, bounds, f"Z = {z.text} leaves a P", 4)


def _i2(q: float, df: int) -> float:
    return 100 * (1 - df / q) if q > df else 0.0


def i2_and_q(q: Printed, df: int, i2: Printed) -> Check:
    """Check I2 = max(0, 100 (Q - df) / Q)."""
    bounds = (_i2(q.low, df), _i2(q.high, df))
    return _check("I² and Chi²", "I²", i2, bounds, f"Chi² = {q.text} with {df} df leaves an I²", 2)


def p_q_and_q(q: Printed, df: int, p_q: Printed) -> Check:
    """Check P of heterogeneity against Q and its degrees of freedom."""
    bounds = (float(chdtrc(df, q.high)), float(chdtrc(df, max(q.low, 0.0))))
    return _check("P(Q) and Chi²", "P", p_q, bounds, f"Chi² = {q.text} with {df} df leaves a P", 4)


def p_q_and_i2(i2: Printed, df: int, p_q: Printed) -> Check:
    """Check P of heterogeneity against I2, given the degrees of freedom."""
    bounds = p_q_from_i2(i2, df)
    # Printed with a percent sign in some papers and without in others.
    percent = i2.text.strip().removesuffix("%").rstrip()
    return _check("P(Q) and I²", "P", p_q, bounds, f"I² = {percent}% with {df} df leaves a P", 4)


def possible_k(i2: Printed, p_q: Printed, *, largest: int = 12) -> tuple[int, ...]:
    """Return every number of studies, 2 to `largest`, that a printed pair of I2 and P of heterogeneity allows."""
    return tuple(k for k in range(2, largest + 1) if overlap(p_q_from_i2(i2, k - 1), (p_q.low, p_q.high)))


def sum_of(parts: Mapping[str, Printed], total: float, what: str) -> Check:
    """Check that printed counts add up to a known total; counts are exact, so no rounding is allowed for."""
    value = sum(p.value for p in parts.values())
    agrees = value == total
    shown = " + ".join(p.text for p in parts.values())
    return Check(
        f"sum of {what}",
        shown,
        value,
        value,
        CONSISTENT if agrees else INCONSISTENT,
        f"{shown} = {text.number(value, 0)}, {'which is' if agrees else 'which is not'} {text.number(total, 0)}.",
    )


def check_result(
    printed: Mapping[str, Printed], *, df: int | None = None, measure: str = "OR", **wald: Unpack[Wald]
) -> list[Check]:
    """Make every check that the printed numbers of one pooled result allow.

    Parameters
    ----------
    printed : mapping
        Printed numbers by statistic: `measure`, ``CI low``, ``CI high``, ``P``, ``Z``, ``Chi2``, ``df``, ``I2``,
        ``P(Q)``.
    df : int, optional
        Degrees of freedom of Q where none is printed (studies counted in the text, less one).
    measure : str
        Name of the effect in `printed`.
    **wald
        ``level`` of the interval, and ``log=False`` for differences.

    Returns
    -------
    list of Check
    """
    checks: list[Check] = []
    if all(name in printed for name in (measure, "CI low", "CI high")):
        ratio = (printed[measure], printed["CI low"], printed["CI high"])
        checks.append(estimate_in_interval(*ratio, measure=measure, log=wald.get("log", True)))
        if checks[-1].verdict == CONSISTENT:
            given = {name: check for name, check in _WITH_RATIO.items() if name in printed}
            checks += [check(*ratio, printed[name], **wald) for name, check in given.items()]
    if "Z" in printed and "P" in printed:
        checks.append(p_and_z(printed["Z"], printed["P"]))
    degrees = int(printed["df"].value) if "df" in printed else df
    if degrees:
        if "Chi2" in printed:
            checks += [f(printed["Chi2"], degrees, printed[name]) for name, f in _WITH_Q.items() if name in printed]
        elif "I2" in printed and "P(Q)" in printed:
            checks.append(p_q_and_i2(printed["I2"], degrees, printed["P(Q)"]))
    return checks


_WITH_RATIO = {"P": p_and_interval, "Z": z_and_interval}
_WITH_Q = {"I2": i2_and_q, "P(Q)": p_q_and_q}


def as_frame(checks: Sequence[Check]) -> pd.DataFrame:
    """Return checks as a data frame, one row each."""
    return pd.DataFrame([asdict(c) for c in checks], columns=[f.name for f in fields(Check)])
