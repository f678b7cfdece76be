"""The plainest packets become segments in one step: IPv4 without options or fragments, right behind the link header.

Nearly every packet is of that kind, and this takes about half the time of the long way.  The law, under test: what the
shortcut answers is what the readers would answer.
"""

from __future__ import annotations

from struct import Struct

from analyzer.capture.packet import Packet
from analyzer.decode.segment import Segment, Skipped, SkipReason
from analyzer.decode.transport import segment

_IPV4 = "BxHHHBB2x4s4s"
_HEADERS: dict[int, Struct] = {
    1: Struct("!12xH" + _IPV4),  # Ethernet
    113: Struct("!14xH" + _IPV4),  # Linux cooked
    276: Struct("!H18x" + _IPV4),
}
"""Link type to its ethertype and the fields of an IPv4 header behind it."""

_IPV4_ETHERTYPE = 0x0800
_VERSION_4_NO_OPTIONS = 0x45
_IS_FRAGMENT = 0x3FFF
_TCP = 6
_UDP = 17


def plain(packet: Packet) -> Segment | Skipped | None:
    """None where the packet is of another kind.  Raises :class:`~analyzer.decode.walk.Stop` as readers do."""
    data = packet.data
    header = _HEADERS.get(packet.link_type)
    if header is None or len(data) < header.size:
        return None
    ethertype, version, total, ip_id, fragment, ttl, protocol, source, destination = header.unpack_from(data)
    if ethertype != _IPV4_ETHERTYPE or version != _VERSION_4_NO_OPTIONS or fragment & _IS_FRAGMENT or total < 20:
        return None
    at = header.size
    wire_end = at - 20 + total
    if protocol == _TCP:
        end = len(data)
        return segment(packet, data, at, wire_end if wire_end < end else end, wire_end, source, destination, ttl, ip_id)
    # What is not TCP costs more to load than most small captures take.
    from analyzer.decode.internet import PROTOCOLS

    if protocol not in PROTOCOLS or (protocol == _UDP and _is_plain_udp(data, at, wire_end)):
        return Skipped(packet.ref, SkipReason.NOT_TCP)
    return None


def _is_plain_udp(data: bytes, at: int, wire_end: int) -> bool:
    """Whether a whole UDP header is there, and no tunnel behind it."""
    from analyzer.decode.tunnels import UDP_PORTS

    return at + 8 <= min(len(data), wire_end) and data[at + 2] << 8 | data[at + 3] not in UDP_PORTS
