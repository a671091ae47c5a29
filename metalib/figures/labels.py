"""Names beside points, placed so that they cover neither points nor each other."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from .layout import LINE, text_width
from .style import TEXT_GREY

#: Points; a name keeps this distance from the middle of its point at first.
_NEAR = 7.0
_POINT = 5.0
_NEAR_STEPS, _STEPS = 3, 14
#: Directions in the order of preference, as angles.
_ANGLES = (0, 180, 90, 270, 35, 145, 325, 215, 60, 120, 300, 240)

Box = tuple[float, float, float, float]


def place_labels(
    axes: Axes,
    points: Sequence[tuple[float, float, str]],
    *,
    avoid: Sequence[tuple[tuple[float, float], tuple[float, float]]] = (),
) -> None:
    """Write the name of every point beside it.

    Names that find no room next to their point move away from it and are tied to it by a thin line.

    Parameters
    ----------
    axes : Axes
        With its final limits.
    points : sequence of (x, y, name)
    avoid : sequence of pairs of (x, y)
        Ends of straight lines that names should not cross if there is other room near their point.
    """
    per_point = axes.figure.dpi / 72
    to_points = [tuple(v / per_point for v in axes.transData.transform((x, y))) for x, y, _ in points]
    x0, y0, x1, y1 = (v / per_point for v in axes.bbox.extents)
    inside = (x0 + 1, y0 + 1, x1 - 1, y1 - 1)
    taken: list[Box] = [(x - _POINT, y - _POINT, x + _POINT, y + _POINT) for x, y in to_points]
    # A line is as good as points closer to each other than a letter is high.
    ends = [axes.transData.transform(line) / per_point for line in avoid]
    dots = np.array([a + (b - a) * t for a, b in ends for t in np.linspace(0, 1, 150)]).reshape(-1, 2)
    for (x, y, name), (px, py) in zip(points, to_points, strict=True):
        size = (72 * text_width(name), 72 * LINE)
        box, distance = _find(px, py, size, inside, taken, dots)
        taken.append(box)
        centre = ((box[0] + box[2]) / 2 - px, (box[1] + box[3]) / 2 - py)
        away = distance > _NEAR
        axes.annotate(
            name,
            (x, y),
            xytext=centre,
            textcoords="offset points",
            ha="center",
            va="center",
            zorder=6,
            gid="name",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "linewidth": 0.6, "color": TEXT_GREY, "shrinkA": 1, "shrinkB": 3}
            if away
            else None,
        )


def _find(
    px: float, py: float, size: tuple[float, float], inside: Box, taken: Sequence[Box], dots: np.ndarray
) -> tuple[Box, float]:
    """Return the first free box around a point and its distance."""
    # Crossing a line is better than standing far away, standing far away better than covering a point or a name.
    for crossing, steps in ((False, range(_NEAR_STEPS)), (True, range(_STEPS))):
        for step in steps:
            distance = _NEAR + 9.0 * step
            for angle in _ANGLES:
                box = _beside(px, py, size, distance, math.radians(angle))
                if not _contains(inside, box) or any(_overlap(box, other) for other in taken):
                    continue
                if step and _leads_over(px, py, box, taken):
                    continue
                if crossing or not _crosses(box, dots):
                    return box, distance
    return _beside(px, py, size, _NEAR, 0.0), _NEAR


def _crosses(box: Box, dots: np.ndarray) -> bool:
    x, y = dots[:, 0], dots[:, 1]
    return bool(((x > box[0] - 1) & (x < box[2] + 1) & (y > box[1]) & (y < box[3])).any())


def _leads_over(px: float, py: float, box: Box, taken: Sequence[Box]) -> bool:
    """Return whether the line from a point to its name would run over another point or name."""
    ends = np.array([(px, py), ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)])
    line = ends[0] + (ends[1] - ends[0]) * np.linspace(0, 1, 60)[:, None]
    return any(_crosses(other, line) for other in taken if not (other[0] < px < other[2] and other[1] < py < other[3]))


def _beside(px: float, py: float, size: tuple[float, float], distance: float, angle: float) -> Box:
    """Return a box of `size` whose nearest edge lies `distance` from a point in the direction of `angle`."""
    width, height = size
    x = px + math.cos(angle) * (distance + width / 2)
    y = py + math.sin(angle) * (distance + height / 2)
    return (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _contains(outer: Box, inner: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]
