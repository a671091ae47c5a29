# %% [markdown]
# # Small-study effects
#
# Do small studies show other effects than large ones? Asked only of outcomes with at least ten studies: with fewer no test can tell asymmetry from chance (Cochrane Handbook, section 13.3.5.4). Asymmetry has other causes than missing studies.

# %%
import metalib
from metalib.pages import Chapter
from metalib.pages.firmness import show_asymmetry

review = metalib.read_review("../data")

# %% [markdown]
# ## Tuberculosis
#
# {glue:text}`tuberculosis_asymmetry:s`

# %%
chapter = Chapter(review, "tuberculosis")
data, model = chapter.data, chapter.models["main"]
measure = model["measure"]
tests = {"Egger": metalib.egger(data, measure)}
filled = metalib.trim_and_fill(data, measure)
show_asymmetry(chapter, metalib.pool(data, **model), tests, filled)
