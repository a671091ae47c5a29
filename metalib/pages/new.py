"""The folder of a book from the data of a review.

The folder has the shape of the repository that metalib comes from: ``data``, ``notebooks`` as pairs of .py and .ipynb,
the settings of the book, ``Makefile``, ``tests`` that call the checks of the library. Templates of all files stand in
``templates/new``. The folder is made beside its place and renamed at the end, so that nothing half-made is left.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import metadata
from os.path import lexists
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from ..arithmetic.options import MODELS
from ..audit.files import BETTER
from ..audit.review import read_review
from ..errors import DataError, OptionError, choose
from ..importers.importing import Hints, import_review
from .book import FILE, Book
from .markup import escape_markdown
from .plan import PARTS, TO_WRITE, ChapterPlan, Plan, plan

TEMPLATES = "templates/new"
#: Files with one template each, by the name they are written to.
ONCE = (
    "_config.yml", "_toc.yml", "index.md", "requirements.txt", "README.md", "Makefile", "pytest.ini", ".gitignore",
    "book/_static/report.css", "notebooks/jupytext.toml", "tests/test_book.py", "tests/nbval_sanitize.cfg",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the data do not say of themselves.

    Attributes
    ----------
    title : str
        Of the book; empty: that of the file, or its name.
    arms : pair of str
        Names of the experimental and of the control arm.
    model : str
        ``fixed`` or ``random``, for outcomes of which the file does not say it.
    better : str
        Whether ``more`` or ``fewer`` events are better, or ``neither``, for outcomes of which the file does not say it.
    hints : dict
        As :func:`metalib.import_review` takes them.
    encoding : str
        Of CSV files that are not UTF-8.
    """

    title: str = ""
    arms: tuple[str, str] = Book().arms
    model: str = "random"
    better: str = "neither"
    hints: Hints = field(default_factory=Hints)
    encoding: str = "utf-8"


def new_book(folder: str | Path, files: Sequence[str | Path], wishes: Wishes | None = None) -> Plan:
    """Make the folder of a book.

    Parameters
    ----------
    folder : path
        Is made; if anything fails, nothing is left of it.
    files : sequence of paths
        One file with data and at most one each with risk of bias and with the flow of records, as
        :func:`metalib.import_review` reads them.
    wishes : Wishes, optional

    Returns
    -------
    Plan
        The chapters that were made, and why others were not.

    Raises
    ------
    DataError
        What cannot be read, with the line; a folder that exists.
    OptionError
    """
    folder, wishes = Path(folder), wishes or Wishes()
    choose("model", wishes.model, MODELS)
    choose("better", wishes.better, BETTER)
    if len(wishes.arms) != 2 or not all(wishes.arms) or wishes.arms[0] == wishes.arms[1]:
        raise OptionError(f"arms={wishes.arms!r} must be two different names")
    if lexists(folder):
        raise DataError("the folder exists and is not overwritten", file=folder)
    if not folder.absolute().parent.is_dir():
        raise DataError("there is no such folder to write to", file=folder.absolute().parent)
    # Beside its place, so that it need only be renamed.
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.absolute().parent))
    try:
        imported = import_review(list(files), made / "data", encoding=wishes.encoding, **wishes.hints)
        if wishes.hints and "CSV of data" not in imported.kind:
            raise OptionError(f"{', '.join(wishes.hints)}: only a CSV file of data takes these, not {imported.kind}")
        _complete(made / "data", wishes)
        review = read_review(made / "data")
        planned = plan(review)
        title = wishes.title or imported.texts.get("title", "") or Path(files[0]).stem.replace("_", " ")
        _write(made, planned, title)
        made.chmod(0o755)
        if lexists(folder):
            raise DataError("the folder exists and is not overwritten", file=folder)
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return planned


def _complete(data: Path, wishes: Wishes) -> None:
    """Write model and direction where the file did not say them, and the names of the arms."""
    path = data / "outcomes.csv"
    outcomes = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column, wish in (("model_printed", wishes.model), ("better", wishes.better)):
        known = outcomes[column] if column in outcomes else pd.Series("", index=outcomes.index)
        outcomes[column] = known.mask(known == "", wish)
    if "method" in outcomes:
        outcomes["model_printed"] = outcomes["model_printed"].mask(outcomes["method"] == "Peto", "fixed")
    outcomes.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    words = yaml.safe_dump({"arms": list(wishes.arms)}, allow_unicode=True)
    (data / FILE).write_text(f"# Words that stand in every chapter.\n{words}", encoding="utf-8")


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("metalib.pages", TEMPLATES), undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    made.filters |= {"md": escape_markdown, "py": _quoted, "yaml": _quoted}
    return made


def _quoted(value: str) -> str:
    """Return a text in double quotes, as Python and YAML read it."""
    return json.dumps(value, ensure_ascii=False)


def requirement() -> str:
    """Return what pip installs this library from: where this copy came from, else its version."""
    # A folder of sources on the path may hide the copy that pip installed, which knows where it came from.
    found = list(metadata.distributions(name="metalib"))
    if not found:
        raise OptionError("metalib is not installed; install it first, for example `pip install .`")
    origin: dict[str, Any] = next((json.loads(text) for one in found if (text := one.read_text("direct_url.json"))), {})
    if "url" not in origin:
        return f"metalib[book]=={found[0].version}"
    if "vcs_info" in origin:
        origin["url"] = f"{origin['vcs_info']['vcs']}+{origin['url']}@{origin['vcs_info']['commit_id']}"
    return f"metalib[book] @ {origin['url']}"


def write_chapters(folder: Path) -> list[str]:
    """Write the chapters that the data of a book now allow and that it does not have yet.

    Parameters
    ----------
    folder : path
        Of a book; files that exist are left as they are, so the table of contents is the person's to complete.

    Returns
    -------
    list of str
        The notebooks that were written.

    Raises
    ------
    DataError
        The data cannot be read.
    """
    written = []
    for chapter in plan(read_review(folder / "data")).chapters:
        if not (folder / "notebooks" / f"{chapter.file}.py").exists():
            _write_chapter(_environment(), folder, chapter)
            written.append(chapter.file)
    return written


def _write_chapter(environment: Environment, folder: Path, chapter: ChapterPlan) -> None:
    path = folder / "notebooks" / f"{chapter.file}.py"
    _render(environment, f"notebooks/{chapter.template}.py", path, {"to_write": TO_WRITE, **chapter.given})
    path.with_suffix(".ipynb").write_text(twin(path.read_text(encoding="utf-8")), encoding="utf-8")


def _write(folder: Path, planned: Plan, title: str) -> None:
    """Write every file of a book but its data."""
    environment = _environment()
    parts = [
        {"caption": part, "chapters": [c for c in planned.chapters if c.part == part]}
        for part in PARTS
        if any(c.part == part for c in planned.chapters)
    ]
    given: dict[str, object] = {
        "title": title, "author": "", "to_write": TO_WRITE, "parts": parts, "outcomes": planned.outcomes,
        "not_made": planned.not_made, "requirement": requirement(),
    }  # fmt: skip
    for name in ONCE:
        _render(environment, name.removeprefix("."), folder / name, given)
    for chapter in planned.chapters:
        _write_chapter(environment, folder, chapter)


def twin(source: str) -> str:
    """Return the .ipynb of a notebook in the percent format of our templates, not run yet.

    Not by jupytext, which only running a book needs.
    """
    cells: list[dict[str, object]] = []
    for i, part in enumerate(re.split(r"^# %% ?", source, flags=re.MULTILINE)[1:]):
        head, _, body = part.partition("\n")
        body = body.strip("\n")
        tags = re.fullmatch(r"tags=(\[.*\])", head)
        cell: dict[str, object] = {"id": f"cell-{i}", "metadata": {"tags": json.loads(tags[1])} if tags else {}}
        if head == "[markdown]":
            lines = (line.removeprefix("#").removeprefix(" ") for line in body.split("\n"))
            cell |= {"cell_type": "markdown", "source": "\n".join(lines)}
        else:
            cell |= {"cell_type": "code", "source": body, "execution_count": None, "outputs": []}
        cells.append(cell)
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    content = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _render(environment: Environment, template: str, path: Path, given: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(environment.get_template(f"{template}.jinja").render(given), encoding="utf-8")
