"""Outputs of notebooks: tables from columns, escaping, names, files, and the refusal of unrounded numbers."""

from __future__ import annotations

import hashlib
import html
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import metalib
from metalib import DataError, OptionError, text
from metalib.arithmetic.results import to_frame
from metalib.pages import Raw, columns, link, notebook, table
from metalib.pages import stored as tool
from metalib.pages.book import Book, read_book
from metalib.pages.column_table import grid
from metalib.pages.markup import escape_markdown, plain
from metalib.pages.prose import favours
from metalib.robustness.fragility import Change


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict]:
    import IPython.display

    monkeypatch.setenv("METALIB_FIGURES", str(tmp_path))
    bundles: list[dict] = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **kwargs: bundles.append({"data": data, **kwargs}))
    return bundles


FRAME = pd.DataFrame(
    {"outcome": ["A", "A", "B"], "study": ["x", "y", "x"], "n": [3, 12, 0], "low": [-0.12, 0.5, np.nan],
     "high": [1.25, 2.0, np.nan], "p": [0.0421, np.nan, 1e-9]}
)  # fmt: skip
COLUMNS = {
    "p": ("P", text.p_value), "study": "Study", ("low", "high"): ("95% CI", text.interval), "n": "Number",
    ("study", "n"): ("Both", lambda study, n: f"{study}: {n}"),
}  # fmt: skip


def test_columns_select_order_head_and_word_what_is_shown() -> None:
    cells = grid(FRAME, COLUMNS, name="t")
    assert cells.headings == ["P", "Study", "95% CI", "Number", "Both"]
    assert cells.rows == [
        ["0.042", "x", "[−0.12, 1.25]", "3", "x: 3"],
        ["–", "y", "[0.50, 2.00]", "12", "y: 12"],
        ["< 0.00001", "x", "[–, –]", "0", "x: 0"],
    ]
    assert cells.align == "rlrrl"
    assert grid(FRAME.assign(n=-3), {"n": "N"}, name="t").rows[0] == ["−3"]


@pytest.mark.parametrize(
    ("value", "as_shown"),
    [("-0.10", "−0.10"), ("[-1, -2]", "[−1, −2]"), ("1e-05", "1e-05"), ("2011-2018", "2011-2018"), ("< -3", "< −3"),
     ("M-H", "M-H"), ("-∞", "−∞"), ("10.1/x-1", "10.1/x-1"), ("−1", "−1")],
)  # fmt: skip
def test_a_hyphen_before_a_number_becomes_a_minus_sign(value: str, as_shown: str) -> None:
    cells = grid(pd.DataFrame({"x": [0.5], "text": [value]}), {"x": ("X", lambda _: value), "text": "Text"}, name="t")
    assert cells.rows == [[as_shown, value]], "a text of the data stays as it is"


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA, pd.NaT])
def test_a_missing_value_is_a_dash_and_none_to_a_function_of_several(missing: object) -> None:
    frame = pd.DataFrame({"x": [missing], "y": [1]}, dtype=object)
    got: list[tuple] = []

    def both(*values: object) -> str:
        got.append(values)
        return "words"

    assert grid(frame, {"x": ("X", str), ("x", "y"): ("Both", both)}, name="t").rows == [["–", "words"]]
    assert got == [(None, 1)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": {"no": "No"}}, "no column 'no'"),
        ({"columns": {"p": "P"}}, r"metalib\.text"),
        ({"columns": {("low", "high"): "CI"}}, r"metalib\.text"),
        ({"columns": {"p": ("P", lambda p: p)}}, "no text"),
        ({"columns": {"n": "N"}, "align": "rr"}, "does not fit"),
        ({"columns": {"n": "N"}, "group": "study"}, "do not stand together"),
        ({"columns": {"n": "N"}, "group": "no"}, "no column 'no'"),
        ({"columns": {"n": "N"}, "frame": FRAME.assign(o=[[1]] * 3)}, "no CSV can"),
    ],
)
def test_what_does_not_fit_is_refused(shown: list[dict], tmp_path: Path, change: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        table(**{"frame": FRAME, "name": "tab-x", "caption": "x", **change})
    assert shown == []
    assert list(tmp_path.iterdir()) == [], "nothing is half-written"


def test_rows_of_a_group_stand_under_its_heading(shown: list[dict]) -> None:
    table(FRAME, {"study": "Study", "n": "Number"}, name="tab-x", caption="x", group="outcome")
    data = shown[0]["data"]
    body = data["text/markdown"].splitlines()[4:]
    assert body[:7] == [
        "| Study | Number |", "| :--- | ---: |", '| <strong class="group">A</strong> |  |', "| x | 3 |", "| y | 12 |",
        '| <strong class="group">B</strong> |  |', "| x | 0 |",
    ]  # fmt: skip
    assert data["text/html"].count('scope="colgroup"') == 2
    assert data["text/plain"] == "\tStudy\tNumber\nA\tx\t3\nA\ty\t12\nB\tx\t0"


def test_the_unrounded_frame_is_beside_the_table(shown: list[dict], tmp_path: Path) -> None:
    frame = FRAME.assign(third=[1 / 3, 2 / 3, 1.0], place=[link("a|b", "x.html"), Raw("{cite:p}`k`"), "=1+1"])
    table(frame, {"third": ("Third", text.number)}, name="tab-x", caption="x")
    written = (tmp_path / "downloads" / "tab-x.csv").read_text(encoding="utf-8")
    back = pd.read_csv(tmp_path / "downloads" / "tab-x.csv")
    pd.testing.assert_frame_equal(back[["n", "low", "p", "third"]], frame[["n", "low", "p", "third"]], check_exact=True)
    assert back["place"].tolist() == ["a|b", "k", "'=1+1"]
    assert "{download}`Data of this table (CSV) <downloads/tab-x.csv>`" in shown[0]["data"]["text/markdown"]
    assert shown[0]["metadata"] == {"metalib": {"download": "tab-x", "csv": _sha256(written)}}
    table(frame, {"third": ("Third", text.number)}, name="tab-y", caption="x", csv=False)
    assert not (tmp_path / "downloads" / "tab-y.csv").exists()
    assert shown[1]["metadata"] == {}


def test_a_wide_table_says_so(shown: list[dict]) -> None:
    for length in (20, 200):
        table(pd.DataFrame({"x": ["a" * length]}), name="tab-x", caption="x")
    assert [":class: results wide" in each["data"]["text/markdown"] for each in shown] == [False, True]


def test_links_lead_to_pages_and_are_escaped() -> None:
    made = link("a|b <i>", 'x.html?"#t')
    assert made == '<a href="x.html?&quot;#t">a\\|b &lt;i&gt;</a>'
    assert plain(made) == "a|b <i>"
    assert link("a", "") == link("a", None) == "a"
    with pytest.raises(OptionError, match="leads to a page"):
        link("a", "javascript:alert(1)")


TRIALS = pd.DataFrame(
    {"study": ["a", "b", "c"], "events_t": [10, 4, 0], "n_t": [50, 40, 9], "events_c": [20, 9, 0], "n_c": [50, 40, 9]}
)


def test_ready_columns_show_results_in_the_words_of_text() -> None:
    """What is shown of a frame is what metalib.text says of the result that the frame was made from."""
    for measure in ("OR", "RD"):
        results = [
            metalib.pool(TRIALS, measure=measure, **options)
            for options in ({}, {"model": "random"}, {"method": "IV", "model": "random", "tau2": "PM", "ci": "hksj"})
        ]
        cells = grid(to_frame(results), columns.models(measure), name="t")
        assert cells.rows == [
            [text.model_name(r), text.estimate(r).replace("-", "−"), text.p_value(r.p), text.number(r.tau2, 3),
             text.percent(r.I2), text.prediction(r).replace("-", "−")]
            for r in results
        ]  # fmt: skip
    left_out = grid(metalib.leave_one_out(TRIALS[:2]), columns.exclusions({"a": "Study A"}), name="t")
    alone = [metalib.pool(TRIALS[1:2]), metalib.pool(TRIALS[:1])]
    assert left_out.headings[0] == "Left out"
    assert [row[:3] for row in left_out.rows] == [
        [name, "1", text.estimate(r)] for name, r in zip(["Study A", "b"], alone, strict=True)
    ]
    groups = metalib.subgroups(TRIALS, ["x", "y", "y"])
    shown = grid(groups.to_frame(), columns.subgroups(), name="t").rows
    assert [row[0] for row in shown] == ["x", "y", "Total"]
    assert shown[0][4] == "–"
    assert shown[2][2] == text.estimate(groups.overall)


def test_the_effect_of_a_study_is_its_own_pooled_effect() -> None:
    frame = TRIALS.merge(metalib.effects(TRIALS), on="study")
    rows = grid(frame, columns.counts({}), name="t").rows
    assert [row[3] for row in rows] == [text.estimate(metalib.pool(TRIALS[i : i + 1])) for i in range(3)]
    assert rows[2][3] == text.NOT_ESTIMABLE
    assert rows[0][1] == "10/50"
    large = pd.DataFrame({"estimate": [800.0], "ci_low": [-1.0], "ci_high": [900.0]})
    assert grid(large, columns.effect(), name="t").rows == [["∞ [0.37, ∞]"]]


def test_changed_counts_name_study_and_arm() -> None:
    witness = (Change("a", "control", 20, 17), Change("c", "experimental", 0, 1))
    assert columns.changes(witness, {"a": "A 2011"}, ("New", "Old")) == "A 2011, old: 20 → 17; c, new: 0 → 1"
    assert columns.changes((), {}, ("New", "Old")) == ""


def test_the_words_of_a_book_come_from_its_file(tmp_path: Path) -> None:
    assert read_book(tmp_path) == Book()
    file = tmp_path / "book.yaml"
    file.write_text("arms: [New, Old]\nnotes: {guessed: x}\nchapters: {Death: death.html}\n", encoding="utf-8")
    assert read_book(tmp_path) == Book(("New", "Old"), notes={"guessed": "x"}, chapters={"Death": "death.html"})
    for content in ("arms: [New]", "arm: x", "counts: [1]", "- 1", "{", "", "notes: {a: 1}", "chapters: [a]"):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(DataError, match=r"book\.yaml"):
            read_book(tmp_path)


def test_the_sides_of_a_plot_favour_an_arm_only_where_one_direction_is_better() -> None:
    assert favours("more", "new", "old") == ("Favours old", "Favours new")
    assert favours("fewer", "new", "old") == ("Favours new", "Favours old")
    assert favours("neither", "new", "old") == ("More with old", "More with new")


def test_studies_with_a_note_are_marked_and_named_in_it(tmp_path: Path) -> None:
    (tmp_path / "outcomes.csv").write_text("outcome,better\nDeath,neither\n", encoding="utf-8")
    rows = "".join(f"Death,{study},1,9,2,9\n" for study in "abc")
    (tmp_path / "tables.csv").write_text(f"outcome,study,events_t,n_t,events_c,n_c\n{rows}", encoding="utf-8")
    rows = 'a,A 2011,guessed\nb,B 2012,reported\nc,C 2013,"known, then guessed"\n'
    (tmp_path / "studies.csv").write_text(f"study,label,arms_status\n{rows}", encoding="utf-8")
    review = metalib.read_review(tmp_path)
    book = Book(notes={"guessed": "Which is that of {studies} is guessed."})
    assert book.names(review) == {"a": "A 2011 †", "b": "B 2012", "c": "C 2013 †"}
    # What is said of one is said of both, also where only one of them is shown.
    assert book.note(review, ["b", "c"]) == "† Which is that of A 2011 and which that of C 2013 is guessed."
    assert book.note(review, ["b"]) == ""
    assert Book().names(review) == review.labels()


WRITES = """# %%
import pandas as pd
from metalib.pages import table

table(pd.DataFrame({{"x": [{value}]}}), name="tab-x", caption="x")

# %%
assert {value} == 1
"""


def test_a_notebook_and_its_files_are_stored_together_or_not_at_all(tmp_path: Path) -> None:
    def files() -> dict[str, str]:
        return {str(p.relative_to(tmp_path)): p.read_text("utf-8") for p in tmp_path.rglob("*") if p.is_file()}

    path = tmp_path / "page.py"
    path.write_text(WRITES.format(value=1), encoding="utf-8")
    tool.store(path)
    before = files()
    assert set(before) == {"page.py", "page.ipynb", "downloads/tab-x.csv"}
    assert before["downloads/tab-x.csv"] == "x\n1\n"
    path.write_text(WRITES.format(value=2), encoding="utf-8")
    with pytest.raises(tool.NotebookError):
        tool.store(path)
    assert files() == before | {"page.py": WRITES.format(value=2)}


def _sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def test_a_table_escapes_what_could_be_markup(shown: list[dict]) -> None:
    nasty = '=1+1 <script>alert("x")</script> | *a* _b_ `c` $d$ {cite}`e` [f](g)'
    table(pd.DataFrame({"Study": [nasty], "n": [3]}), name="tab-x", caption="x")
    data = shown[0]["data"]
    assert "<script>" not in data["text/markdown"]
    assert "<script>" not in data["text/html"]
    assert "{cite}" not in data["text/markdown"]
    assert data["text/markdown"].splitlines()[5].count(" | ") == 1
    assert nasty in data["text/plain"]


def test_escaped_text_is_rendered_as_it_stands() -> None:
    from markdown_it import MarkdownIt

    for value in ("a|b", "*x*", "[a](b)", "<b>", "a_b_c", "$x$", "~~s~~", "\\", "`c`", "&amp;", "{r}`x`"):
        rendered = MarkdownIt("commonmark").render(escape_markdown(value))
        assert html.unescape(re.sub(r"</?p>", "", rendered)).strip() == value


def test_raw_cells_are_kept_for_the_book_and_plain_for_viewers(shown: list[dict]) -> None:
    table(pd.DataFrame({"Study": [Raw("A {cite:p}`key`")]}), name="tab-x", caption="x")
    assert "{cite:p}`key`" in shown[0]["data"]["text/markdown"]
    assert "{cite:p}" not in shown[0]["data"]["text/html"]


@pytest.mark.parametrize("value", [1.5, None, float("nan"), True, [1]])
def test_a_table_takes_text_and_whole_numbers_only(shown: list[dict], value: object) -> None:
    with pytest.raises(OptionError, match=r"metalib\.text"):
        table(pd.DataFrame({"a": [value]}, dtype=object), name="tab-x", caption="x")
    assert shown == []


@pytest.mark.parametrize(("name", "align"), [("Tab x", None), ("1x", None), ("x", "ll"), ("x", "q")])
def test_bad_names_and_alignments(shown: list[dict], name: str, align: str | None) -> None:
    with pytest.raises(OptionError):
        table(pd.DataFrame({"a": ["b"]}), name=name, caption="x", align=align)


def test_glue_carries_its_name_in_the_data(shown: list[dict]) -> None:
    notebook.glue_as("fixed", {"or": "2.14"})
    assert shown[0]["data"] == {
        "application/papermill.record/text/plain": "'2.14'",
        "application/papermill.record/name": "fixed_or",
    }
    assert shown[0]["metadata"]["scrapbook"]["name"] == "fixed_or"


@pytest.mark.parametrize("value", [2.14, None, ""])
def test_glue_takes_text_only(shown: list[dict], value: object) -> None:
    with pytest.raises(OptionError, match="glue takes text"):
        notebook.glue(x=value)


def test_a_fingerprint_shows_a_change_in_the_sixth_digit() -> None:
    one, other = (notebook.fingerprint(pd.DataFrame({"x": [v], "s": ["a"]})) for v in (1.23456, 1.23457))
    assert one == "x\ts\n1.23456\ta"
    assert one != other
    assert notebook.fingerprint(pd.DataFrame({"x": [None, float("nan"), 1e-17]}, dtype=object)) == "x\n\n\n0"
