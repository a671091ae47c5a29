"""Searches that cannot end well: contradictory prints, too little memory or time, and an impatient user."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from test_recover import found_set, make_puzzle, print_stats, simple

from metalib.__main__ import main
from metalib.audit.printed import read_printed
from metalib.errors import OptionError, PuzzleError
from metalib.recover import Interrupted, Limits, Recovery, check_puzzle, recover
from metalib.recover.box import box, contradiction
from metalib.recover.parts import interval
from metalib.recover.relation import Relation
from metalib.recover.solutions import LISTED

ROOT = Path(__file__).parents[1]
SMALL = {"rows": 20_000, "pairs": 200_000, "bytes": 50_000_000, "seconds": 2.0}


def contradictory() -> dict:
    """Three studies with known arms; no Q gives both 9.50 on two degrees of freedom and a P of 0.47."""
    studies = [{"id": s, "n_t": 30, "n_c": 30} for s in "abc"]
    printed = {"effect": "0.50", "ci_low": "0.30", "ci_high": "0.83", "Q": "9.50", "df": "2", "P_Q": "0.47", "I2": "0"}
    return {
        "studies": studies,
        "results": [{"id": "pooled", "outcome": "x", "studies": list("abc"), "printed": printed}],
    }


def wide(size: int = 60, k: int = 3) -> dict:
    """Hardly a printed digit and wide arms: far more tables than anybody wants."""
    studies = [f"s{i}" for i in range(k)]
    result = {"id": "r", "outcome": "x", "studies": studies, "printed": {"effect": "1", "I2": "0"}}
    return {"arms": {"size": [10, size]}, "studies": [{"id": s} for s in studies], "results": [result]}


# ---- contradictions --------------------------------------------------------------------------------------------


def test_a_print_that_contradicts_itself_is_named() -> None:
    recovery = recover(check_puzzle(contradictory()))
    assert (recovery.status, recovery.solutions, recovery.steps) == ("none", (), ())
    assert "'pooled'" in recovery.message
    # Q on two degrees of freedom excludes both the P and the I2; one of them is enough.
    assert "Q '9.50'" in recovery.message
    assert "effect" not in recovery.message
    assert "No table" in recovery.summary()


def test_a_contradiction_is_minimal() -> None:
    texts = contradictory()["results"][0]["printed"]
    stats = {name: interval(name, read_printed(text)) for name, text in texts.items()}
    names = contradiction(stats, 3, True)
    assert names
    assert not box({n: stats[n] for n in names}, 3, True).possible
    for left_out in names:
        assert box({n: stats[n] for n in names if n != left_out}, 3, True).possible
    assert contradiction({"effect": stats["effect"]}, 3, True) == ()


def test_after_no_solution_no_study_is_called_free(tmp_path, capsys) -> None:
    recovery = recover(check_puzzle(contradictory()))
    assert set(recovery.tables()["status"]) == set(recovery.identification["level"]) == {"none"}
    puzzle, tables = tmp_path / "p.yaml", tmp_path / "t.csv"
    puzzle.write_text(yaml.safe_dump(contradictory()), encoding="utf-8")
    assert main(["recover", str(puzzle), "--tables", str(tables)]) == 3
    assert "contradict each other" in capsys.readouterr().err
    assert set(pd.read_csv(tables)["status"]) == {"none"}


# ---- a risk difference in percent ------------------------------------------------------------------------------


def test_a_percentage_is_read_in_hundredths() -> None:
    tables = np.array([[4, 20, 9, 20], [6, 18, 8, 18]])
    texts = print_stats(tables, ("effect", "ci_low", "ci_high"), measure="RD")
    content = make_puzzle(tables, [range(2)], 0, None, ("effect", "ci_low", "ci_high"), measure="RD")
    in_percent = {name: f"{100 * float(text):.0f}%" for name, text in texts.items()}
    plain = found_set(recover(check_puzzle(content)), 2)
    content["results"][0]["printed"] = in_percent
    assert tuple(tables.ravel().tolist()) in plain
    assert found_set(recover(check_puzzle(content)), 2) == plain
    i = interval("effect", read_printed("-3.2%"))
    assert (i.low, i.high, i.unit) == pytest.approx((-0.0325, -0.0315, 0.001), rel=1e-8)
    assert interval("I2", read_printed("67%")).low == pytest.approx(66.5, rel=1e-8)


# ---- limits ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limits", [{"rows": 0}, {"pairs": -1}, {"bytes": 1000}, {"seconds": 0}, {"rows": 2.5}])
def test_limits_must_make_sense(limits: dict) -> None:
    with pytest.raises(OptionError, match=next(iter(limits))):
        Limits(**limits)


def many(printed: dict[str, str], model: str, size: int) -> dict:
    """Three studies with known arms."""
    studies = [{"id": s, "n_t": size, "n_c": size} for s in "abc"]
    result = {"id": "r", "outcome": "x", "studies": list("abc"), "model": model, "printed": printed}
    return {"studies": studies, "results": [result]}


RANDOM = {"effect": "0.50", "ci_low": "0.28", "ci_high": "0.89", "I2": "20"}
SWELLING = {
    "tables of a study": wide(60),
    "wide arms": wide(120),
    "pairs of arms": wide(700),
    "pairs that agree": many({"effect": "0.5"}, "fixed", 14),
    "ranges of tau2": many(RANDOM, "random", 26),
}


@pytest.mark.parametrize("budget", [50_000_000, 100_000_000])
@pytest.mark.parametrize("content", SWELLING.values(), ids=SWELLING)
def test_memory_stays_within_its_limit(content: dict, budget: int) -> None:
    puzzle = check_puzzle(content)
    limits = Limits(rows=10**9, pairs=10**15, bytes=budget, seconds=3)
    # What is loaded or prepared on first use is no memory of the search.
    recover(puzzle, limits=Limits(seconds=0.5))
    tracemalloc.start()
    try:
        recovery = recover(puzzle, limits=limits)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert recovery.status == "limit"
    # Halves are formed piece by piece, so that only what is kept can outgrow the memory; else time runs out.
    assert "GB are" in recovery.message or "time" in recovery.message
    assert peak < budget


def test_pairs_of_arms_with_a_small_difference_are_not_all_formed() -> None:
    """Arms of up to 100,000 that differ by 2: half a million pairs, not ten thousand million."""
    content = wide(100_000, 2)
    content["arms"]["max_difference"] = 2
    assert recover(check_puzzle(content), limits=Limits(bytes=50_000_000, seconds=5)).status == "limit"


def test_time_is_limited() -> None:
    start = time.monotonic()
    recovery = recover(check_puzzle(wide(100)), limits=Limits(rows=10**9, pairs=10**15, bytes=10**10, seconds=0.2))
    assert recovery.status == "limit"
    assert "time: 0.2 seconds" in recovery.message
    assert time.monotonic() - start < 20


def test_what_was_found_before_a_limit_is_reported() -> None:
    content = simple()
    content["outcomes"] = [{"id": "x"}, {"id": "y"}]
    content["results"].append({"id": "vague", "outcome": "y", "studies": ["s0", "s1"], "printed": {"effect": "1"}})
    whole = recover(check_puzzle({**content, "results": content["results"][:2]}))
    cut = recover(check_puzzle(content), limits=Limits(rows=500))
    assert cut.status == "limit"
    assert "'vague'" in cut.message
    assert [s.name for s in cut.steps] == ["r0", "r1"]
    (group,) = cut.solutions
    assert found_set(cut, 2) == found_set(whole, 2)
    assert len(cut.solution_tables()) == 2 * len(group)
    status = cut.tables().set_index(["outcome", "study"])["status"]
    assert set(status["y"]) == {"not searched"}
    assert status["x"].tolist() == whole.tables().query("outcome == 'x'")["status"].tolist()
    assert "partial solutions so far" in cut.summary()
    assert json.loads(cut.to_json())["groups"][0]["rows"]


@pytest.mark.parametrize(
    ("error", "status"), [(MemoryError, "limit"), (KeyboardInterrupt, None)], ids=["memory", "keys"]
)
def test_memory_and_keys_end_a_search_with_what_was_found(error: type, status: str | None, monkeypatch) -> None:
    from metalib.recover.step import Step

    ran = Step.run

    def second_fails(step, work):
        if step.state.relations:
            raise error
        return ran(step, work)

    monkeypatch.setattr(Step, "run", second_fails)
    if status is None:
        with pytest.raises(Interrupted) as caught:
            recover(check_puzzle(simple()))
        recovery = caught.value.recovery
        assert isinstance(caught.value, KeyboardInterrupt)
    else:
        recovery = recover(check_puzzle(simple()))
    assert recovery.status == "limit"
    assert "'r1'" in recovery.message
    assert len(recovery.steps) == len(recovery.solutions) == 1


def test_the_command_takes_limits_and_tells_by_its_code(tmp_path, capsys) -> None:
    puzzle, out = tmp_path / "p.yaml", tmp_path / "o.json"
    puzzle.write_text(yaml.safe_dump(wide(100)), encoding="utf-8")
    command = ["recover", str(puzzle), "-o", str(out)]
    assert main([*command, "--max-memory", "100MB", "--max-seconds", "30"]) == 1
    assert "0.10 GB are allowed" in capsys.readouterr().err
    assert json.loads(out.read_text(encoding="utf-8"))["status"] == "limit"
    assert main([*command, "--max-rows", "10"]) == 1
    assert main([*command, "--max-rows", "0"]) == 2
    assert "rows=0" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*command, "--max-memory", "much"])


#: Presses Ctrl-C as soon as the search looks for the tables of a study.
PRESSED = """
import os, signal, sys
from metalib.__main__ import main
from metalib.recover.candidates import Candidates
signal.signal(signal.SIGINT, signal.default_int_handler)
Candidates.possible = lambda *_: os.kill(os.getpid(), signal.SIGINT)
sys.exit(main(sys.argv[1:]))
"""


def test_ctrl_c_ends_the_command_with_a_word(tmp_path) -> None:
    puzzle, out = tmp_path / "p.yaml", tmp_path / "o.json"
    puzzle.write_text(yaml.safe_dump(wide(120)), encoding="utf-8")
    command = ["recover", str(puzzle), "-o", str(out)]
    done = subprocess.run(
        [sys.executable, "-c", PRESSED, *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 130
    assert "interrupted" in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads(out.read_text(encoding="utf-8"))["message"] == "step 'r': interrupted"


def test_many_solutions_are_given_as_csv(tmp_path) -> None:
    content = wide(14, 2)
    puzzle, out, solutions = tmp_path / "p.yaml", tmp_path / "o.json", tmp_path / "s.csv"
    content["arms"]["max_difference"] = 0
    puzzle.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert main(["recover", str(puzzle), "-o", str(out), "--solutions", str(solutions), "--quiet"]) == 0
    (group,) = json.loads(out.read_text(encoding="utf-8"))["groups"]
    assert group["kept"] > LISTED
    assert group["rows"] is None
    assert "--solutions" in group["left_out"]
    assert pd.read_csv(solutions)["solution"].nunique() == group["kept"]


# ---- whatever is printed ---------------------------------------------------------------------------------------

TEXTS = {
    "effect": ["0.50", "1", "0.00", "12.31", "-0.20", "<0.5"], "ci_low": ["0.30", "0.00", "1.00", ">0.1"],
    "ci_high": ["0.83", "5", "100.00", "0.60"], "z": ["0.00", "2.10", "-9.99", "0"],
    "P": ["0.05", "<0.001", "1.00", "0", ">0.5"], "Q": ["0.00", "9.50", "1", "300.0"], "df": ["0", "1", "2", "7"],
    "P_Q": ["0.47", "0.00", "1.00", "<0.01"], "I2": ["0", "67%", "100%", "93%"], "tau2": ["0.00", "0.50", "9.99"],
    "k": ["0", "1", "2", "3", "9"],
}  # fmt: skip
METHODS = [("OR", "MH"), ("OR", "IV"), ("RR", "MH"), ("RR", "IV"), ("RD", "MH"), ("RD", "IV"), ("OR", "Peto")]
SIZES = st.one_of(
    st.integers(1, 6), st.tuples(st.integers(1, 3), st.integers(3, 6)).map(list), st.just([1, 500]), st.just(100_000)
)


@st.composite
def any_puzzle(draw) -> dict:
    """Puzzles whose printed numbers were drawn without a thought: contradictory, degenerate, some of them very wide."""
    k = draw(st.integers(1, 3))
    studies = [{"id": f"s{i}", "n_t": draw(SIZES), "n_c": draw(SIZES)} for i in range(k)]
    results = []
    for i in range(draw(st.integers(1, 3))):
        measure, method = draw(st.sampled_from(METHODS))
        names = draw(st.sets(st.sampled_from(sorted(TEXTS)), min_size=1, max_size=5))
        members = draw(st.lists(st.sampled_from([s["id"] for s in studies]), min_size=1, unique=True))
        results.append(
            {
                "id": f"r{i}", "outcome": draw(st.sampled_from("xy")), "studies": members, "measure": measure,
                "method": method, "model": "fixed" if method == "Peto" else draw(st.sampled_from(["fixed", "random"])),
                "printed": {
                    n: {
                        "text": draw(st.sampled_from(TEXTS[n])),
                        "role": draw(st.sampled_from(["search", "search", "check", "known-miss"])),
                    }
                    for n in names
                },
            }
        )  # fmt: skip
    outcomes: list[dict] = [{"id": "x"}, {"id": "y"}]
    if draw(st.booleans()):
        outcomes[0] |= {"optional": [s["id"] for s in studies], "reported": draw(st.integers(1, k))}
    content = {"studies": studies, "outcomes": outcomes, "results": results}
    if draw(st.booleans()):
        content["links"] = [{draw(st.sampled_from(["sum_to_n", "at_most_n"])): ["x", "y"]}]
    if draw(st.booleans()):
        arm, value = draw(st.sampled_from(["experimental", "control"])), draw(st.integers(0, 12))
        content["totals"] = [{"outcome": "x", "arm": arm, "value": value}]
    return content


@given(any_puzzle())
@settings(max_examples=300, deadline=None)
def test_nothing_but_a_recovery_or_a_puzzle_error_comes_out(content: dict) -> None:
    with contextlib.suppress(PuzzleError):
        recovery = recover(check_puzzle(content), limits=Limits(**SMALL))
        assert isinstance(recovery, Recovery)
        assert recovery.status in ("solved", "none", "limit")
        assert (recovery.count > 0) == (recovery.status == "solved")
        assert bool(recovery.message) == (recovery.status != "solved")
        assert json.loads(recovery.to_json())["status"] == recovery.status
        assert recovery.summary()
        for group in recovery.solutions:
            assert isinstance(group.kept, Relation)
        if recovery.status == "solved":
            searched = recovery.checks[recovery.checks["role"] == "search"]
            assert searched["agrees"].all()
