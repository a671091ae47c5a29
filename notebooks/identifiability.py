# %% [markdown]
# # What can be recovered from what is printed
#
# How firmly tables can be recovered depends on what is printed far more than on how exactly it is printed. With the sizes of all arms, a leave-one-out table gave back every table of {glue:text}`left_out:s` of the made-up meta-analyses, the pooled line alone of {glue:text}`total:s`, and the line of every study of {glue:text}`rows:s`. Where the search came to its end, the true tables were among its solutions in {glue:text}`truth:s` of {glue:text}`ended:s`.

# %%
from pathlib import Path

import pandas as pd

from metalib import figures, text
from metalib.pages import figure, glue, table

stored = Path("../benchmarks/identifiability.csv")
found = pd.read_csv(stored, comment="#")
found["arms"] = (
    "arms of "
    + found["smallest_arm"].astype(str)
    + " to "
    + found["largest_arm"].astype(str)
)
found["sizes"] = found["arms_known"].map({True: "known", False: "within a tenth"})

share = 100 * found.pivot_table(
    index=["printed", "sizes"], columns="studies", values="unique", sort=False
)
share.index = [f"{printed}, arms {sizes}" for printed, sizes in share.index]
figure(
    figures.share_map(share, label="Meta-analyses with every table unique, %"),
    name="fig-identifiability",
    caption="Share of made-up meta-analyses of which every table was recovered, complements taken as one, by what is printed, whether the sizes of arms are known, and the number of studies. What ran out of time counts as not recovered.",
    alt=(
        f"A grid of {share.size} percentages, from {text.percent(share.min().min())} to {text.percent(share.max().max())}: high where the "
        "lines of studies, cumulative or leave-one-out lines are printed and arms are known, low for a pooled line alone."
    ),
    data=share.reset_index(names="printed"),
)

# %% tags=["hide-input"]
known = found[found["arms_known"]]
weight = known.assign(
    hits=known["unique"] * known["puzzles"],
    ended=known["puzzles"] - known["ran_out"],
)
by_print = weight.groupby("printed")[["hits", "puzzles"]].sum()
ended = found["puzzles"] - found["ran_out"]
assert (found.loc[ended > 0, "truth_found"] == 1).all(), "a search lost the truth"
sharing = pd.read_csv("../benchmarks/sharing.csv", comment="#")
pays = sharing.loc[sharing["gain"] > 1.1, "puzzles"]


def of_print(name):
    """The share of meta-analyses with every table unique."""
    row = by_print.loc[name]
    return text.percent(100 * row["hits"] / row["puzzles"])


glue(
    left_out=of_print("leave-one-out"),
    total=of_print("total"),
    rows=of_print("study rows"),
    truth=text.count(int((ended * found["truth_found"].fillna(0)).sum().round())),
    ended=text.count(int(ended.sum())),
    puzzles=text.count(int(found["puzzles"].sum())),
    each=text.count(int(found["puzzles"].iloc[0])),
    ran_out=text.percent(100 * found["ran_out"].sum() / found["puzzles"].sum()),
    gain=text.number(sharing["gain"].max(), 1),
    most=text.count(int(sharing.loc[sharing["gain"].idxmax(), "puzzles"])),
    verdict=(
        "at none of the numbers tried"
        if pays.empty
        else f"from {text.count(int(pays.min()))} puzzles on"
    ),
)
assert by_print.loc["total", "hits"] < by_print.loc["leave-one-out", "hits"], (
    "a pooled line alone now says more than a leave-one-out table"
)

# %% [markdown]
# ## To judge a case of one's own
#
# Look for the row of what the paper prints. A cell says of how many meta-analyses every table was recovered; in brackets stands how many ran out of time, which longer searches may still recover.

# %%
cells = known.assign(
    cell=[
        f"{text.percent(100 * unique)}"
        + (f" ({text.percent(100 * out / n)})" if out else "")
        for unique, out, n in zip(
            known["unique"], known["ran_out"], known["puzzles"], strict=True
        )
    ]
).pivot_table(
    index=["printed", "arms", "digits"],
    columns="studies",
    values="cell",
    aggfunc="first",
    sort=False,
)
cells.columns = [f"k{k}" for k in cells.columns]
table(
    cells.reset_index(),
    {
        "printed": "Printed",
        "arms": "Arms",
        "digits": ("Decimals", str),
        **{name: f"{name.removeprefix('k')} studies" for name in cells.columns},
    },
    name="tab-identifiability",
    caption="Meta-analyses with every table recovered, sizes of arms known, by number of studies; in brackets those that ran out of time.",
)

# %% [markdown]
# ## How it was measured
#
# {glue:text}`puzzles:s` meta-analyses of odds ratios were made up, {glue:text}`each:s` of each kind, pooled by Mantel and Haenszel with fixed effects and printed: estimate, interval, P, Q and I². *Total* is the pooled line, *total and events* adds the events of all experimental and of all control arms, *leave-one-out* adds the lines without each study, *cumulative* those of the first studies, *study rows* the line of each study. Where arms are not known, both arms of a study are equal and known within a tenth. Every search had a second and a half; {glue:text}`ran_out:s` of the meta-analyses ran out of it. The machine was shared with other work, so that some searches that ran out would have ended on a quiet one. `make map` measures all of this again, from a stored seed.
#
# Many puzzles can be shared out with `recover_many`, over processes or a dask cluster. On two cores two processes paid {glue:text}`verdict:s`; the largest gain was {glue:text}`gain:s` times, with {glue:text}`most:s` puzzles.
