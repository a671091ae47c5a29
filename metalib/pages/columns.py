"""Column specifications for the data frames that metalib returns, ready for :func:`metalib.pages.column_table.table`.

They are mappings, so a page takes one as it is or puts it together: ``{"outcome": "Outcome", **columns.models()}``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import pandas as pd

from .. import text
from ..arithmetic.data import arm_columns
from ..arithmetic.options import RATIOS
from ..arithmetic.results import PooledEffect
from ..robustness.fragility import Change
from .column_table import Columns
from .markup import Raw, link
from .prose import STATISTIC_NAMES, recomputed

_AGREES = {True: "agree", False: "differ", None: "not comparable"}
_INTERVAL, _HETEROGENEITY = ("interval", "formula-interval"), ("heterogeneity", "formula-heterogeneity")
_TEST, _BETWEEN = ("test", "formula-interval"), ("subgroup differences", "formula-subgroups")
_POOLED = {"fixed": ("Mantel-Haenszel", "formula-mh"), "random": ("random effects", "formula-random")}
#: Name and reference target of the formula of each statistic; that of an effect depends on the model.
_FORMULAS = {
    **dict.fromkeys(("CI low", "CI high"), _INTERVAL),
    **dict.fromkeys(("P", "Z"), _TEST),
    **dict.fromkeys(("Chi2", "df", "P(Q)", "I2"), _HETEROGENEITY),
}

#: For :func:`metalib.audit.crosscheck.statsmodels_crosscheck`. Differences are not shown: their digits are noise.
CROSSCHECK: Columns = {
    "quantity": "Quantity",
    "function": "statsmodels function",
    "metalib": ("metalib", partial(text.number, digits=6)),
    "statsmodels": ("statsmodels", partial(text.number, digits=6)),
    ("comparable", "agrees"): ("Verdict", lambda comparable, agrees: _AGREES[agrees if comparable else None]),
}


def named(names: Mapping[str, str]) -> Callable[[str], str]:
    """Return what shows a key by its name, and one without a name as it stands."""
    return lambda key: names.get(key, key)


def effect(
    measure: str = "OR", heading: str = "", columns: tuple[str, str, str] = ("estimate", "ci_low", "ci_high")
) -> Columns:
    """Return the column of an effect with its interval, on the natural scale, for example ``2.14 [1.32, 3.48]``.

    Parameters
    ----------
    measure : str
    heading : str
        By default measure and "[95% CI]".
    columns : tuple of str
        Where estimate and limits stand in the frame, for ratios as logarithms.
    """

    def shown(value: float | None, low: float | None, high: float | None) -> str:
        return text.with_interval(_natural(value, measure), _natural(low, measure), _natural(high, measure))

    return {columns: (heading or f"{measure} [95% CI]", shown)}


def counts(
    labels: Mapping[str, str], arms: Sequence[str] = ("Experimental", "Control"), measure: str = "OR"
) -> Columns:
    """Return columns for tables joined with :func:`metalib.effects`: study, events of both arms, effect."""
    return {
        "study": ("Study", named(labels)),
        ("events_t", "n_t"): (arms[0], text.events),
        ("events_c", "n_c"): (arms[1], text.events),
        **effect(measure, columns=("effect", "ci_low", "ci_high")),
    }


def study_data(labels: Mapping[str, str], arms: Sequence[str], pooled: PooledEffect) -> Columns:
    """Return columns for the data of an outcome, whichever form they have, joined with the effects of its studies.

    Parameters
    ----------
    labels : mapping
        Name to show of each study.
    arms : pair of str
    pooled : PooledEffect
        The result, which says of what form the data are; the frame holds ``effect, ci_low, ci_high`` as pooled.
    """
    held = arm_columns(pooled.data)
    shown: dict[str | tuple[str, ...], str | tuple[str, Callable[..., str]]] = {"study": ("Study", named(labels))}
    if pooled.tables is not None:
        shown |= {(f"events_{a}", f"n_{a}"): (arm, text.events) for a, arm in zip("tc", arms, strict=True)}
    elif "mean_t" in held:
        shown |= {(f"mean_{a}", f"sd_{a}", f"n_{a}"): (f"{arm}: mean (SD), patients", _mean)
                  for a, arm in zip("tc", arms, strict=True)}  # fmt: skip
    elif "time_t" in held:
        shown |= {(f"events_{a}", f"time_{a}"): (f"{arm}: events in person-time", _rate)
                  for a, arm in zip("tc", arms, strict=True)}  # fmt: skip
    else:
        shown["se"] = ("Standard error", partial(text.number, digits=3))
    name = "Peto OR" if pooled.method == "Peto" else pooled.measure
    return {**shown, **effect(pooled.measure, f"{name} [95% CI]", ("effect", "ci_low", "ci_high"))}


def _mean(mean: float, sd: float, n: float) -> str:
    return f"{text.measured(mean)} ({text.measured(sd)}), {text.count(int(n))}"


def _rate(events: float, time: float) -> str:
    return f"{text.count(int(events))} in {text.time(time)}"


def models(measure: str = "OR") -> Columns:
    """Return columns for :func:`metalib.arithmetic.results.to_frame`: the same studies under several models."""

    def prediction(low: float | None, high: float | None) -> str:
        return "–" if low is None else text.interval(_natural(low, measure), _natural(high, measure))

    return {
        ("method", "model", "tau2_method", "ci_method"): ("Model", text.model_words),
        **effect(measure),
        "p": ("P", text.p_value),
        "tau2": ("tau²", partial(text.number, digits=3)),
        "I2": ("I²", text.percent),
        ("prediction_low", "prediction_high"): ("95% prediction interval", prediction),
    }


def exclusions(labels: Mapping[str, str], measure: str = "OR", *, column: str = "omitted") -> Columns:
    """Return columns for :func:`metalib.leave_one_out`, or with ``column="excluded"`` for cumulative exclusion."""
    return {
        column: ("Left out" if column == "omitted" else "Excluded", named(labels)),
        "k": "k",
        **effect(measure),
        "p": ("P", text.p_value),
        "I2": ("I²", text.percent),
    }


def subgroups(measure: str = "OR") -> Columns:
    """Return columns for :meth:`metalib.Subgroups.to_frame`."""
    return {
        "subgroup": ("Subgroup", named({"overall": "Total"})),
        "k": "k",
        **effect(measure),
        "p": ("P", text.p_value),
        ("k", "I2"): ("I²", lambda k, i2: text.percent(i2) if k > 1 else "–"),
        "p_Q": ("P of Q", text.p_value),
    }


def changes(witness: Sequence[Change], labels: Mapping[str, str], arms: Sequence[str]) -> str:
    """Return changed counts in words, for example ``Trial A, new: 13 → 9``; see :func:`metalib.fragility`."""
    names = dict(zip(("experimental", "control"), arms, strict=True))
    return "; ".join(f"{labels.get(c.study, c.study)}, {names[c.arm].lower()}: {c.before} → {c.after}" for c in witness)


def comparison(model: str = "fixed", *, ledger: str = "", between: str = "", formulas: bool = True) -> Columns:
    """Return columns for :func:`metalib.audit.compare.compare`: printed beside recomputed, with formula and ledger.

    Parameters
    ----------
    model : {"fixed", "random"}
        Whose formula an effect has.
    ledger : str
        Page of the built book with a row of id ``p001`` for the printed number p001; without it there is no link.
    between : str
        Column that marks the statistics of a test for subgroup differences, if there are any.
    formulas : bool
        Whether the book has a page with the formulas, to refer to.
    """

    def formula(statistic: str, is_between: bool = False) -> Raw:
        name, target = _BETWEEN if is_between else _FORMULAS.get(statistic, _POOLED[model])
        return Raw(f"{{ref}}`{name} <{target}>`")

    return {
        "statistic": ("Statistic", named(STATISTIC_NAMES)),
        "text": "Printed",
        "value": ("Recomputed", recomputed),
        "verdict": "Verdict",
        **({("statistic", between) if between else ("statistic",): ("Formula", formula)} if formulas else {}),
        **({"id": ("Ledger", lambda row: link(row, f"{ledger}#{row}"))} if ledger else {}),
    }


def printed_rows(compared: pd.DataFrame, by: str, layout: Mapping[str, str], *, ledger: str = "") -> pd.DataFrame:
    """Return printed and recomputed numbers as pairs of rows in the layout of a printed table.

    Recomputed numbers are rounded to the digits of the print, so that the two rows can be read against each other.

    Parameters
    ----------
    compared : DataFrame
        From :func:`metalib.audit.compare.compare`, with the column `by` added.
    by : str
        Column that names a row of the printed table.
    layout : mapping
        Heading to the form of its cells, for example ``{"OR [95% CI]": "{OR} [{CI low}, {CI high}]"}``.
    ledger : str
        Page of the built book with a row for every printed number, to link to.
    """
    rows = []
    for name, part in compared.groupby(by, sort=False):
        for source, field in (("printed", "text"), ("recomputed", "rounded")):
            numbers = dict(zip(part["statistic"], part[field], strict=True))
            row = {by: name, "Source": source} | {head: form.format_map(numbers) for head, form in layout.items()}
            if ledger:
                first, last = part["id"].iloc[[0, -1]]
                row["Ledger"] = link(f"{first} to {last}", f"{ledger}#{first}") if source == "printed" else ""
            rows.append(row)
    return pd.DataFrame(rows)


def _natural(value: float | None, measure: str) -> float | None:
    if value is None or measure not in RATIOS:
        return value
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf
