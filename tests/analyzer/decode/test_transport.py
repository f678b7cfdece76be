"""TCP headers become segments."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP

from analyzer.decode import Endpoint, Segment, SkipReason, TcpFlags
from tests.analyzer.decode.building import RAW, captured, decode, expected, reason, segment, tcp

# ports 4369 and 40001, sequence, acknowledgment
START = bytes.fromhex("1111 9c41 fffffff0 00000007")


def in_ip(data: bytes) -> bytes:
    return bytes(IP(src="10.0.0.1", dst="10.0.0.2", ttl=63, id=4711, proto=6) / data)


def test_every_field() -> None:
    """A segment, byte for byte."""
    packet = captured(in_ip(START + bytes.fromhex("5018 01f6 beef 0000") + b"abc"), RAW, number=9, vantage=2)
    assert segment(decode(in_ip(START + bytes.fromhex("5018 01f6 beef 0000") + b"abc"), RAW, number=9, vantage=2)) == (
        Segment(
            packet=packet.ref,
            vantage=2,
            source=Endpoint("10.0.0.1", 4369),
            destination=Endpoint("10.0.0.2", 40001),
            sequence=0xFFFFFFF0,
            acknowledgment=7,
            flags=TcpFlags.PSH | TcpFlags.ACK,
            window=502,
            payload=b"abc",
            length=3,
            ttl=63,
            ip_id=4711,
        )
    )


@given(
    sport=st.integers(0, 65535),
    dport=st.integers(0, 65535),
    seq=st.integers(0, 0xFFFFFFFF),
    ack=st.integers(0, 0xFFFFFFFF),
    flags=st.integers(0, 255),
    window=st.integers(0, 65535),
    payload=st.binary(max_size=40),
)
def test_agrees_with_scapy(payload: bytes, **fields: int) -> None:
    """Any header that scapy builds."""
    inner = IP(src="10.0.0.1", dst="10.0.0.2") / tcp(**fields, options=[]) / payload
    packet = captured(inner, RAW)
    assert decode(inner, RAW) == expected(inner, packet)


@pytest.mark.parametrize("bits", range(256))
def test_flags(bits: int) -> None:
    """All 256; the reserved bits and accurate ECN (RFC 9768) beside them are not flags of ours."""
    for beside in (0x50, 0x5F):
        header = START + bytes([beside, bits]) + bytes.fromhex("01f6 beef 0000")
        flags = segment(decode(in_ip(header), RAW)).flags
        assert flags == TcpFlags(bits)
        assert type(flags) is TcpFlags


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ([("MSS", 1460)], 1460),
        ([("NOP", None), ("WScale", 7), ("SAckOK", b""), ("MSS", 60), ("Timestamp", (1, 0))], 60),
        ([("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)], None),
        ([], None),
    ],
)
def test_maximum_segment_size(options: list[Any], size: int | None) -> None:
    """Found wherever it stands among the options, on SYN and on SYN-ACK only."""
    ip = IP(src="10.0.0.1", dst="10.0.0.2")
    assert segment(decode(ip / tcp(flags="S", options=options), RAW)).maximum_segment_size == size
    assert segment(decode(ip / tcp(flags="SA", options=options), RAW)).maximum_segment_size == size
    assert segment(decode(ip / tcp(flags="A", options=options), RAW)).maximum_segment_size is None


@pytest.mark.parametrize(
    "options",
    [
        "00 02 04 05b4 000000",  # behind the end of the list
        "03 00 02 04 05b4 0000",  # an option of length 0
        "03 01 02 04 05b4 0000",
        "01 01 01 02",  # cut by the header's end
        "01 01 02 04",
        "01 02 04 05",
        "02 06 05b4 0000 0000",  # a maximum segment size of the wrong length
        "03 ff 02 04 05b4 0000",  # runs out of the header
    ],
)
def test_damaged_options(options: str) -> None:
    """Options that contradict themselves say nothing, and cost nothing but themselves."""
    data = bytes.fromhex(options)
    header = START + bytes([0x50 + len(data) // 4 * 16, 2]) + bytes.fromhex("01f6 beef 0000") + data
    found = segment(decode(in_ip(header + b"payload"), RAW))
    assert (found.maximum_segment_size, found.payload) == (None, b"payload")


@given(st.binary(max_size=40).filter(lambda options: len(options) % 4 == 0))
def test_any_options(options: bytes) -> None:
    """Whatever the options are, the payload is found behind them."""
    header = START + bytes([0x50 + len(options) // 4 * 16, 2]) + bytes.fromhex("01f6 beef 0000") + options
    assert segment(decode(in_ip(header + b"payload"), RAW)).payload == b"payload"


@pytest.mark.parametrize("offset", range(5))
def test_data_offset_too_small(offset: int) -> None:
    """A header shorter than a header contradicts itself."""
    header = START + bytes([offset << 4, 0x10]) + bytes.fromhex("01f6 beef 0000")
    assert reason(decode(in_ip(header), RAW)) is SkipReason.MALFORMED


def test_data_offset_beyond_datagram() -> None:
    """A header longer than the datagram contradicts itself, even where Ethernet padding would give it room."""
    header = START + bytes.fromhex("f010 01f6 beef 0000")
    assert reason(decode(in_ip(header), RAW)) is SkipReason.MALFORMED
    assert reason(decode(in_ip(header) + b"\0" * 60, RAW)) is SkipReason.MALFORMED


@pytest.mark.parametrize("size", range(20))
def test_datagram_too_small(size: int) -> None:
    """A datagram without room for a header contradicts itself; it was not cut."""
    assert reason(decode(in_ip(bytes(TCP())[:size]), RAW)) is SkipReason.MALFORMED


def test_cut_in_options() -> None:
    """Where only options are cut, all that counts is there; a maximum segment size in the captured part is read."""
    syn = IP(src="10.0.0.1", dst="10.0.0.2") / tcp(flags="S", options=[("MSS", 1460), ("SAckOK", b"")]) / b"early"
    at = 20 + 20
    assert segment(decode(syn, RAW, snap=at + 3)).maximum_segment_size is None
    cut = segment(decode(syn, RAW, snap=at + 4))
    assert (cut.maximum_segment_size, cut.payload, cut.length) == (1460, b"", 5)
