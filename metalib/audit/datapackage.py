"""The data of a review described for other programs (Frictionless Data Package) and for readers (data dictionary).

Both come from the declaration that reading uses, and from ``package.yaml`` of the review: its title, licences and
sources, and under ``columns`` what this review says of a column in place of the general description.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any, cast

import yaml

from ..errors import DataError
from .checked_csv import Column
from .files import FILES

_TYPES = {"count": "integer", "number": "number", "real": "number"}
_REFERENCES = {"study": "studies", "outcome": "outcomes"}
_HEAD = "| column | meaning |\n| :--- | :--- |\n"
_TABLE = re.compile(r"^\| column \|.*\n(?:\|.*\n)+", re.MULTILINE)


def data_package(folder: str | Path) -> dict[str, Any]:
    """Describe the files of a review that are there.

    Parameters
    ----------
    folder : path
        Holds the CSV files, which :func:`metalib.read_review` accepts, and ``package.yaml``.

    Returns
    -------
    dict
        What ``datapackage.json`` holds.

    Raises
    ------
    DataError
        ``package.yaml`` cannot be read, or describes a file or column that is not there.

    References
    ----------
    Frictionless Data Package, version 1: tabular data package, table schema.
    """
    folder = Path(folder)
    head = _read_head(folder / "package.yaml")
    described = head.pop("columns", {})
    resources = []
    for name, file in FILES.items():
        path = folder / f"{name}.csv"
        if not path.exists():
            continue
        with path.open(encoding="utf-8-sig", newline="") as lines:
            header = [cell.strip() for cell in next(csv.reader(lines))]
        own = described.pop(name, {})
        declared = {column.name: column for column in file.columns}
        columns = [declared.get(column, Column(column, blank=True)) for column in header]
        fields = [_field(column, own.pop(column.name, column.description)) for column in columns]
        if own:
            raise DataError(f"{path.name} has no such column", file="package.yaml", value=next(iter(own)))
        schema: dict[str, Any] = {"fields": fields, "primaryKey": [n for n in file.key if n in header]}
        schema["missingValues"] = [""]
        keys = [c.name for c in columns if c.kind in _REFERENCES and (folder / f"{_REFERENCES[c.kind]}.csv").exists()]
        if keys:
            schema["foreignKeys"] = [
                {"fields": key, "reference": {"resource": _REFERENCES[key], "fields": key}} for key in keys
            ]
        resources.append(
            {
                "name": name.replace("_", "-"),
                "title": file.title,
                "path": path.name,
                "profile": "tabular-data-resource",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": schema,
            }
        )
    if described:
        raise DataError("there is no such file", file="package.yaml", value=next(iter(described)))
    return {"profile": "tabular-data-package", **head, "resources": resources}


def data_dictionary(readme: str, package: dict[str, Any]) -> str:
    """Return a text in which the table below each heading ``## studies.csv: ...`` is that of the package.

    Raises
    ------
    DataError
        A file of the package has no heading, or no table below it.
    """
    sections = re.split(r"(?m)^(?=## )", readme)
    for resource in package["resources"]:
        table = _HEAD + "".join(map(_row, resource["schema"]["fields"]))
        at = [
            i for i, text in enumerate(sections) if text.startswith(f"## {resource['path']}:") and _TABLE.search(text)
        ]
        if len(at) != 1:
            raise DataError("the text has no heading with a table for this file", value=resource["path"])
        sections[at[0]] = _TABLE.sub(lambda _, table=table: table, sections[at[0]], count=1)
    return "".join(sections)


def _row(field: dict[str, Any]) -> str:
    choices = field.get("constraints", {}).get("enum")
    one_of = f"; one of: {', '.join(choices)}" if choices else ""
    return f"| `{field['name']}` | {field.get('description', 'not described')}{one_of} |\n"


def _read_head(path: Path) -> dict[str, Any]:
    try:
        head = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"the file cannot be read ({error})", file=path.name) from error
    columns = head.get("columns", {}) if isinstance(head, dict) else None
    if not isinstance(columns, dict) or not all(isinstance(value, dict) for value in columns.values()):
        raise DataError("the file must map names to values, and columns to files and their columns", file=path.name)
    return cast(dict[str, Any], head)


def _field(column: Column, description: str) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": _TYPES.get(column.kind, "string")}
    if description:
        field["description"] = description
    constraints: dict[str, Any] = {} if column.blank else {"required": True}
    if column.choices:
        constraints["enum"] = list(column.choices)
    if column.kind == "count":
        constraints["minimum"] = 0
    if constraints:
        field["constraints"] = constraints
    return field
