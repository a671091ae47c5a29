# %% [markdown]
# # How fast it is
#
# A re-analysis of one review needs milliseconds in any program. Speed matters when the same analysis is repeated many thousand times: for every review of a library, for every subset of studies, for every table that a search tries. This chapter shows how long metalib takes, beside statsmodels, [PyMARE](https://pymare.readthedocs.io) and R metafor {cite:p}`viechtbauer2010`.
#
# The times were measured once by `make bench` and are stored in `benchmarks/results.json`; this page reads them. On another machine they are others.

# %%
import json
from pathlib import Path

import pandas as pd

from metalib import figures, text
from metalib.pages import notebook

results = json.loads(Path("../benchmarks/results.json").read_text(encoding="utf-8"))
found = pd.DataFrame(results["measurements"])
machine = results["machine"]
assert not results["quick"]
# Times of a busy machine say little.
assert machine["load_before"] < machine["cores"]


def measured(case, engine="metalib", analyses=None, studies=None):
    """The one measurement of a case, by an engine and at a size."""
    rows = found[(found["case"] == case) & (found["engine"] == engine)]
    if analyses is not None:
        rows = rows[(rows["analyses"] == analyses) & (rows["studies"] == studies)]
    assert len(rows) == 1, (case, engine, analyses, studies)
    return rows.iloc[0]


def spread(row):
    """Median and quartiles of a time."""
    low, high = (
        text.duration(row["lower_quartile"]),
        text.duration(row["upper_quartile"]),
    )
    return f"{text.duration(row['median'])} ({low} to {high})"


# %% [markdown]
# ## The machine

# %% tags=["hide-input"]
notebook.table(
    pd.DataFrame(
        [
            ("Processor", f"{machine['processor']} ({machine['architecture']})"),
            ("Cores", str(machine["cores"])),
            ("Memory", f"{text.significant(machine['memory_gb'])} GB"),
            ("System", machine["system"]),
            ("Load before the start", text.number(machine["load_before"])),
            ("Day", results["date"]),
            *results["versions"].items(),
            ("metafor", results["metafor"] or "not installed there"),
        ],
        columns=["What", "Value"],
    ),
    name="tab-bench-machine",
    caption="Where the times were measured, and with which versions. The load is the number of processes that wanted to run in the minute before; on a quiet machine it is close to 0.",
    align="ll",
)

# %% [markdown]
# ## What had to be reached
#
# metalib starts from counts: each time includes the checks, the effects of the studies, the pooled effect with its interval and P, the weights, Q, I², and under random effects τ² and the prediction interval.

# %% tags=["hide-input"]
TITLES = {
    "one call of pool, M-H fixed": "One call of `pool`",
    "M-H fixed and random": "M-H fixed and M-H random",
    "import metalib": "`import metalib`",
}
rows = []
for target in results["targets"]:
    row = measured(
        target["case"],
        analyses=target.get("analyses"),
        studies=target.get("studies"),
    )
    size = (
        f", {text.count(int(row['analyses']))} meta-analyses of {row['studies']} studies"
        if "analyses" in target
        else ""
    )
    rows.append(
        {
            "What": notebook.Raw(TITLES[target["case"]] + size),
            "Target": f"at most {text.duration(target['limit'])}",
            "Median (quartiles)": spread(row),
            "Met": "yes" if row["median"] <= target["limit"] else "no",
        }
    )
batch = measured("M-H fixed and random", analyses=2000, studies=10)
rival = measured("IV fixed and random", "PyMARE", 2000, 10)
rows.append(
    {
        "What": "M-H fixed and M-H random, 2,000 meta-analyses of 10 studies",
        "Target": f"no slower than PyMARE's IV: {text.duration(rival['median'])}",
        "Median (quartiles)": spread(batch),
        "Met": "yes" if batch["median"] <= rival["median"] else "no",
    }
)
notebook.table(
    pd.DataFrame(rows),
    name="tab-bench-targets",
    caption="Targets and measured times. PyMARE has no Mantel-Haenszel method; its time is that of inverse variance, fixed and random, and leaves out the effects of the studies.",
    align="lllc",
)
first = measured("import metalib and first pool")
others = measured("import numpy, pandas and scipy.special alone", "other packages")
notebook.glue(
    import_time=text.duration(measured("import metalib")["median"]),
    first_pool=text.duration(first["median"]),
    other_packages=text.duration(others["median"]),
    met=f"{sum(row['Met'] == 'yes' for row in rows)} of {len(rows)}",
)

# %% [markdown]
# {glue:text}`met:s` targets are met.
#
# **The import is short because it does little.** `import metalib` loads names and nothing else. The first call loads NumPy, pandas and SciPy: import and first call together take {glue:text}`first_pool:s`, of which loading these three packages alone takes {glue:text}`other_packages:s` in a Python of its own. A program that has already loaded them does not wait for them again.
#
# ## Beside other programs
#
# All programs were given the same tables and had to give the same numbers before they were timed: pooled effects, standard errors, τ² and Q within the tolerance below. M-H is compared with M-H and inverse variance with inverse variance. RevMan's M-H random effects exist in no other program here.

# %% tags=["hide-input"]
rows = []
for m, k in ((1, 10), (2000, 10), (60000, 8), (1000, 1000)):
    cases = (
        ["leave-one-out"]
        if (m, k) == (1000, 1000)
        else ["M-H fixed", "IV fixed and random"]
    )
    for case in cases:
        ours = measured(case, "metalib", m, k)
        part = found[(found["case"] == case) & (found["studies"] == k)]
        for engine in ("statsmodels", "PyMARE", "PyMARE, fits only", "metafor"):
            theirs = part[(part["engine"] == engine) & (part["analyses"] <= m)]
            # Of the arrays of this many studies, the largest that is no larger than metalib's.
            theirs = theirs[theirs["analyses"] == theirs["analyses"].max()]
            for row in theirs.itertuples():
                each = row.median / row.analyses
                rows.append(
                    {
                        "Analysis": f"{case}, {text.count(m)} × {k}"
                        if case != "leave-one-out"
                        else f"M-H fixed, leave-one-out of {text.count(k)} studies",
                        "Program": engine,
                        "Given": text.count(int(row.analyses)),
                        "It takes, each": text.duration(each),
                        "metalib, each": text.duration(ours["median"] / m),
                        "Ratio": text.significant(each / (ours["median"] / m)),
                    }
                )
ratios = pd.DataFrame(rows)
notebook.table(
    ratios,
    name="tab-bench-ratios",
    caption="Time of a meta-analysis in other programs, and how many times metalib's it is (above 1: metalib is faster). “2,000 × 10” means 2,000 meta-analyses of 10 studies; “Given” is how many of them the program was given.",
    align="llrrrr",
    note="PyMARE and statsmodels' inverse variance start from effects and variances that are not charged to them. “PyMARE, fits only” gives estimates, their variances and τ², without intervals, P, Q and I². metafor starts from counts, and times itself."
    + ("" if results["metafor"] else " metafor was not installed on this machine."),
)
agreement = pd.DataFrame(results["agreement"])
worst = agreement["largest_difference"].max()
assert worst <= results["tolerance"]
notebook.glue(
    worst=text.scientific(worst) if worst else "0",
    tolerance=text.scientific(results["tolerance"]),
)

# %% [markdown]
# The largest difference between any two programs in any number was {glue:text}`worst:s` (relative above 1; allowed were {glue:text}`tolerance:s`). statsmodels' DerSimonian-Laird takes negative values of τ²; those meta-analyses are left out of the comparison of numbers, not of the times.
#
# The ratios compare ways of working as much as programs. statsmodels and metafor take one meta-analysis at a time; metafor builds an object with much more in it, and neither is made for thousands of them. For one meta-analysis a ratio below 1 costs less than a millisecond. PyMARE works on arrays as metalib does.
#
# ## Growth

# %% tags=["hide-input"]
SERIES = {
    "growth with studies": ("studies", "studies of one meta-analysis (pool)", 100),
    "growth with meta-analyses": (
        "analyses",
        "meta-analyses of 8 studies (pool_batch, fixed and random)",
        1000,
    ),
}
grown = pd.concat(
    [
        pd.DataFrame(
            {
                "series": title,
                "size": part[column],
                "seconds": part["median"],
                "low": part["lower_quartile"],
                "high": part["upper_quartile"],
            }
        )
        for case, (column, title, _) in SERIES.items()
        for part in [found[found["case"] == case]]
    ],
    ignore_index=True,
)
exponents = {}
for case, (_, title, smallest) in SERIES.items():
    part = grown[grown["series"] == title]
    exponents[case] = figures.growth_exponent(
        part["size"], part["seconds"], smallest=smallest
    )
notebook.glue(
    by_studies=text.number(exponents["growth with studies"]),
    by_analyses=text.number(exponents["growth with meta-analyses"]),
)
notebook.figure(
    figures.growth(grown, size_label="Number of studies, or of meta-analyses"),
    name="fig-bench-growth",
    caption="Time of a call by number of studies of one meta-analysis, and by number of meta-analyses in one array: medians, with quartiles as bars. The dashed lines grow in proportion to the size. Both axes are logarithmic.",
    alt=(
        "Two lines on logarithmic axes, flat for small sizes. For large ones time grows as the power "
        f"{text.number(exponents['growth with studies'])} of the number of studies and "
        f"{text.number(exponents['growth with meta-analyses'])} of the number of meta-analyses."
    ),
    data=grown,
)
assert all(exponent < 2 for exponent in exponents.values())

# %% [markdown]
# From 100 studies on, time grows as the power {glue:text}`by_studies:s` of their number, and from 1,000 meta-analyses on as the power {glue:text}`by_analyses:s` of theirs; 1 would be in proportion, and nothing grows with the square.
#
# ## Memory

# %% tags=["hide-input"]
MEMORY = {
    "M-H fixed and random": "M-H fixed and random",
    "leave-one-out": "Leave-one-out",
}
rows = []
for case, title in MEMORY.items():
    part = found[found["case"] == f"memory, {case}: allocated by the call"]
    for row in part.itertuples():
        whole = measured(
            f"memory, {case}: the whole process", "metalib", row.analyses, row.studies
        )
        rows.append(
            {
                "Analysis": f"{title}, {text.count(row.analyses)} × {text.count(row.studies)}",
                "Allocated by the call": f"{text.significant(row.median)} MB",
                "Whole process": f"{text.significant(whole['median'], 3)} MB",
            }
        )
notebook.table(
    pd.DataFrame(rows),
    name="tab-bench-memory",
    caption="Peaks of memory. The first is what Python's tracemalloc sees allocated during the call, the second the largest resident size of a fresh process that imports metalib, makes the tables and makes the call.",
)

# %% [markdown]
# ## The search for the tables
#
# The search of [](recovery), step by step, on one core.

# %% tags=["hide-input"]
PREFIX = "recovery, step: "
steps = found[found["case"].str.startswith(PREFIX)]
total = measured("recovery, all steps")
notebook.table(
    pd.DataFrame(
        [
            {
                "Step": row.case.removeprefix(PREFIX),
                "Studies": int(row.studies),
                "Median": text.duration(row.median),
                "Share": text.percent(100 * row.median / steps["median"].sum()),
            }
            for row in steps.itertuples()
        ]
    ),
    name="tab-bench-recovery",
    caption="Time of the steps of the search behind `data/puzzle.yaml`. A step is named by the printed results that it uses.",
    align="lrrr",
)
notebook.glue(
    recovery_total=text.duration(total["median"]),
    recovery_repeats=str(int(total["repeats"])),
)

# %% [markdown]
# All steps together took {glue:text}`recovery_total:s` (median of {glue:text}`recovery_repeats:s` searches), without reading the puzzle, joining the outcomes and the report.
#
# ## What is measured and what is not
#
# * **Tables.** Random ones with a fixed seed (`benchmarks/data.py`): 20 to 200 patients an arm, effects that differ between studies, no zero cells, because the programs treat those differently.
# * **Times** are wall-clock times after a warm-up. Quick calls are repeated within a measurement until it lasts 20 ms. Medians and quartiles over up to 11 repeats; fewer where these would take more than 5 seconds.
# * **Imports and memory** are measured in fresh processes. The files of the packages have been read before, so the disk plays no part.
# * **Not measured:** installation, reading of files, figures, REML and Paule-Mandel, Windows and macOS, more than one core.
# * **How sure.** The order of magnitude carries over to other machines, ratios roughly, the times themselves do not. Other work on the machine makes them longer. No check of this repository depends on a time.
#
# To repeat it: `make bench`, then `make notebooks NAME=benchmarks`. With R and metafor installed, metafor is timed too.
