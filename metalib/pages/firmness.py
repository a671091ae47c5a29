"""How firm the result of an outcome is, as a page shows it: studies left out, subsets, models, asymmetry, fragility.

Like :class:`~metalib.pages.chapter.Chapter`, nothing here pools. Each function takes a chapter and results, shows them
under names that begin with that of the outcome, and glues the sentence that they make (``NAME_left_out`` and so on).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from .. import figures, text
from ..arithmetic.meta_regression import MetaRegression
from ..arithmetic.options import RATIOS
from ..arithmetic.results import PooledEffect
from ..arithmetic.subgroups import Subgroups
from ..figures.rows import Shown
from ..robustness.fragility import Fragility
from ..robustness.small_study import AsymmetryTest, TrimAndFill
from . import columns, notebook, prose, sentences
from .chapter import Chapter
from .column_table import Columns
from .markup import escape_markdown

#: Columns of a specification and their headings in a curve.
CHOICES = {"pooled": "Method and model", "tau2": "Variance between studies", "interval": "Interval",
           "zero_cells": "Zero cells"}  # fmt: skip
_ENDS = ("estimate", "ci_low", "ci_high")


def by_year(chapter: Chapter) -> list[str]:
    """Return the studies of an outcome by year, where every year is known; else in the order of the review."""
    years = dict(zip(chapter.review.studies["study"], chapter.review.studies["year"], strict=True))
    found = chapter.data["study"].tolist()
    return found if any(pd.isna(years[study]) for study in found) else sorted(found, key=years.__getitem__)


def show_left_out(chapter: Chapter, whole: PooledEffect, frame: pd.DataFrame) -> None:
    """Show the results of :func:`metalib.leave_one_out` around that of all studies."""
    glue(chapter, left_out=sentences.left_out(frame, whole, chapter.labels))
    tested = frame.dropna(subset=["estimate", "p"])
    if tested.empty or not whole.estimable:
        return
    drawn = _natural(tested, whole.measure).assign(
        outcome=chapter.label, label="without " + tested["omitted"].map(chapter.labels), significant=tested["p"] < 0.05
    )
    notebook.figure(
        figures.exclusions(drawn, whole={chapter.label: whole}),
        name=f"fig-{chapter.name}-left-out",
        caption=f"{escape_markdown(chapter.label)}: each study left out in turn, {text.model_name(whole)}.",
        alt="; ".join(
            f"{label} {text.with_interval(*ends)}"
            for label, *ends in zip(drawn["label"], drawn["estimate"], drawn["low"], drawn["high"], strict=True)
        ),
        data=drawn,
    )


def show_cumulative(chapter: Chapter, frame: pd.DataFrame) -> None:
    """Show the results of :func:`metalib.cumulative`."""
    glue(chapter, cumulative=sentences.cumulative(frame, chapter.labels))
    measure = str(frame["measure"].iloc[0])
    shown = {**columns.exclusions(chapter.labels, measure, column="added")}
    shown["added"] = ("Added", columns.named(chapter.labels))
    chapter.table(frame, shown, name="cumulative", caption="studies added one after the other.")


def show_subsets(chapter: Chapter, whole: PooledEffect, frame: pd.DataFrame, *, drawn: bool) -> None:
    """Show the results of :func:`metalib.all_subsets`, or of subsets drawn at random."""
    glue(chapter, subsets=sentences.subsets(frame, whole, drawn))
    tested = frame.dropna(subset=["estimate", "p"])
    if tested.empty or not whole.estimable:
        return
    points = _natural(tested, whole.measure).assign(
        outcome=chapter.label, size=tested["size"], significant=tested["p"] < 0.05
    )
    what = f"{len(points)} subsets drawn at random" if drawn else f"all {len(points)} subsets that give a P"
    notebook.figure(
        figures.subsets(points, whole={chapter.label: whole}),
        name=f"fig-{chapter.name}-subsets",
        caption=f"{escape_markdown(chapter.label)}: {what}, {text.model_name(whole)}.",
        alt=f"Results of {what} by the number of their studies, "
        f"from {text.number(points['estimate'].min())} to {text.number(points['estimate'].max())}.",
        data=points,
    )


def show_models(chapter: Chapter, frame: pd.DataFrame) -> None:
    """Show one measure under every model, from :func:`metalib.specifications`."""
    glue(chapter, analyses=sentences.analyses(frame))
    found = frame.dropna(subset=["natural", "significant"])
    if found.empty:
        return
    drawn = found.assign(
        estimate=found["natural"],
        low=found["natural_low"],
        high=found["natural_high"],
        pooled=found["method"].map(text.METHOD_NAMES) + ", " + found["model"],
        tau2=found["tau2_method"],
        interval=found["ci_method"].map({"wald": "Wald", **text.CI_NAMES}),
        significant=found["significant"].astype(bool),
        zero_cells=found["zero_cells"].mask(found["zero_cells"].isin(["no zero cell", "never corrected"]), ""),
    )
    share = f"{drawn['significant'].sum()} of {len(drawn)} intervals exclude no effect"
    notebook.figure(
        figures.specification_curve(drawn, choices=CHOICES, measure=str(found["measure"].iloc[0])),
        name=f"fig-{chapter.name}-specifications",
        caption=f"{escape_markdown(chapter.label)}: {len(drawn)} analyses, sorted by their estimate; {share}.",
        alt=f"Estimates of {len(drawn)} analyses from {text.number(drawn['estimate'].min())} to "
        f"{text.number(drawn['estimate'].max())}; {share}.",
        data=drawn[["pooled", "tau2", "interval", "zero_cells", "estimate", "low", "high", "significant"]],
    )


def show_asymmetry(
    chapter: Chapter, whole: PooledEffect, tests: Mapping[str, AsymmetryTest], filled: TrimAndFill
) -> None:
    """Show a funnel plot, tests for its asymmetry by their names, and trim and fill."""
    glue(chapter, asymmetry=sentences.asymmetry(tests, filled))
    if not whole.estimable:
        return
    notebook.figure(
        figures.funnel(whole, labels=chapter.labels),
        name=f"fig-{chapter.name}-funnel",
        caption=f"{escape_markdown(chapter.label)}: funnel plot, {text.model_name(whole)}. Shaded: where a study alone "
        "would be significant.",
        alt=f"Funnel plot of {whole.k} studies around {text.estimate(whole)}.",
        data=figures.funnel_data(whole, labels=chapter.labels),
    )
    rows = pd.DataFrame(
        {"test": name, "p": np.nan if test.p is None else test.p, "reason": test.reason} for name, test in tests.items()
    )
    chapter.table(
        rows, {"test": "Test", "p": ("P", text.p_value), "reason": "Remark"}, name="asymmetry",
        caption="tests for asymmetry of the funnel plot.",
    )  # fmt: skip


def show_fragility(chapter: Chapter, found: Fragility) -> None:
    """Show how many patients decide about significance, and for example which."""
    glue(chapter, fragility=sentences.fragile(found))
    if found.changes is None:
        return
    row = {
        "p": found.p, "changes": found.changes, "p_after": found.p_after,
        "example": columns.changes(found.witness, chapter.labels, chapter.book.arms),
    }  # fmt: skip
    shown: Columns = {
        "p": ("P", text.p_value), "changes": "Patients to change", "example": "For example",
        "p_after": ("P then", partial(text.number, digits=4)),
    }  # fmt: skip
    chapter.table(
        pd.DataFrame([row]), shown, name="fragility", caption="changed outcomes of patients that cross P = 0.05."
    )


def show_subgroups(chapter: Chapter, groups: Subgroups, by: str) -> None:
    """Show a forest plot by subgroup and its test for differences; `by` names the property and the glued text."""
    name = "".join(c if c.isascii() and c.isalnum() else "_" for c in by.lower())
    glue(chapter, **{f"by_{name}": sentences.subgroups(groups)})
    drawn: Shown = {"labels": chapter.labels, "groups": chapter.book.arms}
    sides = prose.favours(chapter.better, *map(text.mid_sentence, chapter.book.arms), measure=groups.overall.measure)
    notebook.figure(
        figures.forest(groups, favours=sides, **drawn),
        name=f"fig-{chapter.name}-by-{name}",
        caption=f"{escape_markdown(f'{chapter.label}, by {by}')}: {text.model_name(groups.overall)}.",
        alt=f"Forest plot in {len(groups.groups)} subgroups: "
        + "; ".join(f"{label} {text.estimate(effect)}" for label, effect in groups.groups),
        data=figures.forest_data(groups, **drawn),
    )


def show_regression(chapter: Chapter, fit: MetaRegression, moderator: str, values: Sequence[float]) -> None:
    """Show a meta-regression on one numeric moderator: its bubble plot and its coefficients.

    Parameters
    ----------
    chapter : Chapter
    fit : MetaRegression
    moderator : str
        Its name as shown.
    values : sequence of float
        Of the moderator, one for each of ``fit.studies``.
    """
    glue(chapter, regression=sentences.moderator(fit, moderator))
    drawn = figures.regression_data(fit, values, labels=chapter.labels)
    notebook.figure(
        figures.regression(fit, values, moderator=moderator),
        name=f"fig-{chapter.name}-regression",
        caption=f"{escape_markdown(f'{chapter.label} and {moderator}')}: the area of a circle is the weight of the "
        "study; line and band are the mean effect and its interval.",
        alt=f"{fit.k} studies by {moderator}; from {text.number(min(values), 0)} to {text.number(max(values), 0)} "
        "the mean effect goes from "
        + " to ".join(text.number(drawn.loc[drawn["kind"] == "line", "estimate"].iloc[i]) for i in (0, -1)) + ".",
        data=drawn,
    )  # fmt: skip
    shown: Columns = {
        "name": "Coefficient", "coefficients": ("Estimate", partial(text.number, digits=4)),
        "se": ("Standard error", partial(text.number, digits=4)),
        ("ci_low", "ci_high"): ("95% CI", partial(text.interval, digits=4)), "p": ("P", text.p_value),
    }  # fmt: skip
    scale = "log scale" if fit.measure in RATIOS else "natural scale"
    chapter.table(fit.to_frame(), shown, name="regression", caption=f"meta-regression, {scale}.")


def show_heterogeneity(chapter: Chapter, fits: Mapping[str, MetaRegression]) -> None:
    """Show what meta-regressions explain, each under its name."""
    rows = pd.DataFrame(
        {
            "name": name, "tau2": fit.tau2, "tau2_without": fit.tau2_without,
            "R2": np.nan if fit.R2 is None else fit.R2, "QM_p": fit.QM_p, "QE": fit.QE, "QE_df": fit.QE_df,
            "QE_p": fit.QE_p,
        }
        for name, fit in fits.items()
    )  # fmt: skip
    shown: Columns = {
        "name": "Moderators", "tau2_without": ("tau² without", partial(text.number, digits=4)),
        "tau2": ("tau² with", partial(text.number, digits=4)), "R2": ("R²", partial(text.percent, digits=1)),
        "QM_p": ("P of moderators", text.p_value),
        ("QE", "QE_df"): ("Residual Q (df)", lambda q, df: f"{text.number(q)} ({df})"), "QE_p": ("P", text.p_value),
    }  # fmt: skip
    chapter.table(rows, shown, name="moderators", caption="what moderators explain of the variance between studies.")


def glue(chapter: Chapter, **said: str) -> None:
    """Glue texts under names that begin with that of the outcome."""
    notebook.glue_as(chapter.name, said)


def _natural(frame: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return estimates and limits on the natural scale, as ``estimate, low, high``."""
    ends = frame[list(_ENDS)].set_axis(["estimate", "low", "high"], axis=1)
    return ends.apply(np.exp) if measure in RATIOS else ends
