"""Interfaces of a host → what distscope says while it happens, and what it says of the file that is left."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer import pipeline
from analyzer.capture import open_source
from analyzer.pipeline import Options
from analyzer.report import json_doc, view
from tests.lab.processes import LabError, Process, wait_until

if TYPE_CHECKING:
    from tests.lab.stage import Host

DISTSCOPE = str(Path(sys.executable).with_name("distscope"))
EVIDENCE = "evidence.pcapng"
SILENCE = 15.0
"""Seconds after which nothing more is told: distscope itself waits 8 s for an attempt to go on."""
FILTER = "tcp or icmp or icmp6 or ether proto 0x88b5"
"""What the recording keeps; the last one is the ether type for local experiments, and ours."""
MARK = b"distscope lab: all that happened before this is in the file"
ROOM = ("-s", "65535", "-B", "32768")
"""Of tcpdump, for what comes while others have the processor: in immediate mode a packet takes a slot of full size."""
ONE_AT_A_TIME = threading.Lock()
SEND_MARK = f"""
import socket, sys
for interface in sys.argv[1:]:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind((interface.replace("any", "lo"), 0))
        wire.send(bytes.fromhex("ffffffffffff0200007700ff88b5") + {MARK!r})
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What distscope says of one attempt."""

    verdict: str
    certainty: str
    outcome: str
    detail: dict[str, Any]

    @classmethod
    def of(cls, document: dict[str, Any]) -> Attempt:
        """Out of a report in JSON."""
        return cls(document["verdict"], document["certainty"], document["outcome"], document["detail"])

    def __str__(self) -> str:
        detail = ", ".join(f"{key}={value}" for key, value in self.detail.items())
        return f"{self.verdict} ({self.certainty}{'; ' if detail else ''}{detail})"


def verdicts(attempts: Sequence[Attempt]) -> Counter[str]:
    """How often which."""
    return Counter(attempt.verdict for attempt in attempts)


class Watch:
    """Started before a scenario's deed, and ended after it."""

    def __init__(self, folder: Path, dist_ports: frozenset[int]) -> None:
        self._folder = folder
        self._dist_ports = dist_ports
        self._recorders: list[Process] = []
        self._live: Process | None = None
        self._host: Host | None = None
        self._interfaces: tuple[str, ...] = ()

    @property
    def _files(self) -> list[Path]:
        """The recordings, one for each interface."""
        return [self._folder / f"{interface}.pcap" for interface in self._interfaces]

    def start(self, host: Host, interfaces: Sequence[str]) -> None:
        """Nothing that happens after this returns is missed."""
        if self._host is not None:
            raise LabError("a scenario is watched once")
        self._host, self._interfaces = host, tuple(interfaces)
        for interface, file in zip(interfaces, self._files, strict=True):
            command = ("tcpdump", "-n", "-U", "--immediate-mode", "-Z", "root", *ROOM, "-i", interface)
            self._recorders.append(
                Process(
                    host.namespace.command((*command, "-w", str(file), FILTER)),
                    self._folder / f"tcpdump-{interface}.log",
                )
            )
        where = [word for interface in interfaces for word in ("-i", interface)]
        ports = [word for port in self._dist_ports for word in ("--dist-port", str(port))]
        self._live = Process(
            host.namespace.command(
                (
                    *(DISTSCOPE, "sniff", *where, *ports, "--format", "json"),
                    *("--write", str(self._folder / EVIDENCE), "-o", str(self._folder / "at-the-end.json")),
                )
            ),
            self._folder / "sniff.log",
            separate=True,
        )
        for recorder in self._recorders:
            recorder.wait_for("listening on")
        self._live.wait_for("listening to")

    def told(self) -> list[Attempt]:
        """What distscope has said so far, of each attempt the latest."""
        assert self._live is not None
        lines = self._live.output.read_text(encoding="utf-8").splitlines(keepends=True)
        documents = [json.loads(line) for line in lines if line.endswith("\n")]
        return [Attempt.of(document) for document in {each["id"]: each for each in documents}.values()]

    def wait_until_told(self, enough: Callable[[list[Attempt]], bool]) -> list[Attempt]:
        """What distscope has said, as soon as that is enough, or when nothing more is to be expected."""
        with contextlib.suppress(LabError):  # what it did say is the better complaint
            wait_until(lambda: enough(self.told()), "distscope says it live", SILENCE)
        return self.told()

    def finish(self) -> None:
        """End it all, once everything that has happened is in the files."""
        if self._host is None or self._live is None:
            raise LabError("nothing was watched")
        self._host.namespace.run((sys.executable, "-S", "-c", SEND_MARK, *self._interfaces))
        wait_until(lambda: all(MARK in file.read_bytes() for file in self._files), "the recordings have everything")
        for recorder in (self._live, *self._recorders):
            recorder.send(signal.SIGINT)
        for recorder in (self._live, *self._recorders):
            status = recorder.wait()
            if status not in (0, 1):
                raise LabError(f"{recorder} ended with {status}:\n{recorder.text[-2000:]}")
        for recorder in self._recorders:
            if "\n0 packets dropped by kernel" not in recorder.text:
                raise LabError(f"{recorder} did not get everything:\n{recorder.text[-2000:]}")

    def accounts(self) -> Iterator[tuple[str, list[Attempt]]]:
        """What distscope says in the end, by where it says it."""
        yield "live, all told", self.told()
        report = json.loads((self._folder / "at-the-end.json").read_text(encoding="utf-8"))
        yield "live, the report at the end", [Attempt.of(attempt) for attempt in report["attempts"]]
        for what, files in (("recording", self._files), ("evidence", [self._folder / EVIDENCE])):
            yield f"from file, the {what}", self._analyze(files, what)

    def _analyze(self, files: Sequence[Path], what: str) -> list[Attempt]:
        """As ``distscope analyze`` does, but in here: a process for each would cost more than all that it does."""
        with ONE_AT_A_TIME, open_source(tuple(map(str, files)), stdin=io.BytesIO()) as source:
            analysis = pipeline.analyze(source, Options(dist_ports=self._dist_ports))
            text = json_doc.render(view.build(analysis))
        (self._folder / f"{what}.json").write_text(text, encoding="utf-8")
        return [Attempt.of(attempt) for attempt in json.loads(text)["attempts"]]

    def kill(self) -> None:
        """End what still runs."""
        for process in (self._live, *self._recorders):
            if process is not None:
                process.kill()
