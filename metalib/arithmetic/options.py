"""The choices of an analysis, checked once.

The defaults are those of Review Manager 5.4. Since 2025 RevMan can also estimate tau2 by REML, take I2 from tau2, draw
Hartung-Knapp and prediction intervals [1]_; :data:`REVMAN_2025` is that choice.

.. [1] Cochrane Statistical Methods Group (2022, updated 2024 and 2025). Random-effects meta-analysis methods for
   intervention reviews. methods.cochrane.org/methods-cochrane/random-effects-meta-analysis-methods-intervention-reviews
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TypedDict, cast

import numpy as np
from scipy.special import ndtri

from ..errors import OptionError, choose, shown

#: Measures of 2x2 tables, of means, of events and person-time, and of effects that come with their standard error.
MEASURES = ("OR", "RR", "RD")
MEANS = ("MD", "SMD")
RATES = ("IRR", "IRD")
OTHERS = ("HR", "ratio", "difference")
#: Measures that are pooled on the log scale.
RATIOS = ("OR", "RR", "IRR", "HR", "ratio")
METHODS = ("MH", "IV", "Peto")
MODELS = ("fixed", "random")
TAU2_METHODS = ("DL", "PM", "REML")
CI_METHODS = ("wald", "hksj", "hksj_adhoc", "hksj_tau2")
I2_SOURCES = ("Q", "tau2")
PREDICTIONS = ("k-2", "k-1", "normal")


class Choices(TypedDict, total=False):
    """The fields of :class:`Options` as keyword arguments; what is left out has its default."""

    measure: str
    method: str
    model: str
    tau2: str
    ci: str
    level: float
    I2: str
    prediction: str


#: Random effects by inverse variance as RevMan offers them since 2025: ``pool(tables, **REVMAN_2025)``. Cochrane [1]_
#: names the methods. That the interval is Hartung-Knapp's only where tau2 > 0 and k > 2, and the k - 1 degrees of
#: freedom of the prediction interval, are this package's reading; ``ci="hksj"`` or ``"wald"``, ``prediction="k-2"``.
REVMAN_2025: Choices = {
    "method": "IV", "model": "random", "tau2": "REML", "ci": "hksj_tau2", "I2": "tau2", "prediction": "k-1",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """How studies are pooled. What each choice means is said by :func:`metalib.pool`.

    Raises
    ------
    OptionError
        An unknown choice, or a combination without a meaning.
    """

    measure: str = "OR"
    #: Left out: Mantel-Haenszel for 2x2 tables, inverse variance for all other data.
    method: str = ""
    model: str = "fixed"
    tau2: str = "DL"
    ci: str = "wald"
    level: float = 0.95
    I2: str = "Q"
    prediction: str = "k-2"

    def __post_init__(self) -> None:
        choose("measure", self.measure, (*MEASURES, *MEANS, *RATES, *OTHERS))
        if self.method == "":
            object.__setattr__(self, "method", "MH" if self.measure in MEASURES else "IV")
        choose("method", self.method, METHODS)
        choose("model", self.model, MODELS)
        choose("tau2", self.tau2, TAU2_METHODS)
        choose("ci", self.ci, CI_METHODS)
        choose("I2", self.I2, I2_SOURCES)
        choose("prediction", self.prediction, PREDICTIONS)
        if self.method == "MH" and self.measure not in MEASURES:
            raise OptionError(f"method='MH' is a method for 2x2 tables, not for measure={self.measure!r}")
        if self.method == "Peto" and self.measure != "OR":
            raise OptionError(f"method='Peto' is a method for odds ratios, not for measure={self.measure!r}")
        if self.method == "Peto" and self.model != "fixed":
            raise OptionError("method='Peto' is a fixed-effect method; use method='IV' or 'MH' for random effects")
        if self.ci != "wald" and self.model != "random":
            raise OptionError(f"ci={self.ci!r} needs model='random'")
        if self.I2 != "Q" and self.model != "random":
            raise OptionError("I2='tau2' needs model='random': a fixed-effect model has no tau2")
        object.__setattr__(self, "level", check_level(self.level))

    @property
    def is_ratio(self) -> bool:
        """Whether effects are held on the log scale."""
        return self.measure in RATIOS

    @property
    def probability(self) -> float:
        """The upper quantile that the confidence level asks for, 0.975 for 95%."""
        return 0.5 + self.level / 2

    @property
    def z(self) -> float:
        """The normal quantile of the confidence level."""
        return float(ndtri(self.probability))

    @property
    def prediction_needs(self) -> int:
        """The number of estimable studies from which on there is a prediction interval."""
        return 3 if self.prediction == "k-2" else 2

    def choices(self) -> Choices:
        """Return the fields as keyword arguments, for example ``pool(tables, **effect.options.choices())``."""
        return cast(Choices, asdict(self))


def check_level(level: object) -> float:
    """Return a confidence level in (0, 1), else raise :class:`OptionError`."""
    if isinstance(level, bool) or not isinstance(level, (int, float, np.floating)) or not 0 < level < 1:
        raise OptionError(f"level={shown(level)} must lie between 0 and 1")
    return float(level)
