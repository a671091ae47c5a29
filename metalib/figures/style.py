"""One style for all figures: readable in print and on screen, and never dependent on telling colours apart."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from cycler import cycler
from matplotlib import style as mpl_style

#: Ships with matplotlib, so that a figure looks the same on every computer.
FONT = "DejaVu Sans"
#: Points. A figure nine inches wide that is shown 800 pixels wide still has letters of eleven pixels.
FONT_SIZE = 9.0
TITLE_SIZE = 10.5
DPI = 144

BLACK = "#000000"
ORANGE = "#E69F00"
SKY_BLUE = "#56B4E9"
BLUISH_GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
REDDISH_PURPLE = "#CC79A7"
#: Okabe & Ito (2008): eight colours that people with any common colour blindness can tell apart.
OKABE_ITO = (BLACK, ORANGE, SKY_BLUE, BLUISH_GREEN, YELLOW, BLUE, VERMILLION, REDDISH_PURPLE)

#: Rules between rows, frames of boxes, axes.
LINE_GREY = "#808080"
#: Text of second rank; dark enough (7:1) on white.
TEXT_GREY = "#505050"


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a risk-of-bias judgement is shown: in words, by a symbol and by a colour."""

    label: str
    symbol: str
    colour: str


#: The symbol stands wherever the colour stands, so that neither carries the judgement alone.
JUDGEMENTS: Mapping[str, Judgement] = MappingProxyType(
    {
        "low": Judgement("Low risk of bias", "+", BLUISH_GREEN),
        "unclear": Judgement("Unclear risk of bias", "?", YELLOW),
        "high": Judgement("High risk of bias", "−", VERMILLION),
    }
)

_RC = {
    "font.family": [FONT],
    "font.size": FONT_SIZE,
    "axes.titlesize": TITLE_SIZE,
    "axes.titleweight": "bold",
    "axes.labelsize": FONT_SIZE,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=OKABE_ITO),
    "xtick.labelsize": FONT_SIZE,
    "ytick.labelsize": FONT_SIZE,
    "legend.fontsize": FONT_SIZE,
    "legend.frameon": False,
    "figure.dpi": DPI,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    # A name with two dollar signs is a name, not a formula.
    "text.parse_math": False,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the style of this package, whatever the user's settings are, and put these back afterwards.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> with style():
    ...     fig = Figure(figsize=(7, 4), layout="constrained")
    ...     line, = fig.subplots().plot([1, 2, 3])
    >>> line.get_color()
    '#000000'
    """
    # From the defaults on, so that a figure does not depend on anybody's matplotlibrc.
    with mpl_style.context(_RC, after_reset=True), boxes_for_missing_letters():
        yield


@contextmanager
def boxes_for_missing_letters() -> Iterator[None]:
    """Let letters that the font lacks (Chinese, Japanese, Korean) be boxes, without a warning on the page.

    The font is the same on every computer, so that figures are; the table beside a figure has the names.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from")
        yield
