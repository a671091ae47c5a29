# %% [markdown]
# # Disease progression
#
# **Progression was less frequent with the combination.** The {term}`odds ratio` is {glue:text}`fixed_estimate:s` under {term}`fixed effects`, as printed, and {glue:text}`random_estimate:s` under {term}`random effects`; it stays significant under every model shown, but not without the study with the most weight.

# %%
import metalib
from metalib import text
from metalib.pages import Chapter, glue

review = metalib.read_review("../data")
tables = review.tables_of("PD")
fixed = metalib.pool(tables, method="MH", model="fixed")
random = metalib.pool(tables, method="MH", model="random")
hksj = metalib.pool(tables, method="MH", model="random", ci="hksj")

chapter = Chapter(review, "PD")
chapter.show_forest(fixed, also=[random, hksj])

# %% [markdown]
# ## How sure
#
# The counts are {term}`recovered`, and all eight cells are {term}`identified` ([recovery](recovery)). One study has no progression in either arm, so its odds ratio cannot be estimated and {glue:text}`fixed_k:s` studies carry the result. The certainty of the evidence is {glue:text}`/notebooks/certainty.ipynb::sof_pd_certainty:s` ([certainty](certainty)).
#
# {glue:text}`heaviest:s` has {glue:text}`heaviest_weight:s` of the weight. Without it the odds ratio is {glue:text}`without_estimate:s`, P = {glue:text}`without_p:s`: on the same side of 1, {glue:text}`without_significance:s` at 0.05. With so much of the data gone that would be expected even if the effect were the same; it says how much of the evidence is one study, not that its effect is exceptional. See [sensitivity](sensitivity).

# %%
import pandas as pd

weights = pd.Series(fixed.weights, index=fixed.studies, dtype=float)
heaviest = weights.idxmax()
others = tables[tables["study"] != heaviest]
without = metalib.pool(others, method="MH", model="fixed")
without_random = metalib.pool(others, method="MH", model="random")

# %% tags=["hide-input"]
results = {"fixed": fixed, "random": random, "hksj": hksj}
chapter.glue(results | {"without": without, "without_random": without_random})
glue(
    heaviest=chapter.labels[heaviest],
    heaviest_weight=text.percent(weights[heaviest]),
)
assert fixed.k == len(tables) - 1, "PD: 'one study has no progression in either arm'"
assert max(fixed.p, random.p, hksj.p) < 0.05, "PD: 'significant under every model'"
assert min(without.p, without_random.p) >= 0.05, "PD: 'not without the study'"
assert without.ratio < 1, "PD: 'on the same side of 1'"

# %% [markdown]
# ## What the article prints
#
# Progression is growth of the tumour or new lesions (Outcome indicators). The printed result is an odds ratio of {glue:text}`printed_estimate:s`, P = {glue:text}`printed_p:s`, with I² = {glue:text}`printed_i2:s` and P = {glue:text}`printed_p_q:s` for heterogeneity (Results, Efficacy indicators; Figure 3D; also in the abstract). The abstract counts it among the three outcomes with a significant difference. The fixed-effects model that the note of Figure 3 names gives {glue:text}`reproduced:s` printed numbers; the printed P of heterogeneity fits the Chi² of three estimable studies, not of four.

# %%
chapter.show_comparison(fixed)

# %% [markdown]
# ## The counts

# %%
chapter.show_counts(tables)
chapter.show_steps(fixed)

# %% [markdown]
# ## Other models
#
# Q = {glue:text}`fixed_q:s` is below its {glue:text}`fixed_df:s` degrees of freedom, so tau² is 0 and fixed and random effects nearly coincide. The studies lie closer together than their own errors would lead to expect, which makes the standard error of Hartung and Knapp the smallest; the t distribution with {glue:text}`hksj_df:s` degrees of freedom still makes their interval the widest, {glue:text}`hksj_estimate:s`, P = {glue:text}`hksj_p:s`.

# %%
iv = metalib.pool(tables, method="IV", model="fixed")
chapter.show_models([fixed, iv, random, hksj])

# %% tags=["hide-input"]
others = (fixed, iv, random)
widest = max(result.ci_high - result.ci_low for result in others)
assert chapter.reproduces(fixed), "PD: 'gives the printed numbers'"
assert random.tau2 == 0, "PD: 'tau² is 0'"
assert hksj.se < min(r.se for r in others), "PD: 'the standard error ... the smallest'"
assert hksj.ci_high - hksj.ci_low > widest, "PD: 'their interval the widest'"

# %% [markdown]
# ## The same by statsmodels
#
# statsmodels takes the effect and the variance of each study and pools by inverse variance; its Mantel-Haenszel estimate comes from `StratifiedTable`. {glue:text}`agreed:s` comparable quantities agree to ten digits.

# %%
import math

from statsmodels.stats.meta_analysis import combine_effects

from metalib.audit.crosscheck import statsmodels_crosscheck

studies = metalib.effects(tables).query("estimable")
second = combine_effects(studies["effect"].to_numpy(), studies["se"].to_numpy() ** 2)
assert math.isclose(second.mean_effect_fe, iv.estimate)
chapter.show_crosscheck(statsmodels_crosscheck(tables))
