"""What tracking streams may cost: bounds on memory, and how long to wait for what may still come."""

from __future__ import annotations

from dissectors.dataclass import dataclass

MILLISECOND = 1_000_000
"""Nanoseconds."""
SECOND = 1_000_000_000
"""Nanoseconds."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a :class:`~analyzer.streams.table.StreamTable`.  All times are nanoseconds of capture time."""

    streams: int = 16_384
    """Tracked at once.  Beyond it one is forgotten: a closed one, else one never established, else the idlest; those
    that matter to their reader last."""
    closed: int = 2_048
    """Tracked at once that matter and are closed: late retransmissions and resets find so many of the latest."""
    crowd: int = 4_096
    """Connections that are tracked and not yet established, from which on the openings of others wait in a
    :class:`~analyzer.streams.syn_cache.SynCache`."""
    openings: int = 16_384
    """Of those, at once."""
    held_bytes: int = 256 * 1024
    """Of data that wait for earlier data, in one direction of one stream; includes what keeping a segment costs."""
    held_segments: int = 256
    """The same, counted in segments."""
    held_bytes_overall: int = 32 * 1024 * 1024
    """The same, in all streams together."""
    linger: int = 60 * SECOND
    """A closed stream is kept so long after its last packet: late retransmissions and resets still find it."""
    unanswered: int = 120 * SECOND
    """A stream that was never established is kept so long after its last packet."""
    hole_wait: int = 10 * SECOND
    """Data wait so long for earlier data that nobody acknowledged.  An established, quiet stream is never forgotten for
    its age: distribution ticks may be many minutes apart (docs/protocol.md 6)."""
    acknowledged_wait: int = 50 * MILLISECOND
    """Bytes that the peer acknowledged but the capture did not show yet may still come for so long: a capture on
    several interfaces or queues can show an ACK before the data."""
    acknowledged_packets: int = 3
    """The same, counted in later packets of the stream: whichever passes first."""
    copy_span: int = 5 * MILLISECOND
    """Identical segments so close together are one packet seen several times, not a retransmission."""
    queued: int = SECOND
    """A packet may leave the queue of a router so long after it came."""
