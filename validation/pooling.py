"""Comparison of pooled effects with metafor and the transcription of RevMan's algorithms, quantity by quantity.

``README.md`` says who computed the numbers and which tolerances are allowed and why.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

import metalib
from metalib.audit.agreement import Comparison

from .sets import METAFOR, TRANSCRIBED, load, lower_maximum

METHODS = {
    "mh_fixed": ("MH", "fixed"),
    "iv_fixed": ("IV", "fixed"),
    "mh_random": ("MH", "random"),
    "iv_random": ("IV", "random"),
    "peto": ("Peto", "fixed"),
}
FIELDS = {
    "k": "k", "estimate": "estimate", "se": "se", "ci_lb": "ci_low", "ci_ub": "ci_high", "z": "statistic", "p": "p",
    "Q": "Q", "Q_df": "df", "Q_p": "p_Q", "I2": "I2", "tau2": "tau2", "pi_t_km2_lb": "prediction_low",
    "pi_t_km2_ub": "prediction_high",
}  # fmt: skip


def compare(name: str) -> Iterator[Comparison]:
    """Yield every comparison that one golden set allows."""
    tables, golden = load(name)
    for measure, block in golden["measures"].items():
        yield from _study_effects(name, tables, measure, block["revman"]["effects"])
        for label, (method, model) in METHODS.items():
            if label in block["revman"]:
                yield from _pooled(name, tables, measure, label, method, model, block["revman"][label])
                yield from _groups(name, tables, measure, label, method, model, block["revman"])
        for label in ("mh_fixed", "mh_random"):
            if label in block["revman"].get("leave1out", {}):
                yield from _leave_one_out(name, tables, measure, label, block["revman"]["leave1out"][label])
        yield from _metafor(name, tables, measure, block)


def _study_effects(name: str, tables: pd.DataFrame, measure: str, golden: dict) -> Iterator[Comparison]:
    ours = metalib.effects(tables, measure)
    names = {"yi": "effect", "sei": "se", "ci_lb": "ci_low", "ci_ub": "ci_high"}
    for key in ("estimable", "corrected"):
        for a, b in zip(ours[key], golden[key], strict=True):
            yield Comparison(name, TRANSCRIBED, measure, "study", key, bool(a), b)
    for key, column in names.items():
        for a, b in zip(ours[column], golden[key], strict=True):
            yield Comparison(name, TRANSCRIBED, measure, "study", column, None if a != a else a, b)


def _pooled(name, tables, measure, label, method, model, golden, **options) -> Iterator[Comparison]:
    source = options.pop("source", TRANSCRIBED)
    rtol = options.pop("rtol", 1e-8)
    skip = options.pop("skip", ())
    ours = metalib.pool(tables, measure, method=method, model=model, **options)
    if "error" in golden:
        yield Comparison(name, source, measure, label, "estimable", ours.estimable, False)
        return
    # Q of identical studies is rounding noise around an exact 0, and P, I2 and tau2 hang on it.
    noise = 1e-9
    for key, attribute in FIELDS.items():
        if key in golden and key not in skip:
            atol = {"Q": noise, "I2": 1e-7, "Q_p": noise, "tau2": 1e-10}.get(key, 1e-12)
            if golden.get("tau2") is not None and key != "k":
                atol = max(atol, 1e-10)
            yield Comparison(name, source, measure, label, attribute, getattr(ours, attribute), golden[key], rtol, atol)
    if "weights_pct" in golden:
        weights = list(ours.weights)
        theirs = golden["weights_pct"]
        if len(theirs) == len(weights):
            for a, b in zip(weights, theirs, strict=True):
                yield Comparison(name, source, measure, label, "weight", a, b, rtol, 1e-9)


def _groups(name, tables, measure, label, method, model, revman) -> Iterator[Comparison]:
    golden = revman.get("subgroups", {}).get(label)
    if golden is None:
        return
    for group in golden["groups"]:
        part = tables[tables["subgroup"] == group["subgroup"]]
        yield from _pooled(name, part, measure, f"{label} subgroup", method, model, group)
    ours = metalib.subgroups(tables, "subgroup", measure=measure, method=method, model=model)
    between = golden["between"]
    if "error" in between or between.get("Q_p", between.get("p")) is None:
        yield Comparison(name, TRANSCRIBED, measure, f"{label} between", "p", ours.p, None)
        return
    for key in ("Q", "df", "p", "I2"):
        atol = 1e-7 if key == "I2" else 1e-9
        yield Comparison(
            name, TRANSCRIBED, measure, f"{label} between", key, getattr(ours, key), between[key], 1e-8, atol
        )


def _leave_one_out(name, tables, measure, label, golden) -> Iterator[Comparison]:
    ours = metalib.leave_one_out(tables, measure=measure, model=METHODS[label][1])
    names = {"k": "k", "estimate": "estimate", "se": "se", "ci_lb": "ci_low", "ci_ub": "ci_high", "p": "p", "Q": "Q",
             "I2": "I2", "tau2": "tau2"}  # fmt: skip
    for key, column in names.items():
        for a, b in zip(ours[column].tolist(), golden[key], strict=True):
            # Golden rows are null where the omitted study took no part; metalib repeats the whole there.
            if b is not None:
                atol = {"Q": 1e-9, "I2": 1e-7}.get(key, 1e-10)
                yield Comparison(name, TRANSCRIBED, measure, f"{label} leave-one-out", column, a, b, 1e-8, atol)


def same_effects(tables: pd.DataFrame, measure: str, theirs: dict) -> bool:
    """Whether metafor's study effects are RevMan's too (not for all RD with zero cells, nor all-events RR)."""
    ours = metalib.effects(tables, measure)
    pairs = [*zip(ours["effect"], theirs["yi"], strict=True), *zip(ours["se"], theirs["sei"], strict=True)]
    return all((a != a) == (b is None) and (b is None or abs(a - b) <= 1e-9 * max(1.0, abs(b))) for a, b in pairs)


def _metafor(name, tables, measure, block) -> Iterator[Comparison]:
    """Random-effects estimators and Hartung-Knapp, where metafor's study effects are RevMan's too."""
    if not same_effects(tables, measure, block["effects"]):
        return
    for tau2 in ("DL", "PM", "REML"):
        golden = block["re"].get(tau2, {"error": ""})
        if "error" in golden:
            continue
        if lower_maximum(golden):
            best = golden["tau2_global"]
            result = metalib.pool(tables, measure, method="IV", model="random", tau2=tau2)
            yield Comparison(name, METAFOR, measure, "iv_random REML", "tau2", result.tau2, best, 1e-6, 1e-9)
            continue
        # I2 is defined otherwise there; with one study metafor gives P = 1, RevMan (and metalib) none.
        skip = ("I2", "Q_p") if golden["k"] == 1 else ("I2",)
        options = {"tau2": tau2, "source": METAFOR, "skip": skip}
        yield from _pooled(name, tables, measure, f"iv_random {tau2}", "IV", "random", golden, **options)
        knha = golden.get("knha")
        if knha and "error" not in knha and knha.get("t") not in ("Inf", "-Inf", None) and golden["k"] > 1:
            ours_hk = metalib.pool(tables, measure, method="IV", model="random", tau2=tau2, ci="hksj")
            pairs = {"t": "statistic", "se": "se", "ci_lb": "ci_low", "ci_ub": "ci_high", "p": "p",
                     "pi_t_km2_lb": "prediction_low", "pi_t_km2_ub": "prediction_high"}  # fmt: skip
            for key, attribute in pairs.items():
                yield Comparison(
                    name, METAFOR, measure, f"iv_random {tau2} hksj", attribute, getattr(ours_hk, attribute),
                    knha[key], 1e-8, 1e-10,
                )  # fmt: skip
