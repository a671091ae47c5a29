# %% [markdown]
# # Study characteristics
#
# **Five studies, called randomised in Table 1, without a number of patients for any of them; recovered, four of them have {glue:text}`total_t:s` and {glue:text}`total_c:s` patients in their arms.** In {glue:text}`worst_study:s` the recovered stages at baseline differ between the arms (P = {glue:text}`ke_shift_printed_p:s`); moved by one row in one arm they are alike (P = {glue:text}`ke_shift_moved_p:s`), and which reading is right cannot be told.

# %%
import pandas as pd
from scipy.stats import fisher_exact
from statsmodels.stats.proportion import proportion_confint

import metalib
from metalib import figures, text
from metalib.audit.baseline import moved_rows
from metalib.pages import Raw, figure, glue, link, table
from metalib.pages.book import read_book

review = metalib.read_review("../data")
book = read_book("../data")
names, arms = book.names(review), book.arms
order = ["I", "II or IV", "III"]
rank = [*review.studies["study"], *order].index
stages = (
    review.stages.query("analysis == 'main'")
    .assign(row=lambda rows: rows.index + 1)
    .sort_values(["study", "stage"], key=lambda column: column.map(rank))
)
sides = [(arms[0], "events_t", "n_t"), (arms[1], "events_c", "n_c")]
share = pd.concat(
    stages.assign(
        arm=stages["study"].map(names) + f", {arm.lower()}",
        share=100 * stages[events] / stages[n],
    )
    for arm, events, n in sides
).sort_values("study", key=lambda column: column.map(rank), kind="stable")
grid = share.pivot(index="arm", columns="stage", values="share")
grid = grid.loc[share["arm"].unique(), order]
figure(
    figures.share_map(
        grid.rename_axis(columns="stage at baseline"), label="patients of the arm (%)"
    ),
    name="fig-stages-baseline",
    caption=(
        "Share of each arm in each stage at baseline (recovered counts). The two rows "
        f"of a study should look alike. {book.note(review, set(stages['study']))}"
    ),
    alt="Heat map of stages by arm, in percent. "
    + "; ".join(
        f"{arm}: " + ", ".join(f"{stage} {text.percent(row[stage])}" for stage in order)
        for arm, row in grid.iterrows()
    ),
    data=grid.reset_index(),
)

# %% [markdown]
# ## What the article prints
#
# Table 1 gives treatments and designs. Eligible are "randomized controlled trials (RCTs) and semi-randomized controlled trials (CCTs)"; the first criterion names only randomised ones. There is no Table 2. Added below are references, and the patients of each arm, which the article does not print.

# %%
studies = review.studies.sort_values("order_in_table")
table(
    studies,
    {
        ("study", "citation_key"): (
            "Study",
            lambda study, key: Raw(f"{names[study]} {{cite:p}}`{key}`"),
        ),
        "experimental": arms[0],
        "control": arms[1],
        "design_reported": "Design as reported",
        ("n_t", "n_c"): ("Patients", "{} + {}".format),
        "arms_status": "Patients are",
    },
    name="tab-studies",
    caption="Table 1 of the article, with references and patients added.",
    note=(
        "3DCRT, three-dimensional conformal radiotherapy; HIFU, high-intensity focused "
        "ultrasound; IMRT, intensity-modulated radiotherapy; RFA, radiofrequency "
        'ablation (the note of Table 1 has "RFA: HIFU"); SBRT, stereotactic body '
        "radiotherapy; RCT, randomised controlled trial. "
        + book.note(review, set(studies["study"]))
    ),
)
response = studies[studies["arms_status"] != "published"]
totals = response[["n_t", "n_c"]].sum()

# %% [markdown]
# {glue:text}`total_t:s` and {glue:text}`total_c:s` are the denominators, {glue:text}`printed_total:s`, that the article prints for its stage analysis. The search for the response outcomes, which finds these arms, did not use them. The arms of {glue:text}`published_label:s` are those that its percentages leave {cite:p}`wang2018`.
#
# * The abstract of Wang 2018 compares patients who were treated with one or the other and mentions no randomisation {cite:p}`wang2018`. Table 1 gives its combination as 3DCRT, its title as stereotactic radiotherapy.
# * The control of Ke 2011 is surgery, that of the others radiotherapy. Pooling them answers two questions at once.
#
# ## Stage at baseline: two readings
#
# A column of numbers that is typed one row too high or too low makes arms look unlike. `moved_rows` moves one arm by one row, wherever no patient falls off the end, and tests each reading (Fisher's exact test over all stages {cite:p}`freeman1951`).

# %%
parts = [moved_rows(part) for _, part in stages.groupby("study", sort=False)]
readings = (
    pd.concat(parts)
    .assign(events_t=lambda rows: rows["events_t"].astype(str))
    .assign(events_c=lambda rows: rows["events_c"].astype(str))
    .groupby(["study", "moved"], sort=False)
    .agg(
        events_t=("events_t", " / ".join),
        events_c=("events_c", " / ".join),
        p=("p", "first"),
        row=("row", "first"),
    )
    .reset_index()
)
said = {
    "": "as recovered",
    "experimental up": f"{arms[0].lower()} one row up",
    "experimental down": f"{arms[0].lower()} one row down",
    "control up": f"{arms[1].lower()} one row up",
    "control down": f"{arms[1].lower()} one row down",
}
table(
    readings.assign(name=readings["study"].map(names)),
    {
        "moved": ("Reading", said.get),
        "events_t": f"{arms[0]}: I / II or IV / III",
        "events_c": f"{arms[1]}: I / II or IV / III",
        "p": ("P", text.p_value),
        "row": (
            "Data",
            lambda row: link(
                f"stages.csv, from row {row}", f"{book.lines}#stages-{row}"
            ),
        ),
    },
    name="tab-stages-readings",
    caption="Recovered stages at baseline, as they are and moved by one row.",
    group="name",
    align="lrrrl",
    note=book.note(review, set(readings["study"])),
)

# %% tags=["hide-input"]
as_is = readings[readings["moved"] == ""].set_index("study")
moved = readings[readings["moved"] != ""]
best = moved.loc[moved.groupby("study")["p"].idxmax()].set_index("study")
worst = as_is["p"].idxmin()
tested = stages.assign(
    p=[
        fisher_exact(
            [[r.events_t, r.events_c], [r.n_t - r.events_t, r.n_c - r.events_c]]
        ).pvalue
        for r in stages.itertuples()
    ]
)
glue(
    total_t=str(int(totals["n_t"])),
    total_c=str(int(totals["n_c"])),
    printed_total=review.printed_text("stage I", "total experimental"),
    published_label=", ".join(
        studies.loc[studies["arms_status"] == "published", "label"]
    ),
    worst_study=names[worst],
    ke_shift_printed_p=text.scientific(as_is.loc[worst, "p"], 1),
    ke_shift_moved_p=text.number(best.loc[worst, "p"], 2),
    ke_shift_reading=(
        f"{as_is.loc[worst, 'events_t']} against {as_is.loc[worst, 'events_c']} "
        "as recovered, "
        f"{best.loc[worst, 'events_t']} against {best.loc[worst, 'events_c']} "
        "with one row moved"
    ),
    others_p=text.number(as_is["p"].drop(worst).min(), 2),
    others_moved_p=text.scientific(best["p"].drop(worst).max()),
    **{
        f"worst_{i}": (
            f"stage {r.stage}: {text.events(r.events_t, r.n_t)} against "
            f"{text.events(r.events_c, r.n_c)}, P = {text.scientific(r.p, 1)}"
        )
        for i, r in enumerate(tested.nsmallest(2, "p").itertuples(), 1)
    },
)
assert worst == "ke2011", "Study characteristics: Ke 2011 no longer stands apart"
assert best.loc[worst, "p"] > 0.05, (
    "Study characteristics: 'moved by one row they are alike' no longer holds"
)
assert (as_is["p"].drop(worst) > 0.05).all(), (
    "Study characteristics: 'in the other studies the arms are alike' no longer holds"
)
assert (best["p"].drop(worst) < 0.001).all(), (
    "Study characteristics: 'in no other study does moving help' no longer holds"
)
assert review.printed_text("stage I", "total experimental") == str(
    response["n_t"].sum()
), "Study characteristics: the arms no longer add up to the printed total"

# %% [markdown]
# In {glue:text}`worst_study:s` it is {glue:text}`ke_shift_reading:s`. In the other studies the arms are alike as they are (P at least {glue:text}`others_p:s`) and unlike however they are moved (P at most {glue:text}`others_moved_p:s`).
#
# | | As recovered | One row moved |
# | :--- | :--- | :--- |
# | What it means | The arms differed before treatment, more than chance explains | The arms were alike; a row slipped when the numbers were entered, in the study's report or in the review |
# | Risk of bias | Sequence generation and baseline would speak for high risk | Nothing is known of either |
# | Certainty | A reason to lower it for outcomes with this study | No reason |
# | Analysis by stage | Compares arms that differed ([subgroups](subgroups)) | Its strata I, II and III hold an error of entry |
#
# The stages do not decide between them: that moved numbers fit shows that a slip would explain the difference, not that it happened. [Risk of bias](risk_of_bias) therefore judges neither domain. No pooled result for response, survival or adverse events uses the stages.
#
# ## Counts that deserve a warning
#
# Response rates that a clinician would not expect are marked: an arm whose exact 95% interval {cite:p}`clopper1934` lies above those of all arms of other studies.

# %%
tables = review.tables_of("CR")
long = pd.concat(
    tables[["study", "status"]].assign(arm=arm, events=tables[events], n=tables[n])
    for arm, events, n in sides
).sort_index(kind="stable", ignore_index=True)
low, high = proportion_confint(long["events"], long["n"], method="beta")
long = long.assign(rate=long["events"] / long["n"], low=low, high=high)
long["apart"] = [
    row.low > long.loc[long["study"] != row.study, "high"].max()
    for row in long.itertuples()
]
table(
    long,
    {
        "study": ("Study", names.get),
        "arm": "Arm",
        ("events", "n"): ("Complete response", text.events),
        ("rate", "low", "high"): (
            "Percent [95% CI]",
            lambda *values: text.with_interval(*(100 * v for v in values), digits=0),
        ),
        "apart": ("", lambda apart: "stands apart" if apart else ""),
    },
    name="tab-response-rates",
    caption="Recovered complete responses by arm.",
    note=book.note(review, set(long["study"])),
)

# %% tags=["hide-input"]
top = long.sort_values("rate").iloc[-1]
glue(
    top_study=names[top["study"]],
    top_counts=text.events(top["events"], top["n"]),
    top_rate=text.percent(100 * top["rate"]),
    rest_rate=text.percent(100 * long.loc[~long["apart"], "rate"].max()),
)
assert (long["status"] == "identified").all(), (
    "Study characteristics: 'the only ones that fit the print' no longer holds"
)
assert (top["arm"], bool(top["apart"])) == (arms[1], True), (
    "Study characteristics: the highest rate is no longer that of a single treatment"
)
assert set(long.loc[long["apart"], "study"]) == {top["study"]}, (
    "Study characteristics: 'both arms of one study' no longer holds"
)

# %% [markdown]
# Both arms of {glue:text}`top_study:s` stand apart, and the higher of them is the arm *without* ablation: {glue:text}`top_counts:s`, {glue:text}`top_rate:s` complete response to radiotherapy alone, where the arms of the other studies reach {glue:text}`rest_rate:s` at most. (Whichever of the two studies it is, its control is radiotherapy.) The counts are the only ones that fit the print; as clinical results they are implausible. Complete responses with other responders counted among them, swapped arms or an error of entry would explain them; none can be shown here. The pooled result for [complete response](complete_response) leans on them.
#
# ## How sure
#
# The stage tables are identified from the printed subgroup results under the recovered arms, stages II and IV together; the reading "moved" is this book's. Which of two tables belongs to which study is inferred where it is marked.
