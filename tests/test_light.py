"""What the build does to pages: weight, search, cards, identity. Each on small pages made here."""

from __future__ import annotations

import json
import re
from pathlib import Path

import accessible
import identity
import light
import pytest
import search
import tinycss2
from bs4 import BeautifulSoup

ROOT = Path(__file__).parent.parent
CITATION = identity.read_citation(ROOT)


def soup_of(body: str, head: str = "") -> BeautifulSoup:
    return BeautifulSoup(
        f"<html><head>{head}</head><body><article class='bd-article'>{body}</article></body></html>", "html.parser"
    )


def pruned(css: str, *words: str) -> str:
    return light.prune(tinycss2.parse_stylesheet(css, True, True), set(words))


def test_a_rule_stays_if_something_can_match_it() -> None:
    css = ".a, .gone > p { color: red } #b.c { top: 0 } .a:not(.gone) { left: 0 } p { margin: 0 } .x\\:y { right: 0 }"
    kept = pruned(css, "a", "b", "c", "x:y")
    for expected in (".a{", "#b.c{", ".a:not(.gone){", "p{", "right"):
        assert expected in kept
    assert "gone >" not in kept
    assert pruned("@media print { .gone { top: 0 } .a { top: 1px } }", "a").count("{") == 2
    assert pruned("@media print { .gone { top: 0 } }", "a") == ""


def test_the_font_of_icons_is_dropped_and_others_stay() -> None:
    css = '@font-face { font-family: "Font Awesome 6"; src: url(x) } @font-face { font-family: Mine; src: url(y) }'
    assert "Awesome" not in pruned(css)
    assert "Mine" in pruned(css)


def test_commas_inside_brackets_do_not_split_a_selector() -> None:
    assert "a:is(.x,.y) b{" in pruned("a:is(.x,.y) b, .gone { top: 0 }", "x")


def test_icons_become_drawings_and_an_unknown_one_stops() -> None:
    soup = soup_of(
        '<i class="fa-solid fa-bars"></i><i class="theme-switch fa-solid fa-sun fa-lg" data-mode="light"></i>'
    )
    light.replace_icons(soup)
    first, second = soup.select("i")
    assert not first.has_attr("class")
    assert second["class"] == ["theme-switch"]
    assert second.svg.path["d"] == light.ICONS["sun"]
    with pytest.raises(KeyError):
        light.replace_icons(soup_of('<i class="fa-solid fa-dragon"></i>'))


HEAD = (
    '<link rel="stylesheet" href="a.css"><script src="a.js"></script><script>window.MathJax = {}</script>'
    '<script defer src="_static/../mathjax/tex.js"></script><script>x.dataset.mode = 1</script>'
)


def test_a_page_asks_for_one_script_and_one_style_sheet() -> None:
    soup = soup_of("<p>text</p>", HEAD)
    light.replace_files(soup, "../", "1")
    assert [s.get("src") for s in soup.select("script[src]")] == ["../_static/book.js?v=1"]
    assert len(soup.select("link[rel=stylesheet]")) == 1
    assert "dataset.mode" in str(soup)


@pytest.mark.parametrize(
    ("body", "kind"),
    [("<div class='math'>x</div>", None), ("<details><div class='math'>x</div></details>", "text/later")],
)
def test_formulas_are_set_where_there_are_any_and_later_where_they_are_folded(body: str, kind: str | None) -> None:
    soup = soup_of(body, HEAD)
    light.replace_files(soup, "", "1")
    [program] = soup.select('script[src*="mathjax"]')
    assert program.get("type") == kind


def test_a_forest_plot_lives_if_the_explorer_holds_its_results() -> None:
    soup = soup_of(
        '<figure id="fig-pr-forest"></figure><figure id="fig-stage-forest"></figure>'
        '<figure class="live-forest" data-outcome="PR"></figure>'
    )
    light.bring_plots(soup, "../", {"pr.js": "abc", "plot.js": "d"}, "notebooks/explorer.html")
    first, second, third = soup.select("figure")
    assert first["data-file"] == third["data-file"] == "pr.js?abc"
    assert "live-forest" not in second.get("class", [])
    assert soup.select_one("script[src$='explorer/plot.js?d']") is not None


def test_sections_are_what_a_reader_sees() -> None:
    soup = soup_of(
        "<section id='top'><h1>Title<a class='headerlink'>#</a></h1><p>Before</p><pre>import os</pre>"
        "<section id='part'><h2>Part</h2><table><caption>Table 1 Counts</caption><tbody><tr><td>Ding</td>"
        "<td>\u22120.54</td></tr></tbody></table></section><p>After</p></section>"
    )
    assert search.sections(soup) == [
        ["top", "Title", "", "", "Before After"], ["part", "Part", "Table 1 Counts", "Ding", "Ding -0.54"],
    ]  # fmt: skip
    assert "import os" in soup.get_text()


TABLE = (
    "<table class='results'><caption>C</caption><thead><tr><th>A</th><th>B</th><th>C</th><th>D</th></tr></thead>"
    "<tbody><tr><td>x</td><td>-1.5</td><td>[-2, -0.1]</td><td>12-15</td></tr></tbody></table>"
)


def test_cells_of_a_wide_table_name_their_columns_and_numbers_have_a_minus_sign() -> None:
    page = BeautifulSoup(
        accessible.mend(f"<html><body><article>{TABLE}<code>-1</code></article></body></html>"), "html.parser"
    )
    cells = page.select("td")
    assert [cell.get("data-label") for cell in cells] == [None, "B", "C", "D"]
    assert [cell.get_text() for cell in cells] == ["x", "\u22121.5", "[\u22122, \u22120.1]", "12-15"]
    assert "cards" in page.table["class"]
    assert page.code.get_text() == "-1"
    narrow = TABLE.replace("<th>D</th>", "").replace("<td>12-15</td>", "")
    assert (
        "cards"
        not in BeautifulSoup(
            accessible.mend(f"<html><body><article>{narrow}</article></body></html>"), "html.parser"
        ).table["class"]
    )


def test_the_citation_says_in_every_form_what_citation_cff_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(identity.ADDRESS, "https://example.org/book/")
    title, version, year = CITATION["title"], str(CITATION["version"]), str(CITATION["date-released"])[:4]
    bib = identity.bibtex(CITATION)
    fields = dict(re.findall(r"^  (\w+) = \{(.*)\},?$", bib, re.M))
    assert fields["title"] == f"{{{title}}}"
    assert (fields["version"], fields["year"], fields["url"]) == (version, year, "https://example.org/book/")
    assert bib.count("{") == bib.count("}")
    ris = dict(line.split("  - ", 1) for line in identity.ris(CITATION).splitlines())
    assert (ris["TI"], ris["PY"], ris["ET"], ris["UR"]) == (title, year, version, "https://example.org/book/")
    assert identity.ris(CITATION).startswith("TY  - COMP\n")
    assert identity.ris(CITATION).endswith("ER  - \n")
    [csl] = json.loads(identity.csl(CITATION))
    assert (csl["title"], csl["version"], csl["issued"]["date-parts"][0][0]) == (title, version, int(year))


def test_codemeta_has_the_terms_of_codemeta() -> None:
    found = json.loads(identity.codemeta(CITATION))
    assert found["@context"] == "https://w3id.org/codemeta/3.0"
    assert (found["name"], found["version"]) == (CITATION["title"], str(CITATION["version"]))
    known = {
        "@context", "@type", "name", "author", "version", "dateModified", "license", "keywords", "programmingLanguage",
        "referencePublication", "url",
    }  # fmt: skip
    assert set(found) <= known
    assert found["license"].startswith("https://spdx.org/licenses/")


def check_crate(crate: dict, files: list[str]) -> None:
    """Check what RO-Crate 1.1 demands: the descriptor, the root data set, flat entities, every reference defined."""
    entities = {e["@id"]: e for e in crate["@graph"]}
    assert len(entities) == len(crate["@graph"])
    descriptor, root = entities["ro-crate-metadata.json"], entities["./"]
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert descriptor["about"] == {"@id": "./"}
    assert {"name", "description", "datePublished", "license"} <= set(root)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", root["datePublished"])
    assert [part["@id"] for part in root["hasPart"]] == files
    for entity in entities.values():
        assert "@type" in entity
        for value in entity.values():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict):
                    assert set(one) == {"@id"}, one
                    assert one["@id"] in entities or one["@id"].startswith("https://w3id.org/"), one


def test_the_crate_is_one() -> None:
    files = ["index.html", "citation.bib", "_downloads/x/ledger.csv"]
    crate = json.loads(identity.ro_crate(CITATION, files))
    check_crate(crate, files)
    del crate["@graph"][1]["license"]
    with pytest.raises(AssertionError):
        check_crate(crate, files)


def test_the_book_has_one_title() -> None:
    for page in ("index.md", "README.md"):
        assert (ROOT / page).read_text(encoding="utf-8").splitlines()[0] == f"# {CITATION['title']}", page


def test_the_books_own_style_sheets_are_joined_after_those_of_the_theme(tmp_path: Path) -> None:
    for name in light.STYLES:
        path = tmp_path / name.replace("*", "x")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f".theme {{ order: {len(name)} }}", encoding="utf-8")
    (tmp_path / "own.css").write_text(".own { color: red } .nowhere { color: blue }", encoding="utf-8")
    joined = light.join_styles(tmp_path, {"theme", "own"}, ["own.css"])
    assert joined.count(".theme{") == len(light.STYLES)
    assert joined.rstrip().endswith(".own{color: red}")
