"""Risk of bias as robvis wants it, and the flow of records as the R package PRISMA2020 wants it: read and written."""

from __future__ import annotations

import re
from collections.abc import Mapping

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
_ROWS = {
    "box1": "previous_studies previous_reports",
    "box2": "database_results database_specific_results register_results register_specific_results",
    "box3": "duplicates excluded_automatic excluded_other",
    "box4": "records_screened",
    "box5": "records_excluded",
    "box6": "dbr_sought_reports",
    "box7": "dbr_notretrieved_reports",
    "box8": "dbr_assessed",
    "box9": "dbr_excluded",
    "box10": "new_studies new_reports",
    "box11": "website_results organisation_results citations_results",
    "box12": "other_sought_reports",
    "box13": "other_notretrieved_reports",
    "box14": "other_assessed",
    "box15": "other_excluded",
    "box16": "total_studies total_reports",
}
#: Rows of the template that hold a number, and the box in which they stand.
TEMPLATE = {name: box for box, names in _ROWS.items() for name in names.split()}
#: Rows that hold a list, and what their sum is called.
_LISTS = {
    "database_specific_results": "Records identified from databases",
    "register_specific_results": "Records identified from registers",
}
_WORST = ("low", "unclear", "high")
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


def robvis_sheet(judgements: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Return judgements as robvis takes them (``tool="Generic"``): a row a study, a column a domain.

    Parameters
    ----------
    judgements : DataFrame
        ``study, domain, judgement`` (low, unclear, high); every study is judged once in every domain.
    labels : mapping
        Name to show of each study.

    Returns
    -------
    DataFrame
        ``Study``, the domains, ``Overall`` (the worst judgement of the study) and ``Weight`` (1, as robvis asks where
        there are no weights).

    Raises
    ------
    DataError
        A study is judged twice or not at all in a domain, or a judgement is not known.

    References
    ----------
    McGuinness LA, Higgins JPT. Risk-of-bias VISualization (robvis). Res Synth Methods 2021; 12: 55-61.
    """
    domains, studies = judgements["domain"].unique(), judgements["study"].unique()
    rows = []
    for study in studies:
        own = judgements[judgements["study"] == study]
        for domain in domains:
            if (found := own.loc[own["domain"] == domain, "judgement"].tolist()) not in [[word] for word in _WORST]:
                problem = f"{domain}: one judgement is needed, {', '.join(_WORST)}"
                raise DataError(problem, study=study, value=found)
        judged = dict(zip(own["domain"], own["judgement"], strict=True))
        worst = max(judged.values(), key=_WORST.index)
        words = [judged[domain] for domain in domains] + [worst]
        rows.append([labels[study], *map(str.capitalize, words), 1])
    return pd.DataFrame(rows, columns=["Study", *domains, "Overall", "Weight"])


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
        name = cells["data"].strip() if cells["data"].strip() in TEMPLATE else ""
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
        for shown, count in parts:
            known = count.isdigit()
            rows.append({"stage": stage, "step": shown, "count": int(count) if known else None,
                         "status": "printed" if known else "not reported", "prisma2020": name,
                         "source": at(sheet.file, line)})  # fmt: skip
    if not rows:
        raise DataError("the flow of records has no step", file=sheet.file)
    frame = pd.DataFrame(rows).astype({"count": "Int64"})
    for step in frame["step"][frame["step"].duplicated()]:
        raise DataError("the step stands there twice", file=sheet.file, value=step)
    left = [f"column {name}" for name in sheet.header if name not in (*FLOW, "description")]
    left += [f"{titles} rows that name parts of the diagram"] if titles else []
    return Imported("PRISMA 2020 flow", sheet.file, {"flow": frame}, {}, tuple(left))


def flow_sheet(flow: pd.DataFrame) -> pd.DataFrame:
    """Return a flow of records in the template of the R package PRISMA2020.

    Parameters
    ----------
    flow : DataFrame
        ``step, count, prisma2020`` as in ``flow.csv``; steps without a row in the template are left out. Several steps
        may share a row only where the template has a list, that of databases or of registers; their sum is added.

    Returns
    -------
    DataFrame
        ``data, node, box, description, boxtext, tooltips, url, n``; what is not reported is ``NA``, because the package
        takes a row that is missing for nought.

    Raises
    ------
    DataError
        The template has no such row, or one step for what are two.

    References
    ----------
    Haddaway NR, Page MJ, Pritchard CC, McGuinness LA. PRISMA2020. Campbell Syst Rev 2022; 18: e1230.
    """
    rows = []
    kept = flow[flow["prisma2020"] != ""]
    for name in kept["prisma2020"].unique():
        if name not in TEMPLATE:
            raise DataError("the template of PRISMA2020 has no such row", file="flow.csv", value=name)
        part = kept[kept["prisma2020"] == name]
        counts = ["NA" if pd.isna(count) else str(int(count)) for count in part["count"]]
        shown, n = part["step"].iloc[0], counts[0]
        if name in _LISTS:
            n = "; ".join(f"{step}, {count}" for step, count in zip(part["step"], counts, strict=True))
            total, shown = name.replace("_specific", ""), f"{_LISTS[name]}, each"
            rows.append([total, "NA", TEMPLATE[total], *[_LISTS[name]] * 2, "NA", "NA", str(part["count"].sum())])
        elif len(counts) > 1:
            raise DataError("two steps share a row of the template", file="flow.csv", value=name)
        rows.append([name, "NA", TEMPLATE[name], shown, shown[:1].upper() + shown[1:], "NA", "NA", n])
    return pd.DataFrame(rows, columns=["data", "node", "box", "description", "boxtext", "tooltips", "url", "n"])
