# %% [markdown]
# # Disease progression
#
# ## What the paper says
#
# Progression is growth of the tumour or new lesions (Outcome indicators). The printed result is an odds ratio of {glue:text}`printed_estimate:s`, P = {glue:text}`printed_p:s`, with I² = {glue:text}`printed_i2:s` and P = {glue:text}`printed_p_q:s` for heterogeneity (Results, Efficacy indicators; Figure 3D; also in the abstract). The abstract counts it among the three outcomes with a significant difference.

# %% [markdown]
# ## The computation
#
# The counts were recovered from printed statistics, see the chapter on [the study-level tables](study_tables). They are pooled with the arithmetic of RevMan 5.4.

# %%
import metalib
from metalib import figures, notebook, published, text, views
from metalib.crosscheck import statsmodels_crosscheck

review = metalib.read_review("../data")
outcome = review.outcome("PD")
tables = review.tables_of("PD")
printed = review.printed("PD")

fixed = metalib.pool(tables, measure="OR", method="MH", model="fixed")
random = metalib.pool(tables, measure="OR", method="MH", model="random")
as_printed = fixed
compared = published.compare(printed, published.statistics(as_printed))
as_printed

# %% [markdown]
# ### The counts
#
# All eight cells are identified. One study has no progression in either arm: its odds ratio is not estimable, and the printed P of heterogeneity fits three studies, not four.

# %% tags=["hide-input"]
notebook.glue_as("printed", views.printed(printed))
notebook.glue_as("fixed", views.glued(fixed))
notebook.glue_as("random", views.glued(random))
notebook.glue(reproduced=views.verdicts(compared))
notebook.table(
    views.counts(tables, review.labels(), arms=("Combination", "Single treatment")),
    name="tab-pd-counts",
    caption="Disease progression: recovered events and totals of each study.",
    align="lrrrll",
)

# %% [markdown]
# ### Pooled as printed
#
# {glue:text}`reproduced:s` printed numbers are reproduced by the fixed-effects model with {glue:text}`fixed_k:s` estimable studies.

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
    name="fig-pd-forest",
    caption=(
        f"Disease progression, recovered counts, {views.model_name(as_printed)}. Odds ratio {text.estimate(as_printed)}, "
        f"k = {as_printed.k}. The open diamond is the result as printed, "
        "which the counts were chosen to match."
    ),
    alt=(
        f"Forest plot of {as_printed.k} studies for disease progression: pooled odds ratio {text.estimate(as_printed)}, "
        f"P {text.p_value(as_printed.p, sign=True)}."
    ),
    data=figures.forest_data(tables, **plot),
)

# %% tags=["hide-input"]
notebook.table(
    views.comparison(compared),
    name="tab-pd-printed",
    caption="Disease progression: printed numbers of the pooled result beside their recomputation (fixed effects).",
    align="lrrl",
)

# %% [markdown]
# ### Heterogeneity, fixed and random effects
#
# Fixed effects give {glue:text}`fixed_estimate:s`, random effects {glue:text}`random_estimate:s`. Q = {glue:text}`fixed_q:s` is small for {glue:text}`fixed_df:s` degrees of freedom, so tau² is 0; the studies scatter less than chance would let them, so the standard error of Hartung and Knapp is smaller than the others; its t distribution with two degrees of freedom still makes the interval wider, {glue:text}`hksj_estimate:s`, P = {glue:text}`hksj_p:s`.

# %% tags=["hide-input"]
variants = [
    fixed,
    metalib.pool(tables, method="IV"),
    random,
    metalib.pool(tables, model="random", ci="hksj"),
]
# The prose of this chapter holds as long as these do.
assert (compared["verdict"] == "reproduced").all()
assert fixed.k == 3
assert random.tau2 == 0
assert variants[-1].se < random.se
assert variants[-1].ratio_high > random.ratio_high
notebook.glue_as("hksj", views.glued(variants[-1]))
notebook.table(
    views.models(variants),
    name="tab-pd-models",
    caption="Disease progression: the same counts under other models.",
    note=(
        "Prediction interval: the range expected for the effect in a new study. With three or "
        "four studies it says little."
    ),
)

# %% [markdown]
# ### A second engine
#
# statsmodels pools by inverse variance (`combine_effects`) and by Mantel-Haenszel (`StratifiedTable`). Of the quantities that can be compared, {glue:text}`agreed:s` agree to ten digits. {glue:text}`not_comparable:s` cannot be compared: Q is below its degrees of freedom, metalib and RevMan then set tau² to 0, statsmodels goes on with tau² = {glue:text}`sm_tau2:s` and arrives at a random-effects log odds ratio of {glue:text}`sm_random:s` instead of {glue:text}`ours_random:s`. That is a property of its `method_re="dl"`, not a finding about the data. "M-H, random" is compared nowhere: RevMan takes its tau² from Q around the Mantel-Haenszel estimate, and statsmodels has no such model.

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
    name="tab-pd-statsmodels",
    caption="Disease progression: metalib and statsmodels, odds ratios on the log scale.",
    align="llrrl",
)

# %% [markdown]
# ## What follows
#
# * **Printed:** {glue:text}`printed_estimate:s`, significant.
# * **What follows:** reproduced to every digit, with {glue:text}`fixed_k:s` studies that can be estimated.
# * **How sure:** the counts are identified.
# * Without one study the interval includes 1: see the true leave-one-out results in [sensitivity](sensitivity).
