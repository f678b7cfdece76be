"""Segments of connections that open → which of these say at once that they are none of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyzer.sieve.columns import SYN
from dissectors.dialogue import DECIDED_BY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.sieve.keys import Mask, Places
    from analyzer.sieve.segments import Segments

FIN_RST = 0x05
MASK = 0xFFFFFFFF
NEVER = -1


def who_says_no(segments: Segments, syn: Mask, firsts: Places, ends: Places) -> NDArray[np.int64]:
    """Of each connection, whose segments are those in ``first:end`` from its SYN on, the one that shows that it is none
    of ours; :data:`NEVER` where none does.  ``syn``: the segments that open a connection.

    What shows it are the opener's first bytes, behind a few of the listener where that speaks first (SSH, mail)."""
    count = len(syn)
    of = np.repeat(np.arange(len(firsts)), ends - firsts)
    mine = segments.sender == segments.sender[firsts][of]
    initial = segments.sequence[firsts][of]
    synchronizes = segments.flags & SYN != 0
    ends_it = segments.flags & FIN_RST != 0
    telling = (segments.length > 0) | ends_it
    # The first segment that tells anything, of each; behind the last one where there is none.
    told = np.minimum.reduceat(np.where(telling, np.arange(count), count), firsts)
    silent = told == count
    told[silent] = firsts[silent]
    before = np.arange(count) < told[of]
    odd = before & synchronizes & mine & (segments.sequence != initial)
    others = np.add.reduceat(before & synchronizes & ~mine, firsts, dtype=np.int64)
    last_syn = np.maximum.reduceat(np.where(syn, np.arange(count), NEVER), firsts)
    slow = ~silent & (np.logical_or.reduceat(odd, firsts) | (others > 1) | (~mine[told] & ~ends_it[told]))
    no = ~silent & mine[told] & ~ends_it[told] & ~synchronizes[told]
    no &= (segments.sequence[told] == segments.sequence[firsts] + np.uint32(1)) & segments.cannot[told]
    no &= last_syn <= told
    found = np.where(no, told, NEVER)
    for which in np.flatnonzero(slow).tolist():
        found[which] = _one_by_one(segments, syn, int(firsts[which]), int(ends[which]))
    return found


def _one_by_one(segments: Segments, syn: Mask, first: int, end: int) -> int:
    """The same of one connection."""
    part = slice(first, end)
    names = ("sender", "sequence", "flags", "length", "cannot", "cannot_answer")
    rows = list(zip(*(getattr(segments, name)[part].tolist() for name in names), strict=True))
    opener, initial, *_ = rows[0]
    expected = (initial + 1) & MASK
    answers: int | None = None
    heard = 0
    for place, (sender, sequence, flags, length, cannot, cannot_answer) in enumerate(rows):
        mine = sender == opener
        if flags & FIN_RST:
            return NEVER
        if flags & SYN:
            known = expected if mine else answers
            if length or (known is not None and sequence != known - 1 & MASK):
                return NEVER
            if not mine:
                answers = (sequence + 1) & MASK
        elif length and not mine:
            if not heard and not (sequence == answers and cannot_answer):
                return NEVER
            heard += length
            if heard >= DECIDED_BY:
                # With so many it is told apart without its opener's: left to those who do that.
                return NEVER
        elif length:
            opens_again = syn[first + place + 1 : end].any()
            return NEVER if sequence != expected or not cannot or opens_again else first + place
    return NEVER
