"""Pooling, recovery and audit of published meta-analyses of 2x2 tables.

A name is loaded with its module when it is first used (PEP 562), so that importing the package does not wait for pandas
and SciPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "DataError",
    "MetalibError",
    "OptionError",
    "Options",
    "PooledBatch",
    "PooledEffect",
    "PuzzleError",
    "Review",
    "Subgroups",
    "effects",
    "exclude_cumulatively",
    "leave_one_out",
    "pool",
    "pool_batch",
    "pool_batch_both",
    "read_review",
    "subgroups",
]

if TYPE_CHECKING:
    from .arithmetic.options import Options
    from .arithmetic.pooling import pool, pool_batch, pool_batch_both
    from .arithmetic.results import PooledBatch, PooledEffect, Subgroups
    from .arithmetic.study_effects import effects
    from .arithmetic.subgroups import subgroups
    from .audit.review import Review, read_review
    from .errors import DataError, MetalibError, OptionError, PuzzleError
    from .robustness.sensitivity import exclude_cumulatively, leave_one_out
else:
    # No module may be called like a public name: Python would put it in the place of the name.
    _MODULES = {
        "DataError": "errors",
        "MetalibError": "errors",
        "OptionError": "errors",
        "Options": "arithmetic.options",
        "PooledBatch": "arithmetic.results",
        "PooledEffect": "arithmetic.results",
        "PuzzleError": "errors",
        "Review": "audit.review",
        "Subgroups": "arithmetic.results",
        "effects": "arithmetic.study_effects",
        "exclude_cumulatively": "robustness.sensitivity",
        "leave_one_out": "robustness.sensitivity",
        "pool": "arithmetic.pooling",
        "pool_batch": "arithmetic.pooling",
        "pool_batch_both": "arithmetic.pooling",
        "read_review": "audit.review",
        "subgroups": "arithmetic.subgroups",
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
