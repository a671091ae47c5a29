"""The command ``python -m metalib new``: the folder of a book from the data of a review.

The folder has the shape of the repository that metalib comes from: ``data``, ``notebooks`` as pairs of .py and .ipynb,
the settings of the book, ``Makefile``, ``tests`` that call the checks of the library. Templates of all files stand in
``templates/new``. The folder is made beside its place and renamed at the end, so that nothing half-made is left.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from os.path import lexists
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from ..arithmetic.options import MEANS, MEASURES, MODELS, OTHERS, RATES
from ..audit.files import BETTER
from ..audit.review import read_review
from ..errors import DataError, MetalibError, OptionError, choose
from ..importers.importing import Hints, import_review
from .book import FILE, Book
from .markup import escape_markdown
from .plan import PARTS, TO_WRITE, ChapterPlan, Plan, plan
from .sentences import counted

TEMPLATES = "templates/new"
#: Files with one template each, by the name they are written to.
ONCE = (
    "_config.yml", "_toc.yml", "index.md", "requirements.txt", "README.md", "Makefile", "pytest.ini", ".gitignore",
    "book/_static/report.css", "notebooks/jupytext.toml", "tests/test_book.py", "tests/nbval_sanitize.cfg",
)  # fmt: skip
Ask = Callable[[str, str], str]


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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("folder", type=Path, help="folder to make; one that exists is never overwritten")
    parser.add_argument("--from", dest="files", nargs="+", default=[], metavar="FILE",
                        help="counts, means, rates or effects (CSV, .rm5, export of RevMan Web), and beside them risk "
                        "of bias (robvis) and the flow of records (PRISMA2020)")  # fmt: skip
    parser.add_argument("--map", action="append", default=[], metavar="OURS=THEIRS",
                        help="name of a column, for example events_t=cases")  # fmt: skip
    parser.add_argument("--outcome", help="name of the outcome, where no column has it")
    parser.add_argument("--measure", choices=(*MEASURES, *MEANS, *RATES, *OTHERS), help="measure of effect")
    parser.add_argument("--experimental", help="which arm of a file with one arm a row is the experimental one")
    parser.add_argument("--arms", nargs=2, metavar=("EXPERIMENTAL", "CONTROL"), help="names of the arms, as shown")
    parser.add_argument("--model", choices=MODELS, help="model of the main results (random)")
    parser.add_argument("--better", choices=BETTER, help="whether more or fewer events are better (neither)")
    parser.add_argument("--title", help="title of the book")
    parser.add_argument("--encoding", default="utf-8", help="of CSV files that are not UTF-8, for example cp1252")
    parser.add_argument("--defaults", action="store_true", help="ask nothing")


def run(arguments: argparse.Namespace, ask: Ask | None = None) -> int:
    """Make the folder of a book and say what to do next.

    Returns
    -------
    int
        0; 2 for what cannot be read or a bad argument, of which nothing is left.
    """
    try:
        ask = (lambda question, default: default) if arguments.defaults else ask or _ask
        if lexists(arguments.folder):
            raise DataError("the folder exists and is not overwritten", file=arguments.folder)
        files = arguments.files or [name for name in [ask("File with the data of the studies", "")] if name]
        if not files:
            raise OptionError("no file with data: name it with --from")
        planned = new_book(arguments.folder, files, _wishes(arguments, ask))
    except (MetalibError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    folder = arguments.folder
    print(f"{folder}: {counted(len(planned.chapters), 'chapter')} on {counted(len(planned.outcomes), 'outcome')}")
    print("".join(f"  not made: {line}\n" for line in planned.not_made), end="")
    print(f"What was read and what was not: {folder / 'data' / 'import.md'}")
    print(f"Next: cd {folder} && make notebooks book; the book is then at _build/html/index.html")
    return 0


def _wishes(arguments: argparse.Namespace, ask: Ask) -> Wishes:
    hints: Hints = {}
    pairs = [pair.partition("=") for pair in arguments.map]
    for ours, equals, theirs in pairs:
        if not (ours and equals and theirs):
            raise OptionError(f"--map {ours}{equals}{theirs}: write OURS=THEIRS, for example events_t=cases")
    if pairs:
        hints["columns"] = {ours: theirs for ours, _, theirs in pairs}
    if arguments.outcome:
        hints["outcome"] = arguments.outcome
    if arguments.measure:
        hints["measure"] = arguments.measure
    if arguments.experimental:
        hints["experimental"] = arguments.experimental
    arms = arguments.arms or tuple(
        ask(f"Name of the {which} arm", name)
        for which, name in zip(("experimental", "control"), Wishes().arms, strict=True)
    )
    return Wishes(
        title=arguments.title if arguments.title is not None else ask("Title of the book", ""),
        arms=(arms[0], arms[1]),
        model=arguments.model or ask("Model of the main results, fixed or random", Wishes().model),
        better=arguments.better or ask("Are more events better, fewer, or neither", Wishes().better),
        hints=hints,
        encoding=arguments.encoding,
    )


def _ask(question: str, default: str) -> str:
    """Ask on the terminal; an empty answer is the default."""
    return input(f"{question}{f' [{default}]' if default else ''}: ").strip() or default
