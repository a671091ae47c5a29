"""The puzzles hold the printed numbers of published.csv and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

import metalib
from metalib.recover import read_puzzle

DATA = Path(__file__).parent.parent / "data"
STATISTICS = {
    "effect": "OR", "ci_low": "CI low", "ci_high": "CI high", "z": "Z", "P": "P", "Q": "Chi2", "df": "df",
    "P_Q": "P(Q)", "I2": "I2",
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
            if stat.name == "k":
                assert review.outcome(outcome)["studies_printed"] == int(stat.printed.text)
                continue
            same = rows[rows["statistic"] == STATISTICS[stat.name]]
            texts = {read or text for text, read in zip(same["text"], same["read_as"], strict=True)}
            assert stat.printed.text.rstrip("%") in texts, (result.id, stat.name)
            assert stat.printed.unit == pytest.approx(same["unit"].iloc[0]), (result.id, stat.name)
            compared += 1
    assert compared >= (98 if name == "puzzle.yaml" else 6)


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
