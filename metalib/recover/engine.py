"""The search from beginning to end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

from .arms import joint_arms
from .model import Puzzle, Var
from .plan import next_plan
from .recovery import Recovery, build
from .relation import semijoin
from .state import LimitReached, Limits, State
from .step import StepReport, run_step

Progress = Callable[[str, int, int, float], None]


def recover(
    puzzle: Puzzle, *, executor: Executor | None = None, progress: Progress | None = None, limits: Limits | None = None
) -> Recovery:
    """Find all tables of whole numbers that agree with every printed number of a puzzle.

    Parameters
    ----------
    puzzle : Puzzle
        From :func:`read_puzzle`.
    executor : concurrent.futures.Executor, optional
        Shares out the comparisons of large steps; threads, processes or dask's.
    progress : callable, optional
        Called as ``progress(step name, steps done, steps in all, share of this step)``.
    limits : Limits, optional
        Sizes at which the search gives up and says so.

    Returns
    -------
    Recovery
        ``status`` is ``"solved"``, ``"none"`` (there is no such table) or ``"limit"`` (with the place).
    """
    state = State(puzzle, limits or Limits())
    tell = progress or (lambda *_: None)
    pending = [r for r in puzzle.results if r.searched]
    whole = len(pending)
    steps: list[StepReport] = []
    name = "bounds"
    try:
        impossible = any(low > high for low, high in state.bounds.values())
        while pending and not impossible:
            plan = next_plan(state, pending)
            name, done = plan.name, whole - len(pending)
            tell(name, done, whole, 0.0)
            steps.append(run_step(state, plan, executor, lambda share, n=name, d=done: tell(n, d, whole, share)))
            ids = {r.id for r in plan.results}
            pending = [r for r in pending if r.id not in ids]
            impossible = not all(len(r) for r in state.relations)
        if impossible:
            return build(puzzle, state.limits, steps, (), "none", f"nothing is left after step {name!r}")
        name = "joining the outcomes"
        _join_linked(state)
        _arms_together(state)
    except LimitReached as limit:
        return build(puzzle, state.limits, steps, (), "limit", f"step {name!r}: {limit}")
    tell("done", whole, whole, 1.0)
    if not all(len(r) for r in state.relations):
        return build(puzzle, state.limits, steps, (), "none", "no choice of arms suits all outcomes together")
    return build(puzzle, state.limits, steps, tuple(state.relations), "solved", "")


def _join_linked(state: State) -> None:
    """Join relations whose outcomes are categories of the same patients, as their rows must fit side by side."""
    for link in state.puzzle.links:
        here = []
        for outcome in link.outcomes:
            r = state.relation_of(outcome)
            if r is not None and all(r is not h for h in here):
                here.append(r)
        if len(here) > 1:
            state.replace(here, state.merge(here))
    state.relations = [state.obey_links(r) for r in state.relations]
    state.reduce()


def _arms_together(state: State) -> None:
    """Keep the rows whose arms occur in a choice of arms that suits all relations and totals at once.

    After the linked outcomes are joined, relations share nothing but arm sizes, so this makes every remaining row part
    of a full solution.
    """
    arms = joint_arms(state.relations, state.limits.rows)
    for total in state.puzzle.totals:
        variables = [Var("", s, total.arm) for s in total.studies]
        if total.role == "search" and not total.outcome and all(v in arms.cols for v in variables):
            arms = arms.take(arms.values(variables).sum(axis=1) == total.value)
    state.relations = [semijoin(r, arms) for r in state.relations]
