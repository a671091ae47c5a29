# %% [markdown]
# # Fragility
#
# How many patients with another outcome would turn a significant result into one that is not, or the other way round (Atal and others 2019)? All tables that are as near are pooled, up to a limit, beyond which a bound is said to be one.

# %%
import metalib
from metalib.pages import Chapter
from metalib.pages.firmness import show_fragility

review = metalib.read_review("../data")

# %% [markdown]
# ## Tuberculosis
#
# {glue:text}`tuberculosis_fragility:s`

# %%
chapter = Chapter(review, "tuberculosis")
model = chapter.models["main"]
show_fragility(
    chapter, metalib.fragility(chapter.data, max_tables=20_000, **model)
)
