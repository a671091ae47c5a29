"""Tables for readers: results turned into data frames of text, ready for :func:`metalib.pages.notebook.table`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from .. import text
from ..arithmetic.pooling import pool
from ..arithmetic.results import PooledEffect
from ..arithmetic.study_effects import effects
from ..arithmetic.subgroups import Subgroups
from ..audit.printed import read_printed
from .notebook import Raw, link

STATISTIC_NAMES = {"I2": "I² (%)", "Chi2": "Chi²", "P(Q)": "P of heterogeneity"}
#: Reference targets of the formulas, by statistic; the label of an effect depends on the model.
FORMULAS = {
    "CI low": ("interval", "formula-interval"),
    "CI high": ("interval", "formula-interval"),
    "P": ("test", "formula-interval"),
    "Z": ("test", "formula-interval"),
    "Chi2": ("heterogeneity", "formula-heterogeneity"),
    "df": ("heterogeneity", "formula-heterogeneity"),
    "P(Q)": ("heterogeneity", "formula-heterogeneity"),
    "I2": ("heterogeneity", "formula-heterogeneity"),
}


def counts(
    tables: pd.DataFrame,
    labels: Mapping[str, str],
    *,
    measure: str = "OR",
    arms: Sequence[str] = ("Experimental", "Control"),
    lines: Mapping[str, Raw] | None = None,
) -> pd.DataFrame:
    """Return events of both arms, effect and status of every study; `lines` are cells that name its line of data."""
    single = effects(tables, measure)
    shown = []
    for row, e in zip(tables.itertuples(index=False), single.itertuples(index=False), strict=True):
        one = pool(pd.DataFrame([row._asdict()]), measure)
        shown.append(
            {
                "Study": labels.get(row.study, row.study),
                arms[0]: text.events(row.events_t, row.n_t),
                arms[1]: text.events(row.events_c, row.n_c),
                f"{measure} [95% CI]": text.estimate(one),
                **({"Counts are": row.status} if hasattr(row, "status") else {}),
                **({"Data": lines[row.study]} if lines else {}),
                "Remark": e.reason,
            }
        )
    frame = pd.DataFrame(shown)
    return frame if (frame["Remark"] != "").any() else frame.drop(columns="Remark")


def comparison(compared: pd.DataFrame, *, model: str = "fixed", ledger: str | None = None) -> pd.DataFrame:
    """Return printed and recomputed statistics side by side, each with its formula and its row of the ledger.

    Parameters
    ----------
    compared : DataFrame
        From :func:`metalib.audit.compare.compare`; rows marked in a column ``between`` test subgroup differences.
    model : {"fixed", "random"}
        Whose formula an effect has.
    ledger : str, optional
        Page of the built book with a row of id ``p001`` for the printed number p001; without it there is no link.
    """
    effect = ("Mantel-Haenszel", "formula-mh") if model == "fixed" else ("random effects", "formula-random")
    between = ("subgroup differences", "formula-subgroups")
    formulas = [
        between if is_between else FORMULAS.get(statistic, effect)
        for statistic, is_between in zip(
            compared["statistic"], compared.get("between", [False] * len(compared)), strict=True
        )
    ]
    frame = pd.DataFrame(
        {
            "Statistic": compared["statistic"].replace(STATISTIC_NAMES),
            "Printed": compared["text"],
            "Recomputed": [recomputed(v) for v in compared["value"]],
            "Verdict": compared["verdict"],
            "Formula": [Raw(f"{{ref}}`{name} <{target}>`") for name, target in formulas],
        }
    )
    return frame if ledger is None else frame.assign(Ledger=[link(i, f"{ledger}#{i}") for i in compared["id"]])


def recomputed(value: float | None) -> str:
    """Return a recomputed number with more digits than are ever printed; whole numbers as they are."""
    if value is not None and float(value).is_integer():
        return text.number(value, 0)
    return text.number(value, 4 if abs(value or 0) < 1000 else 3)


def as_table_rows(
    compared: pd.DataFrame, by: str, columns: Mapping[str, str], *, ledger: str | None = None
) -> pd.DataFrame:
    """Return printed and recomputed numbers as pairs of rows in the layout of a printed table.

    Recomputed numbers are rounded to the digits of the print, so that the two rows can be read against each other.

    Parameters
    ----------
    compared : DataFrame
        From :func:`metalib.audit.compare.compare`, with the column `by` added.
    by : str
        Column that names a row of the printed table.
    columns : mapping
        Heading to layout of its cells, for example ``{"OR [95% CI]": "{OR} [{CI low}, {CI high}]"}``.
    ledger : str, optional
        Page of the built book with a row for every printed number, to link to.
    """
    rows = []
    for name, part in compared.groupby(by, sort=False):
        for source, field in (("printed", "text"), ("recomputed", "rounded")):
            numbers = dict(zip(part["statistic"], part[field], strict=True))
            cells = {heading: layout.format_map(numbers) for heading, layout in columns.items()}
            first, last = part["id"].iloc[[0, -1]] if ledger else ("", "")
            place = {"Ledger": link(f"{first} to {last}", f"{ledger}#{first}") if source == "printed" else ""}
            rows.append({by: name, "Source": source, **cells, **(place if ledger else {})})
    return pd.DataFrame(rows)


def models(results: Sequence[PooledEffect]) -> pd.DataFrame:
    """Return pooled results of one set of studies under several models."""
    return pd.DataFrame(
        {
            "Model": [text.model_name(r) for r in results],
            f"{results[0].measure} [95% CI]": [text.estimate(r) for r in results],
            "P": [text.p_value(r.p) for r in results],
            "tau²": [text.number(r.tau2, 3) for r in results],
            "I²": [text.percent(r.I2) for r in results],
            "95% prediction interval": [text.prediction(r) for r in results],
        }
    )


def crosscheck(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the comparison with statsmodels; differences are shown as a bound, since their digits are noise."""
    verdict = {True: "agree", False: "differ", None: "not comparable"}
    return pd.DataFrame(
        {
            "Quantity": frame["quantity"],
            "statsmodels function": frame["function"],
            "metalib": [text.number(v, 6) for v in frame["metalib"]],
            "statsmodels": [text.number(v, 6) for v in frame["statsmodels"]],
            "Verdict": [verdict[None if a is None else bool(a)] for a in frame["agrees"]],
        }
    )


def exclusions(frame: pd.DataFrame, labels: Mapping[str, str], *, column: str = "omitted") -> pd.DataFrame:
    """Return a leave-one-out or cumulative-exclusion table as text."""
    head = {"omitted": "Left out", "excluded": "Excluded"}[column]
    ratio = frame["measure"].isin(["OR", "RR"])
    low, point, high = (
        frame[f"ratio{end}"].where(ratio, frame[name])
        for end, name in (("_low", "ci_low"), ("", "estimate"), ("_high", "ci_high"))
    )
    return pd.DataFrame(
        {
            head: [labels.get(s, s) for s in frame[column]],
            "k": [int(k) for k in frame["k"]],
            f"{frame['measure'].iloc[0]} [95% CI]": [
                text.NOT_ESTIMABLE if e != e else f"{text.number(e)} {text.interval(lo, hi)}"
                for e, lo, hi in zip(point, low, high, strict=True)
            ],
            "P": [text.p_value(p) for p in frame["p"]],
            "I²": [text.percent(i2) for i2 in frame["I2"]],
        }
    )


def subgroup_rows(groups: Subgroups) -> pd.DataFrame:
    """Return subgroup results and total as text."""
    rows = [*groups.groups, ("Total", groups.overall)]
    return pd.DataFrame(
        {
            "Subgroup": [name for name, _ in rows],
            "k": [r.k for _, r in rows],
            f"{groups.overall.measure} [95% CI]": [text.estimate(r) for _, r in rows],
            "P": [text.p_value(r.p) for _, r in rows],
            "I²": [text.percent(r.I2) if r.k > 1 else "–" for _, r in rows],
            "P of Q": [text.p_value(r.p_Q) for _, r in rows],
        }
    )


def verdicts(compared: pd.DataFrame) -> str:
    """Return how many printed numbers were reproduced, for example ``5 of 6``."""
    return f"{(compared['verdict'] == 'reproduced').sum()} of {len(compared)}"


def favours(better: str, experimental: str, control: str) -> tuple[str, str]:
    """Return the labels left and right of "no effect", given whether ``more`` or ``fewer`` events are better."""
    sides = (f"Favours {control}", f"Favours {experimental}")
    return sides if better == "more" else sides[::-1]


def printed_ratio(rows: pd.DataFrame, measure: str = "OR") -> tuple[float, float, float]:
    """Return a printed ratio and its limits as numbers, to be drawn."""
    by_name = dict(zip(rows["statistic"], rows["text"], strict=True))
    estimate, low, high = (read_printed(by_name[name]).value for name in (measure, "CI low", "CI high"))
    return estimate, low, high


def printed(rows: pd.DataFrame, measure: str = "OR") -> dict[str, str]:
    """Return the texts of a printed result that prose needs, digits as printed."""
    by_name = dict(zip(rows["statistic"], rows["text"], strict=True))
    names = {"or": measure, "p": "P", "i2": "I2", "p_q": "P(Q)", "q": "Chi2", "df": "df"}
    texts = {key: by_name[name] for key, name in names.items() if name in by_name}
    if "i2" in texts:
        texts["i2"] += "%"
    if "CI low" in by_name:
        texts["ci"] = f"[{by_name['CI low']}, {by_name['CI high']}]"
        texts["estimate"] = f"{by_name[measure]} {texts['ci']}"
    return texts


def glued(effect: PooledEffect, alpha: float = 0.05) -> dict[str, str]:
    """Return the texts of a pooled effect that prose needs, for :func:`metalib.pages.notebook.glue_as`."""
    return {
        "significance": text.significance(effect.p, alpha),
        "or": text.number(effect.natural(effect.estimate)),
        "ci": text.interval(effect.natural(effect.ci_low), effect.natural(effect.ci_high)),
        "estimate": text.estimate(effect),
        "p": text.p_value(effect.p),
        "k": str(effect.k),
        "q": text.number(effect.Q),
        "df": str(effect.df),
        "p_q": text.p_value(effect.p_Q),
        "i2": text.percent(effect.I2),
    }
