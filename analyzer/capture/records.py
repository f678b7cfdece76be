"""Turns the bytes of a capture file into the places of its records, many at a time.

Record headers are a linked list: only a record's own header tells where the next one is.  Walking it one record at a
time costs the interpreter a third of a second per million packets.  So the bytes are cut into *lanes*, a likely record
header is looked for in each, and all lanes are walked in step, as numpy columns.  Likely is enough: a lane counts only
if the walk of the lane before it ends exactly where it began, and the first one begins at a record.  Where that fails
(the bytes looked like a header and were none, a record larger than a lane) the records are walked one by one until
both walks meet.
"""

from __future__ import annotations

import mmap
import struct
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LANE = 24 * 1024
"""Bytes."""
STEPS = 16
"""After so many the lanes are looked at whose walk has ended; until then it goes on, into the next lane."""
FEW = 6
"""Lanes that are left: for so few a step takes longer than their records one by one."""

Bytes = bytearray | mmap.mmap


class Layout(Protocol):
    """How a format writes the headers of its records."""

    @property
    def order(self) -> str:
        """``<`` or ``>``."""

    @property
    def header(self) -> int:
        """Bytes that must be there before one can be read."""

    @property
    def length_at(self) -> int:
        """Where in it the length stands, in 4 bytes."""

    @property
    def extra(self) -> int:
        """What the length does not count."""

    @property
    def least(self) -> int:
        """A shorter one is looked at one by one."""

    @property
    def limit(self) -> int:
        """A longer record is damage."""

    @property
    def granule(self) -> int:
        """A power of 2 that lengths are multiples of; where one is none it is looked at one by one."""

    def sound(self, buffer: Bytes, at: int) -> bool:
        """Whether a whole header there is not damaged."""

    def pattern(self, buffer: Bytes, at: int) -> tuple[bytes, int]:
        """Bytes that the header there shares with most others, and where in it they stand."""

    def may_be(self, words: NDArray[np.uint32], at: NDArray[np.int64], end: int) -> NDArray[np.bool_]:
        """Which of these places, with a whole header each, are likely to be one."""


class _Lanes(NamedTuple):
    """What was found in them."""

    places: NDArray[np.int64]
    """Of their records, in order."""
    firsts: NDArray[np.int64]
    """Which of them is the first of each lane."""
    ends: NDArray[np.int64]
    """And which is the first that is none of its whole records any more."""
    exits: NDArray[np.int64]
    """The place after those: the next lane's first record, or what stopped it."""


class Walker:
    """Finds the records in a buffer; its columns are views, made once for a buffer that is filled again and again."""

    def __init__(self, buffer: Bytes, layout: Layout) -> None:
        self._buffer = buffer
        self._layout = layout
        self.words = np.ndarray((len(buffer) - 3,), f"{layout.order}u4", buffer, strides=(1,))
        """The 4-byte number at any place."""
        self._lengths = self.words[layout.length_at :]
        """What a record header at any place claims."""
        self._length = struct.Struct(f"{layout.order}I").unpack_from

    def length(self, at: int) -> int:
        """What the record header there claims."""
        return int(self._length(self._buffer, at + self._layout.length_at)[0])

    def walk(self, start: int, end: int) -> tuple[NDArray[np.int64], int, bool]:
        """Places of the whole records in ``start:end``, where the next header is, and whether that one is damaged."""
        if end - start < 2 * LANE:
            places, at, damaged = self._one_by_one(start, end, end)
            return np.array(places, np.int64), at, damaged
        begins = np.append(start, self._likely(start, end))
        lanes = self._in_step(begins, end)
        # The lanes after which the walk does not come to where the next one begins.
        borders = np.append(np.flatnonzero(lanes.exits[:-1] != begins[1:]), len(begins) - 1)
        parts: list[NDArray[np.int64]] = []
        at, damaged, lane = start, False, 0
        while not damaged and at < end:
            if lane < len(begins) and begins[lane] == at:
                last = int(borders[np.searchsorted(borders, lane)])
                parts.append(lanes.places[lanes.firsts[lane] : lanes.ends[last]])
                at, lane = int(lanes.exits[last]), last + 1
            lane = max(lane, int(np.searchsorted(begins, at)))
            until = int(begins[lane]) if lane < len(begins) else end
            if until > at:
                places, next_at, damaged = self._one_by_one(at, until, end)
                parts.append(np.array(places, np.int64))
                if next_at == at:
                    break
                at = next_at
        return np.concatenate(parts) if parts else np.zeros(0, np.int64), at, damaged

    def _one_by_one(self, at: int, until: int, end: int) -> tuple[list[int], int, bool]:
        """Walks to the first record at or after ``until``; whole records end by ``end``."""
        buffer, unpack, sound = self._buffer, self._length, self._layout.sound
        header, length_at, extra = self._layout.header, self._layout.length_at, self._layout.extra
        places: list[int] = []
        while at < until and at + header <= end:
            if not sound(buffer, at):
                return places, at, True
            following = at + extra + unpack(buffer, at + length_at)[0]
            if following > end:
                break
            places.append(at)
            at = following
        return places, at, False

    def _likely(self, start: int, end: int) -> NDArray[np.int64]:
        """At most one place in each lane after the first that looks like a header with another one behind it."""
        find = self._buffer.find
        pattern, shift = self._layout.pattern(self._buffer, start)
        found = [find(pattern, lane + shift, lane + LANE) for lane in range(start + LANE, end - LANE, LANE)]
        at = np.array(found, np.int64)
        at = at[at >= 0] - shift
        at = at[self._are_plausible(at, end)]
        return at[self._are_plausible(self._following(at), end)]

    def _in_step(self, begins: NDArray[np.int64], end: int) -> _Lanes:
        """Walks from each of these places to the next one, and from the last one to ``end``."""
        stops = np.append(begins[1:], end)
        at, until = begins, stops
        found: list[NDArray[np.int64]] = []
        while at.size > FEW:
            steps = np.empty((STEPS, at.size), np.int64)
            for step in steps:
                step[:] = at
                # Behind the last header are bytes of the buffer's margin, whatever they are.
                at = np.minimum(self._following(at), end)
            found.append(steps[steps < until])
            more = at < until
            at, until = at[more], until[more]
        for begin, stop in zip(at.tolist(), until.tolist(), strict=True):
            found.append(np.array(self._one_by_one(begin, stop, end)[0], np.int64))
        # Each step's are in order already, which this kind of sorting makes use of.
        places = np.sort(np.concatenate(found), kind="stable")
        ends = np.searchsorted(places, stops)
        lanes = _Lanes(places, np.append(0, ends[:-1]), ends, begins.copy())
        some = np.flatnonzero(ends > lanes.firsts)
        last = places[ends[some] - 1]
        following = self._following(last)
        whole = following <= end
        ends[some] -= ~whole
        lanes.exits[some] = np.where(whole, following, last)
        self._stop_at_odd_ones(lanes)
        return lanes

    def _following(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where the records behind these are; one that claims less than it can be does not hold up the others."""
        layout, lengths = self._layout, self._lengths[at]
        if not layout.extra:  # where there is some, every step goes on
            lengths = np.maximum(lengths, np.uint32(layout.least))
        following: NDArray[np.int64] = at + lengths
        following += layout.extra
        return following

    def _stop_at_odd_ones(self, lanes: _Lanes) -> None:
        """A lane ends before a record that is to be looked at by itself."""
        lengths, layout = self._lengths[lanes.places], self._layout
        odd = (lengths < layout.least) | (lengths > layout.limit)
        if layout.granule > 1:
            odd |= lengths & np.uint32(layout.granule - 1) != 0
        for place in np.flatnonzero(odd)[::-1].tolist():
            lane = int(np.searchsorted(lanes.firsts, place, side="right")) - 1
            if place < lanes.ends[lane]:
                lanes.ends[lane], lanes.exits[lane] = place, lanes.places[place]

    def _are_plausible(self, at: NDArray[np.int64], end: int) -> NDArray[np.bool_]:
        """Which of the places may be headers."""
        may = at + self._layout.header <= end
        may[may] = self._layout.may_be(self.words, at[may], end)
        return may
