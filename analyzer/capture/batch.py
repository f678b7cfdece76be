"""Turns a classic capture file into batches: one buffer, and columns that say where its packets are, when and how long.

The same records with the same numbers, notes and counts as :mod:`analyzer.capture.pcap` gives one by one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from analyzer.capture.pcap import FILE_HEADER, FILE_HEADER_SIZE, LINK_TYPE, SECOND, VARIANTS, damage_note, largest
from analyzer.capture.records import Layout, Walker
from dissectors.dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.state import CaptureState

BUFFER = 16 * 1024 * 1024
"""Bytes read at a time."""
HEAD = 76
"""Bytes of each packet that :attr:`Batch.heads` shows: link, VLAN, IPv6 and TCP up to its flags."""
MARGIN = 256
"""Readable bytes behind the buffer's end: a head may reach beyond its packet."""
MOST = 16 * 1024
"""Packets of one batch."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Packets that follow one another.  Valid until the next batch is asked for: the buffer is used again."""

    buffer: bytearray
    link_type: int
    first_number: int
    """1-based number of the first one."""
    offsets: NDArray[np.int64]
    """Where each packet begins in the buffer."""
    heads: NDArray[np.void]
    """The first :data:`HEAD` bytes of each packet, and what follows it where it is shorter, behind ``skip`` others."""
    skip: int
    captured: NDArray[np.int64]
    """Bytes in the file."""
    wire: NDArray[np.int64]
    """Bytes on the wire."""
    at: NDArray[np.int64]
    """Nanoseconds since 1970-01-01 UTC."""
    is_last: bool
    """No packet follows."""

    def __len__(self) -> int:
        return len(self.offsets)

    def left(self, at: int) -> list[int]:
        """The times from the first packet after ``at`` on."""
        after = np.flatnonzero(self.at > at)
        times: list[int] = self.at[after[0] :].tolist() if len(after) else []
        return times

    def data(self, index: int) -> bytes:
        """The bytes of one packet."""
        offset = int(self.offsets[index])
        return bytes(self.buffer[offset : offset + int(self.captured[index])])


def live_batch(
    data: bytes,
    link_type: int,
    first_number: int,
    *,
    offsets: NDArray[np.int64],
    captured: NDArray[np.int64],
    at: NDArray[np.int64],
) -> Batch:
    """Packets that a network interface delivered, whole, one behind the other in ``data``."""
    buffer = bytearray(len(data) + MARGIN)
    buffer[: len(data)] = data
    heads_at = np.ndarray((len(buffer) - HEAD,), f"V{HEAD}", buffer, strides=(1,))
    return Batch(buffer, link_type, first_number, offsets, heads_at[offsets], 0, captured, captured, at, False)


def read_batches(stream: BinaryIO, state: CaptureState) -> Iterator[Batch]:
    """The packets of a classic file (not of the "modified" form) of version 2.4, from the file header on.

    Counts what it reads in ``state.consumed``; a cut or damaged file ends with a note.
    """
    head = stream.read(FILE_HEADER_SIZE)
    variant = VARIANTS[head[:4]]
    *_, snap_length, link_type = struct.unpack(variant.order + FILE_HEADER, head)
    buffer = bytearray(BUFFER + MARGIN)
    view = memoryview(buffer)
    header = struct.calcsize(variant.order + variant.record)
    walker = Walker(buffer, Layout(variant.order, header, largest(snap_length), SECOND // variant.tick))
    heads_at = np.ndarray((len(buffer) - header - HEAD,), f"V{header + HEAD}", buffer, strides=(1,))
    word = f"{variant.order}u4"
    names = ("seconds", "fraction", "captured", "wire")
    record = np.dtype({"names": names, "formats": (word,) * 4, "offsets": (0, 4, 8, 12), "itemsize": header + HEAD})
    base, held, packets = FILE_HEADER_SIZE, 0, 0
    state.consumed = FILE_HEADER_SIZE
    while True:
        ended = False
        while held < BUFFER and not ended:
            try:
                got: int = stream.readinto(view[held:BUFFER])  # type: ignore[attr-defined]
            except OSError as error:
                state.breaks_off(f"reading failed after {state.consumed} bytes: {error.strerror or error}")
                got = 0
            ended = not got
            held += got
            state.consumed += got
        state.bytes = max(state.bytes, state.consumed)
        places, at, damaged = walker.walk(0, held)
        for start in range(0, len(places), MOST):
            part = places[start : start + MOST]
            heads = heads_at[part]
            seconds, fractions, captured, wire = (heads.view(record)[name].astype(np.int64) for name in names)
            yield Batch(
                buffer,
                link_type & LINK_TYPE,
                packets + start + 1,
                part + header,
                heads,
                header,
                captured,
                np.maximum(wire, captured),
                seconds * SECOND + fractions * variant.tick,
                (ended or damaged) and start + MOST >= len(places),
            )
        packets += len(places)
        if damaged:
            state.breaks_off(damage_note(base + at, packets, walker.length(at)))
            return
        rest = held - at
        if ended:
            if rest:
                state.breaks_off(f"cut at byte {base + at}, after packet {packets}: the file ends inside a record")
            return
        buffer[:rest] = buffer[at:held]
        base, held = base + at, rest
