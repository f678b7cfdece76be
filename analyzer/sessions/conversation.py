"""One TCP connection's stream events → events of an attempt: identifies the dialogue, runs it, names the packets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from analyzer.capture.packet import PacketRef
from analyzer.sessions import events
from analyzer.sessions.connection import Connection
from analyzer.sessions.events import Event, Leg
from analyzer.sessions.identify import Expectation, FirstBytes, Identity, Speech, identify
from analyzer.sessions.interpret import Interpreter, Meaning, interpreter_for
from analyzer.sessions.provenance import Provenance
from analyzer.sessions.skimmed import take_skimmed
from analyzer.streams.stream import (
    Acknowledged,
    Bulk,
    Data,
    Direction,
    Established,
    Fin,
    FinImplied,
    Hole,
    HoleCause,
    IcmpError,
    OpenerKnownBy,
    Reset,
    ResetFit,
    Retransmission,
    Stream,
    StreamEvent,
    Syn,
    SynAck,
)
from dissectors.dataclass import replace
from dissectors.dialogue import DECIDED_BY, Item, Side

SIDES = {Direction.OUT: Side.INITIATOR, Direction.BACK: Side.ACCEPTOR}

MAX_WAITING = 64
"""Data events held until the connection is identified; ``DECIDED_BY`` bytes come in far fewer."""


Dissected = Callable[[Stream, Direction, Item], None]
"""Hears of everything that a dialogue says of its bytes, in the terms of the stream."""


class Conversation:
    """Follows one stream.  :meth:`take` gives the events that each stream event makes."""

    def __init__(
        self, stream: Stream, first: PacketRef, expected: Expectation | None, dissected: Dissected | None = None
    ) -> None:
        self.stream = stream
        self._dissected = dissected
        self.expected = expected
        self.identity: Identity | None = None
        leg = Leg.EPMD if expected is not None and expected.speech is Speech.EPMD else Leg.LINK
        self.connection = Connection(
            leg=leg,
            vantage=stream.vantage,
            opener=stream.opener,
            listener=stream.listener,
            first=first,
            last=first,
        )
        self._interpreter: Interpreter | None = None
        self._first_bytes = FirstBytes({side: bytearray() for side in Side}, beginning_seen=False)
        self._waiting: list[Data | Hole] = []
        self._provenance = {side: Provenance() for side in Side}
        self._retries: dict[tuple[Side, int], int] = {}

    @property
    def swapped(self) -> bool:
        return self.identity is not None and self.identity.swapped

    def side(self, direction: Direction) -> Side:
        side = SIDES[direction]
        return side.other if self.swapped else side

    def expect(self, expected: Expectation) -> None:
        """An endpoint was learned after the connection began."""
        if self.identity is None:
            self.expected = expected

    # --- stream events -----------------------------------------------------------------------------------------------

    def take(self, event: StreamEvent) -> list[Event]:
        """What ``event`` shows, once the connection is identified; earlier events of its bytes come with it."""
        if isinstance(event, Bulk):
            return self._on_bulk(event)
        connection = self.connection
        side = self.side(event.direction)
        if event.packet.at > connection.last.at:
            connection.last = event.packet
        if not isinstance(event, (Hole, IcmpError, FinImplied)):
            connection.flows[side].last = event.packet
        match event:
            case Data():
                return self._on_data(event)
            case Acknowledged():
                connection.flows[side.other].acknowledge(event.offset, event.packet.at)
                return []
            case Hole():
                return self._on_hole(event)
            case Syn() | SynAck() | Established():
                return self._on_opening(event, side)
            case Retransmission():
                return self._on_retransmission(event, side)
            case Fin() | FinImplied():
                return self._on_fin(event, side)
            case Reset():
                return self._on_reset(event, side)
            case IcmpError():
                return self._on_icmp(event, side)
        return []

    def finish(self) -> list[Event]:
        """No more will come: decide on what there is."""
        self._note_latest()
        return [*self._identify(finished=True), *self._retire()]

    def _retire(self) -> list[Event]:
        """No byte can follow: what the dialogue remembers need not stay for as long as the stream is tracked."""
        if self._interpreter is None:
            return []
        made = [event for side in Side for event in self._named(self._interpreter.close(side))]
        self._interpreter = None
        self._provenance.clear()
        return made

    def _note_latest(self) -> None:
        """Packets that show nothing new make no event, and still tell that a side is there."""
        for direction, packet in self.stream.latest.items():
            self.connection.flows[self.side(direction)].last = packet
            if packet.at > self.connection.last.at:
                self.connection.last = packet

    def _on_opening(self, event: Syn | SynAck | Established, side: Side) -> list[Event]:
        connection, stream = self.connection, self.stream
        connection.opener_seen = stream.opener_known_by is not OpenerKnownBy.GUESS
        connection.opener, connection.listener = stream.opener, stream.listener
        numbers = stream.initial_sequence
        connection.initial_sequence = (numbers.get(Direction.OUT), numbers.get(Direction.BACK))
        packet, leg = event.packet, connection.leg
        if isinstance(event, Syn):
            self._first_bytes.beginning_seen = True
            connection.flows[side].ttl = event.ttl
            dialled = events.Dialled(packet=packet, side=side, leg=leg, retry=event.retry)
            connection.dials += 1
            connection.first_dial = connection.first_dial or dialled
            connection.last_dial = dialled
            return [dialled]
        if isinstance(event, SynAck):
            self._first_bytes.beginning_seen = True
            if connection.answered is not None:
                return []
            connection.answered = events.DialAnswered(packet=packet, side=side, leg=leg)
            return [connection.answered]
        if connection.opened is not None:
            return []
        connection.opened = events.Opened(packet=packet, side=side, leg=leg)
        return [connection.opened]

    def _on_data(self, event: Data) -> list[Event]:
        side = self.side(event.direction)
        flow = self.connection.flows[side]
        end = event.offset + len(event.data)
        flow.segments += 1
        flow.sent = max(flow.sent, end)
        flow.last_data = event.packet
        flow.ttl = event.ttl
        flow.last_sent_at = event.packet.at
        if self.identity is not None:
            return self._run(event)
        if side not in self._first_bytes.broken:
            self._first_bytes.said[side] += event.data[:DECIDED_BY]
        self._waiting.append(event)
        return self._identify(finished=len(self._waiting) > MAX_WAITING)

    def _on_bulk(self, event: Bulk) -> list[Event]:
        if self._skim(event):
            return []
        made: list[Event] = []
        for direction, packet, ttl, offset, data in event.pieces:
            if self._interpreter is None:
                told = Data(stream=self.stream, packet=packet, direction=direction, ttl=ttl, offset=offset, data=data)
                made += self.take(told)
                continue
            side, end = self.side(direction), offset + len(data)
            flow = self.connection.flows[side]
            flow.segments += 1
            flow.sent = max(flow.sent, end)
            flow.last = flow.last_data = packet
            flow.ttl, flow.last_sent_at = ttl, packet.at
            self._provenance[side].add(offset, end, packet)
            made += self._named(self._interpreter.feed(side, data))
        if event.packet.at > self.connection.last.at:
            self.connection.last = event.packet
        return made

    def _skim(self, event: Bulk) -> bool:
        """Take the bytes without looking at all of them, if they make no event."""
        interpreter = self._interpreter
        if interpreter is None:
            return False
        skims = [
            (
                self.side(direction),
                offset,
                stretch,
                interpreter.skim(self.side(direction), stretch),
            )
            for direction, offset, stretch in event.stretches
        ]
        if any(skim is None for *_, skim in skims):
            return False
        for side, offset, stretch, skim in skims:
            assert skim is not None
            interpreter.skip(side, skim)
            take_skimmed(skim, offset, stretch, self.connection.flows[side], self._provenance[side])
        if event.packet.at > self.connection.last.at:
            self.connection.last = event.packet
        return True

    def _on_hole(self, event: Hole) -> list[Event]:
        side = self.side(event.direction)
        flow = self.connection.flows[side]
        flow.sent = max(flow.sent, event.offset + event.length)
        flow.last_sent_at = event.packet.at
        if event.cause is HoleCause.NOT_CAPTURED:
            flow.acknowledge(event.offset + event.length, event.packet.at)
        if self.identity is not None:
            return self._run(event)
        self._waiting.append(event)
        self._first_bytes.broken |= {side}
        return self._identify(finished=len(self._waiting) > MAX_WAITING)

    def _on_retransmission(self, event: Retransmission, side: Side) -> list[Event]:
        flow = self.connection.flows[side]
        flow.resent += 1
        place = (side, event.offset)
        if len(self._retries) > MAX_WAITING:
            self._retries.clear()
        self._retries[place] = retry = self._retries.get(place, 0) + 1
        flow.last_resent = events.Resent(
            packet=event.packet,
            side=side,
            leg=self.connection.leg,
            offset=event.offset,
            length=event.length,
            retry=retry,
        )
        return [flow.last_resent]

    def _on_fin(self, event: Fin | FinImplied, side: Side) -> list[Event]:
        if self.connection.closing_of(side) is not None:
            return []
        implied = isinstance(event, FinImplied)
        closed = events.Closed(packet=event.packet, side=side, leg=self.connection.leg, implied=implied)
        self.connection.closings.append(closed)
        made = self._identify(finished=self.connection.is_open and len(self.connection.closings) > 1)
        if self._interpreter is not None:
            made += self._named(self._interpreter.close(side))
        made.append(closed)
        if all(isinstance(self.connection.closing_of(either), events.Closed) for either in Side):
            made += self._retire()
        return made

    def _on_reset(self, event: Reset, side: Side) -> list[Event]:
        connection = self.connection
        if event.fit is ResetFit.ANSWERS_SYN and not connection.is_open:
            refused = events.DialRefused(packet=event.packet, side=side, leg=connection.leg)
            connection.refused = connection.refused or refused
            return [refused]
        reset = events.WasReset(
            packet=event.packet,
            side=side,
            leg=connection.leg,
            fit=event.fit.name,
            ttl=event.ttl,
            usual_ttl=event.usual_ttl,
            ip_id=event.ip_id,
            usual_ip_id=event.usual_ip_id,
            acknowledges=event.acknowledges,
        )
        if event.retry and any(isinstance(old, events.WasReset) and old.side is side for old in connection.closings):
            return []
        connection.closings.append(reset)
        made = self._identify(finished=True)
        if self._interpreter is not None:
            for either in Side:
                made += self._named(self._interpreter.close(either))
        return [*made, reset]

    def _on_icmp(self, event: IcmpError, side: Side) -> list[Event]:
        connection = self.connection
        prohibited = events.DialProhibited(
            packet=event.packet,
            side=side,
            leg=connection.leg,
            reporter=event.reporter,
            version=event.version,
            type=event.type,
            code=event.code,
        )
        connection.prohibited = connection.prohibited or prohibited
        return [prohibited]

    # --- the dialogue ------------------------------------------------------------------------------------------------

    def _identify(self, *, finished: bool) -> list[Event]:
        if self.identity is not None:
            return []
        self._first_bytes.finished = finished
        self.identity = identify(self._first_bytes, self.expected)
        if self.identity is None:
            return []
        if self.identity.speech is Speech.EPMD:
            self.connection.leg = Leg.EPMD
        if self.identity.swapped:
            self._swap()
        heard = None if self._dissected is None else self._hear
        self._interpreter = interpreter_for(self.identity, midstream=not self._first_bytes.beginning_seen, heard=heard)
        self._first_bytes.said.clear()
        waiting, self._waiting = self._waiting, []
        made = [each for event in waiting for each in self._run(event)]
        if self._interpreter is not None:
            for closing in self.connection.closings:  # while nobody knew what they speak
                made += self._named(self._interpreter.close(closing.side))
        return made

    def _hear(self, item: Item) -> None:
        if self._dissected is not None:
            direction = next(each for each in Direction if self.side(each) is item.side)
            self._dissected(self.stream, direction, item)

    def _swap(self) -> None:
        """The stream guessed the opener, and what is said shows that it was the other side."""
        connection = self.connection
        connection.opener, connection.listener = connection.listener, connection.opener
        connection.closings = [replace(closing, side=closing.side.other) for closing in connection.closings]
        connection.flows = {side: connection.flows[side.other] for side in Side}

    def _run(self, event: Data | Hole) -> list[Event]:
        """Give bytes, or their absence, to the dialogue."""
        if self._interpreter is None:
            return []
        side = self.side(event.direction)
        if isinstance(event, Data):
            self._provenance[side].add(event.offset, event.offset + len(event.data), event.packet)
            return self._named(self._interpreter.feed(side, event.data))
        missing = events.BytesMissing(
            packet=event.packet,
            side=side,
            leg=self.connection.leg,
            offset=event.offset,
            length=event.length,
            delivered=event.cause is HoleCause.NOT_CAPTURED,
            snapped=event.cause is HoleCause.SNAPPED,
        )
        if len(self.connection.holes) < MAX_WAITING:
            self.connection.holes.append(missing)
        self._provenance[side].add(event.offset, event.offset + event.length, event.packet)
        return [missing, *self._named(self._interpreter.gap(side, event.length, delivered=missing.delivered))]

    def _named(self, meanings: Iterator[Meaning]) -> list[Event]:
        """Give each meaning the packets that carry it."""
        made: list[Event] = []
        for meaning in meanings:
            provenance = self._provenance[meaning.side]
            packets = provenance.packets(meaning.start, meaning.end)
            provenance.forget(meaning.end)
            if not packets:
                continue
            if meaning.tick or meaning.frame:
                self.connection.flows[meaning.side].count(packets[-1].at, tick=meaning.tick)
            if meaning.make is not None:
                made.append(
                    meaning.make(
                        packet=packets[-1],
                        side=meaning.side,
                        leg=self.connection.leg,
                        packets=packets if len(packets) > 1 else (),
                    )
                )
        return made
