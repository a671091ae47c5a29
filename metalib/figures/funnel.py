"""Funnel plots: effects against their standard errors, with the regions of significance if wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from scipy.special import ndtri

from .. import text
from ..arithmetic.results import NO_STUDY, PooledEffect
from ..errors import DataError
from .checks import check_labels, check_title
from .labels import place_labels
from .layout import LINE, MARGIN, ROW, Sheet, block_height, wrap
from .marks import Span
from .rows import Row, check_result, natural_span, percent_of, study_rows
from .scales import MEASURE_NAMES, Scale, effect_scale, multiples, set_ticks
from .style import BLACK, BLUE, LINE_GREY, TITLE_SIZE, VERMILLION, style

#: Two-sided P at the borders of the shaded regions, from the outside in.
_CONTOURS = (0.01, 0.05, 0.10)
#: The outside, and what follows each border on the way in; darker means a smaller P.
_SHADES = ("#BFBFBF", "#D4D4D4", "#E8E8E8", "#FFFFFF")
_REGIONS = ("P < 0.01", "0.01 ≤ P < 0.05", "0.05 ≤ P < 0.10", "P ≥ 0.10")
_DASHES = (0, (5, 3))
#: With more studies than this names no longer help.
_MOST_LABELS = 20
#: Inches.
_PLOT_WIDTH, _PLOT_HEIGHT = 4.6, 3.7
_LEGEND_WIDTH = 2.05
_LEFT = 0.72


def funnel_data(
    effect: PooledEffect, *, contours: bool = True, labels: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return what :func:`funnel` draws, numbers unrounded.

    Parameters
    ----------
    effect, contours, labels
        As in :func:`funnel`.

    Returns
    -------
    DataFrame
        ``kind`` (``study``, ``not estimable``, ``pooled``, ``pseudo limits``, ``contour``), ``study``, ``label``,
        ``estimate``, ``low``, ``high`` (natural scale) and ``se`` (of the logarithm for ratios). The pseudo limits and
        the contours are straight lines from the pooled effect and from no effect at ``se`` 0 to ``low`` and ``high``
        at the ``se`` of their row.

    Raises
    ------
    DataError, OptionError
        As :func:`funnel`.
    """
    columns = ["kind", "study", "label", "estimate", "low", "high", "se"]
    lines = [
        (row.kind, row.study, row.label, row.span.estimate, row.span.low, row.span.high, row.se)
        for row in _rows(effect, contours, check_labels(labels))
    ]
    return pd.DataFrame(lines, columns=columns)


def funnel(
    effect: PooledEffect,
    *,
    contours: bool = True,
    labels: Mapping[str, str] | None = None,
    title: str | None = None,
) -> Figure:
    """Draw a funnel plot: precise studies on top, with the limits within which sampling alone would keep most of them.

    Parameters
    ----------
    effect : PooledEffect
        Decides where the funnel stands; the pseudo limits use its level of confidence.
    contours : bool
        Whether to shade where a study would have P < 0.10, < 0.05 and < 0.01 against no effect.
    labels : mapping, optional
        Name to show for a study. Up to 20 studies are named, more would hide the plot.
    title : str, optional

    Returns
    -------
    Figure
        Drawn from :func:`funnel_data` of the same arguments.

    Raises
    ------
    DataError
        No study is estimable, or the result does not hold the effects of its studies.
    OptionError
    """
    rows = _rows(effect, contours, check_labels(labels))
    with style():
        return _draw(effect, rows, check_title(title))


def _rows(effect: PooledEffect, contours: bool, labels: Mapping[str, str]) -> list[Row]:
    """Return studies, pooled effect, pseudo limits and contours; the rows of lines hold their lower end."""
    centre = check_result(effect).estimate
    if centre is None:
        raise DataError(f"nothing to draw: {NO_STUDY}")
    studies = study_rows(effect, labels, effect.weights)
    rows = [
        Row("study", row.label, Span(row.span.estimate), study=row.study, se=row.se)
        if row.se == row.se
        else Row("not estimable", row.label, study=row.study, se=row.se)
        for row in studies
    ]
    name = f"Pooled {MEASURE_NAMES[effect.measure].lower()} ({text.model_name(effect)})"
    foot = 1.12 * float(np.nanmax([row.se for row in studies]))

    def line(kind: str, label: str, centre: float, p: float) -> Row:
        reach = float(ndtri(1 - p / 2)) * foot
        return Row(kind, label, Span.of([effect.natural(centre + x) for x in (0.0, -reach, reach)]), se=foot)

    rows.append(Row("pooled", name, natural_span(effect), se=effect.se or 0.0))
    label = f"Pseudo {percent_of(effect.level)} limits"
    rows.append(line("pseudo limits", label, centre, 1 - effect.level))
    return rows + [line("contour", f"P = {text.number(p)}", 0.0, p) for p in _CONTOURS if contours]


def _draw(effect: PooledEffect, rows: list[Row], title: str) -> Figure:
    width = _LEFT + _PLOT_WIDTH + 0.25 + _LEGEND_WIDTH + MARGIN
    title = wrap(title, width - 2 * MARGIN, size=TITLE_SIZE, bold=True)
    top = MARGIN + (block_height(title) + 0.08 if title else 0.06)
    bottom = top + _PLOT_HEIGHT
    sheet = Sheet(width, bottom + 0.32 + ROW + MARGIN)
    sheet.text(MARGIN, MARGIN + block_height(title) / 2, title, bold=True, size=TITLE_SIZE)
    studies = [row for row in rows if row.kind == "study"]
    (pooled,), (limits,) = ([row for row in rows if row.kind == kind] for kind in ("pooled", "pseudo limits"))
    borders = [row for row in rows if row.kind == "contour"]
    foot, centre = limits.se, pooled.span.estimate

    axes = sheet.plot_area(_LEFT, _LEFT + _PLOT_WIDTH, top, bottom, label="plot")
    scale = effect_scale(effect.measure, [*(s.span.estimate for s in studies), limits.span.low, limits.span.high])
    scale.apply(axes)
    axes.set_ylim(foot, 0)
    axes.yaxis.set_visible(True)
    axes.spines["left"].set_visible(True)
    set_ticks(axes.yaxis, multiples(0.0, foot))
    axes.tick_params(length=3.5, pad=2.5)
    if borders:
        _shade(axes, borders, scale)
    axes.axvline(scale.no_effect, color=LINE_GREY, linewidth=0.8, zorder=2, gid="no effect")
    axes.plot([centre] * 2, [0, foot], color=BLUE, linewidth=1.3, zorder=3, gid="pooled")
    for end in (limits.span.low, limits.span.high):
        axes.plot([centre, end], [0, foot], color=BLUE, linewidth=1.1, linestyle=_DASHES, zorder=3, gid="pseudo limit")
    points = axes.plot([s.span.estimate for s in studies], [s.se for s in studies], zorder=5, clip_on=False)
    for point in points:
        point.set(**_DOT, gid="studies")
    name = MEASURE_NAMES[effect.measure]
    what = f"log {name.lower()}" if effect.is_ratio else name.lower()
    heading = f"{name}, log scale" if effect.is_ratio else name
    sheet.text(_LEFT + _PLOT_WIDTH / 2, bottom + 0.27 + ROW / 2, heading, align="center")
    sheet.upright(MARGIN + 0.08, (top + bottom) / 2, f"Standard error of the {what}")
    _legend(sheet, (_LEFT + _PLOT_WIDTH + 0.25, top), rows)
    if len(studies) <= _MOST_LABELS:
        tops = [(scale.no_effect,) * 2, (centre,) * 2, (centre, limits.span.low), (centre, limits.span.high)]
        lines = [((above, 0.0), (below, foot)) for above, below in tops]
        place_labels(axes, [(s.span.estimate, s.se, s.label) for s in studies], avoid=lines)
    return sheet.figure


_DOT = {
    "marker": "o", "linestyle": "none", "markersize": 6.5, "color": VERMILLION, "markeredgecolor": BLACK,
    "markeredgewidth": 0.8,
}  # fmt: skip


def _shade(axes: Axes, borders: Sequence[Row], scale: Scale) -> None:
    """Fill the regions from the outside in, each over the one before."""
    axes.axvspan(scale.low, scale.high, color=_SHADES[0], linewidth=0, zorder=0)
    for row, shade in zip(borders, _SHADES[1:], strict=True):
        foot = row.se
        corners = np.array([(row.span.estimate, 0.0), (row.span.low, foot), (row.span.high, foot)])
        axes.add_patch(Polygon(corners, facecolor=shade, edgecolor="none", zorder=1, gid=f"contour {row.label}"))


def _legend(sheet: Sheet, corner: tuple[float, float], rows: Sequence[Row]) -> None:
    x, y = corner

    def entry(value: str, draw: Callable[[float], object]) -> None:
        nonlocal y
        value = wrap(value, _LEGEND_WIDTH - 0.36)
        draw(y + ROW / 2)
        sheet.text(x + 0.36, y + block_height(value) / 2, value)
        y += block_height(value)

    def line(dashes: object) -> Callable[[float], object]:
        return lambda at: sheet.axes.plot([x, x + 0.26], [at, at], color=BLUE, linewidth=1.2, linestyle=dashes)

    def patch(shade: str) -> Callable[[float], object]:
        sides = (x, x, x + 0.26, x + 0.26)
        return lambda at: sheet.axes.add_patch(
            Polygon(
                [*zip(sides, (at - 0.07, at + 0.07, at + 0.07, at - 0.07), strict=True)],
                facecolor=shade, edgecolor=LINE_GREY, linewidth=0.6,
            )
        )  # fmt: skip

    entry("Study", lambda at: sheet.axes.plot([x + 0.13], [at])[0].set(**_DOT))
    for row in rows:
        if row.kind in ("pooled", "pseudo limits"):
            entry(row.label, line("solid" if row.kind == "pooled" else _DASHES))
    if any(row.kind == "contour" for row in rows):
        y += LINE / 2
        sheet.text(x, y + ROW / 2, "P against no effect")
        y += ROW
        for region, shade in zip(reversed(_REGIONS), reversed(_SHADES), strict=True):
            entry(region, patch(shade))
    absent = [row.label for row in rows if row.kind == "not estimable"]
    if absent:
        y += LINE / 2
        note = wrap(f"{text.NOT_ESTIMABLE.capitalize()}: {', '.join(absent)}", _LEGEND_WIDTH)
        sheet.text(x, y + block_height(note) / 2, note)
