# %% [markdown]
# # The conclusions, claim by claim
#
# **Of the article's {glue:text}`claims:s` claims, {glue:text}`holds:s` hold under every analysis, {glue:text}`under:s` hold only under conditions, {glue:text}`unsupported:s` are not supported and {glue:text}`unchecked:s` cannot be checked.** The three printed differences (more partial responses, less progression, fewer adverse events) keep their direction in every analysis; their significance depends on the model or on single studies, and so do the printed findings of no difference.

# %%
import pandas as pd

import metalib
from metalib import figures, text
from metalib.pages import Raw, claims, figure, glue, glue_as, table
from metalib.pages.book import read_book
from metalib.pages.prose import printed_ratio
from metalib.robustness.verdicts import VERDICTS, analyse, judge, verdict, verdicts

review = metalib.read_review("../data")
book = read_book(review.folder)
names = book.names(review)
outcomes = review.outcomes.set_index("outcome")
MODELS = {
    "Fixed": {"model": "fixed"},
    "Random": {"model": "random"},
    "Hartung-Knapp": {"model": "random", "ci": "hksj"},
}
tables = {
    key: list(review.candidates(key).values()) or [review.tables_of(key)]
    for key in outcomes.index
}
rows = [
    figures.OverviewRow(
        row.label,
        row.better,
        printed_ratio(review.printed(key)),
        review.printed_number(key, "P").value,
        row.model_printed.capitalize(),
        {m: [metalib.pool(t, **o) for t in tables[key]] for m, o in MODELS.items()},
    )
    for key, row in outcomes.iterrows()
]
# %% tags=["hide-input"]
significant = {
    model: " and ".join(
        ", ".join(
            r.label.lower() for r in rows if all(e.p < 0.05 for e in r.results[model])
        ).rsplit(", ", 1)
    )
    for model in MODELS
}
printed_significant = sum(r.published_p < 0.05 for r in rows)
figure(
    figures.overview(rows, models=list(MODELS)),
    name="fig-six-results",
    caption=(
        "The six outcomes: odds ratio of combination against single treatment with its 95% interval. Grey: as printed. Marks, from top to bottom: recomputed from the "
        "recovered counts with fixed effects (one true effect), with random effects (effects that differ between studies), and with random effects and the interval of Hartung and Knapp, which suits few studies. Filled "
        "marks are significant at 0.05; the boxed P is from the model that the printed result needs. For survival the counts are not identified, and all "
        f"{len(tables['survival'])} candidate sets are drawn."
    ),
    alt=(
        f"Of six printed odds ratios {printed_significant} are significant. Recomputed, significant are with fixed effects {significant['Fixed']}; "
        f"with random effects {significant['Random']}; with the interval of Hartung and Knapp {significant['Hartung-Knapp']}."
    ),
    data=figures.overview_data(rows, models=list(MODELS)),
    page=True,
)
glue_as("significant", {m.lower().replace("-", "_"): s for m, s in significant.items()})
glue(printed_significant=str(printed_significant))

# %% [markdown]
# ## What the article prints
#
# Its claims stand, quoted, in {numref}`tab-claims`. As printed {glue:text}`printed_significant:s` outcomes differ significantly. Recomputed, these do with fixed effects: {glue:text}`significant_fixed:s`; with random effects: {glue:text}`significant_random:s`; with the interval of Hartung and Knapp: {glue:text}`significant_hartung_knapp:s`.
#
# ## One rule for all claims
#
# Every claim is held against one list of named analyses (`data/analyses.csv`): other models, other measures, Wang 2018's own responses added, each study left out. An analysis supports "a difference" if it is significant at 0.05 to the better side, and "no difference" if it is not significant. A claim **holds** if every analysis supports it, **holds only under conditions** if some do, is **not supported** if none does, and **cannot be checked** if none tests it. A claim about several outcomes is as firm as the weakest. Analyses with the same estimate and interval are counted once. No verdict is typed; the list was drawn up when the results were known, so the verdicts are exploratory.

# %%
judged = judge(review)
found = verdicts(review, judged)

# "High quality" is supported by a low risk of bias, contradicted by a high one.
bias = review.risk_of_bias.query("assessor == 'book'")["judgement"]
found["quality"] = verdict(bias.map({"low": True, "high": False}))

of_claim = {c: judged[judged["claim"] == c] for c in review.claims["claim"]}
frame = review.claims.assign(
    verdict=review.claims["claim"].map(found),
    support=[claims.shares(of_claim[c]) for c in of_claim],
    depends=[claims.depends_on(of_claim[c]) for c in of_claim],
    state=[claims.where(review, of_claim[c], "explorer.html") for c in of_claim],
)


def see(chapter, state):
    """The chapter of a claim, and the analysis in the explorer that speaks against it."""
    in_words = f"[{chapter.replace('_', ' ')}]({chapter})"
    return Raw(f"{in_words}, {state}" if state else in_words)


high_quality = frame["claim"] == "quality"
frame.loc[high_quality, "support"] = (
    f"{(bias == 'low').sum()} of {len(bias)} judgements"
)
frame.loc[high_quality, "depends"] = f"{(bias == 'high').sum()} judgements of high risk"
table(
    frame,
    {
        "text": ("Claim", lambda quoted: quoted.replace("[...]", "…")),
        "verdict": "Verdict",
        "support": "Supported by (different results)",
        "depends": "Not by",
        "remark": "Remark",
        ("chapter", "state"): ("See", see),
    },
    group="place",
    name="tab-claims",
    caption="Claims of the article, the verdict that the rule reaches, how many different results support it, and what kinds of analyses do not.",
)

# %%
counts = pd.Series(found).value_counts().reindex(VERDICTS, fill_value=0)
glue(
    claims=str(len(found)),
    **{
        name: str(count or "none")
        for name, count in zip(
            ("holds", "under", "unsupported", "unchecked"), counts, strict=True
        )
    },
)

# %% [markdown]
# ## Every analysis of every outcome

# %%
results = pd.concat(
    [analyse(review, key).assign(outcome=key) for key in outcomes.index],
    ignore_index=True,
)
results["effect"] = results["ratio"].fillna(results["estimate"])
results["named"] = [
    claims.named(analysis, study, names)
    for analysis, study in zip(results["analysis"], results["left_out"], strict=True)
]


def p_value(p):
    """P with as many digits as show on which side of 0.05 it lies."""
    return text.number(p, 4) if text.number(p, 3) == "0.050" else text.p_value(p)


def in_words(part):
    """Effect and P of one analysis, as ranges where the counts are candidates."""
    effect = dict.fromkeys(part["effect"].agg(["min", "max"]).map(text.number))
    p = dict.fromkeys(part["p"].agg(["min", "max"]).map(p_value))
    return text.minus_signs(f"{' to '.join(effect)} ({' to '.join(p)})")


wide = results.groupby(["named", "outcome"], sort=False)[["effect", "p"]].apply(
    in_words
)
wide = wide.unstack().reindex(results["named"].unique())[list(outcomes.index)]
table(
    wide.fillna("–").rename(columns=outcomes["label"]).reset_index(names="Analysis"),
    name="tab-analyses",
    caption="Effect (P) of every outcome under every named analysis: odds ratios unless a row names another measure; for survival over all candidates. A dash: there is no such analysis.",
    note=book.note(review, names),
)

# %% [markdown]
# ## Weight is not influence
#
# A study with much weight need not move the result. {glue:text}`heavy:s` carries the most weight in all three differences, {glue:text}`heavy_weights:s`. Yet without it the odds ratio of partial response moves from {glue:text}`pr_whole:s` to {glue:text}`pr_without:s` only, and the study that moves progression most is {glue:text}`pd_mover:s` ({numref}`tab-weight`). What is lost without {glue:text}`heavy:s` is precision, and with it, but for partial response under fixed effects, significance; the direction stays.

# %%
parts = []
for key in ("PR", "PD", "AE"):
    left = metalib.leave_one_out(review.tables_of(key))
    moved = metalib.influence(review.tables_of(key)).join(left.drop(columns="reason"))
    parts.append(moved.assign(outcome=outcomes.loc[key, "label"], key=key))
weight = pd.concat(parts, ignore_index=True).dropna(subset="influence")
table(
    weight,
    {
        "study": ("Study", names.get),
        "weight": ("Weight", text.percent),
        "influence": ("Influence", text.number),
        ("ratio", "ratio_low", "ratio_high"): (
            "OR without it [95% CI]",
            text.with_interval,
        ),
        "p": ("P without it", text.p_value),
    },
    name="tab-weight",
    caption="Weight of each study, and its influence: the squared change of the pooled log odds ratio without it, in standard errors {cite:p}`baujat2002` (Mantel-Haenszel, fixed effects).",
    group="outcome",
    note=book.note(review, names),
)

# %% tags=["hide-input"]
top = weight.loc[weight.groupby("key")["weight"].idxmax()]
movers = weight.loc[weight.groupby("key")["influence"].idxmax()].set_index("key")[
    "study"
]
heavy = top["study"].iloc[0]
without = weight[weight["study"] == heavy].set_index("key")
glue(
    heavy=names[heavy],
    heavy_weights=f"{text.number(top['weight'].min(), 0)} to {text.percent(top['weight'].max())}",
    pr_whole=text.number(metalib.pool(review.tables_of("PR")).ratio),
    pr_without=text.number(without.loc["PR", "ratio"]),
    pd_mover=names[movers["PD"]],
)
for key in ("PR", "PD", "AE"):
    side = results[results["outcome"] == key]["estimate"]
    better = side > 0 if outcomes.loc[key, "better"] == "more" else side < 0
    assert better.all(), (
        f"Conclusions: {key} does not keep its direction in every analysis"
    )
    assert found[key] == VERDICTS[1], (
        f"Conclusions: the verdict on {key} is another one"
    )
for key in ("CR", "SD", "survival"):
    assert found[key] == VERDICTS[1], (
        f"Conclusions: 'so do the findings of no difference' fails for {key}"
    )
assert len(set(top["study"])) == 1, (
    "Conclusions: not one study has most weight in all three"
)
assert movers["PD"] != heavy, (
    "Conclusions: the heaviest study also moves progression most"
)
assert abs(without.loc["PR", "influence"]) < 0.01, (
    "Conclusions: partial response does move"
)
assert (without.loc[["PD", "AE"], "p"] > 0.05).all(), (
    "Conclusions: what is lost without one study"
)

# %% [markdown]
# ## What follows
#
# * No claim about an outcome holds under every analysis, in either direction. The benefits lose significance under other models, without one study, or both; some findings of no difference become significant: complete response and stable disease under fixed effects when Wang 2018's own responses are added, survival without one study in some candidates.
# * That is what three or four small studies can give. It does not decide whether the combination works: the [certainty of the evidence](certainty) is very low for every outcome.
# * What would settle it is not another way of pooling but the study reports: the counts by study, how patients were allocated, and when response was assessed.
