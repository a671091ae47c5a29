"""The golden sets: where they are, how they are read, and the programs that their numbers come from."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

GOLDEN = Path(__file__).parent / "golden"
SETS = tuple(sorted(path.stem for path in GOLDEN.glob("*.json")))
#: Sets for which Cochrane's own software stored results.
STORED = tuple(sorted(path.stem for path in (GOLDEN / "revman_stored").glob("*.json")))
MEASURES = ("OR", "RR", "RD")

#: What computed a number. RevMan is Cochrane's software alone: what this project wrote down from the description of its
#: algorithms goes by another name.
REVMAN = "RevMan"
TRANSCRIBED = "RevMan's algorithms in R"
METAFOR = "metafor"
LM = "R (lm)"
STATSMODELS = "statsmodels"
PYMARE = "PyMARE"


def load(name: str) -> tuple[pd.DataFrame, dict]:
    """Return the tables of a golden set, and its file: ``versions, k, studies`` and the numbers in ``measures``."""
    golden = _read(GOLDEN / f"{name}.json")
    s = golden["studies"]
    frame = pd.DataFrame(
        {"study": s["study"], "events_t": s["ai"], "n_t": s["n1i"], "events_c": s["ci"], "n_c": s["n2i"]}
    )
    # A study name may recur in a golden set (several comparisons of one trial); metalib wants one row a name.
    frame["study"] = [f"{i}: {n}" for i, n in enumerate(frame["study"])]
    if "subgroup" in s:
        frame["subgroup"] = s["subgroup"]
    return frame, golden


def lower_maximum(fit: dict) -> bool:
    """Whether metafor stopped on the lower of two maxima of the likelihood; then only the height is comparable."""
    best = fit.get("tau2_global")
    return best is not None and abs(best - fit["tau2"]) > 1e-6 * max(best, fit["tau2"]) + 1e-9


def load_stored(name: str) -> dict:
    """Return what Cochrane's own software stored for one set."""
    return _read(GOLDEN / "revman_stored" / f"{name}.json")


def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))
