# %% [markdown]
# # Certainty and absolute effects
#
# ## What the paper says
#
# Odds ratios only: no absolute effects and no assessment of certainty. An odds ratio does not say how many patients would benefit, and for frequent events it looks larger than the risk ratio. This chapter turns the pooled odds ratios into patients per 1000 and states, with reasons, how much they can be trusted {cite:p}`guyatt2008`.

# %%
import pandas as pd

import metalib
from metalib import text
from metalib.pages import notebook
from metalib.robustness.absolute import absolute_effect

review = metalib.read_review("../data")
OUTCOMES = ["CR", "PR", "SD", "PD", "AE"]
baseline, effects = {}, {}
for key in OUTCOMES:
    tables = review.tables_of(key)
    risks = tables["events_c"] / tables["n_c"]
    baseline[key] = {
        "lowest": risks.min(),
        "all studies": tables["events_c"].sum() / tables["n_c"].sum(),
        "highest": risks.max(),
    }
    effects[key] = {
        model: metalib.pool(tables, model=model) for model in ("fixed", "random")
    }

# %% [markdown]
# ## The computation
#
# ### Patients per 1000
#
# The risk under single treatment is taken from the recovered control arms: the lowest, that of all studies together, and the highest. The odds ratio is applied to each. (For adverse events the control risks belong to the complements with fewer events; under the others they would be higher.)

# %% tags=["hide-input"]
rows = []
for key in OUTCOMES:
    for name, risk in baseline[key].items():
        if not 0 < risk < 1:
            continue
        shown = {}
        for model in ("fixed", "random"):
            absolute = absolute_effect(effects[key][model], risk)
            shown[f"Difference per 1000 ({model})"] = (
                f"{text.signed(absolute.difference)} [{text.signed(absolute.difference_low)}, {text.signed(absolute.difference_high)}]"
            )
        rows.append(
            {
                "Outcome": review.outcome(key)["label"],
                "Risk under single treatment": name,
                "Per 1000": text.number(1000 * risk, 0),
                **shown,
            }
        )
notebook.table(
    pd.DataFrame(rows),
    name="tab-absolute",
    caption=(
        "Events per 1000 patients under single treatment, and the difference that the pooled odds ratio makes (95% interval). "
        "Risks of 0 are left out: an odds ratio changes nothing there."
    ),
    align="llrrr",
)

# %% [markdown]
# ### Summary of findings
#
# Each decision below is a judgement with its reason, kept in `data/grade.csv`. The overall rating is a judgement too. It is not added up from the rows above it.

# %% tags=["hide-input"]
overall = review.grade[review.grade["domain"] == "overall"].set_index("outcome")
rows = []
for key in review.outcomes["outcome"]:
    outcome = review.outcome(key)
    if key in effects:
        main = effects[key]["random"]
        absolute = absolute_effect(main, baseline[key]["all studies"])
        used = review.tables_of(key)
        used = used[[w is not None for w in main.weights]]
        k, patients = main.k, int(used[["n_t", "n_c"]].sum().sum())
        estimate = text.estimate(main)
        per_thousand = f"{text.signed(absolute.difference)} [{text.signed(absolute.difference_low)}, {text.signed(absolute.difference_high)}]"
        risk = text.number(1000 * baseline[key]["all studies"], 0)
    else:
        names = review.tables.query("outcome == @key and status == 'candidate'")[
            "analysis"
        ].unique()
        found = [metalib.pool(review.tables_of(key, n), model="random") for n in names]
        k, patients = found[0].k, None
        estimate = f"{text.number(min(f.ratio for f in found), 3)} to {text.number(max(f.ratio for f in found), 3)} over candidates"
        risk = per_thousand = "not identified"
    rows.append(
        {
            "Outcome": outcome["label"],
            "Studies (patients)": f"{k} ({'not identified' if patients is None else patients})",
            "OR [95% CI], random effects": estimate,
            "Single treatment, per 1000": risk,
            "Difference, per 1000": per_thousand,
            "Certainty": overall.loc[key, "decision"],
        }
    )
notebook.table(
    pd.DataFrame(rows),
    name="tab-summary-of-findings",
    caption=(
        "Summary of findings: combination against single treatment in hepatocellular carcinoma (recovered counts, random effects, "
        "risk of all control arms together)."
    ),
    align="lrrrrl",
)
notebook.glue(ratings=", ".join(sorted(set(overall["decision"]))))

# %% tags=["hide-input"]
decisions = review.grade[review.grade["domain"] != "overall"]
notebook.table(
    pd.DataFrame(
        {
            "Outcome": decisions["outcome"].map(
                review.outcomes.set_index("outcome")["label"]
            ),
            "Domain": decisions["domain"],
            "Concern": decisions["decision"],
            "Reason": decisions["reason"],
        }
    ),
    name="tab-grade",
    caption="Decisions behind the certainty ratings, domain by domain.",
    align="llll",
)

# %% [markdown]
# ## What follows
#
# * **Printed:** no absolute effect, no certainty.
# * **What follows:** the certainty of the evidence is {glue:text}`ratings:s` for every outcome. Effects per 1000 depend on the risk without the combination, which differs widely between the studies.
# * **How sure:** the absolute effects are exact for the recovered counts; the ratings are judgements and can be changed in `data/grade.csv`.
