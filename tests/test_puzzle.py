"""Reading puzzles: printed numbers are intervals, bad puzzles are refused by field and row."""

from __future__ import annotations

import contextlib
import copy
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from metalib import PuzzleError
from metalib.__main__ import main
from metalib.audit.printed import read_printed
from metalib.recover import check_puzzle, read_puzzle, read_puzzle_text
from metalib.recover.box import box, q_bounds
from metalib.recover.parts import Interval, interval
from metalib.recover.puzzle import Puzzle

ROOT = Path(__file__).parents[1]


def printed(text, unit=None) -> Interval:
    return interval("I2", read_printed(text, unit))


def good() -> dict:
    return {
        "title": "two trials",
        "arms": {"size": [10, 30], "max_difference": 2},
        "studies": [{"id": "a"}, {"id": "b", "n_t": 20, "n_c": [18, 22]}],
        "outcomes": [
            {"id": "cure"},
            {"id": "death", "studies": ["a", "b"], "known": {"b": {"events_t": 3, "events_c": [0, 5]}}},
        ],
        "results": [
            {
                "id": "cure, both",
                "outcome": "cure",
                "studies": ["a", "b"],
                "measure": "OR",
                "method": "MH",
                "model": "fixed",
                "place": "Table 2",
                "printed": {
                    "effect": "2.14",
                    "ci_low": "1.32",
                    "ci_high": "3.48",
                    "P": {"text": "0.760", "unit": 0.01},
                },
            },
            {"id": "cure, a", "outcome": "cure", "studies": ["a"], "printed": {"effect": "2.00"}},
        ],
        "links": [{"at_most_n": ["cure", "death"]}],
        "totals": [{"outcome": "death", "arm": "control", "value": 9}],
        "report_sums": {"either": ["cure", "death"]},
        "exchangeable": [["a", "b"]],
        "assumptions": ["arms of similar size"],
    }


# ---- printed numbers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit", "low", "high"),
    [
        ("2.14", None, 2.135, 2.145),
        ("0.760", 0.01, 0.755, 0.765),
        ("67%", None, 66.5, 67.5),
        ("2128.96", None, 2128.955, 2128.965),
        ("<0.001", None, -np.inf, 0.001),
        ("< 0.05", None, -np.inf, 0.05),
        (">5", None, 5, np.inf),
        ("-0.20", None, -0.205, -0.195),
        ("−1.5", None, -1.55, -1.45),
        ("3", None, 2.5, 3.5),
        ("0·45", None, 0.445, 0.455),
    ],
)
def test_printed_text_is_an_interval(text, unit, low, high):
    p = printed(text, unit)
    assert p.low == pytest.approx(low, rel=1e-8)
    assert p.high == pytest.approx(high, rel=1e-8)
    assert p.low <= low
    assert p.high >= high


@pytest.mark.parametrize(
    "text", ["", "abc", "1.2.3", "1,2,3", "2,12", "--1", "<", "0.5 mg", "1e3", "nan", "inf", 2.14, None, True]
)
def test_text_that_is_no_number_is_refused(text):
    content = good()
    content["results"][0]["printed"]["effect"] = {"text": text}
    with pytest.raises(PuzzleError, match=r"printed\.effect"):
        check_puzzle(content)


@pytest.mark.parametrize("unit", [0, -1, float("nan"), float("inf"), "0.01", True])
def test_a_rounding_unit_must_be_positive(unit):
    content = good()
    content["results"][0]["printed"]["P"] = {"text": "0.5", "unit": unit}
    with pytest.raises(PuzzleError, match=r"printed\.P.*unit"):
        check_puzzle(content)


@given(st.decimals(min_value=-9999, max_value=9999, places=2, allow_nan=False))
def test_what_rounds_to_a_text_lies_in_its_interval(value):
    p = printed(f"{value:.2f}")
    assert p.holds(float(value))
    assert p.holds(float(value) + 0.00499)
    assert not p.holds(float(value) + 0.0051)
    assert p.distance(float(value)) == 0.0


def test_distance_counts_from_the_edge():
    assert printed("2.20").distance(2.194) == pytest.approx(0.001, rel=1e-3)
    assert printed("2.20").distance(float("nan")) == np.inf


# ---- boxes are necessary conditions ----------------------------------------------------------------------------


def stats(**texts: str) -> dict[str, Interval]:
    return {name: interval(name, read_printed(text)) for name, text in texts.items()}


@given(
    estimate=st.floats(-3, 3),
    se=st.floats(0.05, 2.5),
    names=st.sets(st.sampled_from(["effect", "ci_low", "ci_high", "z", "P"]), min_size=1),
)
@settings(max_examples=300, deadline=None)
def test_box_holds_what_was_printed(estimate, se, names):
    from scipy.special import ndtr

    z = estimate / se
    values = {
        "effect": np.exp(estimate), "ci_low": np.exp(estimate - 1.959963984540054 * se),
        "ci_high": np.exp(estimate + 1.959963984540054 * se), "z": abs(z), "P": 2 * ndtr(-abs(z)),
    }  # fmt: skip
    limits = box(stats(**{n: f"{values[n]:.2f}" for n in names}), 3, True)
    assert limits.est[0] <= estimate <= limits.est[1]
    assert limits.se[0] <= se <= limits.se[1]


@given(q=st.floats(0, 60), k=st.integers(2, 6), names=st.sets(st.sampled_from(["Q", "P_Q", "I2"]), min_size=1))
def test_q_bounds_hold_what_was_printed(q, k, names):
    from scipy.special import chdtrc

    values = {
        "Q": f"{q:.2f}",
        "P_Q": f"{chdtrc(k - 1, q):.2f}",
        "I2": f"{max(0, 100 * (q - k + 1) / max(q, 1e-9)):.0f}%",
    }
    low, high = q_bounds(stats(**{n: values[n] for n in names}), k)
    assert low <= q <= high


def test_number_of_studies_follows_from_i2_and_its_p():
    limits = box(stats(I2="67%", P_Q="0.03"), 6, True)
    assert sorted(limits.q) == [4]
    # 11% and 0.33 do not go together with four studies: they would print 0.34.
    assert 4 not in box(stats(I2="11%", P_Q="0.33"), 6, True).q


# ---- puzzles ---------------------------------------------------------------------------------------------------


def test_a_good_puzzle_is_read():
    puzzle = check_puzzle(good())
    assert isinstance(puzzle, Puzzle)
    assert puzzle.study("a").n_t == (10, 30)
    assert puzzle.study("a").max_arm_difference == 2
    assert puzzle.results[0].searched["P"].unit == puzzle.results[0].stats[3].printed.unit == 0.01
    assert (puzzle.results[1].measure, puzzle.results[1].method, puzzle.results[1].model) == ("OR", "MH", "fixed")
    assert puzzle.links[0].exact is False
    assert read_puzzle_text(yaml.safe_dump(good(), sort_keys=False)) == puzzle


def test_the_puzzles_of_the_review_are_read():
    for name in ("puzzle.yaml", "puzzle_survival.yaml"):
        assert read_puzzle(ROOT / "data" / name).results


def test_printed_numbers_of_the_review_stand_in_the_paper():
    """Every P value that carries a rounding unit is padded with a zero in print."""
    puzzle = read_puzzle(ROOT / "data" / "puzzle.yaml")
    for result in puzzle.results:
        assert result.place
        for stat in result.stats:
            if stat.printed.unit == 0.01 and stat.name in ("P", "P_Q") and len(stat.printed.text) == 5:
                assert stat.printed.text.endswith("0")


def change(path: tuple, value) -> dict:
    content = copy.deepcopy(good())
    here = content
    for key in path[:-1]:
        here = here[key]
    if value is KeyError:
        del here[path[-1]]
    else:
        here[path[-1]] = value
    return content


BAD = [
    (("studies",), KeyError, "studies"),
    (("studies",), [], "no study"),
    (("studies",), "a, b", "studies"),
    (("studies", 1, "id"), "a", "row 2"),
    (("studies", 1, "id"), KeyError, "'id' is missing"),
    (("studies", 1, "n_t"), [30, 20], "row 2"),
    (("studies", 1, "n_t"), [20, 30, 40], "n_t"),
    (("studies", 1, "n_t"), 20.5, "n_t"),
    (("studies", 1, "n_t"), -1, "n_t"),
    (("studies", 1, "n_t"), True, "n_t"),
    (("studies", 1, "n_t"), [90, 99], "max_difference"),
    (("studies", 1, "colour"), "red", "colour"),
    (("arms",), KeyError, "no default"),
    (("arms", "size"), KeyError, "size"),
    (("arms", "max_difference"), "small", "max_difference"),
    (("outcomes", 1, "id"), "cure", "outcomes"),
    (("outcomes", 0, "studies"), ["a", "zzz"], "unknown study"),
    (("outcomes", 0, "studies"), ["a", "a"], "twice"),
    (("outcomes", 0, "optional"), ["a"], "reported"),
    (("outcomes", 0, "reported"), 1, "not optional"),
    (("outcomes", 1, "known"), {"zzz": {"events_t": 1, "events_c": 1}}, "zzz"),
    (("outcomes", 1, "known"), {"b": {"events_t": 1}}, "events_c"),
    (("outcomes", 1, "known"), {"b": {"events_t": 25, "events_c": 1}}, "events_t"),
    (("results",), KeyError, "results"),
    (("results",), [], "search"),
    (("results", 0, "outcome"), "zzz", "outcome"),
    (("results", 0, "studies"), ["a", "zzz"], "unknown study"),
    (("results", 0, "studies"), [], "studies"),
    (("results", 1, "id"), "cure, both", "twice"),
    (("results", 0, "measure"), "HR", "measure"),
    (("results", 0, "model"), "mixed", "model"),
    (("results", 0, "method"), "exact", "method"),
    (("results", 0), {**good()["results"][0], "method": "Peto", "measure": "RR"}, "Peto"),
    (("results", 0, "role"), "ignore", "role"),
    (("results", 0, "printed", "effect"), 2.14, "printed.effect"),
    (("results", 0, "printed", "effect"), "two", "printed.effect"),
    (("results", 0, "printed", "effect"), "9.14", "ci_high"),
    (("results", 0, "printed", "effect"), "-2.14", "effect"),
    (("results", 0, "printed", "P"), "1.76", "printed.P"),
    (("results", 0, "printed", "P"), {"text": "0.76", "unit": 0}, "unit"),
    (("results", 0, "printed", "P"), {"text": "0.76", "role": "guess"}, "role"),
    (("results", 0, "printed", "I2"), "120%", "I2"),
    (("results", 0, "printed", "tau2"), "0.5", "tau2"),
    (("results", 0, "printed", "chi"), "0.5", "chi"),
    (("results", 0, "printed"), {}, "printed"),
    (("links", 0), {"at_most_n": ["cure"]}, "two outcomes"),
    (("links", 0), {"at_most_n": ["cure", "zzz"]}, "zzz"),
    (("links", 0), {}, "links"),
    (("links", 0), {"at_most_n": ["cure", "death"], "sum_to_n": ["cure", "death"]}, "either"),
    (("totals", 0, "arm"), "left", "arm"),
    (("totals", 0, "value"), 99, "total"),
    (("totals", 0, "outcome"), "zzz", "outcome"),
    (("totals", 0, "studies"), ["zzz"], "zzz"),
    (("report_sums",), {"cure": ["cure", "death"]}, "cure"),
    (("exchangeable", 0), ["a", "zzz"], "zzz"),
    (("assumptions", 0), 3, "assumptions"),
    (("extra",), 1, "extra"),
    (("title",), ["x"], "title"),
]


@pytest.mark.parametrize(
    ("path", "value", "named"), BAD, ids=[f"{'.'.join(map(str, b[0]))}-{i}" for i, b in enumerate(BAD)]
)
def test_bad_puzzles_are_refused_by_name(path, value, named):
    with pytest.raises(PuzzleError) as caught:
        check_puzzle(change(path, value), "p.yaml")
    text = str(caught.value)
    assert named in text
    assert "p.yaml" in text
    if len(path) > 1 and isinstance(path[1], int) and "total" not in named:
        assert f"row {path[1] + 1}" in text


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "3", "a: [", "a: b: c", "studies: &x [1]\nresults: *x", "studies: []\nstudies: []", "? [a]\n: b",
        "\x00", "results: 2001-13-45", "!!python/object:os.system x", "x: " + "[" * 5000, "- " * 4000 + "x",
        "results: {<<: {a: 1}}", "studies: !!binary '!!'", "studies: 0o9", "\ud83d",
    ],
)  # fmt: skip
def test_text_that_is_no_puzzle_is_refused(text):
    with pytest.raises(PuzzleError):
        read_puzzle_text(text)


def test_files_that_are_no_puzzle_are_refused(tmp_path):
    binary = tmp_path / "x.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * 1_000_001)
    for path in (binary, large, tmp_path, tmp_path / "missing.yaml", "a\0b"):
        with pytest.raises(PuzzleError):
            read_puzzle(path)


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 200), st.floats(), st.text(max_size=6), st.dates(),
    st.sampled_from(["a", "b", "cure", "death", "OR", "random", "check", "0.50", "<0.01", "experimental"]),
)  # fmt: skip
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@st.composite
def broken_puzzles(draw):
    """A good puzzle in which some values are replaced by anything."""
    content = copy.deepcopy(good())
    for _ in range(draw(st.integers(1, 3))):
        here, path = content, []
        while isinstance(here, (dict, list)) and here and (not path or draw(st.booleans())):
            key = draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
            path.append((here, key))
            here = here[key]
        if path:
            owner, key = path[-1]
            owner[key] = draw(TREES)
    return content


@given(broken_puzzles())
@settings(max_examples=400, deadline=None)
def test_only_puzzle_errors_come_out_of_broken_puzzles(content):
    with contextlib.suppress(PuzzleError):
        assert isinstance(check_puzzle(content), Puzzle)


@given(TREES)
@settings(max_examples=150, deadline=None)
def test_only_puzzle_errors_come_out_of_anything(content):
    with pytest.raises(PuzzleError):
        check_puzzle(content)


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
@settings(max_examples=300, deadline=None)
def test_only_puzzle_errors_come_out_of_any_text(text):
    with pytest.raises(PuzzleError):
        read_puzzle_text(text)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_only_puzzle_errors_come_out_of_a_damaged_file(data):
    path = ROOT / "data" / "puzzle_survival.yaml"
    text = path.read_text(encoding="utf-8")
    at = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(0, 30))
    damaged = text[:at] + data.draw(st.text(max_size=4)) + text[at + length :]
    with contextlib.suppress(PuzzleError):
        assert isinstance(read_puzzle_text(damaged, path), Puzzle)


# ---- the command -----------------------------------------------------------------------------------------------

SMALL = """
studies: [{id: a, n_t: 20, n_c: 20}]
results:
  - {id: only, outcome: x, studies: [a], printed: {effect: "0.31", ci_low: "0.07", ci_high: "1.25"}}
"""


def test_command_writes_json_and_tables(tmp_path, capsys):
    puzzle, out, tables = tmp_path / "p.yaml", tmp_path / "out.json", tmp_path / "t.csv"
    puzzle.write_text(SMALL, encoding="utf-8")
    assert main(["recover", str(puzzle), "-o", str(out), "--tables", str(tables)]) == 0
    data = json.loads(out.read_text(encoding="utf-8"))
    assert data["status"] == "solved"
    assert data["solutions"] == len(data["groups"][0]["rows"]) > 0
    assert tables.read_text(encoding="utf-8").startswith("outcome,study,events_t")
    assert "full solutions" in capsys.readouterr().err


def test_command_refuses_a_bad_puzzle_in_one_line(tmp_path, capsys):
    puzzle = tmp_path / "p.yaml"
    puzzle.write_text(SMALL.replace("0.31", "x.31"), encoding="utf-8")
    assert main(["recover", str(puzzle)]) == 2
    error = capsys.readouterr().err
    assert "printed.effect" in error
    assert "row 1" in error
    assert "Traceback" not in error


def test_command_runs_as_a_module(tmp_path):
    puzzle = tmp_path / "p.yaml"
    puzzle.write_text(SMALL, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "metalib", "recover", str(puzzle), "--quiet", "--jobs", "2"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert json.loads(done.stdout)["status"] == "solved"
    assert done.stderr == ""


def test_progress_bar_writes_over_itself():
    import io

    from metalib.recover.command import ProgressLine

    stream = io.StringIO()
    line = ProgressLine(stream, True)
    line("step", 0, 2, 0.5)
    line("step", 2, 2, 0.0)
    line.close()
    assert stream.getvalue().count("\r") == 2
    assert "100%" in stream.getvalue()
    silent = io.StringIO()
    ProgressLine(silent)("step", 0, 1, 0.0)
    assert silent.getvalue() == ""


def test_importing_metalib_does_not_load_the_search():
    code = "import sys, metalib; print('metalib.recover' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"
