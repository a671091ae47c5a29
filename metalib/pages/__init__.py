"""Results on the pages of a book: tables, figures, glued texts, chapters of outcomes, the explorer."""

from . import columns, sentences
from .chapter import Chapter
from .column_table import table
from .filtered import filtered_table
from .markup import Raw, link
from .notebook import details, figure, glue, glue_as
from .outputs import download

__all__ = [
    "Chapter",
    "Raw",
    "columns",
    "details",
    "download",
    "figure",
    "filtered_table",
    "glue",
    "glue_as",
    "link",
    "sentences",
    "table",
]
