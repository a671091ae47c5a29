"""Printed numbers are intervals, and what a paper prints is read or refused, never passed over."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metalib import DataError
from metalib.audit.compare import compare
from metalib.audit.ledger import Recomputed, ledger
from metalib.audit.printed import ABSENT, Printed, decimals, read_printed, read_rows


@pytest.mark.parametrize(
    ("printed", "unit", "low", "high"),
    [
        ("2.14", None, 2.135, 2.145),
        ("0.760", 0.01, 0.755, 0.765),
        ("67%", None, 66.5, 67.5),
        ("14,931", None, 14930.5, 14931.5),
        ("2128.96", None, 2128.955, 2128.965),
        ("-0.5", None, -0.55, -0.45),
        ("<0.001", None, -math.inf, 0.001),
        ("≤0.05", None, -math.inf, 0.05),
        (">= 0.90", 0.1, 0.90, math.inf),
        ("2·14", None, 2.135, 2.145),
        ("−0.31", None, -0.315, -0.305),
        ("–0.31", None, -0.315, -0.305),
        ("+0.5", None, 0.45, 0.55),
        ("1,234.5", None, 1234.45, 1234.55),
    ],
)
def test_intervals(printed: str, unit: float | None, low: float, high: float) -> None:
    p = read_printed(printed, unit)
    assert p.low == pytest.approx(low, abs=1e-12)
    assert p.high == pytest.approx(high, abs=1e-12)


@pytest.mark.parametrize("bad", ["/", "", "abc", "1.2.3", "1,23", "NaN", "1e5", "--1", "2.l4", "2,14", "·14"])
def test_what_is_no_number_is_refused(bad: str) -> None:
    with pytest.raises(DataError, match="no number") as caught:
        read_printed(bad, file="published.csv", row=7)
    assert (caught.value.file, caught.value.row, caught.value.value) == ("published.csv", 7, bad)


@pytest.mark.parametrize("bad", [None, 2.14, b"2.14", math.nan])
def test_what_is_no_text_is_refused(bad: object) -> None:
    with pytest.raises(DataError, match="must be text"):
        read_printed(bad)


@given(st.floats(0.001, 5000), st.integers(0, 4))
def test_a_value_is_reproduced_by_its_own_rounding(value: float, digits: int) -> None:
    assert read_printed(f"{value:.{digits}f}").verdict(value) == "reproduced"


@given(st.integers(-1000, 1000), st.integers(0, 3))
def test_verdicts_grow_worse_with_distance(steps: int, digits: int) -> None:
    unit = 10.0**-digits
    verdict = read_printed(f"{50:.{digits}f}").verdict(50 + 0.01 * steps * unit)
    distance = abs(0.01 * steps)
    expected = "reproduced" if distance <= 0.5 else "last digit" if distance <= 1.5 else "not reproduced"
    assert verdict == expected


def test_a_missing_value_is_not_checkable() -> None:
    assert read_printed("1.0").verdict(None) == "not checkable"
    assert read_printed("1.0").verdict(math.nan) == "not checkable"


def rows(*texts: str, read_as: object = "") -> pd.DataFrame:
    """Rows of published.csv, one for each text."""
    one = {
        "place": "p",
        "outcome": "o",
        "excluded": "",
        "statistic": "OR",
        "read_as": read_as,
        "unit": 0.01,
        "note": "",
    }
    return pd.DataFrame([{**one, "id": f"p{i}", "text": text, "read_as": read_as} for i, text in enumerate(texts)])


SPELLINGS = [("2·14", 2.14), ("−0.31", -0.31), ("≤0.05", 0.04), ("+0.5", 0.5), ("14,931", 14931.0), ("67 %", 67.0)]


@pytest.mark.parametrize(("text", "value"), SPELLINGS)
def test_the_audit_reads_what_the_recovery_reads(text: str, value: float) -> None:
    """Of these the ledger and the comparison said "not checkable", and the recovery refused the fifth."""
    book = ledger(rows(text), {("o", ""): Recomputed([{"OR": value}])})
    assert book["verdict"].tolist() == ["reproduced"]
    assert compare(rows(text), {"OR": value})["verdict"].tolist() == ["reproduced"]


@pytest.mark.parametrize("bad", ["2.l4", "2,14", "abc", "", " ", "1.2.3", "//"])
def test_the_audit_refuses_what_is_no_number(bad: str) -> None:
    """A slip of the pen was "not checkable"."""
    for call in (
        lambda: ledger(rows("1.00", bad), {}),
        lambda: compare(rows("1.00", bad), {"OR": 1.0}),
        lambda: read_rows(rows("1.00", bad)),
        lambda: read_rows(rows("1.00").assign(read_as=bad or " ")),
    ):
        with pytest.raises(DataError, match="no number") as caught:
            call()
        assert caught.value.file == "published.csv"
        assert (caught.value.row, caught.value.value) in {(2, bad), (1, bad or " ")}


@pytest.mark.parametrize("text", ABSENT)
def test_only_what_says_that_nothing_is_printed_is_not_checkable(text: str) -> None:
    assert read_rows(rows(text)) == [None]
    book = ledger(rows(text), {("o", ""): Recomputed([{"OR": 1.0}], reason="r")}).iloc[0]
    assert (book["verdict"], book["reason"], book["low"], book["recomputed"]) == (
        "not checkable", "not printed as a number", None, None,
    )  # fmt: skip
    compared = compare(rows(text), {"OR": 1.0}).iloc[0]
    assert (compared["text"], compared["low"], compared["verdict"]) == (text, None, "not checkable")


@pytest.mark.parametrize("empty", ["", None, math.nan])
def test_what_a_text_is_read_as_counts(empty: object) -> None:
    assert read_rows(rows("0.0O1", read_as="<0.001"))[0] == read_printed("<0.001", 0.01)
    assert compare(rows("0.0O1", read_as="<0.001"), {"OR": 0.0})["text"].tolist() == ["0.0O1 (read as <0.001)"]
    # An empty cell is missing or an empty text, as the frame was read; the ledger took the first for no number.
    assert ledger(rows("1.00", read_as=empty), {("o", ""): Recomputed([{"OR": 1.0}])})["verdict"].item() == "reproduced"
    assert compare(rows("1.00", read_as=empty), {"OR": 1.0})["text"].tolist() == ["1.00"]
    without = read_rows(rows("1.00").drop(columns="read_as"))[0]
    assert isinstance(without, Printed)
    assert without.value == 1.0


@pytest.mark.parametrize(("statistic", "low"), [("P", 0.0), ("P(Q)", 0.0), ("MD", None)])
def test_the_open_side_of_a_bound(statistic: str, low: float | None) -> None:
    """Below a bound a P value can fall to 0, a mean difference without limit; JSON has no infinity."""
    printed = rows("<0.001").assign(statistic=statistic)
    assert compare(printed, {statistic: 0.0})[["low", "high"]].to_numpy().tolist() == [[low, 0.001]]
    book = ledger(printed.assign(text=">0.5"), {})
    assert book[["low", "high"]].to_numpy().tolist() == [[0.5, None]]


@pytest.mark.parametrize(("unit", "digits"), [(1, 0), (10, 0), (0.1, 1), (0.01, 2), (0.5, 0), (1e-9, 9)])
def test_decimals_of_a_unit(unit: float, digits: int) -> None:
    assert decimals(unit) == digits


def test_no_value_leaves_a_verdict_open() -> None:
    assert compare(rows("1.00"), {"OR": None})["verdict"].tolist() == ["not checkable"]
    assert compare(rows("1.00"), {"OR": math.nan})["verdict"].tolist() == ["not checkable"]
    with pytest.raises(DataError, match="no recomputed value"):
        compare(rows("1.00"), {"RR": 1.0})
