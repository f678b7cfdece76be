"""dpkt as a second opinion: every plain TCP packet of the samples, decoded by both."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from pathlib import Path

import dpkt
import pytest

from analyzer.capture import Packet, open_source
from analyzer.decode import Decoder, Segment

SAMPLES = Path(__file__).parents[1] / "samples"
ETHERNET = 1
LINKS = {ETHERNET: dpkt.ethernet.Ethernet, 113: dpkt.sll.SLL, 276: dpkt.sll2.SLL2}


def packets(folder: str) -> Iterator[Packet]:
    """Of the captures in which dpkt can follow: nothing cut, no tunnel."""
    for path in sorted((SAMPLES / folder).glob("*.pcap")):
        for packet in open_source([str(path)], stdin=io.BytesIO()):
            if packet.link_type in LINKS and packet.wire_length == len(packet.data):
                yield packet


@pytest.mark.parametrize("folder", ["handshake", "healthy", "link", "lookup", "tls", "connect"])
def test_dpkt_agrees(folder: str) -> None:
    """Addresses, ports, numbers, flags, window, TTL and payload."""
    decoder = Decoder()
    compared = 0
    for packet in packets(folder):
        internet = LINKS[packet.link_type](packet.data).data
        if not isinstance(internet, dpkt.ip.IP | dpkt.ip6.IP6) or not isinstance(internet.data, dpkt.tcp.TCP):
            continue
        segment = decoder.decode(packet)
        assert isinstance(segment, Segment), packet.ref
        tcp = internet.data
        family, ttl = (socket.AF_INET, "ttl") if isinstance(internet, dpkt.ip.IP) else (socket.AF_INET6, "hlim")
        assert segment.source == (socket.inet_ntop(family, internet.src), tcp.sport)
        assert segment.destination == (socket.inet_ntop(family, internet.dst), tcp.dport)
        assert (segment.sequence, segment.acknowledgment) == (tcp.seq, tcp.ack)
        assert (int(segment.flags), segment.window) == (tcp.flags, tcp.win)
        assert (segment.ttl, segment.payload) == (getattr(internet, ttl), tcp.data)
        compared += 1
    assert compared > 100
