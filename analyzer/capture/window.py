"""Turns chunks of any size into a window of bytes that slides over them."""

from __future__ import annotations

from collections.abc import Iterator


class Window:
    """Bytes ``base:base+len(data)`` of a stream.  Reads on only as far as it is asked to.

    A reader works on ``data`` with positions of its own, and slides the window when it needs more: the hot loop then
    costs no call per packet, and a stream is never read ahead of what a reader needs (a live capture on standard
    input delivers each packet as soon as its bytes are there).
    """

    __slots__ = ("_chunks", "base", "data")

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.data = b""
        self.base = 0

    def slide(self, position: int, needed: int) -> bool:
        """Drops what lies before ``position``, which becomes 0, and reads until ``needed`` bytes are there.

        False if the stream ends before that; ``data`` then holds what there is.
        """
        parts = [self.data[position:]]
        self.base += position
        have = len(parts[0])
        while have < needed:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
            have += len(chunk)
        self.data = parts[0] if len(parts) == 1 else b"".join(parts)
        return have >= needed

    def rest(self) -> Iterator[bytes]:
        """Everything from here on, as chunks."""
        if self.data:
            yield self.data
        yield from self._chunks
