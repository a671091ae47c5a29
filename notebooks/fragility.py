# %% [markdown]
# # Fragility, multiplicity, dependence
#
# ## What the paper says
#
# Three of six outcomes are significant at 0.05, each tested on its own. This chapter asks three questions of a methodologist: how few patients decide significance, what remains when six tests are counted as six, and what the response categories say together.

# %%
import numpy as np
import pandas as pd
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.stats.multitest import multipletests

import metalib
from metalib import text
from metalib.pages import notebook, views
from metalib.robustness.fragility import fragility
from metalib.robustness.ordinal import pool_proportional_odds, proportional_odds

review = metalib.read_review("../data")
labels = review.labels()
OUTCOMES = ["CR", "PR", "SD", "PD", "AE"]
fragile = {
    (key, model): fragility(review.tables_of(key), model=model)
    for key in OUTCOMES
    for model in ("fixed", "random")
}

# %% [markdown]
# ## The computation
#
# ### Fragility
#
# The fragility index of a meta-analysis {cite:p}`atal2019` is the smallest number of patients whose outcome has to be changed, in any arms of any studies, for P to cross 0.05. It is found by an exhaustive search.

# %% tags=["hide-input"]
rows = []
for (key, model), result in fragile.items():
    changes = "; ".join(
        f"{labels[c.study]}, {'combination' if c.arm == 'experimental' else 'control'}: {c.before} → {c.after}"
        for c in result.witness
    )
    rows.append(
        {
            "Outcome": review.outcome(key)["label"],
            "Model": model,
            "P": text.p_value(result.p),
            "Now": text.significance(result.p),
            "Patients to change": str(result.changes)
            if result.exact
            else f"more than {result.at_least - 1}",
            "For example": changes or result.reason,
            "P then": text.number(result.p_after, 4),
        }
    )
notebook.table(
    pd.DataFrame(rows),
    name="tab-fragility",
    caption="Smallest number of patients whose outcome has to change for P to cross 0.05, with one set of changes that does it.",
    align="llrlrlr",
)
notebook.glue(
    **{
        f"{key.lower()}_{model}": str(result.changes)
        if result.exact
        else f"more than {result.at_least - 1}"
        for (key, model), result in fragile.items()
    },
    patients=str(int(review.tables_of("PR")[["n_t", "n_c"]].sum().sum())),
)

# %% [markdown]
# ### Six outcomes
#
# Holm's step-down procedure {cite:p}`holm1979` on the six P values, once as printed models give them and once under random effects with Hartung-Knapp intervals. For survival the smallest P over all candidates is used, which favours significance.


# %% tags=["hide-input"]
def p_values(ci, models):
    """P of the six outcomes under given models."""
    found = {}
    for key in OUTCOMES:
        model = models(key)
        found[key] = metalib.pool(
            review.tables_of(key), model=model, ci=ci if model == "random" else "wald"
        ).p
    names = review.tables.query("outcome == 'survival' and status == 'candidate'")[
        "analysis"
    ].unique()
    model = models("survival")
    found["survival"] = min(
        metalib.pool(
            review.tables_of("survival", n),
            model=model,
            ci=ci if model == "random" else "wald",
        ).p
        for n in names
    )
    return found


printed_models = p_values("wald", lambda key: review.outcome(key)["model_printed"])
careful = p_values("hksj", lambda key: "random")
adjusted = [
    dict(
        zip(values, multipletests(list(values.values()), method="holm")[1], strict=True)
    )
    for values in (printed_models, careful)
]
notebook.table(
    pd.DataFrame(
        [
            {
                "Outcome": review.outcome(key)["label"],
                "P": text.p_value(printed_models[key]),
                "Holm": text.p_value(adjusted[0][key]),
                "P, Hartung-Knapp": text.p_value(careful[key]),
                "Holm, Hartung-Knapp": text.p_value(adjusted[1][key]),
            }
            for key in printed_models
        ]
    ),
    name="tab-holm",
    caption="P values of the six outcomes and their Holm adjustment, under the models of the print and under Hartung-Knapp.",
)
notebook.glue(
    holm=", ".join(
        review.outcome(k)["label"].lower() for k, p in adjusted[0].items() if p < 0.05
    )
    or "none",
    holm_careful=", ".join(
        review.outcome(k)["label"].lower() for k, p in adjusted[1].items() if p < 0.05
    )
    or "none",
)

# %% [markdown]
# ### The four categories together
#
# Complete response, partial response, stable disease and progression are four slices of one arm: more in one means fewer in the others. Three ways to use them once: objective response (complete or partial), disease control (all but progression), and a proportional-odds model over the ordered categories of each study, pooled by inverse variance. Its odds ratio is that of being in a better category. Two programs fit the model: metalib with exact derivatives, whose results are pooled, and statsmodels' `OrderedModel`, whose standard errors come from numerical ones.

# %% tags=["hide-input"]
CATEGORIES = ["PD", "SD", "PR", "CR"]
by_study = {key: review.tables_of(key).set_index("study") for key in CATEGORIES}
studies = list(by_study["PR"].index)


def derived(keys):
    """Events in any of several categories."""
    base = by_study["PR"][["n_t", "n_c"]]
    events = sum(by_study[key][["events_t", "events_c"]] for key in keys)
    return pd.concat([base, events], axis=1).reset_index()


results = {}
for name, keys in (
    ("Objective response (CR + PR)", ["CR", "PR"]),
    ("Disease control (CR + PR + SD)", ["CR", "PR", "SD"]),
):
    for model in ("fixed", "random"):
        results[name, model] = metalib.pool(derived(keys), model=model)
ordered = {
    study: [
        [int(by_study[key].loc[study, column]) for key in CATEGORIES]
        for column in ("events_t", "events_c")
    ]
    for study in studies
}
for model in ("fixed", "random"):
    results["Better category (proportional odds)", model] = pool_proportional_odds(
        ordered, model=model
    )
notebook.table(
    pd.DataFrame(
        [
            {
                "Outcome": name,
                "Model": model,
                "OR [95% CI]": text.estimate(effect),
                "P": text.p_value(effect.p),
                "I²": text.percent(effect.I2),
            }
            for (name, model), effect in results.items()
        ]
    ),
    name="tab-derived",
    caption="Outcomes that use the response categories together (recovered counts). Odds ratios above 1 favour the combination.",
    align="llrrr",
)
single = {study: proportional_odds(table) for study, table in ordered.items()}


def ordered_model(table):
    """Log odds ratio of a better category by statsmodels, from one row a patient."""
    worst_to_best = range(len(table[0]))
    category = np.concatenate([np.repeat(worst_to_best, arm) for arm in table])
    arm = np.repeat([1.0, 0.0], [sum(counts) for counts in table])
    # Categories that nobody is in have no threshold to estimate.
    codes = np.unique(category, return_inverse=True)[1]
    fit = OrderedModel(codes, arm[:, None], distr="logit").fit(
        method="newton", disp=False
    )
    return fit.params[0], fit.bse[0]


second = {study: ordered_model(table) for study, table in ordered.items()}
assert all(abs(single[s].estimate - second[s][0]) < 1e-6 for s in studies)
assert all(abs(single[s].se - second[s][1]) < 1e-5 for s in studies)
notebook.table(
    pd.DataFrame(
        [
            {
                "Study": labels[study],
                "OR of a better category": text.number(effect.ratio),
                "Log OR": text.number(effect.estimate, 3),
                "Standard error": text.number(effect.se, 3),
                "OrderedModel: log OR": text.number(float(second[study][0]), 3),
                "Standard error (OrderedModel)": text.number(
                    float(second[study][1]), 3
                ),
            }
            for study, effect in single.items()
        ]
    ),
    name="tab-proportional-odds",
    caption=(
        "Proportional-odds model over progression, stable disease, partial and complete response, by study, "
        "by metalib and by statsmodels' OrderedModel."
    ),
    align="lrrrrr",
)
notebook.glue_as(
    "odds_fixed", views.glued(results["Better category (proportional odds)", "fixed"])
)
notebook.glue_as(
    "odds_random", views.glued(results["Better category (proportional odds)", "random"])
)
notebook.glue_as(
    "objective_fixed", views.glued(results["Objective response (CR + PR)", "fixed"])
)
notebook.glue_as(
    "objective_random", views.glued(results["Objective response (CR + PR)", "random"])
)
notebook.glue_as(
    "control_random", views.glued(results["Disease control (CR + PR + SD)", "random"])
)

# %% [markdown]
# ## What follows
#
# * **Fragility.** Under fixed effects partial response loses significance when {glue:text}`pr_fixed:s` of {glue:text}`patients:s` patients change, progression with {glue:text}`pd_fixed:s`, adverse events with {glue:text}`ae_fixed:s`. Under random effects adverse events *gain* significance with {glue:text}`ae_random:s`: the result stands on the threshold.
# * **Multiplicity.** After Holm's adjustment these remain significant under the printed models: {glue:text}`holm:s`. Under Hartung-Knapp: {glue:text}`holm_careful:s`.
# * **Dependence.** One analysis that uses all four categories gives an odds ratio of a better category of {glue:text}`odds_fixed_estimate:s` under fixed effects (P = {glue:text}`odds_fixed_p:s`) and {glue:text}`odds_random_estimate:s` under random effects (P = {glue:text}`odds_random_p:s`, I² {glue:text}`odds_random_i2:s`). Objective response is {glue:text}`objective_fixed_estimate:s` and {glue:text}`objective_random_estimate:s`. One study, whose controls nearly all had complete response, pulls against the others, and the answer depends on how that is weighed.
# * **How sure:** exact for the recovered counts. That the proportional-odds assumption holds in each study is not certain with such small arms.
