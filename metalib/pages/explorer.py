"""Every result that readers can choose in an explorer, computed ahead: all subsets of studies under all models.

:func:`explorer_outcome` pools each non-empty subset of the studies of an outcome under every measure, model, estimator
of tau2 and interval that has a meaning, and returns numbers and texts in a form that JSON holds. What shows them only
looks them up: nothing is computed, and no number is made text, a second time. The form repeats nothing::

    key, label, arms, favours      the outcome; the names of the arms; what lies left and right of no effect
    reasons                        texts that stand where there is no number; elsewhere a whole number points here
    sets[]                         one for each set of tables
      key, label, note, totals     totals: events/patients of both arms, one pair a subset
      studies[]                    key, label, counts of both arms, status, on (at first), effects by measure
      measures{OR, RR, RD}
        axes{first, all}           of the studies on at first, and of all: low, high, log, none (no effect), ticks
        effects{Peto, other}       [estimate, low, high, text, remark], one a study
        Q{MH, IV, Peto}            [k, Q, df, P, I2, text], one a subset
        points{model/tau2}         [estimate, tau2, text of tau2, weights, texts of weights], one a subset
        intervals{model/tau2/ci}   [low, high, P, text of the effect, text of its test, prediction low, prediction
                                   high, text of the prediction], one a subset; for "never narrower" instead a string,
                                   one letter a subset: the result is the one of Wald (w) or of Hartung-Knapp (h)
      printed[]                    printed analyses: model, subset, place, text, verdict, [estimate, low, high]

A subset is numbered by its bits: study i takes part if bit i is set, so that subset 1 is the first study alone, and
subset s stands at place s - 1. Estimates and limits are on the natural scale, rounded to ten significant digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .. import text
from ..arithmetic.options import MEASURES, Options
from ..arithmetic.pooling import pool_batch
from ..arithmetic.results import PooledEffect
from ..arithmetic.tables import Tables, check_tables
from ..audit.compare import compare, forest_statistics
from ..errors import DataError, OptionError
from ..robustness.specifications import combinations as all_combinations
from .explorer_numbers import LEVEL, Data, Reasons, measure_results
from .outputs import check_name
from .prose import STATISTIC_NAMES, by_statistic, printed_ratio, recomputed

#: 255 subsets, each pooled under 43 combinations; one study more doubles the size of the data.
LARGEST_K = 8


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """Tables of an outcome that a reader can choose.

    Attributes
    ----------
    key, label : str
        For addresses, and as shown.
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c`` and, if there is one, ``status`` (how well the counts are known).
    off : sequence of str
        Studies that take no part until they are switched on.
    note : str
        What a reader should know of these tables.
    """

    key: str
    label: str
    tables: pd.DataFrame
    off: Sequence[str] = ()
    note: str = ""


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


def combinations(measure: str) -> list[tuple[str, str, str, str]]:
    """Return method, model, tau2 (empty for fixed effect) and interval of every choice that has a meaning.

    Those of :func:`metalib.robustness.specifications.specifications` under RevMan's rule for zero cells.
    """
    return [choice[:4] for choice in all_combinations(measure, ("revman",))]


def explorer_outcome(
    sets: Sequence[DataSet],
    *,
    key: str,
    label: str,
    labels: Mapping[str, str] | None = None,
    arms: tuple[str, str] = ("Experimental", "Control"),
    favours: tuple[str, str] = ("Favours experimental", "Favours control"),
    printed: Sequence[PrintedAnalysis] = (),
) -> Data:
    """Pool every subset of every set of tables under every model.

    Parameters
    ----------
    sets : sequence of DataSet
        The first is shown first; at most 8 studies each.
    key, label : str
        Of the outcome.
    labels : mapping, optional
        Name to show for a study.
    arms, favours : pair of str
        As ``groups`` and ``favours`` of :func:`metalib.figures.forest`.
    printed : sequence of PrintedAnalysis
        The first is the article's analysis of the outcome.

    Returns
    -------
    dict
        As described in the module; holds nothing but what JSON knows.

    Raises
    ------
    DataError
        Tables that cannot be pooled, or a printed analysis without one of the studies it leaves out.
    OptionError
        No set, a key given twice or not in lower case, or too many studies.

    Examples
    --------
    >>> trials = pd.DataFrame({"study": ["a", "b"], "events_t": [10, 4], "n_t": [50, 40],
    ...                        "events_c": [20, 9], "n_c": [50, 40]})
    >>> found = explorer_outcome([DataSet("all", "All trials", trials)], key="x", label="Outcome")
    >>> found["sets"][0]["measures"]["OR"]["intervals"]["MH-fixed//wald"][3 - 1][3:5]
    ['0.38 [0.18, 0.79]', 'Z = 2.61, P = 0.009']
    """
    keys = [s.key for s in sets]
    if not keys or len(set(keys)) < len(keys):
        raise OptionError(f"sets of tables {keys!r}: give at least one, and each key once")
    for name in (key, *keys):
        check_name(name)
    reasons = Reasons()
    names = dict(labels or {})
    shown = [_set(s, names, printed, reasons) for s in sets]
    return {
        "key": key,
        "label": label,
        "arms": list(arms),
        "favours": list(favours),
        "reasons": reasons.texts,
        "sets": shown,
    }


def count_results(outcome: Data) -> int:
    """Return how many pooled results (a subset under a model) an outcome of :func:`explorer_outcome` holds."""
    return sum(
        len(per_subset)
        for one in outcome["sets"]
        for measure in one["measures"].values()
        for per_subset in measure["intervals"].values()
    )


def printed_analyses(published: pd.DataFrame) -> list[PrintedAnalysis]:
    """Return the printed pooled results of an outcome, first those of which no study is left out.

    Parameters
    ----------
    published : DataFrame
        Rows of ``published.csv``: ``place, excluded, statistic, text, read_as, unit, model``, the numbers of one result
        having one place and the same studies excluded. The number of studies is passed over: it is no result.
    """
    found = [
        PrintedAnalysis(
            place=str(place),
            numbers=numbers[numbers["statistic"] != "studies"],
            model=str(numbers["model"].iloc[0]),
            without=tuple(str(excluded).split()),
        )
        for (place, excluded), numbers in published.groupby(["place", "excluded"], sort=False)
    ]
    return sorted(found, key=lambda analysis: len(analysis.without))


def _set(one: DataSet, labels: Mapping[str, str], printed: Sequence[PrintedAnalysis], reasons: Reasons) -> Data:
    checked = check_tables(one.tables)
    if checked.k > LARGEST_K:
        raise OptionError(f"{checked.k} studies of {one.key!r}: an explorer takes at most {LARGEST_K}")
    for study in one.off:
        if study not in checked.studies:
            raise DataError(f"there is no such study in the tables {one.key!r} to switch off", study=study)
    status = one.tables["status"].tolist() if "status" in one.tables else [""] * checked.k
    include = (np.arange(1, 2**checked.k)[:, None] >> np.arange(checked.k)) & 1 == 1
    pooled = {(m, *c): _pool_all(checked, include, m, *c) for m in MEASURES for c in combinations(m)}
    rows = zip(checked.studies, *checked.counts(), status, strict=True)
    return {
        "key": one.key,
        "label": one.label,
        "note": one.note,
        "totals": [[text.events((row * a).sum(), (row * n).sum()) for a, n in _arms(checked)] for row in include],
        "studies": [
            {
                "key": study,
                "label": labels.get(study, study),
                "counts": [int(a), int(n1), int(c), int(n2)],
                "events": [text.events(a, n1), text.events(c, n2)],
                "status": known,
                "on": study not in one.off,
            }
            for study, a, n1, c, n2, known in rows
        ],
        "measures": {
            m: measure_results(
                one.tables, m, {key[1:]: found for key, found in pooled.items() if key[0] == m}, reasons, one.off
            )
            for m in MEASURES
        },
        "printed": [_printed(p, one, checked, pooled) for p in printed],
    }


def _arms(checked: Tables) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    return (checked.events_t, checked.n_t), (checked.events_c, checked.n_c)


def _pool_all(
    checked: Tables, include: np.ndarray, measure: str, method: str, model: str, tau2: str, ci: str
) -> list[PooledEffect]:
    """Pool the subsets marked by the rows of `include` in one call."""
    options = Options(measure, method, model, tau2 or "DL", ci, LEVEL)
    batch = pool_batch(*checked.counts(), include=include, **options.choices())
    return [PooledEffect.from_batch(batch, i, options, checked.studies) for i in range(len(include))]


def _printed(
    analysis: PrintedAnalysis,
    one: DataSet,
    checked: Tables,
    pooled: Mapping[tuple[str, str, str, str, str], list[PooledEffect]],
) -> Data:
    """Return a printed analysis beside its recomputation, with the choice that leads to it."""
    for study in analysis.without:
        if study not in checked.studies:
            raise DataError(f"{analysis.place} leaves out a study that the tables {one.key!r} lack", study=study)
    left_out = {*one.off, *analysis.without}
    subset = sum(1 << i for i, study in enumerate(checked.studies) if study not in left_out)
    tau2 = "DL" if analysis.model == "random" else ""
    effect = pooled[analysis.measure, analysis.method, analysis.model, tau2, "wald"][subset - 1]
    choice = {"model": f"{analysis.method}-{analysis.model}", "tau2": tau2, "ci": "wald", "subset": subset}
    return {"measure": analysis.measure, **choice, **_held(analysis, effect)}


def _held(analysis: PrintedAnalysis, effect: PooledEffect) -> Data:
    """Return place and text of a printed analysis, what becomes of its numbers, and the ends of its diamond."""
    compared = compare(analysis.numbers, forest_statistics(effect))
    shown = by_statistic(compared)
    drawn = (analysis.measure, "CI low", "CI high")
    more = [f"{STATISTIC_NAMES.get(name, name)} {value}" for name, value in shown.items() if name not in drawn]
    checkable = compared[compared["verdict"] != "not checkable"]
    missed = [
        f"{STATISTIC_NAMES.get(name, name)}: printed {printed}, recomputed {recomputed(value)}"
        for name, printed, value, verdict in zip(
            *(checkable[column].tolist() for column in ("statistic", "text", "value", "verdict")), strict=True
        )
        if verdict != "reproduced"
    ]
    ratio = "{} [{}, {}]".format(*(shown[name] for name in drawn))
    agree = f"{len(checkable) - len(missed)} of {len(checkable)} printed numbers reproduced"
    return {
        "place": analysis.place,
        "effect": ratio,
        "text": f"{ratio}; {', '.join(more)}",
        "verdict": "; ".join([agree, *missed]),
        "ends": list(printed_ratio(compared, analysis.measure)),
    }
