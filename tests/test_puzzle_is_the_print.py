"""The puzzles hold the printed numbers of published.csv and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import metalib
import metalib.recover
from metalib.audit.printed import read_printed
from metalib.recover import check_puzzle, read_puzzle
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


# ---- printed numbers by id -------------------------------------------------------------------------------------

PUBLISHED = "id,place,text,read_as,unit\np1,Table 1,0.50,,0.01\np2,Table 2,five,5,1\np3,,0.760,,0.01\np4,,/,,1\n"


def by_id(tmp_path: Path, printed: dict, **more: object) -> metalib.recover.Puzzle:
    (tmp_path / "numbers.csv").write_text(PUBLISHED, encoding="utf-8")
    content = {
        "published": "numbers.csv",
        "studies": [{"id": s, "n_t": 20, "n_c": 20} for s in "ab"],
        "results": [{"id": "r", "outcome": "x", "studies": ["a", "b"], "printed": printed}],
    }
    return check_puzzle({**content, **more}, tmp_path / "puzzle.yaml")


def test_an_id_stands_for_text_unit_and_place(tmp_path: Path) -> None:
    printed = {"effect": "p1", "P": {"id": "p3", "role": "check"}, "k": "p2", "Q": "1.20", "I2": {"text": "3%"}}
    puzzle = by_id(tmp_path, printed, totals=[{"outcome": "x", "arm": "control", "value": "p2"}])
    shown = {s.name: (s.printed.text, s.printed.unit, s.role, s.place, s.id) for s in puzzle.results[0].stats}
    assert shown == {
        "effect": ("0.50", 0.01, "search", "Table 1", "p1"),
        "P": ("0.760", 0.01, "check", "", "p3"),
        "k": ("5", 1.0, "search", "Table 2", "p2"),
        "Q": ("1.20", 0.01, "search", "", ""),
        "I2": ("3%", 1.0, "search", "", ""),
    }
    assert (puzzle.totals[0].value, puzzle.totals[0].place) == (5, "Table 2")


@pytest.mark.parametrize(
    ("printed", "more", "named"),
    [
        ({"effect": "p9"}, {}, r"row 1, value 'p9': results: printed\.effect: numbers\.csv has no printed number"),
        ({"effect": {"id": "p9"}}, {}, r"printed\.effect: numbers\.csv has no"),
        ({"effect": {"id": "p1", "text": "0.50"}}, {}, "either a text or the id"),
        ({"effect": {"role": "check"}}, {}, "either a text or the id"),
        ({"I2": "p4"}, {}, r"printed\.I2: p4: the printed text is no number"),
        ({"effect": "p1"}, {"published": "other.csv"}, "published: the file cannot be read"),
        ({"effect": "p1"}, {"published": "."}, "published: the file cannot be read"),
        ({"effect": "0.50"}, {"published": 3}, "published: must be text"),
        ({"effect": "0.50"}, {"totals": [{"arm": "control", "value": "p9"}]}, "'p9': totals: value: numbers"),
        ({"effect": "0.50"}, {"totals": [{"arm": "control", "value": "p1"}]}, "a total is a whole number"),
        ({"effect": "0.50"}, {"published": None, "totals": [{"arm": "control", "value": "p1"}]}, "no number"),
    ],
)
def test_an_id_that_says_nothing_is_refused(tmp_path: Path, printed: dict, more: dict, named: str) -> None:
    with pytest.raises(metalib.PuzzleError, match=named) as caught:
        by_id(tmp_path, printed, **more)
    assert caught.value.file == str(tmp_path / "puzzle.yaml")


@pytest.mark.parametrize(
    "text", ["id,text\np1,0.5\n", "id,text,read_as,unit\np1,0.5,,one\n", "\n", "id,text,read_as\n"]
)
def test_a_file_of_printed_numbers_that_cannot_be_used_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "n.csv").write_text(text, encoding="utf-8")
    with pytest.raises(metalib.PuzzleError, match=r"published: |the unit of p1"):
        by_id(tmp_path, {"effect": "p1"}, published="n.csv")


# ---- puzzles changed by their methods --------------------------------------------------------------------------


def test_another_model_changes_the_results_that_are_named_and_no_others() -> None:
    puzzle = read_puzzle(DATA / "puzzle.yaml")
    changed = puzzle.with_model("random", ["AE"])
    different = [a.id for a, b in zip(puzzle.results, changed.results, strict=True) if a != b]
    assert different == ["AE"]
    assert replace(next(r for r in changed.results if r.id == "AE"), model="fixed") in puzzle.results
    assert replace(changed, results=puzzle.results) == puzzle
    assert {r.model for r in puzzle.with_model("fixed").results} == {"fixed"}
    assert changed.with_model("fixed", ["AE"]) == puzzle


def test_roles_and_numbers_of_studies_change_alone() -> None:
    puzzle = read_puzzle(DATA / "puzzle_survival.yaml")
    changed = puzzle.with_role("search", "survival", ["P_Q"])
    roles = {s.name: s.role for s in changed.results[0].stats}
    assert roles == {**{s.name: s.role for s in puzzle.results[0].stats}, "P_Q": "search"}
    assert changed.with_role("check", "survival", ["P_Q"]) == puzzle
    three = puzzle.with_reported("survival", 3)
    assert three.outcome("survival").reported == 3
    assert three.with_reported("survival", 4) == puzzle


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda p: p.with_model("mixed"), "mixed"),
        (lambda p: p.with_model("fixed", ["nobody"]), "nobody"),
        (lambda p: p.with_role("ignore", "survival", ["P"]), "ignore"),
        (lambda p: p.with_role("check", "nobody", ["P"]), "nobody"),
        (lambda p: p.with_role("check", "survival", ["Q"]), "'Q'"),
        (lambda p: p.with_reported("nobody", 3), "nobody"),
        (lambda p: p.with_reported("survival", 0), "between 1 and 5"),
        (lambda p: p.with_reported("survival", 6), "between 1 and 5"),
    ],
)
def test_changes_that_mean_nothing_are_refused(change: object, named: str) -> None:
    with pytest.raises(metalib.MetalibError, match=named):
        change(read_puzzle(DATA / "puzzle_survival.yaml"))


def test_a_fixed_effect_has_no_tau2_after_a_change_either(tmp_path: Path) -> None:
    result = {"id": "r", "outcome": "x", "studies": ["a", "b"], "model": "random", "printed": {"tau2": "0.10"}}
    puzzle = by_id(tmp_path, {}, results=[result])
    with pytest.raises(metalib.PuzzleError, match="'r': tau2: a fixed-effect result has no tau2"):
        puzzle.with_model("fixed")
