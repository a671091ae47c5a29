# %% [markdown]
# # Validation against other programs
#
# ## What has to be shown
#
# Every result of this book comes from one small package. A reader has to believe its arithmetic before its findings. So each quantity is compared with other programs on {glue:text}`sets:s` data sets of 2x2 tables: published reviews, the examples of R package metadat, and sets made by hand for the awkward cases (zero cells, double-zero studies, identical studies, one study, extreme heterogeneity). This chapter shows how far the programs agree, and where they do not and why.
#
# The comparison of all sets is made by `make validate`, which writes three files into `validation/golden`; this chapter reads them. `make test` makes the same comparison again and fails if a value is outside its tolerance, if a combination of set, measure and method is missing, or if the files are not what comes out.

# %%
import json
import math
from pathlib import Path

import pandas as pd

import metalib
from metalib import text
from metalib.audit.agreement import DECADES, combine, decade
from metalib.figures import agreement_map
from metalib.pages import notebook

GOLDEN = Path("../validation/golden")
agreement = pd.read_csv(GOLDEN / "agreement.csv", dtype={"largest": str})
differences = pd.read_csv(GOLDEN / "differences.csv").set_index("difference")
versions = pd.read_csv(GOLDEN / "engines.csv").set_index("engine")["version"]
TRANSCRIBED = "RevMan's algorithms in R"
ENGINES = [TRANSCRIBED, "RevMan", "metafor", "R (lm)", "statsmodels", "PyMARE"]
assert set(agreement["engine"]) == set(versions.index) == set(ENGINES)
assert (agreement["outside"] == 0).all()


def power(name):
    """Text of a power of ten, as the files have it."""
    if name == "0":
        return "exact"
    return text.scientific(float(name)).removeprefix("1 × ")


# %% [markdown]
# ## The computation
#
# ### The programs
#
# Agreement is worth as much as the programs are independent.
#
# * **RevMan's algorithms in R**: the published algorithms of Review Manager 5 {cite:p}`deeks2010`, written out in R for this project, apart from this package. This covers every set and every method, but it is not RevMan: it is a second reading of the document that this package follows.
# * **RevMan**: numbers that Cochrane's own software computed and stored in review files, at full precision, or that the Cochrane Library exports with six decimals. Nobody read a document in between. These are few, and they confirm the reading above where it matters: study effects, weights, Mantel-Haenszel pooling under random effects, zero cells.
# * **metafor** {cite:p}`viechtbauer2010`: the reference in R, by other authors and in another language, with its own optimisers. It covers what RevMan does not have: Paule-Mandel, REML, Hartung-Knapp, Q-profile, Egger's test, trim and fill, cumulative pooling.
# * **R (lm)**: Harbord's and Peters' tests, which metafor does not have, as regressions written out with R's `lm`.
# * **statsmodels** {cite:p}`seabold2010` and **PyMARE**: other authors, in Python. They pool effects by inverse variance; the effects are ours, so they check the pooling alone. statsmodels also pools the tables themselves by Mantel-Haenszel.
#
# The R programs stand in `validation/`; its README says which number each of them computes. `make golden` runs them again, where R and metafor are installed, and compares every number with the stored one.

# %% tags=["hide-input"]
by_engine = combine(agreement, ["engine"]).set_index("engine")
notebook.table(
    pd.DataFrame(
        [
            {
                "Program": engine,
                "Version": versions[engine],
                "Values compared": text.count(by_engine.loc[engine, "values"]),
                "Identical": text.percent(
                    100 * by_engine.loc[engine, "0"] / by_engine.loc[engine, "values"]
                ),
                "Largest relative difference, at most": power(
                    by_engine.loc[engine, "largest"]
                ),
                "Outside tolerance": str(by_engine.loc[engine, "outside"]),
            }
            for engine in ENGINES
        ]
    ),
    name="tab-engines",
    caption="Programs that metalib is compared with. Differences are relative to the larger number, and absolute below 10⁻⁶.",
    align="llrrrr",
)
notebook.glue(
    sets=str(len(list(GOLDEN.glob("*.json")))),
    values=text.count(by_engine["values"].sum()),
)

# %% [markdown]
# ### Agreement by quantity
#
# Flags and counts (estimable, degrees of freedom, filled studies) have to be identical, and are.

# %% tags=["hide-input"]
LABELS = {
    "estimate": "Pooled estimate",
    "se": "Standard error",
    "ci_low": "Lower limit",
    "ci_high": "Upper limit",
    "statistic": "z or t",
    "p": "P",
    "weight": "Weight",
    "effect": "Study effect",
    "Q": "Q",
    "p_Q": "P of Q",
    "I2": "I²",
    "tau2": "τ²",
    "prediction_low": "Prediction, lower",
    "prediction_high": "Prediction, upper",
    "tau2_low": "τ², lower limit",
    "tau2_high": "τ², upper limit",
    "I2_low": "I², lower limit",
    "I2_high": "I², upper limit",
    "limit": "Regression, other coefficient",
    "filled yi": "Filled effect",
    "filled vi": "Filled variance",
    "missing": "Studies filled",
    "side": "Side filled",
    "null_set": "Q-profile is empty",
    "uses Wald": "Wald is the wider",
    "uses t": "t, not z",
    "usable studies": "Enough for trim and fill",
    "k": "Studies",
    "df": "Degrees of freedom",
    "estimable": "Estimable",
    "corrected": "0.5 added",
}
EXACT = list(LABELS)[list(LABELS).index("missing") :]
by_quantity = combine(agreement, ["engine", "quantity"])
assert (by_quantity.loc[by_quantity["quantity"].isin(EXACT), "largest"] == "0").all()
assert set(by_quantity["quantity"]) == set(LABELS)
order = {name: i for i, name in enumerate(LABELS)}
by_quantity = by_quantity.sort_values(
    ["engine", "quantity"],
    key=lambda column: column.map(
        order if column.name == "quantity" else ENGINES.index
    ),
)
notebook.table(
    pd.DataFrame(
        [
            {
                "Program": row.engine,
                "Quantity": LABELS[row.quantity],
                "Values": text.count(row.values_),
                "Largest difference, at most": power(row.largest),
                "Tolerance": "exact"
                if row.quantity in EXACT
                else text.scientific(row.rtol).removeprefix("1 × "),
                "Outside": str(row.outside),
            }
            for row in by_quantity.rename(columns={"values": "values_"}).itertuples()
        ]
    ),
    name="tab-agreement",
    caption="Agreement of metalib with each program, by quantity: values compared, largest relative difference, largest relative tolerance, values outside.",
    align="llrrrr",
    note="The exports of the Cochrane Library carry six decimals: the large differences of *RevMan* in study effects, limits and weights are that rounding, and its P values are explained below.",
)

# %% tags=["hide-input"]
CLOSE = ("0", "1e-16", "1e-15", "1e-14", "1e-13", "1e-12", "1e-11")
FAR = [name for name in DECADES if name not in CLOSE]
close = int(by_quantity[list(CLOSE)].to_numpy().sum())
total = int(by_quantity["values"].sum())
notebook.figure(
    agreement_map(
        by_quantity.assign(quantity=by_quantity["quantity"].map(LABELS)),
        quantities=list(LABELS.values()),
    ),
    name="fig-agreement",
    caption="How many values lie in each decade of relative difference, by program and quantity. The vertical bar is the largest relative tolerance; grey: the program does not have the quantity.",
    alt=(
        f"Six panels, one a program: {text.count(close)} of {text.count(total)} values differ by at most 10⁻¹¹, far "
        "below the tolerance; only rounded exports of the Cochrane Library come near it."
    ),
    data=by_quantity[["engine", "quantity", *DECADES]],
)
live = agreement[agreement["engine"] != "RevMan"]
far = live[live[FAR].sum(axis=1) > 0]
assert set(zip(far["engine"], far["method"], strict=True)) == {
    ("R (lm)", "Harbord"),
    ("statsmodels", "iv_fixed"),
}
assert set(far.loc[far["engine"] == "statsmodels", "quantity"]) == {"Q"}
notebook.glue(far=str(far[FAR].to_numpy().sum()), live=text.count(live["values"].sum()))

# %% [markdown]
# Without the numbers that RevMan stored, {glue:text}`far:s` of {glue:text}`live:s` values differ by more than 10⁻¹¹: those of Harbord's test, written out in R, and the Q of statsmodels. All are inside the tolerance.

# %% [markdown]
# ### One set, here and now
#
# The thirteen trials of BCG vaccine against tuberculosis, the example of many textbooks. metalib computes them in this cell; the other columns are the stored numbers of the other programs. Odds ratios, on the log scale.

# %%
golden = json.loads((GOLDEN / "bcg.json").read_text(encoding="utf-8"))
studies = golden["studies"]
tables = pd.DataFrame(
    {
        # Two trials are called Rosenthal et al; metalib wants one row a name.
        "study": [
            f"{name} {year}"
            for name, year in zip(studies["study"], studies["year"], strict=True)
        ],
        "events_t": studies["ai"],
        "n_t": studies["n1i"],
        "events_c": studies["ci"],
        "n_c": studies["n2i"],
    }
)
revman, metafor = golden["measures"]["OR"]["revman"], golden["measures"]["OR"]["re"]
CASES = [
    ("M-H, fixed", TRANSCRIBED, revman["mh_fixed"], {"method": "MH"}),
    ("Peto", TRANSCRIBED, revman["peto"], {"method": "Peto"}),
    (
        "M-H, random",
        TRANSCRIBED,
        revman["mh_random"],
        {"method": "MH", "model": "random"},
    ),
    ("IV, DL", "metafor", metafor["DL"], {"method": "IV", "model": "random"}),
    (
        "IV, Paule-Mandel",
        "metafor",
        metafor["PM"],
        {"method": "IV", "model": "random", "tau2": "PM"},
    ),
    (
        "IV, REML",
        "metafor",
        metafor["REML"],
        {"method": "IV", "model": "random", "tau2": "REML"},
    ),
]

# %% tags=["hide-input"]
FIELDS = {
    "estimate": "estimate",
    "se": "se",
    "ci_lb": "ci_low",
    "ci_ub": "ci_high",
    "tau2": "tau2",
}
rows = []
for label, engine, theirs, options in CASES:
    ours = metalib.pool(tables, measure="OR", **options)
    for key, attribute in FIELDS.items():
        if theirs.get(key) is None:
            continue
        a, b = getattr(ours, attribute), theirs[key]
        difference = abs(a - b) / max(abs(a), abs(b))
        assert difference <= 1e-8
        rows.append(
            {
                "Model": label,
                "Quantity": LABELS[attribute],
                "metalib": text.number(a, 12),
                "Other program": text.number(b, 12),
                "Program": engine,
                "Relative difference, below": "10⁻¹²"
                if difference < 1e-12
                else power(decade(difference)),
            }
        )
notebook.table(
    pd.DataFrame(rows),
    name="tab-bcg",
    caption="BCG vaccine, 13 trials, log odds ratios with twelve decimals.",
    align="llrrlr",
)

# %% [markdown]
# ### Known differences
#
# Programs also differ, by convention and not by error. Each is measured on all sets: in how many sets the two conventions give different numbers (by more than 10⁻⁸), the largest difference, and an example with both numbers. metalib follows RevMan.

# %% tags=["hide-input"]
REASONS = {
    "Mantel-Haenszel sums with zero cells": (
        "log ratio",
        "metafor",
        4,
        "`rma.mh` leaves zero cells alone in the sums; RevMan adds 0.5 to such studies first. metafor has no estimate where one of the two sums is 0.",
    ),
    "Variance of the Mantel-Haenszel risk difference": (
        "standard error",
        "metafor",
        4,
        "metafor takes the variance of Sato, RevMan that of Greenland and Robins.",
    ),
    "Risk difference of a study with a zero cell": (
        "study effect",
        "metafor",
        4,
        "metafor's `escalc` corrects effect and standard error, RevMan the standard error alone.",
    ),
    "Risk ratio of studies with events only": (
        "studies used",
        "metafor",
        0,
        "metafor drops the study (`drop00`), RevMan keeps it with a risk ratio of 1.",
    ),
    "tau2 of M-H, random": (
        "τ²",
        "IV, random",
        4,
        "RevMan takes τ² from the Q around the Mantel-Haenszel estimate, DerSimonian-Laird from the Q around the inverse-variance estimate.",
    ),
    "I2": (
        "I², percent",
        "metafor",
        1,
        "RevMan computes I² from Q, metafor from τ² (here of REML) and the typical variance.",
    ),
    "P of Q of one study": (
        "P",
        "metafor",
        2,
        "With one study there is no heterogeneity to test: metafor says 1, RevMan shows none.",
    ),
    "tau2 below 0": (
        "τ²",
        "statsmodels",
        4,
        "`combine_effects` does not truncate the DerSimonian-Laird τ² at 0.",
    ),
    "I2 below 0": ("I², percent", "statsmodels", 1, "It does not truncate I² either."),
    "Default interval of PyMARE": (
        "width of the interval",
        "PyMARE",
        4,
        "PyMARE's random-effects default is Hartung-Knapp, RevMan 5's is Wald.",
    ),
    "Hartung-Knapp interval of identical studies": (
        "width of the interval",
        "PyMARE",
        4,
        "The standard error is 0: metalib gives an interval without width, PyMARE none.",
    ),
    "Never narrower": (
        "width of the interval",
        "PyMARE",
        4,
        "Two readings of one advice. metalib's `hksj_adhoc` takes the wider of the Hartung-Knapp and Wald intervals; PyMARE's conservative one keeps t and lets the variance factor not fall below 1.",
    ),
    "Stored P values": (
        "P",
        "RevMan",
        9,
        "The stored P agree to seven digits, all other pooled results in the same files to thirteen: its P values seem to be approximations.",
    ),
}
assert set(REASONS) == set(differences.index)
assert (differences["differs"] > 0).all()
stored = agreement.query("engine == 'RevMan' and method != 'study'")
assert (stored.loc[stored["quantity"] == "p", "largest"].map(float) <= 1e-7).all()
assert (stored.loc[stored["quantity"] != "p", "largest"].map(float) <= 1e-13).all()


def shown(value, digits):
    """A number, or that there is none."""
    return text.number(value, digits) if math.isfinite(value) else "none"


rows, reasons = [], []
for name, (quantity, engine, digits, reason) in REASONS.items():
    row = differences.loc[name]
    label = name.replace("tau2", "τ²").replace("I2", "I²")
    reasons.append(
        {"Difference": label, "Quantity": quantity, "Why": notebook.Raw(reason)}
    )
    rows.append(
        {
            "Difference": label,
            "Sets": str(row["sets"]),
            "Cases": f"{row['differs']} of {row['compared']}",
            "Largest": text.scientific(row["largest"])
            if row["largest"] < 1e-4
            else shown(row["largest"], min(digits, 4)),
            "Example": f"{row['dataset'].replace('_', ' ')}, {row['measure']}",
            "metalib": shown(row["ours"], digits),
            "Other": f"{shown(row['theirs'], digits)} ({engine})",
        }
    )
notebook.table(
    pd.DataFrame(reasons),
    name="tab-known-reasons",
    caption="Where programs differ by convention, and why.",
    align="lll",
)
notebook.table(
    pd.DataFrame(rows),
    name="tab-known-differences",
    caption="The same differences, measured on all sets, with one example each.",
    align="lrrrlrr",
    note="A case is one set with one measure (OR, RR or RD); for stored P values one test. Effects and intervals of ratios are on the log scale. The example is the largest difference, of a published set where there is one.",
)
notebook.glue_as(
    "zero",
    {
        "cases": str(
            differences.loc["Mantel-Haenszel sums with zero cells", "differs"]
        ),
        "none": str(differences.loc["Mantel-Haenszel sums with zero cells", "without"]),
    },
)

# %% [markdown]
# ## What follows
#
# * **{glue:text}`values:s` values agree within their tolerances, none is outside.** The tolerance is 10⁻⁸ for numbers that came through a file of another program and 10⁻¹⁰ for the two Python programs. Looser are only RevMan's stored P values and the rounded exports of the Cochrane Library. Numbers that are 0 up to rounding have absolute tolerances, given with their reasons in `validation/golden/README.md`.
# * **The differences that remain are conventions.** They matter for data like these: with a zero cell, Mantel-Haenszel estimates of metafor and RevMan differ in {glue:text}`zero_cases:s` cases, and in {glue:text}`zero_none:s` of them metafor has none. A reanalysis has to name its convention; this book follows RevMan because the paper used it.
# * **What no other program here checks.** The treatment-arm correction of zero cells, 0.5 added to every study, the coordinates of Baujat's plot and the search for tables. The corrections and the coordinates are checked against their formulas, written out in the tests. The search is checked against brute force over all tables of small puzzles, and against random puzzles whose solution is known.
# * **How sure:** programs written by different people from different texts do not share a slip, but they may share a convention. That a convention is right is a question of statistics, not of agreement.
