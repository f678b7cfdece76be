"""Stream offsets to packets: which packet carried which byte."""

from __future__ import annotations

from collections import deque

from analyzer.capture.packet import PacketRef

KEPT = 256
"""Chunks remembered per direction: a handshake message spans far fewer, and a bulk frame needs only its last packet."""


class Provenance:
    """Remembers the chunks of one direction until the messages in them have been named."""

    __slots__ = ("_chunks",)

    def __init__(self) -> None:
        self._chunks: deque[tuple[int, int, PacketRef]] | tuple[()] = ()
        """Made with the first chunk: most connections of a flood never have one."""

    def add(self, start: int, end: int, packet: PacketRef) -> None:
        """Bytes ``start:end`` came (or were found missing) with ``packet``."""
        if isinstance(self._chunks, tuple):
            self._chunks = deque(maxlen=KEPT)
        self._chunks.append((start, end, packet))

    def packets(self, start: int, end: int) -> tuple[PacketRef, ...]:
        """The packets that carry ``start:end``, in stream order; never empty once anything was added."""
        found = tuple(packet for low, high, packet in self._chunks if low < end and high > start)
        return found or ((self._chunks[-1][2],) if self._chunks else ())

    def forget(self, end: int) -> None:
        """Everything below ``end`` has been named; the last chunk stays as the fallback."""
        chunks = self._chunks
        while len(chunks) > 1 and not isinstance(chunks, tuple) and chunks[0][1] <= end:
            chunks.popleft()
