"""Tells which connections of one kind have been quiet for longest, at no cost per packet."""

from __future__ import annotations

from collections import OrderedDict

from analyzer.streams.connection import Connection


class IdleQueue:
    """Connections, roughly by their last packet.

    A connection enters with the time of its last packet then.  When it comes to the front and had packets since, it
    goes to the back with its new time; so what is taken from the front is always the one quiet for longest."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        self._since: OrderedDict[Connection, int] = OrderedDict()  # a dict is slow to begin at its front

    def __len__(self) -> int:
        return len(self._since)

    def add(self, connection: Connection) -> None:
        """Put it at the back."""
        self._since[connection] = connection.last.at

    def remove(self, connection: Connection) -> None:
        """Take it out."""
        del self._since[connection]

    def quietest(self) -> Connection | None:
        """The one whose last packet is oldest; stays in."""
        since = self._since
        while since:
            connection = next(iter(since))
            last = connection.last.at
            if since[connection] == last:
                return connection
            del since[connection]
            since[connection] = last
        return None
