"""Turns packets, and comments on them, into a pcapng file that Wireshark shows.

The blocks that :mod:`analyzer.capture.pcapng` reads.  Times are written in nanoseconds; the same calls give the same
bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO

from analyzer.capture.blocks import ENHANCED_PACKET, INTERFACE_DESCRIPTION, INTERFACE_STATISTICS, SECTION_HEADER
from analyzer.capture.pcap import ByteOrder

_COMMENT = 1
_SECTION_APPLICATION = 4
_INTERFACE_NAME = 2
_INTERFACE_DESCRIPTION = 3
_INTERFACE_RESOLUTION = 9
_STATISTICS_STARTED = 2
_STATISTICS_ENDED = 3
_STATISTICS_DROPPED = 5
_NAME_RESOLUTION = 4
"""Type of the block."""
_NAMES_OF_IPV4 = 1
_NAMES_OF_IPV6 = 2
_NANOSECONDS = b"\x09"
_UNKNOWN_LENGTH = -1
_LONGEST_OPTION = 0xFFFF

Option = tuple[int, bytes]


class PcapngWriter:
    """Writes to ``stream`` as it is called; begins with a section header."""

    def __init__(
        self, stream: BinaryIO, *, application: str = "", comments: Sequence[str] = (), order: ByteOrder = "<"
    ) -> None:
        self._stream = stream
        self._order: ByteOrder = order
        self._interfaces = 0
        self.section(application=application, comments=comments, order=order)

    def section(self, *, application: str = "", comments: Sequence[str] = (), order: ByteOrder = "<") -> None:
        """Starts a section; its interfaces count from 0 again."""
        self._order = order
        self._interfaces = 0
        options = [(_COMMENT, _text(comment)) for comment in comments]
        if application:
            options.append((_SECTION_APPLICATION, _text(application)))
        self._block(SECTION_HEADER, self._pack("IHHq", 0x1A2B3C4D, 1, 0, _UNKNOWN_LENGTH), options)

    def interface(self, link_type: int, *, name: str = "", description: str = "", snap_length: int = 0) -> int:
        """Describes an interface; returns its number, for :meth:`packet`."""
        texts = ((_INTERFACE_NAME, name), (_INTERFACE_DESCRIPTION, description))
        options = [(code, _text(text)) for code, text in texts if text]
        options.append((_INTERFACE_RESOLUTION, _NANOSECONDS))
        self._block(INTERFACE_DESCRIPTION, self._pack("HHI", link_type, 0, snap_length), options)
        self._interfaces += 1
        return self._interfaces - 1

    def packet(
        self, interface: int, at: int, data: bytes, *, wire_length: int | None = None, comments: Iterable[str] = ()
    ) -> None:
        """Writes a packet; ``at`` in nanoseconds since 1970-01-01 UTC."""
        self._check(interface)
        length = len(data)
        head = self._pack("IIIII", interface, at >> 32, at & 0xFFFFFFFF, length, wire_length or length)
        self._block(ENHANCED_PACKET, head + data, [(_COMMENT, _text(comment)) for comment in comments])

    def statistics(
        self,
        interface: int,
        at: int,
        *,
        dropped: int | None = None,
        started_at: int | None = None,
        ended_at: int | None = None,
    ) -> None:
        """Writes how many packets the capture has lost on an interface so far, and how long was captured on it."""
        self._check(interface)
        head = self._pack("III", interface, at >> 32, at & 0xFFFFFFFF)
        times = ((_STATISTICS_STARTED, started_at), (_STATISTICS_ENDED, ended_at))
        options = [(code, self._pack("II", time >> 32, time & 0xFFFFFFFF)) for code, time in times if time is not None]
        if dropped is not None:
            options.append((_STATISTICS_DROPPED, self._pack("Q", dropped)))
        self._block(INTERFACE_STATISTICS, head, options)

    def names(self, names: Mapping[bytes, Sequence[str]]) -> None:
        """Writes what addresses (4 or 16 bytes) are called."""
        body = []
        for address, called in names.items():
            kind = _NAMES_OF_IPV4 if len(address) == 4 else _NAMES_OF_IPV6
            value = address + b"".join(_text(name.replace("\0", "")) + b"\0" for name in called)
            body += [self._pack("HH", kind, len(value)), _padded(value)]
        self._block(_NAME_RESOLUTION, b"".join([*body, bytes(4)]), [])

    def _check(self, interface: int) -> None:
        if not 0 <= interface < self._interfaces:
            raise ValueError(f"interface {interface} was not described in this section")

    def _pack(self, layout: str, *values: int) -> bytes:
        return struct.pack(self._order + layout, *values)

    def _block(self, kind: int, body: bytes, options: Sequence[Option]) -> None:
        parts = [_padded(body)]
        for code, value in options:
            parts += [self._pack("HH", code, len(value)), _padded(value)]
        if options:
            parts.append(bytes(4))
        content = b"".join(parts)
        length = len(content) + 12
        self._stream.write(self._pack("II", kind, length) + content + self._pack("I", length))


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) & 3)


def _text(text: str) -> bytes:
    """UTF-8, cut between two characters where it is longer than an option can be."""
    data = text.encode("utf-8", "backslashreplace")
    return data if len(data) <= _LONGEST_OPTION else data[:_LONGEST_OPTION].decode("utf-8", "ignore").encode()
