"""The overview draws every result where it is, and says which are significant."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

import metalib
from metalib.figures import OverviewRow, overview, overview_data
from metalib.pages.notebook import render

TABLES = pd.DataFrame({"study": ["a", "b"], "events_t": [10, 4], "n_t": [50, 40], "events_c": [20, 9], "n_c": [50, 40]})
FIXED, RANDOM = metalib.pool(TABLES), metalib.pool(TABLES, model="random")
OTHER = metalib.pool(TABLES.assign(events_t=[20, 9]), model="random")
ROW = OverviewRow("Death", "fewer", (0.38, 0.18, 0.79), 0.009, "Fixed", {"Fixed": [FIXED], "Random": [RANDOM, OTHER]})
MODELS = ["Fixed", "Random"]


def test_marks_are_in_place_and_filled_when_significant() -> None:
    axes = next(a for a in overview([ROW], models=MODELS).axes if a.get_label() == "results")
    marks = [line for line in axes.lines if (line.get_gid() or "").startswith("point")]
    assert [line.get_xdata()[0] for line in marks] == [FIXED.ratio, RANDOM.ratio, OTHER.ratio]
    assert [line.get_markerfacecolor() == "white" for line in marks] == [False, False, True]
    # The candidates of one model share a line, the models do not.
    heights = [line.get_ydata()[0] for line in marks]
    assert heights[1] == heights[2] != heights[0]


def test_p_values_show_on_which_side_they_are() -> None:
    words = [t.get_text() for t in overview([ROW], models=MODELS).axes[0].texts]
    assert "0.009" in words
    assert "0.009 to 1.000" in words
    assert "better: left of 1" in words
    open_row = dataclasses.replace(ROW, better="neither")
    words = [t.get_text() for t in overview([open_row], models=MODELS).axes[0].texts]
    assert "better: neither side" in words
    assert not any(" of 1" in word for word in words)


def test_the_data_are_what_is_drawn() -> None:
    frame = overview_data([ROW], models=MODELS)
    assert frame["result"].tolist() == ["as printed", "Fixed", "Random", "Random"]
    assert frame.loc[1, "estimate"] == FIXED.ratio
    assert frame.loc[0, "p"] == 0.009


def test_the_same_bytes_twice() -> None:
    assert render(overview([ROW], models=MODELS), "svg") == render(overview([ROW], models=MODELS), "svg")


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(metalib.DataError, match="needs outcomes"):
        overview([], models=MODELS)
    with pytest.raises(metalib.DataError, match="'Death' has no result under 'Peto'"):
        overview([ROW], models=["Fixed", "Peto"])
    with pytest.raises(metalib.OptionError, match="not more, fewer or neither"):
        overview([OverviewRow("x", "left", None, None, None, {"Fixed": [FIXED]})], models=["Fixed"])
    mixed = OverviewRow("x", "more", None, None, None, {"Fixed": [metalib.pool(TABLES, "RR")]})
    with pytest.raises(metalib.OptionError, match="one measure"):
        overview([ROW, mixed], models=["Fixed"])
