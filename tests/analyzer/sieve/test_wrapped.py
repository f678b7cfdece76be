"""Packets that no column covers are looked at one by one, and only they."""

from __future__ import annotations

from analyzer.capture.packet import Packet
from analyzer.decode import Decoder
from analyzer.sieve.columns import columns_of
from analyzer.sieve.keys import key_of
from analyzer.sieve.wrapped import wrapped_in
from samples.conversation import Network
from tests.analyzer.decode.building import frame, over_ipv4
from tests.analyzer.sieve.sifted import batch_of

ENDS = ("10.0.0.1", 40_001), ("10.0.0.2", 9_100)


def packets() -> list[tuple[int, bytes]]:
    """A plain one, one with an IP option, its reset with an option, a SYN with one, and an ICMP error."""
    option = b"\x94\x04\0\0"
    wrapped = over_ipv4(options=[option])
    opening = over_ipv4(b"", options=[option])
    opening.getlayer("TCP").flags = "S"
    net = Network()
    net.dial("10.0.0.1", "10.0.0.2", 9100).unreachable("10.0.0.9")
    plain = [bytes(frame() / each) for each in (over_ipv4(), wrapped, opening)]
    return [(number, data) for number, data in enumerate((*plain, net.packets[-1][1]))]


def test_whose_they_are() -> None:
    """Whatever they are wrapped in; an ICMP error is about a connection, and opens none."""
    batch = batch_of(packets())
    asked: list[int] = []

    def glance(packet: Packet) -> tuple[tuple[str, int], tuple[str, int], int] | None:
        asked.append(packet.ref.number)
        return Decoder().glance(packet)

    found = wrapped_in(batch, columns_of(batch, 5), glance, vantage=5, capture=0)
    assert asked == [2, 3, 4]
    assert {row: each.opens for row, each in found.items()} == {1: False, 2: True, 3: False}
    assert found[1].key == found[2].key == found[3].key == key_of(5, *ENDS)


def test_what_cannot_be_told_is_left_alone() -> None:
    """It is no connection's."""
    batch = batch_of(packets())
    assert wrapped_in(batch, columns_of(batch, 0), lambda packet: None, vantage=0, capture=0) == {}
