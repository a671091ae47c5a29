"""What is said when a budget runs out, what several solutions conclude, and leave-one-out tables."""

from __future__ import annotations

import json

import numpy as np
import pytest
from test_recover import brute_force, found_set, make_puzzle, random_tables

from metalib.recover import Limits, Recovery, check_puzzle, recover
from metalib.recover.engine import next_plan
from metalib.recover.state import State, Work

NAMES = ("effect", "ci_low", "ci_high", "Q", "I2")


def left_out(k: int) -> list[list[int]]:
    """The sets of a leave-one-out table: all studies, and all but one."""
    return [list(range(k)), *([j for j in range(k) if j != i] for i in range(k))]


def three(seed: int = 0, names: tuple[str, ...] = NAMES) -> tuple[np.ndarray, dict]:
    tables = random_tables(np.random.default_rng(seed), 3, 12, 30, 0, False)
    content = make_puzzle(tables, [range(3)], 0, None, names)
    assert content is not None
    return tables, content


# ---- leave-one-out tables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {}, {"measure": "RR"}, {"measure": "RD"}, {"method": "IV"}, {"measure": "RD", "method": "IV"},
        {"method": "Peto"}, {"model": "random"},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("zeros", [False, True])
def test_a_leave_one_out_table_keeps_the_truth(options: dict, zeros: bool) -> None:
    for seed in range(4):
        rng = np.random.default_rng([seed, zeros])
        content = None
        while content is None:
            tables = random_tables(rng, 4, 8, 12 if options.get("model") else 20, 2, zeros)
            content = make_puzzle(tables, left_out(4), 0, None, NAMES, **options)
        recovery = recover(check_puzzle(content))
        assert recovery.status == "solved"
        assert tuple(tables.ravel().tolist()) in found_set(recovery, 4), (seed, tables.tolist())
        assert recovery.checks["agrees"].all()


@pytest.mark.parametrize("names", [NAMES, ("effect",), ("effect", "ci_low"), ("effect", "P")], ids=str)
def test_slices_find_what_brute_force_finds(names: tuple[str, ...]) -> None:
    """Few printed numbers, small arms: many solutions, each found once."""
    for seed, options in enumerate([{}, {"method": "IV"}, {"measure": "RR"}, {"measure": "RD"}, {"method": "Peto"}]):
        content = None
        rng = np.random.default_rng(seed)
        while content is None:
            tables = random_tables(rng, 3, 3, 5, 1, seed == 0)
            content = make_puzzle(tables, left_out(3), 0, None, names, **options)
        recovery = recover(check_puzzle(content))
        assert len(recovery.steps) == 1, "all lines are searched together"
        assert found_set(recovery, 3) == brute_force(content)
        assert recovery.count == len(brute_force(content))


def test_a_line_and_those_without_one_study_are_one_step() -> None:
    tables = random_tables(np.random.default_rng(1), 5, 10, 30, 0, False)
    puzzle = check_puzzle(make_puzzle(tables, left_out(5), 0, None, NAMES))
    plan = next_plan(State(puzzle, Work(Limits())), puzzle.results)
    assert (len(plan.results), len(plan.new)) == (6, 5)
    few = check_puzzle(make_puzzle(tables, left_out(5)[:3], 0, None, NAMES))
    assert len(next_plan(State(few, Work(Limits())), few.results).new) == 4


# ---- what is said when a budget runs out -------------------------------------------------------------------------


def cut(content: dict, **limits: int | float) -> Recovery:
    recovery = recover(check_puzzle(content), limits=Limits(**limits))
    assert recovery.status == "limit"
    return recovery


def test_what_a_step_had_found_is_reported_with_the_share_that_was_searched(monkeypatch) -> None:
    _, content = three(1, ("effect", "ci_low", "ci_high"))
    whole = recover(check_puzzle(content))
    monkeypatch.setattr("metalib.recover.step.MOST_ROWS", 500)
    recovery = cut(content, rows=whole.count // 2)
    assert recovery.unfinished is not None
    assert 0 < recovery.searched < 1
    assert set(map(tuple, recovery.unfinished.kept.rows.tolist())) < set(
        map(tuple, whole.solutions[0].kept.values(recovery.unfinished.kept.cols).tolist())
    )
    assert len(recovery.deciding)
    said = json.loads(recovery.to_json())
    assert said["searched"] == recovery.searched
    assert said["unfinished"]["kept"] == len(recovery.unfinished)
    assert f"{len(recovery.unfinished):,} found in the step" in recovery.summary()


def test_ranges_of_counts_are_proven_whatever_ran_out() -> None:
    tables, content = three(2)
    recovery = cut(content, seconds=1e-9)
    for row, table in zip(recovery.identification.itertuples(), tables, strict=True):
        assert row.level == "not searched"
        assert row.low_t <= table[0] <= row.high_t
        assert row.low_c <= table[2] <= row.high_c


# ---- several solutions -------------------------------------------------------------------------------------------


def test_conclusions_hold_in_every_solution() -> None:
    _, content = three(3)
    recovery = recover(check_puzzle(content))
    printed = recovery.conclusions.query("as_printed").iloc[0]
    checks = recovery.checks.set_index("statistic")
    assert (printed["effect_low"], printed["effect_high"]) == tuple(checks.loc["effect", ["value_low", "value_high"]])
    assert set(recovery.conclusions["model"]) == {"fixed", "random"}
    assert recovery.conclusions["significant"].between(0, 1).all()


def test_a_deciding_number_leaves_as_many_solutions_as_it_says() -> None:
    _, content = three(3)
    recovery = recover(check_puzzle(content))
    assert recovery.count > 1
    events = recovery.solution_tables().groupby("solution")["events_t"].sum()
    name = "events of 'x', all experimental arms"
    row = recovery.deciding.set_index("number").loc[name]
    left = [
        recover(
            check_puzzle({**content, "totals": [{"outcome": "x", "arm": "experimental", "value": int(value)}]})
        ).count
        for value in events.unique()
    ]
    assert sum(left) == recovery.count
    assert row["most"] == max(left)
    assert row["left"] == pytest.approx(sum(n * n for n in left) / recovery.count)
    assert recovery.deciding["left"].is_monotonic_increasing
