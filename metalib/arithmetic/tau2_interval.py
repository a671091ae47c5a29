"""How uncertain the heterogeneity is: the Q-profile interval of tau2, and of I2 through it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtri

from .heterogeneity import generalised_q, i_squared_of_tau2, root_between, weighted_mean
from .options import Options
from .results import NO_STUDY
from .study_effects import cells, study_effects
from .tables import Tables, check_tables

ONE_STUDY = "one study has no heterogeneity"
EMPTY = "the studies agree more closely than any tau2 explains at this level: the interval is empty and shown as 0 to 0"


@dataclass(frozen=True, slots=True)
class Tau2Interval:
    """Q-profile interval of the between-study variance.

    Attributes
    ----------
    measure, level, k
        Measure, confidence level and number of estimable studies.
    tau2_low, tau2_high : float or None
        Limits of tau2, on the scale of the effects (log for OR and RR).
    I2_low, I2_high : float or None
        The same limits as I2 in percent.
    null_set : bool
        Whether no tau2 >= 0 is compatible with the data at this level; the limits are then 0 to 0, by convention.
    reason : str
        Why the limits are None, or what an empty interval means; else empty.
    """

    measure: str
    level: float
    k: int
    tau2_low: float | None
    tau2_high: float | None
    I2_low: float | None
    I2_high: float | None
    null_set: bool
    reason: str


def tau2_interval(tables: pd.DataFrame | Tables, measure: str = "OR", level: float = 0.95) -> Tau2Interval:
    """Return the Q-profile interval of tau2 and I2 (Viechtbauer 2007).

    The generalised ``Q(tau2) = sum((y - mean)^2 / (v + tau2))`` falls with tau2 and follows chi-square with k - 1
    degrees of freedom at the true tau2; the limits are where it equals the upper and the lower quantile, or 0 where it
    never does. I2 is that of each limit (:func:`metalib.arithmetic.heterogeneity.i_squared_of_tau2`). The interval
    does not depend on the estimator of tau2.

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``, one row a study.
    measure : {"OR", "RR", "RD"}
    level : float
        Confidence level.

    Returns
    -------
    Tau2Interval
        Solved to the precision of a float; limits None for fewer than two estimable studies.

    Raises
    ------
    DataError, OptionError

    Examples
    --------
    >>> import pandas as pd
    >>> import metalib
    >>> trials = pd.DataFrame({"study": ["a", "b", "c"], "events_t": [10, 30, 2], "n_t": [50, 60, 40],
    ...                        "events_c": [20, 10, 9], "n_c": [50, 60, 40]})
    >>> found = metalib.tau2_interval(trials)
    >>> round(found.tau2_low, 3), round(found.tau2_high, 1)
    (0.519, 119.7)

    References
    ----------
    Viechtbauer W (2007). Confidence intervals for the amount of heterogeneity in meta-analysis. Stat Med 26:37-52.
    """
    level = Options(measure, "IV", level=level).level
    e = study_effects(cells(*check_tables(tables).counts()), measure)
    yi, vi = e.yi[e.estimable], e.vi[e.estimable]
    k = len(yi)
    if k < 2:
        reason = NO_STUDY if k == 0 else ONE_STUDY
        return Tau2Interval(measure, level, k, None, None, None, None, False, reason)
    upper, lower = chdtri(k - 1, (1 - level) / 2), chdtri(k - 1, (1 + level) / 2)
    null_set = bool(generalised_q(np.array(0.0), yi, vi, np.ones(k, dtype=bool)) < lower)
    low, high = (0.0, 0.0) if null_set else _where_q_equals(np.array([upper, lower]), yi, vi)
    i2_low, i2_high = i_squared_of_tau2(np.array([low, high]), 1 / vi, np.array(k - 1)).tolist()
    return Tau2Interval(measure, level, k, low, high, i2_low, i2_high, null_set, EMPTY if null_set else "")


def _where_q_equals(quantiles: np.ndarray, yi: np.ndarray, vi: np.ndarray) -> list[float]:
    """Return the tau2 >= 0 at which the generalised Q equals each quantile, 0 where it is smaller already at 0."""
    inside = np.ones(len(yi), dtype=bool)

    def excess(tau2: np.ndarray, quantile: np.ndarray) -> np.ndarray:
        above: np.ndarray = generalised_q(tau2, yi, vi, inside) - quantile
        return above

    mean, _ = weighted_mean(yi, np.ones(len(yi)))
    spread = ((yi - mean) ** 2).sum()
    # Q is the smallest weighted sum of squares over all centres and v > 0, so Q(tau2) < spread / tau2.
    top = spread / quantiles
    reached = excess(np.zeros(len(quantiles)), quantiles) > 0
    tau2 = np.zeros(len(quantiles))
    if reached.any():
        tau2[reached] = root_between(excess, np.zeros(reached.sum()), top[reached], quantiles[reached])
    return tau2.tolist()
