"""Openings of a SYN flood → a small entry each, until more than an opening is seen of them.

A kernel under a SYN flood keeps no connection for each SYN but an entry of a *SYN cache*, until the handshake goes on
(Lemon, "Resisting SYN flood DoS attacks with a SYN cache", BSDCon 2002).  So does whoever reads a capture of one: the
packets of an opening, SYNs and SYN-ACKs without data, wait here, and are taken up in their order once a packet of
another kind is seen of that connection.  Most never are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from analyzer.capture.packet import Packet
from analyzer.decode.segment import Endpoint, Segment, TcpFlags, Unreachable
from analyzer.streams.table import StreamTable
from dissectors.dataclass import dataclass, field

SYN, ACK = int(TcpFlags.SYN), int(TcpFlags.ACK)
KIND = int(TcpFlags.FIN | TcpFlags.SYN | TcpFlags.RST | TcpFlags.ACK)
MOST_PACKETS = 32
"""Of one opening: Linux sends seven SYNs and answers each, and as many SYN-ACKs again (tcp_syn_retries,
tcp_synack_retries); of what is beyond, the first ones tell the story."""

Taken = tuple[Packet, Segment | Unreachable]
"""A packet, and what it was decoded to."""


class Opening(NamedTuple):
    """A connection of which nothing but the opening was seen."""

    vantage: int
    opener: Endpoint
    listener: Endpoint


@dataclass(slots=True)
class _Entry:
    sequence: int
    """Of the SYN."""
    at: int
    """Nanoseconds since 1970 UTC, of the last packet."""
    packets: list[Taken] = field(default_factory=list)


class SynCache:
    """Stands before a stream table, and is used while that is crowded.

    Bounded by ``limits.openings``; beyond it the one that was quiet for longest is let go."""

    def __init__(
        self, streams: StreamTable, can_wait: Callable[[Opening], bool], let_go: Callable[[Opening], None]
    ) -> None:
        """``can_wait``: it is soon enough to look at it once it is more than an opening.  ``let_go`` hears of each that
        nothing followed: in time, or before there were too many."""
        self._streams = streams
        self._limits = streams.limits
        self._can_wait = can_wait
        self._let_go = let_go
        self._entries: OrderedDict[Opening, _Entry] = OrderedDict()
        """The one with the latest packet last."""

    def __len__(self) -> int:
        """Openings that wait."""
        return len(self._entries)

    def let_in(self, packet: Packet, found: Segment | Unreachable) -> Sequence[Taken]:
        """What the stream table is to take now: nothing if the packet waits, else itself behind those that waited for
        it."""
        mine = (packet, found)
        if not self._entries and not self._streams.crowded:
            return (mine,)
        if self._streams.knows(found):
            return (mine,)
        if isinstance(found, Segment) and self._keep(mine, found):
            return ()
        return (*self._take(found), mine)

    def advance(self, at: int) -> None:
        """Let go what nothing followed for too long, ``at`` being the present."""
        since = at - self._limits.unanswered
        while self._entries and self._entries[opening := next(iter(self._entries))].at < since:
            del self._entries[opening]
            self._let_go(opening)

    def finish(self) -> None:
        """The input ends: nothing follows."""
        while self._entries:
            self._let_go(self._entries.popitem(last=False)[0])

    def _keep(self, taken: Taken, segment: Segment) -> bool:
        """Whether it waits: a first SYN for which there is time, or more of an opening that waits."""
        kind = int(segment.flags) & KIND
        if segment.length or segment.pieces or kind & ~ACK != SYN:
            return False
        ends = (segment.source, segment.destination) if kind == SYN else (segment.destination, segment.source)
        opening = Opening(segment.vantage, *ends)
        entry = self._entries.get(opening)
        if entry is None:
            if kind != SYN or not self._streams.crowded or not self._can_wait(opening):
                return False
            entry = self._entries[opening] = _Entry(segment.sequence, segment.packet.at)
        elif kind == SYN and segment.sequence != entry.sequence:
            # The same addresses and ports dial once more: floods use them in turn.
            self._let_go(opening)
            entry.sequence, entry.packets = segment.sequence, []
        entry.at = segment.packet.at
        if len(entry.packets) < MOST_PACKETS:
            entry.packets.append(taken)
        self._entries.move_to_end(opening)
        if len(self._entries) > self._limits.openings:
            self._let_go(self._entries.popitem(last=False)[0])
        return True

    def _take(self, found: Segment | Unreachable) -> list[Taken]:
        """What waited for more of the connection that ``found`` is of, or is about."""
        for ends in ((found.source, found.destination), (found.destination, found.source)):
            entry = self._entries.pop(Opening(found.vantage, *ends), None)
            if entry is not None:
                return entry.packets
        return []
