"""Meta-regression: effects that depend on properties of the studies (mixed-effects model).

With effects y (k,), variances v, a design X (k, p) and weights ``W = diag(1 / (v + tau2))`` [1]_ [2]_::

    b = (X'WX)^-1 X'Wy,  var(b) = (X'WX)^-1,  P = W - W X (X'WX)^-1 X'W

QE is ``y'Py`` with tau2 = 0, chi-squared with k - p degrees of freedom where nothing is left between the studies. QM
tests all m coefficients but the intercept. R2 is the share of tau2 that the moderators take away [3]_. The interval of
Hartung and Knapp multiplies var(b) by ``y'Py / (k - p)`` and takes t with k - p degrees of freedom; QM / m is then an F
with m and k - p [4]_.

.. [1] Berkey CS et al. (1995). A random-effects regression model for meta-analysis. Stat Med 14:395-411.
.. [2] Viechtbauer W (2010). Conducting meta-analyses in R with the metafor package. J Stat Softw 36(3).
.. [3] Raudenbush SW (2009). Analyzing effect sizes: random-effects models. In: The handbook of research synthesis.
.. [4] Knapp G, Hartung J (2003). Improved tests for a random effects meta-regression with a single covariate. Stat Med
   22:2693-2710.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import chdtrc, fdtrc, ndtr, stdtr, stdtrit

from ..errors import DataError, OptionError, choose
from .data import StudyData
from .options import Options
from .pooling import batch_of_one, check_choices

ESTIMATORS = ("DL", "PM", "REML", "ML")
INTERVALS = ("wald", "hksj")
INTERCEPT = "intercept"
#: Singular values below this share of the largest mean that a moderator follows from the others.
_RANK = 1e-10


@dataclass(frozen=True, slots=True)
class MetaRegression:
    """A fitted meta-regression; effects on the log scale for ratios. Tuples have an entry for each coefficient.

    Attributes
    ----------
    measure, tau2_method, ci_method : str
    level : float
    names : tuple of str
        ``"intercept"``, a numeric moderator, or a moderator with the group that is set against its first one.
    coefficients, se, statistic, p, ci_low, ci_high : tuple of float
        ``statistic`` is z, or t with k - p degrees of freedom.
    covariance : tuple of tuples of float
        Of the coefficients, in the order of ``names``.
    k : int
        Studies with an effect.
    tau2 : float
        Variance that is left between the studies.
    tau2_without : float
        The same without moderators.
    R2 : float or None
        Percent of ``tau2_without`` that the moderators explain, not below 0; None where there is none to explain.
    I2 : float
        Percent of the variance left that is not sampling error (from tau2 and the typical variance).
    QE, QE_df, QE_p : float, int, float
        Residual heterogeneity.
    QM, QM_df, QM_p : float, int, float
        Test of the moderators: chi-squared, or F with ``QM_df`` and k - p degrees of freedom under Hartung-Knapp.
    studies : tuple of str
        Those that have an effect.
    effects, variances : tuple of float
    excluded : tuple of str
        Studies without an effect.
    """

    measure: str
    tau2_method: str
    ci_method: str
    level: float
    names: tuple[str, ...]
    coefficients: tuple[float, ...]
    se: tuple[float, ...]
    statistic: tuple[float, ...]
    p: tuple[float, ...]
    ci_low: tuple[float, ...]
    ci_high: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    k: int
    tau2: float
    tau2_without: float
    R2: float | None
    I2: float
    QE: float
    QE_df: int
    QE_p: float
    QM: float
    QM_df: int
    QM_p: float
    studies: tuple[str, ...]
    effects: tuple[float, ...]
    variances: tuple[float, ...]
    excluded: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row a coefficient, numbers unrounded."""
        fields = ("coefficients", "se", "statistic", "p", "ci_low", "ci_high")
        return pd.DataFrame({"name": self.names, **{name: getattr(self, name) for name in fields}})

    def predict(self, *values: float) -> tuple[float, float, float]:
        """Return the mean effect (log scale for ratios) and its limits where the moderators have these values.

        Parameters
        ----------
        *values : float
            One for each coefficient but the intercept, in the order of ``names``; 1 or 0 for a group.
        """
        if len(values) != len(self.names) - 1:
            raise OptionError(f"{len(values)} values for {', '.join(self.names[1:])}")
        x = np.array([1.0, *values])
        mean = float(x @ np.array(self.coefficients))
        half = _quantile(self.level, self.ci_method, self.QE_df) * float(x @ np.array(self.covariance) @ x) ** 0.5
        return mean, mean - half, mean + half


def meta_regression(
    tables: pd.DataFrame,
    moderators: str | Sequence[str],
    measure: str = "OR",
    *,
    tau2: str = "REML",
    ci: str = "wald",
    level: float = 0.95,
) -> MetaRegression:
    """Fit a mixed-effects meta-regression.

    Parameters
    ----------
    tables : DataFrame
        As in :func:`metalib.pool`, and a column for each moderator: numbers, or text that names groups, of which the
        first in alphabetical order is what the others are set against.
    moderators : str or sequence of str
        Columns of `tables`.
    measure : str
        As in :func:`metalib.pool`; effects are weighted by inverse variance.
    tau2 : {"DL", "PM", "REML", "ML"}
        Estimator of the variance that is left between the studies.
    ci : {"wald", "hksj"}
        Normal quantiles, or Knapp and Hartung's adjustment with t.
    level : float
        Confidence level.

    Returns
    -------
    MetaRegression

    Raises
    ------
    DataError
        A moderator that is missing for a study, no number, the same for all studies, or that follows from the others;
        fewer studies than coefficients and one more; data that cannot be pooled.
    OptionError

    Examples
    --------
    >>> import pandas as pd
    >>> import metalib
    >>> trials = pd.DataFrame({"study": ["a", "b", "c", "d"], "events_t": [10, 4, 9, 2], "n_t": [50, 40, 60, 45],
    ...                        "events_c": [20, 9, 11, 3], "n_c": [50, 40, 60, 45], "dose": [4, 3, 2, 1]})
    >>> fit = metalib.meta_regression(trials, "dose", measure="RR")
    >>> [round(b, 3) for b in fit.coefficients], round(fit.QM_p, 3), fit.tau2
    ([0.021, -0.186], 0.404, 0.0)
    """
    choose("tau2", tau2, ESTIMATORS)
    choose("ci", ci, INTERVALS)
    data, options = check_choices(tables, {"measure": measure, "method": "IV", "level": level})
    names, design = _design(tables, [moderators] if isinstance(moderators, str) else list(moderators))
    return _fit(data, options, names, design, tau2, ci)


def _fit(
    data: StudyData, options: Options, names: tuple[str, ...], design: np.ndarray, tau2: str, ci: str
) -> MetaRegression:
    e = batch_of_one(data, options)[1].row(0)
    x, y, v = design[e.estimable], e.yi[e.estimable], e.vi[e.estimable]
    k, p = x.shape
    if k <= p:
        raise DataError(f"{k} studies with an effect are too few for {p} coefficients")
    scale = np.abs(x).max(0)
    if np.linalg.matrix_rank(x / np.where(scale > 0, scale, 1.0), tol=_RANK * np.sqrt(k)) < p:
        raise DataError(
            "a moderator is the same for all studies, or follows from the others", value=", ".join(names[1:])
        )
    left = _tau2(x, y, v, tau2)
    without = _tau2(np.ones((k, 1)), y, v, tau2)
    weights = 1 / (v + left)
    b, covariance, residual = _solve(x, y, weights)
    _, _, plain = _solve(x, y, 1 / v)
    qe, df = float((plain**2 / v).sum()), k - p
    if ci == "hksj":
        covariance = covariance * float((weights * residual**2).sum()) / df
    se = np.sqrt(np.diag(covariance))
    if not (se > 0).all():
        raise DataError("the studies lie exactly on a line: there is no residual to judge it by")
    z = b / se
    half = _quantile(options.level, ci, df) * se
    qm, m = float(b[1:] @ np.linalg.solve(covariance[1:, 1:], b[1:])), p - 1
    typical = df / _trace(x, 1 / v)
    return MetaRegression(
        measure=options.measure, tau2_method=tau2, ci_method=ci, level=options.level, names=names,
        coefficients=_tuple(b), se=_tuple(se), statistic=_tuple(z),
        p=_tuple(2 * (ndtr(-np.abs(z)) if ci == "wald" else stdtr(df, -np.abs(z)))),
        ci_low=_tuple(b - half), ci_high=_tuple(b + half), covariance=tuple(map(_tuple, covariance)), k=k, tau2=left,
        tau2_without=without, R2=100 * max(0.0, (without - left) / without) if without > 0 else None,
        I2=100 * left / (left + typical), QE=qe, QE_df=df, QE_p=float(chdtrc(df, qe)),
        QM=qm / m if ci == "hksj" else qm, QM_df=m,
        QM_p=float(fdtrc(m, df, qm / m) if ci == "hksj" else chdtrc(m, qm)),
        studies=tuple(s for s, has in zip(data.studies, e.estimable, strict=True) if has), effects=_tuple(y),
        variances=_tuple(v), excluded=tuple(s for s, has in zip(data.studies, e.estimable, strict=True) if not has),
    )  # fmt: skip


def _tuple(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _quantile(level: float, ci: str, df: int) -> float:
    return Options(level=level).z if ci == "wald" else float(stdtrit(df, 0.5 + level / 2))


def _design(tables: pd.DataFrame, moderators: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the names of the coefficients and the design, shape (k, p), intercept first."""
    if not moderators or len(set(moderators)) < len(moderators):
        raise OptionError(f"moderators={moderators!r}: name at least one, and each only once")
    names, columns = [INTERCEPT], [np.ones(len(tables))]
    for moderator in moderators:
        if moderator not in tables.columns:
            raise DataError("there is no such column for a moderator", value=moderator)
        series = tables[moderator].reset_index(drop=True)
        missing = series.isna() | (series.astype(str).str.strip() == "")
        if missing.any():
            row = int(np.argmax(missing))
            raise DataError(f"moderator {moderator} is missing", row=row + 1, study=tables["study"].iloc[row])
        numbers = pd.to_numeric(series, errors="coerce")
        if numbers.notna().all():
            if not np.isfinite(numbers.to_numpy(dtype=float)).all():
                raise DataError(f"moderator {moderator} is infinite")
            names.append(moderator)
            columns.append(numbers.to_numpy(dtype=float))
            continue
        if numbers.notna().any():
            row = int(np.argmax(numbers.isna()))
            problem = f"moderator {moderator} is a number for other studies"
            raise DataError(problem, row=row + 1, study=tables["study"].iloc[row], value=series[row])
        for group in sorted(set(series))[1:]:
            names.append(f"{moderator}: {group}")
            columns.append((series == group).to_numpy(dtype=float))
    return tuple(names), np.column_stack(columns)


def _solve(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return coefficients (p,), their covariance (p, p) and residuals (k,) of a weighted regression, by QR."""
    root = np.sqrt(w)
    q, r = np.linalg.qr(x * root[:, None])
    b = np.linalg.solve(r, q.T @ (root * y))
    inverse = np.linalg.inv(r)
    return b, inverse @ inverse.T, y - x @ b


def _trace(x: np.ndarray, w: np.ndarray) -> float:
    """Return the trace of P."""
    _, covariance, _ = _solve(x, np.zeros(len(w)), w)
    return float(w.sum() - ((x @ covariance * x).sum(1) * w**2).sum())


def _tau2(x: np.ndarray, y: np.ndarray, v: np.ndarray, method: str) -> float:
    """Return the estimate of tau2, not below 0."""
    df = len(y) - x.shape[1]
    _, _, residual = _solve(x, y, 1 / v)
    excess = float((residual**2 / v).sum()) - df
    if method == "DL":
        return float(max(0.0, excess / _trace(x, 1 / v)))
    _, _, flat = _solve(x, y, np.ones(len(y)))
    # Beyond the residual sum of squares no estimate lies.
    top = 2 * float((flat**2).sum()) + float(v.min())
    if method == "PM":
        return _root(lambda t: _generalised_q(x, y, v, t) - df, 0.0, top) if excess > 0 else 0.0
    restricted = method == "REML"
    grid = top * np.concatenate([[0.0], np.geomspace(1e-6, 1.0, 120)])
    best = int(np.argmax([_likelihood(x, y, v, float(t), restricted) for t in grid]))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)])
    score = [_score(x, y, v, t, restricted) for t in (low, high)]
    if not score[0] > 0 > score[1]:
        return 0.0
    return _root(lambda t: _score(x, y, v, t, restricted), low, high)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    found: float = brentq(function, low, high, xtol=1e-15 * high, rtol=1e-14)
    return found


def _generalised_q(x: np.ndarray, y: np.ndarray, v: np.ndarray, tau2: float) -> float:
    w = 1 / (v + tau2)
    _, _, residual = _solve(x, y, w)
    return float((w * residual**2).sum())


def _score(x: np.ndarray, y: np.ndarray, v: np.ndarray, tau2: float, restricted: bool) -> float:
    """Return twice the derivative of the (restricted) log-likelihood with respect to tau2."""
    w = 1 / (v + tau2)
    _, _, residual = _solve(x, y, w)
    return float((w**2 * residual**2).sum()) - (_trace(x, w) if restricted else float(w.sum()))


def _likelihood(x: np.ndarray, y: np.ndarray, v: np.ndarray, tau2: float, restricted: bool) -> float:
    """Return twice the (restricted) log-likelihood, up to a constant."""
    w = 1 / (v + tau2)
    _, covariance, residual = _solve(x, y, w)
    height = float(np.log(w).sum() - (w * residual**2).sum())
    return height + (float(np.linalg.slogdet(covariance)[1]) if restricted else 0.0)
