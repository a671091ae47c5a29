"""The parts of a recovery puzzle, as plain frozen objects, and the intervals that its printed numbers stand for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..arithmetic.options import RATIOS
from ..audit.printed import Printed
from ..text import STATISTICS as NAMES

ARMS = ("t", "c")
ARM_NAMES = {"t": "experimental", "c": "control"}
STATISTICS = tuple(s.puzzle for s in NAMES)
#: ``search``: every candidate must agree. ``check``: kept out of the search and compared afterwards. ``known-miss``:
#: known to fit nothing; kept out, and of the tables found those are kept that come closest to it.
ROLES = ("search", "check", "known-miss")
#: Relative widening of an interval, so that a value on its edge (a tie, or its floating-point shadow) is kept: a search
#: may keep too much, never too little. Sums of a few hundred floats err by far less, printed digits mean far more.
SLACK = 1e-9


#: Statistics that are counted in percent; a percent sign behind another one divides by 100.
PERCENTS = ("I2", "weight", "percent_t", "percent_c")


class Var(NamedTuple):
    """An unknown count: the events of an outcome in one arm of a study, or the size of the arm (outcome ``""``)."""

    outcome: str
    study: str
    arm: str


def arms_of(study: str) -> tuple[Var, Var]:
    """Return the sizes of both arms of a study."""
    return Var("", study, "t"), Var("", study, "c")


def events_of(outcome: str, study: str) -> tuple[Var, Var]:
    """Return the events of an outcome in both arms of a study."""
    return Var(outcome, study, "t"), Var(outcome, study, "c")


def table_of(outcome: str, study: str) -> tuple[Var, Var, Var, Var]:
    """Return the counts of a table: ``events_t, n_t, events_c, n_c``."""
    return Var(outcome, study, "t"), Var("", study, "t"), Var(outcome, study, "c"), Var("", study, "c")


@dataclass(frozen=True, slots=True)
class Study:
    """A study with bounds (inclusive) for the sizes of its arms."""

    id: str
    n_t: tuple[int, int]
    n_c: tuple[int, int]
    max_arm_difference: int | None


@dataclass(frozen=True, slots=True)
class EventBounds:
    """Bounds (inclusive) for the events of one outcome in one study."""

    events_t: tuple[int, int]
    events_c: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome, the studies that may report it, and what is known of their events beforehand.

    ``optional`` studies may turn out not to report it; ``reported`` is then the number of studies that do.
    """

    id: str
    studies: tuple[str, ...]
    known: Mapping[str, EventBounds]
    optional: tuple[str, ...] = ()
    reported: int | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """The closed interval of values that print as a text, on the scale of the computation.

    Attributes
    ----------
    low, high : float
        Widened by :data:`SLACK`; infinite on the open side of a bound.
    unit : float
        Unit of the last printed place that carries information.
    """

    low: float
    high: float
    unit: float

    def holds(self, value: float) -> bool:
        """Return whether a recomputed value prints as the text."""
        return self.low <= value <= self.high

    def distance(self, values: np.ndarray | float) -> np.ndarray:
        """Return how far values lie outside the interval: 0 inside, infinite where there is no value."""
        outside = np.maximum(np.maximum(self.low - values, values - self.high), 0.0)
        return np.asarray(np.where(np.isnan(values), np.inf, outside))


def interval(name: str, printed: Printed) -> Interval:
    """Return the interval of a printed statistic.

    A percentage is read in hundredths (a risk difference of ``-3.2%`` is -0.032), but for :data:`PERCENTS`. The sign of
    z is a convention, so its interval is reflected to positive values.
    """
    scale = 0.01 if printed.percent and name not in PERCENTS else 1.0
    unit = printed.unit * scale
    slack = SLACK * max(abs(printed.value * scale), unit)
    low, high = printed.low * scale - slack, printed.high * scale + slack
    if name == "z":
        ends = abs(low), abs(high)
        low, high = 0.0 if low <= 0 <= high else min(ends), max(ends)
    return Interval(low, high, unit)


@dataclass(frozen=True, slots=True)
class Stat:
    """A printed statistic, its role, where in the paper it stands, and its id in the file of printed numbers."""

    name: str
    printed: Printed
    role: str
    place: str
    id: str = ""

    @property
    def interval(self) -> Interval:
        """The values that print so."""
        return interval(self.name, self.printed)


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
    def searched(self) -> dict[str, Interval]:
        """The printed numbers that take part in the search."""
        return {s.name: s.interval for s in self.stats if s.role == "search"}

    @property
    def impossible(self) -> tuple[str, str, str] | None:
        """A printed number that no result can have (statistic, what is wrong, text), or None."""
        stats = {s.name: s for s in self.stats if s.role == "search"}
        never_negative = {"P", "P_Q", "Q", "I2", "df", "tau2", "k"}
        if self.measure in RATIOS:
            never_negative |= {"effect", "ci_low", "ci_high"}
        tops = {"P": 1.0, "P_Q": 1.0, "I2": 100.0}
        for name, stat in stats.items():
            i = stat.interval
            if (name in never_negative and i.high < 0) or i.low > tops.get(name, math.inf):
                return name, "the statistic cannot have this value", stat.printed.text
        for low, high in (("ci_low", "effect"), ("effect", "ci_high"), ("ci_low", "ci_high")):
            if low in stats and high in stats and stats[low].interval.low > stats[high].interval.high:
                return low, f"exceeds {high} {stats[high].printed.text!r}", stats[low].printed.text
        if "tau2" in stats and self.model == "fixed":
            return "tau2", "a fixed-effect result has no tau2", stats["tau2"].printed.text
        return None


@dataclass(frozen=True, slots=True)
class Link:
    """Outcomes that are disjoint categories of the patients of an arm; with ``exact`` they add up to all of them."""

    outcomes: tuple[str, ...]
    studies: tuple[str, ...]
    exact: bool


@dataclass(frozen=True, slots=True)
class Total:
    """A known sum over studies: of the events of an outcome in one arm, or of arm sizes (outcome ``""``).

    ``number`` is its id in the file of printed numbers, empty if it is not printed there.
    """

    id: str
    outcome: str
    arm: str
    value: int
    studies: tuple[str, ...]
    role: str
    place: str
    number: str = ""

    @property
    def terms(self) -> list[Var]:
        """The counts that add up to it."""
        return [Var(self.outcome, s, self.arm) for s in self.studies]
