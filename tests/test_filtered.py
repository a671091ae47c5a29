"""Searchable tables and downloads."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from metalib import OptionError
from metalib.pages import filtered


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    import IPython.display

    bundles: list[dict] = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **kwargs: bundles.append({"data": data, **kwargs}))
    return bundles


FRAME = pd.DataFrame(
    {"Place": ["A", "A", "B"], "No.": ["p1", "p2", "p3"], "Result": ["x<y", "x", "z"], "link": ["a.html", "", "b.html"]}
)


def test_rows_groups_links_and_escaping(shown: list[dict]) -> None:
    filtered.filtered_table(
        FRAME, name="t", caption="All", group="Place", choices=["Result"], row_id="No.", links={"Result": "link"}
    )
    html = shown[0]["data"]["text/html"]
    assert html.count('<tr class="group">') == 2
    assert html.count("<tr id=") == 3
    assert '<a href="a.html">x&lt;y</a>' in html
    assert html.count("<a ") == 2
    assert "<option>x&lt;y</option>" in html
    assert 'tabindex="0"' in html
    assert "x<y" in shown[0]["data"]["text/plain"]


@pytest.mark.parametrize(
    "change", [{"group": "no"}, {"choices": ["no"]}, {"links": {"Result": "no"}}, {"row_id": "no"}, {"name": "T 1"}]
)
def test_what_does_not_fit_is_refused(shown: list[dict], change: dict) -> None:
    with pytest.raises(OptionError):
        filtered.filtered_table(FRAME, **{"name": "t", "caption": "All", "group": "Place", **change})
    assert shown == []


def test_numbers_have_to_be_text(shown: list[dict]) -> None:
    with pytest.raises(OptionError, match=r"metalib\.text"):
        filtered.filtered_table(FRAME.assign(n=1.5), name="t", caption="All", group="Place")


def test_downloads_are_unrounded(shown: list[dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METALIB_FIGURES", str(tmp_path))
    value = 0.1 + 0.2
    filtered.download(pd.DataFrame({"a": [value, None], "b": ["é", None]}), name="data", what="Data")
    assert json.loads((tmp_path / "data.json").read_text(encoding="utf-8")) == [
        {"a": value, "b": "é"},
        {"a": None, "b": None},
    ]
    assert repr(value) in (tmp_path / "data.csv").read_text(encoding="utf-8")
    assert "{download}" in shown[0]["data"]["text/markdown"]
