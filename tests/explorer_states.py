"""What the explorer must show for a choice of the reader: pooled afresh from data/, never from the stored results.

A state has the names of the explorer's address: ``outcome, data, measure, model, tau2, ci, studies`` (a list).
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import metalib
from metalib import text
from metalib.pages.book import read_book

DATA = Path(__file__).parent.parent / "data"
RESPONSE = ("CR", "PR", "SD", "PD")
OUTCOMES = (*RESPONSE, "survival", "AE")
NUMBERS = ("p", "tau2", "Q", "df", "p_Q", "I2", "k")


def tables_of(review: metalib.Review, outcome: str, data: str) -> pd.DataFrame:
    """Return the tables behind a choice of outcome and counts, in the order of the explorer."""
    if outcome in RESPONSE:
        assert data == "recovered"
        return pd.concat([review.tables_of(outcome), review.tables_of(outcome, "wang2018")], ignore_index=True)
    if outcome == "survival":
        return review.tables_of(outcome, data.replace("-", " "))
    tables = review.tables_of(outcome)
    if data == "complements":
        for i, row in tables.iterrows():
            if row["status"] == "identified up to complement":
                tables.loc[i, "events_t"] = row["n_c"] - row["events_c"]
                tables.loc[i, "events_c"] = row["n_t"] - row["events_t"]
    return tables


def options(state: dict) -> dict:
    """Return the options of :func:`metalib.pool` of a state."""
    method, model = state["model"].split("-")
    more = {} if model == "fixed" else {"tau2": state["tau2"], "ci": state["ci"]}
    return {"measure": state["measure"], "method": method, "model": model, **more}


def pool(review: metalib.Review, state: dict) -> metalib.PooledEffect | None:
    """Return the pooled effect of a state, None if no study takes part."""
    tables = tables_of(review, state["outcome"], state["data"])
    chosen = tables[tables["study"].isin(state["studies"])]
    assert len(chosen) == len(state["studies"])
    return metalib.pool(chosen, **options(state)) if len(chosen) else None


def shown(effect: metalib.PooledEffect | None, state: dict) -> dict[str, str]:
    """Return the texts of the result by their place on the page."""
    if effect is None:
        return {"effect": "no study takes part"}
    found = {"effect": text.estimate(effect), "k": f"{effect.k} with an effect, of {len(state['studies'])} switched on"}
    sign = {"sign": True}
    if effect.p is None:
        found["test"] = effect.reasons["p"]
    else:
        found["test"] = f"{text.statistic(effect)}, P {text.p_value(effect.p, **sign)}"
    if effect.p_Q is None:
        found["heterogeneity"] = effect.reasons["p_Q"]
    else:
        tau2 = "" if effect.tau2 is None else f"Tau² = {text.number(effect.tau2, 3)}; "
        found["heterogeneity"] = (
            f"{tau2}Chi² = {text.number(effect.Q)}, df = {effect.df}, P {text.p_value(effect.p_Q, **sign)}; "
            f"I² = {text.percent(effect.I2)}"
        )
    if effect.prediction_low is None:
        found["prediction"] = effect.reasons["prediction_low"]
    else:
        found["prediction"] = text.prediction(effect)
    return found


def numbers(effect: metalib.PooledEffect | None) -> dict[str, float | None]:
    """Return the unrounded numbers of the result, on the natural scale."""
    if effect is None:
        return {}
    ends = {
        "estimate": effect.estimate,
        "ci_low": effect.ci_low,
        "ci_high": effect.ci_high,
        "prediction_low": effect.prediction_low,
        "prediction_high": effect.prediction_high,
    }
    return {
        **{name: effect.natural(value) for name, value in ends.items()},
        **{name: getattr(effect, name) for name in NUMBERS},
    }


def study_rows(review: metalib.Review, state: dict) -> list[dict]:
    """Return what the table says of every study, taking part or not."""
    tables = tables_of(review, state["outcome"], state["data"])
    effect = pool(review, state)
    weights = {} if effect is None else dict(zip(effect.studies, effect.weights, strict=True))
    labels, rows = read_book(DATA).names(review), []
    for i, row in enumerate(tables.itertuples()):
        alone = metalib.pool(
            tables.iloc[[i]], state["measure"], method="Peto" if state["model"].startswith("Peto") else "IV"
        )
        weight = weights.get(row.study)
        rows.append(
            {
                "study": row.study,
                "cells": [
                    labels[row.study],
                    text.events(row.events_t, row.n_t),
                    text.events(row.events_c, row.n_c),
                    "–" if weight is None else text.percent(weight, 1),
                    text.estimate(alone),
                ],
                "weight": weight,
                "on": row.study in state["studies"],
            }
        )
    return rows
