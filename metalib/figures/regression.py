"""A meta-regression drawn: studies by a moderator, the area of a circle as the weight, and the mean effect between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..arithmetic.meta_regression import MetaRegression
from ..arithmetic.options import RATIOS
from ..errors import OptionError
from .checks import check_labels
from .scales import effect_name, effect_scale
from .style import BLACK, BLUE, LINE_GREY, style

#: Points along the line.
_STEPS = 41
_SIZE = 260.0


def regression_data(
    fit: MetaRegression, values: Sequence[float], *, labels: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return what :func:`regression` draws, numbers unrounded.

    Parameters
    ----------
    fit : MetaRegression
        With one numeric moderator.
    values : sequence of float
        Of the moderator, one for each of ``fit.studies``.
    labels : mapping, optional
        Name to show for a study.

    Returns
    -------
    DataFrame
        ``kind`` (``study``, ``line``), ``label``, ``x``, ``estimate, low, high`` (natural scale; limits of the line
        only) and ``weight`` (percent, of studies).

    Raises
    ------
    OptionError
        More than one coefficient beside the intercept, or not a value for each study.
    """
    if len(fit.names) != 2 or len(values) != fit.k:
        raise OptionError("a regression is drawn for one numeric moderator, with a value for each study")
    names = check_labels(labels)
    weights = 1 / (np.array(fit.variances) + fit.tau2)
    grid = np.linspace(min(values), max(values), _STEPS)
    line = np.array([fit.predict(float(x)) for x in grid])
    studies = pd.DataFrame(
        {
            "kind": "study", "label": [names.get(s, s) for s in fit.studies], "x": [float(x) for x in values],
            "estimate": fit.effects, "weight": 100 * weights / weights.sum(),
        }
    )  # fmt: skip
    mean = pd.DataFrame({"kind": "line", "label": "", "x": grid, "estimate": line[:, 0], "low": line[:, 1],
                         "high": line[:, 2]})  # fmt: skip
    frame = pd.concat([studies, mean], ignore_index=True)
    ends = ["estimate", "low", "high"]
    if fit.measure in RATIOS:
        frame[ends] = np.exp(frame[ends])
    return frame[["kind", "label", "x", *ends, "weight"]]


def regression(fit: MetaRegression, values: Sequence[float], *, moderator: str) -> Figure:
    """Draw a meta-regression on one numeric moderator (a bubble plot).

    Parameters
    ----------
    fit, values
        As in :func:`regression_data`.
    moderator : str
        Its name as shown.

    Returns
    -------
    Figure

    Raises
    ------
    OptionError
        As :func:`regression_data`.
    """
    frame = regression_data(fit, values)
    studies, line = frame[frame["kind"] == "study"], frame[frame["kind"] == "line"]
    scale = effect_scale(fit.measure, frame["estimate"], [*line["low"], *line["high"]])
    with style():
        fig = Figure(figsize=(7.4, 4.4), layout="constrained")
        axes = fig.subplots()
        scale.apply(axes, vertical=True)
        axes.axhline(scale.no_effect, color=BLACK, linewidth=0.8, zorder=1)
        axes.fill_between(line["x"], line["low"], line["high"], color="0.9", zorder=0)
        axes.plot(line["x"], line["estimate"], color=LINE_GREY, linewidth=1.6, zorder=2, gid="line")
        sizes = _SIZE * studies["weight"] / studies["weight"].max()
        axes.scatter(studies["x"], studies["estimate"], s=sizes, facecolors="none", edgecolors=BLUE, linewidths=1.4,
                     zorder=3, gid="studies")  # fmt: skip
        axes.set_xlabel(moderator)
        axes.set_ylabel(effect_name(fit.measure))
    return fig
