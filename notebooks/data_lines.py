# %% [markdown]
# # Every line of the data
#
# **Every pooled result of the book can be traced to these {glue:text}`counts:s` rows of counts and {glue:text}`stages:s` rows of stages, and held against these {glue:text}`printed:s` printed numbers.** They stand here as in `data/`; a row is numbered from the first line below the header. Tables of the chapters link to their rows here, and each printed number links on to [the ledger](audit). The columns are explained in the [data dictionary](../book/data_dictionary), the statuses in [all tables](study_tables).

# %%
import pandas as pd

import metalib
from metalib import text
from metalib.pages import columns, download, filtered_table, glue, link
from metalib.pages.book import read_book

review = metalib.read_review("../data")
book = read_book(review.folder)
names = book.names(review)
outcomes = review.outcomes.set_index("outcome")["label"]


def lines(frame, name):
    """The rows of a file with their numbers."""
    return frame.assign(line=[f"{name}-{i}" for i in range(1, len(frame) + 1)])


counts = {
    "study": ("Study", columns.named(names)),
    ("events_t", "n_t"): (book.arms[0], text.events),
    ("events_c", "n_c"): (book.arms[1], text.events),
    "status": "Counts are",
    "source": "Source",
}

# %% [markdown]
# ## The counts

# %%
filtered_table(
    lines(review.tables, "tables"),
    {"line": "Row", "outcome": ("Outcome", columns.named(outcomes)), **counts},
    name="data-tables",
    caption="The rows of tables.csv",
    group="analysis",
    choices=["Outcome", "Study", "Counts are"],
    row_id="line",
)
download(review.tables, name="tables", what="The counts")

# %% [markdown]
# ## The stages
#
# An "event" is a patient who was in the stage at baseline.

# %%
filtered_table(
    lines(review.stages, "stages"),
    {"line": "Row", "stage": "Stage", **counts},
    name="data-stages",
    caption="The rows of stages.csv",
    group="analysis",
    choices=["Stage", "Study"],
    row_id="line",
)
download(review.stages, name="stages", what="The stages")

# %% [markdown]
# ## The printed numbers

# %%
filtered_table(
    lines(review.published, "published").sort_values(
        "place", key=lambda places: pd.factorize(places)[0], kind="stable"
    ),
    {
        "line": "Row",
        "outcome": ("Outcome", columns.named(outcomes)),
        "excluded": (
            "Without",
            lambda studies: ", ".join(names[s] for s in studies.split()),
        ),
        "statistic": "Statistic",
        "text": "Printed",
        "read_as": "Read as",
        "unit": ("Unit", lambda unit: f"{unit:g}"),
        "id": ("Ledger", lambda number: link(number, f"{book.ledger}#{number}")),
        "note": "Note",
    },
    name="data-published",
    caption="The rows of published.csv",
    group="place",
    choices=["Statistic"],
    row_id="line",
)
download(review.published, name="published", what="The printed numbers")

# %% tags=["hide-input"]
glue(
    counts=text.count(len(review.tables)),
    stages=text.count(len(review.stages)),
    printed=text.count(len(review.published)),
)
