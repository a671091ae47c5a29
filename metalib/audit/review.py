"""The one way in for the data of a review: a folder of CSV files, checked cell by cell on reading.

A review is described by the files of :data:`~metalib.audit.files.FILES`, of which only those of outcomes and of tables
must be there. A file that does not fit is refused with the file, the row (1 is the first below the header), the study,
the arm and the value.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pandas as pd

from ..arithmetic.continuous import check_means
from ..arithmetic.options import MEANS, MEASURES, RATES, Options
from ..arithmetic.rates import check_rates
from ..arithmetic.tables import check_tables
from ..errors import DataError, OptionError, choose
from .checked_csv import frame_of, read_checked
from .files import DATA, FILES
from .printed import Printed, read_rows


@dataclass(frozen=True, slots=True, eq=False)
class Review:
    """The checked data of a review, one data frame a file of :data:`~metalib.audit.files.FILES`.

    The frame of a file that is left out has its columns and no row; studies that are described nowhere are those of the
    data, in order of appearance. A column that is left out holds its default, and a name to show is then the key.
    """

    folder: Path
    studies: pd.DataFrame
    search: pd.DataFrame
    flow: pd.DataFrame
    outcomes: pd.DataFrame
    tables: pd.DataFrame
    means: pd.DataFrame
    rates: pd.DataFrame
    effects: pd.DataFrame
    stages: pd.DataFrame
    recovery: pd.DataFrame
    risk_of_bias: pd.DataFrame
    grade: pd.DataFrame
    analyses: pd.DataFrame
    claims: pd.DataFrame
    prisma: pd.DataFrame
    amstar2: pd.DataFrame
    passed_over: pd.DataFrame
    cited: pd.DataFrame
    published: pd.DataFrame

    def has(self, name: str) -> bool:
        """Return whether the review has data of a kind, for example ``"search"``.

        Raises
        ------
        OptionError
            There is no such file.
        """
        return not cast(pd.DataFrame, getattr(self, choose("name", name, tuple(FILES)))).empty

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

    def options(self, outcome: str) -> Options:
        """Return how an outcome is pooled: its measure, its method and the model that its printed result needs."""
        return _options(self.outcome(outcome))

    def tables_of(self, outcome: str, analysis: str = "main") -> pd.DataFrame:
        """Return the 2x2 tables of an outcome in an analysis set, studies in the order of :attr:`studies`.

        Raises
        ------
        DataError
            There is no such table.
        """
        return self._in_order(self._rows("tables", "outcome", outcome, analysis))

    def data_of(self, outcome: str, analysis: str = "main") -> pd.DataFrame:
        """Return the data of an outcome, whichever file holds them: counts, means, rates or effects.

        Raises
        ------
        DataError
            There are none, or in two files.
        """
        found = [name for name in DATA if ((f := getattr(self, name))["outcome"] == outcome).any() and not f.empty]
        if len(found) > 1:
            raise DataError(f"the outcome stands in {found[0]}.csv and {found[1]}.csv", value=outcome)
        return self._in_order(self._rows(found[0] if found else "tables", "outcome", outcome, analysis))

    def candidates(self, outcome: str) -> dict[str, pd.DataFrame]:
        """Return the tables of each candidate analysis of an outcome, by its name; none if the counts are known."""
        rows = self.tables[(self.tables["outcome"] == outcome) & (self.tables["status"] == "candidate")]
        return {name: self.tables_of(outcome, name) for name in rows["analysis"].unique()}

    def stages_of(self, analysis: str = "main") -> pd.DataFrame:
        """Return the tables by stage of an analysis set, studies in the order of :attr:`studies`.

        Raises
        ------
        DataError
            There is no such analysis.
        """
        return self._in_order(self._rows("stages", "analysis", analysis, analysis))

    def rows_of(self, outcome: str, analysis: str = "main") -> dict[str, int]:
        """Return the row of ``tables.csv`` (1 is the first) that holds each study of :meth:`tables_of`."""
        rows = self._rows("tables", "outcome", outcome, analysis)
        return dict(zip(rows["study"], rows.index + 1, strict=True))

    def _rows(self, name: str, column: str, value: str, analysis: str) -> pd.DataFrame:
        frame: pd.DataFrame = getattr(self, name)
        rows = frame[(frame[column] == value) & (frame["analysis"] == analysis)]
        if rows.empty:
            raise DataError(f"no table of {column} {value!r} in analysis {analysis!r}", file=f"{name}.csv")
        return rows

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
        return str(self._one(outcome, statistic, place, excluded)["text"].iloc[0])

    def printed_number(self, outcome: str, statistic: str, *, place: str = "Results", excluded: str = "") -> Printed:
        """Return one printed number with the interval of the values that round to it.

        Raises
        ------
        DataError
            It is not printed there, more than once, or not as a number.
        """
        row = self._one(outcome, statistic, place, excluded)
        number = read_rows(row)[0]
        if number is None:
            raise DataError("not printed as a number", file="published.csv", value=row["text"].iloc[0])
        return number

    def _one(self, outcome: str, statistic: str, place: str, excluded: str) -> pd.DataFrame:
        rows = self.printed(outcome, place=place, excluded=excluded)
        rows = rows[rows["statistic"] == statistic]
        if len(rows) != 1:
            raise DataError(f"{len(rows)} printed numbers for {outcome!r} {statistic!r}", file="published.csv")
        return rows


def read_review(folder: str | Path) -> Review:
    """Read and check the CSV files of a review.

    Parameters
    ----------
    folder : path
        Holds ``outcomes.csv``, ``tables.csv`` or another file of :data:`~metalib.audit.files.DATA`, and others of
        :data:`~metalib.audit.files.FILES`, UTF-8 with a header, and no other CSV file.

    Raises
    ------
    DataError
        At the first cell that does not fit; nothing is returned half-read.
    """
    folder = Path(folder)
    frames: dict[str, pd.DataFrame] = {}
    for name, file in FILES.items():
        path = folder / f"{name}.csv"
        instead = name == "tables" and any((folder / f"{other}.csv").exists() for other in DATA if other != name)
        there = os.path.lexists(path) or not (file.optional or instead)
        frames[name] = read_checked(path, file) if there else frame_of(file, {})
    # A file that need not be there could otherwise be lost by a slip in its name.
    for path in sorted(folder.glob("*.csv")):
        if path.stem not in FILES:
            raise DataError(f"a review has no such file, only {', '.join(FILES)}", file=path.name)
    if frames["studies"].empty:
        named = pd.concat([frames[name]["study"] for name in DATA]).unique().tolist()
        frames["studies"] = frame_of(FILES["studies"], {"study": named})
    for name, key in (("studies", "study"), ("outcomes", "outcome")):
        frames[name]["label"] = frames[name]["label"].mask(frames[name]["label"] == "", frames[name][key])
    _check_names(frames)
    for name in ("tables", "stages"):
        if not frames[name].empty:
            check_tables(frames[name], file=f"{name}.csv", unique=False)
            _check_arms(frames[name], f"{name}.csv", frames["studies"])
    for name, check in (("means", check_means), ("rates", check_rates)):
        if not frames[name].empty:
            check(frames[name], file=f"{name}.csv", unique=False)
    for i, (_, row) in enumerate(frames["outcomes"].iterrows()):
        try:
            _options(row)
        except OptionError as error:
            raise DataError(str(error), file="outcomes.csv", row=i + 1, value=row["outcome"]) from error
        for name, measures in (("tables", MEASURES), ("means", MEANS), ("rates", RATES)):
            if row["measure"] not in measures and (frames[name]["outcome"] == row["outcome"]).any():
                problem = f"measure {row['measure']} cannot be had from {name}.csv; use one of {', '.join(measures)}"
                raise DataError(problem, file="outcomes.csv", row=i + 1, value=row["outcome"])
    read_rows(frames["published"], file="published.csv")
    return Review(folder, **frames)


def _options(outcome: pd.Series) -> Options:
    return Options(outcome["measure"], outcome["method"], outcome["model_printed"] or "fixed")


def _check_names(frames: dict[str, pd.DataFrame]) -> None:
    """Refuse a study or outcome that is not described."""
    studies, outcomes = set(frames["studies"]["study"]), set(frames["outcomes"]["outcome"])
    known = {
        "study": studies, "studies": studies, "study or all": studies | {"all"},
        "study or each": studies | {"each", ""}, "outcome": outcomes, "outcomes": outcomes,
    }  # fmt: skip
    for name, file in FILES.items():
        for column in file.columns:
            if column.kind not in known:
                continue
            what = "outcome" if column.kind.startswith("outcome") else "study"
            for row, value, study in _values(frames[name], column.name, column.kind in ("studies", "outcomes")):
                if value not in known[column.kind]:
                    raise DataError(f"unknown {what}", file=f"{name}.csv", row=row, study=study, value=value)


def _values(frame: pd.DataFrame, column: str, several: bool) -> Iterator[tuple[int, str, str | None]]:
    """Yield row, value and study of each name in a column."""
    studies = frame["study"] if "study" in frame else [None] * len(frame)
    for i, (text, study) in enumerate(zip(frame[column], studies, strict=True)):
        for value in text.split() if several else [text]:
            yield i + 1, value, study


def _check_arms(frame: pd.DataFrame, file: str, studies: pd.DataFrame) -> None:
    """Refuse an arm that differs from the number of patients that the file of studies gives for it."""
    for column, arm in (("n_t", "experimental"), ("n_c", "control")):
        given = dict(zip(studies["study"], studies[column], strict=True))
        for i, (study, n) in enumerate(zip(frame["study"], frame[column], strict=True)):
            if not pd.isna(given[study]) and n != given[study]:
                problem = f"studies.csv has {given[study]} patients in this arm"
                raise DataError(problem, file=file, row=i + 1, study=study, arm=arm, value=int(n))
