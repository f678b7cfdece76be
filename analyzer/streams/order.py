"""Turns the bytes of one direction, as they turn up, into events in order, with a hole where bytes are missing.

Here bytes are counted by *offset*: an integer that starts at 0 and never wraps around.  How a segment's numbers become
offsets is :mod:`analyzer.streams.reassembly`'s affair.
"""

from __future__ import annotations

from typing import NamedTuple

from analyzer.capture.packet import PacketRef
from analyzer.streams.held import Backlog, Chunk, Held
from analyzer.streams.limits import Limits
from analyzer.streams.stream import Direction, HoleCause, Stream
from analyzer.streams.tell import Events, Teller

WINDOW = 4 * 1024 * 1024
"""How far from the bytes known something is still believed without further proof.  Segments do not tell their window
scale, so this stands for the window; larger ones are rare outside of tuned long-distance links."""


class Mark(NamedTuple):
    """An acknowledgment of bytes that the capture has not shown."""

    offset: int
    packet: PacketRef
    segments: int
    """Of the stream, until then."""


class Order(Teller):
    """What was told of one direction, and what waits to be told.

    ``next`` is the first offset neither delivered nor given up.  Where bytes overlap, those that came first win.

    An acknowledgment of exactly one number more than all bytes known may be that of a FIN that was not captured, so it
    is kept aside (``spare``) until something tells: later bytes or acknowledgments make it a byte, the end of the
    stream makes it a FIN.  A FIN acknowledged together with bytes before it that were not captured either cannot be
    told from one byte more.
    """

    __slots__ = (
        "acked",
        "backlog",
        "fin",
        "fin_repeats",
        "fin_told",
        "held",
        "limits",
        "next",
        "peer",
        "plain",
        "spare",
        "steps",
        "unseen",
        "waits_since",
    )

    peer: Order

    def __init__(self, stream: Stream, direction: Direction, limits: Limits, backlog: Backlog) -> None:
        super().__init__(stream, direction)
        self.limits = limits
        self.backlog = backlog
        self.next = 0
        self.acked = 0
        self.held = Held(backlog)
        self.waits_since = 0
        self.steps: tuple[Mark, ...] = ()
        self.spare: Mark | None = None
        self.fin: Chunk | None = None
        self.fin_told = False
        self.fin_repeats = 0
        self.plain = True
        """Nothing waits, and nothing is special: the next bytes can be told as they come."""
        self.unseen = False
        """The other side acknowledged something that the capture has not shown."""

    @property
    def seen(self) -> int:
        """Segments of this direction."""
        return self.stream.segments[self.direction]

    # Bytes.

    def place(self, chunk: Chunk, events: Events) -> None:
        """Tell the bytes if they are the next ones, else hold them."""
        if chunk.start < self.next:
            self.tell_repeated(chunk, chunk.start, min(chunk.stop, self.next), events)
            if chunk.stop <= self.next:
                return
            chunk = chunk.part(self.next, chunk.stop)
        if chunk.start == self.next and not self.held:
            self._deliver(chunk, events)
        else:
            if not self.held:
                self.waits_since = chunk.packet.at
            for start, stop in self.held.add(chunk):
                self.tell_repeated(chunk, start, stop, events)
        self._drain(events)
        while len(self.held.chunks) > self.limits.held_segments or self.held.cost > self.limits.held_bytes:
            self._give_up_first_hole(events)
        self._refresh()

    def place_fin(self, fin: Chunk, events: Events) -> None:
        """Tell the FIN if all bytes before it were told, else keep it."""
        if self.fin is None:
            self.fin = fin
            if not self.held:
                self.waits_since = fin.packet.at
            self._drain(events)
            self._refresh()
            self.peer._refresh()
            return
        self.fin_repeats += 1
        if self.fin_told:
            self.tell_fin(fin, self.fin_repeats, events)

    # Acknowledgments.

    def acknowledge(self, offset: int, packet: PacketRef, ttl: int, ip_id: int | None, events: Events) -> None:
        """The other side has all bytes below ``offset``."""
        if self.fin is not None and offset > self.fin.start:
            offset = self.fin.start
        if offset <= self.acked:
            return
        if offset <= self.next:
            self._advance(offset, packet, ttl, ip_id, events)
            return
        mark = Mark(offset, packet, self._segments())
        if self.fin is None and offset == max(self.next, self.acked, self.held.stop) + 1:
            if self.spare is None or self.spare.offset != offset:
                self.spare = mark
            self._refresh()
            return
        self._spare_was_a_byte(events)
        self.steps += (mark,)
        if not self.seen:
            # No segment of this direction is captured, so none can be late.
            self._settle(events, len(self.steps))
        self._advance(offset, packet, ttl, ip_id, events)
        self._refresh()

    def settle_due(self, at: int, events: Events) -> None:
        """Give up the acknowledged bytes that had their time to turn up, ``at`` being the present."""
        due = 0
        while due < len(self.steps) and self._is_due(self.steps[due], at):
            due += 1
        if due:
            self._settle(events, due)
            self._refresh()
        if self.spare is not None and self.peer.fin is not None and self._is_due(self.spare, at):
            self.imply_fin(events)

    def imply_fin(self, events: Events) -> None:
        """The stream ends: what was acknowledged beyond the last byte is a FIN."""
        spare, self.spare = self.spare, None
        if spare is not None:
            self.tell_fin_implied(spare.offset - 1, spare.packet, events)
            self._refresh()

    def _advance(self, offset: int, packet: PacketRef, ttl: int, ip_id: int | None, events: Events) -> None:
        self.acked = offset
        self.tell_acknowledged(offset, packet, ttl, ip_id, events)

    def _is_due(self, mark: Mark, at: int) -> bool:
        return (
            self._segments() - mark.segments >= self.limits.acknowledged_packets
            or at - mark.packet.at >= self.limits.acknowledged_wait
            or not self.seen
        )

    def _segments(self) -> int:
        return self.seen + self.peer.seen

    def _spare_was_a_byte(self, events: Events) -> None:
        spare, self.spare = self.spare, None
        if spare is not None:
            if spare.offset > self.next:
                self.steps += (spare,)
            self._advance(spare.offset, spare.packet, 0, None, events)

    # What is missing.

    def overdue(self, at: int) -> bool:
        """Whether data or a FIN have waited too long for bytes that nobody acknowledged."""
        return (bool(self.held) or self._fin_waits()) and at - self.waits_since >= self.limits.hole_wait

    def give_up(self, events: Events) -> None:
        """Tell all that waits, with holes for what is missing."""
        self._settle(events, len(self.steps))
        while self.held:
            self._give_up_first_hole(events)
        if self.fin is not None and not self.fin_told:
            self._hole(self.fin.start, HoleCause.NEVER_SEEN, self.fin.packet, events)
            self._drain(events)
        self._refresh()

    def _settle(self, events: Events, count: int) -> None:
        """Holes for the first acknowledgments of unseen bytes, one each: they show where messages end."""
        due, self.steps = self.steps[:count], self.steps[count:]
        for mark in due:
            while self.next < mark.offset:
                stop = min(mark.offset, self.held.first.start) if self.held else mark.offset
                self._hole(stop, HoleCause.NOT_CAPTURED, mark.packet, events)
                self._drain(events)

    def _give_up_first_hole(self, events: Events) -> None:
        self._settle(events, len(self.steps))
        if not self.held:
            return
        first = self.held.first
        if first.start - self.next > WINDOW and self.next > first.reached:
            # The stream went on where it was: that segment never belonged to it.
            self.held.pop()
            return
        self._hole(first.start, HoleCause.NEVER_SEEN, first.packet, events)
        self._drain(events)

    def _hole(self, stop: int, cause: HoleCause, packet: PacketRef, events: Events) -> None:
        """Give up all bytes from the next one to ``stop``."""
        start = self.next
        if stop > start:
            self._move_to(stop)
            self.tell_hole(start, stop, cause, packet, events)

    # How it gets out.

    def _move_to(self, offset: int) -> None:
        self.next = offset

    def _drain(self, events: Events) -> None:
        """Tell what no longer waits for anything."""
        while self.held and self.held.first.start <= self.next:
            chunk = self.held.pop()
            if chunk.stop > self.next:
                self._deliver(chunk.part(self.next, chunk.stop), events)
            if self.held:
                self.waits_since = self.held.first.packet.at
        while self.steps and self.steps[0].offset <= self.next:
            self.steps = self.steps[1:]
        fin = self.fin
        if self.spare is not None:
            if fin is not None and fin.start < self.spare.offset:
                self.spare = None
            elif max(self.next, self.held.stop, fin.start if fin else 0) >= self.spare.offset:
                self._spare_was_a_byte(events)
        if fin is not None and not self.fin_told and self.next >= fin.start:
            self.fin_told = True
            self.tell_fin(fin, 0, events)

    def _deliver(self, chunk: Chunk, events: Events) -> None:
        captured = len(chunk.payload)
        if captured:
            self._move_to(chunk.start + captured)
            self.tell_data(chunk, events)
        self._hole(chunk.stop, HoleCause.SNAPPED, chunk.packet, events)

    def _fin_waits(self) -> bool:
        return self.fin is not None and not self.fin_told

    def _refresh(self) -> None:
        """Keep the summary and the entry in the backlog up to date."""
        self.unseen = bool(self.steps) or self.spare is not None
        self.plain = not (self.held or self.unseen or self.fin)
        closing = self.spare is not None and self.peer.fin is not None
        if self.held or self.steps or closing or self._fin_waits():
            self.backlog.waiting.setdefault(self)
        else:
            self.backlog.waiting.pop(self, None)
