# %% [markdown]
# # One-year survival
#
# **No clear difference in one-year survival, and the counts behind it are not known.** The printed {term}`odds ratio` of {glue:text}`printed_estimate:s` is given by {glue:text}`families:s` families of tables; none of them is significant, under {term}`random <random effects>` or under {term}`fixed effects`.

# %%
import metalib
from metalib import text
from metalib.pages import Chapter, columns, glue

review = metalib.read_review("../data")
candidates = review.candidates("survival")
random = {
    c: metalib.pool(t, method="MH", model="random") for c, t in candidates.items()
}
fixed = {c: metalib.pool(t, method="MH", model="fixed") for c, t in candidates.items()}

chapter = Chapter(review, "survival")
first = next(iter(candidates))
example = Chapter(
    review,
    "survival",
    what=f"{first} of {len(candidates)}, an example and not the data",
)
hksj = metalib.pool(candidates[first], method="MH", model="random", ci="hksj")
example.show_forest(random[first], also=[fixed[first], hksj])

# %% [markdown]
# ## How sure
#
# **The tables are not identified.** Three assumptions narrow the search: the arms are those recovered from the response outcomes; Wang 2018 is one of the four studies and enters with its own survival (the only counts that round to its published percentages); and all four are estimable. Even then many tables remain. They fall into the families shown below, each of which stands for itself and its complements; which study was left out is not known either. This chapter shows all of them and claims none.
#
# Over the families the odds ratio lies between {glue:text}`lowest:s` and {glue:text}`highest:s` under random effects, P between {glue:text}`p_lowest:s` and {glue:text}`p_highest:s`; under fixed effects the results run from {glue:text}`fixed_lowest:s` to {glue:text}`fixed_highest:s`, P {glue:text}`fixed_p:s`. Of all these results {glue:text}`any_significant:s` are significant at 0.05.
#
# Survival at one year counts the dead at one date. It says nothing of when they died, and none of the studies' survival curves was available. The certainty of the evidence is {glue:text}`/notebooks/certainty.ipynb::sof_survival_certainty:s` ([certainty](certainty)).

# %% tags=["hide-input"]
every = [*fixed.values(), *random.values()]
ps = [result.p for result in random.values()]
ratios = [result.ratio for result in random.values()]
chapter.glue()
glue(
    families=str(len(candidates)),
    lowest=text.number(min(ratios), 3),
    highest=text.number(max(ratios), 3),
    p_lowest=text.p_value(min(ps)),
    p_highest=text.p_value(max(ps)),
    random_all=" to ".join(dict.fromkeys(map(text.estimate, random.values()))),
    fixed_lowest=text.estimate(min(fixed.values(), key=lambda r: r.ratio)),
    fixed_highest=text.estimate(max(fixed.values(), key=lambda r: r.ratio)),
    fixed_p=" to ".join(
        text.p_value(f(r.p for r in fixed.values())) for f in (min, max)
    ),
    any_significant=str(sum(result.p < 0.05 for result in every)),
)
assert min(r.p for r in every) >= 0.05, "Survival: 'none of them is significant'"
assert len(set(map(text.estimate, random.values()))) == 1, "Survival: one odds ratio"

# %% [markdown]
# ## What the article prints
#
# Four of the included studies reported survival at one year. The printed result is an odds ratio of {glue:text}`printed_estimate:s`, P = {glue:text}`printed_p:s`, with I² = {glue:text}`printed_i2:s` and P = {glue:text}`printed_p_q:s` for heterogeneity (Results, Survival indicators; Figure 4A; the first four numbers also in the abstract). The note of Figure 4 says that its plots show a random-effects model, and that model gives them.

# %%
example.show_comparison(random[first])

# %% [markdown]
# ## The candidates
#
# Every family gives the odds ratio, its interval, its P and I² under random effects. None gives the printed P of heterogeneity.

# %%
from metalib.arithmetic.results import to_frame

compared = {c: chapter.compare(result) for c, result in random.items()}
summary = to_frame(random.values()).assign(
    candidate=list(candidates),
    reproduced=[sum(c["verdict"] == "reproduced") for c in compared.values()],
    of=len(chapter.printed),
    fixed=[text.estimate(result) for result in fixed.values()],
)
chapter.table(
    summary,
    {
        "candidate": "Candidate",
        **columns.effect("OR", "Random: OR [95% CI]"),
        "p": ("P", text.p_value),
        "I2": ("I²", lambda i2: text.percent(i2, 1)),
        "p_Q": ("P of Q", lambda p: text.number(p, 4)),
        ("reproduced", "of"): ("Printed numbers reproduced", "{} of {}".format),
        "fixed": "Fixed: OR [95% CI]",
    },
    name="results",
    caption="pooled result of each candidate and how many printed numbers it reproduces.",
)

# %%
chapter.show_counts(*candidates.values())
example.show_steps(random[first])

# %% tags=["hide-input"]
verdicts = [c.set_index("statistic")["verdict"] for c in compared.values()]
missed = [set(v.index[v != "reproduced"]) for v in verdicts]
assert all(names == {"P(Q)"} for names in missed), "Survival: 'every family gives'"

# %% [markdown]
# ## Why none fits the printed P of heterogeneity
#
# I² and P of heterogeneity both follow from Q and its degrees of freedom, so an I² that prints as {glue:text}`printed_i2:s` allows only a range of P, whatever the tables are:

# %%
import pandas as pd

from metalib.audit.consistency import overlap, p_q_from_i2

i2 = review.printed_number("survival", "I2")
p_q = review.printed_number("survival", "P(Q)")
allowed = pd.DataFrame(
    [(k, *p_q_from_i2(i2, df=k - 1)) for k in (3, 4)], columns=["k", "low", "high"]
)
allowed["fits"] = [
    overlap((row.low, row.high), (p_q.low, p_q.high)) for row in allowed.itertuples()
]
chapter.table(
    allowed,
    {
        "k": "Estimable studies",
        ("low", "high"): ("P that I² allows", lambda a, b: text.interval(a, b, 4)),
        "fits": ("Fits the printed P", {True: "yes", False: "no"}.get),
    },
    name="heterogeneity",
    caption="P of heterogeneity that the printed I² allows.",
)

# %% tags=["hide-input"]
by_k = allowed.set_index("k")
glue(
    p_four=" and ".join(text.number(p, 4) for p in by_k.loc[4, ["low", "high"]]),
    gap=text.number(by_k.loc[4, "low"] - p_q.high, 4),
    printed_range=" and ".join(text.number(p, 4) for p in (p_q.low, p_q.high)),
)
assert 0 < by_k.loc[4, "low"] - p_q.high < 0.001, "Survival: 'a slip of rounding'"
assert by_k["fits"].to_dict() == {3: True, 4: False}, "Survival: 'three would fit'"

# %% [markdown]
# The printed {glue:text}`printed_p_q:s` stands for a value between {glue:text}`printed_range:s`. Four estimable studies need one between {glue:text}`p_four:s`: a gap of {glue:text}`gap:s`, which a slip of rounding would explain. Three would fit; but the text counts four, and a search for three, Wang 2018 and two others, with the arms recovered here finds no table:

# %%
from metalib.recover import read_puzzle, recover

puzzle = read_puzzle("../data/puzzle_survival.yaml")
three = puzzle.with_reported("survival", 3).with_role("check", "survival", ["k"])
searches = {
    "odds ratio, interval, P, I²": recover(three),
    "the same and P of heterogeneity": recover(
        three.with_role("search", "survival", ["P_Q"])
    ),
}
chapter.table(
    pd.DataFrame(
        [(name, found.count) for name, found in searches.items()],
        columns=["agrees with", "tables"],
    ),
    {"agrees with": "Three studies that agree with the printed", "tables": "Tables"},
    name="three",
    caption="search for three estimable studies.",
)

# %% tags=["hide-input"]
assert {s.status for s in searches.values()} == {"none"}, "Survival: 'finds no table'"

# %% [markdown]
# ## The same by statsmodels
#
# The first candidate again: {glue:text}`agreed:s` comparable quantities agree to ten digits.

# %%
import math

from statsmodels.stats.meta_analysis import combine_effects

from metalib.audit.crosscheck import statsmodels_crosscheck

iv = metalib.pool(candidates[first], method="IV", model="fixed")
studies = metalib.effects(candidates[first]).query("estimable")
second = combine_effects(studies["effect"].to_numpy(), studies["se"].to_numpy() ** 2)
assert math.isclose(second.mean_effect_fe, iv.estimate)
example.show_crosscheck(statsmodels_crosscheck(candidates[first]))
