"""The stored times are complete, and the programs that measure them run. Nothing here is timed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from test_recover import make_puzzle

from benchmarks import __main__ as command
from benchmarks import cases, engines, measure
from benchmarks.data import frame, random_counts
from metalib import pool

ROOT = Path(__file__).parent.parent
STORED = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
KEYS = ["case", "engine", "unit", "analyses", "studies", "repeats", "median", "lower_quartile", "upper_quartile"]
PROGRAMS = ["metalib", "statsmodels", "PyMARE", "PyMARE, fits only"]


def check(results: dict, sizes: cases.Sizes) -> None:
    """Hold results against the list of what has to be in them."""
    found = {(m["case"], m["engine"], m["analyses"], m["studies"]): m for m in results["measurements"]}
    assert len(found) == len(results["measurements"]), "a measurement stands there twice"
    for m in results["measurements"]:
        assert list(m) == KEYS
        assert m["unit"] == ("MB" if m["case"].startswith("memory") else "s")
        assert m["repeats"] >= 1
        assert 0 < m["lower_quartile"] <= m["median"] <= m["upper_quartile"]
    for model in ("fixed", "random"):
        assert (f"one call of pool, M-H {model}", "metalib", 1, sizes.batches[0][1]) in found
    for m, k in sizes.batches:
        assert ("M-H fixed and random", "metalib", m, k) in found
        assert ("M-H fixed", "metalib", m, k) in found
        assert ("M-H fixed", "statsmodels", min(m, sizes.loop), k) in found
        for program in PROGRAMS:
            few = min(m, sizes.loop) if program == "statsmodels" else m
            assert ("IV fixed and random", program, few, k) in found
    for program in ("metalib", "statsmodels"):
        assert ("leave-one-out", program, sizes.left_out, sizes.left_out) in found
    assert [m["studies"] for m in results["measurements"] if m["case"] == "growth with studies"] == [*sizes.studies]
    by_number = [m["analyses"] for m in results["measurements"] if m["case"] == "growth with meta-analyses"]
    assert by_number == [*sizes.analyses]
    names = {case for case, *_ in found}
    assert set(cases.IMPORTS) <= names
    for case in ("M-H fixed and random", "leave-one-out"):
        assert {f"memory, {case}: allocated by the call", f"memory, {case}: the whole process"} <= names
    assert "recovery, all steps" in names
    assert any(name.startswith("recovery, step: ") for name in names)
    for target in results["targets"]:
        assert target["unit"] == "s"
        assert target["limit"] > 0
        assert target["case"] in names
    agreed = {(a["case"], a["engine"]) for a in results["agreement"]}
    assert {("IV fixed and random", p) for p in PROGRAMS[1:]} | {("M-H fixed", "statsmodels")} <= agreed
    assert all(a["largest_difference"] <= results["tolerance"] for a in results["agreement"])
    timed_by_metafor = {m["case"] for m in results["measurements"] if m["engine"] == "metafor"}
    assert timed_by_metafor == ({*engines.METAFOR, "leave-one-out"} if results["metafor"] else set())
    assert {"processor", "cores", "memory_gb", "system", "architecture", "load_before"} <= set(results["machine"])
    assert set(measure.PACKAGES) < set(results["versions"])


def test_the_stored_results_are_complete() -> None:
    assert STORED["quick"] is False
    check(STORED, cases.Sizes())


def test_the_targets_speak_of_sizes_that_were_measured() -> None:
    assert [dict(t) for t in command.TARGETS] == STORED["targets"]
    for target in STORED["targets"]:
        size = {name: target[name] for name in ("analyses", "studies") if name in target}
        hits = [
            m
            for m in STORED["measurements"]
            if m["case"] == target["case"] and m["engine"] == "metalib" and size.items() <= m.items()
        ]
        assert len(hits) == 1


def test_every_measurement_runs(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(engines, "metafor_version", lambda: None)
    tables = np.array([[4, 20, 8, 20], [6, 18, 9, 21]])
    puzzle = tmp_path / "puzzle.yaml"
    # JSON is YAML.
    puzzle.write_text(json.dumps(make_puzzle(tables, [(0,), (0, 1)], 0, None)), encoding="utf-8")
    output = tmp_path / "results.json"
    assert command.main([str(puzzle), "--output", str(output), "--quick"]) == 0
    results = json.loads(output.read_text(encoding="utf-8"))
    assert results["quick"] is True
    check(results, cases.QUICK)
    assert "recovery, all steps" in capsys.readouterr().out


def test_programs_that_differ_are_not_timed() -> None:
    ours = {"mh": np.array([0.5, 0.25]), "q": np.array([100.0, 1.0])}
    assert engines.largest_difference(ours, {"mh": np.array([0.5, np.nan])}) == 0
    with pytest.raises(RuntimeError, match="do not agree"):
        engines.largest_difference(ours, {"mh": np.array([0.5, 0.25 + 1e-8])})
    with pytest.raises(RuntimeError, match="do not agree"):
        engines.largest_difference(ours, {"other": np.array([0.5])})


def test_the_data_are_tables_without_zero_cells_and_always_the_same() -> None:
    events_t, n_t, events_c, n_c = counts = random_counts(50, 7)
    for events, n in ((events_t, n_t), (events_c, n_c)):
        assert events.shape == (50, 7)
        assert (events >= 1).all()
        assert (events < n).all()
    assert all((x == y).all() for x, y in zip(counts, random_counts(50, 7), strict=True))
    assert pool(frame(counts, 3)).k == 7


def test_repeats_are_counted_after_a_warm_up() -> None:
    calls = []
    times = measure.seconds(lambda: calls.append(sum(range(200_000))), 3)
    assert len(times) == 3
    assert len(calls) > 3
    assert measure.summary([3.0, 1.0, 2.0]) == {
        "repeats": 3, "median": 2.0, "lower_quartile": 1.5, "upper_quartile": 2.5,
    }  # fmt: skip
