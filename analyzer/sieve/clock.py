"""When a packet that says nothing says one thing after all: that so much time went by that its stream is forgotten.

A packet of a stream that nobody watches any more is dropped, unless it is a SYN, FIN or RST.  But the stream table
forgets such a stream once it was quiet for long enough, and what comes after that begins another one, which matters
again.  The packet that makes the time pass may be the very one that begins it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.capture.batch import Batch
    from analyzer.sieve.keys import Mask, Places


EVER = 1 << 62
"""Nanoseconds: 146 years."""


class Clock:
    """Tells which packets of a batch may make a stream be forgotten."""

    def __init__(self, batch: Batch, dropped: Mask, forgets_none_before: Callable[[int], int]) -> None:
        """``dropped``: the packets of streams that nobody watches.  ``forgets_none_before``: see
        :meth:`analyzer.streams.table.StreamTable.forgets_none_before`."""
        at, outside = batch.at, batch.outside
        self._latest: Places = at
        """The time up to each packet, nanoseconds since 1970 UTC: a clock may be set back."""
        self._earliest: Places = at
        """The same from each packet on."""
        if (at[1:] < at[:-1]).any():
            nobodys = np.zeros(len(at), np.bool_) if outside is None else outside
            self._latest = np.maximum.accumulate(np.where(nobodys, -EVER, at))
            self._earliest = np.minimum.accumulate(np.where(nobodys, EVER, at)[::-1])[::-1]
        self._forgets_none_before = forgets_none_before
        self._begin = 0
        self._due = -EVER
        self.next = len(at)
        """The first dropped packet from which on a stream may be forgotten; as many as there are packets: none."""
        self.go_on(0, dropped)

    def may_forget(self, index: int) -> bool:
        """A stream may have been forgotten for its age when this packet has come."""
        return bool(self._latest[index] >= self._due)

    def go_on(self, begin: int, dropped: Mask) -> None:
        """What comes before packet ``begin`` is done with."""
        count = len(self._latest)
        self._begin = begin = max(begin, self._begin)
        if begin >= count:
            self._due, self.next = EVER, count
            return
        self._due = self._forgets_none_before(int(self._earliest[begin]))
        begin = max(begin, int(np.searchsorted(self._latest, self._due)))
        self.next = count
        if begin < count and dropped[first := begin + int(dropped[begin:].argmax())]:
            self.next = first
