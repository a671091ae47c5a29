"""The data package of RevMan Web: CSV files in a folder or an archive, of both versions of its format.

Cochrane, RevMan knowledge base: data package specification.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import PurePath

from ..errors import DataError
from .collected import LARGEST_FILE, Imported, Row, at, clean, collect, judged, measure_of
from .sheet import MISSING, Sheet, read_sheet

DATA, SETTINGS, BIAS = "-data-rows.csv", "-overall-estimates-and-settings.csv", "-risk-of-bias.csv"
COLUMNS = {
    "Dichotomous": {
        "events_t": "Experimental cases", "n_t": "Experimental N", "events_c": "Control cases", "n_c": "Control N",
    },
    "Continuous": {
        "mean_t": "Experimental mean", "sd_t": "Experimental SD", "n_t": "Experimental N", "mean_c": "Control mean",
        "sd_c": "Control SD", "n_c": "Control N",
    },
    "Contrast level": {"effect": "GIV Mean", "se": "GIV SE"},
    "O-E and variance": {"o_e": "O-E", "variance": "Variance"},
}  # fmt: skip
METHODS = {"mantel-haenszel": "MH", "inverse variance": "IV", "peto": "Peto"}
ANALYSIS = ("Analysis group", "Analysis number")
TAKEN = {
    *ANALYSIS, "Analysis name", "Data type", "Log-scale data", "Effect measure", "Statistical method", "Analysis model",
    "Swap event and non-event",
}  # fmt: skip
_DOMAIN = re.compile(r"(?:Domain )?\((judgement|support)\)[: ]*(.+)|(.+) \((judgement|support)\)")


def unpacked(content: bytes, file: str, depth: int = 0) -> dict[str, bytes]:
    """Return the CSV files of a data package by name, also those of an archive within the archive."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        if sum(member.file_size for member in archive.infolist()) > LARGEST_FILE:
            raise DataError(f"the archive holds more than {LARGEST_FILE // 1_000_000} MB", file=file)
        files: dict[str, bytes] = {}
        for member in archive.infolist():
            name = PurePath(member.filename).name
            if name.endswith(".csv"):
                files[name] = archive.read(member)
            elif name.endswith(".zip") and depth == 0:
                files |= unpacked(archive.read(member), f"{file}/{name}", 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise DataError(f"the archive cannot be read ({error})", file=file) from error
    return files


def read_web(files: Mapping[str, bytes], source: str) -> Imported:
    """Read the data package of a review from RevMan Web.

    Parameters
    ----------
    files : mapping
        Names of its CSV files and their content; ``*-data-rows.csv`` and ``*-overall-estimates-and-settings.csv`` are
        needed, ``*-risk-of-bias.csv`` is read if it is there.
    source : str
        Named in error messages.

    Raises
    ------
    DataError
    """
    found = {end: [name for name in files if name.endswith(end)] for end in (DATA, SETTINGS, BIAS)}
    for end in (DATA, SETTINGS):
        if len(found[end]) != 1:
            raise DataError(f"a data package has one file *{end}, here are {len(found[end])}", file=source)
    data, settings = (read_sheet(files[found[end][0]], found[end][0]) for end in (DATA, SETTINGS))
    changed: list[str] = []
    outcomes = _outcomes(settings, changed)
    kinds = {place: cells["Data type"] for place, cells in outcomes.items()}
    swapped = {place for place, cells in outcomes.items() if _yes(cells.get("Swap event and non-event"))}
    changed += [f"analysis {place}: events are exchanged with non-events" for place in sorted(swapped)]
    rows = []
    studies: dict[str, dict[str, str]] = {}
    for i, line in enumerate(data.lines):
        cells = _needed(data, i, (*ANALYSIS, "Study"))
        place, study, group = _place(cells), clean(cells["Study"]), clean(cells.get("Subgroup"))
        if place not in outcomes or not study:
            raise DataError("an analysis without settings, or no study", file=at(data.file, line), value=place)
        studies.setdefault(study, {"year": clean(cells.get("Study year"))})
        columns = COLUMNS[kinds[place]]
        _needed(data, i, tuple(columns.values()))
        numbers = {k: v for k, name in columns.items() if (v := data.number(i, name)) is not None}
        for name in columns.keys() - numbers.keys() if numbers else ():
            raise DataError(f"{columns[name]} is missing", file=at(data.file, line), study=study)
        if place in swapped:
            numbers |= {f"events_{arm}": numbers[f"n_{arm}"] - numbers[f"events_{arm}"] for arm in "tc" if numbers}
        rows.append(Row(place, study, numbers, line, "" if group.casefold() in MISSING else group))
    judgements = [j for name in found[BIAS] for j in _bias(read_sheet(files[name], name), changed)]
    for judgement in judgements:
        studies.setdefault(judgement["study"], {})
    used = {*ANALYSIS, "Analysis name", "Subgroup", "Study", "Study year"}.union(
        *(c.values() for c in COLUMNS.values())
    )
    left = [f"{name}: the file is not read" for name in sorted(files) if not name.endswith((DATA, SETTINGS, BIAS))]
    left += [f"{data.file}: column {name}" for name in _filled(data) if name not in used]
    left += [f"{settings.file}: column {name}" for name in _filled(settings) if name not in TAKEN]
    chosen = [{k: v for k, v in cells.items() if k[0].islower()} for cells in outcomes.values()]
    return collect("RevMan Web data package", data.file, chosen, rows, studies, left, changed, judgements=judgements)


def _outcomes(settings: Sheet, changed: list[str]) -> dict[str, dict[str, str]]:
    """Return the analyses by number: the cells of their settings, and in small letters what we make of them."""
    outcomes = {}
    for i, line in enumerate(settings.lines):
        cells = _needed(settings, i, (*ANALYSIS, "Analysis name", "Data type", "Effect measure"))
        if cells["Data type"] not in COLUMNS:
            raise DataError("the data type is not known", file=at(settings.file, line), value=cells["Data type"])
        place, named = _place(cells), cells["Effect measure"]
        counts = cells["Data type"] == "Dichotomous"
        method = METHODS.get(cells.get("Statistical method", "").casefold(), "IV") if counts else "IV"
        outcomes[place] = {
            **cells, "outcome": place, "label": clean(cells["Analysis name"]) or place,
            "measure": measure_of(named, _yes(cells.get("Log-scale data", "TRUE")), f"analysis {place}", changed),
            "method": "Peto" if counts and named.startswith("Peto") else method,
            "model_printed": "random" if cells.get("Analysis model", "").startswith("Random") else "fixed",
            "source": at(settings.file, line),
        }  # fmt: skip
    return outcomes


def _needed(sheet: Sheet, i: int, names: tuple[str, ...]) -> dict[str, str]:
    """Return the cells of a row that must have some columns."""
    for name in names:
        if name not in sheet.header:
            raise DataError(f"column {name!r} is missing", file=at(sheet.file, 1))
    return sheet.cells(i)


def _place(cells: Mapping[str, str]) -> str:
    return ".".join(cells[name].strip() for name in ANALYSIS)


def _yes(cell: str | None) -> bool:
    return (cell or "").strip().casefold() in ("true", "yes")


def _filled(sheet: Sheet) -> list[str]:
    """Return the columns that hold anything."""
    return [
        n for j, n in enumerate(sheet.header) if any(row[j].strip().casefold() not in MISSING for row in sheet.rows)
    ]


def _bias(sheet: Sheet, changed: list[str]) -> list[dict[str, str]]:
    """Return the judgements of a file that has a column of judgements and one of reasons for each domain."""
    domains: dict[str, dict[str, str]] = {}
    for name in sheet.header:
        if match := _DOMAIN.fullmatch(name):
            domains.setdefault(clean(match[2] or match[3]), {})[match[1] or match[4]] = name
    result = []
    for i, line in enumerate(sheet.lines):
        cells = _needed(sheet, i, ("Study",))
        study = clean(cells["Study"])
        for domain, columns in domains.items():
            said = clean(cells.get(columns.get("judgement", "")))
            if said.casefold() in MISSING:
                continue
            support = clean(re.sub(r"<[^>]*>", " ", cells.get(columns.get("support", ""), "")))
            result.append({
                "study": study, "domain": domain, "judgement": judged(said, sheet.file, line, study, changed),
                "support": support or "no support given", "source": at(sheet.file, line),
            })  # fmt: skip
    return result
