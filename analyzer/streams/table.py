"""Turns segments of any number of TCP connections into the events of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

from analyzer.capture.packet import Run
from analyzer.decode.segment import Endpoint, Segment, TcpFlags, Unreachable
from analyzer.streams.connection import Connection, Life
from analyzer.streams.copies import Copies
from analyzer.streams.held import Backlog
from analyzer.streams.idle import IdleQueue
from analyzer.streams.limits import MILLISECOND, Limits
from analyzer.streams.opening import Listening, begins_another, who_opened
from analyzer.streams.reassembly import Flow
from analyzer.streams.stream import Direction, ForgetReason, OpenerKnownBy, Stream, StreamEvent
from analyzer.streams.tell import Events

SYN, MEANT = int(TcpFlags.SYN), int(TcpFlags.SYN | TcpFlags.RST | TcpFlags.ACK)
MARKS = int(TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST)
"""What is still looked at of a stream that nobody watches."""
EPMD_PORT = 4369
HOUSEKEEPING = 25 * MILLISECOND
"""How often :meth:`StreamTable.advance` looks around, nanoseconds of capture time: at its multiples, so that what it
finds depends on the packets of a stream alone, and not on those of others that happen to pass."""


class Place(NamedTuple):
    """Where a packet belongs."""

    stream: Stream
    direction: Direction
    """Who sent it; of an ICMP error, who sent what it quotes."""
    offset: int
    """Of the first byte of its payload in that direction."""


_QUEUES = (
    # life, and whether it matters: where there are too many, the first kind that there is goes first
    (Life.CLOSED, False),
    (Life.CLOSED, True),
    (Life.OPENING, False),
    (Life.OPEN, False),
    (Life.OPENING, True),
    (Life.OPEN, True),
)


def _queues() -> dict[tuple[Life, bool], IdleQueue]:
    return {kind: IdleQueue() for kind in _QUEUES}


class StreamTable:
    """All streams of an analysis, in bounded memory.

    A stream is known by its vantage, addresses and ports.  Tags and tunnels (``carrier``) are no part of that: a
    capture on ``any`` shows one connection both on a VLAN interface and on its parent, so packets with different
    carriers belong together.  The price: two networks that use the same addresses and ports at the same time in one
    capture (two VXLANs with overlapping addresses) are mixed up; each SYN then begins the stream anew.

    Events come out in the order in which they become certain, which is not always that of the packets: data behind a
    hole are told when the hole is filled or given up, with the packet that carried them.
    """

    def __init__(self, limits: Limits | None = None, listening: Collection[int] = (EPMD_PORT,)) -> None:
        """``listening``: ports known to be listened on; helps to guess the opener where no SYN was captured."""
        self.limits = limits or Limits()
        self.listening = Listening(listening)
        """What is known to be listened on; endpoints that accept a connection are learned, others can be told."""
        self.forgotten: Counter[ForgetReason] = Counter()
        """How many streams are tracked no more, and why."""
        self._routes: dict[tuple[int, Endpoint, Endpoint], tuple[Connection, Flow]] = {}
        """By vantage, sender and receiver."""
        self._queues = _queues()
        self._backlog = Backlog()
        self._copies = Copies(self.limits.copy_span)
        self._looked_at = 0
        self._opening = 0
        """Streams that are not established."""

    def __len__(self) -> int:
        """Streams tracked now."""
        return len(self._routes) // 2

    @property
    def crowded(self) -> bool:
        """So many connections open at once that most will never be more than an opening."""
        return self._opening >= self.limits.crowd

    def knows(self, packet: Segment | Unreachable) -> bool:
        """The connection that it is of, or is about, is tracked."""
        return (packet.vantage, packet.source, packet.destination) in self._routes

    def feed(self, segment: Segment) -> list[StreamEvent]:
        """Take the next segment of the capture."""
        events: list[StreamEvent] = []
        flags = int(segment.flags)
        if not flags & MEANT:
            # A TCP drops it (RFC 9293 section 3.10.7.4): port scanners send such.
            return events
        route = self._routes.get((segment.vantage, segment.source, segment.destination))
        if route is None:
            if segment.source == segment.destination:
                # A connection to itself: nothing tells its two directions apart.
                return events
            route = self._open(segment, events)
        elif not flags & MARKS and not route[0].stream.watched:
            return events
        elif (flags & SYN or route[0].life is Life.CLOSED) and begins_another(segment, route[1], route[0]):
            self._forget(route[0], ForgetReason.REPLACED, events)
            route = self._open(segment, events)
        connection, flow = route
        if not connection.stream.watched:
            connection.pass_over(segment, flow, flags)
            if connection.life is not connection.queued:
                self._queue(connection)
            return events
        connection.take(segment, flow, flags, events)
        if connection.life is not connection.queued:
            self._queue(connection)
        if self._backlog.cost > self.limits.held_bytes_overall:
            self._relieve(events)
        return events

    def feed_run(self, run: Run) -> list[StreamEvent] | None:
        """Take many segments at once; None if they have to be fed one by one."""
        opener, listener = run.ends
        route = self._routes.get((run.vantage, Endpoint(*opener), Endpoint(*listener)))
        if route is None or route[1] is not route[0].out or not route[0].stream.watched:
            return None
        events: list[StreamEvent] = []
        return events if route[0].take_run(run, events) else None

    def unreachable(self, error: Unreachable) -> list[StreamEvent]:
        """Take an ICMP error about a segment; no events if it is of no stream known."""
        events: list[StreamEvent] = []
        route = self._routes.get((error.vantage, error.source, error.destination))
        if route is not None:
            route[0].take_error(error, route[1], events)
        return events

    def stream_of(self, run: Run) -> Stream | None:
        """The stream that a run belongs to."""
        opener, listener = run.ends
        route = self._routes.get((run.vantage, Endpoint(*opener), Endpoint(*listener)))
        return None if route is None else route[0].stream

    def place(self, packet: Segment | Unreachable) -> Place | None:
        """Where a packet that was just taken belongs; None if it is of no stream."""
        route = self._routes.get((packet.vantage, packet.source, packet.destination))
        if route is None:
            return None
        connection, flow = route
        offset = flow.offset_of_segment(packet) if isinstance(packet, Segment) else 0
        return Place(connection.stream, flow.direction, offset)

    def advance(self, at: int) -> list[StreamEvent]:
        """Do what is due at capture time ``at``, nanoseconds.  Cheap enough to be called for every packet."""
        events: list[StreamEvent] = []
        if 0 <= at - self._looked_at < HOUSEKEEPING:
            return events
        at -= at % HOUSEKEEPING
        self._looked_at = at
        for order in tuple(self._backlog.waiting):
            order.settle_due(at, events)
            if order.overdue(at):
                order.give_up(events)
        closed = self._queues[Life.CLOSED, True]
        while len(closed) > self.limits.closed and (connection := closed.quietest()) is not None:
            self._forget(connection, ForgetReason.CLOSED, events)
        self._forget_idle(Life.CLOSED, at - self.limits.linger, ForgetReason.CLOSED, events)
        self._forget_idle(Life.OPENING, at - self.limits.unanswered, ForgetReason.UNANSWERED, events)
        return events

    def forgets_none_before(self, now: int) -> int:
        """Until that capture time :meth:`advance` forgets no stream, whatever packets from time ``now`` on say."""
        due = now + min(self.limits.linger, self.limits.unanswered)
        for (life, _), queue in self._queues.items():
            if life is not Life.OPEN and (quiet_since := queue.quiet_since) is not None:
                wait = self.limits.linger if life is Life.CLOSED else self.limits.unanswered
                due = min(due, quiet_since + wait)
        if len(self._queues[Life.CLOSED, True]) > self.limits.closed:
            due = min(due, self._looked_at)
        return due - due % HOUSEKEEPING + HOUSEKEEPING

    def finish(self) -> list[StreamEvent]:
        """The input ends: tell all that waits.  No stream is tracked afterwards."""
        events: list[StreamEvent] = []
        for connection, flow in self._routes.values():
            if flow is connection.out:
                connection.flush(events)
        self._routes.clear()
        self._queues = _queues()
        self._opening = 0
        return events

    def _open(self, segment: Segment, events: Events) -> tuple[Connection, Flow]:
        while len(self) >= self.limits.streams:
            self._forget_quietest(events)
        opener, listener, known_by = who_opened(segment, self.listening)
        stream = Stream(segment.vantage, opener, listener, known_by)
        connection = Connection(stream, segment.packet, self.limits, self._backlog, self._copies)
        self._routes[segment.vantage, opener, listener] = connection, connection.out
        self._routes[segment.vantage, listener, opener] = connection, connection.back
        self._queues[connection.queued, False].add(connection)
        self._opening += 1
        return self._routes[segment.vantage, segment.source, segment.destination]

    def _queue(self, connection: Connection) -> None:
        self._queues[connection.queued, connection.mattered].remove(connection)
        self._opening += (connection.life is Life.OPENING) - (connection.queued is Life.OPENING)
        stream = connection.stream
        connection.queued, connection.mattered = connection.life, stream.matters
        if connection.life is Life.OPEN and stream.opener_known_by is not OpenerKnownBy.GUESS:
            self.listening.learn(stream.listener)
        self._queues[connection.queued, connection.mattered].add(connection)

    def _forget(self, connection: Connection, reason: ForgetReason, events: Events) -> None:
        connection.forget(reason, events)
        self.forgotten[reason] += 1
        self._opening -= connection.queued is Life.OPENING
        self._queues[connection.queued, connection.mattered].remove(connection)
        stream = connection.stream
        del self._routes[stream.vantage, stream.opener, stream.listener]
        del self._routes[stream.vantage, stream.listener, stream.opener]

    def _forget_quietest(self, events: Events) -> None:
        for kind in _QUEUES:
            connection = self._quietest(*kind)
            if connection is not None:
                self._forget(connection, ForgetReason.PRESSURE, events)
                return

    def _quietest(self, life: Life, matters: bool) -> Connection | None:
        """Of those; its reader may have found out only since it was put there that a stream matters."""
        queue = self._queues[life, matters]
        connection = queue.quietest()
        while connection is not None and connection.stream.matters and not matters:
            self._queue(connection)
            connection = queue.quietest()
        return connection

    def _forget_idle(self, life: Life, since: int, reason: ForgetReason, events: Events) -> None:
        for matters in (False, True):
            connection = self._quietest(life, matters)
            while connection is not None and connection.last.at < since:
                self._forget(connection, reason, events)
                connection = self._quietest(life, matters)

    def _relieve(self, events: Events) -> None:
        """Give up what waits longest until the rest fits."""
        for order in tuple(self._backlog.waiting):
            if self._backlog.cost <= self.limits.held_bytes_overall:
                break
            order.give_up(events)
