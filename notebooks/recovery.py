# %% [markdown]
# # Recovering the tables
#
# ## What the paper says
#
# The paper prints pooled results and no event counts in its text. This chapter finds the counts that can have printed them.
#
# The idea is simple. A printed number stands for an interval of values that round to it. Counts are whole numbers. A set of tables is possible only if *every* pooled number computed from it falls into its interval. There are finitely many tables, so all of them can be tried, in an order that never looks at most of them: results over few studies first, then one more study at a time, keeping only what still agrees. The search is exhaustive. It samples nothing, and what it skips is skipped because it provably cannot agree.
#
# What goes in is a file, `data/puzzle.yaml`: the printed numbers with their places in the paper, and these assumptions:

# %%
import pandas as pd

import metalib
from metalib import figures, text
from metalib.pages import notebook
from metalib.recover import read_puzzle, recover

review = metalib.read_review("../data")
labels = review.labels()
puzzle = read_puzzle("../data/puzzle.yaml")
found = recover(puzzle)
for assumption in puzzle.assumptions:
    print("*", assumption)
print(found.status + ":", found.count, "full solutions")

# %% [markdown]
# ## The computation
#
# ### Step by step
#
# Each step adds the studies that a printed result covers beyond those of the steps before, and keeps the combinations that agree with every printed digit of that result. Outcomes of a study share its arms, and its response categories add up to them, so a step in one outcome prunes the others.

# %% tags=["hide-input"]
steps = review.recovery.query("puzzle == 'puzzle.yaml' and max_difference == 0")
live = pd.DataFrame(
    [(s.name, s.candidates, s.after) for s in found.steps],
    columns=["results", "candidates", "after"],
)
same = live.equals(steps[["results", "candidates", "after"]].reset_index(drop=True))
after = {s.name: text.count(s.after) for s in found.steps}
notebook.glue(
    solutions=str(found.count),
    ae_solutions=str(next(len(g) for g in found.solutions if "AE" in g.outcomes)),
    same="agree with" if same else "differ from",
    pd1=after["PD without Zhou and Ke"],
    pd2=after["PD without Zhou"],
    pd3=after["PD"],
    pr1=after["PR without Zhou and Ke"],
    pr3=after["PR"],
    crsd=after["CR + SD"],
    crsd_candidates=text.count(
        next(s.candidates for s in found.steps if s.name == "CR + SD")
    ),
    stage1=after["stage I"],
    stage3=after["stage III"],
    stage2=after["stage II"],
)
notebook.table(
    pd.DataFrame(
        {
            "Step": [str(i) for i, _ in enumerate(found.steps, 1)],
            "Printed result": [s.name for s in found.steps],
            "Studies": [", ".join(labels[x] for x in s.studies) for s in found.steps],
            "Possible before": [text.count(s.candidates) for s in found.steps],
            "Agree": [text.count(s.after) for s in found.steps],
        }
    ),
    name="tab-recovery-steps",
    caption="Combinations of tables before and after each step of the search (arms of equal size, 12 to 120 patients).",
    align="rllrr",
)

# %% [markdown]
# 1. **Progression, one study.** The last row of Table 3 for progression holds a single study. {glue:text}`pd1:s` tables print its odds ratio, interval, Z and P.
# 2. **Progression, two and three studies.** With Ke 2011 added {glue:text}`pd2:s` pairs agree, with Zhou 2015 added {glue:text}`pd3:s` triples.
# 3. **Partial response.** Its last row holds two studies, one of which is the study of step 1 with the same arms: {glue:text}`pr1:s` pairs agree. After the other rows {glue:text}`pr3:s` combinations of partial response and progression are left, with only two sets of arms.
# 4. **Complete response and stable disease.** The categories add up to the arm, so one count per arm fixes the rest. Of {glue:text}`crsd_candidates:s` combinations, {glue:text}`crsd:s` agrees.
# 5. **Adverse events** are found on the same arms, up to complements.
# 6. **Stages.** Stage I leaves {glue:text}`stage1:s` sets, stage III {glue:text}`stage3:s`; with stage II and the placement of the patients in stage IV {glue:text}`stage2:s` are left, which differ in nothing but that placement.
#
# {glue:text}`solutions:s` full solutions remain, because nothing tells apart the {glue:text}`ae_solutions:s` combinations of complements in adverse events and the {glue:text}`stage2:s` placements of the stage IV patients. The counts of this run {glue:text}`same:s` those stored in `data/recovery.csv`.

# %% tags=["hide-input"]
response = review.tables.query(
    "analysis == 'main' and outcome in ['CR', 'PR', 'SD', 'PD']"
)
assert (response["status"] == "identified").all()
notebook.figure(
    figures.search_steps(live.rename(columns={"results": "step"})),
    name="fig-recovery-steps",
    caption="How the printed digits shrink the set of possible tables, step by step. A dot at 1 is a unique solution.",
    alt=(
        f"{len(found.steps)} steps; the number of combinations falls from up to {text.count(max(s.candidates for s in found.steps))} "
        f"to between {min(s.after for s in found.steps)} and {text.count(max(s.after for s in found.steps))}; all steps "
        f"together leave one set of response tables."
    ),
    data=live,
)

# %% [markdown]
# ### Checks that the search never used
#
# Some printed numbers were held back. They say nothing in the search and can contradict its result.

# %% tags=["hide-input"]
held = found.checks[found.checks["role"] != "search"]
used = found.checks[found.checks["role"] == "search"]
notebook.glue(
    used=str(len(used)),
    used_agree=str(int(used["agrees"].sum())),
    held=str(len(held)),
    held_agree=str(int(held["agrees"].sum())),
)
notebook.table(
    pd.DataFrame(
        {
            "Result": held["result"],
            "Statistic": held["statistic"],
            "Printed": held["printed"],
            "Recomputed": [text.number(v, 3) for v in held["value_low"]],
            "Agrees": ["yes" if a else "no" for a in held["agrees"]],
            "Role": held["role"].map(
                {"check": "held back", "known-miss": "nothing fits it"}
            ),
        }
    ),
    name="tab-recovery-checks",
    caption="Printed numbers that took no part in the search.",
    align="llrrll",
)

# %% [markdown]
# {glue:text}`used:s` printed numbers took part in the search and {glue:text}`used_agree:s` agree, which they must. Of the {glue:text}`held:s` others {glue:text}`held_agree:s` agree. The two totals say more than they seem to: the arms of the four studies come from odds ratios and intervals alone, and add up to the denominators that the paper prints in another section. (The stage steps come later and use those denominators in one place only: what the printed stage totals leave is the one patient of each arm in stage IV.) The upper limit of stage III agrees in six digits. The test for subgroup differences over the four strata, in [subgroups](subgroups), was not used either.
#
# The number that fails is the Chi² of adverse events without Zhou 2015: no counts in the published arms of Wang 2018 give it together with the rest. The tables kept are the nearest.
#
# ### How far each table is identified

# %% tags=["hide-input"]
identification = found.identification
arms = identification[identification["outcome"] == "arm sizes"]
cells = identification[identification["outcome"] != "arm sizes"]
levels = pd.crosstab(cells["outcome"], cells["status"]).reindex(
    cells["outcome"].unique()
)
notebook.table(
    levels.astype(int).reset_index(),
    name="tab-identification",
    caption="Number of study tables by how far they are identified.",
    header=["Outcome", *levels.columns],
)
notebook.glue(
    arms=", ".join(
        f"{labels[r.study]} {r.low_t}"
        for r in arms.itertuples()
        if r.study != "wang2018"
    ),
)
for line in found.equivalences:
    print("*", line)

# %% [markdown]
# The arms come out as {glue:text}`arms:s` patients in each arm. Equal arms cannot tell a table from its complement, because both have the same odds ratio and variance; for the response categories the sum over categories settles it, for adverse events nothing does. Two names can be exchanged: Li 2014 and Ding 2016 occur together in every printed result or not at all, so the search cannot tell which is which. This book reads the study with 67 patients an arm as Li 2014, because nearly complete response in the other study (24 and 32 of 34) suits the small tumours that are treated by radiofrequency ablation. Exchanging the names changes no pooled number that the paper prints; it changes what "without Li 2014" means, and the order by year.
#
# That the study without progression has none in either arm is an inference, entered in the search as known: after the exclusion of Zhou 2015 and Ke 2011 the paper prints a result without heterogeneity, so of the two studies left one is not estimable, and where the categories add up that means 0 events in both arms.
#
# ### If the arms are not equal
#
# Equal arms are an assumption, not a printed fact. The same search with arms that may differ:

# %% tags=["hide-input"]
bounds = review.recovery.query("puzzle == 'puzzle.yaml'")
wide = bounds.pivot(index="results", columns="max_difference", values="after").reindex(
    steps["results"]
)
notebook.table(
    pd.DataFrame(
        {
            "Printed result": wide.index,
            **{
                "equal" if d == 0 else f"up to {d}": [text.count(v) for v in wide[d]]
                for d in wide.columns
            },
        }
    ),
    name="tab-unequal-arms",
    caption="Combinations left after each step when the two arms of a study may differ by so many patients.",
)
last = wide.loc["stage II"]
first = wide.loc["PD without Zhou and Ke"]
notebook.glue(
    widest=str(max(wide.columns)),
    first_widest=text.count(first[max(wide.columns)]),
    end="the same number of solutions"
    if len(set(last)) == 1
    else "other numbers of solutions",
)

# %% [markdown]
# With differences of up to {glue:text}`widest:s` patients the first step leaves {glue:text}`first_widest:s` tables instead of {glue:text}`pd1:s`, and the search still ends with {glue:text}`end:s`: equal arms.
#
# ### If the models are the other ones
#
# The search was told that complete response is pooled under random and adverse events under fixed effects, against the notes of the figures. The same search with the models that the notes name:

# %% tags=["hide-input"]
adverse_events = [r.id for r in puzzle.results if r.outcome == "AE"]
other = {
    "Complete response under fixed effects": recover(
        puzzle.with_model("fixed", ["CR"])
    ),
    "Adverse events under random effects": recover(puzzle.with_model("random", ["AE"])),
    "Adverse events and their rows of Table 3 under random effects": recover(
        puzzle.with_model("random", adverse_events)
    ),
}
assert all(result.status == "none" for result in other.values())
for name, result in other.items():
    print(f"{name}: {result.message}")

# %% [markdown]
# Under the assumptions of this chapter no table of complete response agrees with the printed numbers under fixed effects, and none of adverse events under random effects, whether the rows of Table 3 are fixed or random.
#
# ### What cannot be recovered
#
# * **One-year survival.** One pooled result over four of five studies, with Wang 2018's counts, which follow from its published percentages, and the arms above, leaves

# %% tags=["hide-input"]
survival = review.recovery.query("puzzle == 'puzzle_survival.yaml'").iloc[0]
families = review.tables.query("outcome == 'survival' and status == 'candidate'")[
    "analysis"
].nunique()
notebook.glue(
    survival_candidates=text.count(int(survival["candidates"])),
    survival_after=text.count(int(survival["after"])),
    survival_families=str(families),
)
print(
    f"{survival['candidates']:,} combinations, {survival['after']} agree, in {families} families of complements"
)

# %% [markdown]
#   Of {glue:text}`survival_candidates:s` combinations {glue:text}`survival_after:s` agree with the printed odds ratio, interval, P and I², in {glue:text}`survival_families:s` families that differ by more than complements. None gives the printed P of heterogeneity. They are shown as candidates in [one-year survival](one_year_survival), and none is claimed.
# * **Sex.** One result with an unknown number of studies and no heterogeneity: nothing to hold on to.
# * **The patients in stage IV.** One in each arm, in one study; which study is open.
#
# ## What follows
#
# * **What is printed** fixes the tables of complete response, partial response, stable disease and progression: {glue:text}`crsd:s` assignment of all their cells agrees with everything.
# * **How sure:** the search is exhaustive, so another solution would have to break an assumption. The assumptions are RevMan's arithmetic, a cumulative Table 3, nearly equal arms of 12 to 120 patients, and response categories that add up. If the authors entered counts wrongly, these are the counts they entered.
# * The search is general. Describe another paper in a file like `data/puzzle.yaml` and run `python -m metalib recover FILE`.
