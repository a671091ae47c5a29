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
    from .errors import DataError, MetalibError, OptionError, PuzzleError
    from .pooling import pool, pool_batch, pool_batch_both
    from .results import PooledBatch, PooledEffect, Subgroups
    from .review import Review, read_review
    from .sensitivity import exclude_cumulatively, leave_one_out, subgroups
    from .study_effects import effects
else:
    # No module may be called like a public name: Python would put it in the place of the name.
    _MODULES = {
        "DataError": "errors",
        "MetalibError": "errors",
        "OptionError": "errors",
        "PooledBatch": "results",
        "PooledEffect": "results",
        "PuzzleError": "errors",
        "Review": "review",
        "Subgroups": "results",
        "effects": "study_effects",
        "exclude_cumulatively": "sensitivity",
        "leave_one_out": "sensitivity",
        "pool": "pooling",
        "pool_batch": "pooling",
        "pool_batch_both": "pooling",
        "read_review": "review",
        "subgroups": "sensitivity",
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
