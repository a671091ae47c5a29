"""What several solutions mean: what they conclude, and which further number would decide between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from .agree import computed, covers
from .parts import ARM_NAMES, Result, Var
from .puzzle import Puzzle
from .relation import Relation, codes
from .solutions import Solutions

#: Of more solutions than this an even sample says what a further number would decide.
SAMPLE = 20_000
#: A ratio or difference of one study is thought of as printed with this many decimals.
DIGITS = 2


def ranges_of_conclusions(puzzle: Puzzle, groups: tuple[Solutions, ...]) -> pd.DataFrame:
    """Return what pooled results are over all solutions, as printed and under the other model.

    Returns
    -------
    DataFrame
        ``result, model, as_printed, effect_low, effect_high, p_low, p_high, significant``, the last the share of
        solutions with P below 0.05; effects are ratios or differences. Results that no solution covers are left out.
    """
    rows: list[tuple[object, ...]] = []
    for result in puzzle.results:
        group = next((g for g in groups if covers(g.kept, result)), None)
        if group is None or not len(group):
            continue
        models = [result.model] if result.method == "Peto" else [result.model, *({"fixed", "random"} - {result.model})]
        for model in models:
            values = computed(group.kept, replace(result, model=model), ("effect", "P"))
            ends = [end for name in ("effect", "P") for end in _ends(values[name])]
            share = float((values["P"] < 0.05).mean())
            rows.append((result.id, model, model == result.model, *ends, share))
    names = ["result", "model", "as_printed", "effect_low", "effect_high", "p_low", "p_high", "significant"]
    return pd.DataFrame(rows, columns=names)


def deciding_numbers(puzzle: Puzzle, solutions: Solutions) -> pd.DataFrame:
    """Return what one further number would leave of the solutions, the most telling number first.

    A number that takes n values with frequencies f among m solutions leaves ``sum(f^2) / m`` of them on average.

    Returns
    -------
    DataFrame
        ``number, values, left, most``: what it is, how many values it takes, how many solutions it leaves on average
        (of those given, or of an even sample of 20,000) and at most. Numbers that take one value only are left out.
    """
    relation = solutions.kept
    if len(relation) > SAMPLE:
        relation = relation.take(np.linspace(0, len(relation) - 1, SAMPLE).astype(np.int64))
    rows = []
    for name, values in _numbers(puzzle, relation, solutions.outcomes) if len(relation) else ():
        count = np.unique(values, return_counts=True)[1]
        if len(count) > 1:
            rows.append((name, len(count), float((count**2).sum() / len(relation)), int(count.max())))
    frame = pd.DataFrame(rows, columns=["number", "values", "left", "most"])
    return frame.sort_values(["left", "number"], kind="stable", ignore_index=True)


def _ends(values: np.ndarray) -> tuple[float, float]:
    there = values[~np.isnan(values)]
    return (float(there.min()), float(there.max())) if len(there) else (float("nan"), float("nan"))


def _numbers(puzzle: Puzzle, relation: Relation, outcomes: tuple[str, ...]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what a paper may print besides: events and sizes of arms, their totals, and the effect of each study."""
    sizes = [s.id for s in puzzle.studies if Var("", s.id, "t") in relation.cols]
    for arm, name in ARM_NAMES.items():
        for study in sizes:
            yield f"{study}: patients, {name} arm", relation.column(Var("", study, arm))
        yield f"patients of all {name} arms", relation.events([Var("", s, arm) for s in sizes])
    for outcome in outcomes:
        inside = [s for s in puzzle.outcome(outcome).studies if Var(outcome, s, "t") in relation.cols]
        for arm, name in ARM_NAMES.items():
            for study in inside:
                yield f"{study}: events of {outcome!r}, {name} arm", relation.column(Var(outcome, study, arm))
            yield f"events of {outcome!r}, all {name} arms", relation.events([Var(outcome, s, arm) for s in inside])
        pooled = [r for r in puzzle.results if r.outcome == outcome]
        for study in inside if pooled else ():
            single = Result("", outcome, (study,), pooled[0].measure, pooled[0].method, "fixed", (), "")
            effect = computed(relation, single, ("effect",))["effect"]
            shown = np.where(np.isfinite(effect), np.clip(effect, -1e6, 1e6), -1e6)
            yield f"{study}: {single.measure} for {outcome!r}", codes(np.rint(shown * 10**DIGITS)[:, None])
