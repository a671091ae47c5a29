# %% [markdown]
# # Rerun and change
#
# ## What is possible
#
# Every chapter is a notebook that runs on its own. `make lab` opens them in JupyterLab, where a chapter is a pair: a plain `.py` file to edit and compare, and an `.ipynb` with the stored outputs. Three changes are worked out here, each in a few lines: another model, another set of studies, and your own counts. Edit a cell, run it, and nothing else has to change; to store what you see in the book, run `make notebooks` and `make book`. `make test` will then tell you which stored numbers differ from before.
#
# Without installing anything, [the explorer](explorer) shows other models and other sets of studies; the buttons at the top of a page download its notebook.
#
# ## The computation

# %%
import pandas as pd

import metalib
from metalib import figures, text
from metalib.pages import notebook

review = metalib.read_review("../data")
tables = review.tables_of("PR")
published = metalib.pool(tables)
published

# %% [markdown]
# ### Another model
#
# Every choice is an argument: `measure` (OR, RR, RD), `method` (MH, IV, Peto), `model` (fixed, random), `tau2` (DL, PM, REML), `ci` (wald, hksj, hksj_adhoc) and `level`. Partial response as a risk ratio, with REML and the interval of Hartung and Knapp:

# %%
other_model = metalib.pool(
    tables, measure="RR", method="IV", model="random", tau2="REML", ci="hksj"
)
other_model

# %% [markdown]
# ### Another set of studies
#
# Tables are plain data frames, so studies are chosen as rows are. Partial response without Li 2014, and with Wang 2018, in the only counts that round to the percentages of its own abstract:

# %%
without_li = metalib.pool(tables[tables["study"] != "li2014"])
with_wang = metalib.pool(pd.concat([tables, review.tables_of("PR", "wang2018")]))
print(text.estimate(without_li))
print(text.estimate(with_wang))

# %% [markdown]
# ### Your own counts
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

# %% tags=["hide-input"]
notebook.glue(
    published=text.estimate(published),
    other_model=text.estimate(other_model),
    without_li=text.estimate(without_li),
    with_wang=text.estimate(with_wang),
    own=text.estimate(own),
)
notebook.figure(
    figures.forest(own),
    name="fig-own-counts",
    caption=f"Invented counts, Mantel-Haenszel random effects: odds ratio {text.estimate(own)}. A study with a zero cell has 0.5 added, as RevMan does.",
    alt=f"Forest plot of three invented studies: pooled odds ratio {text.estimate(own)}, P {text.p_value(own.p, sign=True)}.",
    data=figures.forest_data(own),
)

# %% [markdown]
# Counts that cannot be are refused, with their place, and never dropped:

# %%
try:
    metalib.pool(mine.assign(events_t=[12, 45, 0]))
except metalib.DataError as error:
    print(error)

# %% [markdown]
# ## What follows
#
# * The partial response of this book, {glue:text}`published:s`, is a risk ratio of {glue:text}`other_model:s` under the other model, and an odds ratio of {glue:text}`without_li:s` without Li 2014 or {glue:text}`with_wang:s` with Wang 2018.
# * For a review of your own, put its files into a folder as described in the [data dictionary](../book/data_dictionary) and change the path in `read_review`. For printed results without counts, write a puzzle like `data/puzzle.yaml` and run `python -m metalib recover puzzle.yaml`.
