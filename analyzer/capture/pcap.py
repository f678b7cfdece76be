"""Turns a classic capture file into packets, and packets into such a file.

Format: draft-ietf-opsawg-pcap.  A file header of 24 bytes, then records: a header of 16 bytes, and the packet.  Read
in both byte orders, with micro- and nanoseconds, and in the "modified" form (Alexey Kuznetzov's patches to libpcap),
whose record headers are 8 bytes longer.

A frame check sequence at the end of packets (the upper bits of the link type field) is left in place: whoever decodes
them goes by the lengths that the packets give, as short Ethernet frames demand anyway.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Literal, NamedTuple

from analyzer.capture.state import CaptureState, RawRecord
from analyzer.capture.window import Window
from analyzer.errors import EmptyCapture, NotACapture

SECOND = 1_000_000_000
USUAL_SNAP_LENGTH = 262_144
"""The largest packet that tcpdump and Wireshark take, whatever the link (libpcap: MAXIMUM_SNAPLEN)."""
LARGEST_RECORD = 16 * 1024 * 1024
"""Whatever a file header claims, a longer record is taken for damage."""

ByteOrder = Literal["<", ">"]


class Variant(NamedTuple):
    """What the magic number tells."""

    name: str
    order: ByteOrder
    tick: int
    """Nanoseconds in one unit of the fraction."""
    record: str
    """Record header: seconds, fraction, bytes in the file, bytes on the wire (struct format without byte order)."""


_PLAIN = "IIII"
_MODIFIED = "IIII8x"
"""Interface index, protocol and packet type follow."""

VARIANTS: dict[bytes, Variant] = {
    bytes.fromhex("d4c3b2a1"): Variant("pcap", "<", 1000, _PLAIN),
    bytes.fromhex("a1b2c3d4"): Variant("pcap", ">", 1000, _PLAIN),
    bytes.fromhex("4d3cb2a1"): Variant("pcap-ns", "<", 1, _PLAIN),
    bytes.fromhex("a1b23c4d"): Variant("pcap-ns", ">", 1, _PLAIN),
    bytes.fromhex("34cdb2a1"): Variant("pcap-modified", "<", 1000, _MODIFIED),
    bytes.fromhex("a1b2cd34"): Variant("pcap-modified", ">", 1000, _MODIFIED),
}

FILE_HEADER = "IHHiIII"
"""Magic, major and minor version, time zone and accuracy (unused), snap length, link type."""
FILE_HEADER_SIZE = 24
LINK_TYPE = 0xFFFF
"""The rest of the field tells the length of the frame check sequence."""


def read_pcap(window: Window, state: CaptureState) -> Iterator[RawRecord]:
    """The packets of a classic file; ``window`` stands at its magic number, which is one of :data:`VARIANTS`.

    Raises :class:`EmptyCapture` if the file ends inside its header, :class:`NotACapture` if it is of a version that
    nobody has written since 1993.  After that nothing is raised: a cut or damaged file ends with a note.
    """
    if not window.slide(0, FILE_HEADER_SIZE):
        raise EmptyCapture(
            "the file ends inside its header",
            path=state.path,
            offset=len(window.data),
            next_step="copy it again, or capture again: no packet was ever written to it",
        )
    variant = VARIANTS[window.data[:4]]
    _, major, minor, _, _, snap_length, link_type = struct.unpack_from(variant.order + FILE_HEADER, window.data)
    if major != 2:
        raise NotACapture(
            f"a capture file of version {major}.{minor}, which no tool writes",
            path=state.path,
            offset=4,
            next_step="copy it again (in binary mode), or capture again with 'tcpdump -w'",
        )
    state.format = variant.name
    state.lengths_in_order = minor >= 4
    return _records(window, state, variant, link_type & LINK_TYPE, largest(snap_length))


def largest(snap_length: int) -> int:
    """Bytes of the longest record that a file with this snap length can hold; a longer one is damage."""
    return min(max(snap_length, USUAL_SNAP_LENGTH), LARGEST_RECORD)


def _records(window: Window, state: CaptureState, variant: Variant, link_type: int, limit: int) -> Iterator[RawRecord]:
    header = struct.Struct(variant.order + variant.record)
    unpack, header_size, tick = header.unpack_from, header.size, variant.tick
    position = FILE_HEADER_SIZE
    packets = 0
    while True:
        data = window.data
        available = len(data)
        body = position + header_size
        needed = header_size
        while body <= available:
            seconds, fraction, length, wire_length = unpack(data, position)
            if wire_length < length:
                # Versions before 2.4 wrote the two lengths in either order; later, a packet can't have been shorter
                # on the wire than it is in the file.
                if not state.lengths_in_order:
                    length, wire_length = wire_length, length
                else:
                    wire_length = length
            if length > limit or not (wire_length or seconds):
                state.breaks_off(damage_note(window.base + position, packets, length))
                return
            end = body + length
            if end > available:
                needed = end - position
                break
            packets += 1
            yield seconds * SECOND + fraction * tick, link_type, data[body:end], wire_length
            position = end
            body = end + header_size
        if not window.slide(position, needed):
            if window.data:
                state.breaks_off(f"cut at byte {window.base}, after packet {packets}: the file ends inside a record")
            return
        position = 0


def damage_note(offset: int, packets: int, length: int) -> str:
    what = f"a record claims {length} bytes" if length else "zeros in place of a record"
    return f"damaged at byte {offset}, after packet {packets}: {what}; nothing after that was read"


def write_pcap(
    stream: BinaryIO,
    packets: Iterable[tuple[int, bytes]],
    *,
    link_type: int = 1,
    snap_length: int = USUAL_SNAP_LENGTH,
    nanoseconds: bool = True,
    order: ByteOrder = "<",
) -> None:
    """Writes packets (nanoseconds since 1970-01-01 UTC, bytes); longer ones are cut to ``snap_length``."""
    tick, magic = (1, 0xA1B23C4D) if nanoseconds else (1000, 0xA1B2C3D4)
    stream.write(struct.pack(order + FILE_HEADER, magic, 2, 4, 0, 0, snap_length, link_type))
    record = struct.Struct(order + _PLAIN)
    for at, data in packets:
        seconds, fraction = divmod(at, SECOND)
        captured = data[:snap_length]
        stream.write(record.pack(seconds, fraction // tick, len(captured), len(data)))
        stream.write(captured)
