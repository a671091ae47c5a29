"""Continuous outcomes: mean difference and standardised mean difference of single studies, as in Review Manager 5.

With N = n_t + n_c and the pooled standard deviation s, ``s^2 = ((n_t - 1) sd_t^2 + (n_c - 1) sd_c^2) / (N - 2)`` [1]_:

=======  ========================================  =====================================================
measure  effect                                    variance
=======  ========================================  =====================================================
MD       ``mean_t - mean_c``                       ``sd_t^2 / n_t + sd_c^2 / n_c``
SMD      ``g = (mean_t - mean_c) / s * J``,        ``N / (n_t n_c) + g^2 / (2 (N - 3.94))``
         ``J = 1 - 3 / (4 N - 9)`` (Hedges)
=======  ========================================  =====================================================

R metafor's ``escalc(measure="SMD")`` differs in both: it takes the exact J, a ratio of gamma functions, of which RevMan
has the usual approximation, and ``g^2 / (2 N)`` in the variance. For MD the two are the same.

.. [1] Deeks JJ, Higgins JPT (2010). Statistical algorithms in Review Manager 5. Cochrane Statistical Methods Group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .study_effects import StudyEffects
from .tables import check_frame, numbers, refuse, whole_numbers

COLUMNS = ("mean_t", "sd_t", "n_t", "mean_c", "sd_c", "n_c")
#: Beyond these magnitudes squares and weights leave the range of floats; no data come near them.
LARGEST, SMALLEST = 1e15, 1e-15


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """Checked means, standard deviations and numbers of patients of k studies, float arrays of shape (k,)."""

    studies: tuple[str, ...]
    mean_t: np.ndarray
    sd_t: np.ndarray
    n_t: np.ndarray
    mean_c: np.ndarray
    sd_c: np.ndarray
    n_c: np.ndarray

    def effects(self, measure: str) -> StudyEffects:
        """Return effects and variances, arrays of shape (k,), for ``"MD"`` or ``"SMD"``."""
        n = self.n_t + self.n_c
        yi = self.mean_t - self.mean_c
        if measure == "MD":
            vi = self.sd_t**2 / self.n_t + self.sd_c**2 / self.n_c
        else:
            s2 = ((self.n_t - 1) * self.sd_t**2 + (self.n_c - 1) * self.sd_c**2) / (n - 2)
            yi = yi / np.sqrt(s2) * (1 - 3 / (4 * n - 9))
            vi = n / (self.n_t * self.n_c) + yi**2 / (2 * (n - 3.94))
        return StudyEffects(yi, vi, np.ones(n.shape, dtype=bool), np.zeros(n.shape, dtype=bool))


def check_means(frame: pd.DataFrame, *, file: object = None, unique: bool = True) -> Means:
    """Check a data frame of means and standard deviations.

    Parameters
    ----------
    frame : DataFrame
        Columns ``study, mean_t, sd_t, n_t, mean_c, sd_c, n_c``; other columns are ignored.
    file : optional
        Named in error messages.
    unique : bool
        Whether a study may occur only once.

    Raises
    ------
    DataError
        What :func:`metalib.arithmetic.tables.check_tables` refuses in names and columns; a mean that is missing, no
        number or infinite; a standard deviation that is missing, negative or 0; fewer than 2 patients in an arm.
    """
    studies = check_frame(frame, COLUMNS, file, unique)
    arrays = {}
    for column in COLUMNS:
        read = whole_numbers if column.startswith("n_") else numbers
        values = arrays[column] = read(frame[column], column, studies, file)
        if column.startswith("n_"):
            refuse(values < 2, "a standard deviation needs at least two patients", column, values, studies, file)
        if column.startswith("sd_"):
            refuse(values < 0, f"{column} is negative", column, values, studies, file)
            refuse(values == 0, f"{column} is 0: no variance", column, values, studies, file)
            refuse(values < SMALLEST, f"{column} is below {SMALLEST:g}", column, values, studies, file)
        refuse(np.abs(values) > LARGEST, f"{column} is infinite or above {LARGEST:g}", column, values, studies, file)
    return Means(tuple(studies), **arrays)
