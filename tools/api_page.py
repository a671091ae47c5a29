"""Sphinx extension: the API pages name every public name of metalib, read from the package, so that none goes stale.

A page holds a line ``% public names of: ROOM ...``; here the names take its place. What a room lists in ``__all__`` is
public, and its modules are not unless they stand there; in a room without such a list, every name of every module is
that has no leading underscore. A function that the package itself offers is described there, and only there.
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from inspect import ismodule
from pkgutil import iter_modules, resolve_name

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext.napoleon import Config, NumpyDocstring

import metalib

PLACE = re.compile(r"^% public names of: (.+)$", re.MULTILINE)
PAGES = "book/api"
#: A constant has its description where it is set.
OFFERED = [name for name in metalib.__all__ if callable(getattr(metalib, name))]
REFERENCE, FOOTNOTE = re.compile(r"\[(\d+)\]_"), re.compile(r"^\.\. \[(\d+)\] ")
#: Types are told in words, with shapes and units, and none of them is a link.
SECTIONS = Config(
    napoleon_use_param=False, napoleon_use_rtype=False, napoleon_custom_sections=[("Attributes", "params_style")]
)


def modules(rooms: str) -> list[str]:
    """Return the modules described for these rooms, each room before what stands in it."""
    found = []
    for room in rooms.split():
        package = import_module(room)
        found.append(room)
        if hasattr(package, "__path__"):
            inside = [module.name for module in iter_modules(package.__path__)]
            if hasattr(package, "__all__"):
                # A module in the list is public with all its names.
                inside = [name for name in inside if name in package.__all__ and ismodule(getattr(package, name))]
            found += [f"{room}.{name}" for name in inside]
    return found


def described(module: str) -> str:
    """Return the Markdown that describes a module."""
    depth = max(2, module.count(".") + 1)
    elsewhere = [] if module == "metalib" else [n for n in OFFERED if hasattr(import_module(module), n)]
    lines = [f"{'#' * depth} {module}", "", "```{eval-rst}", f".. automodule:: {module}", "   :members:"]
    if elsewhere:
        lines.append(f"   :exclude-members: {', '.join(elsewhere)}")
    return "\n".join([*lines, "```", ""])


def write_page(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the descriptions into a page."""
    if page.startswith(PAGES):
        source[0] = PLACE.sub(lambda place: "\n".join(map(described, modules(place[1]))), source[0])


def read_docstring(
    app: Sphinx, what: str, name: str, value: object, options: dict[str, object], lines: list[str]
) -> None:
    """Make a docstring in numpydoc form reStructuredText."""
    # Many docstrings stand on one page, where only one footnote could be called 1: they become lists of sources.
    plain = (FOOTNOTE.sub(r"*  [\1] ", REFERENCE.sub(r"[\1]", line)) for line in lines)
    # As an "object": in the summary of a property napoleon would take all before a colon for a type.
    lines[:] = NumpyDocstring(list(plain), SECTIONS, app, "object", name, value, options).lines()


def exists(name: str, module: str, owner: str) -> bool:
    """Whether there is something of this name: with its module, or in any of metalib's, or a field of the class."""
    # What a type alias stands for is named in full, and may belong to Python itself.
    if name.startswith(("metalib.", "collections.abc.")):
        try:
            resolve_name(name)
        except (AttributeError, ImportError):
            return False
        return True
    first = name.partition(".")[0]
    # A field without a default is no attribute of its class.
    fields = getattr(getattr(import_module(module), owner, None), "__dataclass_fields__", {})
    loaded = [value for key, value in sys.modules.items() if key.startswith("metalib.")]
    return first in fields or any(hasattr(value, first) for value in loaded)


def resolve_short_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element
) -> nodes.Element | None:
    """Link a name that a docstring writes without its module, if one described name alone ends so.

    What exists but is not described is shown without a link; what does not exist stays an error of the build.
    """
    if node.get("refdomain") != "py" or not node.get("refdoc", "").startswith(PAGES):
        return None
    domain, target = env.get_domain("py"), node["reftarget"].lstrip(".")
    found = [name for name in domain.objects if name.rpartition(".")[2] == target.rpartition(".")[2]]
    if len(found) == 1:
        return domain.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], found[0], node, content)
    return content if exists(target, node.get("py:module") or "metalib", node.get("py:class") or "") else None


def setup(app: Sphinx) -> dict[str, bool | str]:
    """Register the extension."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", read_docstring)
    app.connect("source-read", write_page)
    app.connect("missing-reference", resolve_short_name)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
