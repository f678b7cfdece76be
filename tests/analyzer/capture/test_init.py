"""The door: what the user named becomes packets, and what is wrong with it becomes errors."""

from __future__ import annotations

import gzip
import io
import os
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from analyzer.capture import PacketRef, Source, open_source
from analyzer.capture.pcap import write_pcap
from analyzer.capture.pcapng_writer import PcapngWriter
from analyzer.errors import CaptureMissing, EmptyCapture, NotACapture, NothingUsable, UnusableInput

NO_STDIN = io.BytesIO()


def pcap(*times: int) -> bytes:
    """A classic file."""
    stream = io.BytesIO()
    write_pcap(stream, [(at, str(at).encode()) for at in times])
    return stream.getvalue()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: captures, and things that are none."""
    monkeypatch.chdir(tmp_path)
    files = {
        "trace10.pcap.gz": gzip.compress(pcap(30, 40)),
        "trace2.pcap": pcap(10, 20),
        "sub/cut.pcap": pcap(50, 60)[:-1],
        "sub/text": b"hello\n",
        "sub/hello.gz": gzip.compress(b"hello\n"),
        "sub/empty.pcap": b"",
        "docs/README": b"hello\n",
    }
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "nothing").mkdir()
    return tmp_path


def packets(source: Source) -> list[PacketRef]:
    """The reference of each packet."""
    return [packet.ref for packet in source]


def test_a_folder(folder: Path) -> None:
    """Captures in it are found by their contents; the rest is passed over, with a note."""
    source = open_source(["."], stdin=NO_STDIN)
    assert [capture.path for capture in source.captures] == ["trace2.pcap", "trace10.pcap.gz", "sub/cut.pcap"]
    assert packets(source) == [(0, 1, 10), (0, 2, 20), (1, 1, 30), (1, 2, 40), (2, 1, 50)]
    assert source.errors == []
    assert source.notes == ["passed over docs/README, sub/empty.pcap, sub/hello.gz, sub/text in .: no capture"]
    assert source.captures[2].cut
    assert source.total_bytes == sum(capture.bytes for capture in source.captures) == source.bytes_read


def test_long_lists_are_shortened(folder: Path) -> None:
    """A folder of a thousand other files makes one line."""
    for number in range(9):
        (folder / "docs" / f"{number}.txt").write_bytes(b"x")
    source = open_source(["docs", "trace2.pcap"], stdin=NO_STDIN)
    assert "docs/0.txt, docs/1.txt, docs/2.txt, docs/3.txt, docs/4.txt, 5 more" in str(source.errors[0])


@pytest.mark.parametrize("argument", ["nothing", "docs"])
def test_a_folder_without_captures(folder: Path, argument: str) -> None:
    """Is an error that names it."""
    with pytest.raises(CaptureMissing) as caught:
        open_source([argument], stdin=NO_STDIN)
    assert caught.value.path == argument
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("argument", "kind"),
    [
        ("gone.pcap", CaptureMissing),
        ("gone*", CaptureMissing),
        ("sub/text", NotACapture),
        ("sub/empty.pcap", EmptyCapture),
    ],
)
def test_one_unusable_input_is_raised(folder: Path, argument: str, kind: type[Exception]) -> None:
    """Named outright, it had to be a capture."""
    with pytest.raises(kind, match=argument.replace("*", r"\*")):
        open_source([argument], stdin=NO_STDIN)


def test_unusable_inputs_beside_usable_ones_are_collected(folder: Path) -> None:
    """The others are analysed."""
    source = open_source(["gone.pcap", "trace2.pcap", "sub/text"], stdin=NO_STDIN)
    assert packets(source) == [(0, 1, 10), (0, 2, 20)]
    assert [type(error) for error in source.errors] == [CaptureMissing, NotACapture]


def test_nothing_usable_tells_all(folder: Path) -> None:
    """One error with the error of each."""
    with pytest.raises(NothingUsable) as caught:
        open_source(["gone.pcap", "sub/text"], stdin=NO_STDIN)
    assert [type(error) for error in caught.value.errors] == [CaptureMissing, NotACapture]


def test_no_argument() -> None:
    """The command line asks for one; a caller of the library may forget."""
    with pytest.raises(UnusableInput, match="no capture was named"):
        open_source([], stdin=NO_STDIN)


@pytest.mark.parametrize("names", [["trace2.pcap", "trace10.pcap.gz"], ["trace10.pcap.gz", "trace2.pcap"], ["trace*"]])
def test_a_rotated_set_is_one_vantage_in_any_order(folder: Path, names: list[str]) -> None:
    """Compressed in part, and named as the shell sorts it."""
    found = list(open_source(names, stdin=NO_STDIN))
    assert [packet.ref.at for packet in found] == [10, 20, 30, 40]
    assert {packet.vantage for packet in found} == {0}


def test_standard_input_beside_a_file(folder: Path) -> None:
    """In the order of time; the total is not known."""
    source = open_source(["trace2.pcap", "-"], stdin=io.BytesIO(pcap(15)))
    assert packets(source) == [(0, 1, 10), (1, 1, 15), (0, 2, 20)]
    assert source.captures[1].path == "-"
    assert source.total_bytes is None
    assert not NO_STDIN.closed


def test_a_named_pipe_is_opened_once(folder: Path) -> None:
    """``distscope analyze <(zcat …)``: what was looked at can't be read again."""
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_bytes(pcap(12, 13)))
    writer.start()
    source = open_source(["trace2.pcap", "pipe"], stdin=NO_STDIN)
    assert packets(source) == [(0, 1, 10), (1, 1, 12), (1, 2, 13), (0, 2, 20)]
    writer.join()


def _pcapng_parts() -> list[bytes]:
    stream = io.BytesIO()
    writer = PcapngWriter(stream)
    number = writer.interface(1)
    parts: list[bytes] = []
    for at in (1, 2, 3):
        writer.packet(number, at, str(at).encode())
        parts.append(stream.getvalue()[sum(map(len, parts)) :])
    return parts


def _pcap_parts() -> list[bytes]:
    whole = pcap(1, 2, 3)
    return [whole[:41], whole[41:58], whole[58:]]


def _flushed(parts: list[bytes], compress: Callable[[bytes], bytes], flush: Callable[[], bytes]) -> list[bytes]:
    return [compress(part) + flush() for part in parts]


def _gzip_parts() -> list[bytes]:
    gzip_stream = zlib.compressobj(wbits=31)
    return _flushed(_pcap_parts(), gzip_stream.compress, lambda: gzip_stream.flush(zlib.Z_SYNC_FLUSH))


def _zstd_parts() -> list[bytes]:
    zstd_stream = zstandard.ZstdCompressor().compressobj()
    return _flushed(_pcapng_parts(), zstd_stream.compress, lambda: zstd_stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK))


@pytest.mark.parametrize(
    "parts", [_pcap_parts(), _pcapng_parts(), _gzip_parts(), _zstd_parts()], ids=["pcap", "pcapng", "gzip", "zstd"]
)
@pytest.mark.parametrize("buffering", [0, -1], ids=["raw", "buffered"])
def test_standard_input_is_not_waited_for(parts: list[bytes], buffering: int) -> None:
    """``tcpdump -U -w - | distscope``: each packet is delivered before the next one is written."""
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb", buffering=buffering) as stdin:
        os.write(write_end, parts[0])
        source = open_source(["-"], stdin=stdin)
        found = iter(source)
        for number, part in enumerate(parts, 1):
            if number > 1:
                os.write(write_end, part)
            packet = next(found)
            assert (packet.ref.number, packet.data) == (number, str(number).encode())
        os.close(write_end)
        assert list(found) == []
        assert not stdin.closed
    assert source.captures[0].bytes == sum(map(len, parts))
    assert "gzip" not in source.captures[0].format or source.captures[0].cut  # its end was never written


def test_a_cut_compressed_file(folder: Path) -> None:
    """What can be read is read; the note says what is missing."""
    data = gzip.compress(pcap(*range(10, 5000)))
    Path("cut.pcap.gz").write_bytes(data[: len(data) // 2])
    source = open_source(["cut.pcap.gz"], stdin=NO_STDIN)
    found = packets(source)
    assert found == [(0, number, number + 9) for number in range(1, len(found) + 1)]
    assert len(found) > 1000
    (state,) = source.captures
    assert state.cut
    assert state.notes[0] == "the gzip data are cut: the file was not written or copied whole"


def test_memory_does_not_grow_with_the_file(folder: Path) -> None:
    """Ten times the file, the same memory."""
    program = (
        "import io, sys\n"
        "from pathlib import Path\n"
        "from analyzer.capture import open_source\n"
        "count = sum(1 for _ in open_source(sys.argv[1:], stdin=io.BytesIO()))\n"
        # Not the figure of getrusage, which begins with what the tests themselves occupy.
        "print(count, Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])\n"
    )
    record = struct.pack("<IIII", 1, 0, 1400, 1400) + bytes(1400)
    peaks = []
    for packets_written in (3_000, 30_000):
        path = Path(f"{packets_written}.pcap")
        path.write_bytes(pcap() + record * packets_written)
        done = subprocess.run(
            [sys.executable, "-c", program, str(path)],
            capture_output=True,
            check=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        )
        count, peak = map(int, done.stdout.split())
        assert count == packets_written
        peaks.append(peak)
    assert peaks[1] < peaks[0] * 1.2
