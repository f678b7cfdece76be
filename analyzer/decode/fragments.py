"""Pieces of fragmented datagrams become whole datagrams; memory stays bounded whatever comes.

Stricter than some hosts: pieces that overlap without being the same spoil the datagram (RFC 5722 for IPv6, and what
Linux does for IPv4 as well), because any choice between two versions of one byte would be a guess.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable
from typing import NamedTuple

from analyzer.decode.segment import SkipReason
from analyzer.decode.stretches import Origin
from dissectors.dataclass import dataclass, field

TIMEOUT = 30 * 1_000_000_000
"""Nanoseconds of capture time, from the first piece to arrive: as Linux (``ipfrag_time``)."""
MAX_DATAGRAMS = 1024
MAX_BYTES = 4 << 20
"""Of all pieces held, each counted with :data:`PIECE_OVERHEAD`."""
PIECE_OVERHEAD = 200
LONGEST = 0xFFFF
"""No datagram is longer."""


class Piece(NamedTuple):
    start: int
    """Offset in the datagram's payload, in bytes."""
    end: int
    """Where it ended on the wire."""
    data: bytes
    """Captured part: up to ``end - start`` bytes."""
    protocol: int
    """What this piece's header says that the datagram carries."""
    origin: Origin = ()
    """Where ``data`` stands."""


class Whole(NamedTuple):
    """The payload of a datagram of which every piece was seen."""

    data: bytes
    """Up to the first byte that was not captured."""
    length: int
    """On the wire."""
    protocol: int
    origin: Origin = ()
    """Where ``data`` stands."""


@dataclass(slots=True)
class _Datagram:
    """``pieces`` are in order and do not overlap, so that ``held == length`` means complete."""

    first_at: int
    pieces: list[Piece] = field(default_factory=list)
    held: int = 0
    """Wire bytes of all pieces."""
    cost: int = 0
    """Memory of all pieces."""
    length: int | None = None
    """Known from the last piece on."""
    spoiled: bool = False
    """Pieces contradicted each other: stays here, empty, so that later pieces do not start it anew."""

    def accepts(self, piece: Piece, last: bool) -> bool:
        """Whether it contradicts nothing that is known: not the end, no byte of a neighbour."""
        if self.length is not None and (piece.end > self.length or (last and piece.end != self.length)):
            return False
        place = bisect_left(self.pieces, piece)
        after = place == len(self.pieces) or self.pieces[place].start >= piece.end
        before = place == 0 or self.pieces[place - 1].end <= piece.start
        return after and before and not (last and self.pieces and self.pieces[-1].end > piece.end)

    def repeats(self, piece: Piece) -> bool:
        """Whether the same span is held already: a packet that was seen twice."""
        place = bisect_left(self.pieces, piece.start, key=lambda held: held.start)
        return place < len(self.pieces) and self.pieces[place][:2] == piece[:2]

    def insert(self, piece: Piece, last: bool) -> None:
        self.pieces.insert(bisect_left(self.pieces, piece), piece)
        self.held += piece.end - piece.start
        self.cost += len(piece.data) + PIECE_OVERHEAD
        if last:
            self.length = piece.end

    def spoil(self) -> None:
        self.spoiled = True
        self.pieces.clear()
        self.cost = 0

    def whole(self) -> Whole | None:
        if self.held != self.length:
            return None
        captured: list[bytes] = []
        origin: Origin = ()
        for piece in self.pieces:
            captured.append(piece.data)
            origin += piece.origin
            if len(piece.data) < piece.end - piece.start:
                break
        return Whole(b"".join(captured), self.length, self.pieces[0].protocol, origin)


class FragmentTable:
    """Datagrams that are not complete yet; the oldest is forgotten where there are too many, or too large ones."""

    def __init__(self, *, max_datagrams: int = MAX_DATAGRAMS, max_bytes: int = MAX_BYTES) -> None:
        self._max_datagrams = max_datagrams
        self._max_bytes = max_bytes
        self._datagrams: dict[Hashable, _Datagram] = {}
        self._cost = 0

    def __len__(self) -> int:
        return len(self._datagrams)

    @property
    def cost(self) -> int:
        """Bytes of memory that the pieces take, about."""
        return self._cost

    def add(self, key: Hashable, at: int, piece: Piece, *, last: bool) -> Whole | SkipReason:
        """The whole datagram if ``piece`` completes it, else why there is nothing yet.

        ``key`` names the datagram, ``at`` is the packet's time in nanoseconds, ``last`` says that no piece follows.
        """
        length = piece.end - piece.start
        if length <= 0 or piece.end > LONGEST or (not last and length % 8):
            return SkipReason.MALFORMED
        self._forget_old(at)
        datagram = self._datagrams.get(key)
        if datagram is not None and _expired(datagram, at):
            self._forget(key)
            datagram = None
        if datagram is None:
            datagram = self._datagrams[key] = _Datagram(at)
        if datagram.spoiled:
            return SkipReason.MALFORMED
        if datagram.repeats(piece):
            return SkipReason.FRAGMENT
        if not datagram.accepts(piece, last):
            self._cost -= datagram.cost
            datagram.spoil()
            return SkipReason.MALFORMED
        self._cost -= datagram.cost
        datagram.insert(piece, last)
        self._cost += datagram.cost
        if whole := datagram.whole():
            self._forget(key)
            return whole
        self._make_room()
        return SkipReason.FRAGMENT

    def _forget(self, key: Hashable) -> None:
        self._cost -= self._datagrams.pop(key).cost

    def _forget_old(self, now: int) -> None:
        """From the oldest on: they stand in order of arrival."""
        while self._datagrams:
            key, datagram = next(iter(self._datagrams.items()))
            if not _expired(datagram, now):
                return
            self._forget(key)

    def _make_room(self) -> None:
        while len(self._datagrams) > self._max_datagrams or self._cost > self._max_bytes:
            self._forget(next(iter(self._datagrams)))


def _expired(datagram: _Datagram, now: int) -> bool:
    """Either way: a clock that jumped back by more than that says nothing about age."""
    return abs(now - datagram.first_at) > TIMEOUT
