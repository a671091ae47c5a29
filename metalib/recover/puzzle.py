"""Reading a puzzle file and checking that it can be searched at all.

The fields by example::

    title: text
    arms: {size: [smallest, largest], max_difference: 0}      # defaults of all studies
    studies:
      - {id: a2010}
      - {id: b2011, n_t: 76, n_c: [80, 90], max_difference: 4}
    outcomes:
      - {id: death, studies: [a2010, b2011], known: {b2011: {events_t: 3, events_c: [0, 5]}}}
    results:
      - {id: death pooled, outcome: death, studies: [a2010, b2011], measure: OR, method: MH, model: fixed,
         printed: {effect: "0.50", P: {text: "0.760", unit: 0.01}, Q: {text: "2.20", role: known-miss}}}
    links:
      - {sum_to_n: [CR, PR, SD, PD]}
      - {at_most_n: [death, relapse]}
    totals:
      - {outcome: death, arm: experimental, value: 55}        # without `outcome`: patients of the arms
    report_sums: {CR or PR: [CR, PR]}
"""

from __future__ import annotations

from pathlib import Path

from ..arithmetic.options import MEASURES, METHODS, MODELS, Options
from ..errors import OptionError
from .contradictions import check_bounds, check_stats
from .model import ARM_NAMES, ROLES, STATISTICS, Cell, Link, Outcome, Puzzle, Result, Stat, Study, Total
from .printed import printed
from .reader import Field, load, parse

LARGEST_ARM = 100_000
_TOP = ("title", "arms", "outcomes", "links", "totals", "report_sums", "exchangeable", "assumptions")
_ARM_OF = {name: arm for arm, name in ARM_NAMES.items()}


def read_puzzle(path: str | Path) -> Puzzle:
    """Read a puzzle file.

    Parameters
    ----------
    path : str or Path
        A YAML file.

    Raises
    ------
    PuzzleError
        The file cannot be read, a field is missing, unknown or of the wrong kind, a name is not known, bounds
        contradict each other, or a printed text is no number; the message names field and row.
    """
    return check_puzzle(load(path), path)


def read_puzzle_text(text: str | bytes, file: object = None) -> Puzzle:
    """Read a puzzle from text, as :func:`read_puzzle` does from a file."""
    return check_puzzle(parse(text, file), file)


def check_puzzle(content: object, file: object = None) -> Puzzle:
    """Turn the content of a puzzle file into a :class:`Puzzle`, or raise :class:`~metalib.PuzzleError`."""
    top = Field(content, "", file)
    fields = top.mapping(("studies", "results"), _TOP)
    studies = _studies(fields["studies"], fields.get("arms"))
    names = [s.id for s in studies]
    results_field = fields["results"]
    outcomes = _outcomes(fields.get("outcomes"), results_field, names)
    known = {o.id: o for o in outcomes}
    puzzle = Puzzle(
        title=fields["title"].text() if "title" in fields else "",
        studies=studies,
        outcomes=outcomes,
        results=_results(results_field, known),
        links=_links(fields.get("links"), known, names),
        totals=_totals(fields.get("totals"), known, names),
        sums=_sums(fields.get("report_sums"), known),
        exchangeable=tuple(
            row.names(names, "study") for row in (fields["exchangeable"].rows() if "exchangeable" in fields else ())
        ),
        assumptions=tuple(row.text() for row in (fields["assumptions"].rows() if "assumptions" in fields else ())),
        file=None if file is None else str(file),
    )
    check_bounds(puzzle, fields, file)
    return puzzle


def _studies(field: Field, defaults: Field | None) -> tuple[Study, ...]:
    size, difference = None, None
    if defaults is not None:
        given = defaults.mapping(("size",), ("max_difference",))
        size = given["size"].span(1, LARGEST_ARM)
        if "max_difference" in given:
            difference = given["max_difference"].whole(0, LARGEST_ARM)
    out: list[Study] = []
    for row in field.rows():
        given = row.mapping(("id",), ("n_t", "n_c", "max_difference"))
        name = given["id"].text()
        if any(s.id == name for s in out):
            raise given["id"].error("the study occurs twice", name)
        ends = []
        for arm in ("n_t", "n_c"):
            if arm in given:
                ends.append(given[arm].span(1, LARGEST_ARM))
            elif size is not None:
                ends.append(size)
            else:
                raise row.error(f"field {arm!r} is missing, and there is no default in arms.size", name)
        # A default for unknown arms says nothing about a study whose arms are printed.
        both_known = all(low == high for low, high in ends)
        limit = given["max_difference"].whole(0, LARGEST_ARM) if "max_difference" in given else difference
        if both_known and "max_difference" not in given:
            limit = None
        gap = max(ends[0][0] - ends[1][1], ends[1][0] - ends[0][1], 0)
        if limit is not None and gap > limit:
            raise row.error(f"the arms differ by at least {gap}, but max_difference is {limit}", name)
        out.append(Study(name, ends[0], ends[1], limit))
    if not out:
        raise field.error("there is no study")
    return tuple(out)


def _outcomes(field: Field | None, results: Field, studies: list[str]) -> tuple[Outcome, ...]:
    out: list[Outcome] = []
    for row in field.rows() if field is not None else ():
        given = row.mapping(("id",), ("studies", "known", "optional", "reported"))
        name = given["id"].text()
        if any(o.id == name for o in out):
            raise given["id"].error("the outcome occurs twice", name)
        inside = given["studies"].names(studies, "study") if "studies" in given else tuple(studies)
        optional = given["optional"].names(inside, "study of this outcome") if "optional" in given else ()
        reported = given["reported"].whole(1, len(inside)) if "reported" in given else None
        if reported is not None and reported < len(inside) - len(optional):
            raise given["reported"].error(f"{len(inside) - len(optional)} studies are not optional", reported)
        if reported is None and optional:
            raise given["optional"].error("needs the field 'reported', the number of studies that report the outcome")
        cells = {}
        for study, cell in given["known"].items() if "known" in given else ():
            if study not in inside:
                raise cell.error("unknown study of this outcome", study)
            cells[study] = _cell(cell)
        out.append(Outcome(name, inside, cells, optional, reported))
    # An outcome that needs no words of its own may be named by its results alone.
    for row in results.rows():
        name = row.value.get("outcome") if isinstance(row.value, dict) else None
        if field is None and isinstance(name, str) and name.strip() and all(o.id != name.strip() for o in out):
            out.append(Outcome(name.strip(), tuple(studies), {}))
    return tuple(out)


def _cell(field: Field) -> Cell:
    given = field.mapping(("events_t", "events_c"))
    return Cell(given["events_t"].span(0, LARGEST_ARM), given["events_c"].span(0, LARGEST_ARM))


def _results(field: Field, outcomes: dict[str, Outcome]) -> tuple[Result, ...]:
    out: list[Result] = []
    for row in field.rows():
        given = row.mapping(
            ("id", "outcome", "studies", "printed"), ("measure", "method", "model", "place", "role")
        )  # fmt: skip
        name = given["id"].text()
        if any(r.id == name for r in out):
            raise given["id"].error("the result occurs twice", name)
        outcome = given["outcome"].one_of(list(outcomes))
        options = {
            option: given[option].one_of(allowed) if option in given else allowed[0]
            for option, allowed in (("measure", MEASURES), ("method", METHODS), ("model", MODELS))
        }
        try:
            Options(**options)
        except OptionError as error:
            raise row.error(str(error), name) from None
        role = given["role"].one_of(ROLES) if "role" in given else "search"
        place = given["place"].text() if "place" in given else ""
        stats = tuple(_stat(key, f, role, place) for key, f in given["printed"].items())
        if not stats:
            raise given["printed"].error("holds no printed number")
        studies = given["studies"].names(outcomes[outcome].studies, "study of this outcome")
        check_stats(given["printed"], stats, options)
        out.append(
            Result(name, outcome, studies, options["measure"], options["method"], options["model"], stats, place)
        )
    if not any(r.searched for r in out):
        raise field.error("no printed number takes part in the search")
    return tuple(out)


def _stat(name: str, field: Field, role: str, place: str) -> Stat:
    if name not in STATISTICS:
        raise field.error(f"unknown statistic; known are {', '.join(STATISTICS)}", name)
    unit, text = None, field.value
    if isinstance(field.value, dict):
        given = field.mapping(("text",), ("unit", "role", "place"))
        text = given["text"].value
        unit = given["unit"].value if "unit" in given else None
        role = given["role"].one_of(ROLES) if "role" in given else role
        place = given["place"].text() if "place" in given else place
    try:
        number = printed(text, unit)
    except ValueError as error:
        raise field.error(error.problem, error.value) from None
    return Stat(name, number, role, place)


def _links(field: Field | None, outcomes: dict[str, Outcome], studies: list[str]) -> tuple[Link, ...]:
    out = []
    for row in field.rows() if field is not None else ():
        given = row.mapping((), ("sum_to_n", "at_most_n", "studies"))
        kinds = [k for k in ("sum_to_n", "at_most_n") if k in given]
        if len(kinds) != 1:
            raise row.error("needs either sum_to_n or at_most_n")
        names = given[kinds[0]].names(list(outcomes), "outcome")
        if len(names) < 2:
            raise given[kinds[0]].error("needs at least two outcomes")
        exact = kinds[0] == "sum_to_n"
        common = [s for s in studies if all(s in outcomes[o].studies for o in names)]
        shared = [s for s in studies if sum(s in outcomes[o].studies for o in names) > 1]
        inside = given["studies"].names(shared, "study of these outcomes") if "studies" in given else tuple(common)
        if exact:
            for o in names:
                if set(outcomes[o].optional) & set(inside):
                    raise row.error("an outcome with optional studies cannot be part of sum_to_n", o)
            missing = [s for s in inside if s not in common]
            if missing:
                raise row.error("the study does not report every outcome of sum_to_n", missing[0])
            if inside:
                out.append(Link(names, inside, True))
            shared = [s for s in shared if s not in inside and "studies" not in given]
            if shared:
                # Categories stay disjoint in a study that leaves some of them out.
                out.append(Link(names, tuple(shared), False))
        else:
            inside = inside if "studies" in given else tuple(shared)
            if inside:
                out.append(Link(names, inside, False))
    return tuple(out)


def _totals(field: Field | None, outcomes: dict[str, Outcome], studies: list[str]) -> tuple[Total, ...]:
    out: list[Total] = []
    for row in field.rows() if field is not None else ():
        given = row.mapping(("arm", "value"), ("id", "outcome", "studies", "role", "place"))
        outcome = given["outcome"].one_of(list(outcomes)) if "outcome" in given else ""
        arm = _ARM_OF[given["arm"].one_of(list(_ARM_OF))]
        known = outcomes[outcome].studies if outcome else tuple(studies)
        inside = given["studies"].names(known, "study") if "studies" in given else known
        name = given["id"].text() if "id" in given else f"{outcome or 'patients'}, {ARM_NAMES[arm]} arms"
        if any(t.id == name for t in out):
            raise row.error("the total occurs twice", name)
        value = given["value"].whole(0, LARGEST_ARM * len(studies))
        role = given["role"].one_of(ROLES[:2]) if "role" in given else "search"
        out.append(Total(name, outcome, arm, value, inside, role, given["place"].text() if "place" in given else ""))
    return tuple(out)


def _sums(field: Field | None, outcomes: dict[str, Outcome]) -> dict[str, tuple[str, ...]]:
    out = {}
    for name, parts in field.items() if field is not None else ():
        if name in outcomes:
            raise parts.error("is already the name of an outcome", name)
        out[name] = parts.names(list(outcomes), "outcome")
    return out
