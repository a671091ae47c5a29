# %% [markdown]
# # Stable disease
#
# ## What the paper says
#
# Stable disease is described as no significant progression without meeting the criteria for remission (Outcome indicators); no threshold is given. The printed result is an odds ratio of {glue:text}`printed_estimate:s`, P = {glue:text}`printed_p:s`, with I² = {glue:text}`printed_i2:s` and P = {glue:text}`printed_p_q:s` for heterogeneity (Results, Efficacy indicators; Figure 3C; also in the abstract). The note of Figure 3 names a fixed-effects model.

# %% [markdown]
# ## The computation
#
# The counts were recovered from printed statistics, see the chapter on [the study-level tables](study_tables). They are pooled with the arithmetic of RevMan 5.4.

# %%
import metalib
from metalib import figures, notebook, published, text, views
from metalib.crosscheck import statsmodels_crosscheck

review = metalib.read_review("../data")
outcome = review.outcome("SD")
tables = review.tables_of("SD")
printed = review.printed("SD")

fixed = metalib.pool(tables, measure="OR", method="MH", model="fixed")
random = metalib.pool(tables, measure="OR", method="MH", model="random")
as_printed = fixed
compared = published.compare(printed, published.statistics(as_printed))
as_printed

# %% [markdown]
# ### The counts
#
# All eight cells are identified, as the remainder of each arm after complete response, partial response and progression.

# %% tags=["hide-input"]
notebook.glue_as("printed", views.printed(printed))
notebook.glue_as("fixed", views.glued(fixed))
notebook.glue_as("random", views.glued(random))
notebook.glue(reproduced=views.verdicts(compared))
notebook.table(
    views.counts(tables, review.labels(), arms=("Combination", "Single treatment")),
    name="tab-sd-counts",
    caption="Stable disease: recovered events and totals of each study.",
    align="lrrrll",
)

# %% [markdown]
# ### Pooled as printed
#
# {glue:text}`reproduced:s` printed numbers are reproduced by the fixed-effects model.

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
    name="fig-sd-forest",
    caption=(
        f"Stable disease, recovered counts, {views.model_name(as_printed)}. Odds ratio {text.estimate(as_printed)}, "
        f"k = {as_printed.k}. The open diamond is the result as printed, "
        "which the counts were chosen to match."
    ),
    alt=(
        f"Forest plot of {as_printed.k} studies for stable disease: pooled odds ratio {text.estimate(as_printed)}, "
        f"P {text.p_value(as_printed.p, sign=True)}."
    ),
    data=figures.forest_data(tables, **plot),
)

# %% tags=["hide-input"]
notebook.table(
    views.comparison(compared),
    name="tab-sd-printed",
    caption="Stable disease: printed numbers of the pooled result beside their recomputation (fixed effects).",
    align="lrrl",
)

# %% [markdown]
# ### Heterogeneity, fixed and random effects
#
# Fixed effects give {glue:text}`fixed_estimate:s`, random effects {glue:text}`random_estimate:s`; I² is {glue:text}`fixed_i2:s`.

# %% tags=["hide-input"]
variants = [
    fixed,
    metalib.pool(tables, method="IV"),
    random,
    metalib.pool(tables, model="random", ci="hksj"),
]
# The prose of this chapter holds as long as these do.
assert (compared["verdict"] == "reproduced").all()
assert fixed.p >= 0.05
assert random.p >= 0.05
assert random.tau2 == 0
notebook.glue_as("hksj", views.glued(variants[-1]))
notebook.table(
    views.models(variants),
    name="tab-sd-models",
    caption="Stable disease: the same counts under other models.",
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
    name="tab-sd-statsmodels",
    caption="Stable disease: metalib and statsmodels, odds ratios on the log scale.",
    align="llrrl",
)

# %% [markdown]
# ## What follows
#
# * **Printed:** {glue:text}`printed_estimate:s`, no significant difference.
# * **What follows:** reproduced to every digit; {glue:text}`random_significance:s` under random effects as well.
# * **How sure:** the counts are identified.
# * Whether fewer or more stable disease is better depends on where the patients go instead. The four response categories share one arm: an arm with more responses must have fewer patients left in the other categories, so these four outcomes are not four independent findings.
