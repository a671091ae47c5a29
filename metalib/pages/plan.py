"""Which chapters the data of a review allow, and why others are not made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from ..arithmetic.data import arm_columns, check_data
from ..audit.review import Review
from ..figures.scales import MEASURE_NAMES
from .chapter import names
from .characteristics import own_columns
from .explorer import LARGEST_K

#: Stands before every sentence that a person has to replace by their own.
TO_WRITE = "(To be written)"
#: Fewest studies for tests of asymmetry and for a moderator (Cochrane Handbook, 13.3.5.4 and 10.11.5.1).
FEWEST = 10
#: Most groups that a column of text may form.
MOST_GROUPS = 6
#: Fewest studies of an outcome that is looked at in subgroups.
FEWEST_IN_GROUPS = 4
PARTS = ("Outcomes", "How firm it is", "Where the numbers come from")


@dataclass(frozen=True, slots=True)
class OutcomePlan:
    """An outcome as templates name it: its keys, the words shown, and of what form its data are."""

    key: str
    name: str
    file: str
    label: str
    measure: str
    measure_name: str
    form: str
    k: int


@dataclass(frozen=True, slots=True)
class ChapterPlan:
    """A chapter: its template, the file it is written to, and what the template is given."""

    part: str
    template: str
    file: str
    given: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """The chapters of a book in their order, and in words those that its data do not allow."""

    outcomes: tuple[OutcomePlan, ...]
    chapters: tuple[ChapterPlan, ...]
    not_made: tuple[str, ...]

    def has(self, file: str) -> bool:
        """Whether the book has a chapter."""
        return any(chapter.file == file for chapter in self.chapters)


def plan(review: Review) -> Plan:
    """Return the chapters that the data of a review allow."""
    outcomes = _outcomes(review)
    not_made: list[str] = []
    firm, sources = PARTS[1:]
    chapters = [ChapterPlan(PARTS[0], "outcome", o.file, {"o": o}) for o in outcomes]

    def add(part: str, file: str, chosen: Iterable[object], why_not: str, name: str = "chosen") -> None:
        found = list(chosen)
        if found:
            chapters.append(ChapterPlan(part, file, file, {name: found}))
        else:
            not_made.append(f"{file.replace('_', ' ').capitalize()}: {why_not}.")

    add(firm, "explorer", (o for o in outcomes if o.form == "tables" and o.k <= LARGEST_K),
        f"no outcome has counts of at most {LARGEST_K} studies")  # fmt: skip
    add(firm, "sensitivity", (o for o in outcomes if o.k > 1), "no outcome has two studies")
    add(firm, "subsets", (o for o in outcomes if o.k > 2), "no outcome has three studies")
    add(firm, "models", outcomes, "there is no outcome")
    add(firm, "subgroups", _subgroups(review, outcomes),
        f"no column forms 2 to {MOST_GROUPS} groups in an outcome of at least {FEWEST_IN_GROUPS} studies",
        "subgroups")  # fmt: skip
    add(firm, "meta_regression", _regressions(review, outcomes),
        f"no column of studies holds numbers for an outcome of at least {FEWEST} studies", "regressions")  # fmt: skip
    add(firm, "small_study_effects", (o for o in outcomes if o.k >= FEWEST), f"no outcome has {FEWEST} studies")
    add(firm, "fragility", (o for o in outcomes if o.form == "tables"), "it needs counts")
    graded = set(review.grade["outcome"])
    add(firm, "certainty", (o for o in outcomes if o.key in graded), "there is no grade.csv")
    add(sources, "search_results", [name for name in ("flow", "search") if review.has(name)],
        "there is neither flow.csv nor search.csv")  # fmt: skip
    chapters.append(ChapterPlan(sources, "study_characteristics", "study_characteristics"))
    judged = review.risk_of_bias["judgement"].isin(["low", "unclear", "high"]) & (review.risk_of_bias["study"] != "all")
    add(sources, "risk_of_bias", [True] if judged.any() else [], "there is no risk_of_bias.csv")
    printed = set(review.published.loc[review.published["place"].str.startswith("Results"), "outcome"])
    add(sources, "audit", (o for o in outcomes if o.key in printed), "there is no published.csv")
    return Plan(tuple(outcomes), tuple(chapters), tuple(not_made))


def _outcomes(review: Review) -> list[OutcomePlan]:
    found = []
    reserved = {
        "sensitivity", "subsets", "models", "subgroups", "meta_regression", "small_study_effects", "fragility",
        "certainty", "search_results", "study_characteristics", "risk_of_bias", "audit", "explorer", "index",
    }  # fmt: skip
    for key, name in names(review).items():
        row = review.outcome(key)
        data = review.data_of(key)
        columns = arm_columns(check_data(data, row["measure"]))
        form = next((form for form, mark in (("means", "mean_t"), ("rates", "time_t")) if mark in columns), "")
        found.append(
            OutcomePlan(
                key, name, f"outcome_{name}" if name in reserved else name, str(row["label"]), str(row["measure"]),
                MEASURE_NAMES[row["measure"]], form or ("tables" if columns else "effects"), len(data),
            )
        )  # fmt: skip
    return found


def _values(review: Review, outcome: OutcomePlan, column: str) -> pd.Series[str]:
    """Return a property of the studies of an outcome, from its data or from the file of studies."""
    data = review.data_of(outcome.key)
    if column in data:
        return data[column].astype(str)
    return data["study"].map(dict(zip(review.studies["study"], review.studies[column], strict=True))).astype(str)


def _candidates(review: Review, outcome: OutcomePlan) -> list[str]:
    own = own_columns(review)
    return ["subgroup", *own] if "subgroup" in review.data_of(outcome.key) else own


def slug(column: str) -> str:
    """Return a column as a part of names of glued texts and files."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in column.lower())


def _subgroups(review: Review, outcomes: Iterable[OutcomePlan]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for outcome in outcomes:
        for column in _candidates(review, outcome) if outcome.k >= FEWEST_IN_GROUPS else []:
            values = _values(review, outcome, column)
            groups = values.nunique()
            numeric = pd.to_numeric(values, errors="coerce").notna().all() and groups > 2
            if 2 <= groups <= min(MOST_GROUPS, outcome.k - 1) and not numeric and (values.str.strip() != "").all():
                found.append({"outcome": outcome, "by": column, "name": slug(column)})
    return found


def _regressions(review: Review, outcomes: Iterable[OutcomePlan]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for outcome in outcomes:
        for column in own_columns(review) if outcome.k >= FEWEST else []:
            numbers = pd.to_numeric(_values(review, outcome, column), errors="coerce")
            # A running number of the rows is no property of the studies.
            running = (numbers.diff().dropna() == 1).all()
            if numbers.notna().all() and numbers.nunique() > 2 and not running:
                found.append({"outcome": outcome, "moderator": column, "name": f"{outcome.name}_{slug(column)}"})
    return found
