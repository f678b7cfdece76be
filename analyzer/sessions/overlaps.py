"""Attempts → those of them that were under way at a time, without a look at all the others.

Rules ask who else was there when something happened.  A node that retries for days has a hundred thousand attempts, and
each of them would have to look at each other one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable

from analyzer.sessions.attempt import Attempt

MOST = 256
"""Attempts of one length class that an answer holds at most, the latest ones: more at one time are a flood, and any of
them tells what it is."""


class Overlaps:
    """Attempts by their beginnings, apart by how long they took: those of 2 to the power of n nanoseconds and more, but
    less than twice that, can only matter if they began within that time before."""

    def __init__(self, attempts: Iterable[Attempt]) -> None:
        spans: dict[int, list[tuple[int, int, Attempt]]] = defaultdict(list)
        for place, attempt in enumerate(attempts):
            started, ended = attempt.started_at, attempt.ended_at
            spans[max(0, ended - started).bit_length()].append((started, place, attempt))
        for entries in spans.values():
            entries.sort(key=_beginning)
        self._spans = spans

    def at(self, first: int, last: int) -> list[Attempt]:
        """Attempts that had a packet at or before ``last`` and one at or after ``first`` (nanoseconds), in the order in
        which they were given."""
        found: list[tuple[int, int, Attempt]] = []
        for length, entries in self._spans.items():
            begin = bisect_left(entries, first - (1 << length), key=_beginning)
            end = bisect_right(entries, last, key=_beginning)
            found += entries[max(begin, end - MOST) : end]
        found.sort(key=_place)
        return [attempt for _, _, attempt in found if attempt.ended_at >= first]


def _beginning(entry: tuple[int, int, Attempt]) -> int:
    return entry[0]


def _place(entry: tuple[int, int, Attempt]) -> int:
    return entry[1]
