"""Adding studies to half of a set of studies, piece by piece, so that memory bounds no half."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from .candidates import Candidates
from .halves import Half, concatenate, width
from .relation import Relation, codes
from .state import Work


def grown(
    half: Half,
    studies: Sequence[str],
    candidates: Candidates,
    rows: int,
    work: Work,
    certain: tuple[np.ndarray, ...] | None = None,
) -> Iterator[tuple[Half, Work]]:
    """Yield a half with studies added, in pieces that are formed of about `rows` rows, and what each may use up.

    The pieces come in the order of the rows, each when it is asked for; `certain` is explained at :func:`extend`.
    """
    if not studies:
        yield half, work
        return
    step = max(rows // max(candidates.number(studies[0], half.rel), 1), 1) if len(half) else 1
    starts = range(0, max(len(half), 1), step)
    for i, start in enumerate(starts):
        part = half if len(half) <= step else half.take(np.arange(start, min(start + step, len(half))))
        mine = work.part(i, len(starts))
        longer = extend(part, studies[0], candidates, mine, certain)
        if len(longer) or len(starts) == 1:
            yield from grown(longer, studies[1:], candidates, rows, mine, certain)
        mine.tick(1.0)


def gathered(pieces: Iterable[tuple[Half, Work]], rows: int) -> Iterator[tuple[Half, Work]]:
    """Yield pieces of a half, small ones put together as long as they do not exceed a number of rows."""
    waiting: list[Half] = []
    last: Work | None = None
    for half, work in pieces:
        if waiting and last is not None and sum(map(len, waiting)) + len(half) > rows:
            yield concatenate(waiting), last
            waiting = []
        waiting.append(half)
        last = work
    if waiting and last is not None:
        yield concatenate(waiting), last


def extend(
    half: Half, study: str, candidates: Candidates, work: Work, certain: tuple[np.ndarray, ...] | None = None
) -> Half:
    """Combine every row with every candidate of one more study and drop what cannot lead to a solution.

    `certain` are terms of each result that every completion will add.
    """
    context = [v for v in half.rel.cols if v.study == study]
    key = codes(half.rel.values(context))
    cols = (*half.rel.cols, *candidates.columns(study, context))
    wide = width(len(cols), len(half.terms))
    what = f"partial solutions on adding study {study!r}"
    pieces: list[Half] = []
    size = 0
    groups = np.unique(key)
    for g, code in enumerate(groups):
        (index,) = np.nonzero(key == code)
        values = half.rel.rows[index[0], [half.rel.cols.index(v) for v in context]]
        found = candidates.given(study, dict(zip(context, values.tolist(), strict=True)))
        new = [v for v in found.rel.cols if v not in context]
        added = found.rel.values(new)
        pairs, step = len(index) * len(found), work.piece(2 * wide)
        for i in range(0, pairs, step):
            at = np.arange(i, min(i + step, pairs))
            row = at // len(found)
            left, right = index[row], at - row * len(found)
            relation = Relation((*half.rel.cols, *new), np.hstack([half.rel.rows[left], added[right]]))
            # Whole numbers first: they are cheap to compare, and the sums are then formed for fewer rows.
            keep = candidates.prune.counts_fit(relation)
            if not keep.all():
                relation, left, right = relation.take(keep), left[keep], right[keep]
            terms = tuple(a[left] + b[right] for a, b in zip(half.terms, found.terms, strict=True))
            joined = Half(relation, terms)
            keep = candidates.prune.sums_fit(joined, certain)
            pieces.append(joined if keep.all() else joined.take(keep))
            size += len(pieces[-1])
            # The pieces and, once more, the whole that is made of them.
            work.room(what, size, 2 * wide)
            work.tick((g + (i + step) / (pairs + step)) / len(groups))
    return concatenate(pieces) if pieces else Half.none(cols, len(half.terms))
