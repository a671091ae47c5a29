"""Comparison of metalib with numbers that RevMan and the Cochrane Library stored themselves."""

from __future__ import annotations

import math
from collections.abc import Iterator

import metalib
from metalib.audit.agreement import Comparison

from .pooling import METHODS
from .sets import REVMAN, load, load_stored


def compare_stored(name: str) -> Iterator[Comparison]:
    """Yield every comparison that one stored set allows; ratios on their natural scale."""
    stored = load_stored(name)
    tables, _ = load(name)
    where = (name, REVMAN, stored["measure"])
    method, model = METHODS[stored["method"]]
    options = {"measure": stored["measure"], "method": method, "model": model}
    yield from _studies(where, tables, stored["studies"], options)
    if not name.startswith("rm5_"):
        return
    pairs = [(metalib.pool(tables, **options), stored["overall"])]
    if stored.get("subgroups"):
        groups = metalib.subgroups(tables, "subgroup", **options)
        pairs += [(groups[g["subgroup"]], g) for g in stored["subgroups"]]
        if (stored.get("between") or {}).get("Q") is not None:
            yield Comparison(*where, f"{stored['method']} between", "Q", groups.Q, stored["between"]["Q"])
    for ours, theirs in pairs:
        yield from _pooled((*where, stored["method"]), ours, theirs, model)


def _studies(where, tables, studies, options) -> Iterator[Comparison]:
    # The exports of the Cochrane Library carry six decimals, and weights made from numbers rounded to six digits.
    rtol, atol = (1e-8, 1e-12) if where[0].startswith("rm5_") else (1e-6, 0.5e-6)
    scale = math.exp if where[2] != "RD" else float
    effects = metalib.effects(tables, where[2])
    ours = {
        "effect": effects["effect"].map(scale),
        "ci_low": effects["ci_low"].map(scale),
        "ci_high": effects["ci_high"].map(scale),
        "se": effects["se"],
        "weight": [w or 0.0 for w in metalib.pool(tables, **options).weights],
    }
    fields = {"effect": "effect", "ci_lb": "ci_low", "ci_ub": "ci_high", "se": "se", "weight_pct": "weight"}
    for field, quantity in fields.items():
        for a, b in zip(ours[quantity], studies.get(field, [None] * len(tables)), strict=True):
            if b is not None:
                yield Comparison(*where, "study", quantity, float(a), b, rtol, atol)


def _pooled(where, ours, theirs, model) -> Iterator[Comparison]:
    if not theirs.get("estimable", True):
        yield Comparison(*where, "estimable", ours.estimable, False)
        return
    yield Comparison(*where, "estimate", ours.ratio, theirs["effect"])
    yield Comparison(*where, "ci_low", ours.ratio_low, theirs["ci_lb"])
    yield Comparison(*where, "ci_high", ours.ratio_high, theirs["ci_ub"])
    yield Comparison(*where, "statistic", abs(ours.statistic), theirs["z_abs"])
    # RevMan's P values are series approximations: the one quantity that is not the same to the last digits.
    yield Comparison(*where, "p", ours.p, theirs["p"], 1e-6)
    yield Comparison(*where, "Q", ours.Q, theirs["Q"])
    yield Comparison(*where, "I2", ours.I2, theirs["I2"])
    if theirs.get("tau2") is not None and model == "random":
        yield Comparison(*where, "tau2", ours.tau2, theirs["tau2"])
