# %% [markdown]
# # Complete response
#
# ## What the paper says
#
# Complete response is the complete disappearance of the tumour (Outcome indicators). The printed result is an odds ratio of {glue:text}`printed_estimate:s`, P = {glue:text}`printed_p:s`, with I² = {glue:text}`printed_i2:s` and P = {glue:text}`printed_p_q:s` for heterogeneity (Results, Efficacy indicators; Figure 3A; also in the abstract). The text calls this heterogeneity moderate; the note of Figure 3 says that the plots show a Mantel-Haenszel *fixed*-effects model.

# %% [markdown]
# ## The computation
#
# The counts were recovered from printed statistics, see the chapter on [the study-level tables](study_tables). They are pooled with the arithmetic of RevMan 5.4.

# %%
import metalib
from metalib import figures, notebook, published, text, views
from metalib.crosscheck import statsmodels_crosscheck

review = metalib.read_review("../data")
outcome = review.outcome("CR")
tables = review.tables_of("CR")
printed = review.printed("CR")

fixed = metalib.pool(tables, measure="OR", method="MH", model="fixed")
random = metalib.pool(tables, measure="OR", method="MH", model="random")
as_printed = random
compared = published.compare(printed, published.statistics(as_printed))
as_printed

# %% [markdown]
# ### The counts
#
# All eight cells are identified: exactly one assignment of the four response categories agrees with every printed number of complete response, partial response, stable disease and progression together.

# %% tags=["hide-input"]
notebook.glue_as("printed", views.printed(printed))
notebook.glue_as("fixed", views.glued(fixed))
notebook.glue_as("random", views.glued(random))
notebook.glue(reproduced=views.verdicts(compared))
notebook.table(
    views.counts(tables, review.labels(), arms=("Combination", "Single treatment")),
    name="tab-cr-counts",
    caption="Complete response: recovered events and totals of each study.",
    align="lrrrll",
)

# %% [markdown]
# ### Pooled as printed
#
# {glue:text}`reproduced:s` printed numbers are reproduced by the *random*-effects model.

# %% tags=["hide-input"]
plot = {
    "measure": "OR",
    "method": "MH",
    "model": as_printed.model,
    "labels": review.labels(),
    "groups": ("Combination", "Single treatment"),
}
notebook.figure(
    figures.forest(
        tables,
        **plot,
        favours=views.favours(outcome["better"], "combination", "single treatment"),
        printed=views.printed_ratio(printed),
    ),
    name="fig-cr-forest",
    caption=(
        f"Complete response, recovered counts, {views.model_name(as_printed)}. Odds ratio {text.estimate(as_printed)}, "
        f"k = {as_printed.k}. The open diamond is the result as printed, "
        "which the counts were chosen to match."
    ),
    alt=(
        f"Forest plot of {as_printed.k} studies for complete response: pooled odds ratio {text.estimate(as_printed)}, "
        f"P {text.p_value(as_printed.p, sign=True)}."
    ),
    data=figures.forest_data(tables, **plot),
)

# %% tags=["hide-input"]
notebook.table(
    views.comparison(compared),
    name="tab-cr-printed",
    caption="Complete response: printed numbers of the pooled result beside their recomputation (random effects).",
    align="lrrl",
)

# %% [markdown]
# ### Heterogeneity, fixed and random effects
#
# With I² = {glue:text}`random_i2:s` the estimate and its interval depend on the model: fixed effects give {glue:text}`fixed_estimate:s`, random effects {glue:text}`random_estimate:s`. Only the second is what the paper prints, so the printed result is a random-effects result although the note of Figure 3 says fixed. The interval of Hartung and Knapp, {glue:text}`hksj_estimate:s`, uses a t distribution with three degrees of freedom and a variance estimated from the scatter of the studies.

# %% tags=["hide-input"]
variants = [
    fixed,
    metalib.pool(tables, method="IV"),
    random,
    metalib.pool(tables, model="random", ci="hksj"),
]
# The prose of this chapter holds as long as these do.
assert (compared["verdict"] == "reproduced").all()
assert (
    published.compare(printed, published.statistics(fixed))["verdict"] != "reproduced"
).any()
assert fixed.p >= 0.05
assert random.p >= 0.05
assert random.tau2 > 0
notebook.glue_as("hksj", views.glued(variants[-1]))
notebook.table(
    views.models(variants),
    name="tab-cr-models",
    caption="Complete response: the same counts under other models.",
    note=(
        "Prediction interval: the range expected for the effect in a new study. With three or "
        "four studies it says little."
    ),
)

# %% [markdown]
# ### A second engine
#
# statsmodels pools by inverse variance (`combine_effects`) and by Mantel-Haenszel (`StratifiedTable`). Q exceeds its degrees of freedom, so tau² is positive and its DerSimonian-Laird results are comparable too: {glue:text}`agreed:s` quantities agree to ten digits. "M-H, random" is compared nowhere: RevMan takes its tau² from Q around the Mantel-Haenszel estimate, and statsmodels has no such model.

# %% tags=["hide-input"]
checked = statsmodels_crosscheck(tables)
notebook.glue(
    agreed=f"{(checked['agrees'] == True).sum()} of {checked['comparable'].sum()}",  # noqa: E712
    not_comparable=str((~checked["comparable"]).sum()),
    sm_random=text.number(
        float(
            checked.set_index("quantity").loc["IV random (DL): estimate", "statsmodels"]
        ),
        3,
    ),
    sm_tau2=text.number(
        float(checked.set_index("quantity").loc["IV random (DL): tau2", "statsmodels"]),
        3,
    ),
    ours_random=text.number(
        float(checked.set_index("quantity").loc["IV random (DL): estimate", "metalib"]),
        3,
    ),
)
notebook.table(
    views.crosscheck(checked),
    name="tab-cr-statsmodels",
    caption="Complete response: metalib and statsmodels, odds ratios on the log scale.",
    align="llrrl",
)

# %% [markdown]
# ## What follows
#
# * **Printed:** no significant difference, {glue:text}`printed_estimate:s`; a fixed-effects model in the note of the figure.
# * **What follows:** the numbers are those of a random-effects model. Under the model that the note names the result would be {glue:text}`fixed_estimate:s`, P = {glue:text}`fixed_p:s`. Neither is significant at 0.05.
# * **How sure:** the counts are identified given the recovered arms, and they reproduce the print under random effects only.
# * The control arm of one study (Ding 2016 as inferred here) has nearly complete response; it alone stands against the others and makes the heterogeneity. Wang 2018 published complete responses of its own that are not in this analysis, see [the study-level tables](study_tables).
