"""The numbers of a forest plot, row by row, before anything is drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..arithmetic.options import RATIOS
from ..arithmetic.pooling import pool
from ..arithmetic.results import PooledEffect
from ..arithmetic.study_effects import effects
from ..arithmetic.subgroups import subgroups
from ..arithmetic.tables import COUNTS, check_tables
from ..errors import DataError, OptionError
from . import scales
from .checks import check_frame, check_labels, pair_of_texts

NUMBERS = (
    *COUNTS, "weight", "estimate", "low", "high", "tau2", "Q", "df", "p_Q", "I2", "statistic", "p",
)  # fmt: skip


def single_effects(
    tables: pd.DataFrame, measure: str = "OR", method: str = "MH", *, level: float = 0.95
) -> pd.DataFrame:
    """Return ``study, effect, se, ci_low, ci_high`` of every study, as its square in a forest plot shows it.

    Numbers are on the log scale for ratios and NaN where a study is not estimable. Peto's method has an odds ratio of
    its own for a single study; the other methods share theirs.
    """
    if method != "Peto":
        return effects(tables, measure, level=level)[["study", "effect", "se", "ci_low", "ci_high"]]
    alone = [pool(tables.iloc[[i]], measure, method, level=level) for i in range(len(tables))]
    found = {
        "effect": [one.estimate for one in alone],
        "se": [one.se for one in alone],
        "ci_low": [one.ci_low for one in alone],
        "ci_high": [one.ci_high for one in alone],
    }
    return pd.DataFrame({"study": tables["study"].tolist(), **{name: _floats(v) for name, v in found.items()}})


def forest_data(
    tables: pd.DataFrame,
    *,
    measure: str = "OR",
    method: str = "MH",
    model: str = "fixed",
    tau2: str = "DL",
    ci: str = "wald",
    level: float = 0.95,
    by: str | None = None,
    labels: Mapping[str, str] | None = None,
    groups: Sequence[str] = ("Experimental", "Control"),
    printed: Sequence[float] | None = None,
    prediction: bool = False,
) -> pd.DataFrame:
    """Return the rows that :func:`forest` draws, from top to bottom, numbers unrounded.

    Parameters
    ----------
    tables, measure, method, model, tau2, ci, level, by, labels, groups, printed, prediction
        As in :func:`forest`.

    Returns
    -------
    DataFrame
        ``kind`` of row (``heading``, ``study``, ``subtotal``, ``total``, ``prediction``, ``printed``, ``difference``),
        ``subgroup``, ``study``, ``label`` (as shown), counts, ``weight`` (percent of the total), ``estimate``, ``low``,
        ``high`` (natural scale: ratios are not logarithms), ``tau2, Q, df, p_Q, I2`` (heterogeneity; in the row
        ``difference`` that between subgroups), ``statistic`` and ``p`` (of the overall effect), and in every row what
        the whole figure is: ``measure, method, model, tau2_method, ci_method, level, experimental, control``. NaN marks
        what a row does not have or what is not estimable.

    Raises
    ------
    DataError, OptionError
    """
    check_frame(tables)
    names = check_labels(labels)
    experimental, control = _arm_names(groups)
    options = {"measure": measure, "method": method, "model": model, "tau2": tau2, "ci": ci, "level": level}
    rows: list[dict] = []
    if by is None:
        overall = pool(tables, **options)
        rows += _studies(tables, overall.weights, names, overall)
    else:
        if not isinstance(by, str):
            raise OptionError(f"by={by!r} must be the name of a column of the tables")
        parted = subgroups(tables, by, **options)
        overall = parted.overall
        member = np.array([str(value) for value in tables[by]], dtype=object)
        for name, effect in parted.groups:
            at = np.flatnonzero(member == name)
            part, weights = tables.iloc[at], [overall.weights[i] for i in at]
            rows.append({"kind": "heading", "subgroup": name, "label": name})
            rows += _studies(part, weights, names, effect, subgroup=name)
            rows.append(_pooled("subtotal", effect, part, weights) | {"subgroup": name})
    rows.append(_pooled("total", overall, tables, overall.weights))
    if prediction and overall.prediction_low is not None:
        limits = [overall.natural(value) for value in (overall.prediction_low, overall.prediction_high)]
        label = f"Prediction interval ({percent_of(level)})"
        rows.append({"kind": "prediction", "label": label, "low": limits[0], "high": limits[1]})
    if printed is not None:
        estimate, low, high = _check_printed(printed, measure)
        rows.append({"kind": "printed", "label": "As printed", "estimate": estimate, "low": low, "high": high})
    if by is not None:
        between = {"Q": parted.Q, "df": parted.df, "p_Q": parted.p, "I2": parted.I2}
        rows.append({"kind": "difference", "label": "Test for subgroup differences", **between})
    return _frame(rows, overall, experimental, control)


def percent_of(level: float) -> str:
    """Return a confidence level as text, for example ``95%``."""
    return f"{scales.tick_label(round(100 * level, 6))}%"


def _arm_names(groups: Sequence[str]) -> tuple[str, str]:
    pair = pair_of_texts("groups", groups)
    if pair[0] == pair[1]:
        raise OptionError(f"groups={groups!r}: the two arms need different names")
    return pair


def _studies(
    part: pd.DataFrame,
    weights: Sequence[float | None],
    names: Mapping[str, str],
    effect: PooledEffect,
    subgroup: str = "",
) -> list[dict]:
    single = single_effects(part, effect.measure, effect.method, level=effect.level)
    counts = check_tables(part)
    rows = []
    for i, e in enumerate(single.itertuples(index=False)):
        rows.append(
            {
                "kind": "study",
                "subgroup": subgroup,
                "study": e.study,
                "label": str(names.get(e.study, e.study)),
                **{name: getattr(counts, name)[i] for name in COUNTS},
                "weight": weights[i],
                "estimate": effect.natural(e.effect),
                "low": effect.natural(e.ci_low),
                "high": effect.natural(e.ci_high),
            }
        )
    return rows


def _pooled(kind: str, effect: PooledEffect, part: pd.DataFrame, weights: Sequence[float | None]) -> dict:
    """Return the row of a pooled effect; totals count every patient, also of studies that are not estimable."""
    known = [w for w in weights if w is not None]
    return {
        "kind": kind,
        "label": f"{kind.capitalize()} ({percent_of(effect.level)} CI)",
        **{name: float(part[name].sum()) for name in COUNTS},
        "weight": math.fsum(known) if known else None,
        "estimate": effect.natural(effect.estimate),
        "low": effect.natural(effect.ci_low),
        "high": effect.natural(effect.ci_high),
        "tau2": effect.tau2,
        "Q": effect.Q,
        "df": effect.df,
        "p_Q": effect.p_Q,
        "I2": effect.I2,
        "statistic": effect.statistic,
        "p": effect.p,
    }


def _check_printed(printed: Sequence[float], measure: str) -> tuple[float, float, float]:
    try:
        estimate, low, high = (float(value) for value in printed)
    except (TypeError, ValueError) as error:
        raise DataError("printed must be estimate, lower and upper limit", value=printed) from error
    if not (math.isfinite(low) and math.isfinite(high) and low <= estimate <= high):
        raise DataError("printed must be finite, with the estimate between its limits", value=printed)
    if measure in RATIOS and low <= 0:
        raise DataError("a printed ratio and its limits must be above 0 to be drawn", value=printed)
    return estimate, low, high


def _frame(rows: list[dict], overall: PooledEffect, experimental: str, control: str) -> pd.DataFrame:
    columns: dict[str, object] = {
        name: [row.get(name, "") for row in rows] for name in ("kind", "subgroup", "study", "label")
    }
    for name in NUMBERS:
        columns[name] = _floats([row.get(name) for row in rows])
    whole = {
        "measure": overall.measure,
        "method": overall.method,
        "model": overall.model,
        "tau2_method": overall.tau2_method or "",
        "ci_method": overall.ci_method,
        "level": overall.level,
        "experimental": experimental,
        "control": control,
    }
    return pd.DataFrame(columns | {name: [value] * len(rows) for name, value in whole.items()})


def _floats(values: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype=float)
