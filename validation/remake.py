"""Make the golden numbers again with the R programs of this folder, and compare them with the stored ones."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from metalib.audit.agreement import Comparison

from .sets import GOLDEN, load

HERE = Path(__file__).parent
PROGRAMS = tuple(sorted(HERE.glob("*.R")))
#: Columns of a table that the programs read; the names of the studies are not needed.
COLUMNS = ("ai", "n1i", "ci", "n2i", "year", "subgroup")
#: Absolute tolerances of numbers that may be rounding noise around an exact 0 (see ``README.md``).
ATOL = {"Q": 1e-9, "Q_p": 1e-9, "I2": 1e-7, "tau2": 1e-10}


INSTALL = "(Debian: apt-get install r-cran-metafor)"


class MissingProgram(Exception):
    """R or its package metafor is not on this machine."""


def versions() -> str:
    """Return the versions of R and metafor, or raise :class:`MissingProgram`; first parse every program here."""
    if shutil.which("Rscript") is None:
        raise MissingProgram(f"there is no Rscript on the PATH: install R with metafor {INSTALL}")
    _rscript("-e", "invisible(lapply(commandArgs(TRUE), parse))", *map(str, PROGRAMS))
    try:
        return _rscript("-e", 'cat(R.version.string, "with metafor", packageDescription("metafor")$Version)')
    except subprocess.CalledProcessError as error:
        raise MissingProgram(f"R does not find its package metafor: install it {INSTALL}") from error


def make(names: Iterable[str]) -> dict[str, dict]:
    """Return what the R programs make of the tables of these sets: ``versions`` and ``measures`` of each."""
    with tempfile.TemporaryDirectory() as folder:
        tables, results = Path(folder, "tables"), Path(folder, "results")
        tables.mkdir()
        results.mkdir()
        for name in names:
            studies = load(name)[1]["studies"]
            frame = pd.DataFrame({column: studies[column] for column in COLUMNS if column in studies})
            frame.to_csv(tables / f"{name}.csv", index=False)
        _rscript(str(HERE / "golden.R"), str(tables), str(results))
        return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*.json"))}


def compare(name: str, made: dict) -> Iterator[Comparison]:
    """Yield every stored number of one set beside the one made again; `made` is its ``measures``."""
    stored = load(name)[1]["measures"]
    for measure in {**stored, **made}:
        old, new = (dict(leaves(measures.get(measure, {}))) for measures in (stored, made))
        for path in {**old, **new}:
            field = next(key for key in reversed(path) if not key.isdigit())
            where = (name, "R", measure, block(path), field)
            if path in old and path in new:
                yield Comparison(*where, new[path], old[path], 1e-8, ATOL.get(field, 1e-12))
            else:
                yield Comparison(*where, path in new, path in old)


def leaves(tree: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield path and value of every number in a nest of objects and arrays; of an error, that it is one."""
    if isinstance(tree, list):
        tree = {str(i): item for i, item in enumerate(tree)}
    if not isinstance(tree, dict):
        yield path, tree
    elif "error" in tree:
        yield (*path, "error"), True
    else:
        for key, value in tree.items():
            yield from leaves(value, (*path, key))


def block(path: Sequence[str]) -> str:
    """Return the block that a number belongs to: the objects around it, at most two deep."""
    last = max(i for i, key in enumerate(path) if not key.isdigit())
    return ".".join(path[: min(last, 2)])


def store(name: str, made: dict) -> None:
    """Write the numbers of one set beside its tables; one line a measure, so that changes can be read."""
    golden = load(name)[1]
    head = {
        "dataset": name,
        "versions": golden.get("versions", {}) | made["versions"] | {"level": 95},
        "k": len(golden["studies"]["ai"]),
        "studies": golden["studies"],
    }
    lines = [f"{_line(measure)}:{_line(blocks)}" for measure, blocks in made["measures"].items()]
    text = _line(head)[:-1] + ',\n"measures":{' + ",\n".join(lines) + "}}\n"
    (GOLDEN / f"{name}.json").write_text(text, encoding="utf-8")


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _rscript(*arguments: str) -> str:
    # What R complains about goes to the terminal.
    return subprocess.run(["Rscript", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout
