# %% [markdown]
# # Meta-regression
#
# Does the effect change with a property of the studies? Mixed-effects models, the variance between studies by REML. A relation between studies need not hold for people within a study.

# %%
import metalib
from metalib.pages import Chapter
from metalib.pages.firmness import show_heterogeneity, show_regression

review = metalib.read_review("../data")

# %% [markdown]
# ## Tuberculosis and latitude
#
# {glue:text}`tuberculosis_latitude_regression:s`
#
# The further from the equator a trial was done, the more the vaccine protected. Near the equator people meet other mycobacteria early in life, which may give some protection to both arms, or mask that of the vaccine; vaccines also keep less well in heat. Latitude stands for whatever goes with it, and it was looked for after differences between the trials were known.

# %%
chapter = Chapter(review, "tuberculosis", name="tuberculosis_latitude")
measure = chapter.models["main"]["measure"]
data = chapter.data_with("latitude")
fit = metalib.meta_regression(data, "latitude", measure)
kept = data.set_index("study").loc[list(fit.studies), "latitude"]
show_regression(chapter, fit, "latitude", kept.astype(float).tolist())
knha = metalib.meta_regression(data, "latitude", measure, ci="hksj")
show_heterogeneity(
    chapter,
    {"normal quantile": fit, "Hartung and Knapp": knha},
)

# %% tags=["hide-input"]
assert fit.ci_high[1] < 0, (
    "Meta-regression: 'the further from the equator, the more it protected' no longer holds"
)
