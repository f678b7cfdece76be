"""Frames after the handshake: heads, any cut, holes, sizes without bound."""

from __future__ import annotations

import itertools
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dissectors.control import ControlMessage
from dissectors.dialogue import Decoded, Item, Missing, Problem, Undecoded
from dissectors.traffic import (
    BELIEVABLE,
    HEAD_LIMIT,
    DistributionHeader,
    FirstFragment,
    Fragment,
    Frame,
    FrameReader,
    OpaqueFrame,
    PassThrough,
    Sought,
    Tick,
    looks_like_frames,
    read_frame,
)
from tests.generate import A, I, cut_at, framed, lying

NUMBERS = bytes.fromhex("0000000000000007 0000000000000002")
FRAMES: list[tuple[Frame, bytes]] = [
    (Tick(), b""),
    (DistributionHeader(7, ControlMessage(2, size=5)), bytes.fromhex("8344 00 6803 6102")),
    (DistributionHeader(3, None), bytes.fromhex("8344 09")),
    (
        FirstFragment(23, 7, 2, ControlMessage(2, size=5)),
        bytes.fromhex("8345") + NUMBERS + bytes.fromhex("00 6803 6102"),
    ),
    (Fragment(20, 7, 2), bytes.fromhex("8346") + NUMBERS + b"xx"),
    (PassThrough(6, ControlMessage(2, size=4)), bytes.fromhex("7083 6803 6102")),
    (OpaqueFrame(5, b"other"), b"other"),
    (OpaqueFrame(6, b"\x83\x45\0\0\0\0"), b"\x83\x45\0\0\0\0"),
    (DistributionHeader(5000, None), b"\x83\x44" + bytes(4998)),
    (OpaqueFrame(3000, b"x" * 16), b"x" * 3000),
]
STREAM = b"".join(framed(body, 4) for _, body in FRAMES)


def read(reader: FrameReader, pieces: list[bytes]) -> list[Item]:
    """All items; a trusted reader gives nothing back."""
    items: list[Item] = []
    for piece in pieces:
        got, rest = reader.feed(piece)
        items += got
        assert not rest
    return items


@pytest.mark.parametrize(("frame", "body"), FRAMES)
def test_frames(frame: Frame, body: bytes) -> None:
    """A frame by its first bytes."""
    assert read_frame(len(body), body) == frame


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_any_cut(places: list[int]) -> None:
    """The same frames at the same places, whatever the cut."""
    items = read(FrameReader(A, 19, trusted=True), cut_at(STREAM, places))
    assert [item.message for item in items if isinstance(item, Decoded)] == [frame for frame, _ in FRAMES]
    assert (items[0].start, items[-1].end) == (19, 19 + len(STREAM))
    assert all(left.end == right.start for left, right in itertools.pairwise(items))


def test_byte_by_byte() -> None:
    """The finest cut."""
    whole = read(FrameReader(A, 0, trusted=True), [STREAM])
    assert read(FrameReader(A, 0, trusted=True), [STREAM[i : i + 1] for i in range(len(STREAM))]) == whole


def test_huge_frames_are_not_kept() -> None:
    """A frame of 4 GiB costs no memory, however much of it comes."""
    reader = FrameReader(A, 0, trusted=True)
    reader.feed(b"\xff\xff\xff\xff\x83\x44")
    piece = bytes(1 << 20)
    tracemalloc.start()
    for _ in range(50):
        assert reader.feed(piece) == ([], b"")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000
    (item,) = reader.close()
    assert item == Undecoded(
        A,
        0,
        (50 << 20) + 6,
        Problem.TRUNCATED,
        f"a frame of 4294967295 bytes, cut off after {(50 << 20) + 6} bytes by the end of the stream",
        b"\xff\xff\xff\xff\x83\x44" + bytes(58),
    )


@pytest.mark.parametrize("start", range(8))
@pytest.mark.parametrize(("size", "what"), [(3, "the length of a frame"), (7, "a frame of 100 bytes")])
def test_a_stream_that_ends_too_early(start: int, size: int, what: str) -> None:
    """What was cut, after how much of it, and by what."""
    reader = FrameReader(A, start, trusted=True)
    data = framed(b"\x83\x44" + bytes(98), 4)[:size]
    reader.feed(data)
    reason = f"{what}, cut off after {size} bytes by the end of the stream"
    assert reader.close() == [Undecoded(A, start, start + size, Problem.TRUNCATED, reason, data)]


def test_holes() -> None:
    """Inside a frame it is in step afterwards; over a boundary it is not."""
    frame = framed(b"\x83\x44" + bytes(98), 4)
    reader = FrameReader(I, 0, trusted=True)
    reader.feed(frame[:30])
    assert reader.gap(20) == [Missing(I, 30, 50)]
    assert reader.in_step
    assert reader.feed(frame[50:]) == ([Decoded(I, 0, 104, DistributionHeader(100, None))], b"")
    reader.feed(frame[:3])
    assert [type(item) for item in reader.gap(20)] == [Undecoded, Missing]
    assert not reader.in_step
    assert reader.position == 127


def test_hole_right_behind_the_length() -> None:
    """A frame whose kind is lost is opaque."""
    reader = FrameReader(I, 0, trusted=True)
    reader.feed(b"\0\0\0\x08\x83")
    assert reader.gap(7) == [Decoded(I, 0, 12, OpaqueFrame(8, b"\x83")), Missing(I, 5, 12)]


def test_untrusted_reader_gives_back_what_is_no_frame() -> None:
    """The bytes from the boundary on, wherever the cut was."""
    reader = FrameReader(I, 0, trusted=False)
    assert reader.feed(bytes(4) + b"\0\0\0\x09") == ([Decoded(I, 0, 4, Tick())], b"")
    assert reader.feed(b"\x83X rest") == ([], b"\0\0\0\x09\x83X rest")
    assert not reader.in_step
    assert reader.start == reader.position == 4


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"", None),
        (bytes(3), None),
        (bytes(4), True),
        (bytes(5), None),
        (bytes(8), True),
        (b"\0\0\0\x10\x83", None),
        (b"\0\0\0\x10\x83\x44", True),
        (b"\0\0\0\x10\x70\x83", True),
        (b"\0\0\0\x10\x83\x47", False),
        (b"\0\0\0\x01\x83", False),
        ((BELIEVABLE + 1).to_bytes(4, "big") + b"\x83\x44", False),
        (bytes(4) + b"\0\0\0\x10\x83\x44", True),
        (bytes(4) + b"\0\0\0\x10xx", False),
        (b"\0\0\0\x04\x83\x44\0\0" + b"\0\0\0\x10xx", False),
        (b"\0\0\0\x04\x83\x44\0\0" + b"\0\0\0\x10", True),
        (b"\0\x15r1234", False),
    ],
)
def test_looks_like_frames(data: bytes, answer: bool | None) -> None:
    """Only what begins like frames at every boundary; ticks alone only if nothing follows."""
    assert looks_like_frames(data) is answer


def test_the_longest_frame_that_is_believed() -> None:
    """Untrusted, a length is what tells frames from noise; the bytes behind it are no part of it."""
    for length, believed in ((BELIEVABLE, True), (BELIEVABLE + 1, False)):
        reader = FrameReader(I, 0, trusted=False)
        start = length.to_bytes(4, "big") + b"\x83\x44"
        assert reader.feed(start) == ([], b"" if believed else start)
        assert reader.in_step is believed


@given(
    sizes=st.lists(st.sampled_from([0, 0, 3, 40, 600, 5000]), max_size=12),
    places=st.lists(st.integers(0, 20_000), max_size=8),
    packets=st.lists(st.integers(0, 20_000), max_size=30),
    trusted=st.booleans(),
    last=st.integers(0, 900),
)
@example(sizes=[40], places=[], packets=[], trusted=True, last=4)
@example(sizes=[40], places=[], packets=[2, 20, 46], trusted=True, last=600)
@example(sizes=[600], places=[], packets=[4 + 511, 4 + 512], trusted=False, last=0)
def test_skimming_comes_to_what_feeding_does(
    sizes: list[int], places: list[int], packets: list[int], trusted: bool, last: int
) -> None:
    """Counts, places of ticks, and the state afterwards, wherever the data are cut, and into whatever packets."""
    data = (
        b"".join(framed((b"\x83\x44" + bytes(size))[:size], 4) for size in sizes) + framed(b"\x83\x44" * 500, 4)[:last]
    )
    fed, skimmed = FrameReader(I, 7, trusted=trusted), FrameReader(I, 7, trusted=trusted)
    for part in cut_at(data, places):
        skim = skimmed.skim(lying(part, packets), Sought(b"", ()))
        assert skim is not None
        before = fed.position
        items = fed.feed(part)[0]
        ticks = [item for item in items if isinstance(item, Decoded) and isinstance(item.message, Tick)]
        assert [before + end for end in skim.ticks] == [tick.end for tick in ticks]
        assert skim.frames == len(items) - len(ticks)
        skimmed.skip(skim)
        assert all(getattr(fed, name) == getattr(skimmed, name) for name in FrameReader.__slots__)


@given(
    sizes=st.lists(st.sampled_from([0, 3, 40, 600, 5000]), min_size=1, max_size=12),
    packets=st.lists(st.integers(0, 20_000), max_size=30),
    where=st.data(),
)
def test_a_head_is_searched_wherever_it_lies(sizes: list[int], packets: list[int], where: st.DataObject) -> None:
    """In one piece with others, or in several; bytes beyond any head are not told from it, and need not be."""
    frame = where.draw(st.sampled_from([index for index, size in enumerate(sizes) if size] or [0]))
    bodies = [bytes(size) for size in sizes]
    if sizes[frame]:
        at = where.draw(st.integers(0, min(sizes[frame], HEAD_LIMIT) - 3))
        bodies[frame] = bodies[frame][:at] + b"atm" + bodies[frame][at + 3 :]
    data = b"".join(framed(body, 4) for body in bodies)
    skim = FrameReader(I, 0, trusted=True).skim(lying(data, packets), Sought(b"t", (b"atm",)))
    assert (skim is None) == (sizes[frame] > 0)


def test_what_is_not_skimmed() -> None:
    """Frames that somebody asks for, frames like none, and all after a hole in one."""
    frame = framed(b"\x83\x44\0atom", 4)

    def skim(reader: FrameReader, data: bytes, stop: bytes = b"other") -> bool:
        return reader.skim(lying(data), Sought(b"", (stop,))) is not None

    assert skim(FrameReader(I, 0, trusted=True), frame)
    assert not skim(FrameReader(I, 0, trusted=True), frame, b"atom")
    assert skim(FrameReader(I, 0, trusted=True), framed(b"none", 4))
    assert not skim(FrameReader(I, 0, trusted=False), framed(b"none", 4))
    reader = FrameReader(I, 0, trusted=True)
    reader.feed(frame[:6])
    reader.gap(2)
    assert not skim(reader, frame)
