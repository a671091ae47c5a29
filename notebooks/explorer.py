# %% [markdown]
# # Explorer
#
# **Every choice behind a result can be changed here: measure, model, interval, studies, counts.** With the article's own studies no choice of measure, model and interval makes stable disease or one-year survival significant; for partial response {glue:text}`own_pr:s`, for progression {glue:text}`own_pd:s` and for adverse events {glue:text}`own_ae:s` of the distinct results are.

# %% tags=["hide-input"]
import pandas as pd

import metalib
from metalib import text
from metalib.pages import glue, prose, table
from metalib.pages.book import read_book
from metalib.pages.explorer import DataSet, explorer_outcome, printed_analyses
from metalib.pages.explorer_numbers import stored_p
from metalib.pages.explorer_page import as_script, explorer

review = metalib.read_review("../data")
book = read_book(review.folder)
names = book.names(review)


def data_sets(key):
    """The counts of an outcome that a reader can choose."""
    candidates = review.candidates(key)
    if candidates:
        note = "One of several families of counts that fit under assumptions; none is claimed."
        return [
            DataSet(
                name.replace(" ", "-"),
                f"{name.capitalize()} of {len(candidates)}",
                counts,
                note=note,
            )
            for name, counts in candidates.items()
        ]
    counts = review.tables_of(key)
    unknown = counts["status"] == "identified up to complement"
    if unknown.any():
        events_t = (counts["n_c"] - counts["events_c"]).where(
            unknown, counts["events_t"]
        )
        events_c = (counts["n_t"] - counts["events_t"]).where(
            unknown, counts["events_c"]
        )
        other = counts.assign(events_t=events_t, events_c=events_c)
        note = "Some studies are identified up to complement, which changes risk ratios but no odds ratio."
        return [
            DataSet("recovered", "Recovered counts", counts, note=note),
            DataSet("complements", "Recovered counts, complements", other, note=note),
        ]
    own = review.tables_of(key, "wang2018")
    note = (
        "Counts recovered from the printed results; those of Wang 2018 follow from its "
        "published percentages and are not in the article's analysis."
    )
    both = pd.concat([counts, own])
    return [DataSet("recovered", "Recovered counts", both, tuple(own["study"]), note)]


# The abstract repeats numbers of the results.
printed = review.published[~review.published["place"].str.startswith("Abstract")]
outcomes = [
    explorer_outcome(
        data_sets(row.outcome),
        key=row.outcome.lower(),
        label=row.label,
        labels=names,
        arms=book.arms,
        favours=prose.favours(row.better, *(arm.lower() for arm in book.arms)),
        printed=printed_analyses(printed[printed["outcome"] == row.outcome]),
    )
    for row in review.outcomes.itertuples()
]
chapters = {key.lower(): page for key, page in book.chapters.items()}
explorer(outcomes, name="explorer", chapters=chapters)

# %% [markdown]
# It begins with the article's own analysis of each outcome; the address of the page follows the choices, so that a link leads to the same view. Squares are studies, their area is their weight; the diamond is the pooled result; the thick bar is the range expected for the effect in a new study (with three or four studies it says little); the open diamond is the result as printed. Arrows mark intervals that leave the axis. A study that is switched off stays in view, dashed and without weight. A dagger marks studies whose names are inferred.
#
# ## What the article prints
#
# One pooled result for each outcome, and for three outcomes two more with studies left out (Table 3).
#
# ## What it holds
#
# The results are computed ahead and looked up: every non-empty subset of the studies under every measure, model, estimator of the variance between studies and interval that has a meaning, by the rules of [methods](../book/methods). A result without a P is not estimable, for example the Hartung-Knapp interval of a single study; the reason then stands in its place.

# %%
stored = pd.concat(
    [stored_p(outcome).assign(outcome=outcome["label"]) for outcome in outcomes]
)
by = ["outcome", "set"]
# Many choices lead to one and the same result: each is counted once.
distinct = stored.assign(p=stored["p"].round(9)).dropna(subset="p")
distinct = distinct[distinct["printed"]].drop_duplicates([*by, "p"])
every = stored.groupby(by, sort=False).agg(results=("p", "size"))
every["distinct"] = distinct.groupby(by).size()
every["below"] = (distinct["p"] < 0.05).groupby([distinct[c] for c in by]).sum()
every = every.reset_index()
table(
    every,
    {
        "set": "Counts",
        "results": "Results held",
        "distinct": "Distinct P of the article's studies",
        "below": "Below 0.05",
    },
    group="outcome",
    name="tab-explorer",
    caption="Results in the explorer; of the article's studies, how many are distinct and significant.",
)

# %% tags=["hide-input"]
labels = review.outcomes.set_index("outcome")["label"]
first = every.drop_duplicates("outcome").set_index("outcome")
none = every[every["outcome"].isin(labels[["SD", "survival"]])]
assert (none["below"] == 0).all(), (
    "Explorer: 'no choice makes stable disease or one-year survival significant' no longer holds"
)
survival = stored[stored["outcome"] == labels["survival"]]
keeping = survival.loc[survival["p"] < 0.05, "studies"].str.split(", ").map(set)
(always,) = set.intersection(*keeping)
assert set(keeping.map(len)) == {2, 3}, (
    "Explorer: 'only where one or two of the four studies are left out' no longer holds"
)
unknown = review.tables_of("AE")["status"] == "identified up to complement"
glue(
    **{
        f"own_{key.lower()}": f"{first.loc[labels[key], 'below']} of {first.loc[labels[key], 'distinct']}"
        for key in ("PR", "PD", "AE")
    },
    results=text.count(len(stored)),
    size=text.number(sum(len(as_script(o).encode()) for o in outcomes) / 1e6, 1),
    always=names[always],
    combinations=str(2 ** unknown.sum()),
)

# %% [markdown]
# Distinct results are no independent analyses, so these counts test nothing; named analyses are in [models side by side](models), subsets in [sensitivity](sensitivity). For one-year survival a P below 0.05 occurs only where one or two of the four studies are left out, and never without {glue:text}`always:s`.
#
# ## How sure
#
# The {glue:text}`results:s` results ({glue:text}`size:s` MB) are exact for the counts shown; how firmly these are known stands beside each study. Of the {glue:text}`combinations:s` combinations of complements for adverse events the explorer has the first and the last, the others are in [other data](other_data). The explorer recommends no choice: picking the analysis by its result is what it should help readers to notice.
