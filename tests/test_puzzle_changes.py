"""Puzzles with another assumption: what changes, what stays, what is refused; and what a step begins with."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import metalib
from metalib import PuzzleError
from metalib.audit.ledger import standing
from metalib.audit.printed import read_printed
from metalib.recover import Puzzle, check_puzzle, read_puzzle, recover
from metalib.recover.parts import Result

DATA = Path(__file__).parents[1] / "data"
RESPONSE = ["CR", "PR", "SD", "PD"]


@pytest.fixture(scope="module")
def puzzle() -> Puzzle:
    return read_puzzle(DATA / "puzzle.yaml")


def small(**more: object) -> Puzzle:
    content = {
        "arms": {"size": [3, 6], "max_difference": 0},
        "studies": [{"id": "a"}, {"id": "b"}],
        "outcomes": [{"id": "x", "studies": ["a", "b"]}],
        "results": [
            {"id": "one", "outcome": "x", "studies": ["a"], "printed": {"effect": "0.50", "ci_low": "0.05"}},
            {"id": "both", "outcome": "x", "studies": ["a", "b"], "printed": {"effect": "0.71"}},
        ],
    }
    return check_puzzle({**content, **more})


# ---- what a step begins with -----------------------------------------------------------------------------------


def test_a_step_counts_what_was_possible_before_its_printed_numbers() -> None:
    """It counted what bounds on the printed numbers of that very step had left."""
    first, second = recover(small()).steps
    tables = sum((n + 1) ** 2 for n in range(3, 7))
    assert first.candidates == tables
    assert second.candidates == first.after * tables
    # What is printed of a step has no influence on what it begins with.
    printed = {"ci_low": "0.05"}
    wider = small(results=[{"id": "one", "outcome": "x", "studies": ["a"], "printed": printed}])
    assert recover(wider).steps[0].candidates == tables
    assert recover(wider).steps[0].after > first.after


def test_categories_and_known_totals_of_other_steps_bound_what_a_step_begins_with() -> None:
    known = {"a": {"events_t": 1, "events_c": [0, 2]}}
    found = recover(small(outcomes=[{"id": "x", "studies": ["a", "b"], "known": known}]))
    assert found.steps[0].candidates == 4 * 1 * 3


# ---- parts of a puzzle -----------------------------------------------------------------------------------------


def test_some_outcomes_keep_their_results_and_what_is_left_of_the_links(puzzle: Puzzle) -> None:
    part = puzzle.for_outcomes(["PR", "PD"])
    assert {o.id for o in part.outcomes} == {r.outcome for r in part.results} == {"PR", "PD"}
    assert [(link.outcomes, link.exact) for link in part.links] == [(("PR", "PD"), False)]
    whole = puzzle.for_outcomes(RESPONSE)
    assert [(link.outcomes, link.exact) for link in whole.links] == [(tuple(RESPONSE), True)]
    assert {t.outcome for t in whole.totals} == {""}
    assert whole.sums == {}
    assert set(puzzle.for_outcomes(["stage_II", "stage_IV"]).sums) == {"stage_II_plus_IV"}
    assert puzzle.for_outcomes([o.id for o in puzzle.outcomes]) == puzzle


def test_arms_and_known_events_are_exactly_those_given(puzzle: Puzzle) -> None:
    wang = puzzle.with_arms("wang2018", (60, 99), (61, 98))
    changed = wang.study("wang2018")
    assert (changed.n_t, changed.n_c, changed.max_arm_difference) == ((60, 99), (61, 98), None)
    assert [s for s in wang.studies if s.id != "wang2018"] == [s for s in puzzle.studies if s.id != "wang2018"]
    assert wang.with_arms("wang2018", (76, 76), (84, 84)) == puzzle
    known = puzzle.with_known("AE", "li2014", (21, 36)).outcome("AE").known["li2014"]
    assert (known.events_t, known.events_c) == ((21, 21), (36, 36))
    assert puzzle.with_known("PD", "ding2016", None).outcome("PD").known == {}
    assert puzzle.with_known("PD", "ding2016", (0, 0)) == puzzle


def test_a_study_takes_the_place_of_another_everywhere_in_an_outcome(puzzle: Puzzle) -> None:
    changed = puzzle.with_study("ding2016", "wang2018", RESPONSE)
    for part in (*changed.outcomes, *changed.results):
        outcome = part.id if part in changed.outcomes else part.outcome
        if outcome in RESPONSE:
            assert "ding2016" not in part.studies
    assert changed.outcome("PD").known == {}
    assert "wang2018" in next(link for link in changed.links if "CR" in link.outcomes).studies
    assert [r for r in changed.results if r.outcome not in RESPONSE] == [
        r for r in puzzle.results if r.outcome not in RESPONSE
    ]
    back = changed.with_study("wang2018", "ding2016", RESPONSE).with_known("PD", "ding2016", (0, 0))
    assert back == puzzle


def test_results_cover_other_studies_or_use_another_method(puzzle: Puzzle) -> None:
    changed = puzzle.with_studies("PR without Zhou and Ke", ["zhou2015", "li2014"])
    result = next(r for r in changed.results if r.id == "PR without Zhou and Ke")
    assert result.studies == ("li2014", "zhou2015")
    assert {r.method for r in puzzle.with_method("IV").results} == {"IV"}
    only = puzzle.with_method("Peto", ["PR"])
    assert [r.id for r in only.results if r.method == "Peto"] == ["PR"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda p: p.for_outcomes(["nobody"]), "'nobody'"),
        (lambda p: p.with_arms("nobody", (1, 2), (1, 2)), "'nobody'"),
        (lambda p: p.with_arms("li2014", (0, 2), (1, 2)), "no arm has such a size"),
        (lambda p: p.with_arms("li2014", (1, 2), (3, 2)), r"study 'li2014'.*\(3, 2\)"),
        (lambda p: p.with_arms("li2014", (1, 2), (1, 2), -1), "cannot be negative"),
        (lambda p: p.with_known("nobody", "li2014", (1, 1)), "'nobody'"),
        (lambda p: p.with_known("CR", "wang2018", (1, 1)), "wang2018"),
        (lambda p: p.with_known("CR", "li2014", (1, -1)), "events cannot be negative"),
        (lambda p: p.with_study("ding2016", "nobody", ["AE"]), "'nobody'"),
        (lambda p: p.with_study("ding2016", "li2014", ["AE"]), "place of 'ding2016' in 'AE'"),
        (lambda p: p.with_study("ke2011", "ding2016", ["AE"]), "place of 'ke2011' in 'AE'"),
        (lambda p: p.with_studies("nobody", ["li2014"]), "'nobody'"),
        (lambda p: p.with_studies("PR", ["wang2018"]), "wang2018"),
        (lambda p: p.with_studies("PR", []), "no study is left"),
        (lambda p: p.with_method("exact"), "exact"),
        (lambda p: p.with_method("Peto", ["CR"]), "Peto"),
    ],
)
def test_changes_that_mean_nothing_are_refused(puzzle: Puzzle, change: object, named: str) -> None:
    with pytest.raises(metalib.MetalibError, match=named):
        change(puzzle)


def test_an_unknown_study_of_a_puzzle_is_named(puzzle: Puzzle) -> None:
    """It was a StopIteration."""
    with pytest.raises(PuzzleError, match="'nobody'"):
        puzzle.study("nobody")
    with pytest.raises(PuzzleError, match="'nobody'"):
        puzzle.outcome("nobody")


# ---- what agreement says ---------------------------------------------------------------------------------------


def test_roles_tell_of_totals_too(puzzle: Puzzle) -> None:
    roles = puzzle.roles
    assert roles["p142"] == "known-miss"
    assert roles["p095"] == roles["p070"] == roles["p072"] == "check"
    assert roles["p069"] == roles["p091"] == "search"
    assert "" not in roles
    assert len(roles) == 98 + 8


def test_a_printed_number_is_used_repeated_or_held_out() -> None:
    columns = ["id", "outcome", "excluded", "statistic", "text"]
    rows = [
        ("p1", "x", "", "OR", "0.50"),
        ("p2", "x", "", "OR", "0.50"),
        ("p3", "x", "", "OR", "0.50"),
        ("p4", "x", "", "P", "0.50"),
        ("p5", "x", "a", "P", "0.50"),
        ("p6", "x", "", "P", "0.50"),
        ("p7", "x", "", "P", "0.51"),
    ]
    published = pd.DataFrame(rows, columns=columns, index=[10, 11, 12, 13, 14, 15, 16])
    found = standing(published, ["p2"])
    assert found.index.equals(published.index)
    assert found.tolist() == ["repeated", "used", "repeated", "repeated", "held out", "held out", "held out"]
    both = standing(published, ["p1", "p2"]).tolist()
    assert both[:3] == ["used", "used", "repeated"]


def test_counts_derived_from_percentages_are_the_only_ones_that_round_to_them() -> None:
    tables = metalib.read_review(DATA).tables
    derived = tables[tables["status"] == "derived from published percentages"]
    assert len(derived) > 5
    assert set(derived["study"]) == {"wang2018"}
    for row in derived.itertuples():
        found = re.findall(r"([\d.]+)% of (\d+)", row.source)
        assert [int(n) for _, n in found] == [row.n_t, row.n_c]
        for (percentage, n), events in zip(found, (row.events_t, row.events_c), strict=True):
            printed = read_printed(percentage)
            fitting = [a for a in range(int(n) + 1) if printed.low <= 100 * a / int(n) <= printed.high]
            assert fitting == [events], (row.outcome, percentage, n)


# ---- adverse events with the arms of one study free --------------------------------------------------------------


def test_free_arms_find_what_plain_enumeration_finds(puzzle: Puzzle) -> None:
    """Arms of 74 to 78 and 82 to 86 for Wang 2018, all else as stored: every table tried by the pooling itself."""
    review = metalib.read_review(DATA)
    stored = review.tables_of("AE")
    adverse = puzzle.for_outcomes(["AE"]).with_role("search", "AE without Zhou", ["Q"])
    for row in stored[stored["study"] != "wang2018"].itertuples():
        adverse = adverse.with_arms(row.study, (row.n_t, row.n_t), (row.n_c, row.n_c))
        adverse = adverse.with_known("AE", row.study, (row.events_t, row.events_c))
    found = recover(adverse.with_arms("wang2018", (74, 78), (82, 86))).solution_tables()
    counts = ["events_t", "n_t", "events_c", "n_c"]
    wang = {tuple(row) for row in found.loc[found["study"] == "wang2018", counts].to_numpy().tolist()}
    tried = np.array(
        [(a, n, c, m) for n in range(74, 79) for m in range(82, 87) for a in range(n + 1) for c in range(m + 1)]
    )
    fits = np.ones(len(tried), dtype=bool)
    for result in adverse.results:
        if "wang2018" in result.studies:
            fits &= agrees(result, stored, tried)
    assert wang == set(map(tuple, tried[fits].tolist()))
    assert wang


def agrees(result: Result, stored: pd.DataFrame, tried: np.ndarray) -> np.ndarray:
    """Return with which tables of Wang 2018 a result prints as it does in the paper."""
    kept = stored.set_index("study").loc[list(result.studies), ["events_t", "n_t", "events_c", "n_c"]]
    tables = np.repeat(kept.to_numpy(int)[None], len(tried), axis=0)
    tables[:, result.studies.index("wang2018")] = tried
    pooled = metalib.pool_batch(*np.moveaxis(tables, 2, 0), model=result.model)
    values = {
        "effect": np.exp(pooled.estimate), "ci_low": np.exp(pooled.ci_low), "ci_high": np.exp(pooled.ci_high),
        "z": np.abs(pooled.statistic), "P": pooled.p, "Q": pooled.Q, "df": pooled.df, "P_Q": pooled.p_Q,
        "I2": pooled.I2,
    }  # fmt: skip
    pairs = ((values[stat.name], stat.printed) for stat in result.stats)
    return np.all([(value >= printed.low) & (value <= printed.high) for value, printed in pairs], axis=0)
