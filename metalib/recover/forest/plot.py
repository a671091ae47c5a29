"""A printed forest plot: what stands in the rows of its studies and in its pooled line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ...arithmetic.options import Options
from ...audit.printed import Printed
from ...errors import PuzzleError
from ...text import METHOD_NAMES, TAU2_NAMES
from ..parts import Interval, interval

Span = tuple[int, int]
#: Counts of a line, and their sums over both arms.
COUNTS = ("events_t", "n_t", "events_c", "n_c", "events", "n")
#: What can be printed of a study beside its counts. Weights and percentages of an arm are numbers of percent.
ROW = ("effect", "ci_low", "ci_high", "se", "z", "P", "weight", "percent_t", "percent_c")
#: What can be printed of the pooled line beside its counts, which are sums over the studies.
POOLED = ("effect", "ci_low", "ci_high", "z", "P", "Q", "df", "P_Q", "I2", "tau2", "k")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a plot: a study, or all of them pooled.

    Attributes
    ----------
    name : str
        The study; of the pooled line, its heading.
    counts : mapping
        Smallest and largest possible value of each of :data:`COUNTS` that is known.
    stats : mapping
        Printed numbers by name, of :data:`ROW` or :data:`POOLED`.
    estimable : bool
        False where the plot says "not estimable".
    """

    name: str
    counts: Mapping[str, Span] = field(default_factory=dict)
    stats: Mapping[str, Printed] = field(default_factory=dict)
    estimable: bool = True

    @property
    def intervals(self) -> dict[str, Interval]:
        """The values that print as each of the statistics."""
        return {name: interval(name, printed) for name, printed in self.stats.items()}

    def without(self, names: Iterable[str]) -> Line:
        """Return the line with fewer printed numbers, statistics or counts."""
        left_out = set(names)
        counts = {n: x for n, x in self.counts.items() if n not in left_out}
        return replace(self, counts=counts, stats={n: x for n, x in self.stats.items() if n not in left_out})


@dataclass(frozen=True, slots=True)
class ForestPlot:
    """A forest plot, checked.

    Attributes
    ----------
    options : Options
        How the plot says that it pools, and the level of its intervals.
    rows : tuple of Line
        The studies; every one has bounds on both arms.
    pooled : Line
    max_difference : int or None
        Largest difference between the arms of a study that are not printed.
    log : bool
        Whether effects and limits are printed as logarithms.
    """

    options: Options
    rows: tuple[Line, ...]
    pooled: Line = field(default_factory=lambda: Line("pooled"))
    max_difference: int | None = None
    log: bool = False
    title: str = ""
    file: str | None = None

    @property
    def studies(self) -> tuple[str, ...]:
        """Names of the studies."""
        return tuple(row.name for row in self.rows)

    @property
    def ratio(self) -> bool:
        """Whether printed effects are exponentials of what is computed."""
        return self.options.is_ratio and not self.log

    @property
    def given(self) -> tuple[str, ...]:
        """What is taken as given beside the printed numbers, in sentences."""
        o = self.options
        tau2 = f", tau² by {TAU2_NAMES[o.tau2]}" if o.model == "random" else ""
        interval_of = "Wald" if o.ci == "wald" else "Hartung-Knapp"
        printed = [row.name for row in self.rows if all(_exact(row.counts[n]) for n in ("n_t", "n_c"))]
        arms = f"arm sizes known in {len(printed)} of {len(self.rows)} studies"
        if len(printed) < len(self.rows):
            others = [row for row in self.rows if row.name not in printed]
            ends = [row.counts[n] for row in others for n in ("n_t", "n_c")]
            arms += f", in the others between {min(e[0] for e in ends)} and {max(e[1] for e in ends)}"
            if self.max_difference == 0:
                arms += " and equal"
            elif self.max_difference is not None:
                arms += f", at most {self.max_difference} apart"
        return (
            f"{o.measure}, {METHOD_NAMES[o.method]}, {o.model} effects{tau2}; {interval_of} intervals of {o.level:.0%}",
            f"the {len(self.rows)} rows are all studies that are pooled, and each is pooled once",
            arms,
            "0.5 is added to the cells of a study with a zero cell, as Review Manager does",
        )

    def with_max_difference(self, limit: int) -> ForestPlot:
        """Return the plot with another bound on the difference of arms that are not printed."""
        if limit < 0:
            raise PuzzleError("the largest difference of arms cannot be negative", value=limit)
        return replace(self, max_difference=limit)

    def without(self, left_out: Iterable[tuple[str, str]]) -> ForestPlot:
        """Return the plot with fewer printed numbers, given as (study, name); the pooled line goes by its own name.

        Arm sizes stay: without them there would be no end of tables.
        """
        by_line: dict[str, set[str]] = {}
        for line, name in left_out:
            by_line.setdefault(line, set()).add(name)
        rows = tuple(row.without(by_line.get(row.name, set()) - {"n_t", "n_c"}) for row in self.rows)
        return replace(self, rows=rows, pooled=self.pooled.without(by_line.get(self.pooled.name, set())))

    def with_printed(self, line: str, name: str, printed: Printed) -> ForestPlot:
        """Return the plot with another number in the place of a printed one."""

        def change(x: Line) -> Line:
            return replace(x, stats={**x.stats, name: printed}) if x.name == line else x

        return replace(self, rows=tuple(map(change, self.rows)), pooled=change(self.pooled))

    def printed_values(self, y: np.ndarray, v: np.ndarray) -> dict[str, np.ndarray]:
        """Return what is printed of effects `y` and variances `v`, but for weights and percentages."""
        se = np.sqrt(v)
        natural = np.exp if self.ratio else np.asarray
        half = self.options.z * se
        with np.errstate(over="ignore"):
            return {"effect": natural(y), "ci_low": natural(y - half), "ci_high": natural(y + half), "se": se,
                    "z": np.abs(y / se)}  # fmt: skip


def _exact(span: Span) -> bool:
    return span[0] == span[1]
