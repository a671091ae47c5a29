"""How well two programs agree: one number beside its twin, and a summary by engine and quantity."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from ..errors import DataError

KEYS = ("engine", "measure", "method", "quantity")
_SMALLEST, _LARGEST = -16, -4
#: Exactly 0, powers of ten (the first also holds what is smaller), and what is larger than the last power.
DECADES = ("0", *(f"1e{power}" for power in range(_SMALLEST, _LARGEST + 1)), "more")


@dataclass(frozen=True)
class Comparison:
    """One number of this package beside that of another engine, with the tolerance stated for it.

    ``golden`` is the other engine's number; None means that it has none, and a bool or a text must be met exactly.
    """

    dataset: str
    source: str
    measure: str
    method: str
    quantity: str
    ours: object
    golden: object
    rtol: float = 1e-8
    atol: float = 1e-12

    @property
    def agrees(self) -> bool:
        """Whether the two differ by no more than the larger of the relative and the absolute tolerance."""
        if self._numbers is None:
            return self.ours == self.golden
        one, other = self._numbers
        return bool(abs(one - other) <= max(self.rtol * max(abs(one), abs(other)), self.atol))

    @property
    def relative_difference(self) -> float:
        """Difference relative to the larger number; absolute below 1e-6, where only rounding noise is left.

        Of what is not a number 0 if the two are the same, infinite otherwise.
        """
        if self._numbers is None:
            return 0.0 if self.ours == self.golden else math.inf
        one, other = self._numbers
        size = max(abs(one), abs(other))
        return abs(one - other) / (size if size > 1e-6 else 1.0)

    @property
    def _numbers(self) -> tuple[float, float] | None:
        if self.ours is None or isinstance(self.golden, bool) or not isinstance(self.golden, (int, float)):
            return None
        return cast(float, self.ours), self.golden


def decade(difference: float) -> str:
    """Return a difference rounded up to a power of ten, one of :data:`DECADES`.

    >>> decade(0.0), decade(3e-14), decade(1e-20), decade(0.5)
    ('0', '1e-13', '1e-16', 'more')
    """
    if difference == 0:
        return "0"
    power = max(math.ceil(math.log10(difference)), _SMALLEST) if math.isfinite(difference) else 1
    return f"1e{power}" if power <= _LARGEST else "more"


def agreement_frame(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """Return one row a comparison: ``dataset, engine, measure, method, quantity, difference, rtol, atol, agrees``."""
    names = ["dataset", "engine", "measure", "method", "quantity", "difference", "rtol", "atol", "agrees"]
    rows = [
        (c.dataset, c.source, c.measure, c.method, c.quantity, c.relative_difference, c.rtol, c.atol, c.agrees)
        for c in comparisons
    ]
    return pd.DataFrame(rows, columns=names)


def agreement_summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Summarise comparisons by engine, measure, method and quantity.

    Returns
    -------
    DataFrame
        ``engine, measure, method, quantity, values, largest`` (relative difference as a power of ten, see
        :func:`decade`), ``rtol, atol`` (the largest allowed), ``outside`` (values outside their tolerance), and one
        column for each of :data:`DECADES` with the number of values there.

    Raises
    ------
    DataError
        There is nothing to summarise.
    """
    if frame.empty:
        raise DataError("there is no comparison to summarise")
    by = [frame[name] for name in KEYS]
    groups = frame.assign(outside=~frame["agrees"].astype(bool)).groupby(list(KEYS), sort=True)
    summary = groups.agg(
        values=("agrees", "size"),
        largest=("difference", lambda differences: decade(differences.max())),
        rtol=("rtol", "max"),
        atol=("atol", "max"),
        outside=("outside", "sum"),
    )
    counts = pd.crosstab(by, frame["difference"].map(decade)).reindex(columns=list(DECADES), fill_value=0)
    return summary.join(counts).reset_index()


def combine(summary: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Combine rows of an agreement summary into one for each value of the columns `by`."""
    groups = summary.groupby(list(by), sort=False)
    rules: dict[str, Any] = {"largest": lambda found: max(found, key=DECADES.index), "rtol": "max", "atol": "max"}
    return groups.agg({"values": "sum", **rules, "outside": "sum", **dict.fromkeys(DECADES, "sum")}).reset_index()
