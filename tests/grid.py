"""The complete grid of set x measure x method, derived from what the golden files declare and not from metalib."""

from __future__ import annotations

from collections.abc import Iterable

from oracle import Comparison

MEASURES = ("OR", "RR", "RD")
FOUR = ("mh_fixed", "iv_fixed", "mh_random", "iv_random")
Cell = tuple[str, str, str]


def expected(golden: dict) -> tuple[set[Cell], dict[Cell, str]]:
    """Return the cells (engine, measure, method) a set must have, and those that are not comparable with the reason."""
    cells: set[Cell] = set()
    excused: dict[Cell, str] = {}
    for measure in MEASURES:
        block = golden["measures"][measure]
        labels = (*FOUR, "peto") if measure == "OR" else FOUR
        cells |= {("RevMan", measure, method) for method in ("study", *labels)}
        if "subgroup" in golden["studies"]:
            cells |= {("RevMan", measure, f"{m} {part}") for m in labels for part in ("subgroup", "between")}
        for tau2 in ("DL", "PM", "REML"):
            for ci in ("", " hksj"):
                cell = ("metafor", measure, f"iv_random {tau2}{ci}")
                reason = _not_comparable(block, tau2, bool(ci))
                if reason:
                    excused[cell] = reason
                else:
                    cells.add(cell)
    return cells, excused


def missing(golden: dict, comparisons: Iterable[Comparison]) -> list[Cell]:
    """Return the cells that were expected and not compared."""
    return sorted(expected(golden)[0] - {(c.source, c.measure, c.method) for c in comparisons})


def _not_comparable(block: dict, tau2: str, hartung_knapp: bool) -> str:
    for key in ("yi", "sei"):
        for a, b in zip(block["revman"]["effects"][key], block["effects"][key], strict=True):
            if (a is None) != (b is None) or (a is not None and abs(a - b) > 1e-9 * max(abs(b), 1e-3)):
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
        best = fit.get("tau2_global")
        if best is not None and abs(best - fit["tau2"]) > 1e-6 * max(best, fit["tau2"]) + 1e-9:
            return "metafor stops on the lower of two maxima"
    return ""
