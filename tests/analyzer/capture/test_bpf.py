"""The kernel's filter keeps out what certainly does not matter, and nothing else."""

from __future__ import annotations

import dpkt
import pytest

from analyzer.capture.bpf import kernel_filter
from analyzer.capture.linktypes import LinkType
from analyzer.capture.pcap import USUAL_SNAP_LENGTH

pcapy = pytest.importorskip("pcapy")

TCP = bytes(dpkt.tcp.TCP(sport=40000, dport=443, data=b"x"))
UDP = bytes(dpkt.udp.UDP(sport=40000, dport=53, data=b"x"))
VXLAN = bytes(dpkt.udp.UDP(sport=40000, dport=4789, data=b"x"))


def four(protocol: int, data: bytes, *, more: bool = False, options: bytes = b"") -> bytes:
    """An IPv4 datagram."""
    made = dpkt.ip.IP(p=protocol, src=b"\x0a\0\0\1", dst=b"\x0a\0\0\2", opts=options, data=data)
    made.hl = 5 + len(options) // 4
    made.len = 20 + len(options) + len(data)
    made.mf = int(more)
    return bytes(made)


def six(protocol: int, data: bytes) -> bytes:
    """An IPv6 datagram."""
    return (
        bytes(6 << 4 for _ in range(1))
        + bytes(3)
        + len(data).to_bytes(2, "big")
        + bytes([protocol, 64, *bytes(32)])
        + data
    )


PASS = {
    "TCP": four(6, TCP),
    "TCP, IPv6": six(6, TCP),
    "TCP behind IP options": four(6, TCP, options=bytes([1] * 8)),
    "ICMP": four(1, bytes(40)),
    "ICMPv6": six(58, bytes(40)),
    "a first fragment of UDP": four(17, UDP, more=True),
    "a fragment in IPv6": six(44, bytes(8) + TCP),
    "VXLAN": four(17, VXLAN),
    "VXLAN, IPv6": six(17, VXLAN),
    "GRE": four(47, bytes(40)),
    "IP in IP": four(4, four(6, TCP)),
    "extension headers": six(0, bytes(8) + TCP),
}
OUT = {
    "UDP": four(17, UDP),
    "UDP, IPv6": six(17, UDP),
    "ESP": four(50, bytes(40)),
    "SCTP, IPv6": six(132, bytes(40)),
}


def passes(data: bytes, link_type: int) -> bool:
    """What the kernel would do with it."""
    return bool(pcapy.compile(link_type, USUAL_SNAP_LENGTH, kernel_filter(link_type), 1, 0).filter(data))


@pytest.mark.parametrize("what", [*PASS, *OUT])
def test_what_passes(what: str) -> None:
    """On Ethernet, and where the kernel hands over datagrams."""
    datagram = (PASS | OUT)[what]
    ethertype = b"\x08\0" if datagram[0] >> 4 == 4 else b"\x86\xdd"
    assert passes(datagram, LinkType.RAW_DLT) is (what in PASS)
    assert passes(bytes(12) + ethertype + datagram, LinkType.ETHERNET) is (what in PASS)


def test_tags_and_labels_pass_and_arp_does_not() -> None:
    """What is behind them is judged by others."""
    for ethertype in (0x8100, 0x88A8, 0x8847, 0x8864):
        assert passes(bytes(12) + ethertype.to_bytes(2, "big") + bytes(60), LinkType.ETHERNET)
    assert not passes(bytes(12) + b"\x08\x06" + bytes(60), LinkType.ETHERNET)


def test_other_links_are_not_filtered() -> None:
    """Where nobody knows where the datagram begins."""
    assert kernel_filter(LinkType.IEEE802_11_RADIOTAP) == ""
