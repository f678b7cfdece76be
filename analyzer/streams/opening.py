"""Turns a segment into whether it begins a connection of its own, and who opened that."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

from analyzer.decode.segment import Endpoint, Segment, TcpFlags
from analyzer.streams.connection import Connection, Life
from analyzer.streams.order import WINDOW
from analyzer.streams.reassembly import Flow
from analyzer.streams.stream import OpenerKnownBy

SYN, RST, ACK = int(TcpFlags.SYN), int(TcpFlags.RST), int(TcpFlags.ACK)
EPHEMERAL = 32_768
"""Linux dials from ports at or above this one (``ip_local_port_range``)."""
LEARNED = 4096
"""How many listening endpoints are remembered."""


class Listening:
    """What is known to be listened on: ports on any host, and the endpoints that were learned, the latest ones."""

    __slots__ = ("_endpoints", "_ports")

    def __init__(self, ports: Collection[int]) -> None:
        self._ports = frozenset(ports)
        self._endpoints: OrderedDict[Endpoint, None] = OrderedDict()

    def __contains__(self, endpoint: Endpoint) -> bool:
        return endpoint in self._endpoints or endpoint.port in self._ports

    def learn(self, endpoint: Endpoint) -> None:
        """It accepted a connection, or somebody said that it would."""
        if endpoint in self._endpoints:
            return
        if len(self._endpoints) >= LEARNED:
            self._endpoints.popitem(last=False)
        self._endpoints[endpoint] = None


def who_opened(segment: Segment, listening: Listening) -> tuple[Endpoint, Endpoint, OpenerKnownBy]:
    """The opener and the listener of a connection, and how that is known, by its first segment."""
    flags = int(segment.flags)
    source, destination = segment.source, segment.destination
    forth = (source, destination)
    back = (destination, source)
    if flags & SYN:
        return (*back, OpenerKnownBy.SYN_ACK) if flags & ACK else (*forth, OpenerKnownBy.SYN)
    return (*(back if _is_listener(source, destination, listening) else forth), OpenerKnownBy.GUESS)


def _is_listener(source: Endpoint, destination: Endpoint, listening: Listening) -> bool:
    """Whether the sender of a first segment without SYN is likely the listener: it is known to listen, or has the only
    port or the lower one that is not ephemeral.  Nodes listen on ephemeral ports too, so two of those tell nothing."""
    if (source in listening) != (destination in listening):
        return source in listening
    return source.port < EPHEMERAL and source.port < destination.port


def begins_another(segment: Segment, flow: Flow, connection: Connection) -> bool:
    """Whether a segment with the addresses and ports of a known connection belongs to a new one."""
    flags = int(segment.flags)
    if flags & RST:
        return False
    if not flags & SYN:
        # Late segments of a closed connection are near what it sent.
        distance = flow.offset_of(segment.sequence) - flow.sent if flow.known else 0
        return connection.life is Life.CLOSED and bool(segment.length) and not -WINDOW <= distance <= WINDOW
    known = connection.stream.initial_sequence.get(flow.direction)
    if known == segment.sequence:
        return connection.established and _is_second_view(segment, connection)
    if flow.known and flow.next == 0 and flow.offset_of(segment.sequence) == -1:
        # It comes late: what was seen before it told its number.
        return False
    if connection.life is not Life.OPENING:
        return True
    if flags & ACK:
        # Two hosts may answer one SYN, but both have to acknowledge it.
        peer = flow.peer
        return not (peer.known and 0 <= peer.offset_of(segment.acknowledgment) <= peer.sent)
    # Both sides dial at once (RFC 9293 section 3.5) as long as neither has answered.
    return known is not None or flow.syn_acks + flow.peer.syn_acks > 0


def _is_second_view(segment: Segment, connection: Connection) -> bool:
    """Whether a known SYN comes from another file of the same vantage that shows the connection once more: after its
    end, or with a time that is past already.  In between it is a repeated SYN after a file was rotated."""
    packet = segment.packet
    if packet.capture == connection.began_in:
        return False
    return connection.life is Life.CLOSED or packet.at < connection.last.at
