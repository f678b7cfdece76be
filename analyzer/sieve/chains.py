"""The packets of one busy connection → where one of them does not continue those before: needs nothing but a batch."""

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


class Chain(NamedTuple):
    """Packets of one connection, in their order."""

    rows: Places
    segments: Segments
    of_first: Mask
    """Sent by whoever sent the first one."""
    firsts: Places
    """Where stretches begin in which each packet continues the ones before, and no flag but PSH and ACK is set."""
    ends: Places


def chains_of(batch: Batch, columns: Columns, busy: Collection[int]) -> dict[int, Chain]:
    """Those of some connections, by key."""
    if not busy:
        return {}
    rows = np.flatnonzero(among(columns.keys, np.fromiter(busy, np.uint64, len(busy))))
    return {int(columns.keys[group[0]]): chain_of(batch, columns, group) for group in grouped(columns.keys, rows)}


def grouped(keys: Keys, rows: Places) -> list[Places]:
    """Some packets, connection by connection."""
    if not rows.size:
        return []
    rows = rows[np.argsort(keys[rows], kind="stable")]
    return np.split(rows, np.flatnonzero(np.diff(keys[rows])) + 1)


def chain_of(batch: Batch, columns: Columns, rows: Places) -> Chain:
    """The packets ``rows`` of one connection."""
    segments = segments_of(batch, columns, rows)
    of_first = segments.sender == segments.sender[0]
    plain = (segments.flags & ~np.uint8(_PSH)) == _ACK
    plain &= segments.begin + segments.length <= batch.captured[rows]
    # Where a clock was set back, a later time lies in between that nobody else may tell.
    plain &= batch.at[rows] >= np.maximum.accumulate(batch.at)[rows]
    joins = np.ones(len(rows), np.bool_)
    for mine in (of_first, ~of_first):
        joins &= _continues(segments, mine)
        plain &= _saw_what_it_acknowledges(segments, mine) & ~_may_be_copy(segments, mine)
    breaks = np.flatnonzero(~(plain & joins))
    firsts = np.append(0, np.where(plain[breaks], breaks, breaks + 1))
    return Chain(rows, segments, of_first, firsts, np.append(breaks, len(rows)))


def _continues(segments: Segments, mine: Mask) -> Mask:
    """Where the numbers of one direction do not break off."""
    good = np.ones(len(mine), np.bool_)
    own = np.flatnonzero(mine)
    following = _following(segments, own)
    numbers = segments.acknowledgment[own]
    good[own[1:]] = (segments.sequence[own[1:]] == following[:-1]) & (
        (numbers[1:] - numbers[:-1]).astype(np.int32) >= 0
    )
    if own.size == len(mine):
        good[own[1:]] &= numbers[1:] == numbers[:-1]
    return good


def _saw_what_it_acknowledges(segments: Segments, mine: Mask) -> Mask:
    """Where the packets of one direction acknowledge nothing of the other that comes later, or not at all."""
    good = np.ones(len(mine), np.bool_)
    own, other = np.flatnonzero(mine), np.flatnonzero(~mine)
    if other.size:
        place = np.searchsorted(other, own) - 1
        seen = np.where(place >= 0, _following(segments, other)[np.maximum(place, 0)], segments.sequence[other[0]])
        good[own] = (segments.acknowledgment[own] - seen).astype(np.int32) <= 0
    return good


def _may_be_copy(segments: Segments, mine: Mask) -> Mask:
    """Where a packet of one direction is like the one before it; of the first one nobody knows what was before."""
    found = np.zeros(len(mine), np.bool_)
    own = np.flatnonzero(mine)
    found[own[:1]] = segments.length[own[:1]] == 0
    found[own[1:]] = True
    for name in ("sequence", "acknowledgment", "flags", "length", "window", "ip_id"):
        column = getattr(segments, name)[own]
        found[own[1:]] &= column[1:] == column[:-1]
    return found


def _following(segments: Segments, rows: Places) -> NDArray[np.uint32]:
    """The number behind each of these packets."""
    found: NDArray[np.uint32] = segments.sequence[rows] + segments.length[rows].astype(np.uint32)
    return found
