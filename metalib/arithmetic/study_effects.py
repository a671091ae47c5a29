"""Effects of single studies: odds ratio, risk ratio, risk difference and Peto's odds ratio.

The rules for zero cells are those of Review Manager 5 [1]_:

===============  ===========================  ==============================  =====================
..               OR                           RR                              RD
===============  ===========================  ==============================  =====================
not estimable    no events, or all events,    no events in both arms          never
                 in both arms
effect           0.5 added to all four cells  the same, but exactly 1 when    never corrected
                 of a study with a zero cell  every patient had the event
standard error   corrected cells              corrected cells                 corrected cells
===============  ===========================  ==============================  =====================

.. [1] Deeks JJ, Higgins JPT (2010). Statistical algorithms in Review Manager 5. Cochrane Statistical Methods Group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import OptionError
from .options import MEASURES, Options
from .tables import Tables, check_tables

NO_EVENTS = "no events in either arm"
ALL_EVENTS = "every patient of both arms had the event"


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells of 2x2 tables, arrays of one shape ``(..., k)``; capitals carry RevMan's correction of 0.5.

    ``a`` of ``n1`` had the event in the experimental, ``c`` of ``n2`` in the control arm.
    """

    a: np.ndarray
    n1: np.ndarray
    c: np.ndarray
    n2: np.ndarray
    corrected: np.ndarray
    A: np.ndarray
    B: np.ndarray
    C: np.ndarray
    D: np.ndarray
    N1: np.ndarray
    N2: np.ndarray
    N: np.ndarray

    @property
    def no_events(self) -> np.ndarray:
        """Studies without an event in either arm."""
        found: np.ndarray = (self.a == 0) & (self.c == 0)
        return found

    @property
    def all_events(self) -> np.ndarray:
        """Studies in which every patient had the event."""
        found: np.ndarray = (self.a == self.n1) & (self.c == self.n2)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class StudyEffects:
    """Effects `yi` and variances `vi` (log scale for ratios); both 0 and 1 where not `estimable`.

    The stand-ins keep sums over the last axis finite; they always carry a weight of 0.
    """

    yi: np.ndarray
    vi: np.ndarray
    estimable: np.ndarray
    corrected: np.ndarray

    def batch(self) -> StudyEffects:
        """Return the effects of one meta-analysis as a batch of one, arrays of shape (1, k)."""
        return StudyEffects(self.yi[None], self.vi[None], self.estimable[None], self.corrected[None])

    def row(self, i: int) -> StudyEffects:
        """Return the effects of one meta-analysis out of (m, k) arrays."""
        return StudyEffects(self.yi[i], self.vi[i], self.estimable[i], self.corrected[i])

    def intervals(self, z: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return effects, standard errors and both limits, `z` standard errors away; NaN where not estimable."""
        yi, se = np.where(self.estimable, self.yi, np.nan), np.where(self.estimable, np.sqrt(self.vi), np.nan)
        return yi, se, yi - z * se, yi + z * se


def cells(events_t: np.ndarray, n_t: np.ndarray, events_c: np.ndarray, n_c: np.ndarray) -> Cells:
    """Return plain and corrected cells; 0.5 goes to all four cells of a study that has a zero cell."""
    a, n1, c, n2 = np.broadcast_arrays(events_t, n_t, events_c, n_c)
    corrected = (a == 0) | (c == 0) | (a == n1) | (c == n2)
    add = 0.5 * corrected
    return Cells(
        a, n1, c, n2, corrected,
        a + add, n1 - a + add, c + add, n2 - c + add,
        n1 + 2 * add, n2 + 2 * add, n1 + n2 + 4 * add,
    )  # fmt: skip


def study_effects(tables: Cells, measure: str) -> StudyEffects:
    """Return effects and variances of studies by RevMan's rules, for arrays of any shape."""
    t = tables
    none = t.no_events
    if measure == "OR":
        estimable = ~(none | t.all_events)
        yi = np.log(t.A * t.D / (t.B * t.C))
        vi = 1 / t.A + 1 / t.B + 1 / t.C + 1 / t.D
        corrected = t.corrected & estimable
    elif measure == "RR":
        estimable = ~none
        # RevMan shows exactly 1 here although the arms, corrected, would differ when their sizes do.
        yi = np.where(t.all_events, 0.0, np.log(t.A / t.N1 * (t.N2 / t.C)))
        vi = t.B / (t.A * t.N1) + t.D / (t.C * t.N2)
        corrected = t.corrected & estimable
    elif measure != "RD":
        raise OptionError(f"measure={measure!r} is no measure of 2x2 tables; use one of {', '.join(MEASURES)}")
    else:
        estimable = np.ones(t.a.shape, dtype=bool)
        yi = t.a / t.n1 - t.c / t.n2
        vi = t.A * t.B / t.N1**3 + t.C * t.D / t.N2**3
        corrected = t.corrected
    return StudyEffects(np.where(estimable, yi, 0.0), np.where(estimable, vi, 1.0), estimable, corrected)


def peto_effects(tables: Cells) -> StudyEffects:
    """Return Peto's one-step log odds ratios ``(O - E) / V`` and their variances ``1 / V``; V is hypergeometric."""
    t = tables
    total = t.n1 + t.n2
    events = t.a + t.c
    # Fractions first: with counts of 1e9 the plain product of four counts would lose nothing in a float, but the
    # order keeps every factor at most of the size of a count.
    variance = (t.n1 / total) * (t.n2 / total) * events * ((total - events) / np.maximum(total - 1, 1))
    estimable = variance > 0
    safe = np.where(estimable, variance, 1.0)
    o_minus_e = t.a - events * (t.n1 / total)
    no = np.zeros(t.a.shape, dtype=bool)
    return StudyEffects(np.where(estimable, o_minus_e / safe, 0.0), 1 / safe, estimable, no)


def reason_not_estimable(tables: Tables, measure: str) -> list[str]:
    """Return for each study why its effect is not estimable, or an empty string."""
    t = cells(*tables.counts())
    reasons = []
    for none, every in zip(t.no_events, t.all_events, strict=True):
        if none and measure != "RD":
            reasons.append(f"{NO_EVENTS}: {measure} not estimable")
        elif every and measure == "OR":
            reasons.append(f"{ALL_EVENTS}: OR not estimable")
        else:
            reasons.append("")
    return reasons


def effects(tables: pd.DataFrame, measure: str = "OR", *, level: float = 0.95) -> pd.DataFrame:
    """Effect of every study.

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``.
    measure : {"OR", "RR", "RD"}
    level : float
        Confidence level of the Wald intervals.

    Returns
    -------
    DataFrame
        One row a study, in the order given: ``study``, ``effect``, ``se``, ``ci_low``, ``ci_high`` (log scale for OR
        and RR), ``estimable``, ``corrected`` (0.5 was added to its cells) and ``reason`` (why the effect is not
        estimable or what was corrected; else empty). Numbers are missing only where ``estimable`` is False.

    Raises
    ------
    DataError, OptionError

    Examples
    --------
    >>> import pandas as pd
    >>> from metalib import effects
    >>> row = pd.DataFrame({"study": ["x"], "events_t": [4], "n_t": [40], "events_c": [2], "n_c": [40]})
    >>> print(round(effects(row, "OR").loc[0, "effect"], 4))
    0.7472
    """
    z = Options(measure=measure, method="IV", level=level).z
    checked = check_tables(tables)
    e = study_effects(cells(*checked.counts()), measure)
    yi, se, low, high = e.intervals(z)
    corrected_note = "zero cell: 0.5 added to all four cells" + (
        ", in the standard error only" if measure == "RD" else ""
    )
    reasons = [
        reason or (corrected_note if corrected else "")
        for reason, corrected in zip(reason_not_estimable(checked, measure), e.corrected, strict=True)
    ]
    return pd.DataFrame(
        {
            "study": list(checked.studies),
            "effect": yi,
            "se": se,
            "ci_low": low,
            "ci_high": high,
            "estimable": e.estimable,
            "corrected": e.corrected,
            "reason": reasons,
        }
    )
