"""Bad input of every kind: only our exceptions come out, and they say where the fault stands.

Tables of cases, one test id each: what is wrong, where it goes in, and what the message must name.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction as F
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import metalib
from metalib import DataError, MetalibError, OptionError, figures, pool
from metalib.__main__ import main
from metalib.arithmetic.generic import pool_effects
from metalib.arithmetic.tables import COUNTS
from metalib.arithmetic.tau2_interval import tau2_interval
from metalib.arithmetic.zero_cells import pool_corrected
from metalib.audit.checked_csv import Column, File, csv_text, read_checked
from metalib.audit.consistency import p_from_interval, p_q_from_i2
from metalib.audit.crosscheck import statsmodels_crosscheck
from metalib.audit.printed import read_printed
from metalib.pages import download, filtered_table, link, notebook, outputs, table
from metalib.pages.worked import work_out
from metalib.robustness.absolute import absolute_effect
from metalib.robustness.fragility import fragility
from metalib.robustness.ordinal import pool_proportional_odds, proportional_odds
from metalib.robustness.sensitivity import cumulative
from metalib.robustness.small_study import egger, harbord, peters, trim_and_fill
from metalib.robustness.specifications import specifications
from metalib.robustness.subsets import all_subsets, influence

ROOT = Path(__file__).parent.parent
GOOD = {
    "study": ["a", "b", "c"],
    "events_t": [1, 2, 3],
    "n_t": [10, 20, 30],
    "events_c": [2, 3, 4],
    "n_c": [11, 21, 31],
}


def frame(**changes: object) -> pd.DataFrame:
    return pd.DataFrame({**GOOD, **changes})


def cell(column: str, value: object) -> pd.DataFrame:
    """Three good studies, one cell of the second replaced by any object."""
    column_values = np.empty(3, dtype=object)
    column_values[0], column_values[1], column_values[2] = GOOD[column][0], value, GOOD[column][2]
    return frame(**{column: pd.Series(column_values, dtype=object)})


#: Every function that takes tables, called as users call it.
ENTRIES: dict[str, Callable[..., object]] = {
    "pool": pool,
    "effects": metalib.effects,
    "leave_one_out": metalib.leave_one_out,
    "exclude_cumulatively": lambda t, **o: metalib.exclude_cumulatively(t, ["b"], **o),
    "subgroups": lambda t, **o: metalib.subgroups(t, ["x", "y", "x"], **o),
    "statsmodels_crosscheck": statsmodels_crosscheck,
    "all_subsets": all_subsets,
    "cumulative": cumulative,
    "influence": influence,
    "specifications": specifications,
    "pool_corrected": pool_corrected,
    "egger": egger,
    "harbord": harbord,
    "peters": peters,
    "trim_and_fill": trim_and_fill,
    "fragility": lambda t, **o: fragility(t, max_changes=2, max_tables=300, **o),
    "tau2_interval": tau2_interval,
    "worked steps": lambda t, **o: work_out(t),
}


class RaisesWhenCompared:
    __hash__ = None

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")


class RaisesWhenShown:
    def __repr__(self) -> str:
        raise RuntimeError("no text")


NO_COUNTS = {
    "negative": -1, "fractional": 2.5, "NaN": float("nan"), "infinite": float("inf"), "minus infinite": -float("inf"),
    "None": None, "NA": pd.NA, "NaT": pd.NaT, "bool": True, "numpy bool": np.True_, "text": "x", "digits": "5",
    "decimal text": "5.0", "exponent text": "1e3", "blank text": " 5", "full width": "５", "thousands": "1,000",
    "empty": "", "bytes": b"5", "Decimal": Decimal("5"), "Fraction": F(5), "complex": 5j, "beyond int64": 2**63,
    "huge": 10**400, "minus huge": -(10**400), "above 2**53": 2**53 + 2, "list": [1], "dict": {"a": 1},
    "object": object(),
    "array": np.array([1, 2]), "date": pd.Timestamp("2020-01-01"), "duration": pd.Timedelta(1), "more than n": 21,
    "raises when compared": RaisesWhenCompared(), "raises when shown": RaisesWhenShown(), "long": "9" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("value", NO_COUNTS.values(), ids=NO_COUNTS.keys())
@pytest.mark.parametrize("entry", ENTRIES)
def test_a_cell_that_is_no_count(entry: str, value: object) -> None:
    with pytest.raises(DataError) as caught:
        ENTRIES[entry](cell("events_t", value))
    error = caught.value
    assert (error.row, error.study, error.arm) == (2, "b", "experimental")
    for part in ("row 2", "study 'b'", "experimental arm", "value"):
        assert part in str(error) or (part == "value" and value is None)
    assert "\n" not in str(error)
    assert len(str(error)) < 500


@pytest.mark.parametrize("column", COUNTS)
def test_every_column_is_checked(column: str) -> None:
    with pytest.raises(DataError, match=r"x.csv, row 2, study 'b', (experimental|control) arm, value -7: .*negative"):
        metalib.arithmetic.tables.check_tables(cell(column, -7), file="x.csv")


FRAMES = {
    "no rows": (frame().iloc[:0], "no study"),
    "nothing": (pd.DataFrame(), "is missing"),
    "a column less": (frame().drop(columns="n_c"), "n_c is missing"),
    "a column twice": (pd.concat([frame(), frame()[["n_t"]]], axis=1), "n_t stands there twice"),
    "the study twice": (pd.concat([frame(), frame()]).iloc[[0, 1, 3]], "row 3, study 'a': the study occurs twice"),
    "the study as index": (frame().set_index("study"), "study is missing"),
    "several levels": (pd.concat({"x": frame()}, axis=1), "several levels"),
    "numbered columns": (frame().set_axis(range(5), axis=1), "is missing"),
    "other case": (frame().rename(columns=str.upper), "is missing"),
    "no patient": (frame(events_t=[0, 2, 3], n_t=[0, 20, 30]), "row 1, study 'a', experimental arm, value 0: an arm"),
    "more events": (frame(events_c=[2, 22, 4]), "row 2, study 'b', control arm, value '22 of 21': more events"),
    "a dictionary": (GOOD, "must be a DataFrame, not dict"),
    "None": (None, "must be a DataFrame, not NoneType"),
    "an array": (frame().to_numpy(), "must be a DataFrame, not ndarray"),
    "a name": ("tables.csv", "must be a DataFrame, not str"),
    "categories": (frame(n_c=pd.Categorical([11, 21, 31])), "control arm, value 11: n_c holds category"),
    "truth": (frame(events_t=[True, False, True]), "experimental arm, value True"),
    "nullable truth": (frame(events_t=pd.array([True, None, True], dtype="boolean")), "value True"),
    "dates": (frame(events_t=pd.date_range("1970", periods=3)), "not numbers"),
    "durations": (frame(events_t=pd.to_timedelta([1, 2, 3])), "not numbers"),
    "complex": (frame(events_t=[1j, 2, 3]), "value 1j"),
    "nullable missing": (frame(events_t=pd.array([1, None, 3], dtype="Int64")), "row 2, study 'b', experimental"),
    "name of a number": (frame(study=["a", 2, "c"]), "row 2, value 2: a study needs a name"),
    "name of blanks": (frame(study=["a", "  ", "c"]), "row 2, value '  '"),
    "name missing": (frame(study=["a", None, "c"]), "row 2"),
    "name with NUL": (frame(study=["a", "b\0", "c"]), r"row 2, value 'b\\x00': the name holds a control"),
    "name with a line": (frame(study=["a", "b\nb", "c"]), "control"),
    "half a character": (frame(study=["a", "\ud800", "c"]), "surrogate"),
    "endless name": (frame(study=["a", "b" * 501, "c"]), "longer than 500"),
}  # fmt: skip


@pytest.mark.parametrize(("tables", "named"), FRAMES.values(), ids=FRAMES.keys())
@pytest.mark.parametrize("entry", ENTRIES)
def test_a_frame_that_is_no_table(entry: str, tables: object, named: str) -> None:
    with pytest.raises(DataError, match=named):
        ENTRIES[entry](tables)


#: Options that no function takes; each function is asked with those that it has.
WRONG = {
    "measure": ["HR", "or", None, 1, ["OR"], b"OR"],
    "method": ["mh", "X", None, 1, ["MH"]],
    "model": ["mixed", None, 1, ["fixed"]],
    "tau2": ["SJ", None, 1],
    "ci": ["t", None, 1],
    "level": [0, 1, -0.1, 1.5, 95, float("nan"), float("inf"), "95", None, True, np.True_, [0.95], 0.95j, pd.NA],
}
_ALL = ("measure", "method", "model", "tau2", "ci", "level")
TAKES = {
    **dict.fromkeys(
        ("pool", "leave_one_out", "exclude_cumulatively", "subgroups", "all_subsets", "cumulative",
         "pool_corrected"), _ALL
    ),
    "influence": ("measure", "method", "model", "level"), "fragility": _ALL, "effects": ("measure", "level"),
    "statsmodels_crosscheck": ("measure",), "egger": ("measure",), "peters": ("measure",),
    "trim_and_fill": ("measure", "model", "level"), "tau2_interval": ("measure", "level"),
    "specifications": ("level",),
}  # fmt: skip
OPTIONS = [(e, name, value) for e, names in TAKES.items() for name in names for value in WRONG[name]]


@pytest.mark.parametrize(("entry", "name", "value"), OPTIONS, ids=[f"{e}-{n}-{v!r}" for e, n, v in OPTIONS])
def test_unknown_options(entry: str, name: str, value: object) -> None:
    with pytest.raises(OptionError, match=name) as caught:
        ENTRIES[entry](frame(), **{name: value})
    assert repr(value) in str(caught.value)


BATCH = {
    "negative": ([1, -1], "row 2, experimental arm, value -1"), "fractional": ([1, 0.5], "value 0.5"),
    "NaN": ([1, np.nan], "value nan"), "infinite": ([1, np.inf], "value inf"), "text": (["1", "2"], "not numbers"),
    "None": ([1, None], "not numbers"), "complex": ([1j, 2], "complex"), "truth": ([True, False], "bool"),
    "more than n": ([1, 11], "row 2, experimental arm, value '11 of 10'"), "huge": ([1, 10**400], "not numbers"),
    "nothing": ([], "fit together"), "ragged": ([[1], [2, 3]], "length"), "too many": ([1, 2, 3], "fit together"),
    "one number": (5, None), "a Series": (pd.Series([1, 2], index=[1, 0]), "index"), "no array": (None, "not numbers"),
}  # fmt: skip


@pytest.mark.parametrize(("events", "named"), BATCH.values(), ids=BATCH.keys())
def test_pool_batch(events: object, named: str | None) -> None:
    if named is None:
        assert metalib.pool_batch(events, [10, 10], [2, 2], [10, 10]).k == 2
        return
    with pytest.raises(DataError, match=named):
        metalib.pool_batch(events, [10, 10], [2, 2], [10, 10])
    if named not in ("bool", "not numbers") or events == [1, None]:
        with pytest.raises(DataError):
            metalib.pool_batch([1, 2], [10, 10], [2, 2], [10, 10], include=events)


def test_pool_batch_without_a_study_or_a_patient() -> None:
    for n in ([0, 10], [-1, 10]):
        with pytest.raises(DataError, match=r"row 1, control arm, value .*an arm needs a patient"):
            metalib.pool_batch([0, 0], [10, 10], [0, 0], n)
    with pytest.raises(DataError, match="no study"):
        metalib.pool_batch(*[np.zeros((3, 0), dtype=int)] * 4)


GENERIC = {
    "text": ([0.1, "x"], [1, 1], None, "row 2, study 'study 2', value 'x'"),
    "complex": ([0.1, 1j], [1, 1], None, "value 1j"), "huge": ([0.1, 10**400], [1, 1], None, "study 2"),
    "one without the other": ([0.1, None], [1, 1], ["a", "b"], "row 2, study 'b'"),
    "infinite": ([0.1, np.inf], [1, 1], ["a", "b"], "finite"), "truth": ([0.1, True], [1, 1], None, "value True"),
    "no error": ([0.1, 0.2], [1, 0], ["a", "b"], "row 2, study 'b', value 0: .*positive"),
    "negative error": ([0.1, 0.2], [1, -1], ["a", "b"], "value -1"), "tiny": ([0.1, 0.2], [1e-200, 1], None, "e-200"),
    "enormous": ([1e200, 0.2], [1, 1], None, "1e[+]200"), "unequal": ([0.1], [1, 1], None, "1 effects, 2 standard"),
    "none": ([], [], None, "0 effects"), "no list": (None, [1], None, "no effects"),
    "a number": (5, [1], None, "value 5"),
    "twice": ([0.1, 0.2], [1, 1], ["a", "a"], "study 'a': the study occurs twice"),
    "names": ([1, 2], [1, 1], [1, 2], "name"),
    "one text as names": ([0.1, 0.2], [1, 1], "ab", "names must be a list"),
    "shuffled": (pd.Series([1, 2], index=[0, 1]), pd.Series([1, 2], index=[1, 0]), None, "paired wrongly"),
}  # fmt: skip


@pytest.mark.parametrize(("yi", "se", "names", "named"), GENERIC.values(), ids=GENERIC.keys())
def test_generic_effects(yi: object, se: object, names: object, named: str) -> None:
    with pytest.raises(DataError, match=named):
        pool_effects(yi, se, names)


ORDINAL = {
    "unequal": ([[1, 2], [3]], "as many"), "one row": ([[1, 2]], "two rows"), "None": (None, "not numbers"),
    "text": ([["1", "2"], ["3", "4"]], "not numbers"), "truth": ([[True, False], [True, True]], "not numbers"),
    "negative": ([[1, -1], [1, 1]], "experimental arm, value -1"), "fractional": ([[1, 1], [1.5, 1]], "control arm"),
    "NaN": ([[np.nan, 1], [1, 1]], "value nan"), "infinite": ([[np.inf, 1], [1, 1]], "value inf"),
    "huge": ([[10**400, 1], [1, 1]], "too large"), "no patient": ([[0, 0], [1, 1]], "one patient"),
    "complex": ([[1j, 1], [1, 1]], "not numbers"), "NA": ([[pd.NA, 1], [1, 1]], "not numbers"),
}  # fmt: skip


@pytest.mark.parametrize(("counts", "named"), ORDINAL.values(), ids=ORDINAL.keys())
def test_ordered_outcomes(counts: object, named: str) -> None:
    with pytest.raises(DataError, match=named):
        proportional_odds(counts)
    with pytest.raises(DataError, match=f"study 'Trial'.*{named}"):
        pool_proportional_odds({"Trial": counts})


OTHERS = {
    "order None": lambda: metalib.exclude_cumulatively(frame(), None),
    "order unordered": lambda: metalib.exclude_cumulatively(frame(), {"a", "b"}),
    "order a number": lambda: cumulative(frame(), 5),
    "order of numbers": lambda: cumulative(frame(), [1, 2, 3]),
    "order unknown": lambda: metalib.exclude_cumulatively(frame(), ["zz"]),
    "order incomplete": lambda: cumulative(frame(), ["a", "b"]),
    "order twice": lambda: metalib.exclude_cumulatively(frame(), ["a", "a"]),
    "labels None": lambda: metalib.subgroups(frame(), None),
    "labels too few": lambda: metalib.subgroups(frame(), ["x"]),
    "labels missing": lambda: metalib.subgroups(frame(), ["x", pd.NA, "y"]),
    "labels of arrays": lambda: metalib.subgroups(frame(), [np.array([1, 2])] * 3),
    "labels shuffled": lambda: metalib.subgroups(frame(), pd.Series(["x", "y", "z"], index=[2, 1, 0])),
    "labels of no column": lambda: metalib.subgroups(frame(), "nothing"),
    "labels column twice": lambda: metalib.subgroups(pd.concat([frame(g=1), frame(g=1)[["g"]]], axis=1), "g"),
    "subgroups of nothing": lambda: metalib.subgroups(None, "a"),
    "measures None": lambda: specifications(frame(), None),
    "measures empty": lambda: specifications(frame(), []),
    "measures twice": lambda: specifications(frame(), ["OR", "OR"]),
    "rule": lambda: pool_corrected(frame(), rule="half"),
    "estimator": lambda: trim_and_fill(frame(), estimator="Q0"),
    "17 studies": lambda: all_subsets(pd.concat([frame()] * 6).assign(study=list(map(str, range(18))))),
    "alpha": lambda: fragility(frame(), alpha=5),
    "no changes": lambda: fragility(frame(), max_changes=0),
    "half a change": lambda: fragility(frame(), max_changes=1.5),
    "effect None": lambda: absolute_effect(None, 0.4),
    "baseline 0": lambda: absolute_effect(pool(frame()), 0),
    "baseline text": lambda: absolute_effect(pool(frame()), "0.4"),
    "baseline NaN": lambda: absolute_effect(pool(frame()), float("nan")),
    "per huge": lambda: absolute_effect(pool(frame()), 0.4, 10**400),
    "printed no text": lambda: read_printed(0.5),
    "printed other digits": lambda: read_printed("٣"),
    "printed huge": lambda: read_printed("5" * 400),
    "unit text": lambda: read_printed("0.5", "0.1"),
    "unit infinite": lambda: read_printed("0.5", math.inf),
    "unit truth": lambda: read_printed("0.5", True),
    "limits exchanged": lambda: p_from_interval(read_printed("1.0"), read_printed("2.0"), read_printed("0.5")),
    "limit a bound": lambda: p_from_interval(read_printed("1.0"), read_printed("0.5"), read_printed(">2.0")),
    "df text": lambda: p_q_from_i2(read_printed("50"), "4"),
    "df NaN": lambda: p_q_from_i2(read_printed("50"), math.nan),
    "option that cannot be shown": lambda: pool(frame(), measure=RaisesWhenShown()),
}


@pytest.mark.parametrize("call", OTHERS.values(), ids=OTHERS.keys())
def test_other_arguments(call: Callable[[], object]) -> None:
    with pytest.raises(MetalibError):
        call()


# ---- input that is odd, but right ----------------------------------------------------------------------------------

FINE = {
    "numpy integers": frame(events_t=np.array([1, 2, 3], dtype=np.uint8)),
    "numpy scalars": cell("events_t", np.int16(2)).assign(events_t=lambda t: [int(x) for x in t["events_t"]]),
    "floats": frame(events_t=[1.0, 2.0, 3.0]),
    "nullable": frame(events_t=pd.array([1, 2, 3], dtype="Int64")),
    "columns in another order": frame()[["n_c", "events_c", "study", "n_t", "events_t"]],
    "an index that recurs": frame().set_index(pd.Index([7, 7, 1])),
    "a shuffled index": frame().set_index(pd.Index([2, 0, 1])),
    "studies as categories": frame(study=pd.Categorical(["a", "b", "c"])),
    "more columns": frame(note="=1+1", other=[None, [], {}]),
}


@pytest.mark.parametrize("tables", FINE.values(), ids=FINE.keys())
def test_odd_input_that_is_right_changes_nothing(tables: pd.DataFrame) -> None:
    assert pool(tables).estimate == pool(frame()).estimate
    assert pool(tables).studies == ("a", "b", "c")


def test_rows_are_paired_by_position_in_the_frame_and_never_by_index() -> None:
    mixed = frame().sample(frac=1, random_state=1)
    by_study = metalib.effects(mixed).set_index("study")["effect"]
    pd.testing.assert_series_equal(by_study.sort_index(), metalib.effects(frame()).set_index("study")["effect"])
    labels = pd.Series(["x", "y", "y"], index=frame().index)
    with pytest.raises(DataError, match="paired wrongly"):
        metalib.subgroups(mixed, labels)
    assert metalib.subgroups(mixed, labels.loc[mixed.index])["x"].studies == ("a",)


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_one_study(measure: str) -> None:
    one = frame().iloc[:1]
    fixed, random = (pool(one, measure, model=model) for model in ("fixed", "random"))
    assert (fixed.k, fixed.df, fixed.Q, fixed.p_Q, random.tau2) == (1, 0, 0.0, None, 0.0)
    assert "one study" in fixed.reasons["p_Q"]
    alone = metalib.effects(one, measure).iloc[0]
    for effect in (fixed, random):
        assert effect.estimate == pytest.approx(alone["effect"], rel=1e-12)
        assert effect.se == pytest.approx(alone["se"], rel=1e-12)
    hksj = pool(one, measure, model="random", ci="hksj")
    assert hksj.se is None
    assert "two estimable studies" in hksj.reasons["se"]
    assert metalib.leave_one_out(one)["reason"].tolist() == ["no study is estimable"]


def test_only_double_zero_studies() -> None:
    empty = frame(events_t=[0] * 3, events_c=[0] * 3)
    for measure, method in (("OR", "MH"), ("OR", "IV"), ("OR", "Peto"), ("RR", "MH"), ("RR", "IV")):
        result = pool(empty, measure, method)
        assert not result.estimable
        assert dict(result.excluded).keys() == {"a", "b", "c"}
        assert all("no events in either arm" in reason for _, reason in result.excluded)
        assert result.reasons["estimate"] == "no study is estimable"
    difference = pool(empty, "RD")
    assert (difference.k, difference.estimate) == (3, 0.0)
    assert difference.se > 0


def exact_mantel_haenszel(tables: pd.DataFrame, measure: str) -> F:
    """Return the Mantel-Haenszel ratio or difference of tables without a zero cell, in fractions."""
    above = below = F(0)
    for _, a, n1, c, n2 in tables.itertuples(index=False):
        a, n1, c, n2 = (F(int(x)) for x in (a, n1, c, n2))
        n = n1 + n2
        if measure == "OR":
            above, below = above + a * (n2 - c) / n, below + (n1 - a) * c / n
        elif measure == "RR":
            above, below = above + a * n2 / n, below + c * n1 / n
        else:
            above, below = above + (a * n2 - c * n1) / n, below + n1 * n2 / n
    return above / below


def exact_inverse_variance_or(tables: pd.DataFrame) -> tuple[F, float]:
    """Return the weighted sum in fractions except for the logarithms, and the exact sum of weights."""
    above, below = 0.0, F(0)
    for _, a, n1, c, n2 in tables.itertuples(index=False):
        a, b, c, d = F(int(a)), F(int(n1 - a)), F(int(c)), F(int(n2 - c))
        w = 1 / (1 / a + 1 / b + 1 / c + 1 / d)
        above += float(w) * (math.log(a * d) - math.log(b * c))
        below += w
    return above / float(below), float(below) ** -0.5


@pytest.mark.parametrize("size", [10**9, 10**15], ids=["1e9", "1e15"])
def test_enormous_counts(size: int) -> None:
    large = frame(
        events_t=[size // 2, size // 3, size // 5], n_t=[size, size + 7, size - 9],
        events_c=[size // 3, size // 4, size // 7], n_c=[size - 1, size + 3, size],
    )  # fmt: skip
    for measure in ("OR", "RR", "RD"):
        exact = exact_mantel_haenszel(large, measure)
        result = pool(large, measure)
        assert result.natural(result.estimate) == pytest.approx(float(exact), rel=1e-10)
    estimate, se = exact_inverse_variance_or(large)
    assert pool(large, method="IV").estimate == pytest.approx(estimate, rel=1e-10)
    assert pool(large, method="IV").se == pytest.approx(se, rel=1e-10)
    for entry in ("all_subsets", "leave_one_out", "influence", "specifications", "statsmodels_crosscheck", "fragility"):
        ENTRIES[entry](large)


def test_asymmetry_tests_do_not_depend_on_the_unit_of_size() -> None:
    # Peters' regressor 1 / N is tiny for large studies. Effects and relative weights stay when all counts grow alike,
    # so the slope grows with them and t, P and the limit stay.
    small = frame(events_t=[10, 30, 60], n_t=[40, 90, 200], events_c=[15, 40, 50], n_c=[50, 80, 210])
    large = small.assign(**{name: small[name] * 10**9 for name in COUNTS})
    one, other = peters(small), peters(large)
    assert other.estimate == pytest.approx(one.estimate * 1e9, rel=1e-8)
    for name in ("statistic", "p", "limit"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-8)
    assert egger(large).p == pytest.approx(egger(small).p, rel=1e-8)


def test_a_ratio_beyond_the_largest_float_is_infinite() -> None:
    result = pool_effects([800.0, 801.0], [1.0, 1.0])
    assert result.ratio == math.inf
    assert "∞" in result.summary()
    assert result.to_frame().loc[0, "estimate"] == pytest.approx(800.5)
    edge = frame(events_t=[1, 2**52, 3], n_t=[2**53] * 3, events_c=[2**53 - 1] * 3, n_c=[2**53] * 3)
    assert len(specifications(edge)) == len(specifications(frame()))


# ---- files ---------------------------------------------------------------------------------------------------------

UNIT = Column("unit", kind="number", blank=True)
LAYOUT = File((Column("study"), *(Column(name, kind="count") for name in COUNTS), UNIT), ("study",))
HEAD = b"study,events_t,n_t,events_c,n_c,unit\n"
LINE = b"A,1,10,2,11,0.5\n"
FILES: dict[str, tuple[bytes, list[str]]] = {
    "empty": (b"", ["empty"]),
    "blank": (b"\n\n", ["empty"]),
    "no row": (HEAD, ["no row"]),
    "latin-1": (HEAD + b"M\xfcller,1,10,2,11,0.5\n", ["not UTF-8", "byte 38"]),
    "UTF-16": ((HEAD + LINE).decode().encode("utf-16"), ["not UTF-8"]),
    "semicolons": ((HEAD + LINE).replace(b",", b";"), ["is missing"]),
    "tabs": ((HEAD + LINE).replace(b",", b"\t"), ["is missing"]),
    "header twice": (b"study," + HEAD + b"x," + LINE, ["stands there twice", "study"]),
    "a column less": (HEAD.replace(b",n_c", b"") + LINE, ["'n_c'", "is missing"]),
    "a column more": (b"more," + HEAD + LINE, ["'more'", "is not known"]),
    "a ragged row": (HEAD + LINE + b"B,1,10\n", ["row 2", "3 cells for 6 columns"]),
    "a blank line": (HEAD + LINE + b"\n" + LINE, ["row 2", "0 cells"]),
    "an open quote": (HEAD + b'"A,1,10,2,11,0.5\n', ["no CSV"]),
    "a NUL": (HEAD + b"A\0,1,10,2,11,0.5\n", ["row 1", "A\\x00", "control character"]),
    "too long a field": (HEAD + b"A" * 200_000 + LINE, ["no CSV"]),
    "no study": (HEAD + b" ,1,10,2,11,0.5\n", ["row 1", "study is empty"]),
    "the study twice": (HEAD + LINE + LINE, ["row 2", "study 'A'", "repeats row 1"]),
    "unit 0": (HEAD + b"A,1,10,2,11,0\n", ["row 1", "study 'A'", "'0'", "positive"]),
    "unit nan": (HEAD + b"A,1,10,2,11,nan\n", ["'nan'", "not a number"]),
    "unit 1_000": (HEAD + b"A,1,10,2,11,1_000\n", ["'1_000'", "not a number"]),
    "unit 1e999": (HEAD + b"A,1,10,2,11,1e999\n", ["'1e999'", "positive"]),
}  # fmt: skip
for _text in ("-1", "1.5", "1.0", "1e3", "x", "NaN", "inf", "", "１", '"1,000"', "+1", "=1", "0x1", "1_0", "9" * 40):
    FILES[f"events {_text}"] = (
        HEAD + LINE + f"B,1,10,{_text},11,0.5\n".encode(),
        ["row 2", "study 'B'", "control arm", *([repr(_text.strip('"'))] if _text else [])],
    )


@pytest.mark.parametrize(("content", "named"), FILES.values(), ids=FILES.keys())
def test_csv_files(tmp_path: Path, content: bytes, named: list[str]) -> None:
    path = tmp_path / "tables.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_checked(path, LAYOUT)
    for part in ["tables.csv", *named]:
        assert part in str(caught.value)


def test_the_longest_cell_does_not_depend_on_other_libraries(tmp_path: Path) -> None:
    """The limit of Python's csv module is one for the whole process; frictionless lifts it."""
    path = tmp_path / "tables.csv"
    path.write_bytes(HEAD + b"A" * 200_000 + LINE)
    before = csv.field_size_limit(10**8)
    try:
        with pytest.raises(DataError, match="no CSV"):
            read_checked(path, LAYOUT)
    finally:
        csv.field_size_limit(before)


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    for name in ("missing", "dangling", "loop", ".", "nul\0", "n" * 300):
        with pytest.raises(DataError, match="cannot be read"):
            read_checked(tmp_path / name, LAYOUT)
    with pytest.raises(DataError, match="cannot be read"):
        metalib.read_review(tmp_path)


def test_csv_that_is_odd_but_right(tmp_path: Path) -> None:
    path = tmp_path / "tables.csv"
    plain = pd.DataFrame({"study": ["A"], "events_t": [1], "n_t": [10], "events_c": [2], "n_c": [11], "unit": [0.5]})
    for content in (b"\xef\xbb\xbf" + HEAD + LINE, (HEAD + LINE).replace(b"\n", b"\r\n"), HEAD + LINE.strip(),
                    HEAD + b'"A", 1 ,10,2,11,0.5\n'):  # fmt: skip
        path.write_bytes(content)
        pd.testing.assert_frame_equal(read_checked(path, LAYOUT), plain)


CSV_CELLS = st.one_of(st.sampled_from(["study", *COUNTS, "unit", "A", "1", "10", "-1", "=1", '"']), st.text(max_size=4))
JUNK_CSV = st.lists(st.lists(CSV_CELLS, min_size=4, max_size=7).map(",".join), max_size=4).map(
    lambda rows: "\n".join(rows).encode("utf-8", "replace")
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=80), JUNK_CSV, JUNK_CSV.map(lambda body: HEAD + body)))
def test_only_our_exceptions_come_out_of_any_csv(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with contextlib.suppress(MetalibError):
        pool(read_checked(path, LAYOUT))


JUNK = st.one_of(
    st.integers(0, 40), st.integers(), st.floats(), st.text(max_size=3), st.none(), st.booleans(), st.complex_numbers(),
    st.decimals(), st.sampled_from([pd.NA, pd.NaT, 10**400, b"1", (), np.float32(3), np.int8(4), 2**53]),
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_only_our_exceptions_come_out_of_any_frame(data: st.DataObject) -> None:
    k = data.draw(st.integers(1, 3))
    tables = pd.DataFrame({**{name: GOOD[name][:k] for name in GOOD}})
    for name in data.draw(st.lists(st.sampled_from(list(GOOD)), max_size=3)):
        tables[name] = pd.Series(data.draw(st.lists(JUNK, min_size=k, max_size=k)), dtype=object)
    entry = data.draw(
        st.sampled_from(["pool", "effects", "leave_one_out", "all_subsets", "influence", "tau2_interval"])
    )
    options = {"measure": data.draw(st.sampled_from(["OR", "RR", "RD"]))}
    with contextlib.suppress(DataError):
        result = ENTRIES[entry](tables, **options)
        if isinstance(result, metalib.PooledEffect):
            assert result.estimable or result.reasons["estimate"]


# ---- the command line ----------------------------------------------------------------------------------------------

PUZZLE = """
studies: [{id: a, n_t: 20, n_c: 20}]
results:
  - {id: only, outcome: x, studies: [a], printed: {effect: "0.31", ci_low: "0.07", ci_high: "1.25"}}
"""
BAD_PUZZLES = {
    "empty": b"", "latin-1": b"title: M\xfcller\n", "no YAML": b"{", "a list": b"- 1", "NUL": b"title: \0",
    "half a character": PUZZLE.replace("id: a,", 'id: "\\ud800",').replace("[a]", '["\\ud800"]').encode(),
    "NUL escaped": PUZZLE.replace("id: a,", 'id: "a\\0",').encode(), "bomb": b"a: &a [1]\nb: [*a, *a]\n",
    "tag": b"!!python/object/apply:os.system ['true']", "deep": b"[" * 500,
    "number": PUZZLE.replace("0.31", "x").encode(),
    "other digits": PUZZLE.replace('"0.31"', '"٠.٣١"').encode(), "month 13": b"a: 2020-13-01",
    "study": PUZZLE.replace("studies: [a]", "studies: [b]").encode(),
    "arm": PUZZLE.replace("n_t: 20", "n_t: -1").encode(),
}  # fmt: skip


@pytest.mark.parametrize("content", BAD_PUZZLES.values(), ids=BAD_PUZZLES.keys())
def test_the_command_refuses_a_bad_puzzle(tmp_path: Path, capsys, content: bytes) -> None:
    path, out = tmp_path / "p.yaml", tmp_path / "out.json"
    path.write_bytes(content)
    assert main(["recover", str(path), "-o", str(out)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: ")
    assert shown.err.count("\n") == 1
    assert "p.yaml" in shown.err
    assert [p.name for p in tmp_path.iterdir()] == ["p.yaml"]


ARGUMENTS = {
    "no file": ["{d}/none.yaml"], "a folder": ["{d}"], "NUL": ["{d}/a\0"],
    "no processes": ["{p}", "--jobs", "0"], "negative": ["{p}", "--max-difference", "-1"],
    "output in no folder": ["{p}", "-o", "{d}/no/out.json"], "output is a folder": ["{p}", "-o", "{d}"],
    "output is the puzzle": ["{p}", "-o", "{p}"], "tables are the puzzle": ["{p}", "--tables", "{p}"],
    "tables are the output": ["{p}", "-o", "{d}/x", "--tables", "{d}/x"],
    "tables in no folder": ["{p}", "-o", "{d}/out.json", "--tables", "{d}/no/t.csv"],
}  # fmt: skip


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS.keys())
def test_the_command_refuses_bad_arguments(tmp_path: Path, capsys, arguments: list[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(PUZZLE, encoding="utf-8")
    assert main(["recover", *(a.format(p=path, d=tmp_path) for a in arguments)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert re.fullmatch(r"error: [^\n]+\n", shown.err)
    assert [p.name for p in tmp_path.iterdir()] == ["p.yaml"]
    assert path.read_text(encoding="utf-8") == PUZZLE


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(["recover", "--jobs", "--tables", "-o", "--quiet", "1", "x"]),
                          st.text(st.characters(exclude_characters="/\0."), max_size=5)), max_size=5))  # fmt: skip
def test_any_command_line_ends_with_code_2(arguments: list[str]) -> None:
    if {"-h", "--help", "--h", "--he", "--hel"} & set(arguments):
        return
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = main(arguments)
        except SystemExit as stop:
            code = stop.code
    assert code == 2


# ---- names that are markup, formulas or mathematics ----------------------------------------------------------------

NASTY = [
    '=HYPERLINK("https://x.test";"y")', "+1", "-1", "@SUM(A1)", "<script>alert(1)</script>", "</script><b>x",
    "{eval-rst}`x`",
    "`code`", "a|b", "$x^2$", "$\\frac{", "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>", "![x](y.png)",
    "# x",
    "<https://x.test>", "&lt;b&gt;", "{{ name }}", "**x**", "[^1]", "\\alpha", "<!-- x", ":::{note}", "{cite:p}`key`",
    "<svg onload=alert(1)>", '" onmouseover="alert(1)',
]  # fmt: skip
NAMED = pd.DataFrame({"study": NASTY, "events_t": 4, "n_t": 20, "events_c": 7, "n_c": 20})


def test_names_are_never_read_as_mathematics() -> None:
    from matplotlib.text import Text

    for fig in (figures.forest(pool(NAMED)), figures.funnel(pool(NAMED.assign(n_t=range(20, 20 + len(NASTY)))))):
        texts = fig.findobj(Text)
        assert not any(t.get_parse_math() for t in texts if "$" in t.get_text())
        assert b"<svg" in notebook.render(fig, "svg")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    import IPython.display

    bundles: list[dict] = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **kwargs: bundles.append(data))
    return bundles


class Elements(HTMLParser):
    """Collects what a browser would make elements of, with their attributes, and the texts of cells."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


LIVE = {"script", "img", "svg", "b", "a", "code", "em", "strong", "iframe"}


def test_names_are_escaped_in_html(shown: list[dict]) -> None:
    texts = pd.DataFrame({"Study": NASTY, "Group": "g", "id": [f"r{i}" for i in range(len(NASTY))]})
    filtered_table(texts, name="t", caption=NASTY[4], group="Group", choices=["Study"], row_id="Study")
    table(texts, name="tab-x", caption="Studies", csv=False)
    for bundle in shown:
        page = Elements()
        page.feed(bundle["text/html"])
        assert not LIVE & set(page.tags)
        assert not [name for name, _ in page.attributes if name.startswith("on")]
        assert set(NASTY) <= set(page.cells)


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JavaScript:x", "data:text/html,x", "//x.test", "vbscript:x", " javascript:x",
     "java\nscript:x", "\\\\x.test"],
)  # fmt: skip
def test_a_link_cannot_run_a_script(shown: list[dict], address: str) -> None:
    texts = pd.DataFrame({"Study": ["a"], "Group": "g", "to": [address]})
    with pytest.raises(OptionError, match="leads to a page"):
        filtered_table(texts, {("Study", "to"): ("Study", link)}, name="t", caption="x", group="Group")
    assert shown == []


def test_downloads_hold_no_formula(shown: list[dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(outputs.STAGING, str(tmp_path))
    values = [*NASTY, "\tx", "\r=1", "  =1"]
    data = pd.DataFrame({"study": values, "x": -0.5, "text": "-0.5", "=head": 1})
    download(data, name="d", what="x")
    text = (tmp_path / "downloads" / "d.csv").read_bytes().decode()
    read = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, lineterminator="\n")
    assert read.columns.tolist() == ["study", "x", "text", "'=head"]
    for value, cell_read in zip(values, read["study"], strict=True):
        number = re.fullmatch(r"[+-]\d+", value)
        assert cell_read == value or (cell_read == f"'{value}" and not number)
        assert not cell_read.lstrip(" ").startswith(("=", "@", "\t", "\r"))
    assert set(read["x"]) == set(read["text"]) == {"-0.5"}
    assert json.loads((tmp_path / "downloads" / "d.json").read_text(encoding="utf-8"))[0]["study"] == NASTY[0]
    assert csv_text(frame()) == frame().to_csv(index=False, lineterminator="\n")


def test_a_page_of_the_book_shows_names_as_they_stand(shown: list[dict], tmp_path: Path) -> None:
    import nbformat

    source = tmp_path / "source"
    source.mkdir()
    table(pd.DataFrame({"Study": NASTY, "n": 20}), name="tab-x", caption="Studies", csv=False)
    texts = pd.DataFrame({"Study": NASTY, "Group": "g"})
    filtered_table(texts, name="t", caption="All", group="Group", choices=["Study"])
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_markdown_cell("# Page")]
    for bundle in shown:
        out = nbformat.v4.new_output("display_data", data=bundle)
        book.cells.append(nbformat.v4.new_code_cell("shown", outputs=[out], execution_count=1))
    book.metadata["language_info"] = {"name": "python", "pygments_lexer": "python"}
    nbformat.write(book, source / "index.ipynb")
    (source / "conf.py").write_text(
        'extensions = ["myst_nb"]\nnb_execution_mode = "off"\nnb_render_markdown_format = "myst"\nsmartquotes = False\n'
        'myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "attrs_inline", "substitution"]\n'
        'nb_mime_priority_overrides = [["html", "text/markdown", 1]]\nhtml_theme = "basic"\n',
        encoding="utf-8",
    )
    built = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "sphinx", "-q", "-W", "-b", "html", str(source), str(tmp_path / "out")],
        capture_output=True, text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    body = page[page.index("<table") : page.rindex("</table>")]
    found = Elements()
    found.feed(body)
    assert not LIVE & set(found.tags) - {"a"}
    # The one link is the permanent link of the caption.
    assert {value for name, value in found.attributes if name == "href"} <= {"#tab-x"}
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    cells = [c.strip() for c in found.cells]
    for name in NASTY:
        assert cells.count(name) == 2
