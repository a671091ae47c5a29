"""Files of other programs to a review: what kind a file is, by its content, and the folder that is written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

from ..audit.review import read_review
from ..errors import DataError
from .appraisal import is_flow, is_robvis, read_flow, read_robvis
from .collected import FORMS, Imported, read_bytes
from .counts import read_counts
from .revman5 import read_rm5
from .revman_web import DATA, read_web, unpacked
from .sheet import read_sheet


class Hints(TypedDict, total=False):
    """What a CSV file of data does not say of itself; see :func:`metalib.importers.counts.read_counts`."""

    columns: Mapping[str, str]
    outcome: str
    measure: str
    experimental: str


def read_any(path: str | Path, *, encoding: str = "utf-8", **hints: Unpack[Hints]) -> Imported:
    """Read a file of another program; its content says what it is.

    Parameters
    ----------
    path : path
        A file of Review Manager 5 (.rm5); the data package of RevMan Web (archive, folder, or its ``*-data-rows.csv``);
        a CSV file of counts, means, rates or effects, of robvis, or of the R package PRISMA2020.
    encoding : str
        Of a CSV file that is not UTF-8.
    **hints
        ``columns, outcome, measure, experimental`` for a CSV file of data, as
        :func:`metalib.importers.counts.read_counts` takes them.

    Raises
    ------
    DataError
        What cannot be read, with the line.
    OptionError
    """
    path = Path(path)
    if path.is_dir():
        return read_web({p.name: read_bytes(p) for p in sorted(path.rglob("*.csv"))}, path.name)
    content = read_bytes(path)
    if content.startswith(b"PK"):
        return read_web(unpacked(content, path.name), path.name)
    if content.lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t").startswith((b"<", b"<\x00")):
        return read_rm5(content, path.name)
    if path.name.endswith(DATA):
        stem = path.name.removesuffix(DATA)
        beside = [*path.parent.glob(f"{stem}-*.csv"), *path.parent.parent.glob(f"*-study-data/{stem}-*.csv")]
        return read_web({p.name: read_bytes(p) for p in sorted(beside)}, path.name)
    sheet = read_sheet(content, path.name, encoding)
    if is_flow(sheet):
        return read_flow(sheet)
    return read_robvis(sheet) if is_robvis(sheet) else read_counts(sheet, **hints)


def import_review(
    paths: str | Path | Sequence[str | Path], folder: str | Path, *, encoding: str = "utf-8", **hints: Unpack[Hints]
) -> Imported:
    """Write the data of a review from files of other programs.

    Parameters
    ----------
    paths : path or sequence of paths
        One file with data, and at most one each with risk of bias and with the flow of records.
    folder : path
        Is made, with a CSV file for each kind of data, ``methods.md`` where the methods are known, and ``import.md``,
        which lists everything that was not taken. If anything fails, nothing is left of it.
    encoding, **hints
        As in :func:`read_any`.

    Returns
    -------
    Imported
        What was written.

    Raises
    ------
    DataError
        What cannot be read, with the line; a folder that exists; files that do not belong together.
    OptionError
    """
    folder = Path(folder)
    _refuse_existing(folder)
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    review = joined([read_any(path, encoding=encoding, **hints) for path in given])
    if not folder.parent.is_dir():
        raise DataError("there is no such folder to write to", file=folder.parent)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, frame in review.frames.items():
            frame.to_csv(made / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
        if "methods" in review.texts:
            (made / "methods.md").write_text(review.texts["methods"] + "\n", encoding="utf-8")
        (made / "import.md").write_text(report(review), encoding="utf-8")
        read_review(made)
        made.chmod(0o755)
        _refuse_existing(folder)
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return review


def joined(parts: Sequence[Imported]) -> Imported:
    """Return one review from what several files say; exactly one of them holds data.

    Raises
    ------
    DataError
        No file or two files with data, the same kind twice, or risk of bias of a study that has no data.
    """
    data = [part for part in parts if any(form in part.frames for form in FORMS)]
    if len(data) != 1:
        raise DataError(
            f"one file with data of studies is needed, here are {len(data)}", value=[p.source for p in parts]
        )
    frames = dict(data[0].frames)
    known = dict(zip(frames["studies"]["label"], frames["studies"]["study"], strict=True))
    for part in parts:
        if part is data[0]:
            continue
        for name, frame in part.frames.items():
            if name in frames:
                raise DataError(f"{name} stands in another file as well", file=part.source)
            if "study" in frame:
                for study, source in zip(frame["study"], frame["source"], strict=True):
                    if study not in known:
                        raise DataError("a study that the data do not have", file=source, study=study)
                frame = frame.assign(study=frame["study"].map(known))
            frames[name] = frame
    several = len(parts) > 1
    return Imported(
        "; ".join(part.kind for part in parts),
        ", ".join(part.source for part in parts),
        frames,
        data[0].texts,
        tuple(f"{part.source}: {x}" if several else x for part in parts for x in part.not_taken),
        tuple(f"{part.source}: {x}" if several else x for part in parts for x in part.changed),
    )


def report(review: Imported) -> str:
    """Return what was read, what was changed and what was not taken, in Markdown."""
    lines = [f"# Imported from {review.source}", "", f"Recognised as: {review.kind}."]
    if "title" in review.texts:
        lines += ["", f"Title: {review.texts['title']}"]
    lines += ["", "## Written", "", *(f"* {name}.csv: {len(frame)} rows" for name, frame in review.frames.items())]
    for title, items in (("Written otherwise than it stood there", review.changed), ("Not taken", review.not_taken)):
        lines += ["", f"## {title}", "", *([f"* {item}" for item in items] or ["Nothing."])]
    return "\n".join(lines) + "\n"


def _refuse_existing(folder: Path) -> None:
    if os.path.lexists(folder):
        raise DataError("the folder exists and is not overwritten", file=folder)
