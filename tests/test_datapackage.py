"""The description of the data for other programs is valid and says what the reader of this package enforces."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import frictionless
import pytest
from describe_data import described

from metalib import DataError, read_review
from metalib.audit.datapackage import data_dictionary, data_package
from metalib.audit.files import FILES

DATA = Path(__file__).parent.parent / "data"
PACKAGE = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
RESOURCES = {Path(resource["path"]).stem: resource for resource in PACKAGE["resources"]}


@pytest.mark.filterwarnings("default")
def test_the_data_are_valid_against_their_description() -> None:
    report = frictionless.validate(str(DATA / "datapackage.json"))
    assert report.valid, report.flatten(["title", "note"])
    assert report.stats["tasks"] == len(RESOURCES)


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


def test_what_describes_the_data_is_what_comes_out() -> None:
    """The stored files are those that `make describe` writes from what reading enforces."""
    for name, text in described().items():
        assert (DATA / name).read_text(encoding="utf-8") == text, f"{name}: make describe"


def test_every_file_and_column_is_described() -> None:
    assert set(FILES) >= set(RESOURCES) == {path.stem for path in DATA.glob("*.csv")}
    for name, resource in RESOURCES.items():
        header = (DATA / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == header
        assert {field["name"] for field in fields} >= set(FILES[name].key)
        assert all(len(field["description"]) >= 7 for field in fields)


@pytest.mark.filterwarnings("default")
def test_a_review_of_ones_own_is_described(tmp_path: Path) -> None:
    """Files and columns that are left out are not described, columns of its own are."""
    for name, content in {
        "outcomes.csv": "outcome\nA\n",
        "tables.csv": "outcome,study,events_t,n_t,events_c,n_c,dose\nA,x,1,10,2,11,high\nA,y,1,10,2,11,\n",
        "package.yaml": "name: own\ntitle: Own\ncolumns: {tables: {dose: dose of the drug}}\n",
    }.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    read_review(tmp_path)
    package = data_package(tmp_path)
    assert [resource["path"] for resource in package["resources"]] == ["outcomes.csv", "tables.csv"]
    schema = package["resources"][1]["schema"]
    assert schema["fields"][-1] == {"name": "dose", "type": "string", "description": "dose of the drug"}
    assert schema["primaryKey"] == ["outcome", "study"]
    assert [key["fields"] for key in schema["foreignKeys"]] == ["outcome"]
    (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    assert frictionless.validate(str(tmp_path / "datapackage.json")).valid
    readme = (
        "# Own\n\n## outcomes.csv: x\n\n| column |\n| a |\n\n## tables.csv: y\n\ntext\n\n| column | b |\n| c |\nend"
    )
    filled = data_dictionary(readme, package)
    assert "| `dose` | dose of the drug |\nend" in filled
    assert filled.startswith("# Own\n\n## outcomes.csv: x\n\n| column | meaning |\n| :--- | :--- |\n| `outcome` |")
    assert data_dictionary(filled, package) == filled
    for broken in ("# Own\n", readme.replace("## tables.csv: y", "## tables: y")):
        with pytest.raises(DataError, match="no heading"):
            data_dictionary(broken, package)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("columns: {tables: {does: x}}", "tables.csv has no such column"),
        ("columns: {table: {dose: x}}", "there is no such file"),
        ("columns: {search: {query: x}}", "there is no such file"),
        ("columns: {tables: dose}", "must map"),
        ("columns: [tables]", "must map"),
        ("- a", "must map"),
        ("a: [", "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(tmp_path: Path, content: str | None, expected: str) -> None:
    (tmp_path / "outcomes.csv").write_text("outcome\nA\n", encoding="utf-8")
    (tmp_path / "tables.csv").write_text("outcome,study,events_t,n_t,events_c,n_c\nA,x,1,10,2,11\n", encoding="utf-8")
    if content is not None:
        (tmp_path / "package.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=expected) as caught:
        data_package(tmp_path)
    assert caught.value.file == "package.yaml"
