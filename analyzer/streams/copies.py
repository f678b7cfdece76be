"""Tells copies of one packet, which a capture can hold several of, from packets that were sent again."""

from __future__ import annotations

from collections.abc import Hashable

GENERATION = 4096
"""Segments remembered before the older half is dropped: the bound on memory, whatever the packet rate."""


class Copies:
    """Remembers what was seen in the last few milliseconds, and for longer what a router may have held back.

    A capture on ``any`` shows a routed or bridged packet once per interface, a mirror port shows it twice, and a
    network can duplicate it.  What makes two of them one packet is the caller's ``identity``: all header fields that
    routers leave alone, so neither the time to live nor tags and tunnels.  The payload is not compared: a sender that
    repeats a sequence number repeats the bytes, and a snap length cuts copies on two interfaces differently.

    A router shows what goes out when it has left its queue.  That can take as long as a sender waits until it repeats
    a segment; but the copy has fewer hops left, and the repetition has as many.
    """

    __slots__ = ("_held_back", "_older", "_since", "_span", "_younger")

    def __init__(self, span: int, held_back: int = 0) -> None:
        """``span``: nanoseconds of capture time within which two identical packets are one; ``held_back``: the same,
        where their times to live differ."""
        self._span = span
        self._held_back = max(span, held_back)
        self._since = 0
        self._younger: dict[Hashable, tuple[int, int | None]] = {}
        self._older: dict[Hashable, tuple[int, int | None]] = {}

    def seen(self, identity: Hashable, at: int, ttl: int | None = None) -> bool:
        """Whether a packet of that identity was seen within the span around ``at``; remembers it if not.

        ``ttl``: where the identity is one that its sender gives to no other packet."""
        younger = self._younger
        if not -self._held_back <= at - self._since <= self._held_back or len(younger) >= GENERATION:
            self._older = younger
            self._younger = younger = {}
            self._since = at
        first = younger.get(identity) or self._older.get(identity)
        if first is not None:
            apart, other = abs(at - first[0]), first[1]
            if apart <= self._span:
                return True
            if apart <= self._held_back and ttl is not None and other is not None and ttl != other:
                return True
        younger[identity] = at, ttl
        return False
