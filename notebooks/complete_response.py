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
from metalib.pages.chapter import Chapter

review = metalib.read_review("../data")
tables = review.tables_of("CR")
fixed = metalib.pool(tables, measure="OR", method="MH", model="fixed")
random = metalib.pool(tables, measure="OR", method="MH", model="random")

arms = ("Combination", "Single treatment")
chapter = Chapter(review, "CR", fixed, random, arms)
chapter.as_printed

# %% [markdown]
# ### The counts
#
# All eight cells are identified: exactly one assignment of the four response categories agrees with every printed number of complete response, partial response, stable disease and progression together.

# %% tags=["hide-input"]
chapter.show_counts()

# %% [markdown]
# ### Pooled as printed
#
# {glue:text}`reproduced:s` printed numbers are reproduced by the *random*-effects model.

# %% tags=["hide-input"]
chapter.show_forest()
chapter.show_comparison()
chapter.show_steps()

# %% [markdown]
# ### Heterogeneity, fixed and random effects
#
# With I² = {glue:text}`random_i2:s` the estimate and its interval depend on the model: fixed effects give {glue:text}`fixed_estimate:s`, random effects {glue:text}`random_estimate:s`. Only the second is what the paper prints, so the printed result is a random-effects result although the note of Figure 3 says fixed. The interval of Hartung and Knapp, {glue:text}`hksj_estimate:s`, uses a t distribution with three degrees of freedom and a variance estimated from the scatter of the studies.

# %% tags=["hide-input"]
# The prose of this chapter holds as long as these do.
assert chapter.reproduces(chapter.as_printed)
assert not chapter.reproduces(fixed)
assert fixed.p >= 0.05
assert random.p >= 0.05
assert random.tau2 > 0
chapter.show_models()

# %% [markdown]
# ### A second engine
#
# statsmodels pools by inverse variance (`combine_effects`) and by Mantel-Haenszel (`StratifiedTable`). Q exceeds its degrees of freedom, so tau² is positive and its DerSimonian-Laird results are comparable too: {glue:text}`agreed:s` quantities agree to ten digits. "M-H, random" is compared nowhere: RevMan takes its tau² from Q around the Mantel-Haenszel estimate, and statsmodels has no such model.

# %% tags=["hide-input"]
chapter.show_crosscheck()

# %% [markdown]
# ## What follows
#
# * **Printed:** no significant difference, {glue:text}`printed_estimate:s`; a fixed-effects model in the note of the figure.
# * **What follows:** the numbers are those of a random-effects model. Under the model that the note names the result would be {glue:text}`fixed_estimate:s`, P = {glue:text}`fixed_p:s`. Neither is significant at 0.05.
# * **How sure:** the counts are identified given the recovered arms, and an exhaustive search finds no table that gives the printed numbers under fixed effects, see [the recovery](recovery).
# * The control arm of one study (Ding 2016 as inferred here) has nearly complete response; it alone stands against the others and makes the heterogeneity. Wang 2018 published complete responses of its own that are not in this analysis, see [the study-level tables](study_tables).
