"""The marks of results on an axis of effects: squares, intervals, diamonds and the line of no effect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.markers import CARETLEFT, CARETRIGHT
from matplotlib.patches import Polygon

from .scales import Scale
from .style import BLACK, BLUE, VERMILLION

#: Side of the square of the heaviest study, in inches; smaller weights have smaller areas in proportion.
SQUARE = 0.16
#: Half the height of a diamond, in inches.
DIAMOND = 0.085


@dataclass(frozen=True, slots=True)
class Span:
    """An estimate with the ends of its interval, natural scale; NaN is what does not exist."""

    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan

    @classmethod
    def of(cls, numbers: Sequence[float | None]) -> Span:
        """Take three numbers of a result, None being what does not exist."""
        estimate, low, high = (math.nan if number is None else float(number) for number in numbers)
        return cls(estimate, low, high)


NOWHERE = Span()


def significance_colour(significant: bool) -> tuple[str, str]:
    """Return colour and filling of a mark: filled and open, so that colour is not the only carrier."""
    return (BLUE, BLUE) if significant else (VERMILLION, "white")


class EffectPlot:
    """A plot area with an axis of effects, on which results are drawn at heights of their own."""

    def __init__(self, axes: Axes, scale: Scale) -> None:
        self.axes, self.scale = axes, scale
        scale.apply(axes)
        axes.tick_params(axis="x", length=3.5, pad=2.5)
        axes.axvline(scale.no_effect, color=BLACK, linewidth=0.8, zorder=1, gid="no effect")

    def interval(self, span: Span, y: float, name: str, *, colour: str = BLACK, width: float = 1.1) -> None:
        """Draw an interval; an arrow head marks an end of the axis at which it is cut off."""
        self.axes.plot(
            [span.low, span.high], [y, y], color=colour, linewidth=width, solid_capstyle="butt", zorder=2,
            gid=f"interval {name}",
        )  # fmt: skip
        self._arrow_heads(span, y, name, colour)

    def square(self, span: Span, y: float, name: str, *, share: float) -> None:
        """Draw a study: an interval and a square whose area is a `share` of the largest."""
        side = 72 * SQUARE * math.sqrt(share)
        self.interval(span, y, name)
        self.axes.scatter(
            [span.estimate], [y], s=[side**2], marker="s", color=BLACK, linewidths=0, zorder=3, gid=f"square {name}"
        )
        # A precise study hides its own interval behind its square; a white line shows it there.
        (left, _), (right, _) = self.axes.transData.transform([(span.low, 0), (span.high, 0)])
        if (right - left) * 72 / self.axes.figure.dpi < 0.9 * side:
            self.axes.plot([span.low, span.high], [y, y], color="white", linewidth=1.1, solid_capstyle="butt", zorder=4)

    def diamond(self, span: Span, y: float, name: str, *, face: str) -> None:
        """Draw a pooled result."""
        # Without limits only the place of the estimate is known: the diamond shrinks to a line.
        low, high = (span.estimate if math.isnan(end) else end for end in (span.low, span.high))
        corners = [(low, y), (span.estimate, y - DIAMOND), (high, y), (span.estimate, y + DIAMOND)]
        self.axes.add_patch(
            Polygon(
                corners, closed=True, facecolor=face, edgecolor=BLACK, linewidth=1.0, joinstyle="miter", zorder=3,
                gid=f"diamond {name}",
            )
        )  # fmt: skip
        self._arrow_heads(span, y, name, BLACK)

    def point(self, span: Span, y: float, name: str, *, significant: bool, marker: str) -> None:
        """Draw an estimate with its interval, filled when it is significant."""
        colour, face = significance_colour(significant)
        self.interval(span, y, name, colour=colour, width=1.4)
        self.axes.plot(
            [span.estimate], [y], marker, color=colour, markerfacecolor=face, markersize=5, zorder=3,
            gid=f"point {name}",
        )  # fmt: skip

    def _arrow_heads(self, span: Span, y: float, name: str, colour: str) -> None:
        for cut, end, marker in (
            (span.low < self.scale.low, self.scale.low, CARETLEFT),
            (span.high > self.scale.high, self.scale.high, CARETRIGHT),
        ):
            if cut:
                self.axes.plot(
                    [end], [y], marker=marker, markersize=7, color=colour, linestyle="none", clip_on=False, zorder=5,
                    gid=f"cut off {name}",
                )  # fmt: skip
