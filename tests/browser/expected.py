"""Read states of the explorer as JSON from standard input, write what each must show, pooled afresh from data/.

With ``--choices`` instead: write the choices that there are, for a test to draw states from.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import explorer_states as states

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


def main() -> int:
    """Answer."""
    review = metalib.read_review(states.DATA)
    if "--choices" in sys.argv:
        json.dump(choices(review), sys.stdout)
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
