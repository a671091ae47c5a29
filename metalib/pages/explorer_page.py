"""The page of the explorer: its data as files, and the controls that a script of the book brings to life.

A page that is opened from a folder may not read JSON files, but it may load scripts. So each outcome of
:func:`metalib.pages.explorer.explorer_outcome` is a script that holds nothing but its JSON, loaded when it is chosen.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Mapping, Sequence

from ..arithmetic.options import MEASURES
from ..errors import OptionError
from ..figures.scales import MEASURE_NAMES
from ..robustness.specifications import INTERVALS
from ..text import CI_NAMES, TAU2_NAMES
from .explorer import combinations, count_results
from .notebook import check_name, output_folder

#: Folder, relative to the notebook, whose content the book puts at its top.
EXTRA = "extra"
#: Folder of the explorer's files there; the book's own script and style sheet lie in it too.
FOLDER = "explorer"
METHOD_TEXTS = {"MH": "Mantel-Haenszel", "IV": "Inverse variance", "Peto": "Peto"}
TAU2_TEXTS = {"": "none: fixed effects", **TAU2_NAMES}
CI_TEXTS = {ci: CI_NAMES.get(ci, "Wald") for ci in INTERVALS}


def as_script(outcome: dict) -> str:
    """Return an outcome as a script that stores its JSON under its key."""
    data = json.dumps(outcome, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f"(window.metalibExplorer ??= {{}})[{json.dumps(outcome['key'])}] = {data};\n"


def fingerprint(outcome: dict) -> str:
    """Return a hash of every text and of six digits of every number, the same on every computer."""

    def rounded(value: object) -> object:
        if isinstance(value, float):
            return f"{value:.6g}"
        if isinstance(value, dict):
            return {name: rounded(part) for name, part in value.items()}
        return [rounded(part) for part in value] if isinstance(value, list) else value

    return hashlib.sha256(json.dumps(rounded(outcome), sort_keys=True).encode()).hexdigest()[:12]


def explorer(outcomes: Sequence[dict], *, name: str, chapters: Mapping[str, str]) -> None:
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
    from IPython.display import display

    check_name(name)
    keys = [outcome["key"] for outcome in outcomes]
    if not keys or len(set(keys)) < len(keys) or set(keys) - set(chapters):
        raise OptionError(f"outcomes {keys!r}: give at least one, each once, and a page for each")
    folder = output_folder(EXTRA, FOLDER)
    hashes = {}
    for outcome in outcomes:
        content = as_script(outcome).encode()
        (folder / f"{outcome['key']}.js").write_bytes(content)
        hashes[outcome["key"]] = hashlib.sha256(content).hexdigest()
    lines = [f"{o['key']}\t{count_results(o)} results\t{fingerprint(o)}" for o in outcomes]
    display(
        {
            "text/html": _html(outcomes, name, chapters),
            "text/plain": "\n".join(lines),
        },
        raw=True,
        metadata={"metalib": {"explorer": name, "files": hashes}},
    )


def _html(outcomes: Sequence[dict], name: str, chapters: Mapping[str, str]) -> str:
    e = html.escape
    first = [f"{method}-{model}" for method, model, *_ in combinations("OR")]
    model_texts = {}
    for key in dict.fromkeys(first):
        method, _, model = key.partition("-")
        model_texts[key] = f"{METHOD_TEXTS[method]}, {model}"
    # A changed file has another address, so that a browser never pairs an old file with a new page.
    options = "".join(
        f'<option value="{o["key"]}" data-file="{o["key"]}.js?{fingerprint(o)}">{e(o["label"])}</option>'
        for o in outcomes
    )
    links = ", ".join(f'<a href="{e(chapters[o["key"]])}">{e(o["label"].lower())}</a>' for o in outcomes)
    form = (
        '<form aria-label="Choices of the analysis">'
        f'<label class="field">Outcome <select name="outcome">{options}</select></label>'
        f'<label class="field">Counts <select name="data"></select></label>'
        f"{_radios('measure', 'Measure', {m: MEASURE_NAMES[m] for m in MEASURES})}"
        f"{_radios('model', 'Method and model', model_texts)}"
        f'<label class="field">Variance between studies (tau²) {_select("tau2", TAU2_TEXTS)}</label>'
        f'<label class="field">Interval {_select("ci", CI_TEXTS)}</label>'
        '<fieldset class="studies"><legend>Studies that take part</legend><div></div></fieldset>'
        '<p class="buttons"><button type="button" name="reset">Reset to the article’s analysis</button> '
        '<button type="button" name="link">Copy link</button> <button type="button" name="csv">Copy as CSV</button></p>'
        "</form>"
    )
    return (
        f'<link rel="stylesheet" href="../{FOLDER}/explorer.css">'
        f'<div class="explorer" id="{name}" data-folder="../{FOLDER}/" hidden>{form}'
        '<div class="message" role="status"></div>'
        '<p class="announced" aria-live="polite"></p>'
        '<p class="headline"></p><div class="result"></div></div>'
        f'<p class="explorer-missing">This page calculates nothing itself: a script shows results computed ahead. It '
        f"runs in the HTML book, in a browser with JavaScript. The main results stand in the chapters: {links}.</p>"
        f'<script src="../{FOLDER}/explorer.js"></script>'
    )


def _radios(field: str, legend: str, choices: Mapping[str, str]) -> str:
    radios = "".join(
        f'<label><input type="radio" name="{field}" value="{key}"> {html.escape(shown)}</label>'
        for key, shown in choices.items()
    )
    return f"<fieldset><legend>{html.escape(legend)}</legend>{radios}</fieldset>"


def _select(field: str, choices: Mapping[str, str]) -> str:
    options = "".join(f'<option value="{key}">{html.escape(shown)}</option>' for key, shown in choices.items())
    return f'<select name="{field}">{options}</select>'
