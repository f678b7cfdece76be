"""Tells which connections of one kind have been quiet for longest, at no cost per packet."""

from __future__ import annotations

from heapq import heapify, heappop, heappush, heapreplace
from itertools import count

from analyzer.streams.connection import Connection

SLACK = 64
"""Entries of connections that were taken out may outnumber the others by so many before they are swept out."""


class IdleQueue:
    """Connections by their last packet.

    An entry holds the time of the connection's last packet when it was made, so it is never too late.  Only the
    earliest entry is ever brought up to date; when it is up to date already, its connection is the quietest."""

    __slots__ = ("_entries", "_heap", "_serial")

    def __init__(self) -> None:
        self._entries: dict[Connection, int] = {}
        """The serial number of the one valid entry of each."""
        self._heap: list[tuple[int, int, Connection]] = []
        self._serial = count()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, connection: Connection) -> None:
        """Put it in."""
        heappush(self._heap, self._entry(connection))

    def remove(self, connection: Connection) -> None:
        """Take it out."""
        del self._entries[connection]
        if len(self._heap) > 2 * len(self._entries) + SLACK:
            self._heap = [entry for entry in self._heap if self._is_valid(entry)]
            heapify(self._heap)

    def quietest(self) -> Connection | None:
        """The one whose last packet is oldest; stays in."""
        while self._heap:
            entry = self._heap[0]
            at, _, connection = entry
            if not self._is_valid(entry):
                heappop(self._heap)
            elif at < connection.last.at:
                heapreplace(self._heap, self._entry(connection))
            else:
                return connection
        return None

    @property
    def quiet_since(self) -> int | None:
        """All of them had their last packet then or later, nanoseconds since 1970 UTC."""
        return self._heap[0][0] if self._heap else None

    def _entry(self, connection: Connection) -> tuple[int, int, Connection]:
        serial = self._entries[connection] = next(self._serial)
        return connection.last.at, serial, connection

    def _is_valid(self, entry: tuple[int, int, Connection]) -> bool:
        return self._entries.get(entry[2]) == entry[1]
