"""A way to keep an analyser busy → the capture that does it, and what distscope makes of it: a table.

``python -m tests.benchmarks.attacks`` makes each capture, analyses it in a process of its own, and prints the size of
the input, the time, the peak of the memory, and what the user sees.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import random
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

from samples.conversation import ACK, MICROSECOND, PUSH, START, SYN, Network
from tests.benchmarks.process import run

Attack = Callable[[Path], None]
ATTACKS: dict[str, tuple[str, Attack]] = {}
"""By name: what it does, and how it is made."""

DISTRIBUTION, EPMD = 9100, 4369
HEADER = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, 1)
SHB, IDB, EPB = 0x0A0D0D0A, 1, 6
SECOND = 10**9


def attack(says: str) -> Callable[[Attack], Attack]:
    """Declares one."""

    def declare(make: Attack) -> Attack:
        ATTACKS[make.__name__.replace("_", "-")] = (says, make)
        return make

    return declare


# --- Captures --------------------------------------------------------------------------------------------------------


def _write(path: Path, frames: Iterator[tuple[int, bytes]]) -> None:
    with path.open("wb") as file:
        file.write(HEADER)
        for at, data in frames:
            file.write(struct.pack("<IIII", *divmod(at, SECOND), len(data), len(data)) + data)


def _frame(source: int, destination: int, protocol: int, body: bytes, *, offset: int = 0, ident: int = 0) -> bytes:
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(body), ident, offset, 64, protocol, 0, source, destination)
    return bytes(12) + b"\x08\x00" + ip + body


def _segment(port: int, to: int, flags: int, sequence: int, payload: bytes = b"", *, acknowledges: int = 0) -> bytes:
    numbers = sequence % 2**32, acknowledges % 2**32
    return struct.pack(">HHIIBBHHH", port, to, *numbers, 5 << 4, flags, 64240, 0, 0) + payload


def _bomb(pack: Callable[[bytes], bytes]) -> Iterator[bytes]:
    record = struct.pack("<IIII", 1_700_000_000, 0, 60, 60) + bytes(60)
    yield pack(HEADER + record * 200_000)
    again = pack(record * 200_000)
    for _ in range(99):
        yield again


# --- Attacks ---------------------------------------------------------------------------------------------------------


@attack("1.5 GB of empty packets in a zstandard file, which expands thousands of times")
def zstandard_bomb(path: Path) -> None:
    """Each member repeats one record."""
    pack = zstandard.ZstdCompressor(level=19).compress
    path.write_bytes(b"".join(_bomb(pack)))


@attack("1.5 GB of empty packets in a gzip file, which expands 294 times: just below the limit of 300")
def gzip_bomb(path: Path) -> None:
    """The same; deflate makes no less of it."""
    path.write_bytes(b"".join(_bomb(lambda data: gzip.compress(data, 9, mtime=0))))


@attack("1,000,000 half-open connections from as many addresses to EPMD and a node")
def half_open(path: Path) -> None:
    """A SYN each, and its SYN-ACK."""

    def frames() -> Iterator[tuple[int, bytes]]:
        for number in range(1_000_000):
            port = EPMD if number & 1 else DISTRIBUTION
            at = START + number * 50 * MICROSECOND
            source, target, dialled_from, first = 0xC6000000 + number, 0x0A000002, 1024 + number % 60_000, number * 7919
            answer = _segment(port, dialled_from, SYN | ACK, number, acknowledges=first + 1)
            yield at, _frame(source, target, 6, _segment(dialled_from, port, SYN, first))
            yield at + 1000, _frame(target, source, 6, answer)

    _write(path, frames())


@attack("100,000 datagrams of which only the first fragment ever comes")
def fragments(path: Path) -> None:
    """Each of 1,400 bytes."""

    def frames() -> Iterator[tuple[int, bytes]]:
        body = _segment(40_000, EPMD, PUSH | ACK, 1, bytes(1_380))
        for number in range(100_000):
            at = START + number * 50 * MICROSECOND
            yield at, _frame(0xC6000000 + number // 65_536, 0x0A000002, 6, body, offset=0x2000, ident=number % 65_536)

    _write(path, frames())


@attack("one connection of 200,000 segments that overlap and disagree")
def overlaps(path: Path) -> None:
    """On the EPMD port, half of them before a hole that never closes."""
    dice = random.Random(1)

    def frames() -> Iterator[tuple[int, bytes]]:
        yield START, _frame(0x0A000001, 0x0A000002, 6, _segment(40_000, EPMD, SYN, 0))
        for number in range(200_000):
            sequence = 1 + dice.randrange(1 << 20)
            payload = dice.randbytes(200)
            at = START + number * 50 * MICROSECOND
            yield at, _frame(0x0A000001, 0x0A000002, 6, _segment(40_000, EPMD, PUSH | ACK, sequence, payload))

    _write(path, frames())


@attack("names of 65,535 bytes, to EPMD and in the handshake")
def long_names(path: Path) -> None:
    """200 attempts."""
    net = Network()
    name = b"\x1b[2J" + b"\xff" * 65_000
    for number in range(200):
        for port in (EPMD, DISTRIBUTION):
            link = net.connect(f"10.0.{number}.1", "10.0.0.2", port)
            message = (b"z" if port == EPMD else b"N" + bytes(12) + len(name).to_bytes(2, "big")) + name
            framed = len(message).to_bytes(2, "big") + message
            for start in range(0, len(framed), 1400):
                link.initiator.sends(framed[start : start + 1400])
            link.acceptor.closes()
    path.write_bytes(net.pcapng())


@attack("pcapng: 65,536 interfaces of 100 options each, and a block of 4 GB that is not there")
def absurd_blocks(path: Path) -> None:
    """All of it well-formed but the last."""
    option = struct.pack("<HH", 3, 4) + b"text"
    body = struct.pack("<HHI", 1, 0, 262_144) + option * 100 + bytes(4)
    interface = struct.pack("<II", IDB, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
    section = struct.pack("<IIIHHqI", SHB, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    lie = struct.pack("<II", EPB, 0xFFFFFFF0) + bytes(64)
    path.write_bytes(section + interface * 65_536 + lie)


@attack("timestamps from 1970 to 2106, in any order, on 20,000 handshakes")
def times(path: Path) -> None:
    """Each connection has one packet in each century."""
    dice = random.Random(2)
    name = b"n\x00\x05\x00\x07\x7f\xbdann@10.0.0.1"

    def frames() -> Iterator[tuple[int, bytes]]:
        for number in range(20_000):
            source, port = 0xC6000000, 1024 + number
            steps = ((SYN, b""), (PUSH | ACK, len(name).to_bytes(2, "big") + name))
            for step, (flags, payload) in enumerate(steps):
                yield (
                    dice.randrange(1 << 32) * SECOND,
                    _frame(source, 0x0A000002, 6, _segment(port, DISTRIBUTION, flags, step, payload)),
                )

    _write(path, frames())


@attack("distscope's own reports, sent over the network in the capture")
def own_traffic(path: Path) -> None:
    """Text and JSON of real verdicts, 50 MB of it."""
    golden = sorted((Path(__file__).parent.parent / "golden").rglob("*.json"))
    text = b"".join(file.read_bytes() for file in golden)
    net = Network()
    link = net.connect("10.0.0.1", "10.0.0.2", 8080)
    for start in range(0, 50_000_000, 1400):
        place = start % (len(text) - 1400)
        link.acceptor.sends(text[place : place + 1400])
    path.write_bytes(net.pcapng())


# --- The table -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """What distscope made of one attack."""

    size: int
    seconds: float
    memory: int
    says: str


def suffer(make: Attack, folder: Path) -> Outcome:
    """One attack, in a process of its own."""
    path, report = folder / "attack", folder / "report.json"
    # In a process of its own: a child's peak begins with what its parent has.
    maker = multiprocessing.get_context("fork").Process(target=make, args=(path,))
    maker.start()
    maker.join()
    command = [sys.executable, "-m", "analyzer", "analyze", str(path), "-o", str(report), "--quiet"]
    used = run(command, allowed=(0, 1, 3))
    says = "no report"
    if report.exists():
        found = json.loads(report.read_text(encoding="utf-8"))
        counts = ", ".join(f"{count:,} × {verdict}" for verdict, count in found["summary"]["verdicts"].items())
        notes = [*found["notes"], *(note for capture in found["captures"] for note in capture["notes"])]
        says = "; ".join([counts or "no attempt", *notes])
    size = path.stat().st_size
    path.unlink()
    report.unlink(missing_ok=True)
    return Outcome(size, used.processor, used.memory, says)


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.attacks", description=__doc__)
    parser.add_argument("attacks", nargs="*", help=f"of {', '.join(ATTACKS)} [default: all]")
    options = parser.parse_args(arguments)
    print("| input | size | processor time | peak memory | what the user sees |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="distscope-") as folder:
        for name in options.attacks or ATTACKS:
            says, make = ATTACKS[name]
            outcome = suffer(make, Path(folder))
            size, memory = outcome.size / 1e6, outcome.memory / 1e6
            print(
                f"| {says} | {size:.1f} MB | {outcome.seconds:.1f} s | {memory:.0f} MB | {outcome.says} |", flush=True
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
