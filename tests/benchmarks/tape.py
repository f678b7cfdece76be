"""Packets with times → a capture file on disk, written in pieces; and the clock that all of its traffic shares."""

from __future__ import annotations

import heapq
import struct
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

MICROSECOND = 1_000
MILLISECOND = 1_000_000
SECOND = 1_000_000_000
START = 1_790_000_000 * SECOND
"""When every capture begins: nanoseconds since 1970 UTC."""

_FILE_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)
_RECORD = struct.Struct("<IIII")

Actor = Iterator[int]
"""Writes packets whenever it is asked, and says how many nanoseconds it wants to wait before it is asked again."""


class Tape:
    """A classic pcap file (Ethernet, microseconds) that only grows, so that its packets are in the order of time."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=1 << 20)
        self._file.write(_FILE_HEADER)
        self._actors: list[tuple[int, int, Actor]] = []
        self._turns = count()
        self.now = START
        """Of the next packet, in nanoseconds."""
        self.size = len(_FILE_HEADER)
        """Bytes so far."""
        self.packets = 0
        self.erlang = 0
        """How many of the packets belong to connections of EPMD or between nodes."""
        self.planted: Counter[str] = Counter()
        """Attempts by the verdict that is the truth."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, records: npt.NDArray[np.uint8], packets: int, until: int, *, erlang: bool) -> None:
        """Finished records; the next packet comes at ``until``."""
        self._file.write(records.data)
        self.size += records.nbytes
        self.packets += packets
        self.erlang += packets if erlang else 0
        self.now = until

    def frame(self, frame: bytes) -> None:
        """One Ethernet frame."""
        seconds, rest = divmod(self.now, SECOND)
        record = _RECORD.pack(seconds, rest // MICROSECOND, len(frame), len(frame)) + frame
        self._file.write(record)
        self.size += len(record)
        self.packets += 1
        self.now += 10 * MICROSECOND

    def enter(self, actor: Actor, after: int = 0) -> None:
        """Somebody has something to send, from ``after`` nanoseconds from now on."""
        heapq.heappush(self._actors, (self.now + after, next(self._turns), actor))

    def run(self) -> None:
        """Until nobody has anything to send."""
        while self._actors:
            at, _, actor = heapq.heappop(self._actors)
            self.now = max(self.now, at)
            wait = next(actor, None)
            if wait is not None:
                self.enter(actor, wait)
