"""Whether claims hold: one list of named analyses, one rule, applied to every claim alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..arithmetic.options import Options
from ..arithmetic.pooling import pool
from ..arithmetic.results import to_frame
from ..audit.files import ANALYSIS_GROUPS
from ..audit.review import Review
from ..errors import DataError, OptionError, choose

#: What :func:`verdict` returns.
VERDICTS = ("holds", "holds only under conditions", "not supported", "cannot be checked")
#: What a claim says of an outcome in the experimental arm.
CLAIMS = ("more", "fewer", "no difference")
#: In the column ``leave_out`` of a list of analyses: every study in turn.
EACH = "each"
_OPTIONS = ("measure", "method", "model", "tau2", "ci")


def named_analyses(
    analyses: pd.DataFrame, tables: Sequence[pd.DataFrame], *, added: Mapping[str, pd.DataFrame] | None = None
) -> pd.DataFrame:
    """Pool the tables of one outcome under every analysis of a list.

    Parameters
    ----------
    analyses : DataFrame
        One row an analysis: ``analysis`` (its name), ``group`` (one of
        :data:`~metalib.audit.files.ANALYSIS_GROUPS`), ``measure, method, model, tau2, ci`` (empty: the default of
        :func:`metalib.pool`), ``add`` (key of `added`, or empty) and ``leave_out`` (``"each"``, a study, or empty).
    tables : sequence of DataFrame
        ``study, events_t, n_t, events_c, n_c``; several if the counts are not identified: the candidates.
    added : mapping of str to DataFrame, optional
        Tables of further studies. An analysis that adds what is not there, or a study that is in the tables already, or
        leaves out a study that is in none of them, is no analysis of this outcome and gives no row.

    Returns
    -------
    DataFrame
        One row an analysis, study left out and candidate: ``analysis, group, add, left_out`` (a study, or empty),
        ``candidate`` (0, 1, ...), and the columns of :meth:`metalib.PooledEffect.to_frame`.

    Raises
    ------
    DataError
        No tables, or tables that cannot be pooled.
    OptionError
        An unknown group or option.
    """
    if not len(tables):
        raise DataError("there are no tables to analyse")
    rows, effects = [], []
    for row in analyses.fillna("").to_dict("records"):
        choose("group", row["group"], ANALYSIS_GROUPS)
        chosen = Options(**{name: row[name] for name in _OPTIONS if row[name]}).choices()
        for study, sets in _studies(tables, row["add"], row["leave_out"], added or {}):
            for candidate, used in enumerate(sets):
                rows.append((row["analysis"], row["group"], row["add"], study, candidate))
                effects.append(pool(used, **chosen))
    names = pd.DataFrame(rows, columns=["analysis", "group", "add", "left_out", "candidate"])
    return pd.concat([names, to_frame(effects)], axis=1)


def analyse(review: Review, outcome: str) -> pd.DataFrame:
    """Return :func:`named_analyses` of an outcome (or its candidates) under ``analyses.csv`` of its review."""
    candidates = review.candidates(outcome)
    tables = list(candidates.values()) or [review.tables_of(outcome)]
    known = review.tables[review.tables["outcome"] == outcome]
    added = {add: review.tables_of(outcome, add) for add in known["analysis"].unique() if add not in candidates}
    return named_analyses(review.analyses, tables, added=added)


def _studies(
    tables: Sequence[pd.DataFrame], add: str, leave_out: str, added: Mapping[str, pd.DataFrame]
) -> Iterator[tuple[str, list[pd.DataFrame]]]:
    """Yield the study left out (or nothing) and the candidate tables that an analysis pools."""
    studies = list(dict.fromkeys(study for used in tables for study in used["study"]))
    if add:
        if add not in added or added[add]["study"].isin(studies).any():
            return
        tables = [pd.concat([used, added[add]], ignore_index=True) for used in tables]
    if not leave_out:
        yield "", list(tables)
    for study in studies:
        if leave_out in (EACH, study):
            yield study, [used[used["study"] != study] for used in tables]


def supported(results: pd.DataFrame, claim: str, *, alpha: float = 0.05) -> pd.DataFrame:
    """Say which analyses support a claim.

    "More" and "fewer" are supported by a significant difference in that direction, "no difference" by one that is not
    significant (which does not show that there is none).

    Parameters
    ----------
    results : DataFrame
        From :func:`named_analyses`.
    claim : {"more", "fewer", "no difference"}
        About events in the experimental arm.
    alpha : float
        Significant is P < alpha.

    Returns
    -------
    DataFrame
        One row an analysis and study left out: ``analysis, group, add, left_out, supports`` (nullable boolean; missing
        where it depends on the candidate, or nothing is estimable) and ``result`` (the same number for analyses that
        give the same estimate and interval, see :func:`distinct`).

    Raises
    ------
    OptionError
    """
    choose("claim", claim, CLAIMS)
    significant = results["p"] < alpha
    if claim == "no difference":
        agrees = ~significant
    else:
        agrees = significant & (results["estimate"] > 0 if claim == "more" else results["estimate"] < 0)
    marked = results.assign(agrees=agrees.astype("boolean").mask(results["p"].isna()))
    # Ratios and differences are never the same result, though their numbers may be.
    marked["result"] = distinct(marked[["estimate", "ci_low", "ci_high"]].assign(rd=marked["measure"].eq("RD")))
    keys = ["analysis", "group", "add", "left_out"]
    groups = marked.groupby(keys, sort=False)
    frame = groups["agrees"].agg(_all_or_none).astype("boolean").rename("supports").reset_index()
    frame["result"] = pd.factorize(groups["result"].agg(tuple))[0]
    return frame


def _all_or_none(agrees: pd.Series[bool]) -> object:
    return agrees.iloc[0] if len(set(agrees)) == 1 else pd.NA


def distinct(numbers: ArrayLike | pd.DataFrame) -> np.ndarray:
    """Number the different rows of an array, so that results which are the same but for rounding are counted once.

    Parameters
    ----------
    numbers : array_like, shape (n, m)
        Two rows are the same if all their numbers agree to a relative 1e-9; NaN agrees with NaN.

    Returns
    -------
    ndarray of int, shape (n,)
        0, 1, ... in order of first appearance.

    Examples
    --------
    >>> distinct([[2.1, 1.3], [2.1 + 1e-13, 1.3], [2.0, 1.3]]).tolist()
    [0, 0, 1]
    """
    rows = np.asarray(numbers, dtype=float)
    if rows.ndim != 2:
        raise OptionError(f"numbers must be rows of numbers, not an array of shape {rows.shape}")
    found = np.empty(len(rows), dtype=int)
    first: list[int] = []
    for i, row in enumerate(rows):
        same = [j for j, at in enumerate(first) if np.allclose(rows[at], row, rtol=1e-9, atol=1e-12, equal_nan=True)]
        if not same:
            first.append(i)
        found[i] = same[0] if same else len(first) - 1
    return found


def verdict(supports: Iterable[bool | None]) -> str:
    """Return the verdict on a claim from what every analysis that tests it says.

    Parameters
    ----------
    supports : iterable of bool or missing
        Whether an analysis supports the claim; missing if it cannot be said.

    Returns
    -------
    str
        ``"holds"`` if every analysis supports it, ``"not supported"`` if none does, ``"holds only under conditions"``
        if some do, ``"cannot be checked"`` if no analysis tests it.

    Examples
    --------
    >>> verdict([True, True]), verdict([True, None]), verdict([False, None]), verdict([])
    ('holds', 'holds only under conditions', 'not supported', 'cannot be checked')
    """
    said = [None if pd.isna(value) else bool(value) for value in supports]
    if not said:
        return VERDICTS[3]
    if all(value is True for value in said):
        return VERDICTS[0]
    return VERDICTS[1] if any(value is True for value in said) else VERDICTS[2]


def weakest(verdicts: Iterable[str]) -> str:
    """Return the verdict on a claim about several outcomes: the weakest of theirs.

    Raises
    ------
    OptionError
        An unknown verdict, or none.
    """
    found = [VERDICTS.index(choose("verdict", value, VERDICTS)) for value in verdicts]
    if not found:
        raise OptionError("there is no verdict to take the weakest of")
    return VERDICTS[max(found)]


def judge(review: Review) -> pd.DataFrame:
    """Hold every claim of a review against the analyses of the outcomes that test it.

    Returns
    -------
    DataFrame
        ``claim, outcome`` and the columns of :func:`supported`, one row for each analysis that tests a claim. A claim
        of a difference means one to the better side of its outcome.

    Raises
    ------
    DataError
        A claim of a difference in an outcome that has no better side.
    """
    found: dict[str, pd.DataFrame] = {}
    parts = []
    for row in review.claims.to_dict("records"):
        for outcome in row["outcomes"].split():
            if outcome not in found:
                found[outcome] = analyse(review, outcome)
            says = row["says"] if row["says"] != "difference" else str(review.outcome(outcome)["better"])
            if says not in CLAIMS:
                problem = f"the claim says {says!r} of an outcome; it must say a difference with a better side, or none"
                raise DataError(problem, file="claims.csv", value=row["claim"])
            tested = supported(found[outcome], says)
            if row["group"]:
                tested = tested[tested["group"] == row["group"]]
            parts.append(tested.assign(claim=row["claim"], outcome=outcome))
    columns = ["claim", "outcome", "analysis", "group", "add", "left_out", "supports", "result"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def verdicts(review: Review, judged: pd.DataFrame) -> dict[str, str]:
    """Return the verdict on each claim of a review; what no analysis tests cannot be checked.

    Parameters
    ----------
    review : Review
    judged : DataFrame
        From :func:`judge`.
    """
    by_outcome = judged.groupby(["claim", "outcome"], sort=False)["supports"].agg(verdict).groupby("claim").agg(weakest)
    return {claim: str(by_outcome.get(claim, verdict([]))) for claim in review.claims["claim"]}
