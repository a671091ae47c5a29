"""Sheets measured in inches: text columns, wrapped text and plot areas that know each other's size.

matplotlib places text without looking what it covers. Here every text is measured before the figure gets its size, so
that columns are as wide as what they hold and nothing runs into anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from .style import BLACK, DPI, FONT, FONT_SIZE

#: Distance of two lines of one text, in inches.
LINE = 0.158
#: Height of a row that holds one line.
ROW = 0.235
#: Blank edge around a figure.
MARGIN = 0.12
#: Screen renderers fit letters to pixels and thereby set text a few percent wider than its outlines are.
_HINTING = 1.04
_POINTS = 72.0
#: Height of capitals and figures in the font, as a share of its size.
_CAPITALS = 0.729
#: A line may end after a blank, or after a hyphen, dash or slash between two words (but not inside "M-H").
_BREAKS = re.compile(r".+?(?: |(?<=\w{3}[-–/])(?=\w{3})|$)")


@lru_cache(maxsize=4096)
def text_width(value: str, *, size: float = FONT_SIZE, bold: bool = False) -> float:
    """Return the width of a text in inches; the widest line counts."""
    font = FontProperties(family=[FONT], size=size, weight="bold" if bold else "normal")
    widths = [text_to_path.get_text_width_height_descent(line, font, False)[0] for line in value.split("\n") if line]
    return _HINTING * max(widths, default=0.0) / _POINTS


def widest(values: Iterable[str], *, bold: bool = False) -> float:
    """Return the width of the widest of several texts in inches."""
    return max((text_width(value, bold=bold) for value in values), default=0.0)


def wrap(value: str, width: float, *, size: float = FONT_SIZE, bold: bool = False) -> str:
    """Break a text into lines no wider than `width` inches, inside a word only when the word alone is wider."""

    def fits(line: str) -> bool:
        return text_width(line.rstrip(" "), size=size, bold=bold) <= width

    lines: list[str] = []
    for part in _BREAKS.findall(" ".join(value.split())):
        if lines and fits(lines[-1] + part):
            lines[-1] += part
            continue
        word = part
        while not fits(word) and len(word) > 1:
            cut = next((n for n in range(len(word) - 1, 1, -1) if fits(word[:n])), 1)
            lines.append(word[:cut])
            word = word[cut:]
        lines.append(word)
    return "\n".join(line.rstrip(" ") for line in lines)


def line_count(value: str) -> int:
    """Return the number of lines of a wrapped text."""
    return value.count("\n") + 1


def block_height(value: str) -> float:
    """Return the height of a row that holds a wrapped text."""
    return ROW + (line_count(value) - 1) * LINE


def columns(widths: Sequence[float], gaps: Sequence[float], left: float = MARGIN) -> list[tuple[float, float]]:
    """Return left and right edge of columns set side by side; ``gaps[i]`` comes after column i."""
    edges = []
    for width, gap in zip(widths, gaps, strict=True):
        edges.append((left, left + width))
        left += width + gap
    return edges


class Sheet:
    """A figure whose coordinates are inches from its upper left corner.

    Attributes
    ----------
    figure : Figure
    axes : Axes
        Covers the whole figure, without frame.
    """

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
        self.axes = self.figure.add_axes((0, 0, 1, 1), label="sheet")
        self.axes.set_xlim(0, width)
        self.axes.set_ylim(height, 0)
        self.axes.set_axis_off()

    def text(
        self,
        x: float,
        y: float,
        value: str,
        *,
        align: str = "left",
        bold: bool = False,
        italic: bool = False,
        size: float = FONT_SIZE,
        colour: str = BLACK,
    ) -> None:
        """Write a text, its lines centred together at height `y`."""
        # Line by line, because matplotlib spaces the lines of one text by the letters they happen to hold; centred on
        # capitals, so that a row stays level with its mark whether or not letters go below the line.
        if not value:
            return
        lines = value.split("\n")
        step = LINE * size / FONT_SIZE
        y += _CAPITALS * size / _POINTS / 2 - step * (len(lines) - 1) / 2
        for i, line in enumerate(lines):
            self.axes.text(
                x, y + i * step, line, ha=align, va="baseline", fontsize=size, color=colour,
                fontweight="bold" if bold else "normal", fontstyle="italic" if italic else "normal",
            )  # fmt: skip

    def upright(self, x: float, y: float, value: str, *, align: str = "center", bold: bool = False) -> None:
        """Write a text that runs upwards, its lines centred together at `x`; it is centred at `y` or starts there."""
        lines = value.split("\n")
        for i, line in enumerate(lines):
            self.axes.text(
                x + (i - (len(lines) - 1) / 2) * LINE, y, line, rotation=90, ha="center", va=align,
                fontweight="bold" if bold else "normal",
            )  # fmt: skip

    def rule(self, x0: float, x1: float, y: float, *, width: float = 0.8, colour: str = BLACK) -> None:
        """Draw a horizontal rule."""
        self.axes.plot([x0, x1], [y, y], color=colour, linewidth=width, solid_capstyle="butt")

    def plot_area(self, x0: float, x1: float, y0: float, y1: float, *, label: str) -> Axes:
        """Add axes between two corners; their y values are inches of the sheet, so that rows and marks line up."""
        position = (x0 / self.width, 1 - y1 / self.height, (x1 - x0) / self.width, (y1 - y0) / self.height)
        axes = self.figure.add_axes(position, label=label)
        axes.set_ylim(y1, y0)
        axes.patch.set_visible(False)
        axes.yaxis.set_visible(False)
        for side in ("left", "top", "right"):
            axes.spines[side].set_visible(False)
        return axes
