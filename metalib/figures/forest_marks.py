"""The marks of a forest plot: squares, intervals, diamonds and the line of no effect."""

from __future__ import annotations

import math
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.markers import CARETLEFT, CARETRIGHT
from matplotlib.patches import Polygon

from .forest_lines import Line
from .scales import Scale
from .style import BLACK, BLUE

#: Side of the square of the heaviest study, in inches; smaller weights have smaller areas in proportion.
SQUARE = 0.16
#: Half the height of a diamond, in inches.
DIAMOND = 0.085
_CI_WIDTH = 1.1
_PREDICTION_WIDTH = 3.0


def draw_marks(axes: Axes, lines: list[Line], heights: list[float], scale: Scale) -> None:
    """Draw the mark of every line that has one, on axes that already have their scale."""
    axes.axvline(scale.no_effect, color=BLACK, linewidth=0.8, zorder=1, gid="no effect")
    marked = [(line.row, y) for line, y in zip(lines, heights, strict=True) if line.row is not None]
    heaviest = max((row.weight for row, _ in marked if row.kind == "study" and row.weight > 0), default=1.0)
    for row, y in marked:
        if row.kind == "study" and row.estimate == row.estimate:
            _study(axes, row, y, scale, heaviest)
        elif row.kind in ("subtotal", "total", "printed") and row.estimate == row.estimate:
            _diamond(axes, row, y, scale)
        elif row.kind == "prediction":
            _interval(axes, row, y, scale, width=_PREDICTION_WIDTH, colour=BLUE)


def _study(axes: Axes, row: NamedTuple, y: float, scale: Scale, heaviest: float) -> None:
    side = 72 * SQUARE * math.sqrt(max(row.weight, 0.0) / heaviest)
    _interval(axes, row, y, scale, width=_CI_WIDTH, colour=BLACK)
    axes.scatter(
        [row.estimate],
        [y],
        s=[side**2],
        marker="s",
        color=BLACK,
        linewidths=0,
        zorder=3,
        gid=f"square {row.study}",
    )
    # A precise study hides its own interval behind its square; a white line shows it there.
    if _points_between(axes, row.low, row.high) < 0.9 * side:
        axes.plot([row.low, row.high], [y, y], color="white", linewidth=_CI_WIDTH, solid_capstyle="butt", zorder=4)


def _interval(axes: Axes, row: NamedTuple, y: float, scale: Scale, *, width: float, colour: str) -> None:
    axes.plot(
        [row.low, row.high], [y, y], color=colour, linewidth=width, solid_capstyle="butt", zorder=2,
        gid=f"{row.kind} interval {row.study}".strip(),
    )  # fmt: skip
    _arrow_heads(axes, row, y, scale, colour)


def _diamond(axes: Axes, row: NamedTuple, y: float, scale: Scale) -> None:
    # Without limits only the place of the estimate is known: the diamond shrinks to a line.
    low, high = (row.estimate if end != end else end for end in (row.low, row.high))
    corners = [(low, y), (row.estimate, y - DIAMOND), (high, y), (row.estimate, y + DIAMOND)]
    axes.add_patch(
        Polygon(
            corners,
            closed=True,
            facecolor="white" if row.kind == "printed" else BLACK,
            edgecolor=BLACK,
            linewidth=1.0,
            joinstyle="miter",
            zorder=3,
            gid=f"{row.kind} diamond {row.subgroup}".strip(),
        )
    )
    _arrow_heads(axes, row, y, scale, BLACK)


def _arrow_heads(axes: Axes, row: NamedTuple, y: float, scale: Scale, colour: str) -> None:
    """Mark the ends of the axis at which an interval is cut off."""
    for cut, end, marker in (
        (row.low < scale.low, scale.low, CARETLEFT),
        (row.high > scale.high, scale.high, CARETRIGHT),
    ):
        if cut:
            axes.plot(
                [end], [y], marker=marker, markersize=7, color=colour, linestyle="none", clip_on=False, zorder=5,
                gid=f"cut off {row.kind} {row.study}".strip(),
            )  # fmt: skip


def _points_between(axes: Axes, low: float, high: float) -> float:
    """Return the distance of two x values on paper, in points."""
    (x0, _), (x1, _) = axes.transData.transform([(low, 0), (high, 0)])
    return abs(x1 - x0) * 72 / axes.figure.dpi
