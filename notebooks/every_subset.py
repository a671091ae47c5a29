# %% [markdown]
# # Every subset of studies
#
# ## What the paper says
#
# The results are called consistent after studies were excluded (see [sensitivity](sensitivity)). The strongest form of that statement is about every subset: with k studies there are 2^k − 1 of them, few enough to pool them all. {cite:p}`olkin2012`

# %%
import pandas as pd

import metalib
from metalib import all_subsets, cumulative, figures, influence, text
from metalib.pages import notebook

review = metalib.read_review("../data")
labels = review.labels()
OUTCOMES = ["CR", "PR", "SD", "PD", "AE"]
subsets = pd.concat(
    [
        all_subsets(review.tables_of(key), model=model).assign(outcome=key, model=model)
        for key in OUTCOMES
        for model in ("fixed", "random")
    ],
    ignore_index=True,
).dropna(subset=["p"])
full = {
    (key, model): metalib.pool(review.tables_of(key), model=model)
    for key in OUTCOMES
    for model in ("fixed", "random")
}
# Where the whole shows no effect at all there is no direction to keep.
subsets["whole"] = [
    full[row.outcome, row.model].estimate for row in subsets.itertuples()
]
directed = subsets["whole"].abs() > 1e-9
product = subsets["estimate"] * subsets["whole"]
subsets["same_side"] = (product > 1e-12).where(directed)
subsets["significant"] = subsets["p"] < 0.05
len(subsets)

# %% [markdown]
# ## The computation
#
# ### Direction and significance over all subsets

# %% tags=["hide-input"]


def side(part):
    """Number and share of subsets on the side of the whole."""
    if part["same_side"].isna().all():
        return "the whole is at 1"
    kept = part["same_side"].astype(bool)
    return f"{int(kept.sum())} ({text.percent(100 * kept.mean())})"


rows = []
for (key, model), part in subsets.groupby(["outcome", "model"], sort=False):
    several = part[part["k"] > 1]
    rows.append(
        {
            "Outcome": review.outcome(key)["label"],
            "Model": model,
            "Subsets": len(part),
            "Same direction": side(part),
            "P < 0.05": f"{int(part['significant'].sum())} ({text.percent(100 * part['significant'].mean())})",
            "P < 0.05, two or more estimable studies": f"{int(several['significant'].sum())} of {len(several)}",
            "OR, smallest to largest": f"{text.number(part['ratio'].min())} to {text.number(part['ratio'].max())}",
        }
    )
notebook.table(
    pd.DataFrame(rows),
    name="tab-subsets",
    caption="All subsets of studies that can be pooled: how many keep the direction of the whole, and how many are significant. For progression Ding 2016 is not estimable, so that every result occurs twice.",
    align="llrrrrr",
)
share = (
    subsets.astype({"same_side": float})
    .groupby(["outcome", "model"])[["same_side", "significant"]]
    .mean()
)
notebook.glue(
    **{
        f"{key.lower()}_{model}_{what}": text.percent(
            100 * share.loc[(key, model), column]
        )
        for key in OUTCOMES
        for model in ("fixed", "random")
        for what, column in (("side", "same_side"), ("significant", "significant"))
    }
)

# %% tags=["hide-input"]
drawn = subsets[subsets["model"] == "fixed"]
drawn = drawn.assign(
    outcome=[review.outcome(key)["label"] for key in drawn["outcome"]],
    estimate=drawn["ratio"],
)
whole = {review.outcome(key)["label"]: full[key, "fixed"] for key in OUTCOMES}
assert abs(metalib.pool(review.tables_of("CR")).estimate) < 1e-9
notebook.figure(
    figures.subsets(drawn, whole=whole),
    name="fig-subsets",
    caption=(
        "Every subset of studies, Mantel-Haenszel fixed effects. Filled: P < 0.05. Dashed line: all studies together."
    ),
    alt=(
        "Odds ratios of all subsets by number of studies; share of subsets on the same side of 1 as all studies together: "
        + "; ".join(
            f"{review.outcome(k)['label'].lower()} {text.percent(100 * share.loc[(k, 'fixed'), 'same_side'])}"
            if share.loc[(k, "fixed"), "same_side"]
            == share.loc[(k, "fixed"), "same_side"]
            else f"{review.outcome(k)['label'].lower()} has none, its whole being exactly 1"
            for k in OUTCOMES
        )
        + "."
    ),
    data=subsets.loc[
        subsets["model"] == "fixed", ["outcome", "studies", "size", "ratio", "p"]
    ],
)

# %% [markdown]
# ### Who carries heterogeneity and result
#
# Baujat's coordinates {cite:p}`baujat2002`: how much each study adds to Q, and how far the pooled estimate moves without it, in standard errors squared.

# %% tags=["hide-input"]
parts = pd.concat(
    [influence(review.tables_of(key)).assign(outcome=key) for key in OUTCOMES],
    ignore_index=True,
)
used = parts[parts["reason"] == ""]
most = used.loc[used.groupby("outcome", sort=False)["influence"].idxmax()].set_index(
    "outcome"
)
notebook.glue(
    **{f"most_{key.lower()}": labels[most.loc[key, "study"]] for key in OUTCOMES}
)
notebook.table(
    pd.DataFrame(
        {
            "Outcome": [review.outcome(k)["label"] for k in used["outcome"]],
            "Study": used["study"].map(labels),
            "Weight": [text.percent(w, 1) for w in used["weight"]],
            "Part of Q": [text.number(v) for v in used["heterogeneity"]],
            "Influence": [text.number(v) for v in used["influence"]],
        }
    ),
    name="tab-influence",
    caption="Contribution of each study to heterogeneity and to the pooled odds ratio (fixed effects).",
    align="llrrr",
)

# %% [markdown]
# ### Cumulative by year
#
# The studies in the order in which they appeared.

# %% tags=["hide-input"]
years = review.studies.set_index("study")["year"]
steps = []
for key in OUTCOMES:
    tables = review.tables_of(key)
    order = (
        tables["study"].sort_values(key=lambda s: s.map(years), kind="stable").tolist()
    )
    steps.append(cumulative(tables, order).assign(outcome=key))
steps = pd.concat(steps, ignore_index=True)
notebook.table(
    pd.DataFrame(
        {
            "Outcome": [review.outcome(k)["label"] for k in steps["outcome"]],
            "Up to": [f"{labels[s]}" for s in steps["added"]],
            "k": [int(k) for k in steps["k"]],
            "OR [95% CI]": [
                text.NOT_ESTIMABLE
                if r != r
                else f"{text.number(r)} {text.interval(lo, hi)}"
                for r, lo, hi in zip(
                    steps["ratio"], steps["ratio_low"], steps["ratio_high"], strict=True
                )
            ],
            "P": [text.p_value(p) for p in steps["p"]],
        }
    ),
    name="tab-cumulative-year",
    caption="Cumulative meta-analysis by year of publication (fixed effects).",
    align="llrrr",
)

# %% [markdown]
# ## What follows
#
# * **Direction.** Under fixed effects {glue:text}`pr_fixed_side:s` of the subsets keep the direction of partial response, {glue:text}`pd_fixed_side:s` that of progression, {glue:text}`ae_fixed_side:s` that of adverse events; complete response has no direction under fixed effects, and under random effects {glue:text}`cr_random_side:s` of the subsets share that of the whole.
# * **Significance** is rarer: {glue:text}`pr_fixed_significant:s`, {glue:text}`pd_fixed_significant:s` and {glue:text}`ae_fixed_significant:s` of the subsets under fixed effects; {glue:text}`pr_random_significant:s`, {glue:text}`pd_random_significant:s` and {glue:text}`ae_random_significant:s` under random effects. A subset of fewer patients is significant less often even if the effect is the same, so these shares describe how much evidence there is and do not test anything.
# * **Influence.** The result moves most without {glue:text}`most_pr:s` for partial response, {glue:text}`most_pd:s` for progression and {glue:text}`most_ae:s` for adverse events.
# * **How sure:** exact for the recovered counts.
