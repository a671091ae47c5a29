"""What a filled-in checklist adds up to."""

from __future__ import annotations

import pandas as pd

from ..errors import DataError

#: How many critical items AMSTAR 2 names.
CRITICAL_ITEMS = 7


def amstar2_rating(items: pd.DataFrame) -> str:
    """Return the overall confidence in a review by the rule of AMSTAR 2: high, moderate, low or critically low.

    An answer "no" is a weakness. More than one in a critical item: critically low; one: low; none, but more than one
    elsewhere: moderate; otherwise high.

    Parameters
    ----------
    items : DataFrame
        ``item, critical, answer`` as in ``amstar2.csv``.

    Raises
    ------
    DataError
        There are not sixteen items, seven of them critical.

    References
    ----------
    Shea BJ et al. BMJ 2017; 358: j4008, box 2.
    """
    critical = items["critical"] == "yes"
    if sorted(items["item"]) != list(range(1, 17)) or critical.sum() != CRITICAL_ITEMS:
        raise DataError("AMSTAR 2 has sixteen items, seven of them critical", file="amstar2.csv")
    weak = items["answer"] == "no"
    flaws = int((weak & critical).sum())
    if flaws:
        return "critically low" if flaws > 1 else "low"
    return "moderate" if weak.sum() > 1 else "high"
