# %% [markdown]
# # The audit
#
# **Of {glue:text}`checkable:s` printed numbers that can be checked, {glue:text}`reproduced:s` are reproduced, {glue:text}`last_digit:s` differ in the last digit and {glue:text}`not_reproduced:s` are not reproduced; but {glue:text}`used:s` of them were used to find the tables and {glue:text}`repeats:s` repeat others.** Of the {glue:text}`holdout_total:s` that are neither, {glue:text}`holdout_agree:s` agree, and {glue:text}`denominators:s` of these are one number, {glue:text}`denominator:s`, printed again and again.

# %%
import pandas as pd

import metalib
from metalib import text
from metalib.audit.compare import difference_statistics, forest_statistics
from metalib.audit.consistency import p_from_interval, p_q_from_i2
from metalib.audit.ledger import Recomputed, ledger, standing, tally
from metalib.pages import (
    download,
    filtered_table,
    glue,
    glue_as,
    link,
    prose,
    table,
)
from metalib.pages.book import read_book
from metalib.recover import read_puzzle

review = metalib.read_review("../data")
book = read_book(review.folder)
names = book.names(review)
recomputed = {}

# The identified outcomes, all studies and after the exclusions of Table 3.
for outcome in ("CR", "PR", "SD", "PD", "AE"):
    tables, model = review.tables_of(outcome), review.options(outcome).model
    printed = review.published.query("outcome == @outcome")
    for excluded in printed["excluded"].unique():
        left = tables[~tables["study"].isin(excluded.split())]
        recomputed[outcome, excluded] = Recomputed(
            [forest_statistics(metalib.pool(left, model=model))],
            "sensitivity.html" if excluded else book.chapters[outcome],
            f"recovered tables, Mantel-Haenszel, {model} effects",
        )

# Survival: every candidate, none claimed.
candidates = review.candidates("survival").values()
pooled = [metalib.pool(tables, model="random") for tables in candidates]
recomputed["survival", ""] = Recomputed(
    [forest_statistics(effect) for effect in pooled],
    book.chapters["survival"],
    f"counts not identified: {len(pooled)} candidate families, random effects",
)

# Stages: strata, total and test, for every placement of the stage IV patients.
known = review.stages_of("main").query("stage in ['I', 'III']")
placements = review.stages.query("analysis != 'main'")["analysis"].unique()
placed = [pd.concat([known, review.stages_of(name)]) for name in placements]
strata = [metalib.subgroups(rows, "stage", model="random") for rows in placed]
events = [
    rows.groupby("stage")[["events_t", "n_t", "events_c", "n_c"]]
    .sum()
    .set_axis(
        [
            "events experimental",
            "total experimental",
            "events control",
            "total control",
        ],
        axis=1,
    )
    for rows in placed
]
for stage in ("I", "II", "III"):
    recomputed[f"stage {stage}", ""] = Recomputed(
        [
            forest_statistics(groups[stage]) | sums.loc[stage].astype(float).to_dict()
            for groups, sums in zip(strata, events, strict=True)
        ],
        "subgroups.html",
        "recovered stages, Mantel-Haenszel, random effects",
    )
recomputed["stage total", ""] = Recomputed(
    [forest_statistics(groups.overall) for groups in strata],
    "subgroups.html",
    "total over the recovered strata, random effects",
)
recomputed["stage difference", ""] = Recomputed(
    [difference_statistics(groups) for groups in strata],
    "subgroups.html",
    "test over the recovered strata",
)
recomputed["sex", ""] = Recomputed(
    (),
    "subgroups.html",
    "no counts can be recovered; see the check of P against its interval",
)

# The search: what is printed there is the data; only the included studies can be counted.
for name in review.published["outcome"].unique():
    if name.startswith("search:"):
        recomputed[name, ""] = Recomputed(
            (),
            "search_results.html",
            "a count of the search itself; there is nothing to recompute",
        )
recomputed["search: all", ""] = Recomputed(
    [{"studies included": float(len(review.studies))}],
    "search_results.html",
    "studies listed in Table 1",
)

book_of_all = ledger(review.published, recomputed)
tally(book_of_all)

# %% [markdown]
# ## The ledger
#
# **Every** statistic printed in the article, its verdict, and what agreement says. *Reproduced*: the recomputed value lies in the interval of values that round to the print; *last digit*: it rounds to a neighbour; *not reproduced*: it is farther off; *not checkable*: there is nothing to compute it from. Differences are never judged by percentages. *Used*: the number took part in the search for the tables, so agreement is by construction; *repeated*: the same number stands elsewhere too; *held out*: neither.

# %%
roles = (
    read_puzzle("../data/puzzle.yaml").roles
    | read_puzzle("../data/puzzle_survival.yaml").roles
)
used = [number for number, role in roles.items() if role == "search"]
book_of_all["standing"] = standing(review.published, used)
labels = review.outcomes.set_index("outcome")["label"]


def result(outcome, excluded, chapter):
    """The name of a result, linked to the chapter that computes it."""
    without = ", ".join(names[s] for s in excluded.split())
    name = labels.get(outcome, outcome) + (f" without {without}" if without else "")
    return link(name, chapter)


filtered_table(
    book_of_all.assign(
        line=[f"published-{i + 1}" for i in book_of_all.index]
    ).sort_values("place", key=lambda places: pd.factorize(places)[0], kind="stable"),
    {
        ("id", "line"): (
            "No.",
            lambda number, line: link(number, f"{book.lines}#{line}"),
        ),
        ("outcome", "excluded", "chapter"): ("Result", result),
        "statistic": "Statistic",
        "printed": "Printed",
        "rounded": "Rounded",
        "recomputed": ("Recomputed", prose.recomputed),
        "verdict": "Verdict",
        "standing": "Number is",
        "reason": "Reason",
    },
    name="ledger",
    caption="Every printed number of the article beside its recomputation",
    group="place",
    choices=["Verdict", "Number is", "Statistic"],
    row_id="id",
    align="lllrrrlll",
)
download(book_of_all, name="ledger", what="The ledger, unrounded,")

# %% [markdown]
# ## What agreement says
#
# Recovered tables were chosen because they agree, so that any one number agrees is no surprise. Evidence is the joint fit, that one set of tables gives all of them at once, and agreement on what was held out.

# %%
checkable = book_of_all[book_of_all["verdict"] != "not checkable"]
agreement = pd.crosstab(checkable["standing"], checkable["verdict"])
table(
    agreement.reset_index(),
    name="tab-holdout",
    caption="Printed numbers that can be checked, by what agreement on them says and by verdict.",
)
odd = book_of_all[book_of_all["verdict"].isin(["last digit", "not reproduced"])]
table(
    odd,
    {
        "id": ("Ledger", lambda number: link(number, f"{book.ledger}#{number}")),
        ("outcome", "excluded", "chapter"): ("Result", result),
        "statistic": "Statistic",
        "printed": "Printed",
        "recomputed": ("Recomputed", prose.recomputed),
        "verdict": "Verdict",
        "standing": "Number is",
    },
    name="tab-not-reproduced",
    caption="The printed numbers that differ from their recomputation.",
)
table(
    tally(book_of_all, "place"),
    name="tab-ledger-tally",
    caption="Printed numbers by place in the article and verdict.",
)

# %% tags=["hide-input"]
held = checkable[checkable["standing"] == "held out"]
agree = held[held["verdict"] == "reproduced"]
totals = agree[agree["statistic"].str.startswith("total ")]
counts = tally(book_of_all).set_index("verdict")["numbers"]
assert len(set(totals["printed"])) == 1, "Audit: 'one number printed again' fails"
assert set(odd["outcome"]) == {"survival", "stage total", "AE"}, (
    "Audit: other results differ"
)
assert set(odd.query("verdict == 'not reproduced'")["outcome"]) == {"stage total"}, (
    "Audit: 'the total over the stages' is no longer all that is not reproduced"
)
glue(
    rows=str(len(book_of_all)),
    checkable=str(len(checkable)),
    **{name.replace(" ", "_"): str(counts[name]) for name in counts.index},
    used=str((checkable["standing"] == "used").sum()),
    repeats=str((checkable["standing"] == "repeated").sum()),
    holdout_total=str(len(held)),
    holdout_agree=str(len(agree)),
    denominators=str(len(totals)),
    denominator=totals["printed"].iloc[0],
    difference_agree=str((agree["outcome"] == "stage difference").sum()),
)
ratio = ("OR", "CI low", "CI high")
for key in ("CR", "AE", "survival"):
    glue_as(f"{key.lower()}_printed", prose.printed(review.printed(key)))
for key in ("CR", "AE"):
    for model in ("fixed", "random"):
        glue_as(
            f"{key.lower()}_{model}",
            prose.glued(metalib.pool(review.tables_of(key), model=model)),
        )
for key in ("PD", "AE"):
    tables = review.tables_of(key)
    left = metalib.pool(tables[tables["study"] != "li2014"], model="fixed")
    glue(
        **{
            f"{key.lower()}_without": f"{text.estimate(left)}, P {text.p_value(left.p, sign=True)}"
        }
    )
q = review.printed_number("survival", "P(Q)")
low, high = p_q_from_i2(review.printed_number("survival", "I2"), 3)
missed = book_of_all.query("outcome == 'AE' and verdict == 'last digit'").iloc[0]
total = [review.printed_number("stage total", name) for name in ratio]
total_range = p_from_interval(*total)
ke = review.stages.query("analysis == 'main' and study == 'ke2011'").set_index("stage")
order = ["I", "II or IV", "III"]
pd_ke, cr_ke, cr_ding = (
    review.tables_of(key).set_index("study").loc[study]
    for key, study in (("PD", "ke2011"), ("CR", "ke2011"), ("CR", "ding2016"))
)
glue(
    survival_four=f"{text.number(low, 4)} and {text.number(high, 4)}",
    survival_edge=text.number(q.high, 4),
    survival_gap=text.number(low - q.high, 4),
    missed=f"{missed['printed']} printed, {text.number(missed['recomputed'], 3)} recomputed",
    total_estimate=prose.printed(review.printed("stage total"))["estimate"],
    total_p=review.printed_text("stage total", "P"),
    total_range=" and ".join(text.number(p, 3) for p in total_range),
    fixed_total=text.estimate(
        metalib.subgroups(placed[0], "stage", model="fixed").overall
    ),
    ke_stages_t="/".join(str(ke.loc[stage, "events_t"]) for stage in order),
    ke_stages_c="/".join(str(ke.loc[stage, "events_c"]) for stage in order),
    ke_pd=text.events(pd_ke["events_c"], pd_ke["n_c"]),
    ke_cr=text.events(cr_ke["events_c"], cr_ke["n_c"]),
    ding_cr=text.events(cr_ding["events_c"], cr_ding["n_c"]),
)
assert 0 < low - q.high < 0.001, "Audit: the gap of survival is no longer tiny"
total_p = review.printed_number("stage total", "P")
assert total_p.high < total_range[0], (
    "Audit: the P of the total over the stages agrees with its interval"
)

# %% [markdown]
# Of the {glue:text}`holdout_agree:s` numbers that agree without having been used, {glue:text}`denominators:s` are the denominator {glue:text}`denominator:s`, {glue:text}`difference_agree:s` are the test between stages, one is the upper limit of stage III in six digits, and one the number of included studies.
#
# ## Findings
#
# ### About the results
#
# **Complete response is a random-effects result.**
# : *Printed:* a fixed-effects model (note of Figure 3), {glue:text}`cr_printed_estimate:s`. *Follows:* only random effects give these numbers; fixed effects give {glue:text}`cr_fixed_estimate:s`. *How sure:* no table gives them under fixed effects ([what would refute these tables](other_data)). *Changes:* nothing; no significant difference either way.
#
# **Adverse events are a fixed-effects result.**
# : *Printed:* a random-effects model (note of Figure 4), {glue:text}`ae_printed_estimate:s`, P = {glue:text}`ae_printed_p:s`. *Follows:* these numbers need fixed effects; random effects give {glue:text}`ae_random_estimate:s`, P = {glue:text}`ae_random_p:s`. *How sure:* no table gives them under random effects, and none of the {glue:text}`/notebooks/other_data.ipynb::free:s` that fit with Wang 2018's arms free is significant under them. *Changes:* under the model of the note the difference is {glue:text}`ae_random_significance:s`.
#
# **Table 3 excludes cumulatively.**
# : *Printed:* "One-by-One Exclusion Method", results consistent. *Follows:* the degrees of freedom fall from row to row. Leaving out one study gives, without Li 2014, {glue:text}`pd_without:s` for progression and {glue:text}`ae_without:s` for adverse events. *How sure:* the kind of table needs no counts; the odds ratios need the recovered ones, and that the study is Li 2014 is inferred. *Changes:* "consistent after exclusion" holds for the exclusions printed, not for every single study.
#
# **Two results do not agree with themselves.**
# : *Printed:* the total over the stages, {glue:text}`total_estimate:s` with P = {glue:text}`total_p:s`; survival, I² = {glue:text}`survival_printed_i2:s` with P = {glue:text}`survival_printed_p_q:s` for heterogeneity. *Follows:* the interval of the first has a P between {glue:text}`total_range:s`. The second is a very small gap: with four studies P lies between {glue:text}`survival_four:s`, the print reaches {glue:text}`survival_edge:s`, which is {glue:text}`survival_gap:s` short. *How sure:* no counts are needed; a misprint of one digit explains the second, not the first. *Changes:* nothing; the total has no clinical meaning, and survival is not significant either way.
#
# **One Chi² of Table 3 is off by one in the last digit.**
# : {glue:text}`missed:s`. *How sure:* no counts in the published arms of Wang 2018 give the printed one together with the rest; other arms would. *Changes:* nothing.
#
# **The stage analysis compares baselines.**
# : *Printed:* benefit not influenced by stage. *Follows:* an event in it is being in a stage, over the whole arm; the fixed-effects total is {glue:text}`fixed_total:s` by construction. *How sure:* the denominators are printed. *Changes:* the article has no evidence on whether the effect depends on stage ([subgroups](subgroups)).
#
# ### About the studies
#
# **The recovered stages of Ke 2011 differ between its arms, or a row was shifted.**
# : *Printed:* RCT (Table 1). *Follows:* stages I, II or IV, III hold {glue:text}`ke_stages_t:s` patients against {glue:text}`ke_stages_c:s`; moved by one row in one arm they would be alike. *How sure:* the counts are identified; which reading is right is open ([study characteristics](study_characteristics)). *Changes:* either the arms were not comparable, or the stage analysis rests on an error of entry.
#
# **The controls of Ke 2011 are said to be surgical.**
# : *Printed:* control "surgical resection" (Table 1). *Follows:* the recovered control arm has {glue:text}`ke_pd:s` with progression and {glue:text}`ke_cr:s` with complete response; complete response in {glue:text}`ding_cr:s` stands in the control arm of another study, treated with radiotherapy alone, where it is implausible. *How sure:* counts identified, study names partly inferred; the reading is open. *Changes:* pooling surgery with radiotherapy as one "single treatment" answers two questions at once.
#
# **Wang 2018's responses are left out.**
# : *Printed:* RCT. *Follows:* its abstract mentions no randomisation and gives response rates; with the counts that follow from them partial response would be {glue:text}`/notebooks/other_data.ipynb::wang_pr:s` under fixed and {glue:text}`/notebooks/other_data.ipynb::wang_pr_random:s` under random effects. *How sure:* these are the only counts that round to its percentages ([all tables](study_tables)); no table of the response outcomes can hold them. *Changes:* no reason is printed; what they change depends on the model.
#
# **Two of the response studies are never named.**
# : *Printed:* none named for any outcome outside Table 3. *Follows:* by elimination Li 2014 and Ding 2016. *How sure:* which is which is inferred. *Changes:* no pooled number.
#
# What else the article says, its references and what is not reported are in [the article](article); how the records were counted in [search results](search_results).
