"""ICMP errors become what they say about the TCP segment that they quote."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoRequest,
    ICMPv6PacketTooBig,
    ICMPv6ParamProblem,
    ICMPv6TimeExceeded,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrRouting,
)
from scapy.layers.l2 import Dot1Q

from analyzer.decode import Endpoint, SkipReason, Unreachable
from tests.analyzer.decode.building import RAW, captured, decode, frame, reason

SEQUENCE = 0xFFFFFFF0
SYN = TCP(sport=40001, dport=9100, seq=SEQUENCE, flags="S", options=[("MSS", 1460)])
QUOTED = IP(src="10.0.0.1", dst="10.0.0.2", ttl=1) / SYN
QUOTED6 = IPv6(src="fd00::1", dst="fd00::2") / SYN
FROM_ROUTER = IP(src="198.51.100.7", dst="10.0.0.1")
FROM_ROUTER6 = IPv6(src="2001:db8::7", dst="fd00::1")


def unreachable(data: Any, **how: Any) -> Unreachable:
    result = decode(data, RAW, **how)
    assert isinstance(result, Unreachable), result
    return result


@pytest.mark.parametrize(("kind", "code"), [*((3, code) for code in range(16)), (11, 0), (11, 1)])
def test_every_code(kind: int, code: int) -> None:
    """Destination unreachable (also "fragmentation needed") and time exceeded, with what they quote."""
    packet = FROM_ROUTER / ICMP(type=kind, code=code) / bytes(QUOTED)
    ref = captured(packet, number=9, vantage=4).ref
    assert unreachable(packet, number=9, vantage=4) == Unreachable(
        packet=ref,
        vantage=4,
        reporter="198.51.100.7",
        version=4,
        type=kind,
        code=code,
        source=Endpoint("10.0.0.1", 40001),
        destination=Endpoint("10.0.0.2", 9100),
        sequence=SEQUENCE,
    )


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        *((ICMPv6DestUnreach(code=code), 1, code) for code in range(8)),
        (ICMPv6PacketTooBig(mtu=1280), 2, 0),
        (ICMPv6TimeExceeded(code=0), 3, 0),
        (ICMPv6TimeExceeded(code=1), 3, 1),
    ],
)
def test_every_code_v6(error: Any, kind: int, code: int) -> None:
    """The same of IPv6."""
    packet = FROM_ROUTER6 / error / bytes(QUOTED6)
    assert unreachable(packet) == Unreachable(
        packet=captured(packet).ref,
        vantage=0,
        reporter="2001:db8::7",
        version=6,
        type=kind,
        code=code,
        source=Endpoint("fd00::1", 40001),
        destination=Endpoint("fd00::2", 9100),
        sequence=SEQUENCE,
    )


def test_byte_for_byte() -> None:
    """Administratively prohibited, as a router sends it: 8 bytes of TCP are quoted, and padding follows."""
    data = bytes.fromhex(
        "020000000001 020000000002 0800"  # Ethernet
        "45c0 0038 0001 0000 40 01 0000 0a000002 0a000001"  # IPv4: 56 bytes, ICMP
        "03 0d 0000 00000000"  # unreachable, prohibited by a filter
        "4500 003c 1234 4000 40 06 0000 0a000001 0a000002"  # the quoted header, 60 bytes once
        "9c41 238c fffffff0"  # ports and sequence number
        "0000 0000"  # trailer
    )
    result = decode(data)
    assert isinstance(result, Unreachable)
    assert (result.type, result.code, result.sequence) == (3, 13, SEQUENCE)
    assert (str(result.source), str(result.destination)) == ("10.0.0.1:40001", "10.0.0.2:9100")


@pytest.mark.parametrize(
    ("size", "sequence"), [(4, None), (5, None), (7, None), (8, SEQUENCE), (9, SEQUENCE), (20, SEQUENCE)]
)
def test_how_much_is_quoted(size: int, sequence: int | None) -> None:
    """The ports must be there, the sequence number may be missing."""
    assert unreachable(FROM_ROUTER / ICMP(type=3, code=1) / bytes(QUOTED)[: 20 + size]).sequence == sequence


@pytest.mark.parametrize("size", range(4))
def test_too_little_is_quoted(size: int) -> None:
    """Without ports nothing can be said."""
    data = FROM_ROUTER / ICMP(type=3, code=1) / bytes(QUOTED)[: 20 + size]
    assert reason(decode(data, RAW)) is SkipReason.MALFORMED


@pytest.mark.parametrize("length", [0, 1, 20, 0x2C00])
def test_quoted_length_is_garbled(length: int) -> None:
    """Some systems quote the total length with swapped bytes, or less the header: the quote is read all the same."""
    quoted = IP(src="10.0.0.1", dst="10.0.0.2", len=length) / SYN
    assert unreachable(FROM_ROUTER / ICMP(type=3, code=1) / bytes(quoted)).sequence == SEQUENCE


def test_cut_anywhere() -> None:
    """A snap length takes the sequence number first, then the whole error; it never changes what is said."""
    packet = FROM_ROUTER / ICMP(type=3, code=1) / bytes(QUOTED)
    ports_end = 20 + 8 + 20 + 4
    for snap in range(len(packet)):
        result = decode(packet, RAW, snap=snap)
        if snap < ports_end:
            assert reason(result) is SkipReason.CUT
        else:
            assert isinstance(result, Unreachable)
            assert result.sequence == (SEQUENCE if snap >= ports_end + 4 else None)


@pytest.mark.parametrize("options", [b"", b"\x94\x04\x00\x00", b"\x07\x0b\x04" + b"\0" * 9])
def test_quoted_options(options: bytes) -> None:
    """Options in the quoted header move what follows."""
    quoted = IP(src="10.0.0.1", dst="10.0.0.2", ihl=5 + len(options) // 4, proto=6)
    header = bytes(quoted)[:20] + options
    assert unreachable(FROM_ROUTER / ICMP(type=3, code=1) / (header + bytes(SYN))).source.port == 40001


def test_quoted_extension_headers() -> None:
    """Extension headers in the quoted packet are passed, and the true destination is taken from a routing header."""
    quoted = (
        IPv6(src="fd00::1", dst="fd00::9")
        / IPv6ExtHdrRouting(type=0, segleft=1, addresses=["fd00::2"])
        / IPv6ExtHdrDestOpt()
        / IPv6ExtHdrFragment(offset=0, m=1, id=1)
        / SYN
    )
    assert unreachable(FROM_ROUTER6 / ICMPv6DestUnreach(code=1) / bytes(quoted)).destination == Endpoint(
        "fd00::2", 9100
    )


def test_quoted_fragments() -> None:
    """The first fragment names the connection, a later one can't."""
    first = IP(src="10.0.0.1", dst="10.0.0.2", flags="MF") / SYN
    later = IP(src="10.0.0.1", dst="10.0.0.2", frag=100, proto=6) / bytes(SYN)
    assert unreachable(FROM_ROUTER / ICMP(type=11, code=1) / bytes(first)).sequence == SEQUENCE
    assert reason(decode(FROM_ROUTER / ICMP(type=11, code=1) / bytes(later), RAW)) is SkipReason.NOT_TCP
    later6 = IPv6(src="fd00::1", dst="fd00::2") / IPv6ExtHdrFragment(offset=100, m=0, nh=6) / bytes(SYN)
    assert reason(decode(FROM_ROUTER6 / ICMPv6DestUnreach() / bytes(later6), RAW)) is SkipReason.NOT_TCP


@pytest.mark.parametrize(
    "packet",
    [
        FROM_ROUTER / ICMP(type=8) / b"ping",
        FROM_ROUTER / ICMP(type=0) / b"pong",
        FROM_ROUTER / ICMP(type=5, code=1) / bytes(QUOTED),  # redirect
        FROM_ROUTER / ICMP(type=3, code=3) / bytes(IP(src="10.0.0.1", dst="10.0.0.2") / UDP(dport=53)),
        FROM_ROUTER / ICMP(type=3, code=3) / bytes(IP(src="10.0.0.1", dst="10.0.0.2") / ICMP()),
        FROM_ROUTER6 / ICMPv6EchoRequest(data=b"ping"),
        FROM_ROUTER6 / ICMPv6ParamProblem() / bytes(QUOTED6),
        FROM_ROUTER6 / ICMPv6DestUnreach(code=4) / bytes(IPv6(src="fd00::1", dst="fd00::2") / UDP(dport=53)),
    ],
)
def test_nothing_about_tcp(packet: Any) -> None:
    """Other messages, and errors about other protocols, are left aside."""
    assert reason(decode(packet, RAW)) is SkipReason.NOT_TCP


def test_quote_of_the_other_version() -> None:
    """An error that quotes the wrong version of IP contradicts itself."""
    assert reason(decode(FROM_ROUTER / ICMP(type=3) / bytes(QUOTED6), RAW)) is SkipReason.MALFORMED
    assert reason(decode(FROM_ROUTER6 / ICMPv6DestUnreach() / bytes(QUOTED), RAW)) is SkipReason.MALFORMED


def test_inside_encapsulation() -> None:
    """Errors are found where segments are."""
    packet = frame() / Dot1Q(vlan=10) / MPLS(label=16) / FROM_ROUTER / ICMP(type=3, code=13) / bytes(QUOTED)
    result = decode(packet)
    assert isinstance(result, Unreachable)
    assert (result.reporter, result.code) == ("198.51.100.7", 13)
