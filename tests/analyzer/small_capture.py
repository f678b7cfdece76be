"""Tiny capture files: what the tests of the command line are run on."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from dpkt.ethernet import Ethernet
from dpkt.ip import IP
from dpkt.tcp import TCP, TH_ACK, TH_FIN, TH_PUSH, TH_RST, TH_SYN

START = 1_793_459_437
"""2026-10-31T15:10:37Z."""

ANN, BOB = bytes((10, 77, 0, 1)), bytes((10, 77, 0, 2))
HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


@dataclass
class Talk:
    """Both ends of one TCP connection from ann to bob's EPMD: each call makes a packet."""

    port: int
    forth: int = field(init=False)
    back: int = field(init=False)

    def __post_init__(self) -> None:
        # Equal numbers would make two connections look like two views of one.
        self.forth, self.back = self.port * 1000, self.port * 2000

    def ann(self, flags: int, data: bytes = b"") -> bytes:
        made = frame(ANN, BOB, TCP(sport=self.port, dport=4369, seq=self.forth, ack=self.back, flags=flags, data=data))
        self.forth += len(data) + bool(flags & (TH_SYN | TH_FIN))
        return made

    def bob(self, flags: int, data: bytes = b"") -> bytes:
        made = frame(BOB, ANN, TCP(sport=4369, dport=self.port, seq=self.back, ack=self.forth, flags=flags, data=data))
        self.back += len(data) + bool(flags & (TH_SYN | TH_FIN))
        return made


def frame(source: bytes, destination: bytes, segment: TCP) -> bytes:
    packet = IP(src=source, dst=destination, p=6, ttl=64, id=7, data=segment)
    packet.len = len(packet)
    return bytes(Ethernet(src=b"\2\0\0\0\0\1", dst=b"\2\0\0\0\0\2", data=packet))


def records(frames: Iterable[bytes], start: int = START) -> bytes:
    """A packet each millisecond."""
    return b"".join(
        struct.pack("<IIII", start, number * 1000, len(data), len(data)) + data for number, data in enumerate(frames)
    )


def refused(port: int = 40001) -> list[bytes]:
    """bob's host refuses the connection to EPMD: a problem."""
    talk = Talk(port)
    return [talk.ann(TH_SYN), talk.bob(TH_RST | TH_ACK)]


def answered(port: int = 40002) -> list[bytes]:
    """ann asks for all names, and EPMD answers."""
    talk = Talk(port)
    return [
        talk.ann(TH_SYN),
        talk.bob(TH_SYN | TH_ACK),
        talk.ann(TH_ACK),
        talk.ann(TH_ACK | TH_PUSH, b"\0\1n"),
        talk.bob(TH_ACK | TH_PUSH, b"\0\0\x11\x11name bob at port 41123\n"),
        talk.bob(TH_ACK | TH_FIN),
        talk.ann(TH_ACK | TH_FIN),
        talk.bob(TH_ACK),
    ]


def write(path: Path, frames: Iterable[bytes], start: int = START) -> Path:
    path.write_bytes(HEADER + records(frames, start))
    return path
