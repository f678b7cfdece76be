"""Turns the sequence and acknowledgment numbers of segments into the bytes of one direction.

This is the only module that calculates with sequence numbers.  Everybody else sees offsets: integers that count the
bytes of a direction from 0 and never wrap around.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.capture.packet import PacketRef
from analyzer.decode.segment import Segment, TcpFlags
from analyzer.streams.held import Backlog, Chunk
from analyzer.streams.limits import Limits
from analyzer.streams.order import WINDOW, Order
from analyzer.streams.queued import Queued
from analyzer.streams.stream import Data, Direction, HoleCause, Stream
from analyzer.streams.tell import Events

if TYPE_CHECKING:
    from analyzer.capture.run_parts import Half

MODULUS = 1 << 32
MASK = MODULUS - 1
BEHIND = 1 << 30
"""The largest window there is (RFC 7323 section 2.3): no sender repeats bytes from farther back.  A number that seems
to lie farther back lies ahead, behind bytes that are missing."""
BEFORE_ORIGIN = 65_536
"""How far before a guessed origin the first bytes may turn out to lie."""
SYN = int(TcpFlags.SYN)
UNKNOWN = -1
"""In place of a sequence number: no number is known, and none equals it."""
SETTLED = -1
"""In place of a slack: the origin stays."""


class Flow(Order):
    """The bytes of one direction of a stream.

    ``origin`` is the sequence number of offset 0.  It is exact where a SYN or the answer to it was seen; otherwise the
    first sign of life sets it, and the first byte corrects it, as far as ``slack`` allows."""

    __slots__ = (
        "earlier_ack",
        "end",
        "expected",
        "ip_id",
        "latest_ack",
        "origin",
        "queued",
        "reached_in",
        "resets",
        "slack",
        "syn_acks",
        "syns",
        "ttl",
    )

    peer: Flow

    def __init__(self, stream: Stream, direction: Direction, limits: Limits, backlog: Backlog) -> None:
        super().__init__(stream, direction, limits, backlog)
        self.origin = UNKNOWN
        self.slack = SETTLED
        """How far beyond the origin the first byte may lie without a gap."""
        self.expected = UNKNOWN
        """Sequence number of offset ``next``."""
        self.end = 0
        """The highest offset that a segment of this direction reached, a FIN included."""
        self.reached_in: PacketRef | None = None
        """The packet without payload whose number is the highest of its kind."""
        self.latest_ack = UNKNOWN
        """Acknowledgment number of the other side's latest segment: its sequence number if this side denies the
        connection."""
        self.earlier_ack = UNKNOWN
        """The other acknowledgment number before it."""
        self.syns = 0
        self.syn_acks = 0
        self.resets = 0
        self.ttl: int | None = None
        """Of the latest segment that was no RST."""
        self.ip_id: int | None = None
        self.queued = Queued()

    def begin(self, initial: int) -> None:
        """A SYN of this direction with that number was seen."""
        self.answered((initial + 1) & MASK)

    def answered(self, acknowledgment: int) -> None:
        """Such a SYN was acknowledged with that number."""
        if self.next == 0 and not self.held:
            self._start_at(acknowledgment, SETTLED)

    def offset_of(self, sequence: int) -> int:
        """The offset that a sequence number means here and now; negative before the first byte."""
        delta = (sequence - self.expected) & MASK
        return self.next + (delta - MODULUS if delta >= MODULUS - BEHIND else delta)

    def offset_of_segment(self, segment: Segment) -> int:
        """The offset of the first byte of a segment's payload."""
        return self.offset_of((segment.sequence + bool(int(segment.flags) & SYN)) & MASK)

    @property
    def known(self) -> bool:
        """Whether anything told where its numbers are."""
        return self.origin != UNKNOWN

    @property
    def sent(self) -> int:
        """The offset that its sender is to use next, a FIN included, as far as anything tells."""
        return max(self.next, self.end, self.acked, self.spare.offset if self.spare else 0)

    def receive(self, segment: Segment, events: Events) -> None:
        """Take the payload of a segment of this direction."""
        payload = segment.payload
        length = segment.length
        sequence = segment.sequence
        if sequence == self.expected and self.plain and len(payload) == length:
            offset = self.next
            self.next = offset + length
            self.expected = (sequence + length) & MASK
            self.slack = SETTLED
            events.append(
                Data(
                    stream=self.stream,
                    packet=segment.packet,
                    direction=self.direction,
                    ttl=segment.ttl,
                    ip_id=segment.ip_id,
                    offset=offset,
                    data=payload,
                )
            )
            return
        start = self._place_of(segment)
        if length == 1 and self._is_probe(start):
            self.tell_keep_alive(segment, events)
            return
        chunk = Chunk(start, length, payload, segment.packet, segment.ttl, segment.ip_id, self.next)
        self._reaches(chunk.stop)
        self.place(chunk, events)

    def receive_nothing(self, segment: Segment, events: Events) -> None:
        """Take the sequence number of a segment without payload."""
        offset = self.offset_of(segment.sequence) if self.known else 0
        if not self.known or (self.slack == WINDOW and not self.acked and 0 <= offset <= WINDOW):
            # The next byte has that number, or the one after it if this is a keep-alive probe.
            self._start_at(segment.sequence, 1)
        elif self._is_probe(offset):
            self.tell_keep_alive(segment, events)
        elif self._reaches(offset):
            self.reached_in = segment.packet

    def receive_fin(self, segment: Segment, events: Events) -> None:
        """Take the FIN of a segment whose payload was taken before."""
        start = self._place_of(segment) + segment.length
        self._reaches(start + 1)
        self.place_fin(Chunk(start, 0, b"", segment.packet, segment.ttl, segment.ip_id, self.next), events)

    def acknowledged_by(self, segment: Segment, events: Events) -> None:
        """Take the acknowledgment number of a segment of the other side."""
        number = segment.acknowledgment
        if number == self.latest_ack:
            return
        if not self.known:
            # Bytes beyond it may have been sent before the capture began.
            self._start_at(number, WINDOW)
        self.earlier_ack, self.latest_ack = self.latest_ack, number
        self.acknowledge(self.offset_of(number), segment.packet, segment.ttl, segment.ip_id, events)

    def tell_unseen_end(self, events: Events) -> None:
        """The stream ends: bytes of which nothing but the number behind them was seen.  One may have been a FIN."""
        if self.reached_in is not None and self.fin is None and self.end - self.next > 1:
            self._hole(self.end, HoleCause.NEVER_SEEN, self.reached_in, events)

    def continued_by(self, half: Half | None, other: Half | None) -> bool:
        """Whether a run's packets of this direction go on just where it is, and acknowledge only what was seen: by now,
        or in ``other``, the other direction's part of the run."""
        if not self.plain or not self.known or self.latest_ack == UNKNOWN:
            return False
        if half is None:
            return True
        peer = self.peer
        seen = peer.expected if other is None else other.next_sequence
        return (
            half.first_sequence == self.expected
            and peer.latest_ack != UNKNOWN
            and (half.first_acknowledgment - peer.latest_ack) & MASK < BEHIND
            and (seen - half.first_acknowledgment) & MASK < BEHIND
            and not (half.unsure and peer.offset_of(half.first_acknowledgment) <= peer.acked)
        )

    def take_run(self, half: Half) -> None:
        """Take the numbers of a run's packets of this direction."""
        self.next = self.offset_of(half.next_sequence)
        self.expected = half.next_sequence
        self.slack = SETTLED
        self.ttl, self.ip_id = half.ttl, half.ip_id

    def acknowledged_in_run(self, half: Half, events: Events) -> None:
        """Take what a run's packets of the other side acknowledge."""
        *earlier, latest = half.acknowledgments
        if latest == self.latest_ack and not earlier:
            return
        self.earlier_ack = earlier[0] if earlier else self.latest_ack
        self.latest_ack = latest
        self.acknowledge(self.offset_of(latest), half.acknowledged_in, half.ttl, half.ip_id, events)

    def _start_at(self, origin: int, slack: int) -> None:
        self.slack = slack
        if origin != self.origin:
            self.origin = self.expected = origin
            self.end = self.acked = 0
            self.reached_in = None
            self.latest_ack = self.earlier_ack = UNKNOWN
            self.steps = ()
            self.spare = None
            self._refresh()

    def _place_of(self, segment: Segment) -> int:
        """The offset of a segment's first byte.  The first byte of a direction whose SYN was not seen is offset 0."""
        sequence = segment.sequence
        if int(segment.flags) & SYN:
            sequence = (sequence + 1) & MASK
        if not self.known or self._may_start_at(sequence):
            self._start_at(sequence, SETTLED)
        self.slack = SETTLED
        return self.offset_of(sequence)

    def _may_start_at(self, sequence: int) -> bool:
        """Whether the origin is but a guess, and this can be it."""
        return self.slack != SETTLED and not self.acked and -BEFORE_ORIGIN <= self.offset_of(sequence) <= self.slack

    def _reaches(self, offset: int) -> bool:
        """Whether nothing reached so far."""
        further = self.end < offset <= max(self.next, self.acked) + WINDOW
        if further:
            self.end = offset
        return further

    def _move_to(self, offset: int) -> None:
        self.next = offset
        self.expected = (self.origin + offset) & MASK
        self.slack = SETTLED

    def _is_probe(self, offset: int) -> bool:
        """Whether a segment of at most one byte there is a keep-alive (RFC 9293 section 3.8.4): it repeats the last
        number used, although that was acknowledged, as far as the other side's segments are seen at all."""
        return offset == max(self.end, self.next) - 1 and (self.acked > offset or not self.peer.seen)
