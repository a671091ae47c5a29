# %% [markdown]
# # Rerun and change
#
# Every chapter is a notebook that runs on its own. Three changes are worked out here, each in a few lines: another model, another set of studies, and counts of your own. Partial response, {glue:text}`published:s` in this book, is a risk ratio of {glue:text}`other_model:s` under another model, and an odds ratio of {glue:text}`without_largest:s` without the largest study.

# %%
import pandas as pd

import metalib
from metalib import figures, text
from metalib.pages import figure, glue

review = metalib.read_review("../data")
tables = review.tables_of("PR")
published = metalib.pool(tables)
published

# %% [markdown]
# ## Another model
#
# Every choice is an argument: `measure` (OR, RR, RD), `method` (MH, IV, Peto), `model` (fixed, random), `tau2` (DL, PM, REML), `ci` (wald, hksj, hksj_adhoc, hksj_tau2), `level`, `I2` and `prediction`. Partial response as a risk ratio, with REML and the interval of Hartung and Knapp:

# %%
other_model = metalib.pool(
    tables, measure="RR", method="IV", model="random", tau2="REML", ci="hksj"
)
other_model

# %% [markdown]
# ## Another set of studies
#
# Tables are plain data frames, so studies are chosen as rows are. Partial response without the study with the most patients, and with Wang 2018 in the only counts that round to the percentages of its own abstract:

# %%
without_largest = metalib.pool(tables.drop(tables["n_t"].idxmax()))
with_wang = metalib.pool(pd.concat([tables, review.tables_of("PR", "wang2018")]))
print(text.estimate(without_largest))
print(text.estimate(with_wang))

# %% [markdown]
# ## Your own counts
#
# Four columns and a name for each study are enough. The counts here are invented:

# %%
mine = pd.DataFrame(
    {
        "study": ["first trial", "second trial", "third trial"],
        "events_t": [12, 5, 0],
        "n_t": [60, 41, 25],
        "events_c": [21, 9, 3],
        "n_c": [58, 40, 26],
    }
)
own = metalib.pool(mine, model="random")
own

# %%
figure(
    figures.forest(own),
    name="fig-own-counts",
    caption=f"Invented counts, {text.model_name(own)}: odds ratio {text.estimate(own)}. A study with a zero cell has 0.5 added, as in RevMan 5.",
    alt=f"Forest plot of three invented studies: pooled odds ratio {text.estimate(own)}, P {text.p_value(own.p, sign=True)}.",
    data=figures.forest_data(own),
)
glue(
    published=text.estimate(published),
    other_model=text.estimate(other_model),
    without_largest=text.estimate(without_largest),
)

# %% [markdown]
# Counts that cannot be are refused, with their place, and never dropped:

# %%
try:
    metalib.pool(mine.assign(events_t=[12, 45, 0]))
except metalib.DataError as error:
    print(error)

# %% [markdown]
# ## What to do next
#
# * `make lab` opens the chapters in JupyterLab, where each is a pair: a plain `.py` file to edit and compare, and an `.ipynb` with the stored outputs. `make notebooks` runs and stores them; where a statement no longer holds, it says so in words and keeps the old page. `make test` then tells which stored numbers differ from before, and `make book` builds the pages.
# * **A review of your own:** `python -m metalib new FOLDER --from FILE` makes the folder of such a book from a RevMan file or a CSV of counts, means, rates or effects, with the chapters that the data allow. The trials of the BCG vaccine were made into <a href="../examples/bcg/index.html">a book of their own</a> by it.
# * **Printed results without counts:** write a puzzle like `data/puzzle.yaml` and run `python -m metalib recover puzzle.yaml`.
# * Without installing anything, [the explorer](explorer) shows other models, other sets of studies and counts of your own.
