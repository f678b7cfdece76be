"""Kept packets → the bytes of them that must not leave the house: which ones, in which packet, and why.

The kept packets are dissected once more, so that it is known of each byte what it is, whatever it was carried by: an
overlay, fragments, two segments, a retransmission.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import Enum

from analyzer.capture.packet import Packet, PacketRef
from analyzer.decode import Decoder, Unreachable
from analyzer.decode.anatomy import Anatomy
from analyzer.decode.segment import Skipped
from analyzer.decode.stretches import Origin, part
from analyzer.evidence.disconnect import disconnect
from analyzer.evidence.secrets import FIRST, GLOBAL, Censor, Said, Span
from analyzer.redact.messages import Rewrite, first_bytes, not_understood, rewritten
from analyzer.redact.redactor import Redactor
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.correlate import Correlator
from analyzer.sessions.endpoints import Ports
from analyzer.streams.stream import Direction, Stream, StreamEvent
from analyzer.streams.table import StreamTable
from dissectors.dataclass import dataclass, field
from dissectors.dialogue import Decoded, Item, Undecoded

QUOTED_HEADER = 12
"""Bytes of a TCP header behind its ports and sequence number, which is how far the decoder reads what ICMP quotes."""


_FAR = 1 << 62
"""No stream is so long."""


class Why(Enum):
    """What the bytes were."""

    DIGEST = "digest"
    DATA = "data"
    COUNT = "count"
    """Of atoms in data."""
    NAME = "name"
    """Of a node or a host, and what else tells who it was."""


FILL: dict[Why, bytes] = {Why.DIGEST: b"\xff", Why.DATA: b"j", Why.COUNT: b"\0"}
"""Stands for each byte that is hidden.  Neither begins a message, a frame or a record, where zeros would be a tick; and
data become a list of no atoms and an empty list, as terms of Erlang go, for dissectors that look inside."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes of one packet that are to be hidden."""

    at: int
    data: bytes
    """What stands there instead."""
    why: Why


@dataclass(slots=True)
class _Lane:
    """One direction of one stream."""

    shown: list[Span] = field(default_factory=list)
    digests: list[Span] = field(default_factory=list)
    counts: list[Span] = field(default_factory=list)
    rewrites: list[Rewrite] = field(default_factory=list)
    foreign: bytes | None = None
    """Its first bytes, where they are no message, as they may be shown."""
    payloads: list[tuple[int, Origin]] = field(default_factory=list)
    """Offset in the stream, and where the bytes stand."""


class Edits:
    """What :func:`edits_of` found."""

    def __init__(self) -> None:
        self.of: dict[PacketRef, list[Edit]] = defaultdict(list)
        self.completed_by: dict[PacketRef, PacketRef] = {}
        """Fragments, and the packet that comes last of their datagram: only then are all bytes of it known."""


def edits_of(packets: Iterable[Packet], ports: Ports, redactor: Redactor | None = None) -> Edits:
    """What has to be hidden of ``packets``, which are in the order in which they were seen; names only from a
    ``redactor``."""
    return _Dissection(ports, redactor).run(packets)


class _Dissection:
    def __init__(self, ports: Ports, redactor: Redactor | None) -> None:
        self._redactor = redactor
        self._edits = Edits()
        self._decoder = Decoder()
        self._table = StreamTable(listening=ports.epmd)
        self._correlator = Correlator(
            ports, self._table.listening.learn, joined=self._joined, dissected=self._dissected
        )
        self._lanes: dict[tuple[Stream, Direction], _Lane] = defaultdict(_Lane)
        self._censors: dict[Stream, Censor] = defaultdict(Censor)
        self._streams: dict[Attempt, list[Stream]] = defaultdict(list)

    def run(self, packets: Iterable[Packet]) -> Edits:
        for packet in packets:
            self._correlate(self._table.advance(packet.ref.at))
            self._take(packet)
        self._correlate(self._table.finish())
        self._correlator.finish()
        for attempt, streams in self._streams.items():
            if attempt.first(events.ForeignSpoken) is not None:
                for lane in (self._lanes[stream, direction] for stream in streams for direction in Direction):
                    lane.shown.append(Span(0, FIRST if lane.foreign is None else len(lane.foreign)))
                    lane.rewrites.append(Rewrite(0, lane.foreign or b""))
        for lane in self._lanes.values():
            self._hide(lane)
        return self._edits

    def _take(self, packet: Packet) -> None:
        anatomy = self._decoder.anatomy(packet)
        result = anatomy.result
        if isinstance(result, Skipped):
            return
        if isinstance(result, Unreachable):
            self._hide_quoted(anatomy)
            self._correlate(self._table.unreachable(result))
            return
        for piece in result.pieces:
            self._edits.completed_by[piece] = packet.ref
        found = self._table.feed(result)
        place = self._table.place(result)
        if result.payload:
            header = anatomy.headers[-1]
            payload = tuple(part(header.origin, header.end - len(result.payload), header.end))
            lane = _Lane() if place is None else self._lanes[place.stream, place.direction]
            lane.payloads.append((0 if place is None else place.offset, payload))
            if place is None:
                self._hide(lane)
        self._correlate(found)

    def _correlate(self, found: list[StreamEvent]) -> None:
        for event in found:
            self._correlator.take(event)

    def _joined(self, stream: Stream, attempt: Attempt) -> None:
        self._streams[attempt].append(stream)

    def _dissected(self, stream: Stream, direction: Direction, item: Item) -> None:
        said = self._censors[stream].judge(item)
        if said is None:
            return
        lane = self._lanes[stream, direction]
        lane.shown.append(said.shown)
        control = getattr(item.message, "control", None) if isinstance(item, Decoded) else None
        if control is not None:
            for atom in GLOBAL.intersection(control.new_atoms):
                head = disconnect(control.size, control.opcode, atom)
                lane.rewrites.append(Rewrite(said.shown.end - control.size, head))
        if self._redactor is not None:
            lane.rewrites += _without_names(item, said, self._redactor)
            if isinstance(item, Undecoded) and item.start == 0:
                lane.foreign = first_bytes(item, self._redactor)
        if said.atoms is not None:
            lane.counts.append(said.atoms)
        if said.digest is not None:
            lane.digests.append(said.digest)

    def _hide_quoted(self, anatomy: Anatomy) -> None:
        """An ICMP error may quote more of a segment than its header."""
        header = anatomy.headers[-1]
        for stretch in part(header.origin, header.after + QUOTED_HEADER, header.end):
            self._edits.of[stretch.packet].append(Edit(stretch.at, FILL[Why.DATA] * stretch.length, Why.DATA))

    def _hide(self, lane: _Lane) -> None:
        digests = list(_between(sorted(_between(sorted(lane.digests)))))
        others = list(_between(sorted([*lane.shown, *digests, *lane.counts])))
        for spans, why in ((digests, Why.DIGEST), (lane.counts, Why.COUNT), (others, Why.DATA)):
            for offset, payload in lane.payloads:
                length = sum(stretch.length for stretch in payload)
                for start, end in spans[bisect_right(spans, offset, key=lambda span: span.end) :]:
                    if start >= offset + length:
                        break
                    for stretch in part(payload, max(0, start - offset), min(length, end - offset)):
                        self._edits.of[stretch.packet].append(Edit(stretch.at, FILL[why] * stretch.length, why))
        for start, data in lane.rewrites:
            for offset, payload in lane.payloads:
                self._rewrite(payload, start - offset, data)

    def _rewrite(self, payload: Origin, start: int, data: bytes) -> None:
        """Put ``data`` where it belongs in a payload that it may begin before, or end behind."""
        data, start = data[max(0, -start) :], max(0, start)
        for stretch in part(payload, start, start + len(data)):
            self._edits.of[stretch.packet].append(Edit(stretch.at, data[: stretch.length], Why.NAME))
            data = data[stretch.length :]


def _without_names(item: Item, said: Said, redactor: Redactor) -> Iterator[Rewrite]:
    """Of what is shown of an item."""
    if isinstance(item, Decoded):
        yield from rewritten(item, redactor)
    elif isinstance(item, Undecoded):
        yield Rewrite(item.start, not_understood(item.data[: said.shown.end - said.shown.start], redactor))


def _between(spans: list[Span]) -> Iterator[Span]:
    """All that none of ``spans``, which are sorted, covers."""
    position = -_FAR
    for start, end in spans:
        if start > position:
            yield Span(position, start)
        position = max(position, end)
    if position < _FAR:
        yield Span(position, _FAR)


__all__ = ["FILL", "Edit", "Edits", "Why", "edits_of"]
