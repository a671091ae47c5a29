"""What leaves Python: outputs of a notebook, and the files that it writes beside itself. Nothing else writes any."""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ..audit.checked_csv import csv_text
from ..errors import OptionError

#: Folders, relative to the notebook.
FIGURES, DOWNLOADS, EXTRA = "figures", "downloads", "extra"
#: Where the folders are made instead, if it is set, so that files can be put in place when the notebook has run.
STAGING = "METALIB_FIGURES"
_NAME = re.compile(r"[a-z][a-z0-9_-]*")


def show(forms: Mapping[str, str], metadata: Mapping[str, object] | None = None) -> None:
    """Put out one content in several forms, by their MIME types."""
    # Imported here: only a notebook needs IPython, and what it displays is no part of a result.
    from IPython.display import display

    display(forms, raw=True, metadata=metadata)  # type: ignore[no-untyped-call]


def write(path: str, content: str | bytes) -> str:
    """Write a file beside the notebook, or where :data:`STAGING` says, and return its SHA-256."""
    data = content.encode() if isinstance(content, str) else content
    target = Path(os.environ.get(STAGING) or ".") / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def check_name(name: str) -> None:
    """Raise :class:`OptionError` unless `name` can be a target of references and a file name."""
    if not _NAME.fullmatch(name):
        raise OptionError(f"name={name!r} must be lower-case letters, digits, - and _")


def download(frame: pd.DataFrame, *, name: str, what: str) -> None:
    """Write a data frame, unrounded, as CSV and JSON beside the book and show links to both.

    Texts that a spreadsheet would run as a formula are marked as text in the CSV (see
    :func:`metalib.audit.checked_csv.csv_text`); the JSON holds them as they are.

    Parameters
    ----------
    frame : DataFrame
    name : str
        File name without ending.
    what : str
        What is downloaded, for the text of the links.

    Raises
    ------
    OptionError
        The name can be no file name.
    """
    check_name(name)
    # Not DataFrame.to_json, which keeps 15 decimals and so rounds small numbers.
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    contents = {"csv": csv_text(frame), "json": json.dumps(records, indent=1, ensure_ascii=False) + "\n"}
    files = {ending: f"{DOWNLOADS}/{name}.{ending}" for ending in contents}
    hashes = {ending: write(files[ending], content) for ending, content in contents.items()}
    show(
        {
            "text/markdown": " · ".join(f"{{download}}`{what} as {x.upper()} <{file}>`" for x, file in files.items()),
            "text/html": " · ".join(
                f'<a href="{file}">{html.escape(what)} as {x.upper()}</a>' for x, file in files.items()
            ),
            "text/plain": f"{name}: {len(frame)} rows, {len(frame.columns)} columns",
        },
        {"metalib": {"download": name, **hashes}},
    )
