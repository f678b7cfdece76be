"""Compressed streams: every format, several members, cuts, damage, bounded memory."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import tracemalloc
from collections.abc import Callable, Iterator

import lz4.frame
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.compression import COMPRESSIONS, decompress, recognise
from analyzer.capture.state import CaptureState


def _lz4(data: bytes) -> bytes:
    return bytes(lz4.frame.compress(data, block_size=lz4.frame.BLOCKSIZE_MAX64KB, content_checksum=True))


def _zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


Compress = Callable[[bytes], bytes]
COMPRESS: dict[str, Compress] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zstd": _zstd,
    "xz": lzma.compress,
    "lz4": _lz4,
    "bzip2": bz2.compress,
}
DATA = random.Random(1).randbytes(40_000) + b"packet " * 60_000

every_format = pytest.mark.parametrize(("name", "compress"), COMPRESS.items(), ids=COMPRESS)


def expand(data: bytes, chunk: int = 1 << 20) -> tuple[bytes, CaptureState]:
    """What a compressed stream holds, that comes in chunks of a size."""
    state = CaptureState("t")
    compression = recognise(data)
    assert compression is not None
    chunks = (data[start : start + chunk] for start in range(0, len(data), chunk))
    return b"".join(decompress(chunks, compression, state)), state


def test_every_format_is_tested() -> None:
    """A format that is added gets its tests with it."""
    assert {compression.name for compression in COMPRESSIONS} == set(COMPRESS)


@pytest.mark.parametrize("data", [b"", b"\x1f", b"\xd4\xc3\xb2\xa1", b"hello world"])
def test_other_bytes_are_not_compressed(data: bytes) -> None:
    """A capture is not."""
    assert recognise(data) is None


@every_format
@pytest.mark.parametrize("chunk", [13, 70_000, 1 << 20])
def test_it_gives_the_bytes(name: str, compress: Compress, chunk: int) -> None:
    """Whatever the chunks."""
    packed = compress(DATA)
    found = recognise(packed)
    assert found is not None
    assert found.name == name
    data, state = expand(packed, chunk)
    assert data == DATA
    assert (state.cut, state.notes) == (False, [])


@every_format
@pytest.mark.parametrize("chunk", [1, 1 << 20])
def test_members_follow_one_another(name: str, compress: Compress, chunk: int) -> None:
    """``cat a.gz b.gz`` is one stream; an empty member and padding with zeros make no difference."""
    data, state = expand(compress(b"one ") + compress(b"") + compress(b"two") + bytes(512), chunk)
    assert data == b"one two"
    assert (state.cut, state.notes) == (False, [])


@pytest.mark.parametrize("name", ["zstd", "lz4"])
def test_frames_for_others_are_skipped(name: str) -> None:
    """pzstd begins with one, and may put them between others."""
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00size"
    packed = COMPRESS[name](b"one") + skippable + COMPRESS[name](b"two")
    assert expand(packed)[0] == b"onetwo"
    if name == "zstd":
        assert expand(skippable + packed)[0] == b"onetwo"


@every_format
def test_what_follows_the_data_is_noted(name: str, compress: Compress) -> None:
    """As the tools do: the data are good."""
    data, state = expand(compress(b"data") + b"something else")
    assert data == b"data"
    assert not state.cut
    assert state.notes == [f"bytes after the end of the {name} data were ignored"]


@every_format
def test_a_cut_gives_what_is_before(name: str, compress: Compress) -> None:
    """Cut anywhere: a beginning of the data, and a note; nothing is raised."""
    packed = compress(DATA)
    lengths = []
    for size in [*range(6, 60), *range(60, len(packed), 997), len(packed) - 1]:
        data, state = expand(packed[:size])
        assert DATA.startswith(data)
        assert state.cut
        assert state.notes == [f"the {name} data are cut: the file was not written or copied whole"]
        lengths.append(len(data))
    assert lengths == sorted(lengths)
    assert name == "bzip2" or lengths[-1] >= len(DATA) - (1 << 17)  # bzip2 has one block of 900 kB here


@every_format
def test_a_cut_between_two_members_can_not_be_seen(name: str, compress: Compress) -> None:
    """The first one is whole."""
    assert expand(compress(b"one"))[0] == b"one"


@every_format
def test_damage_gives_what_is_before(name: str, compress: Compress) -> None:
    """A damaged byte: a note, and no exception; what is far before it is there."""
    data = random.Random(2).randbytes(300_000)
    packed = bytearray(compress(data))
    for place in (len(packed) * 3 // 4, len(packed) - 6):
        damaged = packed.copy()
        damaged[place] ^= 0xFF
        got, state = expand(bytes(damaged), 10_000)
        assert state.cut or got == data
        if name != "bzip2":
            assert got[:100_000] == data[:100_000]


@every_format
@given(data=st.data())
def test_any_bytes_are_read_without_an_error(name: str, compress: Compress, data: st.DataObject) -> None:
    """Magic bytes, then anything; or a good stream with a changed byte."""
    packed = bytearray(compress(b"some data " * 20))
    keep = data.draw(st.integers(6, len(packed)))
    packed[keep:] = data.draw(st.binary(max_size=100))
    expand(bytes(packed), data.draw(st.integers(1, 200)))


@every_format
def test_output_comes_as_soon_as_it_is_there(name: str, compress: Compress) -> None:
    """The first member is delivered before the second one is asked for."""
    parts = [compress(b"one"), compress(b"two")]
    asked = []

    def chunks() -> Iterator[bytes]:
        for index, part in enumerate(parts):
            asked.append(index)
            yield part

    compression = recognise(parts[0])
    assert compression is not None
    assert next(decompress(chunks(), compression, CaptureState("-"))) == b"one"
    assert asked == [0]


@every_format
def test_a_bomb_does_not_fill_the_memory(name: str, compress: Compress) -> None:
    """Bytes that become a thousand times as many: chunks stay small, whatever there is in the end."""
    packed = compress(bytes(64 << 20))
    compression = recognise(packed)
    assert compression is not None
    tracemalloc.start()
    largest = total = 0
    for chunk in decompress(iter([packed]), compression, CaptureState("t")):
        largest = max(largest, len(chunk))
        total += len(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 64 << 20
    assert largest <= 33 << 20
    assert peak <= 68 << 20


@pytest.mark.parametrize("name", ["gzip", "zstd", "xz", "bzip2"])
def test_a_bomb_is_not_read_to_its_end(name: str) -> None:
    """512 MB of zeros: a note says what was done, and what to do if it was no bomb.  (lz4 can't expand that much.)"""
    bomb = COMPRESS[name](b"\xd4\xc3\xb2\xa1" + bytes(128 << 20)) * 4
    state = CaptureState("t")
    compression = recognise(bomb)
    assert compression is not None
    produced = sum(map(len, decompress(iter([bomb]), compression, state)))
    assert 64 << 20 <= produced < 160 << 20
    assert state.cut
    assert "decompress it first" in state.notes[0]


def test_a_capture_that_compresses_well_is_read_whole() -> None:
    """A flood of SYNs that differ in their ports only shrinks to a sixtieth."""
    flood = b"".join(b"\0" * 54 + number.to_bytes(4, "big") for number in range(1_500_000))
    packed = COMPRESS["zstd"](flood)
    expanded, state = expand(packed)
    assert len(expanded) == len(flood) > 64 << 20
    assert state.notes == []
