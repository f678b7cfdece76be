"""The packets of an analysis → those that an evidence capture may need, kept while the input goes by.

The input may be a pipe, or a file that is rotated away, so it is not read a second time.  Of each connection are kept
its first packets, the last ones of either direction, and those that the timeline cites; the others are counted.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection, Iterator
from typing import NamedTuple

from analyzer.capture.packet import Packet, PacketRef, Run
from analyzer.evidence.spool import LIMIT, Spool
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.events import Event
from analyzer.sessions.surroundings import Extent
from analyzer.streams.stream import Direction, Stream
from analyzer.streams.table import Place
from dissectors.dataclass import dataclass, field

HEAD = 200
"""First packets of a connection that are kept."""
TAIL = 60
"""Last packets of each direction that are kept."""
TAIL_BYTES = 32 << 10
"""Of them, as long as some are left."""
SHORTEST_TAIL = 8
MOST_PIECES = 1024
"""Fragments that wait for the rest of their datagram."""


class Kept(NamedTuple):
    """A packet, and how many of its connection right before it were not kept."""

    packet: Packet
    left_out: int


@dataclass(slots=True, eq=False)
class _Tail:
    """The last packets of one direction."""

    packets: deque[tuple[int, Packet]] = field(default_factory=deque)
    size: int = 0

    def add(self, arrival: int, packet: Packet) -> Iterator[tuple[int, Packet]]:
        """Gives what falls out."""
        self.packets.append((arrival, packet))
        self.size += len(packet.data)
        while len(self.packets) > TAIL or (self.size > TAIL_BYTES and len(self.packets) > SHORTEST_TAIL):
            oldest = self.packets.popleft()
            self.size -= len(oldest[1].data)
            yield oldest


@dataclass(slots=True, eq=False)
class _Life:
    """What is kept of one connection."""

    attempt: Attempt | None = None
    seen: int = 0
    head: list[tuple[int, Packet]] = field(default_factory=list)
    """As long as it is not known whether it matters."""
    tails: dict[Direction, _Tail] = field(default_factory=lambda: {direction: _Tail() for direction in Direction})
    cited: set[PacketRef] = field(default_factory=set)
    left_out: int = 0
    """Since the packet that was kept last."""
    kept: list[tuple[int, int, int]] = field(default_factory=list)
    """Arrival, place in the spool, packets left out before it."""


class Keeper:
    """A witness of the pipeline (:class:`analyzer.pipeline.Witness`)."""

    def __init__(self, spool: Spool | None = None) -> None:
        self._spool = spool or Spool()
        self._lives: dict[Stream, _Life] = {}
        self._over: list[_Life] = []
        self._pieces: OrderedDict[PacketRef, tuple[int, Packet]] = OrderedDict()
        self._arrivals = 0
        self.extents: dict[int, Extent] = {}
        """What each point of observation covers."""
        self.full = False
        """The limit was reached: packets that came later are not kept."""

    def saw(self, packet: Packet, pieces: tuple[PacketRef, ...], place: Place | None) -> None:
        """Take a packet; ``pieces`` as in :meth:`analyzer.pipeline.Witness.saw`."""
        self._arrivals += 1
        if place is None:
            self._pieces[packet.ref] = (self._arrivals, packet)
            if len(self._pieces) > MOST_PIECES:
                self._pieces.popitem(last=False)
            return
        life = self._lives.get(place.stream)
        if life is None:
            life = self._lives[place.stream] = _Life()
        for ref in pieces:
            if (piece := self._pieces.pop(ref, None)) is not None:
                self._add(life, place.direction, *piece)
        self._add(life, place.direction, self._arrivals, packet)

    def saw_run(self, run: Run, stream: Stream) -> None:
        """Take packets of which nothing but the last few, and those that are cited, will be kept."""
        life = self._lives.get(stream)
        if life is None:
            return
        needed = {half.last for half in (run.forth, run.back) if half is not None} | life.cited
        for forth in (True, False):
            needed.update([piece.packet for piece in run.pieces if piece.forth is forth][-TAIL:])
        packets = run.packets()
        recent = len(packets) - 2 * TAIL
        said = {piece.packet: piece.forth for piece in run.pieces}
        for index, packet in enumerate(packets):
            self._arrivals += 1
            if life.seen >= HEAD and index < recent and packet.ref not in needed:
                life.seen += 1
                life.left_out += 1
                continue
            # One that says nothing acknowledges: what matters of it is that it is there.
            direction = Direction.OUT if said.get(packet.ref, run.forth is not None) else Direction.BACK
            self._add(life, direction, self._arrivals, packet)

    def joined(self, stream: Stream, attempt: Attempt) -> None:
        """It matters."""
        life = self._lives.setdefault(stream, _Life())
        life.attempt = attempt
        for arrival, packet in life.head:
            self._keep(life, arrival, packet)
        life.head.clear()

    def cited(self, stream: Stream, event: Event) -> None:
        """These packets matter, wherever in the connection they stand."""
        life = self._lives.get(stream)
        if life is not None and life.seen > HEAD:
            life.cited.update((event.packet, *event.packets))

    def ended(self, stream: Stream) -> None:
        """Nothing more comes of it, or nothing of it matters."""
        life = self._lives.pop(stream, None)
        if life is None or life.attempt is None:
            return
        rest = sorted((entry for tail in life.tails.values() for entry in tail.packets), key=lambda entry: entry[0])
        for arrival, packet in rest:
            self._keep(life, arrival, packet)
        life.tails.clear()
        life.cited.clear()
        self._over.append(life)

    def finished(self, extents: dict[int, Extent]) -> None:
        """The end of the input."""
        self.extents = extents
        for stream in list(self._lives):
            self.ended(stream)
        self._pieces.clear()

    def packets(self, attempts: Collection[Attempt]) -> Iterator[Kept]:
        """What was kept of ``attempts``, in the order in which it came; can be asked for more than once."""
        wanted = {id(attempt) for attempt in attempts}
        chosen = sorted(entry for life in self._over if id(life.attempt) in wanted for entry in life.kept)
        for _, place, left_out in chosen:
            yield Kept(self._spool.get(place), left_out)

    def close(self) -> None:
        """Gives disk and memory back."""
        self._spool.close()

    def _add(self, life: _Life, direction: Direction, arrival: int, packet: Packet) -> None:
        life.seen += 1
        if life.seen > HEAD:
            for entry in life.tails[direction].add(arrival, packet):
                if entry[1].ref in life.cited:
                    self._keep(life, *entry)
                else:
                    life.left_out += 1
        elif life.attempt is None:
            life.head.append((arrival, packet))
        else:
            self._keep(life, arrival, packet)

    def _keep(self, life: _Life, arrival: int, packet: Packet) -> None:
        place = None if self.full else self._spool.put(packet)
        if place is None:
            self.full = True
            life.left_out += 1
            return
        life.kept.append((arrival, place, life.left_out))
        life.left_out = 0


__all__ = ["LIMIT", "Keeper", "Kept"]
