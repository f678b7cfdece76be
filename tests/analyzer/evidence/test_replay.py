"""Kept packets as a source."""

from __future__ import annotations

from analyzer.capture import Packet, PacketRef
from analyzer.evidence.replay import Replay


def test_packets_as_they_are() -> None:
    """In their order, once; nothing is known of the captures but how many there are."""
    packets = [Packet(PacketRef(1, number, 5 * number), 3, 1, b"x", 1) for number in (9, 4)]
    with Replay(iter(packets), 2) as source:
        assert list(source) == packets
        assert list(source) == []
    assert [capture.path for capture in source.captures] == ["capture-1", "capture-2"]
    assert (source.errors, source.notes) == ([], [])
