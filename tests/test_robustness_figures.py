"""The specification curve, exclusions and subsets draw what they are given, where it is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import metalib
from metalib import DataError
from metalib.figures import exclusions, share_map, specification_curve, subsets
from metalib.pages.notebook import render
from metalib.robustness.specifications import specifications

CHOICES = {"model": "Model", "tau2": "Variance between studies", "zeros": "Zero cells"}
SPECIFICATIONS = pd.DataFrame(
    {
        "model": ["random", "fixed", "random"],
        "tau2": ["DL", "", "PM"],
        "zeros": "",
        "estimate": [2.0, 0.5, 1.2],
        "low": [1.1, 0.2, 0.4],
        "high": [4.0, 0.9, 300.0],
        "significant": [True, True, False],
    }
)
TABLES = pd.DataFrame(
    {"study": ["a", "b", "c"], "events_t": [10, 4, 9], "n_t": [50, 40, 30], "events_c": [20, 9, 8], "n_c": [50, 40, 30]}
)
WHOLE = {"Death": metalib.pool(TABLES), "Pain": metalib.pool(TABLES.assign(events_c=[5, 4, 3]))}
LEFT_OUT = pd.DataFrame(
    {
        "outcome": ["Death", "Death", "Pain"],
        "label": ["without a", "without b", "without a"],
        "estimate": [0.5, 0.7, 1.5],
        "low": [0.2, 0.3, 0.9],
        "high": [0.9, 1.4, 5e3],
        "significant": [True, False, False],
    }
)
PARTS = LEFT_OUT.assign(size=[1, 2, 3])


def marks(ax, prefix: str) -> list:
    return [line for line in ax.lines if (line.get_gid() or "").startswith(prefix)]


def test_specifications_are_sorted_and_in_place() -> None:
    upper, lower = specification_curve(SPECIFICATIONS, choices=CHOICES, printed=(1.5, 0.8, 3.0)).axes
    assert [tuple(p.get_xydata()[0]) for p in marks(upper, "point")] == [(0, 0.5), (1, 1.2), (2, 2.0)]
    spans = [tuple(line.get_ydata()) for line in marks(upper, "interval")]
    assert spans == [(0.2, 0.9), (0.4, 300.0), (1.1, 4.0)]
    assert [p.get_markerfacecolor() == "white" for p in marks(upper, "point")] == [False, True, False]
    taken = {line.get_gid(): line.get_xdata().tolist() for line in marks(lower, "option")}
    assert taken == {
        "option model random": [1, 2], "option model fixed": [0], "option tau2 DL": [2], "option tau2 PM": [1],
    }  # fmt: skip
    names = [label.get_text() for label in lower.get_yticklabels()]
    assert names == ["Model", "random", "fixed", "Variance between studies", "DL", "PM"]
    for option, height in (("option model random", 1), ("option tau2 PM", 5)):
        (line,) = marks(lower, option)
        assert set(line.get_ydata()) == {height}


def test_a_curve_of_metalib_shows_every_specification_once() -> None:
    every = specifications(TABLES, ["OR"])
    curve = every.assign(estimate=every["natural"], low=every["natural_low"], high=every["natural_high"])
    columns = {name: name for name in ("method", "model", "tau2_method", "ci_method")}
    upper, lower = specification_curve(curve, choices=columns).axes
    points = [p.get_ydata()[0] for p in marks(upper, "point")]
    assert points == pytest.approx(sorted(every["natural"]))
    assert sum(len(line.get_xdata()) for line in marks(lower, "option method")) == len(every)


def test_exclusions_are_in_place() -> None:
    panels = exclusions(LEFT_OUT, whole=WHOLE).axes
    assert [ax.get_title("left") for ax in panels] == ["Death", "Pain"]
    for ax, rows in zip(panels, (LEFT_OUT[:2], LEFT_OUT[2:]), strict=True):
        drawn = [(p.get_xdata()[0], p.get_markerfacecolor() != "white") for p in marks(ax, "point")]
        assert drawn == list(zip(rows["estimate"], rows["significant"], strict=True))
        spans = [tuple(line.get_xdata()) for line in marks(ax, "interval")]
        assert spans == list(zip(rows["low"], rows["high"], strict=True))
        assert [label.get_text() for label in ax.get_yticklabels()] == rows["label"].tolist()
        (band,) = ax.patches
        effect = WHOLE[ax.get_title("left")]
        assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx((effect.ratio_low, effect.ratio_high))
    assert len(marks(panels[1], "cut off")) == 1


def test_subsets_are_in_place() -> None:
    panels = subsets(PARTS, whole=WHOLE).axes
    (filled,), (empty,) = (marks(panels[0], f"subsets Death {name}") for name in ("significant", "not"))
    assert filled.get_xydata().tolist() == [[0.5, 1]]
    assert empty.get_xydata().tolist() == [[0.7, 2]]
    assert empty.get_markerfacecolor() == "white" != filled.get_markerfacecolor()
    dashed = [line.get_xdata()[0] for ax in panels for line in ax.lines if line.get_linestyle() == "--"]
    assert dashed == [effect.ratio for effect in WHOLE.values()]


def test_shares_are_written_in_their_cells() -> None:
    grid = pd.DataFrame({"I": [0.0, 61.2], "II": [100.0, 38.8]}, index=["new", "old"])
    ax = share_map(grid, label="percent").axes[0]
    assert {t.get_text(): t.get_position() for t in ax.texts} == {
        "0%": (0.5, 0.5), "100%": (1.5, 0.5), "61%": (0.5, 1.5), "39%": (1.5, 1.5),
    }  # fmt: skip
    np.testing.assert_array_equal(ax.collections[0].get_array(), grid.to_numpy())
    with pytest.raises(DataError, match=r"value 101\.0: old, II: not a percentage"):
        share_map(grid.assign(II=[3, 101]), label="percent")


FIGURES = {
    "curve": lambda: specification_curve(SPECIFICATIONS, choices=CHOICES, printed=(1.5, 0.8, 3.0)),
    "exclusions": lambda: exclusions(LEFT_OUT, whole=WHOLE),
    "subsets": lambda: subsets(PARTS, whole=WHOLE),
    "shares": lambda: share_map(pd.DataFrame({"I": [0.0]}, index=["new"]), label="percent"),
}


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_the_same_bytes_twice(make) -> None:
    assert render(make(), "svg") == render(make(), "svg")


def tick_boxes(fig: Figure) -> list:
    fig.canvas.draw()
    labels: list[Text] = [t for ax in fig.axes for t in ax.get_yticklabels() if t.get_text()]
    return [label.get_window_extent() for label in labels]


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_names_of_lines_do_not_cover_each_other(make) -> None:
    fig = make()
    for above, below in pairwise(sorted(tick_boxes(fig), key=lambda box: -box.y0)):
        assert above.y0 >= below.y1 - 1 or above.x0 > below.x1 or below.x0 > above.x1
    for legend in fig.legends:
        box = legend.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= fig.bbox.width


def test_bad_frames_are_refused() -> None:
    for function, frame, options in (
        (specification_curve, SPECIFICATIONS, {"choices": CHOICES}),
        (exclusions, LEFT_OUT, {"whole": WHOLE}),
        (subsets, PARTS, {"whole": WHOLE}),
    ):
        with pytest.raises(DataError, match="column estimate is missing"):
            function(frame.drop(columns="estimate"), **options)
        with pytest.raises(DataError, match="there is no"):
            function(frame.iloc[:0], **options)
        with pytest.raises(DataError, match="must be a DataFrame, not list"):
            function([], **options)
    with pytest.raises(DataError, match="column rule is missing"):
        specification_curve(SPECIFICATIONS, choices={"rule": "Rule"})
    with pytest.raises(DataError, match="value 'Pain': the result of all studies is missing"):
        exclusions(LEFT_OUT, whole={"Death": WHOLE["Death"]})
    with pytest.raises(DataError, match="one measure, not OR, RR"):
        subsets(PARTS, whole={**WHOLE, "Pain": metalib.pool(TABLES, "RR")})
