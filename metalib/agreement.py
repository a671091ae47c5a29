"""How well two programs agree: one number beside its twin, and a summary by engine and quantity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from .errors import DataError


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
        """Whether the two are equal up to the stated tolerance."""
        if self.ours is None or self.golden is None or isinstance(self.golden, (bool, str)):
            return self.ours == self.golden
        return abs(self.ours - self.golden) <= self.rtol * max(abs(self.ours), abs(self.golden)) + self.atol

    @property
    def relative_difference(self) -> float:
        """Difference relative to the larger number; absolute below 1e-6, where only rounding noise is left."""
        if not isinstance(self.golden, (int, float)) or self.ours is None or self.golden is None:
            return 0.0
        size = max(abs(self.ours), abs(self.golden))
        return abs(self.ours - self.golden) / (size if size > 1e-6 else 1.0)


def agreement_frame(comparisons: Iterable[Comparison]) -> pd.DataFrame:
    """Return one row a comparison: ``dataset, engine, measure, method, quantity, difference, rtol, agrees``."""
    names = ["dataset", "engine", "measure", "method", "quantity", "difference", "rtol", "agrees"]
    rows = [
        (c.dataset, c.source, c.measure, c.method, c.quantity, c.relative_difference, c.rtol, c.agrees)
        for c in comparisons
    ]
    return pd.DataFrame(rows, columns=names)


def agreement_summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Summarise comparisons by engine and quantity.

    Returns
    -------
    DataFrame
        ``engine, quantity, values, largest`` (relative difference), ``rtol`` (largest allowed) and ``outside``, the
        number of values outside their tolerance.

    Raises
    ------
    DataError
        There is nothing to summarise.
    """
    if frame.empty:
        raise DataError("there is no comparison to summarise")
    groups = frame.groupby(["engine", "quantity"], sort=True)
    return groups.agg(
        values=("agrees", "size"),
        largest=("difference", "max"),
        rtol=("rtol", "max"),
        outside=("agrees", lambda agrees: int((~agrees.astype(bool)).sum())),
    ).reset_index()
