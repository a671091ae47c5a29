"""Results as the texts that prose and figures need."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from .. import text
from ..arithmetic.options import MEASURES, RATES
from ..arithmetic.results import PooledEffect
from ..audit.printed import read_printed

STATISTIC_NAMES = {"I2": "I² (%)", "Chi2": "Chi²", "P(Q)": "P of heterogeneity"}


def recomputed(value: float | None) -> str:
    """Return a recomputed number with more digits than are ever printed; whole numbers as they are."""
    if value is not None and float(value).is_integer():
        return text.number(value, 0)
    return text.number(value, 4 if abs(value or 0) < 1000 else 3)


def verdicts(compared: pd.DataFrame) -> str:
    """Return how many printed numbers were reproduced, for example ``5 of 6``."""
    return f"{(compared['verdict'] == 'reproduced').sum()} of {len(compared)}"


def favours(better: str, experimental: str, control: str, *, measure: str = "OR") -> tuple[str, str]:
    """Return the labels left and right of "no effect", given whether ``more`` or ``fewer`` events are better.

    For any other word, such as ``neither``, they say where there are more events (a higher mean) and favour no arm.
    """
    if better not in ("more", "fewer"):
        more = "More" if measure in (*MEASURES, *RATES) else "Higher"
        return f"{more} with {control}", f"{more} with {experimental}"
    sides = (f"Favours {control}", f"Favours {experimental}")
    return sides if better == "more" else sides[::-1]


def printed_ratio(rows: pd.DataFrame, measure: str = "OR") -> tuple[float, float, float]:
    """Return a printed ratio and its limits as numbers, to be drawn."""
    texts = by_statistic(rows)
    estimate, low, high = (read_printed(texts[name]).value for name in (measure, "CI low", "CI high"))
    return estimate, low, high


def printed(rows: pd.DataFrame, measure: str = "OR") -> dict[str, str]:
    """Return the texts of a printed result that prose needs, digits as printed."""
    shown = by_statistic(rows)
    names = {"or": measure, "p": "P", "i2": "I2", "p_q": "P(Q)", "q": "Chi2", "df": "df"}
    texts = {key: shown[name] for key, name in names.items() if name in shown}
    if "i2" in texts:
        texts["i2"] += "%"
    if "CI low" in shown:
        texts["ci"] = f"[{shown['CI low']}, {shown['CI high']}]"
        texts["estimate"] = f"{shown[measure]} {texts['ci']}"
    return texts


def by_statistic(rows: pd.DataFrame) -> Mapping[str, str]:
    """Return the printed text of each statistic."""
    return dict(zip(rows["statistic"].astype(str), rows["text"].astype(str), strict=True))


def glued(effect: PooledEffect, alpha: float = 0.05) -> dict[str, str]:
    """Return the texts of a pooled effect that prose needs, for :func:`metalib.pages.notebook.glue_as`."""
    return {
        "significance": text.significance(effect.p, alpha),
        "or": text.number(effect.natural(effect.estimate)),
        "ci": text.interval(effect.natural(effect.ci_low), effect.natural(effect.ci_high)),
        "estimate": text.estimate(effect),
        "p": text.p_value(effect.p),
        "k": str(effect.k),
        "q": text.number(effect.Q),
        "df": str(effect.df),
        "p_q": text.p_value(effect.p_Q),
        "i2": text.percent(effect.I2),
    }
