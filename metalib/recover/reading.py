"""Reading a puzzle, from a file or from plain Python objects, and checking that it can be searched at all.

The fields by example::

    title: text
    published: published.csv                                  # printed numbers by id, beside this file
    arms: {size: [smallest, largest], max_difference: 0}      # defaults of all studies
    studies:
      - {id: a2010}
      - {id: b2011, n_t: 76, n_c: [80, 90], max_difference: 4}
    outcomes:
      - {id: death, studies: [a2010, b2011], known: {b2011: {events_t: 3, events_c: [0, 5]}}}
    results:
      - {id: death pooled, outcome: death, studies: [a2010, b2011], measure: OR, method: MH, model: fixed,
         printed: {effect: "0.50", P: {text: "0.760", unit: 0.01}, Q: {id: p012, role: known-miss}, I2: p013}}
    links:
      - {sum_to_n: [CR, PR, SD, PD]}
      - {at_most_n: [death, relapse]}
    totals:
      - {outcome: death, arm: experimental, value: 55}        # without `outcome`: patients of the arms
    report_sums: {CR or PR: [CR, PR]}

A printed number is a text in quotes. With ``published``, a text that begins with a letter is the id of a row of that
file (columns ``id``, ``text``, ``read_as``, ``unit``), which then says text and unit; so may the value of a total.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_validator

from ..arithmetic.options import MEASURES, METHODS, MODELS, Options
from ..audit.printed import Printed, read_printed
from ..errors import DataError, OptionError, PuzzleError
from .bounds import arm_count, count_bounds
from .puzzle import (
    ARM_NAMES,
    ROLES,
    STATISTICS,
    EventBounds,
    Link,
    Outcome,
    Puzzle,
    Result,
    Stat,
    Study,
    Total,
)  # fmt: skip
from .strict_yaml import load, parse

LARGEST_ARM = 100_000
LARGEST_PAIRS = 1_000_000
_ARM_OF = {name: arm for arm, name in ARM_NAMES.items()}
_PUBLISHED = ("id", "text", "read_as", "unit")


def read_puzzle(path: str | Path) -> Puzzle:
    """Read a puzzle file.

    Parameters
    ----------
    path : str or Path
        A YAML file.

    Raises
    ------
    PuzzleError
        The file cannot be read, a field is missing, unknown or of the wrong kind, a name or the id of a printed number
        is not known, bounds contradict each other, or a printed text is no number; the message names field and row.
    """
    return check_puzzle(load(path), path)


def read_puzzle_text(text: str | bytes, file: object = None) -> Puzzle:
    """Read a puzzle from YAML text, as :func:`read_puzzle` does from a file."""
    return check_puzzle(parse(text, file), file)


def check_puzzle(content: object, file: object = None) -> Puzzle:
    """Make a puzzle from plain Python objects: mappings, lists, texts and numbers as a puzzle file holds them.

    Parameters
    ----------
    content : mapping
        The fields of a puzzle file (described in :mod:`metalib.recover.reading`).
    file : optional
        Named in errors; ``published`` is looked for beside it, else in the working directory.

    Raises
    ------
    PuzzleError

    Examples
    --------
    >>> from metalib.recover import check_puzzle
    >>> printed = {"effect": "0.31", "ci_low": "0.07", "ci_high": "1.25"}
    >>> result = {"id": "pooled", "outcome": "death", "studies": ["a"], "printed": printed}
    >>> check_puzzle({"studies": [{"id": "a", "n_t": 20, "n_c": 20}], "results": [result]}).outcomes[0].id
    'death'
    """
    return _Reader(content, file).puzzle()


# ---- what each field may hold ----------------------------------------------------------------------------------


class _Bad(ValueError):
    """What is wrong with a value, and the part of it that is."""

    def __init__(self, problem: str, value: object = None) -> None:
        super().__init__(problem)
        self.value = value


class _Row(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _fields(cls, given: Any) -> Any:
        """Refuse unknown fields by name; an empty one counts as left out."""
        known = ", ".join(cls.model_fields)
        if not isinstance(given, dict):
            raise _Bad(f"must have the fields {known}", given)
        for key in given:
            if key not in cls.model_fields:
                raise _Bad(f"unknown field; known are {known}", key)
        return {key: value for key, value in given.items() if value is not None}


def _name(text: str) -> str:
    if not text.strip():
        raise _Bad("must be text", text)
    return text.strip()


def _distinct(names: list[str]) -> list[str]:
    if not names:
        raise _Bad("must be a list of names")
    for name in names:
        if names.count(name) > 1:
            raise _Bad("the same name stands there twice", name)
    return names


def _span(value: Any) -> tuple[int, int]:
    ends = value if isinstance(value, list) else [value, value]
    if len(ends) != 2:
        raise _Bad("must be one number or [smallest, largest]", len(ends))
    for end in ends:
        if isinstance(end, bool) or not isinstance(end, int):
            raise _Bad("must be a whole number or [smallest, largest]", end)
        if not 0 <= end <= LARGEST_ARM:
            raise _Bad(f"must lie between 0 and {LARGEST_ARM}", end)
    if ends[0] > ends[1]:
        raise _Bad(f"the smallest value {ends[0]} exceeds the largest {ends[1]}")
    return ends[0], ends[1]


def _size(value: Any) -> tuple[int, int]:
    low, high = _span(value)
    if low < 1:
        raise _Bad("an arm has at least one patient", low)
    return low, high


def _count_or_text(value: Any) -> int | str:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise _Bad("must be a whole number or the id of a printed one", value)
    return value


_Name = Annotated[str, AfterValidator(_name)]
_Names = Annotated[list[_Name], AfterValidator(_distinct)]
_Span = Annotated[tuple[int, int], PlainValidator(_span)]
_Size = Annotated[tuple[int, int], PlainValidator(_size)]
_Whole = Annotated[int, Field(ge=0, le=LARGEST_ARM)]


def _one_of(allowed: Sequence[str]) -> AfterValidator:
    def check(text: str) -> str:
        if text not in allowed:
            raise _Bad(f"is not known; use one of {', '.join(allowed)}", text)
        return text

    return AfterValidator(check)


_Role = Annotated[str, _one_of(ROLES)]


class _Arms(_Row):
    size: _Size
    max_difference: _Whole | None = None


class _StudyRow(_Row):
    id: _Name
    n_t: _Size | None = None
    n_c: _Size | None = None
    max_difference: _Whole | None = None


class _KnownRow(_Row):
    events_t: _Span
    events_c: _Span


class _OutcomeRow(_Row):
    id: _Name
    studies: _Names | None = None
    known: dict[str, _KnownRow] = {}
    optional: _Names = []
    reported: _Whole | None = None


class _StatRow(_Row):
    text: str | None = None
    id: _Name | None = None
    unit: Any = None
    role: _Role | None = None
    place: _Name | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain_text(cls, given: Any) -> Any:
        return given if isinstance(given, dict) else {"text": given}


class _ResultRow(_Row):
    id: _Name
    outcome: _Name
    studies: _Names
    printed: dict[str, _StatRow]
    measure: Annotated[str, _one_of(MEASURES)] = "OR"
    method: Annotated[str, _one_of(METHODS)] = "MH"
    model: Annotated[str, _one_of(MODELS)] = "fixed"
    place: _Name = ""
    role: _Role = "search"


class _LinkRow(_Row):
    sum_to_n: _Names | None = None
    at_most_n: _Names | None = None
    studies: _Names | None = None


class _TotalRow(_Row):
    arm: Annotated[str, _one_of(tuple(_ARM_OF))]
    value: Annotated[int | str, PlainValidator(_count_or_text)]
    id: _Name | None = None
    outcome: _Name | None = None
    studies: _Names | None = None
    role: Annotated[str, _one_of(ROLES[:2])] = "search"
    place: _Name = ""


class _Sheet(_Row):
    studies: Annotated[list[_StudyRow], Field(min_length=1)]
    results: list[_ResultRow]
    title: _Name = ""
    published: _Name | None = None
    arms: _Arms | None = None
    outcomes: list[_OutcomeRow] | None = None
    links: list[_LinkRow] = []
    totals: list[_TotalRow] = []
    report_sums: dict[str, _Names] = {}
    exchangeable: list[_Names] = []
    assumptions: list[_Name] = []


# ---- from fields to a puzzle -----------------------------------------------------------------------------------

_Place = tuple[str | int, ...]


class _Reader:
    """Turns checked fields into a puzzle; what one field says of another is checked here."""

    def __init__(self, content: object, file: object) -> None:
        self.file = file
        try:
            self.sheet = _Sheet.model_validate(content)
        except ValidationError as error:
            self._refuse(error)
        self.published = self._published()
        self.studies = self._studies()
        self.names = [s.id for s in self.studies]
        self.outcomes = {o.id: o for o in self._outcomes()}

    def puzzle(self) -> Puzzle:
        sheet = self.sheet
        puzzle = Puzzle(
            title=sheet.title,
            studies=self.studies,
            outcomes=tuple(self.outcomes.values()),
            results=self._results(),
            links=self._links(),
            totals=self._totals(),
            sums=self._sums(),
            exchangeable=tuple(
                self._known(names, self.names, "study", ("exchangeable", i))
                for i, names in enumerate(sheet.exchangeable)
            ),
            assumptions=tuple(sheet.assumptions),
            file=None if self.file is None else str(self.file),
        )
        self._check_bounds(puzzle)
        return puzzle

    def _fail(self, place: _Place, problem: str, value: object = None) -> NoReturn:
        """Raise the error that names section, row and field."""
        section, rest = (str(place[0]), place[1:]) if place else ("", ())
        row = None
        if rest and isinstance(rest[0], int):
            row, rest = rest[0] + 1, rest[1:]
        # Entries of lists are counted from 1; a key that is wrong itself stands in the value.
        inner = ".".join(str(part + 1 if isinstance(part, int) else part) for part in rest if part != "[key]")
        path = ": ".join(part for part in (section, inner) if part)
        if value is not None and not isinstance(value, (str, int, float, bool)):
            value = type(value).__name__
        shown = f"{value[:77]}..." if isinstance(value, str) and len(value) > 80 else value
        raise PuzzleError(f"{path}: {problem}" if path else problem, file=self.file, row=row, value=shown) from None

    def _refuse(self, error: ValidationError) -> NoReturn:
        """Raise the first of pydantic's complaints in the words of a puzzle."""
        first = error.errors(include_url=False)[0]
        place, value, problem = first["loc"], first["input"], first["msg"]
        cause = first.get("ctx", {}).get("error")
        if first["type"] == "missing":
            self._fail(place[:-1], f"field {place[-1]!r} is missing")
        if isinstance(cause, _Bad):
            self._fail(place, str(cause), cause.value)
        if place == ("studies",) and first["type"] == "too_short":
            self._fail(place, "there is no study")
        self._fail(place, problem[0].lower() + problem[1:].replace("Input", "it"), value)

    def _known(self, names: Sequence[str], known: Sequence[str], what: str, place: _Place) -> tuple[str, ...]:
        for name in names:
            if name not in known:
                self._fail(place, f"unknown {what}", name)
        return tuple(names)

    def _once(self, ids: Sequence[str], section: str, what: str) -> None:
        for i, name in enumerate(ids):
            if name in ids[:i]:
                self._fail((section, i, "id"), f"the {what} occurs twice", name)

    def _published(self) -> dict[str, Mapping[str, str]]:
        if self.sheet.published is None:
            return {}
        path = Path("." if self.file is None else str(self.file)).parent / self.sheet.published
        try:
            with path.open(encoding="utf-8", newline="") as stream:
                rows = list(csv.DictReader(stream))
        except (OSError, ValueError, csv.Error) as error:
            self._fail(("published",), f"the file cannot be read ({error})", self.sheet.published)
        for name in _PUBLISHED:
            if rows and not all(isinstance(row.get(name), str) for row in rows):
                self._fail(("published",), f"column {name!r} is missing or torn", self.sheet.published)
        return {row["id"]: row for row in rows}

    def _number(self, text: str | None, key: str | None, unit: object, place: _Place) -> tuple[Printed, str, str]:
        """Return a printed number, its id and its place; a text that begins with a letter is an id."""
        if text is not None and self.published and text[:1].isalpha():
            text, key = None, text
        if (text is None) == (key is None):
            self._fail(place, "needs either a text or the id of a printed number")
        where = ""
        if key is not None:
            row = self.published.get(key)
            if row is None:
                self._fail(place, f"{self.sheet.published or 'the puzzle'} has no printed number with this id", key)
            text, where = row["read_as"] or row["text"], row.get("place") or ""
            try:
                unit = float(row["unit"]) if unit is None else unit
            except ValueError:
                self._fail(place, f"the unit of {key} is no number", row["unit"])
        try:
            return read_printed(text, unit), key or "", where
        except DataError as error:
            self._fail(place, error.problem if key is None else f"{key}: {error.problem}", error.value)

    def _studies(self) -> tuple[Study, ...]:
        out = []
        defaults = self.sheet.arms
        self._once([s.id for s in self.sheet.studies], "studies", "study")
        for i, row in enumerate(self.sheet.studies):
            ends = []
            for arm, given in (("n_t", row.n_t), ("n_c", row.n_c)):
                if given is None and defaults is None:
                    self._fail(
                        ("studies", i), f"field {arm!r} is missing, and there is no default in arms.size", row.id
                    )
                ends.append(given or defaults.size)
            (t, c), limit = ends, row.max_difference
            # A default for unknown arms says nothing about a study whose arms are printed.
            if limit is None and defaults is not None and not (t[0] == t[1] and c[0] == c[1]):
                limit = defaults.max_difference
            gap = max(t[0] - c[1], c[0] - t[1], 0)
            if limit is not None and gap > limit:
                problem = f"the arms differ by at least {gap}, but max_difference is {limit}"
                self._fail(("studies", i), problem, row.id)
            out.append(Study(row.id, t, c, limit))
        return tuple(out)

    def _outcomes(self) -> list[Outcome]:
        if self.sheet.outcomes is None:
            # An outcome that needs no words of its own may be named by its results alone.
            return [
                Outcome(name, tuple(self.names), {}) for name in dict.fromkeys(r.outcome for r in self.sheet.results)
            ]
        out = []
        self._once([o.id for o in self.sheet.outcomes], "outcomes", "outcome")
        for i, row in enumerate(self.sheet.outcomes):
            place = ("outcomes", i)
            given = self.names if row.studies is None else row.studies
            inside = self._known(given, self.names, "study", (*place, "studies"))
            optional = self._known(row.optional, inside, "study of this outcome", (*place, "optional"))
            least = len(inside) - len(optional)
            if row.reported is None and optional:
                problem = "needs the field 'reported', the number of studies that report the outcome"
                self._fail((*place, "optional"), problem)
            if row.reported is not None and not max(least, 1) <= row.reported <= len(inside):
                problem = f"of {len(inside)} studies {least} are not optional"
                self._fail((*place, "reported"), problem, row.reported)
            self._known(list(row.known), inside, "study of this outcome", (*place, "known"))
            known = {s: EventBounds(k.events_t, k.events_c) for s, k in row.known.items()}
            out.append(Outcome(row.id, inside, known, optional, row.reported))
        return out

    def _results(self) -> tuple[Result, ...]:
        out = []
        self._once([r.id for r in self.sheet.results], "results", "result")
        for i, row in enumerate(self.sheet.results):
            place = ("results", i)
            self._known([row.outcome], list(self.outcomes), "outcome", (*place, "outcome"))
            inside = self.outcomes[row.outcome].studies
            studies = self._known(row.studies, inside, "study of this outcome", (*place, "studies"))
            try:
                Options(measure=row.measure, method=row.method, model=row.model)
            except OptionError as error:
                self._fail(place, str(error), row.id)
            if not row.printed:
                self._fail((*place, "printed"), "holds no printed number")
            stats = tuple(self._stat(name, stat, row, (*place, "printed", name)) for name, stat in row.printed.items())
            result = Result(row.id, row.outcome, studies, row.measure, row.method, row.model, stats, row.place)
            if result.impossible is not None:
                name, problem, text = result.impossible
                self._fail((*place, "printed", name), problem, text)
            out.append(result)
        if not any(r.searched for r in out):
            self._fail(("results",), "no printed number takes part in the search")
        return tuple(out)

    def _stat(self, name: str, stat: _StatRow, row: _ResultRow, place: _Place) -> Stat:
        if name not in STATISTICS:
            self._fail(place[:-1], f"unknown statistic; known are {', '.join(STATISTICS)}", name)
        printed, key, where = self._number(stat.text, stat.id, stat.unit, place)
        return Stat(name, printed, stat.role or row.role, stat.place or row.place or where, key)

    def _links(self) -> tuple[Link, ...]:
        out = []
        for i, row in enumerate(self.sheet.links):
            place = ("links", i)
            kinds = [k for k in ("sum_to_n", "at_most_n") if getattr(row, k) is not None]
            if len(kinds) != 1:
                self._fail(place, "needs either sum_to_n or at_most_n")
            names = self._known(getattr(row, kinds[0]), list(self.outcomes), "outcome", (*place, kinds[0]))
            if len(names) < 2:
                self._fail((*place, kinds[0]), "needs at least two outcomes")
            # Categories are disjoint in every study with two of them; they add up where all are reported.
            here = [self.outcomes[o] for o in names]
            common = tuple(s for s in self.names if all(s in o.studies for o in here))
            shared = tuple(s for s in self.names if sum(s in o.studies for o in here) > 1)
            chosen = None
            if row.studies is not None:
                chosen = self._known(row.studies, shared, "study of these outcomes", (*place, "studies"))
            if kinds[0] == "at_most_n":
                out.append(Link(names, shared if chosen is None else chosen, False))
                continue
            inside = common if chosen is None else chosen
            for o in here:
                if set(o.optional) & set(inside):
                    self._fail(place, "an outcome with optional studies cannot be part of sum_to_n", o.id)
            self._known(inside, common, "study: it does not report every outcome of sum_to_n", place)
            out.append(Link(names, inside, True))
            if chosen is None:
                out.append(Link(names, tuple(s for s in shared if s not in inside), False))
        return tuple(link for link in out if link.studies)

    def _totals(self) -> tuple[Total, ...]:
        out: list[Total] = []
        for i, row in enumerate(self.sheet.totals):
            place = ("totals", i)
            known: Sequence[str] = self.names
            if row.outcome is not None:
                self._known([row.outcome], list(self.outcomes), "outcome", (*place, "outcome"))
                known = self.outcomes[row.outcome].studies
            inside = self._known(known if row.studies is None else row.studies, known, "study", (*place, "studies"))
            name = row.id or f"{row.outcome or 'patients'}, {row.arm} arms"
            if any(t.id == name for t in out):
                self._fail(place, "the total occurs twice", name)
            value, where = row.value, ""
            if isinstance(value, str):
                printed, _, where = self._number(value, None, None, (*place, "value"))
                if printed.is_bound or printed.percent or printed.unit != 1:
                    self._fail((*place, "value"), "a total is a whole number", printed.text)
                value = int(printed.value)
            if not 0 <= value <= LARGEST_ARM * len(self.names):
                self._fail((*place, "value"), f"must lie between 0 and {LARGEST_ARM * len(self.names)}", value)
            arm = _ARM_OF[row.arm]
            out.append(Total(name, row.outcome or "", arm, value, inside, row.role, row.place or where))
        return tuple(out)

    def _sums(self) -> dict[str, tuple[str, ...]]:
        out = {}
        for name, parts in self.sheet.report_sums.items():
            if name in self.outcomes:
                self._fail(("report_sums", name), "is already the name of an outcome", name)
            out[name] = self._known(parts, list(self.outcomes), "outcome", ("report_sums", name))
        return out

    def _check_bounds(self, puzzle: Puzzle) -> None:
        """Refuse bounds that leave no value for a count, with the field that says so."""
        for i, outcome in enumerate(puzzle.outcomes):
            for name, known in outcome.known.items():
                study = puzzle.study(name)
                for arm, low, n in (
                    ("events_t", known.events_t[0], study.n_t[1]),
                    ("events_c", known.events_c[0], study.n_c[1]),
                ):
                    if low > n:
                        problem = f"{arm} is at least {low}, but the arm has at most {n} patients"
                        self._fail(("outcomes", i, "known", name), problem, low)
        bounds = count_bounds(puzzle)
        for variable, (low, high) in bounds.items():
            if low > high:
                what = f"events of {variable.outcome!r}" if variable.outcome else "patients"
                self._fail(
                    ("bounds, links and totals",),
                    f"they leave no number of {what} for the {ARM_NAMES[variable.arm]} arm of study "
                    f"{variable.study!r} (at least {low}, at most {high})",
                )
        for i, s in enumerate(puzzle.studies):
            pairs = arm_count(puzzle, bounds, s.id)
            if pairs > LARGEST_PAIRS:
                self._fail(("studies", i), "more than a million pairs of arm sizes; narrow the bounds", s.id)
            if not pairs:
                self._fail(("studies", i), "no pair of arm sizes satisfies the bounds", s.id)
