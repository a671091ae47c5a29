# %% [markdown]
# # The study-level tables
#
# ## What the paper says
#
# Nothing: the event counts stand in the forest plots (Figures 3 and 4), whose pictures were not available, and nowhere in the text or the tables. What the text and Table 3 print are pooled results: odds ratios, intervals, P values and heterogeneity, over all studies and after the exclusion of one study and of two.
#
# ## Where the tables come from
#
# Printed results pin the counts down. Each printed number is an interval of values that round to it, and only few whole-number tables give pooled results inside all of these intervals. The tables of this book are the ones that do. They are **recovered, never the authors' data**, and every table says how firmly it is identified:
#
# * **identified**: under the assumptions below, only these counts agree with every printed number;
# * **identified up to complement**: as before, but the complement (n − c, n − a) has the same odds ratio and variance and cannot be told apart;
# * **nearest**: the counts that agree best, but one printed digit is missed;
# * **candidate**: one of several that agree; none is claimed;
# * **published**: printed by the study itself, in its own article.
#
# Assumptions:
#
# 1. RevMan 5.4's arithmetic, which reproduces all identified results: Mantel-Haenszel odds ratios, 0.5 added to all cells of a study with a zero cell, studies without any event left out.
# 2. Table 3 excludes *cumulatively*: leaving one study out of k always leaves k − 1, but the printed degrees of freedom fall from row to row.
# 3. The two arms of a study have equal size (12 to 120 patients).
# 4. A study has the same arms in every outcome, and complete response, partial response, stable disease and progression add up to the arm.
# 5. Two of the four studies behind the response outcomes are named in Table 3 (Zhou 2015, Ke 2011). The other two are, by elimination, Li 2014 and Ding 2016. Which is which is not identified; the smaller study with radiofrequency ablation in mind is read as Ding 2016. Swapping the two names changes no pooled number.
#
# ## The computation

# %%
import pandas as pd

import metalib
from metalib import notebook, text

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
    with_wang[key] = metalib.pool(both)
notebook.glue(
    sum_t=str(int(totals["n_t"])),
    sum_c=str(int(totals["n_c"])),
    printed_sum=review.printed_text("stage I", "total experimental"),
    closes="add up to the arm in every study" if complete else "do not add up",
    limit=text.number(stage_three.ratio_high, 3),
    printed_limit=review.printed_text("stage III", "CI high"),
    ke_pd=control("PD", "ke2011"),
    ke_cr=control("CR", "ke2011"),
    ding_cr=control("CR", "ding2016"),
    **{
        f"wang_{key.lower()}": text.estimate(effect)
        for key, effect in with_wang.items()
    },
)

# %% [markdown]
# * The recovered arms add up to {glue:text}`sum_t:s` and {glue:text}`sum_c:s`. The paper prints {glue:text}`printed_sum:s` for both arms in its stage analysis.
# * With these arms, the upper limit of stage III is {glue:text}`limit:s`; printed is {glue:text}`printed_limit:s`, six digits that played no part in finding the arms.
# * The four response categories {glue:text}`closes:s`.
# * The test for subgroup differences of the stage analysis is reproduced, see [subgroups](subgroups).
#
# ## What follows
#
# * **How sure:** for CR, PR, SD and PD the counts are the only ones that agree with the printed numbers under the assumptions above. The checks that were held back agree as well. For adverse events odds ratios and variances are identified, counts up to the complement. For survival nothing is identified.
# * **What the tables show that the text does not say:** Wang 2018 published response counts of its own, which are not among the four studies of the response outcomes; no reason is printed. With them the fixed-effects results would be CR {glue:text}`wang_cr:s`, PR {glue:text}`wang_pr:s`, SD {glue:text}`wang_sd:s` and PD {glue:text}`wang_pd:s`.
# * Tables of other analyses can be put in their place: each notebook reads `data/tables.csv`, described in the [data dictionary](../book/data_dictionary).
