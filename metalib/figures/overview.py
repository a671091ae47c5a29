"""The overview: every outcome of a review in one picture, as published and recomputed under several models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .. import text
from ..arithmetic.results import PooledEffect
from ..errors import DataError, OptionError
from .layout import MARGIN, Sheet, columns, text_width, widest
from .marks import DIAMOND, EffectPlot, Span
from .rows import natural_span
from .scales import MEASURE_NAMES, effect_scale
from .style import BLACK, BLUE, LINE_GREY, TEXT_GREY, VERMILLION, style

#: Inches between two lines of one outcome, and above and below an outcome.
_STEP = 0.155
_PAD = 0.11
_PLOT = 2.2
_GAP = 0.16
_HEAD = 0.42
_MARKS = ("s", "o", "D", "^", "v", "P")


@dataclass(frozen=True)
class OverviewRow:
    """One outcome of an overview.

    Attributes
    ----------
    label : str
    better : {"more", "fewer", "neither"}
        Whether more or fewer events are better: the side of no effect that is the good one.
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
    null = "0" if measure == "RD" else "1"
    sides = {"more": f"better: right of {null}", "fewer": f"better: left of {null}", "neither": "better: neither side"}
    notes = [sides[row.better] for row in rows]
    plot = MARGIN + max(widest((r.label for r in rows), bold=True), widest(notes)) + _GAP
    edges = columns(widths, [_GAP] * len(widths), left=plot + _PLOT + _GAP)
    height = 2 * _PAD + _STEP * len(models)
    top = MARGIN + _HEAD
    bottom = top + height * len(rows)
    with style():
        sheet = Sheet(edges[-1][1] + MARGIN, bottom + 0.78)
        spans = [span for row in rows for span, _ in _spans(row, models)]
        spans += [Span(*row.published) for row in rows if row.published is not None]
        scale = effect_scale(measure, [s.estimate for s in spans], [end for s in spans for end in (s.low, s.high)])
        area = EffectPlot(sheet.plot_area(plot, plot + _PLOT, top, bottom, label="results"), scale)
        area.axes.set_xlabel(f"{MEASURE_NAMES[measure]} and 95% interval{' (log scale)' if scale.log else ''}")
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
            sheet.text(MARGIN, middle + 0.085, note, colour=TEXT_GREY)
            _draw(area, row, y0 + _PAD + _STEP / 2, models, alpha)
            for (x0, x1), (filled, value), name in zip(edges, line, ("", *models), strict=True):
                framed = name == row.published_model and name != ""
                _cell(sheet, ((x0 + x1) / 2, middle), filled, value, framed=framed)
        _legend(sheet, models, bottom + 0.6)
    return sheet.figure


def overview_data(rows: Sequence[OverviewRow], *, models: Sequence[str]) -> pd.DataFrame:
    """Return the numbers that :func:`overview` draws: ``outcome, result, estimate, low, high, p`` (natural scale)."""
    lines: list[tuple[str, str, float, float, float, float | None]] = []
    for row in rows:
        if row.published is not None:
            lines.append((row.label, "as printed", *row.published, row.published_p))
        for model in models:
            spans = [(natural_span(effect), effect.p) for effect in row.results[model]]
            lines += [(row.label, model, s.estimate, s.low, s.high, p) for s, p in spans]
    return pd.DataFrame(lines, columns=["outcome", "result", "estimate", "low", "high", "p"])


def _check(rows: Sequence[OverviewRow], models: Sequence[str]) -> str:
    if not rows or not models or len(models) > len(_MARKS):
        raise DataError(f"an overview needs outcomes and 1 to {len(_MARKS)} models, not {len(rows)} and {len(models)}")
    for row in rows:
        if row.better not in ("more", "fewer", "neither"):
            raise OptionError(f"better={row.better!r} of {row.label!r} is not more, fewer or neither")
        for model in models:
            if not row.results.get(model):
                raise DataError(f"{row.label!r} has no result under {model!r}")
            for effect in row.results[model]:
                if effect.p is None:
                    raise DataError(f"{row.label!r} is not estimable under {model!r}")
    measures = {effect.measure for row in rows for model in models for effect in row.results[model]}
    if len(measures) != 1:
        raise OptionError(f"an overview shows one measure, not {', '.join(sorted(measures))}")
    return measures.pop()


def _spans(row: OverviewRow, models: Sequence[str]) -> Iterator[tuple[Span, str]]:
    """Yield the results of an outcome with their models."""
    for model in models:
        for effect in row.results[model]:
            yield natural_span(effect), model


def _cells(row: OverviewRow, models: Sequence[str], alpha: float) -> list[tuple[bool | None, str]]:
    """Return for every column whether it is significant (None: some candidates are) and its P as text."""
    cells: list[tuple[bool | None, str]] = []
    p = row.published_p
    cells.append((None, "–") if p is None else (p < alpha, _p_text(p, alpha)))
    for model in models:
        found = sorted(effect.p for effect in row.results[model] if effect.p is not None)
        below = [p < alpha for p in found]
        shown = dict.fromkeys((_p_text(found[0], alpha), _p_text(found[-1], alpha)))
        cells.append((below[0] if len(set(below)) == 1 else None, " to ".join(shown)))
    return cells


def _p_text(p: float, alpha: float) -> str:
    """Return a P value with as many decimals as it takes to see on which side of `alpha` it lies."""
    shown = text.p_value(p)
    return text.number(p, 4) if shown == f"{alpha:.3f}" and p != alpha else shown


def _cell(sheet: Sheet, middle: tuple[float, float], filled: bool | None, value: str, *, framed: bool) -> None:
    width, (x, y) = text_width(value) + 0.2, middle
    left = x - width / 2
    colour = VERMILLION if filled is False else BLUE
    sheet.axes.plot(
        [left + 0.06], [y], "o", color=colour, markerfacecolor=colour if filled else "white", markersize=6.5, zorder=3
    )
    sheet.text(left + 0.2, y, value)
    if framed:
        frame = Rectangle((left - 0.06, y - 0.13), width + 0.13, 0.26, fill=False, edgecolor=LINE_GREY, linewidth=0.9)
        sheet.axes.add_patch(frame)


def _draw(area: EffectPlot, row: OverviewRow, y: float, models: Sequence[str], alpha: float) -> None:
    if row.published is not None:
        # Behind everything, over the height of the outcome: what the recomputed intervals are to be held against.
        estimate, *ends = row.published
        low, high = (min(max(end, area.scale.low), area.scale.high) for end in ends)
        between = [y - DIAMOND, y + _STEP * (len(models) - 1) + DIAMOND]
        area.axes.fill_betweenx(between, low, high, color="0.86", linewidth=0, zorder=0)
        area.axes.plot([estimate] * 2, between, color=LINE_GREY, linestyle=(0, (3, 2)), linewidth=1, zorder=1)
    for i, (model, mark) in enumerate(zip(models, _MARKS, strict=False)):
        for effect in row.results[model]:
            significant = effect.p is not None and effect.p < alpha
            name = f"{row.label} {model}"
            area.point(natural_span(effect), y + i * _STEP, name, significant=significant, marker=mark)


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
