"""Tunnel headers, byte for byte, and what looks like a tunnel and is none."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6

from analyzer.decode import SkipReason
from tests.analyzer.decode.building import PAYLOAD, RAW, decode, frame, over_ipv4, over_ipv6, reason, segment

UNDERLAY: dict[str, Any] = {"src": "192.0.2.1", "dst": "192.0.2.2"}
IPV4 = bytes(over_ipv4())
FRAME = bytes(frame() / over_ipv4())


def in_gre(header: str, payload: bytes) -> bytes:
    return bytes(IP(**UNDERLAY, proto=47) / (bytes.fromhex(header) + payload))


def in_udp(port: int, payload: bytes, **udp: Any) -> bytes:
    return bytes(IP(**UNDERLAY) / UDP(sport=50000, dport=port, **udp) / payload)


@pytest.mark.parametrize(
    ("header", "payload", "carrier"),
    [
        ("0000 0800", IPV4, "gre"),
        ("8000 0800 beef0000", IPV4, "gre"),
        ("2000 0800 00000007", IPV4, "gre"),
        ("1000 0800 00000001", IPV4, "gre"),
        ("b000 0800 beef0000 00000007 00000001", IPV4, "gre"),
        ("0000 86dd", bytes(over_ipv6()), "gre"),
        ("0000 6558", FRAME, "gre"),
        ("2000 6558 00002a01", FRAME, "gre"),  # NVGRE
        ("0000 88be", FRAME, "erspan"),  # type I
        # version 1 and VLAN 100; class, encapsulation, session 3; reserved and index
        ("1000 88be 00000001 1064 1803 00000000", FRAME, "erspan 3"),
        # version 2; session 3; time stamp; security group; Ethernet, granularity
        ("1000 22eb 00000001 2064 0003 00000000 0000 0004", FRAME, "erspan 3"),
        # the same with a platform header
        ("1000 22eb 00000001 2064 0003 00000000 0000 0001 1c000000 00000000", FRAME, "erspan 3"),
        ("1000 22eb 00000001 2064 0003 00000000 0000 0800", IPV4, "erspan 3"),
        ("1000 88be 00000001 2064 0003 00000000 0000 0000", FRAME, "erspan 3"),  # III under the number of II
    ],
)
def test_gre(header: str, payload: bytes, carrier: str) -> None:
    """Each combination of optional fields, and each kind of payload."""
    found = segment(decode(in_gre(header, payload), RAW))
    assert (found.payload, found.carrier) == (PAYLOAD, (carrier,))


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("3001 880b 0030 0001 00000001", SkipReason.NOT_TCP),  # PPTP
        ("4000 0800 00000000", SkipReason.NOT_TCP),  # source route
        ("0000 0000", SkipReason.NOT_IP),  # keepalive
        ("1000 88be 00000001 3064 0003 00000000", SkipReason.NOT_IP),  # ERSPAN of the future
        ("1000 22eb 00000001 2064 0003 00000000 0000 1400", SkipReason.NOT_IP),  # a frame that is neither
        ("2000 0800 0000", SkipReason.MALFORMED),
    ],
)
def test_gre_without_ip(header: str, why: SkipReason) -> None:
    """What is not understood is left aside."""
    assert reason(decode(in_gre(header, b""), RAW)) is why


@pytest.mark.parametrize(
    ("port", "header", "payload", "carrier"),
    [
        (4789, "08000000 00002a00", FRAME, "vxlan 42"),
        (8472, "08000000 ffffff00", FRAME, "vxlan 16777215"),
        (4789, "88000008 00002a00", FRAME, "vxlan 42"),  # with a group policy
        (6081, "0000 6558 00000700", FRAME, "geneve 7"),
        (6081, "0040 0800 00000700", IPV4, "geneve 7"),  # critical options present
        (6081, "0200 86dd 00000700 0102800161626364", bytes(over_ipv6()), "geneve 7"),
    ],
)
def test_over_udp(port: int, header: str, payload: bytes, carrier: str) -> None:
    """Tunnels known by their destination port; a UDP length of 0 is left by offload."""
    inner = bytes.fromhex(header) + payload
    for udp in ({}, {"len": 0}):
        found = segment(decode(in_udp(port, inner, **udp), RAW))
        assert (found.payload, found.carrier) == (PAYLOAD, (carrier,))


@pytest.mark.parametrize(
    ("port", "header", "why"),
    [
        (53, "08000000 00002a00", SkipReason.NOT_TCP),
        (4789, "00000000 00002a00", SkipReason.NOT_TCP),  # no network identifier: not VXLAN
        (6081, "4000 6558 00000700", SkipReason.NOT_TCP),  # version 1
        (6081, "0000 8809 00000700", SkipReason.NOT_IP),
        (6081, "3f00 6558 00000700", SkipReason.MALFORMED),  # options longer than the packet
    ],
)
def test_not_such_a_tunnel(port: int, header: str, why: SkipReason) -> None:
    """Something else on the same port is left aside."""
    assert reason(decode(in_udp(port, bytes.fromhex(header) + FRAME), RAW)) is why


@pytest.mark.parametrize("ip", [IP(**UNDERLAY), IPv6(src="2001:db8::1", dst="2001:db8::2")])
def test_udp_length(ip: IP | IPv6) -> None:
    """A UDP length shorter than its own header contradicts itself."""
    assert reason(decode(ip / UDP(dport=4789, len=7) / FRAME, RAW)) is SkipReason.MALFORMED


def test_source_port_is_no_sign() -> None:
    """The source port of an overlay is a hash: one that happens to be 4789 says nothing."""
    assert reason(decode(IP(**UNDERLAY) / UDP(sport=4789, dport=123) / FRAME, RAW)) is SkipReason.NOT_TCP


def test_mirror_that_slices() -> None:
    """A mirror may cut what it forwards: the inner length is believed, not that of the mirrored packet."""
    found = segment(decode(in_gre("1000 88be 00000001 1064 1c03 00000000", FRAME[:-10]), RAW))
    assert (found.payload, found.length) == (PAYLOAD[:-10], len(PAYLOAD))
