"""One packet's bytes become a bounded cursor that readers take header after header from."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from struct import Struct
from typing import Any

from analyzer.capture.packet import Packet
from analyzer.decode.fragments import FragmentTable
from analyzer.decode.segment import Segment, SkipReason, Stop, Unreachable
from analyzer.decode.stretches import Origin, Stretch
from dissectors.dataclass import dataclass, field


class Layer(Enum):
    """What the next header can be."""

    __hash__ = object.__hash__  # members are looked up once a header; Enum's own hashes the name in Python

    ETHERNET = auto()
    LINUX_COOKED = auto()
    LINUX_COOKED_2 = auto()
    LOOPBACK = auto()
    PPP = auto()
    CISCO_HDLC = auto()
    LLC = auto()
    VLAN = auto()
    MPLS = auto()
    PPPOE = auto()
    IP = auto()
    """IPv4 or IPv6, as the version field says."""
    IPV4 = auto()
    IPV6 = auto()
    IP_IN_IP = auto()
    EXTENSION = auto()
    """An IPv6 extension header of the common form."""
    ROUTING = auto()
    FRAGMENT = auto()
    AUTHENTICATION = auto()
    UDP = auto()
    GRE = auto()
    ERSPAN = auto()
    VXLAN = auto()
    GENEVE = auto()
    TCP = auto()
    ICMP = auto()
    ICMPV6 = auto()


Step = Layer | SkipReason | Segment | Unreachable
"""What a reader answers: the layer that follows, or the end of the walk."""


@dataclass(slots=True)
class Walk:
    """A place in one packet, and what the headers before it said."""

    packet: Packet
    fragments: FragmentTable
    data: bytes
    at: int
    """Where the next header starts."""
    end: int
    """Where the captured bytes of the current layer end."""
    wire_end: int
    """Where they ended on the wire: ``end`` or later."""
    carrier: list[str] = field(default_factory=list)
    source: bytes = b""
    """Address of the innermost IP header so far, 4 or 16 bytes."""
    destination: bytes = b""
    ttl: int = 0
    ip_id: int | None = None
    put_together: Origin = ()
    """Where ``data`` came from, if it is not the packet's own bytes."""

    @property
    def remaining(self) -> int:
        """Bytes of the current layer from here on, as on the wire."""
        return self.wire_end - self.at

    @property
    def origin(self) -> Origin:
        """Where ``data`` came from."""
        return self.put_together or (Stretch(self.packet.ref, 0, len(self.data)),)

    def need(self, size: int) -> None:
        """Raises :class:`Stop` unless ``size`` more bytes were captured: cut if the wire had them, else malformed."""
        if self.at + size > self.end:
            raise Stop(SkipReason.CUT if self.at + size <= self.wire_end else SkipReason.MALFORMED)

    def take(self, header: Struct) -> tuple[Any, ...]:
        """The fields of the next header; moves past it."""
        self.need(header.size)
        fields = header.unpack_from(self.data, self.at)
        self.at += header.size
        return fields

    def skip(self, size: int) -> None:
        """Moves past bytes that must be there."""
        self.need(size)
        self.at += size

    def narrow(self, length: int) -> None:
        """The current layer has ``length`` bytes from here: what follows is padding, what is missing was not captured.

        A length beyond the outer layer's is believed: port mirrors and capture appliances slice packets and then
        report the sliced length as that of the wire.
        """
        self.wire_end = self.at + length
        self.end = min(self.end, self.wire_end)


Reader = Callable[[Walk], Step]
