"""The ledger of a text: every statistic that was read, and whether the others leave room for it.

Verdicts follow from the printed numbers alone. An interval is taken as Wald's; one from t (Hartung-Knapp) is wider and
can contradict a P without a slip.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pandas as pd

from ..errors import OptionError
from .compare import limits
from .consistency import CONSISTENT, INCONSISTENT, Check, check_result
from .printed import Printed, read_printed
from .text import read_results
from .text_marks import UNNAMED, ReadText, Result

NOT_CHECKABLE = "not checkable"
DIFFERENCES = ("MD", "SMD", "WMD", "RD", "ARD")
COLUMNS = ("result", "statistic", "text", "read_as", "low", "high", "line", "column", "end", "verdict", "reason")
_PARTS = {
    "CI": ("CI low", "CI high"), "I²": ("I2", "df"), "Chi²": ("Chi2", "df"), "limits": ("CI low", "CI high"),
}  # fmt: skip
_RANGES: dict[str, tuple[float, float]] = {
    "P": (0, 1), "P(Q)": (0, 1), "I2": (0, 100), "Chi2": (0, math.inf), "Tau2": (0, math.inf),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TextAudit:
    """What a text says of its statistics.

    Attributes
    ----------
    read : ReadText
        What was read, and the numbers that were not.
    checks : tuple of tuple of Check
        The checks of each result.
    """

    read: ReadText
    checks: tuple[tuple[Check, ...], ...]

    @property
    def contradictions(self) -> list[Check]:
        """The checks that fail."""
        return [c for checks in self.checks for c in checks if c.verdict == INCONSISTENT]

    def to_frame(self) -> pd.DataFrame:
        """Return the ledger: one row a statistic, columns :data:`COLUMNS`."""
        rows = []
        for i, (result, checks) in enumerate(zip(self.read.results, self.checks, strict=True)):
            for r in result.readings:
                own = [c for c in checks if r.statistic in _statistics(c)]
                failed = [c for c in own if c.verdict == INCONSISTENT]
                verdict = INCONSISTENT if failed else CONSISTENT if own else NOT_CHECKABLE
                reason = " ".join(c.sentence for c in failed or own) or "nothing beside it to check it with"
                read = (r.statistic, r.text, r.number.text, *limits(r.number, r.statistic), r.line, r.column, r.end)
                rows.append((i + 1, *read, verdict, reason))
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def to_dict(self) -> dict[str, object]:
        """Return everything as one JSON object."""
        frame = self.to_frame()
        numbers = frame.astype(object).where(frame.notna(), None)
        return {
            "statistics": numbers.to_dict("records"),
            "checks": [{"result": i + 1, **asdict(c)} for i, checks in enumerate(self.checks) for c in checks],
            "unread": [asdict(u) for u in self.read.unread],
        }

    def summary(self) -> str:
        """Return what was read, what was not and what contradicts itself, in lines."""
        frame = self.to_frame()
        lines = []
        for number, rows in frame.groupby("result", sort=False):
            read = ", ".join(f"{s} {t}" for s, t in zip(rows["statistic"], rows["read_as"], strict=True))
            checks = self.checks[int(str(number)) - 1]
            failed = [c.sentence for c in checks if c.verdict == INCONSISTENT]
            verdict = INCONSISTENT if failed else f"{CONSISTENT} ({len(checks)} checks)" if checks else NOT_CHECKABLE
            first = rows.iloc[0]
            lines.append(f"line {first['line']}, column {first['column']}: {read}: {verdict}")
            lines += [f"    {sentence}" for sentence in failed]
        if self.read.unread:
            lines.append("Numbers that belong to no statistic that was understood:")
            by_line: dict[int, list[str]] = {}
            for u in self.read.unread:
                by_line.setdefault(u.line, []).append(u.text.strip())
            lines += [f"    line {line}: {'  '.join(texts)}" for line, texts in by_line.items()]
        made = sum(map(len, self.checks))
        lines.append(
            f"{len(frame)} statistics read in {len(self.read.results)} results, {len(self.read.unread)} other numbers; "
            f"{made} checks, {len(self.contradictions)} contradictions"
        )
        return "\n".join(lines)


def audit_text(text: str, *, studies: int | None = None) -> TextAudit:
    """Read the statistics of a text and hold those of each result against each other.

    Parameters
    ----------
    text : str
        As :func:`~metalib.audit.text.read_results` takes it.
    studies : int, optional
        Number of studies of every result that prints neither degrees of freedom nor k.

    Raises
    ------
    DataError, OptionError

    Examples
    --------
    >>> print(audit_text("OR 0.45, 95% CI 0.27-0.76, P=0.03").summary())
    line 1, column 4: OR 0.45, CI low 0.27, CI high 0.76, P 0.03: inconsistent
        0.45 [0.27, 0.76] leaves a P between 0.0023 and 0.0032; printed is P = 0.03, which does not agree with it.
    4 statistics read in 1 results, 0 other numbers; 2 checks, 1 contradictions
    """
    if studies is not None and (isinstance(studies, bool) or not isinstance(studies, int) or studies < 2):
        raise OptionError(f"studies={studies!r} must be a whole number of 2 or more")
    read = read_results(text)
    return TextAudit(read, tuple(tuple(checks_of(result, studies)) for result in read.results))


def checks_of(result: Result, studies: int | None = None) -> list[Check]:
    """Return every check that the numbers of one result allow.

    An effect without a name is taken for a ratio or a difference, whichever contradicts itself less.
    """
    numbers = result.numbers()
    found = list(_possible(numbers))
    measure = result.measure or UNNAMED
    if "Z" in numbers and numbers["Z"].value < 0 and not numbers["Z"].is_bound:
        numbers["Z"] = read_printed(numbers["Z"].text.lstrip("-"))
    if "I2" in numbers and 0 < numbers["I2"].value < 1 and not numbers["I2"].percent:
        # A share of 1, or a percentage below 1: the print does not say.
        del numbers["I2"]
    impossible = {name for check in found for name in _statistics(check)}
    numbers = {name: number for name, number in numbers.items() if name not in impossible}
    df = int(numbers["k"].value) - 1 if "k" in numbers else studies - 1 if studies else None
    scales = (True, False) if measure == UNNAMED else (measure not in DIFFERENCES,)
    tried = [_checks(numbers, df, measure, result.level, log) for log in scales]
    return found + min(tried, key=lambda checks: sum(c.verdict == INCONSISTENT for c in checks))


def _checks(numbers: dict[str, Printed], df: int | None, measure: str, level: float, log: bool) -> list[Check]:
    low, high, estimate = (numbers.get(name) for name in ("CI low", "CI high", measure))
    found: list[Check] = []
    if low and high and low.low > high.high:
        sentence = f"The lower limit {low.text} exceeds the upper limit {high.text}."
        found.append(Check("order of limits", low.text, high.low, high.high, INCONSISTENT, sentence))
    negative = [p for p in (estimate, low, high) if p and log and p.high <= 0 and not p.is_bound]
    found += [
        Check(f"sign of {measure}", p.text, p.low, p.high, INCONSISTENT, f"{p.text} is negative, which no ratio is.")
        for p in negative
    ]
    bounds = any(p and p.is_bound for p in (estimate, low, high))
    usable = {n: p for n, p in numbers.items() if not ((found or bounds) and n in (measure, "CI low", "CI high"))}
    return found + check_result(usable, df=df, measure=measure, level=level, log=log)


def _possible(numbers: dict[str, Printed]) -> Iterator[Check]:
    """Yield a failed check for every number that its statistic cannot be."""
    for name, (least, most) in _RANGES.items():
        printed = numbers.get(name)
        if printed and (printed.high < least or printed.low >= most):
            limit = f"of {least:g} or more" if math.isinf(most) else f"between {least:g} and {most:g}"
            sentence = f"{name} = {printed.text} is no number {limit}."
            yield Check(f"{name} alone", printed.text, printed.low, printed.high, INCONSISTENT, sentence)


def _statistics(check: Check) -> set[str]:
    """Return the statistics that a check holds against each other, from its name."""
    names = check.check.removesuffix(" alone").removeprefix("order of ").removeprefix("sign of ").split(" and ")
    return {part for name in names for part in _PARTS.get(name, (name,))}
