# %% [markdown]
# # Explorer
#
# ## What the paper says
#
# One pooled result for each outcome, and for three outcomes two more with studies left out. Each rests on choices: the measure, the model, the interval, the studies. Here every one of these choices can be changed, and the result changes at once.

# %% tags=["hide-input"]
import pandas as pd

import metalib
from metalib import text
from metalib.pages import notebook, views
from metalib.pages.explorer import DataSet, count_results, explorer_outcome
from metalib.pages.explorer_page import as_script, explorer, fingerprint
from metalib.pages.explorer_printed import PrintedAnalysis

review = metalib.read_review("../data")
labels = review.labels()
ARMS = ("Combination", "Single treatment")
RESPONSE = ["CR", "PR", "SD", "PD"]


def response_sets(key):
    """Recovered counts of a response outcome, with Wang 2018's published ones to switch on."""
    both = [review.tables_of(key), review.tables_of(key, "wang2018")]
    note = "Counts recovered from the printed results; those of Wang 2018 follow from its published percentages and are not in the article's analysis."
    return [
        DataSet("recovered", "Recovered counts", pd.concat(both), ("wang2018",), note)
    ]


def survival_sets():
    """Every family of candidate tables."""
    candidates = review.tables.query("outcome == 'survival' and status == 'candidate'")
    names = candidates["analysis"].unique()
    note = (
        "One of several families of counts that fit under assumptions; none is claimed."
    )
    return [
        DataSet(
            name.replace(" ", "-"),
            f"{name.capitalize()} of {len(names)}",
            review.tables_of("survival", name),
            note=note,
        )
        for name in names
    ]


def complements(tables):
    """Tables with events and non-events exchanged wherever that cannot be told apart."""
    unknown = tables["status"] == "identified up to complement"
    swapped = tables.copy()
    swapped["events_t"] = tables["events_t"].where(
        ~unknown, tables["n_c"] - tables["events_c"]
    )
    swapped["events_c"] = tables["events_c"].where(
        ~unknown, tables["n_t"] - tables["events_t"]
    )
    return swapped


def adverse_sets():
    """Adverse events as recovered, and with every complement taken."""
    tables = review.tables_of("AE")
    note = "Three studies are identified up to complement, which changes risk ratios but no odds ratio."
    return [
        DataSet("recovered", "Recovered counts", tables, note=note),
        DataSet(
            "complements",
            "Recovered counts, complements",
            complements(tables),
            note=note,
        ),
    ]


def printed_analyses(key):
    """The printed results of an outcome: of all its studies, then those of Table 3."""
    rows = review.published[review.published["outcome"] == key]
    found = []
    for (place, excluded), numbers in rows.groupby(["place", "excluded"], sort=False):
        if place.startswith("Abstract"):
            continue
        found.append(
            PrintedAnalysis(
                place=place,
                numbers=numbers[numbers["statistic"] != "studies"],
                model=numbers["model"].iloc[0],
                without=tuple(excluded.split()),
            )
        )
    return sorted(found, key=lambda analysis: len(analysis.without))


def outcome_of(key, sets):
    """Every result of an outcome."""
    row = review.outcome(key)
    return explorer_outcome(
        sets,
        key=key.lower(),
        label=row["label"],
        labels=labels,
        arms=ARMS,
        favours=views.favours(row["better"], *(arm.lower() for arm in ARMS)),
        printed=printed_analyses(key),
    )


outcomes = [
    *(outcome_of(key, response_sets(key)) for key in RESPONSE),
    outcome_of("survival", survival_sets()),
    outcome_of("AE", adverse_sets()),
]
chapters = dict(
    zip(
        [outcome["key"] for outcome in outcomes],
        [
            "complete_response.html",
            "partial_response.html",
            "stable_disease.html",
            "disease_progression.html",
            "one_year_survival.html",
            "adverse_events.html",
        ],
        strict=True,
    )
)

# %% [markdown]
# ## The explorer
#
# It begins with the article's own analysis of each outcome. The address of the page follows the choices, so that a link leads to the same view.

# %% tags=["hide-input"]
explorer(outcomes, name="explorer", chapters=chapters)

# %% [markdown]
# How to read it: squares are studies, their area is their weight; the diamond is the pooled result; the thick bar is the range expected for the effect in a new study (with three or four studies it says little); the open diamond is the result as printed. Arrows mark intervals that leave the axis. A study that is switched off stays in view, dashed and without weight.
#
# ## The computation
#
# The page calculates nothing. `metalib` pooled every non-empty subset of the studies under every measure, model, estimator of the variance between studies and interval that has a meaning, and the page looks the results up, texts included. The rules are those of [methods and formulas](../book/methods), zero cells are treated as in RevMan.

# %% tags=["hide-input"]


def p_values(one):
    """Subset and P of every result of a set of tables."""
    for numbers in one["measures"].values():
        for name, stored in numbers["intervals"].items():
            model = name.rsplit("/", 1)[0]
            for i, result in enumerate(stored):
                if isinstance(result, str):
                    same = {"w": "wald", "h": "hksj"}[result]
                    result = numbers["intervals"][f"{model}/{same}"][i]
                yield i + 1, result[2]


def significant(values):
    """How many P values are below 0.05, of those that exist."""
    known = [p for p in values if p is not None]
    return sum(p < 0.05 for p in known), len(known)


rows, survival, below = [], [], []
for outcome in outcomes:
    for one in outcome["sets"]:
        found = list(p_values(one))
        keys = [study["key"] for study in one["studies"]]
        own = one["printed"][0]["subset"]
        whole = significant(p for subset, p in found if subset == own)
        every = significant(p for _, p in found)
        if outcome["key"] == "survival":
            survival.append((*every, *whole))
            below += [
                {key for i, key in enumerate(keys) if subset >> i & 1}
                for subset, p in found
                if p is not None and p < 0.05
            ]
        rows.append(
            {
                "Outcome": outcome["label"],
                "Counts": one["label"],
                "Studies": len(keys),
                "Results": len(found),
                "P < 0.05": f"{every[0]} of {every[1]}",
                "The article's studies": f"{whole[0]} of {whole[1]}",
                "Fingerprint": fingerprint({**outcome, "sets": [one]}),
            }
        )
stored = pd.DataFrame(rows)
assert stored["Results"].sum() == sum(count_results(outcome) for outcome in outcomes)
notebook.table(
    stored,
    name="tab-explorer",
    caption=(
        "What the explorer holds: the results of every set of counts over all subsets, measures, models and intervals; how many of those "
        "with a P have one below 0.05, and how many where exactly the article's studies take part. The fingerprint changes with every "
        "text and with the sixth digit of every number."
    ),
    align="llrrrrl",
)
size = sum(len(as_script(outcome).encode()) for outcome in outcomes)
# What the prose says of the P values below 0.05 for survival: each result leaves out one or two of four studies, never this one.
assert {len(studies) for studies in below} == {2, 3}
assert set.intersection(*below) == {"zhou2015"}
totals = [sum(column) for column in zip(*survival, strict=True)]
notebook.glue(
    results=text.count(int(stored["Results"].sum())),
    size=text.number(size / 1e6, 1),
    survival_significant=text.count(totals[0]),
    survival_results=text.count(totals[1]),
    survival_whole=f"{totals[2]} of {totals[3]}",
    always=labels["zhou2015"],
)

# %% [markdown]
# A result without a P is not estimable: for example the Hartung-Knapp interval of a single study. The reason then stands where the number would.
#
# ## What follows
#
# * The explorer holds {glue:text}`results:s` results ({glue:text}`size:s` MB). It shows what follows from a choice and recommends none: picking the analysis by its result is what it should help readers to notice. How the printed conclusions fare over all of these choices is in [models side by side](models) and [every subset of studies](every_subset).
# * With the four studies of a candidate, {glue:text}`survival_whole:s` results for one-year survival have a P below 0.05. Over all subsets of all candidates it is {glue:text}`survival_significant:s` of {glue:text}`survival_results:s`; each of these leaves out one or two studies and keeps {glue:text}`always:s`.
# * **How sure:** the results are exact for the counts shown; how firmly these are known stands beside each study. The counts of adverse events are identified up to complement in three studies; of the eight combinations the explorer has the first and the last, the others are in [other data](other_data).
