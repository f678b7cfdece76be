"""Turns a pcapng file into loads of packets, with what :mod:`analyzer.capture.pcapng` says of them.

Enhanced packet blocks become columns.  All other blocks, which are few, are taken one by one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from analyzer.capture.batch import Buffer, Load, Rows, joined
from analyzer.capture.blocks import (
    ENHANCED_PACKET,
    INTERFACE_DESCRIPTION,
    LATEST,
    NUMBERED,
    OBSOLETE_PACKET,
    SECTION_HEADER,
    SIMPLE_PACKET,
    SMALLEST,
    Damage,
    Section,
)
from analyzer.capture.pcap import LARGEST_RECORD, ByteOrder
from analyzer.capture.pcapng import damage_note
from analyzer.capture.records import Bytes, Walker
from analyzer.capture.state import NOT_A_PACKET

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.interface import Interface
    from analyzer.capture.state import CaptureState

    Places = NDArray[np.int64]

_BODY_AT = {ENHANCED_PACKET: 28, OBSOLETE_PACKET: 28, SIMPLE_PACKET: 12}
"""Where in its block a packet begins."""
_HEAD = 12
_BORDERS = np.array([INTERFACE_DESCRIPTION, OBSOLETE_PACKET, SIMPLE_PACKET, *sorted(NUMBERED)])
"""Blocks that what follows depends on, or that have a number."""


class Blocks:
    """A :class:`~analyzer.capture.records.Layout`: type, and length of the whole block."""

    header = 12
    length_at = 4
    extra = 0
    least = 12
    limit = LARGEST_RECORD
    granule = 4

    def __init__(self, order: ByteOrder) -> None:
        self.order: str = order
        self._length = struct.Struct(f"{order}I").unpack_from
        self._packet = struct.pack(f"{order}I", ENHANCED_PACKET)

    def sound(self, buffer: Bytes, at: int) -> bool:
        """See :class:`~analyzer.capture.records.Layout`."""
        length: int = self._length(buffer, at + 4)[0]
        return self.least <= length <= self.limit and not length & 3

    def pattern(self, buffer: Bytes, at: int) -> tuple[bytes, int]:
        """See :class:`~analyzer.capture.records.Layout`: the type of nearly every block."""
        return self._packet, 0

    def may_be(self, words: NDArray[np.uint32], at: Places, end: int) -> NDArray[np.bool_]:
        """See :class:`~analyzer.capture.records.Layout`: the length stands at both ends."""
        length = words[at + 4].astype(np.int64)
        may: NDArray[np.bool_] = (words[at] == ENHANCED_PACKET) & (length >= SMALLEST[ENHANCED_PACKET])
        may &= (length & 3 == 0) & (at + length <= end)
        may &= words[np.where(may, at + length - 4, at)] == length
        return may


def read_pcapng_loads(buffer: Buffer, state: CaptureState) -> Iterator[Load]:
    """The packets of a pcapng file from its first section header on; a cut or damaged one ends with a note."""
    yield from _Reader(buffer, state).loads()


class _Reader:
    """One pass over the blocks of one file."""

    def __init__(self, buffer: Buffer, state: CaptureState) -> None:
        self._buffer = buffer
        self._state = state
        self._section = Section(state)
        self._walker = Walker(buffer.data, Blocks(self._section.order))
        self._packets = 0
        """Numbers given so far."""

    def loads(self) -> Iterator[Load]:
        buffer, begin = self._buffer, 0
        damage: Damage | None = None
        while True:
            noted = len(self._state.notes)
            buffer.fill(begin)
            parts: list[Rows] = []
            begin, damage = self._walk(parts)
            over = buffer.ended or damage is not None
            if parts:
                yield Load(buffer.data, joined(parts), over)
            if over:
                break
        # Blocks with a number and without a packet may stand at the end.
        self._state.packets = self._packets
        if damage is not None:
            self._state.damaged(damage_note(buffer.base + begin, self._packets, damage), noted)
        elif begin < buffer.held:
            place = buffer.base + begin
            self._state.breaks_off(f"cut at byte {place}, after packet {self._packets}: the file ends inside a block")
        self._section.conclude()

    def _walk(self, parts: list[Rows]) -> tuple[int, Damage | None]:
        """Takes the whole blocks in the buffer; gives the place after them, and what is wrong there."""
        data, held = self._buffer.data, self._buffer.held
        at = 0
        self._walker = Walker(data, Blocks(self._section.order))
        while at + _HEAD <= held:
            try:
                kind, length = self._section.head(data, at)
                if at + length > held:
                    break
                if kind == SECTION_HEADER:
                    self._section.take(kind, data[at : at + length])
                    self._walker = Walker(data, Blocks(self._section.order))
                    at += length
                    continue
            except Damage as damage:
                return at, damage
            places, following, _ = self._walker.walk(at, held)
            kinds = self._walker.words[places]
            sections = np.flatnonzero(kinds == SECTION_HEADER)
            if sections.size:
                # Behind it numbers may be written otherwise.
                following = int(places[sections[0]])
                places, kinds = places[: sections[0]], kinds[: sections[0]]
            borders = np.flatnonzero(np.isin(kinds, _BORDERS)).tolist()
            first = 0
            for border in [*borders, len(places)]:
                wrong = self._stretch(places[first:border], kinds[first:border], parts)
                if wrong is None and border < len(places):
                    wrong = self._take_one(int(kinds[border]), int(places[border]), parts)
                if wrong is not None:
                    return wrong
                first = border + 1
            if following == at:
                break
            at = following
        return at, None

    def _stretch(self, places: Places, kinds: NDArray[np.uint32], parts: list[Rows]) -> tuple[int, Damage] | None:
        """Takes enhanced packet blocks, and others that hold no packets, up to the first that is wrong."""
        is_packet = kinds == ENHANCED_PACKET
        packets = places[is_packet]
        good = self._good(packets)
        wrong = None if good.all() else int(packets[np.argmin(good)])
        damage: tuple[int, Damage] | None = None
        for row in np.flatnonzero(~is_packet).tolist():
            place = int(places[row])
            if wrong is not None and place > wrong:
                break
            damage = self._take_one(int(kinds[row]), place, parts)
            if damage is not None:
                wrong = place
                break
        if wrong is not None:
            packets = packets[: np.searchsorted(packets, wrong)]
        if packets.size:
            self._take_packets(packets, parts)
        return damage if damage is not None or wrong is None else self._take_one(ENHANCED_PACKET, wrong, parts)

    def _take_one(self, kind: int, at: int, parts: list[Rows]) -> tuple[int, Damage] | None:
        try:
            _, length = self._section.head(self._buffer.data, at)
            record = self._section.take(kind, self._buffer.data[at : at + length])
        except Damage as damage:
            return at, damage
        if record is not None:
            self._packets += 1
            if record[1] != NOT_A_PACKET:
                when, link_type, data, wire_length = record
                row = (self._packets, at + _BODY_AT[kind], len(data), wire_length, when, link_type)
                parts.append(Rows(*(np.array([number]) for number in row)))
        return None

    def _good(self, places: Places) -> NDArray[np.bool_]:
        """Which of these enhanced packet blocks are what they claim."""
        words = self._walker.words
        length = words[places + 4].astype(np.int64)
        good: NDArray[np.bool_] = words[places + 20] + np.int64(SMALLEST[ENHANCED_PACKET]) <= length
        good &= (words[places + 8] < len(self._section.interfaces)) & (words[places + length - 4] == length)
        return good

    def _take_packets(self, places: Places, parts: list[Rows]) -> None:
        section, words = self._section, self._walker.words
        length, captured = words[places + 4].astype(np.int64), words[places + 20].astype(np.int64)
        number, wire = words[places + 8], words[places + 24].astype(np.int64)
        stop = captured + _BODY_AT[ENHANCED_PACKET]
        ticks = words[places + 12].astype(np.uint64) << np.uint64(32) | words[places + 16]
        at, links = np.zeros(len(places), np.int64), np.zeros(len(places), np.int64)
        for each in np.unique(number).tolist():
            interface = section.interfaces[each]
            mine = number == each
            at[mine] = self._times(ticks[mine], interface)
            links[mine] = interface.link_type
        section.latest = int(at[-1])
        for row in np.flatnonzero(stop + 8 <= length).tolist():
            block = self._buffer.data[int(places[row]) : int(places[row] + length[row])]
            start = int(stop[row] + (-captured[row] & 3))
            section.packet_options(block, start, len(block) - 4, section.interfaces[number[row]])
        numbers = np.arange(self._packets + 1, self._packets + 1 + len(places))
        self._packets += len(places)
        offsets = places + _BODY_AT[ENHANCED_PACKET]
        parts.append(Rows(numbers, offsets, captured, np.maximum(wire, captured), at, links))

    def _times(self, ticks: NDArray[np.uint64], interface: Interface) -> Places:
        """Nanoseconds since 1970-01-01 UTC."""
        multiplier, divisor, offset = interface.multiplier, interface.divisor, interface.offset
        if divisor == 1 and int(ticks.max()) <= (LATEST - abs(offset)) // multiplier:
            times: Places = ticks.astype(np.int64) * multiplier + offset
            if times.min() >= 0:
                return times
        possible = self._section.possible
        return np.array([possible(tick * multiplier // divisor + offset) for tick in ticks.tolist()], np.int64)
