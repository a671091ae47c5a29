"""Ordered outcomes: the common odds ratio of the proportional-odds model, study by study and pooled."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from ..arithmetic.generic import pool_effects
from ..arithmetic.options import Choices
from ..arithmetic.results import PooledEffect
from ..arithmetic.tables import LARGEST_COUNT
from ..errors import DataError

ONE_CATEGORY = "all patients of both arms are in one category"
SEPARATED = "no patient of one arm is in a worse category than any of the other: the odds ratio has no finite estimate"
NOT_CONVERGED = "the likelihood could not be maximised"
LONGEST_STEP = 2.0
TINY = 1e-100


@dataclass(frozen=True, slots=True)
class OrdinalEffect:
    """Log odds ratio of a better category, experimental against control.

    Attributes
    ----------
    estimate, se : float or None
        Log odds ratio (above 0: the experimental arm is in better categories) and its standard error.
    log_likelihood : float or None
        Of the fitted model, without the constant of the multinomial coefficients.
    n_t, n_c : int
        Patients of the experimental and the control arm.
    categories : int
        Categories with at least one patient.
    reason : str
        Why there is no estimate, else empty.
    """

    estimate: float | None
    se: float | None
    log_likelihood: float | None
    n_t: int
    n_c: int
    categories: int
    reason: str

    @property
    def ratio(self) -> float | None:
        """The odds ratio of being in a better category."""
        return None if self.estimate is None else math.exp(self.estimate)


def proportional_odds(counts: pd.DataFrame | Sequence[Sequence[int]] | np.ndarray) -> OrdinalEffect:
    """Fit the proportional-odds model to one study (McCullagh 1980), by maximum likelihood.

    ``logit P(category <= j) = theta_j - beta x`` with x = 1 in the experimental arm; ``exp(beta)`` is the ratio of the
    odds of a category above j, the same for every j. The standard error comes from the observed information.

    Parameters
    ----------
    counts : array_like, shape (2, c)
        Patients of the experimental (first row) and of the control arm (second row) in c >= 2 categories, **from worst
        to best**. Categories that are empty in both arms are dropped, which changes nothing in the model.

    Returns
    -------
    OrdinalEffect
        Without an estimate when all patients are in one category, when the arms are separated (no patient of one arm
        is in a worse category than any patient of the other, so that the likelihood rises for ever), or when the
        maximisation fails.

    Raises
    ------
    DataError
        Another shape, a count that is no whole number >= 0, or an arm without patients.

    Examples
    --------
    >>> import metalib
    >>> round(metalib.proportional_odds([[5, 10, 20, 15], [12, 15, 14, 6]]).estimate, 4)
    1.1225

    References
    ----------
    McCullagh P (1980). Regression models for ordinal data. J R Stat Soc B 42:109-142.
    Pratt JW (1981). Concavity of the log likelihood. J Am Stat Assoc 76:103-106.
    """
    table = _check(counts)
    n_t, n_c = (int(n) for n in table.sum(1))
    table = table[:, table.sum(0) > 0]
    categories = table.shape[1]

    def without(reason: str) -> OrdinalEffect:
        return OrdinalEffect(None, None, None, n_t, n_c, categories, reason)

    if categories == 1:
        return without(ONE_CATEGORY)
    experimental, control = table
    # Pairs in which the patient of the one arm is in a better category than the patient of the other.
    better = (experimental[1:] * np.cumsum(control)[:-1]).sum()
    worse = (control[1:] * np.cumsum(experimental)[:-1]).sum()
    if better == 0 or worse == 0:
        return without(SEPARATED)
    fitted = _maximise(table)
    return without(NOT_CONVERGED) if fitted is None else OrdinalEffect(*fitted, n_t, n_c, categories, "")


def pool_proportional_odds(
    studies: Mapping[str, pd.DataFrame | Sequence[Sequence[int]] | np.ndarray], **choices: Unpack[Choices]
) -> PooledEffect:
    """Pool the common odds ratios of several studies by inverse variance.

    Parameters
    ----------
    studies : mapping
        Name to counts, as in :func:`proportional_odds`. Categories may differ between studies.
    **choices
        As in :func:`metalib.pool_effects`.

    Returns
    -------
    PooledEffect
        Log odds ratios; studies without an estimate are ``excluded`` with the reason.

    Raises
    ------
    DataError, OptionError
    """
    if not isinstance(studies, Mapping):
        raise DataError("studies must map names to counts", value=studies)
    effects = {study: proportional_odds(_check(counts, study)) for study, counts in studies.items()}
    return pool_effects(
        [e.estimate for e in effects.values()],
        [e.se for e in effects.values()],
        list(effects),
        reasons={study: e.reason for study, e in effects.items()},
        **choices,
    )


def _check(counts: pd.DataFrame | Sequence[Sequence[int]] | np.ndarray, study: str | None = None) -> np.ndarray:
    """Return the counts as an array (2, c) of floats, or raise naming what is wrong."""
    try:
        table = np.asarray(counts)
        # Text that looks like a number, and True, are no counts.
        if table.dtype.kind not in "iuf" and not (
            table.dtype.kind == "O"
            and all(isinstance(n, (int, float, np.number)) and not isinstance(n, bool) for n in table.flat)
        ):
            raise TypeError
        table = table.astype(float)
    except (TypeError, ValueError):
        raise DataError("the counts are not numbers, or not as many in both arms", study=study) from None
    except OverflowError:
        raise DataError("a count is too large", study=study) from None
    if table.ndim != 2 or table.shape[0] != 2 or table.shape[1] < 2:
        raise DataError(
            "counts need two rows (experimental, control) and two categories at least", study=study, value=table.shape
        )
    for arm, row in zip(("experimental", "control"), table, strict=True):
        bad = ~((row >= 0) & (row <= LARGEST_COUNT) & (row == np.floor(row)))
        if bad.any():
            raise DataError(
                "a count must be a whole number of at least 0", study=study, arm=arm, value=float(row[bad][0])
            )
        if row.sum() == 0:
            raise DataError("an arm needs at least one patient", study=study, arm=arm)
    return table


def _maximise(table: np.ndarray) -> tuple[float, float, float] | None:
    """Return log odds ratio, standard error and log-likelihood, or None when the maximum was not found.

    Newton's method with step halving. The likelihood is concave (Pratt 1981) and, unless the arms are separated, has a
    maximum, so that every start leads there.
    """
    at_most = np.cumsum(table.sum(0))[:-1] / table.sum()
    point = np.concatenate([[0.0], logit(at_most)])
    height, slope, curvature = _likelihood(point, table)
    for _ in range(100):
        step = np.linalg.solve(-curvature, slope)
        # A longer step could leave the region in which the tails of the logistic curve are numbers.
        step = step * min(1.0, LONGEST_STEP / np.abs(step).max(initial=1e-300))
        # Near the maximum rounding makes heights equal; a step this small is not worth another one.
        done = np.abs(step).max() <= 1e-10 * (1 + np.abs(point).max())
        tried = _likelihood(point + step, table)
        while not done and not tried[0] >= height - 1e-12 * abs(height):
            step = step / 2
            if np.abs(step).max() < 1e-14:
                return None
            tried = _likelihood(point + step, table)
        if np.isfinite(tried[0]):
            point, (height, slope, curvature) = point + step, tried
        if done:
            return float(point[0]), float(np.sqrt(np.linalg.inv(-curvature)[0, 0])), float(height)
    return None


def _likelihood(point: np.ndarray, table: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Return log-likelihood, its gradient and its matrix of second derivatives in ``beta, theta_1 .. theta_(c-1)``."""
    beta, theta = point[0], point[1:]
    size = len(theta)
    height, slope, curvature = 0.0, np.zeros(size + 1), np.zeros((size + 1, size + 1))
    if (np.diff(theta) <= 0).any():
        return -np.inf, slope, curvature
    for n, x in zip(table, (1.0, 0.0), strict=True):
        at_most, above = expit(theta - beta * x), expit(beta * x - theta)
        # Differences of whichever tail is the smaller keep their digits.
        lower, upper = np.diff(at_most, prepend=0.0, append=1.0), -np.diff(above, prepend=1.0, append=0.0)
        p = np.where(np.append(at_most, 1.0) < 0.5, lower, upper)
        if not (p > TINY).all():
            return -np.inf, slope, curvature
        # Derivatives by eta_j = theta_j - beta x, which only the categories below and above cut j depend on.
        density = at_most * above
        balance = n[:-1] / p[:-1] - n[1:] / p[1:]
        own = density * (above - at_most) * balance - density**2 * (n[:-1] / p[:-1] ** 2 + n[1:] / p[1:] ** 2)
        next_to = density[:-1] * density[1:] * n[1:-1] / p[1:-1] ** 2
        by_eta = np.diag(own) + np.diag(next_to, 1) + np.diag(next_to, -1)
        eta = np.column_stack([np.full(size, -x), np.eye(size)])
        height += float((n * np.log(p)).sum())
        slope = slope + eta.T @ (density * balance)
        curvature = curvature + eta.T @ by_eta @ eta
    return height, slope, curvature
