"""Printed results beside recomputed ones: every number of these examples carries its text and its source.

A print is compared through its rounding interval (``metalib.audit.printed``): half a unit of the last printed digit.
The full precision stands in the golden sets, which ``agrees_with_golden`` compares at their tolerance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

import metalib
from metalib.audit.printed import read_printed
from validation.pooling import compare
from validation.sets import METAFOR, TRANSCRIBED, load

#: Names of statistics, and how they follow from a pooled effect. "log" is the scale of the analysis.
STATISTICS = {
    "effect": lambda r: r.natural(r.estimate),
    "low": lambda r: r.natural(r.ci_low),
    "high": lambda r: r.natural(r.ci_high),
    "log effect": lambda r: r.estimate,
    "log low": lambda r: r.ci_low,
    "log high": lambda r: r.ci_high,
    "se": lambda r: r.se,
    "z": lambda r: r.statistic,
    "|z|": lambda r: abs(r.statistic),
    "P": lambda r: r.p,
    "Q": lambda r: r.Q,
    "df": lambda r: r.df,
    "P(Q)": lambda r: r.p_Q,
    "I2": lambda r: r.I2,
    "tau2": lambda r: r.tau2,
    "tau": lambda r: r.tau2**0.5,
    "k": lambda r: r.k,
}


@dataclass(frozen=True)
class Prints:
    """Printed statistics of one model.

    Attributes
    ----------
    source : str
        Where they are printed.
    measure : str
    numbers : mapping
        Name of a statistic (see :data:`STATISTICS`) to the printed text.
    options : mapping
        Further options of :func:`metalib.pool`.
    scale : float
        Factor of the print, for example 100 for risk differences in percentage points.
    """

    source: str
    measure: str
    numbers: Mapping[str, str]
    options: Mapping[str, object] = field(default_factory=dict)
    scale: float = 1.0

    def verdicts(self, tables: pd.DataFrame) -> dict[str, str]:
        """Return the verdict of :class:`metalib.audit.printed.Printed` for each number."""
        result = metalib.pool(tables, self.measure, **self.options)
        verdicts = {}
        for name, text in self.numbers.items():
            scaled = name.removeprefix("log ") in ("effect", "low", "high", "se")
            value = STATISTICS[name](result) * (self.scale if scaled else 1.0)
            verdicts[name] = read_printed(text).verdict(value)
        return verdicts


def frame(rows: Sequence[tuple[str, int, int, int, int]]) -> pd.DataFrame:
    """Return tables of ``study, events_t, n_t, events_c, n_c``."""
    return pd.DataFrame(rows, columns=["study", "events_t", "n_t", "events_c", "n_c"])


def reproduces(tables: pd.DataFrame, prints: Prints) -> None:
    """Assert that every printed number is the rounding of its recomputed value."""
    wrong = {name: verdict for name, verdict in prints.verdicts(tables).items() if verdict != "reproduced"}
    assert not wrong, (prints.source, wrong)


def columns_reproduce(printed: Sequence[Sequence[str]], *values: Sequence[float]) -> None:
    """Assert that each column of a printed table rounds from the values given for it, row by row."""
    for j, column in enumerate(values):
        texts = [row[j] for row in printed]
        wrong = [
            (i, text, value)
            for i, (text, value) in enumerate(zip(texts, column, strict=True))
            if not read_printed(text).contains(value)
        ]
        assert not wrong, (j, wrong)


def agrees_with_golden(name: str, tables: pd.DataFrame) -> None:
    """Assert that `tables` are those of a golden set and that metalib agrees with each of its numbers."""
    golden, _ = load(name)
    counts = ["events_t", "n_t", "events_c", "n_c"]
    assert tables[counts].to_numpy().tolist() == golden[counts].to_numpy().tolist()
    comparisons = list(compare(name))
    wrong = [c for c in comparisons if not c.agrees]
    assert not wrong, wrong[:5]
    assert {TRANSCRIBED, METAFOR} == {c.source for c in comparisons}
