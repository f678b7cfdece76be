"""Network namespaces of our own, and what runs in them: real interfaces, real sockets, nobody else's traffic.

That takes root.  Elsewhere these tests are left out, and the end of the test run says so loudly (tests/conftest.py).
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
POSSIBLE = os.geteuid() == 0 and shutil.which("ip") is not None
needs_namespaces = pytest.mark.skipif(not POSSIBLE, reason="NOT TESTED: takes root, and the program ip (iproute2)")
PATIENCE = 30
"""Seconds after which something that was expected is taken for broken."""
_number = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network of its own, with ``lo`` up."""

    name: str

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a command in it, from the root of the project."""
        return subprocess.run(
            self._command(command), cwd=ROOT, text=True, capture_output=True, check=False, timeout=PATIENCE
        )

    def python(self, program: str) -> str:
        """What a program prints."""
        done = self.run(sys.executable, "-c", program)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ip(self, *arguments: str) -> None:
        """Changes an interface of it."""
        subprocess.run(["ip", "-n", self.name, *arguments], check=True, timeout=PATIENCE)

    @contextmanager
    def started(self, *command: str | Path) -> Iterator[subprocess.Popen[str]]:
        """A command that goes on in it; ends with the block."""
        process = subprocess.Popen(
            self._command(command), cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate(timeout=PATIENCE)

    def _command(self, command: tuple[str | Path, ...]) -> list[str]:
        return ["ip", "netns", "exec", self.name, *map(str, command)]


@contextmanager
def namespace() -> Iterator[Namespace]:
    """One, until the end of the block."""
    found = Namespace(f"dsl-t{os.getpid()}-{next(_number)}")
    subprocess.run(["ip", "netns", "add", found.name], check=True, timeout=PATIENCE)
    try:
        found.ip("link", "set", "lo", "up")
        yield found
    finally:
        subprocess.run(["ip", "netns", "delete", found.name], check=True, timeout=PATIENCE)


@contextmanager
def pair() -> Iterator[tuple[Namespace, Namespace]]:
    """Two, joined by a cable: ``left`` with 10.77.0.1 in the first, ``right`` with 10.77.0.2 in the second."""
    with namespace() as one, namespace() as other:
        one.ip("link", "add", "left", "type", "veth", "peer", "name", "right", "netns", other.name)
        for each, interface, address in ((one, "left", "10.77.0.1/24"), (other, "right", "10.77.0.2/24")):
            each.ip("addr", "add", address, "dev", interface)
            each.ip("link", "set", interface, "up")
        yield one, other


SNIFF = (sys.executable, "-m", "analyzer", "sniff")


@contextmanager
def sniffing(where: Namespace, *arguments: str | Path, command: Sequence[str | Path] = SNIFF) -> Iterator[Sniffer]:
    """``distscope sniff`` that listens already; ``command``: called otherwise."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(
            ["ip", "netns", "exec", where.name, *map(str, (*command, *arguments))],
            cwd=ROOT,
            text=True,
            stdout=out,
            stderr=err,
        )
        sniffer = Sniffer(process, out.fileno(), err.fileno())
        try:
            sniffer.wait_for("listening to", sniffer.errors)
            yield sniffer
        finally:
            process.kill()
            process.wait(PATIENCE)


@dataclass(frozen=True, slots=True)
class Sniffer:
    """A process that listens."""

    process: subprocess.Popen[str]
    _out: int
    _err: int

    def output(self) -> str:
        """Standard output so far."""
        return _content(self._out)

    def errors(self) -> str:
        """Standard error so far."""
        return _content(self._err)

    def wait_for(self, text: str, where: object = None) -> None:
        """Until ``text`` is in its output (or in what ``where`` gives)."""
        look = where if callable(where) else self.output
        deadline = time.monotonic() + PATIENCE
        while text not in str(look()):
            assert time.monotonic() < deadline, f"{text!r} never came: {self.output()} {self.errors()}"
            assert self.process.poll() is None or text in str(look()), f"it ended: {self.output()} {self.errors()}"
            time.sleep(0.02)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to end; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def _content(file: int) -> str:
    return os.pread(file, 1 << 24, 0).decode()
