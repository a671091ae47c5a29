# %% [markdown]
# # Subgroups
#
# A difference between subgroups is a difference between studies, which may differ in other ways too.
#
# How people were allocated is a property of the design, set before any result. A weaker design could have shown more protection than there is.

# %%
import metalib
from metalib.pages import Chapter
from metalib.pages.firmness import show_subgroups

review = metalib.read_review("../data")

# %% [markdown]
# ## Tuberculosis, by allocation
#
# {glue:text}`tuberculosis_by_allocation:s`

# %%
chapter = Chapter(review, "tuberculosis")
data = chapter.data_with("allocation")
groups = metalib.subgroups(data, "allocation", **chapter.models["main"])
show_subgroups(chapter, groups, "allocation")
