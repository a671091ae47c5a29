"""Generic inverse variance: pooling effects and standard errors that did not come from 2x2 tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Unpack

import numpy as np
import pandas as pd

from ..errors import DataError, OptionError, shown
from .options import Choices, Options
from .pooling import pool_rows
from .results import PooledEffect
from .study_effects import StudyEffects
from .tables import check_names

#: Beyond these bounds squares and weights leave the range of floats; no data come near them.
LARGEST_EFFECT, SMALLEST_SE = 1e15, 1e-15
NO_EFFECT = "no effect and standard error"

Numbers = Sequence[float | None] | np.ndarray | pd.Series


def pool_effects(
    yi: Numbers,
    se: Numbers,
    studies: Sequence[str] | None = None,
    *,
    reasons: Mapping[str, str] | None = None,
    **choices: Unpack[Choices],
) -> PooledEffect:
    """Pool effects by inverse variance, with the arithmetic of :func:`metalib.pool` for ``method="IV"``.

    Parameters
    ----------
    yi, se : sequences of (float or None), k entries each
        Effects and their standard errors, on the log scale for ratios. A study where both are missing takes no part.
    studies : sequence of str, optional
        Names; "study 1", "study 2", ... if left out.
    reasons : mapping, optional
        Study to the reason why it has no effect.
    **choices
        As in :func:`metalib.pool`, without ``method``. ``measure`` decides only how the result is shown.

    Returns
    -------
    PooledEffect

    Raises
    ------
    DataError
        Sequences of unequal or no length, Series whose indexes differ, names that are no text or recur, an effect
        that is not finite, one without the other, a standard error that is not positive, or magnitudes above 1e15.
    OptionError

    Examples
    --------
    >>> import metalib
    >>> print(metalib.pool_effects([0.2, 0.5], [0.1, 0.2], ["a", "b"]).summary())
    OR 1.30 [1.09, 1.55], z = 2.91, P = 0.004; k = 2 (IV, fixed); Q = 1.80, df = 1, P = 0.180, I2 = 44%
    """
    if choices.setdefault("method", "IV") != "IV":
        raise OptionError(f"method={shown(choices['method'])}: effects are pooled by inverse variance")
    options = Options(**choices)
    if reasons is not None and not isinstance(reasons, Mapping):
        raise DataError("reasons must map studies to texts", value=reasons)
    names = _check_lists(yi, se, studies)
    rows = [_number_pair(i + 1, *row) for i, row in enumerate(zip(names, yi, se, strict=True))]
    given = np.array([row is not None for row in rows])
    effects, errors = np.array([row or (0.0, 1.0) for row in rows]).T
    e = StudyEffects(effects[None], errors[None] ** 2, given[None], np.zeros((1, len(names)), dtype=bool))
    [batch] = pool_rows(None, e, e.estimable, [options])
    excluded = {s: (reasons or {}).get(s, NO_EFFECT) for s, has in zip(names, given, strict=True) if not has}
    return PooledEffect.from_batch(batch, 0, options, names, excluded, effects=e.row(0))


def _check_lists(yi: Numbers, se: Numbers, studies: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of the studies, or raise for lists that are none or do not belong together."""
    for what, values in (("effects", yi), ("standard errors", se), ("names", studies)):
        if values is None and what != "names":
            raise DataError(f"there are no {what}")
        if values is not None and not isinstance(values, (list, tuple, np.ndarray, pd.Series, pd.Index)):
            raise DataError(f"{what} must be a list", value=values)
    if isinstance(yi, pd.Series) and isinstance(se, pd.Series) and not yi.index.equals(se.index):
        raise DataError("effects and standard errors carry different indexes; they would be paired wrongly")
    names = tuple(f"study {i + 1}" for i in range(len(yi))) if studies is None else tuple(studies)
    if not len(yi) or not len(yi) == len(se) == len(names):
        raise DataError(f"{len(yi)} effects, {len(se)} standard errors and {len(names)} names do not belong together")
    check_names(names, None, unique=True)
    return names


def _number_pair(row: int, study: str, y: object, se: object) -> tuple[float, float] | None:
    """Return effect and standard error of a study, None where both are missing."""
    effect, error = (_number(value, row, study) for value in (y, se))
    if effect is None and error is None:
        return None
    if effect is None or error is None or not (abs(effect) < np.inf and abs(error) < np.inf):
        raise DataError("effect and standard error must both be finite", row=row, study=study, value=(y, se))
    if not error > 0:
        raise DataError("a standard error must be positive", row=row, study=study, value=se)
    if abs(effect) > LARGEST_EFFECT or not SMALLEST_SE <= error <= LARGEST_EFFECT:
        raise DataError(
            f"effects above {LARGEST_EFFECT:g} and standard errors outside {SMALLEST_SE:g} to {LARGEST_EFFECT:g} "
            "are not taken", row=row, study=study, value=(y, se),
        )  # fmt: skip
    return float(effect), float(error)


def _number(value: object, row: int, study: str) -> float | None:
    """Return a number, None where it is missing; a whole number stays one, however large."""
    if value is None or value is pd.NA or value != value:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise DataError("effect and standard error must be numbers", row=row, study=study, value=value)
    return int(value) if isinstance(value, (int, np.integer)) else float(value)
