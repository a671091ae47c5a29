"""Means, rates and given effects against metafor and RevMan; what must not change; what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import same

import metalib
from metalib import DataError, OptionError, PooledEffect, pool
from metalib.arithmetic.data import check_data
from metalib.arithmetic.estimates import effects_from_intervals

GOLDEN = Path(__file__).parent.parent / "validation" / "golden" / "continuous"
SETS = sorted(path.stem for path in GOLDEN.glob("*.json"))
STORED = sorted(path.stem for path in (GOLDEN / "revman_stored").glob("*.json"))
FIELDS = {
    "k", "estimate", "se", "ci_low", "ci_high", "statistic", "p", "Q", "df", "p_Q", "I2", "tau2", "prediction_low",
    "prediction_high", "weights",
}  # fmt: skip

MEANS = pd.DataFrame(
    {"study": ["a", "b"], "mean_t": [1.0, 2.0], "sd_t": [1.0, 2.0], "n_t": [10, 20], "mean_c": [0.5, 1.0],
     "sd_c": [1.5, 1.0], "n_c": [12, 18]}
)  # fmt: skip
RATES = pd.DataFrame(
    {"study": ["a", "b"], "events_t": [3, 8], "time_t": [100.0, 250.5], "events_c": [5, 9], "time_c": [90.0, 260.0]}
)
PRINTED = pd.DataFrame({"study": ["a", "b"], "estimate": [0.8, 1.1], "ci_low": [0.6, 0.9], "ci_high": [1.05, 1.3]})
EFFECTS = pd.DataFrame({"study": ["a", "b"], "effect": [0.1, -0.2], "se": [0.2, 0.1]})


def load(name: str, folder: str = "") -> dict[str, Any]:
    return json.loads((GOLDEN / folder / f"{name}.json").read_text(encoding="utf-8"))


def frame(golden: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(golden["studies"])


def number(value: object) -> float | None:
    return {"Inf": math.inf, "-Inf": -math.inf}.get(value, value) if isinstance(value, str) else value


def agree(ours: object, golden: object, what: str, atol: float = 1e-12, rtol: float = 1e-8) -> None:
    expected = number(golden)
    if expected is None or ours is None:
        assert (ours, expected) == (None, None), what
    elif math.isinf(expected):
        assert ours == expected, what
    else:
        assert abs(ours - expected) <= max(atol, rtol * max(abs(ours), abs(expected))), f"{what}: {ours} {expected}"


def choices(label: str) -> dict[str, str]:
    if label == "fixed":
        return {}
    tau2, _, ci = label.partition("_")
    return {"model": "random", "tau2": tau2, "ci": ci or "wald"}


def compare(name: str, measure: str, label: str, effect: PooledEffect, golden: dict[str, Any]) -> int:
    """Compare every number of a block and return how many there were."""
    assert set(golden) <= FIELDS
    for field, expected in golden.items():
        what = f"{name} {measure} {label} {field}"
        if field == "weights":
            ours = [w for w in effect.weights if w is not None]
            for a, b in zip(ours, expected, strict=True):
                agree(a, b, what)
            continue
        ours = getattr(effect, field)
        agree(ours, expected, what, atol=1e-12)
    return len(golden)


@pytest.mark.parametrize("name", SETS)
def test_numbers_are_those_of_metafor(name: str) -> None:
    golden, compared = load(name), 0
    data = frame(golden)
    for measure, block in golden["measures"].items():
        if measure == "SMD_metafor":
            continue
        effects = pool(data, measure).effects
        assert effects is not None
        for i, (y, v) in enumerate(zip(block["yi"], block["vi"], strict=True)):
            assert bool(effects.estimable[i]) == (y is not None)
            if y is not None:
                agree(float(effects.yi[i]), y, f"{name} {measure} effect of row {i}")
                agree(float(effects.vi[i]), v, f"{name} {measure} variance of row {i}")
        for label, numbers in block["pooled"].items():
            compared += compare(name, measure, label, pool(data, measure, **choices(label)), numbers)
    assert compared > 40


def test_sets_are_there_and_of_every_form() -> None:
    measured = [m for name in SETS for m in load(name)["measures"] if m != "SMD_metafor"]
    assert len(SETS) >= 20
    assert {measure: measured.count(measure) >= 2 for measure in ("MD", "SMD", "IRR", "IRD")} == dict.fromkeys(
        ("MD", "SMD", "IRR", "IRD"), True
    )
    assert {"OR", "HR"} <= set(measured)


@pytest.mark.parametrize("name", [name for name in SETS if "SMD_metafor" in load(name)["measures"]])
def test_standardised_mean_difference_differs_from_metafor_in_two_places_only(name: str) -> None:
    golden = load(name)
    data, theirs = frame(golden), golden["measures"]["SMD_metafor"]
    ours = pool(data, "SMD").effects
    assert ours is not None
    for i, (n_t, n_c) in enumerate(zip(data["n_t"], data["n_c"], strict=True)):
        m, n = n_t + n_c - 2, n_t + n_c
        exact = math.exp(math.lgamma(m / 2) - math.log(math.sqrt(m / 2)) - math.lgamma((m - 1) / 2))
        g = theirs["yi"][i] / exact * (1 - 3 / (4 * m - 1))
        agree(float(ours.yi[i]), g, f"{name} g {i}")
        v = theirs["vi"][i] - theirs["yi"][i] ** 2 / (2 * n) + g**2 / (2 * (n - 3.94))
        agree(float(ours.vi[i]), v, f"{name} v {i}")


@pytest.mark.parametrize("name", STORED)
def test_numbers_are_those_that_revman_stored(name: str) -> None:
    stored = load(name, "revman_stored")
    effect = pool(frame(load(name)), stored["measure"], model=stored["model"])
    assert effect.effects is not None
    overall = dict(stored["overall"])
    # RevMan's own P values are approximations, good to 1e-7.
    agree(effect.p, overall.pop("p"), "p", rtol=1e-6)
    agree(effect.p_Q, overall.pop("p_Q"), "p_Q", rtol=1e-6)
    agree(abs(effect.statistic or 0), overall.pop("z_abs"), "z")
    for field, value in overall.items():
        agree(getattr(effect, field), value, field, rtol=1e-11)
    for i, (y, se, weight) in enumerate(zip(stored["effect"], stored["se"], stored["weights"], strict=True)):
        agree(float(effect.effects.yi[i]), y, "effect", rtol=1e-11)
        agree(math.sqrt(effect.effects.vi[i]), se, "se", rtol=1e-11)
        agree(effect.weights[i], weight, "weight", rtol=1e-11)


# -- what must not change ------------------------------------------------------------------------------------------

reals = st.integers(-(10**6), 10**6).map(lambda i: i / 1000)
spreads = st.floats(0.01, 1e3)
sizes = st.integers(2, 300)


@st.composite
def means(draw: st.DrawFn) -> pd.DataFrame:
    rows = [
        (f"s{i}", draw(reals), draw(spreads), draw(sizes), draw(reals), draw(spreads), draw(sizes))
        for i in range(draw(st.integers(1, 6)))
    ]
    return pd.DataFrame(rows, columns=list(MEANS))


@st.composite
def rates(draw: st.DrawFn) -> pd.DataFrame:
    events, time = st.integers(0, 90), st.floats(1, 1e4)
    rows = [(f"s{i}", draw(events), draw(time), draw(events), draw(time)) for i in range(draw(st.integers(1, 6)))]
    return pd.DataFrame(rows, columns=list(RATES))


models = st.sampled_from([{}, {"model": "random"}, {"model": "random", "tau2": "PM", "ci": "hksj"}])


def swapped(data: pd.DataFrame) -> pd.DataFrame:
    """Exchange the arms."""
    names = {n: n[:-2] + ("_c" if n.endswith("_t") else "_t") for n in data.columns if n[-2:] in ("_t", "_c")}
    return data.rename(columns=names)


def turned(one: PooledEffect, other: PooledEffect) -> None:
    for a, b in (("estimate", "estimate"), ("ci_low", "ci_high"), ("ci_high", "ci_low"), ("statistic", "statistic")):
        x, y = getattr(one, a), getattr(other, b)
        y = None if y is None else -y
        # Equal also where both are infinite: studies that agree to the last bit have no Hartung-Knapp variance.
        assert x == y or same(x, y, 1e-7), (a, x, y)
    assert same(one.se, other.se, 1e-7)
    assert same(one.Q, other.Q, 1e-7)


@given(means(), st.sampled_from(["MD", "SMD"]), models)
def test_exchanged_arms_turn_the_sign_of_means(data: pd.DataFrame, measure: str, options: dict[str, str]) -> None:
    turned(pool(data, measure, **options), pool(swapped(data), measure, **options))


@given(rates(), st.sampled_from(["IRR", "IRD"]), models)
def test_exchanged_arms_turn_the_sign_of_rates(data: pd.DataFrame, measure: str, options: dict[str, str]) -> None:
    turned(pool(data, measure, **options), pool(swapped(data), measure, **options))


@given(means(), st.sampled_from([0.001, 0.5, 7.0, 1000.0]), reals)
def test_other_units_scale_the_mean_difference_only(data: pd.DataFrame, factor: float, shift: float) -> None:
    other = data.copy()
    for arm in "tc":
        other[f"sd_{arm}"] *= factor
        other[f"mean_{arm}"] *= factor
    one, two = pool(data, "MD"), pool(other, "MD")
    assert same(one.estimate and one.estimate * factor, two.estimate, 1e-8)
    assert same(one.se and one.se * factor, two.se, 1e-8)
    assert same(one.Q, two.Q, 1e-7)
    a, b = pool(data, "SMD").effects, pool(other, "SMD").effects
    assert a is not None
    assert b is not None
    np.testing.assert_allclose(a.yi, b.yi, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(a.vi, b.vi, rtol=1e-9)
    moved = data.assign(mean_t=data["mean_t"] + shift, mean_c=data["mean_c"] + shift)
    assert same(one.estimate, pool(moved, "MD").estimate, 1e-7)


@given(rates(), st.sampled_from([1 / 365.25, 12.0, 1000.0]))
def test_another_unit_of_time_leaves_the_rate_ratio(data: pd.DataFrame, factor: float) -> None:
    other = data.assign(time_t=data["time_t"] * factor, time_c=data["time_c"] * factor)
    one, two = pool(data, "IRR"), pool(other, "IRR")
    assert one.k == two.k
    for field in ("estimate", "se", "Q"):
        assert same(getattr(one, field), getattr(two, field), 1e-8)
    per_time = pool(data, "IRD"), pool(other, "IRD")
    assert same(per_time[0].statistic, per_time[1].statistic, 1e-7)


@given(means(), models)
def test_given_effects_pool_like_the_means_they_come_from(data: pd.DataFrame, options: dict[str, str]) -> None:
    from_means = pool(data, "MD", **options)
    e = from_means.effects
    assert e is not None
    z = 1.959963984540054
    se = np.sqrt(e.vi)
    forms = {
        "se": pd.DataFrame({"study": data["study"], "effect": e.yi, "se": se}),
        "interval": pd.DataFrame(
            {"study": data["study"], "estimate": e.yi, "ci_low": e.yi - z * se, "ci_high": e.yi + z * se}
        ),
    }
    for name, given_effects in forms.items():
        for measure in ("MD", "difference"):
            other = pool(given_effects, measure, **options)
            assert same(from_means.estimate, other.estimate, 1e-7), name
            assert same(from_means.se, other.se, 1e-7), name
            assert other.options.method == "IV"


# -- the choices ---------------------------------------------------------------------------------------------------


def test_the_method_follows_from_the_data() -> None:
    counts = pd.DataFrame({"study": ["a"], "events_t": [1], "n_t": [9], "events_c": [2], "n_c": [9]})
    assert pool(counts).method == "MH"
    assert pool(MEANS, "MD").method == "IV"
    assert pool(EFFECTS, "OR").method == "IV"
    assert pool(RATES, "IRR").is_ratio
    assert not pool(RATES, "IRD").is_ratio
    assert pool(PRINTED, "HR").ratio is not None
    assert pool(MEANS, "SMD").ratio is None
    assert pool(counts).tables is not None
    assert pool(MEANS, "MD").tables is None


def test_columns_of_two_forms_are_told_apart_by_the_measure() -> None:
    both = MEANS.assign(effect=[9.0, 9.0], se=[1.0, 1.0])
    assert pool(both, "MD").estimate != 9.0
    assert pool(both, "difference").estimate == pytest.approx(9.0)


def test_subgroups_take_every_form() -> None:
    for data, measure in ((MEANS, "SMD"), (RATES, "IRR"), (EFFECTS, "HR")):
        split = metalib.subgroups(data, ["x", "y"], measure=measure)
        assert split.df == 1
        assert split.overall.estimate == pytest.approx(pool(data, measure).estimate, rel=1e-12)


def test_an_interval_of_another_level_is_wider() -> None:
    at95, at90 = (effects_from_intervals(PRINTED, "HR", level)["se"] for level in (0.95, 0.90))
    assert (at90 > at95).all()
    assert effects_from_intervals(PRINTED, "ratio").loc[0, "effect"] == pytest.approx(math.log(0.8), rel=1e-15)


@pytest.mark.parametrize(
    ("data", "measure", "method", "named"),
    [
        (MEANS, "OR", "", "use one of MD, SMD"),
        (MEANS, "HR", "", "use one of MD, SMD"),
        (RATES, "MD", "", "use one of IRR, IRD"),
        (MEANS, "MD", "MH", "method='MH' is a method for 2x2 tables"),
        (EFFECTS, "OR", "MH", "method='MH' needs 2x2 tables"),
        (EFFECTS, "OR", "Peto", "method='Peto' needs 2x2 tables"),
        (MEANS, "md", "", "measure='md' is not known"),
    ],
)
def test_measure_and_data_that_do_not_fit_are_refused(
    data: pd.DataFrame, measure: str, method: str, named: str
) -> None:
    with pytest.raises(OptionError, match=named.replace("(", r"\(")):
        pool(data, measure, method)


def test_checked_data_of_another_form_are_refused() -> None:
    checked = check_data(MEANS, "MD")
    assert pool(checked, "SMD").estimate == pool(MEANS, "SMD").estimate
    with pytest.raises(OptionError, match="use one of MD, SMD"):
        pool(checked, "IRR")


def test_kernel_of_tables_refuses_other_measures() -> None:
    with pytest.raises(OptionError, match="no measure of 2x2 tables"):
        metalib.pool_batch([1], [9], [2], [9], measure="MD", method="IV")


# -- bad input -----------------------------------------------------------------------------------------------------


def broken(data: pd.DataFrame, column: str, value: object) -> pd.DataFrame:
    other = data.copy().astype({column: object})
    other.loc[1, column] = value
    return other


@pytest.mark.parametrize(
    ("data", "measure", "column", "value", "named"),
    [
        (MEANS, "MD", "sd_t", -1.0, "row 2, study 'b', experimental arm, value -1: sd_t is negative"),
        (MEANS, "MD", "sd_c", 0.0, "row 2, study 'b', control arm, value 0: sd_c is 0"),
        (MEANS, "MD", "sd_c", 1e-20, "below 1e-15"),
        (MEANS, "SMD", "n_t", 1, "row 2, study 'b', experimental arm, value 1: .* at least two patients"),
        (MEANS, "SMD", "n_c", 10.5, "n_c is not a whole number"),
        (MEANS, "MD", "mean_t", math.nan, "mean_t is missing"),
        (MEANS, "MD", "mean_t", None, "mean_t is not a number"),
        (MEANS, "MD", "mean_c", math.inf, "mean_c is infinite"),
        (MEANS, "MD", "mean_c", "2,5", "value '2,5': mean_c is not a number"),
        (MEANS, "MD", "study", "a", "the study occurs twice"),
        (RATES, "IRR", "time_t", -5.0, "experimental arm, value -5: time_t is negative"),
        (RATES, "IRR", "time_c", 0.0, "time_c is 0"),
        (RATES, "IRD", "time_c", math.inf, "time_c is outside"),
        (RATES, "IRD", "events_t", -1, "events_t is negative"),
        (RATES, "IRD", "events_t", 1.5, "events_t is not a whole number"),
        (RATES, "IRR", "events_c", math.nan, "events_c is missing"),
        (PRINTED, "HR", "ci_low", 1.4, r"1.1 \[1.4, 1.3\].*: the confidence limits are exchanged"),
        (PRINTED, "HR", "estimate", 1.35, r"1.35 \[0.9, 1.3\].*: the estimate lies outside its interval"),
        (PRINTED, "HR", "ci_low", 1.3, "the interval has no width"),
        (PRINTED, "HR", "ci_low", 0.0, "ci_low of a ratio must be positive"),
        (PRINTED, "difference", "ci_high", math.nan, "ci_high is missing"),
        (PRINTED, "HR", "ci_high", math.inf, "ci_high is infinite"),
        (EFFECTS, "HR", "se", 0.0, "a standard error must be positive"),
        (EFFECTS, "HR", "se", -0.1, "a standard error must be positive"),
        (EFFECTS, "HR", "effect", math.nan, "effect is missing"),
        (EFFECTS, "HR", "effect", -math.inf, "effect is infinite"),
        (EFFECTS, "HR", "se", 1e-16, "se is below"),
    ],
)  # fmt: skip
def test_bad_cells_are_named(data: pd.DataFrame, measure: str, column: str, value: object, named: str) -> None:
    with pytest.raises(DataError, match=named):
        pool(broken(data, column, value), measure)


@pytest.mark.parametrize(("data", "measure"), [(MEANS, "MD"), (RATES, "IRR"), (EFFECTS, "HR")])
def test_missing_columns_and_empty_data_are_named(data: pd.DataFrame, measure: str) -> None:
    with pytest.raises(DataError, match="is missing"):
        pool(data.drop(columns=data.columns[-1]), measure)
    with pytest.raises(DataError, match="there is no study"):
        pool(data.iloc[:0], measure)
    with pytest.raises(DataError, match="stands there twice"):
        pool(pd.concat([data, data.iloc[:, 1]], axis=1), measure)
    with pytest.raises(DataError, match="must be a DataFrame"):
        pool([1, 2], measure)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "options"),
    [(MEANS, {"measure": "MD"}), (MEANS, {"measure": "SMD", "model": "random"}), (RATES, {"measure": "IRR"}),
     (EFFECTS, {"measure": "HR"}), (PRINTED, {"measure": "ratio", "model": "random"})],
)  # fmt: skip
def test_studies_are_left_out_added_and_chosen_as_if_pooled_alone(data: pd.DataFrame, options: Any) -> None:
    third = data.iloc[[0]].assign(study="c")
    three = pd.concat([data, third], ignore_index=True)
    alone = {study: pool(three[three["study"] != study], **options) for study in three["study"]}
    for _, row in metalib.leave_one_out(three, **options).iterrows():
        assert math.isclose(row["estimate"], alone[row["omitted"]].estimate, rel_tol=1e-12)
        assert math.isclose(row["se"], alone[row["omitted"]].se, rel_tol=1e-12)
    steps = metalib.cumulative(three, ["c", "a", "b"], **options)
    assert math.isclose(steps["estimate"].iloc[1], alone["b"].estimate, rel_tol=1e-12)
    subsets = metalib.all_subsets(three, **options).set_index("studies")
    assert len(subsets) == 7
    assert math.isclose(subsets.loc["a, c", "estimate"], alone["b"].estimate, rel_tol=1e-12)
    every = metalib.specifications(three, [options["measure"]])
    assert set(every["method"]) == {"IV"}
    assert set(every["zero_cells"]) == {"no zero cell"}
    assert len(every) == 10


def test_subsets_drawn_at_random_are_those_of_all() -> None:
    three = pd.concat([MEANS, MEANS.iloc[[0]].assign(study="c")], ignore_index=True)
    every = metalib.all_subsets(three, measure="MD").set_index("studies")
    drawn = metalib.sampled_subsets(three, 200, measure="MD").set_index("studies")
    assert set(drawn.index) == set(every.index)
    assert np.allclose(drawn["estimate"], every.loc[drawn.index, "estimate"], rtol=1e-12)
    assert drawn.index[-1] == "a, b, c"
    again = metalib.sampled_subsets(three, 5, seed=7, measure="MD")
    assert again.equals(metalib.sampled_subsets(three, 5, seed=7, measure="MD"))
    for number in (0, 1.5, True):
        with pytest.raises(OptionError):
            metalib.sampled_subsets(three, number, measure="MD")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "measure", "headings"),
    [(MEANS, "MD", {"Mean", "SD", "Total", "Mean difference"}), (RATES, "IRD", {"Events", "Person-time"}),
     (EFFECTS, "HR", {"Log hazard ratio", "SE"}), (MEANS, "SMD", {"Standardised mean difference", "SD"})],
)  # fmt: skip
def test_forest_plots_show_the_data_of_their_form(data: pd.DataFrame, measure: str, headings: set[str]) -> None:
    from metalib import figures

    effect = pool(data, measure)
    drawn = figures.forest_data(effect)
    studies = drawn[drawn["kind"] == "study"]
    for column in set(data.columns) & {"mean_t", "sd_c", "time_t", "events_c"}:
        assert studies[column].tolist() == data[column].tolist()
    total = drawn[drawn["kind"] == "total"].iloc[0]
    if measure in ("MD", "SMD"):
        assert total["n_t"] == data["n_t"].sum()
        assert math.isnan(total["mean_t"])
    texts = {text.get_text() for text in figures.forest(effect).axes[0].texts}
    assert headings <= texts
