# %% [markdown]
# # Small-study effects
#
# **Whether studies are missing cannot be judged from these results.** With at most {glue:text}`most:s` studies an outcome no funnel plot and no test can tell asymmetry from chance; {glue:text}`small:s` of {glue:text}`tests:s` tests is below 0.05.

# %%
import pandas as pd

import metalib
from metalib import figures, text
from metalib.pages import figure, glue, table
from metalib.pages.book import read_book

review = metalib.read_review("../data")
book = read_book(review.folder)
names = book.names(review)
labels = review.outcomes.set_index("outcome")["label"]
identified = [key for key in labels.index if not review.candidates(key)]
adverse = metalib.pool(review.tables_of("AE"))
drawn = figures.funnel_data(adverse, labels=names)
figure(
    figures.funnel(adverse, labels=names),
    name="fig-funnel-ae",
    caption=f"{labels['AE']}: funnel plot, recovered counts. Shaded: where a study alone "
    f"would be significant. {book.note(review, adverse.studies)}",
    alt=f"Funnel plot around {text.number(adverse.ratio)}: "
    + "; ".join(
        f"{row.label} {text.number(row.estimate)}, standard error {text.number(row.se)}"
        for row in drawn[drawn["kind"] == "study"].itertuples()
    ),
    data=drawn,
)

# %% [markdown]
# ## What the article prints
#
# No funnel plot and no test. That is the usual advice for fewer than about ten studies {cite:p}`sterne2011`. The tests are given here because readers ask for them.
#
# ## Tests, and trim and fill
#
# Egger's test {cite:p}`egger1997` regresses the effect on its standard error; those of Harbord {cite:p}`harbord2006` and Peters {cite:p}`peters2006` avoid the tie between the two that odds ratios have. Trim and fill {cite:p}`duval2000` adds mirror images of studies that seem to be missing.

# %%
rows = []
for key in identified:
    tables = review.tables_of(key)
    filled = metalib.trim_and_fill(tables)
    row = {"outcome": labels[key], "k": metalib.egger(tables).k}
    for test in (metalib.egger, metalib.harbord, metalib.peters):
        row[test.__name__] = test(tables).p
    rows.append(row | {"filled": filled.missing, "after": text.estimate(filled.effect)})
tests = pd.DataFrame(rows)
table(
    tests,
    {
        "outcome": "Outcome",
        "k": "Estimable studies",
        "egger": ("P, Egger", text.p_value),
        "harbord": ("P, Harbord", text.p_value),
        "peters": ("P, Peters", text.p_value),
        "filled": "Studies filled in",
        "after": "OR after filling",
    },
    name="tab-small-study",
    caption="Tests for asymmetry, and trim and fill (inverse variance, fixed), recovered counts.",
)

# %% tags=["hide-input"]
p = tests[["egger", "harbord", "peters"]]
below = int((p < 0.05).sum().sum())
assert p.notna().all().all(), "Small-study effects: a test has no P any more"
assert below == 1, (
    "Small-study effects: 'one of the tests is below 0.05' no longer holds"
)
assert tests["k"].max() < 10, (
    "Small-study effects: 'fewer than about ten' no longer holds"
)
contradicting = max(identified, key=lambda k: metalib.pool(review.tables_of(k)).I2)
assert labels[contradicting] == tests.loc[p.min(axis=1).idxmin(), "outcome"], (
    "Small-study effects: 'where the studies contradict each other' no longer holds"
)
assert p["harbord"].min() == p.min().min(), (
    "Small-study effects: 'the one that does is Harbord's' no longer holds"
)
glue(
    most=str(tests["k"].max()),
    tests=str(p.size),
    small=str(below),
    lowest=tests.loc[p.min(axis=1).idxmin(), "outcome"].lower(),
    databases="; ".join(review.search["database"].unique()),
    expected=text.number(0.05 * p.size, 2),
)

# %% [markdown]
# Where nothing is amiss, {glue:text}`expected:s` of {glue:text}`tests:s` tests fall below 0.05 on average. The one that does is Harbord's for {glue:text}`lowest:s`, where the studies contradict each other in any case.
#
# ## How sure
#
# The numbers are exact for the recovered counts, but too few studies stand behind them to say anything in either direction. What can be said comes from the search: by their titles most of the reports appeared in Chinese journals, and the databases searched ({glue:text}`databases:s`) include no Chinese one ([search results](search_results)). Studies may well be missing; that they are is not shown. [Certainty](certainty) says how this counts.
