"""Whether a printed forest plot agrees with itself: rows with each other, with the pooled line, and with the counts.

Without counts a row still says much: its interval fixes its variance, hence its weight under inverse variance, its part
of Q and of the pooled standard error; and whatever the method, the pooled effect is the mean of the effects with the
printed weights (Mantel-Haenszel: of the ratios themselves). Every printed number stands for the values that round to
it; bounds that follow are never narrower than what the print allows, so that no true print is called wrong. With the
counts everything is computed again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..arithmetic.options import Options
from ..arithmetic.pooling import effects_of, pool
from ..arithmetic.study_effects import cells
from ..arithmetic.tables import Tables, check_tables
from ..errors import DataError
from .compare import forest_statistics
from .consistency import CONSISTENT, INCONSISTENT, Check, Range, check_result, estimate_in_interval, overlap
from .printed import SLACK, Printed

#: The printed numbers of a study; None for one that is not estimable.
Row = Mapping[str, Printed]
ROW = ("effect", "CI low", "CI high", "weight")


def check_plot(
    rows: Sequence[Row | None],
    line: Mapping[str, Printed],
    options: Options,
    tables: pd.DataFrame | Tables | None = None,
) -> list[Check]:
    """Make every check that a printed forest plot allows.

    Parameters
    ----------
    rows : sequence of (mapping or None)
        Printed ``effect``, ``CI low``, ``CI high`` and ``weight`` (percent) of each study, as far as printed; None for
        a study that is not estimable. Empty where only the pooled line is printed.
    line : mapping
        Printed numbers of the pooled line by statistic, as :func:`~metalib.audit.consistency.check_result` takes them,
        and ``Tau2``.
    options : Options
        How the plot says that it pools. Intervals are Wald's.
    tables : DataFrame, optional
        The counts, one row a study in the order of `rows`.

    Returns
    -------
    list of Check
        Checks of single numbers by recomputation bear the name of the number; "row 3 weight" is that of the third row.

    Raises
    ------
    DataError
        Tables that are none, or another number of them than of rows.
    """
    checks = _line_checks(line, options)
    if rows:
        checks += _row_checks(rows, options)
        checks += _against_line([row for row in rows if row is not None], line, options)
    if tables is not None:
        counts = check_tables(tables)
        if rows and counts.k != len(rows):
            raise DataError(f"{counts.k} tables for {len(rows)} printed rows")
        checks += _recomputed(rows, line, options, counts)
    return checks


def _made(name: str, shown: str, left: Range, printed: Range, unit: float, because: str) -> Check:
    slack = SLACK * unit
    agrees = overlap((left[0] - slack, left[1] + slack), printed)
    low, high = (f"{x:.4g}" for x in left)
    sentence = f"{because} {low} to {high}; printed is {shown}, which {'agrees' if agrees else 'does not agree'}."
    return Check(name, shown, *left, CONSISTENT if agrees else INCONSISTENT, sentence)


def _line_checks(line: Mapping[str, Printed], options: Options) -> list[Check]:
    measure, log = options.measure, options.is_ratio
    effect = [line[name] for name in (measure, "CI low", "CI high") if name in line]
    wrong = _impossible(effect, log)
    if wrong:
        return [wrong, *check_result({n: p for n, p in line.items() if p not in effect}, level=options.level)]
    return check_result(line, measure=measure, level=options.level, log=log)


def _impossible(effect: Sequence[Printed], log: bool) -> Check | None:
    """Return the failed check of an effect that no effect can be: a negative ratio, or limits in the wrong order."""
    text = " ".join(p.text for p in effect)
    negative = log and any(p.high <= 0 for p in effect)
    if negative or (len(effect) == 3 and effect[1].low > effect[2].high):
        why = "a ratio is negative" if negative else "the lower limit exceeds the upper"
        return Check("effect and limits", text, math.nan, math.nan, INCONSISTENT, f"In {text} {why}.")
    return None


def _row_checks(rows: Sequence[Row | None], options: Options) -> list[Check]:
    checks = []
    for i, row in enumerate(rows):
        if row is None or not all(name in row for name in ROW[:3]):
            continue
        effect = [row[name] for name in ROW[:3]]
        found = _impossible(effect, options.is_ratio) or estimate_in_interval(
            effect[0], effect[1], effect[2], measure=f"row {i + 1}", log=options.is_ratio
        )
        checks.append(found)
    weights = [row["weight"] for row in rows if row is not None and "weight" in row]
    if weights and len(weights) == sum(row is not None for row in rows):
        total = (sum(p.low for p in weights), sum(p.high for p in weights))
        because = "The weights add up to"
        checks.append(_made("sum of weights", "100%", total, (100.0, 100.0), weights[0].unit, because))
    return checks


def _against_line(rows: Sequence[Row], line: Mapping[str, Printed], options: Options) -> list[Check]:
    """Hold rows and pooled line against each other; nothing where a row is not printed in full or not possible."""
    log = options.is_ratio
    checks: list[Check] = []
    if "df" in line:
        df = line["df"]
        left = (len(rows) - 1.0, len(rows) - 1.0)
        checks.append(_made("df and rows", df.text, left, (df.low, df.high), 1, "The rows leave degrees of freedom of"))
    complete = all(all(name in row for name in ROW) for row in rows)
    if not rows or not complete or any(_impossible([row[name] for name in ROW[:3]], log) for row in rows):
        return checks
    boxes = np.array([_row_box(row, options) for row in rows])
    y, se = boxes[:, :2], boxes[:, 2:]
    w = np.array([[max(row["weight"].low, 0.0), row["weight"].high] for row in rows])
    if (y[:, 0] > y[:, 1]).any() or (se[:, 0] > se[:, 1]).any():
        # The check of the row itself has said so.
        return checks
    pooled = [line[name] for name in (options.measure, "CI low", "CI high") if name in line]
    if len(pooled) == 3 and not _impossible(pooled, log):
        checks += _pooled_checks(y, se, w, pooled, line, options)
    return checks + _variance_checks(y, se, w, line, options)


def _scale(printed: Printed, log: bool) -> Range:
    if not log:
        return printed.low, printed.high
    return (math.log(printed.low) if printed.low > 0 else -math.inf), math.log(printed.high)


def _row_box(row: Row, options: Options) -> tuple[float, float, float, float]:
    """Return bounds of effect and standard error of a row, on the scale of the measure."""
    e, low, high = (_scale(row[name], options.is_ratio) for name in ROW[:3])
    return _box(e, low, high, options.z)


def _box(e: Range, low: Range, high: Range, z: float) -> tuple[float, float, float, float]:
    """Return bounds of centre and standard error from bounds of an estimate and its limits.

    Each follows from any two of the three: the limits, and either half of the interval.
    """
    with np.errstate(invalid="ignore"):
        centre = (max(e[0], (low[0] + high[0]) / 2), min(e[1], (low[1] + high[1]) / 2))
        widths = [((high[0] - low[1]) / 2, (high[1] - low[0]) / 2), (high[0] - centre[1], high[1] - centre[0]),
                  (centre[0] - low[1], centre[1] - low[0])]  # fmt: skip
    least = max(0.0, *(w[0] for w in widths if not math.isnan(w[0])))
    most = min(w[1] for w in widths if not math.isnan(w[1]))
    return centre[0] - SLACK, centre[1] + SLACK, least / z * (1 - SLACK), most / z * (1 + SLACK)


def _mean_range(x: np.ndarray, w: np.ndarray) -> Range:
    """Return the least and largest weighted mean over boxes of values and weights, arrays (k, 2).

    At the extremes every weight is at one of its ends, those of the larger values at the same.
    """
    ends = []
    for side in (0, 1):
        order = np.argsort(x[:, side])
        values, low, high = x[order, side], w[order, 0], w[order, 1]
        small, large = (high, low) if side == 0 else (low, high)
        means = []
        for split in range(len(values) + 1):
            weights = np.concatenate([small[:split], large[split:]])
            if weights.sum() > 0:
                means.append(float(_dot(weights, values) / weights.sum()))
        ends.append((min if side == 0 else max)(means, default=(-math.inf, math.inf)[side]))
    return ends[0], ends[1]


def _dot(weights: np.ndarray, values: np.ndarray) -> float:
    # A weight of 0 beside an infinite value is no part of a sum.
    used = weights > 0
    return float((weights[used] * values[used]).sum())


def _pooled_checks(
    y: np.ndarray, se: np.ndarray, w: np.ndarray, pooled: Sequence[Printed], line: Mapping[str, Printed],
    options: Options,
) -> list[Check]:  # fmt: skip
    log, measure = options.is_ratio, options.measure
    plain = options.method == "MH" and options.model == "fixed" and log
    with np.errstate(over="ignore"):
        mean = _mean_range(np.exp(y) if plain else y, w)
    estimate = (pooled[0].low, pooled[0].high) if plain else _scale(pooled[0], log)
    because = f"The rows with their weights leave a pooled {measure} of"
    left = (math.exp(mean[0]), math.exp(min(mean[1], 700.0))) if log and not plain else mean
    checks = [
        _made("pooled effect and rows", pooled[0].text, left, (pooled[0].low, pooled[0].high), pooled[0].unit, because)
    ]
    tau2 = _tau2(line, options)
    if tau2 is not None and estimate[1] >= estimate[0]:
        spread = _box(estimate, _scale(pooled[1], log), _scale(pooled[2], log), options.z)[2:]
        with np.errstate(divide="ignore"):
            left = (
                float((1 / (se[:, 0] ** 2 + tau2[0])).sum() ** -0.5),
                float((1 / (se[:, 1] ** 2 + tau2[1])).sum() ** -0.5),
            )
        shown = f"[{pooled[1].text}, {pooled[2].text}]"
        because = (
            f"The intervals of the rows leave a pooled standard error of {left[0]:.4g} to {left[1]:.4g}, the pooled one"
        )
        agrees = overlap(left, spread)
        sentence = f"{because} {spread[0]:.4g} to {spread[1]:.4g}, which {'agrees' if agrees else 'does not agree'}."
        checks.append(Check("pooled interval and rows", shown, *left, CONSISTENT if agrees else INCONSISTENT, sentence))
    return checks


def _tau2(line: Mapping[str, Printed], options: Options) -> Range | None:
    """Return the bounds of tau2 that weights are made with; None where they are no inverse variances."""
    if options.model == "random":
        return (max(line["Tau2"].low, 0.0), line["Tau2"].high) if "Tau2" in line else None
    return None if options.method == "MH" else (0.0, 0.0)


def _variance_checks(
    y: np.ndarray, se: np.ndarray, w: np.ndarray, line: Mapping[str, Printed], options: Options
) -> list[Check]:
    """Check weights, Q and tau2 against the variances that the intervals of the rows leave."""
    checks = []
    tau2 = _tau2(line, options)
    with np.errstate(divide="ignore", invalid="ignore"):
        v, inverse = se**2, 1 / se[:, ::-1] ** 2
        if tau2 is not None:
            # 1 / (v + tau2) of one study against the sum of the others.
            least, most = 1 / (v[:, 1] + tau2[1]), 1 / (v[:, 0] + tau2[0])
            low = 100 * least / (least + (most.sum() - most))
            high = 100 * most / (most + (least.sum() - least))
            for i in np.flatnonzero(~((low <= w[:, 1] + SLACK) & (high >= w[:, 0] - SLACK)) & np.isfinite(low + high)):
                left, text = (float(low[i]), float(high[i])), f"row of weight {w[i].mean():.1f}%"
                because = "The intervals of the rows leave this weight a share of"
                checks.append(_made("weight and intervals", text, left, (float(w[i, 0]), float(w[i, 1])), 0.1, because))
    if "Chi2" not in line or len(y) < 2 or not np.isfinite(inverse).all() or not np.isfinite(y).all():
        return checks
    chi2 = line["Chi2"]
    centre = _mean_range(y, inverse)
    least = np.maximum(0.0, np.maximum(y[:, 0] - centre[1], centre[0] - y[:, 1]))
    bound = float((least**2 * inverse[:, 0]).sum())
    pooled = line.get(options.measure)
    possible = pooled is not None and not (options.is_ratio and pooled.high <= 0)
    if options.method == "MH" and options.model == "fixed" and pooled is not None and possible:
        centre = _scale(pooled, options.is_ratio)
    elif options.method == "MH":
        # Q is taken around the fixed-effect estimate, which is not printed but lies between the effects.
        centre = float(y[:, 0].min()), float(y[:, 1].max())
    farthest = np.maximum(np.abs(y[:, 1] - centre[0]), np.abs(centre[1] - y[:, 0]))
    near = np.maximum(0.0, np.maximum(y[:, 0] - centre[1], centre[0] - y[:, 1]))
    left = (max(bound, float((near**2 * inverse[:, 0]).sum())), float((farthest**2 * inverse[:, 1]).sum()))
    printed = (chi2.low, chi2.high)
    checks.append(_made("Chi² and rows", chi2.text, left, printed, chi2.unit, "The rows leave a Chi² of"))
    if options.model == "random" and options.tau2 == "DL" and "Tau2" in line:
        scale = [float(x.sum() - (x**2).sum() / x.sum()) for x in inverse.T]
        df, given = len(y) - 1, line["Tau2"]
        farthest_apart = max(0.0, chi2.high - df) / scale[0] if scale[0] > 0 else math.inf
        left = (max(0.0, chi2.low - df) / scale[1] if scale[1] > 0 else 0.0, farthest_apart)
        printed = (given.low, given.high)
        checks.append(
            _made("Tau² and Chi²", given.text, left, printed, given.unit, "Chi² and the rows leave a Tau² of")
        )
    return checks


def _recomputed(
    rows: Sequence[Row | None], line: Mapping[str, Printed], options: Options, counts: Tables
) -> list[Check]:
    """Check every printed number against its value from the counts."""
    result = pool(counts, **options.choices())
    values: list[tuple[str, Printed, float | None]] = []
    e = effects_of(cells(*counts.counts()), options)
    half = options.z * np.sqrt(e.vi)
    back = np.exp if options.is_ratio else np.asarray
    found = {"effect": back(e.yi), "CI low": back(e.yi - half), "CI high": back(e.yi + half)}
    for i, row in enumerate(rows):
        if (row is not None) != bool(e.estimable[i]):
            state = ("not estimable", "estimable")[int(e.estimable[i])]
            sentence = f"Row {i + 1} is {state} from its counts, which is not how it is printed."
            checks_row = Check(f"row {i + 1}", state, math.nan, math.nan, INCONSISTENT, sentence)
            return [checks_row]
        for name, printed in (row or {}).items():
            value = result.weights[i] if name == "weight" else float(found[name][i])
            values.append((f"row {i + 1} {name}", printed, value))
    of_line = {**forest_statistics(result), "Tau2": result.tau2}
    values += [(name, printed, of_line.get(name)) for name, printed in line.items()]
    return [_recomputed_check(name, printed, value) for name, printed, value in values]


def _recomputed_check(name: str, printed: Printed, value: float | None) -> Check:
    if value is None or math.isnan(value):
        agrees, shown, value = False, "nothing", math.nan
    else:
        agrees, shown = printed.contains(value), f"{value:.6g}"
    verb = "agrees with" if agrees else "does not agree with"
    sentence = f"The counts give {shown} for {name}; printed is {printed.text}, which {verb} it."
    return Check(name, printed.text, value, value, CONSISTENT if agrees else INCONSISTENT, sentence)
