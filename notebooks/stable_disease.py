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
from metalib.pages.chapter import Chapter

review = metalib.read_review("../data")
tables = review.tables_of("SD")
fixed = metalib.pool(tables, measure="OR", method="MH", model="fixed")
random = metalib.pool(tables, measure="OR", method="MH", model="random")

arms = ("Combination", "Single treatment")
chapter = Chapter(review, "SD", fixed, random, arms)
chapter.as_printed

# %% [markdown]
# ### The counts
#
# All eight cells are identified, as the remainder of each arm after complete response, partial response and progression.

# %% tags=["hide-input"]
chapter.show_counts()

# %% [markdown]
# ### Pooled as printed
#
# {glue:text}`reproduced:s` printed numbers are reproduced by the fixed-effects model.

# %% tags=["hide-input"]
chapter.show_forest()
chapter.show_comparison()
chapter.show_steps()

# %% [markdown]
# ### Heterogeneity, fixed and random effects
#
# Fixed effects give {glue:text}`fixed_estimate:s`, random effects {glue:text}`random_estimate:s`; I² is {glue:text}`fixed_i2:s`.

# %% tags=["hide-input"]
# The prose of this chapter holds as long as these do.
assert chapter.reproduces(chapter.as_printed)
assert fixed.p >= 0.05
assert random.p >= 0.05
assert random.tau2 == 0
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
# * **Printed:** {glue:text}`printed_estimate:s`, no significant difference.
# * **What follows:** reproduced to every digit; {glue:text}`random_significance:s` under random effects as well.
# * **How sure:** the counts are identified.
# * Whether fewer or more stable disease is better depends on where the patients go instead. The four response categories share one arm: an arm with more responses must have fewer patients left in the other categories, so these four outcomes are not four independent findings.
