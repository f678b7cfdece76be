"""The packets of one busy connection → where one of them does not continue those before: needs nothing but a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.sieve.keys import among
from analyzer.sieve.segments import Segments, segments_of

if TYPE_CHECKING:
    from collections.abc import Collection

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
    at = batch.at[rows]
    joins = np.ones(len(rows), np.bool_)
    joins[1:] = at[1:] >= at[:-1]
    for mine in (of_first, ~of_first):
        joins &= _continues(segments, mine)
    breaks = np.flatnonzero(~(plain & joins))
    firsts = np.append(0, np.where(plain[breaks], breaks, breaks + 1))
    return Chain(rows, segments, of_first, firsts, np.append(breaks, len(rows)))


def _continues(segments: Segments, mine: Mask) -> Mask:
    """Where neither the numbers of one direction nor what it acknowledges break off."""
    good = np.ones(len(mine), np.bool_)
    own, other = np.flatnonzero(mine), np.flatnonzero(~mine)
    if not own.size:
        return good
    following = segments.sequence + segments.length.astype(np.uint32)
    good[own[1:]] &= segments.sequence[own[1:]] == following[own[:-1]]
    numbers = segments.acknowledgment[own]
    good[own[1:]] &= (numbers[1:] - numbers[:-1]).astype(np.int32) >= 0
    if other.size:
        place = np.searchsorted(other, own) - 1
        known = np.where(place >= 0, following[other[np.maximum(place, 0)]], segments.sequence[other[0]])
        good[own] &= (numbers - known).astype(np.int32) <= 0
    else:
        good[own[1:]] &= numbers[1:] == numbers[:-1]
    return good
