# %% [markdown]
# # How the checks are checked
#
# ## What has to be shown
#
# A check that cannot fail shows nothing. Two questions are asked of the tests of this repository: do they notice when a stored number, table, figure or sentence is altered, and do they notice when the code is wrong?
#
# ## Altered pages
#
# Each `make test` takes a random sample of alterations of the stored chapters, one at a time: a digit of a glued number, of a table cell (in each of its three forms) or of a figure's data; a caption or alternative text; a picture or a download; two names exchanged; prose or code of one of the twins; an output or a cell removed, or out of order. Each is tried twice: as a careless hand would leave it, and as a forger would, with every stored hash made to fit. The checks that look for them are those of `make test` itself, and the table of what each of them saw is printed at its end. None may be missed.
#
# The comparison is byte for byte where the machine calculates as the one that stored the files did. On another processor the last digits of a number may differ, and there a change below 10⁻¹² of a downloaded number would not be seen.
#
# ## Altered code

# %%
from pathlib import Path

import pandas as pd

from metalib import text
from metalib.pages import notebook
from metalib.pages.filtered import filtered_table

RECORD = Path("../tests/mutation")
results = pd.read_csv(RECORD / "results.csv")
survivors = pd.read_csv(RECORD / "survivors.csv")
results[["tried", "killed", "survived", "untested", "timed_out"]].sum()

# %% [markdown]
# A mutant is the code with one small change: another operator, another number, an argument left out. Mutants that the tests notice are killed. A sample of each module was tried (`make mutants`, with the tool mutmut); only fast tests were used, so some of the survivors would be killed by `make test`.

# %% tags=["hide-input"]
GROUPS = {"pooling": "Pooling", "audit": "Audit", "recovery": "Recovery"}
columns = ["mutants", "tried", "killed", "survived", "untested"]
tally = results.groupby("group", sort=False)[columns].sum()
tally.loc["all"] = tally.sum()
assert results["timed_out"].sum() == 0
assert survivors["explanation"].notna().all()
assert len(survivors) == tally.loc["all", "tried"] - tally.loc["all", "killed"]
notebook.glue(
    tried=text.count(int(tally.loc["all", "tried"])),
    killed=text.count(int(tally.loc["all", "killed"])),
    left=text.count(len(survivors)),
    open=text.count(int(survivors["explanation"].str.contains("not tested").sum())),
)
notebook.table(
    pd.DataFrame(
        {
            "Part": [GROUPS.get(g, "All") for g in tally.index],
            "Mutants": [text.count(int(n)) for n in tally["mutants"]],
            "Tried": [text.count(int(n)) for n in tally["tried"]],
            "Killed": [text.count(int(n)) for n in tally["killed"]],
            "Survived": [text.count(int(n)) for n in tally["survived"]],
            "Not reached": [text.count(int(n)) for n in tally["untested"]],
        }
    ),
    name="tab-mutants",
    caption="Mutants of the code, and how many of those tried the tests noticed. Not reached: no fast test runs the function.",
)

# %% tags=["hide-input"]
filtered_table(
    pd.DataFrame(
        {
            "Module": survivors["module"],
            "Function": survivors["function"],
            "Line": survivors["line"].astype(str),
            "Change": survivors["change"].str.replace(" -> ", "  →  "),
            "Why no test notices it": survivors["explanation"],
        }
    ),
    name="survivors",
    caption="The mutants that were not killed",
    group="Module",
    numeric=["Line"],
)

# %% [markdown]
# ## What follows
#
# * Of {glue:text}`tried:s` mutants tried {glue:text}`killed:s` were killed. {glue:text}`left:s` were not; {glue:text}`open:s` of them stand for lines that no fast test holds to anything, the others change speed, wording or nothing.
# * Other checks stand beside these: numbers of [other programs](validation), eight published meta-analyses with what was printed of them (`tests/published_examples`), properties that must hold for any data (`tests/test_properties.py`), bad input of every kind (`tests/test_bad_input.py`), and built pages compared with a fresh computation (`tests/test_built_book.py`).
