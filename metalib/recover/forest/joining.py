"""What weights, pooled line and totals of a plot leave of the candidates of its rows.

Every condition is a sum over the rows that must lie between two ends. A candidate is dropped when its own part and the
most favourable parts of all other rows miss them; this is repeated until nothing changes. Only what cannot agree is
dropped, so the order does not matter. Whether all rows together print as the plot does is decided by pooling them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...arithmetic.pooling import pool_batch
from ...arithmetic.results import PooledBatch
from ..agree import printable
from ..box import Box, box
from ..parts import Interval
from .plot import COUNTS, ForestPlot, Span
from .stack import Stack

#: Sums of a few hundred floats err by far less, relative to the sum of their absolute values.
_SLACK = 1e-9
#: Beyond this an estimate is not bounded by anything printed, and exponentials overflow.
_USABLE = 300.0
Range = tuple[float, float]
#: The statistics of a pooled line from which nothing follows by a normal interval where it is not one.
_WALD = ("ci_low", "ci_high", "z", "P")


@dataclass(frozen=True)
class Joint:
    """The conditions that rows of a plot fulfil together."""

    plot: ForestPlot

    @cached_property
    def line(self) -> dict[str, Interval]:
        """The printed numbers of the pooled line."""
        return self.plot.pooled.intervals

    @cached_property
    def totals(self) -> dict[str, Span]:
        """Sums of counts over the studies, as far as they are known."""
        return dict(self.plot.pooled.counts)

    @cached_property
    def box(self) -> Box:
        """What the pooled line leaves of estimate, standard error and Q."""
        options, stats = self.plot.options, dict(self.line)
        if options.I2 != "Q":
            stats.pop("I2", None)
        if options.ci != "wald":
            stats = {n: i for n, i in stats.items() if n not in _WALD}
        return box(stats, len(self.plot.rows), self.plot.ratio, options.z)

    @cached_property
    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """Least and largest share of each row in the sum of weights, 0 to 1 where none is printed."""
        ends = [row.intervals.get("weight", Interval(0.0, 100.0, 1.0)) for row in self.plot.rows]
        return np.array([max(i.low, 0.0) for i in ends]) / 100, np.array([min(i.high, 100.0) for i in ends]) / 100

    def narrow(self, stack: Stack) -> Stack | None:
        """Return the candidates that can agree with the others and the plot; None where a row has none left."""
        if self.line and not self.box.possible:
            return None
        while True:
            keep = np.ones(len(stack), dtype=bool)
            for mask in self._conditions(stack):
                if mask is None:
                    return None
                keep &= mask
            if keep.all():
                return stack
            rows = stack.row[-1] + 1
            stack = stack.take(keep)
            if len(np.unique(stack.row)) < rows:
                return None

    def _conditions(self, stack: Stack) -> Iterator[np.ndarray | None]:
        """Yield which candidates one condition after another leaves; None where no choice fulfils it."""
        options, fixed = self.plot.options, self.plot.options.model == "fixed"
        for name, span in self.totals.items():
            counts = count_of(name, stack.tables)
            yield _linear(stack, counts, counts, span)
        k = stack.ends(stack.estimable.astype(int))
        ks = range(int(k[0].sum()), int(k[1].sum()) + 1)
        allowed = [ends for number, ends in self.box.q.items() if number in ks]
        if self.line and not allowed:
            yield None
            return
        centre = self._centre(stack)
        q = self._q(stack, centre)
        if allowed:
            printed = min(e[0] for e in allowed), max(e[1] for e in allowed)
            yield _linear(stack, *q, printed)
            q_range = (
                max(printed[0], float(stack.ends(q[0])[0].sum())),
                min(printed[1], float(stack.ends(q[1])[1].sum())),
            )
        else:
            q_range = float(stack.ends(q[0])[0].sum()), float(stack.ends(q[1])[1].sum())
        if fixed:
            low, high = (stack.s, stack.s)
        else:
            tau2 = self._tau2(stack, q_range, (ks[0], ks[-1]))
            if tau2[0] > tau2[1]:
                yield None
                return
            low, high = stack.estimable / (stack.v + tau2[1]), stack.estimable / (stack.v + tau2[0])
        total = self._total_weight(stack, low, high)
        if total[0] > total[1]:
            yield None
            return
        yield self._shares(stack, low, high, total)
        yield from self._estimate(stack, low, high)
        if fixed and options.method == "MH":
            yield from self._variance(stack, centre, total)

    def _centre(self, stack: Stack) -> Range:
        """Return between which values the fixed-effect estimate lies, that Q is taken around; log scale for ratios."""
        least, most = ratio_range(stack)
        if self.plot.options.method == "MH" and self.plot.options.is_ratio:
            least, most = (math.log(x) if x > 0 else -math.inf for x in (least, most))
        if self.plot.options.model == "fixed" and self.line:
            least, most = max(least, self.box.est[0]), min(most, self.box.est[1])
        lean = _SLACK * (1 + abs(least) + abs(most))
        return least - lean, most + lean

    def _q(self, stack: Stack, centre: Range) -> tuple[np.ndarray, np.ndarray]:
        """Return the least and the largest part of each candidate in Q."""
        near = np.maximum(0.0, np.maximum(stack.y - centre[1], centre[0] - stack.y))
        far = np.maximum(np.abs(stack.y - centre[0]), np.abs(stack.y - centre[1]))
        with np.errstate(invalid="ignore"):
            return stack.w * near**2, np.where(stack.w > 0, stack.w * far**2, 0.0)

    def _tau2(self, stack: Stack, q: Range, ks: tuple[int, int]) -> Range:
        """Return between which values tau2 lies; the least exceeds the largest where there is none."""
        low, high = 0.0, math.inf
        if self.plot.options.tau2 == "DL":
            least, most = stack.ends(stack.w)
            # The factor of tau2 in the expectation of Q grows with every weight.
            scales = [x.sum() - (x**2).sum() / x.sum() if x.sum() > 0 else 0.0 for x in (least, most)]
            if ks[1] < 2:
                high = 0.0
            else:
                excess = max(0.0, q[0] - max(ks[1] - 1, 0)), max(0.0, q[1] - max(ks[0] - 1, 0))
                low = excess[0] / scales[1] if scales[1] > 0 else 0.0
                high = excess[1] / scales[0] if scales[0] > 0 else math.inf
        else:
            # Beyond the sum of squares neither the restricted likelihood nor the generalised Q has its tau2.
            y = stack.y[stack.estimable]
            high = float(2 * len(self.plot.rows) * np.ptp(y) ** 2 + stack.v.max()) if len(y) else 0.0
        if "tau2" in self.line:
            low, high = max(low, self.line["tau2"].low), min(high, self.line["tau2"].high)
        lean = _SLACK * (1 + low)
        return max(low - lean, 0.0), high + lean

    def _total_weight(self, stack: Stack, low: np.ndarray, high: np.ndarray) -> Range:
        """Return between which values the sum of the weights lies."""
        least, most = stack.ends(low, high)
        bottom, top = float(least.sum()), float(most.sum())
        share_low, share_high = self.weights
        with np.errstate(divide="ignore"):
            bottom = max(bottom, float((least / share_high).max(initial=0.0, where=share_high > 0)))
            top = min(top, float(np.where(share_low > 0, most / np.where(share_low > 0, share_low, 1), np.inf).min()))
        options = self.plot.options
        if self.line and options.ci == "wald" and not (options.method == "MH" and options.model == "fixed"):
            se = self.box.se
            bottom, top = max(bottom, se[1] ** -2 if se[1] > 0 else math.inf), min(top, se[0] ** -2 if se[0] else top)
        return bottom * (1 - _SLACK), top * (1 + _SLACK)

    def _shares(self, stack: Stack, low: np.ndarray, high: np.ndarray, total: Range) -> np.ndarray:
        """Return which candidates have the printed share of some sum of weights, and leave the others theirs."""
        share_low, share_high = (x[stack.row] for x in self.weights)
        keep: np.ndarray = (low <= share_high * total[1] * (1 + _SLACK)) & (high >= share_low * total[0] * (1 - _SLACK))
        # The others have what is left: their own sum over one minus the share.
        least, most = stack.ends(low, high)
        others = least.sum() - least[stack.row], most.sum() - most[stack.row]
        keep &= low * (1 - share_high) <= share_high * others[1] * (1 + _SLACK)
        keep &= high * (1 - share_low) >= share_low * others[0] * (1 - _SLACK)
        keep &= _linear(stack, low, high, total)
        return keep

    def _estimate(self, stack: Stack, low: np.ndarray, high: np.ndarray) -> Iterator[np.ndarray]:
        """Yield which candidates leave the pooled estimate where it is printed."""
        if not self.line:
            return
        options = self.plot.options
        for side, end in enumerate(self.box.est):
            if abs(end) > _USABLE:
                continue
            wanted = (0.0, math.inf) if side == 0 else (-math.inf, 0.0)
            if options.method == "MH" and options.model == "fixed":
                part = stack.r - (math.exp(end) if options.is_ratio else end) * stack.s
                yield _linear(stack, part, part, wanted)
            else:
                ends = np.stack([low, high]) * (stack.y - end)
                yield _linear(stack, ends.min(0), ends.max(0), wanted)

    def _variance(self, stack: Stack, centre: Range, total: Range) -> Iterator[np.ndarray]:
        """Yield which candidates leave the variance of a Mantel-Haenszel estimate where it is printed.

        The sums that are divided become one. With small letters for a study's parts and ``theta = R / S`` the variance
        is, of OR ``sum(p r / theta + p s + q r + theta q s) / (2 theta S^2)``, of RR ``sum(d) / (theta S^2)``, of RD
        ``sum(d) / S^2``.
        """
        options, se = self.plot.options, self.box.se
        if not self.line or options.ci != "wald" or not math.isfinite(sum(centre)) or max(map(abs, centre)) > _USABLE:
            return
        parts, theta = stack.parts.T, (1.0, 1.0)
        if options.is_ratio:
            theta = math.exp(centre[0]), math.exp(centre[1])
        low = high = parts[0]
        if options.measure == "OR":
            low = (parts[0] / theta[1] + parts[1] + theta[0] * parts[2]) / 2
            high = (parts[0] / theta[0] + parts[1] + theta[1] * parts[2]) / 2
        ends = se[0] ** 2 * theta[0] * total[0] ** 2, se[1] ** 2 * theta[1] * total[1] ** 2
        yield _linear(stack, low, high, ends)

    def pooled(self, stack: Stack, chosen: np.ndarray) -> tuple[np.ndarray, PooledBatch]:
        """Pool choices of candidates, shape (m, rows), and return how far each is from printing as the plot does.

        That is 0 where it does; else the distances from all printed numbers in units of their last places.
        """
        tables, options = stack.tables[chosen], self.plot.options
        batch = pool_batch(*np.moveaxis(tables, -1, 0), **options.choices())
        misfit = np.zeros(len(chosen))
        values = printable(batch, options.measure if self.plot.ratio else "RD")
        for name, i in self.line.items():
            misfit += i.distance(values[name]) / i.unit
        for at, row in enumerate(self.plot.rows):
            if "weight" in row.stats:
                i = row.intervals["weight"]
                misfit += i.distance(batch.weights[:, at]) / i.unit
        return misfit + self.missed_totals(stack, chosen), batch

    def missed_totals(self, stack: Stack, chosen: np.ndarray) -> np.ndarray:
        """Return by how much choices of candidates, shape (m, rows), miss the totals of the plot."""
        missed = np.zeros(len(chosen))
        for name, (low, high) in self.totals.items():
            total = count_of(name, stack.tables)[chosen].sum(1)
            missed += np.maximum(0, np.maximum(low - total, total - high))
        return missed


def count_of(name: str, tables: np.ndarray) -> np.ndarray:
    """Return one of the counts of tables, shape (m, 4), or its sum over both arms."""
    if name in ("events", "n"):
        first = COUNTS.index(f"{name}_t")
        both: np.ndarray = tables[:, first] + tables[:, first + 2]
        return both
    one: np.ndarray = tables[:, COUNTS.index(name)]
    return one


def ratio_range(stack: Stack) -> Range:
    """Return the least and the largest ``sum(r) / sum(s)`` over all choices of one candidate a row.

    Dinkelbach's iteration: for a ratio in hand the best candidate of each row is that of the largest ``r - ratio s``.
    """
    found = []
    for sign in (-1.0, 1.0):
        theta = -sign * math.inf
        best = stack.starts
        for _ in range(60):
            total = float(stack.s[best].sum())
            new = float(stack.r[best].sum()) / total if total > 0 else -sign * math.inf
            if not sign * new > sign * theta or math.isinf(new):
                theta = new if math.isinf(theta) else theta
                break
            theta = new
            value = sign * (stack.r - theta * stack.s)
            order = np.lexsort((-value, stack.row))
            best = order[stack.starts]
        # Without weight there is no ratio, and no bound of it.
        found.append(sign * math.inf if math.isinf(theta) else theta)
    return found[0], found[1]


def _linear(stack: Stack, low: np.ndarray, high: np.ndarray, ends: Range) -> np.ndarray:
    """Return which candidates leave a sum over the rows, of parts between `low` and `high`, between its ends."""
    least, most = stack.ends(low, high)
    slack = _SLACK * float(np.abs(least).sum() + np.abs(most).sum())
    keep: np.ndarray = low + (least.sum() - least[stack.row]) <= ends[1] + slack
    keep &= high + (most.sum() - most[stack.row]) >= ends[0] - slack
    return keep
