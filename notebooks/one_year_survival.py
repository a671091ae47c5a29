# %% [markdown]
# # One-year survival
#
# ## What the paper says
#
# Four of the included studies reported survival at one year. The printed result is an odds ratio of {glue:text}`printed_estimate:s`, P = {glue:text}`printed_p:s`, with I² = {glue:text}`printed_i2:s` and P = {glue:text}`printed_p_q:s` for heterogeneity (Results, Survival indicators; Figure 4A; the first four numbers also in the abstract). The note of Figure 4 says that its plots show a random-effects model.

# %% [markdown]
# ## The computation
#
# The tables of this outcome are **not identified**. Three assumptions narrow the search: the arms are those recovered from the response outcomes, Wang 2018 is one of the four studies and enters with its own survival (the only counts that round to its published percentages), and all four are estimable. Even then many tables remain; they fall into the families below, each of which stands for itself and its complements. This chapter shows all of them and claims none.

# %%
import metalib
from metalib import text
from metalib.arithmetic.results import to_frame
from metalib.audit.consistency import overlap, p_q_from_i2
from metalib.audit.crosscheck import statsmodels_crosscheck
from metalib.pages import Chapter, columns, glue
from metalib.recover import read_puzzle, recover

review = metalib.read_review("../data")
candidates = review.candidates("survival")
random = {c: metalib.pool(t, model="random") for c, t in candidates.items()}
fixed = {c: metalib.pool(t, model="fixed") for c, t in candidates.items()}
first, as_printed = next(iter(random.items()))
chapter = Chapter(review, "survival")
as_printed

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

# %% [markdown]
# ### The candidates
#
# Each candidate names three studies beside Wang 2018, because the text counts four; which study was left out is not known either.

# %%
chapter.show_counts(*candidates.values())

# %% [markdown]
# ### Each candidate against the printed result
#
# Every family reproduces the odds ratio, its interval, its P and I² under random effects, the model that the note of Figure 4 names. None reproduces the printed P of heterogeneity.

# %%
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
# Every candidate gives every printed number but one.
verdicts = [c.set_index("statistic")["verdict"] for c in compared.values()]
missed = {name for v in verdicts for name in v.index[v != "reproduced"]}
assert missed == {"P(Q)"}
assert all(v["P(Q)"] != "reproduced" for v in verdicts)
glue(missed=", ".join(missed))

# %% [markdown]
# Each printed number, held against the first candidate:

# %%
example = Chapter(
    review,
    "survival",
    what=f"{first} of {len(candidates)}, an example and not the data",
)
example.show_comparison(as_printed)
example.show_steps(as_printed)
example.show_forest(as_printed)

# %% [markdown]
# ### Why no family fits the printed P of heterogeneity
#
# I² and P of Q both follow from Q and its degrees of freedom. The printed pair fixes them:

# %%
i2 = review.printed_number("survival", "I2")
p_q = review.printed_number("survival", "P(Q)")
printed = (p_q.low, p_q.high)
allowed = {k: p_q_from_i2(i2, df=k - 1) for k in (3, 4)}
allowed


# %% tags=["hide-input"]
def words(ends):
    return " and ".join(text.number(p, 4) for p in ends)


def fit(ends):
    return "overlap" if overlap(ends, printed) else "do not overlap"


glue(
    p_three=words(allowed[3]),
    p_four=words(allowed[4]),
    printed_range=words(printed),
    fits_four=fit(allowed[4]),
    fits_three=fit(allowed[3]),
)

# %% [markdown]
# The printed P of {glue:text}`printed_p_q:s` stands for a value between {glue:text}`printed_range:s`. With four studies an I² that prints as {glue:text}`printed_i2:s` needs a P between {glue:text}`p_four:s`: the two ranges {glue:text}`fits_four:s`. With three studies P would lie between {glue:text}`p_three:s`: these ranges {glue:text}`fits_three:s`, but the text counts four studies.

# %% [markdown]
# So the same search was made with three estimable studies, Wang 2018 and two others, once with the printed P of heterogeneity and once without it:

# %%
puzzle = read_puzzle("../data/puzzle_survival.yaml")
three = puzzle.with_reported("survival", 3).with_role("check", "survival", ["k"])
tried = {
    "with P of heterogeneity": three.with_role("search", "survival", ["P_Q"]),
    "without it": three,
}
for name, changed in tried.items():
    found = recover(changed)
    assert found.status == "none"
    print(f"Three estimable studies, {name}: {found.message}")

# %% [markdown]
# No table of three estimable studies gives the printed odds ratio, interval, P and I² with these arms.
#
# ### A second engine
#
# The inverse-variance and Mantel-Haenszel results of the first candidate, recomputed by statsmodels.

# %%
example.show_crosscheck(statsmodels_crosscheck(candidates[first]))

# %% [markdown]
# ## What follows
#
# * **Printed:** {glue:text}`printed_estimate:s`, no significant difference.
# * **What follows:** {glue:text}`families:s` families of tables give every printed number except the P of heterogeneity, under the assumptions above; their odds ratios lie between {glue:text}`lowest:s` and {glue:text}`highest:s`, their P between {glue:text}`p_lowest:s` and {glue:text}`p_highest:s`. Under fixed effects the odds ratios run from {glue:text}`fixed_lowest:s` to {glue:text}`fixed_highest:s` (P {glue:text}`fixed_p:s`). Of all these results {glue:text}`any_significant:s` are significant at 0.05.
# * **How sure:** the tables are not identified; only Wang 2018's own counts are known, from its percentages. If both are rounded correctly, the printed I² and P of heterogeneity cannot come from four *estimable* studies, whatever the tables are. Three estimable studies would fit the pair, but not the interval as well, with the arms recovered here.
