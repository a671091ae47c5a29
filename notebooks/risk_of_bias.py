# %% [markdown]
# # Risk of bias
#
# **Little can be judged from what is available: {glue:text}`low:s` of {glue:text}`total:s` judgements can be supported as low and {glue:text}`high:s` as high, {glue:text}`unclear:s` stay unclear.** *Unclear* says something about the sources of this book, not about the studies: four of the five reports were not available. The article calls the overall quality high.

# %%
import pandas as pd

import metalib
from metalib import figures, text
from metalib.importers.appraisal import robvis_sheet
from metalib.pages import download, figure, glue, table
from metalib.pages.book import read_book

review = metalib.read_review("../data")
book = read_book("../data")
names = book.names(review)
judged = review.risk_of_bias.query("assessor == 'book'").reset_index(drop=True)
high = judged.query("judgement == 'high'")
figure(
    figures.bias_summary(judged, labels=names),
    name="fig-bias-summary",
    caption=(
        "Risk of bias by study and domain, this book's own judgement: + low, ? unclear, "
        f"− high. {book.note(review, set(judged['study']))}"
    ),
    alt="Grid of judgements by study and domain; high risk: "
    + "; ".join(f"{names[r.study]}, {r.domain}" for r in high.itertuples())
    + ".",
    data=judged[["study", "domain", "judgement"]],
)

# %% [markdown]
# ## What the article prints
#
# Two researchers used "the Cochrane Collaboration's risk of bias tool", a third decided if they disagreed. Judgements on single studies are in Figure 2, whose picture was not available. Its note calls domain 4 "Blinding of participants and personnel, as well as outcome assessment (detection bias)"; participants and personnel are domain 3 already, and in the tool domain 4 is the blinding of outcome assessment {cite:p}`higgins2011`. In words:

# %%
table(
    review.risk_of_bias.query("assessor == 'paper'"),
    {"domain": "Domain", "support": "Statement"},
    name="tab-bias-stated",
    caption="What the article says in words about each domain (Results, Risk of bias assessment).",
)

# %% [markdown]
# The abstract says that "the overall quality of the studies was high", the discussion that "there were few high-quality RCTs".
#
# ## This book's judgements
#
# They rest on Table 1, the abstract of Wang 2018 and the recovered stages at baseline, nothing else.

# %%
informed = judged[~judged["support"].str.startswith("No information")]
blinding = informed[informed["source"] == "Table 1"]
table(
    pd.concat([blinding.head(1).assign(study="all"), informed.drop(blinding.index)]),
    {
        "study": ("Study", lambda study: names.get(study, "All five")),
        "domain": "Domain",
        "judgement": "Judgement",
        "support": "Support",
        "source": "Source",
    },
    name="tab-bias-support",
    caption="Support for every judgement that rests on information.",
    note=book.note(review, set(informed["study"])),
)

# %%
figure(
    figures.bias_graph(judged),
    name="fig-bias-graph",
    caption="Risk of bias by domain over the five studies, this book's own judgement.",
    alt="Stacked bars by domain; share of studies with unclear risk: "
    + "; ".join(
        f"{domain} {text.percent(100 * share)}"
        for domain, share in (judged["judgement"] == "unclear")
        .groupby(judged["domain"], sort=False)
        .mean()
        .items()
    ),
    data=judged.groupby(["domain", "judgement"], sort=False)
    .size()
    .rename("studies")
    .reset_index(),
)

# %% [markdown]
# For robvis {cite:p}`mcguinness2021` the same with an overall column, the worst judgement of each study:

# %%
download(
    robvis_sheet(judged, review.labels()),
    name="robvis",
    what="Risk of bias for robvis (Generic)",
)

# %% tags=["hide-input"]
counted = judged["judgement"].value_counts()
glue(
    total=str(len(judged)),
    **{name: str(counted.get(name, 0)) for name in ("low", "high", "unclear")},
)
blind = "Blinding of participants and personnel"
assert set(high.loc[high["domain"] != blind, "study"]) == {"wang2018"}, (
    "Risk of bias: 'nothing can be said of the others' no longer holds"
)
assert blinding["domain"].tolist() == [blind] * len(names), (
    "Risk of bias: 'all five' no longer holds"
)
assert counted.get("low", 0) == 0, "Risk of bias: a judgement can now be low"

# %% [markdown]
# ## Why the older tool, and what RoB 2 would need
#
# The domains are those of the 2011 tool because the article used it, so that the two can be compared. RoB 2 {cite:p}`sterne2019` judges one result at a time and asks what only reports and protocols tell:
#
# | Domain of RoB 2 | Available here |
# | :--- | :--- |
# | Randomisation process | Wang 2018: its abstract reads as treated patients, for which ROBINS-I {cite:p}`sterne2016` is the tool. Ke 2011: recovered stages with [two readings](study_characteristics). Others: nothing |
# | Deviations from intended interventions | Arms differ by a procedure (Table 1), so patients and staff knew; how patients were analysed is not known |
# | Missing outcome data | The recovered response categories add up to the arms, which are the patients analysed; how many were randomised is not known |
# | Measurement of the outcome | Nothing on who measured, when, or blind |
# | Selection of the reported result | No protocol is known |
#
# No result could be rated low in any domain, and an overall rating would repeat that the reports are missing. RoB 2 is therefore left to those who hold them.
#
# ## What follows
#
# * **Wang 2018:** "low risk" in sequence generation or allocation concealment is hard to reconcile with its abstract. The abstract is not the full report.
# * **Ke 2011:** recovered stages would speak against random allocation as they stand, and say nothing if a row slipped. Both domains stay unclear.
# * **The others:** nothing can be said for or against the article's judgements.
