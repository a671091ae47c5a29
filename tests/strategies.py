"""Random 2x2 tables and option sets for the property tests."""

from __future__ import annotations

import pandas as pd
from hypothesis import strategies as st

ALL = [
    {"method": "MH"},
    {"method": "IV"},
    {"method": "Peto"},
    {"method": "MH", "model": "random"},
    {"method": "IV", "model": "random"},
    {"method": "IV", "model": "random", "tau2": "PM"},
    {"method": "IV", "model": "random", "tau2": "REML"},
    {"method": "MH", "model": "random", "ci": "hksj"},
    {"method": "IV", "model": "random", "tau2": "REML", "ci": "hksj_tau2", "I2": "tau2", "prediction": "k-1"},
]
COLUMNS = ["study", "events_t", "n_t", "events_c", "n_c"]


@st.composite
def tables(draw: st.DrawFn, min_k: int = 1, max_k: int = 6, zeros: bool = True) -> pd.DataFrame:
    """Draw tables of up to 80 patients an arm; without `zeros`, no cell is empty."""
    k = draw(st.integers(min_k, max_k))
    least = 0 if zeros else 1
    rows = []
    for i in range(k):
        n_t, n_c = draw(st.integers(1 + least, 80)), draw(st.integers(1 + least, 80))
        rows.append((f"s{i}", draw(st.integers(least, n_t - least)), n_t, draw(st.integers(least, n_c - least)), n_c))
    return pd.DataFrame(rows, columns=COLUMNS)


def swap_arms(t: pd.DataFrame) -> pd.DataFrame:
    """Exchange the arms of every study."""
    return t.rename(columns={"events_t": "events_c", "n_t": "n_c", "events_c": "events_t", "n_c": "n_t"})


def swap_events(t: pd.DataFrame) -> pd.DataFrame:
    """Count the patients without the event instead."""
    return t.assign(events_t=t["n_t"] - t["events_t"], events_c=t["n_c"] - t["events_c"])


def same(a: float | None, b: float | None, tolerance: float = 1e-9) -> bool:
    """Whether two numbers are equal, relative to the larger or to 1; None equals only None."""
    if a is None or b is None:
        return a is b
    return abs(a - b) <= tolerance * max(1.0, abs(a), abs(b))
