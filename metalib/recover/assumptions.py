"""What a search takes as given beside the printed numbers, in sentences, and what other choices would give."""

from __future__ import annotations

from dataclasses import dataclass

from ..text import METHOD_NAMES
from .puzzle import Puzzle


@dataclass(frozen=True, slots=True)
class Alternative:
    """What the same numbers give under another method or model.

    Attributes
    ----------
    method, model : str
    status : str
        ``solved``, ``none`` or ``limit``.
    unique : int
        Tables that are unique.
    same : bool
        Whether all tables are those found under what was given.
    """

    method: str
    model: str
    status: str
    unique: int
    same: bool

    def __str__(self) -> str:
        what = {"none": "no tables", "limit": "not finished"}.get(self.status, f"{self.unique} unique")
        same = ", the same tables" if self.same else ""
        return f"Under {METHOD_NAMES[self.method]}, {self.model} effects instead: {what}{same}"


def given(puzzle: Puzzle) -> tuple[str, ...]:
    """Return what a search of a puzzle takes as given: how results are pooled, of which studies, and the arms."""
    out = []
    for r in puzzle.results:
        out.append(f"{r.id}: {r.measure}, {METHOD_NAMES[r.method]}, {r.model} effects of {', '.join(r.studies)}")
    known = [s for s in puzzle.studies if s.n_t[0] == s.n_t[1] and s.n_c[0] == s.n_c[1]]
    arms = f"arm sizes known in {len(known)} of {len(puzzle.studies)} studies"
    if len(known) < len(puzzle.studies):
        others = [s for s in puzzle.studies if s not in known]
        low, high = min(min(s.n_t[0], s.n_c[0]) for s in others), max(max(s.n_t[1], s.n_c[1]) for s in others)
        arms += f", in the others between {low} and {high}"
        apart = {s.max_arm_difference for s in others}
        if len(apart) == 1 and None not in apart:
            arms += " and equal" if apart == {0} else f", at most {max(x or 0 for x in apart)} apart"
    return (*out, arms, *puzzle.assumptions)
