"""Standard errors in the place of standard deviations: continuous analyses, made with a seed, as the corpus has none.

Two errors bear the name. In the *print* a study's standard deviations are standard errors, its effect is right: the
interval recomputed from the printed data is too narrow. Where the standard error was *entered*, all that follows from
it is printed: effect, interval, weights and pooled line are exactly those of a study with these standard deviations, so
that no print of them can show the error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd

from metalib.arithmetic.options import Options
from metalib.arithmetic.pooling import pool
from metalib.audit.consistency import INCONSISTENT
from metalib.audit.forest import check_plot
from metalib.audit.printed import read_printed

from .prints import DIGITS, ROW, line_of

ANALYSES = 1000
KINDS = ("SE for SD, printed", "SE for SD, entered")
PRINTS = ("line", "rows", "counts")


def analyses(random: np.random.Generator, number: int) -> Iterator[tuple[Options, pd.DataFrame]]:
    """Yield continuous analyses of 2 to 12 studies with their options; means and SDs have one decimal."""
    for _ in range(number):
        k = int(random.integers(2, 13))
        n_t, n_c = random.integers(10, 200, (2, k))
        sd = random.uniform(4, 20, k)
        frame = pd.DataFrame({"study": [f"study {i + 1}" for i in range(k)]})
        for arm, n, shift in (("t", n_t, random.normal(-2, 3, k)), ("c", n_c, 0.0)):
            frame[f"mean_{arm}"] = (50 + shift + random.normal(0, sd / np.sqrt(n))).round(1)
            frame[f"sd_{arm}"] = (sd * np.sqrt(random.chisquare(n - 1) / (n - 1))).round(1)
            frame[f"n_{arm}"] = n
        measure, model = str(random.choice(["MD", "SMD"])), str(random.choice(["fixed", "random"]))
        yield Options(measure=measure, method="IV", model=model), frame


def printed(options: Options, frame: pd.DataFrame) -> tuple[list[dict[str, str]], dict[str, str]]:
    """Return the printed rows and the pooled line of an analysis."""
    result = pool(frame, **options.choices())
    assert result.effects is not None
    half = options.z * np.sqrt(result.effects.vi)
    columns = (result.effects.yi, result.effects.yi - half, result.effects.yi + half, result.weights)
    rows = [{name: f"{x:.{DIGITS[name]}f}" for name, x in zip(ROW, row, strict=True)}
            for row in zip(*columns, strict=True)]  # fmt: skip
    return rows, line_of(result)


def noticed(options: Options, rows: list[dict[str, str]], line: dict[str, str], frame: pd.DataFrame, what: str) -> bool:
    """Whether an audit objects to a print: of its numbers to each other, with the data to what these give."""
    numbers = [{name: read_printed(text) for name, text in row.items()} for row in rows]
    checks = check_plot(numbers if what != "line" else [], {n: read_printed(t) for n, t in line.items()}, options)
    if any(check.verdict == INCONSISTENT for check in checks):
        return True
    return what == "counts" and (rows, line) != printed(options, frame)


def with_errors_for_deviations(random: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the data with standard errors as the standard deviations of one study."""
    i = int(random.integers(len(frame)))
    changed = frame.copy()
    for arm in "tc":
        error = float(frame.loc[i, f"sd_{arm}"]) / float(frame.loc[i, f"n_{arm}"]) ** 0.5
        changed.loc[i, f"sd_{arm}"] = max(round(error, 1), 0.1)
    return changed


def run(seed: int, number: int = ANALYSES) -> pd.DataFrame:
    """Plant both errors in every analysis and count what happens, by kind and print, as the other kinds are."""
    random = np.random.default_rng(seed)
    counted: Counter[tuple[str, str, str]] = Counter()
    for options, frame in analyses(random, number):
        rows, line = printed(options, frame)
        wrong = with_errors_for_deviations(random, frame)
        for what in PRINTS:
            silent = noticed(options, rows, line, frame, what)
            counted["untouched, continuous", what, "noticed" if silent else "silent"] += 1
            if what == "counts":
                found = noticed(options, rows, line, wrong, what)
                # Silent: every number printed is the one that the wrong data give too.
                counted[KINDS[0], what, "noticed" if found else "a real print"] += 1
            else:
                # Rows and line are those of the true data.
                counted[KINDS[0], what, "print unchanged"] += 1
            entered = printed(options, wrong)
            found = noticed(options, *entered, wrong, what)
            counted[KINDS[1], what, "noticed" if found else "a real print"] += 1
    columns = ("noticed", "missed", "print unchanged", "a real print", "silent")
    keys = sorted(dict.fromkeys((kind, what) for kind, what, _ in counted), key=lambda key: key[0] in KINDS)
    return pd.DataFrame([{"error": k, "print": w} | {c: counted[k, w, c] for c in columns} for k, w in keys])
