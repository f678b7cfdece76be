"""Segments of connections that open → which of these say at once that they are none of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.sieve.columns import SYN
from analyzer.sieve.keys import marked
from dissectors.dialogue import DECIDED_BY, Side
from dissectors.epmd import REQUEST_LIMIT
from dissectors.epmd_messages import REQUESTS
from dissectors.handshake_messages import MESSAGES
from dissectors.speaker import LENGTH_LIMIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.batch import Batch
    from analyzer.sieve.keys import Mask, Places
    from analyzer.sieve.segments import Segments

FIN_RST = 0x05
MASK = 0xFFFFFFFF
NEVER = -1

_LONGEST_FIRST = max(REQUEST_LIMIT, LENGTH_LIMIT)
_IS_TAG = marked(256, (tag[0] for tag in (*REQUESTS, *MESSAGES[Side.INITIATOR])))
"""Third byte of whatever a connection of ours can begin with: the tag behind a length of two bytes."""
_IS_ANSWER = marked(256, (tag[0] for tag in MESSAGES[Side.ACCEPTOR]))
"""The same, of what an acceptor of ours says first."""


class Words(NamedTuple):
    """What the payload of some packets can't be; of one that is not all there, nothing."""

    cannot: Mask
    """A first message of ours: a name, or a request of EPMD."""
    cannot_answer: Mask
    """The first message of an acceptor of ours."""


def words_of(batch: Batch, rows: Places, segments: Segments) -> Words:
    """Of the packets ``rows``, whose ``segments`` are these."""
    buffer = np.frombuffer(batch.buffer, np.uint8)
    begin = segments.begin
    readable = (segments.length >= 3) & (begin + 3 <= batch.captured[rows])
    at = batch.offsets[rows] + np.where(readable, begin, 0)
    announced = buffer[at].astype(np.int64) << 8 | buffer[at + 1]
    no_length, tag = (announced == 0) | (announced > _LONGEST_FIRST), buffer[at + 2]
    return Words(readable & (no_length | ~_IS_TAG[tag]), readable & (no_length | ~_IS_ANSWER[tag]))


def who_says_no(segments: Segments, words: Words, syn: Mask, firsts: Places, ends: Places) -> NDArray[np.int64]:
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
    no &= (segments.sequence[told] == segments.sequence[firsts] + np.uint32(1)) & words.cannot[told]
    no &= last_syn <= told
    found = np.where(no, told, NEVER)
    for which in np.flatnonzero(slow).tolist():
        found[which] = _one_by_one(segments, words, syn, int(firsts[which]), int(ends[which]))
    return found


def _one_by_one(segments: Segments, words: Words, syn: Mask, first: int, end: int) -> int:
    """The same of one connection."""
    part = slice(first, end)
    columns = segments.sender, segments.sequence, segments.flags, segments.length, *words
    rows = list(zip(*(column[part].tolist() for column in columns), strict=True))
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
