"""Turns blocks of a pcapng file into interfaces, their clocks, losses and packets.

Format: draft-ietf-opsawg-pcapng.  A sequence of blocks::

     0      type                    4 bytes
     4      length of the block     4 bytes, a multiple of 4
     8      body                    by type, padded to a multiple of 4; options at its end
     n-4    length again            4 bytes

A section header starts a section with a byte order and interfaces of its own; each interface has its link type and
its clock.  Blocks that hold no packet and nothing else for us are stepped over.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from analyzer.capture.interface import Interface
from analyzer.capture.origin import EVIDENCE_WRITER, Origin
from analyzer.capture.pcap import LARGEST_RECORD, SECOND, ByteOrder
from analyzer.capture.state import NOT_A_PACKET, CaptureState, RawRecord

if TYPE_CHECKING:
    import mmap

SECTION_HEADER = 0x0A0D0D0A
"""Reads the same in both byte orders."""
INTERFACE_DESCRIPTION = 1
OBSOLETE_PACKET = 2
SIMPLE_PACKET = 3
INTERFACE_STATISTICS = 5
ENHANCED_PACKET = 6

BYTE_ORDERS: dict[bytes, ByteOrder] = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}

HEADS = {order: struct.Struct(order + "II").unpack_from for order in BYTE_ORDERS.values()}
"""Type and length of a block."""
PACKETS = {order: struct.Struct(order + "IIIII").unpack_from for order in BYTE_ORDERS.values()}
"""Interface, time (high, low), length in the file, length on the wire."""

SMALLEST = {
    SECTION_HEADER: 28,
    INTERFACE_DESCRIPTION: 20,
    OBSOLETE_PACKET: 32,
    SIMPLE_PACKET: 16,
    INTERFACE_STATISTICS: 24,
    ENHANCED_PACKET: 32,
}
"""Length of a block without options and data; 12 for others."""
NUMBERED = frozenset(
    {
        0x00000BAD,  # custom block
        0x40000BAD,  # custom block, not to be copied
        0x00000009,  # systemd journal
        *(0x204, 0x208, 0x216, 0x217, 0x221, 0x222),  # system calls (sysdig, falco)
    }
)
"""Blocks without a packet that Wireshark shows, and numbers, all the same."""
_MOST_INTERFACES = 65_536
LATEST = (1 << 63) - 1
"""Nanoseconds; in the year 2262.  Clocks and offsets in a file may claim anything."""

# Option codes (sections 3.5, 4.2, 4.3, 4.6).
_END_OF_OPTIONS = 0
_SHB_USERAPPL = 4
_IF_NAME = 2
_IF_DESCRIPTION = 3
_IF_TSRESOL = 9
_IF_TSOFFSET = 14
_ISB_STARTTIME = 2
_ISB_ENDTIME = 3
_ISB_IFDROP = 5
_ISB_OSDROP = 7
_EPB_DROPCOUNT = 4
_TIMES = {_ISB_STARTTIME: "started_at", _ISB_ENDTIME: "ended_at"}
_UNKNOWN_COUNT = (1 << 64) - 1
_UNKNOWN_DROPS = 0xFFFF


class Damage(Exception):
    """What is wrong with a block.  Stays among the readers: reading ends there with a note."""


class Section:
    """What the blocks of one file have said so far."""

    def __init__(self, state: CaptureState) -> None:
        self._state = state
        self.order: ByteOrder = "<"
        self.interfaces: list[Interface] = []
        self.latest = 0
        """Time of the latest packet."""
        self._described = 0
        """Interfaces of all sections."""
        self._is_evidence = False
        """Written by us: descriptions of interfaces mean something."""
        self._without_time = 0
        self._impossible_times = 0
        self._decoders: dict[int, Callable[[bytes, int, int], RawRecord | None]] = {
            SECTION_HEADER: self._section_header,
            INTERFACE_DESCRIPTION: self._interface_description,
            ENHANCED_PACKET: self._enhanced_packet,
            OBSOLETE_PACKET: self._obsolete_packet,
            SIMPLE_PACKET: self._simple_packet,
            INTERFACE_STATISTICS: self._interface_statistics,
        }

    def head(self, data: bytes | mmap.mmap, at: int) -> tuple[int, int]:
        """Type and length of the block there; a section header changes the byte order.  Raises :class:`Damage`."""
        kind, length = HEADS[self.order](data, at)
        if kind == SECTION_HEADER:
            mark = bytes(data[at + 8 : at + 12])
            if mark not in BYTE_ORDERS:
                raise Damage("a section header without byte order mark")
            self.order = BYTE_ORDERS[mark]
            kind, length = HEADS[self.order](data, at)
        if not SMALLEST.get(kind, 12) <= length <= LARGEST_RECORD or length & 3:
            raise Damage(f"a block claims {length} bytes")
        return kind, length

    def take(self, kind: int, block: bytes) -> RawRecord | None:
        """What a whole block holds: a packet, or nothing that has a number.  Raises :class:`Damage`."""
        if block[4:8] != block[-4:]:
            raise Damage("the two lengths of a block differ")
        if kind in NUMBERED:
            return self.latest, NOT_A_PACKET, b"", 0
        decode = self._decoders.get(kind)
        record = decode(block, 8, len(block) - 4) if decode else None
        if record is not None:
            self.latest = record[0]
        return record

    def conclude(self) -> None:
        """The end: notes about all of it."""
        notes = self._state.notes
        if self._state.dropped:
            notes.append(f"{self._state.dropped} packets were dropped by the capture: they are not in the file")
        if self._without_time:
            notes.append(f"{self._without_time} packets have no time; that of the packet before is taken")
        if self._impossible_times:
            notes.append(f"{self._impossible_times} packets have an impossible time")

    # Each decoder gets the data and where the body begins and ends.

    def _section_header(self, data: bytes, start: int, end: int) -> None:
        major, minor = struct.unpack_from(self.order + "HH", data, start + 4)
        if major != 1:
            raise Damage(f"a section of version {major}.{minor}, where 1.0 is the only one")
        self.interfaces.clear()
        application = dict(self._options(data, start + 16, end)).get(_SHB_USERAPPL, b"")
        self._is_evidence = application.startswith(EVIDENCE_WRITER.encode())

    def _interface_description(self, data: bytes, start: int, end: int) -> None:
        if len(self.interfaces) == _MOST_INTERFACES:
            raise Damage(f"more than {_MOST_INTERFACES} interfaces")
        link_type, snap_length = struct.unpack_from(self.order + "HxxI", data, start)
        interface = Interface(link_type, snap_length, number=self._described)
        self._described += 1
        for code, value in self._options(data, start + 8, end):
            if code == _IF_TSRESOL and value:
                interface.set_resolution(value[0])
            elif code == _IF_TSOFFSET and len(value) == 8:
                interface.offset = struct.unpack(self.order + "q", value)[0] * SECOND
            elif code == _IF_NAME:
                interface.name = value.decode("utf-8", "replace")
            elif code == _IF_DESCRIPTION and self._is_evidence:
                interface.origin = Origin.read(value.decode("utf-8", "replace"))
        self.interfaces.append(interface)

    def _interface_statistics(self, data: bytes, start: int, end: int) -> None:
        (number,) = struct.unpack_from(self.order + "I", data, start)
        interface = self._interface(number)
        drops = 0
        for code, value in self._options(data, start + 12, end):
            if code in (_ISB_STARTTIME, _ISB_ENDTIME) and len(value) == 8:
                high, low = struct.unpack(self.order + "II", value)
                setattr(interface, _TIMES[code], self.possible(interface.time(high << 32 | low)))
            if code in (_ISB_IFDROP, _ISB_OSDROP) and len(value) == 8:
                (count,) = struct.unpack(self.order + "Q", value)
                drops += 0 if count == _UNKNOWN_COUNT else count
        # Counted from the start of the capture: the latest block tells all.
        self._state.dropped += interface.lost(in_statistics=drops)

    def packet_options(self, data: bytes, start: int, end: int, interface: Interface) -> None:
        """Take the options of an enhanced packet block, in ``start:end``."""
        for code, value in self._options(data, start, end):
            if code == _EPB_DROPCOUNT and len(value) == 8:
                self._state.dropped += interface.lost(beside_packet=struct.unpack(self.order + "Q", value)[0])

    def _enhanced_packet(self, data: bytes, start: int, end: int) -> RawRecord:
        number, high, low, captured, wire_length = PACKETS[self.order](data, start)
        stop = start + 20 + captured
        if stop > end or number >= len(self.interfaces):
            raise Damage(f"a packet of {captured} bytes of interface {number} can't be in this block")
        interface = self.interfaces[number]
        self.packet_options(data, stop + (-captured & 3), end, interface)
        at = self.possible(interface.time(high << 32 | low))
        return at, interface.link_type, data[start + 20 : stop], max(captured, wire_length)

    def _obsolete_packet(self, data: bytes, start: int, end: int) -> RawRecord:
        number, drops, high, low, length, wire_length = struct.unpack_from(self.order + "HHIIII", data, start)
        interface = self._interface(number)
        stop = start + 20 + length
        if stop > end:
            raise Damage(f"a packet claims {length} bytes in a block of {end - start + 12}")
        if drops != _UNKNOWN_DROPS:
            self._state.dropped += interface.lost(beside_packet=drops)
        at = interface.time(high << 32 | low)
        return self.possible(at), interface.link_type, data[start + 20 : stop], max(length, wire_length)

    def _simple_packet(self, data: bytes, start: int, end: int) -> RawRecord:
        """Has neither time nor captured length: the snap length of interface 0 tells what of it is here."""
        interface = self._interface(0)
        (wire_length,) = struct.unpack_from(self.order + "I", data, start)
        length = min(wire_length, interface.snap_length or wire_length, end - start - 4)
        self._without_time += 1
        return self.latest, interface.link_type, data[start + 4 : start + 4 + length], wire_length

    def _interface(self, number: int) -> Interface:
        if number >= len(self.interfaces):
            raise Damage(f"interface {number} was never described")
        return self.interfaces[number]

    def possible(self, at: int) -> int:
        """A time that others can rely on."""
        if 0 <= at <= LATEST:
            return at
        self._impossible_times += 1
        return min(max(at, 0), LATEST)

    def _options(self, data: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Code and value of each option that lies wholly within ``start:end``."""
        head = struct.Struct(self.order + "HH")
        while start + 4 <= end:
            code, length = head.unpack_from(data, start)
            start += 4
            if code == _END_OF_OPTIONS or start + length > end:
                return
            yield code, data[start : start + length]
            start += length + (-length & 3)
