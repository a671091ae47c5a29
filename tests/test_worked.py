"""The result worked out by hand is the pooled result, and the steps shown are its numbers."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metalib
from metalib.pages.worked import steps, work_out
from validation.sets import SETS, load


@pytest.mark.parametrize("name", SETS)
def test_it_arrives_at_the_golden_numbers(name: str) -> None:
    tables, golden = load(name)
    revman = golden["measures"].get("OR", {}).get("revman", {})
    for model, label in (("fixed", "mh_fixed"), ("random", "mh_random")):
        theirs = revman.get(label, {"error": ""})
        if "error" in theirs:
            with pytest.raises(metalib.DataError):
                work_out(tables)
            continue
        ours = work_out(tables)
        estimate, se = (ours.ln_or, ours.se) if model == "fixed" else (ours.ln_or_random, ours.se_random)
        assert math.isclose(estimate, theirs["estimate"], rel_tol=1e-8, abs_tol=1e-10)
        assert math.isclose(se, theirs["se"], rel_tol=1e-8)
        assert math.isclose(ours.Q, theirs["Q"], rel_tol=1e-8, abs_tol=1e-9)


@given(
    st.lists(
        st.tuples(*[st.integers(0, 30)] * 4).map(lambda x: (x[0], x[0] + x[1] + 1, x[2], x[2] + x[3] + 1)),
        min_size=1,
        max_size=6,
    )
)
@settings(derandomize=True, deadline=None)
def test_it_is_what_pool_gives(rows: list[tuple[int, int, int, int]]) -> None:
    tables = pd.DataFrame(rows, columns=["events_t", "n_t", "events_c", "n_c"])
    tables.insert(0, "study", [f"s{i}" for i in range(len(rows))])
    fixed, random = metalib.pool(tables), metalib.pool(tables, model="random")
    if not fixed.estimable:
        with pytest.raises(metalib.DataError, match="no study has an odds ratio"):
            work_out(tables)
        return
    worked = work_out(tables)
    for ours, theirs in (
        (worked.ln_or, fixed.estimate), (worked.se, fixed.se), (worked.Q, fixed.Q), (worked.tau2, random.tau2),
        (worked.ln_or_random, random.estimate), (worked.se_random, random.se), (worked.I2, fixed.I2),
    ):  # fmt: skip
        assert math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)
    assert set(worked.studies["study"]) | set(worked.left_out) == set(tables["study"])


def test_the_steps_show_sums_and_result() -> None:
    tables = pd.DataFrame(
        {
            "study": ["a|b", "<i>c", "none"], "events_t": [10, 0, 0], "n_t": [50, 40, 9], "events_c": [20, 9, 0],
            "n_c": [50, 40, 9],
        }
    )  # fmt: skip
    shown = steps(work_out(tables), model="random")
    # 10 * 30 / 100 and 0.5 * 31.5 / 82
    assert "| 3.0000 |" in shown
    assert f"{0.5 * 31.5 / 82:.4f}" in shown
    assert "a\\|b" in shown
    assert "&lt;i&gt;c (+0.5)" in shown
    assert "Not estimable: none." in shown
    random = metalib.pool(tables, model="random")
    assert f"{random.ratio:.2f} [{random.ratio_low:.2f}, {random.ratio_high:.2f}]" in shown
