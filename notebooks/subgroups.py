# %% [markdown]
# # Subgroups: sex and stage
#
# **The article's stage analysis compares how the arms were composed, not how the treatment worked.** An event in it is a patient in a stage, out of the whole arm, so it cannot show whether the benefit depends on stage; whether it depends on sex cannot be checked from what is printed.

# %%
import numpy as np
import pandas as pd

import metalib
from metalib import figures, text
from metalib.audit.compare import compare, difference_statistics, forest_statistics
from metalib.audit.consistency import overlap, p_from_interval
from metalib.pages import columns, figure, glue, glue_as, prose, table
from metalib.pages.book import read_book

review = metalib.read_review("../data")
book = read_book(review.folder)
stages = {name: review.stages_of(name) for name in review.stages["analysis"].unique()}
found = stages.pop("main")
known = found[found["stage"].isin(["I", "III"])]
strata = {
    name: pd.concat([known, rows]).sort_values("stage", kind="stable")
    for name, rows in stages.items()
}
results = {
    name: metalib.subgroups(rows, "Stage " + rows["stage"], model="random")
    for name, rows in strata.items()
}
placement, groups = next(iter(results.items()))
drawn = {"labels": book.names(review), "groups": book.arms}
figure(
    figures.forest(
        groups,
        favours=[f"More with {a.lower()}" for a in book.arms[::-1]],
        **drawn,
    ),
    name="fig-stage-forest",
    caption=(
        "The article's stage analysis, recovered counts, M-H, random. An event is a patient in the stage. Where stage IV "
        f"stands is one of {len(results)} placements that fit. {book.note(review, set(known['study']))}"
    ),
    alt=f"Forest plot of {len(groups.groups)} strata by stage, total odds ratio {text.estimate(groups.overall)}.",
    data=figures.forest_data(groups, **drawn),
)

# %% [markdown]
# ## What the article prints
#
# "Patient treatment benefits" are said to be "not influenced by sex", odds ratio {glue:text}`sex_estimate:s`, P = {glue:text}`sex_p:s`, nor by stage, {glue:text}`total_estimate:s`, P = {glue:text}`total_p:s` (Results, Subgroup analysis; Figure 4C). It gives events and odds ratios of three strata, the first without its number ("Stage- HCC", stage I by elimination), and a test for differences with {glue:text}`printed_difference_df:s` degrees of freedom, which needs four strata. The discussion has the incomplete sentence "Our findings further indicated that except for Stage IV patients (figure 4C)."
#
# ## What the printed numbers say of themselves
#
# Neither result needs counts for this: on the log scale the estimate is the middle of its interval, and the width of the interval fixes P. All values that round to the printed odds ratio and limits, taken together, allow these P and no others.

# %%
ratio = ("OR", "CI low", "CI high")
own = pd.DataFrame(
    [
        [name, *p_from_interval(*(review.printed_number(name, s) for s in ratio))]
        for name in ("sex", "stage total")
    ],
    columns=["analysis", "smallest", "largest"],
)
own["printed"] = [review.printed_text(name, "P") for name in own["analysis"]]
table(
    own,
    {
        "analysis": "Analysis",
        ("smallest", "largest"): (
            "P by its own interval",
            lambda low, high: f"{text.number(low, 3)} to {text.number(high, 3)}",
        ),
        "printed": "P as printed",
    },
    name="tab-subgroup-own-p",
    caption="P that the printed odds ratio and interval allow, and P as printed.",
)

# %% tags=["hide-input"]
glue_as("sex", prose.printed(review.printed("sex")))
glue_as("total", prose.printed(review.printed("stage total")))
glue_as("printed_difference", prose.printed(review.printed("stage difference")))
ranges = {row.analysis: (row.smallest, row.largest) for row in own.itertuples()}
glue(
    sex_range=" and ".join(text.number(p, 3) for p in ranges["sex"]),
    total_range=" and ".join(text.number(p, 3) for p in ranges["stage total"]),
)
for name, fits in {"sex": True, "stage total": False}.items():
    p = review.printed_number(name, "P")
    assert overlap(ranges[name], (p.low, p.high)) == fits, (
        f"Subgroups: whether P of {name} fits its interval is no longer what the prose says"
    )

# %% [markdown]
# The result by sex fits together: its interval allows a P between {glue:text}`sex_range:s`. The total over the stages does not: its interval allows a P between {glue:text}`total_range:s`, printed is {glue:text}`total_p:s`. The counts by sex cannot be recovered; one pooled result over an unknown number of studies leaves too much open.
#
# ## The strata, recovered
#
# The printed events leave one patient of each arm for stage IV. The [search](recovery) identifies stages I and III, and II and IV together; {glue:text}`candidates:s` placements of these two patients agree with everything printed about stage II, in all of them {glue:text}`same_study:s`. The test for differences was not used in the search, and each placement reproduces it.

# %%
printed = {name: review.printed(f"stage {name}") for name in ("I", "II", "III")}
compared = pd.concat(
    [
        compare(
            rows[~rows["statistic"].str.contains("events|total")],
            forest_statistics(groups[f"Stage {name}"]),
        ).assign(Stratum=f"Stage {name}")
        for name, rows in printed.items()
    ]
)
layout = {
    "OR [95% CI]": "{OR} [{CI low}, {CI high}]",
    "P": "{P}",
    "I² (%)": "{I2}",
    "P of heterogeneity": "{P(Q)}",
}
table(
    columns.printed_rows(compared, "Stratum", layout, ledger=book.ledger),
    name="tab-stage-strata",
    caption="The strata as printed and, below each, as recomputed from the recovered counts.",
)

# %%
difference = compare(review.printed("stage difference"), difference_statistics(groups))
total = compare(review.printed("stage total"), forest_statistics(groups.overall))
totals = [result.overall.ratio for result in results.values()]
fixed_total = metalib.subgroups(strata[placement], "stage", model="fixed").overall
both = pd.concat(
    [difference.assign(part="Test for differences"), total.assign(part="Total")]
)
table(
    both.assign(between=both["part"] != "Total"),
    columns.comparison("random", ledger=book.ledger, between="between"),
    group="part",
    name="tab-stage-printed",
    caption="The test for subgroup differences and the total, printed and recomputed.",
)

# %% tags=["hide-input"]
four = [rows[rows["stage"] == "IV"] for rows in strata.values()]
assert all(part[["events_t", "events_c"]].sum().tolist() == [1, 1] for part in four), (
    "Subgroups: 'one patient of each arm for stage IV' no longer holds"
)
assert all(((part["events_t"] > 0) == (part["events_c"] > 0)).all() for part in four), (
    "Subgroups: the two patients of stage IV are no longer in the same study"
)
for name, result in results.items():
    again = compare(review.printed("stage difference"), difference_statistics(result))
    assert (again["verdict"] == "reproduced").all(), (
        f"Subgroups: 'each placement reproduces' the test no longer holds for {name}"
    )
assert (pd.concat([compared, difference])["verdict"] == "reproduced").all(), (
    "Subgroups: strata and test are no longer reproduced"
)
assert (total["verdict"] == "not reproduced").all(), (
    "Subgroups: 'the printed total is not' reproduced no longer holds"
)
assert abs(fixed_total.estimate) < 1e-12, (
    "Subgroups: the total by fixed effects is no longer 1 by construction"
)
glue(
    candidates=str(len(results)),
    same_study="in one study",
    reproduced_strata=prose.verdicts(pd.concat([compared, difference])),
    total=text.estimate(groups.overall),
    total_ours_p=text.p_value(groups.overall.p),
    total_spread=f"{text.number(min(totals), 3)} to {text.number(max(totals), 3)}",
    fixed_total=text.number(fixed_total.ratio, 3),
)

# %% [markdown]
# {glue:text}`reproduced_strata:s` printed numbers of the strata and of the test are reproduced. The total is not: the strata give {glue:text}`total:s`, P = {glue:text}`total_ours_p:s` (odds ratios of {glue:text}`total_spread:s` over all placements).
#
# ## What an event means here
#
# Every stratum is printed with the whole arms as denominators, so a patient of one stage is a non-event in all others. Such strata compare the composition of the arms. Over all stages of an arm the events add up to the arm, which makes the total by fixed effects {glue:text}`fixed_total:s` whatever the treatment does. That the stages are those at baseline is not printed; it follows from the events, which add up to all but one patient of each arm. This needs no recovered count. Whether the analysis by sex was built alike cannot be checked.
#
# ## The row of Ke 2011
#
# In the recovered counts the arms of Ke 2011 differ: {glue:text}`ke_t:s` against {glue:text}`ke_c:s` patients in stages I, II or IV, and III. Moved by one stage in one arm the same numbers agree, so a row that slipped when the data were entered explains them as well as a real difference does ([study characteristics](study_characteristics) weighs the two readings). What moving them changes here:

# %%
three = found.sort_values("stage", kind="stable").reset_index(drop=True)
ke = three["study"] == "ke2011"


def moved(arm, places):
    """Strata with the stages of Ke 2011 moved in one arm."""
    frame = three.copy()
    frame.loc[ke, arm] = np.roll(frame.loc[ke, arm], places)
    return frame


readings = {
    "as recovered": three,
    "combination arm one stage earlier": moved("events_t", -1),
    "control arm one stage later": moved("events_c", 1),
}
tests = {
    name: metalib.subgroups(rows, "stage", model="random")
    for name, rows in readings.items()
}
by_reading = pd.concat(
    [
        result.to_frame().assign(reading=f"Ke 2011 {name}")
        for name, result in tests.items()
    ]
)
table(
    by_reading,
    columns.subgroups(),
    group="reading",
    name="tab-stage-shift",
    caption="The strata (M-H, random) with the row of Ke 2011 as recovered and moved.",
)

# %% tags=["hide-input"]
rows = three[ke]
third, *thirds = [result["III"] for result in tests.values()]
glue(
    ke_t="/".join(map(str, rows["events_t"])),
    ke_c="/".join(map(str, rows["events_c"])),
    third=text.estimate(third),
    third_i2=text.percent(third.I2),
    thirds=" or ".join(text.estimate(effect) for effect in thirds),
    differences=" and ".join(text.number(t.p, 2) for t in list(tests.values())[1:]),
)
moved_strata = [effect for t in list(tests.values())[1:] for _, effect in t.groups]
assert all(effect.I2 == 0 for effect in moved_strata), (
    "Subgroups: 'no stratum has any heterogeneity left' no longer holds"
)
assert all(result.p > 0.05 for result in tests.values()), (
    "Subgroups: 'no reading shows a difference between stages' no longer holds"
)

# %% [markdown]
# The printed extremes of stage III, {glue:text}`third:s` with I² = {glue:text}`third_i2:s`, are this one row; moved, stage III is {glue:text}`thirds:s`, and no stratum has any heterogeneity left (I² = 0). Under no reading is the test for differences significant (moved: P = {glue:text}`differences:s`). If the row was shifted, the printed strata hold an error of entry; if not, they show arms that differed before treatment. Under both they say nothing about an effect by stage.
#
# ## How sure
#
# * Stages I and III and the sum of II and IV are identified; the recovered counts are those that were analysed, shifted or not.
# * The ranges of P are exact for Wald intervals, as RevMan 5.4 prints them.
