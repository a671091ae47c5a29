"""Figures show the numbers of metalib, and show them legibly."""

from __future__ import annotations

import dataclasses
import io
import itertools
import math
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import scipy.stats
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon, Rectangle
from matplotlib.text import Text
from scipy.special import ndtri

import metalib
from metalib import DataError, MetalibError, OptionError, figures
from metalib.arithmetic.generic import pool_effects
from metalib.figures.marks import SQUARE
from metalib.figures.style import JUDGEMENTS, OKABE_ITO

LONG = "An author with a very long hyphenated-name, and a second and a third author, Journal of Everything 2014 (no. 2)"


def frame(*rows: tuple, **extra: list) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["study", "events_t", "n_t", "events_c", "n_c"]).assign(**extra)


FOUR = frame(("a", 4, 67, 0, 67), ("b", 4, 40, 2, 40), ("c", 4, 30, 2, 30), ("d", 24, 34, 32, 34))
HUGE = frame(("a", 0, 67, 0, 67), ("b", 22, 40, 0, 40), ("c", 14, 30, 17, 30), ("d", 0, 34, 0, 34))
TWELVE = frame(*((f"Study {i}", 3 + i, 30 + 7 * i, 5 + (i * 5) % 7, 28 + 6 * i) for i in range(12)))
NOTHING = frame(("a", 0, 10, 0, 12), ("b", 0, 20, 0, 20))
PRECISE = frame(("a", 40_000, 100_000, 42_000, 100_000), ("b", 3, 10, 5, 10))
GROUPED = pd.concat([FOUR.assign(part="Early"), HUGE.assign(part="Late"), NOTHING.assign(part="Neither")])

FORESTS = {
    "one": (FOUR[1:2], {}),
    "one, Hartung-Knapp": (FOUR[1:2], {"model": "random", "ci": "hksj"}),
    "three": (FOUR[:3], {"model": "random", "prediction": True}),
    "four": (FOUR, {"model": "random", "prediction": True, "printed": (1.31, 0.24, 7.01), "title": "A title " * 20}),
    "twelve": (TWELVE, {"model": "random", "tau2": "REML", "ci": "hksj"}),
    "long names": (
        FOUR,
        {
            "labels": {"a": LONG, "b": "x" * 90, "c": "$a$ and $b$"},
            "groups": ("Ultrasound-guided ablation plus radiotherapy", "Anything that is not a combination"),
            "favours": ("Favours ultrasound-guided ablation plus radiotherapy", "Favours everything else there is"),
        },
    ),
    "huge": (HUGE, {"model": "random", "printed": (7.09, 0.02, 2128.96)}),
    "subgroups": (GROUPED, {"model": "random", "by": "part", "prediction": True}),
    "one subgroup": (FOUR.assign(part=["x"] * 4), {"by": "part"}),
    "RD": (FOUR, {"measure": "RD"}),
    "RD 1": (frame(("a", 10, 10, 0, 10), ("b", 5, 10, 5, 10)), {"measure": "RD"}),
    "RR": (FOUR, {"measure": "RR", "level": 0.99}),
    "Peto": (HUGE, {"method": "Peto"}),
    "nothing": (NOTHING, {}),
    "precise": (PRECISE, {}),
    "enormous": (frame(("a", 10**6, 10**6, 0, 10**6), ("b", 1, 9, 2, 9)), {"method": "IV"}),
}
FUNNELS = {
    "one": (FOUR[1:2], {}),
    "four": (FOUR, {"model": "random", "title": "A title"}),
    "twelve": (TWELVE, {}),
    "long names": (FOUR, {"labels": {"a": "A rather long name of a study 2014", "b": "$a$ and $b$"}}),
    "huge": (HUGE, {"model": "random"}),
    "RD": (FOUR, {"measure": "RD", "contours": False}),
    "same point": (frame(*((name, 4, 40, 2, 40) for name in "abcd")), {}),
}
LETTERS = {"l": "low", "u": "unclear", "h": "high"}
BIAS = pd.DataFrame(
    [
        (study, domain, LETTERS[letter])
        for study, row in {"x": "lhu", "y": "luu", "z": "lhl"}.items()
        for domain, letter in zip(("D1", LONG, "D3"), row, strict=True)
    ],
    columns=["study", "domain", "judgement"],
)


def flow(sources: int, known: bool = True) -> list[figures.FlowBox]:
    box = figures.FlowBox
    parts = [(f"Database {i} with a name that is too long for a single line", 100 * i) for i in range(sources)]
    return [
        box("identification", "Records identified", 1500, parts, side=box("identification", "Removed", 7)),
        box("screening", "Records screened", 4271 if known else None, side=box("screening", LONG, None)),
        box("included", "Studies included", 5),
    ]


POOLING = ("measure", "method", "model", "tau2", "ci", "level")


def pooling(options: dict) -> dict:
    return {k: v for k, v in options.items() if k in POOLING}


def drawing(options: dict, *without: str) -> dict:
    return {k: v for k, v in options.items() if k not in (*POOLING, "by", *without)}


def pooled(tables: pd.DataFrame, options: dict) -> metalib.PooledEffect | metalib.Subgroups:
    if "by" in options:
        return metalib.subgroups(tables, options["by"], **pooling(options))
    return metalib.pool(tables, **pooling(options))


def cases(function, examples: dict, first: str) -> dict:
    return {
        f"{first} {name}": (function, (pooled(tables, options), drawing(options)))
        for name, (tables, options) in examples.items()
    }


GENERIC = pool_effects([0.2, 0.5, -0.1, None], [0.1, 0.2, 0.4, None], ["a", "b", "c", LONG])
RANDOM = [metalib.pool(FOUR, model="random"), metalib.pool(FOUR, model="random", ci="hksj_adhoc")]
ALSO = {"also": RANDOM, "prediction": True, "printed": (1.31, 0.24, 7.01)}
FIGURES = {
    **cases(figures.forest, FORESTS, "forest"),
    "forest also": (figures.forest, (metalib.pool(FOUR), ALSO)),
    "forest bias": (figures.forest, (metalib.pool(FOUR[:3].assign(study=["x", "y", "z"])), {"bias": BIAS})),
    "forest generic": (figures.forest, (GENERIC, {})),
    **cases(figures.funnel, FUNNELS, "funnel"),
    "funnel generic": (figures.funnel, (GENERIC, {})),
    "bias graph": (figures.bias_graph, (BIAS, {})),
    "bias summary": (figures.bias_summary, (BIAS, {"labels": {"x": LONG}})),
    "bias summary, one": (figures.bias_summary, (BIAS[:1], {})),
    **{f"flow {n}": (figures.flow_diagram, (flow(n, n > 3), {})) for n in (0, 2, 3, 4, 5)},
}


def build(name: str) -> Figure:
    function, (first, options) = FIGURES[name]
    return function(first, **options)


def render(fig: Figure, **options) -> bytes:
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", metadata={"Software": None}, **options)
    return buffer.getvalue()


def drawn(fig: Figure) -> list:
    """Artists that are really drawn: an axis that is switched off still holds its parts."""
    off = set()
    for a in fig.axes:
        for part in (a.xaxis, a.yaxis, *a.spines.values()):
            if not a.axison or not part.get_visible():
                off |= {id(artist) for artist in part.findobj()}
    return [artist for artist in fig.findobj() if id(artist) not in off and artist.get_visible()]


def texts(fig: Figure) -> list[Text]:
    return [artist for artist in drawn(fig) if isinstance(artist, Text) and artist.get_text().strip()]


def words(fig: Figure) -> str:
    """All text of a figure in one line, so that wrapped text is found too."""
    return " ".join(t.get_text() for t in texts(fig))


def marked(fig: Figure, prefix: str) -> list:
    return fig.findobj(lambda artist: (artist.get_gid() or "").startswith(prefix))


def axes(fig: Figure):
    return next(a for a in fig.axes if a.get_label() == "plot")


def settings() -> dict:
    """The settings of matplotlib, but for the backend: asking for that one chooses one."""
    return {key: mpl.rcParams[key] for key in mpl.rcParams if key != "backend"}


@pytest.mark.parametrize("dpi", [72, 200])
@pytest.mark.parametrize("name", FIGURES)
def test_no_text_covers_another_and_nothing_leaves_the_canvas(name: str, dpi: int) -> None:
    fig = build(name)
    fig.set_dpi(dpi)
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = [(t.get_text(), Text.get_window_extent(t, renderer)) for t in texts(fig)]
    # The size of letters is rounded to pixels.
    slack = 1.0
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        apart = min(a.x1, b.x1) - max(a.x0, b.x0) <= slack or min(a.y1, b.y1) - max(a.y0, b.y0) <= slack
        assert apart, f"{one!r} and {other!r} overlap"
    for artist in drawn(fig):
        if artist is fig:
            continue
        box = artist.get_tightbbox(renderer)
        if box is None or not np.isfinite(box.extents).all() or box.width <= 0 or box.height <= 0:
            continue
        inside = box.x0 >= -slack and box.y0 >= -slack
        inside &= box.x1 <= fig.bbox.width + slack and box.y1 <= fig.bbox.height + slack
        assert inside, f"{artist} {getattr(artist, 'get_text', str)()} leaves the canvas: {box.extents}"


@pytest.mark.parametrize("name", FIGURES)
def test_bytes_depend_on_nothing_but_the_data_and_settings_stay(name: str) -> None:
    before = settings()
    first = render(build(name), dpi=60)
    assert settings() == before
    with mpl.rc_context(
        {"font.family": "serif", "xtick.color": "red", "xtick.direction": "in", "path.sketch": (9, 9, 9)}
    ):
        fig = build(name)
    with mpl.rc_context({"lines.linewidth": 9, "xtick.color": "red", "ytick.labelsize": 30, "xtick.major.width": 5}):
        assert render(fig, dpi=60) == first


def test_settings_stay_as_they_were_after_an_error() -> None:
    def fail() -> None:
        with figures.style():
            assert mpl.rcParams["font.family"] == ["DejaVu Sans"]
            raise ZeroDivisionError

    before = settings()
    with pytest.raises(ZeroDivisionError):
        fail()
    assert settings() == before


def test_what_is_imported() -> None:
    code = (
        "import sys, metalib; assert 'matplotlib' not in sys.modules;"
        "from metalib.figures import FlowBox, flow_diagram;"
        "flow_diagram([FlowBox('included', 'Studies', 5)]).savefig('/dev/null', format='png');"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", FORESTS)
def test_forest_marks_stand_where_the_numbers_are(name: str) -> None:
    tables, options = FORESTS[name]
    fig = figures.forest(pooled(tables, options), **drawing(options))
    by, choices = options.get("by"), pooling(options)
    parts = [("", tables)] if by is None else list(tables.groupby(by, sort=False))
    plain = {k: v for k, v in choices.items() if k in ("measure", "level")}
    expected, kinds, diamonds = [], [], []
    for group, part in parts:
        effect = metalib.pool(part, **choices)
        if by is not None:
            diamonds.append((f"diamond subtotal {group}", effect))
        if choices.get("method") == "Peto":
            one = [metalib.pool(part[i : i + 1], **choices) for i in range(len(part))]
            expected += [(e.natural(e.estimate), e.natural(e.ci_low), e.natural(e.ci_high)) for e in one if e.estimable]
        else:
            single = metalib.effects(part, **plain).query("estimable")
            expected += [tuple(map(effect.natural, v)) for v in single[["effect", "ci_low", "ci_high"]].to_numpy()]
        kinds.append(effect)
    overall = kinds[0] if by is None else metalib.subgroups(tables, by, **choices).overall
    diamonds.append(("diamond total", overall))
    squares, intervals = marked(fig, "square"), marked(fig, "interval study")
    assert [s.get_offsets()[0][0] for s in squares] == pytest.approx([e[0] for e in expected])
    assert [tuple(i.get_xdata()) for i in intervals] == [pytest.approx(e[1:]) for e in expected]
    for square, interval in zip(squares, intervals, strict=True):
        assert square.get_offsets()[0][1] == interval.get_ydata()[0]
    weights = [w for w in overall.weights if w is not None]
    areas = [s.get_sizes()[0] for s in squares]
    assert areas == pytest.approx([(72 * SQUARE) ** 2 * w / max(weights) for w in weights])
    for gid, effect in diamonds:
        found = [p for p in marked(fig, gid) if isinstance(p, Polygon)]
        assert len(found) == int(effect.estimable)
        if effect.estimable:
            x = found[0].get_xy()[:4, 0]
            low, high = (effect.estimate if end is None else end for end in (effect.ci_low, effect.ci_high))
            assert x == pytest.approx([effect.natural(v) for v in (low, effect.estimate, high, effect.estimate)])
    prediction = marked(fig, "interval prediction")
    assert len(prediction) == int(bool(options.get("prediction")) and overall.prediction_low is not None)
    if prediction:
        limits = [overall.natural(overall.prediction_low), overall.natural(overall.prediction_high)]
        assert prediction[0].get_xdata() == pytest.approx(limits)


@pytest.mark.parametrize("name", FORESTS)
def test_forest_axis_holds_every_estimate_and_marks_every_cut(name: str) -> None:
    tables, options = FORESTS[name]
    result = pooled(tables, options)
    data = figures.forest_data(result, **drawing(options, "favours", "title"))
    fig = figures.forest(result, **drawing(options))
    low, high = axes(fig).get_xlim()
    drawn = data[data["kind"].isin(["study", "subtotal", "total", "printed", "prediction"])]
    estimates = drawn["estimate"].dropna()
    assert ((estimates > low) & (estimates < high)).all()
    assert len(marked(fig, "cut off")) == int((drawn["low"] < low).sum() + (drawn["high"] > high).sum())
    no_effect = 0 if options.get("measure") == "RD" else 1
    assert low < no_effect < high
    assert list(marked(fig, "no effect")[0].get_xdata()) == [no_effect] * 2
    assert axes(fig).get_xscale() == ("linear" if options.get("measure") == "RD" else "log")


def test_the_axis_is_fitted_to_the_data() -> None:
    # The old axis ran from 0.01 to 100 here.
    result = metalib.pool(frame(("a", 4, 60, 24, 60), ("b", 20, 60, 9, 60)))
    data = figures.forest_data(result)
    low, high = axes(figures.forest(result)).get_xlim()
    room = (data["high"].max() / data["low"].min()) ** 0.1
    assert data["low"].min() / room < low < data["low"].min()
    assert data["high"].max() < high < data["high"].max() * room


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "four",
            "1.31 [0.24, 7.01]|171|100.0%|Heterogeneity: Tau² = 1.91; Chi² = 9.02, df = 3 (P = 0.03); I² = 67%|"
            "Test for overall effect: Z = 0.31 (P = 0.76)|Total (95% CI)|Total events|As printed|Study or Subgroup|"
            "Odds ratio|M-H, Random, 95% CI|Experimental|Control|Favours experimental|Favours control|"
            "Prediction interval (95%)|9.57 [0.50, 181.29]|0.15 [0.03, 0.75]|0.1|100",
        ),
        ("huge", "Not estimable|7.09 [0.02, 2128.96]|(P = 0.0002)|I² = 93%|0.1|100"),
        ("one", "Heterogeneity: Not applicable|Test for overall effect: Z = 0.83 (P = 0.40)"),
        ("one, Hartung-Knapp", "2.11 [not estimable]|Test for overall effect: Not applicable"),
        ("nothing", "Not estimable|Heterogeneity: Not applicable|Test for overall effect: Not applicable"),
        ("twelve", "Tau² (REML) =|df = 11|t = |Hartung-Knapp"),
        ("RD", "Risk difference|M-H, Fixed, 95% CI|-0.24 ["),
        ("RR", "Risk ratio|Total (99% CI)|M-H, Fixed, 99% CI"),
        ("Peto", "Peto odds ratio|Peto, Fixed, 95% CI|Not estimable"),
        ("long names", "$a$ and $b$|Ultrasound- guided ablation plus radiotherapy|Favours ultrasound-"),
        (
            "subgroups",
            "Early|Late|Neither|Subtotal (95% CI)|Total (95% CI)|Heterogeneity: Not applicable|"
            "Test for subgroup differences: Chi² =",
        ),
        ("one subgroup", "Test for subgroup differences: Not applicable"),
    ],
)
def test_forest_says(name: str, expected: str) -> None:
    tables, options = FORESTS[name]
    said = words(figures.forest(pooled(tables, options), **drawing(options)))
    for part in expected.split("|"):
        assert part in said


def test_forest_of_subgroups_says_the_test_of_metalib() -> None:
    said = words(build("forest subgroups"))
    result = metalib.subgroups(GROUPED, "part", model="random")
    assert f"Test for subgroup differences: Chi² = {result.Q:.2f}, df = {result.df} (P = {result.p:.2f})" in said


def test_forest_labels_and_counts() -> None:
    fig = figures.forest(metalib.pool(FOUR), labels={"a": "Alpha 2001"}, groups=("New", "Old"))
    said = [t.get_text() for t in texts(fig)]
    assert "Alpha 2001" in said
    assert "a" not in said
    assert {"b", "c", "d", "New", "Old"} <= set(said)
    totals = [str(FOUR[column].sum()) for column in ("events_t", "n_t", "events_c", "n_c")]
    assert all(total in said for total in totals)


def test_printed_result_is_an_open_diamond() -> None:
    fig = figures.forest(metalib.pool(FOUR), printed=(1.31, 0.24, 7.01))
    (diamond,) = [p for p in marked(fig, "diamond printed") if isinstance(p, Polygon)]
    assert diamond.get_xy()[:4, 0] == pytest.approx([0.24, 1.31, 7.01, 1.31])
    assert same_color(diamond.get_facecolor(), "white")
    (total,) = marked(fig, "diamond total")
    assert same_color(total.get_facecolor(), "black")


def test_an_interval_hidden_by_its_square_is_shown_on_it() -> None:
    fig = figures.forest(metalib.pool(PRECISE))
    white = [line for line in axes(fig).lines if same_color(line.get_color(), "white")]
    single = metalib.effects(PRECISE)
    assert [tuple(line.get_xdata()) for line in white] == [
        pytest.approx(np.exp(single.loc[0, ["ci_low", "ci_high"]].astype(float)))
    ]


@pytest.mark.parametrize("name", FORESTS)
def test_forest_data_are_unrounded_and_plain(name: str) -> None:
    tables, options = FORESTS[name]
    data = figures.forest_data(pooled(tables, options), **drawing(options, "favours", "title"))
    assert (data["kind"] == "study").sum() == len(tables)
    assert data["weight"][data["kind"] == "study"].sum() == pytest.approx(0 if name == "nothing" else 100)
    total = data[data["kind"] == "total"].iloc[0]
    assert total["n_t"] == tables["n_t"].sum()
    assert data.columns.is_unique
    assert list(data.index) == list(range(len(data)))


def test_forest_data_of_one_outcome() -> None:
    effect = metalib.pool(FOUR, model="random")
    data = figures.forest_data(effect, groups=("New", "Old")).set_index("kind")
    total = data.loc["total"]
    assert tuple(total[["estimate", "low", "high"]]) == (effect.ratio, effect.ratio_low, effect.ratio_high)
    for column in ("tau2", "Q", "df", "p_Q", "I2", "statistic", "p"):
        assert total[column] == getattr(effect, column)
    assert (total["experimental"], total["control"], total["model"]) == ("New", "Old", "random")


@pytest.mark.parametrize("name", FUNNELS)
def test_funnel_marks_stand_where_the_numbers_are(name: str) -> None:
    tables, options = FUNNELS[name]
    effect = metalib.pool(tables, **pooling(options))
    fig = figures.funnel(effect, **drawing(options))
    single = metalib.effects(tables, effect.measure).query("estimable")
    (points,) = marked(fig, "studies")
    assert points.get_xdata() == pytest.approx([effect.natural(y) for y in single["effect"]])
    assert points.get_ydata() == pytest.approx(single["se"].tolist())
    (line,) = marked(fig, "pooled")
    assert line.get_xdata() == pytest.approx([effect.natural(effect.estimate)] * 2)
    foot, top = axes(fig).get_ylim()
    assert (top, foot > single["se"].max()) == (0, True)
    ends = [effect.natural(effect.estimate + sign * ndtri(0.975) * foot) for sign in (-1, 1)]
    assert [limit.get_xdata()[1] for limit in marked(fig, "pseudo limit")] == pytest.approx(ends)
    shaded = {p.get_gid(): p for p in marked(fig, "contour")}
    borders = () if options.get("contours") is False else ("0.01", "0.05", "0.10")
    assert set(shaded) == {f"contour P = {p}" for p in borders}
    for gid, polygon in shaded.items():
        z = ndtri(1 - float(gid.split("=")[1]) / 2)
        reach = [effect.natural(-z * foot), effect.natural(z * foot)]
        assert polygon.get_xy()[:3, 0] == pytest.approx([effect.natural(0.0), *reach])
    low, high = axes(fig).get_xlim()
    assert all(low < x < high for x in points.get_xdata())


def test_funnel_names_its_studies() -> None:
    fig = figures.funnel(metalib.pool(HUGE, model="random"), labels={"b": "Beta 2002", "a": "Alpha 2001"})
    assert {a.get_text() for a in marked(fig, "name")} == {"Beta 2002", "c"}
    assert "Not estimable: Alpha 2001, d" in words(fig)
    many = pd.concat([TWELVE, TWELVE.assign(study=[f"{s}b" for s in TWELVE["study"]])])
    assert marked(figures.funnel(metalib.pool(many)), "name") == []


def test_funnel_of_nothing() -> None:
    with pytest.raises(DataError, match="no study is estimable"):
        figures.funnel(metalib.pool(NOTHING))


def test_bias_graph_shows_shares() -> None:
    fig = figures.bias_graph(BIAS)
    for domain, part in BIAS.groupby("domain"):
        for judgement in JUDGEMENTS:
            share = 100 * (part["judgement"] == judgement).mean()
            found = [r for r in marked(fig, f"{domain}: {judgement}") if isinstance(r, Rectangle)]
            assert [r.get_width() for r in found] == pytest.approx([share] if share else [])
            assert all(same_color(r.get_facecolor(), JUDGEMENTS[judgement].colour) for r in found)
    assert "n = 3" in words(fig)
    assert words(fig).split().count("33%") == 2


def test_bias_summary_shows_every_judgement_by_colour_and_symbol() -> None:
    fig = figures.bias_summary(BIAS, labels={"x": "Xi 2001"})
    assert "Xi 2001" in words(fig)
    places = {t.get_position()[0]: t for t in texts(fig)}
    for row in BIAS.itertuples():
        (circle,) = marked(fig, f"{row.study}, {row.domain}: {row.judgement}")
        assert isinstance(circle, Circle)
        assert same_color(circle.get_facecolor(), JUDGEMENTS[row.judgement].colour)
        x, y = circle.get_center()
        inside = [t for t in texts(fig) if math.dist(t.get_position(), (x, y)) < circle.get_radius()]
        assert [t.get_text() for t in inside] == [JUDGEMENTS[row.judgement].symbol]
        assert x in places
    rows = [marked(fig, f"{study}, D1")[0].get_center()[1] for study in "xyz"]
    assert rows == sorted(rows)


def test_judgements_differ_in_colour_and_symbol() -> None:
    assert len({j.symbol for j in JUDGEMENTS.values()}) == len({j.colour for j in JUDGEMENTS.values()}) == 3
    assert {j.colour for j in JUDGEMENTS.values()} <= set(OKABE_ITO)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda b: b.assign(judgement=["some"] + ["low"] * 8),
            "row 1, study 'x', value 'some': D1: a judgement must be",
        ),
        (lambda b: b.assign(judgement=["low", None] + ["low"] * 7), "row 2, study 'x'.*: the judgement is missing"),
        (lambda b: pd.concat([b, b[:1]]), "row 10, study 'x', value 'low': D1: the study is judged twice"),
        (lambda b: b[:-1], "study 'z': D3: the study is not judged"),
        (lambda b: b.assign(study=[1] * 9), "row 1, value 1: a study needs a name"),
        (lambda b: b.drop(columns="domain"), "column domain is missing"),
        (lambda b: b[:0], "there is no judgement"),
        (lambda b: 1, "must be a DataFrame"),
    ],
)
@pytest.mark.parametrize("function", [figures.bias_graph, figures.bias_summary])
def test_bias_refuses(function, change, message: str) -> None:
    with pytest.raises(DataError, match=message):
        function(change(BIAS))


@pytest.mark.parametrize("sources", [0, 2, 3, 4, 5])
def test_flow_text_stays_in_its_box(sources: int) -> None:
    fig = figures.flow_diagram(flow(sources, known=False))
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    boxes = [p.get_window_extent() for p in marked(fig, "box")]
    assert len(boxes) == 5
    for label in texts(fig):
        if label.get_rotation():
            continue
        extent = label.get_window_extent(canvas.get_renderer())
        around = [b for b in boxes if b.x0 < extent.x0 and extent.x1 < b.x1 and b.y0 < extent.y0 and extent.y1 < b.y1]
        assert len(around) == 1, label.get_text()


def test_flow_shows_what_is_not_reported() -> None:
    fig = figures.flow_diagram(flow(2, known=False))
    styles = {p.get_gid(): p.get_linestyle() for p in marked(fig, "box")}
    assert {gid for gid, line in styles.items() if line not in ("solid", "-")} == {
        "box Records screened",
        f"box {LONG}",
    }
    assert words(fig).count("not reported") == 2
    for shown in ("n = 5", "n = 100", "n = 7", "Identification", "Screening", "Included"):
        assert shown in words(fig)


def test_flow_from_rows_of_a_table() -> None:
    rows = pd.DataFrame({"step": ["Identified", "Screened"], "count": pd.array([1234, None], dtype="Int64")})
    fig = figures.flow_diagram([figures.FlowBox("screening", row.step, row.count) for row in rows.itertuples()])
    assert "n = 1,234" in words(fig)
    assert "not reported" in words(fig)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda box: [], "at least one box"),
        (lambda box: [1], "row 1, value 1"),
        (lambda box: [box("a", "x", 1), box("b", "y", 1), box("a", "z", 1)], "row 3, value 'a': boxes of a stage must"),
        (lambda box: [box("a", "", 1)], "needs a label"),
        (lambda box: [box("", "x", 1)], "needs a stage"),
        (lambda box: [box("a", "x", -1)], "value -1: x: a count must be"),
        (lambda box: [box("a", "x", 1.5)], "value 1.5"),
        (lambda box: [box("a", "x", "5")], "value '5'"),
        (lambda box: [box("a", "x", True)], "value True"),
        (lambda box: [box("a", "x", 1, [("p", -2)])], "value -2: x, p: a count"),
        (lambda box: [box("a", "x", 1, ["pq r"])], "pairs of text and count"),
        (lambda box: [box("a", "x", 1, side="y")], "side must be a FlowBox"),
        (lambda box: [box("a", "x", 1, side=box("a", "y", 1, side=box("a", "z", 1)))], "no side box of its own"),
    ],
)
def test_flow_refuses(make, message: str) -> None:
    with pytest.raises(DataError, match=message):
        figures.flow_diagram(make(figures.FlowBox))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"groups": "Experimental"}, OptionError, "groups='Experimental'"),
        ({"groups": ("Same", "Same")}, OptionError, "different names"),
        ({"labels": ["a"]}, OptionError, "labels="),
        ({"printed": (1.0, 2.0)}, DataError, "printed"),
        ({"printed": (1.0, 2.0, 3.0)}, DataError, "between its limits"),
        ({"printed": (1.0, float("nan"), 3.0)}, DataError, "finite"),
        ({"printed": (1.0, 0.0, 3.0)}, DataError, "above 0"),
        ({"printed": ("a", "b", "c")}, DataError, "printed"),
        ({"also": [metalib.pool(FOUR[:3])]}, DataError, "of other studies"),
        ({"also": [metalib.pool(FOUR, "RR")]}, DataError, "same measure, OR"),
        ({"also": [FOUR]}, DataError, "pool the tables first"),
    ],
)
def test_forest_refuses(options: dict, error: type[MetalibError], message: str) -> None:
    for function in (figures.forest, figures.forest_data):
        with pytest.raises(error, match=message):
            function(metalib.pool(FOUR), **options)


@pytest.mark.parametrize("options", [{"favours": ("one",)}, {"favours": 3}, {"title": 3}])
def test_forest_refuses_texts_that_are_none(options: dict) -> None:
    with pytest.raises(OptionError, match=next(iter(options))):
        figures.forest(metalib.pool(FOUR), **options)


@pytest.mark.parametrize("function", [figures.forest, figures.forest_data, figures.funnel, figures.funnel_data])
@pytest.mark.parametrize("result", [None, FOUR])
def test_only_results_are_drawn(function, result: object) -> None:
    with pytest.raises(DataError, match="a result of metalib is drawn"):
        function(result)


@pytest.mark.parametrize("function", [figures.forest, figures.funnel])
def test_a_result_without_its_studies_cannot_be_drawn(function) -> None:
    bare = dataclasses.replace(metalib.pool(FOUR), effects=None)
    with pytest.raises(DataError, match="does not hold the effects of its studies"):
        function(bare)


@pytest.mark.parametrize("ci", ["wald", "hksj", "hksj_adhoc"])
@pytest.mark.parametrize("tables", [FOUR, TWELVE])
def test_the_statistics_line_names_the_distribution_that_was_used(tables: pd.DataFrame, ci: str) -> None:
    # Under hksj_adhoc the old plot printed Z, where the interval and P came from t.
    effect = metalib.pool(tables, model="random", ci=ci)
    p = 2 * (scipy.stats.t(effect.df) if effect.uses_t else scipy.stats.norm()).sf(abs(effect.statistic))
    assert p == pytest.approx(effect.p, abs=1e-12)
    name = f"t = {abs(effect.statistic):.2f}, df = {effect.df}" if effect.uses_t else f"Z = {abs(effect.statistic):.2f}"
    assert f"Test for overall effect: {name} (P = {p:.2f})" in words(figures.forest(effect))


def test_more_results_of_the_same_studies_are_further_diamonds() -> None:
    fig = build("forest also")
    shown = [p for p in marked(fig, "diamond also") if isinstance(p, Polygon)]
    assert len(shown) == 2
    for diamond, effect in zip(shown, RANDOM, strict=True):
        corners = [effect.ratio_low, effect.ratio, effect.ratio_high, effect.ratio]
        assert diamond.get_xy()[:4, 0] == pytest.approx(corners)
    (total,) = [p for p in marked(fig, "diamond total") if isinstance(p, Polygon)]
    assert total.get_xy()[1, 0] == pytest.approx(metalib.pool(FOUR).ratio)
    (prediction,) = marked(fig, "interval prediction")
    ends = [math.exp(RANDOM[0].prediction_low), math.exp(RANDOM[0].prediction_high)]
    assert prediction.get_xdata() == pytest.approx(ends)
    data = figures.forest_data(metalib.pool(FOUR), **ALSO)
    assert data["kind"].tolist() == ["study"] * 4 + ["total", "also", "also", "prediction", "printed"]
    assert data.loc[data["kind"] == "also", "ci_method"].tolist() == ["wald", "hksj_adhoc"]
    assert {"M-H, random", "Total (95% CI)"} <= {t.get_text() for t in texts(fig)}


def test_risk_of_bias_stands_beside_its_study() -> None:
    fig = build("forest bias")
    for row in BIAS.itertuples():
        (circle,) = marked(fig, f"{row.study}, {row.domain}")
        assert same_color(circle.get_facecolor(), JUDGEMENTS[row.judgement].colour)
        (square,) = marked(fig, f"square study {row.study}")
        assert circle.get_center()[1] == pytest.approx(square.get_offsets()[0][1])
    assert "A D1" in words(fig)
    with pytest.raises(DataError, match="study 'a': the risk of bias of the study is not judged"):
        figures.forest(metalib.pool(FOUR), bias=BIAS)


def test_effects_without_tables_are_drawn_with_their_standard_errors() -> None:
    said = [t.get_text() for t in texts(build("forest generic"))]
    assert {"Log odds ratio", "SE", "0.200", "0.400", "-0.100", "Not estimable"} <= set(said)
    assert not {"Events", "Total", "Total events", "Experimental", "Control"} & set(said)
    data = figures.forest_data(GENERIC)
    assert data["se"][:3].tolist() == pytest.approx([0.1, 0.2, 0.4])
    assert data[["events_t", "n_t", "events_c", "n_c"]].isna().all(axis=None)
    weights = 1 / np.array([0.1, 0.2, 0.4]) ** 2
    assert data["weight"][:3].tolist() == pytest.approx(100 * weights / weights.sum())


def test_weights_of_subgroups_are_shares_of_the_total() -> None:
    mixed = pd.concat([FOUR, HUGE], ignore_index=True).assign(study=list("abcdefgh"))
    groups = metalib.subgroups(mixed, ["x", "y"] * 4)
    data = figures.forest_data(groups)
    studies = data[data["kind"] == "study"]
    order = [*range(0, 8, 2), *range(1, 8, 2)]
    whole = metalib.pool(mixed).weights
    assert studies["weight"].tolist() == pytest.approx(
        [math.nan if whole[i] is None else whole[i] for i in order], nan_ok=True
    )
    assert studies["n_t"].tolist() == mixed["n_t"].iloc[order].tolist()
