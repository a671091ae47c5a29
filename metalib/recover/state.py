"""What a search knows at one moment: the relations found so far, what it may still use up, and how to count it down."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

import numpy as np

from ..arithmetic.options import RATIOS
from ..errors import OptionError, shown
from .bounds import Bounds, arm_count, arm_pairs, count_bounds
from .box import Box, box
from .parts import ARMS, Var, arms_of, events_of
from .puzzle import Puzzle
from .relation import Relation, codes, join, join_size, semijoin

#: Rows formed before they are thinned out, where memory allows.
PIECE = 1 << 19
#: Below this the temporary arrays of the smallest step do not fit.
FEWEST_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard limits of a search; reaching one ends it with a report of what was found so far, never with a silent cut.

    Attributes
    ----------
    rows : int
        Partial solutions held at once.
    pairs : int
        Pairs compared in one step.
    bytes : int
        Memory that partial solutions and the arrays made of them may take; at least 50 MB. It is estimated before
        arrays are asked for, so none larger than this ever is.
    seconds : float or None
        Time from the start of the search.

    Raises
    ------
    OptionError
        A limit is not positive, or `bytes` is too small.
    """

    rows: int = 10_000_000
    pairs: int = 20_000_000_000
    bytes: int = 2_000_000_000
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name, least in (("rows", 1), ("pairs", 1), ("bytes", FEWEST_BYTES)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise OptionError(f"{name}={shown(value)} must be a whole number of at least {least:,}")
        if self.seconds is not None and (isinstance(self.seconds, bool) or not self.seconds > 0):
            raise OptionError(f"seconds={shown(self.seconds)} must be positive")


class LimitReached(Exception):
    """A limit ended the search; caught by the engine and reported in the result."""


@dataclass(frozen=True)
class Work:
    """What a search may use up and who helps it: asked before anything large is made.

    Attributes
    ----------
    limits : Limits
    executor : concurrent.futures.Executor or None
        Shares out comparisons.
    tick : callable
        Called with the share of the present step that is done.
    start : float
        When the search began.
    """

    limits: Limits
    executor: Executor | None = None
    tick: Callable[[float], None] = lambda share: None
    start: float = field(default_factory=time.monotonic)

    def part(self, i: int, n: int) -> Work:
        """Return the same for part i of n of what is to be done."""
        return replace(self, tick=lambda share: self.tick((i + share) / n))

    def room(self, what: str, rows: int, width: int) -> None:
        """Raise :class:`LimitReached` where so many rows of `width` bytes are too many, do not fit, or time is up."""
        self.number(what, rows, self.limits.rows)
        needed, allowed = rows * width, self.limits.bytes
        if needed > allowed:
            raise LimitReached(f"{what}: about {needed / 1e9:,.2f} GB are needed, {allowed / 1e9:,.2f} GB are allowed")
        if self.limits.seconds is not None and time.monotonic() - self.start > self.limits.seconds:
            raise LimitReached(f"time: {self.limits.seconds:g} seconds are allowed")

    def number(self, what: str, needed: int, allowed: int) -> None:
        """Raise :class:`LimitReached` where a number exceeds what is allowed."""
        if needed > allowed:
            raise LimitReached(f"{what}: {needed:,} are needed, {allowed:,} are allowed")

    def piece(self, width: int) -> int:
        """Return how many rows of `width` bytes may be formed at once, before they are thinned out."""
        return max(min(PIECE, self.limits.bytes // (8 * width)), 1)


@dataclass
class State:
    """The relations of a running search; each holds whole outcomes, and an outcome is in one relation only."""

    puzzle: Puzzle
    work: Work
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
        ends = [self.bounds.get(v) for v in events_of(outcome, study)]
        return not optional and all(e is not None and e[0] == e[1] for e in ends)

    def arms(self, study: str) -> np.ndarray:
        """Return the pairs of arm sizes of a study that all relations still allow."""
        what = f"pairs of arm sizes of study {study!r}"
        number = arm_count(self.puzzle, self.bounds, study)
        # Pairs, ranges of events for each, and what is made of them.
        self.work.room(what, number, 400)
        out = Relation(arms_of(study), arm_pairs(self.puzzle, self.bounds, study))
        for r in self.relations:
            if out.cols[0] in r.cols:
                out = semijoin(out, r.project(out.cols))
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
            out = self.obey_links(checked_join(out, r, "rows of the joined relation", self.work))
        return out

    def obey_links(self, relation: Relation) -> Relation:
        """Drop the rows in which linked categories exceed, or where all are there do not add up to, an arm."""
        keep = np.ones(len(relation), dtype=bool)
        for link in self.puzzle.links:
            for study in link.studies:
                for arm in ARMS:
                    n = Var("", study, arm)
                    here = [Var(o, study, arm) for o in link.outcomes if Var(o, study, arm) in relation.cols]
                    if n not in relation.cols or not here:
                        continue
                    total = relation.events(here)
                    rest, complete = 0, True
                    for o in link.outcomes:
                        if Var(o, study, arm) not in here:
                            low, high = self.bounds.get(Var(o, study, arm), (0, 0))
                            rest, complete = rest + low, complete and low == high
                    size = relation.column(n)
                    keep &= (total + rest == size) if link.exact and complete else (total + rest <= size)
        return relation.take(keep) if not keep.all() else relation


def checked_join(left: Relation, right: Relation, what: str, work: Work) -> Relation:
    """Return the natural join, once it is known to fit."""
    size = join_size(left, right)
    # The rows, what is taken from either side to form them, and the indices of both.
    work.room(what, size, 8 * (len(left.cols) + len(right.cols)) + 40)
    return join(left, right)


def sizes(relation: Relation) -> Relation:
    """Return the distinct choices of arm sizes in a relation."""
    return relation.project([v for v in relation.cols if not v.outcome])


def joint_arms(relations: Sequence[Relation], work: Work) -> Relation:
    """Return the choices of arm sizes that all relations allow together: all that separate outcomes have in common."""
    arms = Relation.unit()
    for r in relations:
        arms = checked_join(arms, sizes(r), "choices of arms", work)
    return arms


def full_solutions(relations: Sequence[Relation], arms: Relation) -> int:
    """Return how many full solutions relations stand for, the choices for separate outcomes multiplied."""
    total = np.ones(len(arms), dtype=object)
    for r in relations:
        cols = [v for v in r.cols if not v.outcome]
        both = codes(arms.values(cols), r.values(cols))
        mine, theirs = both[: len(arms)], np.sort(both[len(arms) :])
        partners = np.searchsorted(theirs, mine, "right") - np.searchsorted(theirs, mine, "left")
        # Python's own whole numbers: products of independent outcomes outgrow 64 bits.
        total = total * np.array(partners.tolist(), dtype=object)
    return int(sum(total.tolist()))
