"""Absolute effects as people: of every 100 (or 1,000) patients, how many have an event with each treatment."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from .. import text
from ..errors import DataError, OptionError
from .checks import check_columns, pair_of_texts
from .layout import LINE, MARGIN, Sheet, block_height, line_count, text_width, wrap
from .style import BLACK, BLUE, LINE_GREY, TEXT_GREY, style

#: Columns of dots, and inches between two of them, by the number of patients drawn.
_GRIDS = {100: (20, 0.115), 1000: (50, 0.056)}
_LABEL = 1.55
_GAP = 0.3
_HEAD = 0.3
_NEEDED = ("label", "risk", "risk_with", "low", "high")


def pictograph(
    frame: pd.DataFrame, *, arms: Sequence[str] = ("Without treatment", "With treatment"), per: int = 100
) -> Figure:
    """Draw the risks of two arms as filled dots among open ones, one line an outcome.

    A dot is a patient; filled ones have the event. Below the second arm stand the limits of its risk, because dots
    alone would look certain.

    Parameters
    ----------
    frame : DataFrame
        ``label``, ``risk`` (first arm), ``risk_with`` (second arm) and its limits ``low, high``, all proportions.
    arms : pair of str
        What the two arms are called.
    per : {100, 1000}
        Patients drawn for each arm.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        A column is missing, there is nothing to draw, or a number is no proportion.
    OptionError
        `arms` are not two texts, or `per` is neither 100 nor 1000.
    """
    check_columns(frame, _NEEDED)
    first, second = pair_of_texts("arms", arms)
    if per not in _GRIDS:
        raise OptionError(f"per={per!r} must be 100 or 1000")
    for row in frame[list(_NEEDED)].to_dict("records"):
        for name in _NEEDED[1:]:
            if not 0 <= row[name] <= 1:
                raise DataError(f"{name} of {row['label']!r} is no proportion", value=row[name])
    across, step = _GRIDS[per]
    wide, tall = across * step, per // across * step
    labels = [wrap(str(label), _LABEL, bold=True) for label in frame["label"]]
    words = 2 * LINE + 0.06
    heights = [max(block_height(label), tall + words) + 0.14 for label in labels]
    left = (MARGIN + _LABEL + 0.15, MARGIN + _LABEL + 0.15 + wide + _GAP)
    key = f"each dot: 1 of {text.count(per)} patients"
    with style():
        sheet = Sheet(left[1] + wide + MARGIN, MARGIN + _HEAD + sum(heights) + 0.3)
        for x, arm in zip(left, (first, second), strict=True):
            sheet.text(x, MARGIN + 0.1, wrap(arm, wide, bold=True), bold=True)
        top = MARGIN + _HEAD
        for label, height, row in zip(labels, heights, frame[list(_NEEDED)].to_dict("records"), strict=True):
            sheet.text(MARGIN, top + LINE * line_count(label) / 2, label, bold=True)
            limits = " to ".join(text.number(per * row[end], 0) for end in ("low", "high"))
            for x, risk, note in ((left[0], row["risk"], ""), (left[1], row["risk_with"], f"95% interval {limits}")):
                name = f"{row['label']} {first if x == left[0] else second}"
                _dots(sheet, x, top, risk, per=per, name=name)
                sheet.text(x, top + tall + 0.09, f"{text.number(per * risk, 0)} of {text.count(per)}")
                sheet.text(x, top + tall + 0.09 + LINE, note, colour=TEXT_GREY)
            top += height
            sheet.rule(MARGIN, sheet.width - MARGIN, top - 0.08, colour="0.85")
        y = top + 0.1
        for x, filled, words_of in ((left[0], True, "event"), (left[0] + 0.75, False, "no event")):
            _draw(sheet, [x + 0.04], [y], filled=filled, size=0.09, name="key")
            sheet.text(x + 0.13, y, words_of)
        sheet.text(left[1] + wide - text_width(key), y, key, colour=TEXT_GREY)
        return sheet.figure


def _dots(sheet: Sheet, x: float, y: float, risk: float, *, per: int, name: str) -> None:
    """Draw the patients of an arm, those with the event first."""
    across, step = _GRIDS[per]
    events = int(text.number(per * risk, 0))
    places = [(x + (i % across + 0.5) * step, y + (i // across + 0.5) * step) for i in range(per)]
    for filled, part in ((True, places[:events]), (False, places[events:])):
        _draw(sheet, [p[0] for p in part], [p[1] for p in part], filled=filled, size=0.78 * step, name=name)


def _draw(sheet: Sheet, x: list[float], y: list[float], *, filled: bool, size: float, name: str) -> None:
    """Draw dots of a diameter in inches: filled and dark, or open and grey, so that colour is not the only carrier."""
    sheet.axes.plot(
        x, y, "o", markersize=72 * size, markerfacecolor=BLUE if filled else "white", linestyle="none",
        markeredgecolor=BLACK if filled else LINE_GREY, markeredgewidth=0.6,
        gid=f"{name} {'events' if filled else 'none'}",
    )  # fmt: skip
