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
from metalib.pages.chapter import Chapter

review = metalib.read_review("../data")
tables = review.tables_of("PD")
fixed = metalib.pool(tables, measure="OR", method="MH", model="fixed")
random = metalib.pool(tables, measure="OR", method="MH", model="random")

arms = ("Combination", "Single treatment")
chapter = Chapter(review, "PD", fixed, random, arms)
chapter.as_printed

# %% [markdown]
# ### The counts
#
# All eight cells are identified. One study has no progression in either arm: its odds ratio is not estimable, and the printed P of heterogeneity fits three studies, not four.

# %% tags=["hide-input"]
chapter.show_counts()

# %% [markdown]
# ### Pooled as printed
#
# {glue:text}`reproduced:s` printed numbers are reproduced by the fixed-effects model with {glue:text}`fixed_k:s` estimable studies.

# %% tags=["hide-input"]
chapter.show_forest()
chapter.show_comparison()
chapter.show_steps()

# %% [markdown]
# ### Heterogeneity, fixed and random effects
#
# Fixed effects give {glue:text}`fixed_estimate:s`, random effects {glue:text}`random_estimate:s`. Q = {glue:text}`fixed_q:s` is small for {glue:text}`fixed_df:s` degrees of freedom, so tau² is 0; the studies scatter less than chance would let them, so the standard error of Hartung and Knapp is smaller than the others; its t distribution with two degrees of freedom still makes the interval wider, {glue:text}`hksj_estimate:s`, P = {glue:text}`hksj_p:s`.

# %% tags=["hide-input"]
# The prose of this chapter holds as long as these do.
assert chapter.reproduces(chapter.as_printed)
assert fixed.k == 3
assert random.tau2 == 0
assert chapter.variants[-1].se < random.se
assert chapter.variants[-1].ratio_high > random.ratio_high
chapter.show_models()

# %% [markdown]
# ### A second engine
#
# statsmodels pools by inverse variance (`combine_effects`) and by Mantel-Haenszel (`StratifiedTable`). Of the quantities that can be compared, {glue:text}`agreed:s` agree to ten digits. {glue:text}`not_comparable:s` cannot be compared: Q is below its degrees of freedom, metalib and RevMan then set tau² to 0, statsmodels goes on with tau² = {glue:text}`sm_tau2:s` and arrives at a random-effects log odds ratio of {glue:text}`sm_random:s` instead of {glue:text}`ours_random:s`. That is a property of its `method_re="dl"`, not a finding about the data. "M-H, random" is compared nowhere: RevMan takes its tau² from Q around the Mantel-Haenszel estimate, and statsmodels has no such model.

# %% tags=["hide-input"]
chapter.show_crosscheck()

# %% [markdown]
# ## What follows
#
# * **Printed:** {glue:text}`printed_estimate:s`, significant.
# * **What follows:** reproduced to every digit, with {glue:text}`fixed_k:s` studies that can be estimated.
# * **How sure:** the counts are identified.
# * Without one study the interval includes 1: see the true leave-one-out results in [sensitivity](sensitivity).
