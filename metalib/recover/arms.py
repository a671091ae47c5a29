"""Arm sizes: the one thing that separate outcomes have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .relation import Relation, codes, join, join_size
from .state import LimitReached


def sizes(relation: Relation) -> Relation:
    """Return the distinct choices of arm sizes in a relation."""
    return relation.project([v for v in relation.cols if not v.outcome])


def joint_arms(relations: Sequence[Relation], limit: int) -> Relation:
    """Return the choices of arm sizes that all relations allow together."""
    arms = Relation.unit()
    for r in relations:
        mine = sizes(r)
        size = join_size(arms, mine)
        if size > limit:
            raise LimitReached("choices of arms", size, limit)
        arms = join(arms, mine)
    return arms


def full_solutions(relations: Sequence[Relation], arms: Relation) -> int:
    """Return how many full solutions relations stand for, the choices for separate outcomes multiplied."""
    total = np.ones(len(arms), dtype=object)
    for r in relations:
        cols = [v for v in r.cols if not v.outcome]
        both = codes(arms.values(cols), r.values(cols))
        mine, theirs = both[: len(arms)], np.sort(both[len(arms) :])
        partners = np.searchsorted(theirs, mine, "right") - np.searchsorted(theirs, mine, "left")
        # Python's own whole numbers: products of independent outcomes outgrow 64 bits.
        total = total * np.array(partners.tolist(), dtype=object)
    return int(sum(total.tolist()))
