"""The overview: every outcome of a review in one picture, as published and recomputed under several models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.markers import CARETLEFT, CARETRIGHT

from .. import text
from ..arithmetic.results import PooledEffect
from ..errors import DataError, OptionError
from .forest_marks import DIAMOND
from .layout import MARGIN, Sheet, text_width, widest
from .scales import MEASURE_NAMES, Scale, symmetric_scale
from .style import BLACK, BLUE, LINE_GREY, TEXT_GREY, VERMILLION, style

#: Inches between two lines of one outcome, and above and below an outcome.
_STEP = 0.155
_PAD = 0.11
_PLOT = 2.9
_GAP = 0.16
_HEAD = 0.42
_MARKS = ("s", "o", "D", "^", "v", "P")


@dataclass(frozen=True)
class OverviewRow:
    """One outcome of an overview.

    Attributes
    ----------
    label : str
    better : {"more", "fewer"}
        Which side of no effect is the good one.
    published : tuple of float, optional
        Published estimate and limits, natural scale.
    published_p : float, optional
    published_model : str, optional
        Key of the model that the published result needs; it is framed.
    results : mapping of str to sequence of PooledEffect
        Results by model. Several results of one model are candidates, of which none is preferred.
    """

    label: str
    better: str
    published: tuple[float, float, float] | None
    published_p: float | None
    published_model: str | None
    results: Mapping[str, Sequence[PooledEffect]]


def overview(rows: Sequence[OverviewRow], *, models: Sequence[str], alpha: float = 0.05) -> Figure:
    """Draw published and recomputed results of several outcomes, and which are significant.

    Parameters
    ----------
    rows : sequence of OverviewRow
        All of one effect measure.
    models : sequence of str
        Keys of ``results``, in the order in which they are drawn; they name the columns.
    alpha : float
        Level of significance: marks are filled where P is below it.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        There is nothing to draw, or a row lacks a model.
    OptionError
        The results are of several measures, or `better` is unknown.
    """
    measure = _check(rows, models)
    cells = [_cells(row, models, alpha) for row in rows]
    headings = ["As printed", *models]
    widths = [max(text_width(h, bold=True), widest(line[i][1] for line in cells) + 0.2) for i, h in enumerate(headings)]
    notes = [f"better: {'right' if row.better == 'more' else 'left'} of {_null(measure)}" for row in rows]
    label = max(widest((r.label for r in rows), bold=True), widest(notes, size=7.5))
    height = 2 * _PAD + _STEP * len(models)
    first = _PAD + _STEP / 2
    plot = MARGIN + label + _GAP
    edges, x = [], plot + _PLOT + _GAP
    for width in widths:
        edges.append((x, x + width))
        x += width + _GAP
    top = MARGIN + _HEAD
    bottom = top + height * len(rows)
    scale = symmetric_scale(measure, [e for row in rows for e in _points(row)], [e for row in rows for e in _ends(row)])
    with style():
        sheet = Sheet(x - _GAP + MARGIN, bottom + 0.78)
        axes = sheet.plot_area(plot, plot + _PLOT, top, bottom, label="results")
        scale.apply(axes)
        axes.set_xlabel(f"{MEASURE_NAMES[measure]} and 95% interval{' (log scale)' if scale.log else ''}")
        axes.axvline(scale.no_effect, color=BLACK, linewidth=0.8, zorder=1)
        for (x0, x1), heading in zip(edges, headings, strict=True):
            sheet.text((x0 + x1) / 2, MARGIN + 0.27, heading, align="center", bold=True)
        sheet.text((edges[0][0] + edges[-1][1]) / 2, MARGIN + 0.08, f"P, and whether it is below {alpha:g}",
                   align="center", colour=TEXT_GREY)  # fmt: skip
        for i, (row, line, note) in enumerate(zip(rows, cells, notes, strict=True)):
            y0 = top + i * height
            if i % 2 == 0:
                sheet.axes.axhspan(y0, y0 + height, color="0.955", zorder=0, linewidth=0)
            middle = y0 + height / 2
            sheet.text(MARGIN, middle - 0.085, row.label, bold=True)
            sheet.text(MARGIN, middle + 0.085, note, size=7.5, colour=TEXT_GREY)
            _draw(axes, row, y0 + first, models, scale, alpha)
            for (x0, x1), (filled, value), name in zip(edges, line, ("", *models), strict=True):
                _cell(sheet, x0, x1, middle, filled, value, framed=name == row.published_model and name != "")
        _legend(sheet, models, bottom + 0.6)
    return sheet.figure


def overview_data(rows: Sequence[OverviewRow], *, models: Sequence[str]) -> pd.DataFrame:
    """Return the numbers that :func:`overview` draws: ``outcome, result, estimate, low, high, p`` (natural scale)."""
    lines: list[tuple] = []
    for row in rows:
        if row.published is not None:
            lines.append((row.label, "as printed", *row.published, row.published_p))
        for model in models:
            lines += [(row.label, model, *_natural(effect), effect.p) for effect in row.results[model]]
    return pd.DataFrame(lines, columns=["outcome", "result", "estimate", "low", "high", "p"])


def _check(rows: Sequence[OverviewRow], models: Sequence[str]) -> str:
    if not rows or not models or len(models) > len(_MARKS):
        raise DataError(f"an overview needs outcomes and 1 to {len(_MARKS)} models, not {len(rows)} and {len(models)}")
    for row in rows:
        if row.better not in ("more", "fewer"):
            raise OptionError(f"better={row.better!r} of {row.label!r} is neither more nor fewer")
        for model in models:
            if not row.results.get(model):
                raise DataError(f"{row.label!r} has no result under {model!r}")
            for effect in row.results[model]:
                if not effect.estimable:
                    raise DataError(f"{row.label!r} is not estimable under {model!r}")
    measures = {effect.measure for row in rows for model in models for effect in row.results[model]}
    if len(measures) != 1:
        raise OptionError(f"an overview shows one measure, not {', '.join(sorted(measures))}")
    return measures.pop()


def _null(measure: str) -> str:
    return "0" if measure == "RD" else "1"


def _natural(effect: PooledEffect) -> tuple[float, float, float]:
    return tuple(effect.natural(value) for value in (effect.estimate, effect.ci_low, effect.ci_high))


def _points(row: OverviewRow) -> list[float]:
    found = [_natural(effect)[0] for effects in row.results.values() for effect in effects]
    return found + ([row.published[0]] if row.published else [])


def _ends(row: OverviewRow) -> list[float]:
    found = [end for effects in row.results.values() for effect in effects for end in _natural(effect)[1:]]
    return found + (list(row.published[1:]) if row.published else [])


def _cells(row: OverviewRow, models: Sequence[str], alpha: float) -> list[tuple[bool | None, str]]:
    """Return for every column whether it is significant (None: some candidates are) and its P as text."""
    cells: list[tuple[bool | None, str]] = []
    p = row.published_p
    cells.append((None, "–") if p is None else (p < alpha, _p_text(p, alpha)))
    for model in models:
        found = sorted(effect.p for effect in row.results[model])
        below = [p < alpha for p in found]
        shown = dict.fromkeys((_p_text(found[0], alpha), _p_text(found[-1], alpha)))
        cells.append((below[0] if len(set(below)) == 1 else None, " to ".join(shown)))
    return cells


def _p_text(p: float, alpha: float) -> str:
    """Return a P value with as many decimals as it takes to see on which side of `alpha` it lies."""
    shown = text.p_value(p)
    return text.number(p, 4) if shown == f"{alpha:.3f}" and p != alpha else shown


def _cell(sheet: Sheet, x0: float, x1: float, y: float, filled: bool | None, value: str, *, framed: bool) -> None:
    width = text_width(value) + 0.2
    left = (x0 + x1 - width) / 2
    colour = VERMILLION if filled is False else BLUE
    face = colour if filled else "white"
    sheet.axes.plot([left + 0.06], [y], "o", color=colour, markerfacecolor=face, markersize=6.5, zorder=3)
    sheet.text(left + 0.2, y, value)
    if framed:
        xs, ys = (left - 0.06, left + width + 0.07), (y - 0.13, y + 0.13)
        sheet.axes.plot([xs[0], xs[1], xs[1], xs[0], xs[0]], [ys[0], ys[0], ys[1], ys[1], ys[0]],
                        color=LINE_GREY, linewidth=0.9, zorder=2)  # fmt: skip


def _draw(axes: Axes, row: OverviewRow, y: float, models: Sequence[str], scale: Scale, alpha: float) -> None:
    if row.published is not None:
        # Behind everything, over the height of the outcome: what the recomputed intervals are to be held against.
        low, high = (min(max(end, scale.low), scale.high) for end in row.published[1:])
        depth = _STEP * (len(models) - 1)
        axes.fill_betweenx([y - DIAMOND, y + depth + DIAMOND], low, high, color="0.86", linewidth=0, zorder=0)
        axes.plot([row.published[0]] * 2, [y - DIAMOND, y + depth + DIAMOND], color=LINE_GREY, linestyle=(0, (3, 2)),
                  linewidth=1, zorder=1)  # fmt: skip
    for i, (model, mark) in enumerate(zip(models, _MARKS, strict=False)):
        height = y + i * _STEP
        for effect in row.results[model]:
            estimate, low, high = _natural(effect)
            colour = BLUE if effect.p < alpha else VERMILLION
            axes.plot([max(low, scale.low), min(high, scale.high)], [height] * 2, color=colour, linewidth=1.4,
                      solid_capstyle="butt", zorder=2)  # fmt: skip
            for cut, end, head in (
                (low < scale.low, scale.low, CARETLEFT),
                (high > scale.high, scale.high, CARETRIGHT),
            ):
                if cut:
                    axes.plot([end], [height], marker=head, markersize=6, color=colour, clip_on=False, zorder=4)
            axes.plot([estimate], [height], mark, color=colour, markersize=5, zorder=3,
                      markerfacecolor=colour if effect.p < alpha else "white", gid=f"{row.label} {model}")  # fmt: skip


def _legend(sheet: Sheet, models: Sequence[str], y: float) -> None:
    x = MARGIN
    sheet.axes.fill_betweenx([y - 0.05, y + 0.05], x, x + 0.3, color="0.8", linewidth=0)
    sheet.text(x + 0.36, y, "as printed")
    x += 0.36 + text_width("as printed") + 0.22
    for model, mark in zip(models, _MARKS, strict=False):
        sheet.axes.plot([x + 0.05], [y], mark, color=BLACK, markersize=5)
        sheet.text(x + 0.16, y, model)
        x += 0.16 + text_width(model) + 0.22
    for filled, words in ((True, "significant"), (False, "not significant")):
        colour = BLUE if filled else VERMILLION
        sheet.axes.plot([x + 0.05], [y], "o", color=colour, markerfacecolor=colour if filled else "white", markersize=6)
        sheet.text(x + 0.17, y, words)
        x += 0.17 + text_width(words) + 0.22
