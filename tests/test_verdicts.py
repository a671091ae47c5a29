"""Named analyses, the rule for verdicts, complements and the optimal information size."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail
from strategies import tables

import metalib
from metalib import DataError, OptionError
from metalib.audit.files import ANALYSIS_GROUPS
from metalib.robustness.absolute import complements, optimal_information_size
from metalib.robustness.specifications import specifications
from metalib.robustness.verdicts import VERDICTS, analyse, distinct, named_analyses, supported, verdict, weakest

DATA = Path(__file__).parent.parent / "data"
TABLES = pd.DataFrame(
    {"study": ["a", "b", "c"], "events_t": [10, 4, 9], "n_t": [50, 40, 30], "events_c": [25, 9, 8], "n_c": [50, 40, 30]}
)
MORE = pd.DataFrame({"study": ["d"], "events_t": [5], "n_t": [60], "events_c": [30], "n_c": [60]})
COLUMNS = ["analysis", "group", "measure", "method", "model", "tau2", "ci", "add", "leave_out"]
ANALYSES = pd.DataFrame(
    [
        ("fixed", "model", "", "", "", "", "", "", ""),
        ("Hartung-Knapp", "model", "OR", "IV", "random", "REML", "hksj", "", ""),
        ("risk difference", "measure", "RD", "", "", "", "", "", ""),
        ("with d", "study added", "", "", "", "", "", "d", ""),
        ("without each", "study left out", "", "", "random", "", "", "", "each"),
        ("without b", "study left out", "", "", "", "", "", "", "b"),
    ],
    columns=COLUMNS,
)


def test_every_analysis_is_what_it_is_called() -> None:
    found = named_analyses(ANALYSES, [TABLES], added={"d": MORE}).set_index(["analysis", "left_out"])
    without = {s: TABLES[TABLES["study"] != s] for s in "abc"}
    expected = {
        ("fixed", ""): metalib.pool(TABLES),
        ("Hartung-Knapp", ""): metalib.pool(TABLES, "OR", "IV", "random", "REML", "hksj"),
        ("risk difference", ""): metalib.pool(TABLES, "RD"),
        ("with d", ""): metalib.pool(pd.concat([TABLES, MORE])),
        **{("without each", s): metalib.pool(without[s], model="random") for s in "abc"},
        ("without b", "b"): metalib.pool(without["b"]),
    }
    assert list(found.index) == list(expected)
    for key, effect in expected.items():
        assert found.loc[key, ["estimate", "se", "p"]].tolist() == [effect.estimate, effect.se, effect.p]


def test_what_an_outcome_does_not_have_is_no_analysis_of_it() -> None:
    for added in (None, {}, {"d": MORE.assign(study="a")}):
        assert "with d" not in set(named_analyses(ANALYSES, [TABLES], added=added)["analysis"])
    only = TABLES[TABLES["study"] != "b"]
    assert "without b" not in set(named_analyses(ANALYSES, [only])["analysis"])
    with pytest.raises(DataError, match="no tables"):
        named_analyses(ANALYSES, [])
    with pytest.raises(OptionError, match="group='rule'"):
        named_analyses(ANALYSES.assign(group="rule"), [TABLES])
    with pytest.raises(OptionError, match="tau2='XX'"):
        named_analyses(ANALYSES.assign(tau2="XX"), [TABLES])


def test_support_in_both_directions() -> None:
    results = named_analyses(ANALYSES, [TABLES])
    fewer, more, none = (supported(results, c)["supports"] for c in ("fewer", "more", "no difference"))
    significant = (results["p"] < 0.05).tolist()
    assert any(significant)
    assert not all(significant)
    assert fewer.tolist() == significant
    assert none.tolist() == [not s for s in significant]
    assert not more.any()
    with pytest.raises(OptionError, match="claim='better'"):
        supported(results, "better")


def test_candidates_that_disagree_say_nothing() -> None:
    other = TABLES.assign(events_t=TABLES["events_c"])
    results = named_analyses(ANALYSES[:1], [TABLES, other])
    assert results["candidate"].tolist() == [0, 1]
    for claim in ("fewer", "no difference"):
        assert supported(results, claim)["supports"].isna().all()
    assert supported(named_analyses(ANALYSES[:1], [other, other]), "no difference")["supports"].tolist() == [True]
    # Nothing estimable: neither a difference nor none.
    empty = TABLES.assign(events_t=0, events_c=0)
    for claim in ("more", "no difference"):
        assert supported(named_analyses(ANALYSES[:1], [empty]), claim)["supports"].isna().all()


@given(st.lists(st.sampled_from([True, False, None, pd.NA, np.True_, np.False_])))
def test_no_verdict_breaks_the_rule(said: list) -> None:
    yes = sum(value is not None and value is not pd.NA and bool(value) for value in said)
    expected = 3 if not said else 0 if yes == len(said) else 1 if yes else 2
    assert verdict(said) == verdict(pd.Series(said, dtype="object")) == VERDICTS[expected]
    assert verdict(reversed(said)) == verdict(said)


def test_a_claim_about_several_outcomes_is_as_weak_as_the_weakest() -> None:
    for pair in itertools.product(VERDICTS, repeat=2):
        assert weakest(pair) == VERDICTS[max(map(VERDICTS.index, pair))]
    with pytest.raises(OptionError):
        weakest([])
    with pytest.raises(OptionError, match="verdict='true'"):
        weakest(["true"])


@given(st.lists(st.tuples(*[st.floats(-5, 5)] * 2), max_size=8))
def test_distinct_rows(rows: list) -> None:
    found = distinct(np.array(rows).reshape(-1, 2))
    again = distinct(np.array([*rows, *rows]).reshape(-1, 2))
    assert again.tolist() == [*found, *found]
    for i, j in itertools.combinations(range(len(rows)), 2):
        if max(abs(np.subtract(rows[i], rows[j]))) > 1e-7:
            assert found[i] != found[j]
    with pytest.raises(OptionError, match="shape"):
        distinct([1.0, 2.0])
    assert distinct([[math.nan, 1], [math.nan, 1]]).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("outcome", "measure", "labels", "results", "significant"),
    [("PD", "OR", 54, 7, 7), ("PR", "OR", 15, 4, 3)],
)
def test_labels_are_no_results(outcome: str, measure: str, labels: int, results: int, significant: int) -> None:
    """The counts of a methodologist, who counted by hand."""
    every = specifications(metalib.read_review(DATA).tables_of(outcome), [measure])
    assert len(every) == labels
    kept = every[~pd.Series(distinct(every[["natural", "natural_low", "natural_high"]])).duplicated()]
    assert (len(kept), kept["significant"].sum()) == (results, significant)


def test_the_rule_reaches_every_claim_of_the_book() -> None:
    """Both ways of judging that the book once had: what counts against a difference counts against none."""
    review = metalib.read_review(DATA)
    assert set(review.analyses["group"]) == set(ANALYSIS_GROUPS)
    said = {}
    for outcome in ("CR", "PR", "SD", "PD"):
        row = review.outcome(outcome)
        claim = "no difference" if outcome in ("CR", "SD") else row["better"]
        judged = supported(analyse(review, outcome), claim)
        said[outcome] = judged.loc[~judged["supports"].fillna(False), ["analysis", "left_out"]].agg(tuple, axis=1)
    wang = "With Wang 2018's responses, "
    assert {key: value.tolist() for key, value in said.items()} == {
        "CR": [(f"{wang}fixed", "")],
        "SD": [(f"{wang}fixed", "")],
        "PR": [
            ("M-H, random, Hartung-Knapp", ""), ("REML, Hartung-Knapp", ""), (f"{wang}random", ""),
            ("One study left out, random", "li2014"),
        ],
        "PD": [(f"One study left out, {m}", "li2014") for m in ("fixed", "random")],
    }  # fmt: skip


risks = st.floats(0.02, 0.98)


@given(risks, st.floats(-0.9, 0.9), st.floats(0.001, 0.2), st.floats(0.5, 0.99))
@settings(max_examples=80, deadline=None)
def test_information_size_against_statsmodels_and_the_formula(
    p: float, change: float, alpha: float, power: float
) -> None:
    q = p * (1 + change)
    if not 0.01 < q < 0.99 or abs(p - q) < 0.01:
        return
    ours = optimal_information_size(p, change, alpha=alpha, power=power)
    arm = samplesize_proportions_2indep_onetail(q - p, p, power, alpha=alpha, alternative="two-sided")
    z, m = NormalDist().inv_cdf, (p + q) / 2
    written = (z(1 - alpha / 2) * math.sqrt(2 * m * (1 - m)) + z(power) * math.sqrt(p * (1 - p) + q * (1 - q))) ** 2
    assert arm == pytest.approx(written / (p - q) ** 2, rel=1e-8)
    # Whole patients: the smallest even number that is enough, but for the last bit.
    assert ours % 2 == 0
    assert arm * (1 - 1e-9) <= ours / 2 < arm * (1 + 1e-9) + 1


def test_information_size_refuses_what_has_none() -> None:
    # R's help page of power.prop.test: p 0.50 and 0.75 at a power of 0.90 need 76.7 patients a group.
    assert optimal_information_size(0.5, 0.5, power=0.9) == 2 * 77
    for arguments in ((0,), (1.2,), (0.5, 0.0), (0.5, 1.0), (0.9, 0.25), (True,)):
        with pytest.raises(OptionError):
            optimal_information_size(*arguments)
    for options in ({"alpha": 0}, {"power": 1}):
        with pytest.raises(OptionError, match=next(iter(options))):
            optimal_information_size(0.3, **options)


@given(tables(min_k=3, max_k=3), st.lists(st.booleans(), min_size=3, max_size=3))
@settings(max_examples=60, deadline=None)
def test_complements_have_the_same_odds_ratio(drawn: pd.DataFrame, unknown: list) -> None:
    equal = drawn.assign(n_c=drawn["n_t"], events_c=drawn[["events_c", "n_t"]].min(axis=1))
    found = list(complements(equal, pd.Series(unknown)))
    assert len(found) == 2 ** sum(unknown)
    assert found[0].equals(equal)
    whole = metalib.pool(equal)
    for other in found:
        effect = metalib.pool(other)
        assert effect.k == whole.k
        if whole.estimable:
            assert [effect.estimate, effect.se, effect.Q] == pytest.approx(
                [whole.estimate, whole.se, whole.Q], abs=1e-9
            )


def test_unequal_arms_have_no_complement() -> None:
    with pytest.raises(DataError, match=r"'a'.*unequal arms"):
        list(complements(TABLES.assign(n_t=60), TABLES["study"] == "a"))
