# %% [markdown]
# # Adverse events
#
# ## What the paper says
#
# Adverse events include every negative reaction during treatment (Outcome indicators). The printed result is an odds ratio of {glue:text}`printed_estimate:s`, P = {glue:text}`printed_p:s`, with I² = {glue:text}`printed_i2:s` and P = {glue:text}`printed_p_q:s` for heterogeneity (Results, Adverse events; Figure 4B; also in the abstract). The abstract counts them among the three outcomes with a significant difference. The note of Figure 4 says that its plots show a Mantel-Haenszel *random*-effects model.

# %% [markdown]
# ## The computation
#
# The counts were recovered from printed statistics, see the chapter on [the study-level tables](study_tables). They are pooled with the arithmetic of RevMan 5.4.

# %%
import metalib
from metalib import figures, notebook, published, text, views
from metalib.crosscheck import statsmodels_crosscheck

review = metalib.read_review("../data")
outcome = review.outcome("AE")
tables = review.tables_of("AE")
printed = review.printed("AE")

fixed = metalib.pool(tables, measure="OR", method="MH", model="fixed")
random = metalib.pool(tables, measure="OR", method="MH", model="random")
as_printed = fixed
compared = published.compare(printed, published.statistics(as_printed))
as_printed

# %% [markdown]
# ### The counts
#
# Equal arms cannot tell a table (a, c) from its complement (n − c, n − a): both have the same odds ratio and the same variance. Three studies are identified up to that complement. For Wang 2018, whose arms are known, the table shown is the nearest one: it misses a single digit of Table 3, see [sensitivity](sensitivity).

# %% tags=["hide-input"]
notebook.glue_as("printed", views.printed(printed))
notebook.glue_as("fixed", views.glued(fixed))
notebook.glue_as("random", views.glued(random))
notebook.glue(reproduced=views.verdicts(compared))
notebook.table(
    views.counts(tables, review.labels(), arms=("Combination", "Single treatment")),
    name="tab-ae-counts",
    caption="Adverse events: recovered events and totals of each study.",
    align="lrrrl",
)

# %% [markdown]
# ### Pooled as printed
#
# {glue:text}`reproduced:s` printed numbers are reproduced by the *fixed*-effects model.

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
    name="fig-ae-forest",
    caption=(
        f"Adverse events, recovered counts, {views.model_name(as_printed)}. Odds ratio {text.estimate(as_printed)}, "
        f"k = {as_printed.k}. The open diamond is the result as printed, "
        "which the counts were chosen to match."
    ),
    alt=(
        f"Forest plot of {as_printed.k} studies for adverse events: pooled odds ratio {text.estimate(as_printed)}, "
        f"P {text.p_value(as_printed.p, sign=True)}."
    ),
    data=figures.forest_data(tables, **plot),
)

# %% tags=["hide-input"]
notebook.table(
    views.comparison(compared),
    name="tab-ae-printed",
    caption="Adverse events: printed numbers of the pooled result beside their recomputation (fixed effects).",
    align="lrrl",
)

# %% [markdown]
# ### Heterogeneity, fixed and random effects
#
# The model decides. Fixed effects give {glue:text}`fixed_estimate:s`, P = {glue:text}`fixed_p:s`; random effects, the model that the note of Figure 4 names, give {glue:text}`random_estimate:s`, P = {glue:text}`random_p:s`. The interval of Hartung and Knapp is {glue:text}`hksj_estimate:s`.

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
    published.compare(printed, published.statistics(random))["verdict"] != "reproduced"
).any()
assert random.tau2 > 0
assert (tables["status"] == "nearest").sum() == 1
notebook.glue_as("hksj", views.glued(variants[-1]))
notebook.table(
    views.models(variants),
    name="tab-ae-models",
    caption="Adverse events: the same counts under other models.",
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
    name="tab-ae-statsmodels",
    caption="Adverse events: metalib and statsmodels, odds ratios on the log scale.",
    align="llrrl",
)

# %% [markdown]
# ## What follows
#
# * **Printed:** {glue:text}`printed_estimate:s`, significant; a random-effects model in the note of the figure.
# * **What follows:** the numbers are those of a fixed-effects model. Under random effects the result is {glue:text}`random_estimate:s`, P = {glue:text}`random_p:s`: {glue:text}`random_significance:s` at the 0.05 that the paper sets.
# * **How sure:** high for the model: with the recovered arms no random-effects table gives the printed numbers. The random-effects P lies close to 0.05 and rests on a row, Wang 2018's, that misses one printed digit. For the other three studies both complements have the same odds ratio and variance, so the result does not depend on which of them is true.
# * Wang 2018 itself writes that adverse events did not differ significantly (abstract of that article).
