"""Packets in and out of the spool."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.interface import Interface, LinkTypeOf
from analyzer.capture.packet import Packet, PacketRef
from analyzer.evidence.spool import Spool

PACKETS = st.builds(
    Packet,
    st.builds(PacketRef, st.integers(0, 9), st.integers(1, 1 << 40), st.integers(0, (1 << 63) - 1)),
    st.integers(0, 70_000),
    st.integers(0, 300),
    st.binary(max_size=90),
    st.integers(0, (1 << 32) - 1),
)


@given(st.lists(PACKETS), st.sampled_from([0, 64, 1 << 20]))
def test_round_trip(packets: list[Packet], in_memory: int) -> None:
    """In memory and on disk, in any order of asking."""
    spool = Spool(in_memory=in_memory)
    places = [spool.put(packet) for packet in packets]
    for place, packet in reversed(list(zip(places, packets, strict=True))):
        assert place is not None
        assert spool.get(place) == packet
    spool.close()


def test_a_link_type_keeps_its_interface() -> None:
    """Two interfaces of one link type stay two."""
    spool = Spool()
    interfaces = [Interface(1, 0, number=number) for number in range(2)]
    places = [spool.put(Packet(PacketRef(0, 1, 5), 0, each.link_type, b"x", 1)) for each in interfaces]
    for place, interface in zip(places, interfaces, strict=True):
        assert place is not None
        link_type = spool.get(place).link_type
        assert isinstance(link_type, LinkTypeOf)
        assert link_type.interface is interface


def test_the_limit_holds() -> None:
    """What does not fit is refused, what fits is not."""
    spool = Spool(limit=200)
    packet = Packet(PacketRef(0, 1, 5), 0, 1, bytes(60), 60)
    assert [spool.put(packet) is not None for _ in range(3)] == [True, True, False]
