# %% [markdown]
# # Stable disease
#
# **No clear difference in stable disease.** The {term}`odds ratio` is {glue:text}`fixed_estimate:s` under {term}`fixed effects`, as printed, and {glue:text}`random_estimate:s` under {term}`random effects`; neither is significant, and neither direction would clearly be better.

# %%
import metalib
from metalib import text
from metalib.pages import Chapter, glue

review = metalib.read_review("../data")
tables = review.tables_of("SD")
fixed = metalib.pool(tables, method="MH", model="fixed")
random = metalib.pool(tables, method="MH", model="random")
hksj = metalib.pool(tables, method="MH", model="random", ci="hksj")

chapter = Chapter(review, "SD")
chapter.show_forest(fixed, also=[random, hksj])

# %% [markdown]
# ## How sure
#
# The counts are {term}`recovered`, and all eight cells are {term}`identified` ([recovery](recovery)), as what remains of each arm after complete response, partial response and progression. The certainty of the evidence is {glue:text}`/notebooks/certainty.ipynb::sof_sd_certainty:s` ([certainty](certainty)).
#
# Stable disease is worse than a response and better than progression. Fewer patients with stable disease can mean more responses or more progression, so this book calls neither side of 1 the better one, here and in every summary. The four response categories share one arm and are not four independent findings; [fragility](fragility) has an analysis that uses all four at once.
#
# No single study decides: leaving out any one of them, the result stays {glue:text}`loo_significance:s` at 0.05, between {glue:text}`loo_lowest:s` and {glue:text}`loo_highest:s`. Wang 2018 published stable disease of its own that is not in this analysis; with it the fixed-effects result changes, see [other data](other_data).

# %%
left_out = metalib.leave_one_out(tables, method="MH", model="fixed")
lowest = left_out.loc[left_out["ratio"].idxmin()]
highest = left_out.loc[left_out["ratio"].idxmax()]

# %% tags=["hide-input"]
chapter.glue({"fixed": fixed, "random": random, "hksj": hksj})
glue(
    loo_significance=text.significance(left_out["p"].min()),
    **{
        f"loo_{name}": text.with_interval(r["ratio"], r["ratio_low"], r["ratio_high"])
        for name, r in (("lowest", lowest), ("highest", highest))
    },
)
assert min(fixed.p, random.p, hksj.p) >= 0.05, "SD: 'no clear difference'"
assert left_out["p"].min() >= 0.05, "SD: 'no single study decides'"
assert chapter.better == "neither", "SD: 'neither direction would clearly be better'"

# %% [markdown]
# ## What the article prints
#
# Stable disease is described as no significant progression without meeting the criteria for remission (Outcome indicators); no threshold is given. The printed result is an odds ratio of {glue:text}`printed_estimate:s`, P = {glue:text}`printed_p:s`, with I² = {glue:text}`printed_i2:s` and P = {glue:text}`printed_p_q:s` for heterogeneity (Results, Efficacy indicators; Figure 3C; also in the abstract). The fixed-effects model that the note of Figure 3 names gives {glue:text}`reproduced:s` printed numbers.

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
# I² is {glue:text}`fixed_i2:s`, and all models give nearly the same estimate.

# %%
iv = metalib.pool(tables, method="IV", model="fixed")
chapter.show_models([fixed, iv, random, hksj])

# %% tags=["hide-input"]
assert chapter.reproduces(fixed), "SD: 'gives the printed numbers'"
apart = max(abs(result.ratio / fixed.ratio - 1) for result in (iv, random, hksj))
assert apart < 0.02, "SD: 'all models give nearly the same estimate'"

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
