# %% [markdown]
# # All tables
#
# **These are the tables behind every pooled result of the book: {glue:text}`recovered:s` rows recovered from printed statistics, {glue:text}`derived:s` derived from percentages that Wang 2018 published. None is reported by the article.** How they were found is told in [recovering the tables](recovery), and what would prove them wrong in [what would refute these tables](other_data).

# %%
import metalib
from metalib import text
from metalib.audit.printed import read_printed
from metalib.pages import columns, glue, link, table
from metalib.pages.book import read_book

review = metalib.read_review("../data")
book = read_book(review.folder)
names = book.names(review)
labels = review.outcomes.set_index("outcome")["label"]
tables = review.tables.assign(
    name=review.tables["outcome"].map(labels), row=range(1, len(review.tables) + 1)
)
counts = {
    "study": ("Study", columns.named(names)),
    ("events_t", "n_t"): (book.arms[0], text.events),
    ("events_c", "n_c"): (book.arms[1], text.events),
    "status": "Counts are",
}


def line(file):
    return lambda row: link(f"row {row}", f"{book.lines}#{file}-{row}")


# %% [markdown]
# * *identified*: under the assumptions of the search only these counts agree with every printed number;
# * *identified up to complement*: the complement (n − c, n − a) has the same odds ratio and variance and cannot be told apart;
# * *nearest*: the counts that agree best, but one printed digit is missed;
# * *derived from published percentages*: the only counts that round to the percentages in the study's own abstract;
# * *candidate*: one of several that agree; none is claimed.

# %%
table(
    tables.query("analysis == 'main'"),
    {**counts, "row": ("Data", line("tables"))},
    name="tab-main-tables",
    caption="Recovered tables of the main analysis.",
    group="name",
    note=book.note(review, set(tables["study"])),
)
stages = review.stages.assign(
    row=range(1, len(review.stages) + 1), name="Stage " + review.stages["stage"]
)
table(
    stages.query("analysis == 'main'"),
    {**counts, "row": ("Data", line("stages"))},
    name="tab-stage-tables",
    caption="Recovered stages at baseline. An event is a patient in the stage.",
    group="name",
    note=book.note(review, set(stages["study"])),
)

# %% [markdown]
# One-year survival has no table of its own here: its {glue:text}`families:s` candidates stand in [one-year survival](one_year_survival), the {glue:text}`placements:s` placements of the patients in stage IV in [every line of the data](data_lines).
#
# ## Wang 2018, from its percentages
#
# Its abstract (`doi:10.12659/MSM.910735`) gives percentages of both arms. Each stands for the counts that round to it:

# %%
own = tables[tables["analysis"] == "wang2018"]
percentages = own["source"].str.findall(r"([\d.]+)% of (\d+)")


def rounding(percentage, patients):
    """The counts that print as a percentage."""
    printed, n = read_printed(percentage), int(patients)
    return [a for a in range(n + 1) if printed.low <= 100 * a / n <= printed.high]


table(
    own.assign(
        published=percentages.map(lambda pairs: ", ".join(f"{p}%" for p, _ in pairs))
    ),
    {
        "name": "Outcome",
        "published": "Published (combination, single)",
        ("events_t", "n_t"): (book.arms[0], text.events),
        ("events_c", "n_c"): (book.arms[1], text.events),
        "row": ("Data", line("tables")),
    },
    name="tab-wang",
    caption="Wang 2018's own response and survival. Its responses are not part of the article's analyses.",
    align="lrrrl",
)

# %% tags=["hide-input"]
for row, pairs in zip(own.itertuples(), percentages, strict=True):
    assert [rounding(*pair) for pair in pairs] == [[row.events_t], [row.events_c]], (
        f"All tables: 'the only counts that round to the percentages' fails, {row.name}"
    )
    assert [int(n) for _, n in pairs] == [row.n_t, row.n_c], "All tables: Wang's arms"
derived = tables["status"] == "derived from published percentages"
glue(
    recovered=str((~derived).sum()),
    derived=str(derived.sum()),
    families=str(len(review.candidates("survival"))),
    placements=str(review.stages["analysis"].nunique() - 1),
)

# %% [markdown]
# Tables of another review can be put in their place: each notebook reads `data/tables.csv`, described in the [data dictionary](../book/data_dictionary).
