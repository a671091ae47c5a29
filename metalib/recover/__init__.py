"""Recovery of the 2x2 tables behind a published meta-analysis from its printed statistics.

The search is exhaustive: it returns all tables of whole numbers that agree with every printed digit, or says that
there are none, or which limit stopped it. Import this package on its own; ``import metalib`` does not load it.
"""

from .beside import alternatives
from .contradiction import Contradiction, explain
from .engine import Interrupted, recover
from .forest.plot import ForestPlot
from .forest.reading import check_forest, read_forest
from .forest.recover import recover_forest
from .forest.recovery import ForestRecovery
from .many import read_stored, recover_many
from .puzzle import Puzzle
from .reading import check_puzzle, read_puzzle, read_puzzle_text
from .recovery import Recovery
from .solutions import Solutions
from .state import Limits
from .step import StepReport

__all__ = [
    "Contradiction",
    "ForestPlot",
    "ForestRecovery",
    "Interrupted",
    "Limits",
    "Puzzle",
    "Recovery",
    "Solutions",
    "StepReport",
    "alternatives",
    "check_forest",
    "check_puzzle",
    "explain",
    "read_forest",
    "read_puzzle",
    "read_puzzle_text",
    "read_stored",
    "recover",
    "recover_forest",
    "recover_many",
]
