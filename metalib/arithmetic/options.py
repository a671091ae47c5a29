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

MEASURES = ("OR", "RR", "RD")
#: Measures that are pooled on the log scale.
RATIOS = ("OR", "RR")
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


#: Random effects by inverse variance as RevMan offers them since 2025: ``pool(tables, **REVMAN_2025)``. The interval is
#: Hartung-Knapp's where Cochrane's guidance wants it, else Wald's; RevMan itself leaves that choice to the author
#: (``ci="hksj"`` or ``"wald"``).
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
    method: str = "MH"
    model: str = "fixed"
    tau2: str = "DL"
    ci: str = "wald"
    level: float = 0.95
    I2: str = "Q"
    prediction: str = "k-2"

    def __post_init__(self) -> None:
        choose("measure", self.measure, MEASURES)
        choose("method", self.method, METHODS)
        choose("model", self.model, MODELS)
        choose("tau2", self.tau2, TAU2_METHODS)
        choose("ci", self.ci, CI_METHODS)
        choose("I2", self.I2, I2_SOURCES)
        choose("prediction", self.prediction, PREDICTIONS)
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
