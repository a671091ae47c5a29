"""YAML read strictly, and values that know their place, so that every complaint names the field and the row."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Sequence
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


class Field:
    """A value of the puzzle together with its place.

    Parameters
    ----------
    value : object
    path : str
        Name of the field, for example ``"results: printed.Q"``.
    file : optional
    row : int, optional
        Which entry of its list it belongs to, from 1.
    """

    def __init__(self, value: Any, path: str, file: object = None, row: int | None = None) -> None:
        self.value, self.path, self.file, self.row = value, path, file, row

    def error(self, problem: str, value: object = None) -> PuzzleError:
        """Return the exception that says what is wrong here."""
        shown = value if value is None or isinstance(value, (str, int, float, bool)) else type(value).__name__
        if isinstance(shown, str) and len(shown) > 80:
            shown = shown[:77] + "..."
        where = f"{self.path}: {problem}" if self.path else problem
        return PuzzleError(where, file=self.file, row=self.row, value=shown)

    def child(self, name: str, value: Any = None) -> Field:
        """Return a value inside this one."""
        joint = "." if ": " in self.path else ": " if self.path else ""
        return Field(value, f"{self.path}{joint}{name}", self.file, self.row)

    def mapping(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Field]:
        """Return the entries of a mapping with known keys; missing and unknown ones are refused."""
        known = (*required, *optional)
        if not isinstance(self.value, dict):
            raise self.error(f"must have the fields {', '.join(known)}", self.value)
        for key in self.value:
            if key not in known:
                raise self.error(f"unknown field; known are {', '.join(known)}", key)
        for key in required:
            if self.value.get(key) is None:
                raise self.error(f"field {key!r} is missing")
        return {key: self.child(key, self.value.get(key)) for key in known}

    def items(self) -> list[tuple[str, Field]]:
        """Return the entries of a mapping with free keys; none where there is no mapping."""
        if self.value is None:
            return []
        if not isinstance(self.value, dict):
            raise self.error("must be a mapping", self.value)
        for key in self.value:
            if not isinstance(key, str):
                raise self.error("the name must be text", key)
        return [(key, self.child(key, value)) for key, value in self.value.items()]

    def rows(self) -> list[Field]:
        """Return the entries of a list as rows; none where there is no list."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            raise self.error("must be a list", self.value)
        return [Field(value, self.path, self.file, i + 1) for i, value in enumerate(self.value)]

    def text(self, default: str | None = None) -> str:
        """Return a text that is not empty."""
        if self.value is None and default is not None:
            return default
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.error("must be text", self.value)
        return self.value.strip()

    @property
    def given(self) -> bool:
        """Whether the puzzle says anything here."""
        return self.value is not None

    def whole(self, low: int, high: int) -> int:
        """Return a whole number within bounds."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.error("must be a whole number", self.value)
        if not low <= self.value <= high:
            raise self.error(f"must lie between {low} and {high}", self.value)
        return self.value

    def one_of(self, allowed: Sequence[str], default: str | None = None) -> str:
        """Return a text out of a known list."""
        if self.value is None and default is not None:
            return default
        if not isinstance(self.value, str) or self.value not in allowed:
            raise self.error(f"is not known; use one of {', '.join(allowed)}", self.value)
        return self.value

    def names(self, known: Sequence[str], what: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return a list of distinct names, each of them known."""
        if self.value is None and default is not None:
            return tuple(default)
        if not isinstance(self.value, list) or not self.value:
            raise self.error("must be a list of names", self.value)
        for name in self.value:
            if not isinstance(name, str) or not name.strip():
                raise self.error("a name must be text", name)
            if name not in known:
                raise self.error(f"unknown {what}", name)
            if self.value.count(name) > 1:
                raise self.error(f"the same {what} stands there twice", name)
        return tuple(self.value)

    def span(self, low: int, high: int) -> tuple[int, int]:
        """Return bounds ``[smallest, largest]``, given as such or as one number."""
        if not isinstance(self.value, list):
            value = self.whole(low, high)
            return value, value
        if len(self.value) != 2:
            raise self.error("must be one number or [smallest, largest]", len(self.value))
        first, last = (self.child(str(i + 1), v).whole(low, high) for i, v in enumerate(self.value))
        if first > last:
            raise self.error(f"the smallest value {first} exceeds the largest {last}")
        return first, last
