"""Relative differences between programs, quantity by quantity."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..errors import DataError
from .style import OKABE_ITO, style

_MARKERS = "osD^vP"
#: Where exact agreement stands: left of every difference that double precision can show.
_EXACT = -18.0
_NEEDED = ("engine", "quantity", "difference")


def agreement_strip(frame: pd.DataFrame) -> Figure:
    """Draw log10 of relative differences by quantity, one colour and marker an engine.

    Parameters
    ----------
    frame : DataFrame
        ``engine, quantity, difference``, one row a comparison. A difference of 0 stands in a column of its own. Equal
        places (to a tenth of a decade) are drawn once.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        A column is missing or there is nothing to draw.
    """
    missing = [name for name in _NEEDED if name not in frame.columns]
    if missing:
        raise DataError(f"column {', '.join(missing)} is missing")
    if frame.empty:
        raise DataError("there is no comparison to draw")
    quantities, engines = sorted(frame["quantity"].unique()), sorted(frame["engine"].unique())
    positive = frame["difference"].to_numpy(float)
    places = np.full(len(frame), _EXACT)
    np.log10(positive, out=places, where=positive > 0)
    points = pd.DataFrame(
        {"engine": frame["engine"].to_numpy(), "quantity": frame["quantity"].to_numpy(), "x": places.round(1)}
    ).drop_duplicates()
    with style():
        fig = Figure(figsize=(7.4, 1.4 + 0.24 * len(quantities)), layout="constrained")
        ax = fig.subplots()
        for i, engine in enumerate(engines):
            part = points[points["engine"] == engine]
            shift = 0.6 * ((i + 0.5) / len(engines) - 0.5)
            y = [quantities.index(q) + shift for q in part["quantity"]]
            ax.plot(
                part["x"], y, _MARKERS[i % len(_MARKERS)], color=OKABE_ITO[(0, 5, 6, 3, 7, 1)[i % 6]], markersize=3,
                linestyle="none", label=engine,
            )  # fmt: skip
        ax.set_yticks(range(len(quantities)), quantities)
        ax.set_ylim(len(quantities) - 0.4, -0.6)
        right = max(-7.0, np.ceil(points["x"].max()))
        ax.set_xlim(_EXACT - 0.7, right + 0.3)
        ticks = list(range(-16, int(right) + 1, 2))
        ax.set_xticks([_EXACT, *ticks], ["exact", *(str(t).replace("-", "−") for t in ticks)])
        ax.axvline(_EXACT + 0.8, color="0.7", linewidth=0.8)
        ax.set_xlabel("log10 of the relative difference")
        fig.legend(loc="outside upper right", ncols=len(engines))
    return fig
