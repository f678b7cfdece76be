"""Turns the segments of one TCP connection, both directions, into its events."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from enum import Enum

from analyzer.capture.packet import PacketRef, Run
from analyzer.decode.segment import Segment, TcpFlags, Unreachable
from analyzer.streams.copies import Copies
from analyzer.streams.held import Backlog
from analyzer.streams.limits import Limits
from analyzer.streams.order import WINDOW
from analyzer.streams.reassembly import Flow
from analyzer.streams.reset import fit_of
from analyzer.streams.stream import (
    Bulk,
    Direction,
    Established,
    ForgetReason,
    Forgotten,
    IcmpError,
    OpenerKnownBy,
    Reset,
    ResetFit,
    Stream,
    Syn,
    SynAck,
)
from analyzer.streams.tell import Events

FIN, SYN, RST, ACK = int(TcpFlags.FIN), int(TcpFlags.SYN), int(TcpFlags.RST), int(TcpFlags.ACK)
SPECIAL = FIN | SYN | RST


class Life(Enum):
    """How far a connection is."""

    CLOSED = "reset, or every direction seen has sent its FIN"
    OPENING = "not established yet"
    OPEN = "established"

    __hash__ = object.__hash__  # members are singletons, and Enum's own is a Python call


class Connection:
    """One TCP connection: its stream, its two flows, and what only both together tell."""

    __slots__ = (
        "_over",
        "back",
        "began_in",
        "copies",
        "established",
        "last",
        "life",
        "mattered",
        "out",
        "queued",
        "stream",
    )

    def __init__(self, stream: Stream, first: PacketRef, limits: Limits, backlog: Backlog, copies: Copies) -> None:
        self.stream = stream
        self.copies = copies
        self.out = Flow(stream, Direction.OUT, limits, backlog)
        self.back = Flow(stream, Direction.BACK, limits, backlog)
        self.out.peer, self.back.peer = self.back, self.out
        self.life = Life.OPENING
        self.queued = Life.OPENING
        self.mattered = False
        """The ``life`` under which the table keeps it, and whether it mattered then."""
        self.established = False
        self.began_in = first.capture
        self.last = first
        self._over: frozenset[Direction] = frozenset()
        """Directions that sent a FIN after nobody watched any more."""

    def take(self, segment: Segment, flow: Flow, flags: int, events: Events) -> None:
        """Take a segment of ``flow``, one of this connection's.  It has at least one of the flags SYN, RST, ACK."""
        packet = segment.packet
        number = segment.acknowledgment
        identity = (flow, segment.sequence, number, flags, segment.length, segment.window, segment.ip_id)
        shown_again = flow.queued.shows_again(segment, flow, flow.limits)
        if self.copies.seen(identity, packet.at) or shown_again:
            return
        self.last = packet
        self.stream.segments[flow.direction] += 1
        self.stream.latest[flow.direction] = segment.packet
        peer = flow.peer
        if flags & SPECIAL:
            if flags & RST:
                self._take_reset(segment, flow, events)
                return
            flow.ttl = segment.ttl
            flow.ip_id = segment.ip_id
            if flags & SYN:
                self._take_syn(segment, flow, events)
            elif self.established or self._belongs_to_handshake(segment, flow, events):
                self._take_fin(segment, flow, events)
        else:
            flow.ttl = segment.ttl
            flow.ip_id = segment.ip_id
            if not self.established and not self._belongs_to_handshake(segment, flow, events):
                return
            if number != peer.latest_ack:
                peer.acknowledged_by(segment, events)
            if segment.length:
                flow.receive(segment, events)
            elif segment.sequence != flow.expected:
                flow.receive_nothing(segment, events)
        if flow.unseen:
            flow.settle_due(packet.at, events)
        if peer.unseen:
            peer.settle_due(packet.at, events)

    def take_run(self, run: Run, events: Events) -> bool:
        """Take many segments at once; False if they do not continue what is known."""
        sides = ((self.out, run.forth), (self.back, run.back))
        continued = self.out.continued_by(run.forth, run.back) and self.back.continued_by(run.back, run.forth)
        if self.life is not Life.OPEN or self.out.queued.seen or self.back.queued.seen or not continued:
            return False
        last = max((half.last for _, half in sides if half is not None), key=lambda ref: ref.number)
        self.last = last
        stretches = tuple(
            (flow.direction, flow.next, stretch)
            for (flow, _), stretch in zip(sides, run.stretches, strict=True)
            if stretch is not None
        )
        if stretches:
            pieces = run_pieces(run, self.out.next, self.back.next)
            told = Bulk(stream=self.stream, packet=last, direction=Direction.OUT, stretches=stretches, pieces=pieces)
            events.append(told)
        for flow, half in sides:
            if half is not None:
                self.stream.segments[flow.direction] += half.packets
                self.stream.latest[flow.direction] = half.last
                flow.take_run(half)
        for flow, half in sides:
            if half is not None:
                flow.peer.acknowledged_in_run(half, events)
        self.copies.may_follow(last.at, self._identities(run))
        return True

    def _identities(self, run: Run) -> Iterator[tuple[Hashable, int]]:
        """Of the packets at the end of a run, as :meth:`take` makes them, with their times: made when asked for."""
        forth, at, *others = run.recent()
        yield from zip(zip(map((self.back, self.out).__getitem__, forth), *others, strict=True), at, strict=True)

    def pass_over(self, segment: Segment, flow: Flow, flags: int) -> None:
        """Take a SYN, FIN or RST of a stream that nobody watches: they tell when its addresses and ports are free."""
        self.last = segment.packet
        if flags & RST:
            self.life = Life.CLOSED
        elif flags & FIN:
            self._over |= {flow.direction}
            if all(side.direction in self._over or not side.seen for side in (self.out, self.back)):
                self.life = Life.CLOSED

    def take_error(self, error: Unreachable, flow: Flow, events: Events) -> None:
        """Take an ICMP error about a segment of ``flow``, unless the quoted number is of another connection."""
        sequence = error.sequence
        if sequence is not None and flow.known and not -WINDOW <= flow.offset_of(sequence) - flow.sent <= WINDOW:
            return
        identity = (flow, error.reporter, error.type, error.code, sequence)
        if self.copies.seen(identity, error.packet.at):
            return
        self.last = error.packet
        events.append(
            IcmpError(
                stream=self.stream,
                packet=error.packet,
                direction=flow.direction.other,
                reporter=error.reporter,
                version=error.version,
                type=error.type,
                code=error.code,
            )
        )

    def flush(self, events: Events) -> None:
        """Nothing more will come: tell all that waits."""
        for flow in (self.out, self.back):
            flow.give_up(events)
            flow.imply_fin(events)
            flow.tell_unseen_end(events)

    def forget(self, reason: ForgetReason, events: Events) -> None:
        """Tell all that waits, and that this is the end."""
        self.flush(events)
        direction = Direction.OUT
        events.append(Forgotten(stream=self.stream, packet=self.last, direction=direction, reason=reason))
        # Else only the garbage collector could free them.
        del self.out.peer, self.back.peer

    def _take_syn(self, segment: Segment, flow: Flow, events: Events) -> None:
        stream, direction = self.stream, flow.direction
        answers = bool(int(segment.flags) & ACK)
        flow.begin(segment.sequence)
        stream.initial_sequence.setdefault(direction, segment.sequence)
        kind: type[Syn | SynAck]
        if answers:
            kind, retry = SynAck, flow.syn_acks
            flow.syn_acks += 1
            self._take_answer(segment, flow, events)
        else:
            kind, retry = Syn, flow.syns
            flow.syns += 1
            if direction is Direction.OUT:
                stream.opener_known_by = OpenerKnownBy.SYN
        if not self.established:
            self.life = Life.OPENING  # also if it was refused before: some systems dial again with the same number
        events.append(
            kind(
                stream=stream,
                packet=segment.packet,
                direction=direction,
                ttl=segment.ttl,
                ip_id=segment.ip_id,
                retry=retry,
            )
        )
        if answers and flow.peer.syn_acks and not self.established:
            self._establish(segment, flow, events)
        if segment.length:
            flow.receive(segment, events)

    def _take_answer(self, segment: Segment, flow: Flow, events: Events) -> None:
        peer = flow.peer
        if flow.direction is Direction.BACK and self.stream.opener_known_by is OpenerKnownBy.GUESS:
            self.stream.opener_known_by = OpenerKnownBy.SYN_ACK
        if not peer.known:
            peer.answered(segment.acknowledgment)
        if 0 <= peer.offset_of(segment.acknowledgment) <= peer.sent:
            peer.acknowledged_by(segment, events)

    def _belongs_to_handshake(self, segment: Segment, flow: Flow, events: Events) -> bool:
        """Take note if a segment without SYN proves that the handshake was completed.

        Returns False for a segment that must be left alone: a listener that still has an older connection of these
        ports answers a SYN with an ACK of that one (RFC 5961 section 4.2)."""
        proves = True
        if flow.direction is Direction.BACK and self.stream.opener_known_by is not OpenerKnownBy.GUESS:
            offset = flow.peer.offset_of(segment.acknowledgment)
            if flow.direction not in self.stream.initial_sequence and not 0 <= offset <= WINDOW:
                return False
            proves = offset > 0 or segment.length > 0 or bool(int(segment.flags) & FIN)
        if proves:
            self._establish(segment, flow, events)
        return True

    def _establish(self, segment: Segment, flow: Flow, events: Events) -> None:
        self.established = True
        if self.life is Life.OPENING:
            self.life = Life.OPEN
        events.append(
            Established(
                stream=self.stream,
                packet=segment.packet,
                direction=flow.direction,
                ttl=segment.ttl,
                ip_id=segment.ip_id,
            )
        )

    def _take_fin(self, segment: Segment, flow: Flow, events: Events) -> None:
        peer = flow.peer
        peer.acknowledged_by(segment, events)
        if segment.length:
            flow.receive(segment, events)
        if not peer.seen:
            peer.imply_fin(events)
        flow.receive_fin(segment, events)
        if all(flow.fin is not None or not flow.seen for flow in (self.out, self.back)):
            self.life = Life.CLOSED

    def _take_reset(self, segment: Segment, flow: Flow, events: Events) -> None:
        direction = flow.direction
        answers_syn = self.life is Life.OPENING and flow.peer.syns > 0 and not flow.syn_acks
        fit = fit_of(segment, flow, answers_syn)
        acknowledges = bool(int(segment.flags) & ACK)
        if acknowledges and fit is ResetFit.EXACT:
            flow.peer.acknowledged_by(segment, events)
        if fit is not ResetFit.OUT_OF_WINDOW:
            self.flush(events)
            self.life = Life.CLOSED
        events.append(
            Reset(
                stream=self.stream,
                packet=segment.packet,
                direction=direction,
                ttl=segment.ttl,
                ip_id=segment.ip_id,
                fit=fit,
                usual_ttl=flow.ttl,
                usual_ip_id=flow.ip_id,
                acknowledges=acknowledges,
                retry=flow.resets,
            )
        )
        flow.resets += 1


def run_pieces(run: Run, out: int, back: int) -> Iterator[tuple[Direction, PacketRef, int, int, bytes]]:
    """The payload of a run packet by packet, where ``out`` and ``back`` are the offsets of the first bytes."""
    places = {Direction.OUT: out, Direction.BACK: back}
    for piece in run.pieces:
        direction = Direction.OUT if piece.forth else Direction.BACK
        yield direction, piece.packet, piece.ttl, places[direction], piece.data
        places[direction] += len(piece.data)
