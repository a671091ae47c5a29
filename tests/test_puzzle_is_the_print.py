"""The puzzles hold the printed numbers of published.csv and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

import metalib
from metalib.audit.printed import read_printed
from metalib.recover import read_puzzle
from metalib.recover.fields import load

DATA = Path(__file__).parent.parent / "data"
STATISTICS = {
    "effect": "OR", "ci_low": "CI low", "ci_high": "CI high", "z": "Z", "P": "P", "Q": "Chi2", "df": "df",
    "P_Q": "P(Q)", "I2": "I2", "k": "studies",
}  # fmt: skip
OUTCOMES = {"stage_I": "stage I", "stage_II": "stage II", "stage_III": "stage III"}


@pytest.mark.parametrize("name", ["puzzle.yaml", "puzzle_survival.yaml"])
def test_every_number_of_a_puzzle_is_printed(name: str) -> None:
    review = metalib.read_review(DATA)
    puzzle = read_puzzle(DATA / name)
    compared = 0
    for result in puzzle.results:
        outcome = OUTCOMES.get(result.outcome, result.outcome)
        rows = review.published[review.published["outcome"] == outcome]
        # The full set of an outcome is its largest result; what a smaller one lacks was excluded.
        full = set().union(*(r.studies for r in puzzle.results if r.outcome == result.outcome))
        missing = full - set(result.studies)
        rows = rows[[set(excluded.split()) == missing for excluded in rows["excluded"]]]
        assert len(rows), result.id
        for stat in result.stats:
            row = rows.set_index("id").loc[stat.id]
            assert row["statistic"] == STATISTICS[stat.name], (result.id, stat.name)
            assert stat.printed == read_printed(row["read_as"] or row["text"], row["unit"])
            if stat.name == "k":
                assert review.outcome(outcome)["studies_printed"] == int(stat.printed.text)
            compared += 1
    assert compared == (98 if name == "puzzle.yaml" else 7)


@pytest.mark.parametrize("name", ["puzzle.yaml", "puzzle_survival.yaml"])
def test_no_printed_number_is_typed_twice(name: str) -> None:
    content = load(DATA / name)
    known = set(metalib.read_review(DATA).published["id"])
    for result in content["results"]:
        for stat in result["printed"].values():
            assert (stat["id"] if isinstance(stat, dict) else stat) in known
    for total in content.get("totals", []):
        # One patient of stage IV in each arm: nowhere printed.
        assert total["value"] in known or (total["outcome"], total["value"]) == ("stage_IV", 1)


def test_totals_of_the_puzzle_are_printed() -> None:
    review = metalib.read_review(DATA)
    puzzle = read_puzzle(DATA / "puzzle.yaml")
    arms = {"t": "experimental", "c": "control"}
    seen = 0
    for total in puzzle.totals:
        outcome = OUTCOMES.get(total.outcome)
        if outcome:
            assert review.printed_number(outcome, f"events {arms[total.arm]}").value == total.value
            seen += 1
        elif not total.outcome:
            assert review.printed_number("stage I", f"total {arms[total.arm]}").value == total.value
            seen += 1
        else:
            # Stage IV is what the printed stages leave of the printed total.
            assert total.outcome == "stage_IV"
            parts = (review.printed_number(f"stage {s}", f"events {arms[total.arm]}").value for s in ("I", "II", "III"))
            left = review.printed_number("stage I", f"total {arms[total.arm]}").value - sum(parts)
            assert left == total.value
    assert seen == 8
