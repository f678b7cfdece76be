"""IPv4 and IPv6 headers become addresses, the true end of the datagram, and the protocol that it carries."""

from __future__ import annotations

from collections.abc import Hashable
from struct import Struct

from analyzer.decode.fragments import Piece
from analyzer.decode.segment import SkipReason, Stop
from analyzer.decode.stretches import part
from analyzer.decode.walk import Layer, Reader, Step, Walk

PROTOCOLS: dict[int, Layer] = {
    0: Layer.EXTENSION,  # hop-by-hop options
    1: Layer.ICMP,
    4: Layer.IP_IN_IP,
    6: Layer.TCP,
    17: Layer.UDP,
    41: Layer.IP_IN_IP,
    43: Layer.ROUTING,
    44: Layer.FRAGMENT,
    47: Layer.GRE,
    51: Layer.AUTHENTICATION,
    58: Layer.ICMPV6,
    60: Layer.EXTENSION,  # destination options
    135: Layer.EXTENSION,  # mobility
    137: Layer.MPLS,  # RFC 4023
    139: Layer.EXTENSION,  # host identity
    140: Layer.EXTENSION,  # shim6
}
"""https://www.iana.org/assignments/protocol-numbers"""

_NOT_REASSEMBLED = frozenset({Layer.ICMP, Layer.ICMPV6})
"""An error quotes little and is never fragmented (RFC 1122 3.2.2, RFC 4443 2.4); echoes are of no interest."""

_IPV4 = Struct("!BxHHHBBxx4s4s")
_IPV6 = Struct("!B3xHBB16s16s")
_EXTENSION = Struct("!BB")
_ROUTING = Struct("!BBBBxxxx")
_FRAGMENT = Struct("!BxHI")

_MORE_FRAGMENTS = 0x2000
_FRAGMENT_OFFSET = 0x1FFF

_FINAL_HOP_FIRST = frozenset({2, 4})
"""Routing headers that hold the final destination first: mobile IPv6 (RFC 6275), segment routing (RFC 8754)."""
_FINAL_HOP_LAST = frozenset({0})
"""The old source route (RFC 2460), which holds it last."""


def ip(walk: Walk) -> Step:
    """Either version, where only the header itself says which."""
    walk.need(1)
    return {4: Layer.IPV4, 6: Layer.IPV6}.get(walk.data[walk.at] >> 4, SkipReason.NOT_IP)


def ip_in_ip(walk: Walk) -> Step:
    """RFC 2003, RFC 4213: nothing between the two headers."""
    walk.carrier.append("ipip")
    return Layer.IP


def ipv4(walk: Walk) -> Step:
    """RFC 791.  A total length of 0 is left by segmentation offload: then the datagram is what the frame holds."""
    protocol, offset, more, header, total = _ipv4_header(walk)
    if total:
        if total < header:
            return SkipReason.MALFORMED
        walk.narrow(total - header)
    if offset or more:
        return _fragment(walk, protocol, walk.ip_id or 0, offset, more)
    return PROTOCOLS.get(protocol, SkipReason.NOT_TCP)


def _ipv4_header(walk: Walk) -> tuple[int, int, bool, int, int]:
    """Protocol, fragment offset in bytes, more fragments, header length, total length."""
    version, total, identification, fragment, ttl, protocol, source, destination = walk.take(_IPV4)
    header = (version & 0x0F) * 4
    if version >> 4 != 4 or header < _IPV4.size:
        raise Stop(SkipReason.MALFORMED)
    walk.skip(header - _IPV4.size)
    walk.source, walk.destination, walk.ttl, walk.ip_id = source, destination, ttl, identification
    return protocol, (fragment & _FRAGMENT_OFFSET) * 8, bool(fragment & _MORE_FRAGMENTS), header, total


def ipv6(walk: Walk) -> Step:
    """RFC 8200.  A payload length of 0 stands for a jumbogram (RFC 2675) or is left by segmentation offload."""
    protocol, length = _ipv6_header(walk)
    if length:
        walk.narrow(length)
    return PROTOCOLS.get(protocol, SkipReason.NOT_TCP)


def _ipv6_header(walk: Walk) -> tuple[int, int]:
    """Next header, payload length."""
    version, length, following, hop_limit, source, destination = walk.take(_IPV6)
    if version >> 4 != 6:
        raise Stop(SkipReason.MALFORMED)
    walk.source, walk.destination, walk.ttl, walk.ip_id = source, destination, hop_limit, None
    return following, length


def extension(walk: Walk) -> Step:
    """RFC 6564: next header, length in units of 8 bytes without the first."""
    following, length = walk.take(_EXTENSION)
    walk.skip(length * 8 + 6)
    return PROTOCOLS.get(following, SkipReason.NOT_TCP)


def routing(walk: Walk) -> Step:
    """RFC 8200 4.4.  While segments are left, the IPv6 header names a waypoint and this header the true destination."""
    start = walk.at
    following, length, kind, segments_left = walk.take(_ROUTING)
    walk.skip(length * 8)
    if segments_left and length >= 2:
        if kind in _FINAL_HOP_FIRST:
            walk.destination = walk.data[start + 8 : start + 24]
        elif kind in _FINAL_HOP_LAST:
            last = start + 8 + (length // 2 - 1) * 16
            walk.destination = walk.data[last : last + 16]
    return PROTOCOLS.get(following, SkipReason.NOT_TCP)


def authentication(walk: Walk) -> Step:
    """RFC 4302: length in units of 4 bytes, less two; what follows is in the clear."""
    following, length = walk.take(_EXTENSION)
    walk.skip(length * 4 + 6)
    return PROTOCOLS.get(following, SkipReason.NOT_TCP)


def fragment(walk: Walk) -> Step:
    """RFC 8200 4.5; an atomic fragment is a whole datagram (RFC 6946)."""
    protocol, offset, more, identification = _fragment_header(walk)
    if offset or more:
        return _fragment(walk, protocol, identification, offset, more)
    return PROTOCOLS.get(protocol, SkipReason.NOT_TCP)


def _fragment_header(walk: Walk) -> tuple[int, int, bool, int]:
    """Next header, offset in bytes, more fragments, identification."""
    following, field, identification = walk.take(_FRAGMENT)
    return following, field & 0xFFF8, bool(field & 1), identification


def _fragment(walk: Walk, protocol: int, identification: int, offset: int, more: bool) -> Step:
    """Hands a piece to the table; with the last one to arrive the walk goes on in the whole datagram."""
    if PROTOCOLS.get(protocol, Layer.ICMP) in _NOT_REASSEMBLED:
        return SkipReason.NOT_TCP
    key: tuple[Hashable, ...] = (
        walk.packet.vantage,
        tuple(walk.carrier),
        walk.source,
        walk.destination,
        identification,
        # Only the protocol of the first fragment counts in IPv6 (RFC 8200 4.5), so it is no part of the name there.
        protocol if len(walk.source) == 4 else None,
    )
    data, origin = walk.data[walk.at : walk.end], tuple(part(walk.origin, walk.at, walk.end))
    piece = Piece(offset, offset + walk.remaining, data, protocol, origin)
    whole = walk.fragments.add(key, walk.packet.ref.at, piece, last=not more)
    if isinstance(whole, SkipReason):
        return whole
    walk.data, walk.at, walk.end, walk.wire_end = whole.data, 0, len(whole.data), whole.length
    walk.put_together = whole.origin
    return PROTOCOLS.get(whole.protocol, SkipReason.NOT_TCP)


def quoted_ipv4(walk: Walk) -> Step:
    """The IPv4 header that an ICMP error quotes.

    Its lengths are those of a packet that is not here, and some systems garble them before they quote (nmap's test
    RIPL tells systems apart by that).  A piece of a datagram is not kept.
    """
    protocol, offset, *_ = _ipv4_header(walk)
    return SkipReason.NOT_TCP if offset else PROTOCOLS.get(protocol, SkipReason.NOT_TCP)


def quoted_ipv6(walk: Walk) -> Step:
    """The IPv6 headers that an ICMPv6 error quotes: the same."""
    protocol, _ = _ipv6_header(walk)
    step: Step = PROTOCOLS.get(protocol, SkipReason.NOT_TCP)
    while isinstance(step, Layer) and step in _QUOTED_READERS:
        step = _QUOTED_READERS[step](walk)
    return step


def _quoted_fragment(walk: Walk) -> Step:
    protocol, offset, _, _ = _fragment_header(walk)
    return SkipReason.NOT_TCP if offset else PROTOCOLS.get(protocol, SkipReason.NOT_TCP)


_QUOTED_READERS: dict[Layer, Reader] = {
    Layer.EXTENSION: extension,
    Layer.ROUTING: routing,
    Layer.FRAGMENT: _quoted_fragment,
    Layer.AUTHENTICATION: authentication,
}
