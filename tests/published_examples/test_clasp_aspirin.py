"""Aspirin for the prevention of pre-eclampsia: six trials around CLASP (DerSimonian & Kacker 2007).

Tables and results: DerSimonian R, Kacker R. Random-effects model for meta-analysis of clinical trials: an update.
Contemp Clin Trials 2007;28:105-14, the CLASP example, as in metafor's
tests/testthat/test_analysis_example_dersimonian2007.r. The trials have no names there.
"""

from __future__ import annotations

import pytest
from prints import Prints, frame, reproduces

# study, events and women with aspirin, events and women without
TABLES = frame(
    [
        ("1", 5, 156, 8, 74),
        ("2", 5, 303, 17, 303),
        ("3", 12, 565, 9, 477),
        ("4", 69, 1570, 94, 1565),
        ("5", 9, 103, 11, 105),
        ("6", 313, 4659, 352, 4650),
    ]
)
SOURCE = "DerSimonian & Kacker (2007), Tables 3 and 4 (p. 111-112)"
PRINTS = [
    Prints(SOURCE, "OR", numbers, {"method": "IV", "model": "random", "tau2": tau2})
    for tau2, numbers in {
        "PM": {"tau": "0.3681", "log effect": "-0.3811", "se": "0.2060"},
        "DL": {"tau": "0.2323", "log effect": "-0.3240", "se": "0.1540"},
        "REML": {"tau": "0.1843", "log effect": "-0.2980", "se": "0.1343"},
    }.items()
]


@pytest.mark.parametrize("prints", PRINTS, ids=lambda p: p.options["tau2"])
def test_printed_results(prints: Prints) -> None:
    reproduces(TABLES, prints)
