"""The stored map is whole, and what it is measured on is what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import identifiability
from benchmarks.puzzles import PRINTED, Setting
from metalib.recover import Limits, recover
from metalib.recover.agree import check_rows
from metalib.recover.parts import table_of
from metalib.recover.relation import Relation

ROOT = Path(__file__).parents[1] / "benchmarks"
STORED = pd.read_csv(ROOT / "identifiability.csv", comment="#")


def test_every_kind_of_puzzle_is_in_the_stored_map() -> None:
    assert list(STORED.columns) == identifiability.COLUMNS
    wanted = {(s.printed, s.studies, *s.arms, s.digits, s.known) for s in identifiability.settings()}
    stored = list(STORED[identifiability.COLUMNS[:6]].itertuples(index=False, name=None))
    assert len(stored) == len(set(stored))
    assert set(stored) == wanted
    assert STORED["puzzles"].sum() >= 2000


def test_the_stored_shares_are_shares_and_no_truth_was_lost() -> None:
    shares = STORED[["unique", "tables_unique"]]
    assert ((shares >= 0) & (shares <= 1)).all(axis=None)
    assert (STORED["unique"] <= STORED["tables_unique"] + 1e-9).all()
    assert STORED["ran_out"].between(0, STORED["puzzles"]).all()
    ended = STORED["ran_out"] < STORED["puzzles"]
    assert (STORED.loc[ended, "truth_found"] == 1).all()
    assert STORED.loc[~ended, "truth_found"].isna().all()


@pytest.mark.parametrize("printed", PRINTED)
@pytest.mark.parametrize("known", [True, False])
def test_a_made_up_print_is_that_of_its_tables(printed: str, known: bool) -> None:
    puzzle, truth = Setting(3, (10, 40), 2, printed, known).make(np.random.default_rng(1))
    cols = [v for study in puzzle.studies for v in table_of("event", study.id)]
    relation = Relation(tuple(cols), truth.reshape(1, -1).astype(np.int32))
    assert all(check_rows(relation, result).all() for result in puzzle.results)
    for study, row in zip(puzzle.studies, truth, strict=True):
        assert study.n_t[0] <= row[1] <= study.n_t[1]
        assert study.n_c[0] <= row[3] <= study.n_c[1]
        assert (study.n_t[0] == study.n_t[1]) == known
    assert sum(len(r.studies) == 3 for r in puzzle.results) == 1
    sums = truth[:, [0, 2]].sum(axis=0).tolist()
    assert [t.value for t in puzzle.totals] == (sums if printed == "total and events" else [])


def test_a_row_of_the_map_is_what_the_searches_found() -> None:
    setting = Setting(2, (10, 40), 2, "study rows", True)
    row = dict(zip(identifiability.COLUMNS, identifiability.measure(setting, 4, Limits()), strict=True))
    found = [recover(setting.make(np.random.default_rng([identifiability.SEED, i]))[0]) for i in range(4)]
    unique = [f.tables()["status"].str.startswith("identified").all() for f in found]
    assert (row["puzzles"], row["ran_out"], row["truth_found"]) == (4, 0, 1.0)
    assert row["unique"] == round(float(np.mean(unique)), 3)
    assert row["median_solutions"] == np.median([f.count for f in found])


def test_the_gain_of_sharing_out_is_that_of_its_times() -> None:
    sharing = pd.read_csv(ROOT / "sharing.csv", comment="#")
    assert len(sharing) >= 5
    assert (sharing["gain"] - sharing["alone"] / sharing["shared"]).abs().max() < 0.01
