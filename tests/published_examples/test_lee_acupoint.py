"""Acupoint P6 stimulation against postoperative nausea: 16 trials (Lee & Done 2004).

Tables: Lee A, Done ML. Stimulation of the wrist acupuncture point P6 for preventing postoperative nausea and vomiting.
Cochrane Database Syst Rev 2004;(3):CD003281, as in R package metadat (dat.lee2004).
"""

from __future__ import annotations

from prints import Prints, agrees_with_golden, frame, reproduces

# study, patients with nausea and all with stimulation, with nausea and all with sham treatment
TABLES = frame(
    [
        ("Agarwal 2000", 18, 100, 20, 100),
        ("Agarwal 2002", 5, 50, 18, 50),
        ("Alkaissi 1999", 9, 20, 7, 20),
        ("Alkaissi 2002", 32, 135, 31, 139),
        ("Allen 1994", 9, 23, 10, 23),
        ("Andrzejowski 1996", 11, 18, 12, 18),
        ("Duggal 1998", 69, 122, 80, 122),
        ("Dundee 1986", 3, 25, 12, 25),
        ("Ferrera-Love 1996", 1, 30, 1, 30),
        ("Gieron 1993", 11, 30, 19, 30),
        ("Harmon 1999", 7, 44, 16, 39),
        ("Harmon 2000", 4, 47, 6, 47),
        ("Ho 1996", 1, 30, 13, 30),
        ("Rusy 2002", 24, 40, 71, 80),
        ("Wang 2002", 16, 50, 53, 88),
        ("Zarate 2001", 28, 110, 25, 111),
    ]
)
HENMI = Prints(
    "Henmi M, Copas JB. Confidence intervals for random effects meta-analysis and robustness to publication bias. "
    "Stat Med 2010;29:2969-83, p. 2978, as quoted in metafor's tests/testthat/test_analysis_example_henmi2010.r",
    "OR",
    {"tau2": "0.3325", "log effect": "-0.6787", "log low": "-1.0664", "log high": "-0.2911"},
    {"method": "IV", "model": "random"},
)


def test_printed_results() -> None:
    reproduces(TABLES, HENMI)


def test_full_precision() -> None:
    agrees_with_golden("lee2004", TABLES)
