"""Maps: numbers as colours in a grid."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from .. import text
from ..audit.agreement import DECADES
from ..errors import DataError
from .checks import check_columns
from .style import BLACK, FONT_SIZE, SKY_BLUE, VERMILLION, style


def share_map(grid: pd.DataFrame, *, label: str) -> Figure:
    """Draw percentages as a grid of colours with their numbers.

    Parameters
    ----------
    grid : DataFrame
        Percentages, 0 to 100; index and columns name the lines and the columns.
    label : str
        What is a share of what.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        There is nothing to draw, or a number is no percentage.
    """
    # Imported here: seaborn takes a second to import.
    import seaborn as sns

    check_columns(grid, ())
    values = grid.to_numpy(dtype=float)
    for row, column in np.argwhere(~((values >= 0) & (values <= 100))):
        raise DataError(
            f"{grid.index[row]}, {grid.columns[column]}: not a percentage", value=float(values[row, column])
        )
    with style():
        fig = Figure(figsize=(7.0, 1.0 + 0.32 * len(grid)), layout="constrained")
        axes = fig.subplots()
        sns.heatmap(
            grid.astype(float), vmin=0, vmax=100, cmap=sns.light_palette(SKY_BLUE, as_cmap=True), ax=axes,
            annot=grid.map(text.percent), annot_kws={"color": BLACK}, fmt="", cbar_kws={"label": label},
        )  # fmt: skip
        axes.tick_params(length=0, rotation=0)
    return fig


def agreement_map(summary: pd.DataFrame, quantities: Sequence[str] | None = None) -> Figure:
    """Draw how many values lie in each decade of relative difference: one panel an engine, one line a quantity.

    Parameters
    ----------
    summary : DataFrame
        ``engine, quantity, rtol`` and the columns :data:`metalib.audit.agreement.DECADES`, one row for each engine and
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
    check_columns(summary, ("engine", "quantity", "rtol", *DECADES), empty="there is no comparison to draw")
    engines = list(summary["engine"].unique())
    lines = list(quantities if quantities is not None else summary["quantity"].unique())
    norm = LogNorm(1, max(10.0, float(summary[list(DECADES)].to_numpy().max())))
    with style():
        fig = Figure(figsize=(8.1, 1.5 + 0.2 * len(lines)), layout="constrained")
        panels = fig.subplots(1, len(engines), sharey=True, squeeze=False)[0]
        for axes, engine in zip(panels, engines, strict=True):
            image = _panel(axes, summary[summary["engine"] == engine].set_index("quantity"), lines, norm)
            axes.set_title(textwrap.fill(engine, 12), fontsize=FONT_SIZE)
        panels[0].set_yticks(range(len(lines)), lines)
        fig.supxlabel("Relative difference, power of ten", fontsize="medium")
        fig.colorbar(image, ax=list(panels), label="Values", pad=0.01, fraction=0.03)
    return fig


def _panel(axes: Axes, rows: pd.DataFrame, quantities: list[str], norm: LogNorm) -> AxesImage:
    counts = rows[list(DECADES)].reindex(quantities)
    shown = np.ma.masked_less(counts.fillna(0).to_numpy(float), 0.5)
    image = axes.imshow(shown, aspect="auto", cmap="cividis_r", norm=norm)
    for i, quantity in enumerate(quantities):
        if quantity not in rows.index:
            # Nothing to compare in this engine.
            axes.axhspan(i - 0.5, i + 0.5, color="0.93", linewidth=0)
            continue
        tolerance = float(rows["rtol"].loc[quantity])
        edge = DECADES.index(f"1e{round(np.log10(tolerance))}") + 0.5
        axes.plot([edge, edge], [i - 0.5, i + 0.5], color=VERMILLION, linewidth=1.6)
    ticks = [i for i, name in enumerate(DECADES) if name in ("0", "1e-13", "1e-9", "1e-5")]
    axes.set_xticks(ticks, ["exact", *(DECADES[i].removeprefix("1e").replace("-", "−") for i in ticks[1:])])
    axes.get_xticklabels()[0].set_rotation(90)
    axes.tick_params(axis="y", length=0)
    return image
