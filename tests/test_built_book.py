"""The pages show what metalib computes from the data, and two builds of the book are identical.

The book is built here, into two folders. The numbers on the summary, the outcome chapters and in the ledger are read
from the HTML and compared with values computed from ``data/`` in this file, never with a stored notebook output.
"""

from __future__ import annotations

import math
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import book_metadata
import formulas
import nbformat
import numpy as np
import pandas as pd
import pytest
import rooms
from bs4 import BeautifulSoup, Tag

import metalib
from metalib.audit.compare import difference_statistics, forest_statistics
from metalib.audit.printed import read_rows

ROOT = Path(__file__).parent.parent
REVIEW = metalib.read_review(ROOT / "data")
CHAPTERS = {
    "CR": "complete_response", "PR": "partial_response", "SD": "stable_disease", "PD": "disease_progression",
    "AE": "adverse_events",
}  # fmt: skip
ADDRESS = "https://example.org/book/"
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")


def build(folder: Path) -> Path:
    """Copy the repository and build its book there; return the folder with the HTML."""
    shutil.copytree(
        ROOT, folder, ignore=shutil.ignore_patterns(".*", "_build", "__pycache__", "*.egg-info", "node_modules")
    )
    command = [
        str(Path(sys.executable).with_name("jupyter-book")),
        "build",
        str(folder),
        "--all",
        "-W",
        "-n",
        "--quiet",
    ]
    environment = os.environ | {book_metadata.ADDRESS: ADDRESS}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("first") / "book")


def page(book: Path, name: str) -> BeautifulSoup:
    return BeautifulSoup((book / name).read_text(encoding="utf-8"), "html.parser")


def rows(soup: BeautifulSoup, identity: str) -> list[dict[str, str]]:
    """Return the rows of a table as texts by heading, without headings between rows."""
    table = soup.select_one(f"#{identity}")
    assert table is not None, identity
    head = [cell.get_text(" ", strip=True) for cell in table.select("thead th")]
    found = [[cell.get_text(strip=False).strip() for cell in row.select("td")] for row in table.select("tbody tr")
             if not row.select_one("strong.group")]  # fmt: skip
    return [dict(zip(head, cells, strict=True)) for cells in found if cells]


def shows(text: str, values: list[float | None]) -> int:
    """Check that the numbers in a text are these values, rounded to the digits shown; return how many there are.

    A value of None stands for a number that does not exist, and is not in the text.
    """
    values = [v for v in values if v is not None]
    if "<" in text:
        assert len(values) == 1
        assert values[0] < float(text.replace("<", "").replace("P", ""))
        return 1
    numbers = NUMBER.findall(text.replace("−", "-"))
    assert len(numbers) == len(values), (text, values)
    for number, value in zip(numbers, values, strict=True):
        unit = 10.0 ** -len(number.partition(".")[2])
        assert abs(float(number) - value) <= unit / 2 + 1e-12 * abs(value), (text, number, value)
    return len(numbers)


def ratio(effect: metalib.PooledEffect) -> list[float]:
    """Return estimate and limits, nothing if the effect is not estimable."""
    return [math.exp(v) for v in (effect.estimate, effect.ci_low, effect.ci_high) if v is not None]


def prediction(effect: metalib.PooledEffect) -> list[float]:
    return [] if effect.prediction_low is None else [math.exp(effect.prediction_low), math.exp(effect.prediction_high)]


def pooled(outcome: str, **options: str) -> metalib.PooledEffect:
    return metalib.pool(REVIEW.tables_of(outcome), **options)


def candidates() -> list[pd.DataFrame]:
    found = REVIEW.tables.query("outcome == 'survival' and status == 'candidate'")["analysis"].unique()
    return [REVIEW.tables_of("survival", name) for name in found]


def names() -> dict[str, str]:
    """Return the name of each study as pages show it: a study that is inferred has a mark."""
    marked = REVIEW.studies["arms_status"].str.contains("inferred").map({True: " \u2020", False: ""})
    return dict(zip(REVIEW.studies["study"], REVIEW.studies["label"] + marked, strict=True))


def possible(outcome: str) -> Iterator[pd.DataFrame]:
    """Yield every set of tables that an outcome may have: of equal arms the print cannot tell complements apart."""
    for tables in candidates() if outcome == "survival" else [REVIEW.tables_of(outcome)]:
        either = tables["status"].isin(["identified up to complement", "candidate"])
        for chosen in product([False, True], repeat=int(either.sum())):
            swapped, at = tables.copy(), tables.index[either][list(chosen)]
            swapped.loc[at, "events_t"] = tables["n_c"] - tables["events_c"]
            swapped.loc[at, "events_c"] = tables["n_t"] - tables["events_t"]
            yield swapped


def findings(outcome: str) -> pd.DataFrame:
    """Return patients, risks per 1,000 and their difference for each set of tables that an outcome may have."""
    found = []
    for tables in possible(outcome):
        effect = metalib.pool(tables, model="random")
        used = tables[[weight is not None for weight in effect.weights]]
        before = used["events_c"].sum() / used["n_c"].sum()
        after = [1000 / (1 + (1 - before) / before / odds_ratio) for odds_ratio in ratio(effect)]
        change = [risk - 1000 * before for risk in after]
        found.append((used["n_t"].sum() + used["n_c"].sum(), effect.k, 1000 * before, after[0], *change))
    return pd.DataFrame(found, columns=["patients", "studies", "before", "after", "change", "low", "high"])


def ends(values: pd.Series) -> list[float]:
    """Return the smallest and the largest value, once if both are the same whole number."""
    low, high = float(values.min()), float(values.max())
    return [low] if round(low) == round(high) else [low, high]


def check_summary(soup: BeautifulSoup) -> int:
    """Compare the summary of findings; return how many numbers were compared."""
    table, compared = rows(soup, "tab-sof"), 0
    labels = REVIEW.outcomes.set_index("label")["outcome"]
    assert [labels[row["Outcome"]] for row in table] == [*list(CHAPTERS)[:4], "survival", "AE"]
    overall = REVIEW.grade[REVIEW.grade["domain"] == "overall"].set_index("outcome")["decision"]
    for row in table:
        outcome = labels[row["Outcome"]]
        assert row["Certainty"] == overall[outcome]
        known = findings(outcome)
        compared += shows(row["Single treatment"], ends(known["before"]))
        compared += shows(row["Combination"], ends(known["after"]))
        difference = [*ends(known["change"]), known["low"].min(), known["high"].max()]
        compared += shows(row["Difference"].replace("+", ""), difference)
        compared += shows(row["Patients"], ends(known["patients"])) + shows(row["Studies"], ends(known["studies"]))
    return compared


def check_chapter(soup: BeautifulSoup, outcome: str, svg: str) -> int:
    """Compare counts, printed numbers, models and forest plot of an outcome; return how many numbers were compared."""
    key, tables, compared = outcome.lower(), REVIEW.tables_of(outcome), 0
    counts = rows(soup, f"tab-{key}-counts")
    assert [row["Study"] for row in counts] == [names()[s] for s in tables["study"]]
    for row, (i, study) in zip(counts, tables.iterrows(), strict=True):
        compared += shows(row["Combination"].replace("/", " "), [study.events_t, study.n_t])
        compared += shows(row["Single treatment"].replace("/", " "), [study.events_c, study.n_c])
        compared += shows(row["OR [95% CI]"].replace("95%", ""), ratio(metalib.pool(tables.loc[[i]])))

    effect = pooled(outcome, model=REVIEW.outcome(outcome)["model_printed"])
    values = forest_statistics(effect)
    statistics = {"I² (%)": "I2", "Chi²": "Chi2", "P of heterogeneity": "P(Q)"}
    as_printed = REVIEW.printed(outcome)
    shown = rows(soup, f"tab-{key}-printed")
    assert len(shown) == len(as_printed)
    for row, text in zip(shown, as_printed["text"], strict=True):
        assert row["Printed"] == text
        compared += 1 + shows(row["Recomputed"], [values[statistics.get(row["Statistic"], row["Statistic"])]])

    variants = [{}, {"method": "IV"}, {"model": "random"}, {"model": "random", "ci": "hksj"}]
    for row, options in zip(rows(soup, f"tab-{key}-models"), variants, strict=True):
        e = pooled(outcome, **options)
        compared += shows(row["OR [95% CI]"], ratio(e)) + shows(row["P"], [e.p]) + shows(row["tau²"], [e.tau2])
        compared += shows(row["I²"], [e.I2]) + shows(row["95% prediction interval"], prediction(e))

    picture = soup.select_one(f"#fig-{key}-forest img")
    assert picture["src"].endswith(f"_images/fig-{key}-forest.svg")
    compared += shows(picture["alt"].partition("odds ratio")[2], [*ratio(effect), effect.p])
    caption = soup.select_one(f"#fig-{key}-forest .caption-text").get_text()
    # What follows is a sentence on names, whose years are no results.
    compared += shows(caption.partition("Odds ratio ")[2].partition(". The open")[0], [*ratio(effect), effect.k])
    return compared + check_forest(svg, tables, effect)


def check_forest(svg: str, tables: pd.DataFrame, effect: metalib.PooledEffect) -> int:
    """Compare the texts drawn in a forest plot: Matplotlib writes each as a comment before its shapes."""
    drawn = re.findall(r"<!-- (.*?) -->", svg)
    estimates = [found for i in tables.index if (found := ratio(metalib.pool(tables.loc[[i]])))]
    weights = [float(t.rstrip("%")) for t in drawn if re.fullmatch(r"\d+\.\d%", t)]
    expected = [w for w in effect.weights if w is not None]
    assert len(weights) >= len(expected)
    for shown, weight in zip(weights, expected, strict=False):
        assert abs(shown - weight) <= 0.05 + 1e-9
    intervals = [t for t in drawn if re.fullmatch(r"-?\d+\.\d+ \[.*\]", t)]
    assert len(intervals) >= len(estimates) + 1
    compared = sum(shows(t, e) for t, e in zip(intervals, [*estimates, ratio(effect)], strict=False))
    for column in ("events_t", "n_t", "events_c", "n_c"):
        for count in tables[column]:
            assert str(count) in " ".join(drawn).split()
    return compared + len(expected)


def check_survival(soup: BeautifulSoup) -> int:
    """Compare the candidates of survival and their results; return how many numbers were compared."""
    tables, compared = candidates(), 0
    shown = rows(soup, "tab-survival-counts")
    for row, study in zip(shown, (s for t in tables for s in t.itertuples()), strict=True):
        assert row["Study"] == names()[study.study]
        compared += shows(row["Combination"].replace("/", " "), [study.events_t, study.n_t])
        compared += shows(row["Single treatment"].replace("/", " "), [study.events_c, study.n_c])
    for row, table in zip(rows(soup, "tab-survival-results"), tables, strict=True):
        random, fixed = (metalib.pool(table, model=model) for model in ("random", "fixed"))
        compared += shows(row["Random: OR [95% CI]"], ratio(random)) + shows(row["P"], [random.p])
        compared += shows(row["I²"], [random.I2]) + shows(row["P of Q"], [random.p_Q])
        compared += shows(row["Fixed: OR [95% CI]"], ratio(fixed))
    return compared


def recomputed() -> dict[tuple[str, str], dict[str, float | None]]:
    """Return what metalib computes for the printed results, of the first candidate where counts are not identified."""
    found = {("survival", ""): forest_statistics(metalib.pool(candidates()[0], model="random"))}
    for outcome in CHAPTERS:
        tables, model = REVIEW.tables_of(outcome), REVIEW.outcome(outcome)["model_printed"]
        for excluded in REVIEW.published.query("outcome == @outcome")["excluded"].unique():
            left = tables[~tables["study"].isin(excluded.split())]
            found[outcome, excluded] = forest_statistics(metalib.pool(left, model=model))
    placed = next(name for name in REVIEW.stages["analysis"].unique() if name != "main")
    stages = pd.concat([REVIEW.stages_of("main").query("stage in ['I', 'III']"), REVIEW.stages_of(placed)])
    groups = metalib.subgroups(stages.reset_index(drop=True), "stage", model="random")
    for stage, part in stages.groupby("stage"):
        sums = part[["events_t", "n_t", "events_c", "n_c"]].sum()
        names = ("events experimental", "total experimental", "events control", "total control")
        statistics = forest_statistics(groups[stage]) | dict(zip(names, map(float, sums), strict=True))
        found[f"stage {stage}", ""] = statistics
    found["stage total", ""] = forest_statistics(groups.overall)
    found["stage difference", ""] = difference_statistics(groups)
    found["search: all", ""] = {"studies included": float(len(REVIEW.studies))}
    return found


def check_ledger(soup: BeautifulSoup) -> int:
    """Compare every row of the ledger; return how many recomputed numbers were compared."""
    values, compared = recomputed(), 0
    shown = rows(soup, "ledger")
    by_number = {row["No."]: row for row in shown}
    assert len(shown) == len(by_number)
    assert set(by_number) == set(REVIEW.published["id"])
    # The page groups them by outcome, the file by place.
    shown = [by_number[number] for number in REVIEW.published["id"]]
    numbers = read_rows(REVIEW.published)
    for row, entry, number in zip(shown, REVIEW.published.itertuples(), numbers, strict=True):
        assert (row["Printed"], row["Statistic"]) == (entry.text, entry.statistic)
        value = values.get((entry.outcome, entry.excluded), {}).get(entry.statistic)
        if number is None:
            value = None
        assert (value is None) == (row["Recomputed"] == "–"), entry.id
        if value is not None:
            compared += shows(row["Recomputed"], [value])
            ends = re.fullmatch(r"(\S+)(?: to \S+)?", row["Rounded"])
            assert ends, row["Rounded"]
            verdict = number.verdict(value)
            if " to " not in row["Rounded"]:
                assert verdict == row["Verdict"], entry.id
                shows(row["Rounded"], [value])
    return compared


def svg_of(book: Path, outcome: str) -> str:
    return (book / "_images" / f"fig-{outcome.lower()}-forest.svg").read_text(encoding="utf-8")


def test_the_summary_shows_what_metalib_computes(book: Path) -> None:
    assert check_summary(page(book, "index.html")) >= 45


@pytest.mark.parametrize("outcome", CHAPTERS)
def test_an_outcome_chapter_shows_what_metalib_computes(book: Path, outcome: str) -> None:
    soup = page(book, f"notebooks/{CHAPTERS[outcome]}.html")
    assert check_chapter(soup, outcome, svg_of(book, outcome)) >= 60


def test_the_survival_chapter_shows_what_metalib_computes(book: Path) -> None:
    assert check_survival(page(book, "notebooks/one_year_survival.html")) >= 100


def test_the_ledger_shows_what_metalib_computes(book: Path) -> None:
    assert check_ledger(page(book, "notebooks/audit.html")) >= 100


def statistics_on_pages(book: Path) -> Iterator[tuple[Path, str, str, Tag, str]]:
    """Every cell with a number below a heading of a statistic: page, table, heading, its cell, text."""
    known = formulas.targets((ROOT / "book" / "methods.md").read_text(encoding="utf-8"))
    for path in sorted((book / "notebooks").glob("*.html")):
        if path.stem == "benchmarks":  # times and bytes in units of their own, and none of the review
            continue
        for table in page(book, f"notebooks/{path.name}").select("article table[id^=tab-]"):
            head = table.select("thead th, thead td")
            for row in table.select("tbody tr"):
                for top, cell in zip(head, row.select("td, th"), strict=False):
                    words = cell.get_text(" ", strip=True)
                    if top.get_text(" ", strip=True) in known and NUMBER.search(words):
                        yield path, str(table["id"]), top.get_text(" ", strip=True), top, words


def test_thirty_numbers_lead_to_their_formula_their_data_and_their_code(book: Path) -> None:
    every = list(statistics_on_pages(book))
    assert len(every) > 1000
    assert len({path for path, *_ in every}) >= 15
    methods = page(book, "book/methods.html")
    for path, table, heading, top, words in random.Random(30).sample(every, 30):
        link = top.select_one("a.formula")
        assert link is not None, (path.name, heading)
        target, _, identity = str(link["href"]).partition("#")
        assert (path.parent / target).resolve() == (book / "book" / "methods.html").resolve()
        assert methods.find(id=identity) is not None
        # The same numbers, unrounded, in the file that is offered below the table.
        offered = [a["href"] for a in page(book, f"notebooks/{path.name}").select(f"a.download[href$='{table}.csv']")]
        assert offered, (path.name, table)
        data = pd.read_csv((path.parent / str(offered[0])).resolve())
        numbers = NUMBER.findall(words.replace("\u2212", "-").replace(",", ""))
        assert all(stands_in(number, data, bound="<" in words) for number in numbers), (table, words)
        # The cell that computes it, in the notebook that the page offers.
        notebook = nbformat.read(book / "_sources" / "notebooks" / f"{path.stem}.ipynb", as_version=4)
        names = [output.get("metadata", {}).get("metalib", {}).get("download")
                 for cell in notebook.cells for output in cell.get("outputs", [])]  # fmt: skip
        assert table in names, (path.name, table)


def stands_in(number: str, data: pd.DataFrame, *, bound: bool = False) -> bool:
    """Return whether a number, as rounded or a bound, stands in a table: as it is, as a logarithm, or as a share."""
    values = (
        pd.concat([pd.to_numeric(data[c], errors="coerce") for c in data], ignore_index=True).dropna().astype(float)
    )
    unit = 10.0 ** -len(number.partition(".")[2])
    if bound and (values < float(number)).any():
        return True
    scales = (values, np.exp(values.clip(upper=700)), 100 * values, 1000 * values)
    if any(((scale - float(number)).abs() <= unit / 2 * (1 + 1e-9)).any() for scale in scales):
        return True
    # Words of a table are themselves data: "3 to 5".
    return any(number in NUMBER.findall(str(cell).replace("\u2212", "-")) for cell in data.to_numpy().ravel())


def test_every_page_tells_previews_what_it_is(book: Path) -> None:
    pages = [
        p for p in book.glob("**/*.html") if "_static" not in p.parts and p.name not in ("search.html", "genindex.html")
    ]
    assert len(pages) > 30
    for path in pages:
        tags = {
            tag.get("property") or tag.get("name"): tag["content"] for tag in page(book, path).select("meta[content]")
        }
        assert tags["og:url"] == ADDRESS + str(path.relative_to(book))
        assert tags["og:title"] in path.read_text(encoding="utf-8").partition("</head>")[2]
        assert len(tags["og:description"]) > 50
        assert tags["description"] == tags["og:description"]
        assert (book / tags["og:image"].removeprefix(ADDRESS)).is_file()
        assert int(tags["og:image:width"]) >= 1200
        assert {"og:type", "og:site_name", "og:image:alt", "og:image:height", "twitter:card"} <= set(tags)


def test_the_api_pages_describe_every_public_name(book: Path) -> None:
    pages = [page(book, path) for path in sorted(book.glob("book/api*.html"))]
    described = [term["id"] for soup in pages for term in soup.select("dt[id]")]
    public = rooms.public_names(ROOT / "metalib")
    assert len(public) > 100
    assert sorted(public - set(described)) == []
    assert len(set(described)) == len(described)


def other_digits(soup: BeautifulSoup, selector: str) -> Iterator[str]:
    """Change one digit in each matching cell in turn, and name the cell."""
    for cell in soup.select(selector):
        for part in cell.find_all(string=re.compile(r"\d")):
            before = str(part)
            changed = part.replace_with(re.sub(r"\d", lambda m: str((int(m[0]) + 1) % 10), before, count=1))
            del changed
            new = cell.find(string=re.sub(r"\d", lambda m: str((int(m[0]) + 1) % 10), before, count=1))
            yield f"{selector}: {before}"
            new.replace_with(before)


def test_an_altered_page_is_noticed(book: Path) -> None:
    """Each digit-bearing cell of the tables that were compared is altered in turn."""
    chapter = page(book, "notebooks/complete_response.html")
    summary, ledger, svg = page(book, "index.html"), page(book, "notebooks/audit.html"), svg_of(book, "CR")
    altered = 0
    for soup, selector, check in (
        (summary, "#tab-sof tbody td:nth-of-type(n+3)", lambda: check_summary(summary)),
        (chapter, "#tab-cr-counts tbody td:nth-of-type(-n+4)", lambda: check_chapter(chapter, "CR", svg)),
        (chapter, "#tab-cr-models tbody td:nth-of-type(n+2)", lambda: check_chapter(chapter, "CR", svg)),
        (ledger, "#p020 td.right, #p100 td.right, #p150 td.right", lambda: check_ledger(ledger)),
    ):
        for where in other_digits(soup, selector):
            with pytest.raises((AssertionError, KeyError, ValueError)):
                pytest.fail(f"{where}: {check()} numbers compared, none found to differ")
            altered += 1
    assert altered >= 60


def files(folder: Path) -> dict[str, bytes]:
    """Return all files of a built book but .buildinfo, which holds a hash of the settings with their paths."""
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != ".buildinfo"
    }


def test_a_second_build_in_another_folder_is_identical(book: Path, tmp_path: Path) -> None:
    first, second = files(book), files(build(tmp_path / "another folder"))
    assert len(first) > 50
    assert list(first) == list(second)
    assert [name for name in first if first[name] != second[name]] == []
