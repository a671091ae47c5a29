"""Recovery from a forest plot: against brute force, against known truth, and what is read and said."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_recover import make_puzzle

from metalib.__main__ import main
from metalib.arithmetic.pooling import pool_batch
from metalib.audit.printed import read_printed
from metalib.errors import MetalibError, OptionError, PuzzleError
from metalib.recover import Limits, alternatives, check_forest, check_puzzle, read_forest, recover, recover_forest
from metalib.recover.agree import agrees, printable
from metalib.recover.forest.joining import ratio_range
from metalib.recover.forest.plot import ForestPlot
from metalib.recover.forest.rows import row_tables, study_values
from metalib.recover.forest.stack import classes, stack
from metalib.recover.state import Work

SPECIFICATIONS = [("OR", "MH", "fixed"), ("OR", "MH", "random"), ("OR", "IV", "random"), ("OR", "Peto", "fixed"),
                  ("RR", "MH", "fixed"), ("RR", "MH", "random"), ("RR", "IV", "fixed"), ("RD", "MH", "random"),
                  ("RD", "IV", "fixed")]  # fmt: skip
DIGITS = {"weight": 1, "df": 0, "I2": 0}
LINE = ("effect", "ci_low", "ci_high", "z", "P", "Q", "df", "I2")


def random_tables(rng: np.random.Generator, k: int, most: int) -> np.ndarray:
    n_t, n_c = rng.integers(5, most, (2, k))
    return np.stack([rng.binomial(n_t, rng.uniform(0, 0.7, k)), n_t, rng.binomial(n_c, rng.uniform(0, 0.7, k)), n_c], 1)


def print_plot(tables: np.ndarray, measure: str, method: str, model: str, **more) -> dict:
    """Print a plot of tables (k, 4) as RevMan does, arms and all, but no events."""
    content = {"measure": measure, "method": method, "model": model, "rows": [], **more}
    plain = {n: x for n, x in content.items() if n in ("measure", "method", "model", "level")}
    batch = pool_batch(*tables.T[:, None, :], **plain)
    plot = check_forest({**content, "rows": [{"study": "x", "n": 9}]})
    e = study_values(plot.options, tables)
    own = plot.printed_values(e.yi, e.vi)
    for i, (_, n_t, _, n_c) in enumerate(tables.tolist()):
        row = {"study": f"s{i}", "n_t": n_t, "n_c": n_c}
        if e.estimable[i]:
            row |= {name: f"{own[name][i]:.2f}" for name in ("effect", "ci_low", "ci_high")}
            row["weight"] = f"{batch.weights[0, i]:.1f}"
        else:
            row["effect"] = "Not estimable"
        content["rows"].append(row)
    if batch.estimable[0]:
        values = printable(batch, measure if plot.ratio else "RD")
        names = [*LINE, *(["tau2"] if model == "random" else [])]
        content["pooled"] = {n: f"{values[n][0]:.{DIGITS.get(n, 2)}f}" for n in names if np.isfinite(values[n][0])}
    return content


def has(tables: np.ndarray, table: np.ndarray) -> bool:
    return bool((tables == table).all(1).any())


@pytest.mark.parametrize("specification", SPECIFICATIONS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 7), level=st.sampled_from([0.95, 0.99]))
def test_the_truth_is_never_lost(specification: tuple[str, str, str], seed: int, k: int, level: float) -> None:
    tables = random_tables(np.random.default_rng(seed), k, 70)
    found = recover_forest(check_forest(print_plot(tables, *specification, level=level)), limits=Limits(seconds=20))
    assert found.status == "solved", found.message
    for row, truth in zip(found.rows, tables, strict=True):
        assert has(row.tables, truth)
        assert row.unique == (len(np.unique(classes(row.tables, specification[0]), axis=0)) == 1)


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_a_row_gives_exactly_what_brute_force_gives(specification: tuple[str, str, str]) -> None:
    measure, method, model = specification
    rng = np.random.default_rng(5)
    for _ in range(6):
        tables = random_tables(rng, 1, 25)
        plot = check_forest(print_plot(tables, measure, method, model))
        row = plot.rows[0]
        _, n_t, _, n_c = tables[0].tolist()
        every = np.array([(a, n_t, c, n_c) for a in range(n_t + 1) for c in range(n_c + 1)])
        e = study_values(plot.options, every)
        keep = (e.estimable == row.estimable) & agrees(
            {n: i for n, i in row.intervals.items() if n != "weight"}, plot.printed_values(e.yi, e.vi)
        )
        assert row_tables(plot, row, Work(Limits())).tolist() == every[keep].tolist()


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_rows_together_leave_exactly_what_brute_force_leaves(specification: tuple[str, str, str]) -> None:
    rng = np.random.default_rng(8)
    for _ in range(3):
        tables = random_tables(rng, 3, 120)
        plot = check_forest(print_plot(tables, *specification))
        each = [row_tables(plot, row, Work(Limits())) for row in plot.rows]
        if np.prod([len(t) for t in each]) > 20_000:
            continue
        choices = np.array(list(itertools.product(*each)))
        batch = pool_batch(*np.moveaxis(choices, -1, 0), **plot.options.choices())
        ok = agrees(plot.pooled.intervals, printable(batch, specification[0]))
        for i, row in enumerate(plot.rows):
            if "weight" in row.stats:
                ok &= agrees({"weight": row.intervals["weight"]}, {"weight": batch.weights[:, i]})
        found = recover_forest(plot)
        assert found.complete
        for i, row in enumerate(found.rows):
            assert row.tables.tolist() == np.unique(choices[ok][:, i], axis=0).tolist()


def test_unknown_arms_percentages_and_sums_of_both_arms() -> None:
    truth = np.array([[7, 30, 12, 29]])
    content = print_plot(truth, "RR", "MH", "fixed")
    row = {n: x for n, x in content["rows"][0].items() if n not in ("n_t", "n_c", "weight")}
    row |= {"n": 59, "percent_t": "23", "percent_c": "41%", "events": 19}
    found = recover_forest(check_forest({"measure": "RR", "rows": [row]}))
    assert found.rows[0].tables.tolist() == truth.tolist()
    without = {n: x for n, x in row.items() if n not in ("percent_t", "percent_c", "events")}
    assert has(recover_forest(check_forest({"measure": "RR", "rows": [without]})).rows[0].tables, truth[0])


def test_total_events_tell_symmetric_tables_apart() -> None:
    tables = np.array([[4, 20, 9, 20], [6, 30, 10, 31]])
    content = print_plot(tables, "OR", "MH", "fixed")
    assert [r.status for r in recover_forest(check_forest(content)).rows] == ["identified up to symmetry", "identified"]
    content["pooled"] |= {"events_t": 10, "events_c": 19}
    found = recover_forest(check_forest(content))
    assert [r.tables.tolist() for r in found.rows] == [[t] for t in tables.tolist()]


@pytest.mark.parametrize(("measure", "n_c"), [("OR", (10, 30)), ("RD", (10, 30))])
def test_symmetric_tables_pool_alike(measure: str, n_c: tuple[int, int]) -> None:
    a, n1, c, n2 = 3, 20, 7, 22
    b, d = n1 - a, n2 - c
    others = [(d, d + c, b, a + b)] + ([(a, a + c, b, b + d), (d, d + b, c, a + c)] if measure == "OR" else [])
    every = np.array([(a, n1, c, n2), *others])
    assert len(np.unique(classes(every, measure), axis=0)) == 1
    fixed = np.repeat([[[5, 40, 9, 41]]], len(every), axis=0)
    for method in ("MH", "IV", *(["Peto"] if measure == "OR" else [])):
        together = np.concatenate([every[:, None], fixed], axis=1)
        batch = pool_batch(*np.moveaxis(together, -1, 0), measure=measure, method=method)
        for values in (batch.estimate, batch.se, batch.Q, batch.weights[:, 0]):
            assert values == pytest.approx(np.full(len(every), values[0]), rel=1e-12)


def test_sixty_studies_take_seconds() -> None:
    tables = random_tables(np.random.default_rng(1), 60, 90)
    found = recover_forest(check_forest(print_plot(tables, "RR", "MH", "random")), limits=Limits(seconds=30))
    assert found.seconds < 20
    assert found.unique >= 58
    assert all(has(row.tables, truth) for row, truth in zip(found.rows, tables, strict=True))


def test_what_stays_open_shows_what_can_be_concluded() -> None:
    tables = np.array([[300, 900, 340, 905], [41, 380, 60, 375]])
    content = print_plot(tables, "RR", "MH", "fixed")
    content["pooled"] = {}
    found = recover_forest(check_forest(content))
    assert found.complete
    assert found.rows[0].status == "set"
    batch = pool_batch(*np.moveaxis(found.solutions, -1, 0), measure="RR")
    ends = {c.statistic: (c.low, c.high) for c in found.conclusions}
    assert ends["P"] == (batch.p.min(), batch.p.max())
    true = np.exp(pool_batch(*tables.T[:, None], measure="RR").estimate[0])
    assert ends["effect"][0] <= true <= ends["effect"][1]
    assert ends["effect"][0] < ends["effect"][1]
    assert "Pooled, over all solutions: effect" in found.summary()


def test_the_range_of_a_ratio_of_sums_is_that_of_all_choices() -> None:
    rng = np.random.default_rng(2)
    plot = check_forest({"measure": "OR", "rows": [{"study": "x", "n": 9}]})
    each = [random_tables(rng, 4, 30) for _ in range(4)]
    choices = np.array(list(itertools.product(range(4), repeat=4)))
    whole = stack(each, plot.options)
    at = choices + whole.starts
    with np.errstate(invalid="ignore"):
        ratios = whole.r[at].sum(1) / whole.s[at].sum(1)
    assert ratio_range(whole) == pytest.approx((np.nanmin(ratios), np.nanmax(ratios)))


CSV = """study,n_t,n_c,effect,ci_low,ci_high,weight,Q,P,I2,measure,method,model
a2010,40,41,0.52,0.20,1.35,47.9,,,,,,
b2011,76,80-90,0.79,0.34,1.79,52.1,,,,,,
c2012,20,20,not estimable,,,,,,,,,
pooled,,,0.66,0.35,1.23,,0.41,0.19,0,OR,MH,fixed
"""


def test_a_plot_typed_as_csv_and_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plot.csv"
    path.write_text(CSV, encoding="utf-8")
    plot = read_forest(path)
    assert isinstance(plot, ForestPlot)
    assert plot.rows[1].counts["n_c"] == (80, 90)
    assert not plot.rows[2].estimable
    assert plot.pooled.stats["Q"] == read_printed("0.41")
    assert main(["recover", str(path), "--tables", str(tmp_path / "t.csv")]) == 0
    out = capsys.readouterr()
    content = json.loads(out.out)
    assert [s["tables"][0] for s in content["studies"][:2]] == [[10, 40, 16, 41], [12, 76, 16, 83]]
    assert any(
        "arm sizes known in 2 of 3 studies, in the others between 76 and 90" in a for a in content["assumptions"]
    )
    assert {(a["method"], a["model"]) for a in content["alternatives"]} == {
        ("MH", "random"), ("IV", "fixed"), ("IV", "random"), ("Peto", "fixed")
    }  # fmt: skip
    assert "Under M-H, random effects instead" in out.err
    assert (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()[1].startswith("a2010,10,40,16,41,identified")


def test_a_contradiction_is_none_and_exits_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plot.csv"
    path.write_text(CSV.replace("0.41,0.19", "0.47,0.19"), encoding="utf-8")
    assert main(["recover", str(path)]) == 3
    assert "do not agree with their weights and the pooled line" in capsys.readouterr().err
    path.write_text(CSV.replace("0.52,", "0.92,"), encoding="utf-8")
    assert main(["recover", str(path)]) == 3
    assert "no table prints as the row of a2010" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("a2010,40", "a2010,"), "n_t"), (("b2011,76", "a2010,76"), "a2010"), (("0.20,", "x,"), "ci_low"),
        (("80-90", "90-80"), "n_c"), (("OR,MH", "XX,MH"), "XX"), (("OR,MH,fixed", "RR,Peto,fixed"), "Peto"),
        (("study,", "name,"), "name"), ((",,,,,,\nb", ",,,,,,,\nb"), "cells"), (("pooled,,", "pooled,x,"), "n_t"),
        (("c2012,", "total,"), "two pooled"),
    ],
)  # fmt: skip
def test_bad_plots_are_refused_by_name(tmp_path: Path, change: tuple[str, str], named: str) -> None:
    path = tmp_path / "plot.csv"
    path.write_text(CSV.replace(*change, 1), encoding="utf-8")
    with pytest.raises((PuzzleError, OptionError), match=named) as caught:
        read_forest(path)
    assert isinstance(caught.value, MetalibError)


def test_logarithms_and_a_limit() -> None:
    tables = np.array([[5, 30, 9, 32]])
    content = print_plot(tables, "OR", "IV", "fixed", scale="log")
    assert has(recover_forest(check_forest(content)).rows[0].tables, tables[0])
    ended = recover_forest(check_forest(content), limits=Limits(rows=1))
    assert ended.status == "limit"
    assert "allowed" in ended.message


def test_a_puzzle_says_what_was_given_and_what_other_methods_would_give() -> None:
    tables = np.array([[10, 40, 16, 41], [12, 76, 6, 83]])
    content = make_puzzle(tables, [(0,), (0, 1)], 0, None, model="random")
    assert content is not None
    found = recover(check_puzzle(content))
    assert found.status == "solved"
    assert "r1: OR, M-H, random effects of s0, s1" in json.loads(found.to_json())["assumptions"]
    assert "arm sizes known in 2 of 2 studies" in found.summary()
    others = {(a.method, a.model): a for a in alternatives(found)}
    assert set(others) == {("MH", "fixed"), ("IV", "fixed"), ("IV", "random"), ("Peto", "fixed")}
    assert others["MH", "fixed"].status == "none"
    assert all("instead" in str(a) for a in others.values())
