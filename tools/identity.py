"""A Sphinx extension: who made the book, which version it is, under which licence, and how to cite it.

All of it comes from CITATION.cff: the title of the book, the line at the foot of every page, the files for reference
managers (BibTeX, RIS, CSL-JSON), ``codemeta.json``, and ``ro-crate-metadata.json``, which describes the built book.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from book_metadata import ADDRESS, read_citation
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.config import Config

DATA_LICENCE = ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/")


def address() -> str:
    """Return the address of the published book, or nothing."""
    return os.environ.get(ADDRESS, "")


def spdx(citation: dict[str, Any]) -> str:
    """Return the address of the licence."""
    return f"https://spdx.org/licenses/{citation['license']}"


def _date(citation: dict[str, Any]) -> tuple[str, str, str]:
    year, month, day = str(citation["date-released"]).split("-")
    return year, month, day


def bibtex(citation: dict[str, Any]) -> str:
    """Return the citation as BibTeX; names of groups stand in braces of their own."""
    year, month, _ = _date(citation)
    fields = {
        "title": f"{{{citation['title']}}}",
        "author": " and ".join(f"{{{a['name']}}}" for a in citation["authors"]),
        "year": year,
        "month": str(int(month)),
        "version": str(citation["version"]),
        "keywords": ", ".join(citation["keywords"]),
        "note": f"Examines doi:{citation['references'][0]['doi']}",
        **({"url": address()} if address() else {}),
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    key = re.sub(r"\W+", "", citation["title"].split()[0].lower())
    return f"@software{{{key}{year},\n{lines}\n}}\n"


def ris(citation: dict[str, Any]) -> str:
    """Return the citation as RIS."""
    year, month, day = _date(citation)
    lines = [
        ("TY", "COMP"),
        ("TI", citation["title"]),
        *(("AU", f"{a['name']},") for a in citation["authors"]),
        ("PY", year),
        ("DA", f"{year}/{month}/{day}/"),
        ("ET", str(citation["version"])),
        *(("KW", word) for word in citation["keywords"]),
        ("N1", f"Licence {citation['license']}. Examines doi:{citation['references'][0]['doi']}"),
        *([("UR", address())] if address() else []),
        ("ER", ""),
    ]
    return "".join(f"{tag}  - {value}\n" for tag, value in lines)


def csl(citation: dict[str, Any]) -> str:
    """Return the citation as CSL-JSON."""
    entry = {
        "id": "book",
        "type": "software",
        "title": citation["title"],
        "author": [{"literal": a["name"]} for a in citation["authors"]],
        "issued": {"date-parts": [[int(part) for part in _date(citation)]]},
        "version": str(citation["version"]),
        "keyword": ", ".join(citation["keywords"]),
        **({"URL": address()} if address() else {}),
    }
    return _json([entry])


def _authors(citation: dict[str, Any]) -> list[dict[str, str]]:
    return [{"@type": "Organization", "name": a["name"]} for a in citation["authors"]]


def _examined(citation: dict[str, Any]) -> dict[str, Any]:
    article = citation["references"][0]
    return {
        "@id": f"https://doi.org/{article['doi']}",
        "@type": "ScholarlyArticle",
        "name": article["title"],
        "author": [
            {"@type": "Person", "givenName": a["given-names"], "familyName": a["family-names"]}
            for a in article["authors"]
        ],
        "datePublished": str(article["year"]),
        "isPartOf": {"@type": "Periodical", "name": article["journal"]},
    }


def codemeta(citation: dict[str, Any]) -> str:
    """Return the metadata of the software as CodeMeta 3.0."""
    return _json(
        {
            "@context": "https://w3id.org/codemeta/3.0",
            "@type": "SoftwareSourceCode",
            "name": citation["title"],
            "author": _authors(citation),
            "version": str(citation["version"]),
            "dateModified": str(citation["date-released"]),
            "license": spdx(citation),
            "keywords": citation["keywords"],
            "programmingLanguage": "Python",
            "referencePublication": _examined(citation),
            **({"url": address()} if address() else {}),
        }
    )


def ro_crate(citation: dict[str, Any], files: list[str]) -> str:
    """Return what RO-Crate 1.1 asks for of a folder that holds these files."""
    authors = [
        {"@id": f"#author-{i}", "@type": "Organization", "name": a["name"]}
        for i, a in enumerate(citation["authors"], 1)
    ]
    article = _examined(citation)
    people = [{"@id": f"#examined-{i}", **person} for i, person in enumerate(article["author"], 1)]
    journal = {"@id": "#journal", **article["isPartOf"]}
    article |= {"author": [{"@id": p["@id"]} for p in people], "isPartOf": {"@id": "#journal"}}
    graph = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": citation["title"],
            "description": f"{citation['title']}: the pages of the book, the tables behind them and their results. "
            "The event counts are recovered from printed statistics; they are not the authors' data.",
            "version": str(citation["version"]),
            "datePublished": str(citation["date-released"]),
            "license": {"@id": spdx(citation)},
            "author": [{"@id": a["@id"]} for a in authors],
            "keywords": ", ".join(citation["keywords"]),
            "isBasedOn": {"@id": article["@id"]},
            "hasPart": [{"@id": file} for file in files],
        },
        *({"@id": file, "@type": "File", "name": Path(file).name, "encodingFormat": _format(file)} for file in files),
        {"@id": spdx(citation), "@type": "CreativeWork", "name": f"{citation['license']} licence"},
        *authors,
        article,
        *people,
        journal,
    ]
    return _json({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph})


def _format(file: str) -> str:
    kinds = {".html": "text/html", ".csv": "text/csv", ".json": "application/json", ".js": "text/javascript"}
    kinds |= {".bib": "application/x-bibtex", ".ris": "application/x-research-info-systems"}
    return kinds[Path(file).suffix]


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


#: Files at the top of the book, and what the foot of a page calls those for reference managers.
FILES: dict[str, Callable[[dict[str, Any]], str]] = {
    "citation.bib": bibtex, "citation.ris": ris, "citation.csl.json": csl, "codemeta.json": codemeta,
}  # fmt: skip
LINKS = {"citation.bib": "BibTeX", "citation.ris": "RIS", "citation.csl.json": "CSL-JSON"}


def name_book(app: Sphinx, config: Config) -> None:
    """Give the book the one title there is."""
    config.project = config.html_title = read_citation(Path(app.srcdir))["title"]


def sign_page(app: Sphinx, soup: BeautifulSoup, path: Path) -> None:
    """Say at the foot of a page which version of what it is."""
    foot = soup.select_one(".bd-footer-content__inner")
    if foot is None:
        return
    citation = read_citation(Path(app.srcdir))
    root = "../" * (len(path.relative_to(app.outdir).parts) - 1)
    cite = ", ".join(f'<a href="{root}{file}" download>{name}</a>' for file, name in LINKS.items())
    name, licence = DATA_LICENCE
    line = (
        f'<p class="identity">{citation["title"]}. Version {citation["version"]}, {citation["date-released"]}. '
        f"{citation['authors'][0]['name']}. "
        f'Code and text: <a href="{spdx(citation)}">{citation["license"]} licence</a>; '
        f'data: <a href="{licence}">{name}</a>. Cite: {cite}. '
        f'<a href="{root}codemeta.json">CodeMeta</a>, <a href="{root}ro-crate-metadata.json">RO-Crate</a>.</p>'
    )
    foot.clear()
    foot.append(BeautifulSoup(line, "html.parser"))


def write_files(app: Sphinx, exception: Exception | None) -> None:
    """Write the files at the top of the book."""
    if exception or app.builder.name != "html":
        return
    out, citation = Path(app.outdir), read_citation(Path(app.srcdir))
    for name, write in FILES.items():
        (out / name).write_text(write(citation), encoding="utf-8")
    found = [*sorted(out.rglob("*.html")), *(out / name for name in FILES)]
    found += [*sorted((out / "_downloads").rglob("*.csv")), *sorted((out / "explorer").glob("*.js"))]
    parts = [p.relative_to(out).as_posix() for p in found if "_static" not in p.relative_to(out).parts]
    (out / "ro-crate-metadata.json").write_text(ro_crate(citation, parts), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("config-inited", name_book)
    app.connect("page-mended", sign_page)
    app.connect("build-finished", write_files, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
