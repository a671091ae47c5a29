"""Outputs of notebooks: escaping, names, and the refusal of unrounded numbers."""

from __future__ import annotations

import pandas as pd
import pytest

from metalib import OptionError
from metalib.pages import notebook
from metalib.pages.notebook import Raw


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    import IPython.display

    bundles: list[dict] = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **kwargs: bundles.append({"data": data, **kwargs}))
    return bundles


def test_a_table_escapes_what_could_be_markup(shown: list[dict]) -> None:
    nasty = '=1+1 <script>alert("x")</script> | *a* _b_ `c` $d$ {cite}`e` [f](g)'
    notebook.table(pd.DataFrame({"Study": [nasty], "n": [3]}), name="tab-x", caption="x")
    data = shown[0]["data"]
    assert "<script>" not in data["text/markdown"]
    assert "<script>" not in data["text/html"]
    assert "{cite}" not in data["text/markdown"]
    assert data["text/markdown"].splitlines()[5].count(" | ") == 1
    assert nasty in data["text/plain"]


def test_escaped_text_is_rendered_as_it_stands() -> None:
    from markdown_it import MarkdownIt

    for value in ("a|b", "*x*", "[a](b)", "<b>", "a_b_c", "$x$", "~~s~~", "\\", "`c`", "&amp;", "{r}`x`"):
        rendered = MarkdownIt("commonmark").render(notebook.escape_markdown(value))
        import html
        import re

        assert html.unescape(re.sub(r"</?p>", "", rendered)).strip() == value


def test_raw_cells_are_kept_for_the_book_and_plain_for_viewers(shown: list[dict]) -> None:
    notebook.table(pd.DataFrame({"Study": [Raw("A {cite:p}`key`")]}), name="tab-x", caption="x")
    assert "{cite:p}`key`" in shown[0]["data"]["text/markdown"]
    assert "{cite:p}" not in shown[0]["data"]["text/html"]


@pytest.mark.parametrize("value", [1.5, None, float("nan"), True, [1]])
def test_a_table_takes_text_and_whole_numbers_only(shown: list[dict], value: object) -> None:
    with pytest.raises(OptionError, match=r"metalib\.text"):
        notebook.table(pd.DataFrame({"a": [value]}, dtype=object), name="tab-x", caption="x")
    assert shown == []


@pytest.mark.parametrize(("name", "align"), [("Tab x", None), ("1x", None), ("x", "ll"), ("x", "q")])
def test_bad_names_and_alignments(shown: list[dict], name: str, align: str | None) -> None:
    with pytest.raises(OptionError):
        notebook.table(pd.DataFrame({"a": ["b"]}), name=name, caption="x", align=align)


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
