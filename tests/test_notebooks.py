"""The stored notebooks pass the checks that nbval leaves open, and a fresh run writes the same files again."""

from __future__ import annotations

from pathlib import Path

import fresh_run
import pytest

from metalib.pages import checks as guards
from metalib.pages import stored as tool

ROOT = Path(__file__).parent.parent
SOURCES = tool.sources(ROOT)


@pytest.mark.parametrize("check", guards.OF_A_NOTEBOOK, ids=lambda f: f.__name__)
@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_notebook(path: Path, check: guards.Check) -> None:
    check(path)


@pytest.mark.parametrize("check", guards.OF_A_BOOK, ids=lambda f: f.__name__)
def test_repository(check: guards.Check) -> None:
    check(ROOT)


def test_there_are_many_chapters_tables_and_figures() -> None:
    assert len(SOURCES) >= 12
    assert (
        sum("{table}" in str(o) or "{figure}" in str(o) for p in SOURCES for o in guards.outputs(guards.stored(p))) > 30
    )


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_a_fresh_run_writes_the_same_files(path: Path, fresh: Path) -> None:
    fresh_run.writes_the_same_files(path, fresh)


# Rerun shows on purpose what a person at the keyboard sees.
@pytest.mark.parametrize("path", [path for path in SOURCES if path.stem != "rerun"], ids=lambda p: p.stem)
def test_no_page_shows_what_python_prints_of_an_object(path: Path) -> None:
    results = [o["data"] for o in guards.outputs(guards.stored(path)) if o.get("output_type") == "execute_result"]
    assert [data["text/plain"] for data in results if set(data) == {"text/plain"}] == []
