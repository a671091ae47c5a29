"""The rooms of metalib: what stands above what, how large they are, and that they know nothing of this review."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import rooms

ROOT = Path(__file__).parent.parent
METALIB = ROOT / "metalib"
CHECKS = (
    rooms.imports_point_downwards,
    rooms.there_are_no_circles,
    rooms.private_names_stay_at_home,
    rooms.the_top_is_short,
    rooms.modules_are_short,
)
#: Keys of outcomes that are words of the field too: a standard deviation, and survival as such.
TERMS = {"SD", "survival"}
#: How this review came by its counts; what a page calls counts is for the review to say.
ORIGINS = {"recovered", "inferred"}


def column(file: str, name: str) -> set[str]:
    """Return the texts in a column of the data."""
    with (ROOT / "data" / file).open(encoding="utf-8", newline="") as lines:
        return {row[name] for row in csv.DictReader(lines)}


def names_of_the_review() -> set[str]:
    """Return how the data call studies, arms and outcomes, and the pages of the built book."""
    studies = set.union(*(column("studies.csv", name) for name in ("study", "label", "authors", "citation_key")))
    arms = column("studies.csv", "experimental") | column("studies.csv", "control")
    arms |= {part for arm in arms for part in arm.split(" & ")}
    pages = {f"{path.stem}.{ending}" for path in (ROOT / "notebooks").glob("*.py") for ending in ("html", "ipynb")}
    return studies | arms | column("outcomes.csv", "label") | pages


@pytest.mark.parametrize("check", CHECKS, ids=lambda f: f.__name__)
def test_metalib(check: Callable[[Path], list[str]]) -> None:
    assert check(METALIB) == []


def test_metalib_names_nothing_of_this_review() -> None:
    names, keys = names_of_the_review(), column("outcomes.csv", "outcome")
    assert len(names) > 70
    assert keys > TERMS
    assert rooms.words_are_absent(METALIB, names, flags=re.IGNORECASE) == []
    assert rooms.words_are_absent(METALIB, keys - TERMS) == []
    assert rooms.strings_are_without(METALIB, {"survival"}) == []


def test_pages_do_not_say_where_counts_come_from() -> None:
    assert set(re.findall(r"\w+", " ".join(column("studies.csv", "arms_status")))) > ORIGINS
    assert rooms.strings_are_without(METALIB / "pages", ORIGINS) == []


def test_the_reader_sees_every_import() -> None:
    """More than 200 lines import, and the lazy table of public names is written out for type checkers."""
    found = rooms.imports(METALIB)
    assert len({(i.importer, i.line) for i in found}) > 200
    assert {("__init__", "arithmetic.pooling", "pool"), ("pages.chapter", "figures", "")} <= {
        (i.importer, i.imported, i.name) for i in found
    }
    assert rooms.floors(METALIB) >= 3


def house(folder: Path, files: dict[str, str]) -> Path:
    """Write a made-up package that keeps every rule, but for these files."""
    sound = {
        "__init__.py": 'from importlib import import_module\n\nx = import_module("met.errors")\n',
        "errors.py": "class Bad(Exception):\n    pass\n\n\ndef _shown(): pass\n",
        "arithmetic/__init__.py": "",
        "arithmetic/tables.py": "from ..errors import Bad\n\nn_t = 1\n",
        "arithmetic/pooling.py": "from . import tables\nfrom .tables import n_t\n\n_own = tables.n_t\nprint(_own)\n",
        "pages/__init__.py": "from met.arithmetic import pooling\nimport met.errors as e\n",
    }
    root = folder / "met"
    for name, source in (sound | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return root


def test_a_sound_house_passes(tmp_path: Path) -> None:
    root = house(tmp_path, {})
    assert [check(root) for check in CHECKS] == [[]] * len(CHECKS)
    assert rooms.floors(root) == 4
    assert rooms.entries(root) == ["__init__", "arithmetic", "errors", "pages"]


def test_public_names_are_those_listed_or_without_underscore(tmp_path: Path) -> None:
    root = house(
        tmp_path,
        {
            "__init__.py": '__all__ = ["LIMIT", "pool"]\n',
            "arithmetic/pooling.py": "def pool(): pass\ndef pool_batch(): pass\ndef _own(): pass\nclass Batch: pass\n",
            "pages/__init__.py": 'from . import columns\nfrom .notebook import show\n\n__all__ = ["columns", "show"]\n',
            "pages/columns.py": "def counts(): pass\n",
            "pages/notebook.py": "def show(): pass\ndef escape(): pass\n",
        },
    )
    names = {
        "pool",
        "errors.Bad",
        "arithmetic.pooling.pool_batch",
        "arithmetic.pooling.Batch",
        "pages.show",
        "pages.columns.counts",
    }
    assert rooms.public_names(root) == {f"met.{name}" for name in names}


LATER = "def f():\n    {}\n"
FOR_TYPES = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    {}\n"


@pytest.mark.parametrize("form", ["{}", LATER, FOR_TYPES], ids=["plain", "in a function", "for types only"])
@pytest.mark.parametrize(
    ("file", "line", "check"),
    [
        ("errors.py", "from .arithmetic import tables", rooms.imports_point_downwards),
        ("errors.py", "from . import arithmetic", rooms.imports_point_downwards),
        ("errors.py", "import met.arithmetic.tables", rooms.imports_point_downwards),
        ("errors.py", "from met import pool", rooms.imports_point_downwards),
        ("arithmetic/tables.py", "from .. import pages", rooms.imports_point_downwards),
        ("arithmetic/tables.py", "from ..pages import anything", rooms.imports_point_downwards),
        ("arithmetic/tables.py", "from importlib import import_module; import_module('met.pages')",
         rooms.imports_point_downwards),
        ("arithmetic/tables.py", "__import__('met.pages')", rooms.imports_point_downwards),
        ("arithmetic/tables.py", "from .pooling import y", rooms.there_are_no_circles),
        ("arithmetic/tables.py", "from . import pooling", rooms.there_are_no_circles),
        ("arithmetic/tables.py", "from met.arithmetic.pooling import y", rooms.there_are_no_circles),
        ("arithmetic/__init__.py", "from .tables import n_t", None),
        ("pages/explorer.py", "from ..errors import _shown", rooms.private_names_stay_at_home),
        ("pages/explorer.py", "from ..errors import _shown as shown", rooms.private_names_stay_at_home),
        ("pages/explorer.py", "from .. import errors; errors._shown()", rooms.private_names_stay_at_home),
        ("pages/explorer.py", "import pandas; pandas._libs", rooms.private_names_stay_at_home),
        ("pages/explorer.py", "row = 1; row._asdict()", None),
        ("pages/explorer.py", "self = 1; self._kept = 2; print(self._kept)", None),
    ],
)  # fmt: skip
def test_a_house_that_breaks_one_rule_is_told_so(
    tmp_path: Path, form: str, file: str, line: str, check: Callable[[Path], list[str]] | None
) -> None:
    root = house(tmp_path, {file: form.format(line)})
    told = [c for c in CHECKS if c(root)]
    # What imports upwards may close a circle besides.
    assert (check is None and not told) or check in told
    assert set(told) <= {check, rooms.there_are_no_circles}
    if check:
        assert any(file.removesuffix(".py").replace("/", ".") in complaint for complaint in check(root))


@pytest.mark.parametrize(
    ("files", "check"),
    [
        ({"basement/__init__.py": ""}, rooms.imports_point_downwards),
        ({f"room{i}/__init__.py": "" for i in range(rooms.MOST_ENTRIES - 3)}, rooms.the_top_is_short),
        ({"errors.py": "\n" * (rooms.MOST_LINES + 1)}, rooms.modules_are_short),
    ],
)
def test_a_house_that_grew_is_told_so(
    tmp_path: Path, files: dict[str, str], check: Callable[[Path], list[str]]
) -> None:
    assert check(house(tmp_path, files))


@pytest.mark.parametrize(
    "source",
    [
        "# as Ke 2011 did",
        "'''As ke 2011 did.'''",
        "x = 'of Ke 2011, too'",
        "page = f'{1}/Ke 2011'",
        "if 1: # KE 2011\n  1",
    ],
)
def test_a_name_is_found_wherever_it_stands(tmp_path: Path, source: str) -> None:
    root = house(tmp_path, {"text.py": source})
    assert rooms.words_are_absent(root, {"Ke 2011"}, flags=re.IGNORECASE)
    assert not rooms.words_are_absent(root, {"Ke 20", "e 2011"}, flags=re.IGNORECASE)


def test_a_docstring_may_say_what_a_string_may_not(tmp_path: Path) -> None:
    documented = {"text.py": '"""Recovered counts: recovered."""\n\n\ndef f():\n    """Those recovered."""\n'}
    assert rooms.strings_are_without(house(tmp_path / "a", documented), ORIGINS) == []
    for said in ("x = 'all recovered'", "x = f'{1} recovered'", "print(note='recovered')"):
        assert len(rooms.strings_are_without(house(tmp_path / "b", {"text.py": said}), ORIGINS)) == 1


def test_the_map_leads_to_every_room() -> None:
    shown = (METALIB / "README.md").read_text(encoding="utf-8")
    paths = {name for name in re.findall(r"`([a-z_]+/?[a-z_]*(?:\.py)?)`", shown) if re.search(r"/|\.py$", name)}
    assert len(paths) > 20
    assert [name for name in sorted(paths) if not ((METALIB / name).exists() or (ROOT / name).exists())] == []
    top = {f"{e}/" if (METALIB / e).is_dir() else f"{e}.py" for e in rooms.entries(METALIB)}
    assert top <= paths
    assert len(shown.splitlines()) <= 60


def test_prose_names_only_modules_that_exist() -> None:
    pages = [p for p in ROOT.glob("**/*.md") if not {".venv", "_build", "node_modules"} & set(p.parts)]
    pages += (ROOT / "notebooks").glob("*.py")
    # The record of changes names what is gone.
    pages = [p for p in pages if p.name != "CHANGELOG.md"]
    path = re.compile(r"\bmetalib/[\w/]+(?:\.(?:py|md))?")
    named = {(p.name, found) for p in pages for found in path.findall(p.read_text(encoding="utf-8"))}
    assert len(named) > 3
    assert [pair for pair in sorted(named) if not (ROOT / pair[1]).exists()] == []


def test_the_record_of_changes_says_where_modules_went() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    moved = [re.findall(r"`metalib\.([\w.]+)`", line) for line in lines if line.lstrip().startswith("| `metalib.")]
    known = rooms.modules(METALIB)
    assert len(moved) > 30
    assert [old for old, *_ in moved if old in known] == []
    assert [new for _, *now in moved for new in now if new not in known] == []
