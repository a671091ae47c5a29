# %% [markdown]
# # Fragility, multiplicity, dependence
#
# **Few patients decide what is significant.** {glue:text}`pr_fixed:s`, {glue:text}`pd_fixed:s` and {glue:text}`ae_fixed:s` changed outcomes of patients undo the three significant results under fixed effects, {glue:text}`pr_random:s` and {glue:text}`pd_random:s` two of them under random effects; there, {glue:text}`ae_random:s` makes adverse events significant.

# %%
import pandas as pd
from statsmodels.stats.multitest import multipletests

import metalib
from metalib import text
from metalib.pages import columns, glue, glue_as, prose, table
from metalib.pages.book import read_book

review = metalib.read_review("../data")
book = read_book(review.folder)
names = book.names(review)
labels = review.outcomes.set_index("outcome")["label"]
tables = {
    key: review.tables_of(key) for key in labels.index if not review.candidates(key)
}
found = {
    (key, model): metalib.fragility(tables[key], model=model)
    for key in tables
    for model in ("fixed", "random")
}
fragile = pd.DataFrame(
    {
        "outcome": labels[key],
        "model": model,
        "p": result.p,
        "changes": result.changes,
        "example": columns.changes(result.witness, names, book.arms),
        "p_after": result.p_after,
    }
    for (key, model), result in found.items()
)
table(
    fragile,
    {
        "model": "Model",
        "p": ("P", text.p_value),
        "changes": "Patients to change",
        "example": "For example",
        "p_after": ("P then", lambda p: text.number(p, 4)),
    },
    group="outcome",
    name="tab-fragility",
    caption="Smallest number of patients whose outcome has to change for P to cross 0.05.",
    note=book.note(review, names),
)

# %% [markdown]
# The fragility index of a meta-analysis {cite:p}`atal2019` counts patients in any arms of any studies, and is found by pooling all tables that are as near. Partial response rests on {glue:text}`patients:s` patients.
#
# ## What the article prints
#
# Three of six outcomes are called significant at 0.05, each tested on its own. Fragility, multiplicity and the dependence of outcomes on each other are not mentioned; what follows is exploratory.
#
# ## Six outcomes
#
# Holm's procedure {cite:p}`holm1979` on the six P values, under the models that the printed results need and under random effects with Hartung and Knapp's interval. For survival the candidate with the smallest P is taken, which favours significance.


# %%
def smallest_p(key, **choices):
    """P of an outcome, the smallest where its counts have several candidates."""
    several = review.candidates(key) or {"main": review.tables_of(key)}
    return min(metalib.pool(counts, **choices).p for counts in several.values())


holm = pd.DataFrame(
    {
        "outcome": labels[key],
        "printed": smallest_p(key, model=review.options(key).model),
        "hksj": smallest_p(key, model="random", ci="hksj"),
    }
    for key in labels.index
)
for p in ("printed", "hksj"):
    holm[f"holm_{p}"] = multipletests(holm[p], method="holm")[1]
table(
    holm,
    {
        "outcome": "Outcome",
        "printed": ("P, models of the print", text.p_value),
        "holm_printed": ("Holm", text.p_value),
        "hksj": ("P, Hartung-Knapp", text.p_value),
        "holm_hksj": ("Holm, Hartung-Knapp", text.p_value),
    },
    name="tab-holm",
    caption="P of the six outcomes and their Holm adjustment.",
)

# %% tags=["hide-input"]
remain = {
    p: holm.loc[holm[f"holm_{p}"] < 0.05, "outcome"].str.lower().tolist()
    for p in ("printed", "hksj")
}
assert all(result.exact for result in found.values()), (
    "Fragility: 'found by pooling all tables that are as near' no longer holds"
)
assert [
    key for (key, model), f in found.items() if model == "fixed" and f.significant
] == (["PR", "PD", "AE"]), (
    "Fragility: 'the three significant results under fixed effects' no longer holds"
)
assert [
    key for (key, model), f in found.items() if model == "random" and f.significant
] == (["PR", "PD"]), "Fragility: 'two of them under random effects' no longer holds"
assert not remain["hksj"], (
    "Fragility: 'none remains' under Hartung-Knapp no longer holds"
)
glue(
    **{f"{key.lower()}_{model}": str(f.changes) for (key, model), f in found.items()},
    patients=str(tables["PR"][["n_t", "n_c"]].sum().sum()),
    holm=", ".join(remain["printed"]) or "none",
)

# %% [markdown]
# After adjustment there remain, under the models of the print: {glue:text}`holm:s`. With Hartung and Knapp's interval none remains.
#
# ## The four categories together
#
# Complete response, partial response, stable disease and progression are slices of one arm: more in one means fewer in the others. Stable disease has no better direction of its own; it is better than progression and worse than a response. Disease control, all but progression, is progression counted the other way round and adds nothing. Two analyses use the categories once: objective response (complete or partial), and the odds ratio of being in a better category, by a proportional-odds model in each study, pooled by inverse variance.

# %%
order = ["PD", "SD", "PR", "CR"]
events = ["events_t", "events_c"]
objective = tables["CR"].copy()
objective[events] += tables["PR"][events]
ordered = {
    study: [[int(tables[key].loc[i, arm]) for key in order] for arm in events]
    for i, study in enumerate(objective["study"])
}
together = {
    "objective_fixed": metalib.pool(objective),
    "objective_random": metalib.pool(objective, model="random"),
    "odds_fixed": metalib.pool_proportional_odds(ordered),
    "odds_random": metalib.pool_proportional_odds(ordered, model="random"),
}
rows = pd.concat([effect.to_frame() for effect in together.values()])
rows["what"] = ["Complete or partial response"] * 2 + ["A better category"] * 2
table(
    rows,
    {
        "model": "Model",
        **columns.effect(),
        "p": ("P", text.p_value),
        "I2": ("I²", text.percent),
    },
    group="what",
    name="tab-derived",
    caption="The response categories together, recovered counts; above 1 favours the combination.",
)

# %%
alone = {study: metalib.proportional_odds(counts) for study, counts in ordered.items()}
table(
    pd.DataFrame(
        {"study": study, "ratio": effect.ratio, "se_log": effect.se}
        for study, effect in alone.items()
    ),
    {
        "study": ("Study", columns.named(names)),
        "ratio": ("OR of a better category", text.number),
        "se_log": ("Standard error of log OR", text.number),
    },
    name="tab-proportional-odds",
    caption="Proportional odds by study, from progression to complete response.",
    note=book.note(review, alone),
)

# %% tags=["hide-input"]
for name, effect in together.items():
    glue_as(name, prose.glued(effect))
against = [study for study, effect in alone.items() if effect.ratio < 1]
controls = tables["CR"].set_index("study").loc[against[0]]
glue(
    against=names[against[0]],
    controls=text.events(controls["events_c"], controls["n_c"]),
)
assert len(against) == 1, (
    "Fragility: 'one study pulls against the others' no longer holds"
)
assert all((tables[key]["study"] == objective["study"]).all() for key in order), (
    "Fragility: the categories are no longer those of the same studies"
)
assert together["odds_fixed"].p < 0.05 < together["odds_random"].p, (
    "Fragility: 'significant under fixed effects only' no longer holds"
)
assert all(together[f"objective_{m}"].p < 0.05 for m in ("fixed", "random")), (
    "Fragility: 'significant under both' no longer holds"
)

# %% [markdown]
# Objective response is significant under both models, {glue:text}`objective_fixed_estimate:s` and {glue:text}`objective_random_estimate:s`; a better category under fixed effects only, {glue:text}`odds_fixed_estimate:s` against {glue:text}`odds_random_estimate:s`, P = {glue:text}`odds_random_p:s`. {glue:text}`against:s`, of whose controls {glue:text}`controls:s` had a complete response, pulls against the others (I² = {glue:text}`odds_random_i2:s`), and the answer depends on how that is weighed.
#
# ## How sure
#
# Exact for the recovered counts. That the odds are proportional in each study cannot be tested in arms this small. The tests of the repository compare the models of these studies with statsmodels' `OrderedModel`.
