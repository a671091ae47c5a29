"""The checks bite: of a random sample of altered outputs, twins and files they let nothing pass.

Every alteration is made twice. Clumsily: the stored hashes stay, so the first guard sees it. And as a forger would:
hashes and ids made to fit, so that only what the checks really compare can tell. "guards" are those of
``metalib.pages.checks``, "nbval" is nbval itself on the outputs of the fresh run of `make test`, "files" is the
comparison of that run's files with the stored ones: all of them what `make test` calls.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import fresh_run
import pytest
import tamper

from metalib.pages import checks as guards
from metalib.pages import stored as tool

ROOT = Path(__file__).parent.parent
SEED, A_KIND = 20250701, 12
#: Counts of the data, and the chapter in which each must be missed: file, text, text instead, chapter.
DATA = (
    ("tables.csv", "main,CR,ke2011,4,40,2,40", "main,CR,ke2011,5,40,2,40", "complete_response"),
    ("tables.csv", "main,AE,li2014,21,67,36,67", "main,AE,li2014,22,67,36,67", "adverse_events"),
    ("flow.csv", "4271", "4272", "search_results"),
)


@dataclass
class Outcome:
    """One alteration, forged, and which checks saw it."""

    alteration: tamper.Alteration
    clumsy: bool = False
    seen: set[str] = field(default_factory=set)


def sees(check: Callable, *arguments: Path) -> bool:
    """Return whether a check fails; what it cannot even read, it has seen."""
    try:
        check(*arguments)
    except Exception:
        return True
    return False


def guards_see(path: Path) -> bool:
    root = path.parent.parent
    return any(sees(check, path) for check in guards.OF_A_NOTEBOOK) or any(
        sees(check, root) for check in guards.OF_A_BOOK
    )


def code_of(path: Path) -> list[str]:
    return [cell.source for cell in guards.code_cells(guards.stored(path))]


def failing(output: str, stem_at: int) -> set[str]:
    """Return the path parts, counted from the end, of all notebooks in which nbval reports a failed cell."""
    found = re.findall(r"^(?:FAILED|ERROR) (\S+?\.ipynb)", output, re.MULTILINE)
    return {Path(name).parts[stem_at].removesuffix(".ipynb") for name in found}


@pytest.fixture(scope="module")
def every() -> list[tamper.Alteration]:
    return tamper.alterations(ROOT)


@pytest.fixture(scope="module")
def outcomes(every: list[tamper.Alteration], fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    """Make every alteration of the sample, and ask each check."""
    workshop = tamper.Workshop(ROOT, tmp_path_factory.mktemp("altered"))
    copies = tmp_path_factory.mktemp("copies")
    done = [Outcome(alteration) for alteration in tamper.sample(every, A_KIND, SEED)]
    for number, outcome in enumerate(done):
        path = workshop.alter(outcome.alteration, SEED, forged=False)
        outcome.clumsy = guards_see(path)
        workshop.restore()
        code = code_of(path)
        workshop.alter(outcome.alteration, SEED, forged=True)
        if guards_see(path):
            outcome.seen.add("guards")
        if sees(fresh_run.writes_the_same_files, path, fresh):
            outcome.seen.add("files")
        # Other code would give other outputs; what is kept answers for the stored code only.
        if code_of(path) == code:
            (copies / f"{number:04}").mkdir()
            shutil.copy(path.with_suffix(".ipynb"), copies / f"{number:04}")
        workshop.restore()
    replayed = fresh_run.run_nbval(ROOT, copies, "-rfE", "--tb=no", "--replay-outputs", str(fresh), str(copies))
    assert "passed" in replayed.stdout, replayed.stdout
    for number in failing(replayed.stdout, -2):
        done[int(number)].seen.add("nbval")
    return done


def table(every: list[tamper.Alteration], outcomes: list[Outcome]) -> str:
    """Return the rates by kind as text."""
    possible = Counter(a.kind for a in every)
    lines = [
        "Alterations of stored notebooks, and what the checks saw",
        f"{'':32}{'':>9}{'':>9}{'hash left':>11}{'--- hash made to fit, seen by ---':>46}",
        f"{'kind':32}{'possible':>9}{'sampled':>9}{'caught':>11}{'guards':>8}{'nbval':>8}{'files':>8}{'any':>8}{'missed':>8}",
    ]
    for kind in [*sorted(possible), "all"]:
        part = [o for o in outcomes if kind in (o.alteration.kind, "all")]
        by = [sum(check in o.seen for o in part) for check in ("guards", "nbval", "files")]
        caught = sum(bool(o.seen) for o in part)
        numbers = [possible[kind] or sum(possible.values()), len(part), sum(o.clumsy for o in part)]
        cells = "".join(f"{n:>{w}}" for n, w in zip(numbers, (9, 9, 11), strict=True))
        lines.append(f"{kind:32}{cells}" + "".join(f"{n:>8}" for n in (*by, caught, len(part) - caught)))
    tried, caught = 2 * len(outcomes), sum(o.clumsy for o in outcomes) + sum(bool(o.seen) for o in outcomes)
    return "\n".join([*lines, f"caught: {caught} of {tried} ({100 * caught / tried:.1f}%)"])


def test_the_sample_is_large_and_of_every_kind_and_notebook(
    every: list[tamper.Alteration], outcomes: list[Outcome]
) -> None:
    assert len(outcomes) >= 200
    assert {o.alteration.kind for o in outcomes} == {a.kind for a in every}
    assert {o.alteration.notebook for o in outcomes} == {p.stem for p in tool.sources(ROOT)}


def test_every_alteration_is_caught(
    every: list[tamper.Alteration], outcomes: list[Outcome], record_property: Callable[[str, object], None]
) -> None:
    record_property("table", table(every, outcomes))
    assert [o.alteration for o in outcomes if not o.clumsy] == []
    assert [o.alteration for o in outcomes if not o.seen] == []


def test_what_is_not_altered_passes(fresh: Path, tmp_path: Path) -> None:
    workshop = tamper.Workshop(ROOT, tmp_path / "copy")
    for path in tool.sources(workshop.root):
        assert not guards_see(path)
        fresh_run.writes_the_same_files(path, fresh)
        (tmp_path / "one" / path.stem).mkdir(parents=True)
        shutil.copy(path.with_suffix(".ipynb"), tmp_path / "one" / path.stem)
    replayed = fresh_run.run_nbval(ROOT, tmp_path, "--replay-outputs", str(fresh), str(tmp_path / "one"))
    assert replayed.returncode == 0, replayed.stdout


def repository(folder: Path) -> Path:
    """Return a copy of what running a notebook needs."""
    for name in ("notebooks", "data"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".*"))
    # What the chapters on the checks read.
    for name in ("validation/golden", "tests/mutation", "benchmarks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    shutil.copy(ROOT / "tests" / "nbval_sanitize.cfg", folder / "tests")
    return folder


def test_a_real_kernel_sees_what_the_replay_sees(outcomes: list[Outcome], tmp_path: Path) -> None:
    """One notebook a kind, with alterations that nbval sees and two that it cannot, run by nbval in real kernels."""
    root = repository(tmp_path / "copy")
    (root / "book").mkdir()
    shutil.copy(ROOT / "index.md", root)
    workshop = tamper.Workshop(root, tmp_path / "workshop")
    expected: dict[str, bool] = {}
    for kind in (
        "figure: embedded PNG",
        "glue names swapped, metadata",
        "glued text",
        "table cell, html",
        "figure: data",
    ):
        outcome = next(o for o in outcomes if o.alteration.kind == kind and o.alteration.notebook not in expected)
        path = workshop.alter(outcome.alteration, SEED, forged=True)
        shutil.copy(path.with_suffix(".ipynb"), root / "notebooks")
        workshop.restore()
        expected[path.stem] = "nbval" in outcome.seen
    assert set(expected.values()) == {True, False}
    names = [f"notebooks/{stem}.ipynb" for stem in expected]
    real = fresh_run.run_nbval(root, tmp_path, "-rfE", "--tb=no", *names)
    assert failing(real.stdout, -1) == {stem for stem, seen in expected.items() if seen}, real.stdout


def test_a_real_kernel_sees_another_count_in_the_data(tmp_path: Path) -> None:
    root = repository(tmp_path / "copy")
    for file, old, new, _ in DATA:
        content = (root / "data" / file).read_text(encoding="utf-8")
        assert content.count(old) == 1
        (root / "data" / file).write_text(content.replace(old, new), encoding="utf-8")
    names = {chapter for *_, chapter in DATA}
    real = fresh_run.run_nbval(root, tmp_path, "-rfE", "--tb=no", *(f"notebooks/{n}.ipynb" for n in sorted(names)))
    assert failing(real.stdout, -1) == names, real.stdout
