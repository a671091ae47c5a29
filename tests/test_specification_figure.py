"""The specification curve draws what it is given."""

from __future__ import annotations

import pandas as pd
import pytest

from metalib import DataError
from metalib.figures import specification_curve
from metalib.pages.notebook import render

FRAME = pd.DataFrame(
    {
        "label": ["a", "b", "c"],
        "estimate": [2.0, 0.5, 1.2],
        "low": [1.1, 0.2, 0.4],
        "high": [4.0, 0.9, 300.0],
        "significant": [True, True, False],
    }
)


def test_points_are_sorted_and_in_place() -> None:
    fig = specification_curve(FRAME, printed=(1.5, 0.8, 3.0))
    (ax,) = fig.axes
    assert [t.get_text() for t in ax.get_yticklabels()] == ["b", "c", "a"]
    drawn = {}
    for line in ax.lines:
        if line.get_marker() == "o":
            drawn.update(dict(zip(line.get_ydata(), line.get_xdata(), strict=True)))
    assert drawn == {2: 0.5, 1: 1.2, 0: 2.0}
    segments = ax.collections[0].get_segments()
    assert [tuple(s[:, 0]) for s in segments] == [(0.2, 0.9), (0.4, 100.0), (1.1, 4.0)]


def test_filled_means_significant() -> None:
    ax = specification_curve(FRAME).axes[0]
    faces = {line.get_label(): line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "o"}
    assert faces["interval includes 1"] == "white"
    assert faces["interval excludes 1"] != "white"


def test_the_same_bytes_twice() -> None:
    assert render(specification_curve(FRAME), "svg") == render(specification_curve(FRAME), "svg")


def test_bad_frames_are_refused() -> None:
    with pytest.raises(DataError, match="low is missing"):
        specification_curve(FRAME.drop(columns="low"))
    with pytest.raises(DataError, match="no specification"):
        specification_curve(FRAME.iloc[:0])
