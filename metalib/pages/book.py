"""What a review calls its arms and counts, and where its book keeps things: ``book.yaml`` beside the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from ..errors import DataError

FILE = "book.yaml"


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
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
        # YAML has lists where Python has a pair.
        return TypeAdapter(Book).validate_python(content, strict=False)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"cannot be read: {' '.join(str(error).split())}", file=FILE) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise DataError(f"{place or 'the file'}: {first['msg'].lower()}", file=FILE, value=first["input"]) from error
