"""Printed numbers against each other, and the ledger of all of them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.stats import chi2, norm
from strategies import tables

import metalib
from metalib import DataError
from metalib.audit import consistency
from metalib.audit.compare import forest_statistics
from metalib.audit.ledger import Recomputed, ledger, tally
from metalib.audit.printed import VERDICTS, read_printed

ROOT = Path(__file__).parent.parent
UNITS = {"OR": 2, "CI low": 2, "CI high": 2, "P": 3, "Z": 2, "Chi2": 2, "df": 0, "P(Q)": 2, "I2": 0}


@given(tables(min_k=2, max_k=5))
@settings(max_examples=150, deadline=None)
def test_numbers_printed_from_one_result_are_consistent(t: pd.DataFrame) -> None:
    """What a program prints of a fixed-effect result passes every check."""
    values = forest_statistics(metalib.pool(t))
    assume(all(v is not None for v in values.values()))
    assume(values["CI low"] > 0.05 and values["CI high"] < 500 and values["Chi2"] > 0.01)
    texts = {name: f"{value:.{UNITS[name]}f}" for name, value in values.items()}
    checks = consistency.check_result({name: read_printed(text) for name, text in texts.items()})
    assert len(checks) == 6
    assert [c.sentence for c in checks if c.verdict != "consistent"] == []


@given(tables(min_k=2, max_k=6))
@settings(max_examples=80, deadline=None)
def test_the_true_number_of_studies_is_possible(t: pd.DataFrame) -> None:
    result = metalib.pool(t)
    assume(result.p_Q is not None)
    allowed = consistency.possible_k(read_printed(f"{result.I2:.0f}"), read_printed(f"{result.p_Q:.2f}"))
    assert result.k in allowed


def test_a_wrong_digit_is_noticed() -> None:
    good = {"OR": "2.11", "CI low": "1.22", "CI high": "3.64", "Chi2": "2.57", "df": "2", "P(Q)": "0.28", "I2": "22",
            "Z": "2.67", "P": "0.008"}  # fmt: skip
    assert {c.verdict for c in consistency.check_result({k: read_printed(v) for k, v in good.items()})} == {
        "consistent"
    }
    for name, wrong in {"OR": "2.31", "CI high": "3.94", "P(Q)": "0.38", "I2": "32", "Z": "2.97", "P": "0.028"}.items():
        numbers = {k: read_printed(v) for k, v in {**good, name: wrong}.items()}
        found = [c for c in consistency.check_result(numbers) if c.verdict == "inconsistent"]
        assert found, name
        assert all(c.low <= c.high for c in found)


def test_sentences_name_the_interval_that_was_computed() -> None:
    check = consistency.p_and_interval(*map(read_printed, ("1.02", "0.69", "1.49")), read_printed("0.500", 0.01))
    assert check.verdict == "inconsistent"
    assert "between 0.9220 and 0.9399" in check.sentence
    assert "P = 0.500, which does not agree" in check.sentence


def test_sums() -> None:
    parts = {name: read_printed(text) for name, text in {"a": "30", "b": "2,706", "c": "1,972", "d": "34"}.items()}
    assert consistency.sum_of(parts, 4742, "records").verdict == "consistent"
    assert consistency.sum_of(parts, 4271, "records").verdict == "inconsistent"
    # Counts are exact: one patient too few is one too few, however many numbers are added.
    assert consistency.sum_of(parts, 4743, "records").verdict == "inconsistent"


def test_bad_ratios_are_refused() -> None:
    with pytest.raises(DataError, match="positive"):
        consistency.estimate_in_interval(*map(read_printed, ("-0.10", "0.02", "1.00")))


@given(st.floats(-1.5, 1.5), st.floats(0.1, 0.8))
def test_p_from_interval_holds_the_true_p(theta: float, se: float) -> None:
    z = norm.ppf(0.975)
    texts = [f"{math.exp(x):.2f}" for x in (theta, theta - z * se, theta + z * se)]
    if float(texts[1]) <= 0.02:
        return
    low, high = consistency.p_from_interval(*map(read_printed, texts))
    assert low - 1e-12 <= 2 * norm.sf(abs(theta) / se) <= high + 1e-12


@given(st.floats(-1.5, 1.5), st.floats(0.15, 0.8), st.sampled_from((1, 2, 3)))
@settings(deadline=None)
def test_p_from_interval_is_sharp(theta: float, se: float, digits: int) -> None:
    """Against a linear program: the quotient of two linear functions, scaled so that the lower one is 1."""
    z = norm.ppf(0.975)
    printed = [read_printed(f"{math.exp(x):.{digits}f}") for x in (theta, theta - z * se, theta + z * se)]
    assume(min(p.low for p in printed) > 0 and printed[1].high < printed[2].low)
    (e0, e1), (l0, l1), (h0, h1) = [(math.log(p.low), math.log(p.high)) for p in printed]
    # Variables: low t, high t, t = 1 / (high - low).
    at_most = [[-1, 0, l0], [1, 0, -l1], [0, -1, h0], [0, 1, -h1], [-1, -1, 2 * e0], [1, 1, -2 * e1]]
    ends = []
    for sign in (1, -1):
        found = linprog(
            [sign, sign, 0], A_ub=at_most, b_ub=[0] * 6, A_eq=[[-1, 1, 0]], b_eq=[1],
            bounds=[(None, None), (None, None), (0, None)],
        )  # fmt: skip
        ends.append(sign * found.fun)
    nearest = 0.0 if ends[0] <= 0 <= ends[1] else min(map(abs, ends))
    expected = (2 * norm.sf(z * max(map(abs, ends))), 2 * norm.sf(z * nearest))
    assert consistency.p_from_interval(*printed) == pytest.approx(expected, rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("texts", [("1.11", "0.71", "1.72"), ("1.02", "0.69", "1.49"), ("0.45", "0.27", "0.76")])
def test_p_from_interval_holds_every_p_of_a_grid_and_no_more(texts: tuple[str, str, str]) -> None:
    printed = [read_printed(text) for text in texts]
    estimate, *limits = [np.log([p.low, p.high]) for p in printed]
    low, high = np.meshgrid(*(np.linspace(*ends, 1501) for ends in limits))
    middle = (low + high) / 2
    fits = (estimate[0] <= middle) & (middle <= estimate[1])
    p = 2 * norm.sf(norm.ppf(0.975) * np.abs(2 * middle / (high - low)))[fits]
    smallest, largest = consistency.p_from_interval(*printed)
    assert smallest - 1e-12 <= p.min() < smallest + 1e-4
    assert largest - 1e-4 < p.max() <= largest + 1e-12


def test_p_from_interval_refuses_an_estimate_outside_the_middle() -> None:
    with pytest.raises(DataError, match="middle"):
        consistency.p_from_interval(*map(read_printed, ("3.00", "0.50", "4.00")))
    with pytest.raises(DataError, match="positive"):
        consistency.p_from_interval(*map(read_printed, ("-0.20", "0.10", "4.00")))


@given(st.floats(0.01, 60), st.integers(1, 9))
def test_p_q_from_i2_holds_the_true_p(q: float, df: int) -> None:
    i2 = max(0.0, 100 * (q - df) / q)
    low, high = consistency.p_q_from_i2(read_printed(f"{i2:.0f}"), df)
    assert low - 1e-12 <= chi2.sf(q, df) <= high + 1e-12


def test_p_q_from_i2_against_known_ranges() -> None:
    """I2 = 11% leaves P between 0.3353 and 0.3405 with four studies, and cannot be refined by more digits."""
    low, high = consistency.p_q_from_i2(read_printed("11"), 3)
    assert low == pytest.approx(chi2.sf(3 / (1 - 0.115), 3), rel=1e-12)
    assert high == pytest.approx(chi2.sf(3 / (1 - 0.105), 3), rel=1e-12)
    with pytest.raises(DataError, match="degree of freedom"):
        consistency.p_q_from_i2(read_printed("11"), 0)
    with pytest.raises(DataError, match="below 100"):
        consistency.p_q_from_i2(read_printed("101"), 3)


def test_limits_that_round_to_the_same_number_leave_every_p_below_that_of_the_widest() -> None:
    """The width between them can be as small as one likes; P came out above 1."""
    low, high = consistency.p_from_interval(*map(read_printed, ("1.01", "1.01", "1.01")))
    widest = math.log(1.015 / 1.005) / (2 * norm.ppf(0.975))
    assert low == 0.0
    assert high == pytest.approx(2 * norm.sf(math.log(1.005 * 1.015) / 2 / widest), rel=1e-10)


@given(st.floats(0.01, 60), st.integers(1, 9))
def test_i2_is_that_of_q(q: float, df: int) -> None:
    i2 = max(0.0, 100 * (q - df) / q)
    assert consistency.i2_and_q(read_printed(f"{q:.6f}"), df, read_printed(f"{i2:.1f}")).verdict == "consistent"
    # A bound on Q leaves I2 open up to 100%.
    assert consistency.i2_and_q(read_printed(f">{q:.6f}"), df, read_printed("100")).high == 100.0


@pytest.fixture(scope="module")
def stored() -> pd.DataFrame:
    return pd.read_csv(ROOT / "notebooks" / "downloads" / "ledger.csv", keep_default_na=False, dtype=str)


def test_the_ledger_has_a_row_for_every_printed_number(stored: pd.DataFrame) -> None:
    review = metalib.read_review(ROOT / "data")
    assert stored["id"].tolist() == review.published["id"].tolist()
    assert stored["printed"].tolist() == review.published["text"].tolist()
    assert set(stored["verdict"]) <= set(VERDICTS)
    assert (stored["reason"] != "").all()
    chapters = {p.stem for p in (ROOT / "notebooks").glob("*.py")}
    assert set(stored["chapter"].str.removesuffix(".html")) <= chapters


def test_the_verdicts_of_the_ledger(stored: pd.DataFrame) -> None:
    """The printed numbers that differ from their recomputation are these and no others."""
    odd = stored[stored["verdict"].isin(["last digit", "not reproduced"])]
    assert odd[["outcome", "excluded", "statistic", "verdict"]].to_numpy().tolist() == [
        ["survival", "", "P(Q)", "last digit"],
        ["stage total", "", "OR", "not reproduced"],
        ["stage total", "", "CI low", "not reproduced"],
        ["stage total", "", "CI high", "not reproduced"],
        ["stage total", "", "P", "not reproduced"],
        ["AE", "zhou2015", "Chi2", "last digit"],
    ]
    assert (stored["verdict"] == "reproduced").sum() > 140


def test_csv_and_json_hold_the_same_ledger(stored: pd.DataFrame) -> None:
    records = json.loads((ROOT / "notebooks" / "downloads" / "ledger.json").read_text(encoding="utf-8"))
    assert [r["id"] for r in records] == stored["id"].tolist()
    for record, text in zip(records, stored["recomputed"], strict=True):
        assert (record["recomputed"] is None) == (text == "")
        assert text == "" or math.isclose(record["recomputed"], float(text), rel_tol=1e-12)


def test_ledger_verdicts_over_candidates() -> None:
    row = {"id": "x", "place": "p", "outcome": "o", "excluded": "", "statistic": "OR", "text": "1.50", "read_as": "",
           "unit": 0.01, "note": ""}  # fmt: skip
    frame = pd.DataFrame([row, {**row, "id": "y", "text": "/"}, {**row, "id": "z", "statistic": "Z"}])

    def verdicts(*values: float) -> list[str]:
        recomputed = {("o", ""): Recomputed([{"OR": v} for v in values], "c", "r")}
        return ledger(frame, recomputed)["verdict"].tolist()

    assert verdicts(1.501) == ["reproduced", "not checkable", "not checkable"]
    assert verdicts(1.501, 1.499)[0] == "reproduced"
    assert verdicts(1.508, 1.6)[0] == "last digit"
    assert verdicts(1.6)[0] == "not reproduced"
    # A verdict holds whichever candidate is true: this was "reproduced", although the second is far off.
    assert verdicts(1.501, 1.6)[0] == "not checkable"
    mixed = ledger(frame, {("o", ""): Recomputed([{"OR": 1.501}, {"OR": 1.6}], reason="r")}).iloc[0]
    assert (mixed["reason"], mixed["rounded"]) == ("only some candidates reproduce it; r", "1.50 to 1.60")
    assert ledger(frame, {})["verdict"].unique().tolist() == ["not checkable"]
    counted = tally(ledger(frame, {}))
    assert counted["numbers"].tolist() == [0, 0, 0, 3]
    by_statistic = tally(ledger(frame, {("o", ""): Recomputed([{"OR": 1.5}])}), "statistic")
    assert by_statistic.to_numpy().tolist() == [["OR", 1, 0, 0, 1], ["Z", 0, 0, 0, 1]]


@given(st.floats(-1e6, 1e6), st.floats(0.05, 1e5), st.sampled_from((0.9, 0.95, 0.99)), st.integers(0, 3))
def test_a_difference_is_the_middle_of_its_limits_and_leaves_its_z(
    theta: float, se: float, level: float, digits: int
) -> None:
    """On the plain scale, at any level; of large differences no corner was found to lie in its own polygon."""
    z = norm.ppf(0.5 + level / 2)
    printed = [read_printed(f"{x:.{digits}f}") for x in (theta, theta - z * se, theta + z * se)]
    assert consistency.estimate_in_interval(*printed, measure="MD", log=False).verdict == "consistent"
    least, most = consistency.z_from_interval(*printed, level=level, log=False)
    assert least * (1 - 1e-6) <= abs(theta) / se <= most * (1 + 1e-6)


def test_a_limit_printed_as_zero_leaves_what_the_upper_half_says() -> None:
    """0.00 was refused as no ratio, though programs print it for every limit below 0.005."""
    printed = [read_printed(text) for text in ("0.05", "0.00", "0.85")]
    low, high = consistency.p_from_interval(*printed)
    se = (math.log(0.85) - math.log(0.05)) / norm.ppf(0.975)
    assert low < 2 * norm.sf(-math.log(0.05) / se) < high < 0.06
    whole = [read_printed(text) for text in ("0.00", "0.00", "0.85")]
    assert consistency.p_from_interval(*whole) == (0.0, 1.0)


def test_a_z_whose_p_no_float_holds() -> None:
    """Beyond 38 z came back through a P of 0 as infinite."""
    printed = [read_printed(text) for text in ("-1.00", "-1.04", "-0.96")]
    assert consistency.z_and_interval(*printed, read_printed("43.74"), log=False).verdict == "consistent"
