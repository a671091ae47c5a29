"""A pooled odds ratio worked out step by step, with the numbers that stand between the counts and the result.

The steps follow the formulas of the Mantel-Haenszel method one by one, as one would with pencil and paper. They share
the corrected cells with the rest of the package, and nothing else: that they arrive at the result of
:func:`metalib.pool` is a check of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from .. import text
from ..arithmetic.study_effects import cells, study_effects
from ..arithmetic.tables import check_tables
from ..errors import DataError
from .notebook import escape_markdown


@dataclass(frozen=True, slots=True)
class Worked:
    """The quantities of a Mantel-Haenszel odds ratio, unrounded, on the log scale.

    Attributes
    ----------
    studies : tuple of str
        Those that are estimable.
    corrected : tuple of bool
        Whether 0.5 was added to the cells of a study.
    A, B, C, D, N, R, S, y, v, w, w_random : ndarray of shape (k,)
        Cells, total, ``A D / N``, ``B C / N``, effect, variance, and the weights of both models.
    ln_or, se, Q, df, tau2, I2 : float
        Fixed-effects result and heterogeneity.
    ln_or_random, se_random : float
    left_out : tuple of str
        Studies that are not estimable.
    """

    studies: tuple[str, ...]
    corrected: tuple[bool, ...]
    A: np.ndarray
    B: np.ndarray
    C: np.ndarray
    D: np.ndarray
    N: np.ndarray
    R: np.ndarray
    S: np.ndarray
    y: np.ndarray
    v: np.ndarray
    w: np.ndarray
    w_random: np.ndarray
    ln_or: float
    se: float
    Q: float
    df: int
    I2: float
    tau2: float
    ln_or_random: float
    se_random: float
    left_out: tuple[str, ...]


def work_out(tables: pd.DataFrame) -> Worked:
    """Work out the Mantel-Haenszel odds ratio of some studies, fixed and random effects (Deeks & Higgins 2010).

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``.

    Raises
    ------
    DataError
        Bad counts, or no study is estimable.
    """
    checked = check_tables(tables)
    t = cells(*checked.counts())
    use = study_effects(t, "OR").estimable
    if not use.any():
        raise DataError("no study has an odds ratio: there is nothing to work out")
    A, B, C, D = (x[use] for x in (t.A, t.B, t.C, t.D))
    N = A + B + C + D
    R, S = A * D / N, B * C / N
    G, U = (A + D) / N, (B + C) / N
    sum_r, sum_s = R.sum(), S.sum()
    ln_or = math.log(sum_r / sum_s)
    variance = (
        (G * R).sum() / sum_r**2 + (G * S + U * R).sum() / (sum_r * sum_s) + (U * S).sum() / sum_s**2
    ) / 2  # Robins, Breslow & Greenland 1986
    y = np.log(A * D / (B * C))
    v = 1 / A + 1 / B + 1 / C + 1 / D
    w = 1 / v
    q = float((w * (y - ln_or) ** 2).sum()) if len(y) > 1 else 0.0
    df = len(y) - 1
    scale = w.sum() - (w**2).sum() / w.sum()
    tau2 = max(0.0, (q - df) / scale) if df else 0.0
    w_random = 1 / (v + tau2)
    return Worked(
        tuple(s for s, used in zip(checked.studies, use, strict=True) if used),
        tuple(bool(c) for c in t.corrected[use]),
        A, B, C, D, N, R, S, y, v, w, w_random,
        ln_or, math.sqrt(variance), q, df, 100 * max(0.0, q - df) / q if q > 0 else 0.0, tau2,
        float((w_random * y).sum() / w_random.sum()), 1 / math.sqrt(w_random.sum()),
        tuple(s for s, used in zip(checked.studies, use, strict=True) if not used),
    )  # fmt: skip


def steps(worked: Worked, labels: Mapping[str, str] | None = None, *, model: str = "fixed") -> str:
    """Return the steps as MyST Markdown: tables of the sums and the formulas with the numbers in them.

    Parameters
    ----------
    worked : Worked
    labels : mapping, optional
        Study -> name to show.
    model : {"fixed", "random"}
        Where the steps end.
    """
    n = text.number
    w = worked
    names = [escape_markdown((labels or {}).get(s, s)) for s in w.studies]
    names = [f"{name} (+0.5)" if c else name for name, c in zip(names, w.corrected, strict=True)]
    digits = 1 if any(w.corrected) else 0
    G, U = (w.A + w.D) / w.N, (w.B + w.C) / w.N
    first = _table(
        ["Study", "$a$", "$b$", "$c$", "$d$", "$N$", "$R = ad/N$", "$S = bc/N$"],
        [
            [name, *(n(x[i], digits) for x in (w.A, w.B, w.C, w.D, w.N)), n(w.R[i], 4), n(w.S[i], 4)]
            for i, name in enumerate(names)
        ],
        ["Sum", "", "", "", "", "", n(w.R.sum(), 4), n(w.S.sum(), 4)],
    )
    parts = [
        "**1. The counts.** $a$ events and $b$ others in the experimental arm, $c$ and $d$ in the control arm."
        + (" To a study with a zero cell 0.5 is added in all four cells." if any(w.corrected) else "")
        + (f" Not estimable: {', '.join(w.left_out)}." if w.left_out else ""),
        first,
        f"**2. The odds ratio.** $\\ln(\\sum R / \\sum S) = \\ln({n(w.R.sum(), 4)} / {n(w.S.sum(), 4)}) = "
        f"{n(w.ln_or, 4)}$, an odds ratio of {n(math.exp(w.ln_or), 4)}.",
        "**3. Its standard error**, with $G = (a+d)/N$ and $U = (b+c)/N$.",
        _table(
            ["Study", "$GR$", "$GS + UR$", "$US$"],
            [
                [name, n((G * w.R)[i], 4), n((G * w.S + U * w.R)[i], 4), n((U * w.S)[i], 4)]
                for i, name in enumerate(names)
            ],
            ["Sum", n((G * w.R).sum(), 4), n((G * w.S + U * w.R).sum(), 4), n((U * w.S).sum(), 4)],
        ),
        _display(
            f"\\mathrm{{SE}}^2 = \\frac12\\left(\\frac{{{n((G * w.R).sum(), 4)}}}{{{n(w.R.sum(), 4)}^2}} + "
            f"\\frac{{{n((G * w.S + U * w.R).sum(), 4)}}}{{{n(w.R.sum(), 4)} \\cdot {n(w.S.sum(), 4)}}} + "
            f"\\frac{{{n((U * w.S).sum(), 4)}}}{{{n(w.S.sum(), 4)}^2}}\\right) = {n(w.se**2, 5)}, \\qquad "
            f"\\mathrm{{SE}} = {n(w.se, 4)}"
        ),
        f"**4. Interval and test, fixed effects.** {_interval(w.ln_or, w.se)}",
        f"**5. Heterogeneity.** $y = \\ln(ad/bc)$, $v = 1/a + 1/b + 1/c + 1/d$, $w = 1/v$, around {n(w.ln_or, 4)}.",
        _table(
            ["Study", "$y$", "$v$", "$w$", "$w (y - \\hat\\theta)^2$"],
            [
                [name, n(w.y[i], 4), n(w.v[i], 4), n(w.w[i], 4), n(w.w[i] * (w.y[i] - w.ln_or) ** 2, 4)]
                for i, name in enumerate(names)
            ],
            ["Sum", "", "", n(w.w.sum(), 4), n(w.Q, 4)],
        ),
        f"$Q = {n(w.Q, 4)}$ on {w.df} degrees of freedom; $I^2 = \\max(0, (Q - {w.df}) / Q) = {n(w.I2, 1)}\\%$.",
    ]
    if model == "random":
        scale = w.w.sum() - (w.w**2).sum() / w.w.sum()
        parts += [
            f"**6. Variance between studies.** $\\tau^2 = \\max(0, (Q - {w.df}) / (\\sum w - \\sum w^2 / \\sum w)) = "
            f"\\max(0, ({n(w.Q, 4)} - {w.df}) / {n(scale, 4)}) = {n(w.tau2, 4)}$.",
            "**7. The random-effects result**, with $w^* = 1/(v + \\tau^2)$.",
            _table(
                ["Study", "$w^*$", "$w^* y$"],
                [[name, n(w.w_random[i], 4), n((w.w_random * w.y)[i], 4)] for i, name in enumerate(names)],
                ["Sum", n(w.w_random.sum(), 4), n((w.w_random * w.y).sum(), 4)],
            ),
            f"$\\hat\\theta = {n((w.w_random * w.y).sum(), 4)} / {n(w.w_random.sum(), 4)} = {n(w.ln_or_random, 4)}$, "
            f"$\\mathrm{{SE}} = 1/\\sqrt{{{n(w.w_random.sum(), 4)}}} = {n(w.se_random, 4)}$.",
            f"**8. Interval and test.** {_interval(w.ln_or_random, w.se_random)}",
        ]
    return "\n\n".join(parts)


def _interval(estimate: float, se: float, level: float = 0.95) -> str:
    n, z = text.number, float(ndtri(0.5 + level / 2))
    low, high = math.exp(estimate - z * se), math.exp(estimate + z * se)
    statistic = estimate / se
    p = 2 * float(ndtr(-abs(statistic)))
    return (
        f"$\\exp({n(estimate, 4)} \\pm {n(z, 4)} \\cdot {n(se, 4)})$ gives "
        f"{n(math.exp(estimate))} {text.interval(low, high)}; "
        f"$Z = {n(estimate, 4)} / {n(se, 4)} = {n(statistic)}$, P {text.p_value(p, sign=True)}."
    )


def _display(formula: str) -> str:
    return f"$$\n{formula}\n$$"


def _table(header: list[str], rows: list[list[str]], last: list[str]) -> str:
    lines = [header, [":---", *["---:"] * (len(header) - 1)], *rows, [f"**{cell}**" if cell else "" for cell in last]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
