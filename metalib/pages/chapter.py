"""What every chapter of an outcome shows: counts, forest plot, printed beside recomputed, steps, models, second engine.

A chapter pools in the open; what is here pools nothing. It takes results and shows them, as tables, figures and texts
under names that begin with the outcome.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import pandas as pd

from .. import figures, text
from ..arithmetic.results import PooledEffect, to_frame
from ..arithmetic.study_effects import effects
from ..audit.compare import compare, forest_statistics
from ..audit.review import Review
from ..errors import DataError, MetalibError
from ..figures.rows import Shown
from ..figures.scales import MEASURE_NAMES
from ..robustness.specifications import standard_models
from . import columns, notebook, prose
from .book import read_book
from .claims import state
from .column_table import Columns, table
from .markup import escape_markdown, link
from .worked import steps, work_out

#: A name of a notebook, of glued texts and of tables.
_NAME = re.compile(r"[a-z][a-z0-9_]*")
NEW_STUDY = (
    "Prediction interval: the range expected for the effect in a new study. With three or four studies it says little."
)
NOT_COMPARABLE = (
    "Not comparable: Q is below its degrees of freedom; metalib, like RevMan, then sets tau² to 0, while statsmodels "
    "goes on with a negative tau²."
)
NO_COUNTERPART = (
    'statsmodels has no counterpart of "M-H, random", because RevMan takes its tau² from Q around the Mantel-Haenszel '
    "estimate."
)


class Chapter:
    """One outcome of a review.

    Parameters
    ----------
    review : Review
        Its folder may hold the words of the book, see :func:`metalib.pages.book.read_book`.
    key : str
        Outcome.
    what : str
        What is shown of the outcome, where that is not all of it: follows its name in every caption.
    name : str
        What names of tables, figures and glued texts begin with; by default the key, or a number if it can be no name.

    Attributes
    ----------
    label : str
        The outcome, and what is shown of it.
    data : DataFrame
        The data that are pooled; those of one outcome in the main analysis set.
    models : dict
        How they are pooled, see :func:`metalib.robustness.specifications.standard_models`.
    printed : DataFrame
        The printed numbers of the pooled result that follow from counts; there may be none.
    model_printed : {"fixed", "random"}
        The model that the printed numbers need.
    book : Book
    labels : dict
        The name to show of each study, marked where the book has a note on it.
    """

    def __init__(self, review: Review, key: str, *, what: str = "", name: str = "") -> None:
        outcome = review.outcome(key)
        self.review, self.key = review, key
        self.label = f"{outcome['label']}, {what}" if what else str(outcome["label"])
        self.better, self.model_printed = str(outcome["better"]), str(outcome["model_printed"])
        self.name = name or names(review)[key]
        self.models = standard_models(review.options(key))
        p = review.published
        # How many studies were pooled is printed too, but is an input of the computation and no result.
        main = (p["outcome"] == key) & p["place"].str.startswith("Results") & (p["excluded"] == "")
        self.printed = p[main & (p["statistic"] != "studies")].reset_index(drop=True)
        self.book = read_book(review.folder)
        self.labels = self.book.names(review)

    @property
    def data(self) -> pd.DataFrame:
        """The data of the studies, as :func:`metalib.pool` takes them."""
        return self.review.data_of(self.key)

    def data_with(self, column: str) -> pd.DataFrame:
        """Return the data with a property of the studies beside them, from the data or from the file of studies.

        Raises
        ------
        DataError
            Neither has such a column.
        """
        data, studies = self.data, self.review.studies
        if column in data:
            return data
        if column not in studies:
            raise DataError("studies have no such property", file="studies.csv", value=column)
        return data.assign(**{column: data["study"].map(dict(zip(studies["study"], studies[column], strict=True)))})

    def compare(self, effect: PooledEffect) -> pd.DataFrame:
        """Hold a result against the printed numbers, see :func:`metalib.audit.compare.compare`."""
        return compare(self.printed, forest_statistics(effect))

    def reproduces(self, effect: PooledEffect) -> bool:
        """Whether a result gives every printed number."""
        return bool((self.compare(effect)["verdict"] == "reproduced").all())

    def glue(self, results: Mapping[str, PooledEffect] | None = None) -> None:
        """Store the texts of the printed result (``printed_estimate``) and of each result (``NAME_estimate``).

        In the text of the book the estimate of a result opens the explorer where it shows the same; not that of
        candidates, none of which is claimed.
        """
        notebook.glue_as("printed", prose.printed(self.printed))
        claimed = not self.review.candidates(self.key)
        for name, effect in (results or {}).items():
            opens = {"estimate": state(self.key, effect)} if claimed else {}
            notebook.glue_as(name, prose.glued(effect), opens)

    def table(
        self, frame: pd.DataFrame, what: Columns, *, name: str, caption: str, group: str | None = None, note: str = ""
    ) -> None:
        """Show a table of the outcome: its name and its caption begin with the outcome."""
        name, caption = f"tab-{self.name}-{name}", f"{escape_markdown(self.label)}: {caption}"
        table(frame, what, name=name, caption=caption, group=group, note=note)

    def show_counts(self, *tables: pd.DataFrame) -> None:
        """Show the counts of every study, each with its line of the data; of several tables each under its name."""
        parts = []
        for part in tables:
            rows = self.review.rows_of(self.key, str(part["analysis"].iloc[0]))
            lines = [rows[study] for study in part["study"]]
            parts.append(pd.concat([part, effects(part).drop(columns="study")], axis=1).assign(row=lines))
        frame = pd.concat(parts, ignore_index=True)
        page = self.book.lines
        shown: Columns = {
            **columns.counts(self.labels, self.book.arms),
            "status": "Counts are",
            "row": ("Data", lambda row: link(f"tables.csv, row {row}", page and f"{page}#tables-{row}")),
        }
        caption = f"{self.book.counts} events and totals of each study.".strip()
        # In a column of its own a remark on one study would make every other column narrower.
        remarks = [f"{reason[0].upper()}{reason[1:]}." for reason in frame["reason"].unique() if reason]
        note = " ".join([*remarks, self.book.note(self.review, set(frame["study"]))])
        group = "analysis" if len(tables) > 1 else None
        self.table(frame, shown, name="counts", caption=caption, group=group, note=note.strip())

    def show_data(self, effect: PooledEffect) -> None:
        """Show the data of every study beside its effect, as they were pooled."""
        assert effect.effects is not None
        yi, se, low, high = effect.effects.intervals(effect.options.z)
        frame = self.data.assign(effect=yi, se=se, ci_low=low, ci_high=high)
        note = " ".join(f"{self.labels.get(study, study)}: {reason}." for study, reason in effect.excluded)
        note = f"{escape_markdown(note)} {self.book.note(self.review, effect.studies)}".strip()
        shown = columns.study_data(self.labels, self.book.arms, effect)
        self.table(frame, shown, name="data", caption="data and effect of each study.", note=note)

    def show_forest(self, effect: PooledEffect, *, also: Sequence[PooledEffect] = (), page: bool = False) -> None:
        """Show the forest plot of a result; below it those in `also`, a prediction interval and the printed result.

        With `page` it is also written for a page that is no notebook, see :func:`metalib.pages.notebook.figure`.
        """
        there = {effect.measure, "CI low", "CI high"} <= set(self.printed["statistic"])
        printed = prose.printed_ratio(self.printed, effect.measure) if there else None
        drawn: Shown = {"labels": self.labels, "groups": self.book.arms, "also": also}
        drawn |= {"printed": printed, "prediction": True}
        favours = prose.favours(self.better, *map(text.mid_sentence, self.book.arms), measure=effect.measure)
        estimate, measure = text.estimate(effect), MEASURE_NAMES[effect.measure]
        counts = f", {self.book.counts} counts" if self.book.counts else ""
        diamond = "" if printed is None else f" {self.book.diamond}"
        what = f"{counts}, {text.model_name(effect)}"
        note = self.book.note(self.review, effect.studies)
        notebook.figure(
            figures.forest(effect, favours=favours, **drawn),
            name=f"fig-{self.name}-forest",
            caption=(
                f"{escape_markdown(self.label)}{what}. {measure} {text.minus_signs(estimate)}, k = {effect.k}."
                f"{diamond} {note}".strip()
            ),
            alt=(
                f"Forest plot of {effect.k} studies for {self.label.lower()}{what}: "
                f"pooled {measure.lower()} {estimate}, P {text.p_value(effect.p, sign=True)}."
            ),
            data=figures.forest_data(effect, **drawn),
            page=page,
        )

    def show_comparison(self, effect: PooledEffect) -> None:
        """Show printed and recomputed numbers side by side, and glue how many agree (``reproduced``)."""
        compared = self.compare(effect)
        notebook.glue(reproduced=prose.verdicts(compared))
        caption = f"printed numbers of the pooled result beside their recomputation ({effect.model} effects)."
        shown = columns.comparison(effect.model, ledger=self.book.ledger)
        self.table(compared, shown, name="printed", caption=caption)

    def show_steps(self, effect: PooledEffect) -> None:
        """Show how a Mantel-Haenszel odds ratio comes from the counts, step by step.

        Raises
        ------
        MetalibError
            The steps do not arrive at the result, or it was not pooled from tables.
        """
        if effect.tables is None:
            raise MetalibError("a result that was not pooled from tables has no steps")
        worked = work_out(effect.tables)
        steps_end = (worked.ln_or, worked.se) if effect.model == "fixed" else (worked.ln_or_random, worked.se_random)
        for ours, theirs in zip(steps_end, (effect.estimate, effect.se), strict=True):
            if theirs is None or not math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-12):
                raise MetalibError(f"worked out by hand {self.label} is {ours}, pooled {theirs}")
        notebook.details(
            f"{self.label}, step by step: from the counts to {text.estimate(effect)}",
            steps(worked, self.labels, model=effect.model),
        )

    def show_models(self, effects: Sequence[PooledEffect]) -> None:
        """Show the same tables under several models."""
        caption = "the same counts under other models."
        shown = columns.models(effects[0].measure)
        self.table(to_frame(effects), shown, name="models", caption=caption, note=NEW_STUDY)

    def show_crosscheck(self, checked: pd.DataFrame) -> None:
        """Show a comparison with statsmodels and why some of it is none, and glue how many agree (``agreed``).

        Parameters
        ----------
        checked : DataFrame
            From :func:`metalib.audit.crosscheck.statsmodels_crosscheck`.
        """
        comparable = checked["comparable"]
        notebook.glue(agreed=f"{sum(a is True for a in checked['agrees'])} of {comparable.sum()}")
        note = NO_COUNTERPART if comparable.all() else f"{NOT_COMPARABLE} {NO_COUNTERPART}"
        caption = "metalib and statsmodels, odds ratios on the log scale."
        self.table(checked, columns.CROSSCHECK, name="statsmodels", caption=caption, note=note)


def names(review: Review) -> dict[str, str]:
    """Return what the pages of each outcome are called: its key in small letters, or a number if it can be no name.

    Parameters
    ----------
    review : Review
    """
    keys = [str(key) for key in review.outcomes["outcome"]]
    found: dict[str, str] = {}
    for i, key in enumerate(keys, 1):
        name = key.lower()
        found[key] = name if _NAME.fullmatch(name) and name not in found.values() else f"outcome_{i}"
    return found
