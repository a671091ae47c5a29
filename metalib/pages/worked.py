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
from ..arithmetic.tables import Tables, check_tables
from ..errors import DataError
from .markup import escape_markdown, pipe_table


@dataclass(frozen=True, slots=True, eq=False)
class Worked:
    """The quantities of a Mantel-Haenszel odds ratio, unrounded, on the log scale.

    Attributes
    ----------
    studies : DataFrame
        One row an estimable study: ``study``, ``corrected`` (0.5 was added to its cells), the cells ``a, b, c, d`` and
        their total ``N``, ``R = ad/N``, ``S = bc/N``, the terms of the standard error ``GR, GS+UR, US``, effect ``y``,
        variance ``v``, weight ``w``, its share ``q`` of Q, and ``w*`` and ``w*y`` of the random-effects model.
    sums : Series
        The sum of each of these numbers.
    ln_or, se, Q, df, I2, tau2 : float
        Fixed-effects result and heterogeneity.
    ln_or_random, se_random : float
    left_out : tuple of str
        Studies that are not estimable.
    """

    studies: pd.DataFrame
    sums: pd.Series[float]
    ln_or: float
    se: float
    Q: float
    df: int
    I2: float
    tau2: float
    ln_or_random: float
    se_random: float
    left_out: tuple[str, ...]


def work_out(tables: pd.DataFrame | Tables) -> Worked:
    """Work out the Mantel-Haenszel odds ratio of some studies, fixed and random effects (Deeks & Higgins 2010).

    Parameters
    ----------
    tables : DataFrame or Tables
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
    a, b, c, d = (x[use] for x in (t.A, t.B, t.C, t.D))
    N = a + b + c + d
    R, S = a * d / N, b * c / N
    G, U = (a + d) / N, (b + c) / N
    GR, cross, US = G * R, G * S + U * R, U * S
    ln_or = math.log(R.sum() / S.sum())
    # Robins, Breslow & Greenland 1986
    variance = (GR.sum() / R.sum() ** 2 + cross.sum() / (R.sum() * S.sum()) + US.sum() / S.sum() ** 2) / 2
    y, v = np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d
    w = 1 / v
    q = w * (y - ln_or) ** 2
    Q, df = float(q.sum()) if len(y) > 1 else 0.0, len(y) - 1
    tau2 = max(0.0, (Q - df) / (w.sum() - (w**2).sum() / w.sum())) if df else 0.0
    w_random = 1 / (v + tau2)
    names = np.array(checked.studies, dtype=object)
    studies = pd.DataFrame(
        {"study": names[use], "corrected": t.corrected[use], "a": a, "b": b, "c": c, "d": d, "N": N, "R": R, "S": S,
         "GR": GR, "GS+UR": cross, "US": US, "y": y, "v": v, "w": w, "w2": w**2, "q": q, "w*": w_random,
         "w*y": w_random * y}
    )  # fmt: skip
    sums = studies.drop(columns=["study", "corrected"]).sum()
    return Worked(
        studies, sums, ln_or, math.sqrt(variance), Q, df, 100 * max(0.0, Q - df) / Q if Q > 0 else 0.0, tau2,
        float((w_random * y).sum() / w_random.sum()), 1 / math.sqrt(w_random.sum()), tuple(names[~use]),
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
    n, w = text.number, worked
    total = {name: n(value, 4) for name, value in w.sums.items()}
    corrected = bool(w.studies["corrected"].any())
    names = [escape_markdown((labels or {}).get(study, study)) for study in w.studies["study"]]
    names = [f"{name} (+0.5)" if c else name for name, c in zip(names, w.studies["corrected"], strict=True)]

    def table(headings: Mapping[str, str], summed: str, digits: Mapping[str, int] | None = None) -> str:
        """Return quantities of every study under their headings, and the sums of those in `summed`."""
        columns = [[n(value, (digits or {}).get(key, 4)) for value in w.studies[key]] for key in headings]
        last = ["Sum", *(total[key] if key in summed.split() else "" for key in headings)]
        rows = [*zip(names, *columns, strict=True), [f"**{cell}**" if cell else "" for cell in last]]
        return pipe_table(
            ["Study", *(f"${heading}$" for heading in headings.values())], rows, "l" + "r" * len(headings)
        )

    whole = dict.fromkeys("abcdN", 1 if corrected else 0)
    parts = [
        "**1. The counts.** $a$ events and $b$ others in the experimental arm, $c$ and $d$ in the control arm."
        + (" To a study with a zero cell 0.5 is added in all four cells." if corrected else "")
        + (f" Not estimable: {', '.join(w.left_out)}." if w.left_out else ""),
        table({**{key: key for key in whole}, "R": "R = ad/N", "S": "S = bc/N"}, "R S", whole),
        f"**2. The odds ratio.** $\\ln(\\sum R / \\sum S) = \\ln({total['R']} / {total['S']}) = "
        f"{n(w.ln_or, 4)}$, an odds ratio of {n(math.exp(w.ln_or), 4)}.",
        "**3. Its standard error**, with $G = (a+d)/N$ and $U = (b+c)/N$.",
        table({"GR": "GR", "GS+UR": "GS + UR", "US": "US"}, "GR GS+UR US"),
        f"$$\n\\mathrm{{SE}}^2 = \\frac12\\left(\\frac{{{total['GR']}}}{{{total['R']}^2}} + "
        f"\\frac{{{total['GS+UR']}}}{{{total['R']} \\cdot {total['S']}}} + "
        f"\\frac{{{total['US']}}}{{{total['S']}^2}}\\right) = {n(w.se**2, 5)}, \\qquad "
        f"\\mathrm{{SE}} = {n(w.se, 4)}\n$$",
        f"**4. Interval and test, fixed effects.** {_interval(w.ln_or, w.se)}",
        f"**5. Heterogeneity.** $y = \\ln(ad/bc)$, $v = 1/a + 1/b + 1/c + 1/d$, $w = 1/v$, around {n(w.ln_or, 4)}.",
        table({"y": "y", "v": "v", "w": "w", "q": "w (y - \\hat\\theta)^2"}, "w q"),
        f"$Q = {n(w.Q, 4)}$ on {w.df} degrees of freedom; $I^2 = \\max(0, (Q - {w.df}) / Q) = {n(w.I2, 1)}\\%$.",
    ]
    if model == "random":
        scale = w.sums["w"] - w.sums["w2"] / w.sums["w"]
        parts += [
            f"**6. Variance between studies.** $\\tau^2 = \\max(0, (Q - {w.df}) / (\\sum w - \\sum w^2 / \\sum w)) = "
            f"\\max(0, ({n(w.Q, 4)} - {w.df}) / {n(scale, 4)}) = {n(w.tau2, 4)}$.",
            "**7. The random-effects result**, with $w^* = 1/(v + \\tau^2)$.",
            table({"w*": "w^*", "w*y": "w^* y"}, "w* w*y"),
            f"$\\hat\\theta = {total['w*y']} / {total['w*']} = {n(w.ln_or_random, 4)}$, "
            f"$\\mathrm{{SE}} = 1/\\sqrt{{{total['w*']}}} = {n(w.se_random, 4)}$.",
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
