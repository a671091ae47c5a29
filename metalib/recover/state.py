"""What a search knows at one moment: the relations found so far, the limits, and how to count them down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..arithmetic.options import RATIOS
from .bounds import Bounds, arm_pairs, count_bounds
from .box import Box, box
from .model import Puzzle, Var
from .relation import Relation, join, join_size, semijoin


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard limits of a search; reaching one ends it with a report, never with a silent cut.

    Attributes
    ----------
    rows : int
        Partial solutions held at once.
    pairs : int
        Pairs compared in one step.
    """

    rows: int = 10_000_000
    pairs: int = 20_000_000_000


class LimitReached(Exception):
    """A limit ended the search; caught by the engine and reported in the result."""

    def __init__(self, what: str, needed: int, allowed: int) -> None:
        super().__init__(f"{what}: {needed:,} are needed, {allowed:,} are allowed")


@dataclass
class State:
    """The relations of a running search; each holds whole outcomes, and an outcome is in one relation only."""

    puzzle: Puzzle
    limits: Limits
    relations: list[Relation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bounds: Bounds = count_bounds(self.puzzle)
        self.boxes: dict[str, Box] = {
            r.id: box(r.searched, len(r.studies), r.measure in RATIOS) for r in self.puzzle.results
        }

    def relation_of(self, outcome: str) -> Relation | None:
        """Return the relation that holds an outcome."""
        return next((r for r in self.relations if any(v.outcome == outcome for v in r.cols)), None)

    def holds(self, outcome: str, study: str) -> bool:
        """Return whether the events of an outcome in a study have been searched."""
        return any(Var(outcome, study, "t") in r.cols for r in self.relations)

    def is_known(self, outcome: str, study: str) -> bool:
        """Return whether the events of an outcome in a study are given by the puzzle."""
        optional = study in self.puzzle.outcome(outcome).optional
        ends = [self.bounds.get(Var(outcome, study, arm)) for arm in ("t", "c")]
        return not optional and all(e is not None and e[0] == e[1] for e in ends)

    def arms(self, study: str) -> np.ndarray:
        """Return the pairs of arm sizes of a study that all relations still allow."""
        n = (Var("", study, "t"), Var("", study, "c"))
        out = Relation(n, arm_pairs(self.puzzle, self.bounds, study))
        for r in self.relations:
            if n[0] in r.cols:
                out = semijoin(out, r.project(n))
        return out.rows

    def replace(self, old: Sequence[Relation], new: Relation) -> None:
        """Put a relation in the place of others and let it restrict the rest."""
        self.relations = [r for r in self.relations if all(r is not o for o in old)] + [new]
        self.reduce()

    def reduce(self) -> None:
        """Drop rows of relations that have no partner in another one, until nothing changes."""
        changed = True
        while changed:
            changed = False
            for i, left in enumerate(self.relations):
                for right in self.relations:
                    if left is not right and left.shared(right):
                        fewer = semijoin(left, right)
                        if len(fewer) < len(left):
                            left, changed = fewer, True
                            self.relations[i] = left

    def merge(self, relations: Sequence[Relation]) -> Relation:
        """Join relations into one, applying the links between their outcomes; the state itself stays as it is."""
        out = Relation.unit()
        for r in relations:
            size = join_size(out, r)
            if size > self.limits.rows:
                raise LimitReached("rows of the joined relation", size, self.limits.rows)
            out = self.obey_links(join(out, r))
        return out

    def obey_links(self, relation: Relation) -> Relation:
        """Drop the rows in which linked categories exceed, or where all are there do not add up to, an arm."""
        keep = np.ones(len(relation), dtype=bool)
        for link in self.puzzle.links:
            for study in link.studies:
                for arm in ("t", "c"):
                    n = Var("", study, arm)
                    here = [Var(o, study, arm) for o in link.outcomes if Var(o, study, arm) in relation.cols]
                    if n not in relation.cols or not here:
                        continue
                    total = sum(np.maximum(relation.column(v), 0) for v in here)
                    rest, complete = 0, True
                    for o in link.outcomes:
                        if Var(o, study, arm) not in here:
                            low, high = self.bounds.get(Var(o, study, arm), (0, 0))
                            rest, complete = rest + low, complete and low == high
                    size = relation.column(n)
                    keep &= (total + rest == size) if link.exact and complete else (total + rest <= size)
        return relation.take(keep) if not keep.all() else relation
