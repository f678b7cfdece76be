"""Any encapsulation, cut anywhere, gives the segment that is in it or a stated reason."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.contrib.erspan import ERSPAN_II, ERSPAN_III, ERSPAN_PlatformSpecific
from scapy.contrib.geneve import GENEVE
from scapy.contrib.mpls import MPLS, EoMCW
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import AH
from scapy.layers.l2 import GRE, LLC, SNAP, CookedLinux, CookedLinuxV2, Dot1AD, Dot1Q, Dot3
from scapy.layers.ppp import PPP, PPPoE
from scapy.layers.vxlan import VXLAN

from analyzer.capture.packet import Packet
from analyzer.decode import Decoder, Segment, Skipped, SkipReason, Unreachable
from analyzer.decode.link import LINK_TYPES
from tests.analyzer.decode.building import (
    ETHERNET,
    PAYLOAD,
    RAW,
    captured,
    decode,
    expected,
    fragments,
    frame,
    over_ipv4,
    over_ipv6,
    reason,
    segment,
)

UNDERLAY = IP(src="192.0.2.1", dst="192.0.2.2")
MIRROR = UNDERLAY / GRE(seqnum_present=1)
UNDERLAY6 = IPv6(src="2001:db8::1", dst="2001:db8::2")

# name: link type, what is around the inner packet, the inner packet, the carrier that is reported
ENCAPSULATIONS: dict[str, tuple[int, Any, Any, tuple[str, ...]]] = {
    "ethernet": (ETHERNET, frame(), over_ipv4(), ()),
    "ethernet, ipv6": (ETHERNET, frame(), over_ipv6(), ()),
    "802.1q": (ETHERNET, frame() / Dot1Q(vlan=10), over_ipv4(), ("vlan 10",)),
    "802.1q, ipv6": (ETHERNET, frame() / Dot1Q(vlan=4094), over_ipv6(), ("vlan 4094",)),
    "priority tag": (ETHERNET, frame() / Dot1Q(vlan=0, prio=5), over_ipv4(), ()),
    "802.1ad": (ETHERNET, frame() / Dot1AD(vlan=20) / Dot1Q(vlan=10), over_ipv4(), ("vlan 20", "vlan 10")),
    "old qinq": (ETHERNET, frame(type=0x9100) / Dot1Q(vlan=20) / Dot1Q(vlan=1), over_ipv4(), ("vlan 20", "vlan 1")),
    "three tags": (
        ETHERNET,
        frame() / Dot1Q(vlan=1) / Dot1Q(vlan=2) / Dot1Q(vlan=3),
        over_ipv4(),
        ("vlan 1", "vlan 2", "vlan 3"),
    ),
    "802.3 snap": (ETHERNET, Dot3(src="02::1", dst="02::2") / LLC() / SNAP(code=0x0800), over_ipv4(), ()),
    "sll": (113, CookedLinux(proto=0x0800), over_ipv4(), ()),
    "sll, ipv6": (113, CookedLinux(proto=0x86DD), over_ipv6(), ()),
    "sll, 802.1q": (113, CookedLinux(proto=0x8100) / Dot1Q(vlan=10), over_ipv4(), ("vlan 10",)),
    "sll2": (276, CookedLinuxV2(proto=0x0800), over_ipv4(), ()),
    "sll2, ipv6": (276, CookedLinuxV2(proto=0x86DD), over_ipv6(), ()),
    "sll2, 802.1q": (276, CookedLinuxV2(proto=0x8100) / Dot1Q(vlan=10), over_ipv6(), ("vlan 10",)),
    "raw": (RAW, b"", over_ipv4(), ()),
    "raw, ipv6": (RAW, b"", over_ipv6(), ()),
    "ipv4 link": (228, b"", over_ipv4(), ()),
    "ipv6 link": (229, b"", over_ipv6(), ()),
    "ppp": (9, PPP(), over_ipv4(), ()),
    "pppoe": (ETHERNET, frame() / PPPoE(sessionid=5) / PPP(), over_ipv4(), ("pppoe 5",)),
    "mpls": (ETHERNET, frame() / MPLS(label=16), over_ipv4(), ("mpls 16",)),
    "mpls stack": (
        ETHERNET,
        frame() / MPLS(label=16, s=0) / MPLS(label=1048575),
        over_ipv6(),
        ("mpls 16", "mpls 1048575"),
    ),
    "mpls multicast": (ETHERNET, frame(type=0x8848) / MPLS(label=17), over_ipv4(), ("mpls 17",)),
    "pseudowire": (ETHERNET, frame() / MPLS(label=18) / frame(), over_ipv4(), ("mpls 18",)),
    "pseudowire, control word": (
        ETHERNET,
        frame() / MPLS(label=18) / EoMCW(seq=9) / frame(dst="00:00:5e:00:53:01"),
        over_ipv4(),
        ("mpls 18",),
    ),
    "gre": (ETHERNET, frame() / UNDERLAY / GRE(), over_ipv4(), ("gre",)),
    "gre, all fields": (
        ETHERNET,
        frame() / UNDERLAY / GRE(chksum_present=1, key_present=1, seqnum_present=1, key=7, proto=0x86DD),
        over_ipv6(),
        ("gre",),
    ),
    "gre, key": (ETHERNET, frame() / UNDERLAY6 / GRE(key_present=1, key=7), over_ipv4(), ("gre",)),
    "gre, ethernet": (ETHERNET, frame() / UNDERLAY / GRE(proto=0x6558) / frame(), over_ipv4(), ("gre",)),
    "gre, mpls": (ETHERNET, frame() / UNDERLAY / GRE() / MPLS(label=19), over_ipv4(), ("gre", "mpls 19")),
    "mpls in ip": (ETHERNET, frame() / UNDERLAY / MPLS(label=19), over_ipv4(), ("mpls 19",)),
    "erspan i": (ETHERNET, frame() / UNDERLAY / GRE(proto=0x88BE) / frame(), over_ipv4(), ("erspan",)),
    "erspan ii": (
        ETHERNET,
        frame() / MIRROR / ERSPAN_II(session_id=3, vlan=100) / frame(),
        over_ipv4(),
        ("erspan 3",),
    ),
    "erspan iii": (
        ETHERNET,
        frame() / MIRROR / ERSPAN_III(session_id=1023) / frame() / Dot1Q(vlan=10),
        over_ipv4(),
        ("erspan 1023", "vlan 10"),
    ),
    "erspan iii, platform": (
        ETHERNET,
        frame()
        / UNDERLAY
        / GRE(seqnum_present=1)
        / ERSPAN_III(session_id=1, o=1)
        / ERSPAN_PlatformSpecific()
        / frame(),
        over_ipv6(),
        ("erspan 1",),
    ),
    "erspan iii, ip": (
        ETHERNET,
        frame() / MIRROR / ERSPAN_III(session_id=1, ft=2),
        over_ipv6(),
        ("erspan 1",),
    ),
    "vxlan": (ETHERNET, frame() / UNDERLAY / UDP() / VXLAN(vni=42) / frame(), over_ipv4(), ("vxlan 42",)),
    "vxlan, flannel": (
        ETHERNET,
        frame() / UNDERLAY6 / UDP(dport=8472) / VXLAN(vni=1, flags="Instance") / frame(),
        over_ipv4(),
        ("vxlan 1",),
    ),
    "geneve": (ETHERNET, frame() / UNDERLAY / UDP() / GENEVE(vni=7) / frame(), over_ipv4(), ("geneve 7",)),
    "geneve, options, ip": (
        ETHERNET,
        frame() / UNDERLAY / UDP(dport=6081) / GENEVE(vni=7, proto=0x0800, optionlen=2, options=b"\1\2\x80\1abcd"),
        over_ipv4(),
        ("geneve 7",),
    ),
    "ip in ip": (ETHERNET, frame() / UNDERLAY, over_ipv4(), ("ipip",)),
    "ipv6 in ip": (ETHERNET, frame() / UNDERLAY, over_ipv6(), ("ipip",)),
    "ip in ipv6": (ETHERNET, frame() / UNDERLAY6, over_ipv4(), ("ipip",)),
    "ah": (ETHERNET, frame() / UNDERLAY / AH(icv=b"\0" * 12, payloadlen=4, nh=4), over_ipv4(), ("ipip",)),
    "everything": (
        276,
        CookedLinuxV2(proto=0x88A8)
        / Dot1AD(vlan=1)
        / Dot1Q(vlan=2)
        / UNDERLAY
        / UDP()
        / VXLAN(vni=3)
        / frame()
        / Dot1Q(vlan=4)
        / UNDERLAY6
        / GRE()
        / UNDERLAY,
        over_ipv6(),
        ("vlan 1", "vlan 2", "vxlan 3", "vlan 4", "gre", "ipip"),
    ),
}

every_encapsulation = pytest.mark.parametrize("name", ENCAPSULATIONS)


def built(name: str) -> tuple[int, bytes, Any, tuple[str, ...]]:
    link_type, around, inner, carrier = ENCAPSULATIONS[name]
    data = bytes(around / inner) if around else bytes(inner)
    return link_type, data, inner, carrier


@every_encapsulation
def test_segment_is_what_scapy_reads(name: str) -> None:
    """Every field of the segment, and the carrier, behind each encapsulation."""
    link_type, data, inner, carrier = built(name)
    packet = captured(data, link_type, number=12, vantage=3)
    assert Decoder().decode(packet) == expected(inner, packet, carrier)


@every_encapsulation
def test_cut_anywhere(name: str) -> None:
    """A snap length never changes what is said, only how much of the payload is there, or it says that it cut."""
    link_type, data, inner, carrier = built(name)
    options_from = len(data) - len(PAYLOAD) - 12
    for snap in range(len(data)):
        packet = captured(data, link_type, snap=snap)
        result = Decoder().decode(packet)
        if snap < options_from:
            assert reason(result) is SkipReason.CUT, snap
        else:
            whole = expected(inner, packet, carrier)
            there = max(0, snap - options_from - 12)
            assert result == whole._replace(payload=PAYLOAD[:there]), snap


@every_encapsulation
def test_padding_is_no_payload(name: str) -> None:
    """What stands behind the datagram (padding, a trailer, a checksum) is not part of it."""
    link_type, data, inner, carrier = built(name)
    packet = captured(data + b"\xaa" * 9, link_type)
    assert Decoder().decode(packet) == expected(inner, packet, carrier)


@every_encapsulation
def test_frame_without_tcp(name: str) -> None:
    """Another protocol in the same encapsulation is left aside for that reason."""
    link_type, around, inner, _ = ENCAPSULATIONS[name]
    other = IP(src=inner.src, dst=inner.dst, proto=89) if inner.version == 4 else IPv6(nh=89, dst=inner.dst)
    data = around / other / b"hello" if around else other / b"hello"
    assert reason(decode(data, link_type)) is SkipReason.NOT_TCP


def test_unknown_link_type() -> None:
    """A link type that no reader is for is named as the reason."""
    assert reason(decode(b"\0" * 64, 147)) is SkipReason.LINK_TYPE


def test_eight_tunnels_deep() -> None:
    """Eight overlays within each other are opened."""
    packet: Any = over_ipv4()
    for network in range(8):
        packet = UNDERLAY / UDP() / VXLAN(vni=network) / frame() / Dot1Q(vlan=9) / packet
    result = segment(decode(frame() / packet))
    assert result.payload == PAYLOAD
    assert result.carrier[0::2] == tuple(f"vxlan {network}" for network in reversed(range(8)))
    assert result.carrier[1::2] == ("vlan 9",) * 8


link_types = st.sampled_from([*LINK_TYPES, 147, -1])
skeletons = st.sampled_from([built(name)[:2] for name in ENCAPSULATIONS])


def answers(link_type: int, data: bytes, wire_length: int) -> None:
    packet = captured(data, link_type)
    packet = Packet(packet.ref, 0, link_type, data, wire_length)
    result = Decoder().decode(packet)
    assert result.packet == packet.ref
    if isinstance(result, Segment):
        assert result.payload in data
        assert len(result.payload) <= result.length
    else:
        assert isinstance(result, Unreachable | Skipped)


@given(link_types, st.binary(max_size=200), st.integers(-1, 1 << 32))
def test_total_for_any_bytes(link_type: int, data: bytes, wire_length: int) -> None:
    """Whatever the bytes and the claimed length are, there is an answer and no exception."""
    answers(link_type, data, wire_length)


@given(skeletons, st.data())
def test_total_for_damaged_packets(skeleton: tuple[int, bytes], choose: st.DataObject) -> None:
    """The same where only some bytes of a real encapsulation are wrong, which gets much further."""
    link_type, whole = skeleton
    data = bytearray(whole)
    for _ in range(choose.draw(st.integers(1, 4))):
        data[choose.draw(st.integers(0, len(data) - 1))] = choose.draw(st.integers(0, 255))
    kept = choose.draw(st.integers(0, len(data)))
    answers(link_type, bytes(data[kept // 2 :]) if kept % 5 == 0 else bytes(data[:kept]), len(data))


@given(st.lists(st.tuples(skeletons, st.integers(0, 200), st.integers(0, 255)), max_size=12))
def test_total_in_sequence(packets: list[tuple[tuple[int, bytes], int, int]]) -> None:
    """One decoder for all: what it remembers of one packet never breaks the next."""
    decoder = Decoder()
    for number, ((link_type, data), index, value) in enumerate(packets, 1):
        damaged = data[: index % len(data)] + bytes([value]) + data[index % len(data) + 1 :]
        assert decoder.decode(captured(damaged, link_type, number=number)).packet.number == number


def test_a_glance_tells_the_ends() -> None:
    """And the flags; of an error those of what it quotes."""
    decoder = Decoder()
    found = decoder.glance(captured(frame() / over_ipv4()))
    assert found == (("10.0.0.1", 40001), ("10.0.0.2", 9100), 0x18)
    assert decoder.glance(captured(b"nothing")) is None


def test_a_glance_is_no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it found is there when the packet's turn comes, once; only few such results wait."""
    decoder = Decoder()
    first, second = (captured(frame() / over_ipv4(), number=number) for number in (1, 2))
    decoder.glance(first)
    found = decoder._known[first.ref]
    assert decoder.decode(first) is found
    assert decoder.decode(first) == found
    assert decoder.decode(first) is not found
    monkeypatch.setattr("analyzer.decode.decoder.KNOWN", 1)
    decoder.glance(first)
    decoder.glance(second)
    assert list(decoder._known) == [second.ref]


def test_a_glance_at_fragments_takes_none_away() -> None:
    """In their turn they make the same segment, in either order of looking."""
    parts = [
        captured(frame() / each, number=number) for number, each in enumerate(fragments(over_ipv4(bytes(900)), 400), 1)
    ]
    plain, glanced = Decoder(), Decoder()
    ends = [glanced.glance(part) for part in parts]
    assert ends[-1] == (("10.0.0.1", 40001), ("10.0.0.2", 9100), 0x18)
    assert ends[:-1] == [None] * (len(parts) - 1)
    assert [glanced.decode(part) for part in parts] == [plain.decode(part) for part in parts]
