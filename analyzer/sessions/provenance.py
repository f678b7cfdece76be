"""Stream offsets to packets: which packet carried which byte."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.capture.packet import PacketRef

KEPT = 256
"""Chunks remembered per direction: a handshake message spans far fewer, and a bulk frame needs only its last packet."""


class Provenance:
    """Remembers the chunks of one direction until the messages in them have been named."""

    __slots__ = ("_chunks",)

    def __init__(self) -> None:
        self._chunks: list[tuple[int, int, PacketRef]] = []

    def add(self, start: int, end: int, packet: PacketRef) -> None:
        """Bytes ``start:end`` came (or were found missing) with ``packet``."""
        self._chunks.append((start, end, packet))
        del self._chunks[:-KEPT]

    def skip(self, chunks: Iterable[tuple[int, int, PacketRef]], *, named: bool) -> None:
        """Many chunks follow; ``named``: all before these have been named."""
        if named:
            self._chunks.clear()
        self._chunks += chunks
        del self._chunks[:-KEPT]

    def packets(self, start: int, end: int) -> tuple[PacketRef, ...]:
        """The packets that carry ``start:end``, in stream order; never empty once anything was added."""
        found = tuple(packet for low, high, packet in self._chunks if low < end and high > start)
        return found or ((self._chunks[-1][2],) if self._chunks else ())

    def forget(self, end: int) -> None:
        """Everything below ``end`` has been named; the last chunk stays as the fallback."""
        chunks = self._chunks
        named = 0
        while named < len(chunks) - 1 and chunks[named][1] <= end:
            named += 1
        del chunks[:named]
