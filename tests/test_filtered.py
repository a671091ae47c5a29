"""Searchable tables and downloads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from metalib import OptionError
from metalib.pages import download, filtered_table, link


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    import IPython.display

    bundles: list[dict] = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **kwargs: bundles.append({"data": data, **kwargs}))
    return bundles


FRAME = pd.DataFrame(
    {"Place": ["A", "A", "B"], "No.": ["p1", "p2", "p3"], "Result": ["x<y", "x", "z"], "to": ["a.html", "", "b.html"]}
)


COLUMNS = {"No.": "No.", ("Result", "to"): ("Result", link)}


def test_rows_groups_links_and_escaping(shown: list[dict]) -> None:
    filtered_table(FRAME, COLUMNS, name="t", caption="All", group="Place", choices=["Result"], row_id="No.")
    html = shown[0]["data"]["text/html"]
    assert html.count('<tr class="group">') == 2
    assert html.count("<tr id=") == 3
    assert '<td><a href="a.html">x&lt;y</a></td>' in html
    assert html.count("<a ") == 2
    assert "<option>x&lt;y</option>" in html
    assert 'tabindex="0"' in html
    assert "x<y" in shown[0]["data"]["text/plain"]


def test_a_cell_holds_nothing_but_its_text(shown: list[dict]) -> None:
    """The script compares the text of a cell with the choice, white space and all."""
    filtered_table(FRAME, COLUMNS, name="t", caption="All", group="Place", choices=["Result"])
    html = shown[0]["data"]["text/html"]
    assert re.findall(r"<td[^>]*>([^<]*)</td>", html) == ["p1", "p2", "x", "p3"]


@pytest.mark.parametrize(
    "change",
    [
        {"group": "no"}, {"choices": ["no"]}, {"columns": {"no": "No"}}, {"row_id": "no"}, {"name": "T 1"},
        {"group": "Result"},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(shown: list[dict], change: dict) -> None:
    frame = FRAME.assign(Result=["x", "y", "x"])
    with pytest.raises(OptionError):
        filtered_table(frame, **{"columns": COLUMNS, "name": "t", "caption": "All", "group": "Place", **change})
    assert shown == []


def test_numbers_have_to_be_text(shown: list[dict]) -> None:
    with pytest.raises(OptionError, match=r"metalib\.text"):
        filtered_table(FRAME.assign(n=1.5), name="t", caption="All", group="Place")
    assert shown == []


def test_downloads_are_unrounded(shown: list[dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METALIB_FIGURES", str(tmp_path))
    value = 0.1 + 0.2
    download(pd.DataFrame({"a": [value, None], "b": ["é", None]}), name="data", what="Data")
    assert json.loads((tmp_path / "downloads" / "data.json").read_text(encoding="utf-8")) == [
        {"a": value, "b": "é"},
        {"a": None, "b": None},
    ]
    assert repr(value) in (tmp_path / "downloads" / "data.csv").read_text(encoding="utf-8")
    assert "{download}" in shown[0]["data"]["text/markdown"]
