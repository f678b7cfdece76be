"""Tells copies of one packet, which a capture can hold several of, from packets that were sent again."""

from __future__ import annotations

from collections.abc import Hashable

GENERATION = 4096
"""Segments remembered before the older half is dropped: the bound on memory, whatever the packet rate."""


class Copies:
    """Remembers what was seen in the last few milliseconds.

    A capture on ``any`` shows a routed or bridged packet once per interface, a mirror port shows it twice, and a
    network can duplicate it.  What makes two of them one packet is the caller's ``identity``: all header fields that
    routers leave alone, so neither the time to live nor tags and tunnels.  The payload is not compared: a sender that
    repeats a sequence number repeats the bytes, and a snap length cuts copies on two interfaces differently.
    """

    __slots__ = ("_older", "_since", "_span", "_younger")

    def __init__(self, span: int) -> None:
        """``span``: nanoseconds of capture time within which two identical packets are one."""
        self._span = span
        self._since = 0
        self._younger: dict[Hashable, int] = {}
        self._older: dict[Hashable, int] = {}

    def seen(self, identity: Hashable, at: int) -> bool:
        """Whether a packet of that identity was seen within the span around ``at``; remembers it if not."""
        younger = self._younger
        if not -self._span <= at - self._since <= self._span or len(younger) >= GENERATION:
            self._older = younger
            self._younger = younger = {}
            self._since = at
        first = younger.get(identity)
        if first is None:
            first = self._older.get(identity)
        if first is not None and -self._span <= at - first <= self._span:
            return True
        younger[identity] = at
        return False
