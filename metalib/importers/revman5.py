"""Files of Review Manager 5 (``.rm5``): one XML document with studies, data, risk of bias and text.

An element is *taken* when its content stands in the result; every other element with content is listed, so that nothing
is lost unseen. The results that RevMan computed and stored beside the data are among those: they are computed anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET
from xml.parsers import expat

from ..arithmetic.options import METHODS
from ..errors import DataError
from .collected import MEASURES, Imported, Row, at, clean, collect, judged, measure_of

#: Attribute under which each element carries the line it began in.
LINE = "line in the file"
#: Attributes that say nothing about the review.
BOOKKEEPING = frozenset(
    {LINE, "ID", "NO", "MODIFIED", "MODIFIED_BY", "ORDER", "SORT_BY", "SCALE", "LEVEL", "CORE_ITEM"}
)
NUMBERS = {
    "DICH": {"events_t": "EVENTS_1", "n_t": "TOTAL_1", "events_c": "EVENTS_2", "n_c": "TOTAL_2"},
    "CONT": {
        "mean_t": "MEAN_1", "sd_t": "SD_1", "n_t": "TOTAL_1", "mean_c": "MEAN_2", "sd_c": "SD_2", "n_c": "TOTAL_2",
    },
    "IV": {"effect": "ESTIMATE", "se": "SE"},
    "IPD": {"o_e": "O_E", "variance": "VAR"},
}  # fmt: skip
INTERVAL = {"estimate": "EFFECT_SIZE", "ci_low": "CI_START", "ci_high": "CI_END"}
#: Elements of text: those that stand apart, and those that a section consists of.
BLOCKS = ("P", "LI", "TD", "TH", "BR", "HEADING", "TITLE")
PARAGRAPHS = ("P", "OL", "UL", "TABLE", "HEADING")


def read_rm5(content: bytes, file: str) -> Imported:
    """Read a file of Review Manager 5.

    Parameters
    ----------
    content : bytes
    file : str
        Named in error messages.

    Returns
    -------
    Imported
        Outcomes with their effect measure, method and model; dichotomous and continuous data, generic inverse variance
        and O - E with its variance as effects; subgroups; included studies with year and characteristics, and the names
        of the arms where all outcomes have the same; risk of bias; title, and the methods as text.

    Raises
    ------
    DataError
        The file is torn, no .rm5, of another version of RevMan or another type of review, declares entities, or holds
        data that cannot be pooled; with the line.
    """
    root = parse(content, file)
    version = root.get("REVMAN_VERSION", "")
    if root.tag != "COCHRANE_REVIEW" or version.partition(".")[0] != "5":
        value = f"{root.tag}, version {version or 'unknown'}"
        raise DataError("this is no file of Review Manager 5", file=at(file, _line(root)), value=value)
    if root.get("TYPE", "INTERVENTION") != "INTERVENTION":
        raise DataError("only reviews of interventions are read", file=at(file, _line(root)), value=root.get("TYPE"))
    return _Reader(root, file).read()


def parse(content: bytes, file: str) -> ET.Element:
    """Return the root of an XML document whose elements know their line.

    A document type is refused: only it can declare entities, which can be made to grow without end or to read files.
    """
    parser, builder = expat.ParserCreate(), ET.TreeBuilder()

    def start(tag: str, attributes: dict[str, str]) -> None:
        builder.start(tag, {**attributes, LINE: str(parser.CurrentLineNumber)})

    def doctype(*_: object) -> None:
        raise DataError("a document type is not read", file=at(file, parser.CurrentLineNumber))

    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, builder.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = builder.data, doctype
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise DataError(f"the XML is torn ({expat.ErrorString(error.code)})", file=at(file, error.lineno)) from error
    except LookupError as error:
        raise DataError(f"the XML cannot be read ({error})", file=at(file, 1)) from error
    return builder.close()


def text_of(element: ET.Element) -> str:
    """Return the text of an element in one line, without what tracked changes took out."""
    return clean("".join(_texts(element)))


def _texts(element: ET.Element) -> Iterator[str]:
    if element.tag not in ("DEL", "MARKER"):
        yield element.text or ""
        for child in element:
            yield from _texts(child)
            yield f"{' ' if child.tag in BLOCKS else ''}{child.tail or ''}"


def _paragraphs(section: ET.Element) -> Iterator[str]:
    """Yield the text of a section and those within it, each under its name."""
    found = [text for part in section if part.tag in PARAGRAPHS and (text := text_of(part))]
    if found:
        yield f"## {section.tag.replace('_', ' ').capitalize()}"
        yield from found
    for part in section:
        if part.tag not in PARAGRAPHS:
            yield from _paragraphs(part)


def _line(element: ET.Element) -> int:
    return int(element.get(LINE, "0"))


class _Reader:
    def __init__(self, root: ET.Element, file: str) -> None:
        self.root, self.file = root, file
        self.taken: set[ET.Element] = {root}
        self.changed: list[str] = []
        #: Name of each included study, and what is known of it, by its ID.
        self.names: dict[str, str] = {}
        self.about: dict[str, dict[str, str]] = {}

    def read(self) -> Imported:
        self.read_studies()
        outcomes: list[dict[str, str]] = []
        rows: list[Row] = []
        arms = set()
        comparisons = self.open("ANALYSES_AND_DATA/COMPARISON")
        for comparison in comparisons:
            about = self.take("NAME", comparison) if comparison.find("NAME") is not None else ""
            for outcome in comparison:
                kind = outcome.tag.removesuffix("_OUTCOME")
                if kind in NUMBERS and outcome.tag != kind:
                    place = f"{comparison.get('NO', '')}.{outcome.get('NO', '')}"
                    label = self.take("NAME", outcome) or place
                    outcomes.append({
                        "outcome": f"{place} {_line(outcome)}",
                        "label": f"{about}: {label}" if len(comparisons) > 1 and about else label,
                        **self.choices(kind, outcome), "source": f"{self.file}, {place}",
                    })  # fmt: skip
                    rows += self.rows(kind, outcome, outcomes[-1])
                    arms.add(tuple(text_of(e) for e in outcome if e.tag.startswith("GROUP_LABEL")))
        arms.discard(())
        if len(arms) == 1 and all(labels := arms.pop()) and len(labels) == 2:
            self.taken.update(e for e in self.root.iter() if e.tag.startswith("GROUP_LABEL"))
            for cells in self.about.values():
                cells |= {"experimental": labels[0], "control": labels[1]}
        judgements = list(self.judgements())
        methods = [line for section in self.open("MAIN_TEXT/BODY/METHODS") for line in _paragraphs(section)]
        self.taken.update(*(section.iter() for section in self.open("MAIN_TEXT/BODY/METHODS")))
        texts = {"title": self.take("COVER_SHEET/TITLE"), "methods": "\n\n".join(methods)}
        left = [*self.left(), f"the results that RevMan stored for {len(outcomes)} outcomes: they are computed anew"]
        return collect(
            "Review Manager 5", self.file, outcomes, rows, self.about, left, self.changed, judgements=judgements,
            texts={name: text for name, text in texts.items() if text},
        )  # fmt: skip

    def open(self, path: str) -> list[ET.Element]:
        """Return the elements at a path, and mark them and those above, but not what is in them, as taken."""
        parts = path.split("/")
        for n in range(len(parts)):
            self.taken.update(self.root.findall("/".join(parts[: n + 1])))
        return self.root.findall(path)

    def take(self, path: str, within: ET.Element | None = None) -> str:
        """Return the text of an element, and mark it with all in it as taken."""
        element = next(iter(self.open(path)), None) if within is None else within.find(path)
        self.taken.update(() if element is None else element.iter())
        return "" if element is None else text_of(element)

    def error(self, problem: str, element: ET.Element, value: object = None) -> DataError:
        """Return an error that names the line and the study of an element."""
        study = self.names.get(element.get("STUDY_ID", ""))
        return DataError(problem, file=at(self.file, _line(element)), study=study, value=value)

    def read_studies(self) -> None:
        """Find the included studies and their characteristics."""
        for element in self.open("STUDIES_AND_REFERENCES/STUDIES/INCLUDED_STUDIES/STUDY"):
            name = clean(element.get("NAME"))
            if not name or name in self.about or element.get("ID", "") in self.names:
                raise self.error("a study without a name, or with that of another", element, name)
            self.names[element.get("ID", "")] = name
            self.about[name] = {"year": clean(element.get("YEAR")).rstrip(".")}
        path = "CHARACTERISTICS_OF_STUDIES/CHARACTERISTICS_OF_INCLUDED_STUDIES/INCLUDED_CHAR"
        for element in self.open(path):
            for part in element if element.get("STUDY_ID") in self.names else ():
                if text := part.tag.startswith("CHAR_") and self.take(part.tag, element):
                    self.about[self.names[element.get("STUDY_ID", "")]][part.tag[5:].lower()] = text

    def choices(self, kind: str, outcome: ET.Element) -> dict[str, str]:
        """Return measure, method and model of an outcome."""
        named = outcome.get("EFFECT_MEASURE") or self.take("EFFECT_MEASURE", outcome)
        if kind in ("DICH", "CONT") and named.casefold() not in MEASURES:
            raise self.error("the effect measure is not known", outcome, named)
        logs = kind == "IPD" or outcome.get("LOG_DATA", "YES") == "YES"
        method = outcome.get("METHOD", "IV").replace("PETO", "Peto") if kind == "DICH" else "IV"
        if method not in METHODS:
            raise self.error("the method is not known", outcome, method)
        fixed = outcome.get("RANDOM") != "YES" or method == "Peto" or kind == "IPD"
        measure = measure_of(named, logs, at(self.file, _line(outcome)), self.changed)
        return {"measure": measure, "method": method, "model_printed": "fixed" if fixed else "random"}

    def rows(self, kind: str, outcome: ET.Element, chosen: dict[str, str]) -> Iterator[Row]:
        """Yield the rows of an outcome, those of its subgroups with their name."""
        swapped = kind == "DICH" and outcome.get("SWAP_EVENTS") == "YES"
        if swapped:
            self.changed.append(f"{chosen['label']!r} (line {_line(outcome)}): events are exchanged with non-events")
        for part in [outcome, *outcome.findall(f"{kind}_SUBGROUP")]:
            self.taken.add(part)
            subgroup = self.take("NAME", part) if part is not outcome else ""
            for element in part.findall(f"{kind}_DATA"):
                self.taken.add(element)
                if element.get("STUDY_ID") not in self.names:
                    raise self.error("data of a study that is not included", element, element.get("STUDY_ID"))
                # Files that leave out what was entered have what is shown.
                shown = kind == "IV" and not element.get("ESTIMATE") and element.get("SE") not in ("0", "0.0")
                numbers = {n: self.number(element, a) for n, a in (INTERVAL if shown else NUMBERS[kind]).items()}
                if swapped:
                    numbers |= {f"events_{arm}": numbers[f"n_{arm}"] - numbers[f"events_{arm}"] for arm in "tc"}
                study = self.names[element.get("STUDY_ID", "")]
                yield Row(chosen["outcome"], study, numbers, _line(element), subgroup)

    def number(self, element: ET.Element, attribute: str) -> float:
        try:
            return float(element.get(attribute, ""))
        except ValueError:
            raise self.error(f"{attribute} is not a number", element, element.get(attribute)) from None

    def judgements(self) -> Iterator[dict[str, str]]:
        """Yield the judgements on risk of bias."""
        for item in self.open("QUALITY_ITEMS/QUALITY_ITEM"):
            domain = self.take("NAME", item)
            groups = {g.get("ID"): self.take("NAME", g) for g in item.findall("QUALITY_ITEM_DATA_ENTRY_GROUP")}
            self.taken |= {*item.findall("QUALITY_ITEM_DATA_ENTRY_GROUP"), *item.findall("QUALITY_ITEM_DATA")}
            for entry in item.findall("QUALITY_ITEM_DATA/QUALITY_ITEM_DATA_ENTRY"):
                if (study := self.names.get(entry.get("STUDY_ID", ""))) is None:
                    continue
                self.taken.add(entry)
                group = groups.get(entry.get("GROUP_ID"), "") if len(groups) > 1 else ""
                # RevMan's YES is the answer to "was bias avoided?".
                yield {
                    "study": study, "domain": f"{domain}: {group}" if group else domain,
                    "judgement": judged(entry.get("RESULT", ""), self.file, _line(entry), study, []),
                    "support": self.take("DESCRIPTION", entry) or "no support given",
                    "source": at(self.file, _line(entry)),
                }  # fmt: skip

    def left(self) -> list[str]:
        """Return what is not taken: the topmost elements with content, by tag."""
        found: dict[str, list[int]] = {}
        waiting = [self.root]
        while waiting:
            element = waiting.pop()
            if element in self.taken:
                waiting += reversed(element)
            elif any(
                (e.text or "").strip() or any(v.strip() for a, v in e.items() if a not in BOOKKEEPING)
                for e in element.iter()
            ):
                found.setdefault(element.tag, []).append(_line(element))
        return [
            f"{tag} (line {lines[0]}{f' and {len(lines) - 1} more' if lines[1:] else ''})"
            for tag, lines in found.items()
        ]
