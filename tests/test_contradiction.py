"""Minimal contradictions: found, minimal, and mended by the digit that was changed."""

from __future__ import annotations

import numpy as np
import pytest
from test_forest import print_plot, random_tables
from test_recover import make_puzzle

from metalib.recover import check_forest, check_puzzle, explain, recover, recover_forest

TABLES = np.array([[10, 40, 16, 41], [12, 76, 16, 83], [7, 33, 9, 35]])


@pytest.mark.parametrize(
    ("line", "name", "wrong"), [("s1", "effect", "0.19"), ("s0", "weight", "54.3"), ("pooled", "Q", "7.31")]
)
def test_the_changed_number_is_in_every_contradiction_and_its_repair_is_found(line: str, name: str, wrong: str) -> None:
    content = print_plot(TABLES, "OR", "MH", "fixed")
    rows = {row["study"]: row for row in content["rows"]} | {"pooled": content["pooled"]}
    right = rows[line][name]
    rows[line][name] = right[:-1] + str((int(right[-1]) + 5) % 10) if name == "weight" else wrong
    plot = check_forest(content)
    assert recover_forest(plot).status == "none"
    found = explain(plot)
    assert found.sets
    assert all((line, name) in one for one in found.sets)
    for one in found.sets:
        # Minimal: without any one of its numbers the others of the set hold together.
        others = [place for place in found.texts if place not in one and (place[0] == line or name != "effect")]
        inside = {(r["study"], n) for r in content["rows"] for n in ("effect", "ci_low", "ci_high")}
        for place in one:
            left_out = [p for p in others if name == "effect" or p not in inside]
            assert recover_forest(plot.without([*left_out, place])).status == "solved"
    if name == "weight":
        assert found.repairs[0].place == (line, name)
        assert any(r.instead == right for r in found.repairs)
    assert f"{line}, {name} " in found.summary()


def test_a_puzzle_of_pooled_lines_has_its_contradiction_too() -> None:
    content = make_puzzle(np.array([[3, 12, 5, 11], [2, 9, 4, 10]]), [(0, 1)], 0, None)
    assert content is not None
    printed = content["results"][0]["printed"]
    right, printed["z"] = printed["z"], "9" + printed["z"][1:]
    puzzle = check_puzzle(content)
    assert recover(puzzle).status == "none"
    found = explain(puzzle)
    assert all(("r0", "z") in one for one in found.sets)
    assert any(r.place == ("r0", "z") and r.instead == right for r in found.repairs)


def test_what_holds_together_has_no_contradiction() -> None:
    tables = random_tables(np.random.default_rng(4), 3, 50)
    found = explain(check_forest(print_plot(tables, "RR", "MH", "random")))
    assert found.sets == found.repairs == ()
    assert found.finished


def test_without_time_it_says_so() -> None:
    content = print_plot(TABLES, "OR", "MH", "fixed")
    content["pooled"]["Q"] = "9.99"
    found = explain(check_forest(content), budget=0.0)
    assert not found.finished
    assert "Time did not allow" in found.summary()
