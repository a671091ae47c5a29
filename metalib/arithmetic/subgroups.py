"""Pooling by subgroup, and RevMan's test for subgroup differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Unpack

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from .. import text
from ..errors import DataError
from .data import check_data
from .options import Choices, Options
from .pooling import pool
from .results import PooledEffect, to_frame


@dataclass(frozen=True, slots=True)
class Subgroups:
    """Pooled effects by subgroup with RevMan's test for subgroup differences.

    Attributes
    ----------
    groups : tuple of (str, PooledEffect)
        In order of first appearance.
    overall : PooledEffect
        All rows together.
    Q, df, p, I2 : float or None
        Between-subgroup heterogeneity over the subgroups that have an estimate; I2 is from Q.
    reasons : mapping
        Why a number is None.
    """

    groups: tuple[tuple[str, PooledEffect], ...]
    overall: PooledEffect
    Q: float | None
    df: int
    p: float | None
    I2: float | None
    reasons: Mapping[str, str]

    def __getitem__(self, name: str) -> PooledEffect:
        return dict(self.groups)[name]

    def weights(self, name: str) -> tuple[float | None, ...]:
        """Return the weights of the studies of a subgroup, in percent of the total."""
        total = dict(zip(self.overall.studies, self.overall.weights, strict=True))
        return tuple(total[in_subgroup(study, name)] for study in self[name].studies)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a subgroup and a last row ``overall``."""
        rows = [*self.groups, ("overall", self.overall)]
        frame = to_frame([effect for _, effect in rows])
        frame.insert(0, "subgroup", [name for name, _ in rows])
        return frame

    def summary(self) -> str:
        """Return subgroups, total and test in lines."""
        lines = [f"{name}: {effect.summary()}" for name, effect in (*self.groups, ("overall", self.overall))]
        if self.Q is None:
            lines.append(f"Test for subgroup differences: {self.reasons['Q']}")
        else:
            lines.append(
                f"Test for subgroup differences: Chi2 = {text.number(self.Q)}, df = {self.df}, "
                f"P {text.p_value(self.p, sign=True)}; I2 = {text.percent(self.I2)}"
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Subgroups\n{self.summary()}"


def in_subgroup(study: str, subgroup: str) -> str:
    """Return the name of a study in the total, where it stands once for every subgroup it occurs in."""
    return f"{study} ({subgroup})"


def subgroups(tables: pd.DataFrame, by: str | Sequence[object] | pd.Series, **choices: Unpack[Choices]) -> Subgroups:
    """Pool by subgroup and test for subgroup differences as RevMan does.

    Every subgroup is pooled on its own (with its own tau2); the test takes the subgroup estimates as studies with
    inverse-variance weights (Deeks & Higgins 2010; Borenstein & Higgins 2013).

    Parameters
    ----------
    tables : DataFrame
        As in :func:`metalib.pool`. A study may occur in several subgroups, once in each.
    by : str, sequence or Series
        Name of a column of `tables`, or one label a row. A Series must carry the index of `tables`.
    **choices
        As in :func:`metalib.pool`.

    Returns
    -------
    Subgroups

    Raises
    ------
    DataError
        Labels missing or not one a row, or tables that cannot be pooled.
    """
    if not isinstance(tables, pd.DataFrame):
        raise DataError(f"tables must be a DataFrame, not {type(tables).__name__}")
    check_data(tables, Options(**choices).measure, unique=False)
    labels = _labels(tables, by)
    seen = set()
    for i, pair in enumerate(zip(tables["study"], labels, strict=True)):
        if pair in seen:
            # Pooling the subgroup would find it too, but number the row within the subgroup.
            raise DataError(f"the study occurs twice in subgroup {pair[1]!r}", row=i + 1, study=pair[0])
        seen.add(pair)
    names = list(dict.fromkeys(labels))
    rows = {name: [label == name for label in labels] for name in names}
    groups = tuple((name, pool(tables[rows[name]], **choices)) for name in names)
    # The total counts a study once for every subgroup it occurs in, as RevMan's total does.
    everything = tables.assign(study=list(map(in_subgroup, tables["study"], labels)))
    overall = pool(everything, **choices)
    usable = [effect for _, effect in groups if effect.se is not None and effect.se > 0]
    df = max(len(usable) - 1, 0)
    if df == 0:
        reason = f"{len(usable)} subgroup{'' if len(usable) == 1 else 's'} with an estimate"
        return Subgroups(
            groups, overall, None, df, None, None, MappingProxyType(dict.fromkeys(("Q", "p", "I2"), reason))
        )
    y = np.array([effect.estimate for effect in usable])
    w = np.array([effect.se for effect in usable]) ** -2.0
    q = float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())
    i2 = 100 * max(0.0, q - df) / q if q > 0 else 0.0
    return Subgroups(groups, overall, q, df, float(chdtrc(df, q)), i2, MappingProxyType({}))


def _labels(tables: pd.DataFrame, by: str | Sequence[object] | pd.Series) -> list[str]:
    if isinstance(by, str):
        if by not in tables.columns:
            raise DataError(f"there is no column {by!r} to form subgroups by")
        if tables.columns.tolist().count(by) > 1:
            raise DataError(f"column {by!r} stands there twice")
        labels = tables[by].tolist()
    elif isinstance(by, pd.Series):
        if not by.index.equals(tables.index):
            raise DataError("the subgroup labels carry another index than the tables; they would be paired wrongly")
        labels = by.tolist()
    elif isinstance(by, (list, tuple, np.ndarray, pd.Index)):
        labels = list(by)
    else:
        raise DataError("subgroups need the name of a column or one label a row", value=by)
    if len(labels) != len(tables):
        raise DataError(f"{len(labels)} subgroup labels for {len(tables)} rows")
    for i, label in enumerate(labels):
        place = {"row": i + 1, "study": tables["study"].iloc[i]}
        if not isinstance(label, (str, int, float, np.number)) and not pd.api.types.is_scalar(label):
            raise DataError("a subgroup label must be text or a number", **place, value=label)
        if pd.isna(label) or not str(label).strip():
            raise DataError("the subgroup label is missing", **place)
    return [str(label) for label in labels]
