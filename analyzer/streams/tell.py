"""Turns what was found out about one direction of a stream into events."""

from __future__ import annotations

from analyzer.capture.packet import PacketRef
from analyzer.decode.segment import Segment
from analyzer.streams.held import Chunk
from analyzer.streams.stream import (
    Acknowledged,
    Data,
    Direction,
    Fin,
    FinImplied,
    Hole,
    HoleCause,
    KeepAlive,
    Retransmission,
    Stream,
    StreamEvent,
)

Events = list[StreamEvent]


class Teller:
    """One direction of a stream, and the words for it.  Every method appends to ``events``."""

    __slots__ = ("direction", "stream")

    def __init__(self, stream: Stream, direction: Direction) -> None:
        self.stream = stream
        self.direction = direction

    def tell_data(self, chunk: Chunk, events: Events) -> None:
        """The captured part of a chunk."""
        events.append(
            Data(
                stream=self.stream,
                packet=chunk.packet,
                direction=self.direction,
                ttl=chunk.ttl,
                ip_id=chunk.ip_id,
                offset=chunk.start,
                data=chunk.payload,
            )
        )

    def tell_hole(self, start: int, stop: int, cause: HoleCause, packet: PacketRef, events: Events) -> None:
        """Bytes ``start:stop`` will not come."""
        events.append(
            Hole(
                stream=self.stream,
                packet=packet,
                direction=self.direction,
                offset=start,
                length=stop - start,
                cause=cause,
            )
        )

    def tell_repeated(self, chunk: Chunk, start: int, stop: int, events: Events) -> None:
        """Bytes ``start:stop`` of a chunk were sent before."""
        if self.stream.watched:
            events.append(
                Retransmission(
                    stream=self.stream,
                    packet=chunk.packet,
                    direction=self.direction,
                    ttl=chunk.ttl,
                    ip_id=chunk.ip_id,
                    offset=start,
                    length=stop - start,
                )
            )

    def tell_acknowledged(self, offset: int, packet: PacketRef, ttl: int, ip_id: int | None, events: Events) -> None:
        """The other side has this direction's bytes below ``offset``."""
        if self.stream.watched:
            events.append(
                Acknowledged(
                    stream=self.stream,
                    packet=packet,
                    direction=self.direction.other,
                    ttl=ttl,
                    ip_id=ip_id,
                    offset=offset,
                )
            )

    def tell_keep_alive(self, segment: Segment, events: Events) -> None:
        """That segment is a keep-alive."""
        events.append(
            KeepAlive(
                stream=self.stream,
                packet=segment.packet,
                direction=self.direction,
                ttl=segment.ttl,
                ip_id=segment.ip_id,
            )
        )

    def tell_fin(self, fin: Chunk, retry: int, events: Events) -> None:
        """The direction ends."""
        events.append(
            Fin(
                stream=self.stream,
                packet=fin.packet,
                direction=self.direction,
                ttl=fin.ttl,
                ip_id=fin.ip_id,
                retry=retry,
                offset=fin.start,
            )
        )

    def tell_fin_implied(self, offset: int, packet: PacketRef, events: Events) -> None:
        """The direction ended, and ``packet`` of the other side acknowledges it."""
        events.append(FinImplied(stream=self.stream, packet=packet, direction=self.direction, offset=offset))
