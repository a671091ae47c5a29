# %% [markdown]
# # Models side by side
#
# ## What the paper says
#
# One model for each outcome, named in the notes of Figures 3 and 4; the recovered counts show that two of the notes name the other one. No reason for a choice is printed. This chapter pools the recovered counts of each identified outcome under every combination of choices that has a meaning, and asks how far the printed conclusions depend on them.
#
# The choices: odds ratio, risk ratio or risk difference; Mantel-Haenszel, inverse variance or Peto; fixed or random effects; DerSimonian-Laird, Paule-Mandel or REML for the variance between studies; intervals of Wald, of Hartung and Knapp, or of Hartung and Knapp where they are not narrower than Wald's; and, where a study has a zero cell, RevMan's correction, none, 0.5 in every study, or a correction by the size of the arms {cite:p}`sweeting2004`.

# %%
import pandas as pd

import metalib
from metalib import figures, text
from metalib.arithmetic.tau2_interval import tau2_interval
from metalib.pages import notebook, views
from metalib.pages.filtered import download, filtered_table
from metalib.robustness.specifications import specifications

review = metalib.read_review("../data")
OUTCOMES = ["CR", "PR", "SD", "PD", "AE"]
every = pd.concat(
    [specifications(review.tables_of(key)).assign(outcome=key) for key in OUTCOMES],
    ignore_index=True,
)
len(every)

# %% [markdown]
# ## The computation
#
# ### Odds ratios under every model
#
# Each picture sorts the specifications of one outcome by their estimate; the dots below a result are the choices it stands for. Filled points have intervals that exclude 1. The band is the printed interval. To keep the pictures readable, other rules for zero cells are drawn with Wald intervals only; the table below has them all.

# %% tags=["hide-input"]
TAU2 = {"DL": "DL", "PM": "PM", "REML": "REML", "": ""}
CI = {"wald": "", "hksj": "Hartung-Knapp", "hksj_adhoc": "Hartung-Knapp ≥ Wald"}
ZERO = {
    "revman": "0.5 (RevMan)", "none": "no correction", "treatment_arm": "by arm size", "constant_all": "0.5 everywhere",
    "no zero cell": "", "never corrected": "",
}  # fmt: skip
CHOICES = {
    "pooled": "Method and model",
    "tau2": "Variance between studies",
    "interval": "Interval",
    "zeros": "Zero cells",
}


def label(row):
    """Name of a specification."""
    parts = [
        f"{text.METHOD_NAMES[row.method]}, {row.model}",
        TAU2[row.tau2_method],
        CI[row.ci_method],
        ZERO[row.zero_cells],
    ]
    return ", ".join(part for part in parts if part)


every["label"] = [label(row) for row in every.itertuples()]
for key in OUTCOMES:
    rows = every[
        (every["outcome"] == key)
        & (every["measure"] == "OR")
        & every["natural"].notna()
    ]
    base = rows["zero_cells"].isin(["revman", "no zero cell", "never corrected"])
    rows = rows[base | (rows["ci_method"] == "wald")]
    curve = rows.assign(
        estimate=rows["natural"],
        low=rows["natural_low"],
        high=rows["natural_high"],
        pooled=rows["method"].map(text.METHOD_NAMES) + ", " + rows["model"],
        tau2=rows["tau2_method"].map(TAU2),
        interval=rows["ci_method"].map(CI).replace("", "Wald"),
        zeros=rows["zero_cells"].map(ZERO),
    )[["label", "estimate", "low", "high", "significant", *CHOICES]]
    name = review.outcome(key)["label"]
    share = f"{int(curve['significant'].sum())} of {len(curve)}"
    every_or = every[(every["outcome"] == key) & (every["measure"] == "OR")].dropna(
        subset=["natural"]
    )
    notebook.glue_as(
        key.lower(),
        {
            "share": f"{int(every_or['significant'].sum())} of {len(every_or)}",
            "lowest": text.number(curve["estimate"].min()),
            "highest": text.number(curve["estimate"].max()),
        },
    )
    notebook.figure(
        figures.specification_curve(
            curve, choices=CHOICES, printed=views.printed_ratio(review.printed(key))
        ),
        name=f"fig-specifications-{key.lower()}",
        caption=f"{name}: odds ratio under {len(curve)} models; {share} intervals exclude 1.",
        alt=(
            f"Specification curve of {name.lower()}: odds ratios from {text.number(curve['estimate'].min())} to "
            f"{text.number(curve['estimate'].max())}; {share} intervals exclude 1."
        ),
        data=curve[["label", "estimate", "low", "high", "significant"]].sort_values(
            "estimate", kind="stable", key=lambda s: s.round(9)
        ),
    )

# %% tags=["hide-input"]
tally = (
    every.dropna(subset=["natural"])
    .groupby(["outcome", "measure"], sort=False)["significant"]
    .agg(["sum", "size"])
)
wide = (
    tally.apply(lambda r: f"{int(r['sum'])} of {int(r['size'])}", axis=1)
    .unstack()[["OR", "RR", "RD"]]
    .reindex(OUTCOMES)
)
notebook.table(
    wide.reset_index(drop=True).assign(
        Outcome=[review.outcome(k)["label"] for k in OUTCOMES]
    )[["Outcome", "OR", "RR", "RD"]],
    name="tab-specification-shares",
    caption="Number of models under which the difference is significant at 0.05, by outcome and effect measure.",
)

# %% [markdown]
# ### Every specification

# %% tags=["hide-input"]
shown = every.reset_index(drop=True)
decimals = [3 if m == "RD" else 2 for m in shown["measure"]]
filtered_table(
    pd.DataFrame(
        {
            "Outcome": [review.outcome(k)["label"] for k in shown["outcome"]],
            "Measure": shown["measure"],
            "Model": shown["label"],
            "Estimate [95% CI]": [
                text.NOT_ESTIMABLE
                if e != e
                else f"{text.number(e, d)} {text.interval(lo, hi, d)}"
                for e, lo, hi, d in zip(
                    shown["natural"],
                    shown["natural_low"],
                    shown["natural_high"],
                    decimals,
                    strict=True,
                )
            ],
            "P": [text.p_value(p) for p in shown["p"]],
            "tau²": [text.number(t, 3) for t in shown["tau2"]],
            "Prediction interval": [
                "–" if lo != lo else text.interval(lo, hi, d)
                for lo, hi, d in zip(
                    shown["natural_prediction_low"],
                    shown["natural_prediction_high"],
                    decimals,
                    strict=True,
                )
            ],
            "k": [str(k) for k in shown["k"]],
            "Remark": [reason or "–" for reason in shown["reason"]],
        }
    ),
    name="specifications",
    caption="Every identified outcome under every model",
    group="Outcome",
    choices=["Measure"],
    numeric=["P", "tau²", "k"],
)
download(
    every.drop(columns="label"),
    name="specifications",
    what="All specifications, unrounded,",
)

# %% [markdown]
# ### How well the heterogeneity is known
#
# With three or four studies the variance between them is hardly known. Its Q-profile interval {cite:p}`viechtbauer2007` shows how little an I² of 0 says.

# %% tags=["hide-input"]
profiles = {key: tau2_interval(review.tables_of(key)) for key in OUTCOMES}
notebook.glue(widest=text.percent(min(p.I2_high for p in profiles.values())))
notebook.table(
    pd.DataFrame(
        {
            "Outcome": [review.outcome(k)["label"] for k in OUTCOMES],
            "k": [p.k for p in profiles.values()],
            "I²": [
                text.percent(metalib.pool(review.tables_of(k), method="IV").I2)
                for k in OUTCOMES
            ],
            "I², 95% interval": [
                f"{text.percent(p.I2_low)} to {text.percent(p.I2_high)}"
                for p in profiles.values()
            ],
            "tau², 95% interval": [
                f"{text.number(p.tau2_low)} to {text.number(p.tau2_high)}"
                for p in profiles.values()
            ],
        }
    ),
    name="tab-q-profile",
    caption="Heterogeneity with Q-profile intervals (odds ratios, inverse variance).",
)
for key, least in {"CR": 0, "SD": 0}.items():
    rows = every[(every["outcome"] == key) & (every["measure"] == "OR")]
    assert (rows["significant"].fillna(False)).sum() == least, key

# %% [markdown]
# ## What follows
#
# * **Complete response and stable disease** are not significant under any model for the odds ratio ({glue:text}`cr_share:s` and {glue:text}`sd_share:s`), as the paper concludes. The estimate for complete response runs from {glue:text}`cr_lowest:s` to {glue:text}`cr_highest:s`: its size is not known.
# * **Partial response:** {glue:text}`pr_share:s` intervals exclude 1; the estimate stays between {glue:text}`pr_lowest:s` and {glue:text}`pr_highest:s`. The direction does not depend on the model; significance does where the interval is that of Hartung and Knapp.
# * **Disease progression:** {glue:text}`pd_share:s` intervals of the odds ratio exclude 1, estimates from {glue:text}`pd_lowest:s` to {glue:text}`pd_highest:s`. Risk ratio and risk difference are significant under fewer models ({numref}`tab-specification-shares`).
# * **Adverse events:** {glue:text}`ae_share:s` intervals exclude 1, estimates from {glue:text}`ae_lowest:s` to {glue:text}`ae_highest:s`. Significance holds under the fixed-effects models and under REML with a Wald interval only.
# * Even where I² is 0 its interval reaches at least {glue:text}`widest:s`: no outcome can rule out substantial heterogeneity.
# * Risk ratios of adverse events depend on which complements are true, see [other data](other_data); here the tables with fewer events are used.
# * **How sure:** the counts are recovered; the models are exact for them.
