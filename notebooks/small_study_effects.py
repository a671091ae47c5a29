# %% [markdown]
# # Small-study effects
#
# ## What the paper says
#
# Nothing: there is no funnel plot and no test for asymmetry. With three or four studies an outcome that is the usual advice {cite:p}`sterne2011`: below about ten studies a funnel plot cannot tell asymmetry from chance, and tests have next to no power. They are shown here so that nobody needs to ask for them.

# %%
import pandas as pd

import metalib
from metalib import figures, text
from metalib.pages import notebook
from metalib.robustness.small_study import egger, harbord, peters, trim_and_fill

review = metalib.read_review("../data")
labels = review.labels()
OUTCOMES = ["CR", "PR", "SD", "PD", "AE"]
tests = {
    key: [test(review.tables_of(key)) for test in (egger, harbord, peters)]
    for key in OUTCOMES
}
filled = {key: trim_and_fill(review.tables_of(key)) for key in OUTCOMES}

# %% [markdown]
# ## The computation
#
# ### Funnel plots

# %% tags=["hide-input"]
for key in ("PR", "AE"):
    label = review.outcome(key)["label"]
    pooled = metalib.pool(review.tables_of(key))
    drawn = figures.funnel_data(pooled, labels=labels)
    points = drawn[drawn["kind"] == "study"]
    notebook.figure(
        figures.funnel(pooled, labels=labels),
        name=f"fig-funnel-{key.lower()}",
        caption=(
            f"{label}: contour-enhanced funnel plot of {pooled.k} studies (recovered counts). Shaded bands mark "
            "where a study would be significant at 0.10, 0.05 and 0.01."
        ),
        alt=(
            f"Funnel plot of {label.lower()} around the pooled odds ratio {text.number(pooled.ratio)}: "
            + "; ".join(
                f"{p.label} {text.number(p.estimate)}, standard error {text.number(p.se)}"
                for p in points.itertuples()
            )
            + f". {len(points)} studies are too few to judge symmetry."
        ),
        data=drawn,
    )

# %% [markdown]
# ### Tests, and trim and fill

# %% tags=["hide-input"]
notebook.table(
    pd.DataFrame(
        [
            {
                "Outcome": review.outcome(key)["label"],
                "k": tests[key][0].k,
                **{f"P ({test.name})": text.p_value(test.p) for test in tests[key]},
                "Studies filled in": "–"
                if filled[key].missing is None
                else str(filled[key].missing),
                "OR after filling": "–"
                if filled[key].effect is None
                else text.estimate(filled[key].effect),
            }
            for key in OUTCOMES
        ]
    ),
    name="tab-small-study",
    caption=(
        "Tests for funnel plot asymmetry (Egger, Harbord, Peters) and trim and fill around the inverse-variance estimate. "
        "With so few studies none of this is informative."
    ),
)
found = [t.p for key in OUTCOMES for t in tests[key] if t.p is not None]
notebook.glue(
    tests=str(len(found)),
    small=str(sum(p < 0.05 for p in found)),
    most=str(max(tests[key][0].k for key in OUTCOMES)),
)

# %% [markdown]
# Egger's test {cite:p}`egger1997` regresses the effect on its standard error, Harbord's {cite:p}`harbord2006` and Peters' {cite:p}`peters2006` avoid the built-in correlation of the two for odds ratios; trim and fill {cite:p}`duval2000` adds mirror images of studies.
#
# ## What follows
#
# * Of {glue:text}`tests:s` tests {glue:text}`small:s` are below 0.05, with at most {glue:text}`most:s` studies each. Nothing can be concluded from that, in either direction.
# * What speaks about missing studies is elsewhere: four of the five reports are, by their titles, from Chinese journals, the search covers three databases without a Chinese one, and the flow of records is not reported (see [search results](search_results)).
# * **How sure:** the numbers are exact; their meaning is nil.
