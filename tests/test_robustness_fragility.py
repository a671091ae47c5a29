"""The fragility index is the smallest number of changes: its witness flips, and brute force finds nothing smaller."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metalib
from metalib import OptionError
from metalib.arithmetic.tables import check_tables
from metalib.robustness.fragility import _Search, fragility
from validation.sets import load

OPTIONS = [{"method": "MH"}, {"method": "Peto"}, {"method": "MH", "model": "random"}, {"measure": "RD", "method": "IV"}]


@st.composite
def small(draw: st.DrawFn) -> pd.DataFrame:
    rows = []
    for i in range(draw(st.integers(1, 2))):
        n_t, n_c = draw(st.integers(1, 7)), draw(st.integers(1, 7))
        rows.append((f"s{i}", draw(st.integers(0, n_t)), n_t, draw(st.integers(0, n_c)), n_c))
    return pd.DataFrame(rows, columns=["study", "events_t", "n_t", "events_c", "n_c"])


def brute_force(t: pd.DataFrame, alpha: float, options: dict) -> int | None:
    """Pool every table there is with these numbers of patients, each on its own, and take the nearest that flips."""
    events = t[["events_t", "events_c"]].to_numpy().ravel()
    totals = t[["n_t", "n_c"]].to_numpy().ravel()
    everything = np.array(list(itertools.product(*(range(n + 1) for n in totals))))
    p = metalib.pool_batch(everything[:, ::2], totals[::2], everything[:, 1::2], totals[1::2], **options).p
    before = p[(everything == events).all(1)][0]
    if before != before:
        return None
    flipped = p >= alpha if before < alpha else p < alpha
    return int(np.abs(everything[flipped] - events).sum(1).min()) if flipped.any() else None


@pytest.mark.parametrize("options", OPTIONS)
@given(t=small(), alpha=st.sampled_from([0.05, 0.2]))
@settings(max_examples=25, deadline=None)
def test_brute_force_over_all_tables_finds_the_same(options: dict, t: pd.DataFrame, alpha: float) -> None:
    found = fragility(t, alpha, **options)
    assert found.changes == brute_force(t, alpha, options)
    if found.changes is None:
        assert found.reason
        assert found.tables is None
        return
    assert found.exact
    assert found.at_least == found.changes
    again = metalib.pool(found.tables, **options)
    assert (again.p < alpha) != found.significant
    assert again.p == pytest.approx(found.p_after, rel=1e-12)
    assert found.p == metalib.pool(t, **options).p
    assert sum(abs(c.after - c.before) for c in found.witness) == found.changes
    for c in found.witness:
        column = {"experimental": "events_t", "control": "events_c"}[c.arm]
        assert t.set_index("study").loc[c.study, column] == c.before
        assert found.tables.set_index("study").loc[c.study, column] == c.after


@given(t=small(), changes=st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_tables_at_a_distance_are_listed_once_each(t: pd.DataFrame, changes: int) -> None:
    search = _Search(check_tables(t), 0.05, True, {})
    listed = [tuple(row) for chunk in search.shifts(changes) for row in chunk.tolist()]
    events, totals = search.events.astype(int), search.totals.astype(int)
    ranges = [range(-e, n - e + 1) for e, n in zip(events, totals, strict=True)]
    expected = {s for s in itertools.product(*ranges) if sum(map(abs, s)) == changes}
    assert len(listed) == len(set(listed)) == search.size(changes)
    assert set(listed) == expected


@pytest.mark.parametrize(("name", "options", "changes"), [
    ("edge_tiny", {}, 4), ("edge_zero_control", {"model": "random"}, 7), ("hine1989", {}, 1),
])  # fmt: skip
def test_swapping_arms_or_outcomes_keeps_the_index(name: str, options: dict, changes: int) -> None:
    t, _ = load(name)
    arms = t.rename(columns={"events_t": "events_c", "n_t": "n_c", "events_c": "events_t", "n_c": "n_t"})
    outcomes = t.assign(events_t=t["n_t"] - t["events_t"], events_c=t["n_c"] - t["events_c"])
    for tables in (t, arms, outcomes):
        found = fragility(tables, **options)
        assert (found.changes, found.exact) == (changes, True)


def test_what_was_not_proven_is_not_called_exact() -> None:
    t = pd.DataFrame({"study": ["a", "b"], "events_t": [10, 4], "n_t": [50, 40], "events_c": [20, 9], "n_c": [50, 40]})
    full, cut = fragility(t), fragility(t, max_tables=60)
    assert (full.changes, full.exact, full.at_least, full.reason) == (4, True, 4, "")
    assert not cut.exact
    assert cut.changes >= full.changes > cut.at_least - 1
    assert "upper bound" in cut.reason
    near = fragility(t, max_changes=2)
    assert near.changes is None
    assert near.at_least == 3
    assert near.reason == "no flip found within 2 changes; none exists within 2"
    nothing = fragility(t.assign(events_t=0, events_c=0))
    assert nothing.p is None
    assert "no study is estimable" in nothing.reason
    for wrong in ({"alpha": 0}, {"max_changes": 0}, {"max_tables": 1.5}, {"measure": "HR"}):
        with pytest.raises(OptionError):
            fragility(t, **wrong)
