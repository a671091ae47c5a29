"""The figures from the corpus are complete, and the programs that make them run; the corpus itself stays outside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import metalib
from benchmarks import corpus, errors, forests, prints, se_for_sd

ROOT = Path(__file__).parent.parent / "benchmarks"


def small(path: Path) -> Path:
    """Write a corpus of 14 random pools, with metalib's numbers to six decimals, and return where."""
    random = np.random.default_rng(3)
    frames = []
    for i, choices in enumerate([*corpus.SPECIFICATIONS[:13], corpus.SPECIFICATIONS[-1]]):
        k = 3
        n_t, n_c = random.integers(30, 90, (2, k))
        t = pd.DataFrame({"study": [f"s{j}" for j in range(k)], "events_t": random.binomial(n_t, 0.3), "n_t": n_t,
                          "events_c": random.binomial(n_c, 0.4), "n_c": n_c})  # fmt: skip
        result = metalib.pool(t, **choices)
        assert result.effects is not None
        back = np.exp if result.options.is_ratio else np.asarray
        half = result.options.z * np.sqrt(result.effects.vi)
        values = {"effect": back(result.effects.yi), "ci_low": back(result.effects.yi - half),
                  "ci_high": back(result.effects.yi + half), "weight": np.array(result.weights, float)}  # fmt: skip
        place = {"review": "CD1", "analysis": "1.1" if i == 0 else f"1.{i + 9}", "subgroup": "1", "pooled_over": "all"}
        frames.append(t.assign(study=range(k), **{n: v.round(6) for n, v in values.items()}, **place, **choices))
    pd.concat(frames)[corpus.COLUMNS].to_csv(path, index=False)
    return path


def test_a_corpus_is_compared_in_full(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "figures.csv"
    assert corpus.main([str(small(tmp_path / "c.csv")), "-o", str(out)]) == 0
    figures = pd.read_csv(out)
    assert figures["pools"].sum() == figures["pools with every weight"].sum() == 14
    assert (figures["estimable"] == figures["effect agrees"]).all()
    # Analyses 1.1 and 1.10 are two.
    assert corpus.read_corpus(tmp_path / "c.csv")["pool"].nunique() == 14
    assert "0 numbers differ" not in capsys.readouterr().out


def test_a_number_that_differs_is_found_and_explained(tmp_path: Path) -> None:
    frame = corpus.read_corpus(small(tmp_path / "c.csv"))
    frame.loc[0, "weight"] += 0.001
    assert corpus.run(frame)[1][["row", "what", "reason"]].to_numpy().tolist() == [[1, "weight", ""]]
    frame.loc[0, "weight"] -= 0.001 - 1.5e-6
    assert set(corpus.run(frame)[1]["reason"]) == {"last decimal"}
    mistaken = corpus.read_corpus(tmp_path / "c.csv").assign(measure="RD", method="IV", model="fixed", tau2="DL")
    assert set(corpus.run(mistaken)[1]["reason"]) == {"another specification"}


@pytest.mark.parametrize("program", [corpus.main, errors.main, forests.main])
def test_without_the_corpus_it_says_what_is_missing(program, capsys: pytest.CaptureFixture[str]) -> None:
    assert program(["/nowhere/corpus.csv"]) == 2
    said = capsys.readouterr().err
    assert "no corpus at /nowhere/corpus.csv" in said
    assert "events_t" in said


def test_a_corpus_without_a_column_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = small(tmp_path / "c.csv")
    pd.read_csv(path).drop(columns="weight").to_csv(path, index=False)
    assert corpus.main([str(path)]) == 2
    assert "no column 'weight'" in capsys.readouterr().err


def test_errors_are_planted_and_counted(tmp_path: Path) -> None:
    frame = corpus.read_corpus(small(tmp_path / "c.csv"))
    table = errors.run(frame)
    pd.testing.assert_frame_equal(table, errors.run(frame))
    untouched = table[table["error"] == "untouched"]
    assert untouched["noticed"].sum() == 0
    assert (untouched["silent"] == 14).all()
    assert set(table["error"]) >= {"untouched", *errors.KINDS, errors.OTHER} - {"zero-cell rule"}
    counts = table[(table["print"] == "counts") & (table["error"] != "untouched")]
    assert counts["missed"].sum() == 0
    assert counts["noticed"].sum() > 100


def test_a_standard_error_printed_for_a_deviation_is_noticed_by_the_data() -> None:
    table = se_for_sd.run(errors.SEED, 20).set_index(["error", "print"])
    assert table.loc[(se_for_sd.KINDS[0], "counts"), "noticed"] >= 18
    assert (table.loc[se_for_sd.KINDS[1], "noticed"] == 0).all()
    assert (table.loc["untouched, continuous", "silent"] == 20).all()


def frame_of_plots(number: int, most: int) -> list[prints.Plot]:
    """Return random printed plots with arms of at most so many patients."""
    random = np.random.default_rng(9)
    plots = []
    for _ in range(number):
        n_t, n_c = random.integers(20, most, (2, 4))
        t = pd.DataFrame({"study": list("abcd"), "events_t": random.binomial(n_t, 0.3), "n_t": n_t,
                          "events_c": random.binomial(n_c, 0.4), "n_c": n_c})  # fmt: skip
        result = metalib.pool(t, measure="RR")
        assert result.effects is not None
        half = result.options.z * np.sqrt(result.effects.vi)
        values = {"effect": np.exp(result.effects.yi), "ci_low": np.exp(result.effects.yi - half),
                  "ci_high": np.exp(result.effects.yi + half), "weight": np.array(result.weights, float)}  # fmt: skip
        rows = prints.rows_of(t.assign(**values), result)
        plots.append(prints.Plot(result.options, rows, prints.line_of(result), t))
    return plots


def test_forests_are_recovered_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    plots = frame_of_plots(5, 60)
    monkeypatch.setattr(prints, "plots", lambda frame: [("CD1", plot) for plot in plots])
    rows = forests.run(pd.DataFrame(), 5)
    table = forests.table_of(rows).set_index(["print", "by"])
    for printed in forests.PRINTED:
        whole = table.loc[(printed, "all")]
        assert whole["studies"].item() == 20
        assert whole["truth lost"].item() == 0
    assert table.loc[("pooled line", "all"), "unique"].item() >= table.loc[("rows", "all"), "unique"].item()
    # Without the rows' own numbers nothing is unique: the counts are no foregone conclusion.
    blank = [prints.Plot(p.options, tuple({"weight": r["weight"]} for r in p.rows if r), {}, p.tables) for p in plots]
    assert forests.plot_of(blank[0], "rows").rows[0].stats == {}


def test_the_stored_figures() -> None:
    """Complete, and as good as the chapter says."""
    figures = pd.read_csv(ROOT / "corpus.csv")
    assert figures["pools"].sum() == 3540
    assert (figures["same estimable"] == figures["rows"]).all()
    assert figures["missed: unexplained"].sum() == 0
    explained = figures.filter(like="missed: ").sum().sum()
    assert figures["pools with every weight"].sum() + explained >= 3540
    table = pd.read_csv(ROOT / "errors.csv", comment="#")
    untouched = table[(table["error"] == "untouched") & table["print"].isin(errors.PRINTS)]
    assert (untouched["planted"] >= 3000).all()
    assert (untouched["noticed"] <= 0.001 * untouched["planted"]).all()
    continuous = {"untouched, continuous", *se_for_sd.KINDS}
    assert set(table["error"]) == {"untouched", *errors.KINDS, errors.OTHER} | continuous
    planted = table.set_index(["error", "print"])
    assert (planted.loc["untouched, continuous", "noticed"] == 0).all()
    # Entered as a standard deviation, a standard error is one: no print of what follows can show it.
    assert (planted.loc[se_for_sd.KINDS[1], "a real print"] == planted.loc[se_for_sd.KINDS[1], "planted"]).all()
    assert f"seed {errors.SEED}" in (ROOT / "errors.csv").read_text(encoding="utf-8").splitlines()[0]
    forest = pd.read_csv(ROOT / "forests.csv", comment="#")
    whole = forest[forest["by"] == "all"].set_index("print")
    assert list(whole.index) == list(forests.PRINTED)
    assert (whole["analyses"] >= 2000).all()
    assert (forest["truth lost"] == 0).all()
    assert (forest[list(forests.COUNTED)].sum(axis=1) == forest["studies"]).all()
