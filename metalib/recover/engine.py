"""The search from beginning to end: which printed result comes next, and what makes full solutions of the last rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor
from contextlib import suppress
from dataclasses import replace

from ..arithmetic.options import RATIOS
from .agree import total_of
from .box import contradiction
from .candidates import Derived
from .exclusion import left_out
from .halves import ratio_columns
from .parts import Result
from .puzzle import Puzzle
from .recovery import Recovery, build
from .relation import Relation, semijoin
from .solutions import Solutions
from .state import LimitReached, Limits, State, Work, joint_arms
from .step import Plan, Step, StepReport, stacked

Progress = Callable[[str, int, int, float], None]


class Interrupted(KeyboardInterrupt):
    """The search was interrupted (Ctrl-C); ``recovery`` says what had been found."""

    def __init__(self, recovery: Recovery) -> None:
        super().__init__(recovery.message)
        self.recovery = recovery


def recover(
    puzzle: Puzzle, *, executor: Executor | None = None, progress: Progress | None = None, limits: Limits | None = None
) -> Recovery:
    """Find all tables of whole numbers that agree with every printed number of a puzzle.

    Parameters
    ----------
    puzzle : Puzzle
        From :func:`read_puzzle` or :func:`check_puzzle`.
    executor : concurrent.futures.Executor, optional
        Shares out the comparisons of large steps; threads, processes or dask's.
    progress : callable, optional
        Called as ``progress(step name, steps done, steps in all, share of this step)``.
    limits : Limits, optional
        Rows, pairs, bytes and seconds at which the search gives up and says so.

    Returns
    -------
    Recovery
        ``status`` is ``"solved"``, ``"none"`` (there is no such table; the message names printed numbers that
        contradict each other, or where nothing was left) or ``"limit"`` (with the place, and what was found so far).

    Raises
    ------
    Interrupted
        On Ctrl-C, a KeyboardInterrupt with what was found so far.
    """
    return _Search(puzzle, Work(limits or Limits(), executor), progress or (lambda *_: None)).run()


class _Search:
    def __init__(self, puzzle: Puzzle, work: Work, tell: Progress) -> None:
        self.puzzle, self.work, self.tell = puzzle, work, tell
        self.state = State(puzzle, work)
        self.steps: list[StepReport] = []
        self.name = "bounds"
        self.step: Step | None = None
        self.share = 0.0

    def run(self) -> Recovery:
        try:
            return self._found("none" if (problem := self._nothing_left()) else "solved", problem)
        except LimitReached as limit:
            return self._found("limit", f"step {self.name!r}: {limit}")
        except MemoryError:
            return self._found("limit", f"step {self.name!r}: the memory of this machine is used up")
        except BrokenExecutor:
            return self._found("limit", f"step {self.name!r}: a process of the executor has ended")
        except KeyboardInterrupt:
            raise Interrupted(self._found("limit", f"step {self.name!r}: interrupted")) from None

    def _found(self, status: str, message: str) -> Recovery:
        relations = () if status == "none" else self.state.relations
        end = (status, message)
        if status != "limit":
            return build(self.puzzle, self.work, self.steps, relations, end)
        bounds = self.state.bounds | (self.step.ranges if self.step else {})
        # What is left of the memory may be little: less is said then, but something always is.
        for known, running in ((relations, self.step), (relations, None), ((), None)):
            with suppress(LimitReached, MemoryError):
                found = build(self.puzzle, self.work, self.steps, known, end)
                pieces = running.found if running else []
                unfinished = Solutions.of(self.puzzle, stacked(pieces, ()), False) if any(map(len, pieces)) else None
                return replace(found, unfinished=unfinished, searched=self.share, bounds=bounds)
        return Recovery(self.puzzle, *end, tuple(self.steps), (), 0, Relation.unit(), bounds=bounds)

    def _nothing_left(self) -> str:
        """Search; return why there is no solution, or an empty text."""
        state = self.state
        for r in self.puzzle.results:
            names = contradiction(r.searched, len(r.studies), r.measure in RATIOS)
            if names:
                texts = {s.name: s.printed.text for s in r.stats}
                shown = ", ".join(f"{name} {texts[name]!r}" for name in names)
                return f"the printed numbers of {r.id!r} contradict each other: {shown}, with {len(r.studies)} studies"
        if any(low > high for low, high in state.bounds.values()):
            return f"nothing is left after step {self.name!r}"
        pending = [r for r in self.puzzle.results if r.searched]
        whole = len(pending)
        while pending:
            plan = next_plan(state, pending)
            self.name, done = plan.name, whole - len(pending)
            self.tell(plan.name, done, whole, 0.0)
            self.step = Step(state, plan)
            self.steps.append(self.step.run(self._telling(plan.name, done, whole)))
            self.step = None
            ids = {r.id for r in plan.results}
            pending = [r for r in pending if r.id not in ids]
            if not all(len(r) for r in state.relations):
                return f"nothing is left after step {self.name!r}"
        self.name = "joining the outcomes"
        _join_linked(state)
        _arms_together(state)
        self.tell("done", whole, whole, 1.0)
        return "" if all(len(r) for r in state.relations) else "no choice of arms suits all outcomes together"

    def _telling(self, name: str, done: int, whole: int) -> Work:
        def tick(share: float) -> None:
            self.share = share
            self.tell(name, done, whole, share)

        self.share = 0.0
        return replace(self.work, tick=tick)


def next_plan(state: State, pending: Sequence[Result]) -> Plan:
    """Return the step to do next: the printed result that adds the fewest unknown tables.

    Nested sets of studies are so worked through from the smallest one up. Ties go to the result that stands first in
    the puzzle.
    """

    def missing(result: Result) -> list[str]:
        return [s for s in result.studies if not state.holds(result.outcome, s)]

    first = min(pending, key=lambda r: len(missing(r)))
    new = missing(_whole(state, first, pending))
    derived, merge = _derivation(state, first.outcome, new)
    names = {first.outcome} | ({derived.outcome} if derived else set())

    def has(outcome: str, study: str) -> bool:
        return state.holds(outcome, study) or (outcome in names and study in new)

    completed = tuple(r for r in pending if r.outcome in names and all(has(r.outcome, s) for s in r.studies))
    return Plan(completed, first.outcome, derived, merge, tuple(new))


def _whole(state: State, first: Result, pending: Sequence[Result]) -> Result:
    """Return the result with one study more, if nearly all lines without one of its studies are printed as well.

    A study has then to fit its own line, and all of them are searched at once faster than some of them.
    """

    def columns(result: Result) -> tuple[int, int] | None:
        return ratio_columns(result, state.boxes[result.id])

    for whole in pending:
        new = not any(state.holds(whole.outcome, s) for s in whole.studies)
        if new and columns(whole) is not None and (whole is first or left_out(whole, first)):
            lacking = {left_out(whole, r) for r in pending if columns(r) == columns(whole)} - {None}
            if len(lacking) >= max(len(whole.studies) - 1, 3):
                return whole
    return first


def _derivation(state: State, outcome: str, new: Sequence[str]) -> tuple[Derived | None, tuple[str, ...]]:
    """Return the outcome that adding `outcome` determines, and the outcomes to be joined for that."""
    for link in state.puzzle.links:
        if not (link.exact and outcome in link.outcomes and new and set(new) <= set(link.studies)):
            continue
        others = [o for o in link.outcomes if o != outcome]
        open_ = [o for o in others if not all(state.holds(o, s) or state.is_known(o, s) for s in new)]
        if len(open_) == 1 and not any(state.holds(open_[0], s) for s in new):
            rest = tuple(o for o in others if o != open_[0])
            # An earlier step may have derived the same outcome for other studies: it stays in one relation.
            return Derived(open_[0], rest), tuple(o for o in others if state.relation_of(o) is not None)
    return None, ()


def _join_linked(state: State) -> None:
    """Join relations whose outcomes are categories of the same patients, as their rows must fit side by side."""
    for link in state.puzzle.links:
        here = [r for r in state.relations if any(v.outcome in link.outcomes for v in r.cols)]
        if len(here) > 1:
            state.replace(here, state.merge(here))
    state.relations = [state.obey_links(r) for r in state.relations]
    state.reduce()


def _arms_together(state: State) -> None:
    """Keep the rows whose arms occur in a choice of arms that suits all relations and totals at once.

    After the linked outcomes are joined, relations share nothing but arm sizes, so this makes every remaining row part
    of a full solution.
    """
    arms = joint_arms(state.relations, state.work)
    for total in state.puzzle.totals:
        sums = total_of(total, [arms])
        if total.role == "search" and sums is not None and not total.outcome:
            arms = arms.take(sums == total.value)
    state.relations = [semijoin(r, arms) for r in state.relations]
