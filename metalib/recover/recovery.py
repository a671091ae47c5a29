"""The result of a search: solutions, what they identify, and how the numbers that were held back compare."""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from .agree import compare
from .assumptions import given
from .conclusions import deciding_numbers, ranges_of_conclusions
from .identify import Identified, add_up, complements_count, identify
from .parts import Var, arms_of, events_of
from .puzzle import Puzzle
from .relation import Relation
from .solutions import COUNTS, LONG, Solutions
from .state import Work, full_solutions, joint_arms
from .step import StepReport

#: So many of the numbers that would decide most stand in the JSON file.
DECIDING = 10


@dataclass(frozen=True, eq=False)
class Recovery:
    """What a search found.

    Attributes
    ----------
    puzzle : Puzzle
    status : str
        ``solved``; ``none``: there is no table that agrees; ``limit``: a limit ended the search.
    message : str
        Which printed numbers contradict each other, where nothing was left, or which limit was reached where.
    steps : tuple of StepReport
    solutions : tuple of Solutions
        One entry for each group of outcomes that share more than arm sizes; empty where there is no table. After a
        limit these are the partial solutions of the steps that were done: every full solution continues one of them,
        so a table that is the same in all of them is proven.
    count : int
        Number of full solutions, the groups combined over common arm sizes; 0 unless solved.
    arms : Relation
        The choices of arm sizes that occur in full solutions; without columns unless solved.
    unfinished : Solutions or None
        After a limit, what the step that it ended had found: agreeing with every printed number of that step and of
        those before, but perhaps not all.
    searched : float
        The share of that step that was searched.
    bounds : mapping
        After a limit, between which ends every count is proven to lie.
    """

    puzzle: Puzzle
    status: str
    message: str
    steps: tuple[StepReport, ...]
    solutions: tuple[Solutions, ...]
    count: int
    arms: Relation
    unfinished: Solutions | None = None
    searched: float = 1.0
    bounds: Mapping[Var, tuple[int, int]] = field(default_factory=dict)

    @cached_property
    def _identified(self) -> tuple[Identified, ...]:
        wanted: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []
        wanted += [(o.id, (o.id,), o.studies) for o in self.puzzle.outcomes]
        for name, parts in self.puzzle.sums.items():
            wanted.append((name, parts, self.puzzle.outcome(parts[0]).studies))
        return tuple(self._one(name, parts, study) for name, parts, studies in wanted for study in studies)

    def _one(self, name: str, parts: Sequence[str], study: str) -> Identified:
        """Return how far the table of one study is identified; `parts` are the categories that make it up."""
        unknown = np.zeros((0, 4), dtype=int)
        if self.status == "none":
            return Identified(name, study, "none", unknown)
        mirrored = all(complements_count(self.puzzle, o) for o in parts)
        for group in self.solutions:
            before, after = add_up(group.found, parts, study), add_up(group.kept, parts, study)
            if before is not None and after is not None:
                cell = identify(name, study, before, after, mirrored)
                missed = cell.level == "unique" and any(self._rests_on_miss(o, study) for o in parts)
                return replace(cell, status="nearest") if missed else cell
        s = self.puzzle.study(study)
        known = [k for o in parts if (k := self.puzzle.outcome(o).known.get(study)) is not None]
        ends = [e for k in known for e in (k.events_t, k.events_c)]
        if len(known) == len(parts) and all(low == high for low, high in (*ends, s.n_t, s.n_c)):
            events = [sum(k.events_t[0] for k in known), s.n_t[0], sum(k.events_c[0] for k in known), s.n_c[0]]
            return Identified(name, study, "identified", np.array([events]))
        return Identified(name, study, "free" if self.status == "solved" else "not searched", unknown)

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

    def tables(self) -> pd.DataFrame:
        """Return one row for each outcome and study: the table and how far it is identified.

        Returns
        -------
        DataFrame
            ``outcome, study, events_t, n_t, events_c, n_c, status``. Counts are missing where the status is ``set``,
            ``free``, ``none`` or ``not searched``; of complements the table with fewer events is shown.
        """
        rows = []
        for cell in self._identified:
            table = cell.tables[0].tolist() if cell.level == "unique" else [pd.NA] * 4
            rows.append((cell.outcome, cell.study, *table, cell.status))
        frame = pd.DataFrame(rows, columns=["outcome", "study", *COUNTS, "status"])
        return frame.astype(dict.fromkeys(COUNTS, "Int64"))

    @property
    def identification(self) -> pd.DataFrame:
        """One row for each outcome and study, and for the arms of each study (outcome ``arm sizes``).

        ``level`` is ``unique``, ``set``, ``free``, ``none`` or ``not searched``; ``values`` counts the distinct tables,
        complements taken as one; the ranges say between which ends events lie in all of them.
        """
        rows: list[tuple[object, ...]] = []
        for study in self.puzzle.studies:
            n = arms_of(study.id)
            if n[0] in self.arms.cols:
                pairs = self.arms.project(n).rows
                level, status = ("unique", "identified") if len(pairs) == 1 else ("set", "set")
                rows.append(("arm sizes", study.id, level, status, len(pairs), *_ranges(pairs)))
        for cell in self._identified:
            ends = _ranges(cell.tables[:, [0, 2]])
            proven = [self.bounds.get(v) for v in events_of(cell.outcome, cell.study)]
            if not len(cell.tables) and None not in proven:
                ends = [x for pair in proven if pair is not None for x in pair]
            rows.append((cell.outcome, cell.study, cell.level, cell.status, len(cell.tables), *ends))
        names = ["outcome", "study", "level", "status", "values", "low_t", "high_t", "low_c", "high_c"]
        return pd.DataFrame(rows, columns=names).astype(dict.fromkeys(names[4:], "Int64"))

    @cached_property
    def checks(self) -> pd.DataFrame:
        """One row for each printed number: its interval, the recomputed values over all solutions, and the verdict.

        ``role`` says whether the number took part in the search. ``agrees`` is True when it agrees in every solution;
        ``agreeing`` of ``solutions`` counts. A number is left out when no solution covers its studies, and all are
        unless the puzzle is solved.
        """
        relations = [g.kept for g in self.solutions] if self.status == "solved" else []
        return compare(self.puzzle, relations, self.arms)

    @property
    def equivalences(self) -> tuple[str, ...]:
        """What no printed number can tell apart, in words."""
        out = []
        for cell in self._identified:
            if cell.status in ("identified up to complement", "nearest"):
                a, n, c, m = cell.tables[0].tolist()
                if n == m and (a, c) != (m - c, n - a) and complements_count(self.puzzle, cell.outcome):
                    out.append(
                        f"{cell.outcome}, {cell.study}: {a}/{n} v {c}/{m} and its complement {m - c}/{n} v {n - a}/{m}"
                        " have the same odds ratio and variance"
                    )
        out += [f"the names {', '.join(names)} can be exchanged" for names in self.puzzle.exchangeable]
        return tuple(out)

    @property
    def conclusions(self) -> pd.DataFrame:
        """What pooled results are over all solutions: :func:`.conclusions.ranges_of_conclusions`."""
        return ranges_of_conclusions(self.puzzle, self.solutions if self.status == "solved" else ())

    @cached_property
    def deciding(self) -> pd.DataFrame:
        """Which further number would leave the fewest solutions: :func:`.conclusions.deciding_numbers`.

        After a limit by what the last step had found, which need not be all.
        """
        groups = self.solutions if self.unfinished is None else (self.unfinished,)
        largest = max(groups, key=len, default=None)
        none = pd.DataFrame(columns=["number", "values", "left", "most"])
        return none if largest is None else deciding_numbers(self.puzzle, largest)

    def solution_tables(self, outcome: str | None = None) -> pd.DataFrame:
        """Return every kept solution in long form; after a limit every partial one.

        Returns
        -------
        DataFrame
            ``group, solution, class, outcome, study, events_t, n_t, events_c, n_c``; a study that turned out not to
            report an outcome has no row. Solutions and classes are numbered from 1 within a group of outcomes.
        """
        pieces = [p for number, group in enumerate(self.solutions, 1) for p in group.long(self.puzzle, number, outcome)]
        if not pieces:
            return pd.DataFrame(columns=LONG)
        return pd.concat(pieces).sort_values(["group", "solution"], kind="stable", ignore_index=True)

    def to_json(self) -> str:
        """Return everything as JSON, unrounded; all but the key ``seconds`` is the same in every run.

        A group of more than 5,000 solutions has no ``rows`` but a text ``left_out`` that says where they are:
        :meth:`solution_tables`, on the command line ``--solutions FILE``.
        """
        steps = ("outcome", "studies", "before", "candidates", "compared", "after", "kept")
        content = {
            "title": self.puzzle.title,
            "status": self.status,
            "message": self.message,
            "solutions": self.count,
            "assumptions": list(given(self.puzzle)),
            "steps": [{"results": s.name} | {key: getattr(s, key) for key in steps} for s in self.steps],
            "searched": self.searched,
            "unfinished": None if self.unfinished is None else self.unfinished.plain(),
            "conclusions": _records(self.conclusions),
            "deciding": _records(self.deciding.head(DECIDING)),
            "groups": [g.plain() for g in self.solutions],
            "tables": _records(self.tables()),
            "identification": _records(self.identification),
            "equivalences": list(self.equivalences),
            "printed": _records(self.checks),
            "seconds": {s.name: s.seconds for s in self.steps},
        }
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def summary(self) -> str:
        """Return the outcome of the search in a few lines."""
        lines = [
            f"{s.name} ({', '.join(s.studies)}): {s.candidates:,} -> {s.after:,} in {s.seconds:.1f} s"
            for s in self.steps
        ]
        if self.status == "none":
            return "\n".join([*lines, f"No table of whole numbers agrees with every printed number: {self.message}"])
        kind = "solutions"
        if self.status == "limit":
            kind = "partial solutions so far"
            proven = sum(cell.level == "unique" for cell in self._identified)
            lines.append(f"A limit ended the search: {self.message}")
            lines.append(f"{proven} of {len(self._identified)} tables are proven by the steps above")
            number = 0 if self.unfinished is None else len(self.unfinished)
            lines.append(f"{number:,} found in the step that was ended, {self.searched:.1%} of it searched")
        else:
            lines.append(f"{self.count:,} full solutions")
        for g in self.solutions:
            more = f" of {len(g.found):,}, the nearest" if len(g.found) != len(g.kept) else ""
            lines.append(f"{', '.join(g.outcomes)}: {len(g):,} {kind}{more}, in {g.class_count:,} classes")
        for row in _records(self.checks[self.checks["role"] != "search"]):
            verdict = "agrees" if row["agrees"] else f"agrees in {row['agreeing']} of {row['solutions']}"
            ends = dict.fromkeys(
                "no value" if row[end] is None else f"{row[end]:.6g}" for end in ("value_low", "value_high")
            )
            lines.append(
                f"held back: {row['result']}, {row['statistic']} {row['printed']}: {' to '.join(ends)}, {verdict}"
            )
        for row in _records(self.deciding.head(1)):
            lines.append(f"one number more, {row['number']}, would leave about {row['left']:,.1f} of them")
        return "\n".join([*lines, *self.equivalences, f"Given: {'; '.join(given(self.puzzle))}."])

    def __repr__(self) -> str:
        return f"Recovery({self.status}, {self.count} solutions)"


def build(
    puzzle: Puzzle, work: Work, steps: Sequence[StepReport], relations: Iterable[Relation], end: tuple[str, str]
) -> Recovery:
    """Make the result of a search out of its last relations; `end` is status and message."""
    solved = end[0] == "solved"
    groups = [Solutions.of(puzzle, relation, solved) for relation in relations]
    kept_rows = [g.kept for g in groups]
    arms = joint_arms(kept_rows, work) if solved else Relation.unit()
    count = full_solutions(kept_rows, arms) if solved and groups else 0
    return Recovery(puzzle, *end, tuple(steps), tuple(groups), count, arms)


def _ranges(pairs: np.ndarray) -> list[object]:
    """Return the smallest and largest value of two columns; missing where there is no row."""
    if not len(pairs):
        return [pd.NA] * 4
    return [int(x) for column in pairs.T for x in (column.min(), column.max())]


def _records(frame: pd.DataFrame) -> list[dict[Hashable, Any]]:
    return [{key: _plain(value) for key, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if value is pd.NA:
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value
