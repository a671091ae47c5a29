"""A published pooled result beside its recomputation, for the explorer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ..arithmetic.results import PooledEffect
from ..audit.compare import compare, forest_statistics
from ..audit.printed import read_printed
from .views import STATISTIC_NAMES, recomputed


@dataclass(frozen=True, slots=True, eq=False)
class PrintedAnalysis:
    """A published pooled result that a choice of the reader can be held against.

    Attributes
    ----------
    place : str
        Where it is printed.
    numbers : DataFrame
        Rows of ``statistic, text, read_as, unit``; at least the effect and its limits.
    model : {"fixed", "random"}
    without : sequence of str
        Studies left out of those that are on at first.
    measure, method : str
    """

    place: str
    numbers: pd.DataFrame
    model: str
    without: Sequence[str] = ()
    measure: str = "OR"
    method: str = "MH"


def hold_against_print(analysis: PrintedAnalysis, effect: PooledEffect) -> dict:
    """Return place and text of a printed analysis, what becomes of its numbers, and the ends of its diamond."""
    compared = compare(analysis.numbers, forest_statistics(effect))
    shown = dict(zip(compared["statistic"], compared["text"], strict=True))
    drawn = (analysis.measure, "CI low", "CI high")
    more = [f"{STATISTIC_NAMES.get(name, name)} {value}" for name, value in shown.items() if name not in drawn]
    checkable = compared[compared["verdict"] != "not checkable"]
    good = checkable["verdict"] == "reproduced"
    missed = [
        f"{STATISTIC_NAMES.get(row.statistic, row.statistic)}: printed {row.text}, recomputed {recomputed(row.value)}"
        for row in checkable[~good].itertuples()
    ]
    ratio = "{} [{}, {}]".format(*(shown[name] for name in drawn))
    return {
        "place": analysis.place,
        "effect": ratio,
        "text": f"{ratio}; {', '.join(more)}",
        "verdict": "; ".join([f"{good.sum()} of {len(checkable)} printed numbers reproduced", *missed]),
        "ends": [read_printed(shown[name]).value for name in drawn],
    }
