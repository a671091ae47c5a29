"""metalib against numbers that RevMan and the Cochrane Library stored themselves."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from oracle import REVMAN, load

import metalib

GOLDEN = Path(__file__).parent / "golden"
STORED = sorted(path.stem for path in (GOLDEN / "revman_stored").glob("*.json"))


def close(ours: float, stored: float, rtol: float, digits: int | None = None) -> bool:
    """Equal at `rtol`, or at the digits that an export of the Cochrane Library carries."""
    tolerance = rtol * max(abs(ours), abs(stored)) + 1e-12
    return abs(ours - stored) <= max(tolerance, 0.5 * 10.0**-digits if digits else 0.0)


@pytest.mark.parametrize("name", STORED)
def test_study_effects_and_weights(name: str) -> None:
    stored = json.loads((GOLDEN / "revman_stored" / f"{name}.json").read_text(encoding="utf-8"))
    tables, _ = load(GOLDEN, name)
    measure = stored["measure"]
    method, model = REVMAN[stored["method"]]
    scale = math.exp if measure != "RD" else float
    # The exports of the Cochrane Library carry six decimals, and weights made from numbers rounded to six digits.
    digits, rtol = (None, 1e-8) if name.startswith("rm5_") else (6, 1e-6)
    effects = metalib.effects(tables, measure)
    compared = 0
    for field, values in stored["studies"].items():
        if field in ("effect", "ci_lb", "ci_ub"):
            ours = effects[{"effect": "effect", "ci_lb": "ci_low", "ci_ub": "ci_high"}[field]].map(scale)
        elif field == "se":
            ours = effects["se"]
        elif field == "weight_pct":
            ours = [w or 0.0 for w in metalib.pool(tables, measure, method=method, model=model).weights]
        else:
            continue
        for a, b in zip(ours, values, strict=True):
            if b is not None:
                assert close(a, b, rtol, digits), (field, a, b)
                compared += 1
    assert compared >= len(tables)


@pytest.mark.parametrize("name", [n for n in STORED if n.startswith("rm5_")])
def test_pooled_results(name: str) -> None:
    stored = json.loads((GOLDEN / "revman_stored" / f"{name}.json").read_text(encoding="utf-8"))
    tables, _ = load(GOLDEN, name)
    method, model = REVMAN[stored["method"]]
    options = {"measure": stored["measure"], "method": method, "model": model}
    pairs = [(metalib.pool(tables, **options), stored["overall"])]
    if stored.get("subgroups"):
        groups = metalib.subgroups(tables, "subgroup", **options)
        pairs += [(groups[g["subgroup"]], g) for g in stored["subgroups"]]
        between = stored.get("between") or {}
        if between.get("Q") is not None:
            assert close(groups.Q, between["Q"], 1e-8)
    for ours, theirs in pairs:
        if not theirs.get("estimable", True):
            assert not ours.estimable
            continue
        assert close(ours.ratio, theirs["effect"], 1e-8)
        assert close(ours.ratio_low, theirs["ci_lb"], 1e-8)
        assert close(ours.ratio_high, theirs["ci_ub"], 1e-8)
        assert close(abs(ours.statistic), theirs["z_abs"], 1e-8)
        # RevMan's P values are series approximations, good to about 1e-5.
        assert close(ours.p, theirs["p"], 1e-4)
        assert abs(ours.Q - theirs["Q"]) <= 1e-8 * max(1.0, theirs["Q"])
        assert abs(ours.I2 - theirs["I2"]) <= 1e-6
        if theirs.get("tau2") is not None and model == "random":
            assert abs(ours.tau2 - theirs["tau2"]) <= 1e-8 * max(1.0, theirs["tau2"])
