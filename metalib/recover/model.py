"""The parts of a recovery puzzle, as plain frozen objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..errors import PuzzleError
from .printed import Printed

ARMS = ("t", "c")
ARM_NAMES = {"t": "experimental", "c": "control"}
STATISTICS = ("effect", "ci_low", "ci_high", "z", "P", "Q", "df", "P_Q", "I2", "tau2", "k")
#: ``search``: every candidate must agree. ``check``: kept out of the search and compared afterwards. ``known-miss``:
#: known to fit nothing; kept out, and of the tables found those are kept that come closest to it.
ROLES = ("search", "check", "known-miss")


class Var(NamedTuple):
    """An unknown count: the events of an outcome in one arm of a study, or the size of the arm (outcome ``""``)."""

    outcome: str
    study: str
    arm: str


@dataclass(frozen=True, slots=True)
class Study:
    """A study with bounds (inclusive) for the sizes of its arms."""

    id: str
    n_t: tuple[int, int]
    n_c: tuple[int, int]
    max_arm_difference: int | None


@dataclass(frozen=True, slots=True)
class Cell:
    """Bounds (inclusive) for the events of one outcome in one study; an upper bound of None is the arm size."""

    events_t: tuple[int, int | None]
    events_c: tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome, the studies that may report it, and what is known of their events beforehand.

    ``optional`` studies may turn out not to report it; ``reported`` is then the number of studies that do.
    """

    id: str
    studies: tuple[str, ...]
    cells: Mapping[str, Cell]
    optional: tuple[str, ...] = ()
    reported: int | None = None


@dataclass(frozen=True, slots=True)
class Stat:
    """A printed statistic, its role, and where in the paper it stands."""

    name: str
    printed: Printed
    role: str
    place: str


@dataclass(frozen=True, slots=True)
class Result:
    """A printed pooled result over a set of studies."""

    id: str
    outcome: str
    studies: tuple[str, ...]
    measure: str
    method: str
    model: str
    stats: tuple[Stat, ...]
    place: str

    @property
    def searched(self) -> dict[str, Printed]:
        """The printed numbers that take part in the search."""
        return {s.name: s.printed for s in self.stats if s.role == "search"}


@dataclass(frozen=True, slots=True)
class Link:
    """Outcomes that are disjoint categories of the patients of an arm; with ``exact`` they add up to all of them."""

    outcomes: tuple[str, ...]
    studies: tuple[str, ...]
    exact: bool


@dataclass(frozen=True, slots=True)
class Total:
    """A known sum over studies: of the events of an outcome in one arm, or of arm sizes (outcome ``""``)."""

    id: str
    outcome: str
    arm: str
    value: int
    studies: tuple[str, ...]
    role: str
    place: str


@dataclass(frozen=True, slots=True)
class Puzzle:
    """A whole puzzle, checked.

    Attributes
    ----------
    sums : mapping
        Unions of categories to report beside the outcomes, name to outcomes.
    exchangeable : tuple of tuple of str
        Studies whose names no printed number tells apart: the names are a reading, not a finding.
    assumptions : tuple of str
        What is taken for granted beyond the printed numbers.
    """

    title: str
    studies: tuple[Study, ...]
    outcomes: tuple[Outcome, ...]
    results: tuple[Result, ...]
    links: tuple[Link, ...]
    totals: tuple[Total, ...]
    sums: Mapping[str, tuple[str, ...]]
    exchangeable: tuple[tuple[str, ...], ...]
    assumptions: tuple[str, ...]
    file: str | None = None

    def with_max_difference(self, limit: int) -> Puzzle:
        """Return the puzzle with another bound on the difference of the arms of every study whose arms are unknown."""
        if limit < 0:
            raise PuzzleError("the largest difference of arms cannot be negative", value=limit)
        studies = tuple(
            replace(s, max_arm_difference=limit) if s.max_arm_difference is not None else s for s in self.studies
        )
        return replace(self, studies=studies)

    def study(self, name: str) -> Study:
        """Return a study by its id."""
        return next(s for s in self.studies if s.id == name)

    def outcome(self, name: str) -> Outcome:
        """Return an outcome by its id."""
        return next(o for o in self.outcomes if o.id == name)
