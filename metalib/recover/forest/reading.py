"""Reading a forest plot, typed as CSV or YAML or given as plain Python objects.

As CSV one row a study and one for the pooled line, whose ``study`` is "pooled" or "total" and whose cells say how it is
pooled; a cell that is empty or missing is not printed::

    study,n_t,n_c,effect,ci_low,ci_high,weight,Q,P,I2,measure,method,model
    a2010,40,41,0.52,0.20,1.35,47.9,,,,,,
    b2011,76,80-90,0.79,0.34,1.79,52.1,,,,,,
    c2012,20,20,not estimable,,,,,,,,,
    pooled,,,0.66,0.35,1.23,,0.41,0.19,0,OR,MH,fixed

The same as YAML::

    measure: OR
    method: MH                    # MH, IV, Peto
    model: fixed                  # fixed, random
    arms: {size: [10, 60], max_difference: 0}     # of studies whose arms are not printed
    rows:
      - {study: a2010, n_t: 40, n_c: 41, effect: "0.52", ci_low: "0.20", ci_high: "1.35", weight: "47.9"}
      - {study: b2011, n_t: 76, n_c: [80, 90], effect: "0.79", ci_low: "0.34", ci_high: "1.79", weight: "52.1"}
      - {study: c2012, n_t: 20, n_c: 20, effect: not estimable}
    pooled: {effect: "0.66", ci_low: "0.35", ci_high: "1.23", Q: "0.41", P: "0.19", I2: "0"}

Counts (``events_t, n_t, events_c, n_c``, and of both arms together ``events, n``) are whole numbers or ranges; in the
pooled line they are the totals. Studies may print ``effect, ci_low, ci_high, se, z, P, weight, percent_t, percent_c``,
the last two percentages of the arms with events; the pooled line ``effect, ci_low, ci_high, z, P, Q, df, P_Q, I2, tau2,
k``. ``scale: log`` says that effects and limits are logarithms; ``level``, ``tau2_method`` and ``ci_method`` are those
of :class:`metalib.Options`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...arithmetic.options import CI_METHODS, MEASURES, METHODS, MODELS, TAU2_METHODS, Options
from ...audit.printed import Printed, read_printed
from ...errors import DataError, OptionError, PuzzleError
from ...text import NOT_ESTIMABLE
from ..fields import LARGEST_FILE, Field, load
from .plot import COUNTS, POOLED, ROW, ForestPlot, Line, Span

LARGEST_ARM = 1_000_000
SCALES = ("natural", "log")
#: What the row of the pooled line is called in a CSV file.
POOLED_NAMES = ("pooled", "total", "overall", "summary")
_CHOICES = ("measure", "method", "model", "tau2_method", "ci_method", "level", "scale")
_RANGE = re.compile(r"([0-9]{1,9})(?:\s*[-–]\s*([0-9]{1,9}))?")


def read_forest(path: str | Path) -> ForestPlot:
    """Read a forest plot from a CSV or a YAML file.

    Parameters
    ----------
    path : str or Path
        CSV where its name ends so, else YAML.

    Raises
    ------
    PuzzleError
        The file cannot be read, a field is missing, unknown or of the wrong kind, a text is no number, or bounds
        contradict each other; the message names row and field.
    OptionError
        A combination of measure, method and model that has no meaning.
    """
    content = _csv_content(Path(path)) if str(path).lower().endswith(".csv") else load(path)
    return check_forest(content, path)


def is_forest(content: object) -> bool:
    """Whether the content of a YAML file is a forest plot and no puzzle."""
    return isinstance(content, Mapping) and "rows" in content


def check_forest(content: object, file: object = None) -> ForestPlot:
    """Make a forest plot from plain Python objects, as a YAML file holds them.

    Parameters
    ----------
    content : mapping
    file : optional
        Named in errors.

    Raises
    ------
    PuzzleError, OptionError

    Examples
    --------
    >>> from metalib.recover import check_forest, recover_forest
    >>> row = {"study": "a", "n_t": 40, "n_c": 41, "effect": "0.52", "ci_low": "0.20", "ci_high": "1.35"}
    >>> found = recover_forest(check_forest({"measure": "OR", "rows": [row]}))
    >>> found.tables()[["events_t", "n_t", "events_c", "n_c", "status"]].to_numpy().tolist()
    [[10, 40, 16, 41, 'identified']]
    """
    fields = Field(content, "", file).mapping(("measure", "rows"), ("title", "arms", "pooled", *_CHOICES[1:]))
    options = _options(fields)
    log = fields["scale"].one_of(SCALES, SCALES[0]) == "log"
    if log and not options.is_ratio:
        raise fields["scale"].error("a difference has no logarithm", "log")
    size, difference = None, None
    if fields["arms"].given:
        given = fields["arms"].mapping((), ("size", "max_difference"))
        size = given["size"].span(1, LARGEST_ARM) if given["size"].given else None
        if given["max_difference"].given:
            difference = given["max_difference"].whole(0, LARGEST_ARM)
    rows: list[Line] = []
    for field in fields["rows"].rows():
        line = _line(field, field.mapping(("study",), (*COUNTS, *ROW)), "study", ROW)
        if line.name in [row.name for row in rows] or line.name.casefold() in POOLED_NAMES:
            raise field.error("the study stands there twice, or is called like the pooled line", line.name)
        rows.append(_with_arms(field, line, size, difference))
    if not rows:
        raise fields["rows"].error("there is no study")
    pooled = Line("pooled")
    if fields["pooled"].given:
        pooled = _line(fields["pooled"], fields["pooled"].mapping((), (*COUNTS, *POOLED)), "", POOLED)
    if "tau2" in pooled.stats and options.model == "fixed":
        raise fields["pooled"].error("a fixed-effect result has no tau2", pooled.stats["tau2"].text)
    title = fields["title"].text("")
    return ForestPlot(options, tuple(rows), pooled, difference, log, title, None if file is None else str(file))


def _options(fields: Mapping[str, Field]) -> Options:
    measure, method, model, tau2, ci = (
        fields[name].one_of(allowed, allowed[0])
        for name, allowed in zip(_CHOICES, (MEASURES, METHODS, MODELS, TAU2_METHODS, CI_METHODS), strict=False)
    )
    level = fields["level"].value
    if isinstance(level, str):
        text = level.strip()
        try:
            level = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            raise fields["level"].error("the level is no number", text) from None
    try:
        return Options(measure, method, model, tau2, ci, 0.95 if level is None else level)
    except OptionError as error:
        raise OptionError(f"{fields['measure'].file}: {error}" if fields["measure"].file else str(error)) from None


def _line(field: Field, given: Mapping[str, Field], name: str, known: Sequence[str]) -> Line:
    counts = {count: _span(given[count]) for count in COUNTS if given[count].given}
    stats: dict[str, Printed] = {}
    estimable = True
    for stat in known:
        value = given[stat].value
        if isinstance(value, str) and value.strip().casefold() in (NOT_ESTIMABLE, "ne"):
            estimable = False
        elif given[stat].given:
            try:
                stats[stat] = read_printed(value)
            except DataError as error:
                raise given[stat].error(error.problem, error.value) from None
    if not estimable and stats:
        raise field.error(f"what is {NOT_ESTIMABLE} has no {next(iter(stats))}")
    if not name and not estimable:
        raise field.error(f"nothing can be recovered from a pooled line that is {NOT_ESTIMABLE}")
    return Line(given[name].text() if name else "pooled", counts, stats, estimable)


def _span(field: Field) -> Span:
    if not isinstance(field.value, str):
        return field.span(0, LARGEST_ARM)
    match = _RANGE.fullmatch(field.value.strip().replace(",", ""))
    if match is None:
        raise field.error("must be a whole number or a range such as 20-30", field.value)
    ends = [int(match[1]), int(match[2] or match[1])]
    return Field(ends, field.path, field.file, field.row).span(0, LARGEST_ARM)


def _with_arms(field: Field, line: Line, size: Span | None, difference: int | None) -> Line:
    """Return a row with bounds on both arms, from its own, those of both together, or those of all studies."""
    counts = dict(line.counts)
    both = counts.get("n")
    for arm in ("n_t", "n_c"):
        default = size if size is not None else None if both is None else (1, max(both[1] - 1, 1))
        if arm not in counts:
            if default is None:
                raise field.error(f"field {arm!r} is missing, and there is neither 'n' nor a default in arms.size")
            counts[arm] = default
        counts[arm] = max(counts[arm][0], 1), counts[arm][1]
        events = counts.get(f"events_{arm[-1]}")
        if counts[arm][1] < max(1, events[0] if events else 0):
            raise field.error(f"the events exceed {arm}, or there is no patient", counts[arm][1])
    t, c = counts["n_t"], counts["n_c"]
    gap = max(t[0] - c[1], c[0] - t[1], 0)
    printed = t[0] == t[1] and c[0] == c[1]
    if difference is not None and not printed and gap > difference:
        raise field.error(f"the arms differ by at least {gap}, but max_difference is {difference}", line.name)
    if both is not None and not t[0] + c[0] <= both[1] <= both[0] + (t[1] + c[1] - both[0]):
        raise field.error("the arms do not add up to 'n'", line.name)
    return Line(line.name, counts, line.stats, line.estimable)


def _csv_content(path: Path) -> dict[str, Any]:
    """Return what a CSV file holds as the fields of a YAML file."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise PuzzleError(f"the plot cannot be read: {error}", file=path) from None
    if len(data) > LARGEST_FILE:
        raise PuzzleError(f"the plot is larger than {LARGEST_FILE:,} bytes", file=path)
    try:
        header, *lines = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if any(row)] or [[]]
    except csv.Error as error:
        raise PuzzleError(f"the plot is no CSV: {error}", file=path) from None
    names = [name.strip() for name in header]
    known = {"study", *COUNTS, *ROW, *POOLED, *_CHOICES}
    for name in names:
        if name not in known or names.count(name) > 1:
            raise PuzzleError("unknown column, or one that stands there twice", file=path, value=name)
    if "study" not in names:
        raise PuzzleError("there is no column 'study'", file=path)
    content: dict[str, Any] = {"rows": []}
    for i, row in enumerate(lines, 1):
        if len(row) != len(names):
            raise PuzzleError(f"the row has {len(row)} cells, the header {len(names)}", file=path, row=i)
        cells = {name: cell.strip() for name, cell in zip(names, row, strict=True) if cell.strip()}
        if cells.get("study", "").casefold() not in POOLED_NAMES:
            content["rows"].append(cells)
        elif "pooled" in content:
            raise PuzzleError("there are two pooled lines", file=path, row=i)
        else:
            content |= {name: cells[name] for name in _CHOICES if name in cells}
            content["pooled"] = {n: x for n, x in cells.items() if n not in ("study", *_CHOICES)}
    return content
