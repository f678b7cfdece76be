"""Turns bytes of a capture into batches: one buffer, and columns that say where its packets are, when and how long.

How records are found in the buffer is the affair of the formats: :mod:`analyzer.capture.pcap_batches`,
:mod:`analyzer.capture.pcapng_batches`.  They give the same packets with the same numbers, notes and counts as
:mod:`analyzer.capture.pcap` and :mod:`analyzer.capture.pcapng` give one by one.

libpcap finds and filters records in C, but does not serve here.  With a filter it tells no packet numbers, and without
one it takes longer (1 GB, processor time through ``pcapy``: 0.5 s with a filter that lets pass what can matter, 0.7 s
without; all of the reading here, to the last column: 0.4 s).  Nor does it tell lengths on the wire, nanoseconds, or
where a damaged file breaks off.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.capture.packet import Packet, PacketRef
from analyzer.capture.pcap import LARGEST_RECORD
from dissectors.dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.supply import Supply

    Column = NDArray[np.int64]

BUFFER = LARGEST_RECORD + 64 * 1024
"""Bytes read at a time, from a file: the largest record with its header and more."""
FIRST = 512 * 1024
"""Bytes read at first, and twice as many each time: what the first packets tell helps to pass over the others."""
HEAD = 84
"""Bytes of each packet that :meth:`Batch.heads` shows: link, two VLAN tags, IPv6 and TCP up to its window."""
MARGIN = 256
"""Readable bytes behind the buffer's end: a head may reach beyond its packet."""
MOST = 32 * 1024
"""Packets of one batch."""


def room(size: int) -> mmap.mmap:
    """Memory for a buffer, which other processes can share; it takes none before it is written to."""
    return mmap.mmap(-1, size + MARGIN)


class Buffer:
    """Bytes ``base:base+held`` of a capture.  The places of records and packets are counted from its beginning."""

    def __init__(
        self,
        supply: Supply,
        size: int = BUFFER,
        *,
        rooms: Sequence[mmap.mmap] = (),
        usual: int | None = None,
        wait: Callable[[int], None] = lambda turn: None,
    ) -> None:
        """``rooms`` take turns, and ``wait`` returns when one may be used again.  ``usual``: bytes that are read at a
        time where no record is larger."""
        self._supply = supply
        self._rooms = rooms or [room(size)]
        self._turn = 0
        self._size = len(self._rooms[0]) - MARGIN
        self._usual = self._size if usual is None else min(usual, self._size)
        self._next = min(FIRST, self._usual)
        self._wait = wait
        self.data = self._rooms[0]
        self.base = 0
        self.held = 0
        self.ended = False

    def fill(self, begin: int) -> None:
        """Drops what lies before ``begin``, which becomes 0, and reads on; :attr:`data` may be another room then."""
        rest, before = self.held - begin, self.data
        self._turn = (self._turn + 1) % len(self._rooms)
        self._wait(self._turn)
        self.data = self._rooms[self._turn]
        if self.data is before:
            self.data.move(0, begin, rest)
        else:
            self.data[:rest] = before[begin : self.held]
        self.base += begin
        self.held = rest
        if not self.ended:
            if rest == self._size:
                raise ValueError("a buffer that is smaller than a record")
            stop = self._next if rest < self._next // 2 else self._size
            self._next = min(2 * self._next, self._usual)
            got, self.ended = self._supply.fill(memoryview(self.data)[rest:stop])
            self.held += got


class Rows(NamedTuple):
    """Packets that follow one another, as columns."""

    numbers: Column
    """1-based, as Wireshark shows them."""
    offsets: Column
    """Where each packet begins in the buffer."""
    captured: Column
    """Bytes in the file."""
    wire: Column
    """Bytes on the wire."""
    at: Column
    """Nanoseconds since 1970-01-01 UTC."""
    links: Column
    """LINKTYPE_ values."""


class Load(NamedTuple):
    """Packets of one buffer."""

    data: mmap.mmap
    rows: Rows
    is_last: bool
    """No packet follows."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Packets that follow one another.  Valid until the next batch is asked for: the buffer is used again.

    :class:`Rows` has the columns' meaning."""

    buffer: mmap.mmap | bytes
    numbers: Column
    offsets: Column
    captured: Column
    wire: Column
    at: Column
    links: Column
    heads_at: NDArray[np.void]
    """The :data:`HEAD` bytes at any place of the buffer."""
    is_last: bool
    """No packet follows."""
    outside: NDArray[np.bool_] | None = None
    """Packets that nobody wants to hear of: the user asked for another time."""

    def __len__(self) -> int:
        return len(self.offsets)

    def heads(self, rows: Column | None = None) -> NDArray[np.void]:
        """The first :data:`HEAD` bytes of the packets ``rows`` (None: all), and what follows where one is shorter."""
        return self.heads_at[self.offsets if rows is None else self.offsets[rows]]

    def left(self, at: int) -> list[int]:
        """The times from the first packet after ``at`` on."""
        after = np.flatnonzero(self.at > at)
        times: list[int] = self.at[after[0] :].tolist() if len(after) else []
        return times

    def data(self, index: int) -> bytes:
        """The bytes of one packet."""
        offset = int(self.offsets[index])
        return bytes(self.buffer[offset : offset + int(self.captured[index])])

    def packet(self, index: int, vantage: int, capture: int) -> Packet:
        """One packet, seen from ``vantage`` and of that capture."""
        ref = PacketRef(capture, int(self.numbers[index]), int(self.at[index]))
        return Packet(ref, vantage, int(self.links[index]), self.data(index), int(self.wire[index]))

    def link_types(self) -> Iterator[tuple[int, NDArray[np.int64] | None]]:
        """Each link type, in the order of their first packets, and the packets that have it; None: all have."""
        first = int(self.links[0])
        if (self.links == first).all():
            yield first, None
            return
        kinds, firsts = np.unique(self.links, return_index=True)
        for kind in kinds[np.argsort(firsts)].tolist():
            yield kind, np.flatnonzero(self.links == kind)


def live_batch(
    data: bytes, link_type: int, first_number: int, *, offsets: Column, captured: Column, at: Column
) -> Batch:
    """Packets that a network interface delivered, whole, one behind the other in ``data``."""
    count = len(offsets)
    numbers = np.arange(first_number, first_number + count)
    rows = Rows(numbers, offsets, captured, captured, at, np.full(count, link_type))
    buffer = data + bytes(MARGIN)
    return Batch(buffer, *rows, heads_at=_heads_at(buffer), is_last=False)


def batches_of(loads: Iterable[Load], since: int | None = None, until: int | None = None) -> Iterator[Batch]:
    """The packets of buffers, :data:`MOST` at a time; those before ``since`` and after ``until`` are outside."""
    for load in loads:
        yield from parts_of(load, since, until)


def parts_of(load: Load, since: int | None, until: int | None) -> Iterator[Batch]:
    """The packets of one buffer, likewise."""
    buffer, rows, last = load
    heads_at = _heads_at(buffer)
    count = len(rows.offsets)
    for start in range(0, count, MOST):
        part = Rows(*(column[start : start + MOST] for column in rows))
        is_last = last and start + MOST >= count
        yield Batch(buffer, *part, heads_at=heads_at, is_last=is_last, outside=_outside(part.at, since, until))


def _outside(at: Column, since: int | None, until: int | None) -> NDArray[np.bool_] | None:
    if since is None and until is None:
        return None
    outside = np.zeros(len(at), np.bool_)
    if since is not None:
        outside |= at < since
    if until is not None:
        outside |= at > until
    return outside


def _heads_at(buffer: mmap.mmap | bytes) -> NDArray[np.void]:
    return np.ndarray((len(buffer) - HEAD,), f"V{HEAD}", buffer, strides=(1,))


def joined(parts: Sequence[Rows]) -> Rows:
    """Columns one after the other."""
    if len(parts) == 1:
        return parts[0]
    return Rows(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
