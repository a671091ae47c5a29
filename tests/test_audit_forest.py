"""A printed forest plot is held against itself: no true print is called wrong, and what cannot be true is found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import tables

import metalib
from benchmarks.errors import read
from benchmarks.prints import line_of, p_text
from metalib import DataError
from metalib.arithmetic.options import Options
from metalib.audit.consistency import INCONSISTENT, Check
from metalib.audit.forest import ROW, check_plot

METHODS = [
    Options(measure, method, model, tau2)
    for measure in ("OR", "RR", "RD")
    for method, model, tau2 in (
        ("MH", "fixed", "DL"),
        ("MH", "random", "DL"),
        ("IV", "fixed", "DL"),
        ("IV", "random", "DL"),
        ("IV", "random", "REML"),
    )
] + [Options("OR", "Peto"), Options("RR", level=0.99), Options("OR", "IV", level=0.9)]


def printed(t: pd.DataFrame, options: Options) -> tuple[list[dict[str, str] | None], dict[str, str]]:
    """Return rows and pooled line as RevMan prints them."""
    result = metalib.pool(t, **options.choices())
    e = result.effects
    assert e is not None
    half = options.z * np.sqrt(e.vi)
    back = np.exp if options.is_ratio else np.asarray
    columns = [back(e.yi), back(e.yi - half), back(e.yi + half), np.array(result.weights, dtype=float)]
    digits = (2, 2, 2, 1)
    rows = [
        {name: f"{x[i]:.{d}f}" for name, x, d in zip(ROW, columns, digits, strict=True)} if e.estimable[i] else None
        for i in range(len(t))
    ]
    return rows, line_of(result)


def failed(rows: list, line: dict, options: Options, t: pd.DataFrame | None = None) -> list[Check]:
    """Return the checks that fail."""
    given = [None if row is None else read(row) for row in rows]
    return [c for c in check_plot(given, read(line), options, t) if c.verdict == INCONSISTENT]


@given(tables(min_k=1, max_k=6), st.sampled_from(METHODS))
@settings(max_examples=400, deadline=None)
def test_no_true_print_is_called_wrong(t: pd.DataFrame, options: Options) -> None:
    if not metalib.pool(t, **options.choices()).estimable:
        return
    rows, line = printed(t, options)
    assert [c.sentence for c in failed(rows, line, options)] == []
    assert [c.sentence for c in failed(rows, line, options, t)] == []
    assert [c.sentence for c in failed([], line, options)] == []


TRIALS = pd.DataFrame(
    {"study": list("abcd"), "events_t": [12, 30, 7, 41], "n_t": [80, 121, 60, 150], "events_c": [22, 41, 15, 44],
     "n_c": [82, 118, 63, 149]}
)  # fmt: skip


def test_every_kind_of_check_is_made_and_can_fail() -> None:
    options = Options("OR", "IV", "random")
    rows, line = printed(TRIALS, options)
    made = {c.check for c in check_plot([read(r) for r in rows if r], read(line), options)}
    assert {"row 1", "CI and row 1"} & made
    assert {"sum of weights", "df and rows", "pooled effect and rows", "pooled interval and rows", "Chi² and rows",
            "Tau² and Chi²"} <= made  # fmt: skip
    wrong = [
        ("sum of weights", [{**rows[0], "weight": "9.9"}, *rows[1:]], line),
        ("df and rows", rows, {**line, "df": "4"}),
        ("pooled effect and rows", rows, {**line, "OR": "0.95"}),
        ("pooled interval and rows", rows, {**line, "CI low": "0.20", "CI high": "1.90"}),
        ("Chi² and rows", rows, {**line, "Chi2": "9.90"}),
        ("Tau² and Chi²", rows, {**line, "Tau2": "0.90"}),
        ("weight and intervals", [{**rows[0], "weight": "90.0"}, *rows[1:]], line),
        ("effect and limits", [{**rows[0], "effect": "-0.63"}, *rows[1:]], line),
        ("effect and limits", rows, {**line, "CI low": line["CI high"], "CI high": line["CI low"]}),
    ]
    for name, altered, pooled in wrong:
        assert name in {c.check for c in failed(altered, pooled, options)}, name


def test_a_mantel_haenszel_ratio_is_the_weighted_mean_of_ratios() -> None:
    """Independent of how the bounds are made: with unrounded numbers the mean is the pooled ratio."""
    for measure in ("OR", "RR"):
        result = metalib.pool(TRIALS, measure)
        ratios = np.exp(metalib.effects(TRIALS, measure)["effect"].to_numpy())
        assert np.average(ratios, weights=result.weights) == pytest.approx(result.ratio, rel=1e-12)


def test_with_counts_every_number_is_computed_again() -> None:
    options = Options("RR", "MH", "random")
    rows, line = printed(TRIALS, options)
    for place in ("row 2 weight", "row 4 CI high", "RR", "I2", "P(Q)", "Tau2"):
        parts = place.split(" ", 2)
        altered, pooled = [dict(r) for r in rows if r], dict(line)
        target = altered[int(parts[1]) - 1] if parts[0] == "row" else pooled
        name = parts[2] if parts[0] == "row" else place
        text = target[name]
        target[name] = text[:-1] + str((int(text[-1]) + 5) % 10)
        assert place in {c.check for c in failed(altered, pooled, options, TRIALS)}
    exchanged = TRIALS.assign(events_t=TRIALS["events_c"], events_c=TRIALS["events_t"])
    assert failed(list(rows), line, options, exchanged)


def test_what_does_not_belong_together_is_refused() -> None:
    rows, line = printed(TRIALS, Options())
    with pytest.raises(DataError, match="4 tables for 3 printed rows"):
        check_plot([read(r) for r in rows[:3] if r], read(line), Options(), TRIALS)
    none = TRIALS.assign(events_t=0, events_c=0)
    assert "row 1" in {c.check for c in failed(rows, line, Options(), none)}


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.76, "0.76"), (0.0095, "0.01"), (0.0094, "0.009"), (0.00096, "0.001"), (0.00094, "0.0009"), (0.00003, "0.00003"),
     (0.000001, "<0.00001"), (1.0, "1.00")],
)  # fmt: skip
def test_p_as_revman_prints_it(p: float, text: str) -> None:
    assert p_text(p) == text
