"""Where each header of a packet stands."""

from __future__ import annotations

from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Dot1Q
from scapy.layers.vxlan import VXLAN

from analyzer.decode import Decoder, Unreachable
from analyzer.decode.stretches import Stretch
from analyzer.decode.walk import Layer
from tests.analyzer.decode.building import PAYLOAD, captured, fragments, frame, over_ipv4, segment

RAW = 101


def test_headers_outermost_first() -> None:
    """Each with its place, and where what it heads ends, padding left out."""
    packet = captured(bytes(frame() / Dot1Q(vlan=7) / over_ipv4()) + bytes(9))
    anatomy = Decoder().anatomy(packet)
    assert [(header.layer, header.at) for header in anatomy.headers] == [
        (Layer.ETHERNET, 0),
        (Layer.VLAN, 14),
        (Layer.IPV4, 18),
        (Layer.TCP, 38),
    ]
    assert {header.end for header in anatomy.headers[2:]} == {len(packet.data) - 9}
    assert anatomy.result == Decoder().decode(packet)


def test_headers_in_a_tunnel_that_came_in_fragments() -> None:
    """The inner ones stand in the datagram, the bytes of which are those of all packets."""
    outer = IP(src="192.0.2.1", dst="192.0.2.2", id=9) / UDP() / VXLAN(vni=42) / frame() / over_ipv4(bytes(3000))
    decoder = Decoder()
    packets = [captured(piece, RAW, number=number) for number, piece in enumerate(fragments(outer, 1400), 1)]
    *_, last = [decoder.anatomy(packet) for packet in packets]
    assert [header.layer for header in last.headers] == [
        Layer.IP,
        Layer.IPV4,
        Layer.UDP,
        Layer.VXLAN,
        Layer.ETHERNET,
        Layer.IPV4,
        Layer.TCP,
    ]
    assert last.headers[1].origin == (Stretch(packets[-1].ref, 0, len(packets[-1].data)),)
    bytes_of = {packet.ref: packet.data for packet in packets}
    origin = last.headers[-1].origin
    assert b"".join(bytes_of[each.packet][each.at :][: each.length] for each in origin) == bytes(outer)[20:]
    assert segment(last.result).pieces == tuple(bytes_of)


def test_what_an_error_quotes() -> None:
    """The reader stops behind the sequence number; what follows of the quote is to be found there."""
    error = IP(src="10.0.0.9", dst="10.0.0.1") / ICMP(type=3, code=13) / over_ipv4()
    anatomy = Decoder().anatomy(captured(error, RAW))
    assert isinstance(anatomy.result, Unreachable)
    header = anatomy.headers[-1]
    assert (header.layer, header.at, header.after) == (Layer.ICMP, 20, 20 + 8 + 20 + 8)
    assert bytes(error)[header.after + 12 : header.end].endswith(PAYLOAD)


def test_a_cut_packet_has_the_headers_that_are_there() -> None:
    """And is answered as ever."""
    packet = captured(frame() / over_ipv4(), snap=40)
    anatomy = Decoder().anatomy(packet)
    assert [header.layer for header in anatomy.headers] == [Layer.ETHERNET, Layer.IPV4]
    assert anatomy.result == Decoder().decode(packet)
