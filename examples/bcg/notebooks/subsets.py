# %% [markdown]
# # Every subset of the studies
#
# The strongest form of "consistent" is about every subset of the studies (a GOSH plot, Olkin, Dahabreh and Trikalinos 2012). Of more than {glue:text}`largest:s` studies subsets are drawn at random: first their size, then their studies.

# %%
import metalib
from metalib.pages import Chapter, glue
from metalib.pages.firmness import show_subsets
from metalib.robustness.subsets import LARGEST_K

review = metalib.read_review("../data")
glue(largest=str(LARGEST_K))

# %% [markdown]
# ## Tuberculosis
#
# {glue:text}`tuberculosis_subsets:s`

# %%
chapter = Chapter(review, "tuberculosis")
data, model = chapter.data, chapter.models["main"]
drawn = len(data) > LARGEST_K
pool_subsets = metalib.sampled_subsets if drawn else metalib.all_subsets
show_subsets(
    chapter, metalib.pool(data, **model), pool_subsets(data, **model), drawn=drawn
)
