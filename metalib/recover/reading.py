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
      - {sum_to_n: [better, same, worse]}
      - {at_most_n: [death, relapse]}
    totals:
      - {outcome: death, arm: experimental, value: 55}        # without `outcome`: patients of the arms
    report_sums: {not worse: [better, same]}

A printed number is a text in quotes. With ``published``, a text that begins with a letter is the id of a row of that
file (columns ``id``, ``text``, ``read_as``, ``unit``), which then says text and unit; so may the value of a total.
"""

from __future__ import annotations

from pathlib import Path

from ..arithmetic.options import MEASURES, METHODS, MODELS, Options
from ..errors import OptionError
from .bounds import arm_count, count_bounds
from .fields import Field, load, parse
from .numbers import Numbers
from .parts import ARM_NAMES, ROLES, EventBounds, Link, Outcome, Result, Study, Total
from .puzzle import Puzzle

LARGEST_ARM = 100_000
LARGEST_PAIRS = 1_000_000
_ARM_OF = {name: arm for arm, name in ARM_NAMES.items()}
_TOP = (
    "title", "published", "arms", "outcomes", "links", "totals", "report_sums", "exchangeable", "assumptions",
)  # fmt: skip


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


class _Reader:
    """Turns fields into a puzzle, in the order in which they build on each other."""

    def __init__(self, content: object, file: object) -> None:
        self.file = file
        self.fields = Field(content, "", file).mapping(("studies", "results"), _TOP)
        self.numbers = Numbers(self.fields["published"])
        self.studies = self._studies()
        self.names = [s.id for s in self.studies]
        self.outcomes = {o.id: o for o in self._outcomes()}

    def puzzle(self) -> Puzzle:
        """Return the puzzle."""
        fields = self.fields
        puzzle = Puzzle(
            title=fields["title"].text(""),
            studies=self.studies,
            outcomes=tuple(self.outcomes.values()),
            results=self._results(),
            links=self._links(),
            totals=self._totals(),
            sums=self._sums(),
            exchangeable=tuple(row.names(self.names, "study") for row in fields["exchangeable"].rows()),
            assumptions=tuple(row.text() for row in fields["assumptions"].rows()),
            file=None if self.file is None else str(self.file),
        )
        self._check_bounds(puzzle)
        return puzzle

    def _studies(self) -> tuple[Study, ...]:
        size, difference = None, None
        if self.fields["arms"].given:
            given = self.fields["arms"].mapping(("size",), ("max_difference",))
            size = given["size"].span(1, LARGEST_ARM)
            difference = _limit(given["max_difference"])
        out: list[Study] = []
        for row in self.fields["studies"].rows():
            given = row.mapping(("id",), ("n_t", "n_c", "max_difference"))
            name = _new(given["id"], [s.id for s in out], "study")
            ends = []
            for arm in ("n_t", "n_c"):
                if not given[arm].given and size is None:
                    raise row.error(f"field {arm!r} is missing, and there is no default in arms.size", name)
                ends.append(given[arm].span(1, LARGEST_ARM) if given[arm].given or size is None else size)
            (t, c), limit = ends, _limit(given["max_difference"])
            # A default for unknown arms says nothing about a study whose arms are printed.
            if limit is None and not (t[0] == t[1] and c[0] == c[1]):
                limit = difference
            gap = max(t[0] - c[1], c[0] - t[1], 0)
            if limit is not None and gap > limit:
                raise row.error(f"the arms differ by at least {gap}, but max_difference is {limit}", name)
            out.append(Study(name, t, c, limit))
        if not out:
            raise self.fields["studies"].error("there is no study")
        return tuple(out)

    def _outcomes(self) -> list[Outcome]:
        out: list[Outcome] = []
        for row in self.fields["outcomes"].rows():
            given = row.mapping(("id",), ("studies", "known", "optional", "reported"))
            name = _new(given["id"], [o.id for o in out], "outcome")
            inside = given["studies"].names(self.names, "study", default=self.names)
            optional = given["optional"].names(inside, "study of this outcome", default=())
            reported = given["reported"].whole(1, len(inside)) if given["reported"].given else None
            least = len(inside) - len(optional)
            if reported is not None and reported < least:
                raise given["reported"].error(f"{least} studies are not optional", reported)
            if reported is None and optional:
                problem = "needs the field 'reported', the number of studies that report the outcome"
                raise given["optional"].error(problem)
            known = {}
            for study, cell in given["known"].items():
                if study not in inside:
                    raise cell.error("unknown study of this outcome", study)
                events = cell.mapping(("events_t", "events_c"))
                known[study] = EventBounds(*(events[arm].span(0, LARGEST_ARM) for arm in ("events_t", "events_c")))
            out.append(Outcome(name, inside, known, optional, reported))
        if self.fields["outcomes"].given:
            return out
        # An outcome that needs no words of its own may be named by its results alone.
        rows = (row.value for row in self.fields["results"].rows())
        names = (row.get("outcome") for row in rows if isinstance(row, dict))
        named = dict.fromkeys(name.strip() for name in names if isinstance(name, str) and name.strip())
        return [Outcome(name, tuple(self.names), {}) for name in named]

    def _results(self) -> tuple[Result, ...]:
        out: list[Result] = []
        for row in self.fields["results"].rows():
            optional = ("measure", "method", "model", "place", "role")
            given = row.mapping(("id", "outcome", "studies", "printed"), optional)
            name = _new(given["id"], [r.id for r in out], "result")
            outcome = self.outcomes[given["outcome"].one_of(list(self.outcomes))]
            measure, method, model = (
                given[option].one_of(allowed, allowed[0])
                for option, allowed in (("measure", MEASURES), ("method", METHODS), ("model", MODELS))
            )
            try:
                Options(measure=measure, method=method, model=model)
            except OptionError as error:
                raise row.error(str(error), name) from None
            role, place = given["role"].one_of(ROLES, "search"), given["place"].text("")
            stats = tuple(self.numbers.stat(key, field, role, place) for key, field in given["printed"].items())
            if not stats:
                raise given["printed"].error("holds no printed number")
            studies = given["studies"].names(outcome.studies, "study of this outcome")
            result = Result(name, outcome.id, studies, measure, method, model, stats, place)
            if result.impossible is not None:
                statistic, problem, text = result.impossible
                raise given["printed"].child(statistic).error(problem, text)
            out.append(result)
        if not any(r.searched for r in out):
            raise self.fields["results"].error("no printed number takes part in the search")
        return tuple(out)

    def _links(self) -> tuple[Link, ...]:
        out = []
        for row in self.fields["links"].rows():
            given = row.mapping((), ("sum_to_n", "at_most_n", "studies"))
            kinds = [k for k in ("sum_to_n", "at_most_n") if given[k].given]
            if len(kinds) != 1:
                raise row.error("needs either sum_to_n or at_most_n")
            names = given[kinds[0]].names(list(self.outcomes), "outcome")
            if len(names) < 2:
                raise given[kinds[0]].error("needs at least two outcomes")
            # Categories are disjoint in every study with two of them; they add up where all are reported.
            here = [self.outcomes[o] for o in names]
            common = [s for s in self.names if all(s in o.studies for o in here)]
            shared = [s for s in self.names if sum(s in o.studies for o in here) > 1]
            exact = kinds[0] == "sum_to_n"
            inside = given["studies"].names(shared, "study of these outcomes", default=common if exact else shared)
            for o in here if exact else ():
                if set(o.optional) & set(inside):
                    raise row.error("an outcome with optional studies cannot be part of sum_to_n", o.id)
            for s in inside if exact else ():
                if s not in common:
                    raise row.error("the study does not report every outcome of sum_to_n", s)
            out.append(Link(names, inside, exact))
            if not given["studies"].given:
                out.append(Link(names, tuple(s for s in shared if s not in inside), False))
        return tuple(link for link in out if link.studies)

    def _totals(self) -> tuple[Total, ...]:
        out: list[Total] = []
        for row in self.fields["totals"].rows():
            given = row.mapping(("arm", "value"), ("id", "outcome", "studies", "role", "place"))
            outcome = given["outcome"].one_of(list(self.outcomes)) if given["outcome"].given else ""
            arm = _ARM_OF[given["arm"].one_of(list(_ARM_OF))]
            known = self.outcomes[outcome].studies if outcome else self.names
            inside = given["studies"].names(known, "study", default=known)
            name = given["id"].text(f"{outcome or 'patients'}, {ARM_NAMES[arm]} arms")
            if any(t.id == name for t in out):
                raise row.error("the total occurs twice", name)
            value, where, key = given["value"], "", ""
            if isinstance(value.value, str):
                number = self.numbers.read(value, value.value)
                printed, where, key = number.printed, number.place, number.id
                if printed.is_bound or printed.percent or printed.unit != 1:
                    raise value.error("a total is a whole number", printed.text)
                value = Field(int(printed.value), value.path, self.file, row.row)
            total = value.whole(0, LARGEST_ARM * len(self.names))
            role = given["role"].one_of(ROLES[:2], "search")
            out.append(Total(name, outcome, arm, total, inside, role, given["place"].text(where), key))
        return tuple(out)

    def _sums(self) -> dict[str, tuple[str, ...]]:
        out = {}
        for name, parts in self.fields["report_sums"].items():
            if name in self.outcomes:
                raise parts.error("is already the name of an outcome", name)
            out[name] = parts.names(list(self.outcomes), "outcome")
        return out

    def _check_bounds(self, puzzle: Puzzle) -> None:
        """Refuse bounds that leave no value for a count, with the field that says so."""
        for row, outcome in zip(self.fields["outcomes"].rows(), puzzle.outcomes, strict=False):
            for name, known in outcome.known.items():
                study = puzzle.study(name)
                for arm, low, n in (
                    ("events_t", known.events_t[0], study.n_t[1]),
                    ("events_c", known.events_c[0], study.n_c[1]),
                ):
                    if low > n:
                        problem = f"{arm} is at least {low}, but the arm has at most {n} patients"
                        raise row.child("known").child(name).error(problem, low)
        bounds = count_bounds(puzzle)
        for variable, (low, high) in bounds.items():
            if low > high:
                what = f"events of {variable.outcome!r}" if variable.outcome else "patients"
                raise Field(None, "bounds, links and totals", self.file).error(
                    f"they leave no number of {what} for the {ARM_NAMES[variable.arm]} arm of study "
                    f"{variable.study!r} (at least {low}, at most {high})"
                )
        for row, s in zip(self.fields["studies"].rows(), puzzle.studies, strict=True):
            pairs = arm_count(puzzle, bounds, s.id)
            if pairs > LARGEST_PAIRS:
                raise row.error("more than a million pairs of arm sizes; narrow the bounds", s.id)
            if not pairs:
                raise row.error("no pair of arm sizes satisfies the bounds", s.id)


def _limit(field: Field) -> int | None:
    return field.whole(0, LARGEST_ARM) if field.given else None


def _new(field: Field, taken: list[str], what: str) -> str:
    name = field.text()
    if name in taken:
        raise field.error(f"the {what} occurs twice", name)
    return name
