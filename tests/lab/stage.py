"""A folder → one network with programs in it, and what distscope says of them: what a scenario plays on."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.network import ALPHA, BETA, GAMMA, Namespace, Network, Place
from tests.lab.processes import Process
from tests.lab.watching import Watch

PASSED_ON = ("PATH", "LANG", "LC_ALL")
"""All that a program in the lab learns of the environment of the one who runs it."""


class Host:
    """One machine of the stage."""

    def __init__(self, namespace: Namespace, folder: Path, place: Place) -> None:
        self.namespace = namespace
        self.folder = folder
        self.place = place
        self.processes: list[Process] = []

    def start(
        self,
        command: Sequence[str],
        name: str,
        *,
        env: Mapping[str, str] | None = None,
        conversing: bool = False,
        separate: bool = False,
    ) -> Process:
        """A program that goes on; its log is ``name.log`` in the folder of the scenario."""
        log = self._free(f"{name}.log")
        home = log.with_suffix(".home")
        home.mkdir()
        settings = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
        process = Process(
            self.namespace.command(command),
            log,
            env={**settings, "HOME": str(home), **(env or {})},
            conversing=conversing,
            separate=separate,
        )
        self.processes.append(process)
        return process

    def firewall(self, rule: str) -> None:
        """A rule for what reaches this host."""
        self.namespace.firewall(rule, "input")

    def end(self) -> None:
        """End what was started here, the latest first."""
        for process in reversed(self.processes):
            process.kill()
        self.processes.clear()

    def _free(self, name: str) -> Path:
        """A second node of a name has a log of its own."""
        path = self.folder / name
        serial = 1
        while path.exists():
            serial += 1
            path = self.folder / f"{path.stem.partition('~')[0]}~{serial}{path.suffix}"
        return path


class Stage:
    """A context: everything that was started ends with it."""

    def __init__(self, folder: Path, dist_ports: frozenset[int] = frozenset()) -> None:
        """``dist_ports`` are told to distscope, live and from file."""
        self.folder = folder
        self.network = Network()
        self.alpha = self._host(ALPHA)
        self.beta = self._host(BETA)
        self.gamma = self._host(GAMMA)
        self.router = Host(self.network.router, folder, ALPHA)
        self.watching = Watch(folder, dist_ports)

    def __enter__(self) -> Self:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.network.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.watching.kill()
            for host in (self.alpha, self.beta, self.gamma, self.router):
                host.end()
        finally:
            self.network.__exit__(kind, error, trace)

    def watch(self, host: Host | None = None, *interfaces: str) -> None:
        """From here on everything is captured: on alpha's cable, or where the scenario says."""
        self.watching.start(host or self.alpha, interfaces or ("eth0",))

    @staticmethod
    def silence(seconds: float) -> None:
        """Let time pass in which nothing happens, where that tells something."""
        time.sleep(seconds)

    def power_off(self, host: Host) -> None:
        """Not one more packet leaves this host, and its programs are gone."""
        self.network.power_off(host.place)
        host.end()

    def power_on(self, host: Host) -> None:
        """The host is back, with nothing running on it."""
        self.network.connect(host.place)

    def _host(self, place: Place) -> Host:
        return Host(self.network.hosts[place], self.folder, place)
