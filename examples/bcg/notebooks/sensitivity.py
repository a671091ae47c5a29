# %% [markdown]
# # Sensitivity: studies left out and added
#
# Does one study carry the result, and since when has it been what it is? Every study is left out in turn; then studies are added one after the other, by year where every year is known.

# %%
import metalib
from metalib.pages import Chapter
from metalib.pages.firmness import by_year, show_cumulative, show_left_out

review = metalib.read_review("../data")

# %% [markdown]
# ## Tuberculosis
#
# {glue:text}`tuberculosis_left_out:s` {glue:text}`tuberculosis_cumulative:s`

# %%
chapter = Chapter(review, "tuberculosis")
data, model = chapter.data, chapter.models["main"]
show_left_out(
    chapter, metalib.pool(data, **model), metalib.leave_one_out(data, **model)
)
show_cumulative(chapter, metalib.cumulative(data, by_year(chapter), **model))
