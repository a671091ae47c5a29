# %% [markdown]
# # Search results
#
# **Between {glue:text}`after:s` records and {glue:text}`included:s` studies the text of the article has no number and no reason: {glue:text}`missing_steps:s` steps of the PRISMA 2020 flow are not reported.** The counts that are printed fit together; which databases were searched is told in three different ways, and with which words is not told at all.

# %%
import pandas as pd

import metalib
from metalib import figures, text
from metalib.importers.appraisal import flow_sheet
from metalib.pages import download, figure, glue, table

review = metalib.read_review("../data")
printed = review.flow.set_index("step")["count"]
after = printed["records after merging and removal of duplicates"]
included = printed["studies included in the review"]

others = review.search.query("query == 'other sources'")
databases = review.search.query("query == '#1 AND #2 AND #3'")
found = pd.concat(
    [
        databases.assign(prisma2020="database_specific_results"),
        others.assign(prisma2020="citations_results"),
    ]
).rename(columns={"database": "step", "records": "count"})
identified = found["count"].sum()
duplicates = identified - after
total = pd.DataFrame(
    {"step": ["records identified"], "count": identified, "prisma2020": ""}
)
removed = pd.DataFrame(
    {"step": ["duplicate records"], "count": duplicates, "prisma2020": "duplicates"}
)
known = pd.concat([total, found, removed]).assign(stage="identification")
flow = pd.concat([known, review.flow])[["stage", "step", "count", "prisma2020"]]
figure(
    figures.flow_diagram(figures.flow_boxes(flow)),
    name="fig-flow",
    caption=(
        "Flow of records in the layout of PRISMA 2020. The records identified are the "
        "sum of four printed counts, the duplicates the difference to what remained. "
        "Dashed boxes: not reported in the text."
    ),
    alt=(
        f"Flow diagram: {text.count(identified)} records identified, "
        f"{text.count(duplicates)} duplicates removed, screening and eligibility not "
        f"reported, {included} studies included."
    ),
    data=flow,
)

# %% [markdown]
# ## What the article prints
#
# "After merging and deduplicating all identified records, 4,271 articles remained. Following further screening, the data of five studies were analyzed (figure 1)" (Literature search results). The picture of Figure 1 was not available to this book; it may show some of the missing steps.
#
# :::{table} Databases as the article names them
# :name: tab-databases
#
# | Place | Searched |
# | :--- | :--- |
# | Abstract | PubMed, "Coghlan's database", Web of Science |
# | Methods, Search strategy | PubMed, Cochrane Library, Web of Science; references of reviews; WHO platform ICTRP |
# | Results, Literature search results | PubMed, Web of Science, Scopus; existing literature and ClinicalTrials.gov |
# :::
#
# "Coghlan's database" is read here as the Cochrane Library. The Cochrane Library and ICTRP are announced and have no count; Scopus has one and is not announced; ClinicalTrials.gov shares one with the literature. None of the databases is Chinese, although four of the five included studies are, by their titles in the list of references, from Chinese journals.
#
# *How* (Methods): searched in November 2024, the month in which the journal received the article and which the number of the registration, INPLASY2024110094, names too; with "both indexed and free-text terms", which are not printed; references kept in EndNote X9; titles, abstracts and full texts read by two researchers independently, a third if in doubt. Excluded were duplicates, repeated or incomplete data, conference abstracts, case reports and papers without relevant data, "studies investigating multiple combination therapies", and papers not available in the original; how many for which reason is not said.

# %% [markdown]
# ## The computation

# %%
wide = review.search.pivot(index="database", columns="query", values="records")
queried = wide.loc[wide["#1"].notna(), ["#1", "#2", "#3", "#1 AND #2 AND #3"]]
possible = queried["#1 AND #2 AND #3"] <= queried[["#1", "#2", "#3"]].min(axis=1)
table(
    queried.reset_index(),
    {
        "database": "Database",
        **{query: (query, lambda n: text.count(int(n))) for query in queried},
    },
    name="tab-search",
    caption="Records by database and query (Results, Literature search results).",
)

# %% [markdown]
# With {glue:text}`other_records:s` records from other sources the combined queries add up to {glue:text}`identified:s`; that is a sum of this book, the article prints no total. {glue:text}`after:s` after removal of duplicates leaves {glue:text}`duplicates:s` duplicates ({glue:text}`duplicate_share:s`). In {glue:text}`possible:s` databases the combined query returns no more than the smallest of its parts, as it must.
#
# The same flow for the R package PRISMA2020 {cite:p}`haddaway2022`, missing steps as `NA`:

# %%
download(
    flow_sheet(flow), name="prisma2020-flow", what="Flow of records for PRISMA2020"
)

# %% tags=["hide-input"]
glue(
    identified=text.count(identified),
    after=text.count(after),
    duplicates=text.count(duplicates),
    included=str(included),
    other_records=text.count(others["records"].item()),
    duplicate_share=text.percent(100 * duplicates / identified, 1),
    possible=f"{int(possible.sum())} of {len(possible)}",
    missing_steps=str(int((review.flow["status"] == "not reported").sum())),
)
assert duplicates > 0, "Search: 'the counts that are printed fit together' fails"
assert possible.all(), "Search: 'as it must' no longer holds"
assert set(review.flow.loc[review.flow["status"] == "printed", "step"]) == {
    "records after merging and removal of duplicates",
    "studies included in the review",
}, "Search: 'no number between' no longer holds"

# %% [markdown]
# ## What follows
#
# * **Adds up:** sources, duplicates and what remained. **Missing:** how many records were screened and reports read, and why reports were excluded, which PRISMA 2020 asks for {cite:p}`page2021`, and the search words, without which the search cannot be repeated. [The article, item by item](article) has the rest.
# * **How sure:** the sums are arithmetic on printed counts. That duplicates were removed only among these sources is assumed.
