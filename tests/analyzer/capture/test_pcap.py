"""Classic files: every variant, every cut, any bytes."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.pcap import LARGEST_RECORD, VARIANTS, read_pcap, write_pcap
from analyzer.capture.state import CaptureState, RawRecord
from analyzer.capture.window import Window
from analyzer.errors import EmptyCapture, NotACapture

PACKETS = [
    (1_700_000_000_123_456_789, b"\x01" * 60),
    (1_700_000_000_123_457_000, b""),
    (1_700_000_001_000_000_000, b"xyz"),
]


def read(data: bytes, chunk: int = 1 << 20) -> tuple[list[RawRecord], CaptureState]:
    """All records of a file that comes in chunks of a size."""
    state = CaptureState("t.pcap")
    chunks = (data[start : start + chunk] for start in range(0, len(data), chunk))
    return list(read_pcap(Window(chunks), state)), state


def written(order: Literal["<", ">"] = "<", *, nanoseconds: bool = True, snap_length: int = 262_144) -> bytes:
    """:data:`PACKETS` as a file."""
    stream = io.BytesIO()
    write_pcap(stream, PACKETS, link_type=113, order=order, nanoseconds=nanoseconds, snap_length=snap_length)
    return stream.getvalue()


def header(
    order: str = "<", magic: int = 0xA1B2C3D4, snap_length: int = 262_144, link_type: int = 1, minor: int = 4
) -> bytes:
    """A file header."""
    return struct.pack(order + "IHHiIII", magic, 2, minor, 0, 0, snap_length, link_type)


def record(length: int, wire_length: int, data: bytes, seconds: int = 1, fraction: int = 0, order: str = "<") -> bytes:
    """A record with any lengths in its header."""
    return struct.pack(order + "IIII", seconds, fraction, length, wire_length) + data


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
@pytest.mark.parametrize("nanoseconds", [True, False], ids=["ns", "us"])
@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_what_is_written_is_read(order: Literal["<", ">"], nanoseconds: bool, chunk: int) -> None:
    """Both byte orders, both clocks, whatever the chunks."""
    records, state = read(written(order, nanoseconds=nanoseconds), chunk)
    tick = 1 if nanoseconds else 1000
    assert records == [(at // tick * tick, 113, data, len(data)) for at, data in PACKETS]
    assert state.format == ("pcap-ns" if nanoseconds else "pcap")
    assert (state.cut, state.notes) == (False, [])


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_the_modified_format_has_longer_records(order: str) -> None:
    """Interface index, protocol and packet type follow the four usual fields."""
    more = struct.pack(order + "IHBx", 2, 0x0800, 4)
    one = struct.pack(order + "IIII", 5, 6, 3, 90) + more + b"abc"
    records, state = read(header(order, 0xA1B2CD34) + one + one)
    assert records == [(5_000_006_000, 1, b"abc", 90)] * 2
    assert state.format == "pcap-modified"


def test_packets_are_cut_to_the_snap_length() -> None:
    """The length on the wire tells that there was more."""
    records, _ = read(written(snap_length=10))
    assert [(len(data), wire_length) for _, _, data, wire_length in records] == [(10, 60), (0, 0), (3, 3)]


def test_the_frame_check_sequence_is_not_part_of_the_link_type() -> None:
    """Its length stands in the upper bits of the same field."""
    records, _ = read(header(link_type=0x2400_0001) + record(3, 3, b"abc"))
    assert records == [(1_000_000_000, 1, b"abc", 3)]


@pytest.mark.parametrize("snap_length", [0, 10, 96])
def test_a_snap_length_that_lies_does_no_harm(snap_length: int) -> None:
    """Packets longer than the header allows are read all the same."""
    records, state = read(header(snap_length=snap_length) + record(2000, 2000, bytes(2000)))
    assert len(records) == 1
    assert state.notes == []


def test_a_packet_is_never_shorter_on_the_wire_than_in_the_file() -> None:
    """Some tools write 0 there."""
    records, _ = read(header() + record(4, 0, b"abcd"))
    assert records[0][3] == 4


def test_old_files_may_have_the_lengths_swapped() -> None:
    """Before version 2.4 both orders were written."""
    records, _ = read(header(minor=3) + record(9, 4, b"abcd") + record(4, 9, b"efgh"))
    assert [(data, wire_length) for _, _, data, wire_length in records] == [(b"abcd", 9), (b"efgh", 9)]


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
@pytest.mark.parametrize("snap_length", [262_144, 0xFFFF_FFFF])
def test_an_absurd_length_ends_the_reading(order: str, snap_length: int) -> None:
    """The packets before it are kept; the note tells the place."""
    good = record(3, 3, b"abc", order=order)
    bad = record(LARGEST_RECORD + 1, 3, bytes(100), order=order)
    records, state = read(header(order, snap_length=snap_length) + good + bad)
    assert len(records) == 1
    assert state.cut
    assert state.notes == [
        f"damaged at byte 43, after packet 1: a record claims {LARGEST_RECORD + 1} bytes; nothing after that was read"
    ]


def test_a_long_packet_is_read_where_the_header_allows_it() -> None:
    """Some tools are run with a snap length above the usual one."""
    records, state = read(header(snap_length=1_000_000) + record(500_000, 500_000, bytes(500_000)), 65_536)
    assert len(records[0][2]) == 500_000
    assert not state.cut


def test_zeros_are_no_packets() -> None:
    """A file system that lost the end of a file leaves zeros there."""
    records, state = read(header() + record(3, 3, b"abc") + bytes(4096))
    assert len(records) == 1
    assert "damaged at byte 43, after packet 1: zeros" in state.notes[0]


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_a_cut_at_any_byte_keeps_what_is_before(order: Literal["<", ">"]) -> None:
    """Inside the header: an error.  After it: a note, exactly where the cut is not between two records."""
    whole = written(order)
    ends = [24]
    for _, data in PACKETS:
        ends.append(ends[-1] + 16 + len(data))
    everything, _ = read(whole)
    for size in range(4, len(whole)):
        if size < 24:
            with pytest.raises(EmptyCapture) as caught:
                read(whole[:size])
            assert caught.value.offset == size
            continue
        records, state = read(whole[:size], 11)
        complete = sum(end <= size for end in ends) - 1
        assert records == everything[:complete]
        assert state.cut == (size not in ends)
        note = f"cut at byte {ends[complete]}, after packet {complete}: the file ends inside a record"
        assert state.notes == ([note] if state.cut else [])


def test_an_impossible_version_is_no_capture() -> None:
    """Nobody wrote version 1 or 3; transfers in text mode make such headers."""
    data = bytearray(header())
    data[4] = 10
    with pytest.raises(NotACapture, match=r"t\.pcap: a capture file of version 10\.4.*\(at byte 4\)"):
        read(bytes(data))


def test_packets_come_as_soon_as_their_bytes_are_there() -> None:
    """No chunk is asked for before the packets of the earlier ones are delivered."""
    whole = written()
    asked = []

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(whole), 10):
            asked.append(start)
            yield whole[start : start + 10]

    records = read_pcap(Window(chunks()), CaptureState("-"))
    next(records)
    assert asked[-1] == 90  # the first packet ends at byte 100


@given(st.sampled_from(sorted(VARIANTS)), st.binary(max_size=300), st.integers(1, 64))
def test_any_bytes_are_read_without_an_error(magic: bytes, rest: bytes, chunk: int) -> None:
    """After a whole header nothing is raised; each record is consistent; chunks make no difference."""
    data = magic + struct.pack(VARIANTS[magic].order + "HHiIII", 2, 4, 0, 0, 65_535, 1) + rest
    records, state = read(data)
    assert all(len(record[2]) <= record[3] for record in records)
    again, state_again = read(data, chunk)
    assert (again, state_again.notes) == (records, state.notes)


@given(st.binary(min_size=20, max_size=20))
def test_any_header_is_read_or_refused(rest: bytes) -> None:
    """Only the errors for people leave the reader."""
    try:
        read(bytes.fromhex("d4c3b2a1") + rest)
    except (NotACapture, EmptyCapture) as error:
        assert error.next_step
