"""The law of the shortcut: what it answers is what the readers answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import CookedLinux, CookedLinuxV2, Dot1Q

from analyzer.capture.packet import Packet
from analyzer.decode import Segment, Skipped, Unreachable
from analyzer.decode.fragments import FragmentTable
from analyzer.decode.long_way import follow
from analyzer.decode.segment import DecodeResult, Stop
from analyzer.decode.shortcut import plain
from tests.analyzer.decode.building import PAYLOAD, captured, frame, over_ipv4, over_ipv6

LINKS: list[tuple[int, Any]] = [(1, frame()), (113, CookedLinux(proto=0x0800)), (276, CookedLinuxV2(proto=0x0800))]

PLAIN = [(link_type, bytes(header / over_ipv4())) for link_type, header in LINKS]
REJECTED = [
    (link_type, bytes(header / IP(src="10.0.0.1", dst="10.0.0.2") / upper))
    for link_type, header in LINKS
    for upper in (UDP(dport=53) / PAYLOAD, UDP(dport=53), UDP(dport=4789) / PAYLOAD, ICMP() / PAYLOAD)
]


def outcome(way: Callable[[Packet], DecodeResult | None], packet: Packet) -> DecodeResult | None:
    try:
        return way(packet)
    except Stop as stop:
        return Skipped(packet.ref, stop.reason)


def the_long_way(packet: Packet) -> Segment | Unreachable | Skipped:
    return follow(packet, FragmentTable())


@pytest.mark.parametrize(("link_type", "data"), PLAIN)
def test_plain_packets_take_it(link_type: int, data: bytes) -> None:
    """The common case does take the shortcut, on each link type that has one."""
    packet = captured(data, link_type)
    assert isinstance(plain(packet), Segment)
    assert plain(packet) == the_long_way(packet)


@pytest.mark.parametrize(
    "data",
    [
        frame() / over_ipv6(),
        frame() / Dot1Q(vlan=1) / over_ipv4(),
        frame() / over_ipv4(options=b"\x01\x01\x01\x01"),
        frame() / over_ipv4(flags="MF"),
        frame() / over_ipv4(frag=1),
        frame() / over_ipv4(len=0),
        frame() / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(dport=4789) / PAYLOAD,
        b"",
    ],
)
def test_others_do_not(data: Any) -> None:
    """What needs a reader is left to the readers."""
    assert plain(captured(data)) is None


@given(
    st.sampled_from(PLAIN + REJECTED),
    st.lists(st.tuples(st.integers(0, 150), st.integers(0, 255)), max_size=3),
    st.integers(0, 150),
    st.integers(-20, 20),
)
def test_law(packet: tuple[int, bytes], damage: list[tuple[int, int]], snap: int, longer: int) -> None:
    """For any damage, any snap length and any claimed length: equal to the long way, or no answer."""
    link_type, whole = packet
    data = bytearray(whole)
    for index, value in damage:
        data[index % len(data)] = value
    cut = Packet(captured(b"").ref, 0, link_type, bytes(data[:snap]), len(data) + longer)
    short = outcome(plain, cut)
    assert short is None or short == outcome(the_long_way, cut)
