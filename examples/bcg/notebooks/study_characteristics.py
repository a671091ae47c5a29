# %% [markdown]
# # Study characteristics
#
# {glue:text}`count:s` in {glue:text}`outcomes:s`.
#
# The trials were begun between the nineteen-thirties and the sixties, in places from south India and Haiti to England and Canada; the year is that of publication. *latitude* is the distance of the place from the equator in degrees, north or south. *allocation* is how people came into the two arms: *random*; *alternate*, one to the vaccine and the next to no vaccine; or *systematic*, for example by year of birth. The last two let those who enrol people foresee the arm.

# %%
import metalib
from metalib.pages import glue, sentences
from metalib.pages.characteristics import show_studies

review = metalib.read_review("../data")
show_studies(review)

# %% tags=["hide-input"]
glue(
    count=sentences.counted(len(review.studies), "study", "studies"),
    outcomes=sentences.counted(len(review.outcomes), "outcome"),
)
