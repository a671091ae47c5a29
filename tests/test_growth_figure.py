"""The growth figure draws what it is given, and the exponent is that of a power."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from metalib import DataError, text
from metalib.figures import growth, growth_exponent, search_steps
from metalib.pages.notebook import render

SIZE = np.array([1.0, 10.0, 100.0, 1000.0])
FRAME = pd.DataFrame(
    {
        "series": ["one"] * 4 + ["two"] * 4,
        "size": [*SIZE[::-1], *SIZE],
        "seconds": [*(0.002 * SIZE[::-1]), *(0.1 + 0.0001 * SIZE)],
    }
).assign(low=lambda f: 0.9 * f["seconds"], high=lambda f: 1.1 * f["seconds"])


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_is_found(power: float) -> None:
    assert growth_exponent(SIZE, 3e-4 * SIZE**power) == pytest.approx(power, abs=1e-12)


def test_small_sizes_can_be_left_out() -> None:
    seconds = np.array([5.0, 5.0, 100.0, 1000.0])
    assert growth_exponent(SIZE, seconds, smallest=100) == pytest.approx(1.0, abs=1e-12)
    assert growth_exponent(SIZE, seconds) < 0.9


def test_points_quartiles_and_proportional_lines_are_in_place() -> None:
    (ax,) = growth(FRAME, size_label="Studies").axes
    points = {line.get_label(): line.get_xydata() for line in ax.lines if line.get_linestyle() == "-"}
    np.testing.assert_allclose(points["one"], np.column_stack([SIZE, 0.002 * SIZE]))
    np.testing.assert_allclose(points["two"], np.column_stack([SIZE, 0.1 + 0.0001 * SIZE]))
    dashed = [line.get_xydata() for line in ax.lines if line.get_gid() == "proportional"]
    np.testing.assert_allclose(dashed, [[[1, 0.002], [1000, 2.0]], [[1, 0.0002], [1000, 0.2]]])
    spans = ax.collections[0].get_segments()
    np.testing.assert_allclose([s[:, 1] for s in spans], np.outer(0.002 * SIZE, [0.9, 1.1]))
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert ax.get_xlabel() == "Studies (log scale)"


def test_series_differ_by_marker_and_not_only_by_colour() -> None:
    (ax,) = growth(FRAME, size_label="Studies").axes
    markers = [line.get_marker() for line in ax.lines if line.get_linestyle() == "-"]
    assert len(set(markers)) == 2


def test_times_have_units_on_the_axis() -> None:
    fig = growth(FRAME, size_label="Studies")
    fig.canvas.draw()
    shown = [label.get_text() for label in fig.axes[0].get_yticklabels()]
    assert {"10 ms", "100 ms", "1.0 s"} <= set(shown)


def legend_box(fig: Figure):
    fig.canvas.draw()
    return fig.legends[0].get_window_extent()


def test_a_long_legend_stays_on_the_figure() -> None:
    # In one line these names were clipped at the right edge.
    names = {
        "one": "studies of a single meta-analysis, in one call",
        "two": "meta-analyses of eight studies in an array",
    }
    fig = growth(FRAME.assign(series=FRAME["series"].map(names)), size_label="Studies")
    box = legend_box(fig)
    assert box.x0 >= 0
    assert box.x1 <= fig.bbox.width
    assert [t.get_text() for t in fig.legends[0].get_texts()] == [*names.values(), "proportional to the size"]


def test_sizes_are_all_powers_or_all_plain() -> None:
    # 10000 once stood beside 10⁵.
    for largest, shown in ((1e4, ["1", "10", "100", "1000", "10000"]), (1e5, ["1", "10", "10²", "10³", "10⁴", "10⁵"])):
        size = np.geomspace(1, largest, 8)
        fig = growth(FRAME.assign(size=size, series="one"), size_label="Studies")
        assert [label.get_text() for label in fig.axes[0].get_xticklabels()] == shown


STEPS = pd.DataFrame({"step": ["first", "second"], "candidates": [7e12, 300], "after": [12, 1]})


def test_steps_stand_where_the_numbers_are() -> None:
    fig = search_steps(STEPS)
    (ax,) = fig.axes
    marks = {line.get_gid(): line.get_xdata().tolist() for line in ax.lines}
    assert marks == {"before": [7e12, 300], "after": [12, 1]}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["first", "second"]
    segments = [s[:, 0].tolist() for s in ax.collections[0].get_segments()]
    assert segments == [[12, 7e12], [1, 300]]
    box = legend_box(fig)
    assert 0 <= box.x0 < box.x1 <= fig.bbox.width
    assert render(search_steps(STEPS), "svg") == render(search_steps(STEPS), "svg")


def test_bad_steps_are_refused() -> None:
    with pytest.raises(DataError, match="after is missing"):
        search_steps(STEPS.drop(columns="after"))
    with pytest.raises(DataError, match="no step"):
        search_steps(STEPS.iloc[:0])
    with pytest.raises(DataError, match="after must be positive"):
        search_steps(STEPS.assign(after=[1, 0]))


def test_the_same_bytes_twice() -> None:
    assert render(growth(FRAME, size_label="x"), "svg") == render(growth(FRAME, size_label="x"), "svg")


def test_bad_frames_are_refused() -> None:
    with pytest.raises(DataError, match="low is missing"):
        growth(FRAME.drop(columns="low"), size_label="x")
    with pytest.raises(DataError, match="no time"):
        growth(FRAME.iloc[:0], size_label="x")
    with pytest.raises(DataError, match="seconds must be positive"):
        growth(FRAME.assign(seconds=0.0), size_label="x")
    with pytest.raises(DataError, match="8 series"):
        growth(FRAME.assign(series=list("abcdefgh")), size_label="x")
    with pytest.raises(DataError, match="two different sizes"):
        growth_exponent(SIZE, SIZE, smallest=1000)
    with pytest.raises(DataError, match="size must be positive"):
        growth_exponent([0, 1], [1, 1])


@pytest.mark.parametrize(
    ("value", "shown"),
    [(9.96, "10"), (0.0996, "0.10"), (0.994, "0.99"), (120.0, "120"), (0.0, "0"), (-0.25, "-0.25")],
)
def test_significant_digits(value: float, shown: str) -> None:
    assert text.significant(value) == shown
