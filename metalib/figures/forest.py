"""Forest plots in the layout of Review Manager."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Unpack

import pandas as pd
from matplotlib.figure import Figure

from ..arithmetic.results import PooledEffect
from ..arithmetic.subgroups import Subgroups
from ..errors import DataError
from .arms import arms_of
from .checks import check_title, pair_of_texts
from .forest_lines import INDENT, Line, headings, lines_of
from .layout import MARGIN, ROW, Sheet, block_height, text_width, wrap
from .marks import EffectPlot
from .risk_of_bias import draw_judgement, judgement_grid
from .rows import Rows, Shown, forest_rows, percent_of
from .scales import MEASURE_NAMES, effect_scale
from .style import BLACK, BLUE, JUDGEMENTS, LINE_GREY, TITLE_SIZE, style

#: Inches. A figure of this width is shown in full size beside the text of a page, and its letters too.
_WIDTH = 8.1
_LABEL_WIDTH = 1.6
_ARM_WIDTH = 1.05
_PLOT_WIDTH = (2.1, 3.4)
_GAP, _GAP_IN_ARM, _GAP_BEFORE_PLOT = 0.13, 0.1, 0.2
_TICKS = 0.3
_DOMAIN = 0.235
_DIAMONDS = {"subtotal": BLACK, "total": BLACK, "also": LINE_GREY, "printed": "white"}


def forest(
    result: PooledEffect | Subgroups,
    *,
    favours: Sequence[str] = ("Favours experimental", "Favours control"),
    bias: pd.DataFrame | None = None,
    title: str | None = None,
    **shown: Unpack[Shown],
) -> Figure:
    """Draw a result as a forest plot in the layout of Review Manager, with the data of every study.

    Squares have an area proportional to the weight; intervals that leave the axis end in an arrow head; studies that
    are not estimable are listed without a square. Beside the studies stand counts, means and standard deviations, or
    events and person-time; for a result that came from effects, these and their standard errors.

    Parameters
    ----------
    result : PooledEffect or Subgroups
        A result of :func:`metalib.pool` or of another function that pools; subgroups get subtotals and the test for
        subgroup differences.
    favours : pair of str
        What an effect left and right of no effect means. For events that are harmful, less than no effect favours
        the experimental arm; for beneficial events it is the other way round.
    bias : DataFrame, optional
        Judgements of the risk of bias as in :func:`bias_summary`, drawn beside every study; it may hold more studies.
    title : str, optional
    **shown
        ``labels, groups, printed, prediction, also`` as in :func:`forest_data`. Results in `also` are grey diamonds
        below the total, a printed result is an open one.

    Returns
    -------
    Figure
        Drawn from :func:`forest_data` of the same arguments.

    Raises
    ------
    DataError, OptionError
        As :func:`forest_data`; also when a study is not judged.

    Examples
    --------
    >>> import pandas as pd
    >>> import metalib
    >>> from metalib import figures
    >>> trials = pd.DataFrame({"study": ["a", "b"], "events_t": [10, 4], "n_t": [50, 40],
    ...                        "events_c": [20, 9], "n_c": [50, 40]})
    >>> random = metalib.pool(trials, model="random")
    >>> fig = figures.forest(metalib.pool(trials), also=[random], groups=("New", "Old"))
    """
    rows = forest_rows(result, **shown)
    sides = pair_of_texts("favours", favours)
    judged = None if bias is None else judgement_grid(bias)
    for row in rows.rows:
        if judged is not None and row.study and row.study not in judged.index:
            raise DataError("the risk of bias of the study is not judged", study=row.study)
    with style():
        return _draw(rows, (f"← {sides[0]}", f"{sides[1]} →"), judged, check_title(title))


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where everything stands across: the edges of the text columns and of the plot, the middle of each domain."""

    edges: dict[str, tuple[float, float]]
    plot: tuple[float, float]
    domains: list[float]

    @property
    def table(self) -> tuple[float, float]:
        return MARGIN, self.edges["effect"][1]

    @property
    def width(self) -> float:
        return max(self.plot[1] + 0.1, self.domains[-1] + _DOMAIN / 2 if self.domains else 0.0) + MARGIN


def _layout(head: dict[str, str], lines: Iterable[Line], arms: tuple[str, str], domains: int) -> _Layout:
    """Give every column the width of its widest text, and the plot what is left."""
    widths = {}
    texts = [line for line in lines if not line.note]
    for column, heading in head.items():
        name, _, model = heading.partition("\n")
        cells = [text_width(name, bold=True), text_width(model)]
        cells += [text_width(line.cells.get(column, ""), bold=line.bold) for line in texts]
        widths[column] = max(cells)
    widths["label"] += INDENT if any(line.indent for line in texts) else 0
    gaps = {"effect": _GAP_BEFORE_PLOT}
    for arm, columns in zip(arms, arms_of(head), strict=False):
        gaps |= dict.fromkeys(columns[:-1], _GAP_IN_ARM)
        inside = sum(widths[column] for column in columns) + _GAP_IN_ARM * (len(columns) - 1)
        for column in columns:
            widths[column] += max(0.0, text_width(arm, bold=True) - inside) / len(columns)
    edges, x = {}, MARGIN
    for column, width in widths.items():
        edges[column] = (x, x + width)
        x += width + gaps.get(column, _GAP)
    room = _WIDTH - x - MARGIN - 0.1 - _DOMAIN * domains
    plot = (x, x + min(max(room, _PLOT_WIDTH[0]), _PLOT_WIDTH[1]))
    return _Layout(edges, plot, [plot[1] + 0.12 + _DOMAIN * (i + 0.5) for i in range(domains)])


def _draw(rows: Rows, favours: tuple[str, str], judged: pd.DataFrame | None, title: str) -> Figure:
    head = headings(rows.overall)
    arms = (wrap(rows.arms[0], _ARM_WIDTH, bold=True), wrap(rows.arms[1], _ARM_WIDTH, bold=True))
    lines = [line if line.note else line.wrapped(_LABEL_WIDTH) for line in lines_of(rows)]
    places = _layout(head, lines, arms, 0 if judged is None else len(judged.columns))
    left, right = places.table
    lines = [line.wrapped(right - left) if line.note else line for line in lines]
    body = [line for line in lines if not line.foot]
    foot = [line for line in lines if line.foot]
    sides = [wrap(side, (places.plot[1] - places.plot[0]) / 2 - 0.06) for side in favours]
    width = places.width
    title = wrap(title, width - 2 * MARGIN, size=TITLE_SIZE, bold=True)
    key = "" if judged is None else wrap(_key(judged), width - 2 * MARGIN)

    top = MARGIN + (block_height(title) + 0.06 if title else 0)
    first_row = top + ROW + (max(map(block_height, arms)) if arms_of(head) else ROW) + 0.07
    axis = first_row + sum(line.height for line in body) + 0.04
    bottom = axis + max(_TICKS + max(map(block_height, sides)), sum(line.height for line in foot) + 0.06)
    sheet = Sheet(width, bottom + (block_height(key) if key else 0) + MARGIN)
    if title:
        sheet.text(MARGIN, MARGIN + block_height(title) / 2, title, bold=True, size=TITLE_SIZE)
    _draw_head(sheet, head, arms, places, first_row - 0.07 - ROW / 2)
    _draw_plot_head(sheet, rows.overall, places, judged, first_row - 0.07 - ROW / 2)
    sheet.rule(MARGIN, width - MARGIN, first_row - 0.07)
    heights = _draw_lines(sheet, body, places, first_row)
    _draw_lines(sheet, foot, places, axis + 0.06)
    plot = _plot(sheet, rows, places, (first_row - 0.07, axis))
    _draw_marks(plot, body, heights)
    for side, x, align in zip(sides, places.plot, ("left", "right"), strict=True):
        sheet.text(x, axis + _TICKS + block_height(side) / 2, side, align=align)
    if judged is not None:
        for line, y in zip(body, heights, strict=True):
            if line.row is not None and line.row.study:
                for x, domain in zip(places.domains, judged.columns, strict=True):
                    gid = f"{line.row.study}, {domain}"
                    draw_judgement(sheet, (x, y), str(judged.loc[line.row.study, domain]), radius=0.1, gid=gid)
        sheet.text(MARGIN, bottom + block_height(key) / 2, key)
    return sheet.figure


def _letter(i: int) -> str:
    return chr(ord("A") + i) if i < 26 else str(i + 1)


def _key(judged: pd.DataFrame) -> str:
    """Return what the columns and the symbols of the risk of bias mean."""
    domains = "; ".join(f"{_letter(i)} {domain}" for i, domain in enumerate(judged.columns))
    return f"Risk of bias: {domains}. " + ", ".join(f"{shown.symbol} {name}" for name, shown in JUDGEMENTS.items())


def _draw_head(sheet: Sheet, head: dict[str, str], arms: tuple[str, str], places: _Layout, y: float) -> None:
    for column, heading in head.items():
        left, right = places.edges[column]
        name, _, model = heading.partition("\n")
        if column == "label":
            sheet.text(left, y, name, bold=True)
        else:
            sheet.text(right, y - (ROW if model else 0), name, align="right", bold=True)
            sheet.text(right, y, model, align="right")
    for arm, columns in zip(arms, arms_of(head), strict=False):
        left, right = places.edges[columns[0]][0], places.edges[columns[-1]][1]
        sheet.text((left + right) / 2, y - ROW / 2 - block_height(arm) / 2, arm, align="center", bold=True)
        sheet.rule(left, right, y - ROW / 2, width=0.5, colour=LINE_GREY)


def _draw_plot_head(
    sheet: Sheet, overall: PooledEffect, places: _Layout, judged: pd.DataFrame | None, y: float
) -> None:
    name = MEASURE_NAMES[overall.measure]
    name = f"Peto {name.lower()}" if overall.method == "Peto" else name
    middle, scale = sum(places.plot) / 2, ", log scale" if overall.is_ratio else ""
    sheet.text(middle, y - ROW, name, align="center", bold=True)
    sheet.text(middle, y, f"{percent_of(overall.level)} CI{scale}", align="center")
    if judged is not None:
        sheet.text(places.domains[-1] + _DOMAIN / 2, y - ROW, "Risk of bias", align="right", bold=True)
        for i, x in enumerate(places.domains):
            sheet.text(x, y, _letter(i), align="center", bold=True)


def _draw_lines(sheet: Sheet, lines: list[Line], places: _Layout, y: float) -> list[float]:
    """Write the texts of all lines and return the height at which each line stands."""
    heights = []
    for line in lines:
        middle = y + (line.height + line.gap) / 2
        heights.append(middle)
        for column, value in line.cells.items():
            left, right = places.edges[column]
            if column == "label":
                sheet.text(left + (INDENT if line.indent else 0), middle, value, bold=line.bold)
            else:
                sheet.text(right, middle, value, align="right", bold=line.bold)
        y += line.height
    return heights


def _plot(sheet: Sheet, rows: Rows, places: _Layout, between: tuple[float, float]) -> EffectPlot:
    spans = [row.span for row in rows.rows if row.kind != "prediction"]
    # A prediction interval alone does not widen the axis: it would press all results together.
    ends = [end for span in spans for end in (span.low, span.high)]
    scale = effect_scale(rows.overall.measure, [span.estimate for span in spans], ends)
    return EffectPlot(sheet.plot_area(*places.plot, *between, label="plot"), scale)


def _draw_marks(plot: EffectPlot, lines: list[Line], heights: list[float]) -> None:
    marked = [(line.row, y) for line, y in zip(lines, heights, strict=True) if line.row is not None]
    heaviest = max((row.weight or 0.0 for row, _ in marked if row.kind == "study"), default=0.0) or 1.0
    for row, y in marked:
        name = f"{row.kind} {row.study or row.subgroup}".strip()
        if row.kind == "prediction":
            plot.interval(row.span, y, name, colour=BLUE, width=3.0)
        elif row.span.estimate != row.span.estimate:
            continue
        elif row.kind == "study":
            plot.square(row.span, y, name, share=(row.weight or 0.0) / heaviest)
        else:
            plot.diamond(row.span, y, name, face=_DIAMONDS[row.kind])
