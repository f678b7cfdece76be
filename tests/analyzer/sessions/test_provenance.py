"""Stream offsets to packets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.packet import PacketRef
from analyzer.sessions.provenance import KEPT, Provenance


def packet(number: int) -> PacketRef:
    return PacketRef(0, number, number)


def filled(*sizes: int) -> Provenance:
    """Chunks of these sizes, packets 1, 2, …"""
    provenance, at = Provenance(), 0
    for number, size in enumerate(sizes, 1):
        provenance.add(at, at + size, packet(number))
        at += size
    return provenance


def test_nothing_yet() -> None:
    """Without a packet there is none to name."""
    assert Provenance().packets(0, 5) == ()


def test_the_packets_of_a_range() -> None:
    """All that carry at least one byte of it, in order."""
    provenance = filled(5, 5, 5)
    assert provenance.packets(0, 5) == (packet(1),)
    assert provenance.packets(4, 6) == (packet(1), packet(2))
    assert provenance.packets(0, 15) == (packet(1), packet(2), packet(3))
    assert provenance.packets(5, 10) == (packet(2),)


def test_a_range_that_is_not_known() -> None:
    """The latest packet is what made it known."""
    assert filled(5, 5).packets(20, 25) == (packet(2),)


def test_forgetting() -> None:
    """What was named is forgotten, but never the last chunk, and never one that reaches beyond."""
    provenance = filled(5, 5, 5)
    provenance.forget(4)
    assert provenance.packets(0, 5) == (packet(1),)
    for end in (5, 7):
        provenance.forget(end)
        assert provenance.packets(0, 15) == (packet(2), packet(3))
    provenance.forget(100)
    assert provenance.packets(0, 15) == (packet(3),)


def test_bounded() -> None:
    """A message that never ends does not fill the memory; its last packets are known."""
    provenance = filled(*[1] * (KEPT * 3))
    assert len(provenance.packets(0, KEPT * 3)) == KEPT
    assert provenance.packets(KEPT * 3 - 1, KEPT * 3) == (packet(KEPT * 3),)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=30), st.data())
def test_every_byte_has_its_packet(sizes: list[int], data: st.DataObject) -> None:
    """Byte by byte it is the packet that brought it."""
    provenance = filled(*sizes)
    at = data.draw(st.integers(0, sum(sizes) - 1))
    carrier = next(number for number in range(1, len(sizes) + 1) if at < sum(sizes[:number]))
    assert provenance.packets(at, at + 1) == (packet(carrier),)


def test_many_chunks_at_once() -> None:
    """Of those before them nothing stays if all was named; the bound holds."""
    provenance = filled(5, 5)
    provenance.skip([(10, 15, packet(3))], named=False)
    assert provenance.packets(0, 15) == (packet(1), packet(2), packet(3))
    provenance.skip([(place, place + 1, packet(place)) for place in range(15, 15 + 2 * KEPT)], named=True)
    assert provenance.packets(0, 15 + KEPT) == (packet(14 + 2 * KEPT),)
    assert len(provenance.packets(0, 15 + 2 * KEPT)) == KEPT
