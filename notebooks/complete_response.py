# %% [markdown]
# # Complete response
#
# **No clear difference in complete responses.** The {term}`odds ratio` is {glue:text}`random_estimate:s` under {term}`random effects`, the model that the printed numbers need, and {glue:text}`fixed_estimate:s` under {term}`fixed effects`, the model that the note of the figure names; neither is significant, and the studies disagree.

# %%
import metalib
from metalib import text
from metalib.pages import Chapter, glue

review = metalib.read_review("../data")
tables = review.tables_of("CR")
fixed = metalib.pool(tables, method="MH", model="fixed")
random = metalib.pool(tables, method="MH", model="random")
hksj = metalib.pool(tables, method="MH", model="random", ci="hksj")

chapter = Chapter(review, "CR")
chapter.show_forest(random, also=[fixed, hksj])

# %% [markdown]
# ## How sure
#
# The counts are {term}`recovered`, and all eight cells are {term}`identified` ([recovery](recovery)): exactly one assignment of the four response categories agrees with every printed number of the four response outcomes together, and no table found by the exhaustive search gives the printed numbers under fixed effects. The certainty of the evidence is {glue:text}`/notebooks/certainty.ipynb::sof_cr_certainty:s` ([certainty](certainty)).
#
# One study stands against the others. {glue:text}`heaviest:s` has {glue:text}`heaviest_weight:s` of the weight under fixed effects and the only odds ratio below 1. Without it the result is {glue:text}`without_estimate:s` under fixed and {glue:text}`without_random_estimate:s` under random effects, both {glue:text}`without_significance:s` at 0.05.
#
# **Its complete responses are hard to believe.** Its control arm, {glue:text}`heaviest_control:s` alone, has {glue:text}`heaviest_events:s` complete responses ({glue:text}`heaviest_share:s`); no other control arm has more than {glue:text}`others_share:s`. So many would surprise even after ablation, and this is the arm without it. Whether the report counted something else, or an entry was made in the wrong place, cannot be told from the print.
#
# Wang 2018 published complete responses of its own that are not in this analysis; with them the fixed-effects result changes, see [other data](other_data).

# %%
import pandas as pd

weights = pd.Series(fixed.weights, index=fixed.studies, dtype=float)
heaviest = weights.idxmax()
others = tables[tables["study"] != heaviest]
without = metalib.pool(others, method="MH", model="fixed")
without_random = metalib.pool(others, method="MH", model="random")

control_share = (tables["events_c"] / tables["n_c"]).set_axis(tables["study"])

# %% tags=["hide-input"]
results = {"fixed": fixed, "random": random, "hksj": hksj}
chapter.glue(results | {"without": without, "without_random": without_random})
row = tables.set_index("study").loc[heaviest]
glue(
    heaviest=chapter.labels[heaviest],
    heaviest_weight=text.percent(weights[heaviest]),
    heaviest_control=review.studies.set_index("study")["control"][heaviest].lower(),
    heaviest_events=f"{row['events_c']} of {row['n_c']}",
    heaviest_share=text.percent(100 * control_share[heaviest]),
    others_share=text.percent(100 * control_share.drop(heaviest).max()),
)
single = metalib.effects(tables).set_index("study")["effect"]
assert list(single.index[single < 0]) == [heaviest], "CR: 'the only odds ratio below 1'"
shown = (fixed, random, hksj, without, without_random)
assert min(result.p for result in shown) >= 0.05, "CR: 'no clear difference'"
inferred = review.studies.query("arms_status.str.contains('inferred')")
assert len(set(inferred["control"])) == 1, "CR: 'radiotherapy alone', whichever study"

# %% [markdown]
# ## What the article prints
#
# Complete response is the complete disappearance of the tumour (Outcome indicators). The printed result is an odds ratio of {glue:text}`printed_estimate:s`, P = {glue:text}`printed_p:s`, with I² = {glue:text}`printed_i2:s` and P = {glue:text}`printed_p_q:s` for heterogeneity (Results, Efficacy indicators; Figure 3A; also in the abstract). The text calls this heterogeneity moderate. The note of Figure 3 says that its plots show a Mantel-Haenszel *fixed*-effects model, but {glue:text}`reproduced:s` printed numbers are those of a *random*-effects model. Nothing in the conclusion changes: neither model finds a significant difference.

# %%
chapter.show_comparison(random)

# %% [markdown]
# ## The counts

# %%
chapter.show_counts(tables)
chapter.show_steps(random)

# %% [markdown]
# ## Other models
#
# With I² = {glue:text}`random_i2:s` the estimate depends on the model. The interval of Hartung and Knapp, {glue:text}`hksj_estimate:s`, takes its variance from the scatter of the studies and a t distribution with {glue:text}`random_df:s` degrees of freedom.

# %%
iv = metalib.pool(tables, method="IV", model="fixed")
chapter.show_models([fixed, iv, random, hksj])

# %% tags=["hide-input"]
assert chapter.reproduces(random), "CR: 'those of a random-effects model'"
assert not chapter.reproduces(fixed), "CR: 'those of a random-effects model' only"

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
