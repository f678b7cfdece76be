"""A TCP header becomes a segment."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING

from analyzer.capture.packet import Packet, PacketRef
from analyzer.decode.address import endpoint
from analyzer.decode.segment import Segment, SkipReason, Stop, TcpFlags

if TYPE_CHECKING:
    from analyzer.decode.walk import Step, Walk

_TCP = Struct("!HHIIHH4x")
_MAXIMUM_SEGMENT_SIZE = Struct("!H")

_SYN = TcpFlags.SYN.value
_END_OF_OPTIONS = 0
_NO_OPERATION = 1
_MSS_OPTION = b"\x02\x04"

_flags = lru_cache(maxsize=256)(TcpFlags)


def tcp(walk: Walk) -> Step:
    """RFC 9293 3.1, where the walk stands."""
    return segment(
        walk.packet,
        walk.data,
        walk.at,
        walk.end,
        walk.wire_end,
        walk.source,
        walk.destination,
        walk.ttl,
        walk.ip_id,
        tuple(walk.carrier),
        tuple(dict.fromkeys(stretch.packet for stretch in walk.put_together)),
    )


def segment(
    packet: Packet,
    data: bytes,
    at: int,
    end: int,
    wire_end: int,
    source: bytes,
    destination: bytes,
    ttl: int,
    ip_id: int | None,
    carrier: tuple[str, ...] = (),
    pieces: tuple[PacketRef, ...] = (),
) -> Segment:
    """The segment in ``data[at:end]``, which had ``wire_end - at`` bytes on the wire.

    Options may be cut by the snap length, the 20 bytes before them may not.  Raises :class:`Stop`.
    """
    if at + 20 > end:
        raise Stop(SkipReason.CUT if at + 20 <= wire_end else SkipReason.MALFORMED)
    source_port, destination_port, sequence, acknowledgment, bits, window = _TCP.unpack_from(data, at)
    payload_at = at + (bits >> 12) * 4
    if payload_at < at + 20 or payload_at > wire_end:
        raise Stop(SkipReason.MALFORMED)
    return Segment(
        packet.ref,
        packet.vantage,
        endpoint(source, source_port),
        endpoint(destination, destination_port),
        sequence,
        acknowledgment,
        _flags(bits & 0xFF),
        window,
        data[payload_at:end],
        wire_end - payload_at,
        ttl,
        ip_id,
        _maximum_segment_size(data[at + 20 : min(payload_at, end)]) if bits & _SYN else None,
        carrier,
        pieces,
    )


def _maximum_segment_size(options: bytes) -> int | None:
    """RFC 9293 3.2: kind, length, value; nothing where the list is cut or contradicts itself before it."""
    at = 0
    while at < len(options) and options[at] != _END_OF_OPTIONS:
        if options[at] == _NO_OPERATION:
            at += 1
            continue
        if options.startswith(_MSS_OPTION, at) and at + 4 <= len(options):
            size: int = _MAXIMUM_SEGMENT_SIZE.unpack_from(options, at + 2)[0]
            return size
        if at + 1 >= len(options) or options[at + 1] < 2:
            return None
        at += options[at + 1]
    return None
