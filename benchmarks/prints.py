"""Pools of the corpus as Review Manager prints them: studies from its own values, the pooled line from metalib."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from metalib.arithmetic.options import Options
from metalib.arithmetic.pooling import pool
from metalib.arithmetic.results import PooledEffect

from . import corpus

ROW = ("effect", "CI low", "CI high", "weight")
DIGITS = {"effect": 2, "CI low": 2, "CI high": 2, "weight": 1, "Z": 2, "Chi2": 2, "df": 0, "I2": 0, "Tau2": 2}
TIE = 1e-6


@dataclass(frozen=True)
class Plot:
    """A forest plot as it is printed: texts by name, the counts, and how it says that it pools."""

    options: Options
    rows: tuple[dict[str, str] | None, ...]
    line: dict[str, str]
    tables: pd.DataFrame

    def printed(self, what: str) -> object:
        """Return what a reader sees of one of :data:`PRINTS`."""
        counts = self.tables[corpus.COUNTS].to_numpy().tolist() if what == "counts" else None
        return self.line, self.rows if what != "line" else None, counts


def p_text(p: float) -> str:
    """Return P as RevMan 5 prints it: two decimals, below 0.01 the first digit."""
    if p < 0.00001:
        return "<0.00001"
    return f"{p:.2f}" if p >= 0.0095 else f"{p:.{int(np.ceil(-np.log10(p) - 0.0222))}f}"


def line_of(effect: PooledEffect) -> dict[str, str]:
    """Return the printed numbers of a pooled line."""
    numbers = {
        effect.measure: effect.natural(effect.estimate), "CI low": effect.natural(effect.ci_low),
        "CI high": effect.natural(effect.ci_high), "Z": abs(effect.statistic or 0.0),
    }  # fmt: skip
    if effect.k > 1:
        numbers |= {"Chi2": effect.Q, "df": effect.df, "I2": effect.I2}
        if effect.tau2 is not None:
            numbers["Tau2"] = effect.tau2
    line = {name: f"{value:.{DIGITS.get(name, 2)}f}" for name, value in numbers.items() if value is not None}
    line["P"] = p_text(effect.p if effect.p is not None else 1.0)
    if effect.p_Q is not None:
        line["P(Q)"] = p_text(effect.p_Q)
    return line


def rows_of(rows: pd.DataFrame, pooled: PooledEffect) -> tuple[dict[str, str] | None, ...]:
    """Return the printed rows, from RevMan's values; where its sixth decimal leaves the second open, from metalib's."""
    e = pooled.effects
    assert e is not None
    half = pooled.options.z * np.sqrt(e.vi)
    back = np.exp if pooled.options.is_ratio else np.asarray
    own = [back(e.yi), back(e.yi - half), back(e.yi + half), pooled.weights]
    printed: list[dict[str, str] | None] = []
    for i, revman in enumerate(rows[corpus.PRINTED].to_numpy(float)):
        texts = {}
        for name, value, mine in zip(ROW, revman, (x[i] for x in own), strict=True):
            digits = DIGITS[name]
            is_open = abs(abs(value) * 10**digits % 1 - 0.5) < TIE * 10**digits
            texts[name] = f"{mine if is_open else value:.{digits}f}"
        printed.append(None if np.isnan(revman[0]) else texts)
    return tuple(printed)


def plots(frame: pd.DataFrame, most: int | None = None) -> Iterator[tuple[str, Plot]]:
    """Yield pools of the corpus as printed plots, with their review; those under another specification are left out."""
    _, misses = corpus.run(frame)
    wrong = misses[misses["reason"] != corpus.REASONS[0]]
    left_out = set(map(tuple, wrong[["review", "analysis", "subgroup"]].drop_duplicates().to_numpy()))
    made = 0
    for _, rows in frame.groupby("pool", sort=True):
        first = rows.iloc[0]
        place = (first["review"], first["analysis"], first["pooled_subgroup"])
        if place in left_out or rows["effect"].isna().all() or made == most:
            continue
        made += 1
        options = Options(**{name: first[name] for name in corpus.SPECIFICATION})
        tables = rows[corpus.COUNTS].reset_index(drop=True)
        tables.insert(0, "study", [f"study {i + 1}" for i in range(len(rows))])
        pooled = pool(tables, **options.choices())
        # The source does not say which level: it is that of the first interval.
        i = int(np.flatnonzero(rows["effect"].notna())[0])
        limits = rows[["ci_low", "ci_high"]].to_numpy(float)[i]
        width = float(np.diff(np.log(limits) if options.is_ratio else limits)[0])
        se = float(pooled.effects.vi[i]) ** 0.5 if pooled.effects is not None else 0.0
        level = min(corpus.LEVELS, key=lambda x: abs(width - 2 * replace(options, level=x).z * se))
        if level != options.level:
            pooled = pool(tables, **{**options.choices(), "level": level})
        yield str(first["review"]), Plot(pooled.options, rows_of(rows, pooled), line_of(pooled), tables)
