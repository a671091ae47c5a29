# %% [markdown]
# # Reading the printed numbers
#
# ## What the paper says
#
# A pooled result prints more numbers than it needs. The interval fixes the standard error, and with it Z and P; Chi² and its degrees of freedom fix I² and the P of heterogeneity. So printed numbers can be held against each other before any table is known. This chapter does that for every pooled result of the paper, and finds in passing what kind of table Table 3 is.
#
# Each printed number is read as the interval of values that round to it (see [methods](../book/methods)); two numbers disagree only if no values inside their intervals fit together.
#
# ## The computation
#
# ### Every result against itself

# %%
import pandas as pd

import metalib
from metalib.audit import consistency
from metalib.audit.printed import read_printed, read_rows
from metalib.pages import notebook

review = metalib.read_review("../data")
labels = review.labels()
studies_in_text = review.outcomes.set_index("outcome")["studies_printed"].dropna()


def numbers(rows):
    """Printed numbers of one result by statistic; what is printed as a slash is left out."""
    numbers = zip(rows["statistic"], read_rows(rows), strict=True)
    return {statistic: number for statistic, number in numbers if number is not None}


pooled = review.published[
    ~review.published["statistic"].str.contains("records|studies")
]
checks = []
for (place, outcome, excluded), rows in pooled.groupby(
    ["place", "outcome", "excluded"], sort=False
):
    printed = numbers(rows)
    if outcome == "stage difference":
        # A test for subgroup differences prints the P of its Chi2 as its only P.
        printed["P(Q)"] = printed.pop("P")
    df = None if excluded else studies_in_text.get(outcome, default=1) - 1
    found = consistency.as_frame(consistency.check_result(printed, df=df))
    checks.append(found.assign(place=place, outcome=outcome, excluded=excluded))
checks = pd.concat(checks, ignore_index=True)
checks["verdict"].value_counts().to_frame("checks")

# %% tags=["hide-input"]
failed = checks[checks["verdict"] != "consistent"]
by_place = pd.crosstab(checks["place"], checks["verdict"]).reindex(
    checks["place"].unique()
)
by_place = by_place.reindex(columns=["consistent", "inconsistent"], fill_value=0)
notebook.glue(
    checks=str(len(checks)),
    failed=str(len(failed)),
    results=str(pooled.groupby(["place", "outcome", "excluded"]).ngroups),
)
notebook.table(
    by_place.reset_index(),
    name="tab-consistency",
    caption="Printed numbers held against each other: number of checks by place in the paper.",
    header=["Place", "Consistent", "Inconsistent"],
)
notebook.table(
    failed[["outcome", "check", "sentence"]],
    name="tab-inconsistent",
    caption="The checks that fail.",
    header=["Result", "Check", "What was found"],
    align="lll",
)

# %% [markdown]
# {glue:text}`checks:s` checks of {glue:text}`results:s` printed results were possible; {glue:text}`failed:s` fail.
#
# ### How many studies
#
# I² and the P of heterogeneity are both functions of Chi² and its degrees of freedom. A printed pair therefore allows only some numbers of studies.

# %% tags=["hide-input"]
pairs = []
for (_, outcome), rows in pooled[pooled["excluded"] == ""].groupby(
    ["place", "outcome"], sort=False
):
    printed = numbers(rows)
    if {"I2", "P(Q)"} <= set(printed):
        allowed = consistency.possible_k(printed["I2"], printed["P(Q)"], largest=8)
        pairs.append(
            {
                "Result": outcome,
                "I² (%)": printed["I2"].text,
                "P of heterogeneity": printed["P(Q)"].text,
                "Numbers of studies that can print this pair (2 to 8)": ", ".join(
                    map(str, allowed)
                )
                or "none",
                "In the text": str(studies_in_text[outcome])
                if outcome in studies_in_text
                else "not counted",
            }
        )
fits = {
    row["Result"]: row["Numbers of studies that can print this pair (2 to 8)"]
    for row in pairs
}
notebook.glue(
    **{f"k_{name}": fits[name] for name in ("CR", "PR", "SD", "PD", "AE", "survival")}
)
notebook.table(
    pd.DataFrame(pairs),
    name="tab-possible-k",
    caption="Number of studies that each printed pair of I² and P of heterogeneity allows.",
    align="lrrll",
)

# %% [markdown]
# For complete response and adverse events the pair fixes the number of studies ({glue:text}`k_CR:s` and {glue:text}`k_AE:s`). An I² of 0 says little, so partial response, stable disease and progression are decided elsewhere. The survival pair allows {glue:text}`k_survival:s`, while the text counts four studies.
#
# ### What kind of table Table 3 is
#
# Table 3 is headed as a one-by-one exclusion. Leaving one study out of k leaves k − 1 studies every time, so the degrees of freedom would be the same in every row of an outcome. Printed are:

# %% tags=["hide-input"]
table3 = review.published[review.published["place"] == "Table 3"]
degrees = table3[table3["statistic"] == "df"]
rows = []
for outcome, part in degrees.groupby("outcome", sort=False):
    order = []
    for r in part.itertuples():
        order = r.excluded.split()
        rows.append(
            {
                "Outcome": outcome,
                "Row of Table 3": labels[order[-1]],
                "df printed": r.text,
                "Studies left (df + 1)": str(int(r.text) + 1)
                if r.text.isdigit()
                else "one: no heterogeneity printed",
                "One by one would leave": str(int(part["text"].iloc[0]) + 1),
                "Cumulative exclusion would leave": str(
                    int(part["text"].iloc[0]) + 2 - len(order)
                ),
            }
        )
notebook.table(
    pd.DataFrame(rows),
    name="tab-degrees",
    caption="Degrees of freedom of Table 3 and the number of studies that each reading would leave.",
    align="llrlrr",
)

# %% [markdown]
# The degrees of freedom fall from row to row in every outcome. Each row excludes its study on top of the row above: Table 3 is a cumulative exclusion. The last row of progression prints a slash for heterogeneity, as RevMan does for a single study.
#
# ### Counts that must add up

# %% tags=["hide-input"]
sums = []
for arm in ("experimental", "control"):
    total = review.printed_number("stage I", f"total {arm}").value
    parts = {
        stage: review.printed_number(f"stage {stage}", f"events {arm}")
        for stage in ("I", "II", "III")
    }
    sums.append(consistency.sum_of(parts, total, f"stages, {arm} arms"))
sources = review.search[
    review.search["query"].isin(["#1 AND #2 AND #3", "other sources"])
]
identified = {r.database: read_printed(str(r.records)) for r in sources.itertuples()}
after = review.flow.set_index("step")["count"]
after = float(after["records after merging and removal of duplicates"])
sums.append(consistency.sum_of(identified, after, "records"))
left = {int(total - sum(map(float, c.printed.split(" + ")))) for c in sums[:2]}
assert left == {1}
notebook.table(
    consistency.as_frame(sums)[["check", "sentence"]],
    name="tab-sums",
    caption="Printed counts that should add up to a printed total.",
    header=["Counts", "What was found"],
    align="ll",
)

# %% [markdown]
# The printed stages fall short of the printed total by one patient in each arm. The test for subgroup differences has three degrees of freedom, hence four strata: the fourth, stage IV, holds that patient, and its counts are not in the text. The records of the four sources exceed the number after deduplication, as they should; the difference is the duplicates.
#
# ## What follows
#
# * **What is printed:** {glue:text}`results:s` pooled results whose numbers can be held against each other in {glue:text}`checks:s` ways.
# * **What follows:** all but {glue:text}`failed:s` agree. The P printed for the total over the stages is not the P of its own interval. The P of heterogeneity printed for survival does not go with its I² for four studies. Table 3 is cumulative.
# * **How sure:** these findings use nothing but printed numbers and rounding; no table and no assumption about the arms is involved. A misprint of a single digit could explain the P of survival, but not that of the stage total.
# * The agreement of all other numbers matters more: numbers that agree to the last digit in so many ways carry enough information to [recover the tables](recovery) behind them.
