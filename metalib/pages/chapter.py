"""The parts that every outcome chapter shows: counts, forest plot, printed beside recomputed, models, second engine.

A chapter pools its tables in the open and hands the results over; what is here only turns them into tables, figures and
glued texts under names that begin with the outcome.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from .. import figures, text
from ..arithmetic.pooling import pool
from ..arithmetic.results import PooledEffect
from ..audit.compare import compare, forest_statistics
from ..audit.crosscheck import statsmodels_crosscheck
from ..audit.review import Review
from ..errors import MetalibError
from . import notebook, views
from .worked import steps, work_out

NEW_STUDY = (
    "Prediction interval: the range expected for the effect in a new study. With three or four studies it says little."
)


@dataclass(frozen=True)
class Chapter:
    """One outcome of a review.

    Attributes
    ----------
    review : Review
    key : str
        Outcome.
    fixed, random : PooledEffect
        The main tables pooled under both models; the one that the printed result needs is :attr:`as_printed`.
    arms : sequence of str
        Names of the experimental and of the control arm.
    ledger, lines : str
        Pages of the built book with a row for every printed number, and for every line of the data.
    """

    review: Review
    key: str
    fixed: PooledEffect
    random: PooledEffect
    arms: Sequence[str] = ("Experimental", "Control")
    ledger: str = "audit.html"
    lines: str = "data_lines.html"

    @cached_property
    def outcome(self) -> pd.Series:
        """The row of the outcome."""
        return self.review.outcome(self.key)

    @cached_property
    def tables(self) -> pd.DataFrame:
        """The tables of the main analysis."""
        return self.review.tables_of(self.key)

    @cached_property
    def printed(self) -> pd.DataFrame:
        """The printed numbers of the pooled result."""
        return self.review.printed(self.key)

    @cached_property
    def as_printed(self) -> PooledEffect:
        """The result under the model that the printed numbers need."""
        return self.fixed if self.outcome["model_printed"] == "fixed" else self.random

    @cached_property
    def variants(self) -> list[PooledEffect]:
        """The same tables under other models: M-H and IV fixed, M-H random, and that with Hartung-Knapp."""
        return [
            self.fixed,
            pool(self.tables, method="IV"),
            self.random,
            pool(self.tables, model="random", ci="hksj"),
        ]

    def compare(self, effect: PooledEffect) -> pd.DataFrame:
        """Hold a result against the printed numbers."""
        return compare(self.printed, forest_statistics(effect))

    def reproduces(self, effect: PooledEffect) -> bool:
        """Whether a result gives every printed number."""
        return bool((self.compare(effect)["verdict"] == "reproduced").all())

    def _table(self, frame: pd.DataFrame, name: str, caption: str, **options: str) -> None:
        caption = f"{self.outcome['label']}: {caption}"
        notebook.table(frame, name=f"tab-{self.key.lower()}-{name}", caption=caption, **options)

    def show_counts(self) -> None:
        """Show the counts of every study, and glue the printed and the pooled results."""
        notebook.glue_as("printed", views.printed(self.printed))
        notebook.glue_as("fixed", views.glued(self.fixed))
        notebook.glue_as("random", views.glued(self.random))
        notebook.glue(reproduced=views.verdicts(self.compare(self.as_printed)))
        rows = self.review.rows_of(self.key)
        lines = {s: notebook.link(f"tables.csv, row {row}", f"{self.lines}#tables-{row}") for s, row in rows.items()}
        frame = views.counts(self.tables, self.review.labels(), arms=self.arms, lines=lines)
        align = "lrrr" + "l" * (len(frame.columns) - 4)
        options = {"note": note} if (note := self._inferred()) else {}
        self._table(frame, "counts", "recovered events and totals of each study.", align=align, **options)

    def _inferred(self) -> str:
        """Return which studies of the outcome have their names by inference, in a sentence."""
        studies = self.review.studies
        named = studies["study"].isin(self.tables["study"]) & studies["arms_status"].str.contains("inferred")
        labels = studies.loc[named, "label"].tolist()
        return f"Which of these tables is that of {' and which that of '.join(labels)} is inferred." if labels else ""

    def show_forest(self) -> None:
        """Show the forest plot with the printed result below it."""
        effect, label = self.as_printed, self.outcome["label"]
        plot = {"labels": self.review.labels(), "groups": self.arms}
        estimate = text.estimate(effect)
        notebook.figure(
            figures.forest(
                effect,
                **plot,
                favours=views.favours(self.outcome["better"], *(arm.lower() for arm in self.arms)),
                printed=views.printed_ratio(self.printed),
            ),
            name=f"fig-{self.key.lower()}-forest",
            caption=(
                f"{label}, recovered counts, {text.model_name(effect)}. Odds ratio {estimate}, k = {effect.k}. "
                "The open diamond is the result as printed, which the counts were chosen to match."
            ),
            alt=(
                f"Forest plot of {effect.k} studies for {label.lower()}, recovered counts, {text.model_name(effect)}: "
                f"pooled odds ratio {estimate}, P {text.p_value(effect.p, sign=True)}."
            ),
            data=figures.forest_data(effect, **plot),
        )

    def show_comparison(self) -> None:
        """Show printed and recomputed numbers side by side."""
        effect = self.as_printed
        caption = f"printed numbers of the pooled result beside their recomputation ({effect.model} effects)."
        frame = views.comparison(self.compare(effect), model=effect.model, ledger=self.ledger)
        self._table(frame, "printed", caption, align="lrrlll")

    def show_steps(self) -> None:
        """Show how the result comes from the counts, step by step."""
        effect, worked = self.as_printed, work_out(self.tables)
        estimate, se = (worked.ln_or, worked.se) if effect.model == "fixed" else (worked.ln_or_random, worked.se_random)
        if not (math.isclose(estimate, effect.estimate, abs_tol=1e-12) and math.isclose(se, effect.se, rel_tol=1e-12)):
            raise MetalibError(f"worked out by hand {self.key} is {estimate} ({se}), pooled {effect.estimate}")
        notebook.details(
            f"{self.outcome['label']}, step by step: from the counts to {text.estimate(effect)}",
            steps(worked, self.review.labels(), model=effect.model),
        )

    def show_models(self) -> None:
        """Show the same tables under other models, and glue the Hartung-Knapp result."""
        hksj = self.variants[-1]
        notebook.glue_as("hksj", views.glued(hksj))
        notebook.glue(hksj_three=text.estimate(hksj, 3), hksj_p4=text.number(hksj.p, 4))
        self._table(views.models(self.variants), "models", "the same counts under other models.", note=NEW_STUDY)

    def show_crosscheck(self) -> None:
        """Show the comparison with statsmodels, and glue what prose says about it."""
        checked = statsmodels_crosscheck(self.tables)
        by_name = checked.set_index("quantity")

        def row(quantity: str, column: str) -> str:
            return text.number(float(by_name.loc[quantity, column]), 3)

        comparable = int(checked["comparable"].sum())
        notebook.glue(
            agreed=f"{sum(a is True for a in checked['agrees'])} of {comparable}",
            not_comparable=str(len(checked) - comparable),
            sm_random=row("IV random (DL): estimate", "statsmodels"),
            sm_tau2=row("IV random (DL): tau2", "statsmodels"),
            ours_random=row("IV random (DL): estimate", "metalib"),
        )
        caption = "metalib and statsmodels, odds ratios on the log scale."
        self._table(views.crosscheck(checked), "statsmodels", caption, align="llrrl")
