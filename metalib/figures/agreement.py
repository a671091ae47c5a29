"""Relative differences between programs, quantity by quantity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from ..audit.agreement import DECADES
from ..errors import DataError
from .checks import check_columns
from .style import VERMILLION, style

_NEEDED = ("engine", "quantity", "rtol", *DECADES)


def agreement_map(summary: pd.DataFrame, quantities: Sequence[str] | None = None) -> Figure:
    """Draw how many values lie in each decade of relative difference: one panel an engine, one line a quantity.

    Parameters
    ----------
    summary : DataFrame
        ``engine, quantity, rtol`` and the columns :data:`metalib.agreement.DECADES`, one row for each engine and
        quantity; panels keep the order of first appearance. A bar marks the tolerance, ``rtol``.
    quantities : sequence of str, optional
        The lines and their order; by default the quantities in order of first appearance.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        A column is missing or there is nothing to draw.
    """
    check_columns(summary, _NEEDED)
    if summary.empty:
        raise DataError("there is no comparison to draw")
    engines = list(summary["engine"].unique())
    quantities = list(quantities if quantities is not None else summary["quantity"].unique())
    norm = LogNorm(1, max(10.0, float(summary[list(DECADES)].to_numpy().max())))
    with style():
        fig = Figure(figsize=(9.0, 1.5 + 0.2 * len(quantities)), layout="constrained")
        axes = fig.subplots(1, len(engines), sharey=True, squeeze=False)[0]
        for ax, engine in zip(axes, engines, strict=True):
            image = _panel(ax, summary[summary["engine"] == engine].set_index("quantity"), quantities, norm)
            ax.set_title(engine)
        axes[0].set_yticks(range(len(quantities)), quantities)
        fig.supxlabel("Relative difference, power of ten", fontsize="medium")
        fig.colorbar(image, ax=list(axes), label="Values", pad=0.01, fraction=0.03)
    return fig


def _panel(ax, rows: pd.DataFrame, quantities: list[str], norm: LogNorm):
    counts = rows[list(DECADES)].reindex(quantities)
    shown = np.ma.masked_less(counts.fillna(0).to_numpy(float), 0.5)
    image = ax.imshow(shown, aspect="auto", cmap="cividis_r", norm=norm)
    for i, quantity in enumerate(quantities):
        if quantity not in rows.index:
            # Nothing to compare in this engine.
            ax.axhspan(i - 0.5, i + 0.5, color="0.93", linewidth=0)
            continue
        tolerance = float(rows.loc[quantity, "rtol"])
        edge = DECADES.index(f"1e{round(np.log10(tolerance))}") + 0.5
        ax.plot([edge, edge], [i - 0.5, i + 0.5], color=VERMILLION, linewidth=1.6)
    ticks = [i for i, name in enumerate(DECADES) if name in ("0", "1e-13", "1e-9", "1e-5")]
    ax.set_xticks(ticks, ["exact", *(DECADES[i].removeprefix("1e").replace("-", "−") for i in ticks[1:])])
    ax.tick_params(axis="x", labelsize="small")
    ax.get_xticklabels()[0].set_rotation(90)
    ax.tick_params(axis="y", length=0)
    return image
