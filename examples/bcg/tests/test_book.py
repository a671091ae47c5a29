"""The checks of the library, held against this book. `make test` also runs every notebook again (nbval)."""

from pathlib import Path

import pytest

import metalib
from metalib.pages import checks, stored

ROOT = Path(__file__).parent.parent


def test_the_data_are_read():
    assert not metalib.read_review(ROOT / "data").outcomes.empty


@pytest.mark.parametrize("check", checks.OF_A_NOTEBOOK, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", stored.sources(ROOT), ids=lambda path: path.stem)
def test_notebook(path, check):
    check(path)


@pytest.mark.parametrize("check", checks.OF_A_BOOK, ids=lambda check: check.__name__)
def test_book(check):
    check(ROOT)
