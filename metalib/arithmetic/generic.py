"""Generic inverse variance: pooling effects and standard errors that did not come from 2x2 tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..errors import DataError
from .options import Options
from .pooling import pool_rows
from .results import PooledEffect
from .study_effects import StudyEffects
from .tables import check_names

LARGEST_EFFECT, SMALLEST_SE = 1e15, 1e-15
NO_EFFECT = "no effect and standard error"


def pool_effects(
    yi: Sequence[float | None],
    se: Sequence[float | None],
    studies: Sequence[str] | None = None,
    model: str = "fixed",
    tau2: str = "DL",
    ci: str = "wald",
    level: float = 0.95,
    *,
    measure: str = "OR",
    reasons: Mapping[str, str] | None = None,
) -> PooledEffect:
    """Pool effects by inverse variance, with the arithmetic of :func:`metalib.pool` for ``method="IV"``.

    Parameters
    ----------
    yi, se : sequences of (float or None), k entries each
        Effects and their standard errors, on the log scale for ratios. A study where both are missing takes no part.
    studies : sequence of str, optional
        Names; "study 1", "study 2", ... if left out.
    model, tau2, ci, level
        As in :func:`metalib.pool`.
    measure : str
        What the effects are, as in :func:`metalib.pool`; decides only how the result is shown.
    reasons : mapping, optional
        Study to the reason why it has no effect.

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
    >>> from metalib.arithmetic.generic import pool_effects
    >>> print(pool_effects([0.2, 0.5], [0.1, 0.2], ["a", "b"]).summary())
    OR 1.30 [1.09, 1.55], z = 2.91, P = 0.004; k = 2 (IV, fixed); Q = 1.80, df = 1, P = 0.180, I2 = 44%
    """
    options = Options(measure, "IV", model, tau2, ci, level)
    for what, values in (("effects", yi), ("standard errors", se), ("names", studies)):
        if values is not None and not isinstance(values, (list, tuple, np.ndarray, pd.Series, pd.Index)):
            raise DataError(f"{what} must be a list", value=values)
        if values is None and what != "names":
            raise DataError(f"there are no {what}")
    if isinstance(yi, pd.Series) and isinstance(se, pd.Series) and not yi.index.equals(se.index):
        raise DataError("effects and standard errors carry different indexes; they would be paired wrongly")
    names = tuple(f"study {i + 1}" for i in range(len(yi))) if studies is None else tuple(studies)
    if not len(yi) or not len(yi) == len(se) == len(names):
        raise DataError(f"{len(yi)} effects, {len(se)} standard errors and {len(names)} names do not belong together")
    check_names(list(names), None, unique=False)
    if len(set(names)) < len(names):
        raise DataError("the study occurs twice", study=next(s for s in names if names.count(s) > 1))
    given = np.zeros(len(names), dtype=bool)
    effects, variances = np.zeros(len(names)), np.ones(len(names))
    for i, (study, y, s) in enumerate(zip(names, yi, se, strict=True)):
        place = {"row": i + 1, "study": study}
        for number in (y, s):
            real = isinstance(number, (int, float, np.integer, np.floating)) and not isinstance(number, bool)
            if not real and not (number is None or number is pd.NA):
                raise DataError("effect and standard error must be numbers", **place, value=number)
        if pd.isna(y) and pd.isna(s):
            continue
        if pd.isna(y) or pd.isna(s) or not (abs(y) < np.inf and abs(s) < np.inf):
            raise DataError("effect and standard error must both be finite", **place, value=(y, s))
        if not s > 0:
            raise DataError("a standard error must be positive", **place, value=s)
        # Beyond these bounds squares and weights leave the range of floats; no data come near them.
        if abs(y) > LARGEST_EFFECT or not SMALLEST_SE <= s <= LARGEST_EFFECT:
            raise DataError(
                f"effects above {LARGEST_EFFECT:g} and standard errors outside {SMALLEST_SE:g} to {LARGEST_EFFECT:g} "
                "are not taken", **place, value=(y, s),
            )  # fmt: skip
        given[i], effects[i], variances[i] = True, y, s**2
    if reasons is not None and not isinstance(reasons, Mapping):
        raise DataError("reasons must map studies to texts", value=reasons)
    e = StudyEffects(effects[None], variances[None], given[None], np.zeros((1, len(names)), dtype=bool))
    [batch] = pool_rows(None, e, e.estimable, [options])
    excluded = {s: (reasons or {}).get(s, NO_EFFECT) for s, has in zip(names, given, strict=True) if not has}
    return PooledEffect.from_batch(batch, 0, options, names, excluded, effects=e.row(0))
