# %% [markdown]
# # Risk of bias
#
# ## What the paper says
#
# Two researchers used the Cochrane Collaboration's tool. The judgements are in Figure 2, whose picture was not available; in words the paper gives no judgement for any single study (Results, Risk of bias assessment). The abstract calls the overall quality of the studies high; the discussion says that there were few high-quality RCTs.

# %%
import pandas as pd

import metalib
from metalib import figures, text
from metalib.pages import notebook

review = metalib.read_review("../data")
stated = review.risk_of_bias.query("assessor == 'paper'")
book = review.risk_of_bias.query("assessor == 'book'").reset_index(drop=True)
labels = review.labels()
pd.crosstab(book["study"].map(labels), book["judgement"])

# %% tags=["hide-input"]
notebook.table(
    stated[["domain", "support"]],
    name="tab-bias-stated",
    caption="What the paper says in words about each domain.",
    align="ll",
    header=["Domain", "Statement"],
)
notebook.glue(
    low=str((book["judgement"] == "low").sum()),
    unclear=str((book["judgement"] == "unclear").sum()),
    high=str((book["judgement"] == "high").sum()),
    total=str(len(book)),
)

# %% [markdown]
# ## This book's own judgement
#
# Each judgement below rests on information that can be pointed to: Table 1, the abstract of Wang 2018, and the recovered stages at baseline. Where there is none, the judgement is *unclear*, which says something about the sources of this book and not about the studies: four of the five reports were not available.

# %% tags=["hide-input"]
notebook.figure(
    figures.bias_summary(book, labels=labels),
    name="fig-bias-summary",
    caption="Risk of bias by study and domain, this book's own judgement: + low, ? unclear, − high.",
    alt=(
        "Grid of judgements by study and domain; high risk: "
        + "; ".join(
            f"{labels[r.study]}, {r.domain}"
            for r in book.query("judgement == 'high'").itertuples()
        )
        + "."
    ),
    data=book[["study", "domain", "judgement"]],
)
notebook.figure(
    figures.bias_graph(book),
    name="fig-bias-graph",
    caption="Risk of bias by domain over the five studies, this book's own judgement.",
    alt="Stacked bars by domain; share of studies with unclear risk: "
    + "; ".join(
        f"{domain} {text.percent(100 * share)}"
        for domain, share in (book["judgement"] == "unclear")
        .groupby(book["domain"], sort=False)
        .mean()
        .items()
    ),
    data=book.groupby(["domain", "judgement"], sort=False)
    .size()
    .rename("studies")
    .reset_index(),
)

# %% tags=["hide-input"]
informed = book[~book["support"].str.startswith("No information")]
notebook.table(
    pd.DataFrame(
        {
            "Study": informed["study"].map(labels),
            "Domain": informed["domain"],
            "Judgement": informed["judgement"],
            "Support": informed["support"],
            "Source": informed["source"],
        }
    ),
    name="tab-bias-support",
    caption="Support for every judgement that rests on information.",
    align="lllll",
)

# %% [markdown]
# ## What follows
#
# * **Printed:** a majority of low risk for sequence generation, allocation concealment and blinding of outcome assessment.
# * **What follows:** of {glue:text}`total:s` judgements this book can support {glue:text}`low:s` as low and {glue:text}`high:s` as high; {glue:text}`unclear:s` stay unclear. The paper names no study as low or high. For Wang 2018 a low risk in the allocation domains is hard to reconcile with its abstract, for Ke 2011 with the recovered stages. For a comparison of treated patients ROBINS-I would be the tool.
# * **How sure:** the judgements on Wang 2018 rest on its abstract, not on the full report; those on Ke 2011 on recovered stages, which could also be an error of data entry in the review.
