# %% [markdown]
# # The audit
#
# ## What the paper says
#
# This chapter holds **every** statistic printed in the paper against its recomputation: the abstract, the search counts, each odds ratio, interval, P and heterogeneity statistic, the stage counts, the tests for subgroups, and all cells of Table 3. Each printed number is the interval of values that round to it. A number is *reproduced* when the recomputed value lies in that interval, off by the *last digit* when it rounds to a neighbour, *not reproduced* when it is farther off, and *not checkable* when there is nothing to compute it from. Differences are never judged by percentages.
#
# Recovered tables were chosen because they agree with most of these numbers, so that they agree is no surprise for any one number. What counts is that one set of tables (for survival, each candidate) agrees with nearly all of them at once; {numref}`tab-not-reproduced` lists those that differ, and [the recovery](recovery) those that the search did not use.
#
# ## The computation

# %%
import pandas as pd

import metalib
from metalib import text
from metalib.audit.compare import difference_statistics, forest_statistics
from metalib.audit.ledger import Recomputed, ledger, tally
from metalib.pages import notebook
from metalib.pages.filtered import download, filtered_table

review = metalib.read_review("../data")
CHAPTER = {
    "CR": "complete_response", "PR": "partial_response", "SD": "stable_disease",
    "PD": "disease_progression", "AE": "adverse_events", "survival": "one_year_survival",
}  # fmt: skip
recomputed = {}

# The identified outcomes, all studies and after the exclusions of Table 3.
for outcome in ("CR", "PR", "SD", "PD", "AE"):
    tables = review.tables_of(outcome)
    model = review.outcome(outcome)["model_printed"]
    for excluded in review.published.query("outcome == @outcome")["excluded"].unique():
        left = tables[~tables["study"].isin(excluded.split())]
        recomputed[outcome, excluded] = Recomputed(
            [forest_statistics(metalib.pool(left, model=model))],
            "sensitivity" if excluded else CHAPTER[outcome],
            f"recovered tables, Mantel-Haenszel, {model} effects",
        )

# Survival: every candidate, none claimed.
names = review.tables.query("outcome == 'survival' and status == 'candidate'")[
    "analysis"
].unique()
recomputed["survival", ""] = Recomputed(
    [
        forest_statistics(
            metalib.pool(review.tables_of("survival", name), model="random")
        )
        for name in names
    ],
    CHAPTER["survival"],
    f"counts not identified: {len(names)} candidate families, random effects",
)

# %% tags=["hide-input"]
# Stages: strata, total and test, for every candidate placement of the stage IV patients.
placements = [name for name in review.stages["analysis"].unique() if name != "main"]
identified = review.stages_of("main").query("stage in ['I', 'III']")
strata = [
    metalib.subgroups(
        pd.concat([identified, review.stages_of(name)], ignore_index=True),
        "stage",
        model="random",
    )
    for name in placements
]
events = [
    pd.concat([identified, review.stages_of(name)])
    .groupby("stage")[["events_t", "n_t", "events_c", "n_c"]]
    .sum()
    for name in placements
]
PRINTED_NAMES = {
    "events_t": "events experimental", "n_t": "total experimental",
    "events_c": "events control", "n_c": "total control",
}  # fmt: skip
for stage in ("I", "II", "III"):
    recomputed[f"stage {stage}", ""] = Recomputed(
        [
            {
                **forest_statistics(groups[stage]),
                **{
                    PRINTED_NAMES[column]: float(sums.loc[stage, column])
                    for column in PRINTED_NAMES
                },
            }
            for groups, sums in zip(strata, events, strict=True)
        ],
        "subgroups",
        "recovered stages, Mantel-Haenszel, random effects",
    )
recomputed["stage total", ""] = Recomputed(
    [forest_statistics(groups.overall) for groups in strata],
    "subgroups",
    "total over the recovered strata, random effects",
)
recomputed["stage difference", ""] = Recomputed(
    [difference_statistics(groups) for groups in strata],
    "subgroups",
    "test over the recovered strata",
)
recomputed["sex", ""] = Recomputed(
    (),
    "subgroups",
    "no counts can be recovered; see the check of P against its interval",
)

# The search: what is printed there is the data; only the included studies can be counted.
for name in review.published["outcome"].unique():
    if name.startswith("search:"):
        recomputed[name, ""] = Recomputed(
            (),
            "search_results",
            "a count of the search itself; there is nothing to recompute",
        )
recomputed["search: all", ""] = Recomputed(
    [{"studies included": float(len(review.studies))}],
    "search_results",
    "studies listed in Table 1",
)

book = ledger(review.published, recomputed)
tally(book)

# %% tags=["hide-input"]
assert set(
    book.loc[book["verdict"].isin(["last digit", "not reproduced"]), "outcome"]
) == {"survival", "stage total", "AE"}
assert set(book.loc[book["verdict"] == "not reproduced", "outcome"]) == {"stage total"}
counts = tally(book).set_index("verdict")["numbers"]
by_place = tally(book, "place")
notebook.glue(
    rows=str(len(book)),
    **{name.replace(" ", "_"): str(counts[name]) for name in counts.index},
    checkable=str(len(book) - counts["not checkable"]),
)
notebook.table(
    by_place,
    name="tab-ledger-tally",
    caption="Printed numbers by place in the paper and verdict.",
    header=["Place", "Reproduced", "Last digit", "Not reproduced", "Not checkable"],
)

# %% [markdown]
# Of {glue:text}`rows:s` printed numbers {glue:text}`checkable:s` can be checked: {glue:text}`reproduced:s` are reproduced, {glue:text}`last_digit:s` differ in the last digit, {glue:text}`not_reproduced:s` are not reproduced. {glue:text}`not_checkable:s` cannot be checked.
#
# ### The ledger

# %% tags=["hide-input"]
labels = review.labels()
results = review.outcomes.set_index("outcome")["label"].to_dict()
shown = pd.DataFrame(
    {
        "Place": book["place"],
        "No.": book["id"],
        "Result": [
            results.get(outcome, outcome)
            + (
                " without " + ", ".join(labels[s] for s in excluded.split())
                if excluded
                else ""
            )
            for outcome, excluded in zip(book["outcome"], book["excluded"], strict=True)
        ],
        "Statistic": book["statistic"],
        "Printed": book["printed"],
        "Rounded": book["rounded"],
        "Recomputed": [
            text.number(v, 6) if abs(v) < 1000 else text.number(v, 3)
            for v in book["recomputed"]
        ],
        "Verdict": book["verdict"],
        "Reason": book["reason"],
        "Line": [f"row {i}" for i in range(1, len(book) + 1)],
        "link": [f"{chapter}.html" if chapter else "" for chapter in book["chapter"]],
        "line": [f"data_lines.html#published-{i}" for i in range(1, len(book) + 1)],
    }
)
filtered_table(
    shown,
    name="ledger",
    caption="Every printed number of the paper beside its recomputation",
    group="Place",
    choices=["Verdict", "Statistic"],
    row_id="No.",
    links={"Result": "link", "Line": "line"},
    numeric=["Printed", "Rounded", "Recomputed"],
)

# %% tags=["hide-input"]
download(book, name="ledger", what="The ledger, unrounded,")

# %% tags=["hide-input"]
odd = book[book["verdict"].isin(["last digit", "not reproduced"])]
notebook.glue(odd=str(len(odd)))
notebook.table(
    pd.DataFrame(
        {
            "Result": [
                o + (" without " + ", ".join(labels[s] for s in e.split()) if e else "")
                for o, e in zip(odd["outcome"], odd["excluded"], strict=True)
            ],
            "Statistic": odd["statistic"],
            "Printed": odd["printed"],
            "Recomputed": [text.number(v, 4) for v in odd["recomputed"]],
            "Verdict": odd["verdict"],
        }
    ),
    name="tab-not-reproduced",
    caption="The printed numbers that differ from their recomputation.",
    align="llrrl",
)

# %% [markdown]
# ## What follows
#
# Each finding: what is printed, what follows, how sure, and what it changes.
#
# ### About the results
#
# **Complete response is a random-effects result.**
# : *Printed:* a fixed-effects model in the note of Figure 3; OR {glue:text}`/notebooks/complete_response.ipynb::printed_estimate:s`. *Follows:* only random effects give these numbers; fixed effects give {glue:text}`/notebooks/complete_response.ipynb::fixed_estimate:s`. *How sure:* an exhaustive search finds no table that gives them under fixed effects ([the recovery](recovery)). *Changes:* nothing in the conclusion, which is "no significant difference" either way.
#
# **Adverse events are a fixed-effects result.**
# : *Printed:* a random-effects model in the note of Figure 4; OR {glue:text}`/notebooks/adverse_events.ipynb::printed_estimate:s`, P = {glue:text}`/notebooks/adverse_events.ipynb::printed_p:s`. *Follows:* these numbers need fixed effects; random effects give {glue:text}`/notebooks/adverse_events.ipynb::random_estimate:s`, P = {glue:text}`/notebooks/adverse_events.ipynb::random_p:s`. *How sure:* an exhaustive search finds no table that gives them under random effects, whichever model Table 3 uses ([the recovery](recovery)). *Changes:* under the model that the note names, the difference in adverse events is {glue:text}`/notebooks/adverse_events.ipynb::random_significance:s`.
#
# **Table 3 excludes cumulatively.**
# : *Printed:* "One-by-One Exclusion Method", results consistent. *Follows:* the degrees of freedom fall from row to row, and all rows are reproduced as cumulative exclusions. True leave-one-out gives, without Li 2014, {glue:text}`/notebooks/sensitivity.ipynb::pd_without:s` for progression and {glue:text}`/notebooks/sensitivity.ipynb::ae_without:s` for adverse events. *How sure:* the kind of table needs no counts; the two odds ratios need the recovered ones, and that the study is Li 2014 is inferred. *Changes:* "consistent after exclusion" holds for the exclusions printed, not for the exclusion of every single study.
#
# **The P of heterogeneity of survival does not go with its I².**
# : *Printed:* I² = {glue:text}`/notebooks/one_year_survival.ipynb::printed_i2:s`, P = {glue:text}`/notebooks/one_year_survival.ipynb::printed_p_q:s`, four studies. *Follows:* four estimable studies with this I² have a P between {glue:text}`/notebooks/one_year_survival.ipynb::p_four:s`; three would fit the pair, but not the interval as well ([one-year survival](one_year_survival)). *How sure:* the first is independent of any table; a misprint of one digit would explain it. *Changes:* nothing in the result; it leaves open how many studies were pooled.
#
# **One Chi² of Table 3 is off by one in the last digit.**
# : *Printed and recomputed:* {glue:text}`/notebooks/sensitivity.ipynb::missed_where:s`. *How sure:* no counts in the arms of Wang 2018 give the printed number together with the rest. *Changes:* nothing.
#
# **The total over the stages contradicts itself.**
# : *Printed:* {glue:text}`/notebooks/subgroups.ipynb::total_estimate:s`, P = {glue:text}`/notebooks/subgroups.ipynb::total_p:s`. *Follows:* this interval has a P between {glue:text}`/notebooks/subgroups.ipynb::total_range:s`; the recovered strata give {glue:text}`/notebooks/subgroups.ipynb::total:s`. *How sure:* the first needs no counts. *Changes:* nothing, as the total has no clinical meaning (next point).
#
# **The stage analysis compares baselines.**
# : *Printed:* treatment benefit not influenced by stage; the discussion has an incomplete sentence that excepts stage IV. *Follows:* an event in this analysis is being in a stage, over the whole arm; the fixed-effects total is {glue:text}`/notebooks/subgroups.ipynb::fixed_total:s` by construction. Stage IV, one patient in each arm by subtraction, has no counts in the text. *How sure:* the denominators are printed. *Changes:* the paper has no evidence on whether the effect depends on stage, in either direction.
#
# ### About the studies
#
# **Ke 2011 differs between its arms at baseline.**
# : *Printed:* RCT (Table 1). *Follows:* {glue:text}`/notebooks/study_characteristics.ipynb::worst_1:s`; {glue:text}`/notebooks/study_characteristics.ipynb::worst_2:s`. *How sure:* the stage tables are identified from printed results; whether the trial was not randomised or its stages were entered wrongly cannot be told. *Changes:* the study is not comparable at baseline, or its stage data cannot be used.
#
# **The controls of Ke 2011 were operated on, and progressed.**
# : *Printed:* control "surgical resection" (Table 1), and an exclusion criterion "multiple combination therapies". *Follows:* the recovered control arm has {glue:text}`/notebooks/study_tables.ipynb::ke_pd:s` with progression and {glue:text}`/notebooks/study_tables.ipynb::ke_cr:s` with complete response, while the arm with {glue:text}`/notebooks/study_tables.ipynb::ding_cr:s` complete responses is the control of another study. *How sure:* counts identified; the reading is open. *Changes:* pooling surgery with radiotherapy as one "single treatment" answers two questions at once.
#
# **Wang 2018 reads as a comparison of treated patients, and its responses are left out.**
# : *Printed:* RCT. *Follows:* Table 3 names it among the studies of adverse events, and its use for survival is assumed here; its abstract mentions no randomisation and gives response rates; with the counts that follow from them partial response would be {glue:text}`/notebooks/study_tables.ipynb::wang_pr:s` under fixed and {glue:text}`/notebooks/study_tables.ipynb::wang_pr_random:s` under random effects, complete response {glue:text}`/notebooks/study_tables.ipynb::wang_cr:s` and {glue:text}`/notebooks/study_tables.ipynb::wang_cr_random:s`. *How sure:* the counts are the only ones that round to its percentages; that it is not among the four response studies follows from the pooled results. *Changes:* no reason for leaving them out is printed; what they change depends on the model.
#
# **Two entries of Table 1 differ from the reference list.**
# : *Printed:* 3DCRT and HIFU as the combination of Wang 2018; "Li et al.". *Follows:* the title of Wang 2018 in the reference list says stereotactic body radiotherapy, and Li 2014 has one author there. *How sure:* both are printed. *Changes:* nothing.
#
# **Two of the response studies are never named.**
# : *Printed:* four studies for survival; none named for any outcome outside Table 3. *Follows:* Zhou 2015 and Ke 2011 are named by Table 3, the other two are Li 2014 and Ding 2016 by elimination. *How sure:* which is which is inferred. *Changes:* no pooled number.
#
# ### About the report
#
# **Databases are named differently in three places.** See [search results](search_results): the abstract has "Coghlan's database", the methods the Cochrane Library and ICTRP, the results Scopus and ClinicalTrials.gov.
#
# **Counts are missing between {glue:text}`/notebooks/search_results.ipynb::after:s` records and {glue:text}`/notebooks/search_results.ipynb::included:s` studies.** The sources add up to {glue:text}`/notebooks/search_results.ipynb::identified:s`, so {glue:text}`/notebooks/search_results.ipynb::duplicates:s` were duplicates; screening, full texts and reasons for exclusion have no numbers, which PRISMA asks for.
#
# **Eligibility.** Semi-randomised trials are admitted in one sentence and randomised ones only in the next; all five studies are listed as RCT.
#
# **Outcome definitions.** Partial response is a reduction of more than 50% (as in the WHO criteria); complete response, stable disease and progression are defined in words without thresholds, and no time point of assessment is given.
#
# **Tables are numbered 1 and 3.** There is no Table 2 in the text. The first stratum by stage is printed without its number.
#
# **Registered and stated:** INPLASY2024110094, PRISMA, two-sided tests at 0.05, RevMan 5.4.
#
# **Not in the text:** deviations from the registered protocol, a funnel plot or another assessment of small-study effects, certainty of evidence (GRADE), prediction intervals, absolute effects. With three or four studies per outcome, small-study effects could not be judged anyway; the others could be given.
