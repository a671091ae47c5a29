"""What results say, in sentences by rule: a changed count changes the sentence.

Every function takes results and returns one sentence or a few, ready for :func:`metalib.pages.notebook.glue`. Nothing
is said that the numbers do not decide; what a result means for patients is left to people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from .. import text
from ..arithmetic.meta_regression import MetaRegression
from ..arithmetic.options import MEANS, MEASURES, RATES
from ..arithmetic.results import PooledEffect
from ..arithmetic.subgroups import Subgroups
from ..figures.scales import MEASURE_NAMES
from ..robustness.fragility import Fragility
from ..robustness.small_study import AsymmetryTest, TrimAndFill

#: Significant is P below it; for heterogeneity, whose test has little power, the other (Cochrane Handbook, 10.10.2).
ALPHA, ALPHA_Q = 0.05, 0.10
Arms = Sequence[str]


def counted(number: int, one: str, several: str = "") -> str:
    """Return a number with its noun.

    >>> counted(1, "study", "studies"), counted(4, "test")
    ('1 study', '4 tests')
    """
    return f"{text.count(number)} {one if number == 1 else several or one + 's'}"


def listed(names: Sequence[str], word: str = "and") -> str:
    """Return names as a list in words.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return f" {word} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def sure(p: float | None, alpha: float = ALPHA) -> bool:
    """Whether a P value is there and below `alpha`."""
    return p is not None and p == p and p < alpha


def side(estimate: float, measure: str, arms: Arms) -> str:
    """Return what an estimate (log scale for ratios) says of the two arms, for example ``fewer events with the drug``.

    >>> side(-0.2, "OR", ("Drug", "Placebo")), side(0.2, "MD", ("Drug", "Placebo")), side(0.0, "RD", ("a", "b"))
    ('fewer events with drug', 'a higher mean with drug', 'as many events with a as with b')
    """
    if measure in (*MEASURES, *RATES):
        more, fewer, same = "more events with", "fewer events with", "as many events with"
    elif measure in MEANS:
        more, fewer, same = "a higher mean with", "a lower mean with", "the same mean with"
    else:
        more, fewer, same = "a higher value with", "a lower value with", "the same value with"
    if abs(estimate) < 1e-12:
        return f"{same} {text.mid_sentence(arms[0])} as with {text.mid_sentence(arms[1])}"
    return f"{more if estimate > 0 else fewer} {text.mid_sentence(arms[0])}"


def result(effect: PooledEffect, arms: Arms) -> str:
    """Return the pooled result: direction and significance, the numbers behind them, and which studies take no part."""
    name = MEASURE_NAMES[effect.measure].lower()
    if effect.estimate is None:
        return f"The {name} cannot be estimated: {effect.reasons['estimate']}."
    numbers = f"{name} {text.estimate(effect)}"
    of = f"{counted(effect.k, 'study', 'studies')}, {effect.model} effects"
    if effect.p is None:
        said = f"The {numbers} has no P: {effect.reasons['p']} ({of})."
    else:
        found = side(effect.estimate, effect.measure, arms)
        verdict = f"There were {found}" if found.startswith(("more", "fewer", "as")) else f"There was {found}"
        said = f"{verdict if sure(effect.p) else 'No significant difference was found'}: {numbers}, "
        said += f"P {text.p_value(effect.p, sign=True)} ({of})."
    out = [f"{counted(n, 'study', 'studies')} ({reason})" for reason, n in _tally(effect).items()]
    return f"{said} Without an effect of their own: {'; '.join(out)}." if out else said


def _tally(effect: PooledEffect) -> dict[str, int]:
    reasons = [reason for _, reason in effect.excluded]
    return {reason: reasons.count(reason) for reason in dict.fromkeys(reasons)}


def heterogeneity(effect: PooledEffect) -> str:
    """Return whether the studies differ more than chance explains."""
    if effect.p_Q is None:
        return "With fewer than two studies there is no heterogeneity to speak of."
    verdict = "The studies differ more" if sure(effect.p_Q, ALPHA_Q) else "The studies do not differ more"
    tau2 = "" if effect.tau2 is None else f"tau² = {text.significant(effect.tau2)}, "
    p = text.p_value(effect.p_Q, sign=True)
    return f"{verdict} than chance explains ({tau2}I² = {text.percent(effect.I2)}, P {p})."


def prediction(effect: PooledEffect) -> str:
    """Return the range expected for the effect in a new study, and whether no effect lies in it."""
    if effect.prediction_low is None or effect.prediction_high is None:
        return f"There is no prediction interval: {effect.reasons['prediction_low']}."
    includes = effect.prediction_low <= 0 <= effect.prediction_high
    return (
        f"In a new study the {MEASURE_NAMES[effect.measure].lower()} is expected within {text.prediction(effect)}, "
        f"which {'includes' if includes else 'excludes'} no effect."
    )


def of_result(effect: PooledEffect, arms: Arms) -> dict[str, str]:
    """Return :func:`result`, :func:`heterogeneity` and :func:`prediction` under their names."""
    return {
        "result": result(effect, arms), "heterogeneity": heterogeneity(effect), "prediction": prediction(effect),
    }  # fmt: skip


def analyses(frame: pd.DataFrame) -> str:
    """Return under how many analyses a difference is significant, and whether its direction is always the same.

    Parameters
    ----------
    frame : DataFrame
        One row an analysis: ``estimate`` (log scale for ratios) and ``p``, as from :func:`metalib.specifications`.
    """
    tested = frame.dropna(subset=["estimate", "p"])
    n, yes = len(tested), int((tested["p"] < ALPHA).sum())
    if not n:
        return "No analysis gives a P."
    if not yes:
        said = f"No significant difference under {n} of {n} analyses"
    elif yes == n:
        said = f"A significant difference under {n} of {n} analyses"
    else:
        said = f"A significant difference under {yes} of {n} analyses: significance depends on the choice"
    return f"{said}; the direction is {'the same' if _one_side(tested['estimate']) else 'not the same'} in all of them."


def _one_side(estimates: pd.Series[float]) -> bool:
    return bool((estimates > -1e-12).all() or (estimates < 1e-12).all())


def left_out(frame: pd.DataFrame, whole: PooledEffect, names: Mapping[str, str]) -> str:
    """Return what changes when studies are left out one at a time.

    Parameters
    ----------
    frame : DataFrame
        From :func:`metalib.leave_one_out`, under the options of `whole`.
    whole : PooledEffect
    names : mapping
        Name to show of each study.
    """
    tested = frame.dropna(subset=["estimate", "p"])
    if whole.estimate is None or whole.p is None or tested.empty:
        return "There are too few studies to leave one out."
    turned = tested[tested["estimate"] * whole.estimate < -1e-12]["omitted"]
    crossed = tested[(tested["p"] < ALPHA) != (whole.p < ALPHA)]["omitted"]
    parts = []
    if len(turned):
        parts.append(f"Without {listed([names.get(s, s) for s in turned], 'or')} the direction turns round.")
    if len(crossed):
        verb = "is no longer significant" if whole.p < ALPHA else "becomes significant"
        parts.append(f"Without {listed([names.get(s, s) for s in crossed], 'or')} the result {verb}.")
    return " ".join(parts) or "Leaving out any one study changes neither direction nor significance."


def cumulative(frame: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Return from which study on a growing pool has stayed on one side of the level of significance.

    Parameters
    ----------
    frame : DataFrame
        From :func:`metalib.cumulative`.
    names : mapping
        Name to show of each study.
    """
    tested = frame.dropna(subset=["estimate", "p"]).reset_index(drop=True)
    if len(tested) < 2:
        return "There are too few studies to add one after the other."
    yes = tested["p"] < ALPHA
    last = bool(yes.iloc[-1])
    state = "significant" if last else "not significant"
    others = yes[yes != last]
    if others.empty:
        return f"The result was {state} at every step."
    added = tested["added"].iloc[others.index[-1] + 1]
    return f"The result has stayed {state} since {names.get(added, added)} was added."


def subsets(frame: pd.DataFrame, whole: PooledEffect, drawn: bool) -> str:
    """Return how many subsets of the studies agree with the whole.

    Parameters
    ----------
    frame : DataFrame
        From :func:`metalib.all_subsets` or :func:`metalib.sampled_subsets`.
    whole : PooledEffect
    drawn : bool
        Whether the subsets were drawn at random.
    """
    tested = frame.dropna(subset=["estimate", "p"])
    if whole.estimate is None or whole.p is None or tested.empty:
        return "No subset of the studies gives a P."
    same = text.count(int((tested["estimate"] * whole.estimate > 1e-12).sum()))
    alike = text.count(int(((tested["p"] < ALPHA) == (whole.p < ALPHA)).sum()))
    number = counted(len(tested), "subset")
    which = (
        f"Of {number} drawn at random" if drawn else f"Of {number} that {'gives' if len(tested) == 1 else 'give'} a P"
    )
    verdict = "significant" if whole.p < ALPHA else "not significant"
    return f"{which}, {same} have the direction of the whole, and {alike} are {verdict}, as it is."


def fragile(found: Fragility) -> str:
    """Return how many patients decide about significance."""
    if found.significant is None:
        return f"How many patients decide cannot be said: {found.reason}."
    if found.changes is None:
        away = "that makes the result not significant" if found.significant else "that makes the result significant"
        return f"No change of few patients was found {away} ({found.reason})."
    verb = "would no longer be" if found.significant else "would be"
    patients = counted(found.changes, "patient")
    bound = "" if found.exact else f" (at most; fewer than {found.at_least} do not suffice)"
    return f"The result {verb} significant if {patients} had another outcome{bound}."


def asymmetry(tests: Mapping[str, AsymmetryTest], filled: TrimAndFill) -> str:
    """Return how many tests for asymmetry are below 0.05, and what trim and fill changes."""
    usable = {name: test.p for name, test in tests.items() if test.p is not None}
    if not usable:
        return "No test for asymmetry can be made."
    below = [f"{name}, P {text.p_value(p, sign=True)}" for name, p in usable.items() if sure(p)]
    said = (
        f"{len(below) or 'None'} of {counted(len(usable), 'test')} for asymmetry {'is' if len(below) < 2 else 'are'} "
    )
    said += f"below {ALPHA:g}{f' ({listed(below)})' if below else ''}."
    if filled.effect is None or filled.missing is None:
        return said
    if not filled.missing:
        return f"{said} Trim and fill adds no study."
    added = counted(filled.missing, "study", "studies")
    under = f"by inverse variance and {filled.effect.model} effects"
    return f"{said} Trim and fill adds {added}, with which the result is {text.estimate(filled.effect)} {under}."


def subgroups(groups: Subgroups) -> str:
    """Return whether the subgroups differ more than chance explains."""
    if groups.p is None:
        return f"The subgroups cannot be compared: {groups.reasons['p']}."
    verdict = "differ more" if sure(groups.p) else "do not differ more"
    return f"The {len(groups.groups)} subgroups {verdict} than chance explains (P {text.p_value(groups.p, sign=True)})."


def moderator(fit: MetaRegression, name: str) -> str:
    """Return whether the effect changes with a moderator, and how much of the heterogeneity that explains.

    Parameters
    ----------
    fit : MetaRegression
        With one moderator.
    name : str
        Of the moderator, as shown.
    """
    slope, p = fit.coefficients[1], fit.p[1]
    verdict = "changes" if sure(p) else "does not change significantly"
    explained = "" if fit.R2 is None else f" It explains {text.percent(fit.R2)} of the variance between studies."
    rest = "more" if sure(fit.QE_p, ALPHA_Q) else "not more"
    return (
        f"The effect {verdict} with {name} (slope {text.significant(slope)}, P {text.p_value(p, sign=True)})."
        f"{explained} "
        f"What is left between the studies is {rest} than chance explains (P {text.p_value(fit.QE_p, sign=True)})."
    )


def judgements(judged: pd.DataFrame) -> str:
    """Return how many judgements on the risk of bias are low, unclear and high.

    Parameters
    ----------
    judged : DataFrame
        ``study, domain, judgement``.
    """
    found = judged["judgement"].value_counts()
    parts = [f"{int(found.get(name, 0))} {name}" for name in ("low", "unclear", "high")]
    studies = counted(judged["study"].nunique(), "study", "studies")
    return f"Of {counted(len(judged), 'judgement')} on {studies}, {listed(parts)}."


def reproduced(compared: pd.DataFrame) -> str:
    """Return how many printed numbers the data give.

    Parameters
    ----------
    compared : DataFrame
        From :func:`metalib.audit.compare.compare`.
    """
    checkable = compared[compared["verdict"] != "not checkable"]
    agree = int((checkable["verdict"] == "reproduced").sum())
    verb = "is" if agree == 1 else "are"
    return f"{agree} of {counted(len(checkable), 'printed number')} that can be checked {verb} reproduced."
