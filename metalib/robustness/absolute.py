"""From relative to absolute: what a pooled effect means for patients with a given risk; how many would settle it."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ..arithmetic.results import PooledEffect
from ..errors import DataError, OptionError, shown

OUT_OF_RANGE = "applied to this baseline risk the effect gives a risk below 0 or above 1"


@dataclass(frozen=True, slots=True)
class AbsoluteEffect:
    """Risks under an effect, and their difference from the baseline risk.

    Attributes
    ----------
    baseline_risk : float
        Assumed risk without the experimental treatment, a proportion.
    risk, risk_low, risk_high : float or None
        Risk with the experimental treatment and its interval, proportions.
    difference, difference_low, difference_high : float or None
        ``risk - baseline_risk`` in events per `per` patients; negative means fewer events.
    per : float
    reasons : mapping
        For every attribute that is None, why.
    """

    measure: str
    baseline_risk: float
    per: float
    risk: float | None
    risk_low: float | None
    risk_high: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    reasons: Mapping[str, str]


def absolute_effect(effect: PooledEffect, baseline_risk: float, per: float = 1000) -> AbsoluteEffect:
    """Return the risk with the experimental treatment and the difference, for an assumed baseline risk.

    With the baseline risk r (Cochrane Handbook, chapter 15)::

        OR   risk = OR r / (1 - r + OR r)
        RR   risk = RR r
        RD   risk = r + RD

    The limits are those of the effect, carried through the same formula; r counts as known.

    Parameters
    ----------
    effect : PooledEffect
        With any measure.
    baseline_risk : float
        Proportion in (0, 1).
    per : float
        Patients the difference refers to.

    Returns
    -------
    AbsoluteEffect
        A risk outside 0 to 1 (possible for RR and RD) is None, with the reason; nothing is truncated.

    Raises
    ------
    DataError
        `effect` is no pooled effect.
    OptionError
        A baseline risk outside (0, 1), or `per` that is not positive.

    Examples
    --------
    >>> import pandas as pd
    >>> import metalib
    >>> trial = pd.DataFrame({"study": ["a"], "events_t": [10], "n_t": [50], "events_c": [20], "n_c": [50]})
    >>> round(metalib.absolute_effect(metalib.pool(trial), 0.4).difference, 3)
    -200.0

    References
    ----------
    Schünemann HJ et al. Interpreting results and drawing conclusions. Chapter 15 of: Higgins JPT et al., eds. Cochrane
    Handbook for Systematic Reviews of Interventions.
    """
    if not isinstance(effect, PooledEffect):
        raise DataError(f"effect must be a PooledEffect, not {type(effect).__name__}")
    r, per = _between("baseline_risk", baseline_risk), _between("per", per, sys.float_info.max)
    values: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    for end, source in (("", "estimate"), ("_low", "ci_low"), ("_high", "ci_high")):
        size = getattr(effect, source)
        risk = None if size is None else _risk(effect.measure, size, r)
        if risk is not None and not 0 <= risk <= 1:
            risk = None
        values |= {f"risk{end}": risk, f"difference{end}": None if risk is None else per * (risk - r)}
        if risk is None:
            reason = effect.reasons[source] if size is None else OUT_OF_RANGE
            reasons |= {f"risk{end}": reason, f"difference{end}": reason}
    return AbsoluteEffect(effect.measure, r, per, reasons=MappingProxyType(reasons), **values)


def _risk(measure: str, size: float, r: float) -> float:
    """Return the risk under an effect of `size` (log scale for ratios)."""
    if measure == "RD":
        return r + size
    if measure == "RR":
        return r * math.exp(size) if size < 700 else math.inf
    # The inverse logit keeps its precision for any odds ratio, and cannot overflow.
    logit = size + math.log(r / (1 - r))
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))


def _between(name: str, value: object, top: float = 1) -> float:
    """Return a number between 0 and `top`, both excluded."""
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool) and 0 < value < top:
        return float(value)
    raise OptionError(f"{name}={shown(value)} must lie between 0 and {'1' if top == 1 else 'infinity'}")


def optimal_information_size(
    baseline_risk: float, relative_change: float = -0.25, *, alpha: float = 0.05, power: float = 0.8
) -> int:
    """Return how many patients a single adequately powered trial of two equal arms would need.

    With the risks p and q = p (1 + relative change) of the arms, m their mean and z normal quantiles, an arm needs
    (Fleiss 1981, without continuity correction)::

        n = (z_(1 - alpha/2) sqrt(2 m (1 - m)) + z_power sqrt(p (1 - p) + q (1 - q)))^2 / (p - q)^2

    GRADE lowers the certainty for imprecision when a meta-analysis has fewer patients than that [1]_.

    Parameters
    ----------
    baseline_risk : float
        Risk without the experimental treatment, a proportion in (0, 1).
    relative_change : float
        Of that risk: -0.25 is a relative risk reduction of 25%.
    alpha : float
        Two-sided level of significance.
    power : float

    Returns
    -------
    int
        Patients of both arms together.

    Raises
    ------
    OptionError
        A risk, level or power outside (0, 1), or no change.

    Examples
    --------
    >>> optimal_information_size(0.2)
    1812

    References
    ----------
    .. [1] Guyatt GH, Oxman AD, Kunz R, et al. (2011). GRADE guidelines 6. Rating the quality of evidence: imprecision.
       J Clin Epidemiol 64:1283-1293.
    """
    p, alpha, power = _between("baseline_risk", baseline_risk), _between("alpha", alpha), _between("power", power)
    q = _between("the risk after the change", p * (1 + relative_change))
    if p == q:
        raise OptionError(f"relative_change={relative_change!r}: no number of patients shows no change")
    m = (p + q) / 2
    spread = ndtri(1 - alpha / 2) * math.sqrt(2 * m * (1 - m)) + ndtri(power) * math.sqrt(p * (1 - p) + q * (1 - q))
    return 2 * math.ceil(float(spread**2 / (p - q) ** 2))


def complements(tables: pd.DataFrame, unknown: pd.Series[bool]) -> Iterator[pd.DataFrame]:
    """Yield the tables with every choice of complements.

    With equal arms, events (a, c) of n and (n - c, n - a) of n have the same odds ratio and variance, so that neither
    tells which is true; the risks differ.

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``.
    unknown : Series of bool
        Rows for which the complement is as possible as the table itself.

    Yields
    ------
    DataFrame
        ``2^m`` of them for m such rows, the tables as they are first.

    Raises
    ------
    DataError
        A row to be complemented has unequal arms.
    """
    rows = tables.index[unknown]
    for row in rows:
        if tables.loc[row, "n_t"] != tables.loc[row, "n_c"]:
            raise DataError("the complement of a table with unequal arms has another odds ratio",
                            study=tables.loc[row, "study"])  # fmt: skip
    for choice in product((False, True), repeat=len(rows)):
        swapped = tables.copy()
        at = rows[list(choice)]
        swapped.loc[at, "events_t"] = tables.loc[at, "n_c"] - tables.loc[at, "events_c"]
        swapped.loc[at, "events_c"] = tables.loc[at, "n_t"] - tables.loc[at, "events_t"]
        yield swapped
