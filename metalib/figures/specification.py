"""The specification curve: one result under every combination of choices."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from ..errors import DataError
from .checks import check_columns
from .style import BLACK, BLUE, LINE_GREY, VERMILLION, style

_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_NEEDED = ("label", "estimate", "low", "high", "significant")


def specification_curve(
    frame: pd.DataFrame,
    *,
    printed: Sequence[float] | None = None,
    measure: str = "OR",
    limits: tuple[float, float] = (0.01, 100.0),
    null: float = 1.0,
) -> Figure:
    """Draw estimates and intervals under many models, sorted by estimate.

    Parameters
    ----------
    frame : DataFrame
        ``label, estimate, low, high`` (natural scale) and ``significant`` of each specification.
    printed : sequence of float, optional
        Estimate and limits of a published result, drawn as a band behind the others.
    measure : str
        For the axis.
    limits : tuple of float
        Ends of the axis; intervals beyond them are cut.
    null : float
        Where the line of no effect stands.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        A column is missing or there is nothing to draw.
    """
    check_columns(frame, _NEEDED)
    if frame.empty:
        raise DataError("there is no specification to draw")
    # Rounded, so that models that give the same number keep their order whatever the last bit of it is.
    rows = frame.sort_values("estimate", kind="stable", key=lambda s: s.round(9)).reset_index(drop=True)
    low, high = rows["low"].clip(*limits), rows["high"].clip(*limits)
    colours = [BLUE if s else VERMILLION for s in rows["significant"]]
    with style():
        fig = Figure(figsize=(7.4, 1.1 + 0.2 * len(rows)), layout="constrained")
        ax = fig.subplots()
        y = list(range(len(rows)))[::-1]
        if printed is not None:
            estimate, lower, upper = printed
            ax.axvspan(max(lower, limits[0]), min(upper, limits[1]), color="0.9", zorder=0)
            ax.axvline(
                estimate, color=LINE_GREY, linestyle="--", linewidth=1, zorder=1, label="as printed (band: 95% CI)"
            )
        ax.axvline(null, color=BLACK, linewidth=1, zorder=1)
        ax.hlines(y, low, high, color=colours, linewidth=1.6, zorder=2)
        for wanted, colour, name in ((True, BLUE, "interval excludes 1"), (False, VERMILLION, "interval includes 1")):
            at = [i for i, s in enumerate(rows["significant"]) if bool(s) is wanted]
            if at:
                # Filled and open, so that colour is not the only carrier.
                face = colour if wanted else "white"
                ax.plot(
                    rows["estimate"].iloc[at], [y[i] for i in at], "o", color=colour, markerfacecolor=face,
                    markersize=5, zorder=3, label=name, linestyle="none",
                )  # fmt: skip
        ax.set_yticks(y, rows["label"].tolist())
        ax.set_ylim(-0.7, len(rows) - 0.3)
        ax.set_xscale("log")
        left, right = min(low.min(), null) / 1.1, max(high.max(), null) * 1.1
        ax.set_xlim(left, right)
        ticks = [t for t in _TICKS if left <= t <= right]
        # One tick a decade is enough on a wide axis.
        ticks = [t for t in ticks if len(ticks) <= 8 or str(t).strip("0.") == "1"]
        ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
        ax.minorticks_off()
        ax.set_xlabel(f"{measure} and 95% interval (log scale)")
        fig.legend(loc="outside upper right", ncols=3, frameon=False)
    return fig
