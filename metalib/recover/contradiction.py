"""Which printed numbers cannot hold together, and which single digit would reconcile them.

A minimal contradiction is a set of printed numbers that no tables give, while every smaller one has some. One is found
by leaving out one number after another, for good where the rest still contradicts itself; others by doing the same
without one of its members. A misprint alone stands in all of them.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..audit.printed import Printed, read_printed
from ..errors import MetalibError
from .engine import recover
from .forest.plot import ForestPlot
from .forest.recover import recover_forest
from .puzzle import Puzzle
from .state import Limits

#: A printed number: the line or result it stands in, and its name.
Place = tuple[str, str]
#: Seconds for one question whether numbers hold together; what is not settled by then does not count as contradiction.
SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Repair:
    """A change of one printed number, by one digit or two exchanged ones, after which all numbers hold together."""

    place: Place
    printed: str
    instead: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Why no tables agree.

    Attributes
    ----------
    sets : tuple of tuple of Place
        Minimal contradictions, the smallest first; empty where the numbers hold together.
    repairs : tuple of Repair
        Those in the most contradictions first, then the smallest changes.
    texts : mapping
        The printed numbers by place.
    finished : bool
        Whether time allowed to look for everything.
    """

    sets: tuple[tuple[Place, ...], ...]
    repairs: tuple[Repair, ...]
    texts: Mapping[Place, str]
    finished: bool

    def summary(self) -> str:
        """Return the contradictions and repairs in a few lines."""
        lines = [f"Cannot hold together: {', '.join(self._said(place) for place in one)}" for one in self.sets]
        lines += [f"Would hold with {r.instead!r} for {self._said(r.place)}" for r in self.repairs[:10]]
        if not self.finished:
            lines.append("Time did not allow to look for all contradictions and all digits that would mend them")
        return "\n".join(lines)

    def _said(self, place: Place) -> str:
        return f"{place[0]}, {place[1]} {self.texts[place]!r}"


class _Late(Exception):
    """Time is up."""


def explain(
    puzzle: Puzzle | ForestPlot, *, seconds: float = SECONDS, budget: float = 60.0, most: int = 4
) -> Contradiction:
    """Return minimal contradictions of the printed numbers of a puzzle or a plot, and the digits that would mend them.

    Arm sizes, totals, links and how results are pooled are taken as they are. Of a plot whose rows have tables each by
    itself, weights and pooled line are held against the rows as these are printed.

    Parameters
    ----------
    puzzle : Puzzle or ForestPlot
    seconds : float
        For each question whether numbers hold together.
    budget : float
        Seconds for all questions.
    most : int
        Minimal contradictions to look for.
    """
    ask = _Plot(puzzle, seconds) if isinstance(puzzle, ForestPlot) else _Puzzle(puzzle, seconds)
    end = time.monotonic() + budget
    texts = {place: printed.text for place, printed in ask.numbers.items()}

    def possible(left_out: Collection[Place]) -> bool:
        if time.monotonic() > end:
            raise _Late
        return ask.possible(left_out)

    sets: list[tuple[Place, ...]] = []
    found: list[tuple[int, float, Repair]] = []
    finished = True
    try:
        _minimal_sets(possible, ask.suspects, most, sets)
    except _Late:
        finished = False
    times = {place: sum(place in one for one in sets) for one in sets for place in one}
    for place in sorted(times, key=lambda place: -times[place]):
        for other in _misprints(ask.numbers[place]):
            finished &= time.monotonic() <= end
            if finished and ask.possible_with(place, other):
                change = abs(other.value - ask.numbers[place].value) / ask.numbers[place].unit
                found.append((-times[place], change, Repair(place, texts[place], other.text)))
    found.sort(key=lambda x: x[:2])
    repairs = tuple(repair for *_, repair in found)
    return Contradiction(tuple(sorted(sets, key=len)), repairs, texts, finished)


def _minimal_sets(
    possible: Callable[[Collection[Place]], bool],
    suspects: Sequence[Place],
    most: int,
    found: list[tuple[Place, ...]],
) -> None:
    """Append minimal contradictions; `possible` says whether numbers hold together once some are left out."""
    waiting: list[tuple[Place, ...]] = [()]
    tried = set(waiting)
    while waiting and len(found) < most:
        out = set(waiting.pop(0))
        if possible(out):
            continue
        left_out = set(out)
        for place in suspects:
            if place not in left_out and not possible(left_out | {place}):
                left_out.add(place)
        one = tuple(place for place in suspects if place not in left_out)
        if one not in found:
            found.append(one)
        for place in one:
            further = tuple(sorted(out | {place}))
            if further not in tried:
                tried.add(further)
                waiting.append(further)


def _misprints(printed: Printed) -> Iterator[Printed]:
    """Yield what may stand there with one digit changed, or two neighbouring ones exchanged."""
    text = printed.text
    at = [m.start() for m in re.finditer(r"[0-9]", text)]
    texts = [f"{text[:i]}{d}{text[i + 1 :]}" for i in at for d in "0123456789" if d != text[i]]
    for i, j in itertools.pairwise(at):
        texts.append(f"{text[:i]}{text[j]}{text[i + 1 : j]}{text[i]}{text[j + 1 :]}")
    # A unit other than that of the last digit was given apart from the text.
    unit = printed.unit if read_printed(text).unit != printed.unit else None
    for other in dict.fromkeys(texts):
        if other != text:
            yield read_printed(other, unit)


class _Plot:
    """What can be asked of a forest plot."""

    def __init__(self, plot: ForestPlot, seconds: float) -> None:
        self.plot, self.limits = plot, Limits(seconds=seconds)
        lines = [*plot.rows, plot.pooled]
        self.numbers = {(line.name, name): printed for line in lines for name, printed in line.stats.items()}
        alone = replace(plot, pooled=replace(plot.pooled, stats={}, counts={}))
        without = alone.without([place for place in self.numbers if place[1] == "weight"])
        found = recover_forest(without, limits=self.limits)
        rows = {row.study for row in found.rows if not row.alone} if found.status == "none" else set()
        # A row without a table needs nothing else to be contradictory.
        self.suspects = [p for p in self.numbers if p[0] in rows and p[1] != "weight"] or [
            p for p in self.numbers if p[1] == "weight" or p[0] == plot.pooled.name
        ]

    def possible(self, left_out: Collection[Place]) -> bool:
        return recover_forest(self.plot.without(left_out), limits=self.limits).status != "none"

    def possible_with(self, place: Place, printed: Printed) -> bool:
        return recover_forest(self.plot.with_printed(*place, printed), limits=self.limits).status == "solved"


class _Puzzle:
    """What can be asked of a puzzle."""

    def __init__(self, puzzle: Puzzle, seconds: float) -> None:
        self.puzzle, self.limits = puzzle, Limits(seconds=seconds)
        self.numbers = {(r.id, s.name): s.printed for r in puzzle.results for s in r.stats if s.role == "search"}
        self.suspects = list(self.numbers)

    def possible(self, left_out: Collection[Place]) -> bool:
        puzzle = self.puzzle
        for result in {place[0] for place in left_out}:
            puzzle = puzzle.with_role("check", result, [p[1] for p in left_out if p[0] == result])
        return recover(puzzle, limits=self.limits).status != "none"

    def possible_with(self, place: Place, printed: Printed) -> bool:
        def changed(name: str) -> Printed | None:
            return printed if name == place[1] else None

        results = tuple(
            replace(r, stats=tuple(replace(s, printed=changed(s.name) or s.printed) for s in r.stats))
            if r.id == place[0] else r
            for r in self.puzzle.results
        )  # fmt: skip
        try:
            return recover(replace(self.puzzle, results=results), limits=self.limits).status == "solved"
        except MetalibError:
            return False
