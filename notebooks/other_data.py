# %% [markdown]
# # Other data
#
# ## What the paper says
#
# Which studies enter which outcome is not said. The counts that reproduce the print leave the response data of Wang 2018 out, keep Ke 2011 in, and are identified up to complements and to the names of two studies. This chapter changes each of these in turn.

# %%
import itertools

import pandas as pd

import metalib
from metalib import text
from metalib.pages import notebook
from metalib.robustness.absolute import absolute_effect

review = metalib.read_review("../data")
labels = review.labels()
RESPONSE = ["CR", "PR", "SD", "PD"]


def sets(key):
    """The data sets of a response outcome by name."""
    main = review.tables_of(key)
    wang = pd.concat([main, review.tables_of(key, "wang2018")], ignore_index=True)
    return {
        "as printed": main,
        "with Wang 2018": wang,
        "without Ke 2011": main[main["study"] != "ke2011"],
        "with Wang 2018, without Ke 2011": wang[wang["study"] != "ke2011"],
    }


pooled = {
    (key, name): {
        model: metalib.pool(tables, model=model) for model in ("fixed", "random")
    }
    for key in RESPONSE
    for name, tables in sets(key).items()
}

# %% [markdown]
# ## The computation
#
# ### Wang 2018 put back, Ke 2011 left out
#
# Wang 2018 published response rates that are not in the response outcomes; one set of counts rounds to them. Ke 2011 compares with surgery, and its recovered stages differ between the arms (see [study characteristics](study_characteristics)).

# %% tags=["hide-input"]
rows = [
    {
        "Outcome": review.outcome(key)["label"],
        "Studies": name,
        "k": effects["fixed"].k,
        "Fixed: OR [95% CI]": text.estimate(effects["fixed"]),
        "P": text.p_value(effects["fixed"].p),
        "Random: OR [95% CI]": text.estimate(effects["random"]),
        "P (random)": text.p_value(effects["random"].p),
        "I²": text.percent(effects["random"].I2),
    }
    for (key, name), effects in pooled.items()
]
notebook.table(
    pd.DataFrame(rows),
    name="tab-other-studies",
    caption="Response outcomes with Wang 2018 added, in the counts that follow from its published percentages, and with Ke 2011 left out.",
    align="llrrrrrr",
)
ae_tables = review.tables_of("AE")
assert "ke2011" not in set(ae_tables["study"])
notebook.glue(
    **{
        f"{key.lower()}_{short}_{model}": f"{text.estimate(pooled[key, name][model])}, P {text.p_value(pooled[key, name][model].p, sign=True)}"
        for key in RESPONSE
        for short, name in (("ke", "without Ke 2011"), ("wang", "with Wang 2018"))
        for model in ("fixed", "random")
    }
)

# %% [markdown]
# ### The names of two studies exchanged
#
# Li 2014 and Ding 2016 cannot be told apart by the printed results.

# %% tags=["hide-input"]
swap = {"li2014": "ding2016", "ding2016": "li2014"}
changes = 0
for key in [*RESPONSE, "AE"]:
    tables = review.tables_of(key)
    swapped = tables.assign(study=tables["study"].replace(swap))
    for model in ("fixed", "random"):
        one, other = (
            metalib.pool(tables, model=model),
            metalib.pool(swapped, model=model),
        )
        changes += (one.estimate, one.se, one.Q) != (other.estimate, other.se, other.Q)
notebook.glue(swap_changes=str(changes))
print(f"results that change when the two names are exchanged: {changes}")

# %% [markdown]
# Number of pooled results that change: {glue:text}`swap_changes:s`. What changes is who is meant: "without Li 2014" then reads "without Ding 2016", and the order by year is another one.
#
# ### Complements of adverse events
#
# Three studies are identified up to the complement. All combinations:

# %% tags=["hide-input"]
mirrored = ae_tables.index[ae_tables["status"] == "identified up to complement"]
combinations, per_thousand = [], []
for flags in itertools.product((False, True), repeat=len(mirrored)):
    tables = ae_tables.copy()
    for i, flag in zip(mirrored, flags, strict=True):
        if flag:
            a, n, c, m = (
                int(tables.loc[i, x]) for x in ("events_t", "n_t", "events_c", "n_c")
            )
            tables.loc[i, ["events_t", "events_c"]] = [m - c, n - a]
    risk = tables["events_c"].sum() / tables["n_c"].sum()
    absolute = absolute_effect(metalib.pool(tables, model="random"), risk)
    per_thousand.append((1000 * risk, absolute.difference))
    for measure in ("OR", "RR", "RD"):
        for model in ("fixed", "random"):
            effect = metalib.pool(tables, measure, model=model)
            combinations.append(
                {
                    "mirrored": sum(flags),
                    "measure": measure,
                    "model": model,
                    "value": effect.natural(effect.estimate),
                    "low": effect.natural(effect.ci_low),
                    "high": effect.natural(effect.ci_high),
                    "p": effect.p,
                }
            )
combinations = pd.DataFrame(combinations)
spread = combinations.groupby(["measure", "model"], sort=False).agg(["min", "max"])
notebook.table(
    pd.DataFrame(
        {
            "Measure": [m for m, _ in spread.index],
            "Model": [m for _, m in spread.index],
            "Estimate": [
                f"{text.number(lo, 3)} to {text.number(hi, 3)}"
                for lo, hi in spread["value"].to_numpy()
            ],
            "Interval at most": [
                text.interval(lo, hi, 3)
                for lo, hi in zip(
                    spread["low"]["min"], spread["high"]["max"], strict=True
                )
            ],
            "P": [
                f"{text.number(lo, 3)} to {text.number(hi, 3)}"
                for lo, hi in spread["p"].to_numpy()
            ],
        }
    ),
    name="tab-complements",
    caption="Adverse events over all combinations of complements.",
    align="llrrr",
)
odds = combinations[combinations["measure"] == "OR"].groupby("model")["value"]
assert ((odds.max() - odds.min()).abs() < 1e-12).all()
notebook.glue(
    combinations=str(2 ** len(mirrored)),
    risk_range=" to ".join(
        text.number(f(r for r, _ in per_thousand), 0) for f in (min, max)
    ),
    difference_range=" to ".join(
        f"{text.signed(f(d for _, d in per_thousand))}" for f in (min, max)
    ),
    rd_low=text.number(spread["value"].loc[("RD", "fixed"), "min"], 3),
    rr_p=f"{text.number(spread['p'].loc[('RR', 'random'), 'min'], 3)} to {text.number(spread['p'].loc[('RR', 'random'), 'max'], 3)}",
    rr_low=text.number(spread["value"].loc[("RR", "fixed"), "min"]),
    rr_high=text.number(spread["value"].loc[("RR", "fixed"), "max"]),
)

# %% [markdown]
# ### Survival over all candidates

# %% tags=["hide-input"]
names = review.tables.query("outcome == 'survival' and status == 'candidate'")[
    "analysis"
].unique()
results = pd.concat(
    [
        metalib.pool(review.tables_of("survival", name), model=model, ci=ci).to_frame()
        for name in names
        for model, ci in (("fixed", "wald"), ("random", "wald"), ("random", "hksj"))
    ],
    ignore_index=True,
)
grouped = results.groupby(["model", "ci_method"], sort=False)
notebook.table(
    pd.DataFrame(
        {
            "Model": [
                f"{m}{', Hartung-Knapp' if c == 'hksj' else ''}"
                for m, c in grouped.groups
            ],
            "OR": [
                f"{text.number(lo)} to {text.number(hi)}"
                for lo, hi in grouped["ratio"].agg(["min", "max"]).to_numpy()
            ],
            "Interval at most": [
                text.interval(lo, hi)
                for lo, hi in zip(
                    grouped["ratio_low"].min(), grouped["ratio_high"].max(), strict=True
                )
            ],
            "P": [
                f"{text.number(lo, 3)} to {text.number(hi, 3)}"
                for lo, hi in grouped["p"].agg(["min", "max"]).to_numpy()
            ],
        }
    ),
    name="tab-survival-range",
    caption="One-year survival: range of results over all candidate families.",
)
notebook.glue(survival_p=text.number(results["p"].min(), 3))

# %% [markdown]
# ## What follows
#
# * **Wang 2018.** With its counts, partial response is {glue:text}`pr_wang_fixed:s` under fixed and {glue:text}`pr_wang_random:s` under random effects; progression {glue:text}`pd_wang_fixed:s` and {glue:text}`pd_wang_random:s`; complete response {glue:text}`cr_wang_fixed:s` and {glue:text}`cr_wang_random:s`. The direction of partial response and progression stays. Its abstract reads as a comparison of treated patients, so adding it adds bias as well as patients.
# * **Ke 2011.** Without it, partial response is {glue:text}`pr_ke_fixed:s` under fixed effects and progression {glue:text}`pd_ke_fixed:s`. It takes no part in adverse events. The printed conclusions do not rest on it.
# * **Names and complements** change no odds ratio. Over the {glue:text}`combinations:s` combinations of complements the risk ratio of adverse events lies between {glue:text}`rr_low:s` and {glue:text}`rr_high:s` (fixed effects); under random effects its P runs from {glue:text}`rr_p:s`. The risk difference is {glue:text}`rd_low:s` for all of them, because the arms of the mirrored studies are equal. The pooled odds ratio (random effects) applied to the risk of all control arms together, {glue:text}`risk_range:s` per 1000, makes a difference of {glue:text}`difference_range:s` per 1000.
# * **Survival:** the smallest P over all candidates and models is {glue:text}`survival_p:s`; "no significant difference" holds for every one of them.
# * **How sure:** exact for each data set; which data set is right is a matter of judgement.
