"""The result of a search: solutions, what they identify, and how the numbers that were held back compare."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from .agree import agrees, pool_rows, statistics
from .arms import full_solutions, joint_arms
from .identify import Identified, add_up, classes, complements_count, covers, identify, nearest, tables_of
from .model import ARM_NAMES, Puzzle, Var
from .relation import Relation
from .state import Limits
from .step import StepReport, counts

#: More solutions than this are counted in the JSON file but not listed.
LISTED = 5000


@dataclass(frozen=True, eq=False)
class Solutions:
    """All solutions for outcomes that belong together; they share nothing but arm sizes with those of other outcomes.

    Attributes
    ----------
    outcomes : tuple of str
    found : Relation
        Every solution.
    kept : Relation
        Those nearest to numbers that are known to be missed; `found` where there are none.
    classes : ndarray
        Class of every kept row; within a class rows differ by complements only.
    """

    outcomes: tuple[str, ...]
    found: Relation
    kept: Relation
    classes: np.ndarray

    def __len__(self) -> int:
        return len(self.kept)

    @property
    def class_count(self) -> int:
        """Number of classes."""
        return len(np.unique(self.classes))


@dataclass(frozen=True, eq=False)
class Recovery:
    """What a search found.

    Attributes
    ----------
    puzzle : Puzzle
    status : str
        ``solved``; ``none``: there is no table that agrees; ``limit``: a limit ended the search.
    message : str
        Where nothing was left, or which limit was reached where.
    steps : tuple of StepReport
    solutions : tuple of Solutions
        One entry for each group of outcomes that share more than arm sizes. Empty unless solved.
    count : int
        Number of full solutions, the groups combined over common arm sizes.
    """

    puzzle: Puzzle
    status: str
    message: str
    steps: tuple[StepReport, ...]
    solutions: tuple[Solutions, ...]
    count: int
    limits: Limits = field(default_factory=Limits)

    @cached_property
    def _cells(self) -> tuple[Identified, ...]:
        out = []
        wanted = [(o.id, (o.id,), o.studies) for o in self.puzzle.outcomes]
        for name, parts in self.puzzle.sums.items():
            wanted.append((name, parts, self.puzzle.outcome(parts[0]).studies))
        for name, parts, studies in wanted:
            mirrored = all(complements_count(self.puzzle, o) for o in parts)
            for study in studies:
                out.append(self._cell(name, parts, study, mirrored))
        return tuple(out)

    def _cell(self, name: str, parts: Sequence[str], study: str, mirrored: bool) -> Identified:
        for group in self.solutions:
            before = add_up(group.found, parts, study)
            if before is not None:
                cell = identify(name, study, before, add_up(group.kept, parts, study), mirrored)
                missed = cell.level == "unique" and any(self._rests_on_miss(o, study) for o in parts)
                return replace(cell, status="nearest") if missed else cell
        s = self.puzzle.study(study)
        known = [self.puzzle.outcome(o).cells.get(study) for o in parts]
        ends = [e for c in known if c is not None for e in (c.events_t, c.events_c)]
        if len(ends) == 2 * len(parts) and all(low == high for low, high in (*ends, s.n_t, s.n_c)):
            events = [sum(c.events_t[0] for c in known), s.n_t[0], sum(c.events_c[0] for c in known), s.n_c[0]]
            return Identified(name, study, "identified", np.array([events]))
        return Identified(name, study, "free", np.zeros((0, 4), dtype=int))

    def _rests_on_miss(self, outcome: str, study: str) -> bool:
        """Return whether the smallest result with this study has a printed number that no solution gives."""
        smallest = min(
            (r for r in self.puzzle.results if r.outcome == outcome and study in r.studies),
            key=lambda r: len(r.studies),
            default=None,
        )
        if smallest is None or all(s.role != "known-miss" for s in smallest.stats):
            return False
        rows = self.checks
        rows = rows[(rows["result"] == smallest.id) & (rows["role"] == "known-miss")]
        return bool((rows["agreeing"] == 0).any())

    @cached_property
    def arms(self) -> Relation:
        """The choices of arm sizes that occur in full solutions."""
        return joint_arms([s.kept for s in self.solutions], self.limits.rows)

    def tables(self) -> pd.DataFrame:
        """Return one row for each outcome and study: the table and how far it is identified.

        Returns
        -------
        DataFrame
            ``outcome, study, events_t, n_t, events_c, n_c, status``. Counts are missing where the status is ``set`` or
            ``free``; of complements the table with fewer events is shown.
        """
        rows = []
        for cell in self._cells:
            table = cell.tables[0].tolist() if cell.level == "unique" else [pd.NA] * 4
            rows.append((cell.outcome, cell.study, *table, cell.status))
        names = ["outcome", "study", "events_t", "n_t", "events_c", "n_c", "status"]
        frame = pd.DataFrame(rows, columns=names)
        return frame.astype(dict.fromkeys(names[2:6], "Int64"))

    @property
    def identification(self) -> pd.DataFrame:
        """One row for each outcome and study, and for the arms of each study (outcome ``arm sizes``).

        ``level`` is ``unique``, ``set`` or ``free``; ``values`` counts the distinct tables, complements taken as one;
        the ranges say between which ends events lie in all of them.
        """
        rows = []
        for study in self.puzzle.studies:
            n = (Var("", study.id, "t"), Var("", study.id, "c"))
            if self.solutions and n[0] in self.arms.cols:
                pairs = self.arms.project(n).rows
                level = "unique" if len(pairs) == 1 else "set"
                ends = [int(x) for x in (pairs[:, 0].min(), pairs[:, 0].max(), pairs[:, 1].min(), pairs[:, 1].max())]
                rows.append(
                    ("arm sizes", study.id, level, "identified" if len(pairs) == 1 else "set", len(pairs), *ends)
                )
        for cell in self._cells:
            ends = [pd.NA] * 4
            if len(cell.tables):
                a, c = cell.tables[:, 0], cell.tables[:, 2]
                ends = [int(x) for x in (a.min(), a.max(), c.min(), c.max())]
            rows.append((cell.outcome, cell.study, cell.level, cell.status, len(cell.tables), *ends))
        names = ["outcome", "study", "level", "status", "values", "low_t", "high_t", "low_c", "high_c"]
        return pd.DataFrame(rows, columns=names).astype(dict.fromkeys(names[4:], "Int64"))

    @cached_property
    def checks(self) -> pd.DataFrame:
        """One row for each printed number: its interval, the recomputed values over all solutions, and the verdict.

        ``role`` says whether the number took part in the search. ``agrees`` is True when it agrees in every solution;
        ``agreeing`` of ``solutions`` counts. A number is left out when no solution covers its studies.
        """
        rows = []
        for result in self.puzzle.results:
            group = next((g for g in self.solutions if covers(g.kept, result)), None)
            if group is None:
                continue
            values = statistics(pool_rows(result, counts(group.kept, result)), result.measure)
            for stat in result.stats:
                found = values[stat.name]
                good = agrees({stat.name: stat.printed}, {stat.name: found})
                p = stat.printed
                rows.append((result.id, stat.name, stat.role, p.text, p.low, p.high, *_ends(found), good))
        for total in self.puzzle.totals:
            found = self._total(total.outcome, total.arm, total.studies)
            if found is not None:
                good = found == total.value
                name = f"total {total.outcome or 'patients'}, {ARM_NAMES[total.arm]}"
                ends = (total.value, total.value, *_ends(found))
                rows.append((total.id, name, total.role, str(total.value), *ends, good))
        names = ["result", "statistic", "role", "printed", "low", "high", "value_low", "value_high", "good"]
        frame = pd.DataFrame(rows, columns=names)
        frame["agrees"] = [bool(g.all()) for g in frame["good"]]
        frame["agreeing"] = [int(g.sum()) for g in frame["good"]]
        frame["solutions"] = [len(g) for g in frame["good"]]
        return frame.drop(columns="good")

    def _total(self, outcome: str, arm: str, studies: Sequence[str]) -> np.ndarray | None:
        relations = [self.arms] if not outcome and self.solutions else [g.kept for g in self.solutions]
        for r in relations:
            cols = [Var(outcome, s, arm) for s in studies]
            if all(v in r.cols for v in cols):
                return np.maximum(r.values(cols), 0).sum(axis=1)
        return None

    @property
    def equivalences(self) -> tuple[str, ...]:
        """What no printed number can tell apart, in words."""
        out = []
        for cell in self._cells:
            if cell.status in ("identified up to complement", "nearest"):
                a, n, c, m = cell.tables[0].tolist()
                if n == m and (a, c) != (m - c, n - a) and complements_count(self.puzzle, cell.outcome):
                    out.append(
                        f"{cell.outcome}, {cell.study}: {a}/{n} v {c}/{m} and its complement {m - c}/{n} v {n - a}/{m}"
                        " have the same odds ratio and variance"
                    )
        out += [f"the names {', '.join(names)} can be exchanged" for names in self.puzzle.exchangeable]
        return tuple(out)

    def solution_tables(self, outcome: str | None = None) -> pd.DataFrame:
        """Return every kept solution in long form.

        Returns
        -------
        DataFrame
            ``group, solution, class, outcome, study, events_t, n_t, events_c, n_c``; a study that turned out not to
            report an outcome has no row. Solutions and classes are numbered from 1 within a group of outcomes.
        """
        names = ["group", "solution", "class", "outcome", "study", "events_t", "n_t", "events_c", "n_c"]
        pieces = []
        for number, group in enumerate(self.solutions):
            for o in self.puzzle.outcomes:
                for s in o.studies if o.id in group.outcomes and outcome in (None, o.id) else ():
                    tables = tables_of(group.kept, o.id, s)
                    if tables is None:
                        continue
                    piece = pd.DataFrame(tables, columns=names[5:])
                    piece.insert(0, "study", s)
                    piece.insert(0, "outcome", o.id)
                    piece.insert(0, "class", group.classes + 1)
                    piece.insert(0, "solution", np.arange(len(group)) + 1)
                    piece.insert(0, "group", number + 1)
                    pieces.append(piece[piece["events_t"] >= 0])
        if not pieces:
            return pd.DataFrame(columns=names)
        return pd.concat(pieces).sort_values(["group", "solution"], kind="stable", ignore_index=True)

    def to_json(self) -> str:
        """Return everything as JSON, unrounded; all but the key ``seconds`` is the same in every run."""
        from .report import as_dict

        return json.dumps(as_dict(self), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def summary(self) -> str:
        """Return the outcome of the search in a few lines."""
        from .report import summary

        return summary(self)

    def __repr__(self) -> str:
        return f"Recovery({self.status}, {self.count} solutions)"


def build(
    puzzle: Puzzle,
    limits: Limits,
    steps: Sequence[StepReport],
    relations: Sequence[Relation],
    status: str,
    message: str,
) -> Recovery:
    """Make the result of a search out of its last relations."""
    groups = []
    for relation in relations:
        ordered = _in_order(puzzle, relation)
        kept, _ = nearest(puzzle, ordered)
        outcomes = tuple(o.id for o in puzzle.outcomes if any(v.outcome == o.id for v in ordered.cols))
        groups.append(Solutions(outcomes, ordered, kept, classes(puzzle, kept)))
    kept = [g.kept for g in groups]
    count = full_solutions(kept, joint_arms(kept, limits.rows)) if kept else 0
    return Recovery(puzzle, status, message, tuple(steps), tuple(groups), count, limits)


def _in_order(puzzle: Puzzle, relation: Relation) -> Relation:
    """Sort columns as the puzzle lists them, and rows by their values, so that a solution has one form only."""
    wanted = [Var(o, s.id, arm) for o in ("", *(o.id for o in puzzle.outcomes)) for s in puzzle.studies for arm in "tc"]
    cols = [v for v in wanted if v in relation.cols]
    return relation.project(cols)


def _ends(values: np.ndarray) -> tuple[float, float]:
    known = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    return (float(known.min()), float(known.max())) if len(known) else (float("nan"), float("nan"))
