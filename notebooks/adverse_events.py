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
from metalib.pages.chapter import Chapter

review = metalib.read_review("../data")
tables = review.tables_of("AE")
fixed = metalib.pool(tables, measure="OR", method="MH", model="fixed")
random = metalib.pool(tables, measure="OR", method="MH", model="random")

arms = ("Combination", "Single treatment")
chapter = Chapter(review, "AE", fixed, random, arms)
chapter.as_printed

# %% [markdown]
# ### The counts
#
# Equal arms cannot tell a table (a, c) from its complement (n − c, n − a): both have the same odds ratio and the same variance. Three studies are identified up to that complement. For Wang 2018, whose arms are known, the table shown is the nearest one: it misses a single digit of Table 3, see [sensitivity](sensitivity).

# %% tags=["hide-input"]
chapter.show_counts()

# %% [markdown]
# ### Pooled as printed
#
# {glue:text}`reproduced:s` printed numbers are reproduced by the *fixed*-effects model.

# %% tags=["hide-input"]
chapter.show_forest()
chapter.show_comparison()
chapter.show_steps()

# %% [markdown]
# ### Heterogeneity, fixed and random effects
#
# The model decides. Fixed effects give {glue:text}`fixed_estimate:s`, P = {glue:text}`fixed_p:s`; random effects, the model that the note of Figure 4 names, give {glue:text}`random_estimate:s`, P = {glue:text}`random_p:s`. The interval of Hartung and Knapp is {glue:text}`hksj_estimate:s`.

# %% tags=["hide-input"]
# The prose of this chapter holds as long as these do.
assert chapter.reproduces(chapter.as_printed)
assert not chapter.reproduces(random)
assert random.tau2 > 0
assert fixed.p < 0.05 < random.p
assert (tables["status"] == "nearest").sum() == 1
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
# * **Printed:** {glue:text}`printed_estimate:s`, significant; a random-effects model in the note of the figure.
# * **What follows:** the numbers are those of a fixed-effects model. Under random effects the result is {glue:text}`random_estimate:s`, P = {glue:text}`random_p:s`: {glue:text}`random_significance:s` at the 0.05 that the paper sets.
# * **How sure:** high for the model: under the assumptions of [the recovery](recovery) an exhaustive search finds no table that gives the printed numbers under random effects, whichever model Table 3 uses. The random-effects P lies close to 0.05 and rests on a row, Wang 2018's, that misses one printed digit. For the other three studies both complements have the same odds ratio and variance, so the result does not depend on which of them is true.
# * Wang 2018 itself writes that adverse events did not differ significantly (abstract of that article).
