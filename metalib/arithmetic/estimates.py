"""Effects that come as such, with a standard error or a confidence interval (generic inverse variance)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .continuous import LARGEST, SMALLEST
from .options import RATIOS, Options
from .study_effects import StudyEffects
from .tables import check_frame, numbers, refuse

COLUMNS = ("effect", "se")
INTERVAL = ("estimate", "ci_low", "ci_high")


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Checked effects (log scale for ratios) and standard errors of k studies, float arrays of shape (k,)."""

    studies: tuple[str, ...]
    effect: np.ndarray
    se: np.ndarray

    def effects(self, measure: str) -> StudyEffects:
        """Return effects and variances, arrays of shape (k,); they are the same for every measure."""
        yes = np.ones(self.se.shape, dtype=bool)
        return StudyEffects(self.effect, self.se**2, yes, ~yes)


def effects_from_intervals(
    frame: pd.DataFrame, measure: str, level: float = 0.95, *, file: object = None
) -> pd.DataFrame:
    """Return the effects and standard errors that estimates with confidence intervals stand for.

    The standard error is the width of the interval over twice the normal quantile, on the log scale for ratios
    (Cochrane Handbook, section 6.3).

    Parameters
    ----------
    frame : DataFrame
        ``study, estimate, ci_low, ci_high`` as they are printed: ratios as ratios, not as logarithms.
    measure : str
        Decides whether logarithms are taken: a ratio, or a difference.
    level : float
        Confidence level of the intervals.
    file : optional
        Named in error messages.

    Returns
    -------
    DataFrame
        The columns given, and ``effect`` and ``se``.

    Raises
    ------
    DataError
        A number that is missing or infinite, limits that are exchanged or equal, an estimate outside its interval, a
        ratio that is not positive.
    OptionError

    Examples
    --------
    >>> import pandas as pd
    >>> from metalib.arithmetic.estimates import effects_from_intervals
    >>> printed = pd.DataFrame({"study": ["a"], "estimate": [0.8], "ci_low": [0.64], "ci_high": [1.0]})
    >>> round(float(effects_from_intervals(printed, "HR").loc[0, "se"]), 4)
    0.1139
    """
    options = Options(measure=measure, method="IV", level=level)
    studies = check_frame(frame, INTERVAL, file, unique=False)
    y, low, high = columns = [numbers(frame[name], name, studies, file) for name in INTERVAL]
    for name, values in zip(INTERVAL, columns, strict=True):
        refuse(np.abs(values) > LARGEST, f"{name} is infinite or above {LARGEST:g}", name, values, studies, file)
        if measure in RATIOS:
            refuse(values <= 0, f"{name} of a ratio must be positive", name, values, studies, file)
    shown = [f"{a:g} [{b:g}, {c:g}]" for a, b, c in zip(y, low, high, strict=True)]
    refuse(low > high, "the confidence limits are exchanged", "ci_low", shown, studies, file)
    refuse(low == high, "the interval has no width", "ci_low", shown, studies, file)
    refuse((y < low) | (y > high), "the estimate lies outside its interval", "estimate", shown, studies, file)
    if measure in RATIOS:
        y, low, high = np.log(y), np.log(low), np.log(high)
    return frame.assign(effect=y, se=(high - low) / (2 * options.z))


def check_estimates(frame: pd.DataFrame, measure: str, *, file: object = None, unique: bool = True) -> Estimates:
    """Check a data frame of effects.

    Parameters
    ----------
    frame : DataFrame
        Columns ``study, effect, se`` (log scale for ratios); or ``study, estimate, ci_low, ci_high``, which
        :func:`effects_from_intervals` turns into them as 95% intervals. Other columns are ignored.
    measure : str
    file : optional
        Named in error messages.
    unique : bool
        Whether a study may occur only once.

    Raises
    ------
    DataError
        What :func:`effects_from_intervals` refuses; an effect or standard error that is missing or infinite, a standard
        error that is not positive.
    """
    if isinstance(frame, pd.DataFrame) and "effect" not in frame.columns:
        frame = effects_from_intervals(frame, measure, file=file)
    studies = check_frame(frame, COLUMNS, file, unique)
    effect, se = (numbers(frame[column], column, studies, file) for column in COLUMNS)
    refuse(se <= 0, "a standard error must be positive", "se", se, studies, file)
    for column, values in (("effect", effect), ("se", se)):
        refuse(np.abs(values) > LARGEST, f"{column} is infinite or above {LARGEST:g}", column, values, studies, file)
    refuse(se < SMALLEST, f"se is below {SMALLEST:g}", "se", se, studies, file)
    return Estimates(tuple(studies), effect, se)
