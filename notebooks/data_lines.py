# %% [markdown]
# # Every line of the data
#
# ## What is shown
#
# The files behind the pooled results, row by row, as they stand in `data/`: the counts of the outcomes (`tables.csv`), the stages of disease (`stages.csv`) and the numbers that the paper prints (`published.csv`). The other files (search, flow, judgements, claims) are shown in full in their chapters. A row is numbered from the first line below the header, as in the messages of `metalib`. Tables of the outcome chapters link to their rows here, and each printed number links on to its row of [the ledger](audit). The columns are explained in the [data dictionary](../book/data_dictionary).
#
# ## The computation

# %%
import pandas as pd

import metalib
from metalib import text
from metalib.pages import notebook
from metalib.pages.filtered import download, filtered_table

review = metalib.read_review("../data")
tables, published = review.tables, review.published
len(tables), len(published)

# %% [markdown]
# ### The counts
#
# *Recovered* counts are inferred from the printed results and are not the authors' data; *published* ones are the only counts that round to percentages in the study's own abstract.

# %% tags=["hide-input"]
labels = review.labels()
outcomes = review.outcomes.set_index("outcome")["label"]


def show_counts(frame, name, outcome, named, choices):
    """Show every row of a file of counts; `named` is the outcome or stage of each."""
    filtered_table(
        pd.DataFrame(
            {
                "Analysis": frame["analysis"],
                "Row": [f"{name}-{i}" for i in range(1, len(frame) + 1)],
                outcome: named,
                "Study": frame["study"].map(labels),
                "Combination": [
                    text.events(r.events_t, r.n_t) for r in frame.itertuples()
                ],
                "Single treatment": [
                    text.events(r.events_c, r.n_c) for r in frame.itertuples()
                ],
                "Counts are": frame["status"],
                "Source": frame["source"],
            }
        ),
        name=f"data-{name}",
        caption=f"The rows of {name}.csv",
        group="Analysis",
        choices=[outcome, "Study", *choices],
        row_id="Row",
        numeric=["Combination", "Single treatment"],
    )


show_counts(
    tables, "tables", "Outcome", tables["outcome"].map(outcomes), ["Counts are"]
)
download(tables, name="tables", what="The counts")

# %% [markdown]
# ### The stages
#
# An "event" is a patient who was in the stage at baseline.

# %% tags=["hide-input"]
stages = review.stages
show_counts(stages, "stages", "Stage", stages["stage"], [])
download(stages, name="stages", what="The stages")

# %% [markdown]
# ### The printed numbers

# %% tags=["hide-input"]
notebook.glue(
    counts=text.count(len(tables)),
    recovered=text.count(int((tables["status"] != "published").sum())),
    printed=text.count(len(published)),
    stages=text.count(len(review.stages)),
)
filtered_table(
    pd.DataFrame(
        {
            "Place": published["place"],
            "Row": [f"published-{i}" for i in range(1, len(published) + 1)],
            "Outcome": [outcomes.get(o, o) for o in published["outcome"]],
            "Without": [
                ", ".join(labels[s] for s in e.split()) or "–"
                for e in published["excluded"]
            ],
            "Statistic": published["statistic"],
            "Printed": published["text"],
            "Read as": [r or "–" for r in published["read_as"]],
            "Unit": [f"{u:g}" for u in published["unit"]],
            "Ledger": published["id"],
            "link": [f"audit.html#{i}" for i in published["id"]],
            "Note": [n or "–" for n in published["note"]],
        }
    ),
    name="data-published",
    caption="The rows of published.csv",
    group="Place",
    choices=["Statistic"],
    row_id="Row",
    links={"Ledger": "link"},
    numeric=["Printed", "Unit"],
)
download(published, name="published", what="The printed numbers")

# %% [markdown]
# ## What follows
#
# Every pooled result of the book can be traced to these {glue:text}`counts:s` rows of counts, of which {glue:text}`recovered:s` are recovered, and {glue:text}`stages:s` rows of stages, and held against these {glue:text}`printed:s` printed numbers.
