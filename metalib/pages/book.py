"""What a review calls its arms and counts, and where its book keeps things: ``book.yaml`` beside the data."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

import yaml

from ..audit.review import Review
from ..errors import DataError

FILE = "book.yaml"
#: Follows the name of a study that the book has a note on.
NOTED = "†"


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
    chapters : mapping
        Outcome -> page of its chapter in the built book.
    ledger, lines : str
        Pages of the built book with a row for every printed number, and for every line of the data; empty: no links.
    notes : mapping
        A word of ``arms_status`` in ``studies.csv`` -> what is said wherever studies that have it are named, in which
        ``{studies}`` stands for their names. Such studies are marked with :data:`NOTED`.
    """

    arms: tuple[str, str] = ("Experimental", "Control")
    counts: str = ""
    diamond: str = "The open diamond is the result as printed."
    chapters: Mapping[str, str] = field(default_factory=dict)
    ledger: str = ""
    lines: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)

    def names(self, review: Review) -> dict[str, str]:
        """Return the name to show of each study of a review, marked where there is a note on it."""
        noted = {study for _, studies in self._noted(review) for study in studies}
        return {study: f"{name} {NOTED}" if study in noted else name for study, name in review.labels().items()}

    def note(self, review: Review, studies: Collection[str]) -> str:
        """Return the notes on these studies, empty if there are none."""
        found = []
        for sentence, noted in self._noted(review):
            if not noted.keys().isdisjoint(studies):
                found.append(f"{NOTED} {sentence.replace('{studies}', ' and which that of '.join(noted.values()))}")
        return " ".join(found)

    def _noted(self, review: Review) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield each note with the names of all studies that it is on."""
        for word, sentence in self.notes.items():
            rows = review.studies[review.studies["arms_status"].str.contains(word, regex=False)]
            yield sentence, dict(zip(rows["study"], rows["label"], strict=True))


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
    """Whether a value is two texts (arms), texts under texts (notes, chapters), or one text."""
    if name == "arms":
        return isinstance(value, list) and len(value) == 2 and all(isinstance(arm, str) for arm in value)
    if name in ("notes", "chapters"):
        return isinstance(value, dict) and all(isinstance(text, str) for pair in value.items() for text in pair)
    return isinstance(value, str)
