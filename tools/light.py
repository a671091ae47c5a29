"""A Sphinx extension that makes pages light: one script, one style sheet, no icon font, no idle formulas.

The theme brings 28 files a page, among them 540 kB of icons and 300 kB for formulas. After the pages are written, the
scripts that a page uses are joined in their order, the style sheets too, less the rules that no page can use, and the
icons become small drawings in the page.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tinycss2
from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

#: Strokes on a field of 24 by 24, by the name that the theme gives the icon.
ICONS = {
    "angle-left": "M15 5l-7 7 7 7",
    "angle-right": "M9 5l7 7-7 7",
    "arrow-up": "M12 20V4M5 11l7-7 7 7",
    "bars": "M4 6h16M4 12h16M4 18h16",
    "circle-half-stroke": "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18zM12 3v18M14 4v16M16 5v14M18 6.5v11M20 9v6",
    "download": "M12 3v12M7 10l5 5 5-5M4 20h16",
    "file": "M6 3h8l4 4v14H6zM14 3v4h4",
    "file-pdf": "M7 8V3h10v5M7 17H4V9h16v8h-3M7 14h10v7H7z",
    "list": "M9 6h11M9 12h11M9 18h11M4 6h1M4 12h1M4 18h1",
    "magnifying-glass": "M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13zM15.5 15.5L21 21",
    "moon": "M20 14A8.5 8.5 0 0 1 10 4a8.5 8.5 0 1 0 10 10z",
    "sun": "M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1 1M18 18l1 1M5 19l1-1M18 6l1-1",
}
#: What the pages use of the theme and its extensions, in the order in which it must run. The files that the settings of
#: the book name itself (html_js_files, html_css_files) follow.
SCRIPTS = (
    "documentation_options.js", "scripts/sphinx-book-theme.js", "clipboard.min.js", "copybutton.js",
    "scripts/pydata-sphinx-theme.js",
)  # fmt: skip
STYLES = (
    "basic.css", "styles/pydata-sphinx-theme.css", "pygments.css", "styles/sphinx-book-theme.css", "copybutton.css",
    "mystnb.*.css",
)  # fmt: skip
#: Stands in the pages until the style sheet, which depends on all of them, is there.
VERSION = "BOOK-STYLE-VERSION"
#: In folders of the book: nothing refers to it any more.
UNUSED = ("_static/vendor", "_static/locales", "_static/scripts", "_static/styles", "_static/images")
#: Width and height of a drawing of Matplotlib, in points.
_SIZE = re.compile(r'<svg[^>]* width="([\d.]+)pt" height="([\d.]+)pt"')
_WORD = re.compile(r"[\w-]+")
_NAME = re.compile(r"[.#]((?:\\.|[\w-])+)")
_FUNCTION = re.compile(r":[\w-]+\((?:[^()]|\([^()]*\))*\)")


def fingerprint(content: str) -> str:
    """Return a short hash, for an address that changes with its content."""
    return hashlib.sha256(content.encode()).hexdigest()[:10]


def draw_icon(soup: BeautifulSoup, name: str) -> Tag:
    """Return an icon as a drawing of its own."""
    svg = soup.new_tag(
        "svg", attrs={"class": "drawn", "viewBox": "0 0 24 24", "aria-hidden": "true", "focusable": "false"}
    )
    svg.append(soup.new_tag("path", attrs={"d": ICONS[name]}))
    return svg


def replace_icons(soup: BeautifulSoup) -> None:
    """Draw every icon of the font; one that is not known stops the build."""
    for node in soup.select(":is(i, span)[class*=fa-]"):
        names = [c.removeprefix("fa-") for c in node["class"] if c.startswith("fa-") and c not in ("fa-solid", "fa-lg")]
        node["class"] = [c for c in node["class"] if c not in ("fas", "far", "fab") and not c.startswith("fa-")]
        if not node["class"]:
            del node["class"]
        node.append(draw_icon(soup, names[0]))


def replace_files(soup: BeautifulSoup, root: str, script_version: str) -> None:
    """Let a page ask for one script and one style sheet, and for the program that sets formulas only if it has any."""
    for link in soup.head.select("link[rel=stylesheet], link[rel=preload]"):
        link.decompose()
    # Looked for once: a long page is slow to search.
    has_formulas = soup.select_one("article .math") is not None
    all_folded = has_formulas and soup.select_one("article .math:not(details .math)") is None
    for script in soup.find_all("script"):
        kind, source = script.get("type", ""), script.get("src", "")
        mode = "dataset.mode" in script.get_text()
        formulas = has_formulas and ("mathjax/" in source or "window.MathJax" in script.get_text())
        if not (mode or formulas or kind == "application/ld+json" or "/explorer/" in source):
            script.decompose()
        elif "mathjax/" in source and all_folded:
            # All formulas are folded away: their program comes when a reader opens them (menu.js).
            script["type"] = "text/later"
    # What an output brings along is asked for with the page, so that it does not change what is painted already.
    for link in soup.select("body link[rel=stylesheet]"):
        soup.head.append(link.extract())
    soup.head.append(soup.new_tag("link", attrs={"rel": "stylesheet", "href": f"{root}_static/book.css?v={VERSION}"}))
    soup.head.append(soup.new_tag("script", attrs={"defer": "", "src": f"{root}_static/book.js?v={script_version}"}))
    # It offers a field for advertisements that this book does not have.
    for empty in soup.select("#ethical-ad-placement"):
        empty.find_parent(class_="sidebar-primary-items__end").decompose()


def bring_plots(soup: BeautifulSoup, root: str, files: dict[str, str], explorer: str) -> None:
    """Mark the forest plots whose results the explorer holds, and bring the script that lets them live.

    A figure ``fig-KEY-forest`` shows the outcome KEY, also on another page (``-page``); others say theirs themselves
    (``data-outcome``).
    """
    for figure in soup.select("article figure[id]"):
        key = re.fullmatch(r"fig-(\w+)-forest(-page)?", figure["id"])
        if key and f"{key[1]}.js" in files:
            figure["class"] = [*figure.get("class", []), "live-forest"]
            figure["data-outcome"] = key[1]
    figures = soup.select("figure.live-forest[data-outcome]")
    for figure in figures:
        name = f"{figure['data-outcome'].lower()}.js"
        figure["data-file"] = f"{name}?{files[name]}"
        figure["data-explorer"] = root + explorer
    if figures:
        soup.head.append(
            soup.new_tag("script", attrs={"defer": "", "src": f"{root}explorer/plot.js?{files['plot.js']}"})
        )


def size_pictures(soup: BeautifulSoup, page: Path) -> None:
    """Say how large a drawing is, so that its place is kept until it has come."""
    for image in soup.select("article img[src$='.svg']"):
        path = page.parent / image["src"]
        size = _SIZE.search(path.read_text(encoding="utf-8")) if path.exists() else None
        if size and not image.has_attr("width"):
            image["width"], image["height"] = (str(round(float(points) / 0.75)) for points in size.groups())


def used(selector: str, words: set[str]) -> bool:
    """Return whether every class and id of a selector occurs on some page or in some script."""
    return all(re.sub(r"\\(.)", r"\1", name) in words for name in _NAME.findall(_FUNCTION.sub("", selector)))


def prune(rules: Iterable[Any], words: set[str]) -> str:
    """Return the rules that can match, as text."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [s.strip() for s in _split(tinycss2.serialize(rule.prelude))]
            chosen = [s for s in selectors if used(s, words)]
            if chosen:
                kept.append(f"{','.join(chosen)}{{{tinycss2.serialize(rule.content).strip()}}}")
        elif (
            rule.type == "at-rule"
            and rule.lower_at_keyword in ("media", "supports", "layer")
            and rule.content is not None
        ):
            inside = prune(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True), words)
            if inside:
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inside}}}")
        elif rule.type == "at-rule" and not (rule.lower_at_keyword == "font-face" and "Awesome" in rule.serialize()):
            kept.append(rule.serialize())
    return "\n".join(kept)


def _split(selectors: str) -> list[str]:
    """Split a list of selectors at its own commas, not at those inside brackets."""
    parts, depth, start = [], 0, 0
    for i, letter in enumerate(selectors):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append(selectors[start:i])
            start = i + 1
    return [*parts, selectors[start:]]


def join_scripts(static: Path, own: Iterable[str] = ()) -> str:
    """Return the scripts of every page as one, without the addresses of their sources."""
    parts = [(static / name).read_text(encoding="utf-8") for name in (*SCRIPTS, *own)]
    joined = "\n;\n".join(re.sub(r"^//# sourceMappingURL=.*$", "", part, flags=re.M) for part in parts)
    return joined.replace("ENABLE_SEARCH_SHORTCUTS: true,", "ENABLE_SEARCH_SHORTCUTS: true, search_as_you_type: false,")


def join_styles(static: Path, words: set[str], own: Iterable[str] = ()) -> str:
    """Return the style sheets of every page as one, less what no page uses."""
    found = {name: sorted(static.glob(name)) for name in (*STYLES, *own)}
    if missing := [name for name, paths in found.items() if not paths]:
        raise ExtensionError(f"the theme has no {', '.join(missing)} any more")
    paths = [path for name in found for path in found[name]]
    parts = [prune(tinycss2.parse_stylesheet(path.read_text(encoding="utf-8"), True, True), words) for path in paths]
    return "\n".join(parts) + "\n"


def own_files(app: Sphinx, named: Iterable[Any]) -> list[str]:
    """Return the files that the settings of the book name, less those of others on the list."""
    names = [entry if isinstance(entry, str) else entry[0] for entry in named]
    return [name for name in names if (Path(app.srcdir) / "book" / "_static" / name).exists()]


def pages_of(folder: Path) -> list[Path]:
    """Return the pages of the book."""
    return [path for path in sorted(folder.rglob("*.html")) if "_static" not in path.relative_to(folder).parts]


def start(app: Sphinx, exception: Exception | None) -> None:
    """Join the scripts, and note what the pages need to know of the files beside them."""
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    script = join_scripts(out / "_static", own_files(app, app.config.html_js_files))
    (out / "_static" / "book.js").write_text(script, encoding="utf-8")
    own = {path.name: fingerprint(path.read_text(encoding="utf-8")) for path in sorted((out / "explorer").glob("*.js"))}
    explorer = next((p for p in pages_of(out) if 'class="explorer"' in p.read_text(encoding="utf-8")), None)
    app.env.light = {  # type: ignore[attr-defined]
        "script": fingerprint(script), "files": own,
        "explorer": explorer.relative_to(out).as_posix() if explorer else "",
    }  # fmt: skip


def lighten(app: Sphinx, soup: BeautifulSoup, path: Path) -> None:
    """Make one page light."""
    if app.builder.name != "html":
        return
    found = app.env.light  # type: ignore[attr-defined]
    root = "../" * (len(path.relative_to(app.outdir).parts) - 1)
    replace_icons(soup)
    replace_files(soup, root, found["script"])
    bring_plots(soup, root, found["files"], found["explorer"])
    size_pictures(soup, path)


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Write the style sheet, name its version in the pages, and drop the files that no page asks for."""
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    pages = {path: path.read_text(encoding="utf-8") for path in pages_of(out)}
    own = [path for path in (out / "explorer").glob("*.js") if path.stat().st_size < 60_000]
    texts = [
        *pages.values(),
        (static / "book.js").read_text(encoding="utf-8"),
        *(p.read_text(encoding="utf-8") for p in own),
    ]
    words = {word for text in texts for word in _WORD.findall(text)}
    style = join_styles(static, words, own_files(app, app.config.html_css_files))
    (static / "book.css").write_text(style, encoding="utf-8")
    link = f'<link href="_static/book.css?v={VERSION}" rel="stylesheet"/>'
    for path, text in pages.items():
        if path == out / "index.html":
            # Most readers come here first: nothing stands between the page and its first paint.
            if link not in text:
                raise ExtensionError("the first page has no link to the style sheet")
            text = text.replace(link, f"<style>{style}</style>")
        path.write_text(text.replace(VERSION, fingerprint(style)), encoding="utf-8")
    for folder in UNUSED:
        shutil.rmtree(out / folder, ignore_errors=True)
    kept = {"book.js", "book.css", "favicon.svg", "page.png", "search.js", "search-index.js"}
    for path in static.iterdir():
        if path.is_file() and path.name not in kept and not any(path.name in text for text in texts[: len(pages)]):
            os.remove(path)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension, around the one that mends pages."""
    app.connect("build-finished", start, priority=400)
    app.connect("page-mended", lighten)
    app.connect("build-finished", finish, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
