# %% [markdown]
# # How fast it is
#
# {glue:text}`met:s` targets of speed are met: one pooled result takes {glue:text}`one:s`, and {glue:text}`batch_size:s` meta-analyses of ten studies under both models take {glue:text}`batch:s`. Speed matters when the same analysis is repeated many thousand times: for every review of a library, for every subset of studies, for every table that a search tries.
#
# The times were measured once by `make bench` and are stored in `benchmarks/results.json`; this page reads them. On another machine they are others.

# %%
import json
from pathlib import Path

import pandas as pd

from metalib import figures, text
from metalib.pages import figure, glue, table

results = json.loads(Path("../benchmarks/results.json").read_text(encoding="utf-8"))
found = pd.DataFrame(results["measurements"])
machine = results["machine"]

growth = found[found["case"].str.startswith("growth")].assign(
    series=lambda f: f["case"].map(
        {
            "growth with studies": "studies of one meta-analysis (pool)",
            "growth with meta-analyses": "meta-analyses of 8 studies (pool_batch, fixed and random)",
        }
    ),
    size=lambda f: f["studies"].where(
        f["case"] == "growth with studies", f["analyses"]
    ),
    seconds=found["median"],
    low=found["lower_quartile"],
    high=found["upper_quartile"],
)[["series", "size", "seconds", "low", "high"]]

# %%
by_studies, by_analyses = (
    figures.growth_exponent(part["size"], part["seconds"], smallest=smallest)
    for (_, part), smallest in zip(
        growth.groupby("series", sort=False), (100, 1000), strict=True
    )
)
figure(
    figures.growth(growth, size_label="Number of studies, or of meta-analyses"),
    name="fig-bench-growth",
    caption="Time of a call by number of studies of one meta-analysis, and by number of meta-analyses in one array: medians, with quartiles as bars. The dashed lines grow in proportion to the size. Both axes are logarithmic.",
    alt=(
        "Two lines on logarithmic axes, flat for small sizes and then rising: time grows as the power "
        f"{text.number(by_studies)} of the number of studies and {text.number(by_analyses)} of that of meta-analyses."
    ),
    data=growth,
)
glue(by_studies=text.number(by_studies), by_analyses=text.number(by_analyses))
assert max(by_studies, by_analyses) < 2, "time now grows with the square of the size"

# %% [markdown]
# From 100 studies on, time grows as the power {glue:text}`by_studies:s` of their number, and from 1,000 meta-analyses on as the power {glue:text}`by_analyses:s` of theirs; 1 would be in proportion.
#
# ## What had to be reached
#
# metalib starts from counts: each time includes the checks, the effects of the studies, the pooled effect with its interval and P, the weights, Q, I², and under random effects τ² and the prediction interval.

# %%
sizes = ["case", "analyses", "studies"]
ours = found[found["engine"] == "metalib"]
targets = pd.DataFrame(results["targets"]).merge(
    ours, on="case", suffixes=("", "_measured")
)
targets = targets[
    targets["analyses"].isna() | (targets["analyses"] == targets["analyses_measured"])
]
targets = targets[
    targets["studies"].isna() | (targets["studies"] == targets["studies_measured"])
]


def spread(median, low, high):
    """A median time with its quartiles."""
    return f"{text.duration(median)} ({text.duration(low)} to {text.duration(high)})"


table(
    targets.assign(met=targets["median"] <= targets["limit"]),
    {
        "case": "What",
        ("analyses", "studies"): (
            "Size",
            lambda m, k: "" if m is None else f"{text.count(int(m))} × {int(k)}",
        ),
        "limit": ("Target, at most", text.duration),
        ("median", "lower_quartile", "upper_quartile"): ("Median (quartiles)", spread),
        "met": ("Met", lambda met: "yes" if met else "no"),
    },
    name="tab-bench-targets",
    caption="Targets and measured times. “2,000 × 10” means 2,000 meta-analyses of 10 studies.",
)

# %% tags=["hide-input"]
median = found.set_index(["case", "engine", "analyses", "studies"])["median"]
by_case = found.set_index(["case", "engine"])["median"]
glue(
    met=f"{(targets['median'] <= targets['limit']).sum()} of {len(targets)}",
    one=text.duration(by_case["one call of pool, M-H fixed", "metalib"]),
    batch=text.duration(median["M-H fixed and random", "metalib", 2000, 10]),
    batch_size=text.count(2000),
    rival=text.duration(median["IV fixed and random", "PyMARE", 2000, 10]),
    first_pool=text.duration(by_case["import metalib and first pool", "metalib"]),
    other_packages=text.duration(
        by_case[
            "import numpy, pandas and scipy.special alone",
            "other packages",
        ]
    ),
)
assert not results["quick"], "the stored times are of a quick run"
assert machine["load_before"] < machine["cores"], "the machine was busy"

# %% [markdown]
# `import metalib` loads names and nothing else. The first call loads NumPy, pandas and SciPy: import and first call together take {glue:text}`first_pool:s`, of which loading these three alone takes {glue:text}`other_packages:s`.
#
# ## Beside other programs
#
# All programs were given the same tables and had to give the same numbers before they were timed: pooled effects, standard errors, τ² and Q within the tolerance below. M-H is compared with M-H and inverse variance with inverse variance.

# %%
keys = ["case", "analyses", "studies"]
beside = found[~found["engine"].isin(["metalib", "other packages"])].merge(
    ours[[*keys, "median"]], on=keys, suffixes=("", "_metalib")
)
table(
    beside.assign(ratio=beside["median"] / beside["median_metalib"]),
    {
        ("case", "analyses", "studies"): (
            "Analysis",
            lambda case, m, k: f"{case}, {text.count(int(m))} × {int(k)}",
        ),
        "engine": "Program",
        "median": ("It takes", text.duration),
        "median_metalib": ("metalib takes", text.duration),
        "ratio": ("Ratio", text.significant),
    },
    name="tab-bench-ratios",
    caption="Times of other programs, and how many times metalib's they are (above 1: metalib is faster).",
    note="PyMARE and statsmodels' inverse variance start from effects and variances that are not charged to them. “PyMARE, fits only” gives estimates, their variances and τ², without intervals, P, Q and I². metafor starts from counts, and times itself.",
)
worst = pd.DataFrame(results["agreement"])["largest_difference"].max()
assert worst <= results["tolerance"], "two programs gave different numbers"
glue(worst=text.scientific(worst), tolerance=text.scientific(results["tolerance"]))

# %% [markdown]
# The largest difference between any two programs in any number was {glue:text}`worst:s` (relative above 1; allowed were {glue:text}`tolerance:s`). statsmodels' DerSimonian-Laird takes negative values of τ²; those meta-analyses are left out of the comparison of numbers, not of the times. The ratios compare ways of working as much as programs: statsmodels and metafor take one meta-analysis at a time, metafor builds an object with much more in it, and neither is made for thousands of them. PyMARE works on arrays as metalib does; 2,000 meta-analyses of ten studies by inverse variance, without the effects of the studies, take it {glue:text}`rival:s`.
#
# ## Memory, and the search for tables

# %%
memory = found[found["case"].str.startswith("memory")]
table(
    memory,
    {
        "case": ("What", lambda case: case.removeprefix("memory, ")),
        ("analyses", "studies"): (
            "Size",
            lambda m, k: f"{text.count(int(m))} × {text.count(int(k))}",
        ),
        "median": ("Peak", lambda mb: f"{text.significant(mb, 3)} MB"),
    },
    name="tab-bench-memory",
    caption="Peaks of memory: what Python's tracemalloc sees allocated during the call, and the largest resident size of a fresh process that imports metalib, makes the tables and makes the call.",
)
steps = found[found["case"].str.startswith("recovery, step")]
table(
    steps,
    {
        "case": ("Step", lambda case: case.removeprefix("recovery, step: ")),
        "studies": ("Studies", lambda k: str(int(k))),
        "median": ("Median", text.duration),
    },
    name="tab-bench-recovery",
    caption="Time of the steps of the search behind `data/puzzle.yaml`, on one core. A step is named by the printed results that it uses.",
)
glue(recovery_total=text.duration(by_case["recovery, all steps", "metalib"]))

# %% [markdown]
# All steps together took {glue:text}`recovery_total:s`, without reading the puzzle, joining the outcomes and the report.
#
# ## The machine

# %%
table(
    pd.DataFrame(
        {
            "Processor": f"{machine['processor']} ({machine['architecture']})",
            "Cores": str(machine["cores"]),
            "Memory": f"{text.significant(machine['memory_gb'])} GB",
            "System": machine["system"],
            "Load before the start": text.number(machine["load_before"]),
            "Day": results["date"],
            **results["versions"],
            "metafor": results["metafor"] or "not installed there",
        }.items(),
        columns=["What", "Value"],
    ),
    name="tab-bench-machine",
    caption="Where the times were measured, and with which versions. The load is the number of processes that wanted to run in the minute before; on a quiet machine it is close to 0.",
)

# %% [markdown]
# ## What is measured and what is not
#
# * **Tables.** Random ones with a fixed seed (`benchmarks/data.py`): 20 to 200 patients an arm, effects that differ between studies, no zero cells, because the programs treat those differently.
# * **Times** are wall-clock times after a warm-up. Quick calls are repeated within a measurement until it lasts 20 ms. Medians and quartiles over up to 11 repeats; fewer where these would take more than 5 seconds.
# * **Imports and memory** are measured in fresh processes. The files of the packages have been read before, so the disk plays no part.
# * **Not measured:** installation, reading of files, figures, REML and Paule-Mandel, Windows and macOS, more than one core.
# * **How sure.** The order of magnitude carries over to other machines, ratios roughly, the times themselves do not. No check of this repository depends on a time.
