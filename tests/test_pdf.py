"""What is printed is the book: nothing folded stays hidden, every link leads somewhere, the contents are complete."""

from __future__ import annotations

from pathlib import Path

import pdf
import pytest

CITATION = {
    "title": "A <book>", "version": "1.0", "date-released": "2026-01-01", "authors": [{"name": "Somebody"}],
    "references": [
        {"title": "T", "journal": "J", "year": 2025, "volume": 1, "start": 2, "end": 3, "doi": "10.1/x"}
    ],
}  # fmt: skip
PAGE = """
<html><body><nav>menu</nav><article class="bd-article"><h1>Front<a class="headerlink" href="#f">#</a></h1>
<p><a href="notebooks/one.html">first</a> <a href="audit.html#p001">row</a> <a href="https://doi.org/10.1/x">doi</a>
<a href="nowhere.html">lost</a></p>
<span id="document-notebooks/one"></span><section id="one"><h2><span class="section-number">1. </span>One</h2>
<div class="cell tag_hide-input"><div class="cell_input"><details class="hide"><pre>code = 1</pre></details></div>
<div class="cell_output"><p>shown</p></div></div>
<div class="cell"><div class="cell_input"><pre>visible = 2</pre></div></div>
<details class="steps"><summary>steps</summary><p>inside</p></details>
<form>search</form><table id="t"><tr id="p001"><td>x</td></tr></table></section>
<span id="document-book/two"></span><section id="two"><h2><span class="section-number">2. </span>Two</h2></section>
</article></body></html>
"""


def test_the_page_is_made_for_paper() -> None:
    soup, chapters = pdf.paper(PAGE, CITATION)
    assert chapters == [("1", "One", "document-notebooks/one"), ("2", "Two", "document-book/two")]
    text = soup.body.get_text()
    for gone in ("menu", "search", "code = 1", "#"):
        assert gone not in text
    for kept in ("visible = 2", "shown", "inside", "A <book>", "doi:10.1/x"):
        assert kept in text
    assert soup.select_one("details.steps").has_attr("open")
    assert [a.get_text() for a in soup.select(".contents a")] == ["1One", "2Two"]
    # Nothing stands between two chapters: it would open a page of its own after one on wide paper.
    assert [mark.parent["class"] for mark in soup.select("[id^=document-]")] == [["chapter"], ["chapter"]]


def test_links_stay_inside_or_lead_to_the_web() -> None:
    soup, _ = pdf.paper(PAGE, CITATION)
    links = {a.get_text(): a["href"] for a in soup.select("article a")}
    assert links == {"first": "#document-notebooks/one", "row": "#p001", "doi": "https://doi.org/10.1/x"}
    assert "lost" in soup.get_text()


def test_short_tables_are_not_cut() -> None:
    rows = "".join(f"<tr><td>{i}</td></tr>" for i in range(pdf.SHORT + 1))
    soup, _ = pdf.paper(PAGE.replace("<form>", f"<table id='long'>{rows}</table><form>"), CITATION)
    assert "short" in soup.select_one("#t")["class"]
    assert "short" not in soup.select_one("#long").get("class", [])


def test_without_an_article_or_chromium_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pdf.PdfError, match="no article"):
        pdf.paper("<html></html>", CITATION)
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    with pytest.raises(pdf.PdfError, match="apt-get install chromium"):
        pdf.find_chromium()


def test_a_page_to_mend_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "index.html").write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(pdf, "find_chromium", lambda: "chromium")
    monkeypatch.setattr(pdf, "print_page", lambda chromium, page, out: None)
    monkeypatch.setattr(pdf, "pages_of", lambda out, anchors: dict.fromkeys(anchors, 3))
    monkeypatch.setattr(pdf, "look_at_pages", lambda out, headings: ["page 7 is almost empty"])
    assert pdf.main([str(tmp_path), str(tmp_path / "out.pdf")]) == 2
    assert "page 7 is almost empty" in capsys.readouterr().err
