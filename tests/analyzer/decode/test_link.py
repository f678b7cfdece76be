"""Link headers, byte for byte."""

from __future__ import annotations

import pytest
from scapy.layers.ppp import HDLC, PPP

from analyzer.decode import SkipReason
from tests.analyzer.decode.building import PAYLOAD, decode, over_ipv4, over_ipv6, reason, segment

NULL = 0
ETHERNET = 1
PPP_LINK = 9
CISCO_HDLC = 104
LOOP = 108
SLL = 113
SLL2 = 276

IPV4 = bytes(over_ipv4())
IPV6 = bytes(over_ipv6())


@pytest.mark.parametrize(
    ("link_type", "header", "datagram"),
    [
        (ETHERNET, bytes.fromhex("020000000002 020000000001 0800"), IPV4),
        (ETHERNET, bytes.fromhex("020000000002 020000000001 86dd"), IPV6),
        # to us, Ethernet, 6 bytes of address, the address and 2 bytes of padding, ethertype
        (SLL, bytes.fromhex("0000 0001 0006 0200000000010000 0800"), IPV4),
        # sent by us, a device without link header (tun), no address
        (SLL, bytes.fromhex("0004 fffe 0000 0000000000000000 86dd"), IPV6),
        # ethertype, reserved, interface 3, Ethernet, sent by us, 6 bytes of address, the address and padding
        (SLL2, bytes.fromhex("0800 0000 00000003 0001 04 06 0200000000010000"), IPV4),
        (SLL2, bytes.fromhex("86dd 0000 00000003 fffe 04 00 0000000000000000"), IPV6),
        (NULL, bytes.fromhex("02000000"), IPV4),  # captured on a little-endian host
        (NULL, bytes.fromhex("00000002"), IPV4),  # captured on a big-endian host
        (NULL, bytes.fromhex("1e000000"), IPV6),  # macOS
        (NULL, bytes.fromhex("1c000000"), IPV6),  # FreeBSD
        (NULL, bytes.fromhex("18000000"), IPV6),  # NetBSD, OpenBSD
        (NULL, bytes.fromhex("0000001e"), IPV6),
        (NULL, bytes.fromhex("0a000000"), IPV6),  # written on Linux
        (LOOP, bytes.fromhex("00000002"), IPV4),
        (LOOP, bytes.fromhex("00000018"), IPV6),
        (CISCO_HDLC, bytes.fromhex("0f00 0800"), IPV4),
        (CISCO_HDLC, bytes.fromhex("0f00 86dd"), IPV6),
        (PPP_LINK, bytes.fromhex("ff03 0021"), IPV4),
        (PPP_LINK, bytes.fromhex("0057"), IPV6),
        (PPP_LINK, bytes.fromhex("21"), IPV4),  # protocol field compressed
        (PPP_LINK, bytes.fromhex("ff03 57"), IPV6),
        (PPP_LINK, bytes(HDLC() / PPP(proto=0x0021)), IPV4),
        (50, bytes.fromhex("ff03 0021"), IPV4),
        (12, b"", IPV4),
        (14, b"", IPV6),
        (101, b"", IPV4),
        (101, b"", IPV6),
        (228, b"", IPV4),
        (229, b"", IPV6),
    ],
)
def test_header(link_type: int, header: bytes, datagram: bytes) -> None:
    """Behind each link header the segment is found, and nothing is reported as a carrier."""
    found = segment(decode(header + datagram, link_type))
    assert found.payload == PAYLOAD
    assert str(found.source) == ("10.0.0.1:40001" if datagram is IPV4 else "[fd00::1]:40001")
    assert found.carrier == ()


@pytest.mark.parametrize(
    ("link_type", "data"),
    [
        (ETHERNET, bytes.fromhex("ffffffffffff 020000000001 0806") + b"\0" * 46),  # ARP
        (SLL, bytes.fromhex("0000 0001 0006 0200000000010000 0806") + b"\0" * 28),
        (SLL, bytes.fromhex("0000 0001 0006 0200000000010000 0004 424203") + b"\0" * 35),  # spanning tree
        (SLL2, bytes.fromhex("0004 0000 00000003 0001 00 06 0200000000010000 424203") + b"\0" * 35),
        (NULL, bytes.fromhex("07000000") + b"\0" * 40),
        (NULL, bytes.fromhex("02000007") + b"\0" * 40),
        (PPP_LINK, bytes.fromhex("ff03 c021 0101 0004")),  # link control
        (101, b"\x50" + b"\0" * 39),  # version 5
    ],
)
def test_not_ip(link_type: int, data: bytes) -> None:
    """What a link carries besides IP is left aside."""
    assert reason(decode(data, link_type)) is SkipReason.NOT_IP


@pytest.mark.parametrize(
    ("link_type", "datagram"), [(228, IPV6), (229, IPV4), (NULL, b"\x02\0\0\0" + IPV6), (LOOP, b"\0\0\0\x18" + IPV4)]
)
def test_version_contradicts_link(link_type: int, datagram: bytes) -> None:
    """A link header that promises one version of IP is not followed by the other."""
    assert reason(decode(datagram, link_type)) is SkipReason.MALFORMED


@pytest.mark.parametrize("link_type", [0, 1, 9, 12, 101, 104, 108, 113, 228, 229, 276])
def test_empty(link_type: int) -> None:
    """A packet of no bytes contradicts its link type; one of which none were captured was cut."""
    assert reason(decode(b"", link_type)) is SkipReason.MALFORMED
    assert reason(decode(b"\0" * 60, link_type, snap=0)) is SkipReason.CUT
