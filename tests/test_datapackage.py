"""The description of the data for other programs is valid and says what the reader of this package enforces."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import frictionless
import pytest

from metalib.audit.review import FILES

DATA = Path(__file__).parent.parent / "data"
PACKAGE = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
RESOURCES = {Path(resource["path"]).stem: resource for resource in PACKAGE["resources"]}
TYPES = {"text": "string", "studies": "string", "count": "integer", "number": "number"}


@pytest.mark.filterwarnings("default")
def test_the_data_are_valid_against_their_description() -> None:
    report = frictionless.validate(str(DATA / "datapackage.json"))
    assert report.valid, report.flatten(["title", "note"])
    assert report.stats["tasks"] == len(FILES)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("tables", "main,CR,li2014,4,", "main,CR,li2014,four,"),
        ("tables", "main,CR,li2014,", "main,CR,nobody2014,"),
        ("tables", "identified,", "certain,"),
        ("published", "p001,", "p002,"),
    ],
)
def test_what_does_not_fit_is_noticed(tmp_path: Path, name: str, old: str, new: str) -> None:
    shutil.copytree(DATA, tmp_path / "data")
    path = tmp_path / "data" / f"{name}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert not frictionless.validate(str(tmp_path / "data" / "datapackage.json")).valid


def test_every_file_is_described() -> None:
    assert set(RESOURCES) == set(FILES) == {path.stem for path in DATA.glob("*.csv")}


@pytest.mark.parametrize("name", FILES)
def test_it_says_what_the_reader_enforces(name: str) -> None:
    declared = {column.name: column for column in FILES[name].columns}
    schema = RESOURCES[name]["schema"]
    header = (DATA / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert [field["name"] for field in schema["fields"]] == header
    assert schema["primaryKey"] == list(FILES[name].key)
    for field in schema["fields"]:
        column, constraints = declared[field["name"]], field.get("constraints", {})
        assert field["type"] == TYPES[column.kind]
        assert constraints.get("required", False) is not column.optional
        assert tuple(constraints.get("enum", ())) == column.choices
        assert len(field["description"]) >= 7
