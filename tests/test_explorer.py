"""The explorer: its stored results are those of metalib.pool, and its script calculates none itself."""

from __future__ import annotations

import ast
import hashlib
import json
import math
import re
from functools import cache
from pathlib import Path

import explorer_states as states
import nbformat
import pandas as pd
import pytest

import metalib
from metalib import DataError, OptionError
from metalib.pages.explorer import (
    DataSet,
    PrintedAnalysis,
    combinations,
    count_results,
    explorer_outcome,
    printed_analyses,
)
from metalib.pages.explorer_numbers import number, stored_p
from metalib.pages.explorer_page import as_script, explorer, fingerprint

ROOT = Path(__file__).parent.parent
STORED = ROOT / "notebooks" / "extra" / "explorer"
SCRIPT = ROOT / "metalib" / "pages" / "extra" / "explorer" / "explorer.js"
#: What a letter of a "never narrower" result stands for.
CHOSEN = {"w": "wald", "h": "hksj"}
TRIALS = pd.DataFrame(
    {
        "study": ["a", "b", "c", "none", "all"],
        "events_t": [10, 4, 7, 0, 30],
        "n_t": [50, 40, 30, 20, 30],
        "events_c": [20, 9, 3, 0, 31],
        "n_c": [50, 40, 31, 20, 31],
    }
)


@cache
def stored(key: str) -> dict:
    """Return the JSON in a stored script."""
    match = re.fullmatch(
        r"\(window\.metalibExplorer \?\?= \{\}\)\[\"(\w+)\"\] = (\{.*\});\n", (STORED / f"{key}.js").read_text("utf-8")
    )
    assert match is not None
    assert match[1] == key
    return json.loads(match[2])


def results(outcome: dict):
    """Yield each stored result as set, measure, model, tau2, interval, subset, point, interval row, Q row."""
    for one in outcome["sets"]:
        for measure, found in one["measures"].items():
            for name, per_subset in found["intervals"].items():
                model, tau2, ci = name.split("/")
                assert len(per_subset) == 2 ** len(one["studies"]) - 1
                for i, row in enumerate(per_subset):
                    if ci == "hksj_adhoc":
                        row = found["intervals"][f"{model}/{tau2}/{CHOSEN[row]}"][i]
                    yield one, measure, model, tau2, ci, i + 1, found["points"][f"{model}/{tau2}"][i], row, \
                        found["Q"][model.split("-")[0]][i]  # fmt: skip


def close(found: float | None, expected: float | None) -> bool:
    """Whether a stored number is the expected one, but for its ten digits and for noise around 0."""
    if found is None or expected is None:
        return found is expected
    return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.parametrize("outcome", states.OUTCOMES)
def test_every_stored_result_is_that_of_pool(outcome: str) -> None:
    review = metalib.read_review(states.DATA)
    data = stored(outcome.lower())
    word = lambda value: data["reasons"][value] if isinstance(value, int) else value  # noqa: E731
    pooled = 0
    for one, measure, model, tau2, ci, subset, point, row, q in results(data):
        studies = [s["key"] for i, s in enumerate(one["studies"]) if subset >> i & 1]
        state = {
            "outcome": outcome, "data": one["key"], "measure": measure, "model": model, "tau2": tau2, "ci": ci,
            "studies": studies,
        }  # fmt: skip
        effect = _pool(review, state)
        expected = states.numbers(effect)
        found = dict(zip(("ci_low", "ci_high", "p"), row[:3], strict=True))
        found |= dict(zip(("prediction_low", "prediction_high"), row[5:7], strict=True))
        found |= dict(zip(("estimate", "tau2"), point[:2], strict=True))
        found |= dict(zip(("k", "Q", "df", "p_Q", "I2"), q[:5], strict=True))
        assert set(found) == set(expected)
        assert {n: v for n, v in found.items() if not close(v, expected[n])} == {}, state
        weights = [w for i, w in enumerate(point[3]) if subset >> i & 1]
        assert all(map(close, weights, effect.weights)), state
        assert [w for i, w in enumerate(point[3]) if not subset >> i & 1 and w is not None] == []
        texts = states.shown(effect, state)
        assert (word(row[3]), word(row[4]), word(row[7])) == (texts["effect"], texts["test"], texts["prediction"])
        heterogeneity = "; ".join(filter(None, [point[2], q[5]])) if q[3] is not None else word(q[5])
        assert heterogeneity == texts["heterogeneity"]
        pooled += 1
    assert pooled == count_results(data) >= 600


_TABLES: dict[tuple, pd.DataFrame] = {}


def _pool(review: metalib.Review, state: dict) -> metalib.PooledEffect:
    key = (state["outcome"], state["data"])
    if key not in _TABLES:
        _TABLES[key] = states.tables_of(review, *key)
    tables = _TABLES[key]
    return metalib.pool(tables[tables["study"].isin(state["studies"])], **states.options(state))


@pytest.mark.parametrize("outcome", states.OUTCOMES)
def test_stored_studies_are_those_of_the_data(outcome: str) -> None:
    review = metalib.read_review(states.DATA)
    data = stored(outcome.lower())
    word = lambda value: data["reasons"][value] if isinstance(value, int) else value  # noqa: E731
    for one in data["sets"]:
        keys = [s["key"] for s in one["studies"]]
        tables = states.tables_of(review, outcome, one["key"])
        assert [s["counts"] for s in one["studies"]] == tables[
            ["events_t", "n_t", "events_c", "n_c"]
        ].to_numpy().tolist()
        for measure, found in one["measures"].items():
            assert set(found["effects"]) == ({"other", "Peto"} if measure == "OR" else {"other"})
            for kind, rows in found["effects"].items():
                model = "Peto-fixed" if kind == "Peto" else "MH-fixed"
                state = {"outcome": outcome, "data": one["key"], "measure": measure, "model": model, "studies": keys}
                texts = [expected["cells"][4] for expected in states.study_rows(review, state)]
                assert [word(row[3]) for row in rows] == texts
            for axis in found["axes"].values():
                assert axis["low"] < axis["none"] < axis["high"]
        everyone = one["totals"][-1]
        assert everyone[0] == f"{tables['events_t'].sum()}/{tables['n_t'].sum()}"


@pytest.mark.parametrize("outcome", states.OUTCOMES)
def test_every_stored_p_is_in_the_frame(outcome: str) -> None:
    data = stored(outcome.lower())
    frame = stored_p(data)
    assert len(frame) == count_results(data)
    expected = []
    for one, measure, model, tau2, ci, subset, _, row, _ in results(data):
        keys = [s["key"] for i, s in enumerate(one["studies"]) if subset >> i & 1]
        printed = {s["key"] for s in one["studies"] if s["on"]} == set(keys)
        expected.append((one["label"], measure, model, tau2, ci, ", ".join(keys), printed, row[2]))
    assert frame.astype(object).where(frame.notna(), None).to_numpy().tolist() == list(map(list, expected))


def test_printed_analyses_are_one_a_place_and_exclusion() -> None:
    published = pd.DataFrame(
        [
            ("Table 3", "a b", "fixed", "OR", "2.0"),
            ("Results", "", "random", "OR", "1.5"),
            ("Results", "", "random", "studies", "4"),
            ("Table 3", "a b", "fixed", "P", "0.01"),
        ],
        columns=["place", "excluded", "model", "statistic", "text"],
    )
    whole, part = printed_analyses(published)
    assert (whole.place, whole.model, whole.without) == ("Results", "random", ())
    assert whole.numbers["statistic"].tolist() == ["OR"]
    assert (part.place, part.model, part.without) == ("Table 3", "fixed", ("a", "b"))
    assert part.numbers["text"].tolist() == ["2.0", "0.01"]


def test_stored_prints_lead_to_their_verdict() -> None:
    analyses = {key: stored(key)["sets"][0]["printed"] for key in ("cr", "pr", "sd", "pd", "survival", "ae")}
    assert {key: len(found) for key, found in analyses.items()} == {
        "cr": 1, "pr": 3, "sd": 1, "pd": 3, "survival": 1, "ae": 3,
    }  # fmt: skip
    assert analyses["cr"][0]["model"] == "MH-random"
    assert analyses["cr"][0]["effect"] == "1.31 [0.24, 7.01]"
    assert analyses["cr"][0]["verdict"] == "6 of 6 printed numbers reproduced"
    assert "P of heterogeneity: printed 0.330, recomputed" in analyses["survival"][0]["verdict"]
    # "/" is no number: with one study there is no heterogeneity to check.
    assert analyses["pd"][2]["verdict"].startswith("5 of 5")


def test_every_combination_with_a_meaning_is_there() -> None:
    # 3 fixed (2 without Peto), and random effects: M-H with DL, IV with three estimators, each with three intervals.
    assert {m: len(set(combinations(m))) for m in ("OR", "RR", "RD")} == {"OR": 15, "RR": 14, "RD": 14}
    assert {key: count_results(stored(key)) for key in ("cr", "survival", "ae")} == {
        "cr": 43 * 31, "survival": 43 * 15 * 6, "ae": 43 * 15 * 2,
    }  # fmt: skip


def test_studies_without_an_effect_and_lone_studies_carry_their_reason() -> None:
    data = explorer_outcome([DataSet("x", "X", TRIALS)], key="x", label="X")
    found = data["sets"][0]["measures"]["OR"]
    reasons = data["reasons"]
    none = found["effects"]["other"][3]
    assert none[:3] == [None] * 3
    assert "OR not estimable" in reasons[none[4]]
    only_none = found["intervals"]["MH-random/DL/hksj"][0b01000 - 1]
    assert (only_none[0], reasons[only_none[3]], reasons[only_none[4]]) == (
        None,
        "not estimable",
        "no study is estimable",
    )
    lone = found["intervals"]["MH-random/DL/hksj"][0b00001 - 1]
    assert lone[3].endswith("[not estimable]")
    assert reasons[lone[4]] == "the Hartung-Knapp variance needs two estimable studies"
    assert reasons[found["Q"]["MH"][0][5]] == "one study has no heterogeneity"
    assert set(found["intervals"]["MH-random/DL/hksj_adhoc"]) == {"w", "h"}


def test_studies_that_are_off_at_first_widen_the_axis_only_when_switched_on() -> None:
    wide = TRIALS.assign(events_t=[10, 4, 29, 0, 30], events_c=[20, 9, 0, 0, 31])
    one = explorer_outcome([DataSet("x", "X", wide, off=("c",))], key="x", label="X")["sets"][0]
    axes = one["measures"]["OR"]["axes"]
    assert axes["first"]["high"] < axes["all"]["high"]
    assert [s["on"] for s in one["studies"]] == [True, True, False, True, True]


@pytest.mark.parametrize(
    ("sets", "key", "error"),
    [
        ([], "x", OptionError),
        ([DataSet("a", "A", TRIALS), DataSet("a", "B", TRIALS)], "x", OptionError),
        ([DataSet("A b", "A", TRIALS)], "x", OptionError),
        ([DataSet("a", "A", TRIALS)], "X", OptionError),
        ([DataSet("a", "A", TRIALS, off=("z",))], "x", DataError),
        ([DataSet("a", "A", TRIALS.assign(n_t=0))], "x", DataError),
        (
            [DataSet("a", "A", pd.concat([TRIALS.assign(study=TRIALS["study"] + s) for s in "12"]))],
            "x",
            OptionError,
        ),
    ],
)
def test_what_does_not_fit_is_refused(sets: list[DataSet], key: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        explorer_outcome(sets, key=key, label="X")


def test_a_printed_analysis_leaves_out_only_studies_that_are_there() -> None:
    numbers = pd.DataFrame(
        {"statistic": ["OR", "CI low", "CI high"], "text": ["1.0", "0.5", "2.0"], "read_as": "", "unit": 0.1}
    )
    printed = PrintedAnalysis("Table 1", numbers, "fixed", without=("z",))
    with pytest.raises(DataError, match="Table 1 leaves out"):
        explorer_outcome([DataSet("a", "A", TRIALS)], key="x", label="X", printed=[printed])


def test_numbers_have_ten_digits_and_no_noise() -> None:
    assert number(1 / 3) == 0.3333333333
    assert number(-3e-17) == 0.0
    assert number(3e-17, noise=0.0) == 3e-17
    with pytest.raises(DataError, match="no JSON"):
        number(math.inf)


def test_the_fingerprint_sees_the_sixth_digit_and_every_text() -> None:
    one = {"key": "x", "n": [1.00001, None, 3], "t": "a"}
    assert fingerprint(one) == fingerprint({**one, "n": [1.00001 + 1e-9, None, 3]})
    assert fingerprint(one) != fingerprint({**one, "n": [1.00002, None, 3]})
    assert fingerprint(one) != fingerprint({**one, "t": "b"})


def test_the_page_writes_its_scripts_and_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import IPython.display

    shown: list[dict] = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **kwargs: shown.append({"data": data, **kwargs}))
    monkeypatch.setenv("METALIB_FIGURES", str(tmp_path))
    data = explorer_outcome([DataSet("all", "<All>", TRIALS)], key="x", label="A & B")
    explorer([data], name="here", chapters={"x": "x.html"})
    assert (tmp_path / "extra" / "explorer" / "x.js").read_text("utf-8") == as_script(data)
    html = shown[0]["data"]["text/html"]
    assert "A &amp; B" in html
    assert '<a href="x.html">' in html
    assert fingerprint(data) in shown[0]["data"]["text/plain"]
    with pytest.raises(OptionError, match="a page for each"):
        explorer([data], name="here", chapters={})


@pytest.mark.parametrize(
    ("script", "allowed"),
    [
        (SCRIPT, set()),
        # Logarithms are the scale of the axis, the square root the side of a square; the others place marks and ticks.
        (SCRIPT.with_name("plot.js"), {"abs", "ceil", "log", "max", "min", "round", "sqrt"}),
    ],
)
def test_what_shows_stored_results_calculates_no_statistic(script: Path, allowed: set[str]) -> None:
    code = re.sub(r"//[^\n]*|/\*.*?\*/", "", script.read_text("utf-8"), flags=re.DOTALL)
    assert set(re.findall(r"Math\.(\w+)", code)) == allowed
    assert not re.search(r"\*\*|parseFloat|fetch\(|XMLHttp", code)


def test_the_scripts_ask_for_nothing_outside() -> None:
    for script in sorted(SCRIPT.parent.glob("*.js")):
        addresses = re.findall(r"https?://[^\"'\s]+", script.read_text("utf-8"))
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}, "a name, not an address that is asked for"


def test_the_stored_files_are_those_of_the_stored_notebook() -> None:
    notebook = nbformat.read(ROOT / "notebooks" / "explorer.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    (written,) = [o for o in outputs if "explorer" in o.get("metadata", {}).get("metalib", {})]
    files = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in STORED.iterdir()}
    assert files == written.metadata["metalib"]["files"]
    # A fresh run of the notebook compares these lines, and so every text and six digits of every number.
    lines = written.data["text/plain"].splitlines()
    assert sorted(line.split("\t")[2] for line in lines) == sorted(fingerprint(stored(key)) for key in files)


def test_all_of_it_is_small() -> None:
    assert sum(path.stat().st_size for path in STORED.glob("*.js")) < 1.5e6
    assert len(SCRIPT.read_text("utf-8").splitlines()) < 500


def glued_states() -> list[tuple[str, str, str, str]]:
    """Page, name, text and state of every number of a notebook that opens the explorer."""
    found = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                opens = output.get("metadata", {}).get("metalib", {}).get("opens")
                if opens:
                    shown = ast.literal_eval("".join(output["data"]["application/papermill.record/text/plain"]))
                    found.append((path.stem, output["metadata"]["scrapbook"]["name"], shown, opens))
    return found


def test_a_number_in_the_text_opens_a_state_that_shows_it() -> None:
    states = glued_states()
    assert len(states) >= 20
    for page, name, shown, opens in states:
        fields = dict(part.split("=") for part in opens.removeprefix("#").split("&"))
        script = (ROOT / f"notebooks/extra/explorer/{fields['outcome']}.js").read_text("utf-8")
        outcome = json.loads(script.partition(" = ")[2].rstrip(";\n"))
        first = outcome["sets"][0]
        taking = fields["studies"].split(",")
        assert set(taking) <= {study["key"] for study in first["studies"]}, (page, name)
        subset = sum(1 << i for i, study in enumerate(first["studies"]) if study["key"] in taking)
        choice = f"{fields['model']}/{fields.get('tau2', '')}/{fields.get('ci', 'wald')}"
        text = first["measures"][fields["measure"]]["intervals"][choice][subset - 1][3]
        assert text == shown, (page, name)
