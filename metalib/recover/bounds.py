"""Bounds of single counts that follow from the puzzle before any search."""

from __future__ import annotations

import numpy as np

from .parts import ARMS, Var, arms_of
from .puzzle import Puzzle
from .relation import expand

Bounds = dict[Var, tuple[int, int]]
#: Wider than any arm.
LARGEST = 1 << 40


def count_bounds(puzzle: Puzzle) -> Bounds:
    """Return the smallest and largest value of every count: arms, cells, links and known totals taken together.

    Rounds of interval arithmetic that only ever drop impossible values; an empty interval means that there is no
    table at all.
    """
    bounds: Bounds = {}
    for study in puzzle.studies:
        bounds[Var("", study.id, "t")] = study.n_t
        bounds[Var("", study.id, "c")] = study.n_c
    for outcome in puzzle.outcomes:
        for name in outcome.studies:
            known = outcome.known.get(name)
            for arm in ARMS:
                largest = bounds[Var("", name, arm)][1]
                low, high = (0, largest) if known is None else (known.events_t if arm == "t" else known.events_c)
                bounds[Var(outcome.id, name, arm)] = (low, min(high, largest))
    for _ in range(20):
        before = dict(bounds)
        _totals(puzzle, bounds)
        _links(puzzle, bounds)
        if bounds == before:
            break
    return bounds


def _totals(puzzle: Puzzle, bounds: Bounds) -> None:
    for total in puzzle.totals:
        if total.role == "search":
            optional = set(puzzle.outcome(total.outcome).optional) if total.outcome else set()
            lows = [0 if v.study in optional else bounds[v][0] for v in total.terms]
            highs = [bounds[v][1] for v in total.terms]
            for v, low, high in zip(total.terms, lows, highs, strict=True):
                largest = total.value - (sum(lows) - low)
                smallest = total.value - (sum(highs) - high)
                old = bounds[v]
                bounds[v] = (old[0] if v.study in optional else max(old[0], smallest), min(old[1], largest))


def _links(puzzle: Puzzle, bounds: Bounds) -> None:
    for link in puzzle.links:
        for s in link.studies:
            for arm in ARMS:
                n = bounds[Var("", s, arm)]
                parts = [Var(o, s, arm) for o in link.outcomes if Var(o, s, arm) in bounds]
                # A study that may be absent contributes nothing, so its lower bounds bind nobody else.
                firm = [v for v in parts if s not in puzzle.outcome(v.outcome).optional]
                least = sum(bounds[v][0] for v in firm)
                for v in parts:
                    rest = least - (bounds[v][0] if v in firm else 0)
                    bounds[v] = (bounds[v][0], min(bounds[v][1], n[1] - rest))
                if link.exact:
                    most = sum(bounds[v][1] for v in parts)
                    for v in parts:
                        bounds[v] = (max(bounds[v][0], n[0] - (most - bounds[v][1])), bounds[v][1])
                    n = (n[0], min(n[1], most))
                bounds[Var("", s, arm)] = (max(n[0], least), n[1])


def arm_count(puzzle: Puzzle, bounds: Bounds, study: str) -> int:
    """Return the number of pairs of arm sizes that bounds and the largest difference allow, without forming them."""
    _, start, stop = _second_arms(puzzle, bounds, study)
    return int(np.maximum(stop - start, 0).sum())


def arm_pairs(puzzle: Puzzle, bounds: Bounds, study: str) -> np.ndarray:
    """Return all pairs of arm sizes, shape (m, 2), that bounds and the largest difference allow."""
    first, start, stop = _second_arms(puzzle, bounds, study)
    owner, second = expand(start, stop)
    return np.stack([first[owner], second], axis=1).astype(np.int32)


def _second_arms(puzzle: Puzzle, bounds: Bounds, study: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the sizes of the experimental arm, and for each the range [start, stop) of the other one."""
    t, c = (bounds[v] for v in arms_of(study))
    limit = puzzle.study(study).max_arm_difference
    first = np.arange(t[0], t[1] + 1)
    reach = LARGEST if limit is None else limit
    return first, np.maximum(c[0], first - reach), np.minimum(c[1], first + reach) + 1
