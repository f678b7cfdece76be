"""A command line → a process with a log: waited for by what it says, never by the clock, and ended by its id."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds until a wait is given up: only a broken machine, or a broken scenario, gets there."""
GLANCE = 0.03
"""Seconds between two looks at a log or a socket table."""


class LabError(Exception):
    """The lab itself did not work: no verdict is to be had from this run."""


def wait_until(happened: Callable[[], T | None], what: str, patience: float = PATIENCE) -> T:
    """The first value of ``happened`` that is true."""
    deadline = time.monotonic() + patience
    while True:
        if value := happened():
            return value
        if time.monotonic() > deadline:
            raise LabError(f"after {patience:.0f} s still no sign of it: {what}")
        time.sleep(GLANCE)


class Process:
    """A running program; what it says, on either stream, is in its log."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        conversing: bool = False,
        separate: bool = False,
    ) -> None:
        """``conversing``: it is spoken to (:meth:`say`); ``separate``: standard output goes to a file of its own."""
        self.command = tuple(command)
        self.log = log
        self.output = log.with_suffix(".out") if separate else log
        with log.open("wb") as errors, self.output.open("ab") as output:
            self._popen = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE if conversing else subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env=dict(env) if env is not None else None,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The program's own: what starts it replaces itself by it."""
        return self._popen.pid

    @property
    def ended(self) -> bool:
        """There is no such process any more."""
        return self._popen.poll() is not None

    @property
    def text(self) -> str:
        """The log so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def say(self, line: str) -> None:
        """One line for its standard input."""
        assert self._popen.stdin is not None
        self._popen.stdin.write(line.encode() + b"\n")
        self._popen.stdin.flush()

    def wait_for(self, words: str, patience: float = PATIENCE) -> str:
        """The log, once ``words`` are in it."""

        def said() -> str | None:
            ended = self.ended  # first: what it says last must not be missed
            text = self.text
            if words in text:
                return text
            if ended:
                raise LabError(f"{self} ended before it said {words!r}:\n{text[-2000:]}")
            return None

        return wait_until(said, f"{self} says {words!r}; its log is {self.log}", patience)

    def wait(self, patience: float = PATIENCE) -> int:
        """Its exit status, once it has ended by itself."""
        try:
            return self._popen.wait(patience)
        except subprocess.TimeoutExpired:
            raise LabError(f"{self} does not end; its log is {self.log}") from None

    def send(self, sig: signal.Signals) -> None:
        """A signal, if it still runs."""
        if not self.ended:
            self._popen.send_signal(sig)

    def freeze(self) -> None:
        """Stop it, as a machine without CPU does: its kernel goes on."""
        self.send(signal.SIGSTOP)
        wait_until(lambda: _state(self.pid) == "T", f"{self} stands still")

    def kill(self) -> None:
        """End it without asking."""
        self.send(signal.SIGKILL)
        self._popen.wait()
        if self._popen.stdin is not None:
            self._popen.stdin.close()

    def listens(self, port: int) -> bool:
        """A socket of its namespace waits on ``port``: looked up, not probed, for a probe would be in the capture."""
        return any(listens_on(self.pid, family, port) for family in ("tcp", "tcp6"))

    def wait_for_port(self, port: int) -> None:
        """It takes connections."""

        def listening() -> bool | None:
            if self.ended:
                raise LabError(f"{self} ended before it listened on port {port}:\n{self.text[-2000:]}")
            return self.listens(port) or None

        wait_until(listening, f"{self} listens on port {port}")

    def __str__(self) -> str:
        return f"{Path(self.log).stem} ({self.pid})"


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def listens_on(pid: int, family: str, port: int) -> bool:
    """``/proc/PID/net`` shows the network of that process's namespace."""
    try:
        table = Path(f"/proc/{pid}/net/{family}").read_text().splitlines()[1:]
    except FileNotFoundError:
        return False
    rows = (line.split() for line in table)
    return any(row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port for row in rows)


def run(command: Sequence[str], *, given: str | None = None) -> str:
    """The output of a command that ends by itself and must not fail."""
    result = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=PATIENCE)
    if result.returncode:
        raise LabError(f"{' '.join(command)} failed ({result.returncode}): {result.stderr.strip()}")
    return result.stdout


def end_all(pids: Callable[[], Sequence[int]]) -> None:
    """Kill the processes that ``pids`` names until it names none: they are those of one namespace of ours."""

    def none_left() -> bool:
        left = pids()
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return not left

    wait_until(none_left, "the processes of a namespace are gone")
