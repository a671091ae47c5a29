"""Forest plots in the layout of Review Manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from ..arithmetic.options import RATIOS
from ..text import METHOD_NAMES
from . import layout, scales
from .checks import check_title, pair_of_texts
from .forest_lines import Line, forest_lines
from .forest_marks import draw_marks
from .forest_rows import forest_data, percent_of
from .layout import MARGIN, ROW, Sheet, text_width, widest, wrap
from .style import LINE_GREY, TITLE_SIZE, style

_NUMBER_COLUMNS = ("events_t", "n_t", "events_c", "n_c")
_TEXT_COLUMNS = ("label", *_NUMBER_COLUMNS, "weight", "effect")
#: Inches.
_LABEL_WIDTH = 2.1
_ARM_WIDTH = 1.15
_PLOT_WIDTH = 2.96
_SMALL_GAP, _GAP, _PLOT_GAP = 0.12, 0.19, 0.26
_INDENT = 0.12
_TICKS = 0.3


def forest(
    tables: pd.DataFrame,
    *,
    measure: str = "OR",
    method: str = "MH",
    model: str = "fixed",
    tau2: str = "DL",
    ci: str = "wald",
    level: float = 0.95,
    by: str | None = None,
    labels: Mapping[str, str] | None = None,
    groups: Sequence[str] = ("Experimental", "Control"),
    favours: Sequence[str] = ("Favours experimental", "Favours control"),
    printed: Sequence[float] | None = None,
    prediction: bool = False,
    title: str | None = None,
) -> Figure:
    """Draw a forest plot in the layout of Review Manager, with the counts of every study.

    Squares have an area proportional to the weight; intervals that leave the axis end in an arrow head; studies that
    are not estimable are listed without a square.

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``.
    measure, method, model, tau2, ci, level
        As in :func:`metalib.pool`.
    by : str, optional
        Column of `tables` that names the subgroup of each row; adds subtotals and the test for subgroup differences.
    labels : mapping, optional
        Name to show for a study; without one it is shown as it stands in `tables`.
    groups : pair of str
        Names of the experimental and of the control arm.
    favours : pair of str
        What an effect left and right of no effect means. For events that are harmful, less than no effect favours
        the experimental arm; for beneficial events it is the other way round.
    printed : (estimate, low, high), optional
        A published result on the natural scale, drawn as an open diamond in a row of its own.
    prediction : bool
        Whether to show the prediction interval; it exists for random effects and at least three studies.
    title : str, optional

    Returns
    -------
    Figure
        Drawn from :func:`forest_data` of the same arguments.

    Raises
    ------
    DataError, OptionError
    """
    sides = pair_of_texts("favours", favours)
    data = forest_data(
        tables, measure=measure, method=method, model=model, tau2=tau2, ci=ci, level=level, by=by, labels=labels,
        groups=groups, printed=printed, prediction=prediction,
    )  # fmt: skip
    with style():
        return _draw(data, sides, check_title(title))


def _draw(data: pd.DataFrame, favours: tuple[str, str], title: str) -> Figure:
    first = data.iloc[0]
    head = _head(first)
    lines = [line.wrapped(_LABEL_WIDTH, _INDENT) for line in forest_lines(data)]
    body = [line for line in lines if not line.foot]
    foot = [line for line in lines if line.foot]
    edges, plot = _columns(first, lines, head)
    width = plot[1] + MARGIN + 0.1

    title = wrap(title, width - 2 * MARGIN, size=TITLE_SIZE, bold=True)
    sides = [wrap(side, _PLOT_WIDTH / 2 - 0.06) for side in favours]
    arms = [wrap(first[arm], _ARM_WIDTH, bold=True) for arm, _, _ in _ARMS]
    top = MARGIN + (layout.block_height(title) + 0.06 if title else 0)
    head_height = ROW + max(layout.block_height(arm) for arm in arms)
    first_row = top + head_height + 0.07
    axis_y = first_row + sum(line.height for line in body) + 0.04
    legend = _TICKS + max(layout.block_height(side) for side in sides)
    notes = sum(line.height for line in foot)
    sheet = Sheet(width, axis_y + max(legend, notes + 0.06) + MARGIN)

    if title:
        sheet.text(MARGIN, top - 0.06 - layout.block_height(title) / 2, title, bold=True, size=TITLE_SIZE)
    _draw_head(sheet, head, arms, edges, plot, top, head_height)
    sheet.rule(MARGIN, width - MARGIN, first_row - 0.07)
    y = _draw_lines(sheet, body, edges, first_row)
    _draw_lines(sheet, foot, edges, axis_y + 0.06)

    area = sheet.plot_area(*plot, first_row - 0.07, axis_y, label="plot")
    effects = data[data["kind"] != "difference"]
    scale = scales.symmetric_scale(first["measure"], effects["estimate"], [*effects["low"], *effects["high"]])
    scale.apply(area)
    area.tick_params(axis="x", length=3.5, pad=2.5)
    draw_marks(area, body, y, scale)
    middle = sum(plot) / 2
    for side, centre in zip(sides, (plot[0] + middle, middle + plot[1]), strict=True):
        sheet.text(centre / 2, axis_y + _TICKS + layout.block_height(side) / 2, side, align="center")
    return sheet.figure


#: Column of the name of an arm and the places of its two columns.
_ARMS = (("experimental", 1, 2), ("control", 3, 4))


def _head(first: pd.Series) -> dict[str, str]:
    """Return the headings of the columns."""
    name = scales.MEASURE_NAMES[first["measure"]]
    name = f"Peto {name.lower()}" if first["method"] == "Peto" else name
    interval = f"{percent_of(first['level'])} CI"
    model = f"{METHOD_NAMES[first['method']]}, {first['model'].capitalize()}, {interval}"
    scale = ", log scale" if first["measure"] in RATIOS else ""
    return {
        "label": "Study or Subgroup",
        "events_t": "Events",
        "n_t": "Total",
        "events_c": "Events",
        "n_c": "Total",
        "weight": "Weight",
        "effect": f"{name}\n{model}",
        "plot": f"{name}\n{interval}{scale}",
    }


def _columns(
    first: pd.Series, lines: list[Line], head: dict[str, str]
) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    """Return the edges of the text columns, each as wide as its widest text, and those of the plot."""
    widths = {}
    for column in _TEXT_COLUMNS:
        name, _, model = head[column].partition("\n")
        cells = [text_width(name, bold=True), text_width(model)]
        cells += [
            text_width(line.cells[column], bold=line.bold) + (_INDENT if column == "label" and line.indent else 0)
            for line in lines
            if column in line.cells and not line.note
        ]
        widths[column] = max(cells)
    gaps = [_GAP, _SMALL_GAP, _GAP, _SMALL_GAP, _GAP, _GAP, _PLOT_GAP]
    for name, events, total in (("experimental", "events_t", "n_t"), ("control", "events_c", "n_c")):
        need = text_width(wrap(first[name], _ARM_WIDTH, bold=True), bold=True)
        lack = need - widths[events] - widths[total] - _SMALL_GAP
        widths[events] += max(0.0, lack / 2)
        widths[total] += max(0.0, lack / 2)
    left = sum(widths.values()) + sum(gaps) - _PLOT_GAP
    notes = widest(line.cells["label"] for line in lines if line.note)
    widths["label"] += max(0.0, notes - left)
    edges = layout.columns([widths[column] for column in _TEXT_COLUMNS], gaps)
    plot_left = edges[-1][1] + _PLOT_GAP
    return edges, (plot_left, plot_left + _PLOT_WIDTH)


def _draw_head(
    sheet: Sheet,
    head: dict[str, str],
    arms: list[str],
    edges: list[tuple[float, float]],
    plot: tuple[float, float],
    top: float,
    height: float,
) -> None:
    bottom = top + height - ROW / 2
    for (left, right), column in zip(edges, _TEXT_COLUMNS, strict=True):
        if column == "label":
            sheet.text(left, bottom, head[column], bold=True)
        elif column == "effect":
            name, model = head[column].split("\n")
            sheet.text(right, bottom - ROW, name, align="right", bold=True)
            sheet.text(right, bottom, model, align="right")
        else:
            sheet.text(right, bottom, head[column], align="right", bold=True)
    for arm, (_, events, total) in zip(arms, _ARMS, strict=True):
        left, right = edges[events][0], edges[total][1]
        sheet.text((left + right) / 2, bottom - ROW / 2 - layout.block_height(arm) / 2, arm, align="center", bold=True)
        sheet.rule(left, right, bottom - ROW / 2, width=0.5, colour=LINE_GREY)
    name, model = head["plot"].split("\n")
    sheet.text(sum(plot) / 2, bottom - ROW, name, align="center", bold=True)
    sheet.text(sum(plot) / 2, bottom, model, align="center")


def _draw_lines(sheet: Sheet, lines: list[Line], edges: list[tuple[float, float]], y: float) -> list[float]:
    """Write the texts of all lines and return the height at which each line stands."""
    heights = []
    for line in lines:
        y += line.gap
        middle = y + (line.height - line.gap) / 2
        heights.append(middle)
        for (left, right), column in zip(edges, _TEXT_COLUMNS, strict=True):
            value = line.cells.get(column, "")
            if not value:
                continue
            if column == "label":
                sheet.text(left + (_INDENT if line.indent else 0), middle, value, bold=line.bold)
            else:
                sheet.text(right, middle, value, align="right", bold=line.bold)
        y += line.height - line.gap
    return heights
