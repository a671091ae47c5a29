"""A new book from its data to its pages: run, checked, built; and refused when a number changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from new_books import made, means

from metalib.__main__ import main
from metalib.errors import BookError
from metalib.pages import checks, stored
from metalib.pages.plan import TO_WRITE


@pytest.mark.filterwarnings("default")
def test_a_continuous_review_becomes_a_book(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = made(tmp_path, means(2).assign(study=["Ärzte <b>", "משה 2001"]))
    for path in [book / "index.md", *stored.sources(book)]:
        path.write_text(path.read_text(encoding="utf-8").replace(TO_WRITE, "Written:"), encoding="utf-8")
    assert main(["notebooks", "--folder", str(book), "--check"]) == 1
    assert stored.store_all(book) == 0
    assert main(["notebooks", "--folder", str(book), "--check"]) == 0
    for path in stored.sources(book):
        for check in checks.OF_A_NOTEBOOK:
            check(path)
    for check in checks.OF_A_BOOK:
        check(book)
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(book), "--all", "-W", "-n", "--quiet"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    page = (book / "_build" / "html" / "notebooks" / "counts.html").read_text(encoding="utf-8")
    assert "Mean difference" in page
    assert "Ärzte &lt;b&gt;" in page
    assert "<b>" not in page.partition("<article")[2].partition("</article")[0]

    numbers = book / "data" / "means.csv"
    frame = pd.read_csv(numbers)
    frame.assign(mean_t=frame["mean_t"] + 1).to_csv(numbers, index=False)
    assert main(["notebooks", "--folder", str(book), "--check"]) == 1
    assert "was run with other data" in capsys.readouterr().err
    with pytest.raises(BookError, match="other data"):
        checks.outputs_are_those_of_the_data(book / "notebooks" / "counts.py")
