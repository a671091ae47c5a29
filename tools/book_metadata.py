"""Sphinx extension: what search engines, link previews and reference managers read in the head of a page.

The first page gets schema.org JSON-LD of the report and of its data set, and Highwire tags, from CITATION.cff and
data/datapackage.json. When the book is published, sphinxext-opengraph gives every page a description and a preview.
"""

from __future__ import annotations

import html
import json
import os
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

#: Address at which the book is published, with a final slash; link previews need absolute addresses.
ADDRESS = "BOOK_ADDRESS"
#: Named in html_extra_path, so that it stands beside the first page.
PICTURE = "fig-six-results.png"


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


def picture_size(root: Path) -> tuple[int, int]:
    """Return width and height of the picture, from the header of the PNG."""
    header = (root / "notebooks" / "figures" / PICTURE).read_bytes()[16:24]
    return int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")


def set_previews(app: Sphinx, config: Config) -> None:
    """Tell sphinxext-opengraph what it cannot know."""
    width, height = picture_size(Path(app.srcdir))
    config.ogp_site_name = read_citation(Path(app.srcdir))["title"]
    config.ogp_site_url = os.environ[ADDRESS]
    config.ogp_type = "article"
    config.ogp_image = PICTURE
    config.ogp_image_alt = "The six outcomes of the meta-analysis, as printed and recomputed under three models"
    config.ogp_social_cards = {"enable": False}
    config.ogp_custom_meta_tags = (
        f'<meta property="og:image:width" content="{width}" />',
        f'<meta property="og:image:height" content="{height}" />',
        '<meta name="twitter:card" content="summary_large_image" />',
    )


def describe_report(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Add to the first page what reference managers and search engines read."""
    if app.builder.format != "html" or page != app.config.root_doc:
        return
    root = Path(app.srcdir)
    citation = read_citation(root)
    cited = [("title", citation["title"]), ("publication_date", str(citation["date-released"]))]
    cited += [("author", author["name"]) for author in citation["authors"]]
    tags = [f'<meta name="citation_{name}" content="{html.escape(content)}" />' for name, content in cited]
    # "</" would end the script element wherever it stands.
    text = json.dumps(linked_data(root, os.environ.get(ADDRESS, "")), ensure_ascii=False, indent=1).replace(
        "</", "<\\/"
    )
    tags.append(f'<script type="application/ld+json">\n{text}\n</script>')
    context["metatags"] = context.get("metatags", "") + "\n" + "\n".join(tags)


def setup(app: Sphinx) -> dict:
    """Register the extension; without an address there is nothing that a preview could link to."""
    app.connect("html-page-context", describe_report)
    if os.environ.get(ADDRESS):
        app.setup_extension("sphinxext.opengraph")
        app.connect("config-inited", set_previews)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
