"""`python -m metalib new`: every shape of data gives a book whose chapters run; nothing is left of one that fails."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jupytext
import pandas as pd
import pytest
from new_books import check_book, made, outcome_chapters, trials

import metalib
from metalib import DataError, OptionError
from metalib.__main__ import main
from metalib.errors import BookError
from metalib.pages import checks, stored
from metalib.pages.new import TO_WRITE, Wishes, new_book, write_chapters

FILES = Path(__file__).parent / "import_files"
BCG = Path(__file__).parent.parent / "examples" / "bcg"


def test_a_file_of_revman_gives_its_title_its_outcomes_and_its_bias(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = new_book(tmp_path / "book", [FILES / "small.rm5"])
    assert planned.has("risk_of_bias")
    assert "A drug for a condition" in (tmp_path / "book" / "index.md").read_text(encoding="utf-8")
    texts = check_book(tmp_path / "book", tmp_path, monkeypatch, [p.stem for p in stored.sources(tmp_path / "book")])
    assert "low" in texts["judgements"]


@pytest.mark.parametrize(
    "name", ["web", "wide_meta.csv", "means_decimal_comma.csv", "revman_semicolons.csv", "long.csv"]
)
def test_files_of_other_programs_give_a_book(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = FILES / name
    new_book(tmp_path / "book", [next(source.rglob("*-data-rows.csv")) if source.is_dir() else source])
    check_book(tmp_path / "book", tmp_path, monkeypatch, outcome_chapters(tmp_path / "book"))


def test_bias_and_flow_come_from_their_own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studies = pd.read_csv(FILES / "robvis.csv").iloc[:, 0].tolist()
    frame = trials(len(studies), study=studies)
    frame.to_csv(tmp_path / "counts.csv", index=False)
    files = [tmp_path / "counts.csv", FILES / "robvis.csv", FILES / "prisma.csv"]
    planned = new_book(tmp_path / "book", files)
    assert planned.has("risk_of_bias")
    assert planned.has("search_results")
    check_book(tmp_path / "book", tmp_path, monkeypatch, ["risk_of_bias", "search_results"])


def test_printed_results_and_certainty_get_their_chapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = made(tmp_path, trials(5))
    effect = metalib.pool(trials(5), model="random")
    printed = {"OR": f"{effect.ratio:.2f}", "CI low": f"{effect.ratio_low:.2f}", "CI high": "9.99", "I2": "0"}
    head = "id,place,outcome,excluded,model,statistic,text,read_as,unit,note\n"
    rows = [f"p{i},Results,counts,,,{name},{value},,{1 if name == 'I2' else 0.01},"
            for i, (name, value) in enumerate(printed.items())]  # fmt: skip
    (book / "data" / "published.csv").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    (book / "data" / "grade.csv").write_text(
        "outcome,domain,decision,reason\ncounts,overall,low,few studies\n", "utf-8"
    )
    before = sorted(p.stem for p in stored.sources(book))
    assert main(["new", str(book), "--add"]) == 0
    assert sorted({p.stem for p in stored.sources(book)} - set(before)) == ["audit", "certainty"]
    assert write_chapters(book) == []
    texts = check_book(book, tmp_path, monkeypatch, ["counts", "audit", "certainty"])
    assert texts["counts_reproduced"].strip("'").startswith("3 of 4 printed numbers")
    assert "low certainty; of 1,000 patients" in texts["counts_certainty"]


def test_a_changed_count_changes_the_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = made(tmp_path, trials(4, events_t=[2, 2, 2, 2], n_t=100, events_c=[40, 44, 50, 39], n_c=100))
    before = check_book(book, tmp_path, monkeypatch, ["counts"])["main_result"]
    path = book / "data" / "tables.csv"
    frame = pd.read_csv(path)
    frame.assign(events_t=frame["events_c"]).to_csv(path, index=False)
    after = check_book(book, tmp_path, monkeypatch, ["counts"])["main_result"]
    assert "There were fewer events with experimental" in before
    assert "No significant difference" in after


def test_what_a_person_must_write_is_listed_until_it_is_written(tmp_path: Path) -> None:
    book = made(tmp_path, trials(3))
    places = checks.places_to_write(book)
    assert any(place.startswith("index.md, line 3: The question") for place in places)
    assert any(place.startswith("notebooks/counts.py, line ") for place in places)
    with pytest.raises(BookError, match=f"{len(places)} places are to be written"):
        checks.everything_is_written(book)
    for path in [book / "index.md", *stored.sources(book)]:
        path.write_text(path.read_text(encoding="utf-8").replace(TO_WRITE, "Written:"), encoding="utf-8")
    checks.everything_is_written(book)


@pytest.mark.parametrize(
    ("content", "named"),
    [("study,events_t\na,1\n", "no counts"), ("study,events_t,n_t,events_c,n_c\na,9,5,1,5\n", "more events"),
     ("<COCHRANE_REVIEW>", "torn"), ("", "empty")],
)  # fmt: skip
def test_nothing_is_left_of_a_book_that_cannot_be(content: str, named: str, tmp_path: Path) -> None:
    source = tmp_path / "data.csv"
    source.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=named):
        new_book(tmp_path / "book", [source])
    assert [p.name for p in tmp_path.iterdir()] == ["data.csv"]


def test_nothing_is_left_of_a_book_that_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(source: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("metalib.pages.new.twin", interrupt)
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path, trials(3))
    assert [p.name for p in tmp_path.iterdir()] == ["counts.csv"]


def test_a_folder_that_exists_is_never_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "mine").write_text("as before", encoding="utf-8")
    with pytest.raises(DataError, match="not overwritten"):
        made(tmp_path, trials(3))
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("book", "link"):
        assert main(["new", str(tmp_path / name), "--from", str(tmp_path / "counts.csv"), "--defaults"]) == 2
        assert "not overwritten" in capsys.readouterr().err
    assert (tmp_path / "book" / "mine").read_text(encoding="utf-8") == "as before"


def test_hints_that_a_file_does_not_take_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="measure: only a CSV file"):
        new_book(tmp_path / "book", [FILES / "small.rm5"], Wishes(hints={"measure": "RR"}))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wishes", [{"model": "both"}, {"better": "yes"}, {"arms": ("A", "A")}, {"arms": ("A", "")}])
def test_wishes_that_have_no_meaning_are_refused(wishes: dict, tmp_path: Path) -> None:
    with pytest.raises(OptionError):
        new_book(tmp_path / "book", [FILES / "small.rm5"], Wishes(**wishes))


def test_the_command_takes_options_and_asks_for_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "our counts.csv"
    trials(3).rename(columns={"events_t": "cases"}).to_csv(source, index=False)
    arguments = ["new", str(tmp_path / "book"), "--from", str(source), "--map", "events_t=cases", "--measure", "RR"]
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return {"experimental": "Drug", "control": "Placebo", "Title": 'A "title": <b>'}.get(
            next((word for word in ("experimental", "control", "Title") if word in question), ""), ""
        )

    monkeypatch.setattr("builtins.input", answer)
    assert main(arguments) == 0
    assert len(asked) == 5
    assert "make notebooks book" in capsys.readouterr().out
    review = metalib.read_review(tmp_path / "book" / "data")
    row = review.outcome("our_counts")
    assert (row["measure"], row["model_printed"], row["better"]) == ("RR", "random", "neither")
    assert "arms:\n- Drug\n- Placebo\n" in (tmp_path / "book" / "data" / "book.yaml").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "book" / "_config.yml").read_text("utf-8").split("\n")[0][7:]) == 'A "title": <b>'
    for wrong in (["--map", "events_t"], ["--map", "events_t=nothing"]):
        assert main(["new", str(tmp_path / "other"), "--from", str(source), "--defaults", *wrong]) == 2
    assert main(["new", str(tmp_path / "other"), "--defaults"]) == 2
    assert "--from" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def markdown_and_code(path: Path) -> tuple[list[str], list[str]]:
    cells = jupytext.read(path).cells
    return tuple([c.source for c in cells if c.cell_type == kind] for kind in ("markdown", "code"))  # type: ignore


def without_places(texts: list[str]) -> list[str]:
    """Return paragraphs but those that a person writes."""
    return [part for text in texts for part in text.split("\n\n") if TO_WRITE not in part]


def test_the_example_is_what_the_command_makes_and_prose(tmp_path: Path) -> None:
    arms = ("BCG vaccine", "No vaccine")
    hints = {"measure": "RR", "outcome": "Tuberculosis"}
    wishes = Wishes("BCG vaccine against tuberculosis", arms, better="fewer", hints=hints)  # type: ignore[arg-type]
    new_book(tmp_path / "book", [FILES / "bcg.csv"], wishes)
    by_hand = {"index.md", "requirements.txt"}
    for path in sorted(p for p in (tmp_path / "book").rglob("*") if p.is_file() and "notebooks" not in p.parts):
        name = path.relative_to(tmp_path / "book")
        if name.as_posix() not in by_hand:
            assert path.read_bytes() == (BCG / name).read_bytes(), f"{name}: make the example again"
    assert [p.name for p in stored.sources(BCG)] == [p.name for p in stored.sources(tmp_path / "book")]
    for path in stored.sources(BCG):
        prose, code = markdown_and_code(path)
        new_prose, new_code = markdown_and_code(tmp_path / "book" / "notebooks" / path.name)
        assert set(without_places(new_prose)) <= set(without_places(prose)), path.name
        # A person adds statements to a cell, or cells.
        assert all(any(cell in own for own in code) for cell in new_code), path.name


def test_the_example_is_green() -> None:
    for path in stored.sources(BCG):
        for check in checks.OF_A_NOTEBOOK:
            check(path)
    for check in checks.OF_A_BOOK:
        check(BCG)


def test_the_package_holds_every_template() -> None:
    """What setuptools takes along is what the command reads; a wheel would otherwise lack it."""
    root = Path(__file__).parent.parent
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    pages = root / "metalib" / "pages"
    taken = {path for pattern in settings["package-data"]["metalib.pages"] for path in pages.glob(pattern)}
    needed = {path for name in ("templates", "extra") for path in (pages / name).rglob("*") if path.is_file()}
    assert len(needed) > 25
    assert needed <= taken
