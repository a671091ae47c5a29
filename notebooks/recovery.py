# %% [markdown]
# # Recovering the tables
#
# **One set of whole numbers, and no other, gives every printed number of complete response, partial response, stable disease and progression at once.** The counts of adverse events are known up to complements in {glue:text}`complements:s` studies and to one missed digit in a fourth; those of one-year survival are not known: {glue:text}`survival_families:s` families of tables fit.

# %%
import pandas as pd

import metalib
from metalib import figures, text
from metalib.audit.consistency import as_frame, check_result, p_q_from_i2, possible_k
from metalib.audit.printed import read_rows
from metalib.pages import columns, figure, glue, table
from metalib.pages.book import read_book
from metalib.recover import read_puzzle, recover

review = metalib.read_review("../data")
book = read_book(review.folder)
names = book.names(review)
labels = review.outcomes.set_index("outcome")["label"]
puzzle = read_puzzle("../data/puzzle.yaml")
found = recover(puzzle)
# The time a step took is another on every run: no page shows it.
steps = (
    pd.DataFrame(found.steps).rename(columns={"name": "step"}).drop(columns="seconds")
)
figure(
    figures.search_steps(steps),
    name="fig-recovery-steps",
    caption="How the printed digits shrink the set of possible tables, step by step. A dot at 1 is a unique solution.",
    alt=(
        f"{len(steps)} steps; the number of combinations falls from up to {text.count(steps['candidates'].max())} to "
        f"between {steps['after'].min()} and {text.count(steps['after'].max())}."
    ),
    data=steps.drop(columns=["studies"]),
)

# %% [markdown]
# ## What the article prints
#
# No events by study: they stand in the forest plots (Figures 3 and 4), whose pictures were not available. Printed are pooled results, over all studies and in Table 3 after the exclusion of one study and of two; for the stages also events over all studies.
#
# A pooled result prints more numbers than it needs. The interval fixes the standard error, and with it Z and P; Chi² and its degrees of freedom fix I² and the P of heterogeneity. So printed numbers can be held against each other before any table is known; each stands for the interval of values that round to it.

# %%
pooled = review.published[
    ~review.published["statistic"].str.contains("records|studies")
]
pooled = pooled[
    ~pooled.duplicated(["outcome", "excluded", "statistic", "text"], keep="last")
]
counted = review.outcomes.set_index("outcome")["studies_printed"].dropna()
rows = []
for (outcome, excluded), part in pooled.groupby(["outcome", "excluded"], sort=False):
    read = zip(part["statistic"], read_rows(part), strict=True)
    printed = {statistic: number for statistic, number in read if number is not None}
    if outcome == "stage difference":
        # The only P that a test for differences prints is that of its Chi².
        printed["P(Q)"] = printed.pop("P")
    df = None if excluded else counted.get(outcome, default=1) - 1
    checks = as_frame(check_result(printed, df=df))
    pair = {"I2", "P(Q)"} <= set(printed) and "Chi2" not in printed
    allowed = possible_k(printed["I2"], printed["P(Q)"], largest=8) if pair else ()
    wrong = checks.loc[checks["verdict"] != "consistent", "sentence"]
    rows.append(
        {
            "result": outcome,
            "without": ", ".join(names[s] for s in excluded.split()),
            "checks": len(checks),
            "agree": len(checks) - len(wrong),
            "df": printed["df"].text if "df" in printed else "",
            "k": ", ".join(map(str, allowed)),
            "wrong": " ".join(wrong),
        }
    )
own = pd.DataFrame(rows)
table(
    own,
    {
        "result": ("Result", columns.named(labels)),
        "without": "Without",
        "checks": "Checks",
        "agree": "Agree",
        "df": "Printed df",
        "k": "Studies that I² and P allow (2 to 8)",
        "wrong": "What does not agree",
    },
    name="tab-consistency",
    caption="Printed numbers held against each other, result by result; repeats in the abstract are left out.",
    align="llrrlll",
)

# %% tags=["hide-input"]
fits = own[own["without"] == ""].set_index("result")["k"]
survival_p = review.printed_number("survival", "P(Q)")
four = p_q_from_i2(
    review.printed_number("survival", "I2"), int(counted["survival"]) - 1
)
glue(
    checks=str(own["checks"].sum()),
    results=str(len(own)),
    failed=str((own["checks"] - own["agree"]).sum()),
    k_cr=fits["CR"],
    k_ae=fits["AE"],
    k_survival=fits["survival"],
    gap=text.number(four[0] - survival_p.high, 4),
)
assert set(own.loc[own["wrong"] != "", "result"]) == {"survival", "stage total"}, (
    "Recovery: 'two results do not agree with themselves' no longer holds"
)
assert 0 < four[0] - survival_p.high < 0.001, "Recovery: the gap of survival changed"
for _, part in own[own["df"] != ""].groupby("result"):
    left = part.loc[part["df"].str.isdigit() & (part["without"] != ""), "df"].astype(
        int
    )
    assert left.is_monotonic_decreasing, "Recovery: 'fall from row to row' fails"

# %% [markdown]
# Of {glue:text}`checks:s` checks {glue:text}`failed:s` fail, in two results. The P printed for the total over the stages is far from that of its own interval. The P of heterogeneity of survival misses the I² of four studies by {glue:text}`gap:s`: a misprint of one digit would explain it.
#
# The printed numbers also say how many studies they come from and what Table 3 is. For complete response and adverse events I² and its P allow {glue:text}`k_cr:s` and {glue:text}`k_ae:s` studies only. Leaving out one study at a time would leave the same degrees of freedom in every row of Table 3; they fall from row to row. Each row excludes its study on top of the row above: Table 3 is a cumulative exclusion. Its last row for progression prints a slash for heterogeneity, as for a single study.
#
# ## The search
#
# Counts are whole numbers, so there are finitely many tables. A set of tables is possible only if *every* pooled number computed from it falls into its interval. The search takes one printed result after another, those over the fewest studies first, and keeps what agrees. It is exhaustive: it samples nothing, and a table is skipped only where bounds on the sums prove that it cannot agree. What goes in is one file, {download}`data/puzzle.yaml <../data/puzzle.yaml>`: the printed numbers by their ids and these assumptions.

# %%
for assumption in puzzle.assumptions:
    print("*", assumption)
print(found.status + ":", found.count, "full solutions")

# %%
table(
    steps.assign(studies=[", ".join(names[x] for x in s) for s in steps["studies"]]),
    {
        "step": "Printed result",
        "studies": "Studies",
        "candidates": ("Possible before", text.count),
        "after": ("Agree", text.count),
    },
    name="tab-recovery-steps",
    caption=(
        "Combinations that arms, categories and earlier steps allow before any printed number of the step is used, and "
        "those that agree with all of them (arms of equal size, 12 to 120 patients)."
    ),
    align="llrr",
    note=book.note(review, [s.id for s in puzzle.studies]),
)

# %% tags=["hide-input"]
after = {s.name: text.count(s.after) for s in found.steps}
before = {s.name: text.count(s.candidates) for s in found.steps}
stored = review.recovery.query("puzzle == 'puzzle.yaml' and max_difference == 0")
for column in ("candidates", "after"):
    assert stored[column].tolist() == steps[column].tolist(), (
        f"Recovery: {column} of data/recovery.csv are not those of this run"
    )
response = review.tables.query(
    "analysis == 'main' and outcome in ['CR', 'PR', 'SD', 'PD']"
)
assert (response["status"] == "identified").all(), (
    "Recovery: 'one set of whole numbers, and no other' no longer holds"
)
ae = review.tables_of("AE")["status"].value_counts()
survival = review.recovery.query("puzzle == 'puzzle_survival.yaml'").iloc[0]
glue(
    solutions=str(found.count),
    complements=str(ae["identified up to complement"]),
    ae_solutions=str(next(len(g) for g in found.solutions if "AE" in g.outcomes)),
    pd1=after["PD without Zhou and Ke"],
    pd1_before=before["PD without Zhou and Ke"],
    pd2=after["PD without Zhou"],
    pd3=after["PD"],
    pr1=after["PR without Zhou and Ke"],
    pr3=after["PR"],
    crsd=after["CR + SD"],
    crsd_candidates=before["CR + SD"],
    stage2=after["stage II"],
    survival_candidates=text.count(int(survival["candidates"])),
    survival_after=text.count(int(survival["after"])),
    survival_families=str(len(review.candidates("survival"))),
)
assert ae["nearest"] == 1, "Recovery: 'one missed digit in a fourth' no longer holds"

# %% [markdown]
# * **Progression.** The last row of Table 3 holds one study: of {glue:text}`pd1_before:s` tables {glue:text}`pd1:s` print its odds ratio, interval, Z and P. With a second study {glue:text}`pd2:s` pairs agree, with a third {glue:text}`pd3:s` triples.
# * **Partial response.** Its last row holds two studies, one of them with the arms of the step before: {glue:text}`pr1:s` pairs agree, and after the other rows {glue:text}`pr3:s` combinations with two sets of arms.
# * **Complete response and stable disease.** The categories add up to the arm, so one count an arm fixes the rest. Of {glue:text}`crsd_candidates:s` combinations {glue:text}`crsd:s` agrees.
# * **Adverse events** follow on the same arms, up to complements; the **stages** up to the placement of one patient of each arm in stage IV.
#
# Nothing tells apart the {glue:text}`ae_solutions:s` combinations of complements and the {glue:text}`stage2:s` placements; together they make the {glue:text}`solutions:s` full solutions.
#
# ### Checks that the search never used
#
# That the tables agree with the numbers used to find them says little of any one number; that a single set agrees with all of them jointly is what counts. Some numbers were held back, and could contradict it.

# %%
held = found.checks[found.checks["role"] != "search"]
table(
    held,
    {
        "result": "Result",
        "statistic": "Statistic",
        "printed": "Printed",
        "value_low": ("Recomputed", lambda value: text.number(value, 3)),
        "agrees": ("Agrees", lambda agrees: "yes" if agrees else "no"),
    },
    name="tab-recovery-checks",
    caption="Printed numbers that took no part in the search.",
)

# %% tags=["hide-input"]
used = found.checks[found.checks["role"] == "search"]
assert used["agrees"].all(), "Recovery: a number that the search used does not agree"
assert (~held["agrees"]).sum() == 1, "Recovery: 'the one that fails' no longer holds"
# The events of stage IV are printed nowhere: they are what the printed stages leave of the denominators.
glue(used=str((~used["statistic"].str.startswith("total stage_IV")).sum()))

# %% [markdown]
# The search used {glue:text}`used:s` printed numbers. The two totals say more than they seem to: the arms come from odds ratios and intervals alone, and add up to the denominators that the article prints in another section. (The stage steps, which come later, use those denominators in one place: what the printed stages leave is the one patient of each arm in stage IV.) The upper limit of stage III agrees in six digits. The one that fails is the Chi² of adverse events without Zhou 2015: no counts in the published arms of Wang 2018 give it together with the rest, and the tables kept are the nearest. All agreement on numbers that were not used is counted in [the audit](audit).
#
# ## How far each table is identified

# %%
identification = found.identification
cells = identification[identification["outcome"] != "arm sizes"]
levels = pd.crosstab(cells["outcome"], cells["status"], dropna=False)
table(
    levels.loc[cells["outcome"].unique()]
    .reset_index()
    .assign(outcome=lambda rows: rows["outcome"].str.replace("_", " "))
    .replace({"outcome": labels.to_dict()}),
    name="tab-identification",
    caption="Number of study tables by how far they are identified.",
    align="lrrrr",
)

# %% tags=["hide-input"]
ding, li = (
    response.query("outcome == 'CR' and study == @study").iloc[0]
    for study in ("ding2016", "li2014")
)
glue(
    ding_ct=text.events(ding["events_t"], ding["n_t"]),
    ding_cc=text.events(ding["events_c"], ding["n_c"]),
    ding_share=text.percent(100 * ding["events_c"] / ding["n_c"]),
    larger=str(li["n_t"]),
    smaller=str(ding["n_t"]),
)
assert ding["events_c"] > ding["events_t"], "Recovery: 'the arm without ablation' fails"

# %% [markdown]
# *Equal arms* cannot tell a table from its complement, because both have the same odds ratio and variance. For the response categories the sum over categories settles it, for adverse events nothing does.
#
# *Names.* Table 3 names Zhou 2015 and Ke 2011. Wang 2018 is not among the response studies (its published counts fit nowhere, see [what would refute these tables](other_data)), so the other two are Li 2014 and Ding 2016. They occur together in every printed result or not at all, so nothing tells which is which. **The study with {glue:text}`larger:s` patients an arm is read as Li 2014, the one with {glue:text}`smaller:s` as Ding 2016.** The reason for this reading is weak: ablation by radiofrequency is meant for small tumours, and {glue:text}`smaller:s` patients an arm go with {glue:text}`ding_ct:s` and {glue:text}`ding_cc:s` complete responses. But the larger of these is the arm *without* ablation, and complete response in {glue:text}`ding_share:s` of patients after radiotherapy alone is implausible; the counts are those that the authors must have entered, not those that are likely to be true. Exchanging the names changes no pooled number; it changes what "without Li 2014" means, and the order by year.
#
# *No progression.* That the fourth study has none in either arm is an inference: the printed degrees of freedom leave three estimable studies, and where the categories add up that means no event in both arms.
#
# ## What cannot be recovered
#
# * **One-year survival.** One pooled result over four of five studies, with the counts that follow from Wang 2018's published percentages and the arms above: of {glue:text}`survival_candidates:s` combinations {glue:text}`survival_after:s` agree with odds ratio, interval, P and I², in {glue:text}`survival_families:s` families that differ by more than complements. None gives the printed P of heterogeneity. They are candidates, shown in [one-year survival](one_year_survival).
# * **Sex.** One result over an unknown number of studies: nothing to hold on to.
# * **The patients in stage IV.** One in each arm; which study they belong to is open.
#
# **How sure:** another solution would have to break an assumption. [What would refute these tables](other_data) drops each of them in turn. If the authors entered counts wrongly, these are the counts that they entered. The tables are listed in [all tables](study_tables); for another article, describe its numbers in such a file and run `python -m metalib recover FILE`.
