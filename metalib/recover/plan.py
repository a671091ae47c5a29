"""The order of a search: at each moment the printed result that adds the fewest unknown tables comes next."""

from __future__ import annotations

from collections.abc import Sequence

from .model import Link, Result
from .state import State
from .step import Derived, Plan


def next_plan(state: State, pending: Sequence[Result]) -> Plan:
    """Return the step to do next.

    Nested sets of studies are so worked through from the smallest one up. Ties go to the result that stands first in
    the puzzle.
    """
    _, first = min(enumerate(pending), key=lambda item: (len(_missing(state, item[1])), item[0]))
    new = _missing(state, first)
    derived, merge = _derivation(state, first.outcome, new)
    names = {first.outcome} | ({derived.outcome} if derived else set())

    def has(outcome: str, study: str) -> bool:
        return state.holds(outcome, study) or (outcome in names and study in new)

    completed = tuple(r for r in pending if r.outcome in names and all(has(r.outcome, s) for s in r.studies))
    return Plan(completed, first.outcome, derived, merge, tuple(new))


def _missing(state: State, result: Result) -> list[str]:
    return [s for s in result.studies if not state.holds(result.outcome, s)]


def _derivation(state: State, outcome: str, new: Sequence[str]) -> tuple[Derived | None, tuple[str, ...]]:
    """Return the outcome that adding `outcome` determines, and the outcomes to be joined for that."""
    for link in state.puzzle.links:
        if not (link.exact and outcome in link.outcomes and new and set(new) <= set(link.studies)):
            continue
        others = [o for o in link.outcomes if o != outcome]
        open_ = [o for o in others if not _determined(state, link, o, new)]
        if len(open_) == 1 and not any(state.holds(open_[0], s) for s in new):
            rest = tuple(o for o in others if o != open_[0])
            # An earlier step may have derived the same outcome for other studies: it stays in one relation.
            return Derived(open_[0], rest), tuple(o for o in others if state.relation_of(o) is not None)
    return None, ()


def _determined(state: State, link: Link, outcome: str, new: Sequence[str]) -> bool:
    return all(state.holds(outcome, s) or state.is_known(outcome, s) for s in new)
