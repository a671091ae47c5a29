"""Data of every shape give a book whose chapters run, each in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
from new_books import SHAPES, check_book, made, outcome_chapters

import metalib
from metalib.pages import checks, stored

#: One of each form of data, and those with the most to go wrong.
EVERY = (
    "k=1", "k=10", "every study of zero", "standardised", "rates", "effects", "awkward names", "groups and numbers",
    "outcomes",
)  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_a_book(shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame, hints = SHAPES[shape]
    book = made(tmp_path, frame, **hints)
    checks.each_notebook_has_its_twin(book)
    for path in stored.sources(book):
        checks.twins_agree(path)
    chapters = outcome_chapters(book)
    assert len(chapters) == len(metalib.read_review(book / "data").outcomes)
    texts = check_book(book, tmp_path, monkeypatch, chapters)
    assert "main_result" in texts


@pytest.mark.parametrize("shape", EVERY)
def test_every_chapter_runs(shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame, hints = SHAPES[shape]
    book = made(tmp_path, frame, **hints)
    # The exhaustive part of the search is fragility's own business and takes its time.
    others = [p.stem for p in stored.sources(book) if p.stem not in ("fragility", *outcome_chapters(book))]
    check_book(book, tmp_path, monkeypatch, others)
