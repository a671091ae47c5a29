"""Aspirin after myocardial infarction: deaths in seven trials (Fleiss 1993).

Tables: Fleiss JL. The statistical basis of meta-analysis. Stat Methods Med Res 1993;2:121-45, as in R package meta
(Fleiss1993bin). No study has a zero cell, so nothing depends on a correction.

Printed results: output of meta::metabin in Zhao J, "R in practice for medical data analysis" (in Chinese), chapter on
meta-analysis, as reproduced by Ouyang S, 15 January 2024. Methods there: Mantel-Haenszel (fixed) and DerSimonian-Laird
with Q around the Mantel-Haenszel estimate (random), which is RevMan's "M-H, Random".
"""

from __future__ import annotations

import math

import pytest
from prints import Prints, agrees_with_golden, columns_reproduce, frame, reproduces

import metalib
from metalib.audit.printed import read_printed

# study, deaths and patients with aspirin, deaths and patients with placebo
TABLES = frame(
    [
        ("MRC-1 1974", 49, 615, 67, 624),
        ("CDP 1976", 44, 758, 64, 771),
        ("MRC-2 1979", 102, 832, 126, 850),
        ("GASP 1979", 32, 317, 38, 309),
        ("PARIS 1980", 85, 810, 52, 406),
        ("AMIS 1980", 246, 2267, 219, 2257),
        ("ISIS-2 1988", 1570, 8587, 1720, 8600),
    ]
)
SOURCE = "Zhao, output of meta::metabin(data = Fleiss93, sm = {!r})"
RANDOM = {"model": "random"}
PRINTS = [
    Prints(
        SOURCE.format("OR"),
        "OR",
        {"effect": "0.8969", "low": "0.8405", "high": "0.9570", "z": "-3.288", "P": "0.001", "Q": "9.95", "df": "6",
         "P(Q)": "0.1269", "I2": "39.7", "k": "7"},
    ),
    Prints(
        SOURCE.format("OR"),
        "OR",
        {"effect": "0.8763", "low": "0.7743", "high": "0.9917", "z": "-2.092", "P": "0.0365", "tau2": "0.0096"},
        RANDOM,
    ),
    Prints(
        SOURCE.format("RR"),
        "RR",
        {"effect": "0.9136", "low": "0.8657", "high": "0.9642", "z": "-3.288", "P": "0.001", "Q": "9.93", "df": "6",
         "P(Q)": "0.1277", "I2": "39.6"},
    ),
    Prints(
        SOURCE.format("RR"),
        "RR",
        {"effect": "0.8929", "low": "0.8006", "high": "0.9959", "z": "-2.035", "P": "0.0419", "tau2": "0.0074"},
        RANDOM,
    ),
    Prints(
        SOURCE.format("RD"),
        "RD",
        {"effect": "-0.0143", "low": "-0.0228", "high": "-0.0058", "z": "-3.288", "P": "0.001", "Q": "10.46", "df": "6",
         "P(Q)": "0.1065", "I2": "42.6"},
    ),
    Prints(
        SOURCE.format("RD"),
        "RD",
        {"effect": "-0.0149", "low": "-0.0276", "high": "-0.0023", "z": "-2.315", "P": "0.0206", "tau2": "0.0001"},
        RANDOM,
    ),
]  # fmt: skip
#: Effect, 95% limits, weight fixed and weight random in percent; source as above.
TRIALS = {
    "OR": [
        ("0.7197", "0.4890", "1.0593", "3.18", "8.21"),
        ("0.6808", "0.4574", "1.0132", "3.10", "7.85"),
        ("0.8029", "0.6065", "1.0629", "5.68", "13.23"),
        ("0.8007", "0.4863", "1.3186", "1.80", "5.36"),
        ("0.7981", "0.5526", "1.1529", "3.22", "8.89"),
        ("1.1327", "0.9347", "1.3728", "10.15", "20.70"),
        ("0.8950", "0.8294", "0.9657", "72.88", "35.77"),
    ],
    "RR": [
        ("0.7420", "0.5223", "1.0543", "2.89", "7.84"),
        ("0.6993", "0.4828", "1.0129", "2.76", "7.18"),
        ("0.8270", "0.6487", "1.0545", "5.42", "13.59"),
        ("0.8209", "0.5269", "1.2789", "1.67", "5.29"),
        ("0.8193", "0.5927", "1.1326", "3.01", "8.92"),
        ("1.1183", "0.9411", "1.3289", "9.54", "20.41"),
        ("0.9142", "0.8596", "0.9722", "74.71", "36.79"),
    ],
    "RD": [
        ("-0.0277", "-0.0601", "0.0047", "4.45", "10.84"),
        ("-0.0250", "-0.0506", "0.0007", "5.49", "14.76"),
        ("-0.0256", "-0.0583", "0.0070", "6.03", "10.70"),
        ("-0.0220", "-0.0714", "0.0274", "2.25", "5.58"),
        ("-0.0231", "-0.0619", "0.0156", "3.88", "8.29"),
        ("0.0115", "-0.0062", "0.0292", "16.23", "21.59"),
        ("-0.0172", "-0.0289", "-0.0054", "61.67", "28.24"),
    ],
}
#: Leaving one trial out, odds ratios: fixed effect with limits, P, I2, and tau2 of the random-effects model; source
#: as above (meta::metainf). One P is printed as "< 0.0001".
LEFT_OUT = [
    ("0.9027", "0.8452", "0.9641", "0.0023", "42.3", "0.0099"),
    ("0.9038", "0.8462", "0.9652", "0.0026", "37.9", "0.0082"),
    ("0.9025", "0.8443", "0.9648", "0.0026", "46.3", "0.0129"),
    ("0.8986", "0.8417", "0.9594", "0.0014", "48.7", "0.0123"),
    ("0.9001", "0.8427", "0.9615", "0.0018", "47.6", "0.0124"),
    ("0.8702", "0.8122", "0.9324", "<0.0001", "0.0", "0"),
    ("0.9020", "0.7965", "1.0214", "0.104", "49.7", "0.0268"),
]


@pytest.mark.parametrize("prints", PRINTS, ids=lambda p: f"{p.measure} {p.options.get('model', 'fixed')}")
def test_printed_results(prints: Prints) -> None:
    reproduces(TABLES, prints)


@pytest.mark.parametrize("measure", TRIALS)
def test_printed_effects_and_weights_of_the_trials(measure: str) -> None:
    e = metalib.effects(TABLES, measure)
    effects = e[["effect", "ci_low", "ci_high"]]
    if measure != "RD":
        effects = effects.map(math.exp)
    fixed, random = (metalib.pool(TABLES, measure, model=model).weights for model in ("fixed", "random"))
    columns_reproduce(TRIALS[measure], *(effects[c] for c in effects), fixed, random)


def test_printed_results_without_each_trial() -> None:
    fixed, random = metalib.leave_one_out(TABLES), metalib.leave_one_out(TABLES, model="random")
    columns = [fixed[c] for c in ("ratio", "ratio_low", "ratio_high", "p", "I2")]
    columns_reproduce(LEFT_OUT, *columns, random["tau2"])


def test_full_precision() -> None:
    agrees_with_golden("rm5_fleiss1993_001_01", TABLES)


def test_a_wrong_print_is_noticed() -> None:
    assert Prints("invented", "OR", {"effect": "0.8970"}).verdicts(TABLES) == {"effect": "last digit"}
    assert not read_printed("0.8971").contains(metalib.pool(TABLES).ratio)
