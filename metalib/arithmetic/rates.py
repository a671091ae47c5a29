"""Events and person-time: rate ratio and rate difference of single studies.

=======  ===================================  ==========================================================
measure  effect                               variance
=======  ===================================  ==========================================================
IRR      ``log(E_t / T_t) - log(E_c / T_c)``  ``1 / E_t + 1 / E_c``
IRD      ``e_t / T_t - e_c / T_c``            ``E_t / T_t^2 + E_c / T_c^2``
=======  ===================================  ==========================================================

e are events and T person-time. The rules for zeros are those that Review Manager has for risks: capital E carries 0.5
in both arms of a study without events in one; a rate ratio without events in either arm is not estimable; a rate
difference itself is never corrected. R metafor does the same with ``escalc(add=1/2, to="only0")`` and ``drop00=TRUE``
for IRR, ``addyi=FALSE`` for IRD. The variances are those of independent Poisson counts (Rothman, Greenland & Lash
(2008), Modern Epidemiology, 3rd ed., chapter 14).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .continuous import LARGEST, SMALLEST
from .study_effects import NO_EVENTS, StudyEffects
from .tables import check_frame, numbers, refuse, whole_numbers

COLUMNS = ("events_t", "time_t", "events_c", "time_c")


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """Checked events and person-time of k studies, float arrays of shape (k,)."""

    studies: tuple[str, ...]
    events_t: np.ndarray
    time_t: np.ndarray
    events_c: np.ndarray
    time_c: np.ndarray

    def effects(self, measure: str) -> StudyEffects:
        """Return effects and variances, arrays of shape (k,), for ``"IRR"`` or ``"IRD"``."""
        corrected = (self.events_t == 0) | (self.events_c == 0)
        e_t, e_c = self.events_t + 0.5 * corrected, self.events_c + 0.5 * corrected
        if measure == "IRR":
            estimable = (self.events_t > 0) | (self.events_c > 0)
            yi = np.where(estimable, np.log(e_t / self.time_t) - np.log(e_c / self.time_c), 0.0)
            vi = np.where(estimable, 1 / e_t + 1 / e_c, 1.0)
            return StudyEffects(yi, vi, estimable, corrected & estimable)
        yi = self.events_t / self.time_t - self.events_c / self.time_c
        vi = e_t / self.time_t**2 + e_c / self.time_c**2
        return StudyEffects(yi, vi, np.ones(yi.shape, dtype=bool), corrected)

    def reasons(self, measure: str) -> dict[str, str]:
        """Return why studies have no effect, for those that have none."""
        found = self.effects(measure).estimable
        return {
            s: f"{NO_EVENTS}: {measure} not estimable" for s, has in zip(self.studies, found, strict=True) if not has
        }


def check_rates(frame: pd.DataFrame, *, file: object = None, unique: bool = True) -> Rates:
    """Check a data frame of events and person-time.

    Parameters
    ----------
    frame : DataFrame
        Columns ``study, events_t, time_t, events_c, time_c``; times in one unit, which a rate difference is per.
        Other columns are ignored.
    file : optional
        Named in error messages.
    unique : bool
        Whether a study may occur only once.

    Raises
    ------
    DataError
        What :func:`metalib.arithmetic.tables.check_tables` refuses in names and columns; events that are missing,
        negative or no whole number; a time that is missing, negative, 0 or infinite.
    """
    studies = check_frame(frame, COLUMNS, file, unique)
    arrays = {}
    for column in COLUMNS:
        if column.startswith("events"):
            arrays[column] = whole_numbers(frame[column], column, studies, file)
            continue
        values = arrays[column] = numbers(frame[column], column, studies, file)
        refuse(values < 0, f"{column} is negative", column, values, studies, file)
        refuse(values == 0, f"{column} is 0: an arm needs time at risk", column, values, studies, file)
        outside = (values < SMALLEST) | (values > LARGEST)
        refuse(outside, f"{column} is outside {SMALLEST:g} to {LARGEST:g}", column, values, studies, file)
    return Rates(tuple(studies), **arrays)
