"""The first bytes decide what a file is, and what the user is told if it is none of ours."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma

import lz4.frame
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.container import FOREIGN, read_capture
from analyzer.capture.pcap import write_pcap
from analyzer.capture.pcapng_writer import PcapngWriter
from analyzer.capture.state import CaptureState, RawRecord
from analyzer.errors import EmptyCapture, NotACapture


def pcap() -> bytes:
    """A classic file of two packets."""
    stream = io.BytesIO()
    write_pcap(stream, [(1, b"one"), (2, b"two")])
    return stream.getvalue()


def pcapng() -> bytes:
    """The same as pcapng."""
    stream = io.BytesIO()
    writer = PcapngWriter(stream)
    number = writer.interface(1)
    writer.packet(number, 1, b"one")
    writer.packet(number, 2, b"two")
    return stream.getvalue()


def read(data: bytes, chunk: int = 1 << 20) -> tuple[list[RawRecord], CaptureState]:
    """All records of a file that comes in chunks of a size."""
    state = CaptureState("some file")
    return list(read_capture((data[at : at + chunk] for at in range(0, len(data), chunk)), state)), state


@pytest.mark.parametrize("chunk", [1, 1 << 20])
@pytest.mark.parametrize(
    ("data", "name"),
    [
        (pcap(), "pcap-ns"),
        (pcapng(), "pcapng"),
        (gzip.compress(pcap()), "pcap-ns+gzip"),
        (gzip.compress(pcapng()), "pcapng+gzip"),
        (zstandard.compress(pcapng()), "pcapng+zstd"),
        (lzma.compress(pcapng()), "pcapng+xz"),
        (bz2.compress(pcapng()), "pcapng+bzip2"),
        (lz4.frame.compress(pcap()), "pcap-ns+lz4"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_formats_are_told_by_their_first_bytes(data: bytes, name: str, chunk: int) -> None:
    """Whatever the file is called; compression is transparent."""
    records, state = read(data, chunk)
    assert records == [(1, 1, b"one", 3), (2, 1, b"two", 3)]
    assert (state.format, state.notes) == (name, [])


def test_an_empty_file() -> None:
    """Says so, and what to look at."""
    with pytest.raises(EmptyCapture, match=r"some file: the file is empty \(at byte 0\)\n  next: "):
        read(b"")


@pytest.mark.parametrize("size", [1, 2, 3, 4, 23])
def test_a_file_that_ends_inside_its_header(size: int) -> None:
    """It was a capture, but not one packet was written."""
    with pytest.raises(EmptyCapture, match="ends inside its header") as caught:
        read(pcap()[:size])
    assert caught.value.offset == size


def test_compressed_nothing() -> None:
    """An empty file that was compressed is an empty file."""
    with pytest.raises(EmptyCapture, match="no whole file header in its gzip data"):
        read(gzip.compress(b""))


def test_a_compressed_file_cut_before_the_first_packet() -> None:
    """The reason is told with it."""
    with pytest.raises(EmptyCapture, match="no whole file header in its gzip data; the gzip data are cut"):
        read(gzip.compress(pcap())[:12])


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"10:00:00 IP 10.0.0.1.4369 > 10.0.0.2.1: Flags [S]\n", "text"),
        ("größer\n".encode(), "text"),
        (b"{}", "text"),
        (bytes(1000), "zeros"),
        (b"\x7fELF\x02\x01\x01\x00", "no packet capture that we know"),
        (b"\x00", "zeros"),
        (b"\x01", "no packet capture that we know"),
        (gzip.compress(gzip.compress(pcap())), "holds gzip data once more, inside its gzip data"),
        (gzip.compress(b"hello\n"), "text, not a packet capture, inside its gzip data"),
        *((bytes(kind.offset) + kind.magic + b"\0\1\2", kind.what) for kind in FOREIGN),
    ],
)
def test_what_is_no_capture_is_named(data: bytes, what: str) -> None:
    """The user learns what the file is, and what to do."""
    with pytest.raises(NotACapture, match=what) as caught:
        read(data)
    error = caught.value
    assert (error.path, error.offset) == ("some file", 0)
    assert error.next_step


@given(st.binary(max_size=600), st.integers(1, 600))
def test_any_bytes_are_read_or_refused(data: bytes, chunk: int) -> None:
    """Only errors for people leave this module."""
    try:
        read(data, chunk)
    except (NotACapture, EmptyCapture) as error:
        assert error.next_step


@pytest.mark.parametrize("size", range(1, 60))
def test_a_file_cut_at_any_byte_is_read_or_refused(size: int) -> None:
    """Headers too."""
    for whole in (pcap(), pcapng(), gzip.compress(pcap()), lzma.compress(pcapng())):
        try:
            _, state = read(whole[:size])
        except (NotACapture, EmptyCapture) as error:
            assert error.next_step
        else:
            assert state.format
