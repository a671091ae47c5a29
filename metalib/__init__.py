"""Pooling, recovery and audit of published meta-analyses of 2x2 tables.

A name is loaded with its module when it is first used (PEP 562), so that importing the package does not wait for pandas
and SciPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "REVMAN_2025",
    "DataError",
    "MetalibError",
    "OptionError",
    "Options",
    "PooledBatch",
    "PooledEffect",
    "PuzzleError",
    "Review",
    "Subgroups",
    "absolute_effect",
    "all_subsets",
    "cumulative",
    "effects",
    "effects_from_intervals",
    "egger",
    "exclude_cumulatively",
    "fragility",
    "harbord",
    "import_review",
    "influence",
    "leave_one_out",
    "meta_regression",
    "peters",
    "pool",
    "pool_batch",
    "pool_batch_both",
    "pool_corrected",
    "pool_effects",
    "pool_proportional_odds",
    "proportional_odds",
    "read_review",
    "sampled_subsets",
    "specifications",
    "subgroups",
    "tau2_interval",
    "trim_and_fill",
]

if TYPE_CHECKING:
    from .arithmetic.estimates import effects_from_intervals
    from .arithmetic.generic import pool_effects
    from .arithmetic.meta_regression import meta_regression
    from .arithmetic.options import REVMAN_2025, Options
    from .arithmetic.pooling import pool, pool_batch, pool_batch_both
    from .arithmetic.results import PooledBatch, PooledEffect
    from .arithmetic.study_effects import effects
    from .arithmetic.subgroups import Subgroups, subgroups
    from .arithmetic.tau2_interval import tau2_interval
    from .arithmetic.zero_cells import pool_corrected
    from .audit.review import Review, read_review
    from .errors import DataError, MetalibError, OptionError, PuzzleError
    from .importers.importing import import_review
    from .robustness.absolute import absolute_effect
    from .robustness.fragility import fragility
    from .robustness.ordinal import pool_proportional_odds, proportional_odds
    from .robustness.sensitivity import cumulative, exclude_cumulatively, leave_one_out
    from .robustness.small_study import egger, harbord, peters, trim_and_fill
    from .robustness.specifications import specifications
    from .robustness.subsets import all_subsets, influence, sampled_subsets
else:
    # No module may be called like a public name: Python would put it in the place of the name.
    _MODULES = {
        "REVMAN_2025": "arithmetic.options",
        "DataError": "errors",
        "MetalibError": "errors",
        "OptionError": "errors",
        "Options": "arithmetic.options",
        "PooledBatch": "arithmetic.results",
        "PooledEffect": "arithmetic.results",
        "PuzzleError": "errors",
        "Review": "audit.review",
        "Subgroups": "arithmetic.subgroups",
        "absolute_effect": "robustness.absolute",
        "all_subsets": "robustness.subsets",
        "cumulative": "robustness.sensitivity",
        "effects": "arithmetic.study_effects",
        "effects_from_intervals": "arithmetic.estimates",
        "egger": "robustness.small_study",
        "exclude_cumulatively": "robustness.sensitivity",
        "fragility": "robustness.fragility",
        "harbord": "robustness.small_study",
        "import_review": "importers.importing",
        "influence": "robustness.subsets",
        "leave_one_out": "robustness.sensitivity",
        "meta_regression": "arithmetic.meta_regression",
        "peters": "robustness.small_study",
        "pool": "arithmetic.pooling",
        "pool_batch": "arithmetic.pooling",
        "pool_batch_both": "arithmetic.pooling",
        "pool_corrected": "arithmetic.zero_cells",
        "pool_effects": "arithmetic.generic",
        "pool_proportional_odds": "robustness.ordinal",
        "proportional_odds": "robustness.ordinal",
        "read_review": "audit.review",
        "sampled_subsets": "robustness.subsets",
        "specifications": "robustness.specifications",
        "subgroups": "arithmetic.subgroups",
        "tau2_interval": "arithmetic.tau2_interval",
        "trim_and_fill": "robustness.small_study",
    }

    def __getattr__(name):
        """Load a public name and keep it, so that this runs once for each."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
        globals()[name] = value
        return value

    def __dir__():
        """Return the names, loaded or not."""
        return sorted({*globals(), *__all__})
