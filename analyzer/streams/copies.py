"""Tells copies of one packet, which a capture can hold several of, from packets that were sent again."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

GENERATION = 4096
"""Segments remembered before the older half is dropped: the bound on memory, whatever the packet rate."""
UNTOLD = 64
"""Stretches of packets that nobody asked after: the same."""


class Copies:
    """Remembers what was seen in the last few milliseconds.

    A capture on ``any`` shows a routed or bridged packet once per interface, a mirror port shows it twice, and a
    network can duplicate it.  What makes two of them one packet is the caller's ``identity``: all header fields that
    routers leave alone, so neither the time to live nor tags and tunnels.  The payload is not compared: a sender that
    repeats a sequence number repeats the bytes, and a snap length cuts copies on two interfaces differently.
    """

    __slots__ = ("_older", "_since", "_span", "_untold", "_younger")

    def __init__(self, span: int) -> None:
        """``span``: nanoseconds of capture time within which two identical packets are one."""
        self._span = span
        self._since = 0
        self._younger: dict[Hashable, int] = {}
        self._older: dict[Hashable, int] = {}
        self._untold: list[tuple[int, Iterable[tuple[Hashable, int]]]] = []
        """Time of the last one, and what :meth:`may_follow` was told, until somebody asks."""

    def may_follow(self, until: int, packets: Iterable[tuple[Hashable, int]]) -> None:
        """Copies of these packets, identity and time of each, the last one from ``until``: none was seen before.

        They are looked at when somebody asks within the span."""
        untold = self._untold
        while untold and (untold[0][0] < until - self._span or len(untold) >= UNTOLD):
            untold.pop(0)
        untold.append((until, packets))

    def seen(self, identity: Hashable, at: int) -> bool:
        """Whether a packet of that identity was seen within the span around ``at``; remembers it if not."""
        if self._untold:
            self._hear(at)
        younger = self._generation(at)
        first = younger.get(identity)
        if first is None:
            first = self._older.get(identity)
        if first is not None and -self._span <= at - first <= self._span:
            return True
        younger[identity] = at
        return False

    def _hear(self, at: int) -> None:
        """Of those that may matter now; to go by the others takes longer than all the rest."""
        untold, self._untold = self._untold, []
        for until, packets in untold:
            if until >= at - self._span:
                seen = dict(packets)
                younger = self._generation(until)
                if len(younger) + len(seen) <= GENERATION:
                    younger.update(seen)
                else:
                    for identity, when in seen.items():
                        self.seen(identity, when)

    def _generation(self, at: int) -> dict[Hashable, int]:
        """Where packets from then are remembered: the younger half, a new one if need be."""
        if not -self._span <= at - self._since <= self._span or len(self._younger) >= GENERATION:
            self._older = self._younger
            self._younger = {}
            self._since = at
        return self._younger
