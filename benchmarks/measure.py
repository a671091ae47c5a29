"""Times, memory, and the machine they were measured on."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import numpy as np

#: From here a new Python finds these modules.
ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("metalib", "numpy", "pandas", "scipy", "statsmodels", "pymare")
#: A repeat lasts at least this many seconds, so that the clock and a passing disturbance count little.
SHORTEST = 0.02
TIMEOUT = 600


def seconds(call: Callable[[], object], repeats: int, most: float = 5.0) -> list[float]:
    """Return the time of one call, measured `repeats` times after a warm-up.

    Quick calls are made several times a repeat. Slow ones are repeated less often when `repeats` would take more than
    `most` seconds, but at least once.
    """
    start = time.perf_counter()
    call()
    once = time.perf_counter() - start
    if once < SHORTEST:
        start = time.perf_counter()
        call()
        once = time.perf_counter() - start
    calls = max(int(SHORTEST / once), 1)
    times = []
    for _ in range(max(min(repeats, int(most / (once * calls))), 1)):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        times.append((time.perf_counter() - start) / calls)
    return times


def summary(values: Sequence[float]) -> dict[str, float | int]:
    """Return number of repeats, median and quartiles."""
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75]).tolist()
    return {"repeats": len(values), "median": median, "lower_quartile": low, "upper_quartile": high}


def in_fresh_python(code: str, repeats: int) -> list[dict]:
    """Run code in new Python processes and return what each prints as JSON."""
    command = [sys.executable, "-c", code]
    options = {"capture_output": True, "text": True, "check": True, "timeout": TIMEOUT, "cwd": ROOT}
    done = [subprocess.run(command, **options) for _ in range(repeats)]
    return [json.loads(process.stdout) for process in done]


def machine() -> dict[str, object]:
    """Return processor, cores, memory and system."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(pages / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
    }


def _processor() -> str:
    """Return the name of the processor as the system tells it."""
    info = Path("/proc/cpuinfo")
    for line in info.read_text(encoding="utf-8").splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that take part."""
    return {"Python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}}


def now() -> str:
    """Return the day in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


def load() -> float:
    """Return how many processes wanted to run during the last minute, this one among them."""
    return round(os.getloadavg()[0], 2)
