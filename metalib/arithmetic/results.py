"""Result objects: frozen, unrounded, and honest about what is not estimable."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType

import numpy as np
import pandas as pd

from .. import text
from .options import Options
from .study_effects import StudyEffects
from .tables import Tables

NO_STUDY = "no study is estimable"
ONE_STUDY = "the Hartung-Knapp variance needs two estimable studies"
IDENTICAL = "estimate and standard error are both 0: the studies are identical and show no effect"
_FIXED = "a fixed-effect model has no"


@dataclass(frozen=True, slots=True, eq=False)
class PooledBatch:
    """Results of many meta-analyses, arrays of shape (...); ``weights`` (percent) has shape (..., k).

    NaN marks what does not exist: everything where ``estimable`` is False, tau2 and prediction limits of fixed-effect
    models, prediction limits for k < 3, ``p_Q`` for k = 1, weights of studies that take no part.
    """

    estimable: np.ndarray
    estimate: np.ndarray
    se: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    statistic: np.ndarray
    uses_t: np.ndarray
    p: np.ndarray
    k: np.ndarray
    weights: np.ndarray
    tau2: np.ndarray
    Q: np.ndarray
    df: np.ndarray
    p_Q: np.ndarray
    I2: np.ndarray
    prediction_low: np.ndarray
    prediction_high: np.ndarray

    @classmethod
    def concatenate(cls, parts: Sequence[PooledBatch]) -> PooledBatch:
        """Return one batch with the rows of all `parts`."""
        if len(parts) == 1:
            return parts[0]
        return cls(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)})

    def reshape(self, shape: tuple[int, ...]) -> PooledBatch:
        """Return the batch with its leading axis laid out as `shape`."""
        return PooledBatch(
            **{
                f.name: getattr(self, f.name).reshape(
                    (*shape, self.weights.shape[-1]) if f.name == "weights" else shape
                )
                for f in fields(self)
            }
        )


@dataclass(frozen=True, slots=True, eq=False)
class PooledEffect:
    """One pooled effect. Estimate and limits are on the log scale for OR and RR.

    Attributes
    ----------
    options : Options
        How it was pooled; its fields can be read here too, as ``measure, method, model, tau2_method`` (None for a
        fixed-effect model), ``ci_method`` and ``level``.
    estimate, se, ci_low, ci_high, statistic, p : float or None
        Pooled effect, its standard error, limits, z or t, and two-sided P.
    uses_t : bool
        Whether interval and P come from t with ``df`` degrees of freedom, and not from the normal distribution.
    k, k_total : int
        Estimable studies, and all rows that were handed in.
    weights : tuple of (float or None)
        Percent, in the order of ``studies``; None for a study that is not estimable.
    tau2 : float or None
        Between-study variance; None for a fixed-effect model.
    Q, df, p_Q, I2 : float, int, float or None, float
        Cochran's Q, its degrees of freedom (k - 1), P, and I2 in percent.
    prediction_low, prediction_high : float or None
        Prediction interval, t with k - 2 degrees of freedom.
    studies : tuple of str
    excluded : tuple of (study, reason)
        Studies that are not estimable.
    reasons : mapping
        For every attribute that is None, why.
    tables : Tables or None
        The counts that were pooled; None where effects were pooled that did not come from 2x2 tables.
    effects : StudyEffects or None
        Effects and variances of the studies as they were pooled.
    """

    options: Options
    estimate: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None
    statistic: float | None
    uses_t: bool
    p: float | None
    k: int
    k_total: int
    weights: tuple[float | None, ...]
    tau2: float | None
    Q: float | None
    df: int
    p_Q: float | None
    I2: float | None
    prediction_low: float | None
    prediction_high: float | None
    studies: tuple[str, ...]
    excluded: tuple[tuple[str, str], ...]
    reasons: Mapping[str, str]
    tables: Tables | None = None
    effects: StudyEffects | None = None

    @classmethod
    def from_batch(
        cls,
        batch: PooledBatch,
        index: int,
        options: Options,
        studies: tuple[str, ...],
        excluded: Mapping[str, str] | None = None,
        *,
        tables: Tables | None = None,
        effects: StudyEffects | None = None,
    ) -> PooledEffect:
        """Take one row of a batch, turning NaN into None with its reason."""
        values = {name: _none_if_nan(getattr(batch, name)[index].item()) for name in _NUMBERS}
        k = int(batch.k[index])
        return cls(
            options=options,
            uses_t=bool(batch.uses_t[index]),
            k=k,
            k_total=len(studies),
            weights=tuple(_none_if_nan(w) for w in batch.weights[index].tolist()),
            df=int(batch.df[index]),
            studies=studies,
            excluded=tuple((excluded or {}).items()),
            reasons=MappingProxyType(_reasons(values, k, options)),
            tables=tables,
            effects=effects,
            **values,
        )

    @property
    def measure(self) -> str:
        """The measure of effect."""
        return self.options.measure

    @property
    def method(self) -> str:
        """The method of pooling."""
        return self.options.method

    @property
    def model(self) -> str:
        """Fixed or random effects."""
        return self.options.model

    @property
    def tau2_method(self) -> str | None:
        """The estimator of tau2; None for a fixed-effect model."""
        return self.options.tau2 if self.model == "random" else None

    @property
    def ci_method(self) -> str:
        """The kind of confidence interval."""
        return self.options.ci

    @property
    def level(self) -> float:
        """The confidence level."""
        return self.options.level

    @property
    def is_ratio(self) -> bool:
        """Whether the measure is a ratio, held on the log scale."""
        return self.options.is_ratio

    @property
    def estimable(self) -> bool:
        """Whether there is a pooled estimate."""
        return self.estimate is not None

    @property
    def ratio(self) -> float | None:
        """The pooled ratio; None for a risk difference or without an estimate."""
        return self._ratio(self.estimate)

    @property
    def ratio_low(self) -> float | None:
        """Lower confidence limit of the ratio."""
        return self._ratio(self.ci_low)

    @property
    def ratio_high(self) -> float | None:
        """Upper confidence limit of the ratio."""
        return self._ratio(self.ci_high)

    def _ratio(self, value: float | None) -> float | None:
        return _exp(value) if value is not None and self.is_ratio else None

    def natural(self, value: float | None) -> float | None:
        """Return a number of this result on the natural scale: exponentiated for ratios, as it is for RD.

        A ratio beyond the largest float is infinite.
        """
        return _exp(value) if value is not None and self.is_ratio else value

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every number, unrounded; missing numbers are explained in ``reason``."""
        return to_frame([self])

    def why_missing(self) -> str:
        """Return the reasons of missing numbers that the model itself would have, joined into one sentence."""
        return "; ".join(dict.fromkeys(r for r in self.reasons.values() if not r.startswith(_FIXED)))

    def _parts(self) -> list[str]:
        """Return the rounded result in pieces: effect, model, heterogeneity, studies left out."""
        model = f"{self.method}, {self.model}" + (f", {self.tau2_method}" if self.tau2_method else "")
        if not self.estimable:
            return [f"{self.measure} not estimable: {self.reasons['estimate']} (0 of {self.k_total}; {model})"]
        tau2 = "" if self.tau2 is None else f", tau2 = {text.number(self.tau2)}"
        return [
            f"{self.measure} {text.estimate(self)}, {text.statistic(self, signed=True)}, "
            f"P {text.p_value(self.p, sign=True)}",
            f"k = {self.k} ({model})",
            f"Q = {text.number(self.Q)}, df = {self.df}, P {text.p_value(self.p_Q, sign=True)}, "
            f"I2 = {text.percent(self.I2)}{tau2}",
            *(f"{study}: {reason}" for study, reason in self.excluded),
        ]

    def summary(self) -> str:
        """Return the result in one line, rounded."""
        return "; ".join(self._parts())

    def __repr__(self) -> str:
        return "\n".join(["PooledEffect", *(f"  {part}" for part in self._parts())])


_NUMBERS = (
    "estimate", "se", "ci_low", "ci_high", "statistic", "p", "tau2", "Q", "p_Q", "I2", "prediction_low",
    "prediction_high",
)  # fmt: skip
_RATIO_COLUMNS = ("ratio", "ratio_low", "ratio_high")
_COLUMNS = (
    "measure", "method", "model", "estimate", "se", "ci_low", "ci_high", "statistic", "p", "k", "k_total", "tau2", "Q",
    "df", "p_Q", "I2", "prediction_low", "prediction_high", "level", "tau2_method", "ci_method", *_RATIO_COLUMNS,
)  # fmt: skip


def to_frame(effects: Sequence[PooledEffect]) -> pd.DataFrame:
    """Return one row for each of `effects`, numbers unrounded, and a column ``reason``."""
    data = {name: [getattr(effect, name) for effect in effects] for name in _COLUMNS}
    for name in (*_NUMBERS, *_RATIO_COLUMNS):
        data[name] = np.array([np.nan if value is None else value for value in data[name]], dtype=float)
    data["reason"] = [effect.why_missing() for effect in effects]
    return pd.DataFrame(data)


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _none_if_nan(value: float) -> float | None:
    return None if value != value else value


def _reasons(values: Mapping[str, float | None], k: int, options: Options) -> dict[str, str]:
    """Say for every missing number why it is missing."""
    missing = [name for name, value in values.items() if value is None]
    if k == 0:
        return dict.fromkeys(missing, NO_STUDY)
    reasons = {}
    for name in missing:
        if name == "tau2":
            reasons[name] = f"{_FIXED} between-study variance"
        elif name.startswith("prediction"):
            reasons[name] = (
                f"{_FIXED} prediction interval"
                if options.model == "fixed"
                else f"a prediction interval needs three estimable studies, there {'is' if k == 1 else 'are'} {k}"
            )
        elif name == "p_Q":
            reasons[name] = "one study has no heterogeneity"
        elif options.ci != "wald" and k == 1:
            reasons[name] = ONE_STUDY
        else:
            reasons[name] = IDENTICAL
    return reasons


def in_subgroup(study: str, subgroup: str) -> str:
    """Return the name of a study in the total, where it stands once for every subgroup it occurs in."""
    return f"{study} ({subgroup})"


@dataclass(frozen=True, slots=True)
class Subgroups:
    """Pooled effects by subgroup with RevMan's test for subgroup differences.

    Attributes
    ----------
    groups : tuple of (str, PooledEffect)
        In order of first appearance.
    overall : PooledEffect
        All rows together.
    Q, df, p, I2 : float or None
        Between-subgroup heterogeneity over the subgroups that have an estimate.
    reasons : mapping
        Why a number is None.
    """

    groups: tuple[tuple[str, PooledEffect], ...]
    overall: PooledEffect
    Q: float | None
    df: int
    p: float | None
    I2: float | None
    reasons: Mapping[str, str]

    def __getitem__(self, name: str) -> PooledEffect:
        return dict(self.groups)[name]

    def weights(self, name: str) -> tuple[float | None, ...]:
        """Return the weights of the studies of a subgroup, in percent of the total."""
        total = dict(zip(self.overall.studies, self.overall.weights, strict=True))
        return tuple(total[in_subgroup(study, name)] for study in self[name].studies)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a subgroup and a last row ``overall``."""
        rows = [*self.groups, ("overall", self.overall)]
        frame = to_frame([effect for _, effect in rows])
        frame.insert(0, "subgroup", [name for name, _ in rows])
        return frame

    def summary(self) -> str:
        """Return subgroups, total and test in lines."""
        lines = [f"{name}: {effect.summary()}" for name, effect in (*self.groups, ("overall", self.overall))]
        if self.Q is None:
            lines.append(f"Test for subgroup differences: {self.reasons['Q']}")
        else:
            lines.append(
                f"Test for subgroup differences: Chi2 = {text.number(self.Q)}, df = {self.df}, "
                f"P {text.p_value(self.p, sign=True)}; I2 = {text.percent(self.I2)}"
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Subgroups\n{self.summary()}"
