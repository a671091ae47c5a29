# %% [markdown]
# # Sensitivity: studies left out
#
# **The direction of the three printed differences does not depend on one study, their significance does.** Without {glue:text}`heavy:s`, the study with the most weight, the odds ratio of progression is {glue:text}`pd_without:s`, and that of adverse events {glue:text}`ae_without:s` (fixed effects): on the same side of 1, but no longer significant.

# %%
import pandas as pd

import metalib
from metalib import figures, text
from metalib.audit.compare import compare, forest_statistics
from metalib.pages import columns, figure, glue, table
from metalib.pages.book import read_book

review = metalib.read_review("../data")
book = read_book(review.folder)
names = book.names(review)
labels = review.outcomes.set_index("outcome")["label"]
tables = {
    key: review.tables_of(key) for key in labels.index if not review.candidates(key)
}
results = {
    (key, model): metalib.pool(tables[key], model=model)
    for key in tables
    for model in ("fixed", "random")
}
left_out = pd.concat(
    [
        metalib.leave_one_out(tables[key], model=model).assign(
            outcome=key, whole=whole.estimate, p_whole=whole.p
        )
        for (key, model), whole in results.items()
    ],
    ignore_index=True,
)
fixed = left_out[left_out["model"] == "fixed"]
drawn = pd.DataFrame(
    {
        "outcome": fixed["outcome"].map(labels),
        "label": "without " + fixed["omitted"].map(names),
        "estimate": fixed["ratio"],
        "low": fixed["ratio_low"],
        "high": fixed["ratio_high"],
        "significant": fixed["p"] < 0.05,
    }
)
bands = {labels[key]: results[key, "fixed"] for key in tables}
note = book.note(review, set(fixed["omitted"]))
figure(
    figures.exclusions(drawn, whole=bands),
    name="fig-leave-one-out",
    caption=f"Each study left out in turn, M-H, fixed, recovered counts. {note}",
    alt="Odds ratios without one study: "
    + "; ".join(
        f"{row.outcome} {row.label} {text.with_interval(row.estimate, row.low, row.high)}"
        for row in drawn.itertuples()
    ),
    data=drawn,
)

# %% [markdown]
# ## What the article prints
#
# For the three outcomes with a significant difference, studies were excluded "one at a time" (Table 3, headed "One-by-One Exclusion Method"), and the findings are called "consistent even after the sequential exclusion of studies" (Results, Sensitivity analysis).
#
# Leaving out one study of k always leaves k − 1. In Table 3 the degrees of freedom fall from row to row ({glue:text}`printed_df_pr:s` for partial response), so each row excludes its study *on top of* the row above, as "sequential" says. The study with the most weight stays in every row.

# %%
printed = review.published.query("place == 'Table 3'")
compared = []
for (key, excluded), numbers in printed.groupby(["outcome", "excluded"], sort=False):
    out = excluded.split()
    kept = tables[key][~tables[key]["study"].isin(out)]
    row = f"{key} without {', '.join(names[study] for study in out)}"
    recomputed = forest_statistics(metalib.pool(kept))
    compared.append(compare(numbers, recomputed).assign(Outcome=row))
compared = pd.concat(compared)
layout = {
    "OR [95% CI]": "{OR} [{CI low}, {CI high}]",
    "Chi²": "{Chi2}",
    "df (P)": "{df} ({P(Q)})",
    "I² (%)": "{I2}",
    "Z (P)": "{Z} ({P})",
}
table3 = columns.printed_rows(compared, "Outcome", layout, ledger=book.ledger)
table3 = table3.replace("/ (/)", "/")
table(
    table3,
    name="tab-table3",
    caption="Table 3 as printed and, below each row, as recomputed by cumulative exclusion.",
)

# %% [markdown]
# {glue:text}`reproduced:s` printed numbers are reproduced. One is missed by its last digit ({glue:text}`missed_where:s`); {glue:text}`slashes:s` cells are printed as "/", because one study alone has no heterogeneity.
#
# ## Weight and influence
#
# Two things can go with a study. Its *weight* is its share of the information: without it the interval widens. Its *influence* is how far it moves the result: the squared change of the log odds ratio without it, in standard errors {cite:p}`baujat2002`. A study that agrees with the others has weight and no influence.


# %%
def without_each(key):
    """Weight and influence of each study of an outcome, and the results without it."""
    frame = metalib.influence(tables[key])[["study", "weight", "influence"]]
    for model in ("fixed", "random"):
        rows = left_out[(left_out["outcome"] == key) & (left_out["model"] == model)]
        numbers = rows.set_index("omitted")[["estimate", "ci_low", "ci_high", "p"]]
        frame = frame.join(numbers.add_suffix(f"_{model}"), on="study")
    return frame.dropna(subset="weight").assign(outcome=labels[key])


significant = list(printed["outcome"].unique())
each = {key: without_each(key) for key in significant}
fixed_effect = ("estimate_fixed", "ci_low_fixed", "ci_high_fixed")
random_effect = ("estimate_random", "ci_low_random", "ci_high_random")
table(
    pd.concat(each.values()),
    {
        "study": ("Without", columns.named(names)),
        "weight": ("Weight", text.percent),
        "influence": ("Influence", text.number),
        **columns.effect("OR", "OR without it, fixed", fixed_effect),
        "p_fixed": ("P, fixed", text.p_value),
        **columns.effect("OR", "OR without it, random", random_effect),
        "p_random": ("P, random", text.p_value),
    },
    group="outcome",
    name="tab-leave-one-out",
    caption="Weight and influence of each study (M-H, fixed) and the results without it.",
    note=note,
)

# %% [markdown]
# {glue:text}`heavy:s` carries {glue:text}`weights:s` of the weight of the three outcomes. Its influence on partial response is nil, {glue:text}`pr_with:s` with it and {glue:text}`pr_fixed:s` without; progression is moved more by {glue:text}`pd_mover:s` ({glue:text}`pd_moved:s`) than by it ({glue:text}`pd_heavy:s`); adverse events are moved most by it ({glue:text}`ae_heavy:s`), towards 1. What goes with it is above all information, and with that significance. All results that cross P = 0.05 without one study:

# %%
crosses = (left_out["p"] < 0.05) != (left_out["p_whole"] < 0.05)
changed = left_out[crosses]
table(
    changed.assign(outcome=changed["outcome"].map(labels)),
    {
        "outcome": "Outcome",
        "model": "Model",
        "p_whole": ("P of all studies", text.p_value),
        **columns.exclusions(names),
    },
    name="tab-crossing",
    caption="Results of identified outcomes that change significance without one study.",
    note=note,
)

# %% tags=["hide-input"]
heaviest = {key: rows.loc[rows["weight"].idxmax()] for key, rows in each.items()}
movers = {key: rows.loc[rows["influence"].idxmax()] for key, rows in each.items()}
(heavy,) = {row["study"] for row in heaviest.values()}
weights = [row["weight"] for row in heaviest.values()]
checkable = compared[compared["verdict"] != "not checkable"]
missed = checkable[checkable["verdict"] != "reproduced"]
without = {
    (r.outcome, r.model, r.omitted): (
        text.with_interval(r.ratio, r.ratio_low, r.ratio_high),
        f", P = {text.p_value(r.p)}",
    )
    for r in left_out.itertuples()
}
glue(
    heavy=names[heavy],
    weights=f"{text.number(min(weights), 0)} to {text.percent(max(weights))}",
    pr_with=text.number(results["PR", "fixed"].ratio),
    pr_fixed=without["PR", "fixed", heavy][0].split()[0],
    pr_without="".join(without["PR", "random", heavy]),
    pd_without="".join(without["PD", "fixed", heavy]),
    ae_without="".join(without["AE", "fixed", heavy]),
    pd_mover=names[movers["PD"]["study"]],
    pd_moved=text.number(movers["PD"]["influence"]),
    pd_heavy=text.number(heaviest["PD"]["influence"]),
    ae_heavy=text.number(heaviest["AE"]["influence"]),
    reproduced=f"{len(checkable) - len(missed)} of {len(checkable)}",
    slashes=str((table3 == "/").sum().sum()),
    missed_where="; ".join(
        f"{r.Outcome}: {r.statistic} printed {r.text}, recomputed {text.number(r.value, 3)}"
        for r in missed.itertuples()
    ),
    printed_df_pr=" and ".join(
        printed.query("outcome == 'PR' and statistic == 'df'")["text"]
    ),
)
assert missed["verdict"].tolist() == ["last digit"], (
    "Sensitivity: 'one is missed by its last digit' no longer holds"
)
assert not any(heavy in excluded.split() for excluded in printed["excluded"]), (
    "Sensitivity: 'the study with the most weight stays in every row' no longer holds"
)
assert heaviest["PR"]["influence"] < 0.005, (
    "Sensitivity: 'its influence on partial response is nil' no longer holds"
)
assert movers["PD"]["study"] != heavy, (
    "Sensitivity: 'progression is moved more by' another study no longer holds"
)
assert movers["AE"]["study"] == heavy, (
    "Sensitivity: 'adverse events are moved most by it' no longer holds"
)
same = left_out["estimate"] * left_out["whole"] > 0
assert same[left_out["outcome"].isin(significant)].all(), (
    "Sensitivity: 'no direction depends on one study' no longer holds"
)
lost, gained = changed[changed["p"] >= 0.05], changed[changed["p"] < 0.05]
assert set(lost["omitted"]) == {heavy}, (
    "Sensitivity: 'significance is lost without' one study only no longer holds"
)
assert (lost["outcome"] + " " + lost["model"]).tolist() == [
    "PR random",
    "PD fixed",
    "PD random",
    "AE fixed",
], "Sensitivity: which results lose significance is no longer what the prose says"
assert (gained["outcome"] + " " + gained["model"]).tolist() == ["AE random"], (
    "Sensitivity: 'only adverse events gain it' no longer holds"
)

# %% [markdown]
# Significance is lost without {glue:text}`heavy:s` only: for progression under both models, for adverse events under fixed and for partial response under random effects. Only adverse events gain it, under random effects and without one study. No exclusion makes complete response or stable disease significant.
#
# ## Every subset
#
# The strongest form of "consistent" is about every subset of the studies; k studies have 2^k − 1 {cite:p}`olkin2012`.

# %%
subsets = pd.concat(
    [
        metalib.all_subsets(tables[key], model=model).assign(
            outcome=labels[key], model=model, whole=whole.estimate
        )
        for (key, model), whole in results.items()
    ],
    ignore_index=True,
).dropna(subset="p")
subsets["significant"] = subsets["p"] < 0.05
subsets["same_side"] = subsets["estimate"] * subsets["whole"] > 1e-12
shown = subsets[subsets["model"] == "fixed"]
shown = shown.assign(estimate=shown["ratio"])
figure(
    figures.subsets(shown, whole=bands),
    name="fig-subsets",
    caption="Every subset of studies, M-H, fixed. Filled: P < 0.05.",
    alt="Odds ratios of all subsets of studies, smallest to largest: "
    + "; ".join(
        f"{outcome} {text.number(part.min())} to {text.number(part.max())}"
        for outcome, part in shown.groupby("outcome", sort=False)["ratio"]
    ),
    data=shown[["outcome", "studies", "size", "ratio", "p"]],
)

# %%
counts = subsets.groupby(["outcome", "model"], sort=False).agg(
    subsets=("p", "size"),
    same_side=("same_side", "sum"),
    significant=("significant", "sum"),
    smallest=("ratio", "min"),
    largest=("ratio", "max"),
    whole=("whole", "first"),
)
# An odds ratio of exactly 1 has no side.
counts["same_side"] = counts["same_side"].where(counts["whole"].abs() > 1e-9)
table(
    counts.reset_index(),
    {
        "model": "Model",
        "subsets": "Subsets",
        "same_side": ("On the side of the whole", lambda n: text.number(n, 0)),
        "significant": "P < 0.05",
        "smallest": ("Smallest OR", text.number),
        "largest": ("Largest OR", text.number),
    },
    group="outcome",
    name="tab-subsets",
    caption="Subsets that can be pooled, how many share the direction of the whole, how many are significant.",
    note="For progression one study has no events, so that every result occurs twice. "
    "With fixed effects the odds ratio of complete response is 1: there is no side.",
)

# %% tags=["hide-input"]
shares = 100 * counts[["same_side", "significant"]].div(counts["subsets"], axis=0)
glue(
    **{
        f"{key.lower()}_{model}_{what.split('_')[0]}": text.percent(
            shares.loc[(labels[key], model), what]
        )
        for key, model in results
        for what in shares
    }
)
for key in ("PR", "PD"):
    assert (shares.loc[labels[key], "same_side"] == 100).all(), (
        f"Sensitivity: 'every subset has the direction of the whole' no longer holds for {key}"
    )
assert not counts.loc[labels["SD"], "significant"].any(), (
    "Sensitivity: 'none for stable disease' no longer holds"
)

# %% [markdown]
# Every subset has the direction of the whole for partial response and progression, {glue:text}`ae_fixed_same:s` have it for adverse events; complete response and stable disease change sides. Significant are {glue:text}`pr_fixed_significant:s`, {glue:text}`pd_fixed_significant:s` and {glue:text}`ae_fixed_significant:s` of the subsets under fixed effects, {glue:text}`pr_random_significant:s`, {glue:text}`pd_random_significant:s` and {glue:text}`ae_random_significant:s` under random effects, none for stable disease. Fewer patients give larger P even if the effect is the same, so these shares describe how much evidence there is; they test nothing.
#
# ## How sure
#
# * The article's word "consistent" holds for the exclusions it prints and for every direction. It does not hold for significance when any single study may be left out.
# * The results are exact for the recovered counts and do not depend on complements. That the study is Li 2014 and not Ding 2016 is inferred; that one study decides significance is not.
# * One-year survival is not identified; its [chapter](one_year_survival) gives its candidates. Other models are in [models side by side](models).
