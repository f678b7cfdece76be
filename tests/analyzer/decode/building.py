"""Scapy packets become what a capture holds of them, and what decoding must make of it.

Scapy is the second implementation here: it builds every encapsulation and reads the inner packet on its own.
"""

from __future__ import annotations

from typing import Any

from scapy.layers.inet import IP, TCP, fragment
from scapy.layers.inet6 import IPv6, fragment6
from scapy.layers.l2 import Ether

from analyzer.capture.packet import Packet, PacketRef
from analyzer.decode import Decoder, DecodeResult, Endpoint, Segment, Skipped, SkipReason, TcpFlags

ETHERNET = 1
RAW = 101

PAYLOAD = b"\x00\x15n\x00\x05\x00\x00\x00\x00ann@host-a.lan"
OPTIONS = [("NOP", None), ("NOP", None), ("Timestamp", (0x01020304, 0x05060708))]


def frame(**fields: Any) -> Any:
    """An Ethernet header; the addresses are given so that scapy does not look for routes."""
    return Ether(**{"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02"} | fields)


def tcp(**fields: Any) -> Any:
    """A TCP header with the time stamps that nearly every segment has."""
    defaults: dict[str, Any] = {
        "sport": 40001,
        "dport": 9100,
        "seq": 0xFFFFFFF0,
        "ack": 7,
        "flags": "PA",
        "window": 502,
    }
    return TCP(**defaults | {"options": OPTIONS} | fields)


def over_ipv4(payload: bytes = PAYLOAD, **fields: Any) -> Any:
    """A TCP segment from 10.0.0.1 to 10.0.0.2; ``fields`` are those of the IPv4 header."""
    defaults: dict[str, Any] = {"src": "10.0.0.1", "dst": "10.0.0.2", "ttl": 63, "id": 4711}
    return IP(**defaults | fields) / tcp() / payload


def over_ipv6(payload: bytes = PAYLOAD, **fields: Any) -> Any:
    """A TCP segment from fd00::1 to fd00::2; ``fields`` are those of the IPv6 header."""
    defaults: dict[str, Any] = {"src": "fd00::1", "dst": "fd00::2", "hlim": 61}
    return IPv6(**defaults | fields) / tcp() / payload


def fragments(datagram: Any, size: int) -> list[Any]:
    """Pieces of at most ``size`` bytes; an IPv6 datagram needs its fragment header in it already."""
    split: Any = fragment if datagram.version == 4 else fragment6
    return list(split(datagram, size))


def captured(
    data: Any,
    link_type: int = ETHERNET,
    *,
    snap: int | None = None,
    at: int = 1_700_000_000_000_000_000,
    number: int = 1,
    vantage: int = 0,
) -> Packet:
    """``data`` (bytes or a scapy packet) as captured with a snap length of ``snap``."""
    whole = bytes(data)
    return Packet(PacketRef(0, number, at), vantage, link_type, whole[:snap], len(whole))


def decode(data: Any, link_type: int = ETHERNET, **how: Any) -> DecodeResult:
    """What a new decoder makes of one packet."""
    return Decoder().decode(captured(data, link_type, **how))


def segment(result: DecodeResult) -> Segment:
    assert isinstance(result, Segment), result
    return result


def reason(result: DecodeResult) -> SkipReason:
    assert isinstance(result, Skipped), result
    return result.reason


def expected(inner: Any, packet: Packet, carrier: tuple[str, ...] = ()) -> Segment:
    """What scapy reads from the innermost IP packet, as the segment that decoding should give."""
    data = bytes(inner)
    ip = IP(data) if data[0] >> 4 == 4 else IPv6(data)
    header = ip[TCP]
    payload = bytes(header.payload)
    return Segment(
        packet=packet.ref,
        vantage=packet.vantage,
        source=Endpoint(ip.src, header.sport),
        destination=Endpoint(ip.dst, header.dport),
        sequence=header.seq,
        acknowledgment=header.ack,
        flags=TcpFlags(int(header.flags)),
        window=header.window,
        payload=payload,
        length=len(payload),
        ttl=ip.ttl if ip.version == 4 else ip.hlim,
        ip_id=ip.id if ip.version == 4 else None,
        maximum_segment_size=dict(header.options).get("MSS"),
        carrier=carrier,
    )
