"""Packets of one busy connection become runs: stretches in which every packet continues the ones before.

In a run nothing is lost, repeated, out of order or cut, every acknowledgment is of bytes that were seen, and no flag
but PSH and ACK is set.  What it comes to is known without looking at its packets one by one; only their payload is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyzer.capture.packet import Half, Packet, PacketRef, Piece, Run
from analyzer.sieve.keys import mixed_one, number_of
from analyzer.sieve.segments import Segments, segments_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.batch import Batch
    from analyzer.sieve.columns import Columns
    from analyzer.sieve.keys import Mask, Places

Ends = tuple[tuple[str, int], tuple[str, int]]
SHORTEST = 32
"""Packets: what a shorter run saves is less than what finding it costs."""
COPIES = 5_000_000
"""Nanoseconds: copies of a packet come so close together, so the last packets of a run are looked at one by one."""
_ACK, _PSH = 0x10, 0x08


def find_run(
    batch: Batch,
    columns: Columns,
    rows: Places,
    vantage: int,
    capture: int,
    ends: Ends,
) -> tuple[Run, list[int]] | None:
    """The longest run among the packets ``rows`` of the connection between ``ends``, and its packets."""
    segments = segments_of(batch, columns, rows)
    forth = segments.sender == np.uint64(mixed_one(number_of(*ends[0])))
    plain = (segments.flags & ~np.uint8(_PSH)) == _ACK
    plain &= segments.begin + segments.length <= batch.captured[rows]
    at = batch.at[rows]
    joins = np.ones(len(rows), np.bool_)
    joins[1:] = at[1:] >= at[:-1]
    for mine in (forth, ~forth):
        joins &= _continues(segments, mine)
    starts = np.flatnonzero(~(plain & joins))
    low, high = 0, 0
    for first, last in zip([-1, *starts.tolist()], [*starts.tolist(), len(rows)], strict=True):
        begin = first if first >= 0 and plain[first] else first + 1
        if last - begin > high - low:
            low, high = begin, last
    if high - low < SHORTEST:
        return None
    high = low + int(np.searchsorted(at[low:high], at[high - 1] - COPIES))
    if high - low < SHORTEST:
        return None
    return _run(batch, segments, rows, forth, low, high, vantage, capture, ends)


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


def _run(
    batch: Batch,
    segments: Segments,
    rows: Places,
    forth: NDArray[np.bool_],
    low: int,
    high: int,
    vantage: int,
    capture: int,
    ends: Ends,
) -> tuple[Run, list[int]]:
    taken: list[int] = rows[low:high].tolist()
    at: list[int] = batch.at[rows[low:high]].tolist()
    refs = [PacketRef(capture, int(batch.numbers[row]), time) for row, time in zip(taken, at, strict=True)]
    buffer = batch.buffer
    where = (batch.offsets[rows] + segments.begin)[low:high].tolist()
    pieces = [
        Piece(mine, ref, sequence, bytes(buffer[start : start + length]), ttl)
        for mine, ref, sequence, start, length, ttl in zip(
            forth[low:high].tolist(),
            refs,
            segments.sequence[low:high].tolist(),
            where,
            segments.length[low:high].tolist(),
            segments.ttl[low:high].tolist(),
            strict=True,
        )
        if length
    ]
    halves = [_half(segments, np.flatnonzero(mine[low:high]), low, refs, ends) for mine in (forth, ~forth)]

    def packets() -> list[Packet]:
        return [
            Packet(ref, vantage, int(batch.links[row]), batch.data(row), int(batch.wire[row]))
            for row, ref in zip(taken, refs, strict=True)
        ]

    return Run(capture, vantage, ends, halves[0], halves[1], pieces, packets), taken


def _half(segments: Segments, own: Places, low: int, refs: list[PacketRef], ends: Ends) -> Half | None:
    if not own.size:
        return None
    places = own + low
    first, last = int(places[0]), int(places[-1])
    numbers = segments.acknowledgment[places]
    latest = numbers[-1]
    earlier = numbers[numbers != latest]
    return Half(
        len(own),
        refs[int(own[-1])],
        int(segments.sequence[first]),
        int(segments.sequence[last] + np.uint32(segments.length[last])),
        int(numbers[0]),
        (int(earlier[-1]), int(latest)) if earlier.size else (int(latest),),
        refs[int(own[int(np.argmax(numbers == latest))])],
        int(segments.ttl[last]),
        None if ":" in ends[0][0] else int(segments.ip_id[last]),
    )
