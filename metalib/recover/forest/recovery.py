"""What the search of a forest plot found: tables by study, how firmly, and what they leave of the conclusion."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...text import number
from ..assumptions import Alternative
from .plot import ForestPlot
from .search import CONCLUSIONS

_COUNTS = ["events_t", "n_t", "events_c", "n_c"]
#: More tables of one study, or more solutions, than this are counted in the JSON file but not listed.
LISTED = 5000
UNIQUE = ("identified", "identified up to symmetry")
SYMMETRIES = {
    "OR": "the cells of a diagonal can change places: with events for non-events and the arms exchanged, odds ratio, "
    "variance and weights are the same",
    "RD": "events for non-events and the arms exchanged give the same risk difference, variance and weight",
}


@dataclass(frozen=True, slots=True, eq=False)
class RowFound:
    """What is left of one study.

    Attributes
    ----------
    study : str
    status : str
        ``identified``; ``identified up to symmetry`` (:data:`SYMMETRIES`); ``set``, each of several tables gives every
        printed digit; ``open``, several tables are left and it is not settled that more than one of them does;
        ``none``; ``not searched``.
    tables : ndarray, shape (m, 4)
        The tables that are left, sorted.
    alone : int
        How many there were by the row alone.
    shown : ndarray of bool, shape (m,)
        Those that stand in a full solution which was checked.
    """

    study: str
    status: str
    tables: np.ndarray
    alone: int
    shown: np.ndarray

    @property
    def unique(self) -> bool:
        """Whether there is one table, symmetric ones taken as one."""
        return self.status in UNIQUE


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The least and largest value of a pooled statistic over the solutions seen, ratios as such; NaN if none was."""

    statistic: str
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class ForestRecovery:
    """What a search found.

    Attributes
    ----------
    plot : ForestPlot
    status : str
        ``solved``; ``none``, no tables agree with every printed number; ``limit``, a limit ended the search.
    message : str
        Which rows have no table, or which limit was reached.
    rows : tuple of RowFound
    conclusions : tuple of Conclusion
        What the pooled result can be among the solutions.
    complete : bool
        Whether every full solution was looked at; else `conclusions` hold what was seen of them.
    solutions : ndarray, shape (n, studies, 4)
        The full solutions that were seen, one of symmetric ones.
    alternatives : tuple of Alternative
        The other methods and models, where they were searched.
    seconds : float
    """

    plot: ForestPlot
    status: str
    message: str
    rows: tuple[RowFound, ...]
    conclusions: tuple[Conclusion, ...]
    complete: bool
    solutions: np.ndarray
    alternatives: tuple[Alternative, ...]
    seconds: float

    @property
    def unique(self) -> int:
        """Number of studies with one table, symmetric ones taken as one."""
        return sum(row.unique for row in self.rows)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Under which assumptions the verdicts hold."""
        return self.plot.given

    def tables(self) -> pd.DataFrame:
        """Return one row a study: the table if there is one, its status, and how many there are.

        Returns
        -------
        DataFrame
            ``study, events_t, n_t, events_c, n_c, status, tables, by_row_alone``. Counts are missing where several
            tables are left; of symmetric ones that with fewer events is shown.
        """
        cells = []
        for row in self.rows:
            table = _fewest(row.tables).tolist() if row.unique else [pd.NA] * 4
            cells.append((row.study, *table, row.status, len(row.tables), row.alone))
        frame = pd.DataFrame(cells, columns=["study", *_COUNTS, "status", "tables", "by_row_alone"])
        return frame.astype(dict.fromkeys(_COUNTS, "Int64"))

    def solution_tables(self) -> pd.DataFrame:
        """Return the full solutions seen in long form: ``solution, study, events_t, n_t, events_c, n_c``."""
        n, k = self.solutions.shape[:2]
        frame = pd.DataFrame(self.solutions.reshape(n * k, 4), columns=_COUNTS)
        frame.insert(0, "study", list(self.plot.studies) * n)
        frame.insert(0, "solution", np.repeat(np.arange(n) + 1, k))
        return frame

    def to_json(self) -> str:
        """Return everything as JSON, unrounded; all but the key ``seconds`` is the same in every run."""
        content = {
            "title": self.plot.title,
            "status": self.status,
            "message": self.message,
            "assumptions": list(self.assumptions),
            "alternatives": [asdict(a) for a in self.alternatives],
            "complete": self.complete,
            "solutions": len(self.solutions),
            "conclusions": [{"statistic": c.statistic, "low": _plain(c.low), "high": _plain(c.high)}
                            for c in self.conclusions],
            "studies": [_listed(row) for row in self.rows],
            "seconds": self.seconds,
        }  # fmt: skip
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def summary(self) -> str:
        """Return what was found in a few lines."""
        lines = [f"{self.unique} of {len(self.rows)} studies have one table"]
        if self.status == "none":
            lines = [f"No tables of whole numbers agree with every printed number: {self.message}"]
        elif self.status == "limit":
            lines += [f"A limit ended the search: {self.message}"]
        lines += [f"{r.study}: {_said(r)}" for r in self.rows if self.status != "none"]
        if any(row.status == UNIQUE[1] for row in self.rows):
            lines.append(f"Symmetry: {SYMMETRIES[self.plot.options.measure]}")
        ends = [f"{c.statistic} {number(c.low, 3)} to {number(c.high, 3)}" for c in self.conclusions if c.low == c.low]
        if ends and self.unique < len(self.rows):
            seen = "all solutions" if self.complete else f"the {len(self.solutions):,} solutions seen"
            lines.append(f"Pooled, over {seen}: {', '.join(ends)}")
        lines.append(f"Given: {'; '.join(self.assumptions)}.")
        lines += map(str, self.alternatives)
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"ForestRecovery({self.status}, {self.unique} of {len(self.rows)} studies unique)"


def _fewest(tables: np.ndarray) -> np.ndarray:
    """Return the table with the fewest events, the first of several."""
    fewest: np.ndarray = tables[np.argmin(tables[:, 0] + tables[:, 2])]
    return fewest


def _said(row: RowFound) -> str:
    if row.unique:
        a, n, c, m = _fewest(row.tables).tolist()
        return f"{a}/{n} v {c}/{m}, {row.status}"
    if not len(row.tables):
        return row.status
    low, high = row.tables.min(0), row.tables.max(0)
    ends = f"events {low[0]} to {high[0]} v {low[2]} to {high[2]}"
    checked = f", {int(row.shown.sum())} of them in a checked solution" if not row.shown.all() else ""
    return f"{len(row.tables):,} tables{checked}, {ends}"


def _listed(row: RowFound) -> dict[str, Any]:
    listed = len(row.tables) <= LISTED
    out: dict[str, Any] = {
        "study": row.study, "status": row.status, "by_row_alone": row.alone, "number": len(row.tables),
        "tables": row.tables.tolist() if listed else None, "checked": row.shown.tolist() if listed else None,
    }  # fmt: skip
    if not listed:
        out["left_out"] = f"{len(row.tables):,} tables; ForestRecovery.rows has them"
    return out


def _plain(value: float) -> float | str | None:
    return None if math.isnan(value) else value if math.isfinite(value) else str(value)


def conclusions(ranges: dict[str, tuple[float, float]]) -> tuple[Conclusion, ...]:
    """Return the ranges of the pooled statistics in the order in which they are reported."""
    return tuple(Conclusion(name, *ranges[name]) for name in CONCLUSIONS)
