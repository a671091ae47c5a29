"""Prophylactic lidocaine after a heart attack: mortality in six trials (Hine et al. 1989).

Hine LK, Laird N, Hewitt P, Chalmers TC. Meta-analytic evidence against prophylactic use of lidocaine in acute
myocardial infarction. Arch Intern Med 1989;149:2694-8. Tables: Normand ST. Meta-analysis: formulating, evaluating,
combining, and reporting. Stat Med 1999;18:321-59, Table I (p. 322), as in R package metadat (dat.hine1989).
"""

from __future__ import annotations

import pytest
from prints import Prints, agrees_with_golden, columns_reproduce, frame, reproduces

import metalib

# study, deaths and patients with lidocaine, deaths and patients without
TABLES = frame(
    [
        ("Chopra et al.", 2, 39, 1, 43),
        ("Mogensen", 4, 44, 4, 44),
        ("Pitt et al.", 6, 107, 4, 110),
        ("Darby et al.", 7, 103, 5, 100),
        ("Bennett et al.", 7, 110, 3, 106),
        ("O'Brien et al.", 11, 154, 4, 146),
    ]
)
#: Risk difference, its variance, lower and upper 95% limit, in percentage points (their squares): Normand (1999),
#: Table III (p. 330), with the digits of metafor's tests/testthat/test_analysis_example_normand1999.r.
TRIALS = [
    ("2.8026", "17.7575", "-5.5", "11.1"),
    ("0.0000", "37.5657", "-12.0", "12.0"),
    ("1.9711", "8.1323", "-3.6", "7.6"),
    ("1.7961", "10.8998", "-4.7", "8.3"),
    ("3.5334", "8.0114", "-2.0", "9.1"),
    ("4.4031", "6.1320", "-0.5", "9.3"),
]
TABLE_VII = "Normand (1999), Table VII (p. 349), as quoted in metafor's test_analysis_example_normand1999.r: "
POOLED = {"effect": "2.94", "low": "0.4", "high": "5.5"}
RANDOM = {"method": "IV", "model": "random"}
PRINTS = [
    Prints(TABLE_VII + "fixed", "RD", POOLED, {"method": "IV"}, 100),
    Prints(
        TABLE_VII + "REML", "RD", POOLED | {"tau2": "0.000"}, {"method": "IV", "model": "random", "tau2": "REML"}, 100
    ),
    Prints(TABLE_VII + "DL", "RD", POOLED | {"tau2": "0.000"}, {"method": "IV", "model": "random"}, 100),
]


def test_printed_risk_differences_of_the_trials() -> None:
    e = metalib.effects(TABLES, "RD")
    columns_reproduce(TRIALS, 100 * e["effect"], (100 * e["se"]) ** 2, 100 * e["ci_low"], 100 * e["ci_high"])


@pytest.mark.parametrize("prints", PRINTS, ids=lambda p: p.source[-5:])
def test_printed_results(prints: Prints) -> None:
    reproduces(TABLES, prints)


def test_full_precision() -> None:
    agrees_with_golden("hine1989", TABLES)
