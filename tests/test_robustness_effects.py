"""Ordered outcomes against a likelihood written out by hand; pooling of effects; absolute effects."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from strategies import ALL, same, tables

import metalib
from metalib import DataError, OptionError
from metalib.arithmetic.generic import pool_effects
from metalib.robustness.absolute import absolute_effect
from metalib.robustness.ordinal import pool_proportional_odds, proportional_odds


def log_likelihood(parameters: np.ndarray, counts: np.ndarray) -> float:
    """``beta, theta_1, ..., theta_(c-1)``, cell by cell."""
    beta, theta = parameters[0], parameters[1:]
    if (np.diff(theta) <= 0).any():
        return -math.inf
    total = 0.0
    for row, shift in zip(counts, (beta, 0.0), strict=True):
        at_most = np.concatenate([[0.0], 1 / (1 + np.exp(shift - theta)), [1.0]])
        total += sum(n * math.log(p) for n, p in zip(row, np.diff(at_most), strict=True) if n)
    return total


def maximise(counts: np.ndarray) -> tuple[float, float, float]:
    """Return estimate, standard error and height by simplex search and Newton's steps on numerical derivatives."""
    pooled = np.cumsum(counts.sum(0))[:-1] / counts.sum()
    point = np.concatenate([[0.0], np.log(pooled / (1 - pooled))])
    for _ in range(4):
        point = minimize(
            lambda x: -log_likelihood(x, counts), point, method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20_000, "maxfev": 20_000},
        ).x  # fmt: skip
    size, step = len(point), 1e-4
    unit = np.eye(size) * step

    def f(x: np.ndarray) -> float:
        return log_likelihood(x, counts)

    for _ in range(3):
        gradient = np.array([(f(point + u) - f(point - u)) / (2 * step) for u in unit])
        hessian = np.array([
            [(f(point + u + v) - f(point + u - v) - f(point - u + v) + f(point - u - v)) / (4 * step**2) for v in unit]
            for u in unit
        ])  # fmt: skip
        point = point - np.linalg.solve(hessian, gradient)
    return point[0], math.sqrt(np.linalg.inv(-hessian)[0, 0]), f(point)


@pytest.mark.parametrize("counts", [
    [[5, 10, 20, 15], [12, 15, 14, 6]],
    [[30, 5, 2], [10, 10, 20]],
    [[3, 0, 9, 4], [4, 6, 0, 5]],
    [[12, 30], [20, 25]],
    [[1, 2, 1, 3, 2], [2, 1, 2, 1, 1]],
])  # fmt: skip
def test_proportional_odds_against_the_likelihood_written_out(counts: list) -> None:
    ours = proportional_odds(counts)
    estimate, se, height = maximise(np.array(counts, dtype=float))
    assert ours.estimate == pytest.approx(estimate, rel=1e-6, abs=1e-6)
    assert ours.se == pytest.approx(se, rel=1e-6)
    assert ours.log_likelihood == pytest.approx(height, rel=1e-9)
    assert ours.reason == ""


def _this_review() -> list[np.ndarray]:
    """Return the response categories of every study, from worst to best."""
    review = metalib.read_review(Path(__file__).parent.parent / "data")
    tables = [review.tables_of(key) for key in ("PD", "SD", "PR", "CR")]
    return [
        np.array([[t.loc[i, arm] for t in tables] for arm in ("events_t", "events_c")]) for i in range(len(tables[0]))
    ]


def test_proportional_odds_against_statsmodels() -> None:
    """Its standard errors come from numerical derivatives, good to about 1e-6."""
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    for counts in (
        [[5, 10, 20, 15], [12, 15, 14, 6]], [[30, 5, 2], [10, 10, 20]], [[40, 8, 3, 1], [31, 12, 9, 2]], *_this_review()
    ):  # fmt: skip
        patients = np.array(counts)
        # Categories that nobody is in have no threshold to estimate.
        patients = patients[:, patients.sum(0) > 0]
        category = np.concatenate([np.repeat(np.arange(patients.shape[1]), row) for row in patients])
        arm = np.repeat([1.0, 0.0], patients.sum(1))[:, None]
        other = OrderedModel(category, arm, distr="logit").fit(method="bfgs", disp=0, gtol=1e-8)
        ours = proportional_odds(counts)
        assert ours.estimate == pytest.approx(other.params[0], rel=1e-6)
        assert ours.se == pytest.approx(other.bse[0], rel=1e-5)
        assert ours.log_likelihood == pytest.approx(other.llf, rel=1e-10)


@given(st.tuples(*[st.integers(1, 60)] * 4))
@settings(max_examples=25, deadline=None)
def test_two_categories_are_the_odds_ratio(cells: tuple[int, ...]) -> None:
    a, b, c, d = cells
    ours = proportional_odds([[b, a], [d, c]])
    t = pd.DataFrame({"study": ["x"], "events_t": [a], "n_t": [a + b], "events_c": [c], "n_c": [c + d]})
    one = metalib.pool(t, "OR", "IV")
    assert ours.estimate == pytest.approx(one.estimate, rel=1e-10, abs=1e-12)
    assert ours.se == pytest.approx(one.se, rel=1e-10)


@st.composite
def ordered(draw: st.DrawFn) -> np.ndarray:
    c = draw(st.integers(2, 5))
    return np.array([draw(st.lists(st.integers(0, 12), min_size=c, max_size=c)) for _ in range(2)])


@given(ordered(), st.integers(0, 5))
@settings(max_examples=150, deadline=None)
def test_proportional_odds_symmetries(counts: np.ndarray, place: int) -> None:
    assume((counts.sum(1) > 0).all())
    ours = proportional_odds(counts)
    assert (ours.estimate is None) == bool(ours.reason)
    arms, order = proportional_odds(counts[::-1]), proportional_odds(counts[:, ::-1])
    empty = proportional_odds(np.insert(counts, min(place, counts.shape[1]), 0, axis=1))
    for other, sign in ((arms, -1), (order, -1), (empty, 1)):
        assert (other.estimate is None) == (ours.estimate is None)
        if ours.estimate is not None:
            assert other.estimate == pytest.approx(sign * ours.estimate, rel=1e-9, abs=1e-10)
            assert other.se == pytest.approx(ours.se, rel=1e-9)


def test_ordered_outcomes_without_an_estimate_say_why() -> None:
    for counts, reason in (
        ([[0, 5, 0], [0, 7, 0]], "one category"),
        ([[0, 5, 5], [5, 5, 0]], "no patient of one arm"),
        ([[9, 0], [3, 4]], "no patient of one arm"),
    ):
        result = proportional_odds(counts)
        assert (result.estimate, result.se, result.ratio) == (None, None, None)
        assert reason in result.reason
    for wrong in (
        [[1, 2]],
        [[1], [2]],
        [[1, 2], [3]],
        [[1, -2], [3, 4]],
        [[1, 2.5], [3, 4]],
        [[0, 0], [3, 4]],
        [["x", 1], [1, 1]],
    ):
        with pytest.raises(DataError):
            proportional_odds(wrong)


def test_pooled_ordered_outcomes() -> None:
    studies = {"a": [[5, 10, 20], [12, 15, 14]], "b": [[0, 5, 5], [5, 5, 0]], "c": [[3, 9, 4], [4, 6, 5]]}
    result = pool_proportional_odds(studies, model="random")
    single = [proportional_odds(counts) for counts in studies.values()]
    assert (result.k, result.k_total) == (2, 3)
    assert "no patient of one arm" in dict(result.excluded)["b"]
    by_hand = pool_effects([single[0].estimate, single[2].estimate], [single[0].se, single[2].se], model="random")
    assert (result.estimate, result.se) == (by_hand.estimate, by_hand.se)


@pytest.mark.parametrize("options", [o for o in ALL if o["method"] == "IV"])
@given(t=tables())
@settings(max_examples=20, deadline=None)
def test_pooling_of_effects_is_inverse_variance_pooling(options: dict, t: pd.DataFrame) -> None:
    for measure in ("OR", "RR", "RD"):
        e = metalib.effects(t, measure)
        rest = {key: value for key, value in options.items() if key != "method"}
        ours = pool_effects(e["effect"].tolist(), e["se"].tolist(), t["study"].tolist(), measure=measure, **rest)
        whole = metalib.pool(t, measure, **options)
        for field in ("estimate", "se", "ci_low", "p", "Q", "I2", "tau2", "prediction_low"):
            assert same(getattr(ours, field), getattr(whole, field), 1e-7 if "tau2" in rest else 1e-10), field
        assert [s for s, _ in ours.excluded] == [s for s, _ in whole.excluded]
        assert ours.ratio is None or measure != "RD"


def test_wrong_effects_are_refused() -> None:
    for args in (
        ([], []), ([1.0], [1.0, 2.0]), ([1.0, 2.0], [1.0, 1.0], ["a", "a"]), ([1.0], [0.0]), ([math.inf], [1.0]),
        ([1.0], [None]), ([None], [1.0]),
    ):  # fmt: skip
        with pytest.raises(DataError):
            pool_effects(*args)
    with pytest.raises(OptionError):
        pool_effects([1.0], [1.0], ci="hksj")
    with pytest.raises(OptionError, match="inverse variance"):
        pool_effects([1.0], [1.0], method="MH")
    assert pool_effects([None], [None]).reasons["estimate"] == "no study is estimable"


@given(t=tables(), r=st.floats(0.001, 0.999), measure=st.sampled_from(["OR", "RR", "RD"]))
@settings(max_examples=60, deadline=None)
def test_absolute_effects(t: pd.DataFrame, r: float, measure: str) -> None:
    effect = metalib.pool(t, measure)
    shown = absolute_effect(effect, r, per=100)
    for end, source in (("", "estimate"), ("_low", "ci_low"), ("_high", "ci_high")):
        risk, difference, size = (
            getattr(shown, f"risk{end}"),
            getattr(shown, f"difference{end}"),
            getattr(effect, source),
        )
        if risk is None:
            assert difference is None
            assert shown.reasons[f"risk{end}"]
            assert measure != "OR" or size is None
            continue
        expected = {
            "OR": lambda x: math.exp(x) * r / (1 - r + math.exp(x) * r), "RR": lambda x: math.exp(x) * r,
            "RD": lambda x: r + x,
        }[measure](size)  # fmt: skip
        assert risk == pytest.approx(expected, rel=1e-9)
        assert difference == pytest.approx(100 * (expected - r), rel=1e-9, abs=1e-9)


def test_absolute_effects_by_hand() -> None:
    """Risk ratio 0.5 at a risk of 40%: 200 fewer per 1000. Impossible risks are not truncated."""
    t = pd.DataFrame({"study": ["a"], "events_t": [10], "n_t": [50], "events_c": [20], "n_c": [50]})
    shown = absolute_effect(metalib.pool(t, "RR"), 0.4)
    assert shown.difference == pytest.approx(-200)
    high = absolute_effect(metalib.pool(t.assign(events_t=40), "RR"), 0.6)
    assert high.risk is None
    assert "above 1" in high.reasons["difference"]
    for wrong in ({"baseline_risk": 0}, {"baseline_risk": 1}, {"baseline_risk": "x"}, {"baseline_risk": 0.5, "per": 0}):
        with pytest.raises(OptionError):
            absolute_effect(metalib.pool(t), **wrong)
