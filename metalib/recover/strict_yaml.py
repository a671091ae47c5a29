"""Reading YAML strictly: nothing that would silently change or multiply what the file says is let through."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from ..errors import PuzzleError

#: A puzzle is a page or two of text; anything larger is not one.
LARGEST_FILE = 1_000_000
#: Deeper nesting than any puzzle has; PyYAML would run out of stack much later.
DEEPEST = 20


def _printable(text: str) -> bool:
    return text.isprintable() or all(unicodedata.category(c) not in ("Cc", "Cs") or c in "\n\t" for c in text)


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses what would silently change or multiply a puzzle: repeated keys and aliases."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not allowed in a puzzle")
        self.depth += 1
        if self.depth > DEEPEST:
            raise yaml.YAMLError("the puzzle is nested too deeply")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        value = super().construct_scalar(node)
        if isinstance(value, str) and not _printable(value):
            # Escapes such as "\ud800" give text that no file can hold.
            line = node.start_mark.line + 1
            raise yaml.YAMLError(f"line {line}: {value[:80]!r} holds a control character or half a surrogate pair")
        return value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.YAMLError(f"line {key.start_mark.line + 1}: a key must be plain text")
            if key.value in seen:
                raise yaml.YAMLError(f"line {key.start_mark.line + 1}: key {key.value!r} stands there twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load(path: str | Path) -> Any:
    """Return the content of a YAML file as plain Python objects, or raise :class:`PuzzleError`."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise PuzzleError(f"the puzzle cannot be read: {error}", file=path) from None
    if len(data) > LARGEST_FILE:
        raise PuzzleError(f"the puzzle is larger than {LARGEST_FILE:,} bytes", file=path)
    return parse(data, path)


def parse(data: bytes | str, file: object = None) -> Any:
    """Return the content of YAML text as plain Python objects, or raise :class:`PuzzleError`."""
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        return yaml.load(text, Loader=_Loader)
    except UnicodeDecodeError:
        raise PuzzleError("the puzzle is not UTF-8 text", file=file) from None
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        # PyYAML lets plain Python errors through for odd scalars, such as a date in month 13.
        raise PuzzleError(f"the puzzle is not valid YAML: {' '.join(str(error).split())}", file=file) from None
