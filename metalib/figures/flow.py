"""The flow of records through a review, in the layout of the PRISMA 2020 diagram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from .. import text
from ..errors import DataError
from .layout import LINE, MARGIN, Sheet, line_count, text_width, wrap
from .style import BLACK, TEXT_GREY, style

NOT_REPORTED = "not reported"
#: Rows of the template of PRISMA2020 that say where records come from, and what leaves the flow.
PARTS = frozenset({
    "database_specific_results", "register_specific_results", "website_results", "organisation_results",
    "citations_results",
})  # fmt: skip
LEAVES = frozenset({
    "duplicates", "records_excluded", "dbr_notretrieved_reports", "dbr_excluded", "other_notretrieved_reports",
    "other_excluded",
})  # fmt: skip
#: Inches.
_BAND = 0.32
_BOX = 3.2
_SIDE = 2.7
_ACROSS = 0.42
_DOWN = 0.3
_PADDING = 0.12
_INDENT = 0.14
_BAND_COLOUR = "#D6E6F2"
_UNKNOWN_COLOUR = "#F2F2F2"
_NUMBER = (int, float, np.integer, np.floating)


@dataclass(frozen=True, slots=True)
class FlowBox:
    """One box of a flow diagram.

    Attributes
    ----------
    stage : str
        Band in which the box stands, for example ``identification``; boxes of a stage follow each other.
    label : str
        What is counted, for example ``Records screened``.
    count : int or None
        None (or a missing value of pandas) is shown as "not reported", in a dashed box.
    parts : sequence of (str, int or None)
        What the count is made of: sources, or reasons for exclusion.
    side : FlowBox, optional
        What leaves the flow here, shown to the right.
    """

    stage: str
    label: str
    count: int | None = None
    parts: Sequence[tuple[str, int | None]] = field(default=())
    side: FlowBox | None = None

    def __post_init__(self) -> None:
        for what, value in (("stage", self.stage), ("label", self.label)):
            if not isinstance(value, str) or not value.strip():
                raise DataError(f"a box of the flow diagram needs a {what} (text)", value=value)
        object.__setattr__(self, "count", _count(self.count, self.label))
        try:
            parts = tuple((str(label), _count(count, f"{self.label}, {label}")) for label, count in self.parts)
        except (TypeError, ValueError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"{self.label}: parts must be pairs of text and count", value=self.parts) from error
        object.__setattr__(self, "parts", parts)
        if self.side is not None and not isinstance(self.side, FlowBox):
            raise DataError(f"{self.label}: side must be a FlowBox", value=self.side)
        if self.side is not None and self.side.side is not None:
            raise DataError(f"{self.label}: a side box has no side box of its own", value=self.side.label)


def _count(value: object, what: str) -> int | None:
    """Return a count, None where pandas or the caller marks it as missing."""
    if value is None or type(value).__name__ in ("NAType", "NaTType") or value != value:
        return None
    if isinstance(value, _NUMBER) and not isinstance(value, bool) and float(value).is_integer() and value >= 0:
        return int(value)
    raise DataError(f"{what}: a count must be a whole number of 0 or more", value=value)


@dataclass(frozen=True, slots=True)
class _Block:
    """The wrapped text of a box: the lines of its heading, its count, and those of its parts."""

    heading: str
    count: str
    parts: tuple[str, ...]

    @property
    def height(self) -> float:
        lines = line_count(self.heading) + 1 + sum(line_count(part) for part in self.parts)
        return lines * LINE + 2 * _PADDING + (0.05 if self.parts else 0.0)


def flow_boxes(flow: pd.DataFrame) -> list[FlowBox]:
    """Return the boxes of a flow whose rows are named as in the template of the R package PRISMA2020.

    Parameters
    ----------
    flow : DataFrame
        ``stage, step, count, prisma2020`` as in ``flow.csv``, in the order of the flow. Records by source are
        parts of the box before them; what leaves the flow stands beside the box before it.
    """
    boxes: list[FlowBox] = []
    for stage, step, count, name in zip(*(flow[c] for c in ("stage", "step", "count", "prisma2020")), strict=True):
        if boxes and name in PARTS:
            boxes[-1] = replace(boxes[-1], parts=[*boxes[-1].parts, (step, count)])
        elif boxes and name in LEAVES:
            boxes[-1] = replace(boxes[-1], side=FlowBox(stage, step.capitalize(), count))
        else:
            boxes.append(FlowBox(stage, step.capitalize(), count))
    return boxes


def flow_diagram(boxes: Sequence[FlowBox]) -> Figure:
    """Draw the flow of records, from top to bottom.

    Counts are drawn as they are given, whether or not they add up.

    Parameters
    ----------
    boxes : sequence of FlowBox
        In the order of the flow. What leaves the flow at a box is its ``side``.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        There is no box, a stage is interrupted by another, or a box is not a :class:`FlowBox`.

    Examples
    --------
    >>> sources = [("PubMed", 120), ("Scopus", 80)]
    >>> fig = flow_diagram([
    ...     FlowBox("identification", "Records identified", 200, sources,
    ...             side=FlowBox("identification", "Duplicates removed", 30)),
    ...     FlowBox("screening", "Records screened", 170, side=FlowBox("screening", "Records excluded")),
    ...     FlowBox("included", "Studies included in review", 12),
    ... ])
    """
    stages = _check(boxes)
    left = MARGIN + _BAND + 0.16
    side = left + _BOX + _ACROSS
    width = (side + _SIDE if any(box.side for box in boxes) else left + _BOX) + MARGIN
    blocks = [(_block(box, _BOX), None if box.side is None else _block(box.side, _SIDE)) for box in boxes]
    heights = [max(block.height for block in pair if block is not None) for pair in blocks]
    for stage, rows in stages.items():
        # A band must be long enough for its name, which runs upwards.
        lack = text_width(stage, bold=True) + 0.2 - sum(heights[i] for i in rows) - _DOWN * (len(rows) - 1)
        for i in rows:
            heights[i] += max(0.0, lack) / len(rows)
    tops = [MARGIN + sum(heights[:i]) + _DOWN * i for i in range(len(heights))]
    with style():
        sheet = Sheet(width, tops[-1] + heights[-1] + MARGIN)
        for stage, rows in stages.items():
            _band(sheet, stage, tops[rows[0]], tops[rows[-1]] + heights[rows[-1]])
        for i, (box, (main, beside)) in enumerate(zip(boxes, blocks, strict=True)):
            _draw_box(sheet, box, main, left, tops[i], _BOX, heights[i])
            middle = tops[i] + heights[i] / 2
            if box.side is not None and beside is not None:
                _draw_box(sheet, box.side, beside, side, middle - beside.height / 2, _SIDE, beside.height)
                _arrow(sheet, (left + _BOX, middle), (side, middle))
            if i + 1 < len(boxes):
                _arrow(sheet, (left + _BOX / 2, tops[i] + heights[i]), (left + _BOX / 2, tops[i + 1]))
        return sheet.figure


def _check(boxes: Sequence[FlowBox]) -> dict[str, list[int]]:
    """Return the rows of each stage."""
    if not boxes:
        raise DataError("a flow diagram needs at least one box")
    stages: dict[str, list[int]] = {}
    for i, box in enumerate(boxes):
        if not isinstance(box, FlowBox):
            raise DataError("a flow diagram is made of FlowBox objects", row=i + 1, value=box)
        rows = stages.setdefault(box.stage.strip().capitalize(), [])
        if rows and rows[-1] != i - 1:
            raise DataError("boxes of a stage must follow each other", row=i + 1, value=box.stage)
        rows.append(i)
    return stages


def _shown(count: int | None) -> str:
    return NOT_REPORTED if count is None else f"n = {text.count(count)}"


def _block(box: FlowBox, width: float) -> _Block:
    room = width - 2 * _PADDING
    parts = tuple(wrap(f"{label} ({_shown(count)})", room - _INDENT) for label, count in box.parts)
    return _Block(wrap(box.label, room, bold=True), _shown(box.count), parts)


def _draw_box(sheet: Sheet, box: FlowBox, block: _Block, x: float, y: float, width: float, height: float) -> None:
    known = box.count is not None
    sheet.axes.add_patch(
        Rectangle(
            (x, y),
            width,
            height,
            facecolor="white" if known else _UNKNOWN_COLOUR,
            edgecolor=BLACK if known else TEXT_GREY,
            linewidth=1.0,
            linestyle="solid" if known else (0, (4, 3)),
            gid=f"box {box.label}",
        )
    )
    y += (height - block.height) / 2 + _PADDING
    colour = BLACK if known else TEXT_GREY
    for value, indent, bold, italic in (
        (block.heading, 0.0, True, False),
        (block.count, 0.0, False, not known),
        *((part, _INDENT, False, False) for part in block.parts),
    ):
        tall = line_count(value) * LINE
        sheet.text(x + _PADDING + indent, y + tall / 2, value, bold=bold, italic=italic, colour=colour)
        y += tall + (0.05 if value is block.count and block.parts else 0.0)


def _band(sheet: Sheet, stage: str, top: float, bottom: float) -> None:
    sheet.axes.add_patch(
        FancyBboxPatch(
            (MARGIN + 0.05, top + 0.05),
            _BAND - 0.1,
            bottom - top - 0.1,
            boxstyle="round,pad=0.05",
            facecolor=_BAND_COLOUR,
            edgecolor="none",
        )
    )
    sheet.upright(MARGIN + _BAND / 2, (top + bottom) / 2, stage, bold=True)


def _arrow(sheet: Sheet, start: tuple[float, float], end: tuple[float, float]) -> None:
    sheet.axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>,head_width=2.6,head_length=5",
            mutation_scale=1,
            shrinkA=0,
            shrinkB=0,
            color=BLACK,
            linewidth=1.0,
        )
    )
