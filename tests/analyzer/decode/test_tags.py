"""Ethertypes, VLAN tags, LLC, MPLS and PPPoE, byte for byte where scapy has no say."""

from __future__ import annotations

import pytest
from scapy.contrib.mpls import MPLS
from scapy.layers.l2 import LLC, SNAP, Dot1Q, Dot3

from analyzer.decode import SkipReason
from tests.analyzer.decode.building import PAYLOAD, decode, frame, over_ipv4, over_ipv6, reason, segment

MACS = bytes.fromhex("020000000002 020000000001")
IPV4 = bytes(over_ipv4())
IPV6 = bytes(over_ipv6())
LENGTH = (len(IPV4) + 8).to_bytes(2, "big")
PPPOE_LENGTH = (len(IPV4) + 2).to_bytes(2, "big")


@pytest.mark.parametrize("tag", ["8100", "88a8", "9100"])
def test_vlan_tags(tag: str) -> None:
    """Each tag protocol; priority (7) and drop eligible (1) are no part of the VLAN's number."""
    found = segment(decode(MACS + bytes.fromhex(tag) + bytes.fromhex("f064 0800") + IPV4))
    assert (found.payload, found.carrier) == (PAYLOAD, ("vlan 100",))


def test_priority_tag_inside_vlan() -> None:
    """VLAN 0 means "no VLAN, only a priority" wherever it stands."""
    found = segment(decode(frame() / Dot1Q(vlan=7) / Dot1Q(vlan=0, prio=3) / over_ipv4()))
    assert found.carrier == ("vlan 7",)


def test_vlan_with_802_3_length() -> None:
    """Behind a tag, too, a small ethertype is a length."""
    llc = Dot1Q(vlan=7, type=len(IPV4) + 8) / LLC() / SNAP(code=0x0800)
    assert segment(decode(frame(type=0x8100) / llc / over_ipv4())).carrier == ("vlan 7",)


@pytest.mark.parametrize(
    "header",
    [
        LENGTH + bytes.fromhex("aaaa03 000000 0800"),
        LENGTH + bytes.fromhex("aaaa03 0000f8 0800"),
        (len(IPV4) + 3).to_bytes(2, "big") + bytes.fromhex("060603"),
    ],
)
def test_802_2(header: bytes) -> None:
    """SNAP with either organisation code that stands for ethertypes, and the access point of IP itself."""
    assert segment(decode(MACS + header + IPV4)).payload == PAYLOAD


@pytest.mark.parametrize(
    "header",
    [
        bytes.fromhex("424203"),  # spanning tree
        bytes.fromhex("aaaa03 00000c 2000"),  # Cisco discovery
        bytes.fromhex("aaaa03 000000 0806"),  # ARP
        bytes.fromhex("ffff00"),  # Novell
    ],
)
def test_802_2_without_ip(header: bytes) -> None:
    """What else 802.2 carries is left aside."""
    data = header + b"\0" * 40
    assert reason(decode(MACS + len(data).to_bytes(2, "big") + data)) is SkipReason.NOT_IP


def test_802_3_padding() -> None:
    """A length field that leaves no room for the header contradicts itself, whatever padding follows."""
    assert reason(decode(bytes(Dot3(src="02::1", dst="02::2", len=2)) + b"\xaa\xaa\x03" + b"\0" * 43)) is (
        SkipReason.MALFORMED
    )


@pytest.mark.parametrize("first", ["40", "45", "60", "6a", "00", "02", "f0"])
@pytest.mark.parametrize("datagram", [IPV4, IPV6])
def test_pseudowire_without_control_word(first: str, datagram: bytes) -> None:
    """A MAC address that starts like an IP header, or like a control word, is still one."""
    ethertype = "0800" if datagram is IPV4 else "86dd"
    inner = bytes.fromhex(first + "0000fffe02 0200ffffffff" + ethertype) + datagram
    found = segment(decode(bytes(frame() / MPLS(label=18)) + inner))
    assert (found.payload, found.carrier) == (PAYLOAD, ("mpls 18",))


@pytest.mark.parametrize("first", ["00", "40", "60", "f0"])
def test_pseudowire_with_control_word(first: str) -> None:
    """The control word (zero, or with a sequence number) is recognised whatever the MAC address is."""
    inner = bytes.fromhex("0000 1234" + first + "0000fffe02 020000000001 0800") + IPV4
    assert segment(decode(bytes(frame() / MPLS(label=18)) + inner)).payload == PAYLOAD


@pytest.mark.parametrize("payload", [bytes.fromhex("1000 0007") + b"\0" * 40, bytes.fromhex("0000 0000") + b"\0" * 40])
def test_mpls_with_something_else(payload: bytes) -> None:
    """An associated channel, or a pseudowire of another kind, is not mistaken for Ethernet."""
    assert reason(decode(bytes(frame() / MPLS(label=18)) + payload)) is SkipReason.NOT_IP


def test_mpls_stack_without_bottom() -> None:
    """A stack that no entry ends runs into the end of the frame."""
    assert reason(decode(frame(type=0x8847) / bytes.fromhex("00010040 00011040"))) is SkipReason.MALFORMED


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (bytes.fromhex("8863 11 09 0000 0004 0101 0000"), SkipReason.NOT_IP),  # discovery
        (bytes.fromhex("8864 11 a7 0005 0004 0021 0000"), SkipReason.NOT_IP),  # a code that is no data
        (bytes.fromhex("8864 21 00 0005 0004 0021 0000"), SkipReason.NOT_IP),  # version 2
        (bytes.fromhex("8864 11 00 0005 0004 c021 0000"), SkipReason.NOT_IP),  # link control
        (bytes.fromhex("8864 11 00 0005 0001 0021 0000"), SkipReason.MALFORMED),
    ],
)
def test_pppoe_without_ip(header: bytes, why: SkipReason) -> None:
    """What is not session data with IP in it is left aside."""
    assert reason(decode(MACS + header + b"\0" * 40)) is why


def test_pppoe() -> None:
    """Version and type, code, session, length, protocol; the padding of a short frame is outside of the length."""
    header = bytes.fromhex("8864 11 00 1234") + PPPOE_LENGTH + bytes.fromhex("0021")
    found = segment(decode(MACS + header + IPV4 + b"\xaa" * 6))
    assert (found.payload, found.length, found.carrier) == (PAYLOAD, len(PAYLOAD), ("pppoe 4660",))
