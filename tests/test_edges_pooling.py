"""Edges of pooling and audit, each against a number that is worked out here and not by metalib."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, stats

import metalib
from metalib.arithmetic.heterogeneity import generalised_q, reml_loglik, reml_score, tau2_dl, tau2_pm, tau2_reml
from metalib.arithmetic.pooling import pool_batch
from metalib.arithmetic.study_effects import cells, peto_effects, study_effects
from metalib.audit.compare import compare
from metalib.audit.consistency import (
    as_frame,
    check_result,
    estimate_in_interval,
    i2_and_q,
    p_and_z,
    p_from_interval,
    p_q_and_q,
    p_q_from_i2,
    possible_k,
    sum_of,
    z_and_interval,
)
from metalib.audit.printed import read_printed
from metalib.errors import DataError, OptionError

COLUMNS = ["study", "events_t", "n_t", "events_c", "n_c"]


def frame(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


THREE = frame(("a", 4, 40, 12, 42), ("b", 15, 60, 14, 55), ("c", 3, 30, 11, 28))


def log_or(tables: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Log odds ratios and Woolf's variances of tables without a zero cell, cell by cell."""
    y, v = [], []
    for _, a, n1, c, n2 in tables.itertuples(index=False):
        b, d = n1 - a, n2 - c
        y.append(math.log(a * d / (b * c)))
        v.append(1 / a + 1 / b + 1 / c + 1 / d)
    return np.array(y), np.array(v)


# ---- random effects, Hartung-Knapp and prediction: formulas written out for one set of studies -------------------


def random_by_hand(tables: pd.DataFrame) -> dict[str, float]:
    y, v = log_or(tables)
    k = len(y)
    w = 1 / v
    q = float(np.sum(w * (y - np.average(y, weights=w)) ** 2))
    tau2 = max(0.0, (q - (k - 1)) / (w.sum() - np.sum(w**2) / w.sum()))
    w = 1 / (v + tau2)
    mean = float(np.average(y, weights=w))
    wald = w.sum() ** -0.5
    hk = math.sqrt(np.sum(w * (y - mean) ** 2) / ((k - 1) * w.sum()))
    return {"tau2": tau2, "mean": mean, "wald": wald, "hk": hk, "k": k}


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_hartung_knapp_and_prediction_are_their_formulas(level: float) -> None:
    hand = random_by_hand(THREE)
    assert hand["tau2"] > 0
    result = metalib.pool(THREE, method="IV", model="random", ci="hksj", level=level)
    t = stats.t.ppf(0.5 + level / 2, 2)
    assert result.tau2 == pytest.approx(hand["tau2"], rel=1e-10)
    assert result.se == pytest.approx(hand["hk"], rel=1e-10)
    assert result.ci_low == pytest.approx(hand["mean"] - t * hand["hk"], rel=1e-10)
    assert result.ci_high == pytest.approx(hand["mean"] + t * hand["hk"], rel=1e-10)
    assert result.p == pytest.approx(2 * stats.t.sf(abs(hand["mean"] / hand["hk"]), 2), rel=1e-10)
    half = stats.t.ppf(0.5 + level / 2, 1) * math.sqrt(hand["tau2"] + hand["hk"] ** 2)
    assert result.prediction_low == pytest.approx(hand["mean"] - half, rel=1e-10)
    assert result.prediction_high == pytest.approx(hand["mean"] + half, rel=1e-10)
    assert result.uses_t


def test_prediction_needs_three_studies() -> None:
    three = metalib.pool(THREE, model="random")
    two = metalib.pool(THREE[:2], model="random")
    assert three.prediction_low is not None
    assert (two.prediction_low, two.prediction_high) == (None, None)
    assert "there are 2" in two.reasons["prediction_low"]
    assert "there is 1" in metalib.pool(THREE[:1], model="random").reasons["prediction_high"]


def test_the_wider_interval_is_the_one_kept() -> None:
    """With like studies the Hartung-Knapp interval collapses and Wald stays; with unlike ones it is the wider."""
    like = frame(*((s, 10 + i, 50 + i, 20 + i, 50 + i) for i, s in enumerate("abcdef")))
    kept = metalib.pool(like, method="IV", model="random", ci="hksj_adhoc")
    wald = metalib.pool(like, method="IV", model="random")
    assert (kept.ci_low, kept.ci_high, kept.p, kept.se) == (wald.ci_low, wald.ci_high, wald.p, wald.se)
    assert not kept.uses_t
    unlike = metalib.pool(THREE, method="IV", model="random", ci="hksj_adhoc")
    plain = metalib.pool(THREE, method="IV", model="random", ci="hksj")
    assert (unlike.ci_low, unlike.p) == (plain.ci_low, plain.p)
    assert unlike.uses_t
    assert ", t = " in unlike.summary()
    assert ", z = " in kept.summary()


def test_an_estimate_of_0_still_knows_its_distribution() -> None:
    """At an estimate of exactly 0 the P of z and t are both 1: which one it was cannot be guessed from P."""
    opposite = frame(("a", 5, 50, 30, 50), ("b", 30, 50, 5, 50), ("c", 10, 50, 10, 50))
    result = metalib.pool(opposite, method="IV", model="random", ci="hksj_adhoc")
    wald = metalib.pool(opposite, method="IV", model="random")
    assert (result.estimate, result.p) == (0, 1)
    assert result.ci_high > wald.ci_high
    assert result.uses_t
    assert ", t = 0.00, P = 1.000" in result.summary()
    assert not wald.uses_t
    assert ", z = 0.00, P = 1.000" in wald.summary()


def test_hartung_knapp_where_tau2_is_positive() -> None:
    """Wald's interval with tau2 = 0 or two studies, Hartung-Knapp's otherwise, also where it is the narrower one."""
    like = frame(*((s, 10 + i, 50 + i, 20 + i, 50 + i) for i, s in enumerate("abcdef")))
    fields = ("se", "ci_low", "ci_high", "p", "statistic", "uses_t")
    for tables, chosen in ((THREE, "hksj"), (like, "wald"), (THREE[:2], "wald"), (THREE[:1], "wald")):
        one, other = (metalib.pool(tables, model="random", ci=ci) for ci in ("hksj_tau2", chosen))
        assert [getattr(one, name) for name in fields] == [getattr(other, name) for name in fields]
    rows = pool_batch(*(like[c].to_numpy() for c in COLUMNS[1:]), model="random", ci="hksj_tau2")
    assert not rows.uses_t


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_predictions_are_their_formulas(level: float) -> None:
    hand = random_by_hand(THREE)
    top = 0.5 + level / 2
    quantiles = {"k-2": stats.t.ppf(top, 1), "k-1": stats.t.ppf(top, 2), "normal": stats.norm.ppf(top)}
    for ci, se in (("wald", hand["wald"]), ("hksj", hand["hk"])):
        for prediction, quantile in quantiles.items():
            result = metalib.pool(THREE, method="IV", model="random", ci=ci, level=level, prediction=prediction)
            half = quantile * math.sqrt(hand["tau2"] + se**2)
            assert result.prediction_low == pytest.approx(hand["mean"] - half, rel=1e-10)
            assert result.prediction_high == pytest.approx(hand["mean"] + half, rel=1e-10)
    two, one = (metalib.pool(THREE[:k], model="random", prediction="k-1") for k in (2, 1))
    assert two.prediction_low is not None
    assert one.reasons["prediction_low"] == "a prediction interval needs two estimable studies, there is 1"
    fixed = metalib.pool(THREE, prediction="k-1")
    assert "fixed-effect model has no prediction" in fixed.reasons["prediction_low"]


def test_i2_from_tau2_is_its_formula() -> None:
    _, v = log_or(THREE)
    w = 1 / v
    typical = 2 / (w.sum() - np.sum(w**2) / w.sum())
    for tau2 in ("DL", "PM", "REML"):
        result = metalib.pool(THREE, method="IV", model="random", tau2=tau2, I2="tau2")
        assert pytest.approx(100 * result.tau2 / (result.tau2 + typical), rel=1e-10) == result.I2
    one = metalib.pool(THREE[:1], model="random", I2="tau2")
    assert one.I2 == 0


def test_one_study_has_no_hartung_knapp_interval() -> None:
    one = metalib.pool(THREE[:1], model="random", ci="hksj")
    y, _ = log_or(THREE[:1])
    assert one.estimate == pytest.approx(y[0], rel=1e-12)
    assert (one.se, one.ci_low, one.ci_high, one.p) == (None, None, None, None)
    assert "two estimable studies" in one.reasons["se"]
    assert one.Q == 0
    assert one.p_Q is None
    assert one.reasons["p_Q"] == "one study has no heterogeneity"


# ---- estimators of tau2 against other ways to the same number --------------------------------------------------

SPREAD = [
    (np.array([0.1, 1.5, -0.8, 0.4]), np.array([0.05, 0.1, 0.2, 0.02])),
    (np.array([-2.0, 3.0]), np.array([1.0, 0.5])),
    (np.array([1.0, 0.0, 8.0, -0.3, 0.2]), np.array([1e-3, 0.3, 4.0, 0.2, 1e-2])),
]


@pytest.mark.parametrize(("y", "v"), SPREAD)
def test_paule_mandel_solves_its_equation(y: np.ndarray, v: np.ndarray) -> None:
    def excess(tau2: float) -> float:
        w = 1 / (v + tau2)
        return float(np.sum(w * (y - np.sum(w * y) / np.sum(w)) ** 2)) - (len(y) - 1)

    root = optimize.brentq(excess, 0, 1000, xtol=1e-14, rtol=1e-14)
    assert tau2_pm(y, v, np.ones(len(y), dtype=bool)) == pytest.approx(root, rel=1e-9)


@pytest.mark.parametrize(("y", "v"), SPREAD)
def test_restricted_likelihood_is_the_mean_integrated_out(y: np.ndarray, v: np.ndarray) -> None:
    """The restricted likelihood is the normal likelihood with the mean integrated out over a flat prior."""
    inside = np.ones(len(y), dtype=bool)

    def integrated(tau2: float) -> float:
        sd = np.sqrt(v + tau2)
        centre, width = np.average(y, weights=sd**-2.0), np.sum(sd**-2.0) ** -0.5

        def density(mu: float) -> float:
            return float(np.prod(stats.norm.pdf(y, mu, sd)))

        scale = density(centre)
        ends = (centre - 12 * width, centre + 12 * width)
        area, _ = integrate.quad(lambda mu: density(mu) / scale, *ends, epsabs=0, epsrel=1e-12)
        return 2 * (math.log(area) + math.log(scale))

    for one, other in itertools.pairwise((0.01, 0.3, 2.0, 9.0)):
        ours = reml_loglik(np.array(one), y, v, inside) - reml_loglik(np.array(other), y, v, inside)
        assert ours == pytest.approx(integrated(one) - integrated(other), abs=1e-8)
    for tau2 in (0.05, 0.7, 5.0):
        h = 1e-4 * tau2
        slope = (reml_loglik(np.array(tau2 + h), y, v, inside) - reml_loglik(np.array(tau2 - h), y, v, inside)) / (
            2 * h
        )
        assert reml_score(np.array(tau2), y, v, inside) == pytest.approx(slope, rel=1e-5, abs=1e-6)
    best = tau2_reml(y, v, inside)
    heights = [reml_loglik(np.array(t), y, v, inside) for t in np.linspace(0, 4 * float(best) + 1, 4001)]
    assert reml_loglik(best, y, v, inside) >= max(heights) - 1e-12


def test_studies_that_take_no_part_leave_tau2_alone() -> None:
    y, v = SPREAD[0]
    more_y, more_v = np.append(y, 50.0), np.append(v, 1e-6)
    inside = np.array([True] * 4 + [False])
    for method in (tau2_pm, tau2_reml):
        assert method(more_y, more_v, inside) == pytest.approx(float(method(y, v, inside[:4])), rel=1e-10)
    assert tau2_dl(np.array(9.0), np.append(1 / v, 0.0)) == pytest.approx(float(tau2_dl(np.array(9.0), 1 / v)))
    single = np.array([True, False, False, False])
    assert tau2_pm(y, v, single) == 0
    assert tau2_reml(y, v, single) == 0
    assert tau2_dl(np.array(5.0), single / v) == 0


# ---- the batch kernel: any shape, any subset -------------------------------------------------------------------


def test_the_batch_keeps_its_shape_and_its_subsets() -> None:
    counts = [THREE[c].to_numpy() for c in COLUMNS[1:]]
    include = np.array(list(itertools.product([False, True], repeat=3))).reshape(2, 4, 3)
    batch = pool_batch(*counts, include=include, method="IV")
    assert batch.estimate.shape == batch.p.shape == (2, 4)
    assert batch.weights.shape == (2, 4, 3)
    y, v = log_or(THREE)
    for i, j in itertools.product(range(2), range(4)):
        inside = include[i, j]
        if not inside.any():
            assert not batch.estimable[i, j]
            assert np.isnan(batch.estimate[i, j])
            assert np.isnan(batch.weights[i, j]).all()
            continue
        w = 1 / v[inside]
        assert batch.estimate[i, j] == pytest.approx(np.average(y[inside], weights=w), rel=1e-12)
        assert batch.weights[i, j][inside] == pytest.approx(100 * w / w.sum(), rel=1e-12)
        assert np.isnan(batch.weights[i, j][~inside]).all()
        assert (batch.k[i, j], batch.df[i, j]) == (inside.sum(), inside.sum() - 1)


@pytest.mark.parametrize("ci", ["hksj", "hksj_adhoc"])
def test_hartung_knapp_is_refused_for_a_fixed_effect(ci: str) -> None:
    with pytest.raises(OptionError, match=f"ci='{ci}'"):
        metalib.pool(THREE, ci=ci)


@pytest.mark.parametrize(("measure", "model"), [("RR", "fixed"), ("RD", "fixed"), ("OR", "random")])
def test_peto_is_refused_where_it_has_no_meaning(measure: str, model: str) -> None:
    with pytest.raises(OptionError, match="Peto"):
        metalib.pool(THREE, measure, "Peto", model)


def test_largest_count_is_the_last_whole_number_a_float_holds() -> None:
    good = frame(("a", 1, 2**53, 1, 10))
    assert metalib.pool(good).estimable
    with pytest.raises(DataError, match="too large") as caught:
        metalib.pool(frame(("a", 1, 2**53 + 2, 1, 10)))
    assert "experimental" in str(caught.value)
    assert "a" in str(caught.value)


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, True, "0.95", float("nan")])
def test_a_level_must_lie_between_0_and_1(level: object) -> None:
    with pytest.raises(OptionError, match="level"):
        metalib.pool(THREE, level=level)
    with pytest.raises(OptionError, match="level"):
        metalib.effects(THREE, level=level)


# ---- subgroups and leaving out ---------------------------------------------------------------------------------


def test_difference_of_subgroups_is_q_of_their_estimates() -> None:
    tables = frame(*THREE.itertuples(index=False, name=None), ("d", 9, 33, 8, 35))
    got = metalib.subgroups(tables, ["x", "x", "y", "y"], method="IV")
    y, v = log_or(tables)
    halves = [(np.average(y[s], weights=1 / v[s]), np.sum(1 / v[s])) for s in (slice(0, 2), slice(2, 4))]
    (m1, w1), (m2, w2) = halves
    q = (m1 - m2) ** 2 / (1 / w1 + 1 / w2)
    assert pytest.approx(q, rel=1e-10) == got.Q
    assert got.p == pytest.approx(stats.chi2.sf(q, 1), rel=1e-10)
    assert pytest.approx(100 * max(0, q - 1) / q, abs=1e-10) == got.I2
    assert got.df == 1
    assert got["y"].estimate == pytest.approx(m2, rel=1e-10)
    assert list(got.to_frame()["subgroup"]) == ["x", "y", "overall"]


def test_a_study_without_events_changes_nothing_when_left_out() -> None:
    tables = frame(*THREE.itertuples(index=False, name=None), ("none", 0, 20, 0, 20))
    out = metalib.leave_one_out(tables).set_index("omitted")
    whole = metalib.pool(tables)
    assert out.loc["none", "estimate"] == whole.estimate
    assert out.loc["none", "reason"].startswith("leaving none out changes nothing (no events in either arm")
    assert out.loc["a", "reason"] == ""
    assert out.loc["a", "estimate"] == pytest.approx(metalib.pool(tables[1:]).estimate, rel=1e-12)
    assert list(out["k"]) == [2, 2, 2, 3]


def test_studies_leave_one_after_the_other() -> None:
    out = metalib.exclude_cumulatively(THREE, ["b", "a"], measure="RR", model="random")
    assert list(out["excluded"]) == ["b", "a"]
    assert list(out["left"]) == ["a, c", "c"]
    assert out["estimate"].tolist() == pytest.approx(
        [metalib.pool(THREE.iloc[rows], "RR", model="random").estimate for rows in ([0, 2], [2])], rel=1e-12
    )
    assert metalib.exclude_cumulatively(THREE, []).empty
    with pytest.raises(DataError, match="twice"):
        metalib.exclude_cumulatively(THREE, ["a", "a"])
    with pytest.raises(DataError, match="list"):
        metalib.exclude_cumulatively(THREE, "ab")


# ---- audit: bounds against a dense walk through everything the print allows --------------------------------------


def walk(text: str, unit: float | None = None, points: int = 41) -> np.ndarray:
    p = read_printed(text, unit)
    return np.linspace(p.low, p.high, points)


def test_audit_bounds_are_the_ends_of_what_rounds_to_the_print() -> None:
    q, df = read_printed("7.42"), 3
    i2 = i2_and_q(q, df, read_printed("60%"))
    values = [100 * (x - df) / x for x in walk("7.42")]
    assert (i2.low, i2.high) == pytest.approx((min(values), max(values)), rel=1e-12)
    assert i2.verdict == "consistent"
    assert i2_and_q(q, df, read_printed("61%")).verdict == "inconsistent"
    below = i2_and_q(read_printed("1.00"), 3, read_printed("0%"))
    assert (below.low, below.high, below.verdict) == (0.0, 0.0, "consistent")
    nothing = i2_and_q(read_printed("0.00"), 3, read_printed("0%"))
    assert (nothing.low, nothing.high) == (0.0, 0.0)

    p = p_q_and_q(q, df, read_printed("0.06"))
    assert (p.low, p.high) == pytest.approx((stats.chi2.sf(7.425, 3), stats.chi2.sf(7.415, 3)), rel=1e-9)
    assert p.verdict == "consistent"
    z = p_and_z(read_printed("2.14"), read_printed("0.03"))
    assert (z.low, z.high) == pytest.approx((2 * stats.norm.sf(2.145), 2 * stats.norm.sf(2.135)), rel=1e-9)
    zero = p_and_z(read_printed("0.00"), read_printed("1.00"))
    assert zero.high == 1.0
    assert zero.verdict == "consistent"
    middle = estimate_in_interval(*(read_printed(t) for t in ("0.50", "0.25", "1.00")))
    assert (middle.low, middle.high) == pytest.approx((math.sqrt(0.245 * 0.995), math.sqrt(0.255 * 1.005)), rel=1e-12)


def test_z_bounds_are_those_of_p() -> None:
    ratio = [read_printed(t) for t in ("2.14", "1.47", "3.11")]
    check = z_and_interval(*ratio, read_printed("3.98"))
    p_low, p_high = p_from_interval(*ratio)
    assert (check.low, check.high) == pytest.approx((stats.norm.isf(p_high / 2), stats.norm.isf(p_low / 2)), rel=1e-9)
    assert check.low < check.high
    assert check.verdict == "consistent"
    assert z_and_interval(*ratio, read_printed("4.30")).verdict == "inconsistent"


@pytest.mark.parametrize(
    ("i2", "df", "unit"),
    [("67%", 4, None), ("32%", 1, None), ("0%", 2, None), ("99.9%", 3, None), ("100%", 2, None), ("99.5%", 2, 1.0)],
)
def test_p_of_heterogeneity_that_i2_allows(i2: str, df: int, unit: float | None) -> None:
    printed = read_printed(i2, unit)

    def tail(percent: float) -> float:
        return stats.chi2.sf(df / (1 - percent / 100), df) if percent < 100 else 0.0

    expected = (tail(printed.high), 1.0 if printed.low <= 0 else tail(printed.low))
    assert p_q_from_i2(printed, df) == pytest.approx(expected, rel=1e-9)


def test_number_of_studies_is_every_one_that_fits_and_no_other() -> None:
    fits = [
        k
        for k in range(2, 31)
        if max(stats.chi2.sf((k - 1) / (1 - 0.675), k - 1), 0.005)
        <= min(stats.chi2.sf((k - 1) / (1 - 0.665), k - 1), 0.015)
    ]
    assert fits
    assert possible_k(read_printed("67%"), read_printed("0.01"), largest=30) == tuple(fits)
    assert possible_k(read_printed("0%"), read_printed("0.99"), largest=5) == (2, 3, 4, 5)


def test_a_sum_is_exact() -> None:
    parts = {"x": read_printed("40"), "y": read_printed("52")}
    good, bad = sum_of(parts, 92, "arms"), sum_of(parts, 93, "arms")
    assert (good.verdict, bad.verdict) == ("consistent", "inconsistent")
    assert (good.low, good.high, good.printed, good.check) == (92, 92, "40 + 52", "sum of arms")
    assert "= 92, which is 92." in good.sentence
    assert "= 92, which is not 93." in bad.sentence


def test_which_checks_are_made_follows_from_what_is_printed() -> None:
    ratio = {"OR": "2.14", "CI low": "1.47", "CI high": "3.11"}

    def made(**texts: str) -> list[str]:
        names = {"PQ": "P(Q)"}
        printed = {names.get(n, n): read_printed(t) for n, t in texts.items()}
        return [c.check for c in check_result({**{n: read_printed(t) for n, t in ratio.items()}, **printed}, df=3)]

    assert made() == ["CI and OR"]
    assert made(P="0.0001") == ["CI and OR", "P and CI"]
    assert made(P="0.0001", Z="3.98") == ["CI and OR", "P and CI", "Z and CI", "P and Z"]
    assert made(Chi2="7.42", I2="60%", PQ="0.06") == ["CI and OR", "I² and Chi²", "P(Q) and Chi²"]
    assert made(I2="60%", PQ="0.06") == ["CI and OR", "P(Q) and I²"]
    assert made(I2="60%") == ["CI and OR"]
    assert check_result({"I2": read_printed("60%"), "P(Q)": read_printed("0.06")}) == []
    # The printed df goes before the one counted in the text.
    both = {"Chi2": read_printed("7.42"), "df": read_printed("4"), "I2": read_printed("46%")}
    assert [c.verdict for c in check_result(both, df=3)] == ["consistent"]


# ---- what is shown ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_effects_say_what_was_corrected_and_what_is_missing(measure: str) -> None:
    tables = frame(("plain", 4, 40, 12, 42), ("zero", 0, 20, 5, 20), ("none", 0, 20, 0, 25), ("all", 9, 9, 8, 8))
    out = metalib.effects(tables, measure).set_index("study")
    assert list(out) == ["effect", "se", "ci_low", "ci_high", "estimable", "corrected", "reason"]
    assert out["estimable"].tolist() == [True, True, measure == "RD", measure != "OR"]
    assert out["corrected"].tolist() == [False, True, measure == "RD", measure != "OR"]
    assert out["effect"].isna().tolist() == (~out["estimable"]).tolist()
    assert out.loc["plain", "reason"] == ""
    assert ("standard error only" in out.loc["zero", "reason"]) == (measure == "RD")
    assert out.loc["zero", "reason"].startswith("zero cell: 0.5 added")
    if measure != "RD":
        assert out.loc["none", "reason"] == f"no events in either arm: {measure} not estimable"
    if measure == "OR":
        assert out.loc["all", "reason"] == "every patient of both arms had the event: OR not estimable"


def test_what_is_not_estimable_has_the_stand_ins_0_and_1() -> None:
    """Sums over studies rely on it: the stand-ins are finite, and never weighted."""
    none = cells(*(np.array([x]) for x in (0.0, 20.0, 0.0, 25.0)))
    for e in (study_effects(none, "OR"), study_effects(none, "RR"), peto_effects(none)):
        assert (e.yi[0], e.vi[0], bool(e.estimable[0])) == (0.0, 1.0, False)


@pytest.mark.parametrize(("tau2", "ci"), [("DL", "wald"), ("PM", "hksj"), ("REML", "wald")])
def test_the_line_of_a_random_effects_result_shows_model_tau2_and_p(tau2: str, ci: str) -> None:
    result = metalib.pool(THREE, "OR", "IV", "random", tau2, ci)
    letter = "z" if ci == "wald" else "t"
    line = result.summary()
    assert f"; k = 3 (IV, random, {tau2}); " in line
    assert line.endswith(f", tau2 = {result.tau2:.2f}")
    assert f", {letter} = {result.statistic:.2f}, P = {result.p:.3f}; " in line
    assert result.tau2_method == tau2
    row = result.to_frame()
    assert len(row) == 1
    assert (row.loc[0, "tau2"], row.loc[0, "ratio_low"]) == (result.tau2, math.exp(result.ci_low))
    fixed = metalib.pool(THREE)
    assert "tau2" not in fixed.summary()
    assert fixed.tau2_method is None
    assert np.isnan(fixed.to_frame().loc[0, "tau2"])


@pytest.mark.parametrize("option", ["measure", "method", "model", "tau2", "ci"])
def test_an_unknown_option_is_named(option: str) -> None:
    with pytest.raises(OptionError, match=f"^{option}='no such'"):
        metalib.pool(THREE, **{option: "no such"})


def test_a_count_that_no_float_can_hold_is_too_large() -> None:
    for count in (2**60, 10**400):
        with pytest.raises(DataError, match="n_t is too large"):
            metalib.pool(frame(("a", 1, count, 1, 10)))
    # Mixed whole numbers of any kind of object are counts as good as others.
    mixed = frame(("a", 4, 40, 12, 42), ("b", 15, 60, 14, 55)).astype(object)
    assert metalib.pool(mixed).estimate == metalib.pool(THREE[:2]).estimate


def test_meta_analyses_of_one_batch_do_not_touch_each_other() -> None:
    """Rows of very different spread, estimated together and one by one."""
    y = np.array([[0.1, 0.2, 0.05, 0.4], [40.0, -90.0, 10.0, 300.0], [0.5, 0.5, 0.5, 0.5], [1.0, 2.0, 0.0, -1.0]])
    v = np.array([[1e-4, 2e-4, 1e-3, 1e-4], [4.0, 9.0, 1.0, 2.0], [0.1, 0.2, 0.3, 0.4], [5e2, 1e-3, 1.0, 1.0]])
    inside = np.ones((4, 4), dtype=bool)
    inside[3, 1] = False
    for method in (tau2_pm, tau2_reml):
        together = method(y, v, inside)
        alone = [float(method(y[i][inside[i]], v[i][inside[i]], np.ones(inside[i].sum(), bool))) for i in range(4)]
        assert together == pytest.approx(np.array(alone), rel=1e-9, abs=1e-14)
    for i, tau2 in itertools.product((0, 1), (0.0, 0.3)):
        w = 1 / (v[i] + tau2)
        expected = np.sum(w * (y[i] - np.average(y[i], weights=w)) ** 2)
        assert generalised_q(np.full(4, tau2), y, v, inside)[i] == pytest.approx(expected, rel=1e-12)


def test_a_bound_in_print_is_an_open_end() -> None:
    below, above = read_printed("<0.001"), read_printed("> 0.90", 0.1)
    assert (below.text, below.value, below.unit, below.low, below.high) == ("<0.001", 0.001, 0.001, -math.inf, 0.001)
    assert (above.text, above.value, above.unit, above.low, above.high) == ("> 0.90", 0.9, 0.1, 0.9, math.inf)
    assert [below.verdict(v) for v in (0.0005, 0.0015, 0.0025)] == ["reproduced", "last digit", "not reproduced"]
    assert [above.verdict(v) for v in (5.0, 0.85, 0.75)] == ["reproduced", "last digit", "not reproduced"]


@pytest.mark.parametrize("empty", [None, "", float("nan")])
def test_comparison_row_by_row(empty: object) -> None:
    printed = pd.DataFrame(
        [
            ("one", "OR", "0.54", empty, 0.01),
            ("two", "I2", "67%", empty, 1.0),
            ("three", "P", "0.760", empty, 0.01),
            ("four", "Chi2", "7,42", "7.42", 0.01),
            ("five", "Z", "–", empty, 0.01),
            ("six", "df", "3", empty, 1.0),
        ],
        columns=["id", "statistic", "text", "read_as", "unit"],
    )
    values = {"OR": 0.5449, "I2": 68.4, "P": 0.7549, "Chi2": 7.44, "Z": 1.23, "df": None}
    out = compare(printed, values)
    assert list(out) == ["statistic", "text", "low", "high", "value", "rounded", "verdict", "id"]
    assert out["id"].tolist() == ["one", "two", "three", "four", "five", "six"]
    assert out["text"].tolist() == ["0.54", "67%", "0.760", "7,42 (read as 7.42)", "–", "3"]
    assert out["verdict"].tolist() == [
        *("reproduced", "last digit", "last digit", "not reproduced", "not checkable", "not checkable")
    ]
    assert out["rounded"].tolist()[:5] == ["0.54", "68", "0.75", "7.44", "1.23"]
    assert out.loc[:3, "low"].tolist() == pytest.approx([0.535, 66.5, 0.755, 7.415])
    assert out.loc[:3, "high"].tolist() == pytest.approx([0.545, 67.5, 0.765, 7.425])
    assert out.loc[4, ["low", "high"]].isna().all()
    assert "id" not in compare(printed.drop(columns="id"), values)
    with pytest.raises(DataError, match="Chi2"):
        compare(printed, {k: v for k, v in values.items() if k != "Chi2"})


def test_a_check_says_what_was_compared_and_how_it_came_out() -> None:
    ratio = {"OR": "2.14", "CI low": "1.47", "CI high": "3.11", "P": "0.0001", "Z": "3.98"}
    rest = {"Chi2": "7.42", "I2": "61%", "P(Q)": "0.06"}
    checks = check_result({n: read_printed(t) for n, t in {**ratio, **rest}.items()}, df=3)
    assert [(c.check, c.printed, c.verdict) for c in checks] == [
        ("CI and OR", "2.14", "consistent"), ("P and CI", "0.0001", "consistent"), ("Z and CI", "3.98", "consistent"),
        ("P and Z", "0.0001", "consistent"), ("I² and Chi²", "61%", "inconsistent"),
        ("P(Q) and Chi²", "0.06", "consistent"),
    ]  # fmt: skip
    (last,) = check_result({n: read_printed(t) for n, t in (("I2", "60%"), ("P(Q)", "0.09"))}, df=3)
    assert (last.check, last.printed, last.verdict) == ("P(Q) and I²", "0.09", "inconsistent")
    starts = [
        "The middle of [1.47, 3.11] on the log scale lies between 2.1", "2.14 [1.47, 3.11] leaves a P about 0.0001",
        "2.14 [1.47, 3.11] leaves a Z between 3.9", "Z = 3.98 leaves a P about 0.0001",
        "Chi² = 7.42 with 3 df leaves an I² between 59.5", "Chi² = 7.42 with 3 df leaves a P ",
        "I² = 60% with 3 df leaves a P between 0.05",
    ]  # fmt: skip
    names = ["OR = 2.14", "P = 0.0001", "Z = 3.98", "P = 0.0001", "I² = 61%", "P = 0.06", "P = 0.09"]
    for check, start, name in zip([*checks, last], starts, names, strict=True):
        assert check.sentence.startswith(start), check.sentence
        agreeing = "agrees with" if check.verdict == "consistent" else "does not agree with"
        assert check.sentence.endswith(f"; printed is {name}, which {agreeing} it."), check.sentence
    table = as_frame(checks)
    assert list(table) == ["check", "printed", "low", "high", "verdict", "sentence"]
    assert table["low"].tolist() == [c.low for c in checks]


def test_the_ratio_is_checked_under_its_own_name() -> None:
    printed = {n: read_printed(t) for n, t in (("RR", "2.14"), ("CI low", "1.47"), ("CI high", "3.11"))}
    assert [c.check for c in check_result(printed, measure="RR")] == ["CI and RR"]
    assert check_result(printed) == []
    wrong = {**printed, "OR": read_printed("2.50"), "P": read_printed("0.0001")}
    assert [(c.check, c.verdict) for c in check_result(wrong)] == [("CI and OR", "inconsistent")]


def test_durations_are_no_counts() -> None:
    with pytest.raises(DataError, match=r"experimental arm.*events_t holds timedelta64"):
        metalib.pool(THREE.assign(events_t=pd.to_timedelta([1, 2, 3], unit="ns")))


@pytest.mark.parametrize(
    ("place", "value", "named"),
    [
        (0, -1, r"row 2, experimental arm, value -1\.0: events_t must be a whole number of 0 or more"),
        (3, 0, r"row 2, control arm, value 0\.0: n_c must be a whole number of 1 or more \(an arm needs a patient\)"),
        (0, 99, r"row 2, experimental arm, value '99 of 41': more events than patients"),
        (2, 77, r"row 2, control arm, value '77 of 40': more events than patients"),
    ],
)
def test_a_batch_names_what_is_no_table(place: int, value: int, named: str) -> None:
    counts = [np.array(x) for x in ([12, 5, 3], [60, 41, 25], [21, 9, 3], [58, 40, 26])]
    counts[place][1] = value
    with pytest.raises(DataError, match=named):
        pool_batch(*counts)


def test_hartung_knapp_of_two_studies() -> None:
    two = THREE.iloc[:2]
    e = metalib.effects(two)
    result = metalib.pool(two, method="IV", model="random", ci="hksj")
    w = 1 / (e["se"] ** 2 + result.tau2)
    mean = (w * e["effect"]).sum() / w.sum()
    se = math.sqrt((w * (e["effect"] - mean) ** 2).sum() / w.sum())
    assert result.se == pytest.approx(se, rel=1e-12)
    assert result.ci_high == pytest.approx(mean + stats.t.ppf(0.975, 1) * se, rel=1e-9)


def test_a_batch_keeps_its_shape() -> None:
    counts = [np.broadcast_to(np.array(x), (4, 5, 3)) for x in ([12, 5, 3], [60, 41, 25], [21, 9, 3], [58, 40, 26])]
    batch = pool_batch(*counts)
    assert batch.estimate.shape == (4, 5)
    assert batch.weights.shape == (4, 5, 3)


def test_the_summary_shows_the_numbers() -> None:
    t = pd.DataFrame({"study": ["a", "b"], "events_t": [10, 4], "n_t": [50, 40], "events_c": [20, 20], "n_c": [50, 40]})
    fixed, random = metalib.pool(t), metalib.pool(t, model="random", tau2="REML")
    assert f"Q = {fixed.Q:.2f}, df = 1, P = {fixed.p_Q:.3f}, I2 = {fixed.I2:.0f}%" in fixed.summary()
    assert "(MH, fixed)" in fixed.summary()
    assert "(MH, random, REML)" in random.summary()
    assert f"{fixed.Q:.2f}" != "0.00"


def test_a_study_is_left_out_for_the_measure_in_hand() -> None:
    """Without events a study has a risk difference and no odds ratio."""
    t = pd.concat([THREE, THREE.iloc[:1].assign(study="none", events_t=0, events_c=0)], ignore_index=True)
    odds, difference = (metalib.leave_one_out(t, measure=m).set_index("omitted") for m in ("OR", "RD"))
    assert odds.loc["none", "k"] == 3
    assert "no events" in odds.loc["none", "reason"]
    assert difference.loc["none", "reason"] == ""
    assert difference.loc["none", "estimate"] == pytest.approx(metalib.pool(THREE, "RD").estimate, rel=1e-12)
    assert difference.loc[THREE["study"].iloc[0], "k"] == 3


def test_without_two_groups_each_missing_number_has_its_reason() -> None:
    groups = metalib.subgroups(THREE.assign(group="all"), "group")
    assert groups.Q is None
    assert set(groups.reasons) == {"Q", "p", "I2"}
    assert len(set(groups.reasons.values())) == 1
    assert " " in groups.reasons["Q"]


def test_a_rounding_unit_is_finite() -> None:
    with pytest.raises(DataError, match="inf"):
        read_printed("1", math.inf)


def test_rows_of_leave_one_out_name_their_analysis() -> None:
    frame = metalib.leave_one_out(THREE, measure="RD", method="IV", model="random", tau2="REML", ci="hksj", level=0.9)
    names = {"measure": "RD", "method": "IV", "model": "random", "tau2_method": "REML", "ci_method": "hksj"}
    for column, value in names.items():
        assert set(frame[column]) == {value}
