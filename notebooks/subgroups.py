# %% [markdown]
# # Subgroups: sex and stage
#
# ## What the paper says
#
# The benefit is said not to be influenced by sex, odds ratio {glue:text}`sex_estimate:s`, P = {glue:text}`sex_p:s`, nor by stage, {glue:text}`total_estimate:s`, P = {glue:text}`total_p:s`. By stage it prints events and odds ratios for three strata, the first without its number ("Stage- HCC", stage I by elimination), and a test for subgroup differences with three degrees of freedom, hence four strata (Results, Subgroup analysis; Figure 4C). The discussion has an incomplete sentence: "Our findings further indicated that except for Stage IV patients (figure 4C)." Stage IV is not in the text of the results. The models of this section are not named beyond the note of Figure 4 (random effects).

# %% [markdown]
# ## Sex: only the printed numbers
#
# The counts behind the result by sex cannot be recovered: one pooled result over an unknown number of studies leaves too much open. What can be checked is whether its own numbers fit together. On the log scale the estimate is the middle of its interval, and the interval fixes P.

# %%
import pandas as pd

import metalib
from metalib import figures, text
from metalib.audit.compare import compare, difference_statistics, forest_statistics
from metalib.audit.consistency import overlap, p_from_interval
from metalib.pages import notebook, views

review = metalib.read_review("../data")
labels = review.labels()


def p_range(outcome):
    """Range of P that the printed odds ratio and interval of an outcome allow."""
    return p_from_interval(
        *(review.printed_number(outcome, name) for name in ("OR", "CI low", "CI high"))
    )


for name in ("sex", "stage total"):
    print(
        f"{name}: P printed {review.printed_text(name, 'P')}, from its own interval",
        " to ".join(text.number(p, 3) for p in p_range(name)),
    )

# %% tags=["hide-input"]
notebook.glue_as("sex", views.printed(review.printed("sex")))
notebook.glue_as("total", views.printed(review.printed("stage total")))
for name in ("I", "II", "III"):
    notebook.glue_as(f"printed_{name}", views.printed(review.printed(f"stage {name}")))
notebook.glue_as(
    "printed_difference", views.printed(review.printed("stage difference"))
)
notebook.glue(
    sex_range=" and ".join(text.number(p, 3) for p in p_range("sex")),
    total_range=" and ".join(text.number(p, 3) for p in p_range("stage total")),
)

# %% [markdown]
# For sex, the printed interval allows a P between {glue:text}`sex_range:s`; printed is {glue:text}`sex_p:s`. The numbers fit together. For the total over the stages it allows a P between {glue:text}`total_range:s`; printed is {glue:text}`total_p:s`. These do not fit together, whatever the counts are.
#
# ## Stage: the recovered strata
#
# The printed events add up to stage totals over 171 patients an arm; what is left for stage IV is one patient of each arm. The search of [the recovery](recovery) identifies stages I and III and the sum of II and IV. For the two patients in stage IV it leaves a few placements, which are candidates:

# %%
identified = review.stages_of("main").query("stage in ['I', 'III']")
candidates = [a for a in review.stages["analysis"].unique() if a != "main"]
strata = {
    name: pd.concat([identified, review.stages_of(name)])
    .assign(stage=lambda rows: "Stage " + rows["stage"])
    .sort_values("stage", kind="stable")
    .reset_index(drop=True)
    for name in candidates
}
results = {
    name: metalib.subgroups(rows, "stage", model="random")
    for name, rows in strata.items()
}
results[candidates[0]]

# %% tags=["hide-input"]
fours = [r[r["stage"] == "Stage IV"] for r in strata.values()]
four = fours[0]
groups, rows = results[candidates[0]], strata[candidates[0]]
fixed_total = metalib.subgroups(rows, "stage", model="fixed").overall
spread = [g.overall for g in results.values()]
compared = {
    name: compare(
        review.printed(f"stage {name}").query(
            "statistic in ['OR', 'CI low', 'CI high', 'P', 'I2', 'P(Q)']"
        ),
        forest_statistics(groups[f"Stage {name}"]),
    )
    for name in ("I", "II", "III")
}
compared["difference"] = compare(
    review.printed("stage difference"), difference_statistics(groups)
)
compared["total"] = compare(
    review.printed("stage total"), forest_statistics(groups.overall)
)
notebook.glue(
    candidates=str(len(candidates)),
    one_t=str(int(four["events_t"].sum())),
    one_c=str(int(four["events_c"].sum())),
    same_study="both in the same study"
    if all(((r["events_t"] > 0) == (r["events_c"] > 0)).all() for r in fours)
    else "not always in the same study",
    difference=text.number(groups.Q, 2),
    difference_p=text.number(groups.p, 2),
    total=text.estimate(groups.overall),
    total_ours_p=text.p_value(groups.overall.p),
    total_spread=" to ".join(
        text.number(f(e.ratio for e in spread), 3) for f in (min, max)
    ),
    fixed_total=text.number(fixed_total.ratio, 3),
    reproduced_strata=f"{sum((compared[n]['verdict'] == 'reproduced').sum() for n in ('I', 'II', 'III', 'difference'))} of "
    f"{sum(len(compared[n]) for n in ('I', 'II', 'III', 'difference'))}",
)
# The prose below holds as long as these do.
assert all(
    (frame["verdict"] == "reproduced").all()
    for name, frame in compared.items()
    if name != "total"
)
assert (compared["total"]["verdict"] == "not reproduced").all()
assert all(
    (
        compare(review.printed("stage difference"), difference_statistics(g))["verdict"]
        == "reproduced"
    ).all()
    for g in results.values()
)
sex_p, total_p = (
    review.printed_number("sex", "P"),
    review.printed_number("stage total", "P"),
)
assert overlap(p_range("sex"), (sex_p.low, sex_p.high))
assert not overlap(p_range("stage total"), (total_p.low, total_p.high))
notebook.table(
    views.subgroup_rows(groups),
    name="tab-stage-strata",
    caption=(
        "Strata by stage, Mantel-Haenszel, random effects, recovered counts. Stage IV is shown for one of the placements that "
        "agree with every printed number of stage II."
    ),
)

# %% [markdown]
# {glue:text}`candidates:s` placements of the stage IV patients ({glue:text}`one_t:s` of the combination arms, {glue:text}`one_c:s` of the control arms) agree with everything printed about stage II. In all of them the two patients are {glue:text}`same_study:s`; which study it is is not identified. The test for subgroup differences was not used to find them, and each of them reproduces it.

# %% tags=["hide-input"]
everything = pd.concat(
    [frame.assign(part=name) for name, frame in compared.items()], ignore_index=True
)
names = {
    "I": "Stage I",
    "II": "Stage II",
    "III": "Stage III",
    "difference": "Subgroup differences",
    "total": "Total",
}
notebook.table(
    pd.concat(
        [
            everything["part"].map(names).rename("Part"),
            views.comparison(
                everything.assign(between=everything["part"] == "difference"),
                model="random",
                ledger="audit.html",
            ),
        ],
        axis=1,
    ),
    name="tab-stage-printed",
    caption=(
        "Printed statistics of the stage analysis beside their recomputation; the printed events and totals are in "
        "the ledger of the audit."
    ),
    align="llrrlll",
)
plot = {
    "labels": labels,
    "groups": ("Combination", "Single treatment"),
}
notebook.figure(
    figures.forest(
        groups,
        **plot,
        favours=("Lower share in combination arm", "Higher share in combination arm"),
    ),
    name="fig-stage-forest",
    caption=(
        "The stage analysis in RevMan's layout, recovered counts. An event is a patient who was in the stage at baseline, so a "
        "square compares how the arms were composed and not how the treatment worked."
    ),
    alt=f"Forest plot of four strata by stage, total odds ratio {text.estimate(groups.overall)}.",
    data=figures.forest_data(groups, **plot),
)

# %% [markdown]
# ## What follows
#
# * **Printed:** benefit not influenced by stage; difference Chi² = {glue:text}`printed_difference_q:s`, P = {glue:text}`printed_difference_p:s`.
# * **What follows, the numbers:** {glue:text}`reproduced_strata:s` printed numbers of the strata and the test are reproduced (difference {glue:text}`difference:s`, P = {glue:text}`difference_p:s`). The printed total, {glue:text}`total_estimate:s`, is not: the recovered strata give {glue:text}`total:s`, P = {glue:text}`total_ours_p:s` (over all candidates, the odds ratio is {glue:text}`total_spread:s`).
# * **What follows, the meaning:** an event in this analysis is *being in the stage*. The denominators are whole arms, and a patient counted in one stage is a non-event in the others. The analysis therefore compares the composition of the arms at baseline and cannot show whether the effect of treatment differs by stage. Its fixed-effects total is {glue:text}`fixed_total:s` by construction, because the stages of an arm add up to the arm and the two arms of every study are equal. The paper does not say when stage was assessed; that it is the stage at baseline follows from the events, which add up to nearly the whole arm in both groups.
# * **How sure:** the strata for stages I and III and the sum of II and IV are identified. That an analysis with these denominators compares composition needs no counts at all: the printed denominators are the same in every stratum. Whether the sex analysis was built the same way cannot be checked.
