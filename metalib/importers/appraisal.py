"""Risk of bias as robvis wants it, and the flow of records as the R package PRISMA2020 wants it."""

from __future__ import annotations

import re

import pandas as pd

from ..errors import DataError
from .collected import Imported, at, clean, judged
from .sheet import MISSING, Sheet

FLOW = ("data", "box", "n")
#: Boxes of the PRISMA 2020 template after which a new part of the diagram begins.
STAGES = {
    "identification": {"box1", "box2", "box3", "box11"},
    "screening": {"box4", "box5", "box6", "box7", "box8", "box9", "box12", "box13", "box14", "box15"},
    "included": {"box10", "box16"},
}
_REASON = re.compile(r"(.+?)[,:]\s*(?:n\s*=\s*)?([0-9]+|xxx|NA)", re.IGNORECASE)


def is_robvis(sheet: Sheet) -> bool:
    """Return whether a file has the columns of robvis: a study, domains, and the overall judgement."""
    return sheet.header[0].casefold() == "study" and "overall" in [name.casefold() for name in sheet.header]


def read_robvis(sheet: Sheet) -> Imported:
    """Read a file of robvis: ``Study``, one column a domain, ``Overall``, and a weight that is robvis's own.

    Raises
    ------
    DataError
        A judgement that is not known, a study twice, with the line.
    """
    rows: list[dict[str, str]] = []
    changed: list[str] = []
    domains = [(j, name) for j, name in enumerate(sheet.header) if j and not name.casefold().startswith("weight")]
    seen: set[str] = set()
    for cells, line in zip(sheet.rows, sheet.lines, strict=True):
        study = clean(cells[0])
        if not study or study in seen:
            raise DataError("the study has no name, or stands there twice", file=at(sheet.file, line), value=study)
        seen.add(study)
        rows += [
            {
                "assessor": "paper", "study": study, "domain": name.replace(".", " "),
                "judgement": judged(clean(cells[j]), sheet.file, line, study, changed), "source": at(sheet.file, line),
            }
            for j, name in domains
        ]  # fmt: skip
    left = tuple(f"column {name}" for name in sheet.header if name.casefold().startswith("weight"))
    return Imported("robvis", sheet.file, {"risk_of_bias": pd.DataFrame(rows)}, {}, left, tuple(changed))


def is_flow(sheet: Sheet) -> bool:
    """Return whether a file has the columns of the PRISMA2020 template."""
    return set(FLOW) <= set(sheet.header)


def read_flow(sheet: Sheet) -> Imported:
    """Read the template of the R package PRISMA2020: ``data, node, box, description, boxtext, tooltips, url, n``.

    A number that names its parts ("Reason 1, 12; Reason 2, 4") becomes a step for each. What is still as the template
    has it (xxx, NA) is written as not reported.

    Raises
    ------
    DataError
        A box that the template does not have, or a number that is none, with the line.
    """
    rows, titles = [], 0
    for i, line in enumerate(sheet.lines):
        cells = sheet.cells(i)
        if not cells["box"].startswith("box"):
            titles += 1
            continue
        stage = next((name for name, boxes in STAGES.items() if cells["box"].strip() in boxes), None)
        if stage is None:
            raise DataError("the template has no such box", file=at(sheet.file, line), value=cells["box"])
        step = clean(re.sub(r":?\s*\[.*", "", cells.get("description") or cells["data"]))
        said = cells["n"].strip()
        parts = [(step, said)]
        if not (said.isascii() and said.isdigit()) and said.casefold() not in MISSING | {"xxx"}:
            found = [_REASON.fullmatch(part.strip()) for part in said.split(";") if part.strip()]
            if not all(found):
                raise DataError(
                    "this is no number, and no list of reasons with numbers", file=at(sheet.file, line), value=said
                )
            parts = [(f"{step}: {clean(match[1])}", match[2]) for match in found if match]
        for name, count in parts:
            known = count.isdigit()
            rows.append({"stage": stage, "step": name, "count": int(count) if known else None,
                         "status": "printed" if known else "not reported", "source": at(sheet.file, line)})  # fmt: skip
    if not rows:
        raise DataError("the flow of records has no step", file=sheet.file)
    frame = pd.DataFrame(rows).astype({"count": "Int64"})
    for step in frame["step"][frame["step"].duplicated()]:
        raise DataError("the step stands there twice", file=sheet.file, value=step)
    left = [f"column {name}" for name in sheet.header if name not in (*FLOW, "description")]
    left += [f"{titles} rows that name parts of the diagram"] if titles else []
    return Imported("PRISMA 2020 flow", sheet.file, {"flow": frame}, {}, tuple(left))
