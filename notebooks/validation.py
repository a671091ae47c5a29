# %% [markdown]
# # Validation against other programs
#
# {glue:text}`values:s` values that metalib computes on {glue:text}`sets:s` data sets were compared with other programs; {glue:text}`outside:s` lie outside their tolerance. Where programs still differ, they follow other conventions, which are named and measured below.

# %%
import json
from pathlib import Path

import pandas as pd

import metalib
from metalib import text
from metalib.audit.agreement import DECADES, combine
from metalib.figures import agreement_map
from metalib.pages import Raw, columns, figure, glue, table

GOLDEN = Path("../validation/golden")
agreement = pd.read_csv(GOLDEN / "agreement.csv", dtype={"largest": str})
quantities = pd.read_csv(GOLDEN / "quantities.csv").set_index("quantity")
versions = pd.read_csv(GOLDEN / "engines.csv")

by_quantity = combine(agreement, ["engine", "quantity"])
by_engine = versions.merge(combine(agreement, ["engine"]), on="engine")

# %%
figure(
    agreement_map(
        by_quantity.assign(quantity=by_quantity["quantity"].map(quantities["label"])),
        quantities=list(quantities["label"]),
    ),
    name="fig-agreement",
    caption="How many values lie in each decade of relative difference, by program and quantity. The vertical bar is the largest relative tolerance; grey: the program does not have the quantity.",
    alt=f"{len(by_engine)} panels, one a program, with the decades in which differences lie; no value is outside its tolerance.",
    data=by_quantity[["engine", "quantity", *DECADES]],
)

# %% [markdown]
# ## The programs
#
# Agreement is worth as much as the programs are independent.
#
# * **RevMan's algorithms in R**: the published algorithms of Review Manager 5 {cite:p}`deeks2010`, written out in R for this project, apart from this package. They cover every set and every method, but they are not RevMan: they are a second reading of the document that this package follows.
# * **RevMan**: numbers that Cochrane's own software computed and stored in review files, at full precision, or that the Cochrane Library exports with six decimals. Nobody read a document in between. These are few, and they confirm the reading above where it matters: study effects, weights, pooling under random effects, zero cells.
# * **metafor** {cite:p}`viechtbauer2010`: the reference in R, by other authors and in another language, with its own optimisers. It covers what RevMan 5 does not have: Paule-Mandel, REML, Hartung-Knapp, Q-profile, Egger's test, trim and fill, cumulative pooling.
# * **R (lm)**: Harbord's and Peters' tests, which metafor does not have, as regressions written out with R's `lm`.
# * **statsmodels** {cite:p}`seabold2010` and **PyMARE**: other authors, in Python. They pool effects by inverse variance; the effects are ours, so they check the pooling alone. statsmodels also pools the tables themselves by Mantel-Haenszel.
#
# `make validate` makes the comparison and writes three files into `validation/golden`; this chapter reads them. `make test` makes it again, and fails if a value is outside its tolerance, if a combination of set, measure and method is missing, or if the files are not what comes out. `make golden` runs the R programs again where R and metafor are installed, and compares every number with the stored one; `validation/README.md` says which program each number comes from.


# %%
def power(name):
    """A power of ten as the files have it, or an exact agreement."""
    return (
        "exact"
        if float(name) == 0
        else text.scientific(float(name)).removeprefix("1 × ")
    )


table(
    by_engine.assign(identical=100 * by_engine["0"] / by_engine["values"]),
    {
        "engine": "Program",
        "version": "Version",
        "values": ("Values compared", text.count),
        "identical": ("Identical", text.percent),
        "largest": ("Largest relative difference, at most", power),
        "outside": "Outside tolerance",
    },
    name="tab-engines",
    caption="Programs that metalib is compared with. Differences are relative to the larger number, and absolute below 10⁻⁶.",
)

# %% tags=["hide-input"]
assert (agreement["outside"] == 0).all(), "'none is outside' no longer holds"
exact = quantities.index[quantities["compared"] == "exactly"]
flags = by_quantity[by_quantity["quantity"].isin(exact)]
assert (flags["largest"] == "0").all(), "flags and counts are no longer identical"
glue(
    sets=str(len(list(GOLDEN.glob("*.json")))),
    values=text.count(int(agreement["values"].sum())),
    outside=str(agreement["outside"].sum()),
)

# %% [markdown]
# Flags and counts (estimable, degrees of freedom, filled studies) have to be identical, and are.

# %%
table(
    by_quantity.join(quantities, on="quantity"),
    {
        "label": "Quantity",
        "values": ("Values", text.count),
        "largest": ("Largest difference, at most", power),
        ("compared", "rtol"): (
            "Tolerance",
            lambda how, rtol: "exact" if how == "exactly" else power(rtol),
        ),
        "outside": "Outside",
    },
    group="engine",
    name="tab-agreement",
    caption="Agreement of metalib with each program, by quantity: values compared, largest relative difference, largest relative tolerance, values outside.",
    note="The exports of the Cochrane Library carry six decimals: the large differences of *RevMan* in study effects, limits and weights are that rounding, and its P values are explained below.",
)

# %% [markdown]
# ## One set, here and now
#
# The thirteen trials of BCG vaccine against tuberculosis, the example of many textbooks. metalib computes them in this cell; the other column is the stored number of the other program. Odds ratios, on the log scale.

# %%
golden = json.loads((GOLDEN / "bcg.json").read_text(encoding="utf-8"))
stored, revman = golden["studies"], golden["measures"]["OR"]["revman"]
metafor = golden["measures"]["OR"]["re"]
trials = pd.DataFrame(
    {
        # Two trials are called Rosenthal et al; metalib wants one row a name.
        "study": [
            f"{name} {year}"
            for name, year in zip(stored["study"], stored["year"], strict=True)
        ],
        "events_t": stored["ai"],
        "n_t": stored["n1i"],
        "events_c": stored["ci"],
        "n_c": stored["n2i"],
    }
)
random, iv = {"model": "random"}, {"method": "IV", "model": "random"}
cases = {
    "M-H, fixed": (metalib.pool(trials), revman["mh_fixed"]),
    "Peto": (metalib.pool(trials, method="Peto"), revman["peto"]),
    "M-H, random": (metalib.pool(trials, **random), revman["mh_random"]),
    "IV, DerSimonian-Laird": (metalib.pool(trials, **iv), metafor["DL"]),
    "IV, Paule-Mandel": (metalib.pool(trials, **iv, tau2="PM"), metafor["PM"]),
    "IV, REML": (metalib.pool(trials, **iv, tau2="REML"), metafor["REML"]),
}
fields = {
    "estimate": "estimate",
    "se": "se",
    "ci_low": "ci_lb",
    "ci_high": "ci_ub",
    "tau2": "tau2",
}
bcg = pd.DataFrame(
    [
        {
            "model": model,
            "quantity": ours,
            "metalib": getattr(effect, ours),
            "other": theirs[name],
        }
        for model, (effect, theirs) in cases.items()
        for ours, name in fields.items()
        if theirs.get(name) is not None
    ]
)
difference = ((bcg["metalib"] - bcg["other"]) / bcg["other"]).abs()
assert (difference < 1e-8).all(), "the BCG trials no longer agree with other programs"
table(
    bcg,
    {
        "quantity": ("Quantity", columns.named(quantities["label"])),
        "metalib": ("metalib", lambda value: text.number(value, 12)),
        "other": ("Other program", lambda value: text.number(value, 12)),
    },
    group="model",
    name="tab-bcg",
    caption="BCG vaccine, 13 trials, log odds ratios with twelve decimals. The first three models beside RevMan's algorithms in R, the others beside metafor.",
)

# %% [markdown]
# ## Known differences
#
# Programs also differ by convention. Each difference is measured on all sets: in how many cases the two conventions give different numbers (by more than 10⁻⁸), the largest difference, and an example. metalib follows RevMan.

# %%
reasons = pd.read_csv(GOLDEN / "reasons.csv")
known = reasons.merge(pd.read_csv(GOLDEN / "differences.csv"), on="difference")


def number_or_none(value, digits):
    """A number, or that the program has none."""
    return text.number(value, digits) if abs(value) < float("inf") else "none"


table(
    known,
    {
        "difference": "Difference",
        "program": "Other program",
        "quantity": "Quantity",
        "reason": ("Why", Raw),
    },
    name="tab-known-reasons",
    caption="Where programs differ by convention, and why.",
)
table(
    known.assign(shown=known["digits"].clip(upper=4)),
    {
        "difference": "Difference",
        "sets": "Sets",
        ("differs", "compared"): ("Cases", lambda some, whole: f"{some} of {whole}"),
        ("largest", "shown"): (
            "Largest",
            lambda value, digits: (
                text.scientific(value)
                if value < 1e-4
                else number_or_none(value, digits)
            ),
        ),
        ("dataset", "measure"): (
            "Example",
            lambda name, measure: f"{name.replace('_', ' ')}, {measure}",
        ),
        ("ours", "digits"): ("metalib", number_or_none),
        ("theirs", "digits"): ("Other", number_or_none),
    },
    name="tab-known-differences",
    caption="The same differences, measured on all sets, with one example each.",
    note="A case is one set with one measure (OR, RR or RD); for stored P values one test. Effects and intervals of ratios are on the log scale. The example is the largest difference, of a published set where there is one.",
)

# %% tags=["hide-input"]
assert (known["differs"] > 0).all(), "a known difference no longer occurs"
assert len(known) == len(reasons), "a difference has no measurement"
zero = known.set_index("difference").loc["Mantel-Haenszel sums with zero cells"]
glue(zero_cases=str(zero["differs"]), zero_none=str(zero["without"]))

# %% [markdown]
# ## On many reviews
#
# RevMan's own study effects and weights are known for {glue:text}`corpus_pools:s` meta-analyses of Cochrane reviews, collected at github mahmood726-cyber/Pairwise70 (commit de39438). They stay outside this project; `make corpus`, `make errors` and `make forests` compute what follows from them.
#
# * **Parity.** Of {glue:text}`corpus_studies:s` estimable study effects metalib gives {glue:text}`corpus_effects:s` to six decimals, of as many weights {glue:text}`corpus_weights:s`. Every pool that differs is explained: RevMan's iteration of REML ends at a limit of its own, seen in the sixth decimal ({glue:text}`corpus_last:s` pools), the weights are those of another specification than the one first found ({glue:text}`corpus_other:s`), events are counted as non-events ({glue:text}`corpus_without:s`), or a number stands for several subgroups ({glue:text}`corpus_one:s`).
# * **Errors.** In printed analyses one error of each kind was planted. Where the counts are printed, none of those that change what the print says stays unnoticed; of untouched analyses {glue:text}`false_alarms:s` of {glue:text}`untouched:s` raise an alarm. Two checks that others make, the interval against P and the sum of weights, never find more. A standard error that was entered for a standard deviation cannot be seen: all that follows from it is printed, and is what such a standard deviation gives.
# * **Recovery.** From a forest plot without events, arms known, {glue:text}`forest_rows:s` of studies have one table by their row alone, {glue:text}`forest_line:s` with weights and pooled line, {glue:text}`forest_total:s` with the total events of the arms; {glue:text}`forest_small:s` in the smallest trials of the table below. The true table was lost in {glue:text}`forest_lost:s` studies. Of those that are not unique with the pooled line, {glue:text}`forest_proven:s` are proven to have several tables: each stands in a full solution that gives every printed digit, for in large arms two decimals do not tell neighbouring counts apart. The others were left undecided when the time of a search ran out, so the shares are lower bounds of what the print decides.

# %%
BENCHMARKS = Path("../benchmarks")
parity = pd.read_csv(BENCHMARKS / "corpus.csv").sum(numeric_only=True)
errors = pd.read_csv(BENCHMARKS / "errors.csv", comment="#")
forests = pd.read_csv(BENCHMARKS / "forests.csv", comment="#")

prints = {"line": "Pooled line", "rows": "Line and rows", "counts": "Line, rows, data"}
checks = {
    "interval against P": "Interval against P",
    "sum of weights": "Sum of weights",
}
planted = errors[~errors["error"].str.startswith("untouched")]
recall = planted.pivot(index="error", columns="print", values="recall")
table(
    recall.reset_index(),
    {
        "error": "Error",
        **{
            name: (
                label,
                lambda share: text.percent(100 * share, 1) if share == share else "–",
            )
            for name, label in {**prints, **checks}.items()
        },
    },
    name="tab-planted",
    caption="Planted errors: share noticed of those that the print can show, by what is printed; in the last two columns by checks that others make. A dash: the print cannot show this error, because it has not changed or is that of something real.",
)
by_size = forests[forests["by"].isin(["all", "measure", "arms"])]
table(
    by_size.pivot(index=["by", "group"], columns="print", values="share unique")
    .reset_index()
    .merge(
        by_size[by_size["print"] == "pooled line"],
        on=["by", "group"],
    ),
    {
        "group": (
            "Studies",
            lambda name: name.replace("to ", "largest arm to ").replace(
                "over", "largest arm over"
            ),
        ),
        "studies": ("Number", text.count),
        **{
            name: (label, lambda share: text.percent(100 * share, 1))
            for name, label in {
                "rows": "Rows alone",
                "weights": "And weights",
                "pooled line": "And pooled line",
                "total events": "And total events",
            }.items()
        },
        "several proven": ("Several, proven", text.count),
        "open": ("Open", text.count),
    },
    name="tab-forests",
    caption="Studies of printed forest plots with one table, symmetric ones taken as one, by what is printed beside effect and interval; the last two columns are about the pooled line.",
)

# %% tags=["hide-input"]
untouched = errors[(errors["error"] == "untouched") & errors["print"].isin(prints)]
shown = planted[(planted["print"] == "counts")]
assert (shown["missed"] == 0).all(), "with the counts an error stays unnoticed"
others = recall[list(checks)].max(axis=1)
assert not (others > recall["counts"]).any(), "a simple check finds more"
assert parity["missed: unexplained"] == 0, "a pool of the corpus differs unexplained"
whole = forests[forests["by"] == "all"].set_index("print")
small = forests[(forests["group"] == "to 100")].set_index("print")
several = whole.loc["pooled line", ["several proven", "open"]]
glue(
    corpus_pools=text.count(int(parity["pools"])),
    corpus_studies=text.count(int(parity["estimable"])),
    corpus_effects=text.count(int(parity["effect agrees"])),
    corpus_weights=text.count(int(parity["weight agrees"])),
    corpus_last=str(int(parity["missed: last decimal"])),
    corpus_other=str(int(parity["missed: another specification"])),
    corpus_without=str(int(parity["missed: patients without the event"])),
    corpus_one=str(int(parity["missed: pools of one study"])),
    false_alarms=str(int(untouched["noticed"].sum())),
    untouched=text.count(int(untouched["planted"].max())),
    forest_rows=text.percent(100 * whole.loc["rows", "share unique"], 1),
    forest_line=text.percent(100 * whole.loc["pooled line", "share unique"], 1),
    forest_total=text.percent(100 * whole.loc["total events", "share unique"], 1),
    forest_small=text.percent(100 * small.loc["pooled line", "share unique"], 1),
    forest_lost=str(int(whole["truth lost"].max())),
    forest_proven=f"{several['several proven']} of {several.sum()}",
)

# %% [markdown]
# ## What follows
#
# * **All values agree within their tolerances.** The tolerance is 10⁻⁸ for numbers that came through a file of another program and 10⁻¹⁰ for the two Python programs. Looser are RevMan's stored P values and the rounded exports of the Cochrane Library. Numbers that are 0 up to rounding have absolute tolerances, given with their reasons in `validation/golden/README.md`.
# * **The differences that remain are conventions.** With a zero cell, Mantel-Haenszel estimates of metafor and of RevMan's algorithms differ in {glue:text}`zero_cases:s` cases, and in {glue:text}`zero_none:s` of them metafor has none. A reanalysis has to name its convention; this book follows RevMan because the article used it.
# * **What no other program here checks:** the treatment-arm correction of zero cells, 0.5 added to every study, the coordinates of Baujat's plot, and the search for tables. The first three are checked against their formulas written out in the tests, the search against brute force over all tables of small puzzles and against random puzzles whose solution is known.
# * **How sure:** programs written by different people from different texts do not share a slip, but they may share a convention. Whether a convention is right is a question of statistics that agreement does not answer.
