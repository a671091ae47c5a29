"""One Mantel-Haenszel sum serves pooling, pooling as it stands, and the search; the worked steps have their own."""

from __future__ import annotations

import numpy as np
import pytest

import metalib
from metalib.arithmetic.estimators import mantel_haenszel_estimate, mantel_haenszel_sums
from metalib.arithmetic.study_effects import cells, study_effects
from metalib.arithmetic.tables import check_tables
from metalib.pages.worked import work_out
from metalib.recover.halves import R, S, V, study_terms
from validation.sets import SETS, load


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
@pytest.mark.parametrize("name", SETS)
def test_its_users_have_the_same_sums(name: str, measure: str) -> None:
    tables, _ = load(name)
    counts = check_tables(tables).counts()
    t = cells(*counts)
    e = study_effects(t, measure)
    if not e.estimable.any():
        return
    sums = mantel_haenszel_sums(t, e, measure, e.estimable).total()
    searched = study_terms(np.stack(counts, axis=1), measure, "MH").sum(0)
    assert searched[[R, S]] == pytest.approx([sums.r, sums.s], rel=1e-13, abs=1e-15)
    assert searched[V : V + len(sums.variance)] == pytest.approx(np.array(sums.variance), rel=1e-13, abs=1e-15)
    estimate, variance = mantel_haenszel_estimate(sums, measure)
    pooled = metalib.pool(tables, measure)
    assert pooled.estimate == pytest.approx(estimate, rel=1e-13, abs=1e-15)
    assert pooled.se == pytest.approx(np.sqrt(variance), rel=1e-13, abs=1e-15)
    if not t.corrected.any():
        plain = metalib.pool_corrected(tables, "none", measure=measure)
        assert (plain.estimate, plain.se) == pytest.approx((pooled.estimate, pooled.se), rel=1e-13)
    if measure == "OR":
        by_hand = work_out(tables)
        assert (by_hand.sums["R"], by_hand.sums["S"]) == pytest.approx((sums.r, sums.s), rel=1e-13)
        assert (by_hand.ln_or, by_hand.se) == pytest.approx((pooled.estimate, pooled.se), rel=1e-12, abs=1e-14)
