"""Much data of one direction, looked at only where frames begin → what is known of that direction afterwards.

The same as if each packet had been taken by itself.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from analyzer.capture.packet import Stretch
from analyzer.sessions.connection import Flow
from analyzer.sessions.provenance import KEPT, Provenance
from dissectors.traffic import Skim


def take_skimmed(skim: Skim, offset: int, stretch: Stretch, flow: Flow, provenance: Provenance) -> None:
    """Takes the bytes of ``stretch``, which begin at ``offset``."""
    ends = stretch.ends
    last = stretch.packet(len(ends) - 1)
    flow.segments += len(ends)
    flow.sent = max(flow.sent, offset + skim.size)
    flow.last = flow.last_data = last
    flow.ttl, flow.last_sent_at = stretch.ttl, last.at
    flow.frames += skim.frames
    for end in skim.ticks:
        flow.count(stretch.packet(bisect_left(ends, end)).at, tick=True)
    named = bool(skim.ticks or skim.frames)
    first = max(min(bisect_right(ends, skim.begin), len(ends) - 1) if named else 0, len(ends) - KEPT)
    chunks = (
        (offset + (ends[index - 1] if index else 0), offset + ends[index], stretch.packet(index))
        for index in range(first, len(ends))
    )
    provenance.skip(chunks, named=named)
