"""What is known of one TCP connection of an attempt: how it opened, what went through, how it ended."""

from __future__ import annotations

from analyzer.capture.packet import PacketRef
from analyzer.decode.segment import Endpoint
from analyzer.sessions import events
from analyzer.sessions.events import Leg
from dissectors.dataclass import dataclass, field
from dissectors.dialogue import Side

Closing = events.Closed | events.WasReset


@dataclass(slots=True, eq=False)
class Flow:
    """One direction."""

    sent: int = 0
    """Payload bytes that this side sent, holes included."""
    acknowledged: int = 0
    """How many of them the peer's TCP acknowledged."""
    acknowledged_at: int | None = None
    """When that number last grew."""
    segments: int = 0
    """Packets of this side that are in the capture."""
    ttl: int | None = None
    """Hop limit of its latest packet with payload or SYN."""
    last: PacketRef | None = None
    """Last packet of this side, whatever it was."""
    last_data: PacketRef | None = None
    """Last packet of this side with new payload."""
    last_sent_at: int | None = None
    """Of the last new payload or tick, hole included."""
    resent: int = 0
    """Retransmissions of payload."""
    last_resent: events.Resent | None = None
    ticks: int = 0
    frames: int = 0
    intervals: list[int] = field(default_factory=list)
    """Nanoseconds between the latest ticks, at most 8."""
    last_tick_at: int | None = None

    def count(self, at: int, *, tick: bool) -> None:
        """A frame after the handshake was completed at ``at``."""
        if not tick:
            self.frames += 1
            return
        self.ticks += 1
        if self.last_tick_at is not None:
            self.intervals.append(at - self.last_tick_at)
            del self.intervals[:-8]
        self.last_tick_at = at

    def acknowledge(self, offset: int, at: int) -> None:
        """The peer's TCP has all bytes below ``offset``."""
        if offset > self.acknowledged:
            self.acknowledged, self.acknowledged_at = offset, at

    @property
    def unacknowledged(self) -> int:
        return max(0, self.sent - self.acknowledged)


@dataclass(slots=True, eq=False)
class Connection:
    """One TCP connection at one point of observation."""

    leg: Leg
    vantage: int
    opener: Endpoint
    listener: Endpoint
    first: PacketRef
    last: PacketRef
    opener_seen: bool = False
    """A SYN or SYN-ACK tells who opened it."""
    initial_sequence: tuple[int | None, int | None] = (None, None)
    """ISN of opener and listener: the same in every capture of this connection, even through a NAT that keeps them."""
    dials: int = 0
    first_dial: events.Dialled | None = None
    last_dial: events.Dialled | None = None
    answered: events.DialAnswered | None = None
    opened: events.Opened | None = None
    refused: events.DialRefused | None = None
    prohibited: events.DialProhibited | None = None
    closings: list[Closing] = field(default_factory=list)
    """FINs and RSTs in order, repetitions left out."""
    flows: dict[Side, Flow] = field(default_factory=lambda: {side: Flow() for side in Side})
    holes: list[events.BytesMissing] = field(default_factory=list)
    forgotten: str | None = None

    @property
    def is_open(self) -> bool:
        """TCP was established, as far as the capture can show it."""
        return self.opened is not None or any(flow.sent for flow in self.flows.values())

    @property
    def end(self) -> Closing | None:
        """The first FIN or RST: who gave up.  By the packets' time: a FIN behind a hole is told late."""
        closings = self.closings
        return min(closings, key=_order) if len(closings) > 1 else closings[0] if closings else None

    def closing_of(self, side: Side) -> Closing | None:
        return next((closing for closing in self.closings if closing.side is side), None)

    @property
    def opened_at(self) -> int:
        """When TCP was open for both sides, as far as the packets tell.

        Where the ACK that completes the opening is not in the capture, what proves it may come much later."""
        if self.opened is not None and ((end := self.end) is None or self.opened.packet.at < end.packet.at):
            return self.opened.packet.at
        return self.answered.packet.at if self.answered is not None else self.first.at

    @property
    def round_trip(self) -> int | None:
        """Nanoseconds from the SYN to the ACK that completes the opening; None where not seen.

            With one SYN repeated it is the upper bound: a second's wait for a path of more than a second, or for a lost
        SYN."""
        if self.first_dial is None or self.opened is None or self.dials > 2:
            return None
        return self.opened.packet.at - self.first_dial.packet.at


def _order(closing: Closing) -> tuple[int, bool]:
    """What an acknowledgment implies came before the packet that acknowledges it."""
    return closing.packet.at, not (isinstance(closing, events.Closed) and closing.implied)
