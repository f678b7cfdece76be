"""Turns a classic capture file into loads of packets, with what :mod:`analyzer.capture.pcap` says of them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from analyzer.capture.batch import Buffer, Load, Rows
from analyzer.capture.pcap import (
    FILE_HEADER,
    FILE_HEADER_SIZE,
    LINK_TYPE,
    SECOND,
    VARIANTS,
    Variant,
    damage_note,
    largest,
)
from analyzer.capture.records import Bytes, Walker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.state import CaptureState

_SAME_TIME = 2
"""Of the four bytes of the seconds, the upper ones that two records of one capture share: for 18 hours."""
_FIELDS = ("seconds", "fraction", "captured", "wire")


class Records:
    """A :class:`~analyzer.capture.records.Layout`: seconds, fraction, bytes in the file, bytes on the wire."""

    length_at = 8
    least = 1
    """An empty packet is looked at one by one: it may be zeros in place of a record."""
    granule = 1

    def __init__(self, variant: Variant, limit: int) -> None:
        self.order: str = variant.order
        self.header = self.extra = struct.calcsize(variant.order + variant.record)
        self.limit = limit
        self._fractions = SECOND // variant.tick
        self._head = struct.Struct(f"{variant.order}IIII").unpack_from

    def sound(self, buffer: Bytes, at: int) -> bool:
        """See :class:`~analyzer.capture.records.Layout`."""
        seconds, _, length, wire_length = self._head(buffer, at)
        return length <= self.limit and bool(wire_length or length or seconds)

    def pattern(self, buffer: Bytes, at: int) -> tuple[bytes, int]:
        """See :class:`~analyzer.capture.records.Layout`: the upper bytes of the time."""
        shift = 0 if self.order == ">" else 4 - _SAME_TIME
        return bytes(buffer[at + shift : at + shift + _SAME_TIME]), shift

    def may_be(self, words: NDArray[np.uint32], at: NDArray[np.int64], end: int) -> NDArray[np.bool_]:
        """See :class:`~analyzer.capture.records.Layout`."""
        length, wire_length = words[at + 8], words[at + 12]
        may: NDArray[np.bool_] = words[at + 4] < self._fractions
        return may & (length <= wire_length) & (wire_length <= self.limit)


def read_pcap_loads(buffer: Buffer, state: CaptureState) -> Iterator[Load]:
    """The packets of a classic file of version 2.4, from its header on; a cut or damaged one ends with a note."""
    noted = len(state.notes)
    buffer.fill(0)
    variant = VARIANTS[buffer.data[:4]]
    *_, snap_length, link_type = struct.unpack_from(variant.order + FILE_HEADER, buffer.data)
    layout = Records(variant, largest(snap_length))
    word = f"{variant.order}u4"
    head = np.dtype({"names": _FIELDS, "formats": (word,) * 4, "offsets": (0, 4, 8, 12), "itemsize": layout.header})
    begin, packets = FILE_HEADER_SIZE, 0
    while True:
        walker = Walker(buffer.data, layout)
        places, at, damaged = walker.walk(begin, buffer.held)
        count = len(places)
        if count:
            shape = len(buffer.data) - layout.header
            heads = np.ndarray((shape,), f"V{layout.header}", buffer.data, strides=(1,))[places].view(head)
            seconds, fractions, captured, wire = (heads[name].astype(np.int64) for name in _FIELDS)
            rows = Rows(
                np.arange(packets + 1, packets + 1 + count),
                places + layout.header,
                captured,
                np.maximum(wire, captured),
                seconds * SECOND + fractions * variant.tick,
                np.full(count, link_type & LINK_TYPE),
            )
            yield Load(buffer.data, rows, buffer.ended or damaged)
        packets += count
        if damaged:
            state.damaged(damage_note(buffer.base + at, packets, walker.length(at)), noted)
            return
        if buffer.ended:
            if at < buffer.held:
                state.breaks_off(
                    f"cut at byte {buffer.base + at}, after packet {packets}: the file ends inside a record"
                )
            return
        noted = len(state.notes)
        buffer.fill(at)
        begin = 0
