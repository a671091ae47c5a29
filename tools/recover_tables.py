"""Search for the tables behind the printed numbers and write what is found into data/.

    python tools/recover_tables.py           both puzzles, arms that differ by up to 3 as well (some minutes)
    python tools/recover_tables.py --quick   equal arms only; recovery.csv then keeps its rows for unequal arms

Writes tables.csv, stages.csv (all rows but those derived from another publication) and recovery.csv (candidates left
after each step). Nothing is written unless every search has ended with a solution.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pandas as pd

from metalib.recover import Recovery, read_puzzle, recover
from metalib.recover.command import ProgressLine

DATA = Path(__file__).resolve().parent.parent / "data"
FROM_PRINT = "recovered from the printed results (puzzle.yaml)"
UNDER_ASSUMPTIONS = "one family of the tables that fit under assumptions (puzzle_survival.yaml)"
DERIVED = "derived from published percentages"
STAGES = {"stage_I": "I", "stage_III": "III", "stage_II_plus_IV": "II or IV"}
PLACED = {"stage_II": "II", "stage_IV": "IV"}
COUNTS = ["events_t", "n_t", "events_c", "n_c"]
WIDEST = 3


def solve(name: str, difference: int | None = None) -> Recovery:
    """Run one puzzle, or stop with what went wrong."""
    puzzle = read_puzzle(DATA / name)
    if difference is not None:
        puzzle = puzzle.with_max_difference(difference)
    print(f"{name}{'' if difference is None else f', arms that differ by up to {difference}'}", flush=True)
    line = ProgressLine(sys.stderr)
    found = recover(puzzle, progress=line)
    line.close()
    if found.status != "solved":
        raise SystemExit(f"{name}: {found.status}: {found.message}")
    return found


def response_tables(found: Recovery) -> pd.DataFrame:
    """Return the rows of tables.csv that the main puzzle identifies."""
    tables = found.tables()
    tables = tables[~tables["outcome"].str.startswith("stage")]
    return tables.assign(analysis="main", source=FROM_PRINT)


def stage_tables(found: Recovery) -> pd.DataFrame:
    """Return the rows of stages.csv: identified stages, and one set of candidates for each placement of stage IV."""
    tables = found.tables()
    main = tables[tables["outcome"].isin(STAGES)].assign(analysis="main")
    main["stage"] = main["outcome"].map(STAGES)
    solutions = found.solution_tables()
    placed = solutions[solutions["outcome"].isin(PLACED)].copy()
    placed["stage"] = placed["outcome"].map(PLACED)
    placed["analysis"] = "candidate " + placed["solution"].astype(str)
    placed["status"] = "candidate"
    return pd.concat([main, placed], ignore_index=True).assign(source=FROM_PRINT)


def survival_tables(found: Recovery) -> pd.DataFrame:
    """Return one table set for each class of complements: of those in the class the one with the most survivors."""
    solutions = found.solution_tables()
    solutions["total"] = solutions.groupby("solution")[["events_t", "events_c"]].transform("sum").sum(axis=1)
    chosen = solutions.sort_values("total", kind="stable").groupby("class")["solution"].last()
    rows = solutions[solutions["solution"].isin(chosen)].copy()
    rows["analysis"] = "candidate " + rows["class"].astype(str)
    known = found.puzzle.outcome("survival").known
    rows["status"] = [DERIVED if s in known else "candidate" for s in rows["study"]]
    return rows.assign(source=UNDER_ASSUMPTIONS).sort_values("class", kind="stable")


def steps(found: Recovery, puzzle: str, difference: int) -> pd.DataFrame:
    """Return the steps of a search as rows of recovery.csv."""
    return pd.DataFrame(
        [
            {
                "puzzle": puzzle,
                "max_difference": difference,
                "step": i,
                "results": step.name,
                "studies": " ".join(step.studies),
                "candidates": step.candidates,
                "after": step.after,
                "kept": step.kept,
            }
            for i, step in enumerate(found.steps, 1)
        ]
    )


def write(frame: pd.DataFrame, name: str) -> None:
    """Replace a file in one step."""
    part = DATA / f"{name}.part"
    frame.to_csv(part, index=False, lineterminator="\n")
    os.replace(part, DATA / name)


def build(quick: bool) -> dict[str, pd.DataFrame]:
    """Search, and return the files to write by name."""
    old = pd.read_csv(DATA / "tables.csv", keep_default_na=False)
    published = old[old["status"].eq(DERIVED) & ~old["analysis"].str.startswith("candidate")]
    main = solve("puzzle.yaml")
    survival = solve("puzzle_survival.yaml")
    columns = ["analysis", "outcome", "study", *COUNTS, "status", "source"]
    percentages = published.set_index("outcome")["source"]["survival"]
    candidates = survival_tables(survival)
    candidates["source"] = candidates["source"].where(candidates["status"] == "candidate", percentages)
    tables = pd.concat([response_tables(main)[columns], published[columns], candidates[columns]])
    stages = stage_tables(main)[["analysis", "stage", "study", *COUNTS, "status", "source"]]
    rows = [steps(main, "puzzle.yaml", 0), steps(survival, "puzzle_survival.yaml", 0)]
    if quick:
        before = pd.read_csv(DATA / "recovery.csv") if (DATA / "recovery.csv").exists() else pd.DataFrame()
        rows += [before[before["max_difference"] > 0]] if len(before) else []
    else:
        rows += [steps(solve("puzzle.yaml", d), "puzzle.yaml", d) for d in range(1, WIDEST + 1)]
    return {"tables.csv": tables, "stages.csv": stages, "recovery.csv": pd.concat(rows)}


def main() -> int:
    """Search and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="equal arms only")
    files = build(parser.parse_args().quick)
    for name, frame in files.items():
        write(frame, name)
        print(f"data/{name}: {len(frame)} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
