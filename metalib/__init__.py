"""Pooling, recovery and audit of published meta-analyses of 2x2 tables."""

from .effects import effects
from .errors import DataError, MetalibError, OptionError, PuzzleError
from .pooling import pool, pool_batch
from .results import PooledBatch, PooledEffect, Subgroups
from .review import Review, read_review
from .sensitivity import exclude_cumulatively, leave_one_out, subgroups

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
    "read_review",
    "subgroups",
]
