"""Counts and times over many powers of ten: how time grows with size, how a search shrinks what is possible."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import ArrayLike

from .. import text
from ..errors import DataError
from .checks import check_columns
from .layout import text_width
from .scales import decades, set_ticks
from .style import BLACK, BLUE, BLUISH_GREEN, LINE_GREY, VERMILLION, style

#: Marker and colour of the series in turn, so that colour is not the only carrier.
_LOOKS = (("o", BLUE), ("s", VERMILLION), ("^", BLUISH_GREEN), ("D", BLACK))
_WIDTH = 7.4
#: Inches that the sign of an entry of the legend needs.
_HANDLE = 0.6


def growth_exponent(size: ArrayLike, seconds: ArrayLike, *, smallest: float = 0.0) -> float:
    """Return b of ``seconds = a size^b``, by least squares on the logarithms.

    Parameters
    ----------
    size, seconds : array_like, shape (n,)
    smallest : float
        Sizes below it, where the fixed cost of a call prevails, are left out.

    Raises
    ------
    DataError
        A number is not positive and finite, or fewer than two different sizes are left.
    """
    sizes, times = _positive("size", size), _positive("seconds", seconds)
    used = sizes >= smallest
    if len(np.unique(sizes[used])) < 2:
        raise DataError("the growth needs two different sizes", value=sizes[used].tolist())
    return float(np.polyfit(np.log(sizes[used]), np.log(times[used]), 1)[0])


def growth(frame: pd.DataFrame, *, size_label: str) -> Figure:
    """Draw times by size for one or more series, with lines of proportional growth behind them.

    Parameters
    ----------
    frame : DataFrame
        ``series, size, seconds, low, high``: median and quartiles of the time.
    size_label : str
        For the axis of sizes.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        A column is missing, there is nothing to draw, a number is not positive, or there are more than four series.
    """
    columns = ("size", "seconds", "low", "high")
    check_columns(frame, ("series", *columns), empty="there is no time to draw")
    for name in columns:
        _positive(name, frame[name])
    names = list(dict.fromkeys(frame["series"]))
    if len(names) > len(_LOOKS):
        raise DataError(f"there are {len(names)} series; {len(_LOOKS)} can be told apart")
    with style():
        fig = Figure(figsize=(_WIDTH, 4.0), layout="constrained")
        axes = fig.subplots()
        for name, (marker, colour) in zip(names, _LOOKS, strict=False):
            rows = frame[frame["series"] == name].sort_values("size", kind="stable")
            size, seconds = rows["size"].to_numpy(dtype=float), rows["seconds"].to_numpy(dtype=float)
            proportional = seconds[-1] * size[[0, -1]] / size[-1]
            axes.plot(size[[0, -1]], proportional, "--", color=LINE_GREY, linewidth=0.8, zorder=1, gid="proportional")
            axes.vlines(size, rows["low"], rows["high"], color=colour, linewidth=1.2, zorder=2)
            axes.plot(size, seconds, marker=marker, color=colour, markersize=5, linewidth=1.2, zorder=3, label=name)
        axes.plot([], [], "--", color=LINE_GREY, linewidth=0.8, label="proportional to the size")
        axes.set_xscale("log")
        axes.set_yscale("log")
        set_ticks(axes.xaxis, decades(frame["size"].min(), frame["size"].max()))
        # Proportional lines of series with a large fixed cost would stretch the axis far below every point.
        low, high = frame["low"].min() / 2, frame["high"].max() * 2
        axes.set_ylim(low, high)
        times = decades(low, high)
        axes.set_yticks(times, [text.duration(time) for time in times])
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_xlabel(f"{size_label} (log scale)")
        axes.set_ylabel("Time of a call (log scale)")
        _legend(fig, [*map(str, names), "proportional to the size"])
    return fig


def search_steps(frame: pd.DataFrame) -> Figure:
    """Draw how a search shrinks what is possible, step by step.

    Parameters
    ----------
    frame : DataFrame
        ``step`` (name), ``candidates`` (possible before the step) and ``after`` (left by it), in the order of the
        steps.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        A column is missing, there is no step, or a number of candidates is not positive.
    """
    check_columns(frame, ("step", "candidates", "after"), empty="there is no step to draw")
    before, after = _positive("candidates", frame["candidates"]), _positive("after", frame["after"])
    y = np.arange(len(frame))
    with style():
        fig = Figure(figsize=(_WIDTH, 1.2 + 0.24 * len(frame)), layout="constrained")
        axes = fig.subplots()
        axes.hlines(y, after, before, color="0.8", linewidth=6)
        names = ("possible before the step", "left by the step")
        axes.plot(before, y, "|", color=LINE_GREY, markersize=10, markeredgewidth=1.5, label=names[0], gid="before")
        axes.plot(after, y, "o", color=BLUE, markersize=6, label=names[1], gid="after")
        axes.set_yticks(y, frame["step"].tolist())
        axes.set_ylim(len(frame) - 0.4, -0.6)
        axes.set_xscale("log")
        axes.set_xlim(0.7, before.max() * 2)
        set_ticks(axes.xaxis, decades(1.0, before.max() * 2))
        axes.set_xlabel("Candidates (log scale)")
        _legend(fig, names)
    return fig


def _legend(fig: Figure, names: list[str] | tuple[str, ...]) -> None:
    """Put the legend above the plot: in one line where it fits, else a line for each entry."""
    one_line = sum(_HANDLE + text_width(name) for name in names) <= _WIDTH
    fig.legend(loc="outside upper left", ncols=len(names) if one_line else 1)


def _positive(name: str, values: ArrayLike) -> np.ndarray:
    numbers = np.asarray(values, dtype=float)
    for value in numbers.tolist():
        if not (math.isfinite(value) and value > 0):
            raise DataError(f"{name} must be positive", value=value)
    return numbers
