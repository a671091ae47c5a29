"""The complete grid of set x measure x method, derived from what the golden files declare and not from metalib."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from metalib.audit.agreement import Comparison

from .sets import (
    LM,
    MEASURES,
    METAFOR,
    PYMARE,
    REVMAN,
    STATSMODELS,
    STORED,
    TRANSCRIBED,
    load,
    load_stored,
    lower_maximum,
)

FOUR = ("mh_fixed", "iv_fixed", "mh_random", "iv_random")
ESTIMATORS = ("DL", "PM", "REML")
TRIMFILL = ("ee_l0", "dl_l0", "dl_r0")
#: Tests whose regressions are written out with R's lm().
WRITTEN_OUT = ("Harbord", "Peters")
#: Quantities that the Python engines must be compared in, by method.
WALD = ("estimate", "se", "ci_low", "ci_high", "p")
FROM_STATSMODELS = {"iv_fixed": ("Q", "estimate", "se"), "iv_random DL": ("tau2", "estimate", "se")}
#: engine, measure, method; of the Python engines also the quantity.
Cell = tuple[str, ...]


def expected(name: str) -> tuple[set[Cell], dict[Cell, str]]:
    """Return the cells a set must have, and those that are not comparable, each with the reason."""
    _, golden = load(name)
    verdicts: dict[Cell, str] = {}
    for measure in MEASURES:
        block = golden["measures"][measure]
        verdicts |= _revman(golden, measure, block["revman"])
        verdicts |= _metafor(measure, block)
        verdicts |= _robustness(golden["studies"], measure, block)
        verdicts |= _python(measure, block["revman"])
    if name in STORED:
        verdicts |= dict.fromkeys(_stored(load_stored(name)), "")
    return {c for c, reason in verdicts.items() if not reason}, {c: reason for c, reason in verdicts.items() if reason}


def seen(comparisons: Iterable[Comparison]) -> set[Cell]:
    """Return the cells that were compared."""
    found: set[Cell] = set()
    for c in comparisons:
        found |= {(c.source, c.measure, c.method), (c.source, c.measure, c.method, c.quantity)}
    return found


def missing(name: str, comparisons: Iterable[Comparison]) -> list[Cell]:
    """Return the cells that were expected and not compared."""
    return sorted(expected(name)[0] - seen(comparisons))


def _revman(golden: dict, measure: str, block: dict) -> dict[Cell, str]:
    labels = (*FOUR, "peto") if measure == "OR" else FOUR
    methods = ["study", *labels]
    if "subgroup" in golden["studies"]:
        methods += [f"{label} {part}" for label in labels for part in ("subgroup", "between")]
    cells = {(TRANSCRIBED, measure, method): "" for method in methods}
    for label in ("mh_fixed", "mh_random"):
        theirs = block.get("leave1out", {}).get(label, {}).get("estimate", [])
        reason = "" if any(x is not None for x in theirs) else "nothing is left after leaving one study out"
        cells[TRANSCRIBED, measure, f"{label} leave-one-out"] = reason
    return cells


def _metafor(measure: str, block: dict) -> dict[Cell, str]:
    cells = {}
    for tau2 in ESTIMATORS:
        for ci in ("", " hksj"):
            cells[METAFOR, measure, f"iv_random {tau2}{ci}"] = _not_comparable(block, tau2, bool(ci))
    return cells


def _not_comparable(block: dict, tau2: str, hartung_knapp: bool) -> str:
    if not _same_effects(block):
        return "metafor's study effects are not RevMan's"
    fit = block.get("re", {}).get(tau2, {"error": ""})
    if "error" in fit:
        return "metafor has no result"
    if hartung_knapp:
        knha = fit.get("knha", {"error": ""})
        if fit["k"] < 2:
            return "one study has no Hartung-Knapp interval"
        if "error" in knha or knha.get("t") in ("Inf", "-Inf", None):
            return "identical studies: t is infinite"
        if lower_maximum(fit):
            return "metafor stops on the lower of two maxima"
    return ""


def _robustness(studies: dict, measure: str, block: dict) -> dict[Cell, str]:
    other = "" if _same_effects(block) else "metafor's study effects are not RevMan's"
    cells = {"M-H, nothing added": ""}
    if measure == "OR":
        cells["Harbord"] = ""
    cells |= dict.fromkeys(("qprofile", "Egger", "Peters"), other)
    for tau2 in ESTIMATORS:
        fit = block.get("re", {}).get(tau2, {"error": ""})
        theirs = block["re"].get(tau2, {}).get("knha_adhoc_ci", {"error": ""})
        none = "metafor has no result" if "error" in fit or "error" in theirs else ""
        one = "one study has no Hartung-Knapp interval" if fit.get("k") == 1 else ""
        lower = "metafor stops on the lower of two maxima" if not none and lower_maximum(fit) else ""
        cells[f"hksj_adhoc {tau2}"] = other or none or one or lower
        cells[f"I2 and prediction {tau2}"] = other or none or lower
        if tau2 == "REML":
            cells["RevMan 2025"] = other or none or lower
    for label in TRIMFILL:
        golden = block["trimfill"].get(label, {"error": ""})
        cells[f"trim and fill {label}"] = other or ("metafor has no result" if "error" in golden else "")
    for order, theirs in block["cumulative"].items():
        sums = "metafor leaves zero cells alone" if measure == "RD" or _zero_cell(studies) else ""
        for label, reason in (("mh", sums), ("dl", other)):
            none = "" if any(x is not None for x in theirs[label].get("estimate", [])) else "metafor has no result"
            cells[f"cumulative {label} {order}"] = reason or none
    return {(LM if method in WRITTEN_OUT else METAFOR, measure, method): reason for method, reason in cells.items()}


def _python(measure: str, block: dict) -> dict[Cell, str]:
    k = sum(block["effects"]["estimable"])
    few = "" if k > 1 else "fewer than two estimable studies"
    fixed = block["iv_fixed"]
    untruncated = "tau2 is not truncated there" if not few and fixed["Q"] < fixed["Q_df"] else ""
    cells = {}
    for method, quantities in FROM_STATSMODELS.items():
        reason = few or (untruncated if method == "iv_random DL" else "")
        cells |= {(STATSMODELS, measure, method, quantity): reason for quantity in quantities}
    if measure == "OR":
        reason = "" if k else "no study is estimable"
        cells |= {(STATSMODELS, measure, "mh_fixed", quantity): reason for quantity in ("estimate", "se")}
    # Where all studies have the same effect PyMARE divides 0 by 0 for Hartung-Knapp limits and P.
    effects = [y for y in block["effects"]["yi"] if y is not None]
    same = "identical studies" if k > 1 and max(effects) - min(effects) < 1e-9 else ""
    for method in ("iv_fixed", "iv_random DL", "iv_random DL hksj"):
        for quantity in (*WALD, "tau2"):
            if method != "iv_fixed" or quantity != "tau2":
                undefined = same if method.endswith("hksj") and quantity in ("ci_low", "ci_high", "p") else ""
                cells[PYMARE, measure, method, quantity] = few or undefined
    return cells


def _stored(stored: dict) -> Iterator[Cell]:
    measure, method = stored["measure"], stored["method"]
    yield (REVMAN, measure, "study")
    if stored["dataset"].startswith("rm5_"):
        yield (REVMAN, measure, method)
        if (stored.get("between") or {}).get("Q") is not None:
            yield (REVMAN, measure, f"{method} between")


def _zero_cell(studies: dict) -> bool:
    rows = zip(studies["ai"], studies["n1i"], studies["ci"], studies["n2i"], strict=True)
    return any(0 in (a, n1 - a, c, n2 - c) for a, n1, c, n2 in rows)


def _same_effects(block: dict) -> bool:
    for key in ("yi", "sei"):
        for a, b in zip(block["revman"]["effects"][key], block["effects"][key], strict=True):
            if (a is None) != (b is None) or (a is not None and abs(a - b) > 1e-9 * max(abs(b), 1e-3)):
                return False
    return True
