"""What decoding makes of a packet: a TCP segment, an ICMP error about one, or a reason to skip it."""

from __future__ import annotations

from enum import Enum, IntFlag
from typing import NamedTuple

from analyzer.capture.packet import PacketRef
from dissectors.dataclass import dataclass


class Endpoint(NamedTuple):
    """An IP address in its canonical text form, and a TCP port."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class TcpFlags(IntFlag):
    """RFC 9293 section 3.1."""

    FIN = 0x01
    SYN = 0x02
    RST = 0x04
    PSH = 0x08
    ACK = 0x10
    URG = 0x20
    ECE = 0x40
    CWR = 0x80


class Segment(NamedTuple):
    """One TCP segment.  A tuple, for there are millions: a frozen dataclass takes seven times as long to make."""

    packet: PacketRef
    vantage: int
    source: Endpoint
    destination: Endpoint
    sequence: int
    acknowledgment: int
    flags: TcpFlags
    window: int
    payload: bytes
    """The captured part of the payload."""
    length: int
    """Payload length on the wire; more than ``len(payload)`` where the snap length cut it."""
    ttl: int
    """IPv4 time to live or IPv6 hop limit, as captured."""
    ip_id: int | None
    """IPv4 identification; None on IPv6."""
    maximum_segment_size: int | None = None
    """From the SYN's options."""
    carrier: tuple[str, ...] = ()
    """Tags and tunnels around it, outermost first, e.g. ``("vlan 10", "vxlan 42")``."""
    pieces: tuple[PacketRef, ...] = ()
    """All packets that carry it, where it came in fragments."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """An ICMP or ICMPv6 error that quotes a TCP segment."""

    packet: PacketRef
    vantage: int
    reporter: str
    """Address that sent the error."""
    version: int
    """4 or 6."""
    type: int
    code: int
    source: Endpoint
    """Sender of the quoted segment."""
    destination: Endpoint
    sequence: int | None
    """Sequence number of the quoted segment, where the quote reaches that far."""


class SkipReason(Enum):
    """Why a packet takes no further part."""

    NOT_IP = "not IP"
    NOT_TCP = "neither TCP nor an ICMP error about TCP"
    FRAGMENT = "part of a fragmented datagram that is not complete yet"
    CUT = "cut by the snap length before its TCP header ends"
    MALFORMED = "headers that contradict themselves"
    LINK_TYPE = "link type not supported"


class Stop(Exception):
    """Raised inside readers where a header is not there; :class:`Decoder` turns it into a ``Skipped``."""

    def __init__(self, reason: SkipReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Skipped:
    packet: PacketRef
    reason: SkipReason


DecodeResult = Segment | Unreachable | Skipped
