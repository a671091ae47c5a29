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
import pandas as pd

import metalib
from metalib import figures, text
from metalib.audit.compare import compare, forest_statistics
from metalib.audit.consistency import overlap, p_q_from_i2
from metalib.pages import notebook, views
from metalib.pages.worked import steps, work_out
from metalib.recover import read_puzzle_text, recover

review = metalib.read_review("../data")
printed = review.printed("survival").query("statistic != 'studies'")
candidates = {
    name: review.tables_of("survival", name)
    for name in review.tables.query("outcome == 'survival' and status == 'candidate'")[
        "analysis"
    ].unique()
}
fixed = {name: metalib.pool(tables) for name, tables in candidates.items()}
random = {
    name: metalib.pool(tables, model="random") for name, tables in candidates.items()
}
compared = {
    name: compare(printed, forest_statistics(result)) for name, result in random.items()
}

# %% tags=["hide-input"]
notebook.glue_as("printed", views.printed(printed))
notebook.glue(
    families=str(len(candidates)),
    lowest=text.number(min(r.ratio for r in random.values()), 3),
    highest=text.number(max(r.ratio for r in random.values()), 3),
    p_lowest=text.p_value(min(r.p for r in random.values())),
    p_highest=text.p_value(max(r.p for r in random.values())),
    random_all=" to ".join(dict.fromkeys(map(text.estimate, random.values()))),
    fixed_lowest=text.estimate(min(fixed.values(), key=lambda r: r.ratio)),
    fixed_highest=text.estimate(max(fixed.values(), key=lambda r: r.ratio)),
    fixed_p=" to ".join(
        text.p_value(f(r.p for r in fixed.values())) for f in (min, max)
    ),
    any_significant=str(sum(r.p < 0.05 for r in (*fixed.values(), *random.values()))),
)

# %% [markdown]
# ### The candidates
#
# Each candidate names three studies beside Wang 2018, because the text counts four; which study was left out is not known either.

# %% tags=["hide-input"]
labels = review.labels()
rows = [
    {
        "Candidate": name.removeprefix("candidate "),
        "Study": labels[row.study],
        "Combination": text.events(row.events_t, row.n_t),
        "Single treatment": text.events(row.events_c, row.n_c),
        "Counts are": row.status,
        "Data": notebook.link(
            f"tables.csv, row {line}", f"data_lines.html#tables-{line}"
        ),
    }
    for name, tables in candidates.items()
    for row in tables.itertuples()
    for line in [review.rows_of("survival", name)[row.study]]
]
notebook.table(
    pd.DataFrame(rows),
    name="tab-survival-candidates",
    caption="One-year survival: candidate tables, survivors of each arm.",
    align="llrrll",
)

# %% [markdown]
# ### Each candidate against the printed result
#
# Every family reproduces the odds ratio, its interval, its P and I² under random effects, the model that the note of Figure 4 names. None reproduces the printed P of heterogeneity.

# %% tags=["hide-input"]
assert all(
    (c.set_index("statistic")["verdict"].drop("P(Q)") == "reproduced").all()
    for c in compared.values()
)
assert all(
    (c.set_index("statistic")["verdict"]["P(Q)"] != "reproduced")
    for c in compared.values()
)
summary = pd.DataFrame(
    {
        "Candidate": [name.removeprefix("candidate ") for name in candidates],
        "Random: OR [95% CI]": [text.estimate(r) for r in random.values()],
        "P": [text.p_value(r.p) for r in random.values()],
        "I²": [text.percent(r.I2, 1) for r in random.values()],
        "P of Q": [text.number(r.p_Q, 4) for r in random.values()],
        "Printed numbers reproduced": [views.verdicts(c) for c in compared.values()],
        "Fixed: OR [95% CI]": [text.estimate(r) for r in fixed.values()],
    }
)
missed = {
    s
    for c in compared.values()
    for s in c.loc[c["verdict"] != "reproduced", "statistic"]
}
notebook.glue(missed=", ".join(sorted(missed)))
notebook.table(
    summary,
    name="tab-survival-results",
    caption="One-year survival: pooled result of each candidate and how many printed numbers it reproduces.",
)

# %% [markdown]
# Each printed number, held against the first candidate:

# %% tags=["hide-input"]
first = next(iter(candidates))
notebook.table(
    views.comparison(compared[first], model="random", ledger="audit.html"),
    name="tab-survival-printed",
    caption="One-year survival: printed numbers of the pooled result beside the first candidate (random effects).",
    align="lrrlll",
)
notebook.details(
    f"One-year survival, candidate {first.removeprefix('candidate ')}, step by step: from the counts to {text.estimate(random[first])}",
    steps(work_out(candidates[first]), labels, model="random"),
)

# %% tags=["hide-input"]
plot = {
    "labels": labels,
    "groups": ("Combination", "Single treatment"),
}
notebook.figure(
    figures.forest(
        random[first],
        **plot,
        favours=views.favours("more", "combination", "single treatment"),
        printed=views.printed_ratio(printed),
    ),
    name="fig-survival-forest",
    caption=(
        f"One-year survival, candidate {first.removeprefix('candidate ')} of {len(candidates)}, shown as an example and "
        f"not as the data, Mantel-Haenszel random effects: odds ratio {text.estimate(random[first])}. The open diamond is the result as printed."
    ),
    alt=f"Forest plot of one of {len(candidates)} candidate tables, an example, recovered counts, random effects: pooled odds ratio {text.estimate(random[first])}, P {text.p_value(random[first].p, sign=True)}.",
    data=figures.forest_data(random[first], **plot),
)

# %% [markdown]
# ### Why no family fits the printed P of heterogeneity
#
# I² and P of Q both follow from Q and its degrees of freedom. The printed pair fixes them:

# %% tags=["hide-input"]
i2 = review.printed_number("survival", "I2")
allowed = {k: p_q_from_i2(i2, df=k - 1) for k in (3, 4)}
p_q = review.printed_number("survival", "P(Q)")
notebook.glue(
    p_three=" and ".join(text.number(p, 4) for p in allowed[3]),
    p_four=" and ".join(text.number(p, 4) for p in allowed[4]),
    printed_range=" and ".join(text.number(p, 4) for p in (p_q.low, p_q.high)),
    fits_four="overlap"
    if overlap(allowed[4], (p_q.low, p_q.high))
    else "do not overlap",
    fits_three="overlap"
    if overlap(allowed[3], (p_q.low, p_q.high))
    else "do not overlap",
)

# %% [markdown]
# The printed P of {glue:text}`printed_p_q:s` stands for a value between {glue:text}`printed_range:s`. With four studies an I² that prints as {glue:text}`printed_i2:s` needs a P between {glue:text}`p_four:s`: the two ranges {glue:text}`fits_four:s`. With three studies P would lie between {glue:text}`p_three:s`: these ranges {glue:text}`fits_three:s`, but the text counts four studies.

# %% [markdown]
# So the same search was made with three estimable studies, Wang 2018 and two others, once with the printed P of heterogeneity and once without it:

# %% tags=["hide-input"]
with open("../data/puzzle_survival.yaml", encoding="utf-8") as file:
    words = file.read()
three = words.replace("reported: 4", "reported: 3").replace('      k: "4"\n', "")
assert three.count("reported: 3") == 1
assert 'k: "4"' not in three
tried = {
    "with P of heterogeneity": three.replace(", role: check}", "}"),
    "without it": three,
}
for name, puzzle in tried.items():
    result = recover(read_puzzle_text(puzzle))
    assert result.status == "none"
    print(f"Three estimable studies, {name}: {result.message}")

# %% [markdown]
# No table of three estimable studies gives the printed odds ratio, interval, P and I² with these arms.
#
# ### A second engine
#
# The inverse-variance and Mantel-Haenszel results of the first candidate, recomputed by statsmodels.

# %% tags=["hide-input"]
from metalib.audit.crosscheck import statsmodels_crosscheck

notebook.table(
    views.crosscheck(statsmodels_crosscheck(candidates[first])),
    name="tab-survival-statsmodels",
    caption="One-year survival, first candidate: metalib and statsmodels, odds ratios on the log scale.",
    align="llrrl",
)

# %% [markdown]
# ## What follows
#
# * **Printed:** {glue:text}`printed_estimate:s`, no significant difference.
# * **What follows:** {glue:text}`families:s` families of tables give every printed number except the P of heterogeneity, under the assumptions above; their odds ratios lie between {glue:text}`lowest:s` and {glue:text}`highest:s`, their P between {glue:text}`p_lowest:s` and {glue:text}`p_highest:s`. Under fixed effects the odds ratios run from {glue:text}`fixed_lowest:s` to {glue:text}`fixed_highest:s` (P {glue:text}`fixed_p:s`). Of all these results {glue:text}`any_significant:s` are significant at 0.05.
# * **How sure:** the tables are not identified; only Wang 2018's own counts are known, from its percentages. If both are rounded correctly, the printed I² and P of heterogeneity cannot come from four *estimable* studies, whatever the tables are. Three estimable studies would fit the pair, but not the interval as well, with the arms recovered here.
