"""A recovery puzzle as a whole, and how it is changed: another assumption, the same printed numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from ..arithmetic.options import METHODS, MODELS, Options
from ..errors import PuzzleError, choose
from .parts import ROLES, EventBounds, Link, Outcome, Result, Study, Total

_Covering = TypeVar("_Covering", Result, Link, Total)
_Named = TypeVar("_Named", Study, Outcome)


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

    def study(self, name: str) -> Study:
        """Return a study by its id."""
        return _named("study", name, self.studies)

    def outcome(self, name: str) -> Outcome:
        """Return an outcome by its id."""
        return _named("outcome", name, self.outcomes)

    @property
    def roles(self) -> dict[str, str]:
        """Role of each printed number that has an id in the file of printed numbers, known totals included."""
        numbers = [(s.id, s.role) for r in self.results for s in r.stats]
        return {key: role for key, role in [*numbers, *((t.number, t.role) for t in self.totals)] if key}

    def for_outcomes(self, outcomes: Collection[str]) -> Puzzle:
        """Return the part of the puzzle that is about these outcomes.

        Categories that added up to an arm then only may not exceed it, if one of them is left out.

        Raises
        ------
        PuzzleError
            There is no such outcome.
        """
        for name in outcomes:
            self.outcome(name)
        kept = ((link, tuple(o for o in link.outcomes if o in outcomes)) for link in self.links)
        return replace(
            self,
            outcomes=tuple(o for o in self.outcomes if o.id in outcomes),
            results=tuple(r for r in self.results if r.outcome in outcomes),
            links=tuple(
                replace(link, outcomes=names, exact=link.exact and names == link.outcomes)
                for link, names in kept
                if len(names) > 1
            ),
            totals=tuple(t for t in self.totals if not t.outcome or t.outcome in outcomes),
            sums={name: parts for name, parts in self.sums.items() if set(parts) <= set(outcomes)},
        )

    def with_arms(
        self, study: str, n_t: tuple[int, int], n_c: tuple[int, int], max_difference: int | None = None
    ) -> Puzzle:
        """Return the puzzle with other bounds (inclusive) on the arms of a study, and on their difference.

        Raises
        ------
        PuzzleError
            There is no such study, or no arm has such a size.
        """
        for low, high in (n_t, n_c):
            if not 1 <= low <= high:
                raise PuzzleError("no arm has such a size", study=study, value=(low, high))
        changed = replace(self.study(study), n_t=n_t, n_c=n_c, max_arm_difference=_limit(max_difference))
        return replace(self, studies=tuple(changed if s.id == study else s for s in self.studies))

    def with_max_difference(self, limit: int) -> Puzzle:
        """Return the puzzle with another bound on the difference of the arms of every study whose arms are unknown."""
        _limit(limit)
        studies = (
            replace(s, max_arm_difference=limit) if s.max_arm_difference is not None else s for s in self.studies
        )
        return replace(self, studies=tuple(studies))

    def with_known(self, outcome: str, study: str, events: tuple[int, int] | None) -> Puzzle:
        """Return the puzzle with known events of a study in both arms, or with None without what was known of them.

        Raises
        ------
        PuzzleError
            There is no such outcome or study in it, or a number is negative.
        """
        found = self.outcome(outcome)
        if study not in found.studies:
            raise PuzzleError(f"the study does not report {outcome!r}", study=study)
        known = {s: k for s, k in found.known.items() if s != study}
        if events is not None:
            if min(events) < 0:
                raise PuzzleError("events cannot be negative", study=study, value=events)
            known[study] = EventBounds((events[0], events[0]), (events[1], events[1]))
        return self._with_outcome(replace(found, known=known))

    def with_study(self, old: str, new: str, outcomes: Collection[str]) -> Puzzle:
        """Return the puzzle with one study in the place of another in some outcomes, and nothing known of its events.

        Raises
        ------
        PuzzleError
            There is no such outcome or study, the old study does not report an outcome, or the new one does already.
        """
        self.study(new)
        puzzle = self
        for name in outcomes:
            o = self.outcome(name)
            if old not in o.studies or new in o.studies:
                raise PuzzleError(f"it cannot take the place of {old!r} in {name!r}", study=new)
            known = {s: k for s, k in o.known.items() if s != old}
            studies, optional = (tuple(new if s == old else s for s in names) for names in (o.studies, o.optional))
            puzzle = puzzle._with_outcome(replace(o, studies=studies, known=known, optional=optional))

        def renamed(part: _Covering, here: bool) -> _Covering:
            return replace(part, studies=tuple(new if s == old else s for s in part.studies)) if here else part

        return replace(
            puzzle,
            results=tuple(renamed(r, r.outcome in outcomes) for r in self.results),
            links=tuple(renamed(link, set(link.outcomes) <= set(outcomes)) for link in self.links),
            totals=tuple(renamed(t, t.outcome in outcomes) for t in self.totals),
        )

    def with_studies(self, result: str, studies: Collection[str]) -> Puzzle:
        """Return the puzzle with other studies behind a printed result.

        Raises
        ------
        PuzzleError
            There is no such result, no study is left, or one does not report its outcome.
        """

        def change(r: Result) -> Result:
            reporting = self.outcome(r.outcome).studies
            for name in studies:
                if name not in reporting:
                    raise PuzzleError(f"the study does not report {r.outcome!r}", study=name)
            if not studies:
                raise PuzzleError("no study is left", value=result)
            return replace(r, studies=tuple(s for s in reporting if s in studies))

        return self._with_results([result], change)

    def with_method(self, method: str, results: Iterable[str] | None = None) -> Puzzle:
        """Return the puzzle with another method for the results with these ids, or for all of them.

        Raises
        ------
        PuzzleError, OptionError
            There is no such result or method, or a result does not suit it.
        """
        choose("method", method, METHODS)
        return self._with_results(results, lambda r: replace(r, method=method))

    def with_model(self, model: str, results: Iterable[str] | None = None) -> Puzzle:
        """Return the puzzle with another model for the results with these ids, or for all of them.

        Raises
        ------
        PuzzleError, OptionError
            There is no such result or model, or a printed number or the method of a result does not suit the model.
        """
        choose("model", model, MODELS)
        return self._with_results(results, lambda r: replace(r, model=model))

    def with_role(self, role: str, result: str, statistics: Iterable[str]) -> Puzzle:
        """Return the puzzle with another role of some printed statistics of a result.

        Raises
        ------
        PuzzleError, OptionError
            There is no such result or role, or a statistic is not printed there.
        """
        choose("role", role, ROLES)
        names = set(statistics)
        printed = {s.name for r in self.results if r.id == result for s in r.stats}
        puzzle = self._with_results(
            [result],
            lambda r: replace(r, stats=tuple(replace(s, role=role) if s.name in names else s for s in r.stats)),
        )
        if names - printed:
            raise PuzzleError(f"result {result!r} has no such printed statistic", value=min(names - printed))
        return puzzle

    def with_reported(self, outcome: str, number: int) -> Puzzle:
        """Return the puzzle with another number of studies that report an outcome.

        Raises
        ------
        PuzzleError
            There is no such outcome, or the number does not suit its studies and those of them that are optional.
        """
        found = self.outcome(outcome)
        least, most = len(found.studies) - len(found.optional), len(found.studies)
        if not max(least, 1) <= number <= most:
            raise PuzzleError(f"between {max(least, 1)} and {most} studies report {outcome!r}", value=number)
        return self._with_outcome(replace(found, reported=number))

    def _with_outcome(self, changed: Outcome) -> Puzzle:
        return replace(self, outcomes=tuple(changed if o.id == changed.id else o for o in self.outcomes))

    def _with_results(self, ids: Iterable[str] | None, change: Callable[[Result], Result]) -> Puzzle:
        known = [r.id for r in self.results]
        chosen = known if ids is None else list(ids)
        for name in chosen:
            if name not in known:
                raise PuzzleError("there is no such result", value=name)
        results = tuple(change(r) if r.id in chosen else r for r in self.results)
        for r in results:
            Options(measure=r.measure, method=r.method, model=r.model)
            if r.impossible is not None:
                name, problem, text = r.impossible
                raise PuzzleError(f"result {r.id!r}: {name}: {problem}", value=text)
        return replace(self, results=results)


def _named(what: str, name: str, parts: Iterable[_Named]) -> _Named:
    for part in parts:
        if part.id == name:
            return part
    raise PuzzleError(f"there is no such {what}", value=name)


def _limit(value: int | None) -> int | None:
    if value is not None and value < 0:
        raise PuzzleError("the largest difference of arms cannot be negative", value=value)
    return value
