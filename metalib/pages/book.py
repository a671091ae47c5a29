"""What a review calls its arms and counts, and where its book keeps things: ``book.yaml`` beside the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

import yaml

from ..errors import DataError

FILE = "book.yaml"


@dataclass(frozen=True, slots=True)
class Book:
    """Words and places that stand in every chapter of a book.

    Attributes
    ----------
    arms : pair of str
        Names of the experimental and of the control arm.
    counts : str
        What the counts are, one word before "counts" and "events"; may be empty.
    diamond : str
        A sentence on the published result in a forest plot.
    ledger, lines : str
        Pages of the built book with a row for every printed number, and for every line of the data; empty: no links.
    notes : mapping
        A word of ``arms_status`` in ``studies.csv`` -> what is said below counts of studies that have it, in which
        ``{studies}`` stands for their names.
    """

    arms: tuple[str, str] = ("Experimental", "Control")
    counts: str = ""
    diamond: str = "The open diamond is the result as printed."
    ledger: str = ""
    lines: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


def read_book(folder: str | Path) -> Book:
    """Read ``book.yaml`` in the folder of a review; without the file, all words are the general ones.

    Raises
    ------
    DataError
        The file is no YAML, or holds what a :class:`Book` does not have.
    """
    path = Path(folder) / FILE
    if not path.exists():
        return Book()
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"cannot be read: {' '.join(str(error).split())}", file=FILE) from error
    if not isinstance(content, dict):
        raise DataError("there must be names with what they stand for", file=FILE, value=content)
    for name, value in content.items():
        if name not in (known := [f.name for f in fields(Book)]):
            raise DataError(f"there is no such name (there are {', '.join(known)})", file=FILE, value=name)
        if not _suits(name, value):
            raise DataError(f"{name} has another form in a book", file=FILE, value=value)
    if "arms" in content:
        content["arms"] = tuple(content["arms"])
    return Book(**content)


def _suits(name: str, value: object) -> bool:
    """Whether a value is two texts (arms), texts under texts (notes), or one text."""
    if name == "arms":
        return isinstance(value, list) and len(value) == 2 and all(isinstance(arm, str) for arm in value)
    if name == "notes":
        return isinstance(value, dict) and all(isinstance(text, str) for pair in value.items() for text in pair)
    return isinstance(value, str)
