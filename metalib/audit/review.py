"""The one way in for the data of a review: a folder of CSV files, checked cell by cell on reading.

A review is described by the files declared in :data:`FILES`, each with what its columns mean. A file that does not fit
is refused with the file, the row (1 is the first below the header), the study, the arm and the value.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..arithmetic.tables import check_tables
from ..errors import DataError
from .checked_csv import Column, File, read_checked
from .published import Printed, read_printed

GRADE_DOMAINS = ("risk of bias", "inconsistency", "indirectness", "imprecision", "publication bias", "overall")
STATUSES = ("identified", "identified up to complement", "nearest", "candidate", "published")


_COUNTS = tuple(Column(name, "count") for name in ("events_t", "n_t", "events_c", "n_c"))
_STATUS = Column("status", choices=STATUSES)
_SOURCE = Column("source")
_NAMES = (
    "label", "authors", "citation_key", "experimental", "control", "design_reported", "arms_status", "arms_source",
)  # fmt: skip

FILES: dict[str, File] = {
    "studies": File(
        (
            Column("study"),
            *(Column(name) for name in _NAMES),
            *(Column(name, "count") for name in ("year", "reference", "order_in_table", "n_t", "n_c")),
            _SOURCE,
        ),
        ("study",),
    ),
    "search": File((Column("database"), Column("query"), Column("records", "count"), _SOURCE), ("database", "query")),
    "flow": File(
        (
            Column("stage", choices=("identification", "screening", "included")),
            Column("step"),
            Column("count", "count", optional=True),
            Column("status", choices=("printed", "not reported")),
            _SOURCE,
        ),
        ("step",),
    ),
    "outcomes": File(
        (
            Column("outcome"),
            Column("label"),
            Column("event"),
            Column("better", choices=("more", "fewer")),
            Column("model_printed", choices=("fixed", "random")),
            Column("model_note"),
            Column("studies_printed", "count", optional=True),
            _SOURCE,
        ),
        ("outcome",),
    ),
    "tables": File(
        (Column("analysis"), Column("outcome"), Column("study"), *_COUNTS, _STATUS, _SOURCE),
        ("analysis", "outcome", "study"),
    ),
    "stages": File(
        (Column("analysis"), Column("stage"), Column("study"), *_COUNTS, _STATUS, _SOURCE),
        ("analysis", "stage", "study"),
    ),
    "recovery": File(
        (
            Column("puzzle"),
            Column("results"),
            Column("studies", "studies"),
            *(Column(name, "count") for name in ("max_difference", "step", "candidates", "after", "kept")),
        ),
        ("puzzle", "max_difference", "step"),
    ),
    "risk_of_bias": File(
        (
            Column("assessor", choices=("paper", "book")),
            Column("study"),
            Column("domain"),
            Column("judgement", choices=("low", "unclear", "high", "not given per study")),
            Column("support"),
            _SOURCE,
        ),
        ("assessor", "study", "domain"),
    ),
    "grade": File(
        (
            Column("outcome"),
            Column("domain", choices=GRADE_DOMAINS),
            Column(
                "decision",
                choices=("not serious", "serious", "very serious", "high", "moderate", "low", "very low"),
            ),
            Column("reason"),
        ),
        ("outcome", "domain"),
    ),
    "claims": File(
        (
            Column("claim"),
            Column("place"),
            Column("text"),
            Column("verdict", choices=("holds", "holds only under", "not supported", "cannot be checked")),
            Column("chapter"),
        ),
        ("claim",),
    ),
    "published": File(
        (
            Column("id"),
            Column("place"),
            Column("outcome"),
            Column("excluded", "studies", optional=True),
            Column("model", optional=True, choices=("fixed", "random")),
            Column("statistic"),
            Column("text"),
            Column("read_as", optional=True),
            Column("unit", "number"),
            Column("note", optional=True),
        ),
        ("id",),
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Review:
    """The checked data of a review, one data frame a file (see the data dictionary in ``data/README.md``)."""

    folder: Path
    studies: pd.DataFrame
    search: pd.DataFrame
    flow: pd.DataFrame
    outcomes: pd.DataFrame
    tables: pd.DataFrame
    stages: pd.DataFrame
    recovery: pd.DataFrame
    risk_of_bias: pd.DataFrame
    grade: pd.DataFrame
    claims: pd.DataFrame
    published: pd.DataFrame

    def labels(self) -> dict[str, str]:
        """Return the name to show of each study."""
        return dict(zip(self.studies["study"], self.studies["label"], strict=True))

    def outcome(self, outcome: str) -> pd.Series:
        """Return the row of an outcome.

        Raises
        ------
        DataError
            The outcome is unknown.
        """
        rows = self.outcomes[self.outcomes["outcome"] == outcome]
        if rows.empty:
            raise DataError("unknown outcome", file="outcomes.csv", value=outcome)
        return rows.iloc[0]

    def tables_of(self, outcome: str, analysis: str = "main") -> pd.DataFrame:
        """Return the 2x2 tables of an outcome in an analysis set, studies in the order of ``studies.csv``.

        Raises
        ------
        DataError
            There is no such table.
        """
        rows = self.tables[(self.tables["outcome"] == outcome) & (self.tables["analysis"] == analysis)]
        if rows.empty:
            raise DataError(f"no table of outcome {outcome!r} in analysis {analysis!r}", file="tables.csv")
        return self._in_order(rows)

    def rows_of(self, outcome: str, analysis: str = "main") -> dict[str, int]:
        """Return the row of ``tables.csv`` (1 is the first) that holds each study of :meth:`tables_of`."""
        named = self.tables[(self.tables["outcome"] == outcome) & (self.tables["analysis"] == analysis)]
        return {study: int(i) + 1 for i, study in zip(named.index, named["study"], strict=True)}

    def _in_order(self, rows: pd.DataFrame) -> pd.DataFrame:
        order = {study: i for i, study in enumerate(self.studies["study"])}
        return rows.sort_values("study", key=lambda s: s.map(order), kind="stable").reset_index(drop=True)

    def printed(self, outcome: str, *, place: str = "Results", excluded: str = "") -> pd.DataFrame:
        """Return the printed numbers of an outcome whose place begins with `place`.

        Raises
        ------
        DataError
            Nothing is printed there.
        """
        p = self.published
        rows = p[(p["outcome"] == outcome) & p["place"].str.startswith(place) & (p["excluded"] == excluded)]
        if rows.empty:
            raise DataError(f"nothing printed for {outcome!r} at {place!r}", file="published.csv", value=excluded)
        return rows.reset_index(drop=True)

    def printed_text(self, outcome: str, statistic: str, *, place: str = "Results", excluded: str = "") -> str:
        """Return one printed number as text, digits kept.

        Raises
        ------
        DataError
            It is not printed there, or more than once.
        """
        rows = self.printed(outcome, place=place, excluded=excluded)
        rows = rows[rows["statistic"] == statistic]
        if len(rows) != 1:
            raise DataError(f"{len(rows)} printed numbers for {outcome!r} {statistic!r}", file="published.csv")
        return str(rows["text"].iloc[0])

    def stages_of(self, analysis: str = "main") -> pd.DataFrame:
        """Return the tables by stage of an analysis set, studies in the order of ``studies.csv``.

        Raises
        ------
        DataError
            There is no such analysis.
        """
        rows = self.stages[self.stages["analysis"] == analysis]
        if rows.empty:
            raise DataError(f"no stages in analysis {analysis!r}", file="stages.csv")
        return self._in_order(rows)

    def printed_number(self, outcome: str, statistic: str, *, place: str = "Results", excluded: str = "") -> Printed:
        """Return one printed number with the interval of the values that round to it.

        Raises
        ------
        DataError
            It is not printed there, more than once, or not as a number.
        """
        self.printed_text(outcome, statistic, place=place, excluded=excluded)
        rows = self.printed(outcome, place=place, excluded=excluded).set_index("statistic")
        return read_printed(rows.loc[statistic, "read_as"] or rows.loc[statistic, "text"], rows.loc[statistic, "unit"])


def read_review(folder: str | Path) -> Review:
    """Read and check the CSV files of a review.

    Parameters
    ----------
    folder : path
        Holds the files named in :data:`FILES`, UTF-8 with a header.

    Raises
    ------
    DataError
        At the first cell that does not fit; nothing is returned half-read.
    """
    folder = Path(folder)
    frames = {name: read_checked(folder / f"{name}.csv", file) for name, file in FILES.items()}
    known = set(frames["studies"]["study"])
    arms = {row.study: (row.n_t, row.n_c) for row in frames["studies"].itertuples()}
    for name in ("tables", "stages"):
        _check_counts(frames[name], f"{name}.csv", known, arms)
    _check_member(frames["tables"], "tables.csv", "outcome", set(frames["outcomes"]["outcome"]))
    _check_member(frames["grade"], "grade.csv", "outcome", set(frames["outcomes"]["outcome"]))
    _check_member(frames["risk_of_bias"], "risk_of_bias.csv", "study", known | {"all"})
    for name, column in (("published", "excluded"), ("recovery", "studies")):
        for i, studies in enumerate(frames[name][column]):
            for study in studies.split():
                if study not in known:
                    raise DataError("unknown study", file=f"{name}.csv", row=i + 1, study=study)
    return Review(folder, **frames)


def _check_member(frame: pd.DataFrame, file: str, column: str, known: set[str]) -> None:
    for i, name in enumerate(frame[column]):
        if name not in known:
            study = frame["study"].iloc[i] if "study" in frame else None
            raise DataError(f"unknown {column}", file=file, row=i + 1, study=study, value=name)


def _check_counts(frame: pd.DataFrame, file: str, known: set[str], arms: dict[str, tuple[int, int]]) -> None:
    _check_member(frame, file, "study", known)
    check_tables(frame, file=file, unique=False)
    for i, row in enumerate(frame.itertuples()):
        for n, expected, arm in (
            (row.n_t, arms[row.study][0], "experimental"),
            (row.n_c, arms[row.study][1], "control"),
        ):
            if n != expected:
                raise DataError(
                    f"studies.csv has {expected} patients in this arm", file=file, row=i + 1, study=row.study, arm=arm,
                    value=int(n),
                )  # fmt: skip
