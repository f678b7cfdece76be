"""Packets of one busy connection become runs: stretches in which every packet continues the ones before.

In a run nothing is lost, repeated, out of order or cut, every acknowledgment is of bytes that were seen, and no flag
but PSH and ACK is set.  What it comes to is known without looking at its packets one by one; only their payload is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from analyzer.capture.packet import PacketRef, Run
from analyzer.capture.run_parts import Half, Piece, Recent
from analyzer.sieve.keys import mixed_one, number_of

if TYPE_CHECKING:
    from analyzer.capture.batch import Batch
    from analyzer.capture.packet import Packet, Stretch
    from analyzer.sieve.chains import Chains
    from analyzer.sieve.keys import Keys, Mask, Places
    from analyzer.sieve.segments import Segments

Ends = tuple[tuple[str, int], tuple[str, int]]
SHORTEST = 32
"""Packets: what a shorter run saves is less than what finding it costs."""
COPIES = 5_000_000
"""Nanoseconds: copies of a packet come so close together."""


class Lying:
    """A :class:`~analyzer.capture.packet.Stretch` whose packets lie in a buffer."""

    __slots__ = ("_batch", "_capture", "_rows", "ends", "memory", "shifts", "ttl")

    def __init__(self, batch: Batch, capture: int, rows: Places, places: Places, length: Places, ttl: int) -> None:
        """``places``: where in the buffer the payload of each ends."""
        self._batch = batch
        self._capture = capture
        self._rows = rows
        ends = np.cumsum(length)
        self.memory = batch.buffer
        self.ends: list[int] = ends.tolist()
        self.shifts: list[int] = (places - ends).tolist()
        self.ttl = ttl

    def packet(self, index: int) -> PacketRef:
        """See :class:`~analyzer.capture.packet.Stretch`."""
        row = self._rows[index]
        return PacketRef(self._capture, int(self._batch.numbers[row]), int(self._batch.at[row]))


class _Pieces:
    """The payload of a run, packet by packet, made when it is asked for."""

    def __init__(self, batch: Batch, segments: Segments, rows: Places, forth: Mask, capture: int) -> None:
        self._of = batch, segments, rows, forth, capture

    def __iter__(self) -> Iterator[Piece]:
        batch, segments, rows, forth, capture = self._of
        talking = np.flatnonzero(segments.length > 0)
        segments, rows, forth = segments.part(talking), rows[talking], forth[talking]
        starts = batch.offsets[rows] + segments.begin
        columns = (forth, batch.numbers[rows], batch.at[rows], segments.sequence, starts, segments.length, segments.ttl)
        for mine, number, at, sequence, start, length, ttl in zip(*(each.tolist() for each in columns), strict=True):
            data = bytes(batch.buffer[start : start + length])
            yield Piece(mine, PacketRef(capture, number, at), sequence, data, ttl)


class _Recents:
    """Makes :class:`Recent` of a run when it is asked for, whatever became of the batch."""

    def __init__(self, batch: Batch, segments: Segments, rows: Places, forth: Mask, *, has_ids: bool) -> None:
        at = batch.at[rows]
        part = slice(int(np.searchsorted(at, at[-1] - COPIES)), None)
        numbers = segments.sequence, segments.acknowledgment, segments.flags, segments.length, segments.window
        self._columns = [each[part].copy() for each in (forth, at, *numbers, segments.ip_id)]
        self._has_ids = has_ids

    def __call__(self) -> Recent:
        columns = Recent(*(each.tolist() for each in self._columns))
        return columns if self._has_ids else columns._replace(ip_id=[None] * len(columns.at))


def find_runs(
    batch: Batch, keys: Keys, chains: Chains, busy: Mapping[int, Ends], vantage: int, capture: int
) -> Iterator[tuple[Run, Places]]:
    """The runs in the packets of connections that are ``busy``, by key, and the packets of each."""
    long = np.flatnonzero(chains.ends - chains.firsts >= SHORTEST)
    whose = keys[chains.rows[chains.firsts[long]]].tolist()
    for key, first, last in zip(whose, chains.firsts[long].tolist(), chains.ends[long].tolist(), strict=True):
        if (ends := busy.get(key)) is None:
            continue
        part = slice(first, last)
        yield _run(batch, chains, part, vantage, capture, ends), chains.rows[part]


def _run(batch: Batch, chains: Chains, part: slice, vantage: int, capture: int, ends: Ends) -> Run:
    """All packets of that part."""
    rows, segments, unsure = chains.rows[part], chains.segments.part(part), chains.unsure[part]
    forth = segments.sender == np.uint64(mixed_one(number_of(*ends[0])))
    places = batch.offsets[rows] + segments.begin + segments.length
    halves: list[Half | None] = []
    stretches: list[Stretch | None] = []
    for mine in (forth, ~forth):
        own = np.flatnonzero(mine)
        halves.append(_half(batch, segments, rows, own, unsure, capture, ends) if own.size else None)
        own = own[segments.length[own] > 0]
        stretches.append(
            Lying(batch, capture, rows[own], places[own], segments.length[own], int(segments.ttl[own[-1]]))
            if own.size
            else None
        )

    def packets() -> list[Packet]:
        return [batch.packet(row, vantage, capture) for row in rows.tolist()]

    pieces = _Pieces(batch, segments, rows, forth, capture)
    recent = _Recents(batch, segments, rows, forth, has_ids=":" not in ends[0][0])
    at = int(batch.at[rows[0]])
    return Run(capture, vantage, at, ends, halves[0], halves[1], pieces, packets, (stretches[0], stretches[1]), recent)


def _half(batch: Batch, segments: Segments, rows: Places, own: Places, unsure: Mask, capture: int, ends: Ends) -> Half:
    """The packets ``own`` of a run, those of one side."""

    def ref(place: int) -> PacketRef:
        row = rows[place]
        return PacketRef(capture, int(batch.numbers[row]), int(batch.at[row]))

    first, last = int(own[0]), int(own[-1])
    numbers = segments.acknowledgment[own]
    # They never go back in a run.
    since = int(np.argmax(numbers == numbers[-1]))
    return Half(
        len(own),
        ref(last),
        int(segments.sequence[first]),
        int(segments.sequence[last] + np.uint32(segments.length[last])),
        int(numbers[0]),
        tuple(numbers[max(0, since - 1) : since + 1].tolist()),
        ref(int(own[since])),
        int(segments.ttl[last]),
        None if ":" in ends[0][0] else int(segments.ip_id[last]),
        unsure=bool(unsure[first]),
    )
