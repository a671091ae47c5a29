# %% [markdown]
# # Certainty and absolute effects
#
# **If the recovered counts are taken at face value, {glue:text}`sof_pr_with:s` instead of {glue:text}`sof_pr_risk:s` of 1,000 patients would have a partial response with the combination, and {glue:text}`sof_pd_with:s` instead of {glue:text}`sof_pd_risk:s` would progress.** The certainty of this evidence is {glue:text}`ratings:s` for every outcome: the true effects are likely to be substantially different.

# %%
import pandas as pd

import metalib
from metalib import figures, text
from metalib.pages import figure, glue, glue_as, table
from metalib.pages.book import read_book
from metalib.robustness.absolute import absolute_effect, complements
from metalib.robustness.absolute import optimal_information_size as information_size

review = metalib.read_review("../data")
book = read_book(review.folder)
names = book.names(review)
outcomes = review.outcomes.set_index("outcome")


def possible(key):
    """Every set of tables that an outcome may have: candidates, and complements that nothing tells apart."""
    for tables in review.candidates(key).values() or [review.tables_of(key)]:
        unknown = tables["status"].isin(["candidate", "identified up to complement"])
        yield from complements(tables, unknown)


found = []
for key in outcomes.index:
    for tables in possible(key):
        pooled = metalib.pool(tables, model="random")
        used = tables[[weight is not None for weight in pooled.weights]]
        risk = used["events_c"].sum() / used["n_c"].sum()
        absolute = absolute_effect(pooled, risk)
        found.append(
            {
                "outcome": key,
                "risk": risk,
                "risk_with": absolute.risk,
                "low": absolute.risk_low,
                "high": absolute.risk_high,
                "difference": absolute.difference,
                "difference_low": absolute.difference_low,
                "difference_high": absolute.difference_high,
                "ratio": pooled.ratio,
                "ratio_low": pooled.ratio_low,
                "ratio_high": pooled.ratio_high,
                "participants": int(used[["n_t", "n_c"]].sum().sum()),
                "studies": pooled.k,
            }
        )
found = pd.DataFrame(found)
ends = found.groupby("outcome", sort=False).agg(["min", "max"])

# %% tags=["hide-input"]

drawn = found.loc[found.groupby("outcome", sort=False)["risk"].idxmin()]
drawn = drawn[drawn["outcome"] != "survival"]
drawn["label"] = [
    outcomes.loc[key, "label"] + (", fewest possible" if key == "AE" else "")
    for key in drawn["outcome"]
]
figure(
    figures.pictograph(drawn, arms=book.arms[::-1]),
    name="fig-absolute",
    caption="Of 100 patients, how many have each event with a single treatment (risk of the control arms) and with the combination (pooled odds ratio, random effects, applied to that risk). The counts are recovered; for adverse events those with fewest events are drawn. One-year survival is not drawn, because its counts are not identified.",
    alt="Dots for 100 patients an arm. "
    + " ".join(
        f"{row.label}: {text.number(100 * row.risk, 0)} with a single treatment, {text.number(100 * row.risk_with, 0)} with the combination "
        f"(95% interval {text.number(100 * row.low, 0)} to {text.number(100 * row.high, 0)})."
        for row in drawn.itertuples()
    ),
    data=drawn[["label", "risk", "risk_with", "low", "high"]],
)

# %% [markdown]
# ## What the article prints
#
# Odds ratios only: no absolute effects and no assessment of certainty. An odds ratio does not say how many patients would benefit, and for frequent events it looks larger than the risk ratio.
#
# ## Summary of findings
#
# The table follows the layout of GRADE {cite:p}`schunemann2023,guyatt2008`. The assumed risk is that of the control arms of the studies in the pool; the corresponding risk applies the pooled odds ratio (Mantel-Haenszel, random effects) to it. Where counts are not identified, each number is a range over all tables that are possible, and its interval the widest.
#
# | Part | What is meant |
# | :--- | :--- |
# | **Patients** | adults with hepatocellular carcinoma |
# | **Setting** | hospitals; countries are not stated in the article |
# | **Intervention** | ultrasound-guided ablation (focused ultrasound or radiofrequency) plus radiotherapy |
# | **Comparison** | a single treatment: radiotherapy, in one study surgical resection |
# | **Outcomes** | tumour response, survival at one year, adverse events |

# %%
SYMBOLS = {
    "high": "⊕⊕⊕⊕", "moderate": "⊕⊕⊕◯", "low": "⊕⊕◯◯", "very low": "⊕◯◯◯",
}  # fmt: skip
grade = review.grade.set_index(["outcome", "domain"])
overall = grade["decision"].xs("overall", level="domain")
decisions = review.grade.query("domain != 'overall'")
letters = {
    reason: chr(ord("a") + i) for i, reason in enumerate(decisions["reason"].unique())
}
decisions = decisions.assign(letter=decisions["reason"].map(letters))
lowered = decisions.query("decision != 'not serious'")


def span(key, column, per=1000):
    """Range of a number over all possible tables, per 1,000."""
    shown = [text.number(per * end, 0) for end in ends.loc[key, column]]
    return " to ".join(dict.fromkeys(shown))


def with_ends(key, columns, words):
    """Range of an estimate over all possible tables, with its widest interval."""
    estimate, low, high = (ends.loc[key, column] for column in columns)
    shown = " to ".join(dict.fromkeys(map(words, estimate)))
    return f"{shown} [{words(low['min'])}, {words(high['max'])}]"


def per_1000(risk):
    return text.number(1000 * risk, 0)


summary = pd.DataFrame(
    {
        "Outcome": outcomes["label"],
        "Assumed risk: single treatment, per 1,000": [
            span(k, "risk") for k in outcomes.index
        ],
        "Corresponding risk: combination, per 1,000 [95% CI]": [
            with_ends(k, ["risk_with", "low", "high"], per_1000) for k in outcomes.index
        ],
        "Difference per 1,000 [95% CI]": [
            with_ends(
                k, ["difference", "difference_low", "difference_high"], text.signed
            )
            for k in outcomes.index
        ],
        "Relative effect: OR [95% CI]": [
            with_ends(k, ["ratio", "ratio_low", "ratio_high"], text.number)
            for k in outcomes.index
        ],
        "Participants (studies)": [
            f"{span(k, 'participants', 1)} ({span(k, 'studies', 1)})"
            for k in outcomes.index
        ],
        "Certainty": [
            f"{SYMBOLS[overall[k]]} {overall[k]} "
            + ", ".join(lowered.query("outcome == @k")["letter"])
            for k in outcomes.index
        ],
    }
)
table(
    summary,
    name="tab-summary-of-findings",
    caption="Summary of findings: ablation plus radiotherapy against a single treatment in hepatocellular carcinoma.",
    align="lllllll",
    note="Events: response, progression, survival or adverse event. Progression: a fourth study without any event has no odds ratio; its patients are in neither participants nor risk. "
    + " ".join(f"**{letter}** {reason}" for reason, letter in letters.items()),
)

# %% tags=["hide-input"]
for key in outcomes.index:
    glue_as(
        f"sof_{key.lower()}",
        {
            "risk": span(key, "risk"),
            "with": with_ends(key, ["risk_with", "low", "high"], per_1000).partition(
                " ["
            )[0],
            "difference": summary.loc[key, "Difference per 1,000 [95% CI]"],
            "certainty": overall[key],
            "participants": span(key, "participants", 1),
            "studies": span(key, "studies", 1),
        },
    )
glue(ratings=" or ".join(overall.unique()))

# %% [markdown]
# ### Enough patients?
#
# GRADE compares a pool with the optimal information size {cite:p}`guyatt2011imprecision`: the patients that one adequately powered trial would need, here to show a relative change of the risk by 25% (two-sided 0.05, power 0.8). For survival the risk is that of dying. The four response outcomes reach at most {glue:text}`ois_share:s` of it; for survival and adverse events that depends on which counts are true.

# %%
sizes = found.assign(
    event=found["risk"].where(found["outcome"] != "survival", 1 - found["risk"])
)
better = sizes["outcome"].map(outcomes["better"])
rises = better.eq("more") & sizes["outcome"].ne("survival")
sizes["change"] = rises.map({True: 0.25, False: -0.25})
sizes["needed"] = [
    information_size(risk, change)
    for risk, change in zip(sizes["event"], sizes["change"], strict=True)
]
sizes["share"] = sizes["participants"] / sizes["needed"]
needed = sizes.groupby("outcome", sort=False)[["participants", "needed"]].agg(
    ["min", "max"]
)
table(
    pd.DataFrame(
        {
            "Outcome": outcomes["label"],
            "Patients in the pool": [
                span(k, "participants", 1) for k in outcomes.index
            ],
            "Optimal information size": [
                " to ".join(dict.fromkeys(map(text.count, needed.loc[k, "needed"])))
                for k in outcomes.index
            ],
        }
    ),
    name="tab-information-size",
    caption="Patients in each pool, and those that one trial would need to show a relative change by 25%.",
    align="lrr",
)

# %% [markdown]
# ### The ratings, and what they hang on
#
# Each decision is a judgement with its reason in `data/grade.csv`. What could not be read is no reason for lowering; what is known of the trials is. The stages of Ke 2011 have two readings: as recovered they differ between its arms (P = {glue:text}`/notebooks/study_characteristics.ipynb::ke_shift_printed_p:s`), moved by one row they are balanced (P = {glue:text}`/notebooks/study_characteristics.ipynb::ke_shift_moved_p:s`; see [study characteristics](study_characteristics)). Which is right cannot be told, so they count neither way here and in the [risk of bias](risk_of_bias). If a row was shifted, the ratings stay as they are. If the stages are right as recovered, allocation is in doubt and the risk of bias of the four response outcomes is one level worse. {numref}`tab-ratings` says what that and other judgements would change.

# %%
LEVELS = ["very low", "low", "moderate", "high"]
LOWER = {"not serious": 0, "serious": 1, "very serious": 2}
steps = decisions.assign(steps=decisions["decision"].map(LOWER)).pivot(
    index="outcome", columns="domain", values="steps"
)
has_ke = pd.Series(
    {
        k: (review.tables_of(k)["study"] == "ke2011").any()
        for k in steps.index
        if k != "survival"
    }
).reindex(steps.index, fill_value=False)
as_recovered = steps["risk of bias"] + has_ke
unlowered = steps["risk of bias"] - has_ke
readings = {
    "as judged, or a row shifted": steps,
    "stages right as recovered": steps.assign(**{"risk of bias": as_recovered}),
    "response not biased": steps.assign(**{"risk of bias": unlowered}),
    "no publication bias": steps.assign(**{"publication bias": 0}),
}
readings["neither bias"] = readings["no publication bias"].assign(
    **{"risk of bias": unlowered}
)
ratings = pd.DataFrame(
    {
        name: [LEVELS[max(3 - lowered, 0)] for lowered in reading.sum(axis=1)]
        for name, reading in readings.items()
    },
    index=steps.index,
).loc[outcomes.index]
table(
    ratings.assign(Outcome=outcomes["label"])[["Outcome", *ratings]],
    name="tab-ratings",
    caption="The certainty of the evidence under other readings (exploratory).",
)

# %%
kept = decisions.query("decision == 'not serious'").drop_duplicates("letter")
shown = decisions.assign(cell=decisions["decision"] + " " + decisions["letter"])
table(
    shown.pivot(index="outcome", columns="domain", values="cell")
    .loc[outcomes.index, decisions["domain"].unique()]
    .rename(index=outcomes["label"])
    .reset_index(names="Outcome"),
    name="tab-grade",
    caption="The decisions behind the ratings; letters stand for the reasons, those for lowering below {numref}`tab-summary-of-findings`.",
    note=" ".join(f"**{row.letter}** {row.reason}" for row in kept.itertuples()),
)

# %% [markdown]
# ## Counts that a clinician would question
#
# The assumed risks are averages over control arms that differ enormously ({numref}`tab-control-risks`). Complete response in {glue:text}`cr_highest:s` patients after radiotherapy alone is clinically implausible as a typical result; the same outcome after radiotherapy alone was {glue:text}`cr_wang:s` in Wang 2018. In the study with that arm nobody progressed, with either treatment. Every candidate for survival has arms in which nearly all live at one year (in its complement, nearly none), beside {glue:text}`survival_wang:s` in Wang 2018. These counts are what the print needs; whether they are true only the reports can tell. They may stem from patients with small tumours, from another definition of response, or from an error of entry.

# %%
every = pd.concat([t.assign(outcome=k) for k in outcomes.index for t in possible(k)])
every["risk"] = every["events_c"] / every["n_c"]
every = every.sort_values("risk", kind="stable")


def arm(row):
    """Events of a control arm, its risk and its study."""
    return f"{text.events(row.events_c, row.n_c)}, {text.percent(100 * row.risk)} ({names[row.study]})"


ends_of = {k: every[every["outcome"] == k].iloc[[0, -1]] for k in outcomes.index}
table(
    pd.DataFrame(
        {
            "Outcome": outcomes["label"],
            "Lowest": [arm(ends_of[k].iloc[0]) for k in outcomes.index],
            "Highest": [arm(ends_of[k].iloc[-1]) for k in outcomes.index],
        }
    ),
    name="tab-control-risks",
    caption="The control arms with the lowest and the highest risk, over all tables that are possible.",
    align="lll",
    note=book.note(review, names),
)

# %% tags=["hide-input"]
highest = ends_of["CR"].iloc[-1]
wang = {key: review.tables_of(key, "wang2018").iloc[0] for key in ("CR", "survival")}
response = sizes[~sizes["outcome"].isin(["survival", "AE"])]
glue(
    cr_highest=f"{text.events(highest.events_c, highest.n_c)} ({text.percent(100 * highest.risk)})",
    cr_wang=text.events(wang["CR"].events_c, wang["CR"].n_c),
    survival_wang=text.events(wang["survival"].events_c, wang["survival"].n_c),
    ois_share=text.percent(100 * response["share"].max()),
)
assert set(overall) == {"very low"}, "Certainty: a rating is no longer very low"
for reading in list(readings)[:4]:
    assert (ratings[reading] == overall).all(), (
        f"Certainty: '{reading}' changes a rating, or the domains do not add up to it"
    )
changed = ratings.index[ratings["neither bias"] != overall]
assert list(changed) == ["PR", "PD"], (
    "Certainty: 'both thought harmless' changes other ratings"
)
assert response["share"].max() < 0.5, (
    "Certainty: a response outcome has half the optimal information size"
)
for key in ("survival", "AE"):
    share = sizes.loc[sizes["outcome"] == key, "share"]
    assert share.min() < 1 < share.max(), (
        f"Certainty: {key} no longer depends on the counts"
    )
control = review.studies.set_index("study").loc[highest.study, "control"]
assert control == "Radiotherapy", (
    "Certainty: the control with most complete responses is not radiotherapy alone"
)
progressed = review.tables_of("PD").set_index("study").loc[highest.study]
assert progressed["events_t"] == progressed["events_c"] == 0, (
    "Certainty: 'nobody progressed in either arm'"
)
for name, tables in review.candidates("survival").items():
    alive = (
        tables[["events_t", "events_c"]].to_numpy() / tables[["n_t", "n_c"]].to_numpy()
    )
    assert alive.max() > 0.9, f"Certainty: {name} has no arm in which nearly all live"
large = metalib.pool(review.tables_of("AE"), model="random")
assert large.prediction_low < -0.5 < 0.5 < large.prediction_high, (
    "Certainty: the prediction interval of adverse events has become narrower"
)

# %% [markdown]
# ## What follows
#
# * The article prints no absolute effect and no certainty. The certainty is {glue:text}`ratings:s` for every outcome. Neither reading of Ke 2011's stages changes a rating. Only if lack of blinding and suspected publication bias were both thought harmless would partial response and progression be low instead of very low.
# * Survival and adverse events have ranges rather than numbers, because their counts are not identified. For complete response there is one number, but the control arms behind it have nothing in common.
# * **How sure:** absolute effects are exact for the recovered counts and inherit all their uncertainty; ratings are judgements and can be changed in `data/grade.csv`.
