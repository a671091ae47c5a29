"""Contradictions that make a puzzle unusable before any search."""

from __future__ import annotations

import math

from ..arithmetic.options import RATIOS
from .bounds import arm_pairs, count_bounds
from .model import ARM_NAMES, Puzzle, Stat, Study
from .reader import Field


def check_stats(field: Field, stats: tuple[Stat, ...], options: dict[str, str]) -> None:
    """Refuse printed numbers that no result whatsoever can have."""
    by_name = {s.name: s.printed for s in stats if s.role == "search"}
    ratio = options["measure"] in RATIOS
    for name, p in by_name.items():
        positive = name in ("P", "P_Q", "Q", "I2", "df", "tau2", "k") or (
            ratio and name in ("effect", "ci_low", "ci_high")
        )
        top = 1.0 if name in ("P", "P_Q") else 100.0 if name == "I2" else math.inf
        if (positive and p.high < 0) or p.low > top:
            raise field.child(name, None).error("the statistic cannot have this value", p.text)
    for low, high in (("ci_low", "effect"), ("effect", "ci_high"), ("ci_low", "ci_high")):
        if low in by_name and high in by_name and by_name[low].low > by_name[high].high:
            raise field.child(low, None).error(f"exceeds {high} {by_name[high].text!r}", by_name[low].text)
    if "tau2" in by_name and options["model"] == "fixed":
        raise field.child("tau2", None).error("a fixed-effect result has no tau2")


def check_bounds(puzzle: Puzzle, fields: dict[str, Field], file: object) -> None:
    """Refuse bounds that leave no value for a count, with the field that says so."""
    if "outcomes" in fields:
        for row, outcome in zip(fields["outcomes"].rows(), puzzle.outcomes, strict=False):
            for study, cell in outcome.cells.items():
                s = puzzle.study(study)
                for name, low, n in (
                    ("events_t", cell.events_t[0], s.n_t[1]),
                    ("events_c", cell.events_c[0], s.n_c[1]),
                ):
                    if low > n:
                        raise (
                            row.child("known", None)
                            .child(study, None)
                            .error(f"{name} is at least {low}, but the arm has at most {n} patients", low)
                        )
    for variable, (low, high) in count_bounds(puzzle).items():
        if low > high:
            what = f"events of {variable.outcome!r}" if variable.outcome else "patients"
            raise Field(None, "bounds, links and totals", file).error(
                f"they leave no number of {what} for the {ARM_NAMES[variable.arm]} arm of study {variable.study!r} "
                f"(at least {low}, at most {high})"
            )
    bounds = count_bounds(puzzle)
    for i, study in enumerate(puzzle.studies):
        if _pairs(study) > 1_000_000:
            raise (
                fields["studies"].rows()[i].error("more than a million pairs of arm sizes; narrow the bounds", study.id)
            )
        if not len(arm_pairs(puzzle, bounds, study.id)):
            raise fields["studies"].rows()[i].error("no pair of arm sizes satisfies the bounds", study.id)


def _pairs(study: Study) -> int:
    t, c = study.n_t[1] - study.n_t[0] + 1, study.n_c[1] - study.n_c[0] + 1
    limit = study.max_arm_difference
    return t * c if limit is None else min(t * c, min(t, c) * (2 * limit + 1))
