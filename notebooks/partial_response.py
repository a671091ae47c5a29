# %% [markdown]
# # Partial response
#
# **Partial responses were more frequent with the combination.** The {term}`odds ratio` is {glue:text}`fixed_estimate:s` under {term}`fixed effects`, as printed, and {glue:text}`random_estimate:s` under {term}`random effects`; only the wider interval of {term}`Hartung and Knapp <Hartung-Knapp>`, {glue:text}`hksj_three:s`, reaches to 1.

# %%
import metalib
from metalib import text
from metalib.pages import Chapter, glue

review = metalib.read_review("../data")
tables = review.tables_of("PR")
fixed = metalib.pool(tables, method="MH", model="fixed")
random = metalib.pool(tables, method="MH", model="random")
hksj = metalib.pool(tables, method="MH", model="random", ci="hksj")

chapter = Chapter(review, "PR")
chapter.show_forest(fixed, also=[random, hksj], page=True)

# %% [markdown]
# ## How sure
#
# The counts are {term}`recovered`, and all eight cells are {term}`identified` ([recovery](recovery)). The direction holds under every model shown; under Hartung-Knapp P is {glue:text}`hksj_p4:s`, {glue:text}`hksj_significance:s` at 0.05 by the smallest margin. The certainty of the evidence is {glue:text}`/notebooks/certainty.ipynb::sof_pr_certainty:s` ([certainty](certainty)).
#
# Weight is not influence. {glue:text}`heaviest:s` has the most weight, {glue:text}`heaviest_weight:s`, but its effect is like that of the others: without it the odds ratio is {glue:text}`without_estimate:s`, P = {glue:text}`without_p:s`. What is lost is precision. Under random effects the rest gives {glue:text}`without_random_estimate:s`, {glue:text}`without_random_significance:s` at 0.05; see [sensitivity](sensitivity).
#
# A partial response is not in itself better than a complete one: an arm with more complete responses has fewer patients left for partial ones, so the four response outcomes are not independent. Wang 2018 published partial responses of its own that are not in this analysis; [other data](other_data) adds them.

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
    hksj_three=text.estimate(hksj, 3),
    hksj_p4=text.number(hksj.p, 4),
    heaviest=chapter.labels[heaviest],
    heaviest_weight=text.percent(weights[heaviest]),
)
assert min(r.ratio for r in results.values()) > 1, "PR: 'the direction holds'"
assert max(fixed.p, random.p) < 0.05 <= hksj.p < 0.051, "PR: 'only the wider interval'"
assert without.p < 0.05 <= without_random.p, "PR: 'what is lost is precision'"
assert abs(without.ratio / fixed.ratio - 1) < 0.05, "PR: 'like that of the others'"

# %% [markdown]
# ## What the article prints
#
# Partial response is a reduction of tumour size by more than 50% that is not complete (Outcome indicators). The printed result is an odds ratio of {glue:text}`printed_estimate:s`, P = {glue:text}`printed_p:s`, with I² = {glue:text}`printed_i2:s` and P = {glue:text}`printed_p_q:s` for heterogeneity (Results, Efficacy indicators; Figure 3B; also in the abstract). The abstract counts it among the three outcomes with a significant difference. The fixed-effects model that the note of Figure 3 names gives {glue:text}`reproduced:s` printed numbers.

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
# The studies agree with each other (I² = {glue:text}`fixed_i2:s`), so fixed and random effects nearly coincide. With {glue:text}`fixed_k:s` studies the normal distribution is a strong assumption; Hartung and Knapp use a t distribution instead.

# %%
iv = metalib.pool(tables, method="IV", model="fixed")
chapter.show_models([fixed, iv, random, hksj])

# %% tags=["hide-input"]
assert chapter.reproduces(fixed), "PR: 'gives the printed numbers'"
assert random.tau2 == 0, "PR: 'fixed and random effects nearly coincide'"

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
