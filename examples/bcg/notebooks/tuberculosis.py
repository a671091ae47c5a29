# %% [markdown]
# # Tuberculosis
#
# **{glue:text}`main_result:s`** {glue:text}`main_heterogeneity:s` {glue:text}`prediction:s`
#
# An event is a case of tuberculosis during the follow-up of a trial, diagnosed as that trial did; some followed people for a few years, some much longer. For a disease as frequent as tuberculosis was then, even a modest protection matters; the question is rather whether one number can stand for all trials. The interval of the mean excludes no effect under every model here, and the prediction interval does not.

# %%
import metalib
from metalib.arithmetic.results import to_frame
from metalib.pages import Chapter, glue, glue_as, sentences

review = metalib.read_review("../data")
chapter = Chapter(review, "tuberculosis")
results = [metalib.pool(chapter.data, **model) for model in chapter.models.values()]
main, other, hksj = results
chapter.show_forest(main, also=[other, hksj])

# %% tags=["hide-input"]
random = main if main.model == "random" else other
chapter.glue({"main": main, "other": other, "hksj": hksj})
glue_as("main", sentences.of_result(main, chapter.book.arms))
glue(
    prediction=sentences.prediction(random),
    models=sentences.analyses(to_frame(results)),
)
assert all(one.ci_high < 0 for one in results), (
    "Tuberculosis: 'the interval of the mean excludes no effect under every model' no longer holds"
)
assert random.prediction_high > 0, (
    "Tuberculosis: 'the prediction interval does not' no longer holds"
)

# %% [markdown]
# ## The data
#
# The lines of the files that they came from stand in `data`.

# %%
chapter.show_data(main)

# %% [markdown]
# ## Other models
#
# {glue:text}`models:s` The other model gives {glue:text}`other_estimate:s`; random effects with the interval of Hartung and Knapp give {glue:text}`hksj_estimate:s`.

# %%
chapter.show_models(results)
