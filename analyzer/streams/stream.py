"""What a stream tells: events of one TCP connection in order, each with the packet that shows it.

The stream layer knows sequence numbers so that nobody above has to.  Directions are those of the TCP connection:
``OUT`` is from the side that opened it, as far as that is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, StrEnum

from analyzer.capture.packet import PacketRef, Stretch
from analyzer.decode.segment import Endpoint
from dissectors.dataclass import dataclass, field


class Direction(Enum):
    OUT = "out"
    """From the opener to the listener."""
    BACK = "back"

    __hash__ = object.__hash__
    """Members are singletons; Enum's own hash is a Python call, which counting every segment would pay for."""

    @property
    def other(self) -> Direction:
        return Direction.BACK if self is Direction.OUT else Direction.OUT


class OpenerKnownBy(Enum):
    """Why we think that ``opener`` opened the connection."""

    SYN = "its SYN is in the capture"
    SYN_ACK = "the listener's SYN-ACK is in the capture"
    GUESS = "neither SYN is in the capture: guessed"


@dataclass(slots=True, eq=False)
class Stream:
    """One TCP connection at one point of observation; identity object that every event refers to.

    Everything in it is kept up to date by the stream layer, except ``watched`` and ``matters``, which belong to the
    reader."""

    vantage: int
    opener: Endpoint
    listener: Endpoint
    opener_known_by: OpenerKnownBy
    initial_sequence: dict[Direction, int] = field(default_factory=dict)
    """Of the SYN of each direction, where seen: tells two views of one connection from two connections."""
    segments: dict[Direction, int] = field(default_factory=lambda: dict.fromkeys(Direction, 0))
    """Distinct segments seen of each direction (copies of one packet count once)."""
    latest: dict[Direction, PacketRef] = field(default_factory=dict)
    """Last packet of each direction, also where it shows nothing new: a bare acknowledgment proves a live host."""
    watched: bool = True
    """Set it to False once nothing of it matters: from then on only SYN, FIN and RST are looked at, which tell when its
    addresses and ports begin another connection, and only :class:`Forgotten` is told for certain."""
    matters: bool = False
    """Set it to True for what must be followed to its end: where there are too many streams, others go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvent:
    stream: Stream
    packet: PacketRef
    direction: Direction
    """Which side sent the packet that shows the event (but see :class:`Hole` and :class:`IcmpError`)."""
    ttl: int = 0
    """IPv4 time to live or IPv6 hop limit of that packet; 0 for an event that rests on several packets."""
    ip_id: int | None = None
    """IPv4 identification of that packet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Syn(StreamEvent):
    """A SYN; ``retry`` counts earlier SYNs of the same dial (0 for the first)."""

    retry: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SynAck(StreamEvent):
    retry: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Established(StreamEvent):
    """The ACK that completes the three-way handshake (or the first packet that proves that it was completed).

    Also told of a stream whose start is not in the capture, at its first segment: data come after an Established,
    except those on a SYN (TCP Fast Open)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Data(StreamEvent):
    """Next in-order bytes, delivered once: retransmissions and overlaps are cut off."""

    offset: int
    """Of the first byte in the stream of its direction; 0 is the first byte after the SYN (or the first byte seen)."""
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk(StreamEvent):
    """Many :class:`Data` of both directions at once, each as it would have been told."""

    stretches: tuple[tuple[Direction, int, Stretch], ...]
    """The bytes of each direction that has any, and the offset of the first one."""
    pieces: Iterable[tuple[Direction, PacketRef, int, int, bytes]]
    """Direction, packet, time to live, offset and bytes, in the order of the packets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole(StreamEvent):
    """Bytes ``offset:offset+length`` will never come.  ``packet`` is the one that made this known.

    ``direction`` is that of the missing bytes, also where ``packet`` is an acknowledgment by the other side."""

    offset: int
    length: int
    cause: HoleCause


class HoleCause(Enum):
    NOT_CAPTURED = "the peer acknowledged them (or later data were delivered): lost by the capture, not by the network"
    SNAPPED = "cut off by the snap length"
    NEVER_SEEN = "neither they nor an acknowledgment of them were seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retransmission(StreamEvent):
    """Bytes that were sent before: ``offset:offset+length``.

    Not told of copies of one packet (``-i any``, mirrors), nor of a repeated SYN or FIN, which have their ``retry``."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(StreamEvent):
    """``direction`` acknowledged all bytes of the *other* direction below ``offset``; only when this is news."""

    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAlive(StreamEvent):
    """A TCP keep-alive probe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fin(StreamEvent):
    """The sender sends no more; ``retry`` counts earlier FINs of that direction.

    Delivered in order: after all data before it (or the :class:`Hole` in their place)."""

    retry: int = 0
    offset: int = 0
    """Number of bytes that the direction sent in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinImplied(StreamEvent):
    """A FIN that is not in the capture, but was acknowledged: ``direction`` closed its side.

    A FIN takes one sequence number, like a byte.  An acknowledgment of exactly one number more than all bytes known,
    with nothing of ``direction`` after it, is told as this once the other side closes too or the stream ends, not as a
    :class:`Hole` of one byte.  ``packet`` is that acknowledgment, so the FIN came before it."""

    offset: int


class ResetFit(Enum):
    """How a RST's numbers fit what its sender was about to send (RFC 9293 section 3.5.3, RFC 5961)."""

    ANSWERS_SYN = "refuses the SYN that it acknowledges"
    EXACT = "carries the very sequence number that its sender was to use next"
    ANSWERS_SEGMENT = (
        "takes its number from the ACK field of a segment of the peer: sent by a host without that connection"
    )
    IN_WINDOW = "inside the window, but not the next number"
    OUT_OF_WINDOW = "outside the window: a correct TCP ignores it"
    UNKNOWN = "nothing else in the capture tells its sender's numbers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset(StreamEvent):
    fit: ResetFit
    usual_ttl: int | None = None
    """TTL of the other packets of this direction (the most recent one before it), None if there is none."""
    usual_ip_id: int | None = None
    """IPv4 identification of the most recent packet of this direction before it."""
    acknowledges: bool = False
    """The ACK flag is set."""
    retry: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IcmpError(StreamEvent):
    """An ICMP error about a packet of this stream.

    ``direction`` is the side that was not reached: the packet that the error quotes was sent by ``direction.other``."""

    reporter: str
    version: int
    type: int
    code: int


class ForgetReason(StrEnum):
    """Why a stream is no longer tracked."""

    CLOSED = "closed, and quiet since"
    UNANSWERED = "never established, and quiet since"
    REPLACED = "the same addresses and ports opened another connection"
    PRESSURE = "pushed out by the bound on tracked streams"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten(StreamEvent):
    """The stream is no longer tracked: no further event will refer to it.  ``packet`` is its last one.

    A stream that is tracked at the end of the input gets no such event."""

    reason: ForgetReason
