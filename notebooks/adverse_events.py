# %% [markdown]
# # Adverse events
#
# **Fewer patients had adverse events with the combination, but whether this is significant depends on the model.** The {term}`odds ratio` is {glue:text}`fixed_estimate:s`, P = {glue:text}`fixed_p:s`, under {term}`fixed effects`, which the printed numbers need, and {glue:text}`random_estimate:s`, P = {glue:text}`random_p:s`, under {term}`random effects`, which the note of the figure names.

# %%
import metalib
from metalib import text
from metalib.pages import Chapter, glue

review = metalib.read_review("../data")
tables = review.tables_of("AE")
fixed = metalib.pool(tables, method="MH", model="fixed")
random = metalib.pool(tables, method="MH", model="random")
hksj = metalib.pool(tables, method="MH", model="random", ci="hksj")

chapter = Chapter(review, "AE")
chapter.show_forest(fixed, also=[random, hksj])

# %% [markdown]
# ## How sure
#
# That the printed numbers are those of fixed effects is firm: under the assumptions of [the recovery](recovery) an exhaustive search finds no table that gives them under random effects, whichever model Table 3 uses. The certainty of the evidence is {glue:text}`/notebooks/certainty.ipynb::sof_ae_certainty:s` ([certainty](certainty)).
#
# The counts are less so. Equal arms cannot tell a table (a, c) from its complement (n − c, n − a): both give the same odds ratio and the same variance. So {glue:text}`complements:s` studies are identified up to that complement, and how many patients had adverse events is open; the odds ratios are not. Exchanging every one of these tables gives the same pooled results, as the cell below checks. The row of Wang 2018, whose arms are published, is the nearest that fits: it misses one digit of Table 3 ([sensitivity](sensitivity)). [Other data](other_data) leaves its arms free and shows what then remains.
#
# {glue:text}`heaviest:s` has {glue:text}`heaviest_weight:s` of the weight under fixed effects; without it the odds ratio is {glue:text}`without_estimate:s`, P = {glue:text}`without_p:s`. Wang 2018 itself writes that adverse events did not differ significantly (abstract of that article).

# %%
import math

import pandas as pd

weights = pd.Series(fixed.weights, index=fixed.studies, dtype=float)
heaviest = weights.idxmax()
others = tables[tables["study"] != heaviest]
without = metalib.pool(others, method="MH", model="fixed")
without_random = metalib.pool(others, method="MH", model="random")

open_tables = tables["status"] == "identified up to complement"
swapped = tables.copy()
swapped.loc[open_tables, "events_t"] = tables["n_c"] - tables["events_c"]
swapped.loc[open_tables, "events_c"] = tables["n_t"] - tables["events_t"]
for result in (fixed, random):
    again = metalib.pool(swapped, method="MH", model=result.model)
    assert math.isclose(again.estimate, result.estimate)
    assert math.isclose(again.se, result.se)

# %% tags=["hide-input"]
results = {"fixed": fixed, "random": random, "hksj": hksj}
chapter.glue(results | {"without": without, "without_random": without_random})
glue(
    heaviest=chapter.labels[heaviest],
    heaviest_weight=text.percent(weights[heaviest]),
    complements=str(open_tables.sum()),
)
assert fixed.p < 0.05 <= random.p, "AE: 'depends on the model'"
nearest = tables.query("status == 'nearest'")["study"]
assert list(nearest) == ["wang2018"], "AE: 'the row of Wang 2018 is the nearest'"

# %% [markdown]
# ## What the article prints
#
# Adverse events include every negative reaction during treatment (Outcome indicators). The printed result is an odds ratio of {glue:text}`printed_estimate:s`, P = {glue:text}`printed_p:s`, with I² = {glue:text}`printed_i2:s` and P = {glue:text}`printed_p_q:s` for heterogeneity (Results, Adverse events; Figure 4B; also in the abstract). The abstract counts them among the three outcomes with a significant difference. The note of Figure 4 says that its plots show a Mantel-Haenszel *random*-effects model, but {glue:text}`reproduced:s` printed numbers are those of a *fixed*-effects model. Under the model that the note names the result is {glue:text}`random_significance:s` at the 0.05 that the article sets.

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
# Heterogeneity is moderate (I² = {glue:text}`fixed_i2:s`), so the model decides. The interval of Hartung and Knapp is {glue:text}`hksj_estimate:s`.

# %%
iv = metalib.pool(tables, method="IV", model="fixed")
chapter.show_models([fixed, iv, random, hksj])

# %% tags=["hide-input"]
assert chapter.reproduces(fixed), "Adverse events: 'those of a fixed-effects model'"
assert not chapter.reproduces(random), "AE: 'those of a fixed-effects model' only"

# %% [markdown]
# ## The same by statsmodels
#
# statsmodels takes the effect and the variance of each study and pools by inverse variance; its Mantel-Haenszel estimate comes from `StratifiedTable`. {glue:text}`agreed:s` comparable quantities agree to ten digits.

# %%
from statsmodels.stats.meta_analysis import combine_effects

from metalib.audit.crosscheck import statsmodels_crosscheck

studies = metalib.effects(tables).query("estimable")
second = combine_effects(studies["effect"].to_numpy(), studies["se"].to_numpy() ** 2)
assert math.isclose(second.mean_effect_fe, iv.estimate)
chapter.show_crosscheck(statsmodels_crosscheck(tables))
