"""Claims in words: what supports them, what does not, and where a reader can see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

import pandas as pd

from ..arithmetic.options import Options
from ..arithmetic.results import PooledEffect
from ..audit.review import Review
from .markup import link


def named(analysis: str, left_out: str, names: Mapping[str, str]) -> str:
    """Return the name of an analysis, and the study that it leaves out.

    >>> named("One left out, random", "a", {"a": "Adams 1999"})
    'One left out, random: Adams 1999'
    """
    return f"{analysis}: {names.get(left_out, left_out)}" if left_out else analysis


def shares(judged: pd.DataFrame) -> str:
    """Return how many of the different results support a claim, for example ``14 of 17``, outcome by outcome.

    Parameters
    ----------
    judged : DataFrame
        Rows of one claim from :func:`metalib.robustness.verdicts.judge`.
    """

    def share(tested: pd.DataFrame) -> str:
        once = tested.drop_duplicates("result")
        return f"{once['supports'].fillna(False).sum()} of {len(once)}"

    return _by_outcome(judged, share)


def depends_on(judged: pd.DataFrame) -> str:
    """Return which kinds of analyses do not all support a claim, for example ``model (2 of 6)``; as :func:`shares`."""

    def groups(tested: pd.DataFrame) -> str:
        yes = tested["supports"].fillna(False)
        if not yes.any():
            return "no analysis supports it"
        counts = (~yes).groupby(tested["group"], sort=False).agg(["sum", "size"])
        return ", ".join(f"{group} ({no} of {n})" for group, (no, n) in counts.iterrows() if no)

    return _by_outcome(judged, groups)


def _by_outcome(judged: pd.DataFrame, words: Callable[[pd.DataFrame], str]) -> str:
    """Return words about each outcome of a claim, with its name if there are several."""
    said = {str(outcome): words(tested) for outcome, tested in judged.groupby("outcome", sort=False)}
    if len(said) == 1:
        return next(iter(said.values()))
    return "; ".join(f"{outcome}: {words}" for outcome, words in said.items() if words)


def address(
    page: str,
    outcome: str,
    options: Options,
    *,
    studies: Sequence[str] = (),
    without: Sequence[str] = (),
) -> str:
    """Return the address of a choice on the page of the explorer, for links to it.

    Parameters
    ----------
    page : str
        For example ``page.html``.
    outcome : str
        Key of the outcome.
    options : Options
        Measure, method, model, tau2 and interval.
    studies : sequence of str
        The studies that take part (none named: those that do at first).
    without : sequence of str
        Studies switched off.

    Examples
    --------
    >>> address("page.html", "pd", Options(model="random"), without=["a"])
    'page.html#outcome=pd&measure=OR&model=MH-random&tau2=DL&ci=wald&without=a'
    """
    random = options.model == "random"
    fields = {
        "outcome": outcome, "measure": options.measure, "model": f"{options.method}-{options.model}",
        "tau2": options.tau2 if random else "", "ci": options.ci if random else "", "studies": ",".join(studies),
        "without": ",".join(without),
    }  # fmt: skip
    return f"{page}#" + "&".join(f"{name}={quote(value, safe=',')}" for name, value in fields.items() if value)


def state(outcome: str, effect: PooledEffect) -> str:
    """Return the state of the explorer that shows a pooled effect of an outcome, as the end of an address."""
    return address("", outcome.lower(), effect.options, studies=effect.studies)


def where(review: Review, judged: pd.DataFrame, page: str) -> str:
    """Return a link to the explorer: to the first analysis that does not support a claim, or to the first there is."""
    if judged.empty:
        return ""
    no = judged[~judged["supports"].fillna(False)]
    row = (no if len(no) else judged).iloc[0]
    option = review.analyses.set_index("analysis").loc[row["analysis"]]
    options = Options(**{name: option[name] for name in ("measure", "method", "model", "tau2", "ci") if option[name]})
    studies: list[str] = []
    if row["add"]:
        both = [review.tables_of(row["outcome"]), review.tables_of(row["outcome"], row["add"])]
        studies = pd.concat(both)["study"].tolist()
    without = [row["left_out"]] if row["left_out"] else []
    target = address(page, str(row["outcome"]).lower(), options, studies=studies, without=without)
    return link("explorer", target)
