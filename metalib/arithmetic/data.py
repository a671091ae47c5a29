"""The data of one meta-analysis, in whichever of the four forms they come.

==============  ==================================================  =======================
form            columns beside ``study``                            measures
==============  ==================================================  =======================
2x2 tables      ``events_t, n_t, events_c, n_c``                    OR, RR, RD
means           ``mean_t, sd_t, n_t, mean_c, sd_c, n_c``            MD, SMD
person-time     ``events_t, time_t, events_c, time_c``              IRR, IRD
estimates       ``effect, se`` (log scale for ratios), or           all of them, and
                ``estimate, ci_low, ci_high`` as printed (95%)      HR, ratio, difference
==============  ==================================================  =======================
"""

from __future__ import annotations

from typing import TypeAlias

import pandas as pd

from ..errors import OptionError
from . import continuous, rates
from .continuous import Means, check_means
from .estimates import COLUMNS, INTERVAL, Estimates, check_estimates
from .options import MEANS, MEASURES, OTHERS, RATES
from .rates import Rates, check_rates
from .tables import COUNTS, Tables, check_tables

StudyData: TypeAlias = Tables | Means | Rates | Estimates

#: For each form with arms: its class, its columns, its measures.
_ARMS = ((Tables, COUNTS, MEASURES), (Means, continuous.COLUMNS, MEANS), (Rates, rates.COLUMNS, RATES))


def check_data(data: pd.DataFrame | StudyData, measure: str, *, file: object = None, unique: bool = True) -> StudyData:
    """Check the data of one meta-analysis in the form that `measure` needs.

    Parameters
    ----------
    data : DataFrame
        One row a study, with the columns of one of the forms of this module. Estimates are taken where they stand there
        and the columns that `measure` is made of do not.
    measure : str
    file : optional
        Named in error messages.
    unique : bool
        Whether a study may occur only once.

    Raises
    ------
    DataError
    OptionError
        The data are there in another form only.
    """
    if isinstance(data, (Tables, Means, Rates, Estimates)):
        fits = [m for form, _, measures in _ARMS if isinstance(data, form) for m in measures]
        if fits and measure not in fits:
            raise _misfit(measure, fits)
        return data
    names = set(data.columns) if isinstance(data, pd.DataFrame) else set()
    fits = [m for _, columns, measures in _ARMS if names.issuperset(columns) for m in measures]
    given = names.issuperset(COLUMNS) or names.issuperset(INTERVAL)
    if fits and measure not in fits and not given:
        raise _misfit(measure, fits)
    if measure in OTHERS or (given and measure not in fits):
        return check_estimates(data, measure, file=file, unique=unique)
    if measure in MEANS:
        return check_means(data, file=file, unique=unique)
    return (check_rates if measure in RATES else check_tables)(data, file=file, unique=unique)


def _misfit(measure: str, fits: list[str]) -> OptionError:
    return OptionError(f"measure={measure!r} cannot be had from these data; use one of {', '.join(fits)}")


def arm_columns(data: StudyData | None) -> tuple[str, ...]:
    """Return the columns that say what each arm had; none for estimates, which come without arms."""
    return next((columns for form, columns, _ in _ARMS if isinstance(data, form)), ())
