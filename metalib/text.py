"""The one place where numbers become text.

Rounding is decimal and correct: a float is rounded as the decimal number it stands for, never twice.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple, Protocol

_HYPHEN = re.compile(r"(?<![^\s\[(/=<>≤≥±])-(?=[\d.∞])")
NOT_ESTIMABLE = "not estimable"
METHOD_NAMES = {"MH": "M-H", "IV": "IV", "Peto": "Peto"}
TAU2_NAMES = {"DL": "DerSimonian-Laird", "PM": "Paule-Mandel", "REML": "REML"}
CI_NAMES = {
    "hksj": "Hartung-Knapp",
    "hksj_adhoc": "Hartung-Knapp, never narrower than Wald",
    "hksj_tau2": "Hartung-Knapp where tau² > 0 and k > 2",
}


class Statistic(NamedTuple):
    """One statistic of a pooled result under its three names."""

    field: str
    printed: str
    puzzle: str


#: What a result's statistics are called: as a field of :class:`metalib.PooledEffect`, in print (forest plots, audit
#: tables) and as a key of a recovery puzzle. The estimate is printed under the name of its measure.
STATISTICS = (
    Statistic("estimate", "effect", "effect"),
    Statistic("ci_low", "CI low", "ci_low"),
    Statistic("ci_high", "CI high", "ci_high"),
    Statistic("statistic", "Z", "z"),
    Statistic("p", "P", "P"),
    Statistic("Q", "Chi2", "Q"),
    Statistic("df", "df", "df"),
    Statistic("p_Q", "P(Q)", "P_Q"),
    Statistic("I2", "I2", "I2"),
    Statistic("tau2", "Tau2", "tau2"),
    Statistic("k", "k", "k"),
)


class Effect(Protocol):
    """What words about a pooled effect need of it; a :class:`metalib.PooledEffect` has all of it."""

    @property
    def method(self) -> str: ...  # noqa: D102
    @property
    def model(self) -> str: ...  # noqa: D102
    @property
    def tau2_method(self) -> str | None: ...  # noqa: D102
    @property
    def ci_method(self) -> str: ...  # noqa: D102
    @property
    def estimable(self) -> bool: ...  # noqa: D102
    @property
    def estimate(self) -> float | None: ...  # noqa: D102
    @property
    def ci_low(self) -> float | None: ...  # noqa: D102
    @property
    def ci_high(self) -> float | None: ...  # noqa: D102
    @property
    def statistic(self) -> float | None: ...  # noqa: D102
    @property
    def uses_t(self) -> bool: ...  # noqa: D102
    @property
    def df(self) -> int: ...  # noqa: D102
    @property
    def prediction_low(self) -> float | None: ...  # noqa: D102
    @property
    def prediction_high(self) -> float | None: ...  # noqa: D102
    def natural(self, value: float | None) -> float | None: ...  # noqa: D102


def number(value: float | None, digits: int = 2) -> str:
    """Return a number with a fixed number of decimals, without a negative zero.

    >>> number(-0.001), number(2.345, 1), number(None)
    ('0.00', '2.3', '–')
    """
    if value is None or value != value:
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    shown = f"{value:.{digits}f}"
    return shown.removeprefix("-") if float(shown) == 0 else shown


def mid_sentence(name: str) -> str:
    """Return a name as it stands within a sentence: a capital only where it is not that of a first word.

    >>> mid_sentence("Single treatment"), mid_sentence("BCG"), mid_sentence("")
    ('single treatment', 'BCG', '')
    """
    return name[:1].lower() + name[1:] if name[1:] == name[1:].lower() else name


def minus_signs(shown: str) -> str:
    """Return a text with a minus sign in place of each hyphen before a number.

    >>> minus_signs("-0.12 [-0.30, 0.06]"), minus_signs("M-H, 2011-2018, 1e-05")
    ('−0.12 [−0.30, 0.06]', 'M-H, 2011-2018, 1e-05')
    """
    return _HYPHEN.sub("−", shown)


def signed(value: float | None, digits: int = 0) -> str:
    """Return a difference with its sign; nought has none.

    >>> signed(48.2), signed(-17), signed(-0.2)
    ('+48', '-17', '0')
    """
    shown = number(value, digits)
    return f"+{shown}" if value is not None and value > 0 and float(shown.replace("∞", "1")) > 0 else shown


def percent(value: float | None, digits: int = 0) -> str:
    """Return a percentage with its sign, without one when there is none to show."""
    shown = number(value, digits)
    return shown if shown == "–" else f"{shown}%"


def p_value(p: float | None, *, sign: bool = False) -> str:
    """Return a P value with three decimals, with its first digit below 0.001, or as a bound below 0.00001.

    >>> p_value(0.0531), p_value(0.00042), p_value(1e-9), p_value(0.5, sign=True)
    ('0.053', '0.0004', '< 0.00001', '= 0.500')
    """
    if p is None or p != p:
        return "–"
    if p < 0.00001:
        return "< 0.00001"
    shown = f"{p:.3f}"
    if p < 0.0005:
        shown = f"{p:.5f}" if p < 0.000095 else f"{p:.4f}"
    return f"= {shown}" if sign else shown


def significance(p: float | None, alpha: float = 0.05) -> str:
    """Return whether P is below `alpha`, in words."""
    if p is None or p != p:
        return NOT_ESTIMABLE
    return "significant" if p < alpha else "not significant"


def scientific(value: float, digits: int = 0) -> str:
    """Return a small number as a power of ten, for example ``8 × 10⁻⁸``."""
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    superscript = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa} × 10{superscript}"


def significant(value: float, digits: int = 2) -> str:
    """Return a number with this many significant digits and no power of ten.

    >>> significant(0.0123456), significant(1.0), significant(12345.0)
    ('0.012', '1.0', '12,000')
    """
    rounded = float(f"{value:.{digits - 1}e}")
    if rounded == 0 or not math.isfinite(rounded):
        return number(rounded, 0)
    return f"{rounded:,.{max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)}f}"


def measured(value: float) -> str:
    """Return a mean or a standard deviation: two decimals, more for small and none for large numbers.

    >>> measured(12.345), measured(0.0123), measured(100000.5), measured(-0.5)
    ('12.35', '0.0123', '100,000', '-0.50')
    """
    if 0 < abs(value) < 0.1:
        return significant(value, 3)
    return number(value) if abs(value) < 10_000 else f"{value:,.0f}"


def time(value: float) -> str:
    """Return person-time: whole where it is, else as :func:`measured`.

    >>> time(1344.0), time(340.25)
    ('1,344', '340.25')
    """
    return f"{value:,.0f}" if float(value).is_integer() else measured(value)


def duration(seconds: float) -> str:
    """Return a time with two significant digits, in the unit that suits it.

    >>> duration(0.00000123), duration(0.0123), duration(2.0), duration(0.0009999)
    ('1.2 µs', '12 ms', '2.0 s', '1.0 ms')
    """
    # Rounded first, so that 999.9 µs becomes 1 ms.
    rounded = float(f"{seconds:.1e}")
    for factor, unit in ((1.0, "s"), (1e3, "ms")):
        if rounded * factor >= 1:
            return f"{significant(rounded * factor)} {unit}"
    return f"{significant(rounded * 1e6)} µs"


def interval(low: float | None, high: float | None, digits: int = 2) -> str:
    """Return ``[low, high]``."""
    return f"[{number(low, digits)}, {number(high, digits)}]"


def count(value: int) -> str:
    """Return a count with its thousands set apart."""
    return f"{value:,}"


def events(count: float, total: float) -> str:
    """Return ``events/total``."""
    return f"{int(count)}/{int(total)}"


def estimate(effect: Effect, digits: int = 2) -> str:
    """Return a pooled effect on the natural scale with its interval, for example ``2.14 [1.32, 3.48]``."""
    natural = effect.natural
    return with_interval(natural(effect.estimate), natural(effect.ci_low), natural(effect.ci_high), digits)


def with_interval(value: float | None, low: float | None, high: float | None, digits: int = 2) -> str:
    """Return a number with its interval, as far as there are any.

    >>> with_interval(2.138, 1.315, 3.477), with_interval(0.4, None, None), with_interval(None, None, None)
    ('2.14 [1.31, 3.48]', '0.40 [not estimable]', 'not estimable')
    """
    if value is None or value != value:
        return NOT_ESTIMABLE
    if low is None or low != low:
        return f"{number(value, digits)} [{NOT_ESTIMABLE}]"
    return f"{number(value, digits)} {interval(low, high, digits)}"


def prediction(effect: Effect, digits: int = 2) -> str:
    """Return the prediction interval on the natural scale."""
    if effect.prediction_low is None:
        return "–"
    return interval(effect.natural(effect.prediction_low), effect.natural(effect.prediction_high), digits)


def model_name(effect: Effect) -> str:
    """Return what a forest plot calls the model, for example ``M-H, random``, and what is not RevMan's default."""
    return model_words(effect.method, effect.model, effect.tau2_method, effect.ci_method)


def model_words(method: str, model: str, tau2: str | None = None, ci: str = "wald") -> str:
    """Return the words of :func:`model_name` for the parts of a model.

    >>> model_words("MH", "random", "DL", "hksj")
    'M-H, random, Hartung-Knapp'
    """
    parts = [f"{METHOD_NAMES[method]}, {model}"]
    if tau2 and tau2 != "DL":
        parts.append(TAU2_NAMES[tau2])
    if ci in CI_NAMES:
        parts.append(CI_NAMES[ci])
    return ", ".join(parts)


def statistic(effect: Effect, *, signed: bool = False) -> str:
    """Return the test statistic under its name: ``Z = 2.61``, or ``t = 0.32, df = 3`` where t was used.

    With `signed` it keeps its sign, in small letters: ``z = -2.61``.
    """
    value = effect.statistic
    if value is None:
        return NOT_ESTIMABLE
    if signed:
        return f"{'t' if effect.uses_t else 'z'} = {number(value)}"
    return f"t = {number(abs(value))}, df = {effect.df}" if effect.uses_t else f"Z = {number(abs(value))}"
