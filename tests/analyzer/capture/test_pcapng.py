"""pcapng files: every block, every cut, any bytes."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.blocks import NUMBERED
from analyzer.capture.pcap import LARGEST_RECORD
from analyzer.capture.pcapng import read_pcapng
from analyzer.capture.pcapng_writer import PcapngWriter
from analyzer.capture.state import NOT_A_PACKET, CaptureState, RawRecord
from analyzer.capture.window import Window
from analyzer.errors import EmptyCapture, NotACapture


def read(data: bytes, chunk: int = 1 << 20) -> tuple[list[RawRecord], CaptureState]:
    """All records of a file that comes in chunks of a size."""
    state = CaptureState("t.pcapng")
    chunks = (data[start : start + chunk] for start in range(0, len(data), chunk))
    return list(read_pcapng(Window(chunks), state)), state


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """A block with right lengths."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def option(code: int, value: bytes, order: str = "<") -> bytes:
    """An option, padded."""
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<", major: int = 1) -> bytes:
    """A section header."""
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, major, 0, -1), order)


def interface(link_type: int = 1, *options: bytes, snap_length: int = 0, order: str = "<") -> bytes:
    """An interface description."""
    return block(1, struct.pack(order + "HHI", link_type, 0, snap_length) + b"".join(options), order)


def packet(
    data: bytes = b"abc", time: int = 0, number: int = 0, wire_length: int = 0, options: bytes = b"", order: str = "<"
) -> bytes:
    """An enhanced packet block; ``time`` in ticks of its interface."""
    head = struct.pack(order + "IIIII", number, time >> 32, time & 0xFFFFFFFF, len(data), wire_length or len(data))
    return block(6, head + data + bytes(-len(data) % 4) + options, order)


def obsolete(data: bytes, time: int, drops: int) -> bytes:
    """An obsolete packet block."""
    return block(2, struct.pack("<HHIIII", 0, drops, 0, time, len(data), 99) + data)


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_packets_of_several_interfaces(order: str, chunk: int) -> None:
    """Each packet has the link type and the clock of its own interface."""
    data = (
        section(order)
        + interface(1, order=order)
        + interface(113, option(2, b"eth1", order), option(9, b"\x09", order), order=order)
        + packet(b"one", 1_000_001, 0, order=order)
        + packet(b"two!!", 2_000_000_003, 1, wire_length=70, order=order)
    )
    records, state = read(data, chunk)
    assert records == [(1_000_001_000, 1, b"one", 3), (2_000_000_003, 113, b"two!!", 70)]
    assert (state.format, state.cut, state.notes) == ("pcapng", False, [])


def test_a_section_starts_anew() -> None:
    """Byte order and interfaces are those of the section; concatenated files are one file."""
    first = section() + interface(1) + interface(101) + packet(b"one", 1, 1)
    second = section(">") + interface(276, order=">") + packet(b"two", 2, 0, order=">")
    records, state = read(first + second + first)
    assert records == [(1000, 101, b"one", 3), (2000, 276, b"two", 3), (1000, 101, b"one", 3)]
    assert state.notes == []


def test_an_interface_of_an_earlier_section_is_none_of_this_one() -> None:
    """Numbers count from 0 in each section."""
    data = section() + interface() + section() + packet()
    records, state = read(data)
    assert records == []
    assert "packet of 3 bytes of interface 0 can't be in this block" in state.notes[0]


@pytest.mark.parametrize(
    ("options", "ticks", "at"),
    [
        ((), 7, 7_000),
        ((option(9, b"\x03"),), 7, 7_000_000),
        ((option(9, b"\x8a"),), 1536, 1_500_000_000),
        ((option(14, struct.pack("<q", 100)),), 7, 100_000_007_000),
        ((option(14, struct.pack("<q", -1)), option(9, b"\x09")), 1_000_000_009, 9),
        ((option(9, b""), option(14, b"\0")), 7, 7_000),
        ((option(0, b""), option(9, b"\x03")), 7, 7_000),
    ],
)
def test_the_clock_of_an_interface(options: tuple[bytes, ...], ticks: int, at: int) -> None:
    """Resolution and offset; options that are cut, or after the end of options, don't count."""
    records, _ = read(section() + interface(1, *options) + packet(time=ticks))
    assert records[0][0] == at


@pytest.mark.parametrize(("offset", "at"), [(-(1 << 63), 0), ((1 << 63) - 1, (1 << 63) - 1)])
def test_an_impossible_time_is_made_possible_and_noted(offset: int, at: int) -> None:
    """Whoever formats times may rely on 1970 to 2262."""
    data = section() + interface(1, option(14, struct.pack("<q", offset))) + packet() + obsolete(b"abc", 1, 0)
    records, state = read(data)
    assert [record[0] for record in records] == [at, at]
    assert state.notes == ["2 packets have an impossible time"]


def test_simple_packets() -> None:
    """No time, no captured length: the snap length of interface 0 tells what of it is there."""
    simple = block(3, struct.pack("<I", 9) + b"123456") + block(3, struct.pack("<I", 4) + b"abcd")
    records, state = read(section() + interface(1, snap_length=6) + packet(time=5) + simple)
    assert records[1:] == [(5_000, 1, b"123456", 9), (5_000, 1, b"abcd", 4)]
    assert state.notes == ["2 packets have no time; that of the packet before is taken"]


def test_a_simple_packet_may_claim_more_than_its_block_holds() -> None:
    """Without a snap length, what is there is what was captured."""
    records, _ = read(section() + interface() + block(3, struct.pack("<I", 1000) + b"abcd"))
    assert records == [(0, 1, b"abcd", 1000)]


def test_obsolete_packets() -> None:
    """Old Wireshark wrote them; they count losses, unless they don't know."""
    data = section() + interface() + obsolete(b"abcde", 7, 3) + obsolete(b"f", 8, 0xFFFF)
    records, state = read(data)
    assert records == [(7_000, 1, b"abcde", 99), (8_000, 1, b"f", 99)]
    assert state.dropped == 3


def test_options_of_a_packet_are_skipped_and_losses_counted() -> None:
    """A comment is no data; a drop count is one."""
    options = option(1, b"a comment") + option(4, struct.pack("<Q", 5)) + option(0, b"")
    for data in (b"abc", b"abcd", b""):
        records, state = read(section() + interface() + packet(data, options=options) + packet(b"next"))
        assert [record[2] for record in records] == [data, b"next"]
        assert state.dropped == 5


def test_losses_of_all_interfaces_add_up() -> None:
    """The latest statistics of each interface count; an unknown count doesn't."""

    def statistics(number: int, *options: bytes) -> bytes:
        return block(5, struct.pack("<III", number, 0, 0) + b"".join(options))

    data = section() + interface() + interface()
    data += statistics(0, option(5, struct.pack("<Q", 2)))
    data += statistics(0, option(5, struct.pack("<Q", 10)), option(7, struct.pack("<Q", 1)))
    data += statistics(1, option(5, struct.pack("<Q", 100)), option(7, b"\xff" * 8))
    _, state = read(data)
    assert state.dropped == 111
    assert state.notes == ["111 packets were dropped by the capture: they are not in the file"]


@pytest.mark.parametrize("kind", [4, 10, 0x1234, 0x8000_0001])
def test_blocks_without_a_packet_are_stepped_over(kind: int) -> None:
    """Names, secrets, whatever may come: they have no number."""
    data = section() + interface() + packet(time=1) + block(kind, b"something") + packet(time=2)
    assert [record[0] for record in read(data)[0]] == [1_000, 2_000]


@pytest.mark.parametrize("kind", sorted(NUMBERED))
def test_blocks_that_wireshark_numbers_are_records(kind: int) -> None:
    """Packet numbers are those that Wireshark shows."""
    data = section() + interface() + packet(time=1) + block(kind, b"something") + packet(time=2)
    assert [record[1] for record in read(data)[0]] == [1, NOT_A_PACKET, 1]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (struct.pack("<II", 6, LARGEST_RECORD + 4) + bytes(40), f"a block claims {LARGEST_RECORD + 4} bytes"),
        (struct.pack("<II", 6, 34) + bytes(40), "a block claims 34 bytes"),
        (struct.pack("<II", 0x1234, 8) + bytes(40), "a block claims 8 bytes"),
        (struct.pack("<II", 6, 28) + bytes(40), "a block claims 28 bytes"),
        (struct.pack("<II", 1, 16) + bytes(40), "a block claims 16 bytes"),
        (bytes(40), "a block claims 0 bytes"),
        (struct.pack("<II", 7, 16) + bytes(4) + struct.pack("<I", 20), "the two lengths of a block differ"),
        (packet(number=1), "interface 1"),
        (block(2, struct.pack("<HHIIII", 9, 0, 0, 0, 0, 0)), "interface 9 was never described"),
        (block(5, struct.pack("<III", 2, 0, 0)), "interface 2 was never described"),
        (block(6, struct.pack("<IIIII", 0, 0, 0, 5, 5) + b"abcd"), "a packet of 5 bytes"),
        (block(2, struct.pack("<HHIIII", 0, 0, 0, 0, 5, 5) + b"abcd"), "a packet claims 5 bytes"),
        (section(major=2), "a section of version 2.0"),
        (block(0x0A0D0D0A, bytes(16)), "a section header without byte order mark"),
    ],
)
def test_a_damaged_block_ends_the_reading(bad: bytes, why: str) -> None:
    """The packets before it are kept; the note tells the place."""
    good = section() + interface() + packet(b"abc")
    records, state = read(good + bad + packet())
    assert records == [(0, 1, b"abc", 3)]
    assert state.cut
    assert state.notes[0].startswith(f"damaged at byte {len(good)}, after packet 1: ")
    assert why in state.notes[0]


def test_interfaces_are_bounded() -> None:
    """A file of nothing but interfaces does not fill the memory."""
    _, state = read(section() + interface() * 65_537)
    assert "more than 65536 interfaces" in state.notes[0]


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_a_cut_at_any_byte_keeps_what_is_before(order: str) -> None:
    """In the first block: an error.  After it: a note, exactly where the cut is not between two blocks."""
    blocks = [
        section(order),
        interface(1, option(9, b"\x09", order), order=order),
        packet(b"one", 1, order=order),
        packet(b"two", 2, options=option(1, b"hello", order), order=order),
        section("<"),
        interface(101),
        packet(b"three", 3),
    ]
    whole = b"".join(blocks)
    everything, _ = read(whole)
    for size in range(4, len(whole) + 1):
        if size < len(blocks[0]):
            with pytest.raises(EmptyCapture):
                read(whole[:size])
            continue
        complete = [index for index in range(len(blocks) + 1) if len(b"".join(blocks[:index])) <= size][-1]
        expected = everything[: sum(index in (2, 3, 6) for index in range(complete))]
        records, state = read(whole[:size], 13)
        assert records == expected
        start = len(b"".join(blocks[:complete]))
        note = f"cut at byte {start}, after packet {len(expected)}: the file ends inside a block"
        assert state.notes == ([note] if start != size else [])
        assert state.cut == (start != size)


def test_a_wrong_byte_order_mark_is_no_capture() -> None:
    """The first block alone decides whether it is a capture at all."""
    with pytest.raises(NotACapture, match="byte order mark"):
        read(block(0x0A0D0D0A, bytes(16)))


def test_a_first_block_of_another_version_holds_no_packets() -> None:
    """A note says so; it is a pcapng file all the same."""
    records, state = read(section(major=2) + interface() + packet())
    assert records == []
    assert "version 2.0" in state.notes[0]


def test_packets_come_as_soon_as_their_bytes_are_there() -> None:
    """No chunk is asked for before the packets of the earlier ones are delivered."""
    parts = [section() + interface(), packet(b"one"), packet(b"two")]
    asked = []

    def chunks() -> Iterator[bytes]:
        for index, part in enumerate(parts):
            asked.append(index)
            yield part

    records = read_pcapng(Window(chunks()), CaptureState("-"))
    assert next(records)[2] == b"one"
    assert asked == [0, 1]


@given(
    st.lists(st.tuples(st.sampled_from([1, 2, 3, 5, 6, 0xBAD, 0x0A0D0D0A, 99]), st.binary(max_size=60))),
    st.integers(1, 64),
)
def test_any_blocks_are_read_without_an_error(bodies: list[tuple[int, bytes]], chunk: int) -> None:
    """Blocks with right lengths and any body: each record is consistent, chunks make no difference."""
    data = section() + interface() + b"".join(block(kind, body) for kind, body in bodies)
    records, state = read(data)
    assert all(len(record[2]) <= record[3] and 0 <= record[0] < 1 << 63 for record in records)
    again, state_again = read(data, chunk)
    assert (again, state_again.notes) == (records, state.notes)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(rest: bytes) -> None:
    """After a whole first block nothing is raised."""
    read(section() + rest)


@given(st.data())
def test_a_changed_byte_never_raises(data: st.DataObject) -> None:
    """One flipped byte anywhere after the first block: packets before it are kept."""
    stream = io.BytesIO()
    writer = PcapngWriter(stream)
    number = writer.interface(1, name="eth0")
    ends = []
    for index in range(4):
        writer.packet(number, index, bytes(index * 5), comments=["x"] * (index % 2))
        ends.append(len(stream.getvalue()))
    damaged = bytearray(stream.getvalue())
    place = data.draw(st.integers(28, len(damaged) - 1))
    damaged[place] ^= data.draw(st.integers(1, 255))
    records, _ = read(bytes(damaged))
    intact = sum(end <= place for end in ends)
    if place >= ends[0]:
        assert records[:intact] == read(stream.getvalue())[0][:intact]
