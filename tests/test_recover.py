"""The search: against brute force, against known truth, and on the review's own puzzles."""

from __future__ import annotations

import itertools
import json
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metalib.arithmetic.pooling import pool_batch
from metalib.audit.printed import read_printed
from metalib.recover import Limits, check_puzzle, read_puzzle, recover
from metalib.recover.agree import agrees, printable
from metalib.recover.identify import canonical, complement
from metalib.recover.parts import Var, interval
from metalib.recover.relation import Relation, codes, join, semijoin

ROOT = Path(__file__).parents[1]
FULL = ("effect", "ci_low", "ci_high", "z", "P", "Q", "df", "P_Q", "I2")
DIGITS = {"I2": 0, "df": 0, "k": 0, "P": 3}


# ---- synthetic meta-analyses, printed as a paper prints them ---------------------------------------------------


def print_stats(tables: np.ndarray, names=FULL, measure="OR", method="MH", model="fixed") -> dict[str, str] | None:
    """Print the pooled result of tables (k, 4) with two decimals; None when there is none."""
    batch = pool_batch(*tables.T[:, None, :], measure=measure, method=method, model=model)
    values = printable(batch, measure)
    if not batch.estimable[0]:
        return None
    out = {}
    for name in names:
        value = float(values[name][0])
        if np.isfinite(value):
            out[name] = f"{value:.{DIGITS.get(name, 2)}f}"
    return out


def make_puzzle(tables: np.ndarray, sets, slack: int, difference: int | None, names=FULL, **options) -> dict | None:
    """Return the puzzle of known tables (k, 4): arms known up to `slack`, a printed result for every set of studies."""
    studies = [f"s{i}" for i in range(len(tables))]
    results = []
    for j, members in enumerate(sets):
        stats = print_stats(tables[list(members)], names, **options)
        if stats is None:
            return None
        results.append(
            {"id": f"r{j}", "outcome": "x", "studies": [studies[i] for i in members], "printed": stats, **options}
        )

    def span(n):
        return [max(int(n) - slack, 1), int(n) + slack]

    rows = [{"id": s, "n_t": span(t[1]), "n_c": span(t[3])} for s, t in zip(studies, tables, strict=True)]
    if difference is not None:
        rows = [{**row, "max_difference": difference} for row in rows]
    return {"studies": rows, "results": results}


def found_set(recovery, studies: int) -> set[tuple]:
    if not recovery.solutions:
        return set()
    (group,) = recovery.solutions
    cols = [v for i in range(studies) for v in order(f"s{i}")]
    return set(map(tuple, group.kept.values(cols).tolist()))


def order(study: str) -> list[Var]:
    return [Var("x", study, "t"), Var("", study, "t"), Var("x", study, "c"), Var("", study, "c")]


def random_tables(rng: np.random.Generator, k: int, low: int, high: int, difference: int, zeros: bool) -> np.ndarray:
    out = []
    for _ in range(k):
        n_t = int(rng.integers(low, high + 1))
        n_c = max(n_t + int(rng.integers(-difference, difference + 1)), 1)
        p = rng.uniform(0.1, 0.8, 2)
        a, c = int(rng.binomial(n_t, p[0])), int(rng.binomial(n_c, p[1]))
        if zeros and rng.random() < 0.4:
            a, c = [(0, c), (a, 0), (n_t, c), (a, n_c), (0, 0)][int(rng.integers(5))]
        out.append((a, n_t, c, n_c))
    return np.array(out)


def brute_force(content: dict) -> set[tuple]:
    """Try every table there is."""
    puzzle = check_puzzle(content)
    cells = []
    for s in puzzle.studies:
        pairs = itertools.product(range(s.n_t[0], s.n_t[1] + 1), range(s.n_c[0], s.n_c[1] + 1))
        limit = s.max_arm_difference
        pairs = [(n, m) for n, m in pairs if limit is None or abs(n - m) <= limit]
        cells.append(np.array([(a, n, c, m) for n, m in pairs for a in range(n + 1) for c in range(m + 1)]))
    index = np.indices([len(c) for c in cells]).reshape(len(cells), -1)
    everything = np.stack([c[i] for c, i in zip(cells, index, strict=True)], axis=1)
    keep = np.ones(len(everything), dtype=bool)
    for r in puzzle.results:
        rows = everything[:, [int(s[1:]) for s in r.studies]]
        batch = pool_batch(*(rows[..., i] for i in range(4)), measure=r.measure, method=r.method, model=r.model)
        keep &= agrees(r.searched, printable(batch, r.measure))
    return set(map(tuple, everything[keep].reshape(keep.sum(), -1).tolist()))


CHAIN_CASES = [
    (seed, k, model, zeros)
    for k in (2, 3, 4, 5)
    for model in ("fixed", "random")
    for zeros in (False, True)
    for seed in range(14)
]


@pytest.mark.parametrize(("k", "model", "zeros"), sorted({case[1:] for case in CHAIN_CASES}))
def test_truth_is_among_the_solutions(k, model, zeros):
    """224 random puzzles: a cumulative table from one study up, two decimals, arms known up to one patient or two."""
    done = 0
    for seed in [case[0] for case in CHAIN_CASES if case[1:] == (k, model, zeros)]:
        rng = np.random.default_rng([seed, k, model == "random", zeros])
        content = None
        while content is None:
            difference = int(rng.integers(0, 3))
            tables = random_tables(rng, k, 8, 22, difference, zeros)
            start = int(rng.integers(1, 3)) if k < 4 else 1
            sets = [range(size) for size in range(start, k + 1)]
            content = make_puzzle(tables, sets, 1, difference, model=model)
        recovery = recover(check_puzzle(content))
        assert recovery.status == "solved", (seed, recovery.message)
        assert tuple(tables.ravel().tolist()) in found_set(recovery, k), (seed, tables.tolist())
        assert recovery.checks["agrees"].all()
        done += 1
    assert done == 14


OPTIONS = [
    {},
    {"model": "random"},
    {"measure": "RR"},
    {"measure": "RR", "model": "random"},
    {"measure": "RD"},
    {"method": "IV"},
    {"method": "IV", "model": "random"},
    {"method": "IV", "measure": "RD", "model": "random"},
    {"method": "Peto"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(o.values()) or "MH-fixed")
@pytest.mark.parametrize("seed", range(6))
def test_equals_brute_force(seed, options):
    rng = np.random.default_rng([seed, len(str(options))])
    content = None
    while content is None:
        k = 2 + seed % 2
        tables = random_tables(rng, k, 3, 6 if k == 2 else 4, 1, zeros=seed > 1)
        sets = [range(k)] if seed % 3 else [range(1), range(k)]
        names = FULL if seed != 4 else ("effect", "ci_low", "ci_high")
        content = make_puzzle(tables, sets, 1 if k == 2 else 0, [None, 1][seed % 2], names, **options)
    expected = brute_force(content)
    assert tuple(tables.ravel().tolist()) in expected
    assert found_set(recover(check_puzzle(content)), k) == expected


@pytest.mark.parametrize("names", [("P",), ("Q",), ("I2",), ("ci_high",), ("effect", "P_Q"), ("z", "k"), ("P", "I2")])
@pytest.mark.parametrize("model", ["fixed", "random"])
def test_few_printed_numbers_equal_brute_force(names, model):
    rng = np.random.default_rng(len(str(names)))
    content = None
    while content is None:
        tables = random_tables(rng, 2, 3, 5, 1, zeros=True)
        content = make_puzzle(tables, [range(2)], 0, None, names, model=model)
        if content and not content["results"][0]["printed"]:
            content = None
    assert found_set(recover(check_puzzle(content)), 2) == brute_force(content)


def test_ranges_of_tau2_find_what_a_plain_search_finds(monkeypatch):
    """Large random-effects steps are cut by tau2; forced on small ones, the cut changes nothing."""
    monkeypatch.setattr("metalib.recover.meet.MANY", 0)
    for seed in range(12):
        rng = np.random.default_rng(seed)
        content = None
        while content is None:
            tables = random_tables(rng, 3, 3, 5, 1, zeros=seed % 2 == 1)
            content = make_puzzle(tables, [range(3)], 0, None, model="random", method=["MH", "IV"][seed % 2])
        assert found_set(recover(check_puzzle(content)), 3) == brute_force(content)


# ---- links between outcomes ------------------------------------------------------------------------------------


def category_puzzle(rng: np.random.Generator) -> tuple[dict, dict[str, np.ndarray]]:
    """Three categories that add up to the arms of two studies; the last one is printed only as a total."""
    n = rng.integers(5, 9, size=2)
    parts = [[rng.multinomial(size, [0.3, 0.3, 0.4]) for _ in range(2)] for size in n]
    tables = {
        name: np.array([[parts[s][0][i], n[s], parts[s][1][i], n[s]] for s in range(2)])
        for i, name in enumerate(("good", "fair", "poor"))
    }
    results = []
    for name in ("good", "fair"):
        stats = print_stats(tables[name])
        if stats is None:
            return category_puzzle(rng)
        results.append({"id": name, "outcome": name, "studies": ["s0", "s1"], "printed": stats})
    content = {
        "studies": [{"id": f"s{i}", "n_t": int(n[i]), "n_c": int(n[i])} for i in range(2)],
        "outcomes": [{"id": name} for name in tables],
        "results": results,
        "links": [{"sum_to_n": ["good", "fair", "poor"]}],
        "totals": [{"outcome": "poor", "arm": "experimental", "value": int(tables["poor"][:, 0].sum())}],
    }
    return content, tables


@pytest.mark.parametrize("seed", range(10))
def test_categories_that_add_up_equal_brute_force(seed):
    content, tables = category_puzzle(np.random.default_rng(seed))
    recovery = recover(check_puzzle(content))
    (group,) = recovery.solutions
    names = list(tables)
    cols = [Var(o, s, arm) for o in names for s in ("s0", "s1") for arm in ("t", "c")]
    found = set(map(tuple, group.kept.values(cols).tolist()))

    arms = {f"s{i}": content["studies"][i]["n_t"] for i in range(2)}
    one = {o: [] for o in ("good", "fair")}
    for o in one:
        for a, c, b, d in itertools.product(*(range(arms[s] + 1) for s in ("s0", "s0", "s1", "s1"))):
            one[o].append([[a, arms["s0"], c, arms["s0"]], [b, arms["s1"], d, arms["s1"]]])
        rows = np.array(one[o])
        texts = next(r for r in content["results"] if r["id"] == o)["printed"]
        stats = {k: interval(k, read_printed(v)) for k, v in texts.items()}
        batch = pool_batch(*(rows[..., i] for i in range(4)))
        one[o] = rows[agrees(stats, printable(batch, "OR"))][:, :, [0, 2]].reshape(-1, 4)
    n = np.array([arms["s0"], arms["s0"], arms["s1"], arms["s1"]])
    expected = set()
    for good, fair in itertools.product(one["good"], one["fair"]):
        poor = n - good - fair
        if (poor >= 0).all() and poor[0] + poor[2] == content["totals"][0]["value"]:
            expected.add((*good.tolist(), *fair.tolist(), *poor.tolist()))
    assert found == expected
    truth = tuple(int(x) for o in names for s in (0, 1) for x in tables[o][s, [0, 2]])
    assert truth in found


def test_at_most_n_and_shared_arms():
    tables = {"x": [[4, 10, 6, 10]], "y": [[5, 10, 2, 10]]}
    results = [
        {"id": o, "outcome": o, "studies": ["s0"], "printed": print_stats(np.array(t))} for o, t in tables.items()
    ]
    content = {
        "arms": {"size": [8, 12], "max_difference": 0},
        "studies": [{"id": "s0"}],
        "outcomes": [{"id": "x"}, {"id": "y"}],
        "results": results,
    }
    loose = recover(check_puzzle(content))
    tight = recover(check_puzzle({**content, "links": [{"at_most_n": ["x", "y"]}]}))
    assert tight.count <= loose.count
    (group,) = tight.solutions
    for arm in ("t", "c"):
        used = group.kept.column(Var("x", "s0", arm)) + group.kept.column(Var("y", "s0", arm))
        assert (used <= group.kept.column(Var("", "s0", arm))).all()
    assert (group.kept.values([Var("x", "s0", "t"), Var("y", "s0", "t")]) == [4, 5]).all(axis=1).any()


def test_optional_study_may_be_absent():
    tables = np.array([[3, 9, 6, 9], [5, 12, 2, 12]])
    content = make_puzzle(tables, [range(2)], 0, None)
    content["studies"].append({"id": "s2", "n_t": 7, "n_c": 7})
    content["outcomes"] = [{"id": "x", "optional": ["s1", "s2"], "reported": 2}]
    content["results"][0]["studies"] = ["s0", "s1", "s2"]
    recovery = recover(check_puzzle(content))
    (group,) = recovery.solutions
    absent = group.kept.values([Var("x", "s1", "t"), Var("x", "s2", "t")]) < 0
    assert (absent.sum(axis=1) == 1).all()
    assert [3, 6, 5, 2, -1] in group.kept.values(
        [Var("x", "s0", "t"), Var("x", "s0", "c"), Var("x", "s1", "t"), Var("x", "s1", "c"), Var("x", "s2", "t")]
    ).tolist()
    assert "s2" not in set(recovery.solution_tables().query("solution == 1 and events_t < 0")["study"])


# ---- honest ends -----------------------------------------------------------------------------------------------


def simple(**change) -> dict:
    content = make_puzzle(np.array([[4, 20, 9, 20], [6, 18, 8, 18]]), [range(1), range(2)], 1, 0)
    return {**content, **change}


def test_no_solution_is_said_with_its_place():
    content = simple()
    content["results"][1]["printed"] = {"effect": "0.40", "ci_low": "0.39", "ci_high": "0.41"}
    recovery = recover(check_puzzle(content))
    assert (recovery.status, recovery.count, recovery.solutions) == ("none", 0, ())
    assert "'r1'" in recovery.message
    assert [s.after for s in recovery.steps][-1] == 0
    assert json.loads(recovery.to_json())["status"] == "none"
    assert "No table" in recovery.summary()


def test_printed_numbers_that_contradict_each_other_have_no_solution():
    content = simple()
    content["results"][0]["printed"]["P"] = "0.900"
    assert recover(check_puzzle(content)).status == "none"


@pytest.mark.parametrize("limits", [Limits(rows=2), Limits(pairs=2)])
def test_a_limit_is_reported_with_its_place(limits):
    content = simple()
    content["results"] = content["results"][1:]
    content["results"][0]["printed"] = {"effect": "0.50"}
    recovery = recover(check_puzzle(content), limits=limits)
    assert recovery.status == "limit"
    assert recovery.solutions == ()
    assert "'r1'" in recovery.message
    assert "allowed" in recovery.message


def test_check_never_decides_and_known_miss_takes_the_nearest():
    content = simple()
    content["results"][1]["printed"]["Q"] = {"text": "7.77", "role": "check"}
    checked = recover(check_puzzle(content))
    row = checked.checks.query("role == 'check'").iloc[0]
    assert not row["agrees"]
    assert row["agreeing"] == 0
    content["results"][1]["printed"] = {"effect": "0.50", "Q": {"text": "7.77", "role": "known-miss"}}
    missed = recover(check_puzzle(content))
    (group,) = missed.solutions
    assert 0 < len(group.kept) < len(group.found)
    values = missed.checks.query("role == 'known-miss'").iloc[0]
    assert values["value_high"] < 7.77
    assert "s1" in missed.tables().query("status == 'nearest'")["study"].tolist() or missed.count > 1


def test_free_counts_are_called_free():
    content = simple()
    content["outcomes"] = [{"id": "x"}, {"id": "y"}]
    recovery = recover(check_puzzle(content))
    levels = recovery.identification.set_index(["outcome", "study"])["level"]
    assert levels["y", "s0"] == "free"
    assert recovery.tables().query("outcome == 'y'")["events_t"].isna().all()


def test_complement_leaves_everything_printed_unchanged():
    tables = np.array([[4, 20, 9, 20], [0, 18, 8, 18], [5, 12, 3, 14]])
    flipped = complement(tables)
    assert flipped[2].tolist() == tables[2].tolist()
    for model in ("fixed", "random"):
        assert print_stats(tables, model=model) == print_stats(flipped, model=model)
    assert (canonical(flipped) == canonical(tables)).all()


def test_solutions_come_in_classes():
    recovery = recover(check_puzzle(simple()))
    (group,) = recovery.solutions
    assert group.class_count < len(group)
    assert any("complement" in text for text in recovery.equivalences)


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_gives_the_same(kind, monkeypatch):
    monkeypatch.setattr("metalib.recover.meet.TASK", 8)
    content = simple()
    alone = recover(check_puzzle(content))
    with kind(2) as executor:
        shared = recover(check_puzzle(content), executor=executor)
    assert found_set(shared, 2) == found_set(alone, 2)


def test_json_is_the_same_in_every_run():
    runs = []
    for _ in range(2):
        data = json.loads(recover(check_puzzle(simple())).to_json())
        assert set(data.pop("seconds")) == {"r0", "r1"}
        runs.append(json.dumps(data))
    assert runs[0] == runs[1]


def test_progress_is_told():
    seen = []
    recover(check_puzzle(simple()), progress=lambda *state: seen.append(state))
    assert seen[0][:3] == ("r0", 0, 2)
    assert seen[-1] == ("done", 2, 2, 1.0)
    assert all(0 <= share <= 1 for *_, share in seen)


# ---- relations -------------------------------------------------------------------------------------------------


def test_joins_agree_with_pandas():
    rng = np.random.default_rng(0)
    a, b, c = (Var(name, "s", "t") for name in "abc")
    left = Relation((a, b), rng.integers(0, 5, (40, 2)).astype(np.int32))
    right = Relation((b, c), rng.integers(0, 5, (30, 2)).astype(np.int32))
    frames = pd.DataFrame(left.rows, columns=["a", "b"]), pd.DataFrame(right.rows, columns=["b", "c"])
    expected = sorted(frames[0].merge(frames[1], on="b")[["a", "b", "c"]].itertuples(index=False, name=None))
    assert sorted(map(tuple, join(left, right).values((a, b, c)).tolist())) == expected
    assert len(semijoin(left, right)) == frames[0]["b"].isin(frames[1]["b"]).sum()


def test_codes_stay_exact_when_they_would_overflow():
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 3, (500, 60)) * 10**6
    same = rows.copy()
    key = codes(rows, same)
    assert (key[:500] == key[500:]).all()
    assert len(np.unique(key)) == len(np.unique(rows, axis=0))


# ---- the review ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def review():
    return recover(read_puzzle(ROOT / "data" / "puzzle.yaml"))


def test_steps_of_the_review(review):
    assert review.status == "solved"
    after = {s.name: s.after for s in review.steps}
    assert after["PD without Zhou and Ke"] == 15
    assert after["PD without Zhou"] == 56
    assert after["CR + SD"] == 1
    assert after["stage III"] == 1


def test_tables_of_the_review(review):
    """What the search finds is what is committed, row by row and status by status."""
    columns = ["outcome", "study", "events_t", "n_t", "events_c", "n_c", "status"]
    committed = pd.read_csv(ROOT / "data" / "tables.csv").query("analysis == 'main'")[columns]
    found = review.tables()
    found = found[found["outcome"].isin(["CR", "PR", "SD", "PD", "AE"])]
    pd.testing.assert_frame_equal(found.reset_index(drop=True), committed.reset_index(drop=True), check_dtype=False)


def test_stages_of_the_review(review):
    found = review.tables().query("outcome in ['stage_I', 'stage_III', 'stage_II_plus_IV']")
    expected = {
        "stage_I": [(37, 43), (0, 20), (0, 0), (18, 19)],
        "stage_III": [(0, 0), (22, 0), (14, 17), (0, 0)],
        "stage_II_plus_IV": [(30, 24), (18, 20), (16, 13), (16, 15)],
    }
    for outcome, events in expected.items():
        rows = found[found["outcome"] == outcome]
        assert list(zip(rows["events_t"], rows["events_c"], strict=True)) == events
        assert (rows["status"] == "identified").all()


def test_what_the_review_leaves_open(review):
    rows = review.identification
    open_ = rows["outcome"].isin(["stage_II", "stage_IV"])
    assert (rows.loc[open_, "level"] == "set").all()
    assert (rows.loc[~open_, "level"] == "unique").all()
    assert (rows.loc[open_, "values"] <= 4).all()


def test_numbers_that_the_search_of_the_review_never_used(review):
    held = review.checks[review.checks["role"] != "search"].set_index(["result", "statistic"])
    assert held.loc[("stage III", "ci_high"), "agrees"]
    assert held.loc[("stage III", "ci_high"), "value_low"] == pytest.approx(2128.957, abs=5e-4)
    assert held[held["role"] == "check"]["agrees"].all()
    miss = held.loc[("AE without Zhou", "Q")]
    assert not miss["agrees"]
    assert miss["value_low"] == pytest.approx(2.194, abs=5e-4)


def test_arms_that_differ_by_up_to_three_change_nothing():
    puzzle = read_puzzle(ROOT / "data" / "puzzle.yaml")
    chain = check_subset(puzzle, ("PD", "PR")).with_max_difference(3)
    recovery = recover(chain)
    arms = {tuple(row) for row in recovery.arms.values([Var("", s, a) for s in STUDIES for a in ("t", "c")]).tolist()}
    assert arms == {(67, 67, 40, 40, 30, 30, 34, 34), (67, 67, 40, 40, 31, 31, 34, 34)}


STUDIES = ("li2014", "ke2011", "zhou2015", "ding2016")


def check_subset(puzzle, outcomes):
    """Return the puzzle with the results of some outcomes only."""
    from dataclasses import replace

    return replace(puzzle, results=tuple(r for r in puzzle.results if r.outcome in outcomes))


def test_survival_has_six_families():
    recovery = recover(read_puzzle(ROOT / "data" / "puzzle_survival.yaml"))
    (group,) = recovery.solutions
    assert (len(group), group.class_count) == (48, 6)
    row = recovery.checks.query("statistic == 'P_Q'").iloc[0]
    assert row["agreeing"] == 0
    # One member of each family is among the committed candidates, and the other way round.
    candidates = pd.read_csv(ROOT / "data" / "tables.csv").query("outcome == 'survival'")
    columns = ["study", "events_t", "n_t", "events_c", "n_c"]
    committed = {
        frozenset(map(tuple, rows[columns].to_numpy().tolist()))
        for name, rows in candidates.groupby("analysis")
        if name.startswith("candidate")
    }
    found = recovery.solution_tables()
    families = {}
    for (family, _), rows in found.groupby(["class", "solution"]):
        families.setdefault(family, set()).add(frozenset(map(tuple, rows[columns].to_numpy().tolist())))
    assert len(committed) == len(families) == 6
    assert all(len(members & committed) == 1 for members in families.values())
