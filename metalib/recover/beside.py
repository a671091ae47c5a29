"""The other methods and models of a puzzle, searched beside it."""

from __future__ import annotations

from collections.abc import Iterator

from .assumptions import Alternative
from .engine import recover
from .puzzle import Puzzle
from .recovery import Recovery
from .state import Limits

#: Seconds for each other method or model.
SECONDS = 2.0
_OTHERS = (("MH", "fixed"), ("MH", "random"), ("IV", "fixed"), ("IV", "random"), ("Peto", "fixed"))


def alternatives(recovery: Recovery, *, seconds: float = SECONDS) -> tuple[Alternative, ...]:
    """Search a puzzle whose results share one method and model under the others; nothing where they do not.

    Parameters
    ----------
    recovery : Recovery
        What was found under the method and model of the puzzle.
    seconds : float
        For each of the others.
    """
    return tuple(_beside(recovery, seconds))


def _beside(recovery: Recovery, seconds: float) -> Iterator[Alternative]:
    puzzle = recovery.puzzle
    if len({(r.method, r.model) for r in puzzle.results}) != 1:
        return
    mine, tables = (puzzle.results[0].method, puzzle.results[0].model), recovery.tables()
    for method, model in _OTHERS:
        if (method, model) != mine and _suits(puzzle, method, model):
            # Fixed first: Peto's method has no other model.
            other = recover(
                puzzle.with_model("fixed").with_method(method).with_model(model), limits=Limits(seconds=seconds)
            )
            found = other.tables()
            unique = int(found["events_t"].notna().sum()) if other.status == "solved" else 0
            same = other.status == recovery.status == "solved" and bool(tables.equals(found))
            yield Alternative(method, model, other.status, unique, same)


def _suits(puzzle: Puzzle, method: str, model: str) -> bool:
    """Whether every result can be one of this method and model."""
    printed = any(s.name == "tau2" for r in puzzle.results for s in r.stats)
    return not (printed or (method == "Peto" and any(r.measure != "OR" for r in puzzle.results)))
