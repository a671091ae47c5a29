"""A recovery as plain data and as text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from .recovery import Recovery


def as_dict(recovery: Recovery) -> dict[str, Any]:
    """Return a recovery as what JSON can hold; times stand apart under ``seconds``."""
    from .recovery import LISTED

    puzzle = recovery.puzzle
    return {
        "title": puzzle.title,
        "status": recovery.status,
        "message": recovery.message,
        "solutions": recovery.count,
        "assumptions": list(puzzle.assumptions),
        "steps": [
            {
                "results": s.name,
                "outcome": s.outcome,
                "studies": list(s.studies),
                "before": s.before,
                "candidates": s.candidates,
                "compared": s.compared,
                "after": s.after,
                "kept": s.kept,
            }
            for s in recovery.steps
        ],
        "groups": [
            {
                "outcomes": list(g.outcomes),
                "found": len(g.found),
                "kept": len(g.kept),
                "classes": g.class_count,
                "columns": [{"outcome": v.outcome or "arm size", "study": v.study, "arm": v.arm} for v in g.kept.cols],
                "rows": g.kept.rows.tolist() if len(g.kept) <= LISTED else None,
            }
            for g in recovery.solutions
        ],
        "tables": _records(recovery.tables()),
        "identification": _records(recovery.identification),
        "equivalences": list(recovery.equivalences),
        "printed": _records(recovery.checks),
        "seconds": {s.name: s.seconds for s in recovery.steps},
    }


def summary(recovery: Recovery) -> str:
    """Return a recovery in a few lines of text."""
    lines = []
    for s in recovery.steps:
        lines.append(f"{s.name} ({', '.join(s.studies)}): {s.candidates:,} -> {s.after:,} in {s.seconds:.1f} s")
    if recovery.status == "limit":
        lines.append(f"A limit ended the search, so nothing is known beyond the steps above: {recovery.message}")
    elif recovery.status == "none":
        lines.append(f"No table of whole numbers agrees with every printed number: {recovery.message}")
    else:
        lines.append(f"{recovery.count:,} full solutions")
        for g in recovery.solutions:
            more = f" of {len(g.found):,}, the nearest" if len(g.found) != len(g.kept) else ""
            lines.append(f"{', '.join(g.outcomes)}: {len(g):,} solutions{more}, in {g.class_count:,} classes")
        checks = recovery.checks
        held = checks[checks["role"] != "search"]
        for row in held.itertuples():
            verdict = "agrees" if row.agrees else f"agrees in {row.agreeing} of {row.solutions}"
            lines.append(f"held back: {row.result}, {row.statistic} {row.printed}: {_span(row)}, {verdict}")
        lines += recovery.equivalences
    return "\n".join(lines)


def _span(row: Any) -> str:
    low, high = f"{row.value_low:.6g}", f"{row.value_high:.6g}"
    return low if low == high else f"{low} to {high}"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{key: _plain(value) for key, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if value is pd.NA:
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value
