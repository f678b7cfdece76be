"""Some packets of a batch become columns that tell whether a connection's first bytes may be ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyzer.sieve.columns import FIELDS_4, FIELDS_6, half, layout_of
from analyzer.sieve.keys import marked, mixed
from dissectors.dataclass import dataclass
from dissectors.dialogue import Side
from dissectors.epmd import REQUEST_LIMIT
from dissectors.epmd_messages import REQUESTS
from dissectors.handshake_messages import MESSAGES
from dissectors.speaker import LENGTH_LIMIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.batch import Batch
    from analyzer.sieve.columns import Columns
    from analyzer.sieve.keys import Keys, Mask, Places

_LONGEST_FIRST = max(REQUEST_LIMIT, LENGTH_LIMIT)
_IS_TAG = marked(256, (tag[0] for tag in (*REQUESTS, *MESSAGES[Side.INITIATOR])))
"""Third byte of whatever a connection of ours can begin with: the tag behind a length of two bytes."""
_IS_ANSWER = marked(256, (tag[0] for tag in MESSAGES[Side.ACCEPTOR]))
"""The same, of what an acceptor of ours says first."""


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """More of some packets, all of which are covered: what tells whether a connection's first bytes may be ours."""

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
    cannot: Mask
    """Its payload is there, and is no first message of ours: neither a name nor a request of EPMD."""
    cannot_answer: Mask
    """Its payload is there, and is no first message of an acceptor of ours."""

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
    buffer = np.frombuffer(batch.buffer, np.uint8)
    readable = (length >= 3) & (begin + 3 <= batch.captured[rows])
    at = batch.offsets[rows] + np.where(readable, begin, 0)
    announced = buffer[at].astype(np.int64) << 8 | buffer[at + 1]
    no_length, tag = (announced == 0) | (announced > _LONGEST_FIRST), buffer[at + 2]
    cannot, cannot_answer = readable & (no_length | ~_IS_TAG[tag]), readable & (no_length | ~_IS_ANSWER[tag])
    return Segments(
        sender,
        listener,
        sequence,
        acknowledgment,
        flags,
        window,
        ttl,
        ip_id,
        begin,
        length,
        cannot,
        cannot_answer,
    )
