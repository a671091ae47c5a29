"""Sphinx extension: what search engines, link previews and reference managers read in the head of a page.

Every page gets a description and Open Graph tags; the first page also gets schema.org JSON-LD of the report and of its
data set, and Highwire tags. All of it comes from CITATION.cff, data/datapackage.json and the page itself.
"""

from __future__ import annotations

import html
import json
import os
import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.application import Sphinx

#: Address at which the book is published, with a final slash; link previews need absolute addresses.
ADDRESS = "BOOK_ADDRESS"
#: Named in html_extra_path, so that it stands beside the first page.
PICTURE = "fig-six-results.png"
LENGTH = 200


def read_citation(root: Path) -> dict:
    """Return CITATION.cff."""
    return yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))


def linked_data(root: Path, address: str) -> list[dict]:
    """Return the report and its data set as schema.org objects."""
    citation = read_citation(root)
    package = json.loads((root / "data" / "datapackage.json").read_text(encoding="utf-8"))
    authors = [{"@type": "Organization", "name": a["name"]} for a in citation["authors"]]
    examined = citation["references"][0]
    article = {
        "@type": "ScholarlyArticle",
        "name": examined["title"],
        "author": [{"@type": "Person", "name": f"{a['given-names']} {a['family-names']}"} for a in examined["authors"]],
        "datePublished": str(examined["year"]),
        "isPartOf": {"@type": "Periodical", "name": examined["journal"]},
        "sameAs": f"https://doi.org/{examined['doi']}",
    }
    data = {
        "@type": "Dataset",
        "name": package["title"],
        "description": package["description"],
        "version": package["version"],
        "keywords": package["keywords"],
        "license": package["licenses"][0]["path"],
        "creator": authors,
        "isBasedOn": [source["path"] for source in package["sources"]],
        "variableMeasured": ["events", "patients", "odds ratio", "confidence interval", "P value", "I2"],
        "isAccessibleForFree": True,
    }
    report = {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "headline": citation["title"],
        "author": authors,
        "datePublished": str(citation["date-released"]),
        "version": str(citation["version"]),
        "keywords": citation["keywords"],
        "license": package["licenses"][0]["path"],
        "isBasedOn": article,
        "about": article,
        "inLanguage": "en",
    }
    if address:
        report["url"] = data["url"] = address
        report["image"] = address + PICTURE
    return [report, {"@context": "https://schema.org", **data}]


def description(doctree: nodes.document | None, fallback: str) -> str:
    """Return the first words of the text of a page, up to a whole word."""
    for paragraph in doctree.findall(nodes.paragraph) if doctree is not None else ():
        if isinstance(paragraph.parent, nodes.section):
            words = re.sub(r"\s+", " ", paragraph.astext()).strip()
            if len(words) > 60:
                return words if len(words) <= LENGTH else words[: words.rfind(" ", 0, LENGTH)] + " …"
    return fallback


def picture_size(root: Path) -> tuple[int, int]:
    """Return width and height of the picture, from the header of the PNG."""
    header = (root / "notebooks" / "figures" / PICTURE).read_bytes()[16:24]
    return int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")


def tag(name: str, content: str) -> str:
    """Return one meta element; Open Graph names its property, others their name."""
    kind = "property" if name.startswith(("og:", "article:")) else "name"
    return f'<meta {kind}="{name}" content="{html.escape(content)}" />'


def add_metadata(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Add the tags of one page to its head."""
    if app.builder.format != "html" or doctree is None:
        return
    root, address = Path(app.srcdir), os.environ.get(ADDRESS, "")
    citation = read_citation(root)
    shown = re.sub("<[^>]+>", "", context.get("title", "")) or citation["title"]
    words = description(doctree, citation["title"])
    width, height = picture_size(root)
    first = page == app.config.root_doc
    tags = [
        tag("description", words),
        tag("og:title", shown),
        tag("og:description", words),
        tag("og:type", "website" if first else "article"),
        tag("og:site_name", citation["title"]),
        tag("og:image", address + PICTURE if address else context["pathto"](PICTURE, 1)),
        tag("og:image:width", str(width)),
        tag("og:image:height", str(height)),
        tag("og:image:alt", "The six outcomes of the meta-analysis, as printed and recomputed under three models"),
        tag("twitter:card", "summary_large_image"),
    ]
    if address:
        tags.append(tag("og:url", f"{address}{page}.html"))
    if first:
        tags += [
            tag("citation_title", citation["title"]),
            tag("citation_publication_date", str(citation["date-released"])),
        ]
        tags += [tag("citation_author", author["name"]) for author in citation["authors"]]
        # "</" would end the script element wherever it stands.
        text = json.dumps(linked_data(root, address), ensure_ascii=False, indent=1).replace("</", "<\\/")
        tags.append(f'<script type="application/ld+json">\n{text}\n</script>')
    context["metatags"] = context.get("metatags", "") + "\n" + "\n".join(tags)


def setup(app: Sphinx) -> dict:
    """Register the extension."""
    app.connect("html-page-context", add_metadata)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
