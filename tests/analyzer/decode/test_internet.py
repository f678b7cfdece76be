"""IPv4 and IPv6 headers: where the datagram ends, what it carries, who sent it to whom."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import MIP6MH_BRR as BindingRefresh
from scapy.layers.inet6 import (
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    IPv6ExtHdrSegmentRouting,
    Jumbo,
    PadN,
    RouterAlert,
)
from scapy.layers.ipsec import AH
from scapy.layers.l2 import Dot1Q
from scapy.layers.vxlan import VXLAN

from analyzer.decode import Decoder, Endpoint, SkipReason
from tests.analyzer.decode.building import (
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
    tcp,
)

LONG = bytes(range(256)) * 20
V6: dict[str, Any] = {"src": "fd00::1", "dst": "fd00::2"}


@pytest.mark.parametrize("options", ["01010100", "94040000", "070b04" + "00" * 9, "86" * 40])
def test_ipv4_options(options: str) -> None:
    """Options are passed whatever they are."""
    data = bytes.fromhex(options)
    header = bytes(over_ipv4(ihl=5 + len(data) // 4, len=20 + len(data) + 32 + len(PAYLOAD)))[:20]
    assert segment(decode(header + data + bytes(tcp() / PAYLOAD), RAW)).payload == PAYLOAD


def test_ipv4_segmentation_offload() -> None:
    """Total length 0: the datagram is what the frame holds, and the snap length is still known."""
    whole = segment(decode(frame() / over_ipv4(LONG, len=0)))
    assert (whole.payload, whole.length) == (LONG, len(LONG))
    cut = segment(decode(frame() / over_ipv4(LONG, len=0), snap=96))
    assert (cut.payload, cut.length) == (LONG[:30], len(LONG))


def test_ipv6_segmentation_offload() -> None:
    """Payload length 0 with TCP behind it: the same."""
    whole = segment(decode(frame() / over_ipv6(LONG, plen=0)))
    assert (whole.payload, whole.length) == (LONG, len(LONG))


def test_jumbogram() -> None:
    """Payload length 0 and a hop-by-hop option, as Linux sends large offloaded segments."""
    large = LONG * 16
    packet = IPv6(**V6, plen=0) / IPv6ExtHdrHopByHop(options=[Jumbo(jumboplen=8 + 32 + len(large))]) / tcp() / large
    found = segment(decode(packet, RAW))
    assert (found.payload, found.length) == (large, len(large))


@pytest.mark.parametrize(
    "header",
    [
        {"version": 5},
        {"ihl": 4},
        {"ihl": 0},
        {"len": 19},
        {"len": 1},
        {"len": 39},
    ],
)
def test_ipv4_contradicts_itself(header: dict[str, Any]) -> None:
    """Versions, header lengths and total lengths that can't be."""
    assert reason(decode(frame(type=0x0800) / over_ipv4(**header))) is SkipReason.MALFORMED


def test_ipv6_contradicts_itself() -> None:
    """A version that can't be, and a payload without room for TCP."""
    assert reason(decode(frame(type=0x86DD) / over_ipv6(version=7))) is SkipReason.MALFORMED
    assert reason(decode(over_ipv6(plen=19), RAW)) is SkipReason.MALFORMED


def test_ipv4_header_longer_than_datagram() -> None:
    """Fifteen words of header in a datagram of five."""
    assert reason(decode(bytes(IP(ihl=15, len=20, proto=6)), RAW)) is SkipReason.MALFORMED
    assert reason(decode(bytes(IP(ihl=15, len=40, proto=6)) + b"\0" * 60, RAW)) is SkipReason.MALFORMED


def test_length_beyond_capture() -> None:
    """A total length beyond the frame is believed: the frame was cut by something that hid it."""
    data = bytes(over_ipv4(LONG))[:200]
    found = segment(decode(data, RAW))
    assert (found.payload, found.length) == (LONG[: 200 - 52], len(LONG))


@pytest.mark.parametrize(
    "chain",
    [
        IPv6ExtHdrHopByHop(options=[RouterAlert()]),
        IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 20)]),
        IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrRouting(addresses=["fd00::9"], segleft=0),
        IPv6ExtHdrHopByHop() / IPv6ExtHdrFragment(id=5) / IPv6ExtHdrDestOpt(),  # atomic
        AH(icv=b"\0" * 12, payloadlen=4, nh=6),
        IPv6ExtHdrHopByHop() / AH(icv=b"\0" * 16, payloadlen=5, nh=60) / IPv6ExtHdrDestOpt(),
    ],
)
def test_extension_headers(chain: Any) -> None:
    """Whatever stands between IPv6 and TCP is passed."""
    packet = captured(IPv6(**V6, hlim=61) / chain / tcp() / PAYLOAD, RAW)
    assert Decoder().decode(packet) == expected(over_ipv6(), packet)


def test_authentication_header_in_ipv4() -> None:
    """AH leaves its payload in the clear in IPv4 as well."""
    inner = IP(src="10.0.0.1", dst="10.0.0.2") / AH(icv=b"\0" * 12, payloadlen=4, nh=6) / tcp() / PAYLOAD
    assert segment(decode(inner, RAW)).payload == PAYLOAD


@pytest.mark.parametrize(
    ("routing", "destination"),
    [
        (IPv6ExtHdrRouting(type=0, segleft=1, addresses=["fd00::3", "fd00::4"]), "fd00::4"),
        (IPv6ExtHdrRouting(type=0, segleft=0, addresses=["fd00::3", "fd00::4"]), "fd00::2"),
        (IPv6ExtHdrRouting(type=2, segleft=1, addresses=["fd00::3"]), "fd00::3"),
        (IPv6ExtHdrSegmentRouting(segleft=1, lastentry=1, addresses=["fd00::3", "fd00::4"]), "fd00::3"),
        (IPv6ExtHdrSegmentRouting(segleft=0, lastentry=1, addresses=["fd00::3", "fd00::4"]), "fd00::2"),
        (IPv6ExtHdrRouting(type=9, segleft=1, addresses=["fd00::3"]), "fd00::2"),
        (IPv6ExtHdrRouting(type=0, segleft=1, addresses=[]), "fd00::2"),
    ],
)
def test_routing_header(routing: Any, destination: str) -> None:
    """On the way to a waypoint the true destination is the one that the other direction comes from."""
    found = segment(decode(IPv6(**V6) / routing / tcp() / PAYLOAD, RAW))
    assert found.destination == Endpoint(destination, 9100)


@pytest.mark.parametrize("protocol", [59, 50, 132, 2, 255])
def test_other_protocols(protocol: int) -> None:
    """No next header, ESP, SCTP, IGMP: left aside, also as fragments."""
    assert reason(decode(IPv6(**V6, nh=protocol) / bytes(40), RAW)) is SkipReason.NOT_TCP
    assert reason(decode(IP(proto=protocol, src="10.0.0.1", dst="10.0.0.2") / bytes(40), RAW)) is SkipReason.NOT_TCP
    piece = IP(proto=protocol, src="10.0.0.1", dst="10.0.0.2", flags="MF") / bytes(40)
    assert reason(decode(piece, RAW)) is SkipReason.NOT_TCP


def test_ping_fragments_are_not_kept() -> None:
    """Large pings are no reason to remember anything."""
    piece = IP(proto=1, src="10.0.0.1", dst="10.0.0.2", flags="MF") / bytes(1480)
    assert reason(decode(piece, RAW)) is SkipReason.NOT_TCP


def test_mobility_header() -> None:
    """A mobility header without payload ends in something that is not TCP."""
    assert reason(decode(IPv6(**V6) / BindingRefresh(), RAW)) is SkipReason.NOT_TCP


@pytest.mark.parametrize("version", [4, 6])
def test_fragments_in_any_order(version: int) -> None:
    """The packet that completes the datagram gives the segment, and its reference."""
    if version == 4:
        inner = over_ipv4(LONG)
        pieces = fragments(inner, 1000)
    else:
        inner = over_ipv6(LONG)
        pieces = fragments(IPv6(**V6, hlim=61) / IPv6ExtHdrFragment(id=7) / inner.payload, 1000)
    assert len(pieces) > 4
    for order in (pieces, pieces[::-1], pieces[1::2] + pieces[::2]):
        decoder = Decoder()
        for number, piece in enumerate(order[:-1], 1):
            assert reason(decoder.decode(captured(piece, RAW, number=number))) is SkipReason.FRAGMENT
        packet = captured(order[-1], RAW, number=len(order))
        whole = segment(decoder.decode(packet))
        assert whole._replace(pieces=()) == expected(inner, packet)
        assert {piece.number for piece in whole.pieces} == set(range(1, len(order) + 1))


def test_fragments_of_a_tunnel() -> None:
    """An overlay whose outer datagrams are fragmented, because its MTU was chosen too large."""
    outer = IP(src="192.0.2.1", dst="192.0.2.2", id=9) / UDP() / VXLAN(vni=42) / frame() / over_ipv4(LONG)
    decoder = Decoder()
    *pieces, final = fragments(outer, 1400)
    for piece in pieces:
        assert reason(decoder.decode(captured(frame() / piece))) is SkipReason.FRAGMENT
    found = segment(decoder.decode(captured(frame() / final)))
    assert (found.payload, found.carrier, found.ip_id) == (LONG, ("vxlan 42",), 4711)


def test_fragments_are_told_apart() -> None:
    """By addresses, identification, protocol, point of observation and carrier."""
    decoder = Decoder()
    first, final = fragments(over_ipv4(LONG[:1000]), 800)
    assert reason(decoder.decode(captured(frame() / first))) is SkipReason.FRAGMENT
    for other in ({"src": "10.0.0.3"}, {"dst": "10.0.0.3"}, {"id": 1}, {"proto": 17}):
        piece = final.copy()
        for name, value in other.items():
            setattr(piece, name, value)
        assert reason(decoder.decode(captured(frame() / piece))) is SkipReason.FRAGMENT
    assert reason(decoder.decode(captured(frame() / final, vantage=1))) is SkipReason.FRAGMENT
    assert reason(decoder.decode(captured(frame() / Dot1Q(vlan=3) / final))) is SkipReason.FRAGMENT
    assert segment(decoder.decode(captured(frame() / final))).payload == LONG[:1000]


def test_ipv6_fragments_carry_the_first_ones_protocol() -> None:
    """What later fragments call the next header does not count (RFC 8200 4.5)."""
    decoder = Decoder()
    first, final = fragments(IPv6(**V6) / IPv6ExtHdrFragment(id=7) / tcp() / LONG[:1000], 900)
    final[IPv6ExtHdrFragment].nh = 17
    assert reason(decoder.decode(captured(first, RAW))) is SkipReason.FRAGMENT
    assert segment(decoder.decode(captured(final, RAW))).payload == LONG[:1000]


def test_cut_fragments() -> None:
    """Of cut pieces only what stands before the first hole is known, and the length of all."""
    decoder = Decoder()
    pieces = fragments(over_ipv4(LONG[:2000]), 800)
    *_, result = [decoder.decode(captured(piece, RAW, snap=120)) for piece in pieces]
    found = segment(result)
    assert (found.payload, found.length) == (LONG[: 100 - 32], 2000)


def test_cut_in_first_fragments_header() -> None:
    """Where the pieces together still lack the TCP header, that is what is said."""
    decoder = Decoder()
    pieces = fragments(over_ipv4(LONG[:2000]), 800)
    *_, result = [decoder.decode(captured(piece, RAW, snap=30)) for piece in pieces]
    assert reason(result) is SkipReason.CUT
