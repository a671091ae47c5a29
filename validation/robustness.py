"""Comparison of the robustness modules with metafor, quantity by quantity (see ``README.md``)."""

from __future__ import annotations

from collections.abc import Iterator

import metalib
from metalib.arithmetic.options import TAU2_METHODS
from metalib.arithmetic.tau2_interval import tau2_interval
from metalib.arithmetic.zero_cells import pool_corrected
from metalib.audit.agreement import Comparison
from metalib.robustness.sensitivity import cumulative
from metalib.robustness.small_study import AsymmetryTest, egger, harbord, peters, trim_and_fill

from .pooling import same_effects
from .sets import LM, METAFOR, load, lower_maximum

TRIMFILL = {"ee_l0": ("fixed", "L0"), "dl_l0": ("random", "L0"), "dl_r0": ("random", "R0")}
POOLED = {
    "k": "k", "estimate": "estimate", "se": "se", "ci_lb": "ci_low", "ci_ub": "ci_high", "z": "statistic", "p": "p",
    "tau2": "tau2", "Q": "Q", "Q_df": "df", "Q_p": "p_Q", "I2": "I2",
}  # fmt: skip
#: Absolute tolerances of the golden README: tau2 and what hangs on it, Q and I2 of identical studies.
ATOL = {"tau2": 1e-10, "Q": 1e-9, "Q_p": 1e-9, "I2": 1e-7}


def compare_robustness(name: str) -> Iterator[Comparison]:
    """Yield every comparison that the robustness blocks of one golden set allow."""
    tables, golden = load(name)
    for measure, block in golden["measures"].items():
        where, written_out = (name, METAFOR, measure), (name, LM, measure)
        yield from _no_correction(where, tables, block["mh"], block)
        if measure == "OR":
            yield from _asymmetry(
                (*written_out, "Harbord"), harbord(tables), _test(block, "harbord"), "intercept", "slope"
            )
        yield from _cumulative_mh(where, tables, block["cumulative"])
        if not same_effects(tables, measure, block["effects"]):
            continue
        yield from _qprofile(where, tables, block["qprofile"])
        yield from _adhoc(where, tables, block["re"])
        yield from _since_2025(where, tables, block["re"])
        test = egger(tables, measure)
        yield from _asymmetry((*where, "Egger"), test, _test(block, "egger_lm"), "slope", "limit")
        test = peters(tables, measure)
        yield from _asymmetry((*written_out, "Peters"), test, _test(block, "peters_2006"), "slope", "intercept")
        for label, (model, estimator) in TRIMFILL.items():
            yield from _trim_and_fill(where, tables, label, model, estimator, block["trimfill"].get(label))
        yield from _cumulative_dl(where, tables, block["cumulative"])


def _test(block: dict, name: str) -> dict:
    bias = block["bias"]
    return bias.get(name, {"error": "fewer than three studies"})


def _qprofile(where, tables, golden) -> Iterator[Comparison]:
    ours = tau2_interval(tables, where[2])
    if "error" in golden:
        yield Comparison(*where, "qprofile", "tau2_low", ours.tau2_low, None)
        return
    yield Comparison(*where, "qprofile", "null_set", ours.null_set, golden["null_set"])
    for key, attribute in {
        "tau2_lb": "tau2_low",
        "tau2_ub": "tau2_high",
        "I2_lb": "I2_low",
        "I2_ub": "I2_high",
    }.items():
        yield Comparison(*where, "qprofile", attribute, getattr(ours, attribute), golden[key], 1e-8, 1e-10)


def _adhoc(where, tables, golden) -> Iterator[Comparison]:
    for tau2 in TAU2_METHODS:
        model = golden[tau2]
        # One study: metafor falls back to the Wald interval, metalib has no Hartung-Knapp interval.
        if "error" in model or model["k"] < 2 or lower_maximum(model):
            continue
        theirs = model["knha_adhoc_ci"]
        ours = metalib.pool(tables, where[2], method="IV", model="random", tau2=tau2, ci="hksj_adhoc")
        yield Comparison(*where, f"hksj_adhoc {tau2}", "uses Wald", not ours.uses_t, theirs["used_wald"])
        for key, attribute in {"ci_lb": "ci_low", "ci_ub": "ci_high", "p": "p"}.items():
            value = getattr(ours, attribute)
            yield Comparison(*where, f"hksj_adhoc {tau2}", attribute, value, theirs[key], 1e-8, 1e-10)


def _since_2025(where, tables, models) -> Iterator[Comparison]:
    """I2 from tau2, prediction intervals other than Higgins', and all that RevMan shows with REML since 2025."""
    for tau2 in TAU2_METHODS:
        golden = models[tau2]
        if "error" in golden or lower_maximum(golden):
            continue
        hk = golden["knha"]
        choices = {"measure": where[2], "method": "IV", "model": "random", "tau2": tau2, "I2": "tau2"}
        method = f"I2 and prediction {tau2}"
        for prediction, key in (("k-1", "pi_t_km1"), ("normal", "pi_z")):
            ours = metalib.pool(tables, prediction=prediction, **choices)
            yield Comparison(*where, method, "I2", ours.I2, golden["I2"], 1e-8, ATOL["I2"])
            # One study: metafor predicts the interval of the study; metalib predicts from two studies on.
            if golden["k"] > 1:
                yield from _limits(where, method, ours, golden, key)
        if golden["k"] > 1 and hk.get("t") not in ("Inf", "-Inf", None):
            ours = metalib.pool(tables, ci="hksj", prediction="k-1", **choices)
            yield from _limits(where, method, ours, hk, "pi_t_km1")
        if tau2 == "REML":
            ours = metalib.pool(tables, where[2], **metalib.REVMAN_2025)
            # metafor's Fisher scoring stops near 1e-17 where the maximum is at 0.
            uses_t = golden["tau2"] > 1e-12 and golden["k"] > 2
            theirs = {**golden, **hk, "z": hk["t"]} if uses_t else golden
            yield Comparison(*where, "RevMan 2025", "uses t", ours.uses_t, uses_t)
            for key in ("k", "estimate", "se", "ci_lb", "ci_ub", "z", "p", "tau2", "I2"):
                value = getattr(ours, POOLED[key])
                yield Comparison(*where, "RevMan 2025", POOLED[key], value, theirs[key], 1e-8, ATOL.get(key, 1e-10))
            if golden["k"] > 1:
                yield from _limits(where, "RevMan 2025", ours, theirs, "pi_t_km1")


def _limits(where, method, ours, golden, key) -> Iterator[Comparison]:
    for quantity, limit in (("prediction_low", "lb"), ("prediction_high", "ub")):
        yield Comparison(*where, method, quantity, getattr(ours, quantity), golden[f"{key}_{limit}"], 1e-8, 1e-10)


def _no_correction(where, tables, golden, full) -> Iterator[Comparison]:
    measure = where[2]
    ours = pool_corrected(tables, "none", measure=measure)
    if "error" in golden or (golden["estimate"] is None) or ours.k == 0:
        yield Comparison(*where, "M-H, nothing added", "estimate", ours.estimate, None)
        return
    pairs = {key: attribute for key, attribute in POOLED.items() if key in golden and key != "k"}
    if measure == "RD":
        # metafor's variance is Sato's; that of Greenland & Robins is the same block's RevMan variant.
        golden = {"estimate": golden["estimate"], "se": full["revman"]["mh_fixed"]["se_alt_plain_cells"]}
        pairs = {"estimate": "estimate", "se": "se"}
    elif not same_effects(tables, measure, full["effects"]):
        # metafor drops all-events studies from Q where RevMan keeps those of a risk ratio.
        pairs = {key: pairs[key] for key in ("estimate", "se", "ci_lb", "ci_ub", "z", "p")}
    if golden.get("Q_df") == 0:
        pairs.pop("Q_p", None)
    if golden["se"] is None or golden["se"] < 1e-8:
        # An exact 0 up to rounding.
        yield Comparison(*where, "M-H, nothing added", "se", ours.se, None)
        pairs = {"estimate": "estimate"}
    for key, attribute in pairs.items():
        value = getattr(ours, attribute)
        yield Comparison(*where, "M-H, nothing added", attribute, value, golden[key], 1e-8, ATOL.get(key, 1e-12))


def _asymmetry(where, ours: AsymmetryTest, golden: dict, tested: str, other: str) -> Iterator[Comparison]:
    if "error" in golden or golden["t"] is None:
        yield Comparison(*where, "p", ours.p, None)
        return
    pairs = {tested: "estimate", f"{tested}_se": "se", other: "limit", "t": "statistic", "df": "df", "p": "p"}
    for key, attribute in pairs.items():
        yield Comparison(*where, attribute, getattr(ours, attribute), golden[key])


def _trim_and_fill(where, tables, label, model, estimator, golden) -> Iterator[Comparison]:
    where = (*where, f"trim and fill {label}")
    ours = trim_and_fill(tables, where[2], model, estimator)
    if golden is None or "error" in golden:
        return
    if ours.effect is None:
        # metafor also fills two studies up; no asymmetry can be seen in two.
        yield Comparison(*where, "usable studies", golden["k"] - golden["k0"] < 3, True)
        return
    yield Comparison(*where, "side", ours.side, golden["side"])
    yield Comparison(*where, "missing", ours.missing, golden["k0"])
    if ours.missing != golden["k0"] or ours.side != golden["side"]:
        return
    for key, attribute in POOLED.items():
        if key in golden and not (key == "tau2" and model == "fixed"):
            atol = max(ATOL.get(key, 1e-12), 1e-10 if model == "random" and key != "k" else 0.0)
            yield Comparison(*where, attribute, getattr(ours.effect, attribute), golden[key], 1e-8, atol)
    filled = {"yi": (ours.filled_yi, golden["filled_yi"]), "vi": ([s**2 for s in ours.filled_se], golden["filled_vi"])}
    for name, (a, b) in filled.items():
        # R writes a vector of one number as a number.
        for x, y in zip(sorted(a), sorted(b) if isinstance(b, list) else [b], strict=True):
            yield Comparison(*where, f"filled {name}", x, y, 1e-8, 1e-10)


def _cumulative_mh(where, tables, golden) -> Iterator[Comparison]:
    cells = [
        tables["events_t"],
        tables["events_c"],
        tables["n_t"] - tables["events_t"],
        tables["n_c"] - tables["events_c"],
    ]
    # metafor leaves zero cells in Mantel-Haenszel sums alone; without one it is RevMan's arithmetic.
    if where[2] == "RD" or any((x == 0).any() for x in cells):
        return
    yield from _cumulative(where, tables, golden, "mh", {"method": "MH"})


def _cumulative_dl(where, tables, golden) -> Iterator[Comparison]:
    yield from _cumulative(where, tables, golden, "dl", {"method": "IV", "model": "random"})


def _cumulative(where, tables, golden, label, options) -> Iterator[Comparison]:
    for order, blocks in golden.items():
        theirs = blocks[label]
        if "error" in theirs:
            continue
        names = [tables["study"].iloc[i] for i in blocks["order"]]
        ours = cumulative(tables, names, measure=where[2], **options)
        for key, attribute in POOLED.items():
            if key not in theirs or (key == "tau2" and label == "mh"):
                continue
            atol = max(ATOL.get(key, 1e-12), 1e-10 if label == "dl" else 0.0)
            for k, a, b in zip(ours["k"], ours[attribute], theirs[key], strict=bool(theirs[key])):
                # A step that adds a study without an effect is null there. Of one study metafor says that P of Q is 1.
                if b is not None and not (attribute == "p_Q" and k == 1):
                    yield Comparison(*where, f"cumulative {label} {order}", attribute, a, b, 1e-8, atol)
