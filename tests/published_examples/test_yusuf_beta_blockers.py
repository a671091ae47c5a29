"""Beta blockers during and after myocardial infarction (Yusuf et al. 1985).

Tables: Yusuf S, Peto R, Lewis J, Collins R, Sleight P. Beta blockade during and after myocardial infarction: an
overview of the randomized trials. Prog Cardiovasc Dis 1985;27:335-71, Table 6 (p. 343; total mortality, short-term
trials of oral beta blockers) and Table 10 (total mortality, long-term trials), as in R package metadat
(dat.yusuf1985). Trials without published counts are left out. The paper pools with Peto's method.
"""

from __future__ import annotations

from prints import Prints, agrees_with_golden, columns_reproduce, frame, reproduces

import metalib

# trial and its number, deaths and patients with beta blocker, deaths and patients of the control arm
SHORT_TERM = frame(
    [
        ("Balcon 1.1", 14, 56, 15, 58),
        ("Clausen 1.2", 18, 66, 19, 64),
        ("Multicentre 1.3", 15, 100, 12, 95),
        ("Barber 1.4", 10, 52, 12, 47),
        ("Norris 1.5", 21, 226, 24, 228),
        ("Kahler 1.6", 3, 38, 6, 31),
        ("Ledwich 1.7", 2, 20, 3, 20),
        ("Snow 2 1.9", 19, 76, 15, 67),
        ("Fuccella 1.10", 15, 106, 9, 114),
        ("Briant 1.11", 5, 62, 4, 57),
        ("Pitt 1.12", 0, 9, 0, 8),
        ("Lombardo 1.13", 8, 133, 11, 127),
        ("Thompson 1.14", 3, 48, 3, 49),
        ("Hutton 1.15", 0, 16, 0, 13),
        ("Tonkin 1.16", 1, 42, 1, 46),
        ("Gupta 1.17", 0, 25, 3, 25),
        ("Barber 2.1", 14, 221, 15, 228),
        ("Yusuf 2.2", 0, 11, 0, 11),
        ("Wilcox 1 2.3", 8, 259, 7, 129),
        ("Wilcox 2 2.4", 6, 157, 4, 158),
        ("CPRG 2.5", 3, 177, 2, 136),
    ]
)
LONG_TERM = frame(
    [
        ("Reynolds (1 y) 5.1", 3, 38, 3, 39),
        ("Wilhelmsson (2 y) 5.2", 7, 114, 14, 116),
        ("Ahlmark (2 y) 5.3", 5, 69, 11, 93),
        ("Multicentre Int (1-3 y) 5.4", 102, 1533, 127, 1520),
        ("Baber (3-9 mo) 5.5", 28, 355, 27, 365),
        ("Rehnqvist (1 y) 5.6", 4, 59, 6, 52),
        ("Norwegian Multicentre (1-3 y) 5.7", 98, 945, 152, 939),
        ("Taylor (mean 4 y) 5.8", 60, 632, 48, 471),
        ("Hansteen (1 y) 5.9", 25, 278, 37, 282),
        ("BHAT TM (median 2 y) 5.10", 138, 1916, 188, 1921),
        ("Julian (1 y) 5.11", 64, 873, 52, 583),
        ("Australian/Swedish (2 y) 5.12", 45, 263, 47, 266),
        ("Manger Cats (1 y) 5.13", 9, 291, 16, 293),
        ("EIS (1 y) 5.14", 57, 858, 45, 883),
        ("Rehnqvist (3 y) 5.15", 25, 154, 31, 147),
        ("Barber (2 y) 2.1", 33, 207, 38, 213),
        ("Yusuf 2.2", 1, 11, 1, 11),
        ("Wilcox 1 (1 y) 2.3", 28, 251, 12, 122),
        ("Wilcox 2 (6 wk) 2.4", 8, 151, 6, 154),
        ("CPRG (8 wk) 2.5", 6, 174, 3, 134),
        ("Andersen (1 y) 4.1", 32, 209, 40, 218),
        ("Salathia (1 y) 4.2", 27, 391, 43, 364),
        ("Hjalmarson (13 wk) 4.3", 22, 680, 39, 674),
    ]
)
#: Yusuf et al. (1985), Table 6, as quoted in metafor's tests/testthat/test_analysis_example_yusuf1985.r
PETO = Prints("Yusuf et al. (1985)", "OR", {"effect": "0.93", "low": "0.74", "high": "1.18"}, {"method": "Peto"})
#: Log odds ratio and its standard error: Gelman et al., Bayesian Data Analysis, third edition (2013), Table 5.4, data
#: of exercise 5.15, in a public solution of that exercise. The table leaves out trial 2.2 (one death in each arm of
#: eleven).
LOG_ODDS_RATIOS = [
    ("0.028", "0.850"),
    ("-0.741", "0.483"),
    ("-0.541", "0.565"),
    ("-0.246", "0.138"),
    ("0.069", "0.281"),
    ("-0.584", "0.676"),
    ("-0.512", "0.139"),
    ("-0.079", "0.204"),
    ("-0.424", "0.274"),
    ("-0.335", "0.117"),
    ("-0.213", "0.195"),
    ("-0.039", "0.229"),
    ("-0.593", "0.425"),
    ("0.282", "0.205"),
    ("-0.321", "0.298"),
    ("-0.135", "0.261"),
    ("0.141", "0.364"),
    ("0.322", "0.553"),
    ("0.444", "0.717"),
    ("-0.218", "0.260"),
    ("-0.591", "0.257"),
    ("-0.608", "0.272"),
]


def test_printed_result_of_petos_method() -> None:
    reproduces(SHORT_TERM, PETO)


def test_three_trials_without_deaths_take_no_part() -> None:
    result = metalib.pool(SHORT_TERM, method="Peto")
    assert [study for study, _ in result.excluded] == ["Pitt 1.12", "Hutton 1.15", "Yusuf 2.2"]
    assert (result.k, result.k_total) == (18, 21)


def test_printed_log_odds_ratios_of_the_trials() -> None:
    e = metalib.effects(LONG_TERM[LONG_TERM["study"] != "Yusuf 2.2"])
    columns_reproduce(LOG_ODDS_RATIOS, e["effect"], e["se"])


def test_full_precision() -> None:
    agrees_with_golden("yusuf1985_table10", LONG_TERM)
