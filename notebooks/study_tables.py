# %% [markdown]
# # The study-level tables
#
# ## What the paper says
#
# Nothing: events by study are neither in the text nor in its tables. They stand in the forest plots (Figures 3 and 4), whose pictures were not available. What the text and Table 3 print are pooled results: odds ratios, intervals, P values and heterogeneity, over all studies and after the exclusion of one study and of two; for the stages also events over all studies.
#
# ## Where the tables come from
#
# Printed results pin the counts down. Each printed number is an interval of values that round to it, and only few whole-number tables give pooled results inside all of these intervals. The tables of this book are the ones that do. They are **recovered, never the authors' data**, and every table says how firmly it is identified:
#
# * **identified**: under the assumptions below, only these counts agree with every printed number;
# * **identified up to complement**: as before, but the complement (n − c, n − a) has the same odds ratio and variance and cannot be told apart;
# * **nearest**: the counts that agree best, but one printed digit is missed;
# * **candidate**: one of several that agree; none is claimed;
# * **published**: the only counts that round to the percentages that the study itself published in its abstract.
#
# They are found by the exhaustive search of [the recovery](recovery), under these assumptions:
#
# 1. RevMan 5.4's arithmetic, which reproduces all identified results: Mantel-Haenszel odds ratios, 0.5 added to all cells of a study with a zero cell, studies without any event left out.
# 2. Table 3 excludes *cumulatively* (see [reading the printed numbers](printed_numbers)).
# 3. The two arms of a study have equal size. (With arms that differ by a few patients the search ends in the same equal arms.)
# 4. A study has the same arms in every outcome. Complete response, partial response, stable disease and progression add up to the arm, and so do the stages.
# 5. The study without an estimable progression result reported progression and had none.
# 6. Table 3 names two of the four studies behind the response outcomes, Zhou 2015 and Ke 2011. Wang 2018 is not among the others: its published odds ratio of progression and its complete responses are far outside what the pooled results allow. So the other two are, by elimination, Li 2014 and Ding 2016, also for adverse events. Which is which is not identified; the smaller is read as Ding 2016, because radiofrequency ablation suits small tumours. Swapping the two names changes no pooled number.
#
# ## The computation

# %%
import pandas as pd

import metalib
from metalib import text
from metalib.pages import notebook

review = metalib.read_review("../data")
labels = review.labels()
main = review.tables.query("analysis == 'main'")
response = main[main["outcome"].isin(["CR", "PR", "SD", "PD"])]

categories = response.groupby("study", sort=False)[["events_t", "events_c"]].sum()
arms = response.groupby("study", sort=False)[["n_t", "n_c"]].first()
complete = bool((categories.to_numpy() == arms.to_numpy()).all())
pd.concat([categories, arms], axis=1)

# %% tags=["hide-input"]
order = {outcome: i for i, outcome in enumerate(review.outcomes["outcome"])}
shown = main.sort_values("outcome", key=lambda s: s.map(order), kind="stable")
notebook.table(
    pd.DataFrame(
        {
            "Outcome": shown["outcome"].map(
                review.outcomes.set_index("outcome")["label"]
            ),
            "Study": shown["study"].map(labels),
            "Combination": [text.events(r.events_t, r.n_t) for r in shown.itertuples()],
            "Single treatment": [
                text.events(r.events_c, r.n_c) for r in shown.itertuples()
            ],
            "Counts are": shown["status"],
        }
    ),
    name="tab-main-tables",
    caption="All recovered tables of the main analysis. One-year survival is not identified and has a chapter of its own.",
    align="llrrl",
)
own = review.tables.query("analysis == 'wang2018'")
notebook.table(
    pd.DataFrame(
        {
            "Outcome": own["outcome"].map(
                review.outcomes.set_index("outcome")["label"]
            ),
            "Combination": [text.events(r.events_t, r.n_t) for r in own.itertuples()],
            "Single treatment": [
                text.events(r.events_c, r.n_c) for r in own.itertuples()
            ],
        }
    ),
    name="tab-wang",
    caption="Wang 2018's own response and survival, from the percentages of its abstract. Not part of the paper's response analyses.",
    align="lrr",
)

# %% [markdown]
# ### Checks that the search never used

# %% tags=["hide-input"]
stages = review.stages_of("main")
stage_three = metalib.pool(stages[stages["stage"] == "III"], model="random")
totals = arms.sum()


def control(outcome, study):
    """Events and patients of a control arm."""
    row = review.tables_of(outcome).set_index("study").loc[study]
    return text.events(row["events_c"], row["n_c"])


with_wang = {}
for key in ("CR", "PR", "SD", "PD"):
    both = pd.concat(
        [review.tables_of(key), review.tables_of(key, "wang2018")], ignore_index=True
    )
    with_wang[key] = (metalib.pool(both), metalib.pool(both, model="random"))
notebook.glue(
    sum_t=str(int(totals["n_t"])),
    sum_c=str(int(totals["n_c"])),
    printed_sum=review.printed_text("stage I", "total experimental"),
    limit=text.number(stage_three.ratio_high, 3),
    printed_limit=review.printed_text("stage III", "CI high"),
    ke_pd=control("PD", "ke2011"),
    ke_cr=control("CR", "ke2011"),
    ding_cr=control("CR", "ding2016"),
    **{
        f"wang_{key.lower()}{name}": text.estimate(effect)
        for key, effects in with_wang.items()
        for name, effect in zip(("", "_random"), effects, strict=True)
    },
)

# %% [markdown]
# * The recovered arms add up to {glue:text}`sum_t:s` and {glue:text}`sum_c:s`. The paper prints {glue:text}`printed_sum:s` for both arms in its stage analysis.
# * With these arms, the upper limit of stage III is {glue:text}`limit:s`; printed is {glue:text}`printed_limit:s`, six digits that played no part in finding the arms.
# * The test for subgroup differences of the stage analysis is reproduced, see [subgroups](subgroups).
#
# ### With Wang 2018's own responses

# %% tags=["hide-input"]
# The prose on these tables holds as long as these do.
assert complete
assert (response["status"] == "identified").all()
notebook.table(
    pd.DataFrame(
        [
            {
                "Outcome": review.outcome(key)["label"],
                "Fixed: OR [95% CI]": text.estimate(one),
                "P": text.p_value(one.p),
                "Random: OR [95% CI]": text.estimate(two),
                "P (random)": text.p_value(two.p),
                "I²": text.percent(two.I2),
            }
            for key, (one, two) in with_wang.items()
        ]
    ),
    name="tab-with-wang",
    caption="Response outcomes with Wang 2018 added, in the counts that follow from its published percentages.",
)

# %% [markdown]
# ## What follows
#
# * **How sure:** for complete response, partial response, stable disease and progression the counts are the only ones that agree with the printed numbers under the assumptions above, and the checks listed here agree as well. For adverse events odds ratios and variances are identified, counts up to the complement, and the row of Wang 2018 misses one printed digit. For survival no recovered count is identified.
# * **What the tables show that the text does not say:** Wang 2018 published response rates of its own, and only one set of counts rounds to them. It is not among the four studies of the response outcomes; no reason is printed. With them the odds ratios would be those of {numref}`tab-with-wang`. They depend on the model: the response counts of Wang 2018 differ so much from the others that they bring heterogeneity of their own, and its abstract mentions no randomisation.
# * Tables of other analyses can be put in their place: each notebook reads `data/tables.csv`, described in the [data dictionary](../book/data_dictionary).
