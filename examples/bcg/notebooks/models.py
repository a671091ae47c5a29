# %% [markdown]
# # Models side by side
#
# The same data under every combination of method, model, variance between studies, interval and rule for zero cells that has a meaning (a specification curve, Simonsohn, Simmons and Nelson 2020). Many combinations are the same analysis under several names; none is preferred here.

# %%
import metalib
from metalib.pages import Chapter
from metalib.pages.firmness import show_models

review = metalib.read_review("../data")

# %% [markdown]
# ## Tuberculosis
#
# {glue:text}`tuberculosis_analyses:s`

# %%
chapter = Chapter(review, "tuberculosis")
measures = [chapter.models["main"]["measure"]]
show_models(chapter, metalib.specifications(chapter.data, measures))
