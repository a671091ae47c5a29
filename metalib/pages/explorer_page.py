"""The page of the explorer: its data as files, and the controls that a script of the book brings to life.

A page that is opened from a folder may not read JSON files, but it may load scripts. So each outcome of
:func:`metalib.pages.explorer.explorer_outcome` is a script that holds nothing but its JSON, loaded when it is chosen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from ..arithmetic.options import MEASURES
from ..errors import OptionError
from ..figures.scales import MEASURE_NAMES
from ..robustness.specifications import INTERVALS
from ..text import CI_NAMES, TAU2_NAMES
from .explorer import combinations, count_results
from .explorer_numbers import Data
from .markup import render_html
from .outputs import EXTRA, check_name, show, write

#: Folder of the explorer's files, which the book puts at its top; the script and the style sheet lie in it too.
FOLDER = "explorer"
METHOD_TEXTS = {"MH": "Mantel-Haenszel", "IV": "Inverse variance", "Peto": "Peto"}


def as_script(outcome: Data) -> str:
    """Return an outcome as a script that stores its JSON under its key."""
    data = json.dumps(outcome, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f"(window.metalibExplorer ??= {{}})[{json.dumps(outcome['key'])}] = {data};\n"


def fingerprint(outcome: Data) -> str:
    """Return a hash of every text and of six digits of every number, the same on every computer."""

    def rounded(value: object) -> object:
        if isinstance(value, float):
            return f"{value:.6g}"
        if isinstance(value, dict):
            return {name: rounded(part) for name, part in value.items()}
        return [rounded(part) for part in value] if isinstance(value, list) else value

    return hashlib.sha256(json.dumps(rounded(outcome), sort_keys=True).encode()).hexdigest()[:12]


def explorer(outcomes: Sequence[Data], *, name: str, chapters: Mapping[str, str]) -> None:
    """Write the data of an explorer and show its controls.

    Parameters
    ----------
    outcomes : sequence of dict
        From :func:`metalib.pages.explorer.explorer_outcome`; the first is shown first.
    name : str
        Id of the explorer.
    chapters : mapping
        Key of an outcome -> address of the page that shows its main results, for readers without scripts.

    Raises
    ------
    OptionError
        No outcome, an outcome given twice, or one without a page.
    """
    check_name(name)
    keys = [outcome["key"] for outcome in outcomes]
    if not keys or len(set(keys)) < len(keys) or set(keys) - set(chapters):
        raise OptionError(f"outcomes {keys!r}: give at least one, each once, and a page for each")
    shown = [
        {"key": o["key"], "label": o["label"], "fingerprint": fingerprint(o), "page": chapters[o["key"]]}
        for o in outcomes
    ]
    page = render_html(
        "explorer",
        name=name,
        folder=f"../{FOLDER}/",
        reset="Reset to the article’s analysis" if any(o["sets"][0]["printed"] for o in outcomes) else "Reset",
        outcomes=shown,
        measures={measure: MEASURE_NAMES[measure] for measure in MEASURES},
        models={f"{method}-{model}": f"{METHOD_TEXTS[method]}, {model}" for method, model, *_ in combinations("OR")},
        tau2={"": "none: fixed effects", **TAU2_NAMES},
        ci={ci: CI_NAMES.get(ci, "Wald") for ci in INTERVALS},
    )
    lines = [f"{o['key']}\t{count_results(o)} results\t{fingerprint(o)}" for o in outcomes]
    hashes = {o["key"]: write(f"{EXTRA}/{FOLDER}/{o['key']}.js", as_script(o)) for o in outcomes}
    show(
        {"text/html": page, "text/plain": "\n".join(lines)},
        {"metalib": {"explorer": name, "files": hashes}},
    )
