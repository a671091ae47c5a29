"""What must hold whatever the data are.

Every property states for which methods, models and measures it is a theorem; where it is none, its docstring says why.
Fixed effect: Mantel-Haenszel, inverse variance, Peto (odds ratios only). Random effects: weights 1 / (v + tau2) with
tau2 of DerSimonian-Laird, Paule-Mandel or restricted maximum likelihood; Wald or Hartung-Knapp intervals.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import COLUMNS, same, swap_arms, swap_events, tables

import metalib
from metalib.arithmetic.heterogeneity import reml_loglik
from metalib.robustness.absolute import absolute_effect

MEASURES = ("OR", "RR", "RD")
FIXED = [{"method": "MH"}, {"method": "IV"}, {"method": "Peto"}]
RANDOM = [
    *({"method": "IV", "model": "random", "tau2": tau2} for tau2 in ("DL", "PM", "REML")),
    {"method": "MH", "model": "random"},
    *({"method": "IV", "model": "random", "tau2": tau2, "ci": "hksj"} for tau2 in ("DL", "PM", "REML")),
    {"method": "MH", "model": "random", "ci": "hksj_adhoc"},
]
#: Every option with every measure that it exists for.
GRID = [
    (measure, options)
    for options in FIXED + RANDOM
    for measure in MEASURES
    if measure == "OR" or options["method"] != "Peto"
]
NUMBERS = ("estimate", "se", "ci_low", "ci_high", "statistic", "p", "tau2", "Q", "p_Q", "I2", "prediction_low")


def over(grid: list[tuple[str, dict]]):
    """Return the parametrisation over pairs of measure and options."""
    names = ["-".join([measure, *map(str, options.values())]) for measure, options in grid]
    return pytest.mark.parametrize(("measure", "options"), grid, ids=names)


def few(examples: int):
    """Return settings that always draw the same examples."""
    return settings(max_examples=examples, deadline=None, derandomize=True)


def tolerance(options: dict) -> float:
    """Near a flat top of the likelihood REML's tau2, and what hangs on it, is known less well."""
    return 1e-5 if options.get("tau2") == "REML" else 1e-8


def doubled(t: pd.DataFrame, factor: int = 2) -> pd.DataFrame:
    return t.assign(**{c: factor * t[c] for c in COLUMNS[1:]})


def twice(t: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([t, t.assign(study=t["study"] + " again")], ignore_index=True)


# Symmetry


@over(GRID)
@given(t=tables())
@few(10)
def test_swapping_the_arms_negates_the_effect(measure: str, options: dict, t: pd.DataFrame) -> None:
    """All methods and measures, also with zero cells: the correction of 0.5 is the same for both arms.

    One exception: with every patient of both arms an event, RevMan sets RR to 1, and its limits stay symmetric too.
    """
    plain, swapped = metalib.pool(t, measure, **options), metalib.pool(swap_arms(t), measure, **options)
    assert swapped.k == plain.k
    if plain.estimable and plain.se is not None:
        close = tolerance(options)
        assert same(swapped.estimate, -plain.estimate, close)
        assert same(swapped.se, plain.se, close)
        assert same(swapped.ci_low, -plain.ci_high, 10 * close)
        assert same(swapped.I2, plain.I2, 100 * close)


@over([(m, o) for m, o in GRID if m in ("OR", "RD")])
@given(t=tables())
@few(10)
def test_counting_the_other_outcome_negates_the_effect(measure: str, options: dict, t: pd.DataFrame) -> None:
    """OR and RD with all methods. Not RR: the ratio of the risks of no event is another quantity."""
    plain, swapped = metalib.pool(t, measure, **options), metalib.pool(swap_events(t), measure, **options)
    assert swapped.k == plain.k
    if plain.estimable:
        close = tolerance(options)
        assert same(swapped.estimate, -plain.estimate, close)
        assert same(swapped.se, plain.se, close)


@over(GRID)
@given(t=tables(), order=st.randoms())
@few(10)
def test_the_order_of_studies_does_not_matter(measure: str, options: dict, t: pd.DataFrame, order) -> None:
    """All methods and measures; the weights follow their studies."""
    rows = list(range(len(t)))
    order.shuffle(rows)
    close = tolerance(options)
    a, b = metalib.pool(t, measure, **options), metalib.pool(t.iloc[rows], measure, **options)
    for field in ("estimate", "se", "Q", "I2", "tau2"):
        assert same(getattr(a, field), getattr(b, field), close), field
    for study, weight in zip(b.studies, b.weights, strict=True):
        assert same(weight, a.weights[a.studies.index(study)], 100 * close)


# Studies that carry nothing


@over([(m, o) for m, o in GRID if m in ("OR", "RR")])
@given(t=tables(max_k=5), n_t=st.integers(1, 60), n_c=st.integers(1, 60))
@few(10)
def test_a_study_without_events_changes_no_ratio(
    measure: str, options: dict, t: pd.DataFrame, n_t: int, n_c: int
) -> None:
    """OR and RR with all methods. Not RD: two risks of 0 are evidence for a difference of 0."""
    more = pd.concat([t, pd.DataFrame([("empty", 0, n_t, 0, n_c)], columns=COLUMNS)], ignore_index=True)
    a, b = metalib.pool(t, measure, **options), metalib.pool(more, measure, **options)
    for field in ("k", *NUMBERS):
        # Sums over one more zero may be taken in another order, so that the last bit may differ.
        assert same(getattr(a, field), getattr(b, field), max(1e-12, tolerance(options) / 1e3)), field
    assert b.k_total == a.k_total + 1
    assert dict(b.excluded)["empty"]
    assert b.weights[-1] is None


@given(t=tables(max_k=5), n_t=st.integers(1, 60), n_c=st.integers(1, 60))
@few(20)
def test_a_study_without_events_draws_the_risk_difference_to_nought(t: pd.DataFrame, n_t: int, n_c: int) -> None:
    """RD, Mantel-Haenszel: its weights do not depend on the events."""
    more = pd.concat([t, pd.DataFrame([("empty", 0, n_t, 0, n_c)], columns=COLUMNS)], ignore_index=True)
    a, b = metalib.pool(t, "RD"), metalib.pool(more, "RD")
    assert b.k == a.k + 1
    assert abs(b.estimate) <= abs(a.estimate)


# Bounds


@over(GRID)
@given(t=tables())
@few(12)
def test_heterogeneity_and_weights_are_within_their_bounds(measure: str, options: dict, t: pd.DataFrame) -> None:
    """All methods and measures: Q >= 0, tau2 >= 0, I2 in [0, 100), weights in [0, 100] that sum to 100."""
    result = metalib.pool(t, measure, **options)
    if result.estimable:
        assert result.Q >= 0
        assert 0 <= result.I2 < 100
        assert (result.tau2 is None) == (result.model == "fixed")
        assert result.tau2 is None or result.tau2 >= 0
        weights = [w for w in result.weights if w is not None]
        assert len(weights) == result.k
        assert all(0 <= w <= 100 + 1e-9 for w in weights)
        assert sum(weights) == pytest.approx(100)
        assert result.p is None or 0 <= result.p <= 1
        assert result.p_Q is None or 0 <= result.p_Q <= 1


@over(GRID)
@given(t=tables(min_k=2))
@few(12)
def test_the_pooled_effect_lies_among_the_studies(measure: str, options: dict, t: pd.DataFrame) -> None:
    """All methods, also with zero cells, because all are weighted means with weights that are not negative.

    Mantel-Haenszel OR and RR are weighted means of the ratios themselves, not of their logarithms. Metalib corrects
    the cells of effect and weight alike, so the property survives zero cells. With sums of uncorrected cells it would
    not, nor would it for Peto's method beside ordinary odds ratios: its studies are Peto's odds ratios, (O - E) / V.
    """
    result = metalib.pool(t, measure, **options)
    if not result.estimable:
        return
    if options["method"] == "Peto":
        effects = [metalib.pool(t.iloc[[i]], method="Peto").estimate for i in range(len(t))]
        effects = [x for x in effects if x is not None]
    else:
        effects = metalib.effects(t, measure).query("estimable")["effect"].tolist()
    assert min(effects) - 1e-9 <= result.estimate <= max(effects) + 1e-9


# Intervals


@over(GRID)
@given(t=tables(), levels=st.lists(st.floats(0.05, 0.999), min_size=2, max_size=2, unique=True))
@few(10)
def test_a_higher_level_gives_a_wider_interval_around_the_same_estimate(
    measure: str, options: dict, t: pd.DataFrame, levels: list[float]
) -> None:
    """All methods and measures, but for intervals of Hartung-Knapp with standard error 0 (identical studies).

    "hksj_adhoc" takes at each level the wider of two intervals that each grow with the level.
    """
    narrow, wide = (metalib.pool(t, measure, level=level, **options) for level in sorted(levels))
    if wide.estimable and wide.se is not None:
        assert narrow.estimate == wide.estimate
        assert wide.ci_low <= narrow.ci_low <= narrow.estimate <= narrow.ci_high <= wide.ci_high


@over([(m, o) for m, o in GRID if "model" in o])
@given(t=tables(min_k=3))
@few(10)
def test_the_prediction_interval_contains_the_wald_interval(measure: str, options: dict, t: pd.DataFrame) -> None:
    """Random effects of three studies or more.

    sqrt(tau2 + se2) >= se, and t on k - 2 degrees of freedom is wider than normal quantiles and than t on k - 1, so it
    holds for the Hartung-Knapp interval, too: each is made with the standard error that the result carries.
    """
    result = metalib.pool(t, measure, **options)
    if result.prediction_low is not None:
        assert result.prediction_low <= result.ci_low + 1e-12
        assert result.ci_high - 1e-12 <= result.prediction_high


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("tau2", ["DL", "PM", "REML"])
@given(t=tables(min_k=2))
@few(10)
def test_the_adhoc_interval_is_never_narrower(measure: str, tau2: str, t: pd.DataFrame) -> None:
    """It contains the Wald and the Hartung-Knapp interval of the same model, and is one of them."""
    options = {"method": "IV", "model": "random", "tau2": tau2}
    wald, hksj, adhoc = (metalib.pool(t, measure, ci=ci, **options) for ci in ("wald", "hksj", "hksj_adhoc"))
    if adhoc.k > 1:
        assert adhoc.ci_high == max(wald.ci_high, hksj.ci_high)
        assert adhoc.ci_low == min(wald.ci_low, hksj.ci_low)


# More data


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("method", ["MH", "IV"])
@given(t=tables(zeros=False))
@few(12)
def test_twice_the_patients_halve_the_variance(measure: str, method: str, t: pd.DataFrame) -> None:
    """Mantel-Haenszel and inverse variance, fixed effect, without zero cells.

    With them the 0.5 that is added does not double. Not Peto: the hypergeometric variance divides by n - 1. Not random
    effects: tau2 does not shrink with the patients of a study.
    """
    a, b = metalib.pool(t, measure, method), metalib.pool(doubled(t), measure, method)
    assert b.se**2 == pytest.approx(a.se**2 / 2, rel=1e-9)
    assert b.estimate == pytest.approx(a.estimate, rel=1e-9, abs=1e-12)
    assert same(b.Q, 2 * a.Q, 1e-8)


@given(t=tables(zeros=False), factor=st.integers(2, 50))
@few(20)
def test_petos_variance_falls_with_the_patients_by_its_own_law(t: pd.DataFrame, factor: int) -> None:
    """One study: V = n1 n2 m1 m2 / (N^2 (N - 1)), so the variance 1 / V falls by (f N - 1) / (f^2 (N - 1))."""
    one = t.iloc[[0]]
    n = int(one["n_t"].iloc[0] + one["n_c"].iloc[0])
    a, b = metalib.pool(one, method="Peto"), metalib.pool(doubled(one, factor), method="Peto")
    assert b.se**2 == pytest.approx(a.se**2 * (factor * n - 1) / (factor**2 * (n - 1)), rel=1e-9)


@over([(m, o) for m, o in GRID if "model" not in o])
@given(t=tables())
@few(12)
def test_every_study_twice_halves_the_variance(measure: str, options: dict, t: pd.DataFrame) -> None:
    """Fixed effect, all methods, also with zero cells, because each study keeps its correction. Q doubles.

    Not random effects in general: tau2 of DerSimonian-Laird is divided by another number of degrees of freedom.
    """
    a, b = metalib.pool(t, measure, **options), metalib.pool(twice(t), measure, **options)
    assert b.k == 2 * a.k
    if a.estimable:
        assert b.se**2 == pytest.approx(a.se**2 / 2, rel=1e-9)
        assert b.estimate == pytest.approx(a.estimate, rel=1e-9, abs=1e-12)
        assert same(b.Q, 2 * a.Q, 1e-8)


@pytest.mark.parametrize("measure", MEASURES)
@given(t=tables(max_k=1))
@few(20)
def test_one_study_pools_to_itself(measure: str, t: pd.DataFrame) -> None:
    """Inverse variance with every tau2, and Mantel-Haenszel estimates: Q and tau2 are 0.

    The standard errors of Mantel-Haenszel agree as well; they are the same formula for one study.
    """
    effect = metalib.effects(t, measure).iloc[0]
    for options in ({"method": "IV"}, {"method": "MH"}, *RANDOM[:4]):
        result = metalib.pool(t, measure, **options)
        assert result.estimable == bool(effect["estimable"])
        if result.estimable:
            assert same(result.estimate, effect["effect"], 1e-9)
            assert same(result.Q, 0.0)
            assert not result.tau2
            if options["method"] == "IV" or "model" in options:
                assert same(result.se, effect["se"], 1e-9)


# Forms of one computation


@over(GRID)
@given(data=st.lists(tables(min_k=3, max_k=3), min_size=2, max_size=3))
@few(5)
def test_the_batch_is_the_scalar_form_repeated(measure: str, options: dict, data: list[pd.DataFrame]) -> None:
    """All methods and measures, and arrays of any leading shape."""
    stacked = [np.stack([t[c].to_numpy() for t in data]) for c in COLUMNS[1:]]
    batch = metalib.pool_batch(*(x.reshape(len(data), 1, 3) for x in stacked), measure=measure, **options)
    assert batch.estimate.shape == (len(data), 1)
    for i, t in enumerate(data):
        one = metalib.pool(t, measure, **options)
        assert bool(batch.estimable[i, 0]) == one.estimable
        for field in (*NUMBERS, "prediction_high"):
            value = getattr(batch, field)[i, 0]
            assert same(None if value != value else value, getattr(one, field), 1e-12), field


@over(GRID)
@given(t=tables(min_k=2, max_k=4))
@few(5)
def test_leave_one_out_is_a_refit(measure: str, options: dict, t: pd.DataFrame) -> None:
    """All methods and measures; what is not estimable without a study says so."""
    rows = metalib.leave_one_out(t, measure=measure, **options)
    for i, study in enumerate(t["study"]):
        refit = metalib.pool(t[t["study"] != study], measure, **options)
        assert rows.loc[i, "omitted"] == study
        for field in ("estimate", "se", "p", "Q", "tau2"):
            value = rows.loc[i, field]
            assert same(None if value != value else value, getattr(refit, field), 1e-9), field
        if not refit.estimable:
            assert "no study is estimable" in rows.loc[i, "reason"]


@over(GRID)
@given(t=tables(min_k=2, max_k=4), order=st.randoms())
@few(5)
def test_cumulative_exclusion_is_a_chain_of_refits(measure: str, options: dict, t: pd.DataFrame, order) -> None:
    """All methods and measures: each step is the pool of the studies that stay, the first is a leave-one-out row."""
    names = t["study"].tolist()
    order.shuffle(names)
    rows = metalib.exclude_cumulatively(t, names, measure=measure, **options)
    for step in range(len(names) - 1):
        refit = metalib.pool(t[t["study"].isin(names[step + 1 :])], measure, **options)
        for field in ("estimate", "se", "Q"):
            value = rows.loc[step, field]
            assert same(None if value != value else value, getattr(refit, field), 1e-9), field
    left_out = metalib.leave_one_out(t, measure=measure, **options).set_index("omitted").loc[names[0]]
    assert rows.loc[0, "estimate"] == left_out["estimate"] or math.isnan(left_out["estimate"])
    assert rows.loc[len(names) - 1, "reason"] == "no study is estimable"


# Subgroups


@over(GRID)
@given(t=tables(min_k=2))
@few(5)
def test_one_subgroup_is_the_whole(measure: str, options: dict, t: pd.DataFrame) -> None:
    """All methods and measures; one group has no test for differences, and says why."""
    groups = metalib.subgroups(t, ["all"] * len(t), measure=measure, **options)
    for field in NUMBERS:
        assert getattr(groups["all"], field) == getattr(groups.overall, field), field
    assert groups.Q is None
    assert groups.reasons["Q"]


@pytest.mark.parametrize(("measure", "method"), [*((m, "IV") for m in MEASURES), ("OR", "Peto")])
@given(t=tables(min_k=4, max_k=6), cut=st.integers(1, 3))
@few(25)
def test_heterogeneity_is_what_lies_within_and_between_subgroups(
    measure: str, method: str, t: pd.DataFrame, cut: int
) -> None:
    """Inverse variance and Peto, fixed effect: Q = sum of the groups' Q + Q between.

    Not Mantel-Haenszel (its estimate is not the mean that Q is least around), and not random effects (each group has
    its own tau2).
    """
    groups = metalib.subgroups(t, ["a"] * cut + ["b"] * (len(t) - cut), measure=measure, method=method)
    within = sum(effect.Q for _, effect in groups.groups if effect.estimable)
    if groups.overall.estimable:
        assert same(groups.overall.Q, within + (groups.Q or 0.0), 1e-8)


@pytest.mark.parametrize(("measure", "method"), [*((m, "IV") for m in MEASURES), ("OR", "Peto")])
@given(t=tables(min_k=2))
@few(12)
def test_studies_as_subgroups_give_the_test_of_heterogeneity(measure: str, method: str, t: pd.DataFrame) -> None:
    """Inverse variance and Peto, fixed effect: one group a study, so that Q between is Q."""
    groups = metalib.subgroups(t, "study", measure=measure, method=method)
    if groups.overall.k > 1:
        assert same(groups.Q, groups.overall.Q, 1e-8)
        assert same(groups.I2, groups.overall.I2, 1e-6)


# Between-study variance


@pytest.mark.parametrize("measure", MEASURES)
@given(t=tables(min_k=2))
@few(20)
def test_without_excess_heterogeneity_random_effects_are_the_fixed_effect(measure: str, t: pd.DataFrame) -> None:
    """DerSimonian-Laird and Paule-Mandel with inverse variance: Q <= df gives tau2 = 0. REML may still be positive."""
    fixed = metalib.pool(t, measure, "IV")
    for tau2 in ("DL", "PM"):
        random = metalib.pool(t, measure, "IV", "random", tau2)
        if fixed.estimable:
            excess = fixed.Q - fixed.df
            if excess < -1e-9:
                assert random.tau2 == 0
                assert same(random.estimate, fixed.estimate, 1e-12)
            elif excess > 1e-6:
                assert random.tau2 > 0
            assert random.se >= fixed.se * (1 - 1e-12)


@given(t=tables(min_k=2))
@few(30)
def test_paule_mandel_solves_its_equation(t: pd.DataFrame) -> None:
    """Where tau2 is positive, the generalised Q equals its degrees of freedom."""
    e = metalib.effects(t).query("estimable")
    result = metalib.pool(t, method="IV", model="random", tau2="PM")
    if result.estimable and result.tau2 > 0:
        w = 1 / (e["se"] ** 2 + result.tau2)
        mean = (w * e["effect"]).sum() / w.sum()
        assert (w * (e["effect"] - mean) ** 2).sum() == pytest.approx(len(e) - 1, rel=1e-9)


@given(t=tables(min_k=2))
@few(30)
def test_reml_is_a_maximum(t: pd.DataFrame) -> None:
    """No tau2 of a fine grid has a higher restricted likelihood."""
    e = metalib.effects(t).query("estimable")
    result = metalib.pool(t, method="IV", model="random", tau2="REML")
    if result.k < 2:
        return
    y, v, inside = e["effect"].to_numpy()[None], e["se"].to_numpy()[None] ** 2, np.ones((1, len(e)), dtype=bool)
    others = np.concatenate([[0.0], np.geomspace(1e-8, 200, 400)])
    heights = [reml_loglik(np.array([x]), y, v, inside)[0] for x in others]
    assert reml_loglik(np.array([result.tau2]), y, v, inside)[0] >= max(heights) - 1e-9


# Absolute effects


@pytest.mark.parametrize("measure", MEASURES)
@given(t=tables(min_k=2), risk=st.floats(0.01, 0.99))
@few(25)
def test_absolute_effects_keep_the_order_of_the_limits(measure: str, t: pd.DataFrame, risk: float) -> None:
    """All measures, as the risk grows with the effect; an effect above none adds events. OR never leaves 0 to 1."""
    effect = metalib.pool(t, measure)
    if not effect.estimable:
        return
    absolute = absolute_effect(effect, risk)
    found = [x for x in (absolute.risk_low, absolute.risk, absolute.risk_high) if x is not None]
    assert found == sorted(found)
    assert measure != "OR" or len(found) == 3
    if absolute.difference is not None and abs(effect.estimate) > 1e-9:
        assert (absolute.difference > 0) == (effect.estimate > 0)
