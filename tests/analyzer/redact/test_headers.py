"""Packets without the addresses of those who sent them."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import CookedLinux
from scapy.layers.vxlan import VXLAN

from analyzer.decode import Decoder
from analyzer.redact.headers import redact_headers
from analyzer.redact.redactor import Redactor
from tests.analyzer.decode.building import captured, frame, over_ipv4, over_ipv6

ADDRESSES = [bytes(each) for each in ((10, 0, 0, 1), (10, 0, 0, 2), (11, 22, 33, 44), (11, 22, 34, 45), (10, 0, 0, 9))]
MACS = [bytes.fromhex(text) for text in ("0a0000000001", "0a0000000002")]
ETHERNET = {"src": "0a:00:00:00:00:01", "dst": "0a:00:00:00:00:02"}
OUTER = IP(src="11.22.33.44", dst="11.22.34.45")


def redacted(packet: Any, link_type: int = 1) -> bytes:
    """The bytes of a packet with its addresses exchanged."""
    taken = captured(packet, link_type)
    anatomy = Decoder().anatomy(taken)
    changed = {taken.ref: bytearray(taken.data)}
    redact_headers(anatomy.headers, anatomy.result, {taken.ref: taken.data}, changed, Redactor(bytes(32)))
    return bytes(changed[taken.ref])


@pytest.mark.parametrize(
    ("packet", "link_type"),
    [
        (frame(**ETHERNET) / over_ipv4(), 1),
        (over_ipv4(), 101),
        (CookedLinux(src=b"\x0a\0\0\0\0\x01") / over_ipv4(), 113),
        (frame(**ETHERNET) / OUTER / UDP() / VXLAN() / frame(**ETHERNET) / over_ipv4(), 1),
        (IP(src="10.0.0.9", dst="10.0.0.1") / ICMP(type=3, code=1) / over_ipv4(), 101),
    ],
)
def test_every_layer(packet: Any, link_type: int) -> None:
    """Addresses of tunnels, of what is inside, and of what an error quotes."""
    made = redacted(packet, link_type)
    assert len(made) == len(bytes(packet))
    assert [address for address in (*ADDRESSES, *MACS) if address in made] == []


def test_ipv6() -> None:
    """As with IPv4."""
    old = bytes(over_ipv6())
    made = redacted(old, 101)
    assert made[:8] + made[40:] == old[:8] + old[40:]
    assert made[8:24] != old[8:24]
    assert made[24:40] != old[24:40]
    assert made[8:9] + made[24:25] == b"\xfd\xfd"


def test_what_pads_a_frame_is_blanked() -> None:
    """It may be anything that was in memory."""
    made = redacted(bytes(frame(**ETHERNET) / over_ipv4()) + b"memory")
    assert made.endswith(bytes(6))


def test_half_an_address_is_blanked() -> None:
    """Where the snap length cut it."""
    taken = captured(frame(**ETHERNET) / over_ipv4(), snap=8)
    anatomy = Decoder().anatomy(taken)
    changed = {taken.ref: bytearray(taken.data)}
    redact_headers(anatomy.headers, anatomy.result, {taken.ref: taken.data}, changed, Redactor(bytes(32)))
    assert len(changed[taken.ref]) == 8
