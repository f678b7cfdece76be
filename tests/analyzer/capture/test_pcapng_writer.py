"""What the writer writes is what the reader reads."""

from __future__ import annotations

import io
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.pcapng import read_pcapng
from analyzer.capture.pcapng_writer import PcapngWriter
from analyzer.capture.state import CaptureState, RawRecord
from analyzer.capture.window import Window


def read(stream: io.BytesIO) -> tuple[list[RawRecord], CaptureState]:
    """All records of what was written."""
    state = CaptureState("t.pcapng")
    return list(read_pcapng(Window(iter([stream.getvalue()])), state)), state


@given(
    st.sampled_from(["<", ">"]),
    st.lists(
        st.tuples(
            st.integers(0, (1 << 63) - 1), st.binary(max_size=70), st.integers(0, 9), st.lists(st.text(), max_size=2)
        )
    ),
)
def test_round_trip(order: Literal["<", ">"], packets: list[tuple[int, bytes, int, list[str]]]) -> None:
    """Times to the nanosecond, any bytes, cut packets, comments of any text."""
    stream = io.BytesIO()
    writer = PcapngWriter(stream, application="distscope", comments=["why"], order=order)
    interface = writer.interface(276, name="any", snap_length=65_535)
    for at, data, more, comments in packets:
        writer.packet(interface, at, data, wire_length=len(data) + more, comments=comments)
    records, state = read(stream)
    assert records == [(at, 276, data, len(data) + more) for at, data, more, _ in packets]
    assert state.notes == []


def test_sections_have_interfaces_and_byte_order_of_their_own() -> None:
    """Interface 0 of the second section is another one."""
    stream = io.BytesIO()
    writer = PcapngWriter(stream)
    assert (writer.interface(1), writer.interface(101)) == (0, 1)
    writer.packet(1, 5, b"one")
    writer.section(order=">")
    assert writer.interface(113) == 0
    writer.packet(0, 6, b"two")
    assert read(stream)[0] == [(5, 101, b"one", 3), (6, 113, b"two", 3)]


def test_statistics_tell_losses() -> None:
    """The reader finds them again."""
    stream = io.BytesIO()
    writer = PcapngWriter(stream)
    writer.statistics(writer.interface(1), 9, dropped=7)
    assert read(stream)[1].dropped == 7


def test_a_packet_needs_its_interface() -> None:
    """A mistake of the caller, not of a capture."""
    writer = PcapngWriter(io.BytesIO())
    with pytest.raises(ValueError, match="interface 0"):
        writer.packet(0, 0, b"")


def test_a_comment_too_long_is_cut_between_two_characters() -> None:
    """An option holds 65,535 bytes; what is left is UTF-8."""
    stream = io.BytesIO()
    writer = PcapngWriter(stream)
    writer.packet(writer.interface(1), 1, b"abc", comments=["€" * 40_000])
    data = stream.getvalue()
    start = data.index("€".encode())
    assert data[start : start + 65_535].decode() == "€" * 21_845
    assert read(stream)[0] == [(1, 1, b"abc", 3)]


def test_the_same_calls_give_the_same_bytes() -> None:
    """A file header of 28 bytes, an interface, a packet: byte for byte."""
    stream = io.BytesIO()
    writer = PcapngWriter(stream, order=">")
    writer.packet(writer.interface(1), 0x1_0000_0002, b"abc", comments=["hi"])
    assert stream.getvalue() == bytes.fromhex(
        "0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c"
        "00000001 00000020 0001 0000 00000000 0009 0001 09000000 00000000 00000020"
        "00000006 00000030 00000000 00000001 00000002 00000003 00000003 61626300"
        "0001 0002 68690000 00000000 00000030"
    )
