"""A packet as the capture holds it, and the reference by which everything later names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class PacketRef(NamedTuple):
    """Names one packet for good: what a finding cites."""

    capture: int
    """Index of the capture file in the order of the report."""
    number: int
    """1-based, as Wireshark shows it."""
    at: int
    """Nanoseconds since 1970-01-01 UTC."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One captured packet."""

    ref: PacketRef
    vantage: int
    """The point of observation: files of one rotated set share it, captures of two hosts do not."""
    link_type: int
    """LINKTYPE_… value of the interface that it was captured on (tcpdump.org/linktypes.html)."""
    data: bytes
    wire_length: int
    """Length on the wire; more than ``len(data)`` where the snap length cut it."""


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Packets that go no further were read, up to this time: the clock of the capture goes on without them."""

    capture: int
    vantage: int
    at: int
    """Nanoseconds since 1970-01-01 UTC."""
