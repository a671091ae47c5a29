"""The solutions for outcomes that belong together, as tables in long form and as plain objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .identify import classes, nearest, tables_of
from .parts import ARMS, Var
from .puzzle import Puzzle
from .relation import Relation

#: More solutions than this are counted in the JSON file but not listed.
LISTED = 5000
COUNTS = ["events_t", "n_t", "events_c", "n_c"]
#: Columns of the solutions in long form.
LONG = ["group", "solution", "class", "outcome", "study", *COUNTS]


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

    @classmethod
    def of(cls, puzzle: Puzzle, relation: Relation, solved: bool) -> Solutions:
        """Return the solutions of a relation; columns as the puzzle lists them, rows by their values.

        Of partial solutions (not `solved`) all are kept: the nearest may yet be dropped.
        """
        outcomes = ("", *(o.id for o in puzzle.outcomes))
        wanted = [Var(o, s.id, arm) for o in outcomes for s in puzzle.studies for arm in ARMS]
        found = relation.project([v for v in wanted if v in relation.cols])
        kept = nearest(puzzle, found) if solved else found
        names = tuple(o for o in outcomes[1:] if any(v.outcome == o for v in found.cols))
        return cls(names, found, kept, classes(puzzle, kept))

    def __len__(self) -> int:
        return len(self.kept)

    @property
    def class_count(self) -> int:
        """Number of classes."""
        return len(np.unique(self.classes))

    def long(self, puzzle: Puzzle, number: int, outcome: str | None) -> list[pd.DataFrame]:
        """Return the kept solutions, a frame with the columns :data:`LONG` for each outcome and study."""
        pieces = []
        for o in puzzle.outcomes:
            for s in o.studies if o.id in self.outcomes and outcome in (None, o.id) else ():
                tables = tables_of(self.kept, o.id, s)
                if tables is None:
                    continue
                piece = pd.DataFrame(tables, columns=COUNTS)
                piece = piece.assign(group=number, solution=np.arange(len(self)) + 1, outcome=o.id, study=s)
                piece["class"] = self.classes + 1
                pieces.append(piece.loc[piece["events_t"] >= 0, LONG])
        return pieces

    def plain(self) -> dict[str, object]:
        """Return them as plain objects; the rows of more than 5,000 are left out, and a text says where they are."""
        listed = len(self) <= LISTED
        out = {
            "outcomes": list(self.outcomes),
            "found": len(self.found),
            "kept": len(self),
            "classes": self.class_count,
            "columns": [{"outcome": v.outcome or "arm size", "study": v.study, "arm": v.arm} for v in self.kept.cols],
            "rows": self.kept.rows.tolist() if listed else None,
        }
        if not listed:
            out["left_out"] = f"{len(self):,} rows; solution_tables() or --solutions FILE gives them as CSV"
        return out
