"""The loader refuses what does not fit, and says where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metalib import DataError, MetalibError, Review, read_review
from metalib.audit.review import FILES

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(DATA / f"{name}.csv", tmp_path)
    return tmp_path


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replace the first occurrence of a text in a file."""
    path = folder / f"{name}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_data_of_the_book_are_read(folder: Path) -> None:
    review = read_review(folder)
    assert isinstance(review, Review)
    assert set(review.tables["status"]) <= {
        "identified",
        "identified up to complement",
        "nearest",
        "candidate",
        "published",
    }
    assert review.tables_of("PD")["study"].tolist() == [s for s in review.studies["study"] if s != "wang2018"]


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        (
            "tables",
            "li2014,26,67,15,67",
            "li2014,68,67,15,67",
            ["tables.csv", "li2014", "experimental arm", "'68 of 67'"],
        ),
        ("tables", "li2014,26,67,15,67", "li2014,26,67,-1,67", ["tables.csv", "li2014", "control arm", "'-1'"]),
        ("tables", "li2014,26,67,15,67", "li2014,26,67,1.5,67", ["tables.csv", "li2014", "control arm", "'1.5'"]),
        ("tables", "li2014,26,67,15,67", "li2014,26,67,,67", ["tables.csv", "li2014", "control arm", "empty"]),
        ("tables", "li2014,26,67,15,67", "li2014,26,67,x,67", ["tables.csv", "li2014", "control arm", "'x'"]),
        (
            "tables",
            "li2014,26,67,15,67",
            "li2014,26,66,15,67",
            ["tables.csv", "li2014", "experimental arm", "66", "67 patients"],
        ),
        ("tables", "main,PR,li2014", "main,PR,li2041", ["tables.csv", "unknown study", "li2041"]),
        ("tables", "main,PR,li2014", "main,XX,li2014", ["tables.csv", "unknown outcome", "XX"]),
        ("tables", "main,PR,li2014", "main,PR,ke2011", ["tables.csv", "repeats", "ke2011"]),
        ("tables", "main,PR,li2014", "main,PR,li2014,extra", ["tables.csv", "row 5", "cells for"]),
        ("tables", "identified,", "guessed,", ["tables.csv", "status must be one of", "'guessed'"]),
        ("tables", "events_c", "events_k", ["tables.csv", "events_c", "is missing"]),
        ("tables", "analysis,outcome", "analysis,outcome,more", ["tables.csv", "more", "is not known"]),
        ("stages", "main,I,ke2011,0,40,20,40", "main,I,ke2011,0,40,41,40", ["stages.csv", "ke2011", "control arm"]),
        ("risk_of_bias", "book,ke2011", "book,ke", ["risk_of_bias.csv", "unknown study", "'ke'"]),
        ("published", "zhou2015 ke2011", "zhou2015 ke", ["published.csv", "unknown study", "'ke'"]),
        ("published", ",0.01,", ",-0.01,", ["published.csv", "unit must be positive", "'-0.01'"]),
        ("studies", "ke2011,", "'ke2011,", ["unknown study", "ke2011"]),
        ("search", "14931", "14,931", ["search.csv", "cells for"]),
        ("outcomes", "more", "better", ["outcomes.csv", "must be one of", "'better'"]),
    ],
)
def test_what_does_not_fit_is_named(folder: Path, name: str, old: str, new: str, expected: list[str]) -> None:
    edit(folder, name, old, new)
    with pytest.raises(DataError) as caught:
        read_review(folder)
    for part in expected:
        assert part in str(caught.value)


@pytest.mark.parametrize("name", list(FILES))
def test_broken_files(folder: Path, name: str) -> None:
    path = folder / f"{name}.csv"
    whole = path.read_bytes()
    for content, problem in (
        (b"", "empty"),
        (whole.split(b"\n")[0] + b"\n", "no row"),
        (whole[:-2] + b"\xff\xfe\n", "not UTF-8"),
        (b'"' + whole, "no CSV|columns|missing"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=problem) as caught:
            read_review(folder)
        assert caught.value.file == path.name
    path.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        read_review(folder)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(list(FILES)), st.integers(0, 10**6), st.binary(max_size=6), st.integers(0, 40))
def test_damaged_bytes_raise_only_our_exceptions(folder: Path, name: str, at: int, put: bytes, cut: int) -> None:
    path = folder / f"{name}.csv"
    whole = (DATA / f"{name}.csv").read_bytes()
    at %= len(whole)
    path.write_bytes(whole[:at] + put + whole[at + cut :])
    try:
        read_review(folder)
    except MetalibError:
        pass
    finally:
        path.write_bytes(whole)


def test_lookups_that_find_nothing_say_so(folder: Path) -> None:
    review = read_review(folder)
    for call in (
        lambda: review.outcome("XX"),
        lambda: review.tables_of("PR", "nothing"),
        lambda: review.printed("PR", place="Nowhere"),
        lambda: review.printed_text("PR", "Z"),
        lambda: review.printed_number("PR", "Z"),
    ):
        with pytest.raises(DataError):
            call()
