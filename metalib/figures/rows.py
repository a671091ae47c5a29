"""The rows of a forest plot, read from a result; nothing is pooled here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict, Unpack

import pandas as pd

from .. import text
from ..arithmetic.data import arm_columns
from ..arithmetic.options import RATIOS
from ..arithmetic.results import PooledEffect
from ..arithmetic.study_effects import StudyEffects
from ..arithmetic.subgroups import Subgroups
from ..arithmetic.tables import COUNTS
from ..errors import DataError, OptionError
from .checks import check_labels, pair_of_texts
from .marks import NOWHERE, Span
from .scales import tick_labels

#: Columns of arms that can be added up over studies.
_ADDED_UP = ("events", "n", "time")
_POOLED = ("tau2", "Q", "df", "p_Q", "I2", "statistic", "p")


class Shown(TypedDict, total=False):
    """What a forest plot shows besides its result; see :func:`forest_data`."""

    labels: Mapping[str, str] | None
    groups: Sequence[str]
    printed: Sequence[float] | None
    prediction: bool
    also: Sequence[PooledEffect]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a forest plot. What a kind of row does not have is None, or NaN where it is part of a mark.

    ``counts`` is what the arms had, by the columns of their data, in total rows those that can be added up; ``yi`` and
    ``se`` are the effect as it was pooled (log scale for ratios) and its standard error; ``effect`` is the result that
    a pooled row shows, ``between`` the one whose test for subgroup differences it shows.
    """

    kind: str
    label: str
    span: Span = NOWHERE
    study: str = ""
    subgroup: str = ""
    counts: Mapping[str, float] = field(default_factory=dict)
    weight: float | None = None
    yi: float = math.nan
    se: float = math.nan
    effect: PooledEffect | None = None
    between: Subgroups | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows from top to bottom, the result of all studies, and the names of the two arms."""

    rows: list[Row]
    overall: PooledEffect
    arms: tuple[str, str]


def forest_data(result: PooledEffect | Subgroups, **shown: Unpack[Shown]) -> pd.DataFrame:
    """Return the rows that :func:`forest` draws, from top to bottom, numbers unrounded.

    Parameters
    ----------
    result : PooledEffect or Subgroups
        As in :func:`forest`.
    labels : mapping, optional
        Name to show for a study; without one it is shown as it was pooled.
    groups : pair of str
        Names of the experimental and of the control arm.
    printed : (estimate, low, high), optional
        A published result on the natural scale.
    prediction : bool
        Whether to show the prediction interval: that of `result`, or of the first of `also` that has one. It exists
        for random effects and at least three studies.
    also : sequence of PooledEffect
        More results of the same studies, for example under another model.

    Returns
    -------
    DataFrame
        ``kind`` of row (``heading``, ``study``, ``subtotal``, ``total``, ``also``, ``prediction``, ``printed``,
        ``difference``), ``subgroup``, ``study``, ``label`` (as shown), the columns of the arms (counts if there are
        none), ``weight`` (percent of the total),
        ``estimate``, ``low``, ``high`` (natural scale: ratios are not logarithms), ``se`` (of the effect as it was
        pooled), ``tau2, Q, df, p_Q, I2`` (heterogeneity; in the row ``difference`` that between subgroups),
        ``statistic`` and ``p`` (of the overall effect), and how the row was pooled and what the arms are called:
        ``measure, method, model, tau2_method, ci_method, level, experimental, control``. NaN marks what a row does not
        have or what is not estimable.

    Raises
    ------
    DataError
        Also for a result that does not hold the effects of its studies, and for one in `also` that is of other studies
        or of another measure.
    OptionError
    """
    found = forest_rows(result, **shown)
    records = []
    for row in found.rows:
        effect = row.effect or found.overall
        pooled: object = row.effect
        numbers = {name: getattr(pooled, name, None) for name in _POOLED}
        if row.between is not None:
            numbers |= {"Q": row.between.Q, "df": row.between.df, "p_Q": row.between.p, "I2": row.between.I2}
        counts = {name: row.counts.get(name) for name in arm_columns(found.overall.data) or COUNTS}
        span = {"estimate": row.span.estimate, "low": row.span.low, "high": row.span.high}
        records.append(
            {"kind": row.kind, "subgroup": row.subgroup, "study": row.study, "label": row.label}
            | {n: math.nan if v is None else float(v) for n, v in (counts | {"weight": row.weight}).items()}
            | span
            | {"se": row.se}
            | {n: math.nan if v is None else float(v) for n, v in numbers.items()}
            | {
                "measure": effect.measure,
                "method": effect.method,
                "model": effect.model,
                "tau2_method": effect.tau2_method or "",
                "ci_method": effect.ci_method,
                "level": effect.level,
                "experimental": found.arms[0],
                "control": found.arms[1],
            }
        )
    return pd.DataFrame(records)


def forest_rows(
    result: PooledEffect | Subgroups,
    *,
    labels: Mapping[str, str] | None = None,
    groups: Sequence[str] = ("Experimental", "Control"),
    printed: Sequence[float] | None = None,
    prediction: bool = False,
    also: Sequence[PooledEffect] = (),
) -> Rows:
    """Return the rows of a forest plot; parameters as in :func:`forest_data`."""
    names, arms = check_labels(labels), pair_of_texts("groups", groups)
    if arms[0] == arms[1]:
        raise OptionError(f"groups={groups!r}: the two arms need different names")
    rows: list[Row] = []
    if isinstance(result, Subgroups):
        overall = result.overall
        for name, effect in result.groups:
            weights = result.weights(name)
            rows.append(Row("heading", name, subgroup=name))
            rows += study_rows(effect, names, weights, name)
            rows.append(_pooled("subtotal", effect, weights, name))
    else:
        overall = check_result(result)
        rows += study_rows(overall, names, overall.weights)
    rows.append(_pooled("total", overall, overall.weights))
    for effect in also:
        _check_also(effect, overall)
        label = text.model_name(effect)
        rows.append(Row("also", label[0].upper() + label[1:], natural_span(effect), effect=effect))
    predicted = next((e for e in (overall, *also) if prediction and e.prediction_low is not None), None)
    if predicted is not None:
        ends = Span.of([None, *map(predicted.natural, (predicted.prediction_low, predicted.prediction_high))])
        rows.append(Row("prediction", f"Prediction interval ({percent_of(predicted.level)})", ends))
    if printed is not None:
        rows.append(Row("printed", "As printed", _check_printed(printed, overall.measure)))
    if isinstance(result, Subgroups):
        rows.append(Row("difference", "Test for subgroup differences", between=result))
    return Rows(rows, overall, arms)


def check_result(result: object) -> PooledEffect:
    """Return a pooled effect, or raise :class:`DataError`."""
    if not isinstance(result, PooledEffect):
        raise DataError(f"a result of metalib is drawn (pool the tables first), not {type(result).__name__}")
    return result


def effects_of(effect: PooledEffect) -> StudyEffects:
    """Return the effects of the studies as they were pooled, or raise :class:`DataError`."""
    if effect.effects is None:
        raise DataError("the result does not hold the effects of its studies, so they cannot be drawn")
    return effect.effects


def natural_span(effect: PooledEffect) -> Span:
    """Return estimate and interval of a result on the natural scale."""
    return Span.of([effect.natural(value) for value in (effect.estimate, effect.ci_low, effect.ci_high)])


def percent_of(level: float) -> str:
    """Return a confidence level as text, for example ``95%``."""
    return f"{tick_labels([round(100 * level, 6)])[0]}%"


def study_rows(
    effect: PooledEffect, labels: Mapping[str, str], weights: Sequence[float | None], subgroup: str = ""
) -> list[Row]:
    """Return a row for every study of a result, with its effect as it was pooled."""
    yi, se, low, high = effects_of(effect).intervals(effect.options.z)
    held = {name: getattr(effect.data, name).tolist() for name in arm_columns(effect.data)}
    return [
        Row(
            "study",
            str(labels.get(study, study)),
            Span.of([effect.natural(value) for value in (yi[i], low[i], high[i])]),
            study=study,
            subgroup=subgroup,
            counts={name: values[i] for name, values in held.items()},
            weight=weights[i],
            yi=float(yi[i]),
            se=float(se[i]),
        )
        for i, study in enumerate(effect.studies)
    ]


def _pooled(kind: str, effect: PooledEffect, weights: Sequence[float | None], subgroup: str = "") -> Row:
    """Return the row of a pooled effect; totals count every patient, also of studies that are not estimable."""
    known = [w for w in weights if w is not None]
    return Row(
        kind,
        f"{kind.capitalize()} ({percent_of(effect.level)} CI)",
        natural_span(effect),
        subgroup=subgroup,
        counts={
            name: float(getattr(effect.data, name).sum())
            for name in arm_columns(effect.data)
            if name.startswith(_ADDED_UP)
        },
        weight=math.fsum(known) if known else None,
        se=math.nan if effect.se is None else effect.se,
        effect=effect,
    )


def _check_also(effect: object, overall: PooledEffect) -> None:
    other = check_result(effect)
    if other.studies != overall.studies:
        raise DataError("a result in also is of other studies", value=", ".join(other.studies))
    if other.measure != overall.measure:
        raise DataError(f"a result in also must be of the same measure, {overall.measure}", value=other.measure)


def _check_printed(printed: Sequence[float], measure: str) -> Span:
    try:
        estimate, low, high = (float(value) for value in printed)
    except (TypeError, ValueError) as error:
        raise DataError("printed must be estimate, lower and upper limit", value=printed) from error
    if not (math.isfinite(low) and math.isfinite(high) and low <= estimate <= high):
        raise DataError("printed must be finite, with the estimate between its limits", value=printed)
    if measure in RATIOS and low <= 0:
        raise DataError("a printed ratio and its limits must be above 0 to be drawn", value=printed)
    return Span(estimate, low, high)
