# %% [markdown]
# # What would refute these tables
#
# **Every assumption behind the recovered tables is dropped here in turn: where the search can then be finished it ends in the same tables, in none, or, for adverse events alone, in {glue:text}`free:s` that all say the same.** Anyone who holds the article's pictures can check the tables in five minutes: {numref}`tab-sheet` says what Figures 3 and 4 must show.

# %%
import itertools

import pandas as pd

import metalib
from metalib import figures, text
from metalib.figures import OverviewRow, overview_data
from metalib.pages import columns, figure, glue, link, prose, table
from metalib.pages.book import read_book
from metalib.recover import read_puzzle, recover
from metalib.robustness.absolute import absolute_effect

review = metalib.read_review("../data")
book = read_book(review.folder)
names = book.names(review)
RESPONSE = ["CR", "PR", "SD", "PD"]

# The four response outcomes by themselves: their tables, and so the arms of four studies.
puzzle = read_puzzle("../data/puzzle.yaml")
response = puzzle.for_outcomes(RESPONSE)
arms = review.tables_of("CR").set_index("study")["n_t"]
# Adverse events on these arms.
adverse = puzzle.for_outcomes(["AE"])
for study, n in arms.items():
    adverse = adverse.with_arms(study, (n, n), (n, n))

# Wang 2018's arms free, the other tables of adverse events as they are.
free_arms = adverse.with_arms("wang2018", (60, 99), (60, 99))
for row in review.tables_of("AE").itertuples():
    if row.study != "wang2018":
        free_arms = free_arms.with_known("AE", row.study, (row.events_t, row.events_c))
every_digit = recover(free_arms.with_role("search", "AE without Zhou", ["Q"]))
fits = [tables for _, tables in every_digit.solution_tables().groupby("solution")]
free_random = [metalib.pool(tables, model="random") for tables in fits]


# %%
def with_wang(key):
    """The tables of a response outcome and those of Wang 2018."""
    return pd.concat([review.tables_of(key), review.tables_of(key, "wang2018")])


def without(key, study):
    tables = review.tables_of(key)
    return tables[tables["study"] != study]


SETS = {
    "as recovered": review.tables_of,
    "with Wang 2018": with_wang,
    "without Ke 2011": lambda key: without(key, "ke2011"),
}
pooled = {
    key: {
        name: {m: metalib.pool(tables(key), model=m) for m in ("fixed", "random")}
        for name, tables in SETS.items()
    }
    for key in RESPONSE
}
shown = []
for key in RESPONSE:
    outcome, printed = review.outcome(key), review.printed(key)
    shown.append(
        OverviewRow(
            outcome["label"],
            outcome["better"],
            prose.printed_ratio(printed),
            review.printed_number(key, "P").value,
            None,
            {name: [effects["random"]] for name, effects in pooled[key].items()},
        )
    )
figure(
    figures.overview(shown, models=list(SETS)),
    name="fig-other-data",
    caption="The response outcomes under random effects: the recovered tables, with Wang 2018's counts added, and without Ke 2011.",
    alt="; ".join(
        f"{review.outcome(key)['label']}: "
        + ", ".join(
            f"{name} {text.estimate(effects['random'])}"
            for name, effects in pooled[key].items()
        )
        for key in RESPONSE
    )
    + ".",
    data=overview_data(shown, models=list(SETS)),
)

# %% [markdown]
# ## What the article prints
#
# Which studies enter which outcome is not said, nor any arm or count by study. What was put in beside printed numbers: the arms of Wang 2018 (from its own abstract), that the fourth study has no progression, which studies have adverse events, equal arms of {glue:text}`sizes:s` patients, the models and RevMan's rules, a cumulative Table 3, and categories that add up.
#
# ## Each assumption dropped
#
# The same exhaustive search, with one thing changed at a time.

# %%
ae_rows = [r.id for r in adverse.results]
cumulative = puzzle.with_studies(
    "PR without Zhou and Ke", ["li2014", "ding2016", "zhou2015"]
)
wider = response
for study in arms.index:
    wider = wider.with_arms(study, (5, 200), (5, 200), max_difference=0)
changed = {
    "IV": response.with_method("IV"),
    "Peto": response.with_method(
        "Peto", [r.id for r in response.results if r.model == "fixed"]
    ),
    "CR fixed": response.with_model("fixed", ["CR"]),
    "AE random": adverse.with_model("random", ["AE"]),
    "AE random, Table 3 too": adverse.with_model("random", ae_rows),
    "one by one": cumulative,
    "wider": wider,
    "Ke for Ding": adverse.with_study("ding2016", "ke2011", ["AE"]),
    "Ke for Li": adverse.with_study("li2014", "ke2011", ["AE"]),
    "PR and PD": puzzle.for_outcomes(["PR", "PD"]).with_known("PD", "ding2016", None),
}
for old in ("li2014", "ding2016"):
    instead = response.with_study(old, "wang2018", RESPONSE)
    for key in RESPONSE:
        own = review.tables_of(key, "wang2018").iloc[0]
        instead = instead.with_known(
            key, "wang2018", (own["events_t"], own["events_c"])
        )
    changed[f"Wang for {old}"] = instead
results = {name: recover(other) for name, other in changed.items()}

# %% tags=["hide-input"]
tables = review.tables.query("analysis == 'main'").set_index(["outcome", "study"])
counts = ["events_t", "n_t", "events_c", "n_c"]


def same(found, outcomes):
    """Whether a search ends in the stored tables of these outcomes."""
    rows = found.tables().set_index(["outcome", "study"]).loc[outcomes]
    return (
        found.count == 1
        and (rows[counts] == tables.loc[rows.index, counts]).all().all()
    )


def span(values):
    return f"{text.number(min(values), 3)} to {text.number(max(values), 3)}"


def left(*keys):
    found = [results[key] for key in keys]
    assert all(r.status in ("none", "solved") for r in found), (
        f"Other data: {keys} ended at a limit"
    )
    return (
        "none"
        if all(r.status == "none" for r in found)
        else " and ".join(text.count(r.count) for r in found)
    )


wide = (
    review.recovery.query("puzzle == 'puzzle.yaml'")
    .groupby("max_difference")["after"]
    .last()
)
widest = wide.index.max()
assert len(set(wide)) == 1, "Other data: unequal arms end in other numbers of solutions"
assert same(results["wider"], RESPONSE), (
    "Other data: wider arms no longer end in the same tables"
)
none = [name for name in results if name not in ("wider", "PR and PD")]
assert all(results[name].status == "none" for name in none), (
    "Other data: 'none' no longer holds"
)
totals = results["PR and PD"].checks.query("result.str.startswith('patients')")
p_free = [effect.p for effect in free_random]
assert (totals["agreeing"] == 1).all(), "Other data: 'one of them' no longer holds"
glue(
    free=text.count(len(fits)),
    widest=str(widest),
    free_p=span(p_free),
    free_or=" to ".join(
        text.number(f(e.ratio for e in free_random)) for f in (min, max)
    ),
    prpd=text.count(results["PR and PD"].count),
    prpd_arms=str(len(results["PR and PD"].arms)),
    prpd_171=review.printed_text("stage I", "total experimental"),
    sizes=f"{response.study('ke2011').n_t[0]} to {response.study('ke2011').n_t[1]}",
)
assert min(p_free) > 0.05, (
    "Other data: 'not significant in any of them' no longer holds"
)
dropped = pd.DataFrame(
    [
        ("Wang 2018 has 76 and 84 patients with adverse events", "arms of 60 to 99, the other tables as they are", text.count(len(fits)), f"all printed digits fit, Chi² too; random-effects P {span(p_free)}", "other counts of Wang 2018 in Figure 4B"),
        ("Adverse events: Li 2014, Ding 2016, Wang 2018, Zhou 2015", "Ke 2011 in place of either of the first two", left("Ke for Ding", "Ke for Li"), "the four studies stand", "Ke 2011 in Figure 4B"),
        ("Wang 2018 is not in the response outcomes", "its published counts in place of Li 2014 or Ding 2016", left("Wang for li2014", "Wang for ding2016"), "it was left out", "Wang 2018 in Figure 3"),
        ("The fourth study has no progression", "nothing known of it; partial response and progression only", text.count(results["PR and PD"].count), f"{len(results['PR and PD'].arms)} sets of arms as before; complete response and stable disease then stay open", "a number other than 0 in the fourth row of Figure 3D"),
        ("Arms of equal size", f"arms that differ by up to {widest}", "as with equal arms", "the search ends in the same equal arms", "two arms of one study that differ"),
        ("Arms of 12 to 120 patients", "arms of 5 to 200", left("wider"), "the same tables", "an arm outside of 12 to 120"),
        ("Complete response: random effects", "fixed effects", left("CR fixed"), "the note of Figure 3 cannot hold for 3A", "“Fixed” in the head of Figure 3A"),
        ("Adverse events: fixed effects", "random effects, Table 3 fixed or random", left("AE random", "AE random, Table 3 too"), "the note of Figure 4 cannot hold for 4B", "“Random” in the head of Figure 4B"),
        ("Mantel-Haenszel weights", "inverse variance; Peto for the fixed results", left("IV", "Peto"), "Mantel-Haenszel stands", "“IV” or “Peto” in the head of a figure"),
        ("Table 3 excludes cumulatively", "its second row read as one by one", left("one by one"), "each row builds on the one above", "degrees of freedom that do not fall"),
    ],
    columns=["assumed", "instead", "tables", "follows", "refutes"],
)  # fmt: skip
table(
    dropped,
    {"assumed": "Assumed", "instead": "Tried instead", "tables": "Tables left", "follows": "What follows", "refutes": "What would refute it"},
    name="tab-assumptions",
    caption="Each assumption, what the search leaves without it, and what in the article would refute it.",
    align="llrll",
    note=book.note(review, arms.index),
    classes="check-sheet",
)  # fmt: skip

# %% [markdown]
# * **Adverse events.** With Wang 2018's arms free, {glue:text}`free:s` tables give every printed digit, the Chi² that the published arms miss among them. Under random effects the odds ratio is {glue:text}`free_or:s` and P {glue:text}`free_p:s` in all of them: that adverse events are not significant under the model which the note of Figure 4 names does not hang on the arms.
# * **No progression in the fourth study.** Without it the response categories do not close. Partial response and progression are found all the same, {glue:text}`prpd:s` combinations with {glue:text}`prpd_arms:s` sets of arms, one of which adds up to the printed {glue:text}`prpd_171:s`; complete response and stable disease rest on this assumption, and the search for them without it is beyond the limits of this machine.
#
# ## The sheet for Figures 3 and 4
#
# To be printed. Write what the picture shows into the last column; a single cell that differs refutes the table in its row. Weights are those of the model that the printed numbers need.

# %%
FIGURES = {"CR": "3A", "PR": "3B", "SD": "3C", "PD": "3D", "AE": "4B"}
parts = []
for key, place in FIGURES.items():
    outcome, data = review.outcome(key), review.tables_of(key)
    effect = metalib.pool(data, model=outcome["model_printed"])
    lines = "tables-" + data["study"].map(review.rows_of(key)).astype(str)
    parts.append((f"Figure {place}: {outcome['label']}", data, effect, lines))
for stage in ("I", "III"):
    data = review.stages.query("analysis == 'main' and stage == @stage")
    lines = "stages-" + (data.index + 1).astype(str).to_series(index=range(len(data)))
    data = data.reset_index(drop=True)
    effect = metalib.pool(data, model="random")
    parts.append((f"Figure 4C: Stage {stage}", data, effect, lines))
rows = []
for heading, data, effect, lines in parts:
    each = metalib.effects(data).drop(columns="study")
    each = pd.concat([data, each], axis=1).assign(weight=effect.weights, line=lines)
    # Where complements fit as well, so do other totals.
    fixed = not data["status"].str.contains("complement").any()
    total = (data[counts].sum() if fixed else data[["n_t", "n_c"]].sum()).to_dict() | {
        "study": "Total", "weight": sum(w or 0 for w in effect.weights),
        "effect": effect.estimate, "ci_low": effect.ci_low, "ci_high": effect.ci_high,
    }  # fmt: skip
    both = pd.concat([each, pd.DataFrame([total])])
    rows.append(both.assign(figure=f"{heading}, {effect.model} effects"))
sheet = pd.concat(rows, ignore_index=True).assign(pdf="")


def events(arm):
    """Events of an arm; where the complement fits as well, both."""
    other = {"t": "c", "c": "t"}[arm]

    def shown(count, total, status, count_other, total_other):
        if count is None:
            return f"–/{total:.0f}"
        one = text.events(count, total)
        both = status == "identified up to complement"
        return (
            f"{one} or {text.events(total_other - count_other, total)}" if both else one
        )

    return (
        f"events_{arm}",
        f"n_{arm}",
        "status",
        f"events_{other}",
        f"n_{other}",
    ), shown


sheet_columns = {"study": ("Study", columns.named(names))}
for arm, name in zip("tc", book.arms, strict=True):
    key, shown = events(arm)
    sheet_columns[key] = (name, shown)
sheet_columns |= {
    **columns.effect(columns=("effect", "ci_low", "ci_high")),
    "weight": ("Weight", lambda weight: text.percent(weight, 1)),
    "line": ("Data", lambda line: link(line, f"{book.lines}#{line}")),
    "pdf": "In the PDF",
}
table(
    sheet,
    sheet_columns,
    name="tab-sheet",
    caption="What the forest plots must show if the recovered tables are right.",
    group="figure",
    align="lrrrrll",
    note=book.note(review, arms.index)
    + " Of two counts, both arms take the first or both the second.",
    classes="check-sheet",
)

# %% [markdown]
# Not on the sheet: one-year survival (Figure 4A), whose candidates stand in [one-year survival](one_year_survival); stages II and IV, where the single patients of stage IV are not placed; and sex. A row of Li 2014 or of Ding 2016, read off the picture, would settle the names of both; a row of adverse events settles the complement of its study.
#
# ## Wang 2018's own responses, and Ke 2011 left out
#
# Wang 2018 published response rates; one set of counts rounds to them ([all tables](study_tables)). It is not in the response outcomes; no reason is printed. Its abstract reads as a comparison of treated patients, so adding it adds bias as well as patients. Ke 2011 compares with surgery, and its recovered stages differ between the arms ([study characteristics](study_characteristics)).

# %%
rows = [
    metalib.pool(tables(key), model=model)
    .to_frame()
    .assign(outcome=review.outcome(key)["label"], studies=name)
    for key in RESPONSE
    for name, tables in SETS.items()
    for model in ("fixed", "random")
]
table(
    pd.concat(rows, ignore_index=True),
    {
        "studies": "Studies",
        "k": "k",
        "model": "Model",
        **columns.effect(),
        "p": ("P", text.p_value),
        "I2": ("I²", text.percent),
    },
    name="tab-other-studies",
    caption="Response outcomes with Wang 2018's counts added and with Ke 2011 left out.",
    group="outcome",
)

# %% tags=["hide-input"]
short = {"with Wang 2018": "wang", "without Ke 2011": "ke"}
for key, name, model in itertools.product(RESPONSE, short, ("fixed", "random")):
    effect = pooled[key][name][model]
    ending = "" if model == "fixed" else "_random"
    glue(**{
        f"{short[name]}_{key.lower()}{ending}": text.estimate(effect),
        f"{short[name]}_{key.lower()}{ending}_p": text.p_value(effect.p, sign=True),
    })  # fmt: skip
for key in ("PR", "PD"):
    more = review.outcome(key)["better"] == "more"
    assert all((e.ratio > 1) == more for e in pooled[key]["with Wang 2018"].values()), (
        "Other data: 'the direction stays' no longer holds"
    )
    assert pooled[key]["without Ke 2011"]["fixed"].p < 0.05, (
        "Other data: the printed conclusions rest on Ke 2011"
    )
assert "ke2011" not in set(review.tables_of("AE")["study"]), (
    "Other data: Ke 2011 has adverse events"
)

# %% [markdown]
# With Wang 2018, partial response is {glue:text}`wang_pr:s` under fixed and {glue:text}`wang_pr_random:s` under random effects, progression {glue:text}`wang_pd:s` and {glue:text}`wang_pd_random:s`: the direction stays. Significance depends on the model for partial response, not for progression. Without Ke 2011 partial response is {glue:text}`ke_pr:s` (P {glue:text}`ke_pr_p:s`) and progression {glue:text}`ke_pd:s` (P {glue:text}`ke_pd_p:s`) under fixed effects; it takes no part in adverse events. The printed conclusions do not rest on it.
#
# ## Names and complements
#
# Exchanging the names of Li 2014 and Ding 2016 changes no pooled result; what changes is who is meant. Complements change no odds ratio, but other measures of adverse events:

# %%
ae = review.tables_of("AE")
mirrored = ae["status"] == "identified up to complement"
combinations = []
for flags in itertools.product((False, True), repeat=int(mirrored.sum())):
    tables, flip = ae.copy(), ae.index[mirrored][list(flags)]
    tables.loc[flip, "events_t"] = ae["n_c"] - ae["events_c"]
    tables.loc[flip, "events_c"] = ae["n_t"] - ae["events_t"]
    for measure, model in itertools.product(("OR", "RR", "RD"), ("fixed", "random")):
        effect = metalib.pool(tables, measure, model=model)
        risk = tables["events_c"].sum() / tables["n_c"].sum()
        combinations.append({
            "measure": measure, "model": model, "p": effect.p, "risk": 1000 * risk,
            "estimate": effect.natural(effect.estimate),
            "low": effect.natural(effect.ci_low), "high": effect.natural(effect.ci_high),
            "difference": absolute_effect(effect, risk).difference if measure == "OR" else None,
        })  # fmt: skip
combinations = pd.DataFrame(combinations)
spread = combinations.groupby(["measure", "model"], sort=False).agg(
    least=("estimate", "min"), most=("estimate", "max"), low=("low", "min"), high=("high", "max"),
    p_least=("p", "min"), p_most=("p", "max"),
)  # fmt: skip


def to(low, high):
    return f"{text.number(low, 3)} to {text.number(high, 3)}"


table(
    spread.reset_index(),
    {
        "measure": "Measure",
        "model": "Model",
        ("least", "most"): ("Estimate", to),
        ("low", "high"): (
            "Interval at most",
            lambda low, high: text.interval(low, high, 3),
        ),
        ("p_least", "p_most"): ("P", to),
    },
    name="tab-complements",
    caption="Adverse events over all combinations of complements.",
)

# %% tags=["hide-input"]
odds = spread.loc["OR"]
assert ((odds["most"] - odds["least"]) < 1e-12).all(), (
    "Other data: complements change an odds ratio"
)
ratios = combinations.query("measure == 'OR' and model == 'random'")
glue(
    combinations=str(2 ** int(mirrored.sum())),
    rr=" to ".join(
        text.number(spread.loc[("RR", "fixed"), end]) for end in ("least", "most")
    ),
    rr_p=to(*spread.loc[("RR", "random"), ["p_least", "p_most"]]),
    risk=" to ".join(text.number(f(ratios["risk"]), 0) for f in (min, max)),
    difference=" to ".join(text.signed(f(ratios["difference"])) for f in (min, max)),
)
swap = {"li2014": "ding2016", "ding2016": "li2014"}
for key, model in itertools.product([*RESPONSE, "AE"], ("fixed", "random")):
    data = review.tables_of(key)
    one, other = (
        metalib.pool(d, model=model)
        for d in (data, data.assign(study=data["study"].replace(swap)))
    )
    assert (one.estimate, one.se, one.Q) == (other.estimate, other.se, other.Q), (
        "Other data: 'exchanging the names changes no pooled result' no longer holds"
    )
candidates = [
    metalib.pool(tables, model=model, ci=ci)
    for tables in review.candidates("survival").values()
    for model, ci in (("fixed", "wald"), ("random", "wald"), ("random", "hksj"))
]
glue(survival_p=text.number(min(effect.p for effect in candidates), 3))
assert min(effect.p for effect in candidates) >= 0.05, (
    "Other data: survival is significant in a candidate"
)

# %% [markdown]
# Over the {glue:text}`combinations:s` combinations the risk ratio is {glue:text}`rr:s` (fixed effects); under random effects its P runs from {glue:text}`rr_p:s`. The pooled odds ratio (random effects) applied to the risk of all control arms together, {glue:text}`risk:s` per 1000, makes a difference of {glue:text}`difference:s` per 1000.
#
# **One-year survival.** The smallest P of an odds ratio over all candidates is {glue:text}`survival_p:s` (Mantel-Haenszel, fixed and random effects, with and without Hartung and Knapp's interval): "no significant difference" holds for each of them.
#
# **How sure:** exact for each set of data. Which set is right the pictures would show; until then it is a matter of judgement.
