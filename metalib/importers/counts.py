"""Counts, means, rates and effects from CSV files: one study a row (wide) or one arm a row (long)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from ..arithmetic.options import MEASURES, OTHERS, Options
from ..errors import DataError, OptionError
from .collected import FORMS, Imported, Row, at, clean, collect
from .sheet import Sheet

#: Names of the columns beside the numbers; the first that is there is taken.
ROLES = {
    "study": ("study", "studlab", "slab", "study name", "study id", "author", "authors", "trial"),
    "outcome": ("outcome", "endpoint"),
    "subgroup": ("subgroup", "bylab"),
    "year": ("year", "study year"),
    "arm": ("arm", "treatment", "treat", "intervention", "group"),
}
EXPERIMENTAL = ("experimental", "exp", "treatment", "treated", "intervention", "active", "t", "e")
CONTROL = ("control", "ctrl", "comparator", "comparison", "placebo", "untreated", "c")
#: What programs call the columns of a row with both arms. A name counts only beside the others of its line: ``ci`` is
#: metafor's for events of the control arm, and many people's for a confidence interval.
WIDE: tuple[dict[str, str], ...] = (
    *({name: name for name in columns} for columns in FORMS.values()),
    {"events_t": "ai", "n_t": "n1i", "events_c": "ci", "n_c": "n2i"},
    {"events_t": "ai", "without_t": "bi", "events_c": "ci", "without_c": "di"},
    {"events_t": "event.e", "n_t": "n.e", "events_c": "event.c", "n_c": "n.c"},
    {"mean_t": "m1i", "sd_t": "sd1i", "n_t": "n1i", "mean_c": "m2i", "sd_c": "sd2i", "n_c": "n2i"},
    {"mean_t": "mean.e", "sd_t": "sd.e", "n_t": "n.e", "mean_c": "mean.c", "sd_c": "sd.c", "n_c": "n.c"},
    {"events_t": "x1i", "time_t": "t1i", "events_c": "x2i", "time_c": "t2i"},
    {"events_t": "event.e", "time_t": "time.e", "events_c": "event.c", "time_c": "time.c"},
    {"effect": "yi", "se": "sei"},
    {"effect": "yi", "variance": "vi"},
    {"effect": "te", "se": "sete"},
    {"estimate": "estimate", "ci_low": "ci_low", "ci_high": "ci_high"},
)  # fmt: skip
#: Columns that RevMan 5 shows twice, first the experimental arm.
TWICE = (
    {"events": ("events",), "n": ("total", "n")},
    {"mean": ("mean",), "sd": ("sd", "std. dev."), "n": ("total", "n")},
)
#: The columns of one arm.
LONG = (
    {"mean": ("mean",), "sd": ("sd",), "n": ("n", "total")},
    {"events": ("events", "event"), "time": ("time", "person_time", "person-time")},
    {"events": ("events", "event"), "n": ("n", "total")},
)


def read_counts(
    sheet: Sheet,
    *,
    columns: Mapping[str, str] | None = None,
    outcome: str | None = None,
    measure: str | None = None,
    experimental: str | None = None,
) -> Imported:
    """Read the data of studies from a CSV file.

    Parameters
    ----------
    sheet : Sheet
        One study a row, with our names of columns, metafor's (``ai, n1i, ci, n2i``, ``ai, bi, ci, di``, ``m1i``...),
        meta's (``event.e, n.e, event.c, n.c``...) or RevMan's ("Events", "Total" twice); or one arm a row with a column
        that names the arm. Columns ``outcome``, ``subgroup`` and ``year`` are read where they are there, all others
        are kept as columns of the studies, or of the rows if they vary within a study.
    columns : mapping, optional
        Our name of a column to its name in the file.
    outcome : str, optional
        Name of the outcome where no column has it; the name of the file if left out.
    measure : str, optional
        The first that the data allow if left out: OR, MD, IRR. Effects do not say what they are, so there it is needed.
    experimental : str, optional
        Which arm of a file with one arm a row is the experimental one, where its name does not say so.

    Raises
    ------
    DataError
        Columns that are not recognised, and cells that cannot be used, with the line.
    OptionError
    """
    names = _named(sheet, columns or {})
    roles = {role: j for role, known in ROLES.items() if (j := _first(names, known)) is not None}
    places = _wide(names)
    by_arm = not places and "arm" in roles
    if by_arm:
        found = ({ours: _first(names, known) for ours, known in choices.items()} for choices in LONG)
        places = next(
            ({k: j for k, j in one.items() if j is not None} for one in found if None not in one.values()), {}
        )
    else:
        roles.pop("arm", None)
    if not places:
        raise DataError(
            f"no counts, means, rates or effects are recognised; name their columns, for example "
            f"columns={{'events_t': {sheet.header[-1]!r}}}", file=at(sheet.file, 1), value=", ".join(sheet.header),
        )  # fmt: skip
    if "study" not in roles:
        raise DataError("no column names the study", file=at(sheet.file, 1), value=", ".join(sheet.header))
    used = {*places.values(), *roles.values()}
    rest = [j for j in range(len(sheet.header)) if j not in used]
    lines: list[_Line] = []
    for i, line in enumerate(sheet.lines):
        cells = {role: clean(sheet.rows[i][j]) for role, j in roles.items()}
        if not cells["study"]:
            raise DataError("the study has no name", file=at(sheet.file, line))
        numbers = {k: v for k, j in places.items() if (v := sheet.number(i, j)) is not None}
        for name in places.keys() - numbers.keys() if numbers else ():
            raise DataError(f"{name} is missing", file=at(sheet.file, line), study=cells["study"])
        lines.append(_Line(cells, numbers, line, {_extra(sheet.header[j]): clean(sheet.rows[i][j]) for j in rest}))
    if by_arm:
        lines = _paired(lines, sheet.file, experimental)
    measure = measure or _measure(set().union(*(one.numbers for one in lines)))
    options = Options(measure=measure, method="" if measure in MEASURES and "effect" not in places else "IV")
    # Where a name recurs, the year tells studies apart.
    if len({one.key("outcome", "subgroup", "study") for one in lines}) < len(lines):
        lines = [
            replace(one, cells={**one.cells, "study": " ".join(one.key("study", "year")).strip()}) for one in lines
        ]
    seen: dict[tuple[str, ...], int] = {}
    for one in lines:
        if (key := one.key("outcome", "subgroup", "study")) in seen:
            problem = f"the study stands in line {seen[key]} as well"
            raise DataError(problem, file=at(sheet.file, one.line), study=one.cells["study"])
        seen[key] = one.line
    studies, varies = _studies(lines)
    label = outcome or PurePath(sheet.file).stem
    rows = [
        Row(one.cells.get("outcome") or label, one.cells["study"], one.numbers, one.line, one.cells.get("subgroup", ""),
            {name: cell for name, cell in one.extra.items() if name in varies})
        for one in lines
    ]  # fmt: skip
    outcomes = [
        {"outcome": name, "label": name, "measure": options.measure, "method": options.method, "source": sheet.file}
        for name in dict.fromkeys(row.outcome for row in rows)
    ]
    kind = f"CSV of data, one {'arm' if by_arm else 'study'} a row"
    return collect(kind, sheet.file, outcomes, rows, studies)


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the file: what names it, its numbers, its line, and all else."""

    cells: Mapping[str, str]
    numbers: Mapping[str, float]
    line: int
    extra: Mapping[str, str]

    def key(self, *roles: str) -> tuple[str, ...]:
        return tuple(self.cells.get(role, "") for role in roles)


def _measure(columns: set[str]) -> str:
    for column, measure in (("mean_t", "MD"), ("time_t", "IRR"), ("events_t", "OR")):
        if column in columns:
            return measure
    raise OptionError(f"effects do not say what they are: name the measure, one of {', '.join((*MEASURES, *OTHERS))}")


def _named(sheet: Sheet, columns: Mapping[str, str]) -> list[str]:
    """Return the names of the columns in small letters, with those that `columns` gives in place of the file's."""
    names = [name.casefold() for name in sheet.header]
    for ours, theirs in columns.items():
        places = [j for j, name in enumerate(sheet.header) if name == theirs]
        if len(places) != 1:
            raise DataError(f"{len(places)} columns are called so", file=at(sheet.file, 1), value=theirs)
        names[places[0]] = ours
    return names


def _first(names: list[str], choices: tuple[str, ...]) -> int | None:
    return next((names.index(name) for name in choices if name in names), None)


def _wide(names: list[str]) -> dict[str, int]:
    """Return the places of the numbers in a file with both arms in a row; nothing if it is none."""
    for wanted in WIDE:
        if all(names.count(name) == 1 for name in wanted.values()):
            return {ours: names.index(theirs) for ours, theirs in wanted.items()}
    for choices in TWICE:
        where = {ours: [j for j, name in enumerate(names) if name in known] for ours, known in choices.items()}
        if all(len(pair) == 2 for pair in where.values()):
            return {f"{ours}_{arm}": pair[n] for ours, pair in where.items() for n, arm in enumerate("tc")}
    return {}


def _paired(lines: Sequence[_Line], file: str, experimental: str | None) -> list[_Line]:
    """Join the two arms of each study."""
    arms = list(dict.fromkeys(one.cells["arm"] for one in lines))
    chosen = [a for a in arms if a == experimental or (experimental is None and a.casefold() in EXPERIMENTAL)]
    if not chosen and experimental is None and len(arms) == 2:
        controls = [a for a in arms if a.casefold() in CONTROL]
        chosen = [a for a in arms if a not in controls] if controls else []
    if len(chosen) != 1:
        problem = f"which arm is the experimental one? name it, for example experimental={arms[0]!r}"
        raise DataError(problem, file=file, value=", ".join(arms))
    groups: dict[tuple[str, ...], list[_Line]] = {}
    for one in lines:
        groups.setdefault(one.key("study", "year", "outcome", "subgroup"), []).append(one)
    pairs = []
    for group in groups.values():
        treated = [one for one in group if one.cells["arm"] in chosen]
        control = [one for one in group if one.cells["arm"] not in chosen]
        if len(treated) != 1 or len(control) != 1:
            raise DataError(
                "a comparison needs one experimental and one control arm", file=at(file, group[-1].line),
                study=group[0].cells["study"], value=", ".join(one.cells["arm"] for one in group),
            )  # fmt: skip
        if bool(treated[0].numbers) != bool(control[0].numbers):
            raise DataError("one arm has no data", file=at(file, group[0].line), study=group[0].cells["study"])
        pairs.append((treated[0], control[0]))
    # What two rows of a study say alike throughout is said of the study, the rest of its arm.
    apart = {n for one, other in pairs for n, cell in one.extra.items() if other.extra[n] != cell}
    joined = []
    for pair in pairs:
        both = list(zip("tc", pair, strict=True))
        numbers = {f"{name}_{arm}": number for arm, one in both for name, number in one.numbers.items()}
        extra = {f"{n}_{arm}" if n in apart else n: c for arm, one in both for n, c in one.extra.items()}
        extra |= {"experimental": pair[0].cells["arm"], "control": pair[1].cells["arm"]}
        joined.append(_Line(pair[0].cells, numbers, pair[0].line, extra))
    return joined


def _extra(name: str) -> str:
    """Return the name under which a column of the file is kept beside ours."""
    taken = {"study", "outcome", "subgroup", "analysis", "label", "year", "status", "source", "reference", "authors"}
    taken |= {"citation_key", "experimental", "control", "order_in_table"}.union(*FORMS.values())
    return f"{name}_given" if name.casefold() in taken else name


def _studies(lines: Sequence[_Line]) -> tuple[dict[str, dict[str, str]], set[str]]:
    """Return what is known of each study, and the columns that vary within one, which belong to its rows."""
    about: dict[str, dict[str, str]] = {}
    varies = set()
    for one in lines:
        cells = about.setdefault(one.cells["study"], {})
        for name, cell in {**({"year": one.cells["year"]} if "year" in one.cells else {}), **one.extra}.items():
            if cells.setdefault(name, cell) != cell:
                varies.add(name)
    return {study: {n: c for n, c in cells.items() if n not in varies} for study, cells in about.items()}, varies
