"""What several test files share: one fresh run of all notebooks, and tables shown at the end of the run."""

from __future__ import annotations

import os
from pathlib import Path

import fresh_run
import pytest

from metalib.pages import stored as tool

ROOT = Path(__file__).parent.parent
#: Programs of the browser tests, no modules with doctests.
collect_ignore = ["browser"]


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the outputs and files of a fresh run: that of `make test`, else one made here (a minute or two)."""
    if fresh_run.VARIABLE in os.environ:
        folder = Path(os.environ[fresh_run.VARIABLE])
    else:
        folder = tmp_path_factory.mktemp("fresh")
        result = fresh_run.run_nbval(ROOT, folder, "--keep-outputs", str(folder), "notebooks")
        assert result.returncode == 0, result.stdout
    assert len(list(folder.glob("*.outputs.json"))) == len(tool.sources(ROOT)), "not every notebook was run"
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables that tests recorded; their own standard output is not shown, least of all by parallel runs."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in getattr(report, "user_properties", []):
                if name == "table":
                    terminalreporter.write_line(value)
