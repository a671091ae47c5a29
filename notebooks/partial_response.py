# %% [markdown]
# # Partial response
#
# ## What the paper says
#
# Partial response is a reduction of tumour size by more than 50% that is not complete (Outcome indicators). The printed result is an odds ratio of {glue:text}`printed_estimate:s`, P = {glue:text}`printed_p:s`, with I² = {glue:text}`printed_i2:s` and P = {glue:text}`printed_p_q:s` for heterogeneity (Results, Efficacy indicators; Figure 3B; also in the abstract). The abstract counts it among the three outcomes with a significant difference.

# %% [markdown]
# ## The computation
#
# The counts were recovered from printed statistics, see the chapter on [the study-level tables](study_tables). They are pooled with the arithmetic of RevMan 5.4.

# %%
import metalib
from metalib import text
from metalib.audit.crosscheck import statsmodels_crosscheck
from metalib.pages import Chapter, glue

review = metalib.read_review("../data")
tables = review.tables_of("PR")
results = {
    "fixed": metalib.pool(tables, method="MH", model="fixed"),
    "iv": metalib.pool(tables, method="IV", model="fixed"),
    "random": metalib.pool(tables, method="MH", model="random"),
    "hksj": metalib.pool(tables, method="MH", model="random", ci="hksj"),
}
as_printed = results["fixed"]
chapter = Chapter(review, "PR")
as_printed

# %% tags=["hide-input"]
chapter.glue(results)
glue(
    hksj_three=text.estimate(results["hksj"], 3),
    hksj_p4=text.number(results["hksj"].p, 4),
)

# %% [markdown]
# ### The counts
#
# All eight cells are identified.

# %%
chapter.show_counts(tables)

# %% [markdown]
# ### Pooled as printed
#
# {glue:text}`reproduced:s` printed numbers are reproduced by the fixed-effects model that the note of Figure 3 names.

# %%
chapter.show_forest(as_printed)
chapter.show_comparison(as_printed)
chapter.show_steps(as_printed)

# %% [markdown]
# ### Heterogeneity, fixed and random effects
#
# The studies agree with each other (I² = {glue:text}`fixed_i2:s`), so fixed and random effects nearly coincide: {glue:text}`fixed_estimate:s` and {glue:text}`random_estimate:s`. With four studies the normal distribution is a strong assumption; the interval of Hartung and Knapp is {glue:text}`hksj_three:s`, P = {glue:text}`hksj_p4:s`.

# %%
chapter.show_models(results)

# The prose of this chapter holds as long as these do.
assert chapter.reproduces(as_printed)
assert all(result.ratio > 1 for result in results.values())
assert results["random"].tau2 == 0
assert 0.05 < results["hksj"].p < 0.051

# %% [markdown]
# ### A second engine
#
# statsmodels pools by inverse variance (`combine_effects`) and by Mantel-Haenszel (`StratifiedTable`). Of the quantities that can be compared, {glue:text}`agreed:s` agree to ten digits. {glue:text}`not_comparable:s` cannot be compared: Q is below its degrees of freedom, metalib and RevMan then set tau² to 0, statsmodels goes on with tau² = {glue:text}`sm_tau2:s` and arrives at a random-effects log odds ratio of {glue:text}`sm_random:s` instead of {glue:text}`ours_random:s`. That is a property of its `method_re="dl"`, not a finding about the data. "M-H, random" is compared nowhere: RevMan takes its tau² from Q around the Mantel-Haenszel estimate, and statsmodels has no such model.

# %%
chapter.show_crosscheck(statsmodels_crosscheck(tables))

# %% [markdown]
# ## What follows
#
# * **Printed:** {glue:text}`printed_estimate:s`, significant.
# * **What follows:** reproduced to every digit. The direction holds under every model shown; under Hartung-Knapp P is {glue:text}`hksj_p4:s`, {glue:text}`hksj_significance:s` at 0.05 by the smallest margin.
# * **How sure:** the counts are identified.
# * The chapter on [sensitivity](sensitivity) shows which single study the result depends on.
