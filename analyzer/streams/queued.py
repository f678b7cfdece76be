"""Segments of one direction → those that a router shows once more, when they have left its queue.

A capture on both sides of a router (``-i any``, two interfaces) shows each packet coming and going.  What waited in the
queue goes out much later than :class:`~analyzer.streams.copies.Copies` remembers, up to the time after which a sender
repeats a segment.  But a copy has fewer hops left, and a repetition has as many as the first one: so where the first
packet of a direction comes once more with fewer, everything that has so few and tells nothing new is a copy.  Queues
keep the order, so nothing else needs to be remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.decode.segment import Segment, TcpFlags

if TYPE_CHECKING:
    from analyzer.streams.limits import Limits
    from analyzer.streams.reassembly import Flow

FIN, SYN, RST = int(TcpFlags.FIN), int(TcpFlags.SYN), int(TcpFlags.RST)


class Queued:
    """What is known of the router's copies of one direction."""

    __slots__ = ("_first", "_ttl")

    def __init__(self) -> None:
        self._first: tuple[int, int, int] | None = None
        """Of the first segment: a hash of what identifies it, hops left, nanoseconds since 1970 UTC."""
        self._ttl: int | None = None
        """Hops left of the copies."""

    @property
    def seen(self) -> bool:
        """There are copies."""
        return self._ttl is not None

    def shows_again(self, segment: Segment, flow: Flow, limits: Limits) -> bool:
        """Whether ``segment`` of ``flow`` is a copy."""
        if self._ttl is not None:
            return segment.ttl == self._ttl and not _is_news(segment, flow)
        if self._first is None:
            self._first = _identity(segment), segment.ttl, segment.packet.at
            return False
        identity, ttl, at = self._first
        if segment.ttl >= ttl or not 0 <= segment.packet.at - at <= limits.queued:
            return False
        # Whoever numbers his datagrams numbers no two alike, but 0 is no number; a SYN is not repeated so soon.
        is_numbered = bool(segment.ip_id or int(segment.flags) & SYN)
        if not is_numbered or _identity(segment) != identity:
            return False
        self._ttl = segment.ttl
        return True


def _identity(segment: Segment) -> int:
    """Everything that routers leave alone."""
    return hash(
        (segment.sequence, segment.acknowledgment, int(segment.flags), segment.window, segment.length, segment.ip_id)
    )


def _is_news(segment: Segment, flow: Flow) -> bool:
    """Whether it shows anything that was not seen of ``flow`` before."""
    flags = int(segment.flags)
    if flags & RST:
        return not flow.resets
    if flags & SYN:
        return flow.stream.initial_sequence.get(flow.direction) != segment.sequence
    if flags & FIN and flow.fin is None:
        return True
    if not (flow.known and flow.peer.known):
        return True
    peer = flow.peer
    # A FIN takes a number, too.
    known = peer.acked + (peer.fin is not None)
    return (
        flow.offset_of(segment.sequence) + segment.length > flow.next or peer.offset_of(segment.acknowledgment) > known
    )
