"""Skimmed data leave the same behind as data that were taken packet by packet."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.capture.packet import PacketRef
from analyzer.sessions.connection import Flow
from analyzer.sessions.provenance import Provenance
from analyzer.sessions.skimmed import take_skimmed
from dissectors.traffic import Skim


class Packets:
    """A stretch of three packets of 10 bytes: numbers 1 to 3."""

    ends: Sequence[int] = (10, 20, 30)
    shifts: Sequence[int] = (0, 0, 0)
    memory = bytes(30)
    ttl = 64

    def packet(self, index: int) -> PacketRef:
        """One a second."""
        return PacketRef(0, index + 1, (index + 1) * 10**9)


def test_what_is_known_afterwards() -> None:
    """Counts, the last packet, the times of ticks, and the packets of the frame that is not finished yet."""
    flow, provenance = Flow(sent=100, segments=1), Provenance()
    provenance.add(90, 100, PacketRef(0, 0, 0))
    take_skimmed(Skim(30, 2, (10, 14), 18, b"\0\0\1\0"), 100, Packets(), flow, provenance)
    assert (flow.segments, flow.sent, flow.frames, flow.ticks) == (4, 130, 2, 2)
    assert (flow.last, flow.ttl, flow.last_sent_at) == (PacketRef(0, 3, 3 * 10**9), 64, 3 * 10**9)
    assert (flow.intervals, flow.last_tick_at) == ([10**9], 2 * 10**9)
    assert [packet.number for packet in provenance.packets(90, 140)] == [2, 3]


def test_a_frame_that_goes_on() -> None:
    """All its packets are remembered."""
    flow, provenance = Flow(), Provenance()
    provenance.add(90, 100, PacketRef(0, 0, 0))
    take_skimmed(Skim(30, 0, (), -10, b"\0\0\1\0"), 100, Packets(), flow, provenance)
    assert [packet.number for packet in provenance.packets(90, 140)] == [0, 1, 2, 3]


def test_a_frame_that_ends_with_the_data() -> None:
    """The last packet stays, for what has none of its own."""
    flow, provenance = Flow(), Provenance()
    take_skimmed(Skim(30, 1, (), 30, b""), 100, Packets(), flow, provenance)
    assert [packet.number for packet in provenance.packets(0, 999)] == [3]
