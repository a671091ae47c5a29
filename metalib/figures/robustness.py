"""One result under other choices: of the model, of the studies left out, of every subset of studies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..arithmetic.results import PooledEffect
from ..errors import DataError
from .checks import check_columns
from .marks import EffectPlot, Span, significance_colour
from .rows import natural_span
from .scales import Scale, effect_name, effect_scale
from .style import BLACK, LINE_GREY, style

_WIDTH = 7.4
_BAND = "0.9"


def specification_curve(
    frame: pd.DataFrame, *, choices: Mapping[str, str], printed: Sequence[float] | None = None, measure: str = "OR"
) -> Figure:
    """Draw a result under many models, sorted by estimate, and below each which choices it stands for [1]_.

    Parameters
    ----------
    frame : DataFrame
        A row for each specification: ``estimate, low, high`` (natural scale), ``significant``, and a column for each
        choice with the option taken, as text; empty where the choice does not arise.
    choices : mapping
        Column of a choice to the name to show; in this order.
    printed : (estimate, low, high), optional
        A published result, drawn as a band behind the others.
    measure : str

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        A column is missing or there is nothing to draw.

    References
    ----------
    .. [1] Simonsohn U, Simmons JP, Nelson LD (2020). Specification curve analysis. Nat Hum Behav 4:1208-1214.
    """
    needed = ("estimate", "low", "high", "significant")
    check_columns(frame, (*needed, *choices), empty="there is no specification to draw")
    # Rounded, so that models that give the same number keep their order whatever the last bit of it is.
    rows = frame.sort_values("estimate", kind="stable", key=lambda s: s.round(9)).reset_index(drop=True)
    # In the order of the frame, and no more than the choices that arise.
    found = {column: [option for option in dict.fromkeys(frame[column]) if option] for column in choices}
    options = {column: taken for column, taken in found.items() if taken}
    lines = sum(1 + len(taken) for taken in options.values())
    spans = [*_spans(rows), *([] if printed is None else [Span.of(printed)])]
    scale = effect_scale(measure, [s.estimate for s in spans], [end for s in spans for end in (s.low, s.high)])
    with style():
        fig = Figure(figsize=(_WIDTH, 3.1 + 0.19 * lines), layout="constrained")
        upper, lower = fig.subplots(2, 1, sharex=True, height_ratios=(2.4, 0.19 * max(lines, 1)))
        scale.apply(upper, vertical=True)
        upper.set_ylabel(effect_name(measure))
        upper.axhline(scale.no_effect, color=BLACK, linewidth=0.8, zorder=1)
        if printed is not None:
            upper.axhspan(max(printed[1], scale.low), min(printed[2], scale.high), color=_BAND, zorder=0)
            upper.axhline(printed[0], color=LINE_GREY, linestyle="--", linewidth=1, zorder=1)
        for x, (span, significant) in enumerate(zip(_spans(rows), rows["significant"], strict=True)):
            colour, face = significance_colour(bool(significant))
            upper.plot([x, x], [span.low, span.high], color=colour, linewidth=1.6, zorder=2, gid=f"interval {x}")
            upper.plot([x], [span.estimate], "o", color=colour, markerfacecolor=face, markersize=5, gid=f"point {x}")
        upper.tick_params(axis="x", length=0)
        upper.set_xlim(-1, len(rows))
        _options(lower, rows, options, choices)
        _legend(fig, scale, "as printed" if printed is not None else "")
    return fig


def _options(axes: Axes, rows: pd.DataFrame, options: Mapping[str, list[str]], choices: Mapping[str, str]) -> None:
    """Draw a dot for every option that a specification takes; a choice has a heading and a line for each option."""
    labels: list[str] = []
    for column, found in options.items():
        labels.append(choices[column])
        for option in found:
            y = len(labels)
            taken = [x for x, value in enumerate(rows[column]) if value == option]
            axes.axhline(y, color="0.9", linewidth=0.8, zorder=0)
            axes.plot(taken, [y] * len(taken), "o", color=BLACK, markersize=3.2, gid=f"option {column} {option}")
            labels.append(option)
    axes.set_yticks(range(len(labels)), labels)
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() in choices.values() else "normal")
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xlabel(f"{len(rows)} specifications, sorted by estimate")


def exclusions(frame: pd.DataFrame, *, whole: Mapping[str, PooledEffect]) -> Figure:
    """Draw results with studies left out, one panel an outcome.

    Parameters
    ----------
    frame : DataFrame
        ``outcome, label, estimate, low, high`` (natural scale) and ``significant``, in the order of drawing.
    whole : mapping
        The result of all studies for each outcome, all of one measure; its interval is drawn as a band.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        A column or the whole of an outcome is missing, or there is nothing to draw.
    """
    check_columns(frame, ("outcome", "label", "estimate", "low", "high", "significant"))
    limits = [*frame["low"], *frame["high"]]
    with style():
        fig = Figure(
            figsize=(_WIDTH, 1.0 + 0.35 * frame["outcome"].nunique() + 0.22 * len(frame)), layout="constrained"
        )
        for plot, part, effect in _panels(fig, frame, whole, limits):
            span = natural_span(effect)
            plot.axes.axvspan(max(span.low, plot.scale.low), min(span.high, plot.scale.high), color=_BAND, zorder=0)
            for y, row, significant in zip(range(len(part)), _spans(part), part["significant"], strict=True):
                label = part["label"].iloc[y]
                plot.point(row, y, f"{part['outcome'].iloc[0]} {label}", significant=bool(significant), marker="s")
            plot.axes.set_yticks(range(len(part)), part["label"].tolist())
            plot.axes.set_ylim(len(part) - 0.4, -0.6)
        _legend(fig, plot.scale, "interval of all studies")
    return fig


def subsets(frame: pd.DataFrame, *, whole: Mapping[str, PooledEffect]) -> Figure:
    """Draw the result of every subset of studies by its number of studies, one panel an outcome [1]_.

    Parameters
    ----------
    frame : DataFrame
        ``outcome, size`` (studies of the subset), ``estimate`` (natural scale) and ``significant``.
    whole : mapping
        The result of all studies for each outcome, all of one measure; a dashed line.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        A column or the whole of an outcome is missing, or there is nothing to draw.

    References
    ----------
    .. [1] Olkin I, Dahabreh IJ, Trikalinos TA (2012). GOSH: a graphical display of study heterogeneity. Res Synth
       Methods 3:214-223.
    """
    check_columns(frame, ("outcome", "size", "estimate", "significant"))
    heights = frame.groupby("outcome", sort=False)["size"].max()
    with style():
        fig = Figure(figsize=(_WIDTH, 0.9 + 0.4 * len(heights) + 0.17 * float(heights.sum())), layout="constrained")
        for plot, part, effect in _panels(fig, frame, whole, ()):
            plot.axes.axvline(natural_span(effect).estimate, color=LINE_GREY, linestyle="--", linewidth=1)
            for significant, points in part.groupby("significant"):
                colour, face = significance_colour(bool(significant))
                plot.axes.plot(
                    points["estimate"], points["size"], "o", color=colour, markerfacecolor=face, markersize=5,
                    gid=f"subsets {part['outcome'].iloc[0]} {'significant' if significant else 'not significant'}",
                )  # fmt: skip
            plot.axes.set_yticks(sorted(part["size"].unique()))
            plot.axes.set_ylim(0.4, part["size"].max() + 0.6)
            plot.axes.set_ylabel("studies")
        _legend(fig, plot.scale, "", line="all studies")
    return fig


def _spans(rows: pd.DataFrame) -> list[Span]:
    return [Span.of(numbers) for numbers in zip(rows["estimate"], rows["low"], rows["high"], strict=True)]


def _panels(
    fig: Figure, frame: pd.DataFrame, whole: Mapping[str, PooledEffect], limits: Sequence[float]
) -> Iterator[tuple[EffectPlot, pd.DataFrame, PooledEffect]]:
    """Yield a panel for every outcome, as high as its rows, its part of the frame and the result of all studies."""
    outcomes = list(dict.fromkeys(frame["outcome"]))
    for outcome in outcomes:
        if outcome not in whole:
            raise DataError("the result of all studies is missing", value=outcome)
    measures = {whole[outcome].measure for outcome in outcomes}
    if len(measures) > 1:
        raise DataError(f"a figure shows one measure, not {', '.join(sorted(measures))}")
    (measure,) = measures
    ends = [
        end for outcome in outcomes for end in (natural_span(whole[outcome]).low, natural_span(whole[outcome]).high)
    ]
    scale = effect_scale(measure, frame["estimate"], [*limits, *ends])
    parts = [frame[frame["outcome"] == outcome].reset_index(drop=True) for outcome in outcomes]
    rows = [int(part["size"].max()) if "size" in part else len(part) for part in parts]
    panels = fig.subplots(len(parts), 1, sharex=True, squeeze=False, height_ratios=[n + 0.6 for n in rows])[:, 0]
    for axes, outcome, part in zip(panels, outcomes, parts, strict=True):
        plot = EffectPlot(axes, scale)
        axes.set_title(outcome, loc="left")
        yield plot, part, whole[outcome]
    panels[-1].set_xlabel(effect_name(measure))


def _legend(fig: Figure, scale: Scale, band: str, *, line: str = "") -> None:
    """Say above a figure what filled and open marks are, and what the band or the dashed line is."""
    handles: list[Line2D | Patch] = []
    for significant, verb in ((True, "excludes"), (False, "includes")):
        colour, face = significance_colour(significant)
        label = f"interval {verb} {scale.no_effect:g}"
        handles.append(Line2D([], [], color=colour, marker="o", markerfacecolor=face, markersize=5, label=label))
    if band:
        handles.append(Patch(color=_BAND, label=band))
    if line:
        handles.append(Line2D([], [], color=LINE_GREY, linestyle="--", linewidth=1, label=line))
    fig.legend(handles=handles, loc="outside upper right", ncols=len(handles))
