"""The record layer of one side: headers, holes, cuts."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.dialogue import Item, Missing, Problem, Side, Undecoded
from dissectors.tls_records import MAX_PAYLOAD, Record, RecordStream, RecordType, looks_like_tls, write_record

FLIGHT = (Path(__file__).parent / "data" / "tls12_acceptor_flight.bin").read_bytes()
SIDE = Side.ACCEPTOR

CLIENT_HELLO_START = bytes.fromhex("16 0303 0107 01 000103 0303 6b0308")  # tls-connected-tls12, packet 14
SERVER_HELLO_START = bytes.fromhex("16 0303 007a 02 000076 0303 673a31")  # tls-connected-tls13, packet 16
ALERT = bytes.fromhex("15 0303 0002 02 0a")  # plain-to-tls-listener-13, packet 16
SEND_NAME = bytes.fromhex("0021 4e 0000000d07df7fbd 6b0308d4 0012 616e6e40616c7068612e6c61622e74657374")

DATA = write_record(RecordType.APPLICATION_DATA, b"secret" * 10)  # 65 bytes
READABLE = write_record(RecordType.ALERT, b"\x02\x0a")  # 7 bytes


def run(chunks: Iterable[bytes | int], *, midstream: bool = False) -> list[Record | Item]:
    """Feed bytes, and numbers as holes, then close."""
    stream = RecordStream(SIDE, midstream=midstream)
    out: list[Record | Item] = []
    for chunk in chunks:
        out += stream.gap(chunk) if isinstance(chunk, int) else stream.feed(chunk)
    return out + stream.close()


def shape(items: list[Record | Item]) -> list[tuple[str, int, int]]:
    """Kind and place of each item."""
    return [
        (each.problem.value if isinstance(each, Undecoded) else type(each).__name__, each.start, each.end)
        for each in items
    ]


@pytest.mark.parametrize("data", [CLIENT_HELLO_START, SERVER_HELLO_START, ALERT])
def test_first_bytes_of_tls(data: bytes) -> None:
    """Hellos and alerts are TLS, and never called anything else before they are whole."""
    assert looks_like_tls(data)
    answers = [looks_like_tls(data[:size]) for size in range(len(data))]
    decided = 7 if data == ALERT else 10
    assert answers == [None] * decided + [True] * (len(data) - decided)


@pytest.mark.parametrize(
    "data",
    [
        SEND_NAME,
        b"HTTP/1.1 400",
        bytes.fromhex("16 0305 0107 01"),  # a version that there is not
        bytes.fromhex("16 0303 0107 03"),  # neither kind of hello
        bytes.fromhex("16 0303 0004 01"),  # too short for a hello
        bytes.fromhex("16 0303 4801 01"),  # too long for a record
        bytes.fromhex("16 0303 0107 01 000103 0203"),  # no TLS version inside
        bytes.fromhex("15 0303 0003"),  # alerts have two bytes
        bytes.fromhex("15 0303 0002 03"),  # no such level
        bytes.fromhex("15 0303 0002 02 ff"),  # no such alert
        bytes.fromhex("17 0303"),  # no connection begins with data
    ],
)
def test_first_bytes_of_something_else(data: bytes) -> None:
    """Every wrong byte decides, without waiting for more."""
    assert looks_like_tls(data) is False


def test_a_real_flight() -> None:
    """Five records in one flight of an OTP 25 acceptor."""
    records = RecordStream(SIDE).feed(FLIGHT)
    assert all(isinstance(each, Record) for each in records)
    assert [each.length for each in records if isinstance(each, Record)] == [87, 888, 413, 83, 4]
    assert [each.start for each in records] == [0, 92, 985, 1403, 1491]
    rebuilt = b"".join(write_record(each.type, each.payload) for each in records if isinstance(each, Record))
    assert rebuilt == FLIGHT


def test_byte_by_byte() -> None:
    """The cuts change nothing."""
    stream = RecordStream(SIDE)
    found = [item for byte in FLIGHT for item in stream.feed(bytes((byte,)))]
    assert found == RecordStream(SIDE).feed(FLIGHT)


@pytest.mark.parametrize("size", range(1, len(READABLE + DATA)))
def test_cut_anywhere(size: int) -> None:
    """A stream that ends inside a record says so, and loses no byte."""
    items = run([(READABLE + DATA)[:size]])
    assert (items[0].start, items[-1].end) == (0, size)
    if size != len(READABLE):
        assert isinstance(items[-1], Undecoded)
        assert items[-1].problem is Problem.TRUNCATED


def test_application_data_is_never_kept() -> None:
    """Of user data only the length is known, also where it is cut."""
    whole, cut = run([DATA, DATA[:30]])
    assert isinstance(whole, Record)
    assert (whole.length, whole.payload) == (60, b"")
    assert isinstance(cut, Undecoded)
    assert cut.data == DATA[:5]
    assert cut.reason == "record wants 65 bytes, has 30"


def test_plain_erlang() -> None:
    """A name in plain is malformed at its first header, and the rest is not guessed at."""
    items = run([SEND_NAME])
    assert shape(items) == [("malformed", 0, 5), ("out-of-step", 5, 35)]
    assert isinstance(items[0], Undecoded)
    assert items[0].reason == "record type wants 20 to 23, has 0"


@pytest.mark.parametrize(
    ("data", "problem", "reason"),
    [
        (b"\x16\x03", "truncated", "record header wants 5 bytes, has 2"),
        (b"\x00", "malformed", "record type wants 20 to 23, has 0"),
        (b"\x16\x02\x00", "malformed", "record version wants 0x0300 to 0x0304, has 0x0200"),
        (b"\x16\x03\x03\xff\xff", "malformed", "record length wants at most 18432, has 65535"),
    ],
)
def test_headers_that_are_none(data: bytes, problem: str, reason: str) -> None:
    """Cut and wrong are two different things."""
    (item,) = run([data])
    assert isinstance(item, Undecoded)
    assert (item.problem.value, item.reason) == (problem, reason)


def test_a_hole_inside_application_data() -> None:
    """The header told the length, so the record is known in spite of the hole, and the next one too."""
    items = run([DATA[:20], 30, DATA[50:] + READABLE])
    assert shape(items) == [("Missing", 20, 50), ("Record", 0, 65), ("Record", 65, 72)]


@pytest.mark.parametrize("size", [45, 100])
def test_a_hole_to_the_end_of_application_data_or_beyond(size: int) -> None:
    """What follows is found at the next feed."""
    items = run([DATA[:20], size, READABLE])
    assert shape(items) == [("Missing", 20, 20 + size), ("Record", 0, 65), ("Record", 20 + size, 27 + size)]


def test_a_hole_inside_a_readable_record() -> None:
    """Its content is lost, its end is known."""
    hello = FLIGHT[:92]
    items = run([hello[:30], 20, hello[50:60], 10, hello[70:] + READABLE])
    assert shape(items) == [
        ("truncated", 0, 30),
        ("Missing", 30, 50),
        ("out-of-step", 50, 60),
        ("Missing", 60, 70),
        ("out-of-step", 70, 92),
        ("Record", 92, 99),
    ]


def test_a_hole_to_the_end_of_a_readable_record() -> None:
    """The next record begins right behind the hole."""
    items = run([FLIGHT[:30], 62, FLIGHT[92:985]])
    assert shape(items) == [("truncated", 0, 30), ("Missing", 30, 92), ("Record", 92, 985)]


def test_a_hole_inside_a_header() -> None:
    """Without its length the record is lost."""
    items = run([DATA[:3], 2, DATA[5:], READABLE])
    assert shape(items) == [
        ("truncated", 0, 3),
        ("Missing", 3, 5),
        ("out-of-step", 5, 65),
        ("Record", 65, 72),
    ]


def test_back_in_step_at_a_feed_only() -> None:
    """A header in the middle of a segment behind a hole may be chance."""
    items = run([10, b"\xaa" * 7 + READABLE, READABLE])
    assert shape(items) == [("Missing", 0, 10), ("out-of-step", 10, 24), ("Record", 24, 31)]


def test_back_in_step_from_the_middle() -> None:
    """A connection whose beginning was not captured."""
    items = run([b"\x99" * 20, DATA], midstream=True)
    assert shape(items) == [("out-of-step", 0, 20), ("Record", 20, 85)]


def test_a_header_in_pieces_behind_a_hole() -> None:
    """The trial goes on through feeds of one byte."""
    assert shape(run([1, *(bytes((byte,)) for byte in READABLE)])) == [("Missing", 0, 1), ("Record", 1, 8)]
    assert shape(run([1, b"\x16", b"\x03"])) == [("Missing", 0, 1), ("out-of-step", 1, 3)]
    assert shape(run([1, b"\x16", 1, b"\x03"])) == [
        ("Missing", 0, 1),
        ("out-of-step", 1, 2),
        ("Missing", 2, 3),
        ("out-of-step", 3, 4),
    ]


def test_a_hole_of_nothing() -> None:
    """A hole without a length is none."""
    assert shape(run([READABLE[:4], 0, -3, READABLE[4:]])) == [("Record", 0, 7)]


def test_what_is_kept_is_bounded() -> None:
    """Junk is shown with its first 64 bytes; a run of it is one item."""
    items = run([b"\x00" * 100_000] * 3)
    assert shape(items) == [("malformed", 0, 5), ("out-of-step", 5, 300_000)]
    assert isinstance(items[1], Undecoded)
    assert len(items[1].data) == 64


records = st.lists(
    st.builds(write_record, st.sampled_from(RecordType), st.binary(max_size=40), st.sampled_from([0x0301, 0x0303])),
    max_size=6,
).map(b"".join)
streams = records | st.builds(lambda front, back: front + back, records, st.binary(max_size=40))


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """``data`` in pieces."""
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(edges)]


@given(streams, st.lists(st.integers(0, 10**6), max_size=8))
def test_any_cuts_give_the_same_items(data: bytes, places: list[int]) -> None:
    """In step, chunking is invisible, and every byte is in exactly one item."""
    items = run(cut(data, places))
    assert items == run([data])
    position = 0
    for item in items:
        assert item.start == position
        position = item.end
    assert position == len(data)


@given(
    st.lists(st.binary(max_size=30) | records | st.integers(0, 90), max_size=12),
    st.booleans(),
)
def test_any_bytes_and_holes(chunks: list[bytes | int], midstream: bool) -> None:
    """Nothing raises, holes are told as they were, and every byte has its place."""
    items = run(chunks, midstream=midstream)
    length = sum(chunk if isinstance(chunk, int) else len(chunk) for chunk in chunks)
    covered = sorted((item.start, item.end) for item in items)
    position = 0
    for start, end in covered:
        assert start <= position
        position = max(position, end)
    # A record whose end lies in a hole, or is not there yet, ends where its header says or is cut.
    assert position == length
    assert sum(item.end - item.start for item in items if isinstance(item, Missing)) == sum(
        chunk for chunk in chunks if isinstance(chunk, int)
    )


def test_the_longest_record() -> None:
    """The largest length that TLS 1.2 allows is a record, one more is not."""
    header = b"\x17\x03\x03" + MAX_PAYLOAD.to_bytes(2, "big")
    assert shape(run([header + bytes(MAX_PAYLOAD)])) == [("Record", 0, MAX_PAYLOAD + 5)]
