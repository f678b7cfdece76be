"""Segments of connections that open → which of these say at once that they are none of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyzer.sieve.columns import SYN_FIN_RST
from dissectors.dialogue import DECIDED_BY

if TYPE_CHECKING:
    from analyzer.sieve.keys import Mask
    from analyzer.sieve.segments import Segments

SYN, SYN_ACK = 0x02, 0x12
MASK = 0xFFFFFFFF


class FirstWords:
    """What some segments say of whether connections are ours, as lists: there are few of each connection."""

    def __init__(self, segments: Segments, syn: Mask) -> None:
        names = ("sender", "listener", "sequence", "flags", "length", "cannot", "cannot_answer")
        columns: dict[str, list[int]] = {name: getattr(segments, name).tolist() for name in names}
        self.listener = columns["listener"]
        self._rows = list(zip(*(columns[name] for name in names if name != "listener"), strict=True))
        self._syns: list[int] = np.cumsum(syn).tolist()
        """SYNs up to each segment."""

    def says_no(self, first: int, last: int) -> int | None:
        """The segment in ``first:last``, all of one connection from its SYN on, that shows that it is none of ours: the
        opener's first bytes, behind a few of the listener where that speaks first (SSH, mail)."""
        opener, initial, *_ = self._rows[first]
        expected = (initial + 1) & MASK
        answers: int | None = None
        heard = 0
        for place in range(first, last):
            sender, sequence, flags, length, cannot, cannot_answer = self._rows[place]
            mine = sender == opener
            if flags & SYN_FIN_RST & ~SYN:
                return None
            if flags & SYN:
                known = expected if mine else answers
                if length or (known is not None and sequence != known - 1 & MASK):
                    return None
                if not mine:
                    answers = (sequence + 1) & MASK
            elif length and not mine:
                if not heard and not (sequence == answers and cannot_answer):
                    return None
                heard += length
                if heard >= DECIDED_BY:
                    # With so many it is told apart without its opener's: left to those who do that.
                    return None
            elif length:
                opens_again = self._syns[last - 1] > self._syns[place]
                return None if sequence != expected or not cannot or opens_again else place
        return None
