"""An attempt: one node trying one thing once, with its timeline and what is known of both sides.

The unit of diagnosis (design: vocabulary).  A ``connect`` joins the EPMD lookup, the TCP connection, TLS, the handshake
and the life of the link, whichever of these the capture shows.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from enum import Enum
from struct import Struct
from typing import ClassVar, TypeVar

from analyzer.capture.packet import PacketRef
from analyzer.sessions import events
from analyzer.sessions.archive import Archive, Packable
from analyzer.sessions.connection import Connection
from analyzer.sessions.events import Event, Leg
from analyzer.sessions.product import Product, product_of
from analyzer.sessions.states import Stage, State, stage_of, step
from dissectors import handshake
from dissectors.dataclass import dataclass, field
from dissectors.dialogue import Side
from dissectors.epmd import Port2Resp

__all__ = ["Attempt", "Kind", "Party", "Quality", "Stage"]

E = TypeVar("E", bound=Event)

_SPAN = Struct("qqqq")
MAX_TIMELINE = 400
"""Events of the repeating kinds that one attempt keeps, and half of what it keeps of all kinds."""
REPEATING = (
    events.Dialled,
    events.Resent,
    events.BytesMissing,
    events.DialProhibited,
    events.TlsSaid,
    events.NotUnderstood,
)
"""Kinds of which the first ones tell the story: the thousandth retransmission adds nothing."""


class Kind(Enum):
    CONNECT = "connect"
    REGISTER = "register"
    QUERY = "query"


class Quality(Enum):
    """What the capture cannot show: stands beside a verdict, never instead of one."""

    ONE_SIDED = "capture-one-sided"
    MIDSTREAM = "capture-midstream"
    TRUNCATED = "capture-truncated"
    GAP = "capture-gap"


def qualities_of(connection: Connection) -> Iterator[Quality]:
    """What the capture does not show of one connection."""
    one_sided = connection.is_open and any(flow.last is None for flow in connection.flows.values())
    if not connection.opener_seen:
        yield Quality.MIDSTREAM
    if one_sided:
        yield Quality.ONE_SIDED
    for hole in connection.holes:
        if hole.snapped:
            yield Quality.TRUNCATED
        elif hole.delivered and not one_sided:
            yield Quality.GAP


@dataclass(slots=True, eq=False)
class Party:
    """One side of an attempt."""

    node: str | None = None
    """Full node name, as the node says it itself."""
    address: str | None = None
    port: int | None = None

    @property
    def label(self) -> str:
        """What people call it: the node name, else the address."""
        return self.node or self.address or "an unknown node"


@dataclass(slots=True, eq=False)
class Attempt(Packable):
    PARTS: ClassVar[tuple[str, ...]] = (
        "initiator",
        "acceptor",
        "called_name",
        "called",
        "epmd",
        "link",
        "timeline",
        "identified_by",
    )

    kind: Kind
    initiator: Party
    acceptor: Party
    called_name: str | None = None
    """Left part of the called node's name: what EPMD was asked for."""
    called: str | None = None
    """Full name that was called, as far as it is known."""
    epmd: Connection | None = None
    link: Connection | None = None
    timeline: list[Event] = field(default_factory=list)
    state: State = State.START
    omitted: int = 0
    """Events beyond ``MAX_TIMELINE``."""
    views: tuple[Attempt, ...] = ()
    """The same attempt as other captures show it (both ends, both sides of a NAT)."""
    lossy: bool = False
    """The capture lost packets while it went on, perhaps some of its own."""
    identified_by: str = ""
    """Why this is taken for Erlang traffic."""
    _span: bytes | None = None
    """First packet and end of one that is packed: :data:`_SPAN`, a third of what the objects take."""

    # --- growing -----------------------------------------------------------------------------------------------------

    def add(self, event: Event) -> None:
        """Put an event on the timeline and move the state."""
        self.state = step(self.state, event)
        room = MAX_TIMELINE if isinstance(event, REPEATING) else 2 * MAX_TIMELINE
        if len(self.timeline) >= room:
            self.omitted += 1
            return
        # What stands behind a hole in the stream is told late.
        insort(self.timeline, event, key=_order)

    @property
    def qualities(self) -> frozenset[Quality]:
        """What the capture does not show of its connections."""
        connections = (connection for connection in (self.epmd, self.link) if connection is not None)
        found = frozenset(quality for connection in connections for quality in qualities_of(connection))
        return found | {Quality.GAP} if self.lossy else found

    # --- looking -----------------------------------------------------------------------------------------------------

    @property
    def stage(self) -> Stage:
        """How far it got."""
        return stage_of(self.state)

    def pack(self, archive: Archive) -> None:
        self._span = _SPAN.pack(*self.first_packet, self.ended_at)
        Packable.pack(self, archive)

    def unpack(self) -> None:
        self._span = None
        Packable.unpack(self)

    @property
    def first_packet(self) -> PacketRef:
        return self.timeline[0].packet if self._span is None else PacketRef(*_SPAN.unpack(self._span)[:-1])

    @property
    def started_at(self) -> int:
        return min(event.packet.at for event in self.timeline) if self._span is None else self.first_packet.at

    @property
    def ended_at(self) -> int:
        """Of the last packet that belongs to it."""
        if self._span is not None:
            ended_at: int = _SPAN.unpack(self._span)[-1]
            return ended_at
        legs = [connection.last.at for connection in (self.epmd, self.link) if connection is not None]
        return max([event.packet.at for event in self.timeline] + ([] if self.kind is Kind.REGISTER else legs))

    @property
    def product(self) -> Product | None:
        return product_of(self.acceptor.node, self.initiator.node, self.called and f"{self.called_name}@")

    def label(self, side: Side) -> str:
        """What people call ``side``: a node that did not say its name goes by the name that it was called by."""
        if side is Side.INITIATOR:
            return self.initiator.label
        return self.acceptor.node or self.called or self.acceptor.label

    def all(self, kind: type[E], side: Side | None = None, leg: Leg | None = None) -> Iterator[E]:
        """Events of a class, in order."""
        for event in self.timeline:
            if isinstance(event, kind) and (side is None or event.side is side) and (leg is None or event.leg is leg):
                yield event

    def first(self, kind: type[E], side: Side | None = None, leg: Leg | None = None) -> E | None:
        # Not by way of all(): the rules ask this some fifty times of every attempt.
        for event in self.timeline:
            if isinstance(event, kind) and (side is None or event.side is side) and (leg is None or event.leg is leg):
                return event
        return None

    def last(self, kind: type[E], side: Side | None = None, leg: Leg | None = None) -> E | None:
        found: E | None = None
        for event in self.all(kind, side, leg):
            found = event
        return found

    @property
    def send_name(self) -> handshake.SendName | handshake.SendNameOld | None:
        event = self.first(events.NameSent)
        return event.message if event else None

    @property
    def challenge(self) -> handshake.Challenge | handshake.ChallengeOld | None:
        event = self.first(events.ChallengeSent)
        return event.message if event else None

    @property
    def port2_resp(self) -> Port2Resp | None:
        """EPMD's good answer."""
        event = self.first(events.EpmdAnswered)
        return event.message if event and isinstance(event.message, Port2Resp) else None

    @property
    def initiator_flags(self) -> int | None:
        """All that the initiator has told of its flags: its name, and the complement's high half."""
        name = self.send_name
        if name is None:
            return None
        complement = self.first(events.ComplementSent)
        high = complement.message.flags_high if complement and complement.message else 0
        return name.flags | (high << 32)

    @property
    def settled(self) -> bool:
        """Nothing more can be expected of it: refused, or the connection that it had is closed."""
        last = self.link or self.epmd
        if last is None or last.refused is not None or last.prohibited is not None:
            return last is not None
        waits_for_dial = self.link is None and self.port2_resp is not None
        return (
            not waits_for_dial
            and len({closing.side for closing in last.closings})
            + any(isinstance(closing, events.WasReset) for closing in last.closings)
            >= 2
        )


def _order(event: Event) -> tuple[int, int, bool]:
    """By packet; what an acknowledgment implies came before the packet that acknowledges it."""
    return event.packet.at, event.packet.number, not (isinstance(event, events.Closed) and event.implied)
