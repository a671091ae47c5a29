"""Diuretics in pregnancy: pre-eclampsia in nine trials (Collins, Yusuf & Peto 1985).

Tables: Collins R, Yusuf S, Peto R. Overview of randomised trials of diuretics in pregnancy. BMJ 1985;290:17-23, as in
R package metadat (dat.collins1985b).
"""

from __future__ import annotations

import pytest
from prints import Prints, agrees_with_golden, frame, reproduces

from metalib.arithmetic.tau2_interval import tau2_interval
from metalib.audit.printed import read_printed

# study, cases and women with diuretics, cases and women without
TABLES = frame(
    [
        ("Weseley & Douglas 1962", 14, 131, 14, 136),
        ("Flowers et al. 1962", 21, 385, 17, 134),
        ("Menzies 1964", 14, 57, 24, 48),
        ("Fallis et al. 1964", 6, 38, 18, 40),
        ("Cuadros & Tatum 1964", 12, 1011, 35, 760),
        ("Landesman et al. 1965", 138, 1370, 175, 1336),
        ("Kraus et al. 1966", 15, 506, 20, 524),
        ("Tervila & Vartiainen 1971", 6, 108, 2, 103),
        ("Campbell & MacGillivray 1975", 65, 153, 40, 102),
    ]
)
TABLE_II = (
    "Viechtbauer W. Confidence intervals for the amount of heterogeneity in meta-analysis. Stat Med 2007;26:37-52, "
    "Table II (p. 44), as quoted in metafor's tests/testthat/test_analysis_example_viechtbauer2007a.r"
)
PRINTS = [
    Prints(TABLE_II, "OR", {"tau2": "0.230"}, {"method": "IV", "model": "random", "tau2": "DL"}),
    Prints(TABLE_II, "OR", {"tau2": "0.301"}, {"method": "IV", "model": "random", "tau2": "REML"}),
]
#: Q-profile interval of tau2; source as above.
Q_PROFILE = ("0.072", "2.203")


@pytest.mark.parametrize("prints", PRINTS, ids=lambda p: p.options["tau2"])
def test_printed_heterogeneity(prints: Prints) -> None:
    reproduces(TABLES, prints)


def test_printed_q_profile_interval() -> None:
    interval = tau2_interval(TABLES)
    assert read_printed(Q_PROFILE[0]).contains(interval.tau2_low)
    assert read_printed(Q_PROFILE[1]).contains(interval.tau2_high)


def test_full_precision() -> None:
    agrees_with_golden("collins1985b_pre", TABLES)
