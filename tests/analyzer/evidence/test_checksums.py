"""Checksums after bytes were changed, as scapy computes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6DestUnreach, IPv6
from scapy.layers.l2 import GRE
from scapy.layers.vxlan import VXLAN

from analyzer.decode import Decoder
from analyzer.evidence.checksums import repair
from tests.analyzer.decode.building import captured, fragments, frame, over_ipv4, over_ipv6

RAW = 101
ODD = b"odd payload here."
TUNNEL = IP(src="192.0.2.1", dst="192.0.2.2")

CARRIED: dict[str, Callable[[bytes], Any]] = {
    "plain": over_ipv4,
    "over IPv6": over_ipv6,
    "quoted": lambda data: IP(src="10.0.0.9", dst="10.0.0.1") / ICMP(type=3) / quote(over_ipv4, data),
    "quoted by ICMPv6": lambda data: IPv6(src="fd00::9", dst="fd00::1") / ICMPv6DestUnreach() / quote(over_ipv6, data),
    "in VXLAN": lambda data: TUNNEL / UDP(sport=9) / VXLAN(vni=42) / frame() / over_ipv4(data),
    "in GRE": lambda data: TUNNEL / GRE(chksum_present=1) / over_ipv4(data),
}
"""Payload to the packet that scapy makes of it."""


def quote(carried: Callable[[bytes], Any], data: bytes) -> bytes:
    """A packet in an ICMP error: with the checksum that it was sent with, whatever becomes of its payload."""
    return bytes(carried(ODD)).replace(ODD, data)


def changed(packets: list[bytes], old: bytes, new: bytes) -> list[bytes]:
    """``old`` replaced by ``new`` in all of them, checksums repaired once the last one has come."""
    decoder = Decoder()
    taken = [captured(data, RAW, number=number) for number, data in enumerate(packets, 1)]
    originals = {packet.ref: packet.data for packet in taken}
    buffers = {packet.ref: bytearray(packet.data.replace(old, new)) for packet in taken}
    for packet in taken:
        repair(decoder.anatomy(packet).headers, originals, buffers)
    return [bytes(data) for data in buffers.values()]


@pytest.mark.parametrize("carried", CARRIED.values(), ids=CARRIED)
@pytest.mark.parametrize("new", [b"X" * 7, b"\xff" * 7, b"\0" * 7])
def test_right_stays_right(carried: Callable[[bytes], Any], new: bytes) -> None:
    """Every checksum on the way from the bytes outwards is the one that scapy computes."""
    (found,) = changed([bytes(carried(ODD))], b"payload", new)
    assert found == bytes(carried(ODD.replace(b"payload", new)))


def test_addresses_count() -> None:
    """They are a part of what TCP sums up, and of the IP header."""
    (found,) = changed([bytes(over_ipv4(ODD))], bytes((10, 0, 0, 1)), bytes((99, 88, 77, 66)))
    assert found == bytes(over_ipv4(ODD, src="99.88.77.66"))


def test_wrong_stays_as_wrong() -> None:
    """A network card was to compute it later: that is seen in the evidence, too."""
    sent = over_ipv4(ODD)
    right_sum = int.from_bytes(bytes(sent)[36:38], "big")
    wrong = bytearray(bytes(sent))
    wrong[36:38] = ((right_sum + 5) % 0xFFFF).to_bytes(2, "big")
    (found,) = changed([bytes(wrong)], b"payload", b"XXXXXXX")
    expected = bytes(over_ipv4(ODD.replace(b"payload", b"XXXXXXX")))
    assert (int.from_bytes(found[36:38], "big") - int.from_bytes(expected[36:38], "big")) % 0xFFFF == 5
    assert found[:36] + found[38:] == expected[:36] + expected[38:]


def test_of_a_datagram_in_fragments() -> None:
    """The checksum stands in the first packet, the change in another."""
    payload = bytes(2000) + b"payload" + bytes(100)
    found = changed([bytes(piece) for piece in fragments(over_ipv4(payload), 1000)], b"payload", b"1234567")
    expected = fragments(over_ipv4(payload.replace(b"payload", b"1234567")), 1000)
    assert found == [bytes(piece) for piece in expected]


def test_no_checksum_is_none() -> None:
    """UDP may go without; a change does not give it one."""
    outer = IP(src="192.0.2.1", dst="192.0.2.2") / UDP(chksum=0) / VXLAN(vni=42) / frame() / over_ipv4(ODD)
    (found,) = changed([bytes(outer)], b"payload", b"XXXXXXX")
    assert found[26:28] == bytes(2)
