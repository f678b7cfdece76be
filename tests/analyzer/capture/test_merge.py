"""One sequence of packets from many captures: order, numbers, vantages, files that go."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture.merge import Source
from analyzer.capture.packet import Packet
from analyzer.capture.pcap import write_pcap
from analyzer.capture.pcapng_writer import PcapngWriter
from analyzer.capture.sources import Input
from analyzer.capture.track import Track
from analyzer.errors import NotACapture

SECOND = 1_000_000_000
MICROSECOND = 1_000


def capture(path: Path, *times: int, link_type: int = 1) -> Path:
    """A file with a packet at each of these times (nanoseconds); its bytes tell file and time."""
    with path.open("wb") as stream:
        write_pcap(stream, [(at, f"{path.name} {at}".encode()) for at in times], link_type=link_type)
    return path


def source(*paths: Path) -> Source:
    """A source of these files, all of them usable."""
    tracks = [Track(Input(str(path), path.stat().st_size), io.BytesIO()) for path in paths]
    for track in tracks:
        track.peek(keep_open=False)
    return Source(tracks, [], [])


def order(packets: list[Packet]) -> list[tuple[int, int]]:
    """Capture and number of each packet."""
    return [(packet.ref.capture, packet.ref.number) for packet in packets]


def vantages(*paths: Path) -> list[int]:
    """The vantage of each capture."""
    found = {packet.ref.capture: packet.vantage for packet in source(*paths)}
    return [found[index] for index in range(len(paths))]


def test_packets_of_all_captures_come_in_the_order_of_time(tmp_path: Path) -> None:
    """Each with the number that it has in its own file; at one time, in the order of the report."""
    one = capture(tmp_path / "one", 10, 20, 30, 60)
    two = capture(tmp_path / "two", 15, 20, 25, 70)
    packets = list(source(one, two))
    assert [packet.ref.at for packet in packets] == [10, 15, 20, 20, 25, 30, 60, 70]
    assert order(packets) == [(0, 1), (1, 1), (0, 2), (1, 2), (1, 3), (0, 3), (0, 4), (1, 4)]
    assert [packet.data for packet in packets][:2] == [b"one 10", b"two 15"]


def test_within_a_file_packets_keep_their_order(tmp_path: Path) -> None:
    """Numbers are those of Wireshark, even where the times go back."""
    path = capture(tmp_path / "one", 10, 30, 20, 40)
    opened = source(path)
    assert [(packet.ref.number, packet.ref.at) for packet in opened] == [(1, 10), (2, 30), (3, 20), (4, 40)]
    state = opened.captures[0]
    assert (state.first_at, state.last_at) == (10, 40)


@settings(max_examples=50)
@given(files=st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=8), min_size=1, max_size=4))
def test_every_packet_comes_once(tmp_path_factory: pytest.TempPathFactory, files: list[list[int]]) -> None:
    """Any times in any files: none lost, none twice, numbers without gap; in order where the files are in order."""
    folder = tmp_path_factory.mktemp("files")
    paths = [capture(folder / f"{index}", *times) for index, times in enumerate(files)]
    packets = list(source(*paths))
    for index, times in enumerate(files):
        mine = [packet.ref for packet in packets if packet.ref.capture == index]
        assert [(ref.number, ref.at) for ref in mine] == list(enumerate(times, 1))
    sorted_files = [capture(folder / f"{index}", *sorted(times)) for index, times in enumerate(files)]
    times = [packet.ref.at for packet in source(*sorted_files)]
    assert times == sorted(times)


@pytest.mark.parametrize("names", [("t0", "t1", "t2"), ("t2", "t0", "t1"), ("t1", "t2", "t0")])
def test_a_rotated_set_is_one_vantage(tmp_path: Path, names: tuple[str, ...]) -> None:
    """In the order of time, whatever the order of names; one may end at the time at which the next begins."""
    times = {"t0": (10, 20), "t1": (20, 30), "t2": (35, 40)}
    paths = [capture(tmp_path / name, *times[name]) for name in names]
    packets = list(source(*paths))
    assert [packet.data.decode() for packet in packets] == ["t0 10", "t0 20", "t1 20", "t1 30", "t2 35", "t2 40"]
    assert {packet.vantage for packet in packets} == {0}
    assert [packet.ref.capture for packet in packets if packet.data == b"t0 10"] == [names.index("t0")]


def test_captures_that_overlap_are_vantages_of_their_own(tmp_path: Path) -> None:
    """Two hosts saw it."""
    paths = capture(tmp_path / "app.pcap", 10, 40), capture(tmp_path / "db.pcap", 20, 50)
    assert vantages(*paths) == [0, 1]


def test_two_rotated_sets_are_two_vantages(tmp_path: Path) -> None:
    """Each file continues its own set, though the other's ended as well (and later)."""
    second = SECOND
    times = {
        "app1.pcap": (0, 100 * second),
        "db1.pcap": (5 * second, 101 * second),
        "app2.pcap": (102 * second, 200 * second),
        "db2.pcap": (103 * second, 201 * second),
    }
    paths = {name: capture(tmp_path / name, *pair) for name, pair in times.items()}
    assert vantages(*paths.values()) == [0, 1, 0, 1]
    assert vantages(*reversed(paths.values())) == [1, 0, 1, 0]


def test_another_link_type_is_another_vantage(tmp_path: Path) -> None:
    """A file does not go on with another interface."""
    paths = capture(tmp_path / "t1", 10, 20), capture(tmp_path / "t2", 30, 40, link_type=113)
    assert vantages(*paths) == [0, 1]


def test_stragglers_do_not_break_a_set(tmp_path: Path) -> None:
    """A packet that another processor took a moment earlier may stand at the end of the file before."""
    start = 100 * SECOND
    one = capture(tmp_path / "trace1", 0, start - 9, start + 5 * MICROSECOND, start + 2 * MICROSECOND)
    two = capture(tmp_path / "trace2", start, start + SECOND)
    three = capture(tmp_path / "trace3", start + 2 * SECOND)
    assert vantages(one, two, three) == [0, 0, 0]
    packets = list(source(one, two, three))
    assert order(packets) == [(0, 1), (0, 2), (1, 1), (0, 3), (0, 4), (1, 2), (2, 1)]


@pytest.mark.parametrize(
    ("name", "tail"),
    [
        ("other1", [2 * MICROSECOND]),
        ("trace1", [20_000 * MICROSECOND]),
        ("trace1", [index * MICROSECOND for index in range(1, 40)]),
    ],
    ids=["of another set", "much later", "many"],
)
def test_an_overlap_is_more_than_stragglers(tmp_path: Path, name: str, tail: list[int]) -> None:
    """Two short captures of one event are not taken for one."""
    start = 100 * SECOND
    one = capture(tmp_path / name, 0, *(start + at for at in tail))
    two = capture(tmp_path / "trace2", start, start + SECOND)
    assert vantages(one, two) == [0, 1]


def test_what_is_known_of_a_capture_afterwards(tmp_path: Path) -> None:
    """Counts, times, link types, cut packets."""
    path = tmp_path / "t.pcapng"
    with path.open("wb") as stream:
        writer = PcapngWriter(stream)
        ethernet, cooked = writer.interface(1), writer.interface(113)
        writer.packet(cooked, 5, b"one")
        writer.packet(ethernet, 7, b"two", wire_length=90)
        writer.packet(cooked, 6, b"three")
        writer.statistics(cooked, 9, dropped=4)
    opened = source(path)
    packets = list(opened)
    assert [packet.link_type for packet in packets] == [113, 1, 113]
    assert [packet.wire_length for packet in packets] == [3, 90, 5]
    (state,) = opened.captures
    assert (state.path, state.format, state.link_types) == (str(path), "pcapng", [113, 1])
    assert (state.packets, state.truncated_packets, state.dropped) == (3, 1, 4)
    assert (state.first_at, state.last_at) == (5, 7)
    assert state.bytes == state.consumed == path.stat().st_size


def test_records_without_a_packet_count(tmp_path: Path) -> None:
    """Wireshark numbers custom blocks: the packet after one is number 3, and the first may be number 2."""
    path = tmp_path / "t.pcapng"
    custom = bytes.fromhex("ad0b0000 10000000 01020304 10000000")
    with path.open("wb") as stream:
        writer = PcapngWriter(stream)
        number = writer.interface(1)
        stream.write(custom)
        writer.packet(number, 5, b"one")
        stream.write(custom)
        writer.packet(number, 6, b"two")
        stream.write(custom)
    opened = source(path, capture(tmp_path / "other", 4))
    packets = [packet for packet in opened if packet.ref.capture == 0]
    assert [(packet.ref.number, packet.data) for packet in packets] == [(2, b"one"), (4, b"two")]
    assert opened.captures[0].packets == 5
    assert opened.captures[0].link_types == [1]


def test_a_capture_without_packets_is_a_capture(tmp_path: Path) -> None:
    """It is in the report, with zero packets."""
    opened = source(capture(tmp_path / "none"), capture(tmp_path / "one", 5))
    assert order(list(opened)) == [(1, 1)]
    assert opened.captures[0].format == "pcap-ns"
    assert (opened.captures[0].packets, opened.captures[0].first_at) == (0, None)


def test_progress_goes_up_to_the_total(tmp_path: Path) -> None:
    """In bytes as stored; at the end all of them, even if a damaged file was not read to its end."""
    good = tmp_path / "good.gz"
    stream = io.BytesIO()
    write_pcap(stream, [(at, os.urandom(1000)) for at in range(5_000)])
    good.write_bytes(gzip.compress(stream.getvalue()))
    bad = tmp_path / "bad"
    bad.write_bytes(stream.getvalue()[:2000] + b"\xff" * 3_000_000)
    opened = source(good, bad)
    assert opened.total_bytes == good.stat().st_size + bad.stat().st_size
    assert opened.bytes_read == 0
    progress = [opened.bytes_read for _ in opened]
    assert progress == sorted(progress)
    assert 0 < progress[0] < progress[-1] <= opened.bytes_read == opened.total_bytes
    assert opened.captures[1].cut


def test_a_file_that_goes_in_the_meantime(tmp_path: Path) -> None:
    """A ring buffer deletes its oldest file: the others are read, and the error is told."""
    one, two = capture(tmp_path / "one", 10), capture(tmp_path / "two", 20)
    opened = source(one, two)
    two.unlink()
    assert order(list(opened)) == [(0, 1)]
    assert [error.path for error in opened.errors] == [str(two)]
    assert opened.captures[1].cut


def test_a_file_that_is_emptied_in_the_meantime(tmp_path: Path) -> None:
    """Or written anew, without a packet yet."""
    one, two, three = (capture(tmp_path / name, at) for name, at in (("one", 10), ("two", 20), ("three", 30)))
    opened = source(one, two, three)
    two.write_bytes(b"")
    capture(three)
    assert order(list(opened)) == [(0, 1)]
    assert [error.path for error in opened.errors] == [str(two)]


def test_files_are_open_only_while_they_are_read(tmp_path: Path) -> None:
    """A set of many files needs no more open at once than overlap in time."""

    def open_files() -> int:
        return len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0  # noqa: PTH208

    paths = [capture(tmp_path / f"{index}", index * 10, index * 10 + 9) for index in range(50)]
    before = open_files()
    with source(*paths) as opened:
        assert open_files() == before
        assert max(open_files() for _ in opened) <= before + 2
    assert open_files() == before


def test_leaving_early_closes_the_files(tmp_path: Path) -> None:
    """A context manager."""
    with source(capture(tmp_path / "one", 10, 20)) as opened:
        next(iter(opened))
    packets = iter(source(tmp_path / "one", capture(tmp_path / "two", 15)))
    assert next(packets).ref.at == 10
    del packets  # without a context manager: no ResourceWarning
    track = Track(Input(str(tmp_path / "one"), 1), io.BytesIO())
    track.peek(keep_open=True)
    track.close()
    track.close()
    assert list(track.run(100)) == []


def test_peeking_at_something_else_closes_it(tmp_path: Path) -> None:
    """The error names the file."""
    path = tmp_path / "t\x1b.txt"
    path.write_bytes(b"hello")
    with pytest.raises(NotACapture, match=r"t\\x1b\.txt: it is text"):
        Track(Input(str(path), 5), io.BytesIO()).peek(keep_open=True)


class _Failing(io.BytesIO):
    """A disk that fails after what it has delivered: there is no way to make a real one fail."""

    def read1(self, size: int | None = -1, /) -> bytes:
        chunk = super().read1(100 if size is None else min(size, 100))
        if not chunk:
            raise OSError(5, "Input/output error")
        return chunk


def test_a_disk_that_fails_gives_what_was_read() -> None:
    """And a note."""
    stream = io.BytesIO()
    write_pcap(stream, [(1, b"one"), (2, b"two")])
    track = Track(Input("-", None), _Failing(stream.getvalue()))
    track.peek(keep_open=True)
    opened = Source([track], [], [])
    assert len(list(opened)) == 2
    assert opened.captures[0].notes == ["reading failed after 62 bytes: Input/output error"]
    assert opened.captures[0].bytes == 62
    assert opened.total_bytes is None
