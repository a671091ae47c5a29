# %% [markdown]
# # The conclusions, claim by claim
#
# ## What the paper says
#
# The claims of the abstract, the results and the conclusion, quoted, with what this book can say about each:
#
# * **holds**: under every model for the odds ratio, for the studies that the print uses;
# * **holds only under**: under the conditions given;
# * **not supported**: the printed numbers do not show it;
# * **cannot be checked**: there is nothing to check it with.
#
# Models are counted without the rules for zero cells where no study has one; where one has, each rule makes models of its own, so the numbers of models differ between outcomes, and they overlap. "Li 2014" is the study read as Li 2014, with 67 patients in each arm (see [the study-level tables](study_tables)).

# %%
import pandas as pd

import metalib
from metalib import figures, text
from metalib.pages import notebook, views
from metalib.pages.notebook import Raw
from metalib.robustness.specifications import specifications

review = metalib.read_review("../data")
claims = review.claims.set_index("claim")


def result(key, *, without=None, add=None, digits=2, **options):
    """Text of a pooled result, with a study left out or an analysis set added."""
    tables = review.tables_of(key)
    if without:
        tables = tables[tables["study"] != without]
    if add:
        tables = pd.concat([tables, review.tables_of(key, add)], ignore_index=True)
    effect = metalib.pool(tables, **options)
    p = (
        f"= {text.number(effect.p, 4)}"
        if digits > 2
        else text.p_value(effect.p, sign=True)
    )
    return f"{text.estimate(effect, digits)}, P {p}"


def share(key, measure="OR"):
    """Number of models under which an outcome is significant, and of all models."""
    found = specifications(review.tables_of(key), [measure]).dropna(subset=["natural"])[
        "significant"
    ]
    return int(found.sum()), len(found)


def in_words(key, measure):
    """The same as text."""
    return "{} of {}".format(*share(key, measure))


random, hksj = {"model": "random"}, {"model": "random", "ci": "hksj"}
shares = {key: share(key) for key in ("CR", "PR", "SD", "PD", "AE")}
candidates = review.tables.query("outcome == 'survival' and status == 'candidate'")[
    "analysis"
].unique()
survival = [
    metalib.pool(review.tables_of("survival", n), **o)
    for n in candidates
    for o in ({}, random, hksj)
]
len(claims)

# %% tags=["hide-input"]
# A verdict stands only as long as what it rests on does.
assert shares["CR"][0] == 0
assert shares["SD"][0] == 0
assert 0 < shares["PR"][0] < shares["PR"][1]
assert 0 < shares["AE"][0] < shares["AE"][1]
assert shares["PD"][0] == shares["PD"][1]
assert all(effect.p > 0.05 for effect in survival)
every = {key: specifications(review.tables_of(key), ["OR"]) for key in shares}
assert (every["PR"]["natural"].dropna() > 1).all()
assert metalib.pool(review.tables_of("PR"), **hksj).p > 0.05
wang = {
    key: pd.concat([review.tables_of(key), review.tables_of(key, "wang2018")])
    for key in ("PR", "PD")
}
assert metalib.pool(wang["PR"], **random).p > 0.05
assert (
    metalib.pool(review.tables_of("PR").query("study != 'li2014'"), **random).p > 0.05
)
assert specifications(wang["PD"], ["OR"])["significant"].dropna().all()
ae = every["AE"].query("significant == True")
assert set(zip(ae["model"], ae["tau2_method"], ae["ci_method"], strict=True)) == {
    ("fixed", "", "wald"),
    ("random", "REML", "wald"),
}
assert (every["AE"].query("model == 'fixed'")["p"] < 0.05).all()
assert set(review.grade.query("domain == 'overall'")["decision"]) == {"very low"}
for key in ("PD", "AE"):
    assert metalib.pool(review.tables_of(key).query("study != 'li2014'")).p > 0.05
judged = review.risk_of_bias.query("assessor == 'book'")["judgement"]
because = {
    "quality": f"The paper gives no judgement by study in words, and its discussion says there were few high-quality RCTs. "
    f"Of {len(judged)} judgements this book can support {(judged == 'low').sum()} as low risk; {(judged == 'unclear').sum()} stay "
    "unclear, because four of the five reports were not available.",
    "PR": f"The direction holds under every model. Significance holds under {shares['PR'][0]} of {shares['PR'][1]} models: "
    f"not under Hartung-Knapp, {result('PR', digits=3, **hksj)}, nor under random effects with Wang 2018's own counts, "
    f"{result('PR', add='wang2018', **random)}, or without Li 2014, {result('PR', without='li2014', **random)}.",
    "PD": f"It holds under all {shares['PD'][1]} models for the odds ratio (risk ratio {in_words('PD', 'RR')}, risk difference "
    f"{in_words('PD', 'RD')}), and with Wang 2018's counts. It does not without Li 2014: "
    f"{result('PD', without='li2014')}.",
    "AE": "It holds under the fixed-effects models and under REML with a Wald interval only "
    f"({shares['AE'][0]} of {shares['AE'][1]} models). Under the model that the figure names: {result('AE', **random)}. "
    f"Without Li 2014: {result('AE', without='li2014')}.",
    "CR": f"No model for the odds ratio gives a significant difference ({shares['CR'][0]} of {shares['CR'][1]}; risk ratio {in_words('CR', 'RR')}). With Wang 2018's own counts the fixed-"
    f"effects result would be {result('CR', add='wang2018')}, the random-effects result {result('CR', add='wang2018', **random)}.",
    "SD": f"No model for the odds ratio gives a significant difference ({shares['SD'][0]} of {shares['SD'][1]}). With Wang 2018's own counts the fixed-"
    f"effects result would be {result('SD', add='wang2018')}.",
    "survival": f"The counts are not identified, but no candidate is significant under any model tried (smallest P "
    f"{text.number(min(e.p for e in survival), 3)}).",
    "consistency": f"It holds for the exclusions of Table 3, which are cumulative. It does not for every single study: progression "
    f"without Li 2014 is {result('PD', without='li2014')}.",
    "sex": "One pooled result without counts or number of studies; its own numbers fit together.",
    "stage": "The analysis compares how many patients of each arm were in a stage, not the effect within a stage.",
    "advantages": "It holds as far as the three claims above hold; the certainty of the evidence is very low for all of them.",
    "conclusion": "The increase in partial response is not one of particular cohorts: no result for partial response is given for a subset of patients. For the "
    "rest see the three claims above.",
    "than RT": "One of the controls is surgery; survival, complete response and stable disease do not differ significantly.",
}
assert set(because) == set(claims.index)
CHAPTERS = {
    "risk_of_bias": "risk of bias", "models": "models", "sensitivity": "sensitivity", "other_data": "other data",
    "subgroups": "subgroups", "every_subset": "every subset",
}  # fmt: skip
notebook.table(
    pd.DataFrame(
        {
            "Claim": claims["text"].str.replace("[...]", "…"),
            "Place": claims["place"],
            "Verdict": claims["verdict"],
            "Because": [because[c] for c in claims.index],
            "See": [Raw(f"[{CHAPTERS[c]}]({c})") for c in claims["chapter"]],
        }
    ),
    name="tab-claims",
    caption="Claims of the paper and what the recomputation says about each.",
    align="lllll",
)
counts = claims["verdict"].value_counts()
notebook.glue(
    claims=str(len(claims)),
    holds=str(counts["holds"]),
    under=str(counts["holds only under"]),
    unsupported=str(counts["not supported"]),
    unchecked=str(counts["cannot be checked"]),
    **{
        f"because_{key.lower()}": because[key]
        for key in ("CR", "PR", "SD", "PD", "AE", "survival")
    },
)

# %% [markdown]
# ### The six results in one picture

# %% tags=["hide-input"]
MODELS = {"Fixed": {}, "Random": random, "Hartung-Knapp": hksj}
lines = []
for key, row in review.outcomes.set_index("outcome").iterrows():
    sets = candidates if key == "survival" else ["main"]
    lines.append(
        figures.OverviewRow(
            row["label"],
            row["better"],
            views.printed_ratio(review.printed(key)),
            review.printed_number(key, "P").value,
            row["model_printed"].capitalize(),
            {
                name: [metalib.pool(review.tables_of(key, a), **o) for a in sets]
                for name, o in MODELS.items()
            },
        )
    )


def significant(name):
    """Outcomes whose results under a model are all significant, and how many these are."""
    found = [
        line.label.lower()
        for line in lines
        if all(e.p < 0.05 for e in line.results[name])
    ]
    return len(found), " and".join(", ".join(found).rsplit(",", 1))


assert len(lines) == 6
printed_significant = [line.label for line in lines if line.published_p < 0.05]
assert len(printed_significant) == 3
by_model = {name: significant(name) for name in MODELS}
notebook.glue(
    significant_printed=str(len(printed_significant)),
    **{
        f"significant_{name.lower().replace('-', '_')}": found[1]
        for name, found in by_model.items()
    },
)
notebook.figure(
    figures.overview(lines, models=list(MODELS)),
    name="fig-six-results",
    caption=(
        "The six outcomes: odds ratio of combination against single treatment with its 95% interval. Grey: as printed. Marks, from top to bottom: recomputed from the "
        "recovered counts with fixed effects (one true effect), with random effects (effects that differ between studies), and with random effects and the interval of Hartung and Knapp, which suits few studies. Filled "
        "marks are significant at 0.05; the boxed P is from the model that the printed result needs. For survival the counts are not identified, and all "
        f"{len(candidates)} candidate sets are drawn."
    ),
    alt=(
        f"Of six printed odds ratios {len(printed_significant)} are significant. Recomputed, {by_model['Fixed'][0]} are significant with "
        f"fixed effects ({by_model['Fixed'][1]}), {by_model['Random'][0]} with random effects ({by_model['Random'][1]}) and "
        f"{by_model['Hartung-Knapp'][0]} with the interval of Hartung and Knapp ({by_model['Hartung-Knapp'][1]})."
    ),
    data=figures.overview_data(lines, models=list(MODELS)),
    page=True,
)

# %% [markdown]
# As printed {glue:text}`significant_printed:s` outcomes are significant. Recomputed, these are significant with fixed effects: {glue:text}`significant_fixed:s`; with random effects: {glue:text}`significant_random:s`; with the interval of Hartung and Knapp: {glue:text}`significant_hartung_knapp:s`.
#
# ## What follows
#
# Of {glue:text}`claims:s` claims {glue:text}`holds:s` hold, {glue:text}`under:s` hold only under conditions, {glue:text}`unsupported:s` are not supported and {glue:text}`unchecked:s` cannot be checked.
#
# The claims that hold are the three that no difference was shown. The three differences keep their direction under nearly every choice, and their significance under some. With three or four small studies, one with recovered stages that differ between its arms and one whose abstract mentions no randomisation, such instability is no surprise, and it does not decide whether the combination works.
#
# What would settle it is not another way of pooling. It is the study reports: the counts by study, how patients were allocated, and when response was assessed.
