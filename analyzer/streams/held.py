"""Turns stretches of bytes that come in any order into stretches sorted by offset, each byte kept once."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING

from analyzer.capture.packet import PacketRef
from dissectors.dataclass import dataclass, field

if TYPE_CHECKING:
    from analyzer.streams.order import Order

CHUNK_COST = 256
"""Roughly what keeping a segment takes besides its payload, bytes."""


@dataclass(slots=True)
class Chunk:
    """A stretch of bytes of one direction and the packet that carries it."""

    start: int
    """Offset of its first byte."""
    length: int
    """On the wire."""
    payload: bytes
    """The captured part; may be shorter."""
    packet: PacketRef
    ttl: int
    ip_id: int | None
    reached: int
    """How far the direction was delivered when it arrived."""

    @property
    def stop(self) -> int:
        return self.start + self.length

    @property
    def cost(self) -> int:
        """Bytes of memory that it takes to keep."""
        return len(self.payload) + CHUNK_COST

    def part(self, start: int, stop: int) -> Chunk:
        """The bytes ``start:stop`` of it."""
        payload = self.payload[start - self.start : stop - self.start]
        return Chunk(start, stop - start, payload, self.packet, self.ttl, self.ip_id, self.reached)


@dataclass(slots=True)
class Backlog:
    """Which directions wait for something missing, over all streams, and what that takes.

    One for all directions of a table; each keeps its own entry up to date."""

    waiting: dict[Order, None] = field(default_factory=dict)
    """The one that waits longest first."""
    cost: int = 0
    """Of all held chunks, bytes of memory."""


@dataclass(slots=True)
class Held:
    """The chunks of one direction that wait for bytes before them: sorted, without overlap.  First bytes win."""

    backlog: Backlog
    chunks: list[Chunk] = field(default_factory=list)
    cost: int = 0

    def __bool__(self) -> bool:
        return bool(self.chunks)

    @property
    def first(self) -> Chunk:
        return self.chunks[0]

    @property
    def stop(self) -> int:
        """One past the last byte held; 0 if there is none."""
        return self.chunks[-1].stop if self.chunks else 0

    def add(self, chunk: Chunk) -> list[tuple[int, int]]:
        """Keep what is new in a chunk.  Returns the start and stop of each stretch that was held already."""
        repeated = []
        position = chunk.start
        if position < self.stop:
            for other in tuple(self.chunks):
                if other.stop <= position:
                    continue
                if other.start >= chunk.stop:
                    break
                if other.start > position:
                    self._insert(chunk.part(position, other.start))
                repeated.append((max(position, other.start), min(chunk.stop, other.stop)))
                position = min(chunk.stop, other.stop)
        if position < chunk.stop:
            self._insert(chunk.part(position, chunk.stop))
        return repeated

    def pop(self) -> Chunk:
        """Take the first one out."""
        chunk = self.chunks.pop(0)
        self.cost -= chunk.cost
        self.backlog.cost -= chunk.cost
        return chunk

    def _insert(self, chunk: Chunk) -> None:
        insort(self.chunks, chunk, key=lambda held: held.start)
        self.cost += chunk.cost
        self.backlog.cost += chunk.cost
