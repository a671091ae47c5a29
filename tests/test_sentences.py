"""Sentences by rule say what the numbers say, and nothing else."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from new_books import effects, means, rates, trials, zero_arms

import metalib
from metalib.pages import sentences
from metalib.robustness.specifications import standard_models

ARMS = ("Drug", "Placebo")
NAMES = {f"Trial {i}": f"Trial {i}" for i in range(20)}
FEWER = trials(5).assign(events_t=5, n_t=100, events_c=30, n_c=100)
SAME = trials(5).assign(events_t=30, n_t=100, events_c=30, n_c=100)


@pytest.mark.parametrize(
    ("data", "options", "beginning"),
    [
        (FEWER, {}, "There were fewer events with drug: odds ratio 0.12 ["),
        (FEWER.assign(events_t=60), {"measure": "RR"}, "There were more events with drug: risk ratio 2.00 ["),
        (SAME, {}, "No significant difference was found: odds ratio 1.00 ["),
        (means(4).assign(mean_t=9.0, mean_c=12.0), {"measure": "MD"}, "There was a lower mean with drug: mean diff"),
        (rates(3).assign(events_t=2, events_c=90), {"measure": "IRR"}, "There were fewer events with drug: rate ratio"),
        (effects(4).assign(effect=1.0), {"measure": "HR"}, "There was a higher value with drug: hazard ratio 2.72"),
        (zero_arms(2, 2), {}, "The odds ratio cannot be estimated: no study is estimable."),
    ],
)
def test_results(data: pd.DataFrame, options: dict, beginning: str) -> None:
    assert sentences.result(metalib.pool(data, **options), ARMS).startswith(beginning)


def test_studies_without_an_effect_are_counted() -> None:
    said = sentences.result(metalib.pool(zero_arms(5, 2)), ARMS)
    assert said.endswith("Without an effect of their own: 2 studies (no events in either arm: OR not estimable).")


def test_heterogeneity_and_prediction() -> None:
    one = metalib.pool(trials(1), model="random")
    assert "no heterogeneity to speak of" in sentences.heterogeneity(one)
    assert "no prediction interval: a prediction interval needs three" in sentences.prediction(one)
    apart = effects(4).assign(effect=[-2.0, -1.0, 1.0, 2.0], se=0.1)
    wide = metalib.pool(apart, measure="ratio", model="random")
    assert sentences.heterogeneity(wide).startswith("The studies differ more than chance explains (tau² = ")
    assert sentences.prediction(wide).endswith("which includes no effect.")
    near = metalib.pool(effects(4).assign(effect=1.0), measure="ratio", model="random")
    assert sentences.heterogeneity(near).startswith("The studies do not differ more")
    assert sentences.prediction(near).endswith("which excludes no effect.")


@pytest.mark.parametrize(
    ("p", "estimates", "said"),
    [
        ([0.2] * 9, [-0.1] * 9, "No significant difference under 9 of 9 analyses; the direction is the same in all"),
        ([0.01] * 9, [-0.1] * 9, "A significant difference under 9 of 9 analyses; the direction is the same"),
        ([0.01, 0.2], [-0.1, 0.1], "under 1 of 2 analyses: significance depends on the choice; the direction is not"),
        ([None], [None], "No analysis gives a P."),
    ],
)
def test_analyses(p: list, estimates: list, said: str) -> None:
    frame = pd.DataFrame({"p": p, "estimate": estimates}, dtype=float)
    assert said in sentences.analyses(frame)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 7), st.integers(0, 10_000))
def test_leaving_out_names_exactly_the_studies_that_matter(k: int, seed: int) -> None:
    data = trials(k, seed)
    whole, frame = metalib.pool(data), metalib.leave_one_out(data)
    said = sentences.left_out(frame, whole, {})
    for study in data["study"]:
        without = metalib.pool(data[data["study"] != study])
        turned = without.estimate * whole.estimate < -1e-12
        crossed = (without.p < 0.05) != (whole.p < 0.05)
        assert (f"{study} " in said.replace(",", " ")) == (turned or crossed)
    assert ("neither direction nor significance" in said) == ("Trial" not in said)


def test_one_study_cannot_be_left_out_and_nothing_can_be_added() -> None:
    one = trials(1)
    assert "too few" in sentences.left_out(metalib.leave_one_out(one), metalib.pool(one), {})
    assert "too few" in sentences.cumulative(metalib.cumulative(one), {})


def test_adding_one_after_the_other() -> None:
    frame = metalib.cumulative(FEWER)
    assert sentences.cumulative(frame, {}) == "The result was significant at every step."
    late = frame.assign(p=[0.2, 0.01, 0.2, 0.01, 0.01])
    assert sentences.cumulative(late, {"Trial 4": "Four"}) == "The result has stayed significant since Four was added."


def test_subsets_fragility_and_asymmetry() -> None:
    whole = metalib.pool(FEWER)
    assert sentences.subsets(metalib.all_subsets(FEWER), whole, False) == (
        "Of 31 subsets that give a P, 31 have the direction of the whole, and 31 are significant, as it is."
    )
    assert "drawn at random" in sentences.subsets(metalib.sampled_subsets(FEWER, 20), whole, True)
    few = trials(2).assign(events_t=[4, 3], n_t=40, events_c=[12, 10], n_c=40)
    found = metalib.fragility(few)
    assert sentences.fragile(found).startswith(f"The result would no longer be significant if {found.changes} patient")
    assert "cannot be said" in sentences.fragile(metalib.fragility(zero_arms(2, 2)))
    tests = {"Egger": metalib.egger(trials(12)), "Peters": metalib.peters(trials(12))}
    said = sentences.asymmetry(tests, metalib.trim_and_fill(trials(12)))
    assert "of 2 tests for asymmetry" in said
    assert "No test for asymmetry can be made." in sentences.asymmetry({"Egger": metalib.egger(trials(2))},
                                                                       metalib.trim_and_fill(trials(2)))  # fmt: skip


def test_subgroups_moderators_judgements_and_print() -> None:
    data = pd.concat([FEWER.assign(place="a"), SAME.assign(place="b", study=[f"Other {i}" for i in range(5)])])
    said = sentences.subgroups(metalib.subgroups(data, "place"))
    assert said.startswith("The 2 subgroups differ more than chance explains (P ")
    assert "cannot be compared" in sentences.subgroups(metalib.subgroups(FEWER.assign(place="a"), "place"))
    dose = effects(6).assign(effect=[0.1, 0.2, 0.3, 0.4, 0.5, 0.7], se=0.05, dose=[1, 2, 3, 4, 5, 6])
    fit = metalib.meta_regression(dose, "dose", "ratio")
    assert sentences.moderator(fit, "dose").startswith(
        "The effect changes with dose (slope 0.11, P < 0.00001). It expl"
    )
    judged = pd.DataFrame({"study": ["a", "a", "b"], "domain": list("xyx"), "judgement": ["low", "high", "low"]})
    assert sentences.judgements(judged) == "Of 3 judgements on 2 studies, 2 low, 0 unclear and 1 high."
    verdicts = pd.DataFrame({"verdict": ["reproduced", "last digit", "not checkable"]})
    assert sentences.reproduced(verdicts) == "1 of 2 printed numbers that can be checked is reproduced."


def test_models_that_a_result_is_shown_under() -> None:
    for options in (metalib.Options(), metalib.Options(method="Peto"), metalib.Options("MD", model="random"),
                    metalib.Options(**metalib.REVMAN_2025)):  # fmt: skip
        models = standard_models(options)
        assert metalib.Options(**models["main"]) == options
        assert {metalib.Options(**models[name]).model for name in ("main", "other")} == {"fixed", "random"}
        assert metalib.Options(**models["hksj"]).ci == "hksj"
