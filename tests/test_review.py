"""The loader refuses what does not fit, and says where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metalib import DataError, MetalibError, OptionError, Options, Review, pool, read_review
from metalib.audit.files import FILES
from validation.sets import load

DATA = Path(__file__).parent.parent / "data"
#: The files that the review of the book has; those of means, rates and effects are for others.
HERE = [name for name in FILES if (DATA / f"{name}.csv").exists()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in HERE:
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
        "derived from published percentages",
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
        ("search", "database,query", "database,query,more", ["search.csv", "more", "is not known"]),
        ("stages", "main,I,ke2011,0,40,20,40", "main,I,ke2011,0,40,41,40", ["stages.csv", "ke2011", "control arm"]),
        ("risk_of_bias", "book,ke2011", "book,ke", ["risk_of_bias.csv", "unknown study", "'ke'"]),
        ("published", "zhou2015 ke2011", "zhou2015 ke", ["published.csv", "unknown study", "'ke'"]),
        ("published", ",0.01,", ",-0.01,", ["published.csv", "unit must be positive", "'-0.01'"]),
        ("studies", "ke2011,", "'ke2011,", ["unknown study", "ke2011"]),
        ("search", "14931", "14,931", ["search.csv", "cells for"]),
        ("outcomes", "more", "better", ["outcomes.csv", "must be one of", "'better'"]),
        ("published", ",2.14,", ",2.l4,", ["published.csv, row 1", "no number", "'2.l4'"]),
        ("published", ",fixed,OR,2.14,,", ',fixed,OR,2.14,"2,14",', ["published.csv, row 1", "no number", "'2,14'"]),
        ("published", ",1.32,", ",NaN,", ["published.csv, row 2", "no number", "'NaN'"]),
        ("published", ",0.01,", ",1e12,", ["published.csv, row 1", "unit"]),
    ],
)
def test_what_does_not_fit_is_named(folder: Path, name: str, old: str, new: str, expected: list[str]) -> None:
    edit(folder, name, old, new)
    with pytest.raises(DataError) as caught:
        read_review(folder)
    for part in expected:
        assert part in str(caught.value)


@pytest.mark.parametrize("name", HERE)
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
    if FILES[name].optional:
        path.symlink_to(folder / "gone")
    with pytest.raises(DataError, match="cannot be read"):
        read_review(folder)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(HERE), st.integers(0, 10**6), st.binary(max_size=6), st.integers(0, 40))
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
        lambda: review.rows_of("PR", "nothing"),
        lambda: review.stages_of("nothing"),
        lambda: review.options("XX"),
        lambda: review.has("nothing"),
    ):
        with pytest.raises((DataError, OptionError)):
            call()


def test_candidates_are_the_tables_that_are_not_identified() -> None:
    review = read_review(DATA)
    found = review.candidates("survival")
    assert list(found) == [f"candidate {i}" for i in range(1, 7)]
    for name, tables in found.items():
        assert tables.equals(review.tables_of("survival", name))
        assert review.rows_of("survival", name) == {
            row.study: i for i, row in enumerate(review.tables.itertuples(), 1)
            if (row.outcome, row.analysis) == ("survival", name)
        }  # fmt: skip
    assert review.candidates("PR") == {}


def test_options_of_an_outcome() -> None:
    review = read_review(DATA)
    assert {key: review.options(key).model for key in review.outcomes["outcome"]} == dict(
        zip(review.outcomes["outcome"], review.outcomes["model_printed"], strict=True)
    )
    assert review.options("PR") == Options()


def test_what_is_not_printed_as_a_number_is_no_printed_number() -> None:
    review = read_review(DATA)
    absent = review.published[review.published["text"] == "/"].iloc[0]
    given = {"outcome": absent["outcome"], "statistic": absent["statistic"], "excluded": absent["excluded"]}
    assert review.printed_text(**given, place=absent["place"]) == "/"
    with pytest.raises(DataError, match="not printed as a number"):
        review.printed_number(**given, place=absent["place"])


# ---- a review of one's own: only counts ---------------------------------------------------------------------------

COUNTS = "outcome,study,events_t,n_t,events_c,n_c"


def minimal(folder: Path, *, outcomes: str = "outcome\nTB\n", **files: str) -> Path:
    """Write a review of two files, or of those given."""
    tables, _ = load("bcg")
    given = {"outcomes": outcomes, "tables": tables.assign(outcome="TB").to_csv(index=False), **files}
    for name, content in given.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return folder


def test_two_files_are_a_review(tmp_path: Path) -> None:
    review = read_review(minimal(tmp_path))
    names = review.studies["study"].tolist()
    assert len(names) == 13
    assert review.labels() == dict(zip(names, names, strict=True))
    assert review.outcome("TB")["label"] == "TB"
    assert review.options("TB") == Options()
    assert review.tables_of("TB")["study"].tolist() == names
    assert set(review.tables["status"]) == {"reported"}
    assert set(review.tables["analysis"]) == {"main"}
    assert review.candidates("TB") == {}
    assert pool(review.tables_of("TB")).k == 13
    assert [name for name in FILES if review.has(name)] == ["studies", "outcomes", "tables"]
    for name, file in FILES.items():
        assert list(getattr(review, name).columns) == [column.name for column in file.columns] or review.has(name)
    with pytest.raises(DataError, match="nothing printed"):
        review.printed("TB")


@pytest.mark.parametrize("name", [name for name in HERE if FILES[name].optional])
def test_an_absent_file_is_an_empty_frame_with_the_columns_and_types_of_a_whole_one(folder: Path, name: str) -> None:
    whole = read_review(folder)
    (folder / f"{name}.csv").unlink()
    review = read_review(folder)
    left, right = getattr(review, name), getattr(whole, name)
    assert set(left.columns) == set(right.columns)
    assert review.has(name) is (name == "studies")
    texts = right.columns[(right.dtypes == "str").to_numpy()]
    assert (left[texts].dtypes == "str").all()
    assert (left.drop(columns=texts).dtypes != "str").all()
    assert whole.has(name)


@pytest.mark.parametrize("name", [name for name, file in FILES.items() if not file.optional])
def test_what_must_be_there(folder: Path, name: str) -> None:
    (folder / f"{name}.csv").unlink()
    with pytest.raises(DataError, match="cannot be read"):
        read_review(folder)


def test_a_file_whose_name_is_a_slip_is_not_passed_over(folder: Path) -> None:
    (folder / "grade.csv").rename(folder / "grades.csv")
    with pytest.raises(DataError, match="no such file, only studies, search") as caught:
        read_review(folder)
    assert caught.value.file == "grades.csv"


def test_sixty_studies_and_one_outcome(tmp_path: Path) -> None:
    lines = "".join(f"TB,study {i},{1 + i % 7},{20 + i},{i % 5},{30 + i}\n" for i in range(60))
    review = read_review(minimal(tmp_path, tables=f"{COUNTS}\n{lines}"))
    assert pool(review.tables_of("TB")).k == len(review.studies) == 60


def test_arms_may_differ_between_outcomes(tmp_path: Path) -> None:
    """Patients of a study are compared with the file of studies only where that gives them."""
    two = {"outcomes": "outcome\nA\nB\n", "tables": f"{COUNTS}\nA,x,1,10,2,10\nB,x,1,8,2,9\n"}
    read_review(minimal(tmp_path, **two))
    read_review(minimal(tmp_path, **two, studies="study\nx\n"))
    with pytest.raises(DataError, match=r"row 2, study 'x', experimental arm, value 8: studies.csv has 10"):
        read_review(minimal(tmp_path, **two, studies="study,n_t\nx,10\n"))
    with pytest.raises(DataError, match=r"row 2, study 'x', control arm, value 9: studies.csv has 10"):
        read_review(minimal(tmp_path, **two, studies="study,n_c\nx,10\n"))


def test_columns_of_ones_own_are_kept(tmp_path: Path) -> None:
    """They were refused, so that subgroups had nowhere to go."""
    review = read_review(
        minimal(
            tmp_path,
            tables=f"{COUNTS},dose\nTB,x,1,10,2,10,high\nTB,y,1,10,2,10,\n",
            studies="latitude,study,=allocation\n44,y,random\n-13,x,\n",
        )
    )
    assert review.studies["latitude"].tolist() == ["44", "-13"]
    assert review.studies["=allocation"].tolist() == ["random", ""]
    assert review.tables_of("TB")["dose"].tolist() == ["", "high"]
    assert list(review.studies.columns[:3]) == ["latitude", "study", "=allocation"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"studies": "study,a,a\nx,1,2\n"}, "column 'a' stands there twice"),
        ({"studies": "study,,a\nx,1,2\n"}, "column '' is not known"),
        ({"studies": "study,a\nx,\a\n"}, "a holds a control character"),
        ({"studies": "study,year\nx,\n"}, "year is empty"),
        ({"studies": "study,label\nx,\n"}, "label is empty"),
        ({"studies": "study\ny\n"}, "unknown study"),
        ({"outcomes": "outcome,colour\nTB,red\n"}, "column 'colour' is not known"),
        ({"outcomes": "outcome,measure\nTB,XX\n"}, "measure must be one of OR, RR, RD"),
        ({"outcomes": "outcome,measure\nTB,HR\n"}, "measure HR cannot be had from tables.csv; use one of OR, RR, RD"),
        ({"outcomes": "outcome,measure,method\nTB,RR,Peto\n"}, "outcomes.csv, row 1, value 'TB': method='Peto'"),
        ({"tables": "outcome,study,events_t,n_t,events_c\nTB,x,1,2,3\n"}, "column 'n_c' is missing"),
    ],
)
def test_what_a_review_of_ones_own_gets_wrong(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    given = {"tables": f"{COUNTS}\nTB,x,1,10,2,10\n", **files}
    with pytest.raises(DataError) as caught:
        read_review(minimal(tmp_path, **given))
    assert expected in str(caught.value)


def test_measure_and_method_of_an_outcome(tmp_path: Path) -> None:
    review = read_review(
        minimal(tmp_path, outcomes="outcome,better,measure,method,model_printed\nTB,fewer,RR,IV,random\n")
    )
    options = review.options("TB")
    assert options == Options("RR", "IV", "random")
    assert pool(review.tables_of("TB"), **options.choices()).measure == "RR"


CONTINUOUS = {
    "means": "outcome,study,mean_t,sd_t,n_t,mean_c,sd_c,n_c\npain,A,-1.5,2,20,0.25,1.75,21\npain,B,-1,2.5,9,0,2,10\n",
    "rates": "outcome,study,events_t,time_t,events_c,time_c\nfalls,A,3,120.5,7,118\n",
    "effects": "outcome,study,effect,se,dose\ndeath,A,-0.25,0.125,high\ndeath,C,0.5,0.25,\n",
}


def other_data(folder: Path, **changes: str) -> Path:
    outcomes = "outcome,measure\npain,SMD\nfalls,IRR\ndeath,HR\n"
    for name, text in {"outcomes": outcomes, **CONTINUOUS, **changes}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_means_rates_and_effects_stand_in_place_of_tables(tmp_path: Path) -> None:
    review = read_review(other_data(tmp_path))
    assert review.studies["study"].tolist() == ["A", "B", "C"]
    assert not review.has("tables")
    for outcome, k in (("pain", 2), ("falls", 1), ("death", 2)):
        effect = pool(review.data_of(outcome), **review.options(outcome).choices())
        assert (effect.k, effect.method) == (k, "IV")
    assert review.data_of("death")["dose"].tolist() == ["high", ""]
    with pytest.raises(DataError, match="no table of outcome 'XX'"):
        review.data_of("XX")


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("means", "-1.5,2,", "-1.5,0,", "row 1, study 'A', experimental arm, value '0': sd_t must be positive"),
        ("means", "-1.5,2,", "-1.5,-2,", "sd_t must be positive"),
        ("means", "-1.5,2,20", "-1.5,2,1", "row 1, study 'A', experimental arm, value 1: .* at least two patients"),
        ("means", "-1.5", "1e999", "mean_t is too large"),
        ("means", "-1.5", "", "mean_t is empty"),
        ("rates", "120.5", "-1", "time_t must be positive"),
        ("effects", "0.125", "0", "se must be positive"),
        ("effects", "-0.25", "x", "effect is not a number"),
        ("outcomes", "death,HR", "death,XX", "measure must be one of OR, RR, RD, MD"),
        ("outcomes", "pain,SMD", "pain,IRR", "measure IRR cannot be had from means.csv; use one of MD, SMD"),
        ("effects", "death,C", "pain,C", "the outcome stands in means.csv and effects.csv"),
    ],
)
def test_other_data_that_do_not_fit_are_named(tmp_path: Path, name: str, old: str, new: str, problem: str) -> None:
    text = {"outcomes": "outcome,measure\npain,SMD\nfalls,IRR\ndeath,HR\n", **CONTINUOUS}[name]
    assert old in text
    other_data(tmp_path, **{name: text.replace(old, new, 1)})
    with pytest.raises(DataError, match=problem):
        read_review(tmp_path).data_of("pain")
