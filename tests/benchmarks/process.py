"""A command → how long it took, the processor time that it used, and its largest memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Where that is set, each run compiles all modules anew, which no installed distscope does."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one run of a process and of those that it waited for."""

    wall: float
    """Seconds."""
    processor: float
    """Seconds, user and system."""
    memory: int
    """Peak of the resident set in bytes, of the largest process."""


class RunFailed(Exception):
    """A command that ended with a status that it must not end with."""


def run(command: Sequence[str], *, allowed: Sequence[int] = (0,)) -> Usage:
    """Runs a whole process, its output thrown away."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_ENVIRONMENT
    )
    assert process.stderr is not None
    with process.stderr as stream:
        said = stream.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        raise RunFailed(f"{' '.join(command)} ended with {process.returncode}: {said.decode(errors='replace').strip()}")
    return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def typical(runs: Sequence[Usage]) -> Usage:
    """The median of each time, and the most memory."""
    return Usage(
        median(run.wall for run in runs), median(run.processor for run in runs), max(run.memory for run in runs)
    )
