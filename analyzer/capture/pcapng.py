"""Turns a pcapng file into packets, one by one; :mod:`analyzer.capture.blocks` knows what the blocks mean."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.capture.blocks import (
    BYTE_ORDERS,
    ENHANCED_PACKET,
    HEADS,
    LATEST,
    PACKETS,
    SECTION_HEADER,
    SMALLEST,
    Damage,
    Section,
)
from analyzer.capture.pcap import LARGEST_RECORD
from analyzer.capture.state import CaptureState, RawRecord
from analyzer.capture.window import Window
from analyzer.errors import EmptyCapture, NotACapture


def read_pcapng(window: Window, state: CaptureState) -> Iterator[RawRecord]:
    """The packets of a pcapng file; ``window`` stands at its first section header.

    Raises :class:`EmptyCapture` if the file ends inside that block, :class:`NotACapture` if it is none.  After that
    nothing is raised: a cut or damaged file ends with a note.
    """
    if not window.slide(0, SMALLEST[SECTION_HEADER]):
        raise EmptyCapture(
            "the file ends inside its header",
            path=state.path,
            offset=len(window.data),
            next_step="copy it again, or capture again: no packet was ever written to it",
        )
    if window.data[8:12] not in BYTE_ORDERS:
        raise NotACapture(
            "it begins like a pcapng file, but the byte order mark is wrong",
            path=state.path,
            offset=8,
            next_step="copy it again in binary mode: transfers in text mode damage captures",
        )
    state.format = "pcapng"
    return _records(window, state)


def _records(window: Window, state: CaptureState) -> Iterator[RawRecord]:
    section = Section(state)
    interfaces, smallest = section.interfaces, SMALLEST
    head, fields = HEADS[section.order], PACKETS[section.order]
    position = available = packets = 0
    data = b""
    try:
        while True:
            if position + 12 > available:
                if not window.slide(position, 12):
                    break
                position, data = 0, window.data
                available = len(data)
            kind, length = head(data, position)
            if kind == SECTION_HEADER:
                kind, length = section.head(data, position)
                head, fields = HEADS[section.order], PACKETS[section.order]
            if not smallest.get(kind, 12) <= length <= LARGEST_RECORD or length & 3:
                raise Damage(f"a block claims {length} bytes")
            end = position + length
            if end > available:
                if not window.slide(position, length):
                    break
                position, data = 0, window.data
                available, end = len(data), length
            if kind == ENHANCED_PACKET:
                # Nearly every block is one of these, without options: done here, for a call costs as much again.
                if data[position + 4 : position + 8] != data[end - 4 : end]:
                    raise Damage("the two lengths of a block differ")
                number, high, low, captured, wire_length = fields(data, position + 8)
                stop = position + 28 + captured
                if stop + 4 > end or number >= len(interfaces):
                    raise Damage(f"a packet of {captured} bytes of interface {number} can't be in this block")
                interface = interfaces[number]
                if stop + 8 <= end:
                    section.packet_options(data, stop + (-captured & 3), end - 4, interface)
                at = (high << 32 | low) * interface.multiplier // interface.divisor + interface.offset
                if not 0 <= at <= LATEST:
                    at = section.possible(at)
                if wire_length < captured:
                    wire_length = captured
                section.latest = at
                packets += 1
                yield at, interface.link_type, data[position + 28 : stop], wire_length
            else:
                record = section.take(kind, data[position:end])
                if record is not None:
                    packets += 1
                    yield record
            position = end
        if window.data:
            state.breaks_off(f"cut at byte {window.base}, after packet {packets}: the file ends inside a block")
    except Damage as damage:
        state.breaks_off(damage_note(window.base + position, packets, damage))
    section.conclude()


def damage_note(offset: int, packets: int, damage: Damage) -> str:
    return f"damaged at byte {offset}, after packet {packets}: {damage}; nothing after that was read"
