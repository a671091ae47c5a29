# %% [markdown]
# # Models side by side
#
# **No choice of model turns one of the three printed differences round, but only progression has a significant odds ratio under all of them.** Of the different results for the odds ratio, {glue:text}`pd_or:s` are significant for progression, {glue:text}`pr_or:s` for partial response and {glue:text}`ae_or:s` for adverse events; for complete response and stable disease {glue:text}`cr_or:s` and {glue:text}`sd_or:s`.

# %%
import math

import pandas as pd

import metalib
from metalib import figures, text
from metalib.pages import columns, download, figure, filtered_table, glue, table
from metalib.pages.prose import printed_ratio
from metalib.robustness.specifications import specifications
from metalib.robustness.verdicts import distinct

review = metalib.read_review("../data")
outcomes = review.outcomes.set_index("outcome")
every = pd.concat(
    [
        specifications(review.tables_of(key)).assign(outcome=key)
        for key in outcomes.index
        if not review.candidates(key)
    ],
    ignore_index=True,
)
every["pooled"] = every["method"].map(text.METHOD_NAMES) + ", " + every["model"]
every["interval"] = every["ci_method"].map({"wald": "Wald", **text.CI_NAMES})
every["label"] = [
    text.model_words(*model)
    for model in every[["method", "model", "tau2_method", "ci_method"]].to_numpy()
]
odds_ratios = every[every["measure"] == "OR"].dropna(subset="natural")

# For the curves; with many rules for zero cells, others than RevMan's are drawn with Wald intervals only.
ZEROS = {
    "revman": "0.5 (RevMan)",
    "none": "no correction",
    "treatment_arm": "by arm size",
    "constant_all": "0.5 everywhere",
}
drawn = odds_ratios[
    ~odds_ratios["zero_cells"].isin(list(ZEROS)[1:])
    | odds_ratios["ci_method"].eq("wald")
]
drawn = drawn.assign(
    estimate=drawn["natural"],
    low=drawn["natural_low"],
    high=drawn["natural_high"],
    zero_cells=drawn["zero_cells"].map(ZEROS).fillna(""),
).sort_values("estimate", kind="stable", key=lambda s: s.round(9))

# %% tags=["hide-input"]
CHOICES = {
    "pooled": "Method and model",
    "tau2_method": "Variance between studies",
    "interval": "Interval",
    "zero_cells": "Zero cells",
}


def curve(key):
    """Show the odds ratios of an outcome under every model."""
    part, name = drawn[drawn["outcome"] == key], outcomes.loc[key, "label"]
    ends = " to ".join(map(text.number, part["estimate"].agg(["min", "max"])))
    share = f"{part['significant'].sum()} of {len(part)} intervals exclude 1"
    figure(
        figures.specification_curve(
            part, choices=CHOICES, printed=printed_ratio(review.printed(key))
        ),
        name=f"fig-specifications-{key.lower()}",
        caption=f"{name}: specification curve {{cite:p}}`simonsohn2020` of the odds ratio. {len(part)} specifications; {share}.",
        alt=f"Specification curve of {name.lower()}: odds ratios from {ends}; {share}.",
        data=part[["label", "zero_cells", "estimate", "low", "high", "significant"]],
    )


curve("PR")

# %% [markdown]
# ## What the article prints
#
# One model for each outcome, named in the notes of Figures 3 and 4; the recovered counts show that two of the notes name the other one. No reason for a choice is printed.
#
# ## Results are counted, not labels
#
# The choices here are odds ratio, risk ratio or risk difference; Mantel-Haenszel, inverse variance or Peto; fixed or random effects; DerSimonian-Laird, Paule-Mandel or REML for the variance between studies; intervals of Wald, of Hartung and Knapp, or of Hartung and Knapp where they are not narrower than Wald's; and, where a study has a zero cell, RevMan's correction, none, 0.5 in every study, or one by the size of the arms {cite:p}`sweeting2004`. Many of these combinations are the same analysis under several names: where tau² is 0, its three estimators give one result. {numref}`tab-results` counts each result once (exploratory: every combination is shown, none is preferred).

# %%
estimable = every.dropna(subset="natural")
numbers = ["natural", "natural_low", "natural_high"]
counted = pd.DataFrame(
    [
        {
            "outcome": outcomes.loc[key, "label"],
            "key": key,
            "measure": measure,
            "labels": len(part),
            "results": len(
                once := part[
                    ~pd.Series(distinct(part[numbers]), part.index).duplicated()
                ]
            ),
            "significant": int(once["significant"].sum()),
            "low": part["natural"].min(),
            "high": part["natural"].max(),
        }
        for (key, measure), part in estimable.groupby(
            ["outcome", "measure"], sort=False
        )
    ]
)
table(
    counted,
    {
        "measure": "Measure",
        "labels": "Combinations",
        "results": "Different results",
        "significant": "Significant results",
        ("low", "high"): (
            "Estimates",
            lambda low, high: f"{text.number(low)} to {text.number(high)}",
        ),
    },
    name="tab-results",
    caption="Combinations of choices, the different results that they give, and how many of these are significant at 0.05.",
    group="outcome",
)

# %% [markdown]
# ### The risk difference of progression
#
# Fewer results are significant for the risk difference of progression, {glue:text}`pd_rd:s`. That is a matter of weights and no finding: the study with no event in either arm has a risk difference of 0 and, once 0.5 is added, a small variance, so that inverse variance gives it {glue:text}`rd_iv_weight:s` of the weight. Mantel-Haenszel weights it by its size, {glue:text}`rd_mh_weight:s`, and gives {glue:text}`rd_mh:s`, P = {glue:text}`rd_mh_p:s`, where inverse variance gives {glue:text}`rd_iv:s`, P = {glue:text}`rd_iv_p:s`.

# %%
progression = review.tables_of("PD")
rd = {m: metalib.pool(progression, measure="RD", method=m) for m in ("MH", "IV")}
empty = (progression[["events_t", "events_c"]] == 0).all(axis=1).idxmax()

# %% tags=["hide-input"]
for method, effect in rd.items():
    name = f"rd_{method.lower()}"
    glue(
        **{
            name: text.estimate(effect, 3),
            f"{name}_p": text.p_value(effect.p),
            f"{name}_weight": text.percent(effect.weights[empty]),
        }
    )
share = {
    (row.key, row.measure): f"{row.significant} of {row.results}"
    for row in counted.itertuples()
}
glue(pd_rd=share["PD", "RD"])
glue(
    **{f"{key.lower()}_or": share[key, "OR"] for key in odds_ratios["outcome"].unique()}
)
complete = odds_ratios.loc[odds_ratios["outcome"] == "CR", "natural"]
glue(cr_lowest=text.number(complete.min()), cr_highest=text.number(complete.max()))
random_ae = odds_ratios.query("outcome == 'AE' and model == 'random' and significant")
assert set(zip(random_ae["tau2_method"], random_ae["ci_method"], strict=True)) == {
    ("REML", "wald")
}, "Models: 'every random-effects model but REML with a Wald interval' no longer holds"
partial = odds_ratios.query("outcome == 'PR' and not significant")
assert set(partial["ci_method"]) <= {"hksj", "hksj_adhoc"}, (
    "Models: partial response loses significance elsewhere than with Hartung-Knapp"
)
for key in ("PR", "PD", "AE"):
    of_key = odds_ratios[odds_ratios["outcome"] == key]["estimate"]
    assert (of_key > 0).all() or (of_key < 0).all(), (
        f"Models: a model turns {key} round"
    )
by = counted.set_index(["key", "measure"])
assert by.loc[("PD", "OR"), "significant"] == by.loc[("PD", "OR"), "results"], (
    "Models: 'only progression is significant under all' no longer holds"
)
for key in ("PR", "AE"):
    assert 0 < by.loc[(key, "OR"), "significant"] < by.loc[(key, "OR"), "results"], (
        f"Models: 'only progression is significant under all' no longer holds for {key}"
    )
for key in ("CR", "SD"):
    assert by.loc[(key, "OR"), "significant"] == 0, (
        f"Models: {key} is significant somewhere"
    )
assert (
    rd["MH"].p
    < 0.01
    < 0.05
    < metalib.pool(progression, measure="RD", method="IV", model="random").p
), "Models: the risk difference of progression no longer depends on the weights"

# %% [markdown]
# ## RevMan 5.4 and RevMan since 2025
#
# The article used RevMan, whose methods have changed since. According to Cochrane {cite:p}`cochrane2025random`, RevMan offers since January 2025 REML for tau², Hartung-Knapp(-Sidik-Jonkman) intervals, the Q-profile interval of tau² {cite:p}`viechtbauer2007` and prediction intervals, and takes I² from tau². When an author should choose Hartung-Knapp, and on how many degrees of freedom a prediction interval stands, is in no text that was found for this book. So Wald and Hartung-Knapp are both shown, and prediction intervals with k − 1 and k − 2 degrees of freedom {cite:p}`higgins2009`. "RevMan" here means its rules as metalib computes them.

# %%
RULES = {
    "5.4": {"model": "random"},
    "since 2025, Wald": {**metalib.REVMAN_2025, "ci": "wald"},
    "since 2025, Hartung-Knapp": {**metalib.REVMAN_2025, "ci": "hksj"},
}
rows = []
for key in outcomes.index:
    for tables in review.candidates(key).values() or [review.tables_of(key)]:
        tau2 = metalib.tau2_interval(tables)
        for name, rules in RULES.items():
            row = metalib.pool(tables, **rules).to_frame().assign(key=key, rules=name)
            if name != "5.4":
                k2 = metalib.pool(tables, **{**rules, "prediction": "k-2"})
                row["k2_low"], row["k2_high"] = k2.prediction_low, k2.prediction_high
                row["tau2_low"], row["tau2_high"] = tau2.tau2_low, tau2.tau2_high
            rows.append(row)
revman = pd.concat(rows, ignore_index=True)
# Of the candidates for survival, the one with the smallest P.
revman = revman.loc[revman.groupby(["key", "rules"], sort=False)["p"].idxmin()]
revman.loc[revman["rules"] == "5.4", ["prediction_low", "prediction_high"]] = pd.NA
limits = ["prediction_low", "prediction_high", "k2_low", "k2_high"]
revman[limits] = revman[limits].map(
    lambda end: pd.NA if pd.isna(end) else math.exp(end)
)
revman["label"] = revman["key"].map(outcomes["label"])
candidates = len(review.candidates("survival"))


def interval(low, high):
    return "–" if low is None else text.interval(low, high)


table(
    revman,
    {
        "rules": "RevMan",
        **columns.effect(),
        "p": ("P", text.p_value),
        "I2": ("I²", text.percent),
        "tau2": ("tau²", text.number),
        ("tau2_low", "tau2_high"): ("tau², 95% interval", interval),
        ("prediction_low", "prediction_high"): ("Prediction, k − 1", interval),
        ("k2_low", "k2_high"): ("Prediction, k − 2", interval),
    },
    name="tab-revman",
    caption="Random effects by RevMan's rules before and since 2025: Mantel-Haenszel with DerSimonian and Laird's tau² against inverse variance with REML.",
    group="label",
    note=f"One-year survival: of {candidates} candidates the one with the smallest P. RevMan 5.4 shows neither the interval of tau² nor a prediction interval.",
)

# %% [markdown]
# What changes: with the new Wald interval adverse events are significant ({glue:text}`ae_wald:s`), with Hartung-Knapp they are far from it ({glue:text}`ae_hksj:s`); partial response is significant with Wald and, by the smallest margin, not with Hartung-Knapp ({glue:text}`pr_hksj:s`); progression is significant with both. Complete response, stable disease and survival stay without a significant difference. On k − 2 degrees of freedom every prediction interval includes 1, on k − 1 all but that of progression with Hartung-Knapp: where tau² is estimated as 0 it is no wider than the confidence interval, and that estimate is hardly known. Where I² is 0, tau² may still be large; its interval reaches at least {glue:text}`widest:s`.

# %% tags=["hide-input"]
new = {(row.key, row.rules.rpartition(", ")[2]): row for row in revman.itertuples()}
for key in ("AE", "PR"):
    for name, rules in (("wald", "Wald"), ("hksj", "Hartung-Knapp")):
        row = new[key, rules]
        glue(
            **{
                f"{key.lower()}_{name}": f"{text.with_interval(row.ratio, row.ratio_low, row.ratio_high, 3)}, P = {text.number(row.p, 3)}"
            }
        )
glue(widest=text.number(revman["tau2_high"].min()))
assert new["AE", "Wald"].p < 0.05 < 0.1 < new["AE", "Hartung-Knapp"].p, (
    "Models: adverse events no longer depend on the interval of RevMan since 2025"
)
assert new["PR", "Wald"].p < 0.05 < new["PR", "Hartung-Knapp"].p < 0.051, (
    "Models: partial response no longer misses 0.05 by the smallest margin"
)
assert all(new["PD", rules].p < 0.05 for rules in ("Wald", "Hartung-Knapp")), (
    "Models: progression is no longer significant with both intervals"
)
assert (revman.loc[revman["key"].isin(["CR", "SD", "survival"]), "p"] > 0.05).all(), (
    "Models: a finding of no difference changes with RevMan's rules"
)
includes = revman[revman["rules"] != "5.4"].set_index(["key", "rules"])
for low, high, but in (
    ("k2_low", "k2_high", []),
    ("prediction_low", "prediction_high", [("PD", "since 2025, Hartung-Knapp")]),
):
    excluded = includes.index[(includes[low] > 1) | (includes[high] < 1)]
    assert list(excluded) == but, (
        f"Models: other prediction intervals exclude 1: {list(excluded)}"
    )

# %% [markdown]
# ## The curves of the other outcomes
#
# Filled points have intervals that exclude 1. The band is the printed interval. Other rules for zero cells than RevMan's are drawn with Wald intervals only; {numref}`tab-results` and the table below count them all.

# %%
for key in ("PD", "AE", "CR", "SD"):
    curve(key)

# %% [markdown]
# ## Every combination

# %%
filtered_table(
    every.assign(outcome=every["outcome"].map(outcomes["label"])),
    {
        "measure": "Measure",
        "label": "Model",
        "zero_cells": "Zero cells",
        tuple(numbers): ("Estimate [95% CI]", text.with_interval),
        "p": ("P", text.p_value),
        "tau2": ("tau²", lambda tau2: text.number(tau2, 3)),
        ("natural_prediction_low", "natural_prediction_high"): (
            "Prediction interval",
            interval,
        ),
        "k": "k",
        "reason": "Remark",
    },
    name="specifications",
    caption="Every identified outcome under every combination of choices",
    group="outcome",
    choices=["Measure"],
)
download(
    every.drop(columns=["label", "pooled", "interval"]),
    name="specifications",
    what="All specifications, unrounded,",
)

# %% [markdown]
# ## What follows
#
# * **Direction** does not depend on the model for the three printed differences; **size** does little, **significance** does for partial response (Hartung-Knapp) and adverse events (every random-effects model but REML with a Wald interval).
# * **Complete response and stable disease** are significant under no model for the odds ratio. The estimate for complete response runs from {glue:text}`cr_lowest:s` to {glue:text}`cr_highest:s`: its size is not known.
# * **How sure:** the counts are recovered; the models are exact for them. Risk ratios of adverse events depend on which complements are true, see [other data](other_data). The verdicts on the article's claims use [a short list of these analyses](conclusions).
