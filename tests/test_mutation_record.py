"""The stored record of mutation testing: counts add up, every survivor is explained, and what it names exists."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import mutants
import pytest

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "tests" / "mutation"


def rows(name: str) -> list[dict[str, str]]:
    with (RECORD / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


RESULTS, SURVIVORS = rows("results.csv"), rows("survivors.csv")


def functions(module: str) -> dict[str, ast.FunctionDef]:
    tree = ast.parse((ROOT / "metalib" / f"{module}.py").read_text(encoding="utf-8"))
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_the_record_holds_every_module_once() -> None:
    listed = [(group, module) for group, modules in mutants.GROUPS.items() for module in modules]
    assert [(row["group"], row["module"]) for row in RESULTS] == listed
    assert all((ROOT / "metalib" / f"{module}.py").exists() for _, module in listed)
    tests = {test.partition("::")[0] for of in mutants.TESTS.values() for test in of}
    assert all((ROOT / test).exists() for test in tests)


@pytest.mark.parametrize("row", RESULTS, ids=lambda row: row["module"])
def test_counts_of_a_module_add_up(row: dict[str, str]) -> None:
    counts = {name: int(row[name]) for name in mutants.COUNTS[2:]}
    left = [s for s in SURVIVORS if s["module"] == row["module"]]
    assert 0 < counts["tried"] <= counts["mutants"]
    assert counts["tried"] == sum(counts[name] for name in ("killed", "survived", "untested", "timed_out"))
    for outcome in ("survived", "untested", "timed out"):
        assert counts[outcome.replace(" ", "_")] == sum(s["outcome"] == outcome for s in left)
    assert counts["explained"] == len(left)


@pytest.mark.parametrize("row", SURVIVORS, ids=lambda row: f"{row['module']}-{row['function']}-{row['line']}")
def test_a_survivor_is_explained_and_its_function_exists(row: dict[str, str]) -> None:
    assert len(row["explanation"].split()) >= 4
    old, arrow, new = row["change"].partition(" -> ")
    assert arrow
    assert old != new
    assert row["function"] in functions(row["module"])
