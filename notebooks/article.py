# %% [markdown]
# # The article, item by item
#
# **Of the {glue:text}`items:s` items of PRISMA 2020 the article reports {glue:text}`reported:s`, {glue:text}`partly:s` in part and {glue:text}`missing:s` not; by the rule of AMSTAR 2 confidence in the review is {glue:text}`rating:s`.** Both are readings of one text by one reader: the figures of the article, its registration and any supplement were not available, so "not reported" means not in the text.

# %%
from pathlib import Path

import pandas as pd

import metalib
from metalib.audit.checklists import amstar2_rating
from metalib.pages import filtered_table, glue, link, table

review = metalib.read_review("../data")
prisma, amstar2, cited = review.prisma, review.amstar2, review.cited
tally = pd.crosstab(prisma["section"], prisma["article"])
sections = prisma["section"].unique()
tally = tally.loc[sections, ["reported", "partly", "not reported"]].reset_index()
table(
    tally,
    {name: name.capitalize() for name in tally},
    name="tab-prisma-tally",
    caption="Items of PRISMA 2020 by section and by what the article reports.",
)

# %% [markdown]
# ## PRISMA 2020
#
# Items in the words of this book; the wording that counts is that of the statement {cite:p}`page2021`. The last column says where this book answers the item for its own analyses.


# %%
def here(answer, place):
    """Whether this book answers an item, with a link where that is one chapter."""
    page = place.replace(" ", "_").replace("-", "_")
    if answer == "no":
        return f"no: {place}"
    shown = place if answer == "yes" else f"partly: {place}"
    return link(shown, f"{page}.html" if Path(f"{page}.py").exists() else None)


filtered_table(
    prisma,
    {
        "item": "Item",
        "topic": "Asks for",
        "article": "Article",
        "place": "Place",
        "remark": "Remark",
        ("book", "book_place"): ("This book", here),
    },
    name="tab-prisma",
    caption="The article against PRISMA 2020.",
    group="section",
    choices=["Article"],
    align="llllll",
)

# %% [markdown]
# ## AMSTAR 2
#
# {glue:text}`critical_no:s` of the {glue:text}`critical:s` critical items are answered "no"; more than one makes the rating "critically low" {cite:p}`shea2017`. The rating is about how the review was done and reported, not about whether its numbers are right; which of them are reproduced says [the audit](audit).

# %%
table(
    amstar2,
    {
        ("item", "critical"): (
            "Item",
            lambda item, critical: f"{item}{'*' if critical == 'yes' else ''}",
        ),
        "topic": "Asks for",
        "answer": "Answer",
        "place": "Place",
        "reason": "Reason",
    },
    name="tab-amstar2",
    caption="The article against AMSTAR 2, this book's judgement.",
    align="lllll",
    note="\\* critical item.",
)
rating = amstar2_rating(amstar2)

# %% [markdown]
# ## Statements that no other chapter takes up

# %%
table(
    review.passed_over,
    {"place": "Place", "printed": "Printed", "remark": "Beside it"},
    name="tab-passed-over",
    caption="Statements of the article and what is to be known beside them.",
)

# %% [markdown]
# ## References and what they are cited for
#
# Subjects are taken from titles in the list of references; the works were not read. A remark says where title and use are not of one subject, or where name and list differ.

# %%
table(
    cited,
    {
        "reference": "No.",
        "work": "Work",
        "subject": "Subject, by its title",
        "cited_for": "Cited for",
        "place": "Place",
        "remark": "Remark",
    },
    name="tab-cited",
    caption="The list of references of the article.",
    align="rlllll",
)

# %% tags=["hide-input"]
critical = amstar2[amstar2["critical"] == "yes"]
states = prisma["article"].value_counts()
glue(
    items=str(len(prisma)),
    reported=str(states["reported"]),
    partly=str(states["partly"]),
    missing=str(states["not reported"]),
    rating=rating,
    critical=str(len(critical)),
    critical_no=str((critical["answer"] == "no").sum()),
    references=str(len(cited)),
    remarked=str((cited["remark"] != "").sum()),
    uncited=str((cited["cited_for"] == "").sum()),
)
assert (critical["answer"] == "no").sum() > 1, "Article: the rating's reason is gone"
assert (prisma.loc[prisma["article"] != "not reported", "place"] != "").all(), (
    "Article: an item is called reported without its place"
)
assert len(cited) == cited["reference"].max(), "Article: a reference is missing"

# %% [markdown]
# Of {glue:text}`references:s` works {glue:text}`remarked:s` have a remark, {glue:text}`uncited:s` is cited nowhere. None of this changes a pooled number.
