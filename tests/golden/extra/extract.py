"""Take the blocks that the robustness tests need out of the full golden files: ``extract.py FOLDER_OF_FULL_FILES``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
LARGEST_K = 30
#: Per measure: what is kept of each block; an empty tuple keeps all of it.
MH = ("k", "estimate", "se", "ci_lb", "ci_ub", "z", "p", "Q", "Q_df", "Q_p", "I2")
RANDOM = ("I2", "pi_t_km1_lb", "pi_t_km1_ub", "pi_z_lb", "pi_z_ub")
FILLED = ("side", "k0", "k", "estimate", "se", "ci_lb", "ci_ub", "z", "p", "tau2", "Q", "filled_yi", "filled_vi")
SERIES = ("order", "estimate", "se", "ci_lb", "ci_ub", "p", "Q", "I2", "tau2")


def extract(full: dict) -> dict:
    """Return the extra blocks of one set."""
    measures = {}
    for name, block in full["measures"].items():
        bias = block["bias"]
        measures[name] = {
            "mh": _only(block["mh"], MH),
            "qprofile": _only(block["qprofile"], ("tau2_lb", "tau2_ub", "I2_lb", "I2_ub", "null_set")),
            "re": {tau2: _random(block["re"].get(tau2, {})) for tau2 in ("DL", "PM", "REML")},
            "bias": {test: bias[test] for test in ("egger_lm", "peters_2006", "harbord") if test in bias},
            "trimfill": {method: _only(values, FILLED) for method, values in block["trimfill"].items()},
            "cumulative": {
                order: {method: _only(values[method], SERIES) for method in ("mh", "dl")} | {"order": values["order"]}
                for order, values in block["cumulative"].items()
            },
        }
    return {"dataset": full["dataset"], "k": full["k"], "measures": measures}


def _only(block: dict, fields: tuple[str, ...]) -> dict:
    return block if "error" in block else {field: block[field] for field in fields if field in block}


def _random(model: dict) -> dict:
    adhoc = model.get("knha_adhoc_ci", {"error": "no such block"})
    return {"knha_adhoc_ci": adhoc} | {field: model[field] for field in RANDOM if field in model}


if __name__ == "__main__":
    for path in sorted(Path(sys.argv[1]).glob("*.json")):
        whole = json.loads(path.read_text(encoding="utf-8"))
        if whole["k"] <= LARGEST_K:
            text = json.dumps(extract(whole), ensure_ascii=False, separators=(",", ":"))
            (HERE / path.name).write_text(text + "\n", encoding="utf-8")
