"""Second opinions from statsmodels on the results of this package."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from ..arithmetic.pooling import pool
from ..arithmetic.study_effects import effects
from ..arithmetic.tables import check_tables

#: Relative difference up to which two programs agree: far above rounding noise, far below any printed digit.
AGREEMENT = 1e-10


def statsmodels_crosscheck(tables: pd.DataFrame, measure: str = "OR") -> pd.DataFrame:
    """Pool with statsmodels and with metalib, and compare number by number.

    ``combine_effects`` pools by inverse variance; ``StratifiedTable`` (odds ratios only) by Mantel-Haenszel with 0.5
    added to strata with a zero cell. Studies that are not estimable are dropped first, as metalib drops them.

    ``combine_effects(method_re="dl")`` truncates neither tau2 nor I2 at 0. When Q is smaller than its degrees of
    freedom its random-effects results rest on a negative variance and are not comparable; when Q is larger they are.
    RevMan's "M-H, random" has no counterpart in statsmodels, because it takes tau2 from another Q.

    Parameters
    ----------
    tables : DataFrame
        ``study, events_t, n_t, events_c, n_c``.
    measure : {"OR", "RR", "RD"}

    Returns
    -------
    DataFrame
        ``quantity, function, metalib, statsmodels, difference`` (relative), ``comparable`` and ``agrees``; effects on
        the log scale for ratios. ``agrees`` is None where the two are not comparable.

    Raises
    ------
    DataError, OptionError
    """
    # Imported here: statsmodels takes seconds to import, and nothing else in metalib needs it.
    from statsmodels.stats.contingency_tables import StratifiedTable
    from statsmodels.stats.meta_analysis import combine_effects

    checked = check_tables(tables)
    single = effects(tables, measure)
    used = single["estimable"].to_numpy()
    rows: list[tuple[str, str, float | None, float, bool]] = []
    if used.sum() > 1:
        fixed = pool(tables, measure, method="IV", model="fixed")
        random = pool(tables, measure, method="IV", model="random")
        y, v = single["effect"].to_numpy()[used], single["se"].to_numpy()[used] ** 2
        # A negative tau2 also makes it take the root of a negative variance, or divide by a variance of 0, which is not
        # used here.
        with np.errstate(invalid="ignore", divide="ignore"):
            other = combine_effects(y, v, method_re="dl")
        untruncated = fixed.Q is not None and fixed.df <= fixed.Q
        rows += [
            ("IV fixed: estimate", "combine_effects", fixed.estimate, other.mean_effect_fe, True),
            ("IV fixed: standard error", "combine_effects", fixed.se, other.sd_eff_w_fe, True),
            ("Q", "combine_effects", fixed.Q, other.q, True),
            ("IV random (DL): tau2", "combine_effects", random.tau2, other.tau2, untruncated),
            ("IV random (DL): estimate", "combine_effects", random.estimate, other.mean_effect_re, untruncated),
            ("IV random (DL): standard error", "combine_effects", random.se, other.sd_eff_w_re, untruncated),
        ]
    if measure == "OR" and used.any():
        mh = pool(tables, measure, method="MH", model="fixed")
        a, n1, c, n2 = (x[used] for x in checked.counts())
        other = StratifiedTable(np.array([[a, n1 - a], [c, n2 - c]]), shift_zeros=True)
        rows += [
            ("M-H fixed: estimate", "StratifiedTable", mh.estimate, math.log(other.oddsratio_pooled), True),
            ("M-H fixed: standard error", "StratifiedTable", mh.se, other.logodds_pooled_se, True),
        ]
    frame = pd.DataFrame(rows, columns=["quantity", "function", "metalib", "statsmodels", "comparable"])
    ours, theirs = frame["metalib"].astype(float), frame["statsmodels"].astype(float)
    frame["difference"] = (ours - theirs).abs() / np.maximum(np.maximum(ours.abs(), theirs.abs()), AGREEMENT)
    frame["agrees"] = [
        bool(d <= AGREEMENT) if comparable else None
        for d, comparable in zip(frame["difference"], frame["comparable"], strict=True)
    ]
    return frame
