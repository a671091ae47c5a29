"""What one study adds to the sums behind a pooled result.

Every fixed-effect estimate of this library is a ratio of two sums over studies, and so are the parts of its variance
and of Cochran's Q. A row of terms holds what one study adds; the row of a set of studies is the sum of its rows. The
terms come from the same corrected cells and effects as :func:`metalib.pool_batch`.
"""

from __future__ import annotations

import numpy as np

from ..arithmetic.study_effects import cells, peto_effects, study_effects

#: Columns of an array of terms: number of estimable studies; numerator and denominator of the estimate; sums of
#: w, w y, w y^2 and w^2 with inverse-variance weights; three parts of the variance of a Mantel-Haenszel estimate.
K, R, S, W, WY, WYY, WW, V1, V2, V3 = range(10)
COLUMNS = 10
#: Above this number of tables the temporary arrays leave the processor's cache.
CHUNK = 1 << 16


def is_log_ratio(measure: str, method: str) -> bool:
    """Return whether the estimate is the logarithm of R / S (else it is R / S itself)."""
    return method == "MH" and measure != "RD"


def study_terms(
    events_t: np.ndarray, n_t: np.ndarray, events_c: np.ndarray, n_c: np.ndarray, measure: str, method: str
) -> np.ndarray:
    """Return an array of terms, shape (m, 10), for m tables of one study; negative events mark an absent study."""
    m = len(events_t)
    out = np.empty((m, COLUMNS))
    for i in range(0, m, CHUNK):
        part = slice(i, i + CHUNK)
        out[part] = _terms(events_t[part], n_t[part], events_c[part], n_c[part], measure, method)
    return out


def _terms(a: np.ndarray, n1: np.ndarray, c: np.ndarray, n2: np.ndarray, measure: str, method: str) -> np.ndarray:
    absent = a < 0
    a, c = np.where(absent, 0, a).astype(float), np.where(absent, 0, c).astype(float)
    t = cells(a, n1.astype(float), c, n2.astype(float))
    e = peto_effects(t) if method == "Peto" else study_effects(t, measure)
    used = e.estimable & ~absent
    w = used / e.vi
    zero = np.zeros(len(a))
    v1, v2, v3 = zero, zero, zero
    if method != "MH":
        r, s = w * e.yi, w
    elif measure == "OR":
        r, s = t.A * t.D / t.N, t.B * t.C / t.N
        p, q = (t.A + t.D) / t.N, (t.B + t.C) / t.N
        v1, v2, v3 = p * r, p * s + q * r, q * s
    elif measure == "RR":
        s = t.C * t.N1 / t.N
        r = s * np.exp(e.yi)
        v1 = (t.N1 * t.N2 * (t.A + t.C) - t.A * t.C * t.N) / t.N**2
        v2 = t.A * t.N2 / t.N
    else:
        s = t.n1 * t.n2 / (t.n1 + t.n2)
        r = s * e.yi
        v1 = s**2 * e.vi
    out = np.empty((len(a), COLUMNS))
    for column, values in enumerate((used, r, s, w, w * e.yi, w * e.yi**2, w * w, v1, v2, v3)):
        out[:, column] = np.where(used, values, 0.0)
    return out


def fixed_estimate(terms: np.ndarray, measure: str, method: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the fixed-effect estimate (log scale for ratios) and its standard error; NaN where there is no study."""
    r, s = terms[:, R], terms[:, S]
    with np.errstate(divide="ignore", invalid="ignore"):
        if method != "MH":
            return r / s, 1 / np.sqrt(s)
        if measure == "RD":
            return r / s, np.sqrt(terms[:, V1]) / s
        if measure == "OR":
            variance = 0.5 * (terms[:, V1] / r**2 + terms[:, V2] / (r * s) + terms[:, V3] / s**2)
        else:
            variance = terms[:, V1] / (terms[:, V2] * s)
        return np.log(r / s), np.sqrt(variance)


def q_around(terms: np.ndarray, centre: np.ndarray | float) -> np.ndarray:
    """Return Cochran's Q around `centre`, not below 0; rounding leaves an error of about 1e-12."""
    return np.maximum(terms[:, WYY] - centre * (2 * terms[:, WY] - centre * terms[:, W]), 0.0)


def q_range(terms: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest Q of a set of studies around any centre in [low, high].

    Q is a parabola in the centre, smallest at the set's own inverse-variance mean. A part's Q around the whole's
    centre never exceeds the whole's Q, which makes the smallest value a safe ground for dropping a part.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(terms[:, W] > 0, terms[:, WY] / terms[:, W], 0.0)
    smallest = q_around(terms, np.clip(own, low, high))
    if np.isinf(low) or np.isinf(high):
        return smallest, np.full(len(terms), np.inf)
    return smallest, np.maximum(q_around(terms, low), q_around(terms, high))
