"""Read states of the explorer as JSON from standard input, write what each must show, pooled afresh from data/.

With ``--choices`` instead: write the choices that there are, for a test to draw states from. With ``--pool N``: write
what metalib gives for N random meta-analyses and every golden set, and values of scipy's distributions, for pool.js.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import explorer_states as states
import numpy as np
import pandas as pd
from scipy import stats

import metalib
from metalib.arithmetic.options import MEASURES
from metalib.robustness.specifications import combinations


def choices(review: metalib.Review) -> dict:
    """Return outcomes with their counts and studies, and measures with their models."""
    candidates = review.tables.query("outcome == 'survival' and status == 'candidate'")["analysis"].unique()
    data = {"survival": [name.replace(" ", "-") for name in candidates], "AE": ["recovered", "complements"]}
    return {
        "outcomes": {
            outcome.lower(): {
                name: states.tables_of(review, outcome, name)["study"].tolist()
                for name in data.get(outcome, ["recovered"])
            }
            for outcome in states.OUTCOMES
        },
        "models": {
            measure: [[f"{m}-{model}", tau2, ci] for m, model, tau2, ci, _ in combinations(measure, ("revman",))]
            for measure in MEASURES
        },
    }


GOLDEN = Path(__file__).parents[2] / "validation" / "golden"
#: As pool.js names them: measure, method, model and interval of every result it can give.
POOLED = [
    (measure, method, model, ci)
    for measure in MEASURES
    for method, model, ci in [
        ("MH", "fixed", "wald"), ("IV", "fixed", "wald"), ("Peto", "fixed", "wald"),
        *((m, "random", c) for m in ("MH", "IV") for c in ("wald", "hksj")),
    ]
    if method != "Peto" or measure == "OR"
]  # fmt: skip
NAMES = {
    "estimate": "estimate", "se": "se", "low": "ci_low", "high": "ci_high", "p": "p", "k": "k", "df": "df",
    "tau2": "tau2", "Q": "Q", "pQ": "p_Q", "I2": "I2", "predictionLow": "prediction_low",
    "predictionHigh": "prediction_high",
}  # fmt: skip


def golden_tables() -> dict[str, pd.DataFrame]:
    """Return the tables of every golden set."""
    found = {}
    for file in sorted(GOLDEN.glob("*.json")):
        studies = json.loads(file.read_text(encoding="utf-8"))["studies"]
        columns = dict(zip(("ai", "n1i", "ci", "n2i"), ("events_t", "n_t", "events_c", "n_c"), strict=True))
        found[file.stem] = pd.DataFrame({new: studies[old] for old, new in columns.items()}).astype(int)
    return found


def random_tables(count: int) -> dict[str, pd.DataFrame]:
    """Return meta-analyses of 1 to 12 studies: arms of 1 to 2000 patients, rare and frequent events, zero cells."""
    rng = np.random.default_rng(12)
    found = {}
    for i in range(count):
        k = int(rng.integers(1, 13))
        n = np.exp(rng.uniform(0, np.log(2000), (2, k))).astype(int) + 1
        risk = rng.choice([0.0, 0.01, 0.1, 0.5, 0.9, 1.0], p=[0.03, 0.17, 0.3, 0.3, 0.17, 0.03], size=(2, k))
        events = rng.binomial(n, risk)
        found[f"random {i}"] = pd.DataFrame({"events_t": events[0], "n_t": n[0], "events_c": events[1], "n_c": n[1]})
    return found


def pooled_cases(count: int) -> list[dict]:
    """Return tables, options and results; random meta-analyses under three choices, golden sets under all."""
    cases = []
    for number, (name, tables) in enumerate({**random_tables(count), **golden_tables()}.items()):
        chosen = [POOLED[(number + i * 5) % len(POOLED)] for i in range(3)] if number < count else POOLED
        tables = tables.assign(study=[str(i) for i in range(len(tables))])
        for measure, method, model, ci in chosen:
            effect = metalib.pool(tables, measure=measure, method=method, model=model, ci=ci)
            expected = {ours: getattr(effect, theirs) for ours, theirs in NAMES.items()}
            cases.append(
                {
                    "from": name,
                    "tables": tables[["events_t", "n_t", "events_c", "n_c"]].to_numpy().tolist(),
                    "options": {"measure": measure, "method": method, "model": model, "ci": ci},
                    "expected": {**expected, "weights": list(effect.weights)},
                }
            )
    return cases


def distribution_values() -> list[list]:
    """Return calls of pool.js and what scipy gives for them."""
    values: list[list] = []
    values += [["normalP", [z], 2 * stats.norm.sf(z)] for z in np.geomspace(1e-6, 30, 60)]
    values += [
        ["tP", [t, df], 2 * stats.t.sf(t, df)] for df in (1, 2, 3, 7, 30, 200) for t in np.geomspace(1e-4, 50, 25)
    ]
    values += [
        ["chiSquareP", [q, df], stats.chi2.sf(q, df)]
        for df in (1, 2, 3, 8, 30, 150)
        for q in np.geomspace(1e-3, 300, 25)
    ]
    values += [
        ["tQuantile", [level, df], stats.t.ppf(0.5 + level / 2, df)] for level in (0.8, 0.95) for df in range(1, 30)
    ]
    values += [
        ["normalQuantile", [level], stats.norm.ppf(0.5 + level / 2)] for level in (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)
    ]
    return [[call, [float(a) for a in arguments], float(value)] for call, arguments, value in values]


def main() -> int:
    """Answer."""
    review = metalib.read_review(states.DATA)
    if "--choices" in sys.argv:
        json.dump(choices(review), sys.stdout)
        return 0
    if "--pool" in sys.argv:
        answer = {"cases": pooled_cases(int(sys.argv[-1])), "distributions": distribution_values()}
        json.dump(answer, sys.stdout, allow_nan=False)
        return 0
    keys = {outcome.lower(): outcome for outcome in states.OUTCOMES}
    answers = []
    for given in json.load(sys.stdin):
        state = {**given, "outcome": keys[given["outcome"]]}
        effect = states.pool(review, state)
        answers.append(
            {
                "texts": states.shown(effect, state),
                "numbers": states.numbers(effect),
                "rows": states.study_rows(review, state),
            }
        )
    json.dump(answers, sys.stdout, allow_nan=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
