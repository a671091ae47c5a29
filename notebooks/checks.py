# %% [markdown]
# # How the checks are checked
#
# A check that cannot fail shows nothing. Of {glue:text}`tried:s` small errors put into the code the tests noticed {glue:text}`killed:s`; of the altered pages that every test run tries, none may be missed.

# %%
from pathlib import Path

import pandas as pd

from metalib import text
from metalib.pages import filtered_table, glue, table

RECORD = Path("../tests/mutation")
results = pd.read_csv(RECORD / "results.csv")
survivors = pd.read_csv(RECORD / "survivors.csv")

# %% [markdown]
# ## Altered code
#
# A mutant is the code with one small change: another operator, another number, an argument left out. Mutants that the tests notice are killed. A sample of each module was tried (`make mutants`, with the tool mutmut); only fast tests were used, so some of the survivors would be killed by `make test`.

# %%
counts = ["mutants", "tried", "killed", "survived", "untested"]
tally = results.groupby("group", sort=False)[counts].sum().reset_index()
table(
    pd.concat([tally, tally[counts].sum().to_frame().T.assign(group="all")]),
    {
        "group": "Part",
        "mutants": ("Mutants", text.count),
        "tried": ("Tried", text.count),
        "killed": ("Killed", text.count),
        "survived": ("Survived", text.count),
        "untested": ("Not reached", text.count),
    },
    name="tab-mutants",
    caption="Mutants of the code, and how many of those tried the tests noticed. Not reached: no fast test runs the function.",
)
filtered_table(
    survivors,
    {
        "function": "Function",
        "line": "Line",
        "change": "Change",
        "explanation": "Why no test notices it",
    },
    group="module",
    name="survivors",
    caption="The mutants that were not killed",
)

# %% tags=["hide-input"]
assert results["timed_out"].sum() == 0, "a mutant was neither killed nor explained"
assert survivors["explanation"].notna().all(), "a survivor is not explained"
assert len(survivors) == results["tried"].sum() - results["killed"].sum()
glue(
    tried=text.count(int(results["tried"].sum())),
    killed=text.count(int(results["killed"].sum())),
    left=text.count(len(survivors)),
    open=text.count(int(survivors["explanation"].str.contains("not tested").sum())),
)

# %% [markdown]
# ## Altered pages
#
# Each `make test` takes a random sample of alterations of the stored chapters, one at a time: a digit of a glued number, of a table cell (in each of its three forms) or of a figure's data; a caption or alternative text; a picture or a download; two names exchanged; prose or code of one of the twins; an output or a cell removed, or out of order. Each is tried twice: as a careless hand would leave it, and as a forger would, with every stored hash made to fit. The checks that look for them are those of `make test` itself, and the table of what each of them saw is printed at its end.
#
# The comparison is byte for byte where the machine calculates as the one that stored the files did. On another processor the last digits of a number may differ, and there a change below 10⁻¹² of a downloaded number would not be seen.
#
# ## What follows
#
# * {glue:text}`left:s` of the mutants tried were not killed; {glue:text}`open:s` of them stand for lines that no fast test holds to anything, the others change speed, wording or nothing.
# * Other checks stand beside these: numbers of [other programs](validation), published meta-analyses with what was printed of them (`tests/published_examples`), properties that must hold for any data (`tests/test_properties.py`), bad input of every kind (`tests/test_bad_input.py`), and built pages compared with a fresh computation (`tests/test_built_book.py`).
