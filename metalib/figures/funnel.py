"""Funnel plots: effects against their standard errors, with the regions of significance if wanted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from scipy.special import ndtri

from .. import text
from ..arithmetic.options import RATIOS
from ..arithmetic.pooling import pool
from ..arithmetic.results import NO_STUDY
from ..errors import DataError
from ..text import model_name
from . import scales
from .checks import check_frame, check_labels, check_title
from .forest_rows import percent_of, single_effects
from .labels import place_labels
from .layout import LINE, MARGIN, ROW, Sheet, block_height, wrap
from .style import BLACK, BLUE, LINE_GREY, TITLE_SIZE, VERMILLION, style

#: Two-sided P at the borders of the shaded regions, from the outside in.
_CONTOURS = (0.01, 0.05, 0.10)
#: The outside, and what follows each border on the way in; darker means a smaller P.
_SHADES = ("#BFBFBF", "#D4D4D4", "#E8E8E8", "#FFFFFF")
_REGIONS = ("P < 0.01", "0.01 ≤ P < 0.05", "0.05 ≤ P < 0.10", "P ≥ 0.10")
#: With more studies than this names no longer help.
_MOST_LABELS = 20
#: Inches.
_PLOT_WIDTH, _PLOT_HEIGHT = 4.6, 3.7
_LEGEND_WIDTH = 2.05
_LEFT = 0.72


def funnel_data(
    tables: pd.DataFrame,
    *,
    measure: str = "OR",
    method: str = "MH",
    model: str = "fixed",
    contours: bool = True,
    labels: Mapping[str, str] | None = None,
    tau2: str = "DL",
    ci: str = "wald",
    level: float = 0.95,
) -> pd.DataFrame:
    """Return what :func:`funnel` draws, numbers unrounded.

    Parameters
    ----------
    tables, measure, method, model, contours, labels, tau2, ci, level
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
    DataError
        Also when no study is estimable.
    OptionError
    """
    check_frame(tables)
    pooled = pool(tables, measure, method, model, tau2, ci, level)
    if not pooled.estimable:
        raise DataError(f"nothing to draw: {NO_STUDY}")
    single = single_effects(tables, measure, method, level=level)
    names = check_labels(labels)
    rows = [
        {
            "kind": "study" if e.effect == e.effect else "not estimable",
            "study": e.study,
            "label": str(names.get(e.study, e.study)),
            "estimate": pooled.natural(e.effect),
            "se": e.se,
        }
        for e in single.itertuples(index=False)
    ]
    foot = 1.12 * float(single["se"].max())
    rows.append(
        {
            "kind": "pooled",
            "label": f"Pooled {scales.MEASURE_NAMES[measure].lower()} ({model_name(pooled)})",
            "estimate": pooled.natural(pooled.estimate),
            "low": pooled.natural(pooled.ci_low),
            "high": pooled.natural(pooled.ci_high),
            "se": pooled.se,
        }
    )

    def lines(kind: str, label: str, centre: float, p: float) -> dict:
        reach = float(ndtri(1 - p / 2)) * foot
        ends = {"low": pooled.natural(centre - reach), "high": pooled.natural(centre + reach)}
        return {"kind": kind, "label": label, "estimate": pooled.natural(centre), **ends, "se": foot}

    rows.append(lines("pseudo limits", f"Pseudo {percent_of(level)} limits", pooled.estimate, 1 - level))
    if contours:
        rows += [lines("contour", f"P = {text.number(p)}", 0.0, p) for p in _CONTOURS]
    frame = pd.DataFrame(rows, columns=["kind", "study", "label", "estimate", "low", "high", "se"])
    numbers = ["estimate", "low", "high", "se"]
    return frame.assign(study=frame["study"].fillna(""), **{n: frame[n].astype(float) for n in numbers})


def funnel(
    tables: pd.DataFrame,
    *,
    measure: str = "OR",
    method: str = "MH",
    model: str = "fixed",
    contours: bool = True,
    labels: Mapping[str, str] | None = None,
    tau2: str = "DL",
    ci: str = "wald",
    level: float = 0.95,
    title: str | None = None,
) -> Figure:
    """Draw a funnel plot: precise studies on top, with the limits within which sampling alone would keep most of them.

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``.
    measure, method, model, tau2, ci, level
        As in :func:`metalib.pool`; they decide where the funnel stands, the pseudo limits use `level`.
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
        Also when no study is estimable.
    OptionError
    """
    data = funnel_data(
        tables, measure=measure, method=method, model=model, contours=contours, labels=labels, tau2=tau2, ci=ci,
        level=level,
    )  # fmt: skip
    with style():
        return _draw(data, measure, check_title(title))


def _draw(data: pd.DataFrame, measure: str, title: str) -> Figure:
    width = _LEFT + _PLOT_WIDTH + 0.25 + _LEGEND_WIDTH + MARGIN
    title = wrap(title, width - 2 * MARGIN, size=TITLE_SIZE, bold=True)
    top = MARGIN + (block_height(title) + 0.08 if title else 0.06)
    bottom = top + _PLOT_HEIGHT
    sheet = Sheet(width, bottom + 0.32 + ROW + MARGIN)
    if title:
        sheet.text(MARGIN, MARGIN + block_height(title) / 2, title, bold=True, size=TITLE_SIZE)
    rows = list(data.itertuples(index=False))
    studies = [row for row in rows if row.kind == "study"]
    pooled = next(row for row in rows if row.kind == "pooled")
    limits = next(row for row in rows if row.kind == "pseudo limits")
    borders = [row for row in rows if row.kind == "contour"]

    axes = sheet.plot_area(_LEFT, _LEFT + _PLOT_WIDTH, top, bottom, label="plot")
    no_effect = 1.0 if measure in RATIOS else 0.0
    scale = scales.fitted_scale(measure, [*(s.estimate for s in studies), limits.low, limits.high, no_effect])
    scale.apply(axes)
    _se_axis(axes, limits.se)
    if borders:
        _shade(axes, borders, scale)
    axes.axvline(scale.no_effect, color=LINE_GREY, linewidth=0.8, zorder=2, gid="no effect")
    axes.plot([pooled.estimate] * 2, [0, limits.se], color=BLUE, linewidth=1.3, zorder=3, gid="pooled")
    for end in (limits.low, limits.high):
        axes.plot(
            [limits.estimate, end], [0, limits.se], color=BLUE, linewidth=1.1, linestyle=(0, (5, 3)), zorder=3,
            gid="pseudo limit",
        )  # fmt: skip
    axes.plot(
        [s.estimate for s in studies], [s.se for s in studies], marker="o", linestyle="none", markersize=6.5,
        color=VERMILLION, markeredgecolor=BLACK, markeredgewidth=0.8, zorder=5, gid="studies",
        clip_on=False,
    )  # fmt: skip
    logarithm = measure in RATIOS
    name = scales.MEASURE_NAMES[measure]
    middle = _LEFT + _PLOT_WIDTH / 2
    sheet.text(middle, bottom + 0.27 + ROW / 2, f"{name}{', log scale' if logarithm else ''}", align="center")
    of = f" of the log {name.lower()}" if logarithm else f" of the {name.lower()}"
    sheet.upright(MARGIN + 0.08, (top + bottom) / 2, f"Standard error{of}")
    absent = [row.label for row in rows if row.kind == "not estimable"]
    _legend(sheet, _LEFT + _PLOT_WIDTH + 0.25, top, pooled.label, limits.label, bool(borders), absent)
    if len(studies) <= _MOST_LABELS:
        top_of = (
            (no_effect, no_effect),
            (pooled.estimate,) * 2,
            (limits.estimate, limits.low),
            (limits.estimate, limits.high),
        )
        lines = [((above, 0.0), (below, limits.se)) for above, below in top_of]
        place_labels(axes, [(s.estimate, s.se, s.label) for s in studies], avoid=lines)
    return sheet.figure


def _se_axis(axes: Axes, foot: float) -> None:
    axes.set_ylim(foot, 0)
    axes.yaxis.set_visible(True)
    axes.spines["left"].set_visible(True)
    step = next(s * 10.0**n for n in range(-6, 6) for s in (1, 2, 5) if foot / (s * 10.0**n) <= 6)
    ticks = [i * step for i in range(math.floor(foot / step + 1e-9) + 1)]
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    axes.set_yticks(ticks, [text.number(tick, digits) for tick in ticks])
    axes.tick_params(length=3.5, pad=2.5)


def _shade(axes: Axes, borders: list[NamedTuple], scale: scales.Scale) -> None:
    """Fill the regions from the outside in, each over the one before."""
    axes.axvspan(scale.low, scale.high, color=_SHADES[0], linewidth=0, zorder=0)
    for row, shade in zip(borders, _SHADES[1:], strict=True):
        corners = np.array([(row.estimate, 0.0), (row.low, row.se), (row.high, row.se)])
        axes.add_patch(Polygon(corners, facecolor=shade, edgecolor="none", zorder=1, gid=f"contour {row.label}"))


def _legend(sheet: Sheet, x: float, y: float, pooled: str, limits: str, shaded: bool, absent: list[str]) -> None:
    def entry(value: str, draw) -> None:
        nonlocal y
        value = wrap(value, _LEGEND_WIDTH - 0.36)
        height = block_height(value)
        draw(y + ROW / 2)
        sheet.text(x + 0.36, y + height / 2, value)
        y += height

    def line(dashes) -> object:
        return lambda at: sheet.axes.plot([x, x + 0.26], [at, at], color=BLUE, linewidth=1.2, linestyle=dashes)

    def dot(at: float) -> None:
        sheet.axes.plot(
            [x + 0.13], [at], "o", markersize=6.5, color=VERMILLION, markeredgecolor=BLACK,
            markeredgewidth=0.8,
        )  # fmt: skip

    entry("Study", dot)
    entry(pooled, line("solid"))
    entry(limits, line((0, (5, 3))))
    if shaded:
        y += LINE / 2
        sheet.text(x, y + ROW / 2, "P against no effect")
        y += ROW
        for region, shade in zip(reversed(_REGIONS), reversed(_SHADES), strict=True):
            entry(region, lambda at, shade=shade: _patch(sheet, x, at, shade))
    if absent:
        y += LINE / 2
        note = wrap(f"{text.NOT_ESTIMABLE.capitalize()}: {', '.join(absent)}", _LEGEND_WIDTH)
        sheet.text(x, y + block_height(note) / 2, note)


def _patch(sheet: Sheet, x: float, y: float, shade: str) -> None:
    corners = [(x, y - 0.07), (x + 0.26, y - 0.07), (x + 0.26, y + 0.07), (x, y + 0.07)]
    sheet.axes.add_patch(Polygon(corners, facecolor=shade, edgecolor=LINE_GREY, linewidth=0.6))
