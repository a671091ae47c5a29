"""Risk of bias: the share of each judgement by domain, and every single judgement."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from .. import text
from ..errors import DataError
from .checks import check_columns, check_labels
from .layout import LINE, MARGIN, ROW, Sheet, block_height, line_count, text_width, widest, wrap
from .style import BLACK, FONT_SIZE, JUDGEMENTS, LINE_GREY, style

_COLUMNS = ("study", "domain", "judgement")
#: Inches.
_LABEL_WIDTH = 2.6
_BARS_WIDTH = 4.2
_BAR = 0.24
_BAR_ROW = 0.34
_CELL = 0.4
_RADIUS = 0.145
_RING = 0.08
_KEY = 0.2


def bias_graph(judgements: pd.DataFrame) -> Figure:
    """Draw, for every domain, which share of the studies was judged low, unclear and high.

    Parameters
    ----------
    judgements : DataFrame
        ``study, domain, judgement`` with judgements ``low``, ``unclear`` and ``high``; every study is judged once in
        every domain. Other columns are ignored. Domains are shown in the order in which they first appear.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        A column or a judgement is missing, a judgement is not known, a study is judged twice or not at all in a domain.
    """
    grid = judgement_grid(judgements)
    labels = [wrap(domain, _LABEL_WIDTH) for domain in grid.columns]
    left = MARGIN + widest(labels) + 0.15
    right = left + _BARS_WIDTH
    heights = [max(_BAR_ROW, block_height(label)) for label in labels]
    bottom = MARGIN + sum(heights) + 0.03
    with style():
        sheet = Sheet(right + MARGIN + 0.2, bottom + 0.36 + ROW + _legend_height(right - MARGIN) + MARGIN)
        area = sheet.plot_area(left, right, MARGIN, bottom, label="plot")
        # Below the sheet, which writes on the bars.
        area.set_zorder(-1)
        area.set_xlim(0, 100)
        area.set_xticks(range(0, 101, 25), [text.percent(x) for x in range(0, 101, 25)])
        area.tick_params(axis="x", length=3.5, pad=2.5)
        y = MARGIN
        for domain, label, height in zip(grid.columns, labels, heights, strict=True):
            sheet.text(left - 0.12, y + height / 2, label, align="right")
            _bar(sheet, area, grid[domain], left, y + height / 2)
            y += height
        sheet.text((left + right) / 2, bottom + 0.4, f"Share of studies (n = {len(grid)})", align="center")
        _legend(sheet, bottom + 0.36 + ROW)
        return sheet.figure


def _bar(sheet: Sheet, area: Axes, judged: pd.Series, left: float, y: float) -> None:
    start = 0.0
    for name, shown in JUDGEMENTS.items():
        share = 100 * float((judged == name).sum()) / len(judged)
        if not share:
            continue
        area.add_patch(
            Rectangle(
                (start, y - _BAR / 2),
                share,
                _BAR,
                facecolor=shown.colour,
                edgecolor=BLACK,
                linewidth=0.6,
                gid=f"{judged.name}: {name}",
            )
        )
        middle, room = left + _BARS_WIDTH * (start + share / 2) / 100, _BARS_WIDTH * share / 100
        # A symbol in a ring is no sign of the number beside it. The number is dropped first when room is short, because
        # the axis tells it too.
        value = text.percent(share)
        both = 2 * _RING + 0.06 + text_width(value)
        if both + 0.04 <= room:
            _ring(sheet, middle - both / 2 + _RING, y, name)
            sheet.text(middle - both / 2 + 2 * _RING + 0.06, y, value)
        elif room >= 2 * _RING:
            _ring(sheet, middle, y, name)
        start += share


def _ring(sheet: Sheet, x: float, y: float, judgement: str) -> None:
    sheet.axes.add_patch(Circle((x, y), _RING, facecolor="white", edgecolor=BLACK, linewidth=0.6))
    sheet.text(x, y, JUDGEMENTS[judgement].symbol, align="center", bold=True, size=7.5)


def bias_summary(judgements: pd.DataFrame, labels: Mapping[str, str] | None = None) -> Figure:
    """Draw every judgement as a circle with its symbol, studies in rows and domains in columns.

    Parameters
    ----------
    judgements : DataFrame
        As in :func:`bias_graph`; studies too are shown in the order in which they first appear.
    labels : mapping, optional
        Name to show for a study.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        As in :func:`bias_graph`.
    """
    grid = judgement_grid(judgements)
    shown = check_labels(labels)
    names = [wrap(str(shown.get(study, study)), _LABEL_WIDTH) for study in grid.index]
    domains = [wrap(domain, 1.9) for domain in grid.columns]
    # Headings stand upright; one of several lines needs a wider column.
    cell = max(_CELL, max(line_count(domain) for domain in domains) * (LINE + 0.01) + 0.05)
    top = MARGIN + widest(domains) + 0.1
    left = MARGIN + widest(names) + 0.15
    right = left + cell * len(domains)
    width = max(right, MARGIN + max(_key_width(name) for name in JUDGEMENTS), 3.0) + MARGIN
    heights = [max(_CELL, block_height(name)) for name in names]
    bottom = top + sum(heights)
    with style():
        sheet = Sheet(width, bottom + 0.1 + _legend_height(width - 2 * MARGIN) + MARGIN)
        for j, domain in enumerate(domains):
            x = left + (j + 0.5) * cell
            sheet.upright(x, top - 0.08, domain, align="bottom")
        y = top
        for study, name, height in zip(grid.index, names, heights, strict=True):
            sheet.rule(MARGIN, right, y, width=0.5, colour=LINE_GREY)
            sheet.text(MARGIN, y + height / 2, name)
            for j, domain in enumerate(grid.columns):
                judgement = grid.loc[study, domain]
                place = (left + (j + 0.5) * cell, y + height / 2)
                draw_judgement(sheet, place, judgement, gid=f"{study}, {domain}: {judgement}")
            y += height
        sheet.rule(MARGIN, right, y, width=0.5, colour=LINE_GREY)
        _legend(sheet, bottom + 0.1)
        return sheet.figure


def draw_judgement(
    sheet: Sheet, place: tuple[float, float], judgement: str, *, radius: float = _RADIUS, gid: str = "key"
) -> None:
    """Draw a judgement as a circle with its symbol, round a place on a sheet."""
    shown = JUDGEMENTS[judgement]
    sheet.axes.add_patch(Circle(place, radius, facecolor=shown.colour, edgecolor=BLACK, linewidth=0.6, gid=gid))
    sheet.text(*place, shown.symbol, align="center", bold=True, size=FONT_SIZE * radius / 0.12)


def _key_width(name: str) -> float:
    return _KEY + 0.06 + text_width(JUDGEMENTS[name].label) + 0.25


def _keys(width: float) -> list[list[str]]:
    """Return the judgements of each line of the legend: all in one line, or one in each."""
    names = list(JUDGEMENTS)
    return [names] if sum(map(_key_width, names)) <= width + 0.25 else [[name] for name in names]


def _legend_height(width: float) -> float:
    return (ROW + 0.04) * len(_keys(width))


def _legend(sheet: Sheet, y: float) -> None:
    for line in _keys(sheet.width - 2 * MARGIN):
        x = MARGIN
        y += ROW + 0.04
        for name in line:
            draw_judgement(sheet, (x + _KEY / 2, y - ROW / 2), name, radius=0.1)
            sheet.text(x + _KEY + 0.06, y - ROW / 2, JUDGEMENTS[name].label)
            x += _key_width(name)


def judgement_grid(judgements: pd.DataFrame) -> pd.DataFrame:
    """Return the judgements as a grid, studies by domains, or raise with the place of the first fault."""
    check_columns(judgements, _COLUMNS, empty="there is no judgement")
    cells: dict[str, dict[str, str]] = {}
    for i, (study, domain, judgement) in enumerate(zip(*(judgements[c].tolist() for c in _COLUMNS), strict=True)):
        for what, value in (("study", study), ("domain", domain)):
            if not isinstance(value, str) or not value.strip():
                raise DataError(f"a {what} needs a name (text)", row=i + 1, value=value)
        if not isinstance(judgement, str) or judgement not in JUDGEMENTS:
            absent = judgement is None or judgement != judgement or judgement == ""
            problem = "the judgement is missing" if absent else f"a judgement must be one of {', '.join(JUDGEMENTS)}"
            raise DataError(f"{domain}: {problem}", row=i + 1, study=study, value=judgement)
        if study in cells.setdefault(domain, {}):
            raise DataError(f"{domain}: the study is judged twice", row=i + 1, study=study, value=judgement)
        cells[domain][study] = judgement
    studies = list(dict.fromkeys(judgements["study"]))
    for domain, judged in cells.items():
        for study in studies:
            if study not in judged:
                raise DataError(f"{domain}: the study is not judged", study=study)
    return pd.DataFrame({domain: [judged[s] for s in studies] for domain, judged in cells.items()}, index=studies)
