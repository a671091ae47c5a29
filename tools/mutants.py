"""Mutation testing of the pooling, the audit and the recovery: what `make mutants` runs.

A sample of the mutants of every module, drawn with a fixed seed, is tried in a copy of the tree under
`_build/mutation`. The counts go to `tests/mutation/results.csv`, the survivors to `tests/mutation/survivors.csv`.
An explanation that `survivors.csv` already holds is kept for a mutant with the same module, function and change.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "_build" / "mutation"
RECORD = ROOT / "tests" / "mutation"
SEED = 20250101
#: So many mutants of each module are tried; one of the search costs more than one of the pooling.
SAMPLE = {"pooling": 25, "audit": 25, "recovery": 8}
GROUPS = {
    "pooling": [
        "arithmetic/tables",
        "arithmetic/study_effects",
        "arithmetic/heterogeneity",
        "arithmetic/estimators",
        "arithmetic/pooling",
        "arithmetic/intervals",
        "arithmetic/results",
        "robustness/sensitivity",
    ],
    "audit": ["audit/compare", "audit/consistency"],
    "recovery": [
        f"recover/{name}"
        for name in (
            *("puzzle", "box", "bounds", "relation", "pairs", "candidates", "halves", "meet", "agree", "identify"),
            *("state", "step", "engine", "fields", "reading", "recovery"),
        )
    ],
}
# Fast tests only: a whole search of the review takes longer than all of these together.
TESTS = {
    "pooling": [
        *("tests/test_tables.py", "tests/test_pooling.py", "tests/test_expected.py", "tests/test_edges_pooling.py"),
        "tests/mutation/golden_sets.py",
    ],
    "audit": ["tests/test_consistency.py", "tests/test_printed.py", "tests/test_edges_pooling.py"],
    "recovery": ["tests/test_puzzle.py", "tests/test_recover.py", "tests/test_edges_recovery.py"],
}
LEFT_OUT = (
    "review or survival_has or differ_by_up_to or any_executor or as_a_module or importing or broken_puzzles"
    " or damaged_file or from_any or ranges_of_tau2 or truth_is"
)
KILLED = {1, 3, -24, 152}
SURVIVED = {0}
UNTESTED = {5, 33}
COUNTS = ("module", "group", "mutants", "tried", "killed", "survived", "untested", "timed_out", "explained")
SURVIVOR = ("module", "function", "line", "outcome", "change", "explanation")


def copy_tree(group: str) -> None:
    """The files under version control, and new ones, in a place of their own, with the tests of the group."""
    work = WORK / group
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    shutil.rmtree(work, ignore_errors=True)
    for name in listed:
        if (ROOT / name).is_file():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, work / name)
    tests = [test for test in TESTS[group] if (work / test.partition("::")[0]).exists()]
    with (work / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f"only_mutate = {json.dumps([f'metalib/{name}.py' for name in GROUPS[group]])}\n")
        file.write(f"pytest_add_cli_args_test_selection = {json.dumps(tests)}\n")
        file.write(f'pytest_add_cli_args = ["-p", "mutation.quick", "-k", "not ({LEFT_OUT})"]\n')


def names_of(group: str, path: Path) -> list[str]:
    """The names of all mutants of one source file, relative to the working copy."""
    # mutmut is installed by `make mutants` alone, and the lists above are read without it.
    from mutmut.mutation.file_mutation import mutate_file_contents
    from mutmut.utils.format_utils import get_mutant_name

    made = mutate_file_contents(str(path), (WORK / group / path).read_text(encoding="utf-8"))
    return [get_mutant_name(path, name) for name in made.mutant_names]


def outcome(code: int | None) -> str:
    """The word for an exit code of the tests, as mutmut reads it."""
    if code in KILLED:
        return "killed"
    if code in SURVIVED:
        return "survived"
    if code in UNTESTED:
        return "untested"
    return "timed out"


def change(group: str, name: str) -> tuple[str, str]:
    """The lines taken away and put in by one mutant."""
    shown = subprocess.run(
        [sys.executable, "-m", "mutmut", "show", name], cwd=WORK / group, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    old = [line[1:].strip() for line in shown if line.startswith("-") and not line.startswith("---")]
    new = [line[1:].strip() for line in shown if line.startswith("+") and not line.startswith("+++")]
    return " ".join(old), " ".join(new)


def line_of(group: str, path: Path, function: str, old: str) -> int:
    """The line of the source where a mutant changes the function."""
    lines = (WORK / group / path).read_text(encoding="utf-8").splitlines()
    start = next((i for i, line in enumerate(lines) if line.strip().startswith(f"def {function}(")), 0)
    found = (i for i in range(start, len(lines)) if lines[i].strip() and old.startswith(lines[i].strip()))
    return next(found, start) + 1


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a record; none before the first run."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, columns: tuple[str, ...], rows: list[dict]) -> None:
    """Write a record."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def results_of(group: str, module: str, tried: list[str]) -> dict[str, str]:
    """The outcome of each mutant that was tried."""
    meta = WORK / group / "mutants" / f"metalib/{module}.py.meta"
    codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    return {name: outcome(codes[name]) for name in tried if codes[name] is not None}


def record(modules: dict[str, str], tried: dict[str, list[str]], all_names: dict[str, list[str]]) -> None:
    """Write both files; rows of modules not run this time stay."""
    from mutmut.utils.format_utils import orig_function_and_class_names_from_key

    counts = [row for row in read_rows(RECORD / "results.csv") if row["module"] not in modules]
    before = read_rows(RECORD / "survivors.csv")
    known = {(row["module"], row["function"], row["change"]): row["explanation"] for row in before}
    survivors = [row for row in before if row["module"] not in modules]
    for module, group in modules.items():
        results = results_of(group, module, tried[module])
        left = [name for name, word in results.items() if word != "killed"]
        explained = 0
        for name in left:
            function = orig_function_and_class_names_from_key(name)[0]
            old, new = change(group, name)
            text = f"{old} -> {new}"
            why = known.get((module, function, text), "")
            explained += bool(why)
            line = line_of(group, Path(f"metalib/{module}.py"), function, old)
            survivors.append(dict(zip(SURVIVOR, (module, function, line, results[name], text, why), strict=True)))
        words = list(results.values())
        tally = [words.count(word) for word in ("killed", "survived", "untested", "timed out")]
        row = (module, group, len(all_names[module]), len(results), *tally, explained)
        counts.append(dict(zip(COUNTS, row, strict=True)))
    order = [module for names in GROUPS.values() for module in names]
    # A module that was renamed leaves the record with its rows.
    counts, survivors = ([row for row in rows if row["module"] in order] for rows in (counts, survivors))
    counts.sort(key=lambda row: order.index(row["module"]))
    survivors.sort(key=lambda row: (order.index(row["module"]), int(row["line"]), row["change"]))
    write_rows(RECORD / "results.csv", COUNTS, counts)
    write_rows(RECORD / "survivors.csv", SURVIVOR, survivors)


def main() -> None:
    """Try a sample of mutants of the modules asked for and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="modules or groups (pooling, audit, recovery); all by default")
    parser.add_argument("--sample", type=int, help="at most so many mutants of a module")
    parser.add_argument("--children", type=int, default=1, help="so many processes")
    parser.add_argument("--record-only", action="store_true", help="write the record of a run that was broken off")
    options = parser.parse_args()
    asked = options.modules or list(GROUPS)
    modules = {
        module: group for group, names in GROUPS.items() for module in names if group in asked or module in asked
    }
    groups = list(dict.fromkeys(modules.values()))
    if not options.record_only:
        for group in groups:
            copy_tree(group)
    # The names depend on the settings, which mutmut reads from the working directory.
    all_names, tried = {}, {}
    for module, group in modules.items():
        os.chdir(WORK / group)
        size = options.sample or SAMPLE[group]
        names = all_names[module] = names_of(group, Path(f"metalib/{module}.py"))
        tried[module] = sorted(random.Random(f"{SEED} {module}").sample(names, min(size, len(names))))
    for group in () if options.record_only else groups:
        names = [name for module, of in modules.items() if of == group for name in tried[module]]
        print(f"{group}: {len(names)} mutants")
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(options.children), *names]
        subprocess.run(command, cwd=WORK / group, check=False)
    record(modules, tried, all_names)


if __name__ == "__main__":
    main()
