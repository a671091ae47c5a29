"""Histamine H2 antagonists in acute upper gastrointestinal haemorrhage (Collins & Langman 1985).

Tables: Collins R, Langman M. Treatment with histamine H2 antagonists in acute upper gastrointestinal hemorrhage. N Engl
J Med 1985;313:660-6, Tables 1 and 2, as in R package metadat (dat.collins1985a). The paper pools with Peto's method.

Its abstract prints: "all 27 available randomized trials, in which over 2500 patients were entered, suggests that
treatment may reduce the rates of rebleeding, surgery, and death by about 10, 20, and 30 per cent, respectively,
although these results were only marginally significant for surgery and death". The percentages are those of Peto's odds
ratios, to the nearest ten.
"""

from __future__ import annotations

import pandas as pd
import pytest
from prints import agrees_with_golden

import metalib
from metalib.audit.printed import read_printed

# study, patients, rebleeding, operation, death with an H2 antagonist; the same four in the control arm
TRIALS = [
    ("Hoare 1", 50, 8, 5, 1, 50, 16, 12, 1),
    ("La Brooy 2", 56, 11, 6, 1, 53, 12, 7, 0),
    ("Macklon 3", 18, 5, None, None, 12, 1, None, None),
    ("Nair 4", 14, 2, 2, 0, 15, 6, 3, 4),
    ("Pickard 5", 33, 12, None, None, 36, 10, None, None),
    ("Siddiqi 6", 58, None, 8, 4, 55, None, 8, 5),
    ("Carstensen 7", 40, 9, 15, 4, 48, 11, 16, 5),
    ("Foco 8", 20, 7, 2, 0, 20, 8, 3, 2),
    ("Galmiche 9", 46, 5, 5, 2, 47, 12, 6, 5),
    ("Gilsanz 10", 18, 0, None, 0, 19, 3, None, 1),
    ("Meredith 11", 45, 9, 6, 1, 43, 3, 1, 0),
    ("Teres 12", 21, 10, 0, 6, 19, 8, 0, 4),
    ("Zuckerman 13", 153, 44, None, 10, 132, 30, None, 4),
    ("Colecchia 14", 14, 0, 2, 1, 14, 0, 5, 0),
    ("Arvanitakis 15", 10, 1, None, None, 9, 4, None, None),
    ("Hostein 16", 24, 4, 2, 3, 24, 5, 3, 1),
    ("Dawson 17", 78, 14, 11, 5, 80, 21, 15, 4),
    ("Nowak 18", 75, None, 5, 1, 75, None, 17, 4),
    ("Barer 19", 259, 50, 34, 20, 260, 51, 38, 35),
    ("Brown 20", 10, 3, 2, 1, 11, 1, 0, 0),
    ("Stiel 21", 31, 6, 4, 0, 29, 12, 5, 0),
    ("Carr-Locke 22", 51, 16, 7, 0, 54, 15, 6, 2),
    ("Birnie 23", 106, 16, 2, 4, 107, 15, 7, 4),
    ("Darle 24", 33, 6, 6, 1, 39, 7, 7, 5),
    ("Karlstrom 25", 36, 11, 10, 3, 26, 5, 3, 2),
    ("Londong 26", 34, 3, 3, 1, 31, 13, 8, 7),
    ("Foco 27", 15, 2, 0, 0, 14, 3, 0, 0),
]
OUTCOMES = ("rebleeding", "operation", "death")
#: Reduction in per cent, N Engl J Med 1985;313:660 (abstract); the last digit that carries information is the ten.
REDUCTIONS = {"rebleeding": "10", "operation": "20", "death": "30"}


def tables(outcome: str) -> pd.DataFrame:
    j = 2 + OUTCOMES.index(outcome)
    rows = [(t[0], t[j], t[1], t[j + 4], t[5]) for t in TRIALS if t[j] is not None]
    return pd.DataFrame(rows, columns=["study", "events_t", "n_t", "events_c", "n_c"])


def test_printed_numbers_of_trials_and_patients() -> None:
    assert len(TRIALS) == 27
    assert sum(t[1] + t[5] for t in TRIALS) > 2500


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_printed_reductions(outcome: str) -> None:
    reduction = 100 * (1 - metalib.pool(tables(outcome), method="Peto").ratio)
    assert read_printed(REDUCTIONS[outcome], unit=10).contains(reduction)


def test_only_operation_and_death_are_marginally_significant() -> None:
    p = {outcome: metalib.pool(tables(outcome), method="Peto").p for outcome in OUTCOMES}
    assert p["rebleeding"] > 0.05
    assert 0.01 < p["death"] < 0.05
    assert 0.01 < p["operation"] < 0.05


def test_full_precision() -> None:
    agrees_with_golden("collins1985a_rebleeding", tables("rebleeding"))
