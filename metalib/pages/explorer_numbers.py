"""Results of the explorer as numbers and texts that JSON holds, each of them once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from .. import text
from ..arithmetic.options import RATIOS
from ..arithmetic.pooling import pool
from ..arithmetic.results import PooledEffect
from ..arithmetic.study_effects import effects
from ..errors import DataError
from ..figures.rows import effects_of
from ..figures.scales import effect_scale, tick_labels

#: What JSON holds: an object, by the names that the module :mod:`metalib.pages.explorer` describes.
Data = dict[str, Any]
#: Numbers, texts and places of reasons, in the order described there.
Row = list[Any]
SIGNIFICANT_DIGITS = 10
#: What differs less from 0 is the rounding error of a computer, and not the same on another one.
NOISE = 1e-12
LEVEL = 0.95
_ADHOC = "hksj_adhoc"
#: What a letter of such a result stands for.
_TAKEN = {"w": "wald", "h": "hksj"}


@dataclass(slots=True)
class Reasons:
    """Texts that occur often, held once."""

    texts: list[str] = field(default_factory=list)

    def place(self, reason: str) -> int:
        """Return the place of a text, which is new or is there already."""
        if reason not in self.texts:
            self.texts.append(reason)
        return self.texts.index(reason)


def overall_test(effect: PooledEffect) -> str:
    """Return the test of the overall effect, for example ``Z = 2.61, P = 0.009``."""
    return f"{text.statistic(effect)}, P {text.p_value(effect.p, sign=True)}"


def q_text(effect: PooledEffect) -> str:
    """Return Cochran's Q with its test, and I2."""
    return (
        f"Chi² = {text.number(effect.Q)}, df = {effect.df}, P {text.p_value(effect.p_Q, sign=True)}; "
        f"I² = {text.percent(effect.I2)}"
    )


def tau2_text(effect: PooledEffect) -> str:
    """Return the variance between studies; empty for a fixed-effect model."""
    return "" if effect.tau2 is None else f"Tau² = {text.number(effect.tau2, 3)}"


def measure_results(
    tables: pd.DataFrame,
    measure: str,
    found: Mapping[tuple[str, str, str, str], list[PooledEffect]],
    reasons: Reasons,
    off: Sequence[str] = (),
) -> Data:
    """Return the results of one measure, each number once.

    Parameters
    ----------
    tables : DataFrame
    measure : {"OR", "RR", "RD"}
    found : mapping
        Method, model, tau2, interval -> pooled effects, one a subset.
    reasons : Reasons
        Takes up the texts that stand for numbers.
    off : sequence of str
        Studies that are off at first.
    """
    kinds = {"other": "IV", **({"Peto": "Peto"} if measure == "OR" else {})}
    intervals: dict[str, list[Row] | str] = {}
    for (method, model, tau2, ci), results in found.items():
        name = f"{method}-{model}/{tau2}"
        intervals[f"{name}/{ci}"] = [_interval(r, reasons) for r in results]
        if ci == _ADHOC:
            intervals[f"{name}/{ci}"] = _wider(intervals, name)
    return {
        "axes": {
            "first": _axis(tables[~tables["study"].isin(off)], measure, kinds.values()),
            "all": _axis(tables, measure, kinds.values()),
        },
        "effects": {kind: _study_effects(tables, measure, method, reasons) for kind, method in kinds.items()},
        "Q": {method: [_q(r, reasons) for r in rs] for (method, model, *_), rs in found.items() if model == "fixed"},
        "points": {
            f"{method}-{model}/{tau2}": [_point(r) for r in results]
            for (method, model, tau2, ci), results in found.items()
            if ci == "wald"
        },
        "intervals": intervals,
    }


def _interval(effect: PooledEffect, reasons: Reasons) -> Row:
    low, high = _natural(effect, effect.ci_low), _natural(effect, effect.ci_high)
    predicted = effect.prediction_low is not None
    return [
        low,
        high,
        number(effect.p, noise=0.0),
        text.estimate(effect) if effect.estimable else reasons.place(text.NOT_ESTIMABLE),
        overall_test(effect) if effect.p is not None else reasons.place(effect.reasons["p"]),
        _natural(effect, effect.prediction_low),
        _natural(effect, effect.prediction_high),
        text.prediction(effect) if predicted else reasons.place(effect.reasons["prediction_low"]),
    ]


def _wider(intervals: Mapping[str, list[Row] | str], name: str) -> str:
    """Return for each subset whose result "never narrower" is, after seeing that it is one of the two."""
    letters = []
    for adhoc, wald, hksj in zip(*(intervals[f"{name}/{ci}"] for ci in (_ADHOC, "wald", "hksj")), strict=True):
        if adhoc not in (wald, hksj):
            raise DataError(f"the interval {_ADHOC!r} is neither that of 'wald' nor that of 'hksj'", value=adhoc)
        letters.append("h" if adhoc == hksj else "w")
    return "".join(letters)


def _q(effect: PooledEffect, reasons: Reasons) -> Row:
    shown = q_text(effect) if effect.p_Q is not None else reasons.place(effect.reasons["p_Q"])
    return [effect.k, number(effect.Q), effect.df, number(effect.p_Q, noise=0.0), number(effect.I2), shown]


def _point(effect: PooledEffect) -> Row:
    return [
        _natural(effect, effect.estimate),
        number(effect.tau2),
        tau2_text(effect),
        [number(w) for w in effect.weights],
        ["" if w is None else text.percent(w, 1) for w in effect.weights],
    ]


def _study_effects(tables: pd.DataFrame, measure: str, method: str, reasons: Reasons) -> list[Row]:
    remarks = effects(tables, measure, level=LEVEL)
    rows: list[Row] = []
    for ends, estimable, reason in zip(
        _single(tables, measure, method), remarks["estimable"], remarks["reason"], strict=True
    ):
        # Peto's odds ratio corrects no zero cell.
        remark = reasons.place(str(reason) if method != "Peto" or not estimable else "")
        if math.isnan(ends[0]):
            rows.append([None, None, None, reasons.place(text.NOT_ESTIMABLE), remark])
        else:
            rows.append([*(number(end) for end in ends), text.with_interval(*ends), remark])
    return rows


def _single(tables: pd.DataFrame, measure: str, method: str) -> list[tuple[float, float, float]]:
    """Return effect and limits of every study on the natural scale, NaN where it has none.

    Peto's method has an odds ratio of its own for a single study; the other methods share theirs.
    """
    effect = pool(tables, measure, method, level=LEVEL)
    scale = math.exp if measure in RATIOS else float
    yi, _, low, high = effects_of(effect).intervals(effect.options.z)
    return [(scale(y), scale(a), scale(b)) for y, a, b in zip(yi, low, high, strict=True)]


def _axis(tables: pd.DataFrame, measure: str, methods: Iterable[str]) -> Data:
    """Return one axis for all choices, so that marks move only when results do; wide intervals are cut off.

    A pooled estimate is a mean of the studies' and needs no more room than they do.
    """
    single = [row for method in methods for row in _single(tables, measure, method)]
    axis = effect_scale(
        measure, [y for y, _, _ in single], [end for _, *ends in single for end in ends], symmetric=True
    )
    return {
        "low": axis.low,
        "high": axis.high,
        "log": axis.log,
        "none": axis.no_effect,
        "ticks": [
            [tick, text.minus_signs(label)] for tick, label in zip(axis.ticks, tick_labels(axis.ticks), strict=True)
        ],
    }


def number(value: float | None, noise: float = NOISE) -> float | None:
    """Return a number with ten significant digits, and 0 for less than `noise`; None stays None.

    Raises
    ------
    DataError
        The number is infinite or no number, which JSON does not know.
    """
    if value is None:
        return None
    if not math.isfinite(value):
        raise DataError("a result that no JSON can hold", value=value)
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if abs(value) >= noise else 0.0


def _natural(effect: PooledEffect, value: float | None) -> float | None:
    return number(effect.natural(value))


def stored_p(outcome: Data) -> pd.DataFrame:
    """Return P of every result that an outcome of :func:`metalib.pages.explorer.explorer_outcome` holds.

    Returns
    -------
    DataFrame
        ``set`` (label), ``measure, model, tau2, ci``, ``studies`` (keys joined by ", ", in the order of the set),
        ``printed`` (whether they are those of the first printed analysis) and ``p`` (NaN if there is none).
    """
    rows = []
    for one in outcome["sets"]:
        keys = [study["key"] for study in one["studies"]]
        first = one["printed"][0]["subset"] if one["printed"] else None
        for measure, numbers in one["measures"].items():
            for name, results in numbers["intervals"].items():
                model, tau2, ci = name.split("/")
                for subset, result in enumerate(results, start=1):
                    # "Never narrower" points to the interval that it takes.
                    held = numbers["intervals"][f"{model}/{tau2}/{_TAKEN[result]}"] if ci == _ADHOC else results
                    studies = ", ".join(key for i, key in enumerate(keys) if subset >> i & 1)
                    p = held[subset - 1][2]
                    rows.append((one["label"], measure, model, tau2, ci, studies, subset == first, p))
    columns = ["set", "measure", "model", "tau2", "ci", "studies", "printed", "p"]
    return pd.DataFrame(rows, columns=columns).astype({"p": float})
