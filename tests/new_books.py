"""Files of data of many shapes, and notebooks run in this process, which takes no kernel and no second."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import jupytext
import numpy as np
import pandas as pd
import pytest

from metalib.pages import checks, column_table, notebook, outputs, stored
from metalib.pages.new import Wishes, new_book

COUNTS = ["events_t", "n_t", "events_c", "n_c"]


def trials(k: int, seed: int = 1, **columns: object) -> pd.DataFrame:
    """Return k invented trials."""
    draw = np.random.default_rng(seed)
    n_t, n_c = draw.integers(20, 200, k), draw.integers(20, 200, k)
    risk = draw.uniform(0.1, 0.4, k)
    frame = pd.DataFrame({"study": [f"Trial {i + 1}" for i in range(k)], "events_t": draw.binomial(n_t, 0.7 * risk),
                          "n_t": n_t, "events_c": draw.binomial(n_c, risk), "n_c": n_c})  # fmt: skip
    return frame.assign(**columns)


def means(k: int) -> pd.DataFrame:
    """Return k invented trials with a continuous outcome."""
    draw = np.random.default_rng(2)
    arm = {f"{name}_{a}": draw.uniform(low, high, k).round(2) for a in "tc" for name, low, high in
           (("mean", 10, 20), ("sd", 1, 5))}  # fmt: skip
    size = {f"n_{a}": draw.integers(10, 90, k) for a in "tc"}
    return pd.DataFrame({"study": [f"Trial {i}" for i in range(k)], **arm, **size})


def rates(k: int) -> pd.DataFrame:
    """Return k invented trials with events and person-time; the first has no event in one arm."""
    draw = np.random.default_rng(3)
    frame = pd.DataFrame({"study": [f"Trial {i}" for i in range(k)], "events_t": draw.integers(1, 30, k),
                          "time_t": draw.uniform(100, 900, k).round(1), "events_c": draw.integers(1, 30, k),
                          "time_c": draw.uniform(100, 900, k).round(1)})  # fmt: skip
    return frame.assign(events_t=[0, *frame["events_t"][1:]])


def effects(k: int) -> pd.DataFrame:
    """Return k invented effects with standard errors."""
    draw = np.random.default_rng(4)
    return pd.DataFrame({"study": [f"Trial {i}" for i in range(k)], "effect": draw.normal(-0.2, 0.2, k),
                         "se": draw.uniform(0.1, 0.4, k)})  # fmt: skip


def zero_arms(k: int, empty: int) -> pd.DataFrame:
    """Return trials of which the first few have no event in either arm."""
    frame = trials(k)
    frame.loc[: empty - 1, ["events_t", "events_c"]] = 0
    return frame


@contextlib.contextmanager
def captured(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict]]:
    """Collect what pages show."""
    shown: list[dict] = []
    for module in (notebook, column_table, outputs):
        monkeypatch.setattr(
            module, "show", lambda forms, metadata=None: shown.append({**forms, "meta": metadata or {}})
        )
    yield shown


def run(folder: Path, names: Iterable[str], files: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[dict]]:
    """Run notebooks of a book in this process and return what each showed."""
    found = {}
    monkeypatch.setenv(outputs.STAGING, str(files))
    for name in names:
        with captured(monkeypatch) as shown, contextlib.redirect_stdout(io.StringIO()):
            space: dict[str, object] = {}
            here = Path.cwd()
            os.chdir(folder / stored.NOTEBOOKS)
            try:
                for cell in jupytext.read(folder / stored.NOTEBOOKS / f"{name}.py").cells:
                    if cell.cell_type == "code":
                        exec(compile(cell.source, f"{name}.py", "exec"), space)
            finally:
                os.chdir(here)
        found[name] = shown
    return found


def glued(shown: list[dict]) -> dict[str, str]:
    """Return the glued texts by name."""
    return {one["meta"]["scrapbook"]["name"]: one[f"{notebook.GLUE}text/plain"] for one in shown
            if "scrapbook" in one["meta"]}  # fmt: skip


def made(tmp_path: Path, frame: pd.DataFrame, **hints: str) -> Path:
    source = tmp_path / "counts.csv"
    frame.to_csv(source, index=False)
    new_book(tmp_path / "book", [source], Wishes(hints=hints))  # type: ignore[arg-type]
    return tmp_path / "book"


def check_book(book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str]) -> dict[str, str]:
    """Run chapters in this process; every glued text that they name is there."""
    found = {}
    for name, shown in run(book, names, tmp_path / "files", monkeypatch).items():
        texts = glued(shown)
        for cell in jupytext.read(book / "notebooks" / f"{name}.py").cells:
            if cell.cell_type == "markdown":
                assert {m["name"] for m in checks.GLUE.finditer(cell.source)} <= set(texts), name
        assert all(text.strip("'\" ") for text in texts.values())
        found |= texts
    return found


def outcome_chapters(book: Path) -> list[str]:
    return [p.stem for p in stored.sources(book) if "chapter.show_forest" in p.read_text(encoding="utf-8")]


AWKWARD = [
    'O"Neil & Söns',
    "<b>Smith</b> | 1",
    "עברית 2001",
    "دراسة ١",
    "a_b*c$d$",
    "{x}`y`",
    "50% of [n](z)",
    "it's",
    "-5",
    "研究 2005",
]
SHAPES: dict[str, tuple[pd.DataFrame, dict[str, str]]] = {
    **{f"k={k}": (trials(k), {}) for k in (1, 2, 3, 4, 5, 9, 10, 17, 31, 60)},
    "two arms of zero": (zero_arms(6, 2), {}),
    "all but one of zero": (zero_arms(4, 3), {}),
    "every study of zero": (zero_arms(3, 3), {}),
    "risk ratio": (trials(6), {"measure": "RR"}),
    "risk difference": (trials(6), {"measure": "RD"}),
    "means": (means(6), {}),
    "one mean": (means(1), {}),
    "standardised": (means(12), {"measure": "SMD"}),
    "rates": (rates(5), {}),
    "rate difference": (rates(5), {"measure": "IRD"}),
    "effects": (effects(11), {"measure": "HR"}),
    "differences": (effects(2), {"measure": "difference"}),
    "awkward names": (trials(10, study=AWKWARD), {}),
    "groups and numbers": (
        trials(12, region=["north", "south"] * 6, dose=[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]), {},
    ),
    "years": (trials(5, year=[2003, 2001, 2010, 1999, 2001]), {}),
    "outcomes": (pd.concat([trials(4, outcome="Death <5 years"), trials(3, 2, outcome="موت")]), {}),
}  # fmt: skip
