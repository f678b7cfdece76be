"""Connections that open in a batch → which of them say in their first bytes that they are none of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyzer.sieve.first_words import who_says_no, words_of
from analyzer.sieve.keys import among
from analyzer.sieve.segments import segments_of
from dissectors.dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.batch import Batch
    from analyzer.sieve.columns import Columns
    from analyzer.sieve.keys import Keys, Mask, Places


@dataclass(slots=True, eq=False)
class Openings:
    """Connections of which a SYN is in a batch."""

    keys: Keys
    rows: Places
    """The packets of all of them from their SYN on, connection by connection."""
    firsts: Places
    """Where in ``rows`` those of each begin."""
    ends: Places
    ports: NDArray[np.uint16]
    """That they go to."""
    said: NDArray[np.int64]
    """Which packet of the batch says that it is none of ours; -1 where none does."""
    reopen: Mask
    """Packets with the same addresses and ports come before."""

    def packets(self, which: Mask) -> Places:
        """Those of some of them."""
        return self.rows[np.repeat(which, self.ends - self.firsts)]

    def packets_of(self, number: int) -> Places:
        """Those of one of them."""
        return self.rows[self.firsts[number] : self.ends[number]]


def openings_of(batch: Batch, columns: Columns) -> Openings | None:
    """Those of a batch, if there are any."""
    if not columns.opens.any():
        return None
    rows = np.flatnonzero(among(columns.keys, columns.keys[columns.opens]))
    rows = rows[np.argsort(columns.keys[rows], kind="stable")]
    keys, opens = columns.keys[rows], columns.opens[rows]
    begins = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    ends = np.append(begins[1:], len(rows))
    place = np.arange(len(rows))
    firsts = np.minimum.reduceat(np.where(opens, place, len(rows)), begins)
    kept = place >= np.repeat(firsts, ends - begins)
    earlier = np.cumsum(firsts - begins)
    reopen, keys, firsts, ends = firsts > begins, keys[begins], firsts - earlier, ends - earlier
    rows, opens = rows[kept], opens[kept]
    segments = segments_of(batch, columns, rows)
    said = who_says_no(segments, words_of(batch, rows, segments), opens, firsts, ends)
    said = np.where(said >= 0, rows[said], said)
    return Openings(keys, rows, firsts, ends, segments.listener[firsts], said, reopen)
