"""Every reasonable way to pool the same tables: one row for each choice of measure, method, model and rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from ..arithmetic.data import StudyData, check_data
from ..arithmetic.options import MEANS, MEASURES, OTHERS, RATES, TAU2_METHODS, Choices, Options, check_level
from ..arithmetic.pooling import pool
from ..arithmetic.study_effects import cells
from ..arithmetic.tables import Tables
from ..arithmetic.zero_cells import RULES, pool_corrected
from ..errors import OptionError, choose

#: Intervals of random-effects models. "hksj_tau2" repeats one of them in every case.
INTERVALS = ("wald", "hksj", "hksj_adhoc")
NO_ZERO_CELL = "no zero cell"
NEVER_CORRECTED = "never corrected"
_NUMBERS = ("estimate", "se", "ci_low", "ci_high", "p", "tau2", "Q", "p_Q", "I2", "prediction_low", "prediction_high")
_NATURAL = {
    "natural": "estimate",
    "natural_low": "ci_low",
    "natural_high": "ci_high",
    "natural_prediction_low": "prediction_low",
    "natural_prediction_high": "prediction_high",
}


def specifications(
    tables: pd.DataFrame | StudyData, measures: Sequence[str] = MEASURES, level: float = 0.95
) -> pd.DataFrame:
    """Pool under every combination of choices that has a meaning (a specification curve, Simonsohn et al. 2020).

    Fixed effect: Mantel-Haenszel, inverse variance, Peto (OR only). Random effects: Mantel-Haenszel with
    DerSimonian-Laird's tau2; inverse variance with each estimator of tau2; each with Wald, Hartung-Knapp and "never
    narrower" intervals. Each under every rule of :func:`metalib.pool_corrected`, when the tables have a zero cell. Data
    that are no 2x2 tables are pooled by inverse variance only.

    Parameters
    ----------
    tables : DataFrame
        As in :func:`metalib.pool`, one row a study.
    measures : sequence of str
        Measures to run through, each once; those that the data allow.
    level : float
        Confidence level; significance is judged at ``1 - level``.

    Returns
    -------
    DataFrame
        One row a combination: ``measure, method, model, tau2_method`` (empty for fixed effect), ``ci_method``,
        ``zero_cells`` (the rule; ``"no zero cell"``, or ``"never corrected"`` for Peto), ``k``; ``estimate, se,
        ci_low, ci_high, p, tau2, Q, p_Q, I2, prediction_low, prediction_high`` (log scale for OR and RR); ``natural,
        natural_low, natural_high, natural_prediction_low, natural_prediction_high`` (natural scale); ``significant``
        (nullable boolean) and ``reason`` (why numbers are missing that the model has, else empty).

    Raises
    ------
    DataError
    OptionError
        An unknown, repeated or empty choice of measures, or a level outside (0, 1).

    References
    ----------
    Simonsohn U, Simmons JP, Nelson LD (2020). Specification curve analysis. Nat Hum Behav 4:1208-1214.
    """
    if not isinstance(measures, (str, list, tuple)):
        raise OptionError(f"measures must be a list of measures, not {type(measures).__name__}")
    measures = [measures] if isinstance(measures, str) else list(measures)
    for measure in measures:
        choose("measures", measure, (*MEASURES, *MEANS, *RATES, *OTHERS))
    if not measures or len(set(measures)) < len(measures):
        raise OptionError(f"measures={measures!r}: name at least one measure, and each only once")
    level = check_level(level)
    # In floats 1 - 0.95 is a little more than 0.05.
    alpha = round(1 - level, 12)
    rows = []
    for measure in measures:
        checked = check_data(tables, measure)
        counted = isinstance(checked, Tables)
        rules = RULES if isinstance(checked, Tables) and cells(*checked.counts()).corrected.any() else ("revman",)
        for method, model, tau2, ci, rule in combinations(measure, rules):
            if not (counted or method == "IV"):
                continue
            chosen = Choices(measure=measure, method=method, model=model, tau2=tau2 or "DL", ci=ci, level=level)
            result = pool_corrected(checked, rule, **chosen) if isinstance(checked, Tables) else pool(checked, **chosen)
            shown = NEVER_CORRECTED if method == "Peto" else rule if len(rules) > 1 else NO_ZERO_CELL
            rows.append(
                {
                    "measure": measure,
                    "method": method,
                    "model": model,
                    "tau2_method": tau2,
                    "ci_method": ci,
                    "zero_cells": shown,
                    "k": result.k,
                    **{name: getattr(result, name) for name in _NUMBERS},
                    **{name: result.natural(getattr(result, source)) for name, source in _NATURAL.items()},
                    "significant": None if result.p is None else result.p < alpha,
                    "reason": result.why_missing(),
                }
            )
    frame = pd.DataFrame(rows).astype({"significant": "boolean"})
    numbers = [*_NUMBERS, *_NATURAL]
    frame[numbers] = frame[numbers].astype(float)
    return frame


def combinations(measure: str, rules: Sequence[str]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield method, model, tau2 (empty for fixed effect), interval and rule of every combination with a meaning."""
    for rule in rules:
        yield "MH", "fixed", "", "wald", rule
        yield "IV", "fixed", "", "wald", rule
    if measure == "OR":
        yield "Peto", "fixed", "", "wald", "revman"
    for ci in INTERVALS:
        for rule in rules:
            # Random effects weight the effects of studies, which Mantel-Haenszel sums without correction do not have.
            if rule != "none":
                yield "MH", "random", "DL", ci, rule
            for tau2 in TAU2_METHODS:
                yield "IV", "random", tau2, ci, rule


def standard_models(options: Options) -> dict[str, Choices]:
    """Return the models that a result is shown under, as arguments of :func:`metalib.pool`.

    Parameters
    ----------
    options : Options
        How the result is pooled; Peto's method, which has no random effects, is set beside Mantel-Haenszel's.

    Returns
    -------
    dict
        ``main``: as `options` say; ``other``: under the other model; ``hksj``: under random effects with Hartung and
        Knapp's interval.
    """
    main = options.choices()
    random: Choices = {**main, "model": "random"}
    if options.method == "Peto":
        random["method"] = "MH"
    fixed: Choices = {**main, "model": "fixed", "ci": "wald", "I2": "Q"}
    other = random if options.model == "fixed" else fixed
    return {"main": main, "other": other, "hksj": {**random, "ci": "hksj"}}
