"""ICMP and ICMPv6 errors become what they say about the TCP segment that they quote."""

from __future__ import annotations

from struct import Struct

from analyzer.decode.address import address_text, endpoint
from analyzer.decode.internet import quoted_ipv4, quoted_ipv6
from analyzer.decode.segment import SkipReason, Unreachable
from analyzer.decode.walk import Layer, Reader, Step, Walk

_ERRORS = frozenset({3, 11})
"""RFC 792: destination unreachable (with "fragmentation needed"), time exceeded."""
_ERRORS_V6 = frozenset({1, 2, 3})
"""RFC 4443: destination unreachable, packet too big, time exceeded."""

_HEADER = Struct("!BB6x")
_PORTS = Struct("!HH")
_SEQUENCE = Struct("!I")


def icmp(walk: Walk) -> Step:
    """RFC 792: type, code, then the IPv4 header and at least 8 bytes of what caused the error."""
    return _error(walk, 4, _ERRORS, quoted_ipv4)


def icmpv6(walk: Walk) -> Step:
    """RFC 4443: the same, with as much as fits into 1280 bytes."""
    return _error(walk, 6, _ERRORS_V6, quoted_ipv6)


def _error(walk: Walk, version: int, errors: frozenset[int], quoted_ip: Reader) -> Step:
    kind, code = walk.take(_HEADER)
    if kind not in errors:
        return SkipReason.NOT_TCP
    reporter = walk.source
    step = quoted_ip(walk)
    if step is not Layer.TCP:
        return step if isinstance(step, SkipReason) else SkipReason.NOT_TCP
    source_port, destination_port = walk.take(_PORTS)
    sequence: int | None = None
    if walk.at + _SEQUENCE.size <= walk.end:
        (sequence,) = walk.take(_SEQUENCE)
    return Unreachable(
        walk.packet.ref,
        walk.packet.vantage,
        address_text(reporter),
        version,
        kind,
        code,
        endpoint(walk.source, source_port),
        endpoint(walk.destination, destination_port),
        sequence,
    )
