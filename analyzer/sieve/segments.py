"""Some packets of a batch become columns of all that their TCP headers say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyzer.sieve.columns import FIELDS_4, FIELDS_6, half, layout_of
from analyzer.sieve.keys import mixed
from dissectors.dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.batch import Batch
    from analyzer.sieve.columns import Columns
    from analyzer.sieve.keys import Keys, Places


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """More of some packets, all of which are covered."""

    sender: Keys
    """A hash of the sending address and port."""
    listener: NDArray[np.uint16]
    """Port that it goes to."""
    sequence: NDArray[np.uint32]
    acknowledgment: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    window: NDArray[np.uint16]
    ttl: NDArray[np.uint8]
    ip_id: NDArray[np.uint16]
    """Means nothing in IPv6."""
    begin: Places
    """Bytes before the payload."""
    length: Places
    """Bytes of payload."""

    def part(self, places: slice | Places) -> Segments:
        """Some of them."""
        return Segments(*(getattr(self, name)[places] for name in self.__slots__))


def segments_of(batch: Batch, columns: Columns, rows: Places) -> Segments:
    """What the packets ``rows`` carry."""
    count = len(rows)
    sender, listener = np.zeros(count, np.uint64), np.zeros(count, np.uint16)
    sequence, flags = np.zeros(count, np.uint32), np.zeros(count, np.uint8)
    acknowledgment, ttl, ip_id = np.zeros(count, np.uint32), np.zeros(count, np.uint8), np.zeros(count, np.uint16)
    window = np.zeros(count, np.uint16)
    begin, length = np.zeros(count, np.int64), np.zeros(count, np.int64)
    kinds = columns.version[rows].astype(np.int64) * 256 + columns.link[rows]
    for kind in np.flatnonzero(np.bincount(kinds)).tolist():
        version, link = divmod(kind, 256)
        into = np.flatnonzero(kinds == kind)
        fields, header = (FIELDS_4, 20) if version == 4 else (FIELDS_6, 40)
        heads = batch.heads(rows[into])
        heads = heads.view(layout_of(fields, link, heads.itemsize))
        total = heads["total"].astype(np.int64) + (0 if version == 4 else header)
        payload = header + (heads["offset"] >> 4).astype(np.int64) * 4
        sender[into] = mixed(half(heads, "source", "from", version))
        listener[into], sequence[into], flags[into] = heads["to"], heads["sequence"], heads["flags"]
        acknowledgment[into], ttl[into], ip_id[into] = heads["acknowledgment"], heads["ttl"], heads["ip_id"]
        window[into] = heads["window"]
        begin[into], length[into] = link + payload, total - payload
    return Segments(sender, listener, sequence, acknowledgment, flags, window, ttl, ip_id, begin, length)
