"""Packets of one busy connection become runs: stretches in which every packet continues the ones before.

In a run nothing is lost, repeated, out of order or cut, every acknowledgment is of bytes that were seen, and no flag
but PSH and ACK is set.  What it comes to is known without looking at its packets one by one; only their payload is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from analyzer.capture.packet import PacketRef, Run
from analyzer.capture.run_parts import Half, Piece, Recent
from analyzer.sieve.keys import mixed_one, number_of
from analyzer.sieve.segments import Segments, segments_of

if TYPE_CHECKING:
    from analyzer.capture.batch import Batch
    from analyzer.capture.packet import Packet, Stretch
    from analyzer.sieve.columns import Columns
    from analyzer.sieve.keys import Mask, Places

Ends = tuple[tuple[str, int], tuple[str, int]]
SHORTEST = 32
"""Packets: what a shorter run saves is less than what finding it costs."""
COPIES = 5_000_000
"""Nanoseconds: copies of a packet come so close together."""
_ACK, _PSH = 0x10, 0x08


class Lying:
    """A :class:`~analyzer.capture.packet.Stretch` whose packets lie in a buffer."""

    __slots__ = ("_batch", "_capture", "_rows", "_starts", "ends", "ttl")

    def __init__(self, batch: Batch, capture: int, rows: Places, begin: Places, length: Places, ttl: int) -> None:
        self._batch = batch
        self._capture = capture
        self._rows = rows
        self._starts: list[int] = (batch.offsets[rows] + begin).tolist()
        self.ends: list[int] = np.cumsum(length).tolist()
        self.ttl = ttl

    def packet(self, index: int) -> PacketRef:
        """See :class:`~analyzer.capture.packet.Stretch`."""
        row = self._rows[index]
        return PacketRef(self._capture, int(self._batch.numbers[row]), int(self._batch.at[row]))

    def peek(self, at: int, size: int) -> bytes:
        """See :class:`~analyzer.capture.packet.Stretch`."""
        ends, buffer = self.ends, self._batch.buffer
        index = bisect_right(ends, at)
        found = b""
        while True:
            begin = ends[index - 1] if index else 0
            place = self._starts[index] + at - begin
            part = ends[index] - at
            if part >= size and not found:
                return buffer[place : place + size]
            part = min(size, part)
            found += buffer[place : place + part]
            at, size, index = at + part, size - part, index + 1
            if not size:
                return found


class _Pieces:
    """The payload of a run, packet by packet, made when it is asked for."""

    def __init__(self, batch: Batch, segments: Segments, rows: Places, forth: Mask, capture: int) -> None:
        """``rows`` of the batch, all with payload."""
        self._of = batch, segments, rows, forth, capture

    def __iter__(self) -> Iterator[Piece]:
        batch, segments, rows, forth, capture = self._of
        starts = batch.offsets[rows] + segments.begin
        columns = (forth, batch.numbers[rows], batch.at[rows], segments.sequence, starts, segments.length, segments.ttl)
        for mine, number, at, sequence, start, length, ttl in zip(*(each.tolist() for each in columns), strict=True):
            data = bytes(batch.buffer[start : start + length])
            yield Piece(mine, PacketRef(capture, number, at), sequence, data, ttl)


def find_runs(
    batch: Batch,
    columns: Columns,
    rows: Places,
    vantage: int,
    capture: int,
    ends: Ends,
) -> Iterator[tuple[Run, Places]]:
    """The runs among the packets ``rows`` of the connection between ``ends``, and the packets of each."""
    segments = segments_of(batch, columns, rows)
    forth = segments.sender == np.uint64(mixed_one(number_of(*ends[0])))
    plain = (segments.flags & ~np.uint8(_PSH)) == _ACK
    plain &= segments.begin + segments.length <= batch.captured[rows]
    at = batch.at[rows]
    joins = np.ones(len(rows), np.bool_)
    joins[1:] = at[1:] >= at[:-1]
    for mine in (forth, ~forth):
        joins &= _continues(segments, mine)
    breaks = np.flatnonzero(~(plain & joins))
    firsts = np.append(0, np.where(plain[breaks], breaks, breaks + 1))
    lasts = np.append(breaks, len(rows))
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        if last - first >= SHORTEST:
            part = slice(first, last)
            yield _run(batch, segments.part(part), rows[part], forth[part], vantage, capture, ends), rows[part]


def _continues(segments: Segments, mine: Mask) -> Mask:
    """Where neither the numbers of one direction nor what it acknowledges break off."""
    good = np.ones(len(mine), np.bool_)
    own, other = np.flatnonzero(mine), np.flatnonzero(~mine)
    if not own.size:
        return good
    following = segments.sequence + segments.length.astype(np.uint32)
    good[own[1:]] &= segments.sequence[own[1:]] == following[own[:-1]]
    numbers = segments.acknowledgment[own]
    good[own[1:]] &= (numbers[1:] - numbers[:-1]).astype(np.int32) >= 0
    if other.size:
        place = np.searchsorted(other, own) - 1
        known = np.where(place >= 0, following[other[np.maximum(place, 0)]], segments.sequence[other[0]])
        good[own] &= (numbers - known).astype(np.int32) <= 0
    else:
        good[own[1:]] &= numbers[1:] == numbers[:-1]
    return good


def _run(batch: Batch, segments: Segments, rows: Places, forth: Mask, vantage: int, capture: int, ends: Ends) -> Run:
    """All of these packets."""
    halves = [_half(batch, segments, rows, np.flatnonzero(mine), capture, ends) for mine in (forth, ~forth)]
    says = segments.length > 0
    stretches: list[Stretch | None] = []
    for mine in (forth & says, ~forth & says):
        own = np.flatnonzero(mine)
        stretches.append(
            Lying(batch, capture, rows[own], segments.begin[own], segments.length[own], int(segments.ttl[own[-1]]))
            if own.size
            else None
        )

    def packets() -> list[Packet]:
        return [batch.packet(row, vantage, capture) for row in rows.tolist()]

    def recent() -> list[Recent]:
        at = batch.at[rows]
        part = slice(int(np.searchsorted(at, at[-1] - COPIES)), None)
        numbers = segments.sequence, segments.acknowledgment, segments.flags, segments.length, segments.window
        told = (each[part].tolist() for each in (forth, at, *numbers))
        ip_ids = [None] * len(at[part]) if ":" in ends[0][0] else segments.ip_id[part].tolist()
        return [Recent(*each) for each in zip(*told, ip_ids, strict=True)]

    talking = np.flatnonzero(says)
    pieces = _Pieces(batch, segments.part(talking), rows[talking], forth[talking], capture)
    return Run(capture, vantage, ends, halves[0], halves[1], pieces, packets, (stretches[0], stretches[1]), recent)


def _half(batch: Batch, segments: Segments, rows: Places, own: Places, capture: int, ends: Ends) -> Half | None:
    if not own.size:
        return None

    def ref(place: int) -> PacketRef:
        row = rows[place]
        return PacketRef(capture, int(batch.numbers[row]), int(batch.at[row]))

    first, last = int(own[0]), int(own[-1])
    numbers = segments.acknowledgment[own]
    latest = numbers[-1]
    earlier = numbers[numbers != latest]
    return Half(
        len(own),
        ref(last),
        int(segments.sequence[first]),
        int(segments.sequence[last] + np.uint32(segments.length[last])),
        int(numbers[0]),
        (int(earlier[-1]), int(latest)) if earlier.size else (int(latest),),
        ref(int(own[int(np.argmax(numbers == latest))])),
        int(segments.ttl[last]),
        None if ":" in ends[0][0] else int(segments.ip_id[last]),
    )
