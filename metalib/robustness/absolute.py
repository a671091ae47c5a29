"""From relative to absolute: what a pooled effect means for patients with a given risk."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

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
    for name, value, top in (("baseline_risk", baseline_risk, 1), ("per", per, sys.float_info.max)):
        number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
        if not number or not 0 < value < top:
            raise OptionError(f"{name}={shown(value)} must lie between 0 and {'1' if top == 1 else 'infinity'}")
    r = float(baseline_risk)
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
    return AbsoluteEffect(effect.measure, r, float(per), reasons=MappingProxyType(reasons), **values)


def _risk(measure: str, size: float, r: float) -> float:
    """Return the risk under an effect of `size` (log scale for ratios)."""
    if measure == "RD":
        return r + size
    if measure == "RR":
        return r * math.exp(size) if size < 700 else math.inf
    # The inverse logit keeps its precision for any odds ratio, and cannot overflow.
    logit = size + math.log(r / (1 - r))
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))
