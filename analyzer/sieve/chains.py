"""The packets of busy connections → where one of them does not continue those before: needs nothing but a batch.

All connections are looked at together: what is asked of each packet is asked once for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.sieve.keys import among
from analyzer.sieve.segments import Segments, segments_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from analyzer.capture.batch import Batch
    from analyzer.sieve.columns import Columns
    from analyzer.sieve.keys import Keys, Mask, Places

_ACK, _PSH = 0x10, 0x08


class Chains(NamedTuple):
    """Packets of some connections: one connection behind the other, each in its order."""

    rows: Places
    segments: Segments
    unsure: Mask
    """The first one of its side, and empty: a copy of one that came before, if what it acknowledges was so already."""
    firsts: Places
    """Where stretches begin in which each packet continues the ones before, and no flag but PSH and ACK is set: places
    in the other columns."""
    ends: Places


class _Links(NamedTuple):
    """How the packets of a chain hang together: the places of others, or -1."""

    previous: Places
    """Before it, of the same side."""
    heard: Places
    """Before it, of the other side."""
    other: Places
    """The first one of the other side: the number of packets, where it says nothing."""


def chains_of(batch: Batch, columns: Columns, busy: Collection[int]) -> Chains | None:
    """Of the connections with these keys; None if they have no packets."""
    if not busy:
        return None
    rows = np.flatnonzero(among(columns.keys, np.fromiter(busy, np.uint64, len(busy))))
    return chained(batch, columns, rows) if rows.size else None


def chained(batch: Batch, columns: Columns, rows: Places) -> Chains:
    """The packets ``rows``, of which there are some."""
    rows = rows[np.argsort(columns.keys[rows], kind="stable")]
    begins, lengths = _groups(columns.keys[rows])
    segments = segments_of(batch, columns, rows)
    of_first = segments.sender == np.repeat(segments.sender[begins], lengths)
    links = _links(of_first, begins, lengths)
    plain = (segments.flags & ~np.uint8(_PSH)) == _ACK
    plain &= segments.begin + segments.length <= batch.captured[rows]
    # Where a clock was set back, a later time lies in between that nobody else may tell.
    plain &= batch.at[rows] >= np.maximum.accumulate(batch.at)[rows]
    following = segments.sequence + segments.length.astype(np.uint32)
    plain &= _saw_what_it_acknowledges(segments, links, following)
    unsure = (links.previous < 0) & (segments.length == 0)
    plain &= np.where(links.previous < 0, ~unsure | _acknowledges_more(segments, links), ~_is_copy(segments, links))
    breaks = np.flatnonzero(~(plain & _continues(segments, links, following)))
    # A stretch begins with each connection, and with each break or behind it; it ends at the next one.
    firsts = np.concatenate((begins, np.where(plain[breaks], breaks, breaks + 1)))
    ends = np.concatenate((breaks, begins + lengths))
    return Chains(rows, segments, unsure, np.sort(firsts), np.sort(ends))


def _groups(keys: Keys) -> tuple[Places, Places]:
    """Where each run of equal keys begins, and its length."""
    begins = np.append(0, np.flatnonzero(keys[1:] != keys[:-1]) + 1)
    return begins, np.diff(begins, append=len(keys))


def _links(of_first: Mask, begins: Places, lengths: Places) -> _Links:
    count = len(of_first)
    places = np.arange(count)
    before_first, before_other = (_last_before(places, mine) for mine in (of_first, ~of_first))
    begin = np.repeat(begins, lengths)
    previous, heard = np.where(of_first, (before_first, before_other), (before_other, before_first))
    previous[previous < begin] = -1
    heard[heard < begin] = -1
    firsts_of_other = np.minimum.reduceat(np.where(of_first, count, places), begins)
    other = np.where(of_first, np.repeat(firsts_of_other, lengths), begin)
    return _Links(previous, heard, other)


def _last_before(places: Places, mine: Mask) -> Places:
    """Before each place, the last one of those."""
    return np.append(-1, np.maximum.accumulate(np.where(mine, places, -1))[:-1])


def _continues(segments: Segments, links: _Links, following: NDArray[np.uint32]) -> Mask:
    """Where the numbers of one direction do not break off."""
    previous, numbers = links.previous, segments.acknowledgment
    more = (numbers - numbers[previous]).astype(np.int32)
    alone = links.other == len(previous)
    good: Mask = (segments.sequence == following[previous]) & np.where(alone, more == 0, more >= 0)
    return good | (previous < 0)


def _saw_what_it_acknowledges(segments: Segments, links: _Links, following: NDArray[np.uint32]) -> Mask:
    """Where the packets of one direction acknowledge nothing of the other that comes later, or not at all."""
    heard, other = links.heard, links.other
    alone = other == len(other)
    seen = np.where(heard < 0, segments.sequence[np.where(alone, 0, other)], following[heard])
    good: Mask = (segments.acknowledgment - seen).astype(np.int32) <= 0
    good |= alone
    return good


def _acknowledges_more(segments: Segments, links: _Links) -> Mask:
    """Where a packet acknowledges something that the other side says here, and that was not acknowledged before, as far
    as can be told from here."""
    first = segments.sequence[np.where(links.heard < 0, 0, links.other)]
    more: Mask = (segments.acknowledgment - first).astype(np.int32) > 0
    return more & (links.heard >= 0)


def _is_copy(segments: Segments, links: _Links) -> Mask:
    """Where a packet of one direction is like the one before it."""
    found = np.ones(len(links.previous), np.bool_)
    for name in ("sequence", "acknowledgment", "flags", "length", "window", "ip_id"):
        column = getattr(segments, name)
        found &= column == column[links.previous]
    return found
