"""A Sphinx extension for books: brings the scripts of the explorer, which stand in this package, into the book."""

from __future__ import annotations

from pathlib import Path
from typing import Any

EXTRA = Path(__file__).parent / "extra"


def bring_files(app: Any, config: Any) -> None:
    """Copy the scripts of this package and, if there are any, the results that a notebook wrote for them."""
    results = Path(app.srcdir) / "notebooks" / "extra"
    if results.is_dir():
        config.html_extra_path += [str(EXTRA), str(results)]


def setup(app: Any) -> dict[str, bool]:
    """Register the extension."""
    app.connect("config-inited", bring_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
