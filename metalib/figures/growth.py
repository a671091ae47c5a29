"""How time grows with size: both axes logarithmic, so that a power is a straight line."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from .. import text
from ..errors import DataError
from .checks import check_columns
from .scales import tick_label
from .style import BLACK, BLUE, BLUISH_GREEN, LINE_GREY, VERMILLION, style

_NEEDED = ("series", "size", "seconds", "low", "high")
#: Marker and colour of the series in turn, so that colour is not the only carrier.
_LOOKS = (("o", BLUE), ("s", VERMILLION), ("^", BLUISH_GREEN), ("D", BLACK))


def growth_exponent(size: np.ndarray, seconds: np.ndarray, *, smallest: float = 0.0) -> float:
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
    size, seconds = _positive("size", size), _positive("seconds", seconds)
    used = size >= smallest
    if len(np.unique(size[used])) < 2:
        raise DataError("the growth needs two different sizes", value=size[used].tolist())
    return float(np.polyfit(np.log(size[used]), np.log(seconds[used]), 1)[0])


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
    check_columns(frame, _NEEDED)
    if frame.empty:
        raise DataError("there is no time to draw")
    for name in _NEEDED[1:]:
        _positive(name, frame[name])
    names = list(dict.fromkeys(frame["series"]))
    if len(names) > len(_LOOKS):
        raise DataError(f"there are {len(names)} series; {len(_LOOKS)} can be told apart")
    with style():
        fig = Figure(figsize=(7.4, 4.0), layout="constrained")
        ax = fig.subplots()
        for name, (marker, colour) in zip(names, _LOOKS, strict=False):
            rows = frame[frame["series"] == name].sort_values("size", kind="stable")
            size, seconds = rows["size"].to_numpy(dtype=float), rows["seconds"].to_numpy(dtype=float)
            ax.plot(
                size[[0, -1]], seconds[-1] * size[[0, -1]] / size[-1], "--", color=LINE_GREY, linewidth=0.8, zorder=1,
                label="proportional to the size" if name == names[-1] else None,
            )  # fmt: skip
            ax.vlines(size, rows["low"], rows["high"], color=colour, linewidth=1.2, zorder=2)
            ax.plot(size, seconds, marker=marker, color=colour, markersize=5, linewidth=1.2, zorder=3, label=name)
        low, high = frame["low"].min(), frame["high"].max()
        ax.set_xscale("log")
        ax.set_yscale("log")
        # Proportional lines of series with a large fixed cost would stretch the axis far below every point.
        ax.set_ylim(low / 2, high * 2)
        for axis, show in ((ax.xaxis, tick_label), (ax.yaxis, text.duration)):
            axis.set_major_locator(LogLocator(10))
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter(FuncFormatter(lambda value, _, show=show: show(value)))
        ax.set_xlabel(f"{size_label} (log scale)")
        ax.set_ylabel("Time of a call (log scale)")
        fig.legend(loc="outside upper left", ncols=min(len(names) + 1, 3))
    return fig


def _positive(name: str, values: object) -> np.ndarray:
    numbers = np.asarray(values, dtype=float)
    for value in numbers.tolist():
        if not (math.isfinite(value) and value > 0):
            raise DataError(f"{name} must be positive", value=value)
    return numbers
