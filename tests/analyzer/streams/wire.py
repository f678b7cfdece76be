"""A TCP connection in words (who sends which bytes, from which offset) becomes segments, and events become words again.

Offsets count like the stream layer does: 0 is the first byte after the SYN, so a SYN is at -1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from analyzer.capture.packet import PacketRef
from analyzer.decode.segment import Endpoint, Segment, TcpFlags, Unreachable
from analyzer.streams.limits import MILLISECOND, Limits
from analyzer.streams.stream import Data, Direction, Hole, StreamEvent
from analyzer.streams.table import StreamTable

FIN, SYN, RST, ACK, PSH = TcpFlags.FIN, TcpFlags.SYN, TcpFlags.RST, TcpFlags.ACK, TcpFlags.PSH
OUT, BACK = Direction.OUT, Direction.BACK
CLIENT = Endpoint("10.0.0.1", 40_001)
SERVER = Endpoint("10.0.0.2", 25_672)
START = 1_700_000_000_000_000_000


@dataclass(slots=True)
class Wire:
    """One connection; every segment is 10 ms after the one before it unless ``tick`` or ``at`` say otherwise."""

    opener: Endpoint = CLIENT
    listener: Endpoint = SERVER
    out_isn: int = 1_000
    back_isn: int = 9_000_000
    vantage: int = 0
    capture: int = 0
    number: int = 0
    at: int = START
    tick: int = 10 * MILLISECOND

    def ref(self) -> PacketRef:
        """The next packet's number and time."""
        self.number += 1
        self.at += self.tick
        return PacketRef(self.capture, self.number, self.at)

    def send(
        self,
        direction: Direction,
        payload: bytes = b"",
        offset: int = 0,
        ack: int = 0,
        flags: TcpFlags = ACK,
        *,
        length: int | None = None,
        ttl: int = 64,
        ip_id: int | None = None,
    ) -> Segment:
        """A segment whose payload starts at ``offset`` and that acknowledges all bytes below ``ack``."""
        ends = (self.opener, self.listener)
        numbers = (self.out_isn, self.back_isn)
        forth = direction is OUT
        ref = self.ref()
        return Segment(
            packet=ref,
            vantage=self.vantage,
            source=ends[not forth],
            destination=ends[forth],
            sequence=(numbers[not forth] + 1 + offset) % 2**32,
            acknowledgment=(numbers[forth] + 1 + ack) % 2**32 if flags & ACK else 0,
            flags=flags,
            window=500,
            payload=payload,
            length=len(payload) if length is None else length,
            ttl=ttl,
            ip_id=ref.number if ip_id is None else ip_id,
        )

    def out(self, payload: bytes = b"", offset: int = 0, ack: int = 0, flags: TcpFlags = ACK) -> Segment:
        """By the opener."""
        return self.send(OUT, payload, offset, ack, flags)

    def back(self, payload: bytes = b"", offset: int = 0, ack: int = 0, flags: TcpFlags = ACK) -> Segment:
        """By the listener."""
        return self.send(BACK, payload, offset, ack, flags)

    def syn(self) -> Segment:
        """The opener dials."""
        return self.out(offset=-1, flags=SYN)

    def syn_ack(self) -> Segment:
        """The listener answers."""
        return self.back(offset=-1, flags=SYN | ACK)

    def handshake(self) -> list[Segment]:
        """Three segments."""
        return [self.syn(), self.syn_ack(), self.out()]

    def error(self, about: Segment, *, reporter: str = "10.0.0.9", kind: int = 3, code: int = 13) -> Unreachable:
        """An ICMP error that quotes a segment."""
        return Unreachable(
            self.ref(), self.vantage, reporter, 4, kind, code, about.source, about.destination, about.sequence
        )


def again(segment: Segment, after: int, *, ttl: int = 64, carrier: tuple[str, ...] = ()) -> Segment:
    """The same packet once more, ``after`` nanoseconds later."""
    packet = segment.packet._replace(number=segment.packet.number + 1_000, at=segment.packet.at + after)
    return segment._replace(packet=packet, ttl=ttl, carrier=carrier)


HIDDEN = {"stream", "packet", "ttl", "ip_id", "direction", "usual_ttl", "usual_ip_id"}


def words(events: Iterable[StreamEvent]) -> list[str]:
    """Each event as ``direction Name field=value …``, without packets, TTLs, IDs and default values."""
    lines = []
    for event in events:
        line = [event.direction.value, type(event).__name__]
        for name, field in event.__dataclass_fields__.items():
            value = getattr(event, name)
            if name not in HIDDEN and value != field.default:
                line.append(f"{name}={value.name if isinstance(value, Enum) else value}")
        lines.append(" ".join(line))
    return lines


def only(events: Iterable[StreamEvent], *kinds: type[StreamEvent]) -> list[StreamEvent]:
    """The events of those kinds."""
    return [event for event in events if isinstance(event, kinds)]


def told(events: Iterable[StreamEvent], direction: Direction) -> list[tuple[int, bytes | int]]:
    """The offset and the bytes of all data of a direction, or the length of a hole; checks that each begins where the
    one before it ends."""
    pieces: list[tuple[int, bytes | int]] = []
    position = 0
    for event in events:
        if event.direction is direction and isinstance(event, Data | Hole):
            assert event.offset == position, (event, position)
            piece: bytes | int = event.data if isinstance(event, Data) else event.length
            position += len(piece) if isinstance(piece, bytes) else piece
            pieces.append((event.offset, piece))
    return pieces


def spread(events: Iterable[StreamEvent], direction: Direction) -> list[int | None]:
    """Every byte of a direction, None for one in a hole."""
    content: list[int | None] = []
    for _, piece in told(events, direction):
        content.extend(piece if isinstance(piece, bytes) else [None] * piece)
    return content


class Transcript:
    """Feeds segments to a table and keeps what it tells."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.table = StreamTable(limits)
        self.events: list[StreamEvent] = []

    def feed(self, *segments: Segment) -> list[str]:
        """What these segments are told as."""
        new = [event for segment in segments for event in self.table.feed(segment)]
        self.events += new
        return words(new)


def established(wire: Wire) -> Transcript:
    """A transcript after the three-way handshake."""
    transcript = Transcript()
    transcript.feed(*wire.handshake())
    return transcript
