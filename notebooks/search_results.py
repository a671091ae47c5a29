# %% [markdown]
# # Search results
#
# ## What the paper says
#
# Three databases were searched in November 2024 with three queries each, and their combinations (Results, Literature search results). Together with {glue:text}`other_records:s` references from other sources, {glue:text}`after:s` records remained after merging and removal of duplicates, and {glue:text}`included:s` studies were analysed.
#
# The databases are named differently in three places:
#
# :::{table} Databases named in the paper
# :name: tab-databases
#
# | Place | Databases |
# | :--- | :--- |
# | Abstract | PubMed, "Coghlan's database", Web of Science |
# | Methods, Search strategy | PubMed, Cochrane Library, Web of Science; also the WHO platform ICTRP |
# | Results, Literature search results | PubMed, Web of Science, Scopus; also ClinicalTrials.gov |
# :::
#
# "Coghlan's database" is read here as the Cochrane Library. A search in the Cochrane Library and in ICTRP is announced but has no counts; Scopus has a count, and ClinicalTrials.gov shares one with a review of the literature, but neither is announced.

# %% [markdown]
# ## The computation

# %%
import metalib
from metalib import figures, text
from metalib.pages import notebook

review = metalib.read_review("../data")
search, flow = review.search, review.flow.set_index("step")["count"]

combined = search[search["query"].isin(["#1 AND #2 AND #3", "other sources"])]
identified = int(combined["records"].sum())
after_duplicates = int(flow["records after merging and removal of duplicates"])
included = int(flow["studies included in the review"])
duplicates = identified - after_duplicates
identified, after_duplicates, duplicates, included

# %% tags=["hide-input"]
wide = search.pivot(index="database", columns="query", values="records").reindex(
    search["database"].unique()
)
parts = wide[["#1", "#2", "#3"]].min(axis=1)
notebook.glue(
    identified=text.count(identified),
    after=text.count(after_duplicates),
    duplicates=text.count(duplicates),
    included=text.count(included),
    other_records=text.count(
        int(search.set_index("query").loc["other sources", "records"])
    ),
    duplicate_share=text.percent(100 * duplicates / identified, 1),
    possible=f"{int((wide['#1 AND #2 AND #3'].dropna() <= parts.dropna()).sum())} of {len(parts.dropna())}",
    missing_steps=str(int((review.flow["status"] == "not reported").sum())),
)
shown = search.assign(records=search["records"].map(text.count))[
    ["database", "query", "records"]
]
notebook.table(
    shown,
    name="tab-search",
    caption="Every count of the search section, as printed.",
    align="llr",
    header=["Database", "Query", "Records"],
)

# %% [markdown]
# ### The flow of records


# %% tags=["hide-input"]
def box(label, side=None):
    """A step of flow.csv as a box, with what leaves the flow there."""
    row = review.flow.set_index("step").loc[label]
    return figures.FlowBox(
        row["stage"], label.capitalize(), row["count"], side=side and box(side)
    )


sources = list(zip(combined["database"], combined["records"], strict=True))
removed = figures.FlowBox(
    "identification", "Duplicate records removed before screening", duplicates
)
boxes = [
    figures.FlowBox(
        "identification", "Records identified", identified, parts=sources, side=removed
    ),
    box("records after merging and removal of duplicates"),
    box("records screened", side="records excluded"),
    box("reports sought for retrieval", side="reports not retrieved"),
    box("reports assessed for eligibility", side="reports excluded, with reasons"),
    box("studies included in the review"),
]
notebook.figure(
    figures.flow_diagram(boxes),
    name="fig-flow",
    caption=(
        f"Flow of records in the layout of PRISMA 2020. {text.count(identified)} records are the sum of the four printed counts, "
        f"{text.count(duplicates)} duplicates the difference to the {text.count(after_duplicates)} that remained. Dashed boxes: not reported."
    ),
    alt=(
        f"Flow diagram: {text.count(identified)} records identified, {text.count(duplicates)} duplicates removed, "
        f"screening and eligibility not reported, {included} studies included."
    ),
    data=review.flow[["stage", "step", "count", "status"]],
)

# %% [markdown]
# ## What follows
#
# * **What adds up:** the counts of the sources add up to {glue:text}`identified:s` records; {glue:text}`after:s` after deduplication leaves {glue:text}`duplicates:s` duplicates ({glue:text}`duplicate_share:s`). In {glue:text}`possible:s` databases the combined query returns no more than the smallest of its parts, as it must.
# * **What is not reported:** {glue:text}`missing_steps:s` of the steps that PRISMA 2020 asks for have no number in the text, among them how many records were screened, how many full texts were read, and why reports were excluded. From {glue:text}`after:s` records to {glue:text}`included:s` studies no numbers and no reasons are printed. (Figure 1 of the paper may show some of these; its picture was not available to this book.)
# * **How sure:** the sums are arithmetic on printed counts. That duplicates were removed only among these sources is assumed.
