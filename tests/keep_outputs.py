"""A pytest plugin for nbval: keeps what the fresh run of each notebook put out, or replays what was kept.

``--keep-outputs FOLDER`` writes ``FOLDER/NAME.outputs.json``, one list of outputs a code cell. ``--replay-outputs
FOLDER`` gives nbval these instead of a kernel, so that many altered copies of a notebook can be held against one run;
collecting, sanitising and comparing stay nbval's own.
"""

from __future__ import annotations

import json
import queue
from pathlib import Path
from typing import Any

import pytest

ENDING = ".outputs.json"
kept: dict[Path, list[list[dict]]] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--keep-outputs", type=Path)
    parser.addoption("--replay-outputs", type=Path)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Any:
    yield
    outputs = getattr(item, "test_outputs", None)
    if call.when == "call" and outputs is not None:
        kept.setdefault(item.path, []).append(json.loads(json.dumps(outputs)))


def pytest_sessionfinish(session: pytest.Session) -> None:
    folder = session.config.option.keep_outputs
    if folder:
        for path, cells in kept.items():
            (folder / f"{path.stem}{ENDING}").write_text(json.dumps(cells), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    folder = config.option.replay_outputs
    if folder:
        import nbval.plugin

        nbval.plugin.RunningKernel = lambda name, cwd, startup_timeout: Replay(folder, Path(cwd))


class Replay:
    """Answers like nbval's kernel, from the kept outputs of the only notebook in `cwd`."""

    def __init__(self, folder: Path, cwd: Path) -> None:
        (path,) = cwd.glob("*.ipynb")
        self.cells = iter(json.loads((folder / f"{path.stem}{ENDING}").read_text(encoding="utf-8")))
        self.messages: queue.SimpleQueue = queue.SimpleQueue()

    def is_alive(self) -> bool:
        return True

    def stop(self) -> None:
        pass

    def execute_cell_input(self, source: str, allow_stdin: bool = False) -> str:
        for output in next(self.cells):
            self._put(output["output_type"], {k: v for k, v in output.items() if k != "output_type"})
        self._put("status", {"execution_state": "idle"})
        return "cell"

    def _put(self, kind: str, content: dict) -> None:
        self.messages.put({"msg_type": kind, "parent_header": {"msg_id": "cell"}, "content": content})

    def await_reply(self, msg_id: str, timeout: float | None = None) -> None:
        pass

    def get_message(self, stream: str, timeout: float | None = None) -> dict:
        return self.messages.get_nowait()
