"""What reading turns up about one capture, beside its packets."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from dissectors.dataclass import dataclass, field

if TYPE_CHECKING:
    from analyzer.capture.interface import Interface

RawRecord = tuple[int, int, bytes, int]
"""A packet as a reader hands it on: nanoseconds since 1970-01-01 UTC, LINKTYPE_ value, bytes, length on the wire.

A reader is any iterator of these.  A plain tuple, for there may be a hundred million of them.
"""

NOT_A_PACKET = -1
"""Link type of a record that has a number in Wireshark but no packet in it: it is counted and goes no further."""


MOST_LOSSES = 256
"""Times at which packets were lost that one capture remembers; beyond it the two closest become one."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Packets that were on the wire between two moments and are not in the capture."""

    since: int
    until: int
    """Nanoseconds since 1970-01-01 UTC."""
    packets: int


@dataclass(slots=True, eq=False)
class CaptureState:
    """One capture, filled in while it is read; complete once its last packet was delivered."""

    path: str
    """As the user named it (``-`` for standard input), fit to be shown."""
    format: str = ""
    """``pcap``, ``pcap-ns``, ``pcap-modified`` or ``pcapng``, and ``+gzip`` or the like where it is compressed."""
    link_types: list[int] = field(default_factory=list)
    """LINKTYPE_ values of its packets, in the order in which they first appear."""
    packets: int = 0
    """Number of the latest one: what Wireshark counts."""
    bytes: int = 0
    """Size as stored (compressed, where it is); of a stream, what was read so far."""
    consumed: int = 0
    """Bytes read so far, as stored: progress."""
    first_at: int | None = None
    """Earliest and latest time of a packet, nanoseconds since 1970-01-01 UTC."""
    last_at: int | None = None
    dropped: int = 0
    """Packets that the capture says it lost."""
    losses: list[Loss] = field(default_factory=list)
    """When, as far as that is known; in order."""
    truncated_packets: int = 0
    """Packets of which the snap length left only the beginning."""
    cut: bool = False
    """It breaks off: the file ends inside a record, or is damaged from there on."""
    lengths_in_order: bool = True
    """No classic file of an old version, whose records may tell the two lengths of a packet in either order."""
    notes: list[str] = field(default_factory=list)
    """Sentences for the report."""
    views: list[Interface] = field(default_factory=list)
    """Of an evidence capture: the interfaces that it has packets of."""

    def restart(self, *, keep_count: bool) -> None:
        """Forgets what was read, for it is read again; ``keep_count``: but for the number of bytes."""
        fresh = CaptureState(self.path, self.format, bytes=self.bytes, lengths_in_order=self.lengths_in_order)
        fresh.consumed = self.consumed if keep_count else 0
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))

    def breaks_off(self, note: str) -> None:
        """Notes that nothing after this place could be read."""
        self.cut = True
        self.notes.append(note)

    def damaged(self, note: str, noted: int) -> None:
        """The same of records that are damaged.  What lies behind may have been read ahead: all but the first ``noted``
        notes are about places after this one, and not told."""
        del self.notes[noted:]
        self.breaks_off(note)

    def lose(self, since: int, until: int, packets: int) -> None:
        """Packets were lost after all that were lost before."""
        self.dropped += packets
        self.losses.append(Loss(since, until, packets))
        if len(self.losses) > MOST_LOSSES:
            gaps = [later.since - earlier.until for earlier, later in pairwise(self.losses)]
            at = gaps.index(min(gaps))
            one, other = self.losses[at : at + 2]
            self.losses[at : at + 2] = [Loss(one.since, other.until, one.packets + other.packets)]
