"""What every importer hands on: rows of data with the line they stood in, and the frames of a review made of them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from ..arithmetic import continuous, estimates, rates
from ..arithmetic.data import check_data
from ..arithmetic.estimates import effects_from_intervals
from ..arithmetic.options import RATIOS
from ..arithmetic.tables import COUNTS
from ..errors import DataError

#: No file of a review comes near it; a larger one is no such file, or an attack.
LARGEST_FILE = 200_000_000
LONGEST_KEY = 40
#: File of a review for each form of data, and its columns.
FORMS: dict[str, tuple[str, ...]] = {
    "tables": COUNTS, "means": continuous.COLUMNS, "rates": rates.COLUMNS, "effects": estimates.COLUMNS,
}  # fmt: skip
#: Names of measures in RevMan's files.
MEASURES = {
    "or": "OR", "rr": "RR", "rd": "RD", "md": "MD", "smd": "SMD", "peto_or": "OR", "odds ratio": "OR",
    "peto odds ratio": "OR", "risk ratio": "RR", "risk difference": "RD", "mean difference": "MD",
    "std. mean difference": "SMD", "standardised mean difference": "SMD", "standardized mean difference": "SMD",
    "hazard ratio": "HR", "rate ratio": "IRR", "rate difference": "IRD",
}  # fmt: skip
JUDGEMENTS = {
    **dict.fromkeys(("low", "yes", "+"), "low"),
    **dict.fromkeys(("unclear", "unknown", "some concerns", "moderate", "no information", "?"), "unclear"),
    **dict.fromkeys(("high", "no", "-", "serious", "critical"), "high"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison of two arms as it stood in a file.

    ``numbers`` are those of a form of :data:`FORMS`, or others that say the same: ``events`` and ``without`` an event,
    ``effect`` or ``o_e`` with its ``variance``, ``estimate`` with ``ci_low`` and ``ci_high``.
    """

    outcome: str
    study: str
    numbers: Mapping[str, float]
    line: int
    subgroup: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def form(self) -> str:
        """The file of a review that the row belongs to."""
        return next(form for form, columns in FORMS.items() if set(columns) <= set(self.numbers))


@dataclass(frozen=True, slots=True)
class Imported:
    """What was read from a file, as the frames of a review.

    Attributes
    ----------
    kind, source : str
        What the file was recognised as, and its name.
    frames : mapping
        Files of a review (without ``.csv``) and their data frames.
    texts : mapping
        ``title`` and ``methods``, where the file has them.
    not_taken : tuple of str
        Everything in the file that is in none of the frames.
    changed : tuple of str
        What was taken, but is written otherwise than it stood there.
    """

    kind: str
    source: str
    frames: Mapping[str, pd.DataFrame]
    texts: Mapping[str, str] = field(default_factory=dict)
    not_taken: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, or raise :class:`DataError` for one that is missing, empty or too large."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise DataError(f"the file is larger than {LARGEST_FILE // 1_000_000} MB", file=path.name)
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"the file cannot be read ({error.strerror})", file=path.name) from error
    if not content.strip():
        raise DataError("the file is empty", file=path.name)
    return content


def at(file: str, line: int) -> str:
    """Return a place in a file, as messages and sources name it."""
    return f"{file}, line {line}"


def clean(text: str | None) -> str:
    """Return a text in one line, without characters that are not shown."""
    shown = "".join(c for c in text or "" if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs"))
    return " ".join(shown.split())


def keys(labels: Iterable[str], kind: str) -> list[str]:
    """Return a key for each label: its letters and digits in small, cut to 40 characters, numbered where two agree."""
    found: list[str] = []
    for label in labels:
        words = "".join(c if c.isalnum() else " " for c in unicodedata.normalize("NFKC", label).casefold()).split()
        stem = key = "_".join(words)[:LONGEST_KEY].strip("_") or kind
        number = 2
        while key in found:
            key, number = f"{stem}_{number}", number + 1
        found.append(key)
    return found


def measure_of(named: str, logs: bool, place: str, changed: list[str]) -> str:
    """Return our name of an effect measure; one without a name here is a ratio or a difference, which is told."""
    measure = MEASURES.get(named.strip().casefold())
    if measure is None or (measure in RATIOS and not logs):
        measure = "ratio" if logs else "difference"
        changed.append(f"effect measure {named!r} of {place} is written {measure!r}")
    return measure


def judged(text: str, file: str, line: int, study: str, changed: list[str]) -> str:
    """Return a judgement on risk of bias as a review writes it: low, unclear or high."""
    word = text.strip().casefold().removesuffix(" risk of bias").removesuffix(" risk")
    if word not in JUDGEMENTS:
        raise DataError("the judgement is not known", file=at(file, line), study=study, value=text)
    told = f"{text!r} is written {JUDGEMENTS[word]!r}"
    if word != JUDGEMENTS[word] and told not in changed:
        changed.append(told)
    return JUDGEMENTS[word]


def collect(
    kind: str,
    file: str,
    outcomes: Sequence[Mapping[str, str]],
    rows: Iterable[Row],
    studies: Mapping[str, Mapping[str, str]],
    not_taken: Sequence[str] = (),
    changed: Sequence[str] = (),
    *,
    judgements: Sequence[Mapping[str, str]] = (),
    texts: Mapping[str, str] | None = None,
) -> Imported:
    """Make the frames of a review.

    Parameters
    ----------
    kind, file, texts, not_taken, changed
        As in :class:`Imported`.
    outcomes : sequence of mappings
        ``outcome`` (as rows name it), ``label``, ``measure``, ``method``, ``source`` and more; one without data is
        left out, and listed.
    rows : iterable of Row
        A study that recurs in an outcome becomes "name (2)" there, a study of its own. Rows without data are listed.
    studies : mapping
        Name to what is known of a study: ``year`` and columns of the file.
    judgements : sequence of mappings
        ``study``, ``domain``, ``judgement``, ``support``, ``source``.

    Raises
    ------
    DataError
        Data that cannot be pooled, with the line; no data at all.
    """
    left, told = list(not_taken), list(changed)
    by_outcome: dict[str, list[Row]] = {outcome["outcome"]: [] for outcome in outcomes}
    for row in rows:
        by_outcome[row.outcome].append(row)
    known: dict[str, Mapping[str, str]] = dict(studies)
    kept, taken = [], []
    for outcome, key in zip(outcomes, keys((o["label"] for o in outcomes), "outcome"), strict=True):
        found = []
        seen: Counter[str] = Counter()
        for row in by_outcome[outcome["outcome"]]:
            numbers = _standard(row, outcome["measure"], file)
            if numbers is None:
                left.append(f"{row.study} in {outcome['label']!r} (line {row.line}): it has no data")
                continue
            seen[row.study] += 1
            name = row.study if seen[row.study] == 1 else f"{row.study} ({seen[row.study]})"
            if seen[row.study] == 2:
                told.append(
                    f"{row.study} recurs in {outcome['label']!r}: it stands there as '{name}' from line {row.line}"
                )
            known.setdefault(name, known.get(row.study, {}))
            found.append(replace(row, outcome=key, study=name, numbers=numbers))
        if not found:
            left.append(f"outcome {outcome['label']!r} ({outcome['source']}): it has no data")
            continue
        _check(found, outcome["measure"], file)
        kept.append({**outcome, "outcome": key})
        taken += found
    if not taken:
        raise DataError("there is no outcome with data", file=file)
    study_keys = dict(zip(known, keys(known, "study"), strict=True))
    described = pd.DataFrame([{"study": study_keys[s], "label": s, **about} for s, about in known.items()]).fillna("")
    if "year" in described and not described["year"].str.fullmatch("[0-9]{1,4}").all():
        described = described.rename(columns={"year": "year_given"})
        told.append("year is not known as a number for every study, so it stands as year_given")
    frames = {"outcomes": pd.DataFrame(kept), "studies": described}
    for form, columns in FORMS.items():
        if chosen := [row for row in taken if row.form == form]:
            frames[form] = _frame(chosen, columns, study_keys, file)
    if judgements:
        given = [{"assessor": "paper", **j, "study": study_keys[j["study"]]} for j in judgements]
        frames["risk_of_bias"] = pd.DataFrame(given)
    return Imported(kind, file, frames, texts or {}, tuple(left), tuple(told))


def _standard(row: Row, measure: str, file: str) -> dict[str, float] | None:
    """Return the numbers of a row in the columns of a review, None where there are none."""
    n = dict(row.numbers)
    if not n or (n.get("n_t") == n.get("n_c") == 0) or n.get("variance", n.get("se")) == 0:
        return None
    if "without_t" in n:
        return {c: n[c] if c in n else n[f"events{c[1:]}"] + n[f"without{c[1:]}"] for c in COUNTS}
    try:
        if "variance" in n:
            if not n["variance"] > 0:
                raise DataError("a variance must be positive", value=n["variance"])
            return {"effect": n["effect"] if "effect" in n else n["o_e"] / n["variance"], "se": n["variance"] ** 0.5
                    if "effect" in n else n["variance"] ** -0.5}  # fmt: skip
        if "estimate" in n:
            frame = effects_from_intervals(pd.DataFrame([{"study": row.study, **n}]), measure)
            return {name: frame[name].tolist()[0] for name in estimates.COLUMNS}
    except DataError as error:
        raise _placed(error, file, row) from error
    return n


def _check(rows: Sequence[Row], measure: str, file: str) -> None:
    """Refuse data that cannot be pooled."""
    try:
        check_data(pd.DataFrame([{"study": row.study, **row.numbers} for row in rows]), measure)
    except DataError as error:
        raise _placed(error, file, rows[(error.row or 1) - 1]) from error


def _placed(error: DataError, file: str, row: Row) -> DataError:
    return DataError(error.problem, file=at(file, row.line), study=row.study, arm=error.arm, value=error.value)


def _frame(rows: Sequence[Row], columns: Sequence[str], study_keys: Mapping[str, str], file: str) -> pd.DataFrame:
    frame = pd.DataFrame({"outcome": [row.outcome for row in rows], "study": [study_keys[row.study] for row in rows]})
    if any(row.subgroup for row in rows):
        frame["subgroup"] = [row.subgroup for row in rows]
    for name in columns:
        numbers = [row.numbers[name] for row in rows]
        whole = name.startswith(("events", "n_"))
        frame[name] = [int(x) for x in numbers] if whole else numbers
    for name in dict.fromkeys(name for row in rows for name in row.extra):
        frame[name] = [row.extra.get(name, "") for row in rows]
    return frame.assign(status="reported", source=[at(file, row.line) for row in rows])
