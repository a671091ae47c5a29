"""What the rooms of metalib may import, and what may not stand in them, read from the source without running it.

Every check takes the folder of a package and returns complaints, so that ``test_rooms.py`` can show it made-up trees.
Imports count wherever they stand: in functions and under ``TYPE_CHECKING`` too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

#: From the lowest to the highest. The package's own ``__init__`` names what is public, and stands above all.
ORDER = (
    "errors", "text", "arithmetic", "audit", "importers", "robustness", "recover", "figures", "pages", "__main__",
    "__init__",
)  # fmt: skip
MOST_ENTRIES, MOST_LINES = 11, 320
#: Methods of every named tuple: their underscore keeps them apart from its fields, and makes nothing private.
OF_NAMED_TUPLES = ("_asdict", "_fields", "_make", "_replace")
#: Calls that import what no reader of the source sees.
HIDDEN = ("import_module", "__import__")


@dataclass(frozen=True)
class Import:
    """That one module of the package imports another, or a name from it (empty for the module itself)."""

    importer: str
    imported: str
    name: str
    alias: str
    line: int


def modules(root: Path) -> dict[str, Path]:
    """Return the modules by dotted name within the package; a package goes by the name of its folder."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return found


def tree(path: Path) -> ast.Module:
    """Return a parsed module."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(root: Path) -> list[Import]:
    """Return every import between modules of the package."""
    known = modules(root)
    return [found for name, path in known.items() for found in _imports_of(name, path, root.name, known)]


def _imports_of(importer: str, path: Path, package: str, known: dict[str, Path]) -> Iterator[Import]:
    inside = importer if path.stem == "__init__" else importer.rpartition(".")[0]
    folder = [part for part in inside.split(".") if part and part != "__init__"]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for item in node.names:
                first, _, rest = item.name.partition(".")
                if first == package:
                    yield Import(importer, rest or "__init__", "", item.asname or item.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = [*folder[: len(folder) - node.level + 1], *(node.module or "").split(".")]
            elif (node.module or "").split(".")[0] == package:
                base = (node.module or "").split(".")[1:]
            else:
                continue
            origin = ".".join(part for part in base if part)
            for item in node.names:
                module = f"{origin}.{item.name}".removeprefix(".")
                name = "" if module in known else item.name
                yield Import(importer, module if module in known else origin or "__init__", name,
                             item.asname or item.name, node.lineno)  # fmt: skip


def room(module: str) -> str:
    """Return the room of a module."""
    return module.partition(".")[0]


def imports_point_downwards(root: Path) -> list[str]:
    """A room imports only rooms below it; only the package's ``__init__`` imports by a name it computes."""
    complaints = [f"{name} has no place in the order of rooms" for name in modules(root) if room(name) not in ORDER]
    complaints += [
        f"{found.importer}:{found.line} imports {found.imported}, which is not below it"
        for found in imports(root)
        if {room(found.importer), room(found.imported)} <= set(ORDER)
        and ORDER.index(room(found.importer)) < ORDER.index(room(found.imported))
    ]
    for name, path in modules(root).items():
        if name != "__init__":
            calls = (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
            complaints += [f"{name}:{call.lineno} hides an import" for call in calls if _called(call) in HIDDEN]
    return complaints


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def there_are_no_circles(root: Path) -> list[str]:
    """No module imports itself by way of others."""
    graph: dict[str, set[str]] = {name: set() for name in modules(root)}
    for found in imports(root):
        graph[found.importer].add(found.imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" <- ".join(error.args[1])]
    return []


def floors(root: Path) -> int:
    """Return how many modules the longest way of imports passes through."""
    graph: dict[str, set[str]] = {name: set() for name in modules(root) if name != "__init__"}
    for found in imports(root):
        if found.importer in graph and found.imported in graph:
            graph[found.importer].add(found.imported)
    height: dict[str, int] = {}
    for name in TopologicalSorter(graph).static_order():
        height[name] = 1 + max((height[lower] for lower in graph[name]), default=0)
    return max(height.values())


def private_names_stay_at_home(root: Path) -> list[str]:
    """No module uses a name with a leading underscore that another one defines, imported or as an attribute."""
    complaints = [
        f"{found.importer}:{found.line} imports the private {found.imported}.{found.name}".rstrip(".")
        for found in imports(root)
        if _private(found.name) or any(_private(part) for part in found.imported.split("."))
    ]
    for name, path in modules(root).items():
        module = tree(path)
        own = set(_names(module))
        complaints += [
            f"{name}:{node.lineno} reads the private attribute {node.attr}"
            for node in ast.walk(module)
            if isinstance(node, ast.Attribute) and _private(node.attr) and node.attr not in own
        ]
    return complaints


def _private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name not in OF_NAMED_TUPLES


def _names(module: ast.Module) -> Iterator[str]:
    """Yield what a module defines: functions, classes, variables, and attributes that its classes set."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def entries(root: Path) -> list[str]:
    """Return the modules and rooms at the top of the package."""
    return sorted(path.stem for path in root.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists())


def the_top_is_short(root: Path) -> list[str]:
    """There are at most so many modules and rooms at the top."""
    found = entries(root)
    return [f"{len(found)} entries at the top: {', '.join(found)}"] if len(found) > MOST_ENTRIES else []


def modules_are_short(root: Path) -> list[str]:
    """No module has more lines than one sitting can take in."""
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules(root).items()}
    return [f"{name} has {lines} lines" for name, lines in lengths.items() if lines > MOST_LINES]


def public_names(root: Path) -> set[str]:
    """Return the full names of functions and classes that the package promises, each where it is documented.

    A room with ``__all__`` promises these names, and what a module among them defines; one without, every function and
    class of its modules. What the package itself offers is documented there.
    """
    known, public = modules(root), public_modules(root)
    top = [name for name in _listed(tree(known["__init__"])) or [] if not name.isupper()]
    found = {f"{root.name}.{name}" for name in top}
    for module in public:
        defined = [n.name for n in tree(known[module]).body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
        listed = _listed(tree(known[module]))
        names = [n for n in defined if not _private(n)] if listed is None else listed
        found |= {f"{root.name}.{module}.{n}" for n in names if n not in top and f"{module}.{n}" not in public}
    return found


def public_modules(root: Path) -> list[str]:
    """Return the rooms, and the modules in them that no ``__all__`` of their room hides."""
    known = modules(root)
    listed = {name: _listed(tree(path)) for name, path in known.items()}
    # As `from . import columns` and "columns" in the list; `from .funnel import funnel` offers no module.
    offered = {i.imported for i in imports(root) if not i.name and i.alias in (listed[i.importer] or ())}
    return [
        name
        for name in known
        if name not in ("__init__", "__main__") and ("." not in name or listed[room(name)] is None or name in offered)
    ]


def _listed(module: ast.Module) -> list[str] | None:
    """Return what a module lists in ``__all__``."""
    for node in module.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return list(ast.literal_eval(node.value))
    return None


def words_are_absent(root: Path, words: set[str], *, flags: int = 0) -> list[str]:
    """None of these words stands anywhere in the source: code, text or comment."""
    pattern = _any_of(words, flags)
    return [
        f"{name}:{number} names {match[0]!r}"
        for name, path in modules(root).items()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for match in pattern.finditer(line)
    ]


def strings_are_without(root: Path, words: set[str]) -> list[str]:
    """None of these words stands in a string that is no docstring."""
    pattern, complaints = _any_of(words, 0), []
    for name, path in modules(root).items():
        module = tree(path)
        # A string alone on its line is read by nobody but people.
        said = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
        complaints += [
            f"{name}:{node.lineno} says {match[0]!r}"
            for node in ast.walk(module)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
            for match in pattern.finditer(node.value)
        ]
    return complaints


def _any_of(words: set[str], flags: int) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(words))) + r")(?!\w)", flags)
