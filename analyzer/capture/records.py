"""Turns the bytes of a classic capture file into the places of its records, many at a time.

Record headers are a linked list: only a record's own header tells where the next one is.  Walking it one record at a
time costs the interpreter a third of a second per million packets.  So the bytes are cut into *lanes*, a likely record
header is looked for in each, and all lanes are walked in step, as numpy columns.  Likely is enough: a lane counts only
if the walk of the lane before it ends exactly where it began, and the first one begins at a record.  Where that fails
(the bytes looked like a header and were none, a record larger than a lane) the records are walked one by one until
both walks meet.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dissectors.dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

LANE = 32 * 1024
"""Bytes."""
_SAME_TIME = 2
"""Of the four bytes of the seconds, the upper ones that two records of one capture share: for 18 hours."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file writes its record headers: seconds, fraction, bytes in the file, bytes on the wire."""

    order: str
    """``<`` or ``>``."""
    header: int
    """Bytes of a record header."""
    limit: int
    """A longer record is damage."""
    fractions: int
    """Of a second."""


class Walker:
    """Finds the records in a buffer; its columns are views, made once for a buffer that is filled again and again."""

    def __init__(self, buffer: bytearray, layout: Layout) -> None:
        self._buffer = buffer
        self._layout = layout
        self._words = np.ndarray((len(buffer) - 3,), f"{layout.order}u4", buffer, strides=(1,))
        """The 4-byte number at any place."""
        self._header = struct.Struct(f"{layout.order}IIII").unpack_from

    def length(self, at: int) -> int:
        """What the record header there claims."""
        return int(self._words[at + 8])

    def walk(self, start: int, end: int) -> tuple[NDArray[np.int64], int, bool]:
        """Places of the whole records in ``start:end``, where the next header is, and whether that one is damaged."""
        if end - start < 2 * LANE:
            places, at, damaged = self._one_by_one(start, end, end)
            return np.array(places, np.int64), at, damaged
        begins = [start, *self._likely(start, end).tolist()]
        lanes, exits = self._in_step(np.array(begins, np.int64), end)
        parts: list[NDArray[np.int64]] = []
        at, damaged, lane = start, False, 0
        while not damaged and at < end:
            if lane < len(begins) and begins[lane] == at:
                parts.append(lanes[lane])
                at, lane = int(exits[lane]), lane + 1
                if lane < len(begins) and begins[lane] == at:
                    continue
            while lane < len(begins) and begins[lane] < at:
                lane += 1
            until = begins[lane] if lane < len(begins) else end
            if until > at:
                places, next_at, damaged = self._one_by_one(at, until, end)
                parts.append(np.array(places, np.int64))
                if next_at == at:
                    break
                at = next_at
        return np.concatenate(parts) if parts else np.zeros(0, np.int64), at, damaged

    def _one_by_one(self, at: int, until: int, end: int) -> tuple[list[int], int, bool]:
        """Walks to the first record at or after ``until``; whole records end by ``end``."""
        buffer, unpack = self._buffer, self._header
        size, limit = self._layout.header, self._layout.limit
        places: list[int] = []
        while at < until and at + size <= end:
            seconds, _, length, wire_length = unpack(buffer, at)
            if length > limit or not (max(wire_length, length) or seconds):
                return places, at, True
            following = at + size + length
            if following > end:
                break
            places.append(at)
            at = following
        return places, at, False

    def _likely(self, start: int, end: int) -> NDArray[np.int64]:
        """At most one place in each lane after the first that looks like a header with another one behind it."""
        layout, find = self._layout, self._buffer.find
        shift = 0 if layout.order == ">" else 4 - _SAME_TIME
        pattern = bytes(self._buffer[start + shift : start + shift + _SAME_TIME])
        found = [find(pattern, lane + shift, lane + LANE) for lane in range(start + LANE, end - LANE, LANE)]
        at = np.array(found, np.int64)
        at = at[at >= 0] - shift
        at, following = self._plausible(at, end)
        behind, _ = self._plausible(following, end)
        return at[np.isin(following, behind)]

    def _in_step(self, begins: NDArray[np.int64], end: int) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
        """The records of each lane, and the place after them: the next lane's first record, or what stopped it."""
        size, limit = self._layout.header, self._layout.limit
        stops = np.append(begins[1:], end)
        exits = begins.copy()
        at, alive = begins, np.arange(len(begins))
        steps: list[NDArray[np.int64]] = []
        who: list[NDArray[np.int64]] = []
        room = end - size
        while alive.size:
            length = self._words[np.minimum(at, room) + 8].astype(np.int64)
            following = at + size + length
            whole = (following <= end) & (length <= limit) & (length > 0)
            if not whole.all():
                alive, at, following = alive[whole], at[whole], following[whole]
            steps.append(at)
            who.append(alive)
            exits[alive] = following
            more = following < stops[alive]
            if more.all():
                at = following
            else:
                alive, at = alive[more], following[more]
        places, lanes = np.concatenate(steps), np.concatenate(who)
        order = np.argsort(lanes, kind="stable")
        places = places[order]
        ends = np.cumsum(np.bincount(lanes, minlength=len(begins))).tolist()
        return [places[first:last] for first, last in pairwise([0, *ends])], exits

    def _plausible(self, at: NDArray[np.int64], end: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Those of the places that may be headers, and where the next ones are."""
        layout, words = self._layout, self._words
        at = at[at + layout.header <= end]
        length, wire_length = words[at + 8], words[at + 12]
        may_be = (words[at + 4] < layout.fractions) & (length <= wire_length) & (wire_length <= layout.limit)
        at, length = at[may_be], length[may_be]
        return at, at + layout.header + length
