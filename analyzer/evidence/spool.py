"""Packets → a place where they wait for the end of the analysis, in bounded memory: a temporary file beyond 32 MiB."""

from __future__ import annotations

import tempfile
from struct import Struct

from analyzer.capture.packet import Packet, PacketRef

IN_MEMORY = 32 << 20
"""Bytes; beyond it a temporary file without a name takes all."""
LIMIT = 1 << 30
"""Bytes, in whole."""

_HEAD = Struct("<IqqqIII")
"""Capture, number, time, vantage, link type (an index), length on the wire, length."""


class Spool:
    """Holds packets; :meth:`get` gives each back as it was."""

    def __init__(self, *, in_memory: int = IN_MEMORY, limit: int = LIMIT) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=in_memory)  # noqa: SIM115 (lives as long as the spool)
        self._limit = limit
        self._size = 0
        self._link_types: dict[int, int] = {}
        self._kept_link_types: list[int] = []

    def put(self, packet: Packet) -> int | None:
        """Where it is kept; None where the limit is reached."""
        if self._size + _HEAD.size + len(packet.data) > self._limit:
            return None
        place, link_type = self._size, packet.link_type
        # A link type that tells its interface is another one than the bare number: told apart by identity.
        index = self._link_types.setdefault(id(link_type), len(self._kept_link_types))
        if index == len(self._kept_link_types):
            self._kept_link_types.append(link_type)
        head = _HEAD.pack(*packet.ref, packet.vantage, index, packet.wire_length, len(packet.data))
        self._file.seek(place)
        self._file.write(head + packet.data)
        self._size += len(head) + len(packet.data)
        return place

    def get(self, place: int) -> Packet:
        self._file.seek(place)
        capture, number, at, vantage, index, wire_length, length = _HEAD.unpack(self._file.read(_HEAD.size))
        data = self._file.read(length)
        return Packet(PacketRef(capture, number, at), vantage, self._kept_link_types[index], data, wire_length)

    def close(self) -> None:
        """Gives disk and memory back."""
        self._file.close()
