# %% [markdown]
# # Every line of the data
#
# ## What is shown
#
# The two files that every result of this book comes from, row by row, as they stand in `data/`: the counts that are pooled (`tables.csv`) and the numbers that the paper prints (`published.csv`). A row is numbered from the first line below the header, as in the messages of `metalib`. Tables of the outcome chapters link to their rows here, and each printed number links on to its row of [the ledger](audit). The columns are explained in the [data dictionary](../book/data_dictionary).
#
# ## The computation

# %%
import pandas as pd

import metalib
from metalib import notebook, text
from metalib.filtered import download, filtered_table

review = metalib.read_review("../data")
tables, published = review.tables, review.published
len(tables), len(published)

# %% [markdown]
# ### The counts
#
# *Recovered* counts are inferred from the printed results and are not the authors' data; *published* ones are printed by the study itself.

# %% tags=["hide-input"]
labels = review.labels()
outcomes = review.outcomes.set_index("outcome")["label"]
filtered_table(
    pd.DataFrame(
        {
            "Analysis": tables["analysis"],
            "Row": [f"tables-{i}" for i in range(1, len(tables) + 1)],
            "Outcome": tables["outcome"].map(outcomes),
            "Study": tables["study"].map(labels),
            "Combination": [
                text.events(r.events_t, r.n_t) for r in tables.itertuples()
            ],
            "Single treatment": [
                text.events(r.events_c, r.n_c) for r in tables.itertuples()
            ],
            "Counts are": tables["status"],
            "Source": tables["source"],
        }
    ),
    name="data-tables",
    caption="The rows of tables.csv",
    group="Analysis",
    choices=["Outcome", "Study", "Counts are"],
    row_id="Row",
    numeric=["Combination", "Single treatment"],
)
download(tables, name="tables", what="The counts")

# %% [markdown]
# ### The printed numbers

# %% tags=["hide-input"]
notebook.glue(
    counts=text.count(len(tables)),
    recovered=text.count(int((tables["status"] != "published").sum())),
    printed=text.count(len(published)),
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
# Every result of the book can be traced to these {glue:text}`counts:s` rows of counts, of which {glue:text}`recovered:s` are recovered, and held against these {glue:text}`printed:s` printed numbers. Nothing else is fed in.
