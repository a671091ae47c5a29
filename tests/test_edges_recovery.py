"""Edges of the parts of a recovery, each against plain enumeration or a formula written out here."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats as st
from test_recover import brute_force, found_set, make_puzzle

from metalib.arithmetic.pooling import pool_batch
from metalib.audit.printed import read_printed
from metalib.errors import PuzzleError
from metalib.recover import Limits, check_puzzle, recover
from metalib.recover.agree import agrees
from metalib.recover.bounds import arm_pairs, count_bounds
from metalib.recover.box import box, q_bounds, tau2_edges
from metalib.recover.fields import load
from metalib.recover.halves import (
    K,
    Pruner,
    S,
    concatenate,
    fixed_estimate,
    q_around,
    q_range,
    study_terms,
    with_terms,
)  # fmt: skip
from metalib.recover.identify import canonical, complement, distinct, identify
from metalib.recover.meet import tau2_of
from metalib.recover.pairs import Lookup, Range, Ranges
from metalib.recover.parts import Interval, Var, interval
from metalib.recover.relation import Relation, codes, expand, join, join_size, matching_pairs, semijoin
from metalib.recover.state import LimitReached, State, Work, full_solutions, joint_arms, sizes

Z95 = st.norm.ppf(0.975)


def printed(text, unit=None) -> Interval:
    return interval("I2", read_printed(text, unit))


def stats(**texts: str) -> dict:
    return {name: interval(name, read_printed(text)) for name, text in texts.items()}


# ---- printed numbers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("-0.30", -0.305, -0.295), ("−0.30", -0.305, -0.295), ("–0.30", -0.305, -0.295), ("+1.5", 1.45, 1.55),
        ("67 %", 66.5, 67.5), ("<0.001", -math.inf, 0.001), ("≤ 0.05", -math.inf, 0.05), (">0.99", 0.99, math.inf),
        ("≥3", 3, math.inf), ("<=4", -math.inf, 4), (">= 4", 4, math.inf), ("0·76", 0.755, 0.765), ("12", 11.5, 12.5),
    ],
)  # fmt: skip
def test_text_stands_for_an_interval(text: str, low: float, high: float) -> None:
    p = printed(text)
    assert p.low == pytest.approx(low, rel=1e-8)
    assert p.high == pytest.approx(high, rel=1e-8)
    for edge in (low, high):
        if math.isfinite(edge):
            assert p.holds(edge)
    if math.isfinite(low):
        assert not p.holds(low - 1e-6)
        assert p.distance(low - 2) == pytest.approx(2, abs=1e-6)
    if math.isfinite(high):
        assert not p.holds(high + 1e-6)
        assert p.distance(high + 3) == pytest.approx(3, abs=1e-6)
    assert p.distance(math.nan) == math.inf


def test_z_is_compared_without_its_sign() -> None:
    def ends(name: str, text: str) -> tuple[float, float]:
        i = interval(name, read_printed(text))
        return i.low, i.high

    for text in ("-2.10", "2.10"):
        assert ends("z", text) == pytest.approx((2.095, 2.105), abs=1e-8)
    assert ends("z", "0.00") == pytest.approx((0, 0.005), abs=1e-8)
    assert ends("effect", "-2.10") == pytest.approx((-2.105, -2.095), abs=1e-8)
    values = {"z": np.array([2.1, 2.2, np.nan]), "Q": np.array([1.0, 1.0, 1.0])}
    assert agrees(stats(z="-2.10", Q="1.0"), values).tolist() == [True, False, False]
    assert agrees({}, values).all()
    p = printed("3.10")
    edge = {"Q": np.array([p.low, p.high, np.nextafter(p.low, 0), np.nextafter(p.high, 9)])}
    assert agrees({"Q": p}, edge).tolist() == [True, True, False, False]


# ---- the box: a necessary condition, and a tight one -----------------------------------------------------------


def test_box_of_a_ratio_and_its_limits() -> None:
    """The corners of the region cut out by estimate and limits, found by linear programming."""
    from scipy.optimize import linprog

    texts = {"effect": "0.54", "ci_low": "0.36", "ci_high": "0.81"}
    rows, rhs = [], []
    for name, slope in (("effect", 0.0), ("ci_low", -Z95), ("ci_high", Z95)):
        p = printed(texts[name])
        rows += [[1, slope], [-1, -slope]]
        rhs += [math.log(p.high), -math.log(p.low)]
    got = box(stats(**texts), 3, True)
    for i, span in enumerate((got.est, got.se)):
        for sign, value in zip((1, -1), span, strict=True):
            cost = [0.0, 0.0]
            cost[i] = sign
            best = linprog(cost, rows, rhs, bounds=[(None, None), (0, None)]).fun * sign
            assert value == pytest.approx(best, abs=1e-6)
    assert got.possible
    assert got.has_estimate
    assert got.ks == (1, 3)


def test_p_and_z_cut_the_standard_error() -> None:
    """With the estimate known to be below 0, |estimate| / se lies between the printed ends."""
    for texts, low, high in (
        ({"z": "2.50"}, 2.495, 2.505),
        ({"P": "0.012"}, st.norm.isf(0.0125 / 2), st.norm.isf(0.0115 / 2)),
    ):
        got = box(stats(effect="0.50", **texts), 2, True)
        far, near = -math.log(0.495), -math.log(0.505)
        assert got.se[0] == pytest.approx(near / high, rel=1e-5)
        assert got.se[1] == pytest.approx(far / low, rel=1e-5)
    above = box(stats(effect="2.00", z="2.50"), 2, True)
    assert above.se == pytest.approx((math.log(1.995) / 2.505, math.log(2.005) / 2.495), rel=1e-5)
    assert not box(stats(effect="2.00", ci_low="2.10", ci_high="3.00"), 2, True).possible
    assert not box(stats(P="0.05"), 2, True).has_estimate


@pytest.mark.parametrize("k", [2, 3, 6])
def test_bounds_of_q_are_those_of_each_print(k: int) -> None:
    df = k - 1
    low, high = q_bounds(stats(P_Q="0.20"), k)
    assert (low, high) == pytest.approx((st.chi2.isf(0.205, df), st.chi2.isf(0.195, df)), rel=1e-6)
    low, high = q_bounds(stats(I2="67%"), k)
    assert (low, high) == pytest.approx((df / (1 - 0.665), df / (1 - 0.675)), rel=1e-6)
    low, high = q_bounds(stats(Q="3.10"), k)
    assert (low, high) == pytest.approx((3.095, 3.105), rel=1e-6)
    low, high = q_bounds(stats(I2="0%"), k)
    assert (low, high) == pytest.approx((0, df / (1 - 0.005)), abs=1e-6)
    assert q_bounds(stats(Q="3.10", df=str(df)), k) is not None
    assert q_bounds(stats(Q="3.10", df=str(df + 1)), k) is None
    assert q_bounds(stats(k=str(k + 1)), k) is None
    assert q_bounds(stats(Q="1.00", I2="90%"), k) is None
    assert q_bounds(stats(I2="100%"), k)[1] == math.inf
    assert q_bounds({}, k)[1] == math.inf


def test_one_study_has_q_0_and_no_p() -> None:
    assert q_bounds(stats(Q="0.00", I2="0%"), 1) == pytest.approx((0, 0), abs=1e-6)
    assert q_bounds(stats(Q="0.02"), 1) is None
    assert q_bounds(stats(I2="3%"), 1) is None
    assert q_bounds(stats(P_Q="1.00"), 1) is None
    assert box(stats(Q="0.00"), 3, True).ks == (1, 3)
    assert box(stats(Q="0.02"), 3, True).ks == (2, 3)
    assert box(stats(df="1"), 3, True).ks == (2, 2)


def test_ranges_of_tau2_cover_everything_without_a_gap() -> None:
    edges = tau2_edges(3.0)
    assert edges[0] == 0
    assert edges[-1] == pytest.approx(3.0, rel=1e-12)
    assert (np.diff(edges) > 0).all()
    assert tau2_edges(0.0).tolist() == [0.0, 0.0]


# ---- terms: the sums are the pooled result ---------------------------------------------------------------------

TABLES = np.array([[4, 20, 9, 22], [0, 18, 8, 17], [5, 12, 5, 14], [0, 9, 0, 9], [11, 11, 10, 10], [3, 8, 8, 8]])


@pytest.mark.parametrize(
    ("measure", "method"),
    [(m, w) for m in ("OR", "RR", "RD") for w in ("MH", "IV")] + [("OR", "Peto")],
)
def test_summed_terms_give_the_pooled_result(measure: str, method: str) -> None:
    one = study_terms(TABLES, measure, method)
    for members in itertools.combinations(range(len(TABLES)), 3):
        total = one[list(members)].sum(axis=0)[None]
        batch = pool_batch(*TABLES[list(members)].T, measure=measure, method=method)
        assert total[0, K] == batch.k
        if not batch.estimable:
            continue
        estimate, se = fixed_estimate(total, measure, method)
        assert estimate[0] == pytest.approx(float(batch.estimate), rel=1e-10, abs=1e-12)
        assert se[0] == pytest.approx(float(batch.se), rel=1e-10)
        q = q_around(total, estimate)
        assert q[0] == pytest.approx(float(batch.Q), rel=1e-8, abs=1e-9)


def test_an_absent_study_adds_nothing() -> None:
    absent = TABLES.copy()
    absent[0, [0, 2]] = -1
    rows = study_terms(absent, "OR", "MH")
    assert (rows[0] == 0).all()
    assert rows[1].tolist() == study_terms(TABLES, "OR", "MH")[1].tolist()


def test_range_of_q_is_that_of_a_dense_walk() -> None:
    rows = study_terms(TABLES, "OR", "IV")
    total = (rows[0] + rows[1] + rows[2])[None]
    for low, high in ((-0.5, 0.5), (-3.0, -0.2), (1.0, 2.0)):
        walk = np.array([q_around(total, c)[0] for c in np.linspace(low, high, 20001)])
        smallest, largest = q_range(total, low, high)
        assert smallest[0] == pytest.approx(walk.min(), rel=1e-6)
        assert largest[0] == pytest.approx(walk.max(), rel=1e-12)
    smallest, largest = q_range(total, -math.inf, math.inf)
    batch = pool_batch(*TABLES[:3].T, method="IV")
    assert smallest[0] == pytest.approx(float(batch.Q), rel=1e-9)
    assert largest[0] == math.inf


# ---- relations: against Python's own sets ----------------------------------------------------------------------


def rows_of(rng: np.random.Generator, m: int, columns: int, top: int = 3) -> np.ndarray:
    return rng.integers(-1, top, (m, columns)).astype(np.int32)


def test_codes_sort_as_rows_do_and_tell_rows_apart() -> None:
    rng = np.random.default_rng(5)
    one, other = rows_of(rng, 60, 3), rows_of(rng, 40, 3)
    both = [*map(tuple, one.tolist()), *map(tuple, other.tolist())]
    key = codes(one, other).tolist()
    for i, j in itertools.combinations(range(100), 2):
        assert (key[i] < key[j], key[i] == key[j]) == (both[i] < both[j], both[i] == both[j])
    wide = rng.integers(0, 2**30, (50, 4))
    key = codes(wide).tolist()
    assert sorted(range(50), key=key.__getitem__) == sorted(range(50), key=wide.tolist().__getitem__)
    assert codes(np.zeros((0, 2), dtype=int)).tolist() == []


def test_ranges_are_laid_out_one_after_the_other() -> None:
    owner, position = expand(np.array([3, 7, 2, 5]), np.array([5, 7, 1, 8]))
    assert owner.tolist() == [0, 0, 3, 3, 3]
    assert position.tolist() == [3, 4, 5, 6, 7]


def test_relations_are_sets_of_rows() -> None:
    rng = np.random.default_rng(9)
    a, b, c, d = (Var(x, "s", "t") for x in "abcd")
    left, right = Relation((a, b, c), rows_of(rng, 50, 3)), Relation((d, c, b), rows_of(rng, 30, 3))
    pairs = [(x, y) for x in left.rows.tolist() for y in right.rows.tolist() if (x[1], x[2]) == (y[2], y[1])]
    joined = join(left, right)
    assert joined.cols == (a, b, c, d)
    assert sorted(joined.rows.tolist()) == sorted([*x, y[0]] for x, y in pairs)
    assert join_size(left, right) == len(pairs)
    partners = {(y[2], y[1]) for y in right.rows.tolist()}
    expected = [x for x in left.rows.tolist() if (x[1], x[2]) in partners]
    assert semijoin(left, right).rows.tolist() == expected
    i, j = matching_pairs(left.rows[:, 0], right.rows[:, 0])
    expected = {(x, y) for x in range(50) for y in range(30) if left.rows[x, 0] == right.rows[y, 0]}
    assert set(zip(i.tolist(), j.tolist(), strict=True)) == expected
    assert left.project((c, a)).rows.tolist() == [list(t) for t in sorted({(x[2], x[0]) for x in left.rows.tolist()})]
    alone = Relation((d,), np.zeros((0, 1), dtype=np.int32))
    assert len(semijoin(left.project((a,)), alone)) == 0
    assert semijoin(left.project((a,)), Relation((d,), np.zeros((2, 1), dtype=np.int32))).cols == (a,)
    assert join(Relation.unit(), left).rows.tolist() == left.rows.tolist()


def test_choices_of_arms_and_their_solutions_are_counted() -> None:
    rng = np.random.default_rng(3)
    n, m, x, y = Var("", "s", "t"), Var("", "s", "c"), Var("x", "s", "t"), Var("y", "s", "t")
    first, second = Relation((n, m, x), rows_of(rng, 12, 3)), Relation((m, y, n), rows_of(rng, 9, 3))
    common = {(r[0], r[1]) for r in first.rows.tolist()} & {(r[2], r[0]) for r in second.rows.tolist()}
    arms = joint_arms([first, second], Work(Limits()))
    assert {tuple(r) for r in arms.values((n, m)).tolist()} == common
    assert sizes(first).cols == (n, m)
    expected = sum(p[0] == q[2] and p[1] == q[0] for p in first.rows.tolist() for q in second.rows.tolist())
    assert full_solutions([first, second], arms) == expected
    most = max(len(sizes(first)), len(common))
    joint_arms([first, second], Work(Limits(rows=most)))
    with pytest.raises(LimitReached, match="choices of arms"):
        joint_arms([first, second], Work(Limits(rows=most - 1)))


# ---- pairs: the lookup finds exactly what comparing everything finds --------------------------------------------


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("use", [(True, True), (True, False), (False, True), (False, False)])
def test_lookup_finds_what_comparing_all_pairs_finds(seed: int, use: tuple[bool, bool]) -> None:
    rng = np.random.default_rng(seed)
    left, right = 70, 600 if seed else 300

    def a_range(low: float, high: float) -> Range:
        a, b = rng.normal(size=left), rng.normal(size=right)
        return Range(a, a + rng.uniform(0, 0.3, left), b, b + rng.uniform(0, 0.3, right), low, high)

    band, second, third = a_range(-0.2, 0.1), a_range(0.3, 0.9), a_range(-math.inf, 0.5)
    band, second = band if use[0] else None, second if use[1] else None
    left_keys, right_keys = rng.integers(0, 5, left), rng.integers(1, 7, right)
    ranges = Ranges(band, second, (third,))
    lookup = Lookup(right_keys, ranges)
    found = [pair for i, j in lookup.pairs(left_keys, ranges) for pair in zip(i.tolist(), j.tolist(), strict=True)]
    expected = set()
    for i, j in itertools.product(range(left), range(right)):
        fits = all(
            r.left_low[i] + r.right_low[j] <= r.high and r.left_high[i] + r.right_high[j] >= r.low
            for r in (band, second, third)
            if r is not None
        )
        if fits and left_keys[i] == right_keys[j]:
            expected.add((i, j))
    assert len(found) == len(set(found))
    assert set(found) == expected
    same_key = sum(int((right_keys == key).sum()) for key in left_keys)
    assert len(expected) <= lookup.count(left_keys, ranges) <= same_key


# ---- bounds: against every assignment that the puzzle allows ----------------------------------------------------


def small_puzzle(**change) -> dict:
    content = {
        "studies": [{"id": "s0", "n_t": [4, 6], "n_c": [5, 5], "max_difference": 1}, {"id": "s1", "n_t": 5, "n_c": 4}],
        "outcomes": [{"id": "x", "known": {"s0": {"events_t": [2, 6], "events_c": [0, 5]}}}, {"id": "y"}],
        "results": [
            {"id": "rx", "outcome": "x", "studies": ["s0", "s1"], "printed": {"effect": "1.00"}},
            {"id": "ry", "outcome": "y", "studies": ["s0", "s1"], "printed": {"effect": "1.00"}},
        ],
        "links": [{"sum_to_n": ["x", "y"]}],
        "totals": [{"outcome": "x", "arm": "experimental", "value": 8}],
    }
    return {**content, **change}


@pytest.mark.parametrize(("value", "exact"), [(8, True), (3, True), (10, True), (8, False), (11, False)])
def test_bounds_keep_every_possible_value(value: int, exact: bool) -> None:
    link = {"sum_to_n" if exact else "at_most_n": ["x", "y"]}
    totals = [{"outcome": "x", "arm": "experimental", "value": value}]
    puzzle = check_puzzle(small_puzzle(links=[link], totals=totals))
    bounds = count_bounds(puzzle)
    seen: dict[Var, set[int]] = {}
    for n0, x0, x1 in itertools.product(range(4, 7), range(2, 7), range(6)):
        if x0 + x1 != value or x0 > n0:
            continue
        for y0, y1 in itertools.product(range(n0 - x0 + 1), range(5 - x1 + 1)):
            if exact and (x0 + y0 != n0 or x1 + y1 != 5):
                continue
            for name, count in zip(
                (
                    Var("", "s0", "t"),
                    Var("x", "s0", "t"),
                    Var("x", "s1", "t"),
                    Var("y", "s0", "t"),
                    Var("y", "s1", "t"),
                ),
                (n0, x0, x1, y0, y1),
                strict=True,
            ):
                seen.setdefault(name, set()).add(count)
    for name, values in seen.items():
        assert bounds[name] == (min(values), max(values)), name


def test_arms_of_a_study_differ_by_no_more_than_allowed() -> None:
    puzzle = check_puzzle(small_puzzle(links=[], totals=[]))
    bounds = count_bounds(puzzle)
    assert arm_pairs(puzzle, bounds, "s0").tolist() == [[4, 5], [5, 5], [6, 5]]
    tight = puzzle.with_max_difference(0)
    assert arm_pairs(tight, bounds, "s0").tolist() == [[5, 5]]
    assert tight.study("s1").max_arm_difference == puzzle.study("s1").max_arm_difference
    with pytest.raises(PuzzleError, match="negative"):
        puzzle.with_max_difference(-1)


# ---- halves: nothing that can be completed is dropped, and what cannot be completed is ---------------------------


def test_pruning_by_totals_is_exact_for_one_study() -> None:
    totals = [{"outcome": "x", "arm": "experimental", "value": 8}]
    puzzle = check_puzzle(small_puzzle(links=[], totals=totals))
    state = State(puzzle, Work(Limits()))
    # Bounds without the total, so that the total itself has to decide.
    bounds = {**state.bounds, Var("x", "s1", "t"): (0, 5)}
    pruner = Pruner(puzzle, puzzle.results, tuple(state.boxes[r.id] for r in puzzle.results), bounds, puzzle.totals)
    column = Relation((Var("x", "s0", "t"),), np.arange(12, dtype=np.int32)[:, None])
    assert np.flatnonzero(pruner.counts_fit(column)).tolist() == [3, 4, 5, 6, 7, 8]
    other = Relation((Var("y", "s0", "t"),), np.arange(12, dtype=np.int32)[:, None])
    assert pruner.counts_fit(other).all()


def test_terms_of_halves_add_up_over_their_studies() -> None:
    puzzle = check_puzzle(small_puzzle(links=[], totals=[]))
    cols = tuple(Var(o, s, arm) for s in ("s0", "s1") for o in ("x", "") for arm in ("t", "c"))
    rows = np.array([[2, 3, 5, 5, 1, 2, 5, 4], [0, 1, 4, 5, 2, 2, 5, 4]], dtype=np.int32)
    half = with_terms(Relation(cols, rows), puzzle.results)
    for i, row in enumerate(rows):
        tables = row.reshape(2, 4)[:, [0, 2, 1, 3]]
        expected = study_terms(tables, "OR", "MH").sum(axis=0)
        assert half.terms[0][i] == pytest.approx(expected, rel=1e-12)
    assert (half.terms[1] == 0).all()
    assert half.terms[0][0, S] == pytest.approx((3 * 3) / 10 + (4 * 2) / 9, rel=1e-12)
    twice = concatenate([half, half.take(np.array([True, False]))])
    assert len(twice) == 3
    assert twice.terms[0][2].tolist() == half.terms[0][0].tolist()


# ---- identification --------------------------------------------------------------------------------------------


def test_complement_keeps_the_odds_ratio_of_equal_arms_only() -> None:
    tables = np.array([[4, 20, 9, 20], [13, 20, 17, 20], [4, 20, 9, 21], [-1, 5, -1, 5], [8, 20, 9, 20]])
    expected = [[11, 20, 16, 20], [3, 20, 7, 20], [4, 20, 9, 21], [-1, 5, -1, 5], [11, 20, 12, 20]]
    assert complement(tables).tolist() == expected
    assert canonical(tables).tolist() == [[4, 20, 9, 20], [3, 20, 7, 20], *expected[2:4], [8, 20, 9, 20]]


def test_how_far_a_cell_is_identified() -> None:
    one, twin, other = [4, 20, 9, 20], [11, 20, 16, 20], [5, 20, 9, 20]

    def judge(before: list, after: list, mirrored: bool = True) -> tuple[str, str, list]:
        cell = identify("x", "s", np.array(before), np.array(after), mirrored)
        return cell.status, cell.level, cell.tables.tolist()

    assert judge([one, one], [one]) == ("identified", "unique", [one])
    assert judge([one, twin], [one, twin]) == ("identified up to complement", "unique", [one])
    assert judge([one, twin], [one, twin], False) == ("set", "set", [one, twin])
    assert judge([one, other], [one]) == ("nearest", "unique", [one])
    assert judge([other, one, other], [other, one]) == ("set", "set", [one, other])
    everything = [[a, 1, c, 2] for a in range(2) for c in range(3)]
    assert judge(everything, everything, False)[:2] == ("free", "free")
    assert judge(everything[1:], everything[1:], False)[:2] == ("set", "set")
    two_sizes = everything + [[a, 1, c, 1] for a in range(2) for c in range(2)]
    assert judge(two_sizes, two_sizes, False)[:2] == ("free", "free")
    assert judge(two_sizes[1:], two_sizes[1:], False)[:2] == ("set", "set")
    assert distinct(np.array([other, one, other])).tolist() == [one, other]


# ---- contradictions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "named"),
    [
        ({"P": "1.20"}, "P"), ({"P_Q": "2"}, "P_Q"), ({"I2": "101%"}, "I2"), ({"Q": "-0.50"}, "Q"),
        ({"df": "-2"}, "df"), ({"effect": "-0.40"}, "effect"), ({"ci_low": "-0.40"}, "ci_low"),
        ({"effect": "0.40", "ci_low": "0.50"}, "ci_low"), ({"effect": "0.40", "ci_high": "0.30"}, "effect"),
        ({"ci_low": "0.50", "ci_high": "0.40"}, "ci_low"), ({"tau2": "0.10"}, "tau2"),
    ],
)  # fmt: skip
def test_numbers_that_no_result_can_have_are_refused(numbers: dict, named: str) -> None:
    content = small_puzzle()
    content["results"][0]["printed"] = numbers
    with pytest.raises(PuzzleError) as caught:
        check_puzzle(content)
    assert f"printed.{named}" in str(caught.value)


@pytest.mark.parametrize(
    "numbers",
    [
        {"P": "1.00"}, {"I2": "100%"}, {"Q": "0.00"}, {"effect": "0.00"}, {"z": "-2.10"},
        {"effect": "0.40", "ci_low": "0.40", "ci_high": "0.40"},
    ],
)  # fmt: skip
def test_numbers_at_the_edge_of_the_possible_are_taken(numbers: dict) -> None:
    content = small_puzzle()
    content["results"][0]["printed"] = numbers
    check_puzzle(content)


def test_a_risk_difference_may_be_negative_and_random_effects_have_tau2() -> None:
    content = small_puzzle()
    content["results"][0] |= {"measure": "RD", "printed": {"effect": "-0.40", "ci_low": "-0.60"}}
    content["results"][1] |= {"model": "random", "printed": {"tau2": "0.10"}}
    check_puzzle(content)


def test_bounds_that_leave_nothing_are_named() -> None:
    with pytest.raises(PuzzleError, match=r"known\.s0") as caught:
        check_puzzle(
            small_puzzle(outcomes=[{"id": "x", "known": {"s0": {"events_t": [2, 6], "events_c": [6, 6]}}}, {"id": "y"}])
        )
    assert "events_c" in str(caught.value)
    with pytest.raises(PuzzleError, match="experimental arm of study"):
        check_puzzle(small_puzzle(totals=[{"outcome": "x", "arm": "experimental", "value": 12}]))
    studies = [{"id": "s0", "n_t": [4, 8], "n_c": [4, 8], "max_difference": 1}, {"id": "s1", "n_t": 5, "n_c": 4}]
    totals = [{"arm": "experimental", "value": 9}, {"arm": "control", "value": 12}]
    change = {"studies": studies, "outcomes": [{"id": "x"}, {"id": "y"}], "links": []}
    check_puzzle(small_puzzle(**change, totals=totals[:1]))
    with pytest.raises(PuzzleError, match="no pair of arm sizes"):
        check_puzzle(small_puzzle(**change, totals=totals))
    with pytest.raises(PuzzleError, match="differ by at least 2"):
        check_puzzle(
            small_puzzle(**change, totals=[]) | {"studies": [{"id": "s0", "n_t": 4, "n_c": 6, "max_difference": 1}]}
        )


# ---- links, checks and what is shown ---------------------------------------------------------------------------


@pytest.mark.parametrize("exact", [True, False])
def test_links_keep_exactly_the_rows_that_obey_them(exact: bool) -> None:
    puzzle = check_puzzle(small_puzzle(links=[{"sum_to_n" if exact else "at_most_n": ["x", "y"]}], totals=[]))
    state = State(puzzle, Work(Limits()))
    names = ((o, arm) for arm in ("t", "c") for o in ("", "x", "y"))
    cols = tuple(Var(o, "s1", arm) for o, arm in names)
    rows = np.array(list(itertools.product([5], range(-1, 6), range(-1, 6), [4], range(-1, 5), range(-1, 5))))
    kept = state.obey_links(Relation(cols, rows)).rows.tolist()

    def obeys(n: int, x: int, y: int) -> bool:
        used = max(x, 0) + max(y, 0)
        return used == n if exact else used <= n

    assert kept == [r for r in rows.tolist() if obeys(*r[:3]) and obeys(*r[3:])]
    # With one category alone the others need at least their lower bound, whether they add up or not.
    alone = Relation(tuple(Var(o, "s0", "t") for o in ("", "y")), np.array([[5, y] for y in range(7)]))
    assert state.obey_links(alone).rows[:, 1].max() == 3


def pooled_text(tables: np.ndarray, **options: str) -> dict[str, str]:
    batch = pool_batch(*tables.T, **options)
    return {
        "effect": f"{math.exp(batch.estimate):.2f}", "ci_low": f"{math.exp(batch.ci_low):.2f}",
        "ci_high": f"{math.exp(batch.ci_high):.2f}", "Q": f"{batch.Q:.2f}",
    }  # fmt: skip


def test_the_category_nobody_printed_follows_and_is_shown() -> None:
    """Known arms; two categories printed, the third is what they leave."""
    n, good, fair = np.array([[9, 8], [7, 9]]), np.array([[3, 2], [1, 4]]), np.array([[2, 5], [4, 2]])

    def tables(events: np.ndarray) -> np.ndarray:
        return np.stack([events[:, 0], n[:, 0], events[:, 1], n[:, 1]], axis=1)

    content = {
        "studies": [{"id": f"s{i}", "n_t": int(n[i, 0]), "n_c": int(n[i, 1])} for i in range(2)],
        "outcomes": [{"id": "good"}, {"id": "fair"}, {"id": "poor"}],
        "results": [
            {"id": f"{name}{i}", "outcome": name, "studies": studies, "printed": pooled_text(tables(events)[: i + 1])}
            for name, events in (("good", good), ("fair", fair))
            for i, studies in enumerate((["s0"], ["s0", "s1"]))
        ],
        "links": [{"sum_to_n": ["good", "fair", "poor"]}],
        "report_sums": {"good or fair": ["good", "fair"]},
    }
    recovery = recover(check_puzzle(content))
    assert recovery.status == "solved"
    assert recovery.checks["agrees"].all()
    truth = {"good": good, "fair": fair, "poor": n - good - fair, "good or fair": good + fair}
    table = recovery.tables()
    assert [tuple(r) for r in table[["outcome", "study"]].to_numpy()] == [(o, s) for o in truth for s in ("s0", "s1")]
    assert table["n_t"].dropna().isin([9, 7]).all()
    shown = recovery.identification.set_index(["outcome", "study"])
    (group,) = recovery.solutions
    listed = recovery.solution_tables()
    assert listed["solution"].max() == len(group) == recovery.count
    for (name, events), (i, study) in itertools.product(truth.items(), enumerate(("s0", "s1"))):
        row = shown.loc[(name, study)]
        assert row["low_t"] <= events[i, 0] <= row["high_t"]
        assert row["low_c"] <= events[i, 1] <= row["high_c"]
        if name in ("good", "fair", "poor"):
            mine = listed[(listed["outcome"] == name) & (listed["study"] == study)]
            assert mine["events_t"].tolist() == group.kept.column(Var(name, study, "t")).tolist()
            assert mine["events_c"].tolist() == group.kept.column(Var(name, study, "c")).tolist()
            assert row["values"] == len(set(map(tuple, mine[["events_t", "events_c"]].to_numpy().tolist())))
    assert shown.loc[("arm sizes", "s0"), "level"] == "unique"


def test_a_total_of_the_category_nobody_printed_binds_every_study() -> None:
    """Printed study by study, the third category is still searched in all of them: its total counts."""
    n, good, fair = np.array([[4, 4], [5, 4]]), np.array([[2, 1], [1, 2]]), np.array([[1, 2], [2, 1]])
    total = int((n - good - fair)[:, 0].sum())
    results = []
    for name, events in (("good", good), ("fair", fair)):
        tables = np.stack([events[:, 0], n[:, 0], events[:, 1], n[:, 1]], axis=1)
        for i, studies in enumerate((["s0"], ["s0", "s1"])):
            effect = float(np.exp(pool_batch(*tables[: i + 1].T).estimate))
            # Hardly a digit, so that many tables are left for the total to choose from.
            coarse = {"effect": f"{effect:.0f}"}
            results.append({"id": f"{name}{i}", "outcome": name, "studies": studies, "printed": coarse})
    content = {
        "studies": [{"id": f"s{i}", "n_t": int(n[i, 0]), "n_c": int(n[i, 1])} for i in range(2)],
        "outcomes": [{"id": "good"}, {"id": "fair"}, {"id": "poor"}],
        "results": results,
        "links": [{"sum_to_n": ["good", "fair", "poor"]}],
        "totals": [{"outcome": "poor", "arm": "experimental", "value": total}],
    }
    possible = {}
    every = np.array(list(itertools.product(range(5), range(5), range(6), range(5)))).reshape(-1, 2, 2)
    for name in ("good", "fair"):
        keep = np.ones(len(every), dtype=bool)
        for r in (r for r in results if r["outcome"] == name):
            k = len(r["studies"])
            batch = pool_batch(every[:, :k, 0], n[:k, 0], every[:, :k, 1], n[:k, 1])
            shown = printed(r["printed"]["effect"])
            effect = np.exp(batch.estimate)
            keep &= (effect >= shown.low) & (effect <= shown.high)
        possible[name] = every[keep]
    expected = set()
    for x, y in itertools.product(possible["good"], possible["fair"]):
        rest = n - x - y
        if (rest >= 0).all() and rest[:, 0].sum() == total:
            expected.add((*x.ravel().tolist(), *y.ravel().tolist(), *rest.ravel().tolist()))
    assert len(expected) > 10
    recovery = recover(check_puzzle(content))
    (group,) = recovery.solutions
    cols = [Var(o, s, arm) for o in ("good", "fair", "poor") for s in ("s0", "s1") for arm in ("t", "c")]
    assert set(map(tuple, group.kept.values(cols).tolist())) == expected
    assert recovery.checks.set_index("result").loc["poor, experimental arms", "agrees"]


@pytest.mark.parametrize("method", ["MH", "IV"])
def test_tau2_of_sums_is_that_of_the_pooled_result(method: str) -> None:
    rows = study_terms(TABLES, "OR", method)
    for members in ((0, 2), (0, 1, 2), (0, 2, 5), (2,), (0, 1, 2, 5)):
        total = rows[list(members)].sum(axis=0)[None]
        estimate, _ = fixed_estimate(total, "OR", method)
        batch = pool_batch(*TABLES[list(members)].T, method=method, model="random")
        assert tau2_of(total, q_around(total, estimate))[0] == pytest.approx(float(batch.tau2), rel=1e-8, abs=1e-12)


def test_a_study_that_may_be_absent_takes_nothing_from_the_others() -> None:
    cells = {"s1": {"events_t": [2, 5], "events_c": [0, 4]}}
    outcomes = [{"id": "x", "known": cells, "optional": ["s1"], "reported": 1}, {"id": "y"}]
    totals = [{"outcome": "x", "arm": "experimental", "value": 4}]
    bounds = count_bounds(check_puzzle(small_puzzle(outcomes=outcomes, totals=totals, links=[])))
    assert bounds[Var("x", "s0", "t")] == (0, 4)
    assert bounds[Var("x", "s1", "t")] == (2, 4)
    outcomes[0] = {"id": "x", "known": cells}
    firm = count_bounds(check_puzzle(small_puzzle(outcomes=outcomes, totals=totals, links=[])))
    assert firm[Var("x", "s0", "t")] == (0, 2)


def test_a_total_that_is_only_checked_binds_nothing() -> None:
    total = {"outcome": "x", "arm": "experimental", "value": 12, "role": "check"}
    puzzle = check_puzzle(small_puzzle(totals=[total]))
    assert puzzle.totals[0].role == "check"
    assert count_bounds(puzzle) == count_bounds(check_puzzle(small_puzzle(totals=[])))


def test_too_many_pairs_of_arms_are_refused_unless_the_difference_is_bounded() -> None:
    wide = [{"id": "s0", "n_t": [1, 2000], "n_c": [1, 1000]}, {"id": "s1", "n_t": 5, "n_c": 4}]
    change = {"outcomes": [{"id": "x"}, {"id": "y"}], "totals": [], "links": []}
    with pytest.raises(PuzzleError, match="more than a million pairs") as caught:
        check_puzzle(small_puzzle(studies=wide, **change))
    assert caught.value.row == 1
    check_puzzle(small_puzzle(studies=[{**wide[0], "max_difference": 10}, wide[1]], **change))
    check_puzzle(small_puzzle(studies=[{**wide[0], "n_c": [1, 500]}, wide[1]], **change))


@pytest.mark.parametrize("method", ["MH", "IV"])
def test_the_cut_by_tau2_loses_nothing(method: str, monkeypatch) -> None:
    """The cut by tau2, meant for large steps, forced on a small one: against every table there is."""
    monkeypatch.setattr("metalib.recover.meet.MANY", 0)
    tables = np.array([[1, 4, 3, 4], [2, 3, 1, 4], [3, 4, 0, 3]])
    content = make_puzzle(tables, [range(3)], 0, None, model="random", method=method)
    expected = brute_force(content)
    assert tuple(tables.ravel().tolist()) in expected
    assert found_set(recover(check_puzzle(content)), 3) == expected


# ---- reading ---------------------------------------------------------------------------------------------------


def test_files_are_refused_by_name(tmp_path) -> None:
    path = tmp_path / "one.yaml"
    for text, problem in (
        ("a: &x 1\nb: *x\n", "aliases"),
        ("a: 1\nb: 2\na: 3\n", "line 3: key 'a' stands there twice"),
        ("[1, 2]: 3\n", "line 1: a key must be plain text"),
        ("[" * 21 + "]" * 21, "puzzle is nested too deeply"),
        ("#" * 1_000_001, "larger than 1,000,000 bytes"),
        ("a: [", "not valid YAML"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(PuzzleError, match=problem) as caught:
            load(path)
        assert caught.value.file == str(path)
    path.write_bytes(b"a: \xff\xfe")
    with pytest.raises(PuzzleError, match="not UTF-8") as caught:
        load(path)
    assert caught.value.file == str(path)
    with pytest.raises(PuzzleError) as caught:
        check_puzzle({**small_puzzle(), "title": 5})
    assert caught.value.problem.startswith("title: ")
    path.write_text("[" * 20 + "]" * 20 + "\n" + "#" * 900_000, encoding="utf-8")
    assert load(path)
    path.write_text("a: 1\nb: [x, {c: 2.50}]\n", encoding="utf-8")
    assert load(path) == {"a": 1, "b": ["x", {"c": 2.5}]}


@pytest.mark.parametrize(("title", "fits"), [('"a\\u00a0name\\n结果"', True), ('"a\\x07name"', False)])
def test_a_text_may_hold_any_letters_but_no_control_characters(tmp_path, title: str, fits: bool) -> None:
    path = tmp_path / "puzzle.yaml"
    path.write_text(f"title: {title}\n", encoding="utf-8")
    if fits:
        assert load(path) == {"title": "a\u00a0name\n结果"}
    else:
        with pytest.raises(PuzzleError, match="control character"):
            load(path)
