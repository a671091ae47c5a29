"""What a page shows of the studies of a review: who they are, how they were found, how well they were done."""

from __future__ import annotations

import pandas as pd

from .. import figures, text
from ..arithmetic.pooling import pool
from ..audit.files import FILES
from ..audit.review import Review
from ..errors import DataError
from ..robustness.absolute import absolute_effect
from . import columns, notebook
from .book import read_book
from .chapter import Chapter
from .column_table import Columns, table

#: Columns that a table of studies has where they hold anything, and their headings.
HEADINGS = {
    "label": "Study", "year": "Year", "authors": "First author", "experimental": "Experimental arm",
    "control": "Control arm", "design_reported": "Design as reported",
}  # fmt: skip
_KNOWN = {column.name for column in FILES["studies"].columns}


def own_columns(review: Review) -> list[str]:
    """Return the columns of the studies that are this review's own, where they hold anything."""
    found = [str(name) for name in review.studies.columns if name not in _KNOWN]
    return [name for name in found if (review.studies[name].astype(str).str.strip() != "").any()]


def show_studies(review: Review) -> None:
    """Show a table of the studies: what the review knows of each."""
    frame = review.studies.assign(
        year=["" if pd.isna(year) else str(int(year)) for year in review.studies["year"]],
        label=review.studies["study"].map(read_book(review.folder).names(review)),
    )
    held = [name for name in HEADINGS if name == "label" or frame[name].astype(str).str.strip().ne("").any()]
    shown: Columns = {**{name: HEADINGS[name] for name in held}, **{name: name for name in own_columns(review)}}
    table(frame, shown, name="tab-studies", caption="The studies.")


def judged_by(review: Review) -> pd.DataFrame:
    """Return the judgements on single studies of one assessor, the first in the file."""
    judged: pd.DataFrame = review.risk_of_bias
    judged = judged[judged["judgement"].isin(["low", "unclear", "high"]) & (judged["study"] != "all")]
    if judged.empty:
        raise DataError("no study is judged", file="risk_of_bias.csv")
    judged = judged[judged["assessor"] == judged["assessor"].iloc[0]]
    return judged.reset_index(drop=True)


def show_bias(review: Review, judged: pd.DataFrame) -> None:
    """Show judgements on the risk of bias and their support, as figures where every study is judged in every domain."""
    names = read_book(review.folder).names(review)
    marked = judged[judged["judgement"] == "high"]
    high = [f"{names[study]}, {domain}" for study, domain in zip(marked["study"], marked["domain"], strict=True)]
    shares = judged.groupby("domain", sort=False)["judgement"].apply(lambda part: 100 * (part == "low").mean())
    if len(judged) == judged["study"].nunique() * judged["domain"].nunique():
        notebook.figure(
            figures.bias_summary(judged, labels=names), name="fig-bias-summary",
            caption="Risk of bias by study and domain: + low, ? unclear, − high.",
            alt=f"Grid of judgements; high risk: {'; '.join(high) or 'none'}.",
            data=judged[["study", "domain", "judgement"]],
        )  # fmt: skip
        notebook.figure(
            figures.bias_graph(judged), name="fig-bias-graph", caption="Risk of bias by domain, over all studies.",
            alt="Share of studies at low risk: " + "; ".join(f"{d} {text.percent(x)}" for d, x in shares.items()) + ".",
            data=judged.groupby(["domain", "judgement"], sort=False).size().rename("studies").reset_index(),
        )  # fmt: skip
    shown: Columns = {
        "study": ("Study", columns.named(names)), "domain": "Domain", "judgement": "Judgement", "support": "Support",
    }  # fmt: skip
    table(judged, shown, name="tab-bias", caption="Judgements and what they rest on.")


def show_flow(review: Review) -> None:
    """Show the flow of records in the layout of PRISMA 2020, and what was searched."""
    if review.has("flow"):
        counted = review.flow.dropna(subset=["count"])
        notebook.figure(
            figures.flow_diagram(figures.flow_boxes(review.flow)), name="fig-flow",
            caption="Flow of records in the layout of PRISMA 2020. Dashed boxes: not reported.",
            alt="; ".join(f"{step} {text.count(int(n))}" for step, n in zip(counted["step"], counted["count"],
                                                                            strict=True)) + ".",
            data=review.flow[["stage", "step", "count", "prisma2020"]],
        )  # fmt: skip
    if review.has("search"):
        shown: Columns = {"database": "Database", "query": "Query", "records": "Records"}
        table(review.search, shown, name="tab-search", caption="Databases and records.")


def show_certainty(chapter: Chapter) -> None:
    """Show the decisions on the certainty of an outcome and, of 2x2 tables, what its result means for 1,000 patients.

    The assumed risk is that of the control arms together; the pooled effect is applied to it. Glues ``NAME_certainty``.
    """
    decided = chapter.review.grade[chapter.review.grade["outcome"] == chapter.key]
    overall = decided.loc[decided["domain"] == "overall", "decision"]
    said = f"{overall.iloc[0]} certainty" if len(overall) else "certainty not judged"
    effect = pool(chapter.data, **chapter.models["main"])
    if effect.tables is not None and effect.estimable:
        risk = float(effect.tables.events_c.sum() / effect.tables.n_c.sum())
        if 0 < risk < 1:
            found = absolute_effect(effect, risk)
            if found.risk is not None:
                arms = [text.mid_sentence(arm) for arm in chapter.book.arms]
                said += (
                    f"; of 1,000 patients {text.number(1000 * risk, 0)} have the event with {arms[1]} and "
                    f"{text.number(1000 * found.risk, 0)} with {arms[0]}"
                )
    notebook.glue_as(chapter.name, {"certainty": said})
    shown: Columns = {"domain": "Domain", "decision": "Decision", "reason": "Reason"}
    chapter.table(decided, shown, name="certainty", caption="decisions on the certainty of the evidence.")
